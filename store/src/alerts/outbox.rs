//! The outbox: alerts from the moment they are raised until every sink has them.

mod letters;
mod raising;

use std::fmt;

pub use letters::{DeadLetter, OutboxFilter, OutboxTotals};
pub use raising::{NewAlert, Raised};

use sqlx::any::AnyRow;

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Waiting, or to be tried again.
    Pending,
    /// Accepted by the sink.
    Delivered,
    /// Not told, since a silence covered it.
    Silenced,
    /// Given up; kept to be replayed.
    Dead,
}

impl DeliveryState {
    const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Silenced, Self::Dead];

    /// As stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Silenced => "silenced",
            Self::Dead => "dead",
        }
    }

    fn from_name(name: String) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or(StoreError::Value { column: "state", value: name, expected: "a delivery state" })
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The rule.
    pub rule: String,
    /// Its number within the rule, from 1.
    pub sequence: u64,
    /// Names it for whoever receives it more than once.
    pub idempotency_key: String,
    /// Block it speaks of.
    pub block: Option<u64>,
    /// What is told (JSON).
    pub payload: String,
    /// When it was raised, milliseconds since the Unix epoch.
    pub created_at_ms: u64,
}

/// An alert on its way to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The alert.
    pub alert: Alert,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was first tried.
    pub first_attempt_at_ms: Option<u64>,
    /// Not to be tried before.
    pub next_attempt_at_ms: u64,
}

const ALERT_COLUMNS: &str =
    "a.rule, a.sequence, a.idempotency_key, a.block_number, a.payload, a.created_at_ms";

