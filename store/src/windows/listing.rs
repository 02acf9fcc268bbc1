//! Reading windows: one, those left open, the sealed runs and the gaps between them.

use yumascan_chain::BlockNumber;

use super::{Window, window};
use crate::{
    Store, StoreError,
    error::failed,
    ranges::{BlockRange, gaps},
    row,
};

impl Store {
    /// The window with exactly these boundaries.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_window(
        &self,
        first: BlockNumber,
        last: BlockNumber,
    ) -> Result<Option<Window>, StoreError> {
        let found = self.find_window_of(first).await?;
        Ok(found.filter(|window| (window.first, window.last) == (first, last)))
    }

    /// The window that holds this block.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_window_of(&self, block: BlockNumber) -> Result<Option<Window>, StoreError> {
        let found =
            sqlx::query("SELECT * FROM windows WHERE first_block <= $1 ORDER BY first_block DESC LIMIT 1")
                .bind(row::stored(block, "first_block")?)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed("find a window"))?;
        let found = found.as_ref().map(window).transpose()?;
        Ok(found.filter(|window| window.last >= block))
    }

    /// Windows that a writer is at, or was when it died; lowest first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_open_windows(&self) -> Result<Vec<Window>, StoreError> {
        let found = sqlx::query("SELECT * FROM windows WHERE state = 'open' ORDER BY first_block")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list open windows"))?;
        found.iter().map(window).collect()
    }

    /// At most `limit` windows with a block of `from..=to`, lowest first; to go on, ask from the last one's end.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_windows(
        &self,
        from: BlockNumber,
        to: BlockNumber,
        limit: u32,
    ) -> Result<Vec<Window>, StoreError> {
        let found = sqlx::query(
            "SELECT * FROM windows WHERE last_block >= $1 AND first_block <= $2 ORDER BY first_block LIMIT $3",
        )
        .bind(clamped(from))
        .bind(clamped(to))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list windows"))?;
        found.iter().map(window).collect()
    }

    /// At most `limit` windows sealed by a decoder older than `decoder_generation`, oldest decoder first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_stale_windows(
        &self,
        decoder_generation: u32,
        limit: u32,
    ) -> Result<Vec<Window>, StoreError> {
        let found = sqlx::query(
            "SELECT * FROM windows WHERE state = 'sealed' AND decoder_generation < $1
             ORDER BY decoder_generation, first_block LIMIT $2",
        )
        .bind(i64::from(decoder_generation))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list stale windows"))?;
        found.iter().map(window).collect()
    }

    /// The sealed blocks as fewest runs, lowest first.
    ///
    /// The database joins adjacent windows, so that the answer is short however many windows there are.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_sealed_ranges(&self) -> Result<Vec<BlockRange>, StoreError> {
        let found = sqlx::query(
            "SELECT MIN(first_block) AS first_block, MAX(last_block) AS last_block
             FROM (SELECT first_block, last_block, SUM(starts_run) OVER (ORDER BY first_block) AS run
                   FROM (SELECT first_block, last_block,
                                CASE WHEN first_block = LAG(last_block) OVER (ORDER BY first_block) + 1
                                     THEN 0 ELSE 1 END AS starts_run
                         FROM windows WHERE state = 'sealed') AS marked) AS numbered
             GROUP BY run ORDER BY 1",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list sealed ranges"))?;
        found
            .iter()
            .map(|found| {
                Ok(BlockRange {
                    from: row::number(found, "first_block")?,
                    to: row::number(found, "last_block")?,
                })
            })
            .collect()
    }

    /// What of `from..=to` is not sealed, as fewest runs, lowest first.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_gaps(&self, from: BlockNumber, to: BlockNumber) -> Result<Vec<BlockRange>, StoreError> {
        Ok(gaps(from, to, self.list_sealed_ranges().await?))
    }
}

/// A bound of a search, where "beyond all numbers" is as good as the highest one.
fn clamped(block: BlockNumber) -> i64 {
    i64::try_from(block).unwrap_or(i64::MAX)
}
