//! What a verification amounts to.

use std::{fmt, time::Duration};

use serde::Serialize;
use yumascan_warehouse::{
    Warehouse,
    query::verifications::{CauseCount, EpochTotals, VerdictCounts, VerificationFilter},
    rows::EpochDifferenceRow,
};

use super::Tally;
use crate::IngestError;

/// Differences listed in a report; all are stored.
const LISTED: u32 = 200;

/// What is stored about a range, and what this run took.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct VerifyReport {
    /// First block.
    pub from: u64,
    /// Last block.
    pub to: u64,
    /// Sums over all epochs of the range, also of those that an earlier run verified.
    #[serde(flatten)]
    pub totals: EpochTotals,
    /// Epochs of mechanisms by verdict.
    pub verdicts: VerdictCounts,
    /// Blocks of subnets whose emission was recomputed, by verdict.
    pub emission: VerdictCounts,
    /// What extrinsics moved after coinbase and epochs, by item and cause.
    pub causes: Vec<CauseCount>,
    /// The first 200 numbers that differ and that nothing excuses.
    pub differences: Vec<DifferenceReport>,
    /// The first 200 numbers that an extrinsic of the same block rewrote.
    pub excused: Vec<DifferenceReport>,
    /// Blocks this run looked at.
    pub blocks: u64,
    /// Blocks that an earlier run had done.
    pub blocks_done_before: u64,
    /// Epochs of subnets this run replayed.
    pub replayed: u64,
    /// Batches of calls that this run sent to nodes for states.
    pub rpc_batches: u64,
    /// Batches for inputs and outputs, by epoch.
    pub rpc_batches_per_epoch: f64,
    /// Storage values read.
    pub storage_values: u64,
    /// Where the time of this run went.
    pub shares: VerifyShares,
    /// Time taken, seconds.
    pub elapsed_s: f64,
    /// Whether it was cancelled before the end.
    pub cancelled: bool,
}

/// Shares of the busy time, summing to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct VerifyShares {
    /// Reading blocks and states, and decoding them.
    pub fetch: f64,
    /// Replaying and comparing.
    pub maths: f64,
    /// Writing verdicts.
    pub store: f64,
}

/// One number that is not what the replay gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DifferenceReport {
    /// Block of the epoch.
    pub block: u64,
    /// Subnet.
    pub netuid: u16,
    /// Mechanism.
    pub mechid: u8,
    /// Storage item or event.
    pub field: String,
    /// Neuron.
    pub uid: Option<u16>,
    /// Neuron that a bond is held of.
    pub target: Option<u16>,
    /// SS58 of its hotkey.
    pub hotkey: Option<String>,
    /// Recomputed, JSON as text.
    pub expected: String,
    /// Stored, JSON as text.
    pub stored: String,
    /// What rewrote it.
    pub excused_by: Option<String>,
}

impl From<EpochDifferenceRow> for DifferenceReport {
    fn from(row: EpochDifferenceRow) -> Self {
        Self {
            block: row.block_number,
            netuid: row.netuid,
            mechid: row.mechid,
            field: row.field,
            uid: row.uid,
            target: row.target,
            hotkey: row.hotkey,
            expected: row.expected,
            stored: row.stored,
            excused_by: row.excused_by,
        }
    }
}

/// What is stored about the epochs of a filter.
pub(super) async fn of_warehouse(
    warehouse: &Warehouse,
    filter: &VerificationFilter,
) -> Result<VerifyReport, IngestError> {
    let differences = warehouse.list_differences(filter, false, LISTED).await?;
    let excused = warehouse.list_differences(filter, true, LISTED).await?;
    Ok(VerifyReport {
        totals: warehouse.get_epoch_totals(filter).await?,
        verdicts: warehouse.count_epoch_verdicts(filter).await?,
        emission: warehouse.count_emission_verdicts(filter).await?,
        causes: warehouse.count_verification_causes(filter).await?,
        differences: differences.into_iter().map(DifferenceReport::from).collect(),
        excused: excused.into_iter().map(DifferenceReport::from).collect(),
        ..VerifyReport::default()
    })
}

impl VerifyReport {
    /// Whether nothing differs. What cannot be said is no difference.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.verdicts.differs == 0 && self.emission.differs == 0
    }

    pub(super) fn note(&mut self, tally: &Tally, elapsed: Duration) {
        self.blocks = tally.blocks;
        self.blocks_done_before = tally.skipped;
        self.replayed = tally.epochs;
        self.rpc_batches = tally.costs.batches;
        self.rpc_batches_per_epoch = tally.costs.epoch_batches as f64 / tally.epochs.max(1) as f64;
        self.storage_values = tally.costs.keys;
        self.elapsed_s = elapsed.as_secs_f64();
        let busy = (tally.costs.fetch + tally.costs.maths + tally.store).as_secs_f64();
        if busy > 0.0 {
            let share = |part: Duration| part.as_secs_f64() / busy;
            self.shares = VerifyShares {
                fetch: share(tally.costs.fetch),
                maths: share(tally.costs.maths),
                store: share(tally.store),
            };
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VerdictCounts { verified, excused, differs, cannot_say } = self.verdicts;
        writeln!(
            f,
            "blocks {} to {}: {} epochs of {} mechanisms: {verified} verified, {excused} excused, {differs} differ, \
             {cannot_say} cannot be said",
            self.from, self.to, self.totals.epochs, self.totals.mechanism_epochs,
        )?;
        writeln!(
            f,
            "{} of {} numbers equal, {} rewritten by extrinsics of the same block",
            self.totals.fields_equal, self.totals.fields_checked, self.totals.fields_excused
        )?;
        let VerdictCounts { verified, excused, differs, cannot_say } = self.emission;
        writeln!(
            f,
            "emission: {verified} blocks of subnets verified, {excused} excused, {differs} differ, {cannot_say} cannot \
             be said"
        )?;
        for CauseCount { lane, field, cause, treatment, numbers } in &self.causes {
            writeln!(f, "  {treatment} in the {lane}: {numbers} of {field}, moved by {cause}")?;
        }
        for found in self.excused.iter().chain(&self.differences) {
            writeln!(f, "  {found}")?;
        }
        if self.blocks_done_before > 0 {
            writeln!(f, "{} blocks had been verified before", self.blocks_done_before)?;
        }
        write!(
            f,
            "{} epochs replayed in {:.1} s: {:.1} batches of calls an epoch, {:.0} % fetching, {:.0} % maths, {:.0} % storing",
            self.replayed,
            self.elapsed_s,
            self.rpc_batches_per_epoch,
            self.shares.fetch * 100.0,
            self.shares.maths * 100.0,
            self.shares.store * 100.0,
        )?;
        if self.cancelled {
            f.write_str("; stopped before the end, run again to go on")?;
        }
        Ok(())
    }
}

impl fmt::Display for DifferenceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {}, subnet {}, mechanism {}: {}", self.block, self.netuid, self.mechid, self.field)?;
        if let Some(uid) = self.uid {
            write!(f, " of uid {uid}")?;
        }
        if let Some(target) = self.target {
            write!(f, " in uid {target}")?;
        }
        write!(f, ": {} recomputed, {} stored", self.expected, self.stored)?;
        match &self.excused_by {
            Some(cause) => write!(f, "; excused by {cause}"),
            None => Ok(()),
        }
    }
}
