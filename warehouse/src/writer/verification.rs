//! Writing what replays found.
//!
//! The rows of a range are compared with what is stored and replaced only where they differ, so that verifying again
//! changes nothing. What takes time to measure (`replay_ns`) is left out of the comparison. The window's row comes
//! last: a range that was cut off is looked at again.

use clickhouse::{Row, RowOwned, RowRead};
use serde::Serialize;
use yumascan_chain::Hash;

use crate::{
    Warehouse, WarehouseError,
    query::sql::{Conditions, Sql},
    rowbinary::write_row,
    rows::{EmissionVerificationRow, EpochDifferenceRow, EpochInputsRow, EpochVerificationRow},
};

/// All that was found in a range of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifiedWindow {
    /// First block.
    pub first: u64,
    /// Last block.
    pub last: u64,
    /// Only this subnet was looked at; the range does not count as done then.
    pub netuid: Option<u16>,
    /// Generation of the replay.
    pub generation: u32,
    /// Sorted by block, subnet, mechanism.
    pub epochs: Vec<EpochVerificationRow>,
    /// Sorted by block, subnet, mechanism, position.
    pub differences: Vec<EpochDifferenceRow>,
    /// Sorted by subnet, block.
    pub inputs: Vec<EpochInputsRow>,
    /// Sorted by block, subnet.
    pub emissions: Vec<EmissionVerificationRow>,
}

/// What [`Warehouse::write_verified`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifiedReceipt {
    /// Tables whose rows were there already.
    pub unchanged: u32,
    /// Tables that were written.
    pub written: u32,
}

/// A table of the lane.
struct Target {
    table: &'static str,
    order: &'static str,
}

const DIFFERENCES: Target =
    Target { table: "epoch_differences", order: "block_number, netuid, mechid, position" };
const INPUTS: Target = Target { table: "epoch_inputs", order: "netuid, block_number" };
const EMISSIONS: Target = Target { table: "emission_verifications", order: "block_number, netuid" };
const EPOCHS: Target = Target { table: "epoch_verifications", order: "block_number, netuid, mechid" };

impl Warehouse {
    /// Makes the stored verifications of a range those of `window`. Doing so again changes nothing.
    ///
    /// # Errors
    /// See [`WarehouseError::is_transient`] for whether to call again; the range does not count as done meanwhile.
    pub async fn write_verified(&self, window: &VerifiedWindow) -> Result<VerifiedReceipt, WarehouseError> {
        let mut receipt = VerifiedReceipt::default();
        let mut note = |written| match written {
            true => receipt.written += 1,
            false => receipt.unchanged += 1,
        };
        let same = |row: &EpochDifferenceRow| row.clone();
        note(self.replace_rows(window, &DIFFERENCES, &window.differences, same).await?);
        // the hash stands for the text
        let stored = self.list_input_hashes(window).await?;
        let hashes = window
            .inputs
            .iter()
            .map(|row| (row.block_number, row.netuid, row.inputs_hash.clone()))
            .collect::<Vec<_>>();
        let changed = stored != hashes;
        if changed {
            self.rewrite_rows(window, &INPUTS, &window.inputs, !stored.is_empty()).await?;
        }
        note(changed);
        let same = |row: &EmissionVerificationRow| row.clone();
        note(self.replace_rows(window, &EMISSIONS, &window.emissions, same).await?);
        let untimed = |row: &EpochVerificationRow| EpochVerificationRow { replay_ns: 0, ..row.clone() };
        note(self.replace_rows(window, &EPOCHS, &window.epochs, untimed).await?);
        if window.netuid.is_none() {
            self.record_verified(window).await?;
        }
        Ok(receipt)
    }

    /// Whether rows had to be written. `essence` is what two equal rows have in common.
    async fn replace_rows<R>(
        &self,
        window: &VerifiedWindow,
        target: &Target,
        rows: &[R],
        essence: impl Fn(&R) -> R,
    ) -> Result<bool, WarehouseError>
    where
        R: RowOwned + RowRead + Row + Serialize + PartialEq,
    {
        let sql = Sql::new(format!("SELECT ?fields FROM {}", target.table))
            .append(&of_window(window).to_where())
            .push(&format!(" ORDER BY {}", target.order));
        let stored = self.fetch_all::<R>("read verifications", sql).await?;
        if stored.iter().map(&essence).eq(rows.iter().map(&essence)) {
            return Ok(false);
        }
        self.rewrite_rows(window, target, rows, !stored.is_empty()).await?;
        Ok(true)
    }

    async fn rewrite_rows<R: Row + Serialize>(
        &self,
        window: &VerifiedWindow,
        target: &Target,
        rows: &[R],
        has_old: bool,
    ) -> Result<(), WarehouseError> {
        if has_old {
            let sql = Sql::new(format!("DELETE FROM {}", target.table))
                .append(&of_window(window).to_where())
                .push(" SETTINGS lightweight_deletes_sync = 2");
            self.execute("delete verifications", sql).await?;
        }
        if rows.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for row in rows {
            write_row(&mut bytes, row).map_err(|source| WarehouseError::Encode {
                table: target.table,
                reason: source.to_string(),
            })?;
        }
        let token = self.next_token(target.table, window);
        self.insert_bytes("store verifications", target.table, R::COLUMN_NAMES, bytes.into(), &token).await
    }

    async fn list_input_hashes(
        &self,
        window: &VerifiedWindow,
    ) -> Result<Vec<(u64, u16, String)>, WarehouseError> {
        let sql = Sql::new("SELECT block_number, netuid, inputs_hash FROM epoch_inputs")
            .append(&of_window(window).to_where())
            .push(&format!(" ORDER BY {}", INPUTS.order));
        self.fetch_all("read inputs of epochs", sql).await
    }

    async fn record_verified(&self, window: &VerifiedWindow) -> Result<(), WarehouseError> {
        let (first, last, generation) = (window.first, window.last, window.generation);
        let known = Sql::new(
            "SELECT count() FROM verification_windows WHERE first_block = ? AND last_block = ? AND generation = ?",
        );
        let known = known.bind(first).bind(last).bind(generation);
        if self.fetch_count("look for a verified range", known).await? > 0 {
            return Ok(());
        }
        let mut bytes = Vec::new();
        write_row(&mut bytes, &(first, last, generation, window.epochs.len() as u64)).map_err(|source| {
            WarehouseError::Encode { table: "verification_windows", reason: source.to_string() }
        })?;
        let columns = ["first_block", "last_block", "generation", "epochs"];
        let token = format!("verification_windows:{first}-{last}:{generation}");
        self.insert_bytes("record a verified range", "verification_windows", &columns, bytes.into(), &token)
            .await
    }

    /// A token that no insert had: what was deleted may have to be inserted again, and the comparison before each
    /// insert is what keeps rows from being stored twice.
    fn next_token(&self, table: &str, window: &VerifiedWindow) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let seed = format!("{}:{}:{}", now.as_nanos(), self.queries_executed(), std::process::id());
        let unique = Hash::blake2_256(seed.as_bytes());
        format!("{table}:{}-{}:{unique}", window.first, window.last)
    }
}

fn of_window(window: &VerifiedWindow) -> Conditions {
    let mut conditions = Conditions::default();
    conditions
        .and(Sql::new("block_number BETWEEN ? AND ?").bind(window.first).bind(window.last))
        .equal("netuid", window.netuid.map(u32::from));
    conditions
}
