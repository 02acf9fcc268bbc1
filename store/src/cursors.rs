//! Cursors: how far a named job has come.

use sqlx::any::AnyRow;
use yumascan_chain::{BlockNumber, Hash};

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// Position of a named job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Name of the job, e.g. `head`.
    pub name: String,
    /// The last block that the job has finished.
    pub block: BlockNumber,
    /// Hash of that block, where the job keeps it.
    pub hash: Option<Hash>,
    /// When it was set, milliseconds since the Unix epoch.
    pub updated_at_ms: u64,
}

impl Store {
    /// The cursor of this name, `None` when it was never set.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_cursor(&self, name: &str) -> Result<Option<Cursor>, StoreError> {
        let found = sqlx::query("SELECT name, block, hash, updated_at_ms FROM cursors WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a cursor"))?;
        found.as_ref().map(cursor).transpose()
    }

    /// Moves a cursor, forwards or back; creates it when absent.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn set_cursor(
        &self,
        name: &str,
        block: BlockNumber,
        hash: Option<Hash>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO cursors (name, block, hash, updated_at_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE
             SET block = excluded.block, hash = excluded.hash, updated_at_ms = excluded.updated_at_ms",
        )
        .bind(name)
        .bind(row::stored(block, "block")?)
        .bind(hash.map(|hash| hash.to_string()))
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(failed("set a cursor"))?;
        Ok(())
    }

    /// All cursors by name.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_cursors(&self) -> Result<Vec<Cursor>, StoreError> {
        let found = sqlx::query("SELECT name, block, hash, updated_at_ms FROM cursors ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list cursors"))?;
        found.iter().map(cursor).collect()
    }
}

fn cursor(found: &AnyRow) -> Result<Cursor, StoreError> {
    Ok(Cursor {
        name: row::text(found, "name")?,
        block: row::number(found, "block")?,
        hash: row::optional_hash(found, "hash")?,
        updated_at_ms: row::number(found, "updated_at_ms")?,
    })
}
