//! Leases: a job that only one process may do.

use crate::{Store, StoreError, error::failed, row::now_ms};

impl Store {
    /// Takes or renews a lease for `ms` milliseconds from now. `false` while another owner holds it.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn take_lease(&self, name: &str, owner: &str, ms: u32) -> Result<bool, StoreError> {
        let now = now_ms();
        // an expiry far ahead was written by a clock that has jumped since: it does not count
        let taken = sqlx::query(
            "INSERT INTO leases (name, owner, expires_at_ms) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at_ms = excluded.expires_at_ms
             WHERE leases.owner = excluded.owner OR leases.expires_at_ms < $4 OR leases.expires_at_ms > $5",
        )
        .bind(name)
        .bind(owner)
        .bind(now + i64::from(ms))
        .bind(now)
        .bind(now + 10 * i64::from(ms))
        .execute(&self.pool)
        .await
        .map_err(failed("take a lease"))?;
        Ok(taken.rows_affected() == 1)
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn give_lease_back(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM leases WHERE name = $1 AND owner = $2")
            .bind(name)
            .bind(owner)
            .execute(&self.pool)
            .await
            .map_err(failed("give a lease back"))?;
        Ok(())
    }
}
