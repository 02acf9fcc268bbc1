//! Does the chain's consensus come out as the chain stored it?
//!
//! For every epoch that was due, the inputs are read in the state of the parent block, the epoch is recomputed by
//! `yumascan_protocol`, and every number the chain stored is compared. The verdict is one of *verified*, *excused* (an
//! extrinsic of the same block rewrote what differs; it is named), *differs* (where, by how much) and *cannot say* (why).
//!
//! Ranges are worked on in windows of blocks, several at once; what is found replaces what was stored for the window, and
//! the window is recorded as done. A run that was cut off goes on behind the windows that are done.

pub(crate) mod blocks;
mod coinbase;
mod commits;
mod distribution;
pub(crate) mod due;
mod effects;
mod emission;
mod explain;
pub(crate) mod items;
mod judge;
mod load;
mod outputs;
#[cfg(test)]
mod quotes;
mod rao;
mod replay;
mod report;
pub(crate) mod state;
mod tally;
mod window;

use std::time::Instant;

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;
use yumascan_chain::BlockNumber;
use yumascan_store::{BlockRange, ranges};
use yumascan_warehouse::{Warehouse, query::Range, query::verifications::VerificationFilter};

pub use explain::{Explanation, Line};
pub use report::{DifferenceReport, VerifyReport, VerifyShares};

use crate::{
    IngestError,
    progress::{Progress, Stage, WindowTally},
    source::Source,
};

/// Generation of the replay: raised whenever the same chain would get other verdicts than before.
pub const GENERATION: u32 = 2;
/// Blocks of a window; windows begin at multiples of it.
pub(crate) const WINDOW: u64 = 64;
/// Windows worked on at once.
const AT_ONCE: usize = 3;

/// What to verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyScope {
    /// First block.
    pub from: BlockNumber,
    /// Last block; clipped to the finalized head.
    pub to: BlockNumber,
    /// Only this subnet.
    pub netuid: Option<u16>,
    /// Look again at what was verified before.
    pub again: bool,
}

/// Verifies epochs; cheap to clone.
#[derive(Debug, Clone)]
pub struct Verifier {
    source: Source,
    warehouse: Warehouse,
}

/// Costs of a run.
#[derive(Debug, Default)]
struct Tally {
    epochs: u64,
    blocks: u64,
    skipped: u64,
    costs: window::Costs,
    store: std::time::Duration,
}

impl Verifier {
    /// A verifier that reads from `source` and writes to `warehouse`.
    #[must_use]
    pub fn new(source: Source, warehouse: Warehouse) -> Self {
        Self { source, warehouse }
    }

    /// Verifies a range. Windows that are done are left out unless asked for.
    ///
    /// # Errors
    /// When the endpoints or the warehouse fail; what was written stays, and the next run goes on behind it. What is
    /// found about the chain is in the report.
    pub async fn run(
        &self,
        scope: VerifyScope,
        cancel: &CancellationToken,
        progress: &Progress,
    ) -> Result<VerifyReport, IngestError> {
        let started = Instant::now();
        let VerifyScope { from, to, netuid, again } = scope;
        if from > to {
            return Err(IngestError::EmptyRange { from, to });
        }
        let done = match again || netuid.is_some() {
            true => Vec::new(),
            false => self.warehouse.list_verified_ranges(from, to, GENERATION).await?,
        };
        let done: Vec<BlockRange> =
            done.into_iter().map(|range| BlockRange { from: range.from, to: range.to }).collect();
        let windows = windows_of(&ranges::gaps(from, to, done));
        let todo: u64 = windows.iter().map(|window| window.to - window.from + 1).sum();
        progress.set_stage(Stage::Verifying);
        progress.expect(windows.first().map_or(from, |window| window.from), todo);
        let mut tally = Tally { skipped: (to - from + 1).saturating_sub(todo), ..Tally::default() };
        let mut examined = stream::iter(windows.into_iter().take_while(|_| !cancel.is_cancelled()))
            .map(|window| async move { self.examine(window.from, window.to, netuid).await })
            .buffered(AT_ONCE);
        loop {
            let next = tokio::select! {
                next = examined.next() => next,
                () = cancel.cancelled() => None,
            };
            let Some(found) = next else { break };
            let found = found?;
            let storing = Instant::now();
            self.store(&found.window).await?;
            tally.store += storing.elapsed();
            tally.add(&found);
            progress.window_done(&found.to_window_tally());
        }
        self.warehouse.roll_up_pending().await?;
        progress.set_stage(Stage::Done);
        let filter = VerificationFilter {
            range: Range { from_block: Some(from), to_block: Some(to), ..Range::default() },
            netuid,
            ..VerificationFilter::default()
        };
        let mut report = report::of_warehouse(&self.warehouse, &filter).await?;
        (report.from, report.to) = (from, to);
        report.cancelled = cancel.is_cancelled();
        report.note(&tally, started.elapsed());
        Ok(report)
    }

