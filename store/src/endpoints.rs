//! Health of RPC endpoints, for status pages and for the choice at the next start.

use sqlx::any::AnyRow;
use yumascan_chain::BlockNumber;

use crate::{Store, StoreError, error::failed, row};

/// What an endpoint is good for at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointState {
    /// It answers well.
    Healthy,
    /// It answers, but slowly or behind the others.
    Slow,
    /// It asked to be spared.
    RateLimited,
    /// It does not answer.
    Unreachable,
    /// It gave an answer that does not verify: it is not asked again.
    Distrusted,
}

impl EndpointState {
    const ALL: [Self; 5] =
        [Self::Healthy, Self::Slow, Self::RateLimited, Self::Unreachable, Self::Distrusted];

    /// Stored name, snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Slow => "slow",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Distrusted => "distrusted",
        }
    }
}

/// The last that was seen of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointHealth {
    /// Its URL as it may be shown: see [`crate::redact_url`].
    pub endpoint: String,
    /// What it is good for.
    pub state: EndpointState,
    /// Why, in one line; `None` when healthy.
    pub detail: Option<String>,
    /// Smoothed time of an answer, milliseconds; `None` before the first answer.
    pub latency_ms: Option<u32>,
    /// Its best block.
    pub best_block: Option<BlockNumber>,
    /// Its finalized block.
    pub finalized_block: Option<BlockNumber>,
    /// Requests that failed since the last that did not.
    pub consecutive_failures: u32,
    /// When it was last asked, milliseconds since the Unix epoch.
    pub checked_at_ms: u64,
    /// When it last answered.
    pub last_ok_at_ms: Option<u64>,
}

impl Store {
    /// Notes the health of an endpoint. A report that is older than the stored one is ignored.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn record_endpoint_health(&self, health: &EndpointHealth) -> Result<(), StoreError> {
        let optional = |value: Option<u64>, column| value.map(|value| row::stored(value, column)).transpose();
        sqlx::query(
            "INSERT INTO endpoint_health (endpoint, state, detail, latency_ms, best_block, finalized_block,
                                          consecutive_failures, checked_at_ms, last_ok_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (endpoint) DO UPDATE
             SET state = excluded.state, detail = excluded.detail, latency_ms = excluded.latency_ms,
                 best_block = excluded.best_block, finalized_block = excluded.finalized_block,
                 consecutive_failures = excluded.consecutive_failures,
                 checked_at_ms = excluded.checked_at_ms, last_ok_at_ms = excluded.last_ok_at_ms
             WHERE endpoint_health.checked_at_ms <= excluded.checked_at_ms",
        )
        .bind(health.endpoint.as_str())
        .bind(health.state.name())
        .bind(health.detail.as_deref())
        .bind(health.latency_ms.map(i64::from))
        .bind(optional(health.best_block, "best_block")?)
        .bind(optional(health.finalized_block, "finalized_block")?)
        .bind(i64::from(health.consecutive_failures))
        .bind(row::stored(health.checked_at_ms, "checked_at_ms")?)
        .bind(optional(health.last_ok_at_ms, "last_ok_at_ms")?)
        .execute(&self.pool)
        .await
        .map_err(failed("record the health of an endpoint"))?;
        Ok(())
    }

    /// Health of every endpoint ever used, by name.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_endpoint_health(&self) -> Result<Vec<EndpointHealth>, StoreError> {
        let found = sqlx::query(
            "SELECT endpoint, state, detail, latency_ms, best_block, finalized_block,
                    consecutive_failures, checked_at_ms, last_ok_at_ms
             FROM endpoint_health ORDER BY endpoint",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the health of endpoints"))?;
        found.iter().map(endpoint_health).collect()
    }
}

fn endpoint_health(found: &AnyRow) -> Result<EndpointHealth, StoreError> {
    let state = row::text(found, "state")?;
    let known = EndpointState::ALL.into_iter().find(|known| known.name() == state);
    Ok(EndpointHealth {
        endpoint: row::text(found, "endpoint")?,
        state: known.ok_or(StoreError::Value {
            column: "state",
            value: state,
            expected: "an endpoint state",
        })?,
        detail: row::optional_text(found, "detail")?,
        latency_ms: row::optional_number(found, "latency_ms")?,
        best_block: row::optional_number(found, "best_block")?,
        finalized_block: row::optional_number(found, "finalized_block")?,
        consecutive_failures: row::number(found, "consecutive_failures")?,
        checked_at_ms: row::number(found, "checked_at_ms")?,
        last_ok_at_ms: row::optional_number(found, "last_ok_at_ms")?,
    })
}
