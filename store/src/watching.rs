//! What watching for incidents must not forget: the detectors' memory, and what they could not judge.

use sqlx::any::AnyRow;
use yumascan_chain::BlockNumber;

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// The memory of a lane's detectors after a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchCheckpoint {
    /// The lane, e.g. `log`.
    pub lane: String,
    /// The last block that the detectors saw.
    pub block: BlockNumber,
    /// Of detectors and configuration.
    pub fingerprint: String,
    /// Their memory, a text that only the watch understands.
    pub memory: String,
}

/// A kind of incident (perhaps of one scope) that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEvaluableRow {
    /// The lane.
    pub lane: String,
    /// The kind.
    pub kind: String,
    /// The scope; empty where the whole kind is meant.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// First block.
    pub first_block: BlockNumber,
    /// Last block.
    pub last_block: BlockNumber,
    /// How many blocks.
    pub blocks: u64,
}

impl Store {
    /// The checkpoint of a lane.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn find_watch_checkpoint(&self, lane: &str) -> Result<Option<WatchCheckpoint>, StoreError> {
        let found =
            sqlx::query("SELECT lane, block, fingerprint, memory FROM watch_checkpoints WHERE lane = $1")
                .bind(lane)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed("find a checkpoint"))?;
        found.as_ref().map(checkpoint).transpose()
    }

    /// Replaces the checkpoint of a lane.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn set_watch_checkpoint(&self, checkpoint: &WatchCheckpoint) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO watch_checkpoints (lane, block, fingerprint, memory, updated_at_ms)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (lane) DO UPDATE
             SET block = excluded.block, fingerprint = excluded.fingerprint, memory = excluded.memory,
                 updated_at_ms = excluded.updated_at_ms",
        )
        .bind(checkpoint.lane.as_str())
        .bind(row::stored(checkpoint.block, "block")?)
        .bind(checkpoint.fingerprint.as_str())
        .bind(checkpoint.memory.as_str())
        .bind(now_ms())
        .execute(&self.pool)
        .await
        .map_err(failed("set a checkpoint"))?;
        Ok(())
    }

    /// Makes what a lane's detectors could not judge that of `rows`.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn set_not_evaluable(&self, lane: &str, rows: &[NotEvaluableRow]) -> Result<(), StoreError> {
        let doing = "note what could not be judged";
        let mut transaction = self.pool.begin().await.map_err(failed(doing))?;
        sqlx::query("DELETE FROM watch_not_evaluable WHERE lane = $1")
            .bind(lane)
            .execute(&mut *transaction)
            .await
            .map_err(failed(doing))?;
        for row in rows {
            sqlx::query(
                "INSERT INTO watch_not_evaluable (lane, kind, scope, reason, first_block, last_block, blocks)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(lane)
            .bind(row.kind.as_str())
            .bind(row.scope.as_str())
            .bind(row.reason.as_str())
            .bind(row::stored(row.first_block, "first_block")?)
            .bind(row::stored(row.last_block, "last_block")?)
            .bind(row::stored(row.blocks, "blocks")?)
            .execute(&mut *transaction)
            .await
            .map_err(failed(doing))?;
        }
        transaction.commit().await.map_err(failed(doing))
    }

    /// What could not be judged, by kind and scope.
    ///
    /// # Errors
    /// [`StoreError::Query`] when the database fails.
    pub async fn list_not_evaluable(&self) -> Result<Vec<NotEvaluableRow>, StoreError> {
        let found = sqlx::query(
            "SELECT lane, kind, scope, reason, first_block, last_block, blocks FROM watch_not_evaluable
             ORDER BY kind, scope, lane",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list what could not be judged"))?;
        found.iter().map(not_evaluable).collect()
    }
}

fn checkpoint(found: &AnyRow) -> Result<WatchCheckpoint, StoreError> {
    Ok(WatchCheckpoint {
        lane: row::text(found, "lane")?,
        block: row::number(found, "block")?,
        fingerprint: row::text(found, "fingerprint")?,
        memory: row::text(found, "memory")?,
    })
}

fn not_evaluable(found: &AnyRow) -> Result<NotEvaluableRow, StoreError> {
    Ok(NotEvaluableRow {
        lane: row::text(found, "lane")?,
        kind: row::text(found, "kind")?,
        scope: row::text(found, "scope")?,
        reason: row::text(found, "reason")?,
        first_block: row::number(found, "first_block")?,
        last_block: row::number(found, "last_block")?,
        blocks: row::number(found, "blocks")?,
    })
}
