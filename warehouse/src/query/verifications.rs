//! What replays found: verdicts of epochs and of emission, their differences, their inputs.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::{
    Page, PageRequest, Table, Warehouse, WarehouseError,
    query::{
        Range,
        coverage::BlockRange,
        list::{List, add_range},
        sql::{Conditions, Sql},
    },
    rows::{EmissionVerificationRow, EpochDifferenceRow, EpochInputsRow, EpochVerificationRow, Verdict},
};

/// Which verifications.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct VerificationFilter {
    /// Blocks and times.
    pub range: Range,
    /// Subnet.
    pub netuid: Option<u16>,
    /// Mechanism (epochs only).
    pub mechid: Option<u8>,
    /// Verdict.
    pub verdict: Option<Verdict>,
}

impl VerificationFilter {
    fn conditions(&self) -> Conditions {
        let mut conditions = Conditions::default();
        conditions
            .equal("netuid", self.netuid.map(u32::from))
            .equal("verdict", self.verdict.map(Verdict::name));
        conditions
    }

    fn of_epochs(&self) -> Conditions {
        let mut conditions = self.conditions();
        conditions.equal("mechid", self.mechid.map(u32::from));
        conditions
    }

    fn list(&self, table: Table, conditions: Conditions) -> List {
        List { doing: "list verifications", table, conditions, range: self.range, activity: None }
    }
}

/// Epochs of mechanisms (or subnets and blocks) by verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct VerdictCounts {
    /// All numbers equal.
    pub verified: u64,
    /// Equal but for what extrinsics rewrote.
    pub excused: u64,
    /// Not equal.
    pub differs: u64,
    /// Nothing can be said.
    pub cannot_say: u64,
}

impl VerdictCounts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.verified + self.excused + self.differs + self.cannot_say
    }

    fn of(rows: Vec<(String, u64)>) -> Self {
        let mut counts = Self::default();
        for (verdict, count) in rows {
            match Verdict::from_name(&verdict) {
                Some(Verdict::Verified) => counts.verified = count,
                Some(Verdict::Excused) => counts.excused = count,
                Some(Verdict::Differs) => counts.differs = count,
                Some(Verdict::CannotSay) | None => counts.cannot_say += count,
            }
        }
        counts
    }
}

/// Sums over verified epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Row, Serialize, Deserialize)]
pub struct EpochTotals {
    /// Epochs of subnets.
    pub epochs: u64,
    /// Epochs of mechanisms.
    pub mechanism_epochs: u64,
    /// Numbers compared.
    pub fields_checked: u64,
    /// Numbers equal.
    pub fields_equal: u64,
    /// Numbers rewritten by extrinsics.
    pub fields_excused: u64,
    /// Time of the maths, nanoseconds.
    pub replay_ns: u64,
}

/// How many stored numbers a cause moved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Row, Serialize, Deserialize)]
pub struct CauseCount {
    /// `epoch` or `emission`.
    pub lane: String,
    /// Storage item.
    pub field: String,
    /// Event or call.
    pub cause: String,
    /// `traced`: with its amount the number is equal; `excused`: the number is not compared further.
    pub treatment: String,
    /// Numbers of the item.
    pub numbers: u64,
}

/// A subnet on the verification board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRow {
    /// Subnet.
    pub netuid: u16,
    /// All its epochs by verdict.
    pub counts: VerdictCounts,
    /// Its last epochs (block, mechanism, verdict), newest first.
    pub last: Vec<(u64, u8, String)>,
}

impl Warehouse {
    /// Replayed epochs, in list order. Cursors: major = subnet, minor = mechanism.
    pub async fn list_epoch_verifications(
        &self,
        filter: &VerificationFilter,
        page: PageRequest,
    ) -> Result<Page<EpochVerificationRow>, WarehouseError> {
        self.list_page(&filter.list(Table::EpochVerifications, filter.of_epochs()), page).await
    }

    /// How many there are.
    pub async fn count_epoch_verifications(
        &self,
        filter: &VerificationFilter,
    ) -> Result<u64, WarehouseError> {
        self.count_list(&filter.list(Table::EpochVerifications, filter.of_epochs())).await
    }

    /// Replayed emission, in list order. Cursors: major = subnet.
    pub async fn list_emission_verifications(
        &self,
        filter: &VerificationFilter,
        page: PageRequest,
    ) -> Result<Page<EmissionVerificationRow>, WarehouseError> {
        self.list_page(&filter.list(Table::EmissionVerifications, filter.conditions()), page).await
    }

