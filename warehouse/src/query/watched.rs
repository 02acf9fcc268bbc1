//! Whole blocks as rows, for those who look at every block in turn.

use futures::try_join;

use crate::{
    Warehouse, WarehouseError,
    query::{coverage::BlockRange, sql::Sql},
    rows::{
        BlockRow, CallRow, EmissionVerificationRow, EpochVerificationRow, EventRow, ExtrinsicRow,
        QuarantineRow,
    },
};

/// A block with the rows that belong to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WatchedBlock {
    /// The block.
    pub block: BlockRow,
    /// Its extrinsics, without `args`, `extensions` and `signature`.
    pub extrinsics: Vec<ExtrinsicRow>,
    /// Its calls; `args` of those that set parameters.
    pub calls: Vec<CallRow>,
    /// Its events, without topics, and without those that say nothing that extrinsics and calls do not.
    pub events: Vec<EventRow>,
    /// Its quarantined items.
    pub quarantine: Vec<QuarantineRow>,
}

/// Events that come with every fee, item or claim.
const LEFT_OUT: &str = "((pallet = 'System' AND variant IN ('ExtrinsicSuccess', 'ExtrinsicFailed', 'NewAccount', 'Remarked')) \
     OR (pallet = 'Balances' AND variant IN ('Deposit', 'Withdraw', 'Endowed')) \
     OR (pallet = 'Utility') OR (pallet = 'TransactionPayment') \
     OR (pallet = 'SubtensorModule' AND variant IN ('RootClaimed', 'DifficultySet', 'IncentiveAlphaEmittedToMiners')))";
/// Calls whose arguments are wanted.
const WITH_ARGS: &str = "calls.pallet IN ('AdminUtils', 'Swap') \
     OR (calls.pallet = 'SubtensorModule' AND (startsWith(calls.call, 'sudo_set') OR calls.call IN ('set_tempo', 'set_activity_cutoff_factor')))";

impl Warehouse {
    /// Stored blocks of `from..=to`, lowest first.
    pub async fn list_watched_blocks(&self, from: u64, to: u64) -> Result<Vec<WatchedBlock>, WarehouseError> {
        let range = |sql: &str| Sql::new(sql).bind(from).bind(to);
        let blocks = range("SELECT ?fields FROM blocks WHERE number BETWEEN ? AND ? ORDER BY number");
        let extrinsics = range(
            "SELECT block_number, extrinsic_index, timestamp_ms, hash, length, version, kind, signer, \
             CAST(NULL AS Nullable(String)) AS signature, nonce, tip_rao, era_birth, era_death, '' AS extensions, pallet, call, \
             success, error, fee_rao, pays_fee, weight_ref_time, weight_proof_size, call_count, event_count, '' AS args \
             FROM extrinsics WHERE block_number BETWEEN ? AND ? ORDER BY block_number, extrinsic_index",
        );
        let calls = range(&format!(
            "SELECT block_number, extrinsic_index, call_index, parent_index, timestamp_ms, path, depth, pallet, call, role, \
             origin, outcome, success, error, if({WITH_ARGS}, calls.args, '') AS args \
             FROM calls WHERE block_number BETWEEN ? AND ? ORDER BY block_number, extrinsic_index, call_index"
        ));
        let events = range(&format!(
            "SELECT block_number, event_index, extrinsic_index, timestamp_ms, phase, pallet, variant, args, '' AS topics \
             FROM events WHERE block_number BETWEEN ? AND ? AND NOT {LEFT_OUT} ORDER BY block_number, event_index"
        ));
        let quarantine = range(
            "SELECT ?fields FROM quarantine WHERE block_number BETWEEN ? AND ? ORDER BY block_number, kind, item_index",
        );
        let doing = "read whole blocks";
        let (blocks, extrinsics, calls, events, quarantine) = try_join!(
            self.fetch_all::<BlockRow>(doing, blocks),
            self.fetch_all::<ExtrinsicRow>(doing, extrinsics),
            self.fetch_all::<CallRow>(doing, calls),
            self.fetch_all::<EventRow>(doing, events),
            self.fetch_all::<QuarantineRow>(doing, quarantine),
        )?;
        let mut extrinsics = Grouped::new(extrinsics, |row| row.block_number);
        let mut calls = Grouped::new(calls, |row| row.block_number);
        let mut events = Grouped::new(events, |row| row.block_number);
        let mut quarantine = Grouped::new(quarantine, |row| row.block_number);
        let whole = blocks.into_iter().map(|block| WatchedBlock {
            extrinsics: extrinsics.take(block.number),
            calls: calls.take(block.number),
            events: events.take(block.number),
            quarantine: quarantine.take(block.number),
            block,
        });
        Ok(whole.collect())
    }

    /// Ranges within `from..=to` whose epochs a replay of any generation looked at, lowest first.
    pub async fn list_all_verified_ranges(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<BlockRange>, WarehouseError> {
        let sql = Sql::new(
            "SELECT DISTINCT first_block, last_block FROM verification_windows \
             WHERE last_block >= ? AND first_block <= ? ORDER BY first_block, last_block",
        );
        let found = self.fetch_all::<(u64, u64)>("list verified ranges", sql.bind(from).bind(to)).await?;
        let clipped =
            found.into_iter().map(|(first, last)| BlockRange { from: first.max(from), to: last.min(to) });
        Ok(clipped.collect())
    }

    /// Verdicts of `from..=to`, in order: all of epochs, and those of emission that are not `verified`.
    pub async fn list_verdicts(
        &self,
        from: u64,
        to: u64,
    ) -> Result<(Vec<EpochVerificationRow>, Vec<EmissionVerificationRow>), WarehouseError> {
        let epochs = Sql::new(
            "SELECT ?fields FROM epoch_verifications WHERE block_number BETWEEN ? AND ? ORDER BY block_number, netuid, mechid",
        );
        let emissions = Sql::new(
            "SELECT ?fields FROM emission_verifications WHERE block_number BETWEEN ? AND ? AND verdict != 'verified' \
             ORDER BY block_number, netuid",
        );
        try_join!(
            self.fetch_all("read verdicts", epochs.bind(from).bind(to)),
            self.fetch_all("read verdicts", emissions.bind(from).bind(to)),
        )
    }

    /// Lowest stored block from `from` on.
    pub async fn find_next_block(&self, from: u64) -> Result<Option<u64>, WarehouseError> {
        let sql = Sql::new("SELECT number FROM blocks WHERE number >= ? ORDER BY number LIMIT 1").bind(from);
        self.fetch_optional("find the next block", sql).await
    }
}

/// Rows in block order, taken block by block.
#[derive(Debug)]
pub struct Grouped<T, F> {
    rows: std::iter::Peekable<std::vec::IntoIter<T>>,
    block: F,
}

impl<T, F: Fn(&T) -> u64> Grouped<T, F> {
    /// Rows that are in block order.
    pub fn new(rows: Vec<T>, block: F) -> Self {
        Self { rows: rows.into_iter().peekable(), block }
    }

    /// Rows of a block; blocks are asked for in ascending order. Rows of blocks that are not visible are dropped.
    pub fn take(&mut self, number: u64) -> Vec<T> {
        while self.rows.next_if(|row| (self.block)(row) < number).is_some() {}
        let mut taken = Vec::new();
        while let Some(row) = self.rows.next_if(|row| (self.block)(row) == number) {
            taken.push(row);
        }
        taken
    }
}
