//! From a rule's evaluation into the outbox, all or nothing.

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// An alert that a rule raises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// The same for the same cause, however often it is evaluated.
    pub idempotency_key: String,
    /// Block it speaks of.
    pub block: Option<u64>,
    /// What is told (JSON).
    pub payload: String,
    /// Whether a silence covers it: it is then kept, and not told.
    pub silenced: bool,
}

/// What became of a rule's evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// Stored: so many alerts were new.
    Stored(u32),
    /// The rule was edited, disabled or removed meanwhile: nothing was stored.
    RuleChanged,
}

impl Store {
    /// Stores what a rule found and how far it was evaluated, together. Alerts whose key is known are left out.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails; nothing is stored then.
    pub async fn raise_alerts(
        &self,
        rule: &str,
        revision: u64,
        alerts: &[NewAlert],
        position: &str,
    ) -> Result<Raised, StoreError> {
        const DOING: &str = "raise alerts";
        let mut transaction = self.pool.begin().await.map_err(failed(DOING))?;
        let held = sqlx::query(
            "UPDATE alert_rules SET position = $3 WHERE name = $1 AND revision = $2 AND enabled = 1
             RETURNING next_sequence",
        )
        .bind(rule)
        .bind(row::stored(revision, "revision")?)
        .bind(position)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed(DOING))?;
        let Some(held) = held else { return Ok(Raised::RuleChanged) };
        let first: i64 = row::number(&held, "next_sequence")?;

        let mut next = first;
        let now = now_ms();
        for alert in alerts {
            let added = sqlx::query(
                "INSERT INTO alerts (rule, sequence, idempotency_key, block_number, payload, created_at_ms)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (idempotency_key) DO NOTHING",
            )
            .bind(rule)
            .bind(next)
            .bind(alert.idempotency_key.as_str())
            .bind(alert.block.map(|block| row::stored(block, "block_number")).transpose()?)
            .bind(alert.payload.as_str())
            .bind(now)
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
            if added.rows_affected() == 0 {
                continue;
            }
            sqlx::query(
                "INSERT INTO alert_deliveries
                     (sink, rule, sequence, state, attempts, next_attempt_at_ms, updated_at_ms)
                 SELECT sink, rule, $2, $3, 0, $4, $4 FROM alert_rule_sinks WHERE rule = $1",
            )
            .bind(rule)
            .bind(next)
            .bind(if alert.silenced { "silenced" } else { "pending" })
            .bind(now)
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
            next += 1;
        }
        if next > first {
            sqlx::query("UPDATE alert_rules SET next_sequence = $2 WHERE name = $1")
                .bind(rule)
                .bind(next)
                .execute(&mut *transaction)
                .await
                .map_err(failed(DOING))?;
        }
        transaction.commit().await.map_err(failed(DOING))?;
        Ok(Raised::Stored(u32::try_from(next - first).unwrap_or(u32::MAX)))
    }
}
