//! Endpoint health written to the store, for status pages and `doctor`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{EndpointHealth, EndpointState, EndpointStatus, HealthState, Ingest};

impl Ingest {
    /// Records every endpoint's health; a store that fails here stops nothing.
    pub(super) async fn record_health(&self) {
        for status in self.pool.status() {
            if let Err(error) = self.store.record_endpoint_health(&row(&status)).await {
                tracing::warn!(endpoint = status.endpoint, %error, "endpoint health was not recorded");
                return;
            }
        }
    }
}

fn row(status: &EndpointStatus) -> EndpointHealth {
    let state = match status.state {
        HealthState::Healthy => EndpointState::Healthy,
        HealthState::RateLimited => EndpointState::RateLimited,
        HealthState::Unreachable => EndpointState::Unreachable,
        HealthState::Distrusted | HealthState::Refused => EndpointState::Distrusted,
    };
    EndpointHealth {
        endpoint: status.endpoint.clone(),
        state,
        detail: status.last_error.clone().filter(|_| state != EndpointState::Healthy),
        latency_ms: status
            .latency_per_call
            .map(|latency| u32::try_from(latency.as_millis()).unwrap_or(u32::MAX)),
        best_block: None,
        finalized_block: status.finalized,
        consecutive_failures: status.failures_in_a_row,
        checked_at_ms: milliseconds(SystemTime::now()),
        last_ok_at_ms: status.last_ok.map(milliseconds),
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
