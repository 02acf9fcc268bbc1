//! Silences: what is not to be told for a while.

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// A silence. `None` matches everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its name.
    pub id: String,
    /// Only this rule.
    pub rule: Option<String>,
    /// Only this kind of incident, metric or watch.
    pub kind: Option<String>,
    /// Only this scope, e.g. `subnet:8`.
    pub scope: Option<String>,
    /// Why.
    pub note: String,
    /// From when, milliseconds since the Unix epoch.
    pub from_ms: u64,
    /// Until when.
    pub until_ms: u64,
}

impl Silence {
    /// Whether it covers an alert that is raised at `now_ms`.
    #[must_use]
    pub fn covers(&self, rule: &str, kind: &str, scope: &str, now_ms: u64) -> bool {
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        let now = (self.from_ms..self.until_ms).contains(&now_ms);
        now && is(&self.rule, rule) && is(&self.kind, kind) && is(&self.scope, scope)
    }
}

impl Store {
    /// Makes a silence, or changes the one of the same id.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn save_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO alert_silences (id, rule, kind, scope, note, from_ms, until_ms, created_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (id) DO UPDATE
             SET rule = excluded.rule, kind = excluded.kind, scope = excluded.scope, note = excluded.note,
                 from_ms = excluded.from_ms, until_ms = excluded.until_ms",
        )
        .bind(silence.id.as_str())
        .bind(silence.rule.as_deref())
        .bind(silence.kind.as_deref())
        .bind(silence.scope.as_deref())
        .bind(silence.note.as_str())
        .bind(row::stored(silence.from_ms, "from_ms")?)
        .bind(row::stored(silence.until_ms, "until_ms")?)
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(failed("save a silence"))?;
        Ok(())
    }

    /// Silences that end after `after_ms`, the one that ends first first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_silences(&self, after_ms: u64) -> Result<Vec<Silence>, StoreError> {
        let found = sqlx::query(
            "SELECT id, rule, kind, scope, note, from_ms, until_ms FROM alert_silences
             WHERE until_ms > $1 ORDER BY until_ms, id",
        )
        .bind(row::stored(after_ms, "until_ms")?)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list silences"))?;
        found
            .iter()
            .map(|found| {
                Ok(Silence {
                    id: row::text(found, "id")?,
                    rule: row::optional_text(found, "rule")?,
                    kind: row::optional_text(found, "kind")?,
                    scope: row::optional_text(found, "scope")?,
                    note: row::text(found, "note")?,
                    from_ms: row::number(found, "from_ms")?,
                    until_ms: row::number(found, "until_ms")?,
                })
            })
            .collect()
    }

    /// Ends a silence. `false` when there is none of this id.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn remove_silence(&self, id: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM alert_silences WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .map_err(failed("end a silence"))?;
        Ok(removed.rows_affected() == 1)
    }
}
