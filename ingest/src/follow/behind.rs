//! Lanes that run behind the storing of blocks. Trouble in them is told and never stops it.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use yumascan_chain::BlockNumber;

use crate::{IngestError, pipeline::Pipeline};

/// Pause until sealed blocks are looked for again.
const PAUSE: Duration = Duration::from_millis(500);
/// Pause after a trouble that may pass.
const TROUBLE_PAUSE: Duration = Duration::from_secs(10);
/// Failures in a row after which blocks are left to the lane's command.
const MOST_FAILURES: u32 = 6;
/// Blocks worked on at a time.
const STEP: u64 = 64;

/// What a lane does with sealed blocks.
pub(super) trait Lane {
    /// Cursor: everything up to this block was worked on as it was sealed.
    const CURSOR: &'static str;
    /// Name in messages and metrics.
    const NAME: &'static str;
    /// The command that takes up what was left.
    const COMMAND: &'static str;

    /// Works on sealed blocks.
    fn work(
        &self,
        from: BlockNumber,
        to: BlockNumber,
    ) -> impl Future<Output = Result<(), IngestError>> + Send;
}

/// Runs a lane over sealed blocks above `start` (or above those of an earlier run) until cancelled.
pub(super) async fn run<L: Lane>(
    lane: &L,
    pipeline: &Arc<Pipeline>,
    mut finalized: watch::Receiver<BlockNumber>,
    start: BlockNumber,
    cancel: &CancellationToken,
) {
    let before = pipeline.store.find_cursor(L::CURSOR).await.ok().flatten();
    let mut next = before.map_or(start, |cursor| cursor.block).saturating_add(1);
    let mut failures = 0;
    loop {
        let head = *finalized.borrow_and_update();
        let outcome = tokio::select! {
            outcome = advance(lane, pipeline, next, head) => outcome,
            () = cancel.cancelled() => return,
        };
        let pause = match outcome {
            Ok(Some(done)) => {
                next = done + 1;
                failures = 0;
                continue;
            }
            Ok(None) if next > head => None,
            Ok(None) => Some(PAUSE),
            Err(error) => {
                failures += 1;
                metrics::counter!("yumascan_ingest_lane_failures_total", "lane" => L::NAME).increment(1);
                tracing::warn!(%error, block = next, lane = L::NAME, "a lane is in trouble; blocks are stored all the same");
                if failures >= MOST_FAILURES && head >= next {
                    tracing::warn!(
                        from = next,
                        to = head,
                        lane = L::NAME,
                        command = L::COMMAND,
                        "blocks are left to the command"
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

/// Works on the sealed blocks from `next` on; the last of them, or `None` where none is sealed.
async fn advance<L: Lane>(
    lane: &L,
    pipeline: &Pipeline,
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
    lane.work(next, last).await?;
    pipeline.store.set_cursor(L::CURSOR, last, None).await?;
    metrics::gauge!("yumascan_ingest_lane_block", "lane" => L::NAME).set(last as f64);
    Ok(Some(last))
}