    /// How many there are.
    pub async fn count_emission_verifications(
        &self,
        filter: &VerificationFilter,
    ) -> Result<u64, WarehouseError> {
        self.count_list(&filter.list(Table::EmissionVerifications, filter.conditions())).await
    }

    /// Epochs by verdict.
    pub async fn count_epoch_verdicts(
        &self,
        filter: &VerificationFilter,
    ) -> Result<VerdictCounts, WarehouseError> {
        self.count_verdicts("epoch_verifications", filter, filter.of_epochs()).await
    }

    /// Emission of blocks and subnets by verdict.
    pub async fn count_emission_verdicts(
        &self,
        filter: &VerificationFilter,
    ) -> Result<VerdictCounts, WarehouseError> {
        self.count_verdicts("emission_verifications", filter, filter.conditions()).await
    }

    async fn count_verdicts(
        &self,
        table: &str,
        filter: &VerificationFilter,
        mut conditions: Conditions,
    ) -> Result<VerdictCounts, WarehouseError> {
        add_range(&mut conditions, "block_number", filter.range);
        let sql = Sql::new(format!("SELECT verdict, count() FROM {table}"))
            .append(&conditions.to_where())
            .push(" GROUP BY verdict");
        Ok(VerdictCounts::of(self.fetch_all("count verdicts", sql).await?))
    }

    /// Sums over replayed epochs.
    pub async fn get_epoch_totals(&self, filter: &VerificationFilter) -> Result<EpochTotals, WarehouseError> {
        let mut conditions = filter.of_epochs();
        add_range(&mut conditions, "block_number", filter.range);
        let sql = Sql::new(
            "SELECT uniqExact(block_number, netuid) AS epochs, count() AS mechanism_epochs, \
             sum(fields_checked) AS fields_checked, sum(fields_equal) AS fields_equal, \
             sum(fields_excused) AS fields_excused, sum(replay_ns) AS replay_ns FROM epoch_verifications",
        );
        let sql = sql.append(&conditions.to_where());
        Ok(self.fetch_optional("sum up verifications", sql).await?.unwrap_or_default())
    }

