//! What a run of the state lane did.

use std::{fmt, time::Duration};

use yumascan_warehouse::rows::{SweepDifferenceRow, SweepRow};

use super::{Costs, window::Found};

/// Most differences that a report lists.
const MOST_LISTED: usize = 200;

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Counts.
    pub sweep: SweepRow,
    /// The first differences.
    pub differences: Vec<SweepDifferenceRow>,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct StateReport {
    /// First block of the range.
    pub from: u64,
    /// Last block of the range.
    pub to: u64,
    /// Blocks between full readings.
    pub stride: u32,
    /// Blocks read by this run.
    pub blocks: u64,
    /// Blocks of the range that earlier runs had read.
    pub blocks_done_before: u64,
    /// Rows told of subnets, neurons, their relations and payments.
    pub snapshot_rows: u64,
    /// Rows told of accounts, stakes and claims.
    pub holding_rows: u64,
    /// Changed parameters.
    pub parameter_rows: u64,
    /// Batches sent.
    pub rpc_batches: u64,
    /// Storage values read.
    pub storage_values: u64,
    /// Bytes of answers from nodes, whoever asked.
    pub rpc_bytes: u64,
    /// What the sweep compared and found; `None` without one.
    pub sweep: Option<SweepRow>,
    /// The first 200 differences the sweep found.
    pub differences: Vec<SweepDifferenceRow>,
    /// Time of reading, windows side by side.
    #[serde(serialize_with = "as_seconds", rename = "fetch_s")]
    pub fetch: Duration,
    /// Time of storing.
    #[serde(serialize_with = "as_seconds", rename = "store_s")]
    pub store: Duration,
    /// Time taken.
    #[serde(serialize_with = "as_seconds", rename = "elapsed_s")]
    pub elapsed: Duration,
    /// Whether it was cancelled before the end.
    pub cancelled: bool,
}

impl StateReport {
    /// Whether no sweep found anything other than followed.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.sweep.as_ref().is_none_or(|sweep| sweep.differences == 0)
    }

    pub(super) fn add(&mut self, costs: Costs) {
        self.rpc_batches += costs.batches;
        self.storage_values += costs.keys;
    }

    pub(super) fn note(&mut self, found: &Found, stored: Duration) {
        self.add(found.costs);
        let window = &found.window;
        self.blocks += window.last - window.first + 1;
        let snapshots = &window.snapshots;
        let rows = [
            snapshots.subnets.len(),
            snapshots.network.len(),
            snapshots.neurons.len(),
            snapshots.dividends.len(),
            snapshots.weights.len(),
            snapshots.bonds.len(),
        ];
        self.snapshot_rows += rows.iter().sum::<usize>() as u64;
        self.holding_rows += window.holdings.len() as u64;
        let parameters = window.parameters.as_ref();
        self.parameter_rows += parameters.map_or(0, |found| found.subnets.len() + found.network.len()) as u64;
        self.fetch += found.took;
        self.store += stored;
    }

    pub(super) fn sweep(&mut self, swept: Swept) {
        self.differences = swept.differences;
        self.differences.truncate(MOST_LISTED);
        self.sweep = Some(swept.sweep);
    }
}

impl fmt::Display for StateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64().max(0.001);
        let blocks = self.blocks.max(1) as f64;
        writeln!(
            f,
            "state of blocks {} to {}: {} read in {seconds:.1} s ({:.1} blocks/s), {} were read before",
            self.from,
            self.to,
            self.blocks,
            self.blocks as f64 / seconds,
            self.blocks_done_before,
        )?;
        write!(
            f,
            "rows: {} of subnets and neurons, {} of holdings, {} of parameters; a block took {:.2} batches, {:.0} values, {:.0} kB",
            self.snapshot_rows,
            self.holding_rows,
            self.parameter_rows,
            self.rpc_batches as f64 / blocks,
            self.storage_values as f64 / blocks,
            self.rpc_bytes as f64 / blocks / 1e3,
        )?;
        if let Some(sweep) = &self.sweep {
            write!(
                f,
                "\nsweep at block {}: {} accounts, {} stakes, {} pools, {} rates; {} differ from what was followed",
                sweep.block_number, sweep.accounts, sweep.stakes, sweep.pools, sweep.rates, sweep.differences,
            )?;
        }
        for found in self.differences.iter().take(10) {
            write!(
                f,
                "\n  {} {}: followed {}, found {}",
                found.item, found.key, found.expected, found.found
            )?;
        }
        if self.cancelled {
            f.write_str("\nstopped before the end, run again to go on")?;
        }
        Ok(())
    }
}

fn as_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
