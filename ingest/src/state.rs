//! What the chain's state was, block after block.
//!
//! Storage items are found by the metadata of the runtime that wrote them and read in batches pinned to block hashes.
//! Subnets and the chain as a whole are read at every block, or at a stride and wherever a block touched them; the
//! metagraph after each epoch. Balances, stakes and claims follow what each block touched: a value gives a row where it
//! is another after the block than before. Below the first window all of them are read once, the base; a sweep reads
//! them all again and must find what was followed.
//!
//! Ranges are worked on in windows of blocks, several at once. A window's rows depend on nothing but the chain: reading
//! it again gives the same. A run that was cut off goes on behind the windows that are done.

pub(crate) mod block;
mod epochs;
mod holdings;
mod parameters;
mod reach;
mod report;
mod subnets;
mod sweep;
mod touched;
mod window;

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;
use yumascan_chain::BlockNumber;
use yumascan_store::{BlockRange, ranges};
use yumascan_warehouse::{StateWindow, Warehouse};

pub use report::StateReport;

use self::{
    block::Pallets,
    window::{Found, ParametersFrom, Terms},
};
use crate::{
    IngestError,
    progress::{Progress, Stage, WindowTally},
    source::Source,
    verify::{WINDOW, windows_of},
};

/// Generation of the lane: raised whenever the same chain would give other rows than before.
pub const GENERATION: u32 = 2;
/// Windows worked on at once.
const AT_ONCE: usize = 3;
/// Windows after which the market's rollups are brought up to date; many share an hour.
const ROLLED_TOGETHER: u64 = 32;
/// Chains of at most so many blocks are read at every block.
pub const SMALL_CHAIN: u64 = 100_000;
/// Blocks between full readings of a longer chain.
const LONG_STRIDE: u32 = 25;
/// How often rows are written again after a transient failure.
const MOST_WRITES: u32 = 6;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateScope {
    /// First block.
    pub from: BlockNumber,
    /// Last block.
    pub to: BlockNumber,
    /// Blocks between full readings.
    pub stride: u32,
    /// Read again what was read before.
    pub again: bool,
    /// Compare all holdings at the last block with what was followed.
    pub sweep: bool,
}

/// Follows the state; cheap to clone.
#[derive(Debug, Clone)]
pub struct StateLane {
    source: Source,
    warehouse: Warehouse,
}

/// What reading took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Costs {
    pub(crate) batches: u64,
    pub(crate) keys: u64,
}

/// Blocks between full readings of a chain whose head is `head`.
#[must_use]
pub fn default_stride(head: BlockNumber) -> u32 {
    if head <= SMALL_CHAIN { 1 } else { LONG_STRIDE }
}

impl StateLane {
    /// A lane that reads from `source` and writes to `warehouse`.
    #[must_use]
    pub fn new(source: Source, warehouse: Warehouse) -> Self {
        Self { source, warehouse }
    }

    /// Reads a range. Windows that are done are left out unless asked for.
    ///
    /// # Errors
    /// When the endpoints or the warehouse fail; what was written stays, and the next run goes on behind it.
    pub async fn run(
        &self,
        scope: StateScope,
        cancel: &CancellationToken,
        progress: &Progress,
    ) -> Result<StateReport, IngestError> {
        let started = Instant::now();
        let received = self.source.pool().bytes_received();
        let StateScope { from, to, stride, again, sweep } = scope;
        if from > to {
            return Err(IngestError::EmptyRange { from, to });
        }
        let done = match again {
            true => Vec::new(),
            false => self.warehouse.list_state_ranges(from, to, GENERATION, stride).await?,
        };
        let done: Vec<BlockRange> =
            done.into_iter().map(|range| BlockRange { from: range.from, to: range.to }).collect();
        let gaps = ranges::gaps(from, to, done);
        let windows = windows_of(&gaps);
        let todo: u64 = windows.iter().map(|window| window.to - window.from + 1).sum();
        progress.set_stage(Stage::ReadingState);
        progress.expect(windows.first().map_or(from, |window| window.from), todo);
        let mut report = StateReport {
            from,
            to,
            stride,
            blocks_done_before: (to - from + 1).saturating_sub(todo),
            ..StateReport::default()
        };
        for gap in &gaps {
            let base = tokio::select! {
                base = self.ensure_base(gap.from) => base?,
                () = cancel.cancelled() => break,
            };
            report.add(base);
        }
        let terms = Terms { stride, full: Some(to), parameters: ParametersFrom::Window };
        let mut found = stream::iter(windows.into_iter().take_while(|_| !cancel.is_cancelled()))
            .map(|window| async move { self.read(window.from, window.to, terms).await })
            .buffered(AT_ONCE);
        let mut unrolled = 0_u64;
        loop {
            let next = tokio::select! {
                next = found.next() => next,
                () = cancel.cancelled() => None,
            };
            let Some(found) = next else { break };
            let found = found?;
            let storing = Instant::now();
            self.store(&found.window).await?;
            let stored = storing.elapsed();
            report.note(&found, stored);
            progress.window_done(&found.to_tally(stored));
            unrolled += 1;
            if unrolled >= ROLLED_TOGETHER {
                self.warehouse.roll_up_pending().await?;
                unrolled = 0;
            }
        }
        drop(found);
        self.warehouse.roll_up_pending().await?;
        if again {
            // windows that were rolled up before may have other rows now
            self.warehouse.roll_up(from, to).await?;
        }
        if sweep && !cancel.is_cancelled() {
            report.sweep(self.sweep(to).await?);
        }
        progress.set_stage(Stage::Done);
        report.cancelled = cancel.is_cancelled();
        report.rpc_bytes = self.source.pool().bytes_received() - received;
        report.elapsed = started.elapsed();
        Ok(report)
    }

