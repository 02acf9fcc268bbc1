//! Looking into the outbox: totals, dead letters, cleaning up.

use super::{ALERT_COLUMNS, Alert, DeliveryState, alert};
use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// Which deliveries; `None` is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxFilter<'a> {
    /// Of this sink.
    pub sink: Option<&'a str>,
    /// Of this rule.
    pub rule: Option<&'a str>,
}

/// An alert that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The sink.
    pub sink: String,
    /// The alert.
    pub alert: Alert,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub last_error: Option<String>,
    /// When, milliseconds since the Unix epoch.
    pub died_at_ms: u64,
}

/// Deliveries of a sink in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxTotals {
    /// The sink.
    pub sink: String,
    /// The state.
    pub state: DeliveryState,
    /// How many.
    pub deliveries: u64,
    /// When the oldest was last touched, milliseconds since the Unix epoch.
    pub oldest_ms: u64,
    /// Last error among them, where there is one.
    pub last_error: Option<String>,
}

impl Store {
    /// Dead letters, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_dead_letters(
        &self,
        filter: OutboxFilter<'_>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let found = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {ALERT_COLUMNS}, d.sink, d.attempts, d.last_error, d.updated_at_ms
             FROM alert_deliveries AS d JOIN alerts AS a ON a.rule = d.rule AND a.sequence = d.sequence
             WHERE d.state = 'dead' AND ($1 IS NULL OR d.sink = $1) AND ($2 IS NULL OR d.rule = $2)
             ORDER BY d.updated_at_ms DESC, d.sink, d.rule, d.sequence DESC LIMIT $3"
        )))
        .bind(filter.sink)
        .bind(filter.rule)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list dead letters"))?;
        found
            .iter()
            .map(|found| {
                Ok(DeadLetter {
                    sink: row::text(found, "sink")?,
                    alert: alert(found)?,
                    attempts: row::number(found, "attempts")?,
                    last_error: row::optional_text(found, "last_error")?,
                    died_at_ms: row::number(found, "updated_at_ms")?,
                })
            })
            .collect()
    }

    /// Puts dead letters back into the outbox, in their order and as if never tried; returns how many.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn replay_dead_letters(&self, filter: OutboxFilter<'_>) -> Result<u64, StoreError> {
        let replayed = sqlx::query(
            "UPDATE alert_deliveries
             SET state = 'pending', attempts = 0, first_attempt_at_ms = NULL, next_attempt_at_ms = $3,
                 updated_at_ms = $3
             WHERE state = 'dead' AND ($1 IS NULL OR sink = $1) AND ($2 IS NULL OR rule = $2)
                   AND sink IN (SELECT name FROM alert_sinks)",
        )
        .bind(filter.sink)
        .bind(filter.rule)
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(failed("replay dead letters"))?;
        Ok(replayed.rows_affected())
    }

    /// How many deliveries there are, by sink and state.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_outbox_totals(&self) -> Result<Vec<OutboxTotals>, StoreError> {
        let found = sqlx::query(
            "SELECT sink, state, COUNT(*) AS deliveries, MIN(updated_at_ms) AS oldest_ms, MAX(last_error) AS last_error
             FROM alert_deliveries GROUP BY sink, state ORDER BY sink, state",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("count deliveries"))?;
        found
            .iter()
            .map(|found| {
                Ok(OutboxTotals {
                    sink: row::text(found, "sink")?,
                    state: DeliveryState::from_name(row::text(found, "state")?)?,
                    deliveries: row::number(found, "deliveries")?,
                    oldest_ms: row::number(found, "oldest_ms")?,
                    last_error: row::optional_text(found, "last_error")?,
                })
            })
            .collect()
    }

    /// Forgets alerts raised before `before_ms` that no sink waits for; returns how many. Dead letters stay.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn prune_alerts(&self, before_ms: u64) -> Result<u64, StoreError> {
        let pruned = sqlx::query(
            "DELETE FROM alerts WHERE created_at_ms < $1
             AND sequence < (SELECT MAX(n.sequence) FROM alerts AS n WHERE n.rule = alerts.rule)
             AND NOT EXISTS (SELECT 1 FROM alert_deliveries AS d
                             WHERE d.rule = alerts.rule AND d.sequence = alerts.sequence
                                   AND d.state IN ('pending', 'dead'))",
        )
        .bind(row::stored(before_ms, "created_at_ms")?)
        .execute(&self.pool)
        .await
        .map_err(failed("forget old alerts"))?;
        Ok(pruned.rows_affected())
    }
}
