//! What happens to a window: fetched, verified, decoded, recorded as open, written, sealed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use yumascan_chain::DECODER_GENERATION;
use yumascan_store::{BlockRange, RowCounts, Store, StoreError};
use yumascan_warehouse::{
    LiveTip, Table, TipBlock, Warehouse, WarehouseError, Window, WindowReceipt, WindowRows,
};

use crate::{
    IngestError,
    links::Links,
    progress::{Progress, WindowTally},
    source::{FetchedWindow, Source, SourcedBlock},
};

/// How often a window is fetched anew because it does not link to its neighbours.
const MOST_LINK_ROUNDS: usize = 3;
/// How often an insert is repeated after a transient failure.
const MOST_INSERTS: u32 = 8;

/// Raw bytes that one thread decodes at a time.
const PIECE_BYTES: usize = 2 << 20;

/// Everything a window passes through; shared by the tasks that carry windows.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) source: Source,
    pub(crate) warehouse: Warehouse,
    pub(crate) store: Store,
    pub(crate) tip: LiveTip,
    pub(crate) links: Links,
    pub(crate) progress: Progress,
    /// Bytes of fetched windows that are not sealed yet.
    pub(crate) bytes_in_flight: AtomicUsize,
}

/// A window as rows.
struct Decoded {
    window: Window,
    tally: WindowTally,
    announce: Vec<TipBlock>,
}

/// Counts the bytes of a window as in flight until it drops.
struct Weight<'a>(&'a AtomicUsize, usize);

impl Drop for Weight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl Pipeline {
    /// Carries a window from the nodes to its seal. `false`: cancelled before anything was written.
    pub(crate) async fn carry(
        &self,
        window: BlockRange,
        announce: bool,
        cancel: &CancellationToken,
    ) -> Result<bool, IngestError> {
        let started = Instant::now();
        let fetched = tokio::select! {
            fetched = self.fetch(window) => fetched?,
            () = cancel.cancelled() => return Ok(false),
        };
        let rpc = started.elapsed();
        self.bytes_in_flight.fetch_add(fetched.bytes, Ordering::Relaxed);
        let _weight = Weight(&self.bytes_in_flight, fetched.bytes);
        let (parent, hash) = (fetched.parent_hash(), fetched.last_hash());

        let started = Instant::now();
        let Decoded { window: rows, mut tally, announce } = decode(window, fetched.blocks, announce).await?;
        tally.rpc = rpc;
        tally.decode = started.elapsed();

        let started = Instant::now();
        self.write_and_seal(window, &rows).await?;
        tally.insert = started.elapsed();
        self.links.seal(window.from, window.to, parent, hash);
        for block in announce {
            self.tip.finalize(Arc::new(block));
        }
        metrics::gauge!("yumascan_ingest_sealed_block").set(window.to as f64);
        if tally.quarantined > 0 {
            tracing::warn!(
                first = window.from,
                last = window.to,
                items = tally.quarantined,
                "items could not be decoded; their bytes are kept in quarantine"
            );
        }
        tracing::debug!(first = window.from, last = window.to, events = tally.events, rpc = ?tally.rpc, decode = ?tally.decode, insert = ?tally.insert, "window sealed");
        self.progress.window_done(&tally);
        Ok(true)
    }

    /// Fetches a window that links to its neighbours.
    async fn fetch(&self, window: BlockRange) -> Result<FetchedWindow, IngestError> {
        let mut avoid = Vec::new();
        loop {
            let fetched = self.source.fetch_window(window.from, window.to, &avoid).await?;
            let Err(error) = self.links.check(window.from, window.to, &fetched) else { return Ok(fetched) };
            if avoid.len() + 1 >= MOST_LINK_ROUNDS {
                return Err(error);
            }
            tracing::warn!(endpoint = fetched.named_by.label(), %error, "window does not link to its neighbours; asking elsewhere");
            avoid.push(fetched.named_by);
        }
    }

