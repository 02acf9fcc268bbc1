//! Verifying what was sealed, behind the head. Trouble here is told and never stops the storing of blocks.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use yumascan_chain::BlockNumber;

use crate::{IngestError, pipeline::Pipeline, verify::Verifier};

/// Cursor: everything up to this block was verified as it was sealed.
const VERIFIED_CURSOR: &str = "verified";
/// Pause until sealed blocks are looked for again.
const PAUSE: Duration = Duration::from_millis(500);
/// Pause after a trouble that may pass.
const TROUBLE_PAUSE: Duration = Duration::from_secs(10);
/// Failures in a row after which blocks are left to `yumascan verify`.
const MOST_FAILURES: u32 = 6;
/// Blocks verified at a time.
const STEP: u64 = 64;

/// Verifies sealed blocks above `start` (or above those verified by an earlier run) until cancelled.
pub(super) async fn verify(
    pipeline: &Arc<Pipeline>,
    mut finalized: watch::Receiver<BlockNumber>,
    start: BlockNumber,
    cancel: &CancellationToken,
) {
    let verifier = Verifier::new(pipeline.source.clone(), pipeline.warehouse.clone());
    let before = pipeline.store.find_cursor(VERIFIED_CURSOR).await.ok().flatten();
    let mut next = before.map_or(start, |cursor| cursor.block).saturating_add(1);
    let mut failures = 0;
    loop {
        let head = *finalized.borrow_and_update();
        let advancing = advance(pipeline, &verifier, next, head);
        let outcome = tokio::select! {
            outcome = advancing => outcome,
            () = cancel.cancelled() => return,
        };
        let pause = match outcome {
            Ok(Some(verified)) => {
                next = verified + 1;
                failures = 0;
                continue;
            }
            Ok(None) if next > head => None,
            Ok(None) => Some(PAUSE),
            Err(error) => {
                failures += 1;
                metrics::counter!("yumascan_ingest_verify_failures_total").increment(1);
                tracing::warn!(%error, block = next, "epochs cannot be verified for now; blocks are stored all the same");
                if failures >= MOST_FAILURES && head >= next {
                    tracing::warn!(
                        from = next,
                        to = head,
                        "epochs are left unverified; `yumascan verify` takes them up"
                    );
                    (next, failures) = (head + 1, 0);
                }
                Some(TROUBLE_PAUSE)
            }
        };
        tokio::select! {
            changed = finalized.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            () = cancel.cancelled() => return,
        }
    }
}

/// Verifies the sealed blocks from `next` on; the last of them, or `None` where none is sealed.
async fn advance(
    pipeline: &Pipeline,
    verifier: &Verifier,
    next: BlockNumber,
    head: BlockNumber,
) -> Result<Option<BlockNumber>, IngestError> {
    if next > head {
        return Ok(None);
    }
    let last = head.min(next + STEP - 1);
    let gaps = pipeline.store.list_gaps(next, last).await?;
    let last = gaps.first().map_or(last, |gap| gap.from.saturating_sub(1));
    if last < next {
        return Ok(None);
    }
    verifier.verify_sealed(next, last).await?;
    pipeline.store.set_cursor(VERIFIED_CURSOR, last, None).await?;
    metrics::gauge!("yumascan_ingest_verified_block").set(last as f64);
    Ok(Some(last))
}
