//! Log rows rebuilt from raw rows: after the decoder learned something, without asking a node.

use std::{fmt, sync::Arc, time::Instant};

use futures::TryStreamExt;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use yumascan_chain::{BlockNumber, DECODER_GENERATION, RawBlock, Runtime};
use yumascan_store::{RowCounts, Store, Window as StoredWindow, WindowState};
use yumascan_warehouse::{ReplaceReceipt, Table, Warehouse, Window, WindowRows};

use crate::{
    IngestError,
    progress::{Progress, Stage, WindowTally},
    source::Runtimes,
};

/// Windows listed per query.
const PAGE: u32 = 200;

/// What a redecode did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RedecodeReport {
    /// First block decoded again: windows are rebuilt as a whole.
    pub from: BlockNumber,
    /// Last block decoded again.
    pub to: BlockNumber,
    /// Blocks decoded again.
    pub blocks: u64,
    /// Windows decoded again.
    pub windows: u64,
    /// Windows whose rows came out differently and were replaced.
    pub changed_windows: u64,
    /// Tables that were rewritten, by name, with the number of windows.
    pub changed_tables: std::collections::BTreeMap<String, u64>,
    /// Events decoded.
    pub events: u64,
    /// Items that still cannot be decoded.
    pub quarantined: u64,
    /// Decoder that did it.
    pub decoder_generation: u32,
    /// Whether it was cancelled before the end.
    pub cancelled: bool,
}

/// Rebuilds the rows of every sealed window that touches `from..=to`. Where the decoder did not change, nothing is
/// written.
///
/// # Errors
/// When raw rows or metadata are missing, or warehouse or store fail. Windows done so far stay done.
pub async fn redecode(
    warehouse: &Warehouse,
    store: &Store,
    from: BlockNumber,
    to: BlockNumber,
    cancel: CancellationToken,
    progress: Progress,
) -> Result<RedecodeReport, IngestError> {
    if from > to {
        return Err(IngestError::EmptyRange { from, to });
    }
    let runtimes = Runtimes::new(warehouse.clone());
    let mut report = RedecodeReport { decoder_generation: DECODER_GENERATION, ..RedecodeReport::default() };
    progress.set_stage(Stage::Redecode);
    let mut next = from;
    loop {
        let windows = store.list_windows(next, to, PAGE).await?;
        let Some(highest) = windows.last().map(|window| window.last) else { break };
        progress.expect(windows[0].first, windows.iter().map(|window| window.last - window.first + 1).sum());
        for window in windows.iter().filter(|window| window.state == WindowState::Sealed) {
            if cancel.is_cancelled() {
                report.cancelled = true;
                return Ok(report);
            }
            redecode_window(warehouse, store, &runtimes, window, &progress, &mut report).await?;
        }
        match highest.checked_add(1).filter(|above| *above <= to) {
            Some(above) => next = above,
            None => break,
        }
    }
    if report.windows == 0 {
        return Err(IngestError::MissingRaw { number: from });
    }
    progress.set_stage(Stage::Done);
    Ok(report)
}

async fn redecode_window(
    warehouse: &Warehouse,
    store: &Store,
    runtimes: &Runtimes,
    stored: &StoredWindow,
    progress: &Progress,
    report: &mut RedecodeReport,
) -> Result<(), IngestError> {
    let (first, last) = (stored.first, stored.last);
    let started = Instant::now();
    let blocks = with_runtimes(warehouse, runtimes, first, last).await?;
    let read = started.elapsed();
    let started = Instant::now();
    let (window, mut tally) = tokio::task::spawn_blocking(move || rebuild(first, last, blocks)).await??;
    (tally.rpc, tally.decode) = (read, started.elapsed());

    let started = Instant::now();
    let receipt = if stored.decoder_generation == DECODER_GENERATION {
        warehouse.replace_window(&window).await?
    } else {
        let open = store.reopen_window(first, last, DECODER_GENERATION).await?;
        let receipt = warehouse.replace_window(&window).await?;
        store.seal_window(first, last, open.attempt, receipt.content_hash, counts(&window)).await?;
        receipt
    };
    tally.insert = started.elapsed();
    progress.window_done(&tally);
    note(report, first, last, &tally, &receipt);
    Ok(())
}