    /// Records the window as open, inserts it, seals it. Whatever is interrupted here is done again with the same
    /// boundaries, and the same rows are never stored twice.
    async fn write_and_seal(&self, window: BlockRange, rows: &Window) -> Result<(), IngestError> {
        let open = match self.store.open_window(window.from, window.to, DECODER_GENERATION).await {
            Ok(open) => open,
            Err(StoreError::WindowSealed { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let receipt = insert_patiently(&self.warehouse, rows).await?;
        let counts = row_counts(&receipt);
        self.store.seal_window(window.from, window.to, open.attempt, receipt.content_hash, counts).await?;
        Ok(())
    }
}

/// Writes a window, again after transient failures.
async fn insert_patiently(warehouse: &Warehouse, rows: &Window) -> Result<WindowReceipt, WarehouseError> {
    let mut attempt = 0;
    loop {
        let error = match warehouse.write_window(rows).await {
            Ok(receipt) => return Ok(receipt),
            Err(error) => error,
        };
        attempt += 1;
        if !error.is_transient() || attempt >= MOST_INSERTS {
            return Err(error);
        }
        metrics::counter!("yumascan_ingest_insert_retries_total").increment(1);
        let pause = Duration::from_millis(200 << attempt.min(6));
        tracing::warn!(%error, ?pause, "insert failed for now and is repeated");
        tokio::time::sleep(pause).await;
    }
}

/// Rows per table, as the store keeps them.
pub(crate) fn row_counts(receipt: &WindowReceipt) -> RowCounts {
    RowCounts {
        raw_blocks: receipt.rows(Table::RawBlocks),
        blocks: receipt.rows(Table::Blocks),
        extrinsics: receipt.rows(Table::Extrinsics),
        calls: receipt.rows(Table::Calls),
        events: receipt.rows(Table::Events),
        transfers: receipt.rows(Table::Transfers),
        quarantined: receipt.rows(Table::Quarantine),
    }
}

/// Decodes a window. One of runaway blocks is worth many others: it is cut into pieces that several threads decode.
/// Where it is cut depends on the blocks alone, so that a repeated window is sent in the same parts.
async fn decode(
    window: BlockRange,
    blocks: Vec<SourcedBlock>,
    announce: bool,
) -> Result<Decoded, IngestError> {
    let pieces = pieces_of(blocks);
    let decoding: Vec<_> = pieces
        .into_iter()
        .map(|piece| tokio::task::spawn_blocking(move || decode_piece(piece, announce)))
        .collect();
    let mut decoded = Vec::with_capacity(decoding.len());
    for piece in decoding {
        decoded.push(piece.await??);
    }
    let joining = tokio::task::spawn_blocking(move || {
        let mut rows = WindowRows::new(window.from, window.to);
        let mut tally = WindowTally::default();
        let mut tip = Vec::new();
        for piece in decoded {
            rows.append(piece.rows)?;
            tally.add(&piece.tally);
            tip.extend(piece.announce);
        }
        Ok::<_, WarehouseError>(Decoded { window: rows.finish()?, tally, announce: tip })
    });
    Ok(joining.await??)
}

/// Runs of blocks of about [`PIECE_BYTES`] each.
fn pieces_of(blocks: Vec<SourcedBlock>) -> Vec<Vec<SourcedBlock>> {
    let mut pieces: Vec<Vec<SourcedBlock>> = Vec::new();
    let mut room = 0usize;
    for block in blocks {
        let bytes = block.raw.events.len() + block.raw.extrinsics.iter().map(Vec::len).sum::<usize>();
        match pieces.last_mut().filter(|_| room >= bytes) {
            Some(piece) => piece.push(block),
            None => {
                pieces.push(vec![block]);
                room = PIECE_BYTES;
            }
        }
        room = room.saturating_sub(bytes);
    }
    pieces
}

/// Rows of a run of blocks.
struct Piece {
    rows: WindowRows,
    tally: WindowTally,
    announce: Vec<TipBlock>,
}

fn decode_piece(blocks: Vec<SourcedBlock>, announce: bool) -> Result<Piece, WarehouseError> {
    let number_of = |block: Option<&SourcedBlock>| block.map_or(0, |block| block.raw.header.number);
    let mut rows = WindowRows::new(number_of(blocks.first()), number_of(blocks.last()));
    let mut tally = WindowTally::default();
    let mut tip = Vec::new();
    for SourcedBlock { raw, runtime } in blocks {
        let decoded = runtime.decode_block(&raw);
        tally.count(&raw, &decoded);
        if announce {
            tip.push(TipBlock::new(&raw, &decoded));
        }
        rows.push(&raw, &decoded)?;
    }
    Ok(Piece { rows, tally, announce: tip })
}