    /// What extrinsics moved after coinbase and epochs, by lane, item, cause and treatment; of `filter` the range and the
    /// subnet.
    pub async fn count_verification_causes(
        &self,
        filter: &VerificationFilter,
    ) -> Result<Vec<CauseCount>, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions
            .equal("netuid", filter.netuid.map(u32::from))
            .at_least("block_number", filter.range.from_block)
            .at_most("block_number", filter.range.to_block);
        let sql = Sql::new(
            "SELECT lane, field, cause, treatment, sum(verification_causes.numbers) AS numbers FROM verification_causes",
        );
        let sql = sql
            .append(&conditions.to_where())
            .push(" GROUP BY lane, field, cause, treatment ORDER BY lane, treatment DESC, field, cause");
        self.fetch_all("count what moved", sql).await
    }

    /// The verification of one epoch.
    pub async fn find_epoch_verification(
        &self,
        block: u64,
        netuid: u16,
        mechid: u8,
    ) -> Result<Option<EpochVerificationRow>, WarehouseError> {
        let sql =
            Sql::new("SELECT ?fields FROM epoch_verifications").append(&of_epoch(block, netuid, mechid));
        self.fetch_optional("find a verification", sql).await
    }

    /// What the replay of a subnet's epoch used.
    pub async fn find_epoch_inputs(
        &self,
        block: u64,
        netuid: u16,
    ) -> Result<Option<EpochInputsRow>, WarehouseError> {
        let sql = Sql::new("SELECT ?fields FROM epoch_inputs WHERE netuid = ? AND block_number = ?")
            .bind(u32::from(netuid))
            .bind(block);
        self.fetch_optional("find the inputs of an epoch", sql).await
    }

    /// The newest epoch of each subnet in which `public_key` (0x hex) is the hotkey of a neuron; mechanism 0.
    pub async fn list_newest_epochs_of(
        &self,
        public_key: &str,
    ) -> Result<Vec<EpochVerificationRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM epoch_verifications WHERE mechid = 0 AND (block_number, netuid) IN (\
             SELECT block_number, netuid FROM epoch_inputs \
             PREWHERE (netuid, block_number) IN (SELECT netuid, max(block_number) FROM epoch_inputs GROUP BY netuid) \
             WHERE position(inputs, ?) > 0) ORDER BY netuid",
        );
        let key = format!("\"key\":\"{public_key}\"");
        self.fetch_all("list epochs of a hotkey", sql.bind(key.as_str())).await
    }

    /// Differences of one epoch, in order, at most `limit`.
    pub async fn list_epoch_differences(
        &self,
        block: u64,
        netuid: u16,
        mechid: u8,
        limit: u32,
    ) -> Result<Vec<EpochDifferenceRow>, WarehouseError> {
        let sql = Sql::new("SELECT ?fields FROM epoch_differences")
            .append(&of_epoch(block, netuid, mechid))
            .push(" ORDER BY position LIMIT ?")
            .bind(limit);
        self.fetch_all("list differences", sql).await
    }

    /// Differences of a range, excused ones where `excused`, oldest first, at most `limit`.
    pub async fn list_differences(
        &self,
        filter: &VerificationFilter,
        excused: bool,
        limit: u32,
    ) -> Result<Vec<EpochDifferenceRow>, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions
            .equal("netuid", filter.netuid.map(u32::from))
            .at_least("block_number", filter.range.from_block)
            .at_most("block_number", filter.range.to_block)
            .and(Sql::new(if excused { "isNotNull(excused_by)" } else { "isNull(excused_by)" }));
        let sql = Sql::new("SELECT ?fields FROM epoch_differences")
            .append(&conditions.to_where())
            .push(" ORDER BY block_number, netuid, mechid, position LIMIT ?")
            .bind(limit);
        self.fetch_all("list differences", sql).await
    }

    /// Ranges within `from..=to` whose epochs a replay of `generation` looked at, lowest first.
    pub async fn list_verified_ranges(
        &self,
        from: u64,
        to: u64,
        generation: u32,
    ) -> Result<Vec<BlockRange>, WarehouseError> {
        let sql = Sql::new(
            "SELECT DISTINCT first_block, last_block FROM verification_windows \
             WHERE generation = ? AND last_block >= ? AND first_block <= ? ORDER BY first_block, last_block",
        );
        let sql = sql.bind(generation).bind(from).bind(to);
        let found = self.fetch_all::<(u64, u64)>("list verified ranges", sql).await?;
        Ok(found.into_iter().map(|(from, to)| BlockRange { from, to }).collect())
    }

    /// Every subnet with its verdicts and its last `depth` epochs, those with differences first.
    pub async fn list_verification_board(&self, depth: u32) -> Result<Vec<BoardRow>, WarehouseError> {
        let counts = Sql::new(
            "SELECT netuid, verdict, count() FROM epoch_verifications GROUP BY netuid, verdict ORDER BY netuid, verdict",
        );
        let last = Sql::new(
            "SELECT netuid, block_number, mechid, verdict FROM epoch_verifications \
             ORDER BY block_number DESC, netuid, mechid LIMIT ? BY netuid",
        );
        let (counts, last) = futures::try_join!(
            self.fetch_all::<(u16, String, u64)>("count verdicts", counts),
            self.fetch_all::<(u16, u64, u8, String)>("list last epochs", last.bind(depth)),
        )?;
        let mut by_subnet: BTreeMap<u16, Vec<(String, u64)>> = BTreeMap::new();
        for (netuid, verdict, count) in counts {
            by_subnet.entry(netuid).or_default().push((verdict, count));
        }
        let mut board: Vec<BoardRow> = by_subnet
            .into_iter()
            .map(|(netuid, counts)| {
                let epochs = last.iter().filter(|(of, ..)| *of == netuid);
                let last = epochs.map(|(_, block, mechid, verdict)| (*block, *mechid, verdict.clone()));
                BoardRow { netuid, counts: VerdictCounts::of(counts), last: last.collect() }
            })
            .collect();
        board.sort_by_key(|row| (row.counts.differs == 0, row.counts.cannot_say == 0, row.netuid));
        Ok(board)
    }
}

fn of_epoch(block: u64, netuid: u16, mechid: u8) -> Sql {
    Sql::new(" WHERE block_number = ? AND netuid = ? AND mechid = ?")
        .bind(block)
        .bind(u32::from(netuid))
        .bind(u32::from(mechid))
}
