//! Days of the chain, UTC: which blocks are whose.

use clickhouse::Row;
use serde::Deserialize;

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// A day of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct ChainDay {
    /// Its name, `2026-02-11`.
    pub day: String,
    /// First stored block.
    pub first_block: u64,
    /// Last stored block.
    pub last_block: u64,
    /// Stored blocks.
    pub blocks: u64,
}

impl Warehouse {
    /// The days of stored blocks from `from` to `to` (`2026-02-11`, both inclusive), ascending.
    ///
    /// # Errors
    /// When the warehouse fails.
    pub async fn list_days(&self, from: &str, to: &str) -> Result<Vec<ChainDay>, WarehouseError> {
        let sql = Sql::new(
            "SELECT assumeNotNull(toString(toDate(time))) AS day, min(number) AS first_block, max(number) AS last_block, count() AS blocks \
             FROM v_blocks WHERE timestamp_ms IS NOT NULL GROUP BY day HAVING day BETWEEN ? AND ? ORDER BY day",
        );
        self.fetch_all("list days", sql.bind(from).bind(to)).await
    }
}
