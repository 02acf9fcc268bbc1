//! The writer's records in `coverage`.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::{Table, Warehouse, WarehouseError, query::sql::Sql, rowbinary::write_row, rows::Window};

/// Row of `coverage`, without the time that the server adds.
#[derive(Debug, Row, Serialize, Deserialize)]
struct CoverageRow {
    first_block: u64,
    last_block: u64,
    attempt: u32,
    state: String,
    decoder_generation: u32,
    content_hash: String,
    block_rows: u64,
    extrinsic_rows: u64,
    call_rows: u64,
    event_rows: u64,
    transfer_rows: u64,
    quarantine_rows: u64,
}

impl Warehouse {
    /// The highest attempt recorded for any window that touches `first..=last`; 0 where rows were never deleted.
    pub(super) async fn find_attempt(&self, first: u64, last: u64) -> Result<u32, WarehouseError> {
        let sql = Sql::new("SELECT max(attempt) FROM coverage WHERE first_block <= ? AND last_block >= ?")
            .bind(last)
            .bind(first);
        Ok(self.fetch_optional::<u32>("read the window's attempt", sql).await?.unwrap_or(0))
    }

    /// Refuses a range that cuts a window written before: what is kept by window could not be replaced.
    pub(super) async fn check_not_straddling(&self, first: u64, last: u64) -> Result<(), WarehouseError> {
        let sql = Sql::new(
            "SELECT first_block, last_block FROM coverage WHERE first_block <= ? AND last_block >= ? \
             AND NOT (first_block >= ? AND last_block <= ?) ORDER BY first_block LIMIT 1",
        );
        let sql = sql.bind(last).bind(first).bind(first).bind(last);
        match self.fetch_optional::<(u64, u64)>("read the windows written", sql).await? {
            None => Ok(()),
            Some((written_first, written_last)) => {
                Err(WarehouseError::WindowStraddles { first, last, written_first, written_last })
            }
        }
    }

    /// Records that the window is complete.
    pub(super) async fn record_sealed(&self, window: &Window, attempt: u32) -> Result<(), WarehouseError> {
        self.record(window, attempt, "sealed").await
    }

    /// Records that rows of the window are about to be deleted.
    pub(super) async fn record_rewriting(&self, window: &Window, attempt: u32) -> Result<(), WarehouseError> {
        self.record(window, attempt, "rewriting").await
    }

    async fn record(&self, window: &Window, attempt: u32, state: &str) -> Result<(), WarehouseError> {
        let row = CoverageRow {
            first_block: window.first,
            last_block: window.last,
            attempt,
            state: state.to_owned(),
            decoder_generation: window.generation,
            content_hash: window.content_hash.to_string(),
            block_rows: window.rows(Table::Blocks),
            extrinsic_rows: window.rows(Table::Extrinsics),
            call_rows: window.rows(Table::Calls),
            event_rows: window.rows(Table::Events),
            transfer_rows: window.rows(Table::Transfers),
            quarantine_rows: window.rows(Table::Quarantine),
        };
        let mut bytes = Vec::new();
        write_row(&mut bytes, &row)
            .map_err(|source| WarehouseError::Encode { table: "coverage", reason: source.to_string() })?;
        let (first, last, hash) = (row.first_block, row.last_block, &row.content_hash);
        let token = format!("coverage:{first}-{last}:{}:{hash}:{state}:{attempt}", window.generation);
        self.insert_bytes("record the window", "coverage", CoverageRow::COLUMN_NAMES, bytes.into(), &token)
            .await
    }
}
