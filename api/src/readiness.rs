//! Whether this instance can answer, and if not why.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use yumascan_store::EndpointState;

use crate::{ApiState, error::ApiError};

/// What `/ready` answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether it can answer.
    pub ready: bool,
    /// Why not, each with what to do; empty when ready.
    pub reasons: Vec<String>,
    /// Whether the ClickHouse engine or server answers.
    pub engine: bool,
    /// Whether the warehouse's tables can be read.
    pub warehouse: bool,
    /// Whether the operational store answers.
    pub store: bool,
    /// Highest stored block.
    pub head: Option<u64>,
    /// Time of that block, milliseconds since the Unix epoch.
    pub head_timestamp_ms: Option<u64>,
    /// Newest block seen at any node.
    pub newest_seen: Option<u64>,
    /// Blocks between the two; `None` where no node was ever seen.
    pub lag_blocks: Option<u64>,
}

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks every part once.
pub async fn readiness(state: &ApiState) -> Readiness {
    let (engine, head, endpoints) = tokio::join!(
        in_time(async { state.warehouse.ping().await.map_err(ApiError::from) }),
        in_time(async { state.warehouse.find_head().await.map_err(ApiError::from) }),
        in_time(async { state.store.list_endpoint_health().await.map_err(ApiError::from) }),
    );
    let mut answer = Readiness {
        engine: engine.is_ok(),
        warehouse: head.is_ok(),
        store: endpoints.is_ok(),
        ..Readiness::default()
    };
    if let Err(why) = &engine {
        answer.reasons.push(format!(
            "the ClickHouse engine does not answer ({why}); see the log, or run `yumascan doctor`"
        ));
    } else if let Err(why) = &head {
        answer.reasons.push(format!(
            "the warehouse's tables cannot be read ({why}); run `yumascan migrate`, see the log"
        ));
    }
    if let Err(why) = &endpoints {
        answer.reasons.push(format!(
            "the operational store does not answer ({why}); check its path or URL, see the log"
        ));
    }

    let head = head.ok().flatten();
    if answer.warehouse && head.is_none() {
        answer
            .reasons
            .push("nothing is stored yet; wait for the first blocks, or run `yumascan ingest`".into());
    }
    answer.head = head.as_ref().map(|head| head.number);
    answer.head_timestamp_ms = head.as_ref().and_then(|head| head.timestamp_ms);
    let trusted = endpoints
        .unwrap_or_default()
        .into_iter()
        .filter(|endpoint| endpoint.state != EndpointState::Distrusted);
    let of_endpoints = trusted.filter_map(|endpoint| endpoint.finalized_block).max();
    let of_tip = state.tip.blocks().last().map(|tip| tip.block.number);
    answer.newest_seen = of_endpoints.max(of_tip);
    answer.lag_blocks = answer.newest_seen.zip(answer.head).map(|(newest, head)| newest.saturating_sub(head));

    let max_lag = state.config.ready_max_lag_blocks;
    if let Some(lag) = answer.lag_blocks.filter(|lag| *lag > max_lag) {
        answer.reasons.push(format!(
            "{lag} blocks behind the node (at most {max_lag} is ready); the ingestion is catching up or stuck"
        ));
    }
    if let (Some(max_age), Some(timestamp)) = (state.config.ready_max_age_s, answer.head_timestamp_ms) {
        let age = now_ms().saturating_sub(timestamp) / 1000;
        if age > max_age {
            answer.reasons.push(format!(
                "the newest stored block is {age} s old (at most {max_age} s is ready); check the ingestion"
            ));
        }
    }
    answer.ready = answer.reasons.is_empty();
    answer
}

/// The answer, or in a word why there is none; the whole error goes to the log.
async fn in_time<T>(asking: impl Future<Output = Result<T, ApiError>>) -> Result<T, &'static str> {
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::warn!(%error, "readiness check failed");
            Err("it failed")
        }
        Err(_) => Err("no answer in 3 s"),
    }
}

fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
