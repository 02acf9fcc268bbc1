//! New heads, pushed by a WebSocket endpoint.

use std::{sync::Arc, time::Instant};

use jsonrpsee::core::{JsonRawValue, client::Subscription};
use yumascan_chain::Header;

use super::{Pool, Readiness, RpcError};
use crate::rpc::{Call, Endpoint, wire};

/// A head that an endpoint announced.
#[derive(Debug, Clone)]
pub enum HeadEvent {
    /// A new best block; may be retracted later.
    Best(Header),
    /// A finalized block.
    Finalized(Header),
}

/// Subscriptions to best and finalized heads of one endpoint.
#[derive(Debug)]
pub struct HeadSubscription {
    endpoint: Arc<Endpoint>,
    generation: u64,
    best: Subscription<Box<JsonRawValue>>,
    finalized: Subscription<Box<JsonRawValue>>,
}

impl HeadSubscription {
    /// Who announces.
    #[must_use]
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// The next head; `None` when the connection is gone.
    pub async fn next(&mut self) -> Option<HeadEvent> {
        loop {
            let (value, finalized) = tokio::select! {
                biased;
                value = self.finalized.next() => (value, true),
                value = self.best.next() => (value, false),
            };
            let value = value?.ok()?;
            match wire::header(value.get()) {
                Ok(header) if finalized => return Some(HeadEvent::Finalized(header)),
                Ok(header) => return Some(HeadEvent::Best(header)),
                Err(error) => {
                    tracing::warn!(endpoint = self.endpoint.label(), %error, "endpoint announced a head that is none");
                }
            }
        }
    }
}

impl Pool {
    /// Subscribes to heads at the healthiest WebSocket endpoint, preferring another than `not_at`.
    /// `None` when no endpoint can push heads: then they have to be polled for.
    ///
    /// # Errors
    /// When the chosen endpoint fails; trying again chooses anew.
    pub async fn subscribe_heads(
        &self,
        not_at: Option<&Arc<Endpoint>>,
    ) -> Result<Option<HeadSubscription>, RpcError> {
        let call = Call::bare("chain_subscribeFinalizedHeads");
        let now = Instant::now();
        let cost = |endpoint: &Arc<Endpoint>| match endpoint.readiness(&call, now) {
            Readiness::Ready { cost, banned } => Some((u8::from(banned) * 4, cost)),
            Readiness::Later { banned, .. } => Some((u8::from(banned) * 4 + 2, 0.0)),
            Readiness::Never => None,
        };
        let chosen = self
            .shared
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.can_subscribe())
            .filter_map(|endpoint| {
                let (rank, cost) = cost(endpoint)?;
                let avoided = not_at.is_some_and(|other| Arc::ptr_eq(other, endpoint));
                Some((rank + u8::from(avoided), cost, endpoint))
            })
            .min_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap_or(std::cmp::Ordering::Equal));
        let Some((_, _, endpoint)) = chosen else { return Ok(None) };
        let subscribed = self.subscribe_at(endpoint).await;
        subscribed.map(Some).inspect_err(|error| endpoint.note_error(error, 1, 0, None))
    }

    async fn subscribe_at(&self, endpoint: &Arc<Endpoint>) -> Result<HeadSubscription, RpcError> {
        let connection = endpoint.connection(self.genesis()).await?;
        let finalized = endpoint.subscribe(
            &connection,
            "chain_subscribeFinalizedHeads",
            "chain_unsubscribeFinalizedHeads",
        );
        let finalized = finalized.await?;
        let best =
            endpoint.subscribe(&connection, "chain_subscribeNewHeads", "chain_unsubscribeNewHeads").await?;
        Ok(HeadSubscription {
            endpoint: endpoint.clone(),
            generation: connection.generation,
            best,
            finalized,
        })
    }

    /// Drops a subscription whose endpoint went silent, with its connection.
    pub fn drop_heads(&self, subscription: &HeadSubscription, reason: String) {
        let error = RpcError::Unreachable { endpoint: subscription.endpoint.label().to_owned(), reason };
        tracing::warn!(endpoint = subscription.endpoint.label(), %error, "no heads from endpoint; reconnecting");
        subscription.endpoint.note_error(&error, 1, 0, Some(subscription.generation));
        subscription.endpoint.disconnect(subscription.generation);
    }
}
