//! Storing what is finalized, gaps included.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use yumascan_chain::BlockNumber;

use super::FollowPlan;
use crate::{
    IngestError,
    backfill::{Filled, fill},
    pipeline::Pipeline,
    plan::count,
    progress::Stage,
    rpc::ErrorClass,
};

/// Blocks this far below the head are announced to readers one by one; older ones just appear.
const ANNOUNCED_BELOW_HEAD: u64 = 16;
/// Pause after a trouble that may pass.
const TROUBLE_PAUSE: Duration = Duration::from_secs(2);

/// Fills up to the finalized head, again and again, until cancelled. Trouble with nodes is waited out.
pub(super) async fn store(
    pipeline: &Arc<Pipeline>,
    mut finalized: watch::Receiver<BlockNumber>,
    plan: &FollowPlan,
    cancel: &CancellationToken,
) -> Result<(), IngestError> {
    loop {
        let head = *finalized.borrow_and_update();
        pipeline.progress.set_head(head);
        match fill_to(pipeline, head, plan, cancel).await {
            Ok(Filled::All) => {}
            Ok(Filled::Cancelled) => return Ok(()),
            Err(error) if may_pass(&error) => {
                tracing::warn!(%error, head, "cannot store up to the head for now; trying again");
                tokio::select! {
                    () = tokio::time::sleep(TROUBLE_PAUSE) => continue,
                    () = cancel.cancelled() => return Ok(()),
                }
            }
            Err(error) => {
                cancel.cancel();
                return Err(error);
            }
        }
        tokio::select! {
            changed = finalized.changed() => if changed.is_err() { return Ok(()) },
            () = cancel.cancelled() => return Ok(()),
        }
    }
}

async fn fill_to(
    pipeline: &Arc<Pipeline>,
    head: BlockNumber,
    plan: &FollowPlan,
    cancel: &CancellationToken,
) -> Result<Filled, IngestError> {
    if head < plan.from {
        return Ok(Filled::All);
    }
    let gaps = pipeline.store.list_gaps(plan.from, head).await?;
    let missing = count(&gaps);
    if missing == 0 {
        pipeline.progress.set_stage(Stage::Following);
        return Ok(Filled::All);
    }
    let far_behind = missing > ANNOUNCED_BELOW_HEAD * 8;
    pipeline.progress.set_stage(if far_behind { Stage::Backfill } else { Stage::Following });
    pipeline.progress.expect(gaps.first().map_or(head, |gap| gap.from), missing);
    let announce_above = head.saturating_sub(ANNOUNCED_BELOW_HEAD);
    let filled = fill(pipeline, &gaps, plan.limits, Some(announce_above), cancel).await?;
    if filled == Filled::All {
        pipeline.progress.set_stage(Stage::Following);
        pipeline.store.set_cursor(crate::ingest::STORED_CURSOR, head, None).await?;
    }
    Ok(filled)
}

/// Whether following goes on after an error: nodes come back, a database may.
fn may_pass(error: &IngestError) -> bool {
    match error {
        IngestError::Rpc(error) => {
            error.class() != ErrorClass::Fatal || !matches!(error, crate::rpc::RpcError::NoEndpoints)
        }
        IngestError::MissingBlock { .. } => true,
        IngestError::Warehouse(error) => error.is_transient(),
        _ => false,
    }
}
