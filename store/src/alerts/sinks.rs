//! Sinks: where alerts go.

use sqlx::any::AnyRow;

use super::Secret;
use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// A place that alerts go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkRecord {
    /// Its name.
    pub name: String,
    /// What it is, e.g. `webhook`.
    pub kind: String,
    /// Its settings without the secret (JSON).
    pub config: String,
    /// What opens it: a key, a token, a password, a URL that is one.
    pub secret: Option<Secret>,
    /// Whether anything is delivered to it. What waits for a disabled one goes on waiting.
    pub enabled: bool,
    /// When it was made, milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// When it was last changed.
    pub updated_at_ms: u64,
}

impl Store {
    /// Makes or changes a sink. Without a secret, the stored one stays.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn save_sink(
        &self,
        name: &str,
        kind: &str,
        config: &str,
        secret: Option<&Secret>,
        enabled: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO alert_sinks (name, kind, config, secret, enabled, created_at_ms, updated_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (name) DO UPDATE
             SET kind = excluded.kind, config = excluded.config, enabled = excluded.enabled,
                 secret = CASE WHEN excluded.secret IS NULL AND alert_sinks.kind = excluded.kind
                               THEN alert_sinks.secret ELSE excluded.secret END,
                 updated_at_ms = excluded.updated_at_ms",
        )
        .bind(name)
        .bind(kind)
        .bind(config)
        .bind(secret.map(Secret::reveal))
        .bind(i64::from(enabled))
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(failed("save a sink"))?;
        Ok(())
    }

    /// The sink of this name.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_sink(&self, name: &str) -> Result<Option<SinkRecord>, StoreError> {
        let found = sqlx::query("SELECT * FROM alert_sinks WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a sink"))?;
        found.as_ref().map(sink).transpose()
    }

    /// All sinks by name.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_sinks(&self) -> Result<Vec<SinkRecord>, StoreError> {
        let found = sqlx::query("SELECT * FROM alert_sinks ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list sinks"))?;
        found.iter().map(sink).collect()
    }

    /// Removes a sink and what waits for it. `false` when there is none of this name.
    ///
    /// # Errors
    /// [`StoreError::SinkInUse`] while rules name it.
    pub async fn remove_sink(&self, name: &str) -> Result<bool, StoreError> {
        const DOING: &str = "remove a sink";
        let mut transaction = self.pool.begin().await.map_err(failed(DOING))?;
        // the first statement writes: whoever gives it to a rule waits
        sqlx::query("DELETE FROM alert_deliveries WHERE sink = $1 AND state = 'pending'")
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
        let users = sqlx::query("SELECT rule FROM alert_rule_sinks WHERE sink = $1 ORDER BY rule")
            .bind(name)
            .fetch_all(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
        if !users.is_empty() {
            let rules: Result<Vec<String>, StoreError> =
                users.iter().map(|user| row::text(user, "rule")).collect();
            return Err(StoreError::SinkInUse { sink: name.to_owned(), rules: rules?.join(", ") });
        }
        let removed = sqlx::query("DELETE FROM alert_sinks WHERE name = $1")
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
        transaction.commit().await.map_err(failed(DOING))?;
        Ok(removed.rows_affected() == 1)
    }
}

fn sink(found: &AnyRow) -> Result<SinkRecord, StoreError> {
    Ok(SinkRecord {
        name: row::text(found, "name")?,
        kind: row::text(found, "kind")?,
        config: row::text(found, "config")?,
        secret: row::optional_text(found, "secret")?.map(Secret::new),
        enabled: row::flag(found, "enabled")?,
        created_at_ms: row::number(found, "created_at_ms")?,
        updated_at_ms: row::number(found, "updated_at_ms")?,
    })
}