impl Store {
    /// What waits for a sink: of every rule the first `run` alerts in order, where the first of them is due.
    ///
    /// One whose next attempt lies beyond `horizon_ms` is due too: a clock that has jumped since wrote that.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_due_deliveries(
        &self,
        sink: &str,
        now_ms: u64,
        horizon_ms: u64,
        run: u32,
    ) -> Result<Vec<Vec<Delivery>>, StoreError> {
        const DOING: &str = "list what waits for a sink";
        let heads = sqlx::query(
            "SELECT h.rule FROM
                 (SELECT rule, MIN(sequence) AS sequence FROM alert_deliveries
                  WHERE sink = $1 AND state = 'pending' GROUP BY rule) AS h
             JOIN alert_deliveries AS d ON d.sink = $1 AND d.rule = h.rule AND d.sequence = h.sequence
             WHERE d.next_attempt_at_ms <= $2 OR d.next_attempt_at_ms > $3 ORDER BY d.next_attempt_at_ms, h.rule",
        )
        .bind(sink)
        .bind(row::stored(now_ms, "next_attempt_at_ms")?)
        .bind(i64::try_from(horizon_ms).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await
        .map_err(failed(DOING))?;
        let mut runs = Vec::with_capacity(heads.len());
        for head in &heads {
            let found = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT {ALERT_COLUMNS}, d.attempts, d.first_attempt_at_ms, d.next_attempt_at_ms
                 FROM alert_deliveries AS d JOIN alerts AS a ON a.rule = d.rule AND a.sequence = d.sequence
                 WHERE d.sink = $1 AND d.rule = $2 AND d.state = 'pending' ORDER BY d.sequence LIMIT $3"
            )))
            .bind(sink)
            .bind(row::text(head, "rule")?)
            .bind(i64::from(run.max(1)))
            .fetch_all(&self.pool)
            .await
            .map_err(failed(DOING))?;
            let deliveries: Vec<Delivery> = found.iter().map(delivery).collect::<Result<_, _>>()?;
            if !deliveries.is_empty() {
                runs.push(deliveries);
            }
        }
        Ok(runs)
    }

    /// Notes that a sink has these alerts of a rule.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn record_delivered(
        &self,
        sink: &str,
        rule: &str,
        first: u64,
        last: u64,
    ) -> Result<(), StoreError> {
        let update = "UPDATE alert_deliveries
             SET state = 'delivered', attempts = attempts + 1, last_error = NULL, updated_at_ms = $5,
                 first_attempt_at_ms = COALESCE(first_attempt_at_ms, $5)
             WHERE sink = $1 AND rule = $2 AND sequence BETWEEN $3 AND $4 AND state = 'pending'";
        self.update_run(update, "note a delivery", (sink, rule, first, last), now_ms(), None).await
    }

    /// Notes that these alerts could not be delivered, and when to try again.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn record_failed(
        &self,
        sink: &str,
        rule: &str,
        (first, last): (u64, u64),
        next_attempt_at_ms: u64,
        error: &str,
    ) -> Result<(), StoreError> {
        let update = "UPDATE alert_deliveries
             SET attempts = attempts + 1, last_error = $6, updated_at_ms = $7, next_attempt_at_ms = $5,
                 first_attempt_at_ms = COALESCE(first_attempt_at_ms, $7)
             WHERE sink = $1 AND rule = $2 AND sequence BETWEEN $3 AND $4 AND state = 'pending'";
        let next = row::stored(next_attempt_at_ms, "next_attempt_at_ms")?;
        self.update_run(update, "note a failed delivery", (sink, rule, first, last), next, Some(error)).await
    }

    /// Gives these alerts up; they stay as dead letters.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn record_dead(
        &self,
        sink: &str,
        rule: &str,
        (first, last): (u64, u64),
        error: &str,
    ) -> Result<(), StoreError> {
        let update = "UPDATE alert_deliveries
             SET state = 'dead', attempts = attempts + 1, last_error = $6, updated_at_ms = $7,
                 first_attempt_at_ms = COALESCE(first_attempt_at_ms, $5)
             WHERE sink = $1 AND rule = $2 AND sequence BETWEEN $3 AND $4 AND state = 'pending'";
        self.update_run(update, "give a delivery up", (sink, rule, first, last), now_ms(), Some(error)).await
    }

    async fn update_run(
        &self,
        update: &'static str,
        doing: &'static str,
        (sink, rule, first, last): (&str, &str, u64, u64),
        fifth: i64,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut query = sqlx::query(update)
            .bind(sink)
            .bind(rule)
            .bind(row::stored(first, "sequence")?)
            .bind(row::stored(last, "sequence")?)
            .bind(fifth);
        if let Some(error) = error {
            query = query.bind(error).bind(now_ms());
        }
        query.execute(&self.pool).await.map_err(failed(doing))?;
        Ok(())
    }

    /// A rule's alerts after `after`, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_alerts(&self, rule: &str, after: u64, limit: u32) -> Result<Vec<Alert>, StoreError> {
        let found = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {ALERT_COLUMNS} FROM alerts AS a WHERE a.rule = $1 AND a.sequence > $2
             ORDER BY a.sequence LIMIT $3"
        )))
        .bind(rule)
        .bind(row::stored(after, "sequence")?)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list alerts"))?;
        found.iter().map(alert).collect()
    }

    /// The newest alerts of all rules, newest first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_newest_alerts(&self, limit: u32) -> Result<Vec<Alert>, StoreError> {
        let found = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {ALERT_COLUMNS} FROM alerts AS a ORDER BY a.created_at_ms DESC, a.rule, a.sequence DESC LIMIT $1"
        )))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list alerts"))?;
        found.iter().map(alert).collect()
    }
}

fn alert(found: &AnyRow) -> Result<Alert, StoreError> {
    Ok(Alert {
        rule: row::text(found, "rule")?,
        sequence: row::number(found, "sequence")?,
        idempotency_key: row::text(found, "idempotency_key")?,
        block: row::optional_number(found, "block_number")?,
        payload: row::text(found, "payload")?,
        created_at_ms: row::number(found, "created_at_ms")?,
    })
}

fn delivery(found: &AnyRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        alert: alert(found)?,
        attempts: row::number(found, "attempts")?,
        first_attempt_at_ms: row::optional_number(found, "first_attempt_at_ms")?,
        next_attempt_at_ms: row::number(found, "next_attempt_at_ms")?,
    })
}