    /// Verifies a few blocks that have just been sealed, and says how many epochs there were and how many differ.
    pub(crate) async fn verify_sealed(&self, from: BlockNumber, to: BlockNumber) -> Result<(), IngestError> {
        for window in windows_of(&[BlockRange { from, to }]) {
            let found = self.examine(window.from, window.to, None).await?;
            self.store(&found.window).await?;
            count(&found);
        }
        // the chain's buys of a market by hour are what the replay found
        self.warehouse.roll_up_pending().await?;
        Ok(())
    }

    async fn store(&self, window: &yumascan_warehouse::VerifiedWindow) -> Result<(), IngestError> {
        let mut attempt = 0;
        loop {
            let error = match self.warehouse.write_verified(window).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            attempt += 1;
            if !error.is_transient() || attempt >= MOST_WRITES {
                return Err(error.into());
            }
            tokio::time::sleep(std::time::Duration::from_millis(200 << attempt)).await;
        }
    }
}

/// How often verdicts are written again after a transient failure.
const MOST_WRITES: u32 = 6;

/// Windows that cover `gaps`, cut at multiples of [`WINDOW`].
pub(crate) fn windows_of(gaps: &[BlockRange]) -> Vec<BlockRange> {
    let mut windows = Vec::new();
    for gap in gaps {
        let mut from = gap.from;
        while from <= gap.to {
            let to = gap.to.min((from / WINDOW + 1) * WINDOW - 1);
            windows.push(BlockRange { from, to });
            from = to + 1;
        }
    }
    windows
}

fn count(found: &window::Examined) {
    for row in &found.window.epochs {
        metrics::counter!("yumascan_ingest_verified_epochs_total", "verdict" => row.verdict.clone())
            .increment(1);
        metrics::histogram!("yumascan_ingest_epoch_replay_seconds").record(row.replay_ns as f64 / 1e9);
        if row.verdict == yumascan_warehouse::rows::Verdict::Differs.name() {
            tracing::warn!(
                block = row.block_number,
                netuid = row.netuid,
                mechid = row.mechid,
                first_difference = row.first_difference,
                "an epoch differs from its replay"
            );
        }
    }
}

impl Tally {
    fn add(&mut self, found: &window::Examined) {
        count(found);
        self.epochs += found.window.epochs.iter().filter(|row| row.mechid == 0).count() as u64;
        self.blocks += found.window.last - found.window.first + 1;
        self.costs.fetch += found.costs.fetch;
        self.costs.maths += found.costs.maths;
        self.costs.batches += found.costs.batches;
        self.costs.epoch_batches += found.costs.epoch_batches;
        self.costs.keys += found.costs.keys;
    }
}

impl window::Examined {
    fn to_window_tally(&self) -> WindowTally {
        WindowTally {
            blocks: self.window.last - self.window.first + 1,
            rpc: self.costs.fetch,
            decode: self.costs.maths,
            ..WindowTally::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_cut_at_the_same_places_wherever_they_begin() {
        let cut = |from, to| windows_of(&[BlockRange { from, to }]);
        let range = |from, to| BlockRange { from, to };
        assert_eq!(cut(1, 130), [range(1, 63), range(64, 127), range(128, 130)]);
        assert_eq!(cut(100, 130), [range(100, 127), range(128, 130)]);
        assert_eq!(cut(5, 5), [range(5, 5)]);
    }
}