fn note(
    report: &mut RedecodeReport,
    first: BlockNumber,
    last: BlockNumber,
    tally: &WindowTally,
    receipt: &ReplaceReceipt,
) {
    if report.windows == 0 {
        report.from = first;
    }
    report.to = last;
    report.windows += 1;
    report.blocks += tally.blocks;
    report.events += tally.events;
    report.quarantined += tally.quarantined;
    if receipt.changed.is_empty() {
        return;
    }
    report.changed_windows += 1;
    for table in &receipt.changed {
        *report.changed_tables.entry(table.name().to_owned()).or_default() += 1;
    }
    tracing::info!(first, last, tables = receipt.changed.len(), "rows were replaced");
}

/// The raw blocks of a window, each with the runtime that executed it.
async fn with_runtimes(
    warehouse: &Warehouse,
    runtimes: &Runtimes,
    first: BlockNumber,
    last: BlockNumber,
) -> Result<Vec<(RawBlock, Arc<Runtime>)>, IngestError> {
    let raws: Vec<RawBlock> = warehouse.list_raw_blocks(first, last).try_collect().await?;
    let mut blocks: Vec<(RawBlock, Arc<Runtime>)> = Vec::with_capacity(raws.len());
    for (number, raw) in (first..=last).zip(raws) {
        if raw.header.number != number {
            return Err(IngestError::MissingRaw { number });
        }
        let spec = raw.spec_version;
        let runtime = match blocks.last().filter(|(before, _)| before.spec_version == spec) {
            Some((_, runtime)) => runtime.clone(),
            None => runtimes
                .find_stored(spec)
                .await?
                .ok_or(IngestError::MissingMetadata { block: number, spec })?,
        };
        blocks.push((raw, runtime));
    }
    match blocks.last() {
        Some((raw, _)) if raw.header.number == last => Ok(blocks),
        Some((raw, _)) => Err(IngestError::MissingRaw { number: raw.header.number + 1 }),
        None => Err(IngestError::MissingRaw { number: first }),
    }
}

fn rebuild(
    first: BlockNumber,
    last: BlockNumber,
    blocks: Vec<(RawBlock, Arc<Runtime>)>,
) -> Result<(Window, WindowTally), IngestError> {
    let mut rows = WindowRows::new(first, last);
    let mut tally = WindowTally::default();
    for (raw, runtime) in blocks {
        let decoded = runtime.decode_block(&raw);
        tally.count(&raw, &decoded);
        rows.push(&raw, &decoded)?;
    }
    Ok((rows.finish()?, tally))
}

fn counts(window: &Window) -> RowCounts {
    RowCounts {
        raw_blocks: window.rows(Table::RawBlocks),
        blocks: window.rows(Table::Blocks),
        extrinsics: window.rows(Table::Extrinsics),
        calls: window.rows(Table::Calls),
        events: window.rows(Table::Events),
        transfers: window.rows(Table::Transfers),
        quarantined: window.rows(Table::Quarantine),
    }
}

impl fmt::Display for RedecodeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "blocks {} to {}: {} blocks with {} events decoded again; ",
            self.from, self.to, self.blocks, self.events
        )?;
        match self.changed_windows {
            0 => f.write_str("nothing changed")?,
            changed => {
                let tables: Vec<&str> = self.changed_tables.keys().map(String::as_str).collect();
                write!(f, "{changed} of {} windows changed ({})", self.windows, tables.join(", "))?;
            }
        }
        if self.quarantined > 0 {
            write!(f, "; {} items still cannot be decoded", self.quarantined)?;
        }
        if self.cancelled {
            f.write_str("; stopped before the end, run again to go on")?;
        }
        Ok(())
    }
}
