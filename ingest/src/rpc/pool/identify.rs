//! At start: reach the endpoints and see that all serve the chain we keep.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::FuturesUnordered};
use yumascan_chain::Hash;

use super::{PoisonError, Pool, RpcError, nap_until};
use crate::rpc::{Call, Endpoint, error::ErrorClass, wire};

/// Pause between two rounds of knocking.
const KNOCK_PAUSE: Duration = Duration::from_millis(400);
/// How long the other endpoints may take once the first is reached.
const GRACE: Duration = Duration::from_secs(2);

impl Pool {
    /// Connects to every endpoint and compares genesis hashes, with `expected` if something is stored already.
    /// Endpoints that cannot be reached are tried again later; those of another chain are never asked.
    ///
    /// # Errors
    /// When no endpoint serves the chain, or (with nothing stored yet) when endpoints serve different chains.
    pub async fn identify(&self, expected: Option<Hash>) -> Result<Hash, RpcError> {
        let deadline = Instant::now() + self.shared.config.connect_patience;
        loop {
            let errors = self.knock(expected).await;
            let mut genesis = expected;
            for endpoint in self.shared.endpoints.iter().filter(|endpoint| !endpoint.is_refused()) {
                let Some(found) = endpoint.genesis() else { continue };
                let first = *genesis.get_or_insert(found);
                if first != found {
                    let endpoint = endpoint.label().to_owned();
                    return Err(RpcError::OtherGenesis { endpoint, found, expected: first });
                }
            }
            let reached = self.shared.endpoints.iter().any(|e| !e.is_refused() && e.genesis().is_some());
            if let Some(genesis) = genesis.filter(|_| reached) {
                for error in errors.iter().filter(|error| error.class() == ErrorClass::Transient) {
                    tracing::warn!(%error, "endpoint is not reachable yet; going on with the others");
                }
                *self.shared.genesis.lock().unwrap_or_else(PoisonError::into_inner) = Some(genesis);
                return Ok(genesis);
            }
            let hopeless =
                !errors.is_empty() && errors.iter().all(|error| error.class() != ErrorClass::Transient);
            if hopeless || Instant::now() >= deadline {
                return Err(match <[RpcError; 1]>::try_from(errors) {
                    Ok([only]) => only,
                    Err(errors) => RpcError::Exhausted { method: "chain_getBlockHash", errors },
                });
            }
            tokio::time::sleep(KNOCK_PAUSE).await;
        }
    }

    /// Tries every endpoint; returns what went wrong. Once one is reached, the others have a moment, no more: an
    /// address where nothing answers must not hold up the start.
    async fn knock(&self, expected: Option<Hash>) -> Vec<RpcError> {
        let mut knocking = FuturesUnordered::new();
        for endpoint in &self.shared.endpoints {
            knocking.push(knock_at(endpoint.clone(), expected));
        }
        let mut errors = Vec::new();
        let mut grace = None;
        loop {
            let outcome = tokio::select! {
                outcome = knocking.next() => outcome,
                () = nap_until(grace), if grace.is_some() => None,
            };
            match outcome {
                None => return errors,
                Some(Ok(())) => grace = grace.or(Some(Instant::now() + GRACE)),
                Some(Err(error)) => errors.push(error),
            }
        }
    }

    /// Name of the chain, as the node calls it.
    ///
    /// # Errors
    /// When no endpoint tells.
    pub async fn chain_name(&self) -> Result<String, RpcError> {
        let answer = self.ask(Call::bare("system_chain")).await?;
        Ok(wire::text(&answer.value).unwrap_or("unknown").to_owned())
    }
}

/// Connects to one endpoint.
async fn knock_at(endpoint: Arc<Endpoint>, expected: Option<Hash>) -> Result<(), RpcError> {
    if endpoint.is_refused() {
        return Err(endpoint.reason(&Call::block_hash(0)));
    }
    let reached = endpoint.connection(expected).await;
    reached.map(|_| ()).inspect_err(|error| endpoint.note_error(error, 1, 0, None))
}
