//! New heads, pushed by a WebSocket endpoint.

use std::{sync::Arc, time::Instant};

use futures::future;
use jsonrpsee::core::{JsonRawValue, client::Subscription};
use yumascan_chain::{BlockNumber, Hash, Header};

use super::{Pending, Pool, RpcError};
use crate::rpc::{Answer, Call, Endpoint, endpoint::Readiness, wire};

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
    /// The highest finalized block that any endpoint names, its header checked against its hash.
    ///
    /// # Errors
    /// When no endpoint tells.
    pub async fn finalized_head(&self) -> Result<(BlockNumber, Hash), RpcError> {
        let mut asking = Vec::new();
        for endpoint in self.shared.endpoints.iter().filter(|endpoint| !endpoint.is_refused()) {
            asking.push(self.finalized_head_of(endpoint.clone()));
        }
        let heads = future::join_all(asking).await;
        let mut errors = Vec::new();
        let mut highest: Option<(BlockNumber, Hash)> = None;
        for head in heads {
            match head {
                Ok(head) => {
                    highest = highest.max(Some(head));
                }
                Err(error) => errors.push(error),
            }
        }
        match highest {
            Some(head) => Ok(head),
            // all of them stumbled at once: ask again, the patient way
            None => {
                let answer = self.ask(Call::bare("chain_getFinalizedHead")).await?;
                let hash = wire::optional_hash(&answer.value).ok().flatten();
                let hash = hash
                    .ok_or_else(|| self.report_wrong(&answer.endpoint, 0, "no finalized head".to_owned()))?;
                let header = self.ask(Call::header(hash)).await?;
                self.check_head(&header, hash)
            }
        }
    }

    async fn finalized_head_of(&self, endpoint: Arc<Endpoint>) -> Result<(BlockNumber, Hash), RpcError> {
        let value = self.ask_endpoint(&endpoint, Call::bare("chain_getFinalizedHead")).await?;
        let hash = wire::optional_hash(&value.value).ok().flatten();
        let hash = hash.ok_or_else(|| self.report_wrong(&endpoint, 0, "no finalized head".to_owned()))?;
        let header = self.ask_endpoint(&endpoint, Call::header(hash)).await?;
        self.check_head(&header, hash)
    }

    fn check_head(&self, answer: &Answer, hash: Hash) -> Result<(BlockNumber, Hash), RpcError> {
        match wire::header(answer.value.get()) {
            Ok(header) if header.hash() == hash => {
                answer.endpoint.note_finalized(header.number);
                Ok((header.number, hash))
            }
            Ok(header) => {
                let what = format!("its header hashes to {}, not to {hash}", header.hash());
                Err(self.report_wrong(&answer.endpoint, header.number, what))
            }
            Err(error) => Err(RpcError::UnknownBlock {
                endpoint: answer.endpoint.label().to_owned(),
                reason: format!("finalized head {hash}: {error}"),
            }),
        }
    }

    /// Asks this endpoint and no other, once.
    async fn ask_endpoint(&self, endpoint: &Arc<Endpoint>, call: Call) -> Result<Answer, RpcError> {
        let calls = [call];
        let asked = vec![Pending { index: 0, attempts: 0, node_errors: 0, unknown_at: Vec::new() }];
        let returned = self.send(endpoint.clone(), asked, &calls).await;
        let generation = returned.generation;
        let outcome = returned.outcome.and_then(|mut outcomes| {
            outcomes.pop().unwrap_or_else(|| {
                Err(RpcError::Unreachable {
                    endpoint: endpoint.label().to_owned(),
                    reason: "no answer".to_owned(),
                })
            })
        });
        match outcome {
            Ok(value) => {
                endpoint.note_served(1, 1, value.get().len(), returned.took);
                Ok(Answer { value, endpoint: endpoint.clone() })
            }
            Err(error) => {
                endpoint.note_error(&error, 1, 0, generation);
                Err(error)
            }
        }
    }

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
            Readiness::Ready { cost, banned, .. } => Some((u8::from(banned) * 4, cost)),
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
