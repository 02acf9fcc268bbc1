//! Filling ranges: windows side by side, bounded in number and in bytes.

use std::sync::{Arc, atomic::Ordering};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use yumascan_chain::Hash;
use yumascan_store::BlockRange;

use crate::{IngestError, pipeline::Pipeline, plan};

/// How much may be in flight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) window_blocks: u64,
    pub(crate) windows: usize,
    pub(crate) bytes: usize,
}

/// How a fill ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    All,
    Cancelled,
}

/// Fetches, decodes and seals everything in `gaps`, lowest first. After an error the windows in flight are still
/// finished, then the first error is returned.
pub(crate) async fn fill(
    pipeline: &Arc<Pipeline>,
    gaps: &[BlockRange],
    limits: Limits,
    announce_above: Option<u64>,
    cancel: &CancellationToken,
) -> Result<Filled, IngestError> {
    learn_neighbours(pipeline, gaps).await?;
    let windows = gaps.iter().flat_map(|gap| plan::windows(*gap, limits.window_blocks)).collect();
    carry_all(pipeline, windows, limits, announce_above, cancel).await
}

/// Carries windows again that were begun before, with the boundaries they had.
pub(crate) async fn carry_again(
    pipeline: &Arc<Pipeline>,
    windows: Vec<BlockRange>,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<Filled, IngestError> {
    learn_neighbours(pipeline, &windows).await?;
    carry_all(pipeline, windows, limits, None, cancel).await
}

/// Carries windows, lowest first.
async fn carry_all(
    pipeline: &Arc<Pipeline>,
    windows: Vec<BlockRange>,
    limits: Limits,
    announce_above: Option<u64>,
    cancel: &CancellationToken,
) -> Result<Filled, IngestError> {
    let mut windows = windows.into_iter().peekable();
    let mut carried = JoinSet::new();
    let mut first_error = None;
    let mut filled = Filled::All;
    // blocks announced to readers must come in order: those windows go one by one
    loop {
        while first_error.is_none() && !cancel.is_cancelled() {
            let in_flight = carried.len();
            let Some(next) = windows.peek() else { break };
            let announce = announce_above.is_some_and(|above| next.to > above);
            let most = if announce { 1 } else { limits.windows };
            let full = in_flight >= most || pipeline.bytes_in_flight.load(Ordering::Relaxed) > limits.bytes;
            if in_flight > 0 && full {
                break;
            }
            let Some(window) = windows.next() else { break };
            let (pipeline, cancel) = (pipeline.clone(), cancel.clone());
            carried.spawn(async move { pipeline.carry(window, announce, &cancel).await });
        }
        match carried.join_next().await {
            None => break,
            Some(Ok(Ok(true))) => {}
            Some(Ok(Ok(false))) => filled = Filled::Cancelled,
            Some(Ok(Err(error))) => {
                tracing::debug!(%error, "window failed; finishing those in flight");
                first_error.get_or_insert(error);
            }
            Some(Err(error)) => {
                first_error.get_or_insert(error.into());
            }
        }
    }
    match first_error {
        Some(error) => Err(error),
        None if cancel.is_cancelled() && windows.peek().is_some() => Ok(Filled::Cancelled),
        None => Ok(filled),
    }
}

/// Reads the hashes of the stored blocks on both sides of each gap: what is fetched must link to them.
async fn learn_neighbours(pipeline: &Pipeline, gaps: &[BlockRange]) -> Result<(), IngestError> {
    let (links, warehouse) = (&pipeline.links, &pipeline.warehouse);
    for gap in gaps {
        if let Some(below) = gap.from.checked_sub(1).filter(|below| !links.knows(*below))
            && let Some(block) = warehouse.find_block(below).await?
            && let Ok(hash) = block.hash.parse::<Hash>()
        {
            links.know(below, hash);
        }
        if !links.knows(gap.to)
            && let Some(above) = gap.to.checked_add(1)
            && let Some(block) = warehouse.find_block(above).await?
            && let Ok(hash) = block.parent_hash.parse::<Hash>()
        {
            links.know(gap.to, hash);
        }
    }
    Ok(())
}
