//! How much room the tables take.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// Size of one table's active parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct TableSize {
    /// Name of the table.
    pub table: String,
    /// Rows in its parts.
    pub rows: u64,
    /// Bytes on disk, compressed, marks and indexes included.
    pub disk_bytes: u64,
    /// Bytes of the columns before compression.
    pub raw_bytes: u64,
    /// Active parts.
    pub parts: u64,
}

impl Warehouse {
    /// Sizes of all tables, largest first. Source: `system.parts`.
    pub async fn list_table_sizes(&self) -> Result<Vec<TableSize>, WarehouseError> {
        let sql = Sql::new(
            "SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS disk_bytes, \
             sum(data_uncompressed_bytes) AS raw_bytes, count() AS parts \
             FROM system.parts WHERE database = currentDatabase() AND active GROUP BY table ORDER BY disk_bytes DESC",
        );
        self.fetch_all("read table sizes", sql).await
    }

    /// Merges the parts of every table to as few as possible, so that sizes are those of a settled warehouse.
    pub async fn merge_tables(&self) -> Result<(), WarehouseError> {
        for size in self.list_table_sizes().await? {
            let sql = Sql::new(format!("OPTIMIZE TABLE `{}` FINAL", size.table));
            self.execute("merge a table", sql).await?;
        }
        Ok(())
    }
}
