//! Learning of heads: pushed over a WebSocket, or asked for.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{FollowPlan, Heads};
use crate::{
    pipeline::Pipeline,
    rpc::{Call, Endpoint, HeadEvent, HeadSubscription, Pool, wire},
};

/// Pause before subscribing again.
const RESUBSCRIBE_PAUSE: Duration = Duration::from_millis(250);

/// Runs until cancelled; an endpoint that is silent too long is left for another.
pub(super) async fn learn(pipeline: &Pipeline, heads: &Heads, plan: &FollowPlan, cancel: &CancellationToken) {
    let pool = pipeline.source.pool();
    let mut left: Option<Arc<Endpoint>> = None;
    while !cancel.is_cancelled() {
        let subscribed = tokio::select! {
            subscribed = pool.subscribe_heads(left.as_ref()) => subscribed,
            () = cancel.cancelled() => return,
        };
        let pause = match subscribed {
            Ok(Some(subscription)) => {
                tracing::info!(endpoint = subscription.endpoint().label(), "following heads");
                left = Some(subscription.endpoint().clone());
                listen(pool, subscription, heads, plan, cancel).await;
                RESUBSCRIBE_PAUSE
            }
            // nobody pushes heads, or nobody can be reached for that just now: ask
            Ok(None) => plan.poll,
            Err(error) => {
                tracing::debug!(%error, "cannot subscribe to heads now");
                plan.poll.min(Duration::from_secs(1))
            }
        };
        // a node may hang: being asked to stop must not wait for its answer
        let polling = async {
            poll(pool, heads).await;
            tokio::time::sleep(pause).await;
        };
        tokio::select! {
            () = polling => {}
            () = cancel.cancelled() => return,
        }
    }
}

/// Listens until the connection ends, goes silent, or we are cancelled.
async fn listen(
    pool: &Pool,
    mut subscription: HeadSubscription,
    heads: &Heads,
    plan: &FollowPlan,
    cancel: &CancellationToken,
) {
    loop {
        let event = tokio::select! {
            event = tokio::time::timeout(plan.stall, subscription.next()) => event,
            () = cancel.cancelled() => return,
        };
        match event {
            Ok(Some(HeadEvent::Best(header))) => heads.best(header),
            Ok(Some(HeadEvent::Finalized(header))) => heads.finalized(header.number),
            Ok(None) => {
                pool.drop_heads(&subscription, "the connection was closed".to_owned());
                return;
            }
            Err(_) => {
                metrics::counter!("yumascan_ingest_head_stalls_total").increment(1);
                let reason = format!("no new head for {} s", plan.stall.as_secs());
                pool.drop_heads(&subscription, reason);
                return;
            }
        }
    }
}

/// Asks for the heads once.
async fn poll(pool: &Pool, heads: &Heads) {
    match pool.finalized_head().await {
        Ok((number, _)) => heads.finalized(number),
        Err(error) => tracing::warn!(%error, "the finalized head is not known for now"),
    }
    let best = pool.ask(Call::new("chain_getHeader", "[]".to_owned())).await;
    if let Ok(answer) = best
        && let Ok(header) = wire::header(answer.value.get())
    {
        heads.best(header);
    }
}
