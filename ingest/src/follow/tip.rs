//! The unfinalized tip: best blocks above the finalized head, decoded and shown, never stored.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use yumascan_chain::{BlockNumber, Hash, Header};
use yumascan_warehouse::TipBlock;

use crate::{
    IngestError,
    pipeline::Pipeline,
    rpc::{Call, wire},
    source::BlockAt,
};

/// The tip never reaches deeper below a best head than this: further back it is not a tip but a backlog.
const DEEPEST: usize = 32;
/// Blocks kept below the finalized head while storing lags behind it.
const KEPT_BELOW_FINALIZED: BlockNumber = 64;
/// A head that cannot be shown in this time is left for the next one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shows each new best head with the blocks between it and the finalized one, until cancelled.
pub(super) async fn show(
    pipeline: &Pipeline,
    mut best: watch::Receiver<Option<Header>>,
    finalized: watch::Receiver<BlockNumber>,
    cancel: &CancellationToken,
) {
    loop {
        let header = best.borrow_and_update().clone();
        if let Some(header) = header {
            let (number, floor) = (header.number, *finalized.borrow());
            let showing = tokio::time::timeout(PATIENCE, extend(pipeline, header, floor));
            let shown = tokio::select! {
                shown = showing => shown,
                () = cancel.cancelled() => return,
            };
            match shown {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => tracing::debug!(number, "best head was retracted before it could be read"),
                Ok(Err(error)) => tracing::debug!(number, %error, "best head cannot be shown"),
                Err(_) => tracing::debug!(number, "best head took too long to read"),
            }
        }
        tokio::select! {
            changed = best.changed() => if changed.is_err() { return },
            () = cancel.cancelled() => return,
        }
    }
}

/// Makes the tip end in `head`. `false` when the head is gone.
async fn extend(pipeline: &Pipeline, head: Header, finalized: BlockNumber) -> Result<bool, IngestError> {
    let shown: Vec<(BlockNumber, String)> =
        pipeline.tip.blocks().iter().map(|block| (block.block.number, block.block.hash.clone())).collect();
    let is_shown = |number: BlockNumber, hash: Hash| {
        let hash = hash.to_string();
        shown.iter().any(|(other, text)| *other == number && *text == hash)
    };
    let at = BlockAt { number: head.number, hash: head.hash() };
    if head.number <= finalized {
        return Ok(true);
    }
    if is_shown(at.number, at.hash) {
        pipeline.tip.retract_to(at.number);
        return Ok(true);
    }
    let mut run = vec![at];
    let mut parent = head.parent_hash;
    let mut below = head.number - 1;
    while below > finalized && !is_shown(below, parent) {
        if run.len() >= DEEPEST {
            return Ok(false);
        }
        let answer = pipeline.source.pool().ask(Call::header(parent)).await?;
        let Ok(header) = wire::header(answer.value.get()) else { return Ok(false) };
        if header.hash() != parent || header.number != below {
            let what = format!("asked for the header {parent} of block {below}, it gave another");
            return Err(pipeline.source.pool().report_wrong(&answer.endpoint, below, what).into());
        }
        run.push(BlockAt { number: below, hash: parent });
        parent = header.parent_hash;
        below -= 1;
    }
    run.reverse();
    let base = BlockAt { number: below, hash: parent };
    let Some(blocks) = pipeline.source.fetch_run(base, &run).await? else { return Ok(false) };
    let decoding = tokio::task::spawn_blocking(move || {
        let show = |block: &crate::source::SourcedBlock| {
            TipBlock::new(&block.raw, &block.runtime.decode_block(&block.raw))
        };
        blocks.iter().map(show).collect::<Vec<_>>()
    });
    for block in decoding.await? {
        pipeline.tip.push_best(Arc::new(block));
    }
    // during a long backfill nothing is finalized in the reader's sense: the tip must not grow meanwhile
    pipeline.tip.forget_to(finalized.saturating_sub(KEPT_BELOW_FINALIZED));
    Ok(true)
}
