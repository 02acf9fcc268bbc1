//! What operators did: added to, never changed.

use crate::{
    Store, StoreError,
    error::failed,
    keys::random_hex,
    row::{self, now_ms},
};

/// One thing that an operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorAction {
    /// When, milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who: `cli:<user>`, or `key:<id>`.
    pub actor: String,
    /// What, e.g. `keys.revoke`.
    pub action: String,
    /// To what, e.g. a key's id. Never a secret.
    pub target: String,
}

impl Store {
    /// Records what an operator did.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn record_action(&self, actor: &str, action: &str, target: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO operator_actions (id, at_ms, actor, action, target) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(random_hex::<16>()?)
        .bind(now_ms())
        .bind(actor)
        .bind(action)
        .bind(target)
        .execute(&self.pool)
        .await
        .map_err(failed("record an operator's action"))?;
        Ok(())
    }

    /// The newest actions.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_actions(&self, limit: u32) -> Result<Vec<OperatorAction>, StoreError> {
        let found = sqlx::query(
            "SELECT at_ms, actor, action, target FROM operator_actions ORDER BY at_ms DESC, id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list operators' actions"))?;
        found
            .iter()
            .map(|found| {
                Ok(OperatorAction {
                    at_ms: row::number(found, "at_ms")?,
                    actor: row::text(found, "actor")?,
                    action: row::text(found, "action")?,
                    target: row::text(found, "target")?,
                })
            })
            .collect()
    }
}