    /// Reads a few blocks that have just been sealed, every one of them.
    pub(crate) async fn read_sealed(&self, from: BlockNumber, to: BlockNumber) -> Result<(), IngestError> {
        self.ensure_base(from).await?;
        for window in windows_of(&[BlockRange { from, to }]) {
            let stretch = window.from / WINDOW * WINDOW;
            let before = self.warehouse.list_state_ranges(stretch, window.from, GENERATION, u32::MAX).await?;
            let before =
                before.into_iter().map(|range| BlockRange { from: range.from, to: range.to }).collect();
            // no further back than the lane reached without a gap
            let gaps = ranges::gaps(stretch, window.from.max(1) - 1, before);
            let start = gaps.last().map_or(stretch, |gap| gap.to + 1).max(1);
            let terms = Terms { stride: 1, full: None, parameters: ParametersFrom::Stretch(start) };
            let found = self.read(window.from, window.to, terms).await?;
            self.store(&found.window).await?;
        }
        self.warehouse.roll_up_pending().await?;
        Ok(())
    }

    /// Reads the base below `first`, if nothing is known there.
    async fn ensure_base(&self, first: BlockNumber) -> Result<Costs, IngestError> {
        let Some(below) = first.checked_sub(1) else { return Ok(Costs::default()) };
        let followed = self.warehouse.list_state_ranges(below, below, GENERATION, u32::MAX).await?;
        let sweeps = self.warehouse.list_sweeps(below, below).await?;
        if !followed.is_empty() || sweeps.iter().any(|sweep| sweep.kind == "initial") {
            return Ok(Costs::default());
        }
        let Some(base) = self.open_base(first).await? else { return Ok(Costs::default()) };
        tracing::info!(block = below, "reading all accounts and stakes before following what blocks change");
        let found = self.read_base(&base).await?;
        self.store(&found.window).await?;
        let sweep = self.store_base(&Pallets::of(&base.runtime), base.at).await?;
        tracing::info!(
            block = below,
            accounts = sweep.accounts,
            stakes = sweep.stakes,
            pools = sweep.pools,
            "the base is stored"
        );
        Ok(found.costs)
    }

    /// Compares all holdings at a block that the lane has reached with what was followed.
    ///
    /// # Errors
    /// When the endpoints or the warehouse fail.
    pub async fn sweep(&self, block: BlockNumber) -> Result<report::Swept, IngestError> {
        let Some(base) = self.open_base(block + 1).await? else { return Ok(report::Swept::default()) };
        let (sweep, differences) = self.check(&Pallets::of(&base.runtime), base.at).await?;
        Ok(report::Swept { sweep, differences })
    }

    /// Blocks since everything was last read.
    pub(crate) async fn blocks_since_sweep(&self, block: BlockNumber) -> Result<u64, IngestError> {
        let sweeps = self.warehouse.list_sweeps(0, block).await?;
        Ok(sweeps.last().map_or(block, |sweep| block - sweep.block_number))
    }

    async fn store(&self, window: &StateWindow) -> Result<(), IngestError> {
        let mut attempt = 0;
        loop {
            let error = match self.warehouse.write_state(window).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            attempt += 1;
            if !error.is_transient() || attempt >= MOST_WRITES {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
        }
    }
}

impl Found {
    fn to_tally(&self, stored: Duration) -> WindowTally {
        WindowTally {
            blocks: self.window.last - self.window.first + 1,
            rpc: self.took,
            insert: stored,
            ..WindowTally::default()
        }
    }
}
