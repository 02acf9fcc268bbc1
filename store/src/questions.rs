//! Questions in SQL that were kept under a link.

use yumascan_chain::Hash;

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// Characters of an id: 64 bits of the content's hash.
const ID_LENGTH: usize = 16;

/// A kept question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Made of title and text: the same question has the same id.
    pub id: String,
    /// What it is called; may be empty.
    pub title: String,
    /// The statement as it was written.
    pub sql: String,
    /// When it was kept first, milliseconds since the Unix epoch.
    pub created_at_ms: u64,
}

impl Store {
    /// Keeps a question; `None` when `max` others are kept already.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn save_query(
        &self,
        sql: &str,
        title: &str,
        max: u64,
    ) -> Result<Option<SavedQuery>, StoreError> {
        let hash = Hash::blake2_256(format!("{title}\n{sql}").as_bytes()).to_string();
        let id: String = hash.trim_start_matches("0x").chars().take(ID_LENGTH).collect();
        sqlx::query(
            "INSERT INTO saved_queries (id, title, sql, created_at_ms)
             SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM saved_queries) < $5
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(title)
        .bind(sql)
        .bind(now_ms())
        .bind(row::stored(max, "max")?)
        .execute(&self.pool)
        .await
        .map_err(failed("keep a question"))?;
        self.find_query(&id).await
    }

    /// The question of an id.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_query(&self, id: &str) -> Result<Option<SavedQuery>, StoreError> {
        let found = sqlx::query("SELECT id, title, sql, created_at_ms FROM saved_queries WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a kept question"))?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(SavedQuery {
            id: row::text(&found, "id")?,
            title: row::text(&found, "title")?,
            sql: row::text(&found, "sql")?,
            created_at_ms: row::number(&found, "created_at_ms")?,
        }))
    }
}
