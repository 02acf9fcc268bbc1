//! Following the head: finalized blocks are stored, the unfinalized tip is held in memory.
//!
//! Lanes run side by side. `heads` learns of heads (pushed, or polled for), `finalized` fills up to the
//! finalized head, `tip` decodes best blocks above it, `verified` replays the epochs of what was sealed, `state` reads its state. They are joined by the newest value only: a lane that is busy
//! sees the latest head when it comes back, never a queue of old ones. Gaps after a reconnect need no code of their
//! own: the finalized lane always fills whatever is missing.

mod behind;
mod finalized;
mod heads;
mod state;
mod tip;
mod verified;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use yumascan_chain::{BlockNumber, Header};

use crate::{
    IngestError,
    backfill::Limits,
    pipeline::Pipeline,
    state::{SMALL_CHAIN, StateLane},
    verify::Verifier,
};

/// Cursor: the state of everything up to this block was read.
pub(crate) const STATE_CURSOR: &str = "state";

/// What following needs to know.
#[derive(Debug, Clone)]
pub(crate) struct FollowPlan {
    /// First block to store.
    pub(crate) from: BlockNumber,
    /// Finalized head at the start.
    pub(crate) finalized: BlockNumber,
    pub(crate) limits: Limits,
    /// Without a new head for so long, the connection is dropped.
    pub(crate) stall: Duration,
    /// Whether epochs are verified as their blocks are sealed.
    pub(crate) verify: bool,
    /// Whether the state is read as blocks are sealed.
    pub(crate) state: bool,
    /// Blocks between sweeps of the state; 0: never.
    pub(crate) state_sweep_blocks: u64,
    /// How often heads are asked for where they are not pushed.
    pub(crate) poll: Duration,
}

/// The newest heads; lanes wait for changes.
#[derive(Debug)]
struct Heads {
    finalized: watch::Sender<BlockNumber>,
    best: watch::Sender<Option<Header>>,
}

impl Heads {
    /// A finalized head never goes back: an endpoint that lags does not undo what another has finalized.
    fn finalized(&self, number: BlockNumber) {
        self.finalized.send_if_modified(|known| {
            let higher = number > *known;
            if higher {
                *known = number;
            }
            higher
        });
    }

    fn best(&self, header: Header) {
        metrics::gauge!("yumascan_ingest_best_head_block").set(header.number as f64);
        self.best.send_if_modified(|known| {
            let other = known.as_ref() != Some(&header);
            if other {
                *known = Some(header);
            }
            other
        });
    }
}

/// Follows until cancelled.
pub(crate) async fn follow(
    pipeline: &Arc<Pipeline>,
    plan: FollowPlan,
    cancel: &CancellationToken,
) -> Result<(), IngestError> {
    let heads = Heads { finalized: watch::channel(plan.finalized).0, best: watch::channel(None).0 };
    let (finalized, best) = (heads.finalized.subscribe(), heads.best.subscribe());
    let learning = heads::learn(pipeline, &heads, &plan, cancel);
    let storing = finalized::store(pipeline, finalized.clone(), &plan, cancel);
    let showing = tip::show(pipeline, best, finalized.clone(), cancel);
    let verifying = async {
        if plan.verify {
            let verifier = Verifier::new(pipeline.source.clone(), pipeline.warehouse.clone());
            behind::run(&verifier, pipeline, finalized.clone(), plan.finalized, cancel).await;
        }
    };
    let reading = async {
        if plan.state {
            let lane = StateLane::new(pipeline.source.clone(), pipeline.warehouse.clone());
            let sweeping = state::Sweeping { lane, every: plan.state_sweep_blocks };
            // the past of a long chain is left to a backfill and its stride
            let is_small = plan.finalized.saturating_sub(plan.from) < SMALL_CHAIN;
            let start = if is_small { plan.from.max(1) - 1 } else { plan.finalized };
            behind::run(&sweeping, pipeline, finalized.clone(), start, cancel).await;
        }
    };
    let (stored, (), (), (), ()) = tokio::join!(storing, learning, showing, verifying, reading);
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finalized_head_never_goes_back() {
        let heads = Heads { finalized: watch::channel(10).0, best: watch::channel(None).0 };
        heads.finalized(12);
        heads.finalized(11);
        assert_eq!(*heads.finalized.borrow(), 12);
    }
}
