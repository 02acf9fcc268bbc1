//! Tables as files, and back: what backup and restore are made of.
//!
//! A table is written part by part in ClickHouse's `Native` format, which keeps every type exactly, and read back into a migrated
//! schema. It works the same on the embedded engine, a server and a cluster, and needs no rights beyond reading and inserting.

use bytes::Bytes;
use clickhouse::query::BytesCursor;

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// A table that holds data, and what tells its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// Its name.
    pub name: String,
    /// Rows, without replaced ones.
    pub rows: u64,
    /// Wrapping sum of a hash of each row: equal contents give equal sums, in whatever order.
    pub sum: u64,
    /// Names of its partitions' ids, in order.
    pub partitions: Vec<String>,
}

impl Warehouse {
    /// All tables of the database with their checksums, by name. The list of applied migrations is not among them.
    ///
    /// # Errors
    /// When the warehouse fails.
    pub async fn list_stored_tables(&self) -> Result<Vec<StoredTable>, WarehouseError> {
        let sql = Sql::new(
            "SELECT name, if(engine LIKE '%Replacing%', 'FINAL', '') FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' \
             AND name != 'schema_migrations' ORDER BY name",
        );
        let mut tables = Vec::new();
        for (name, is_final) in self.fetch_all::<(String, String)>("list tables", sql).await? {
            // rows that others replace may be merged away at any time, also while they are restored
            let text = format!("SELECT count(), sum(cityHash64(tuple(*))) FROM `{name}` {is_final}");
            let found = self.fetch_optional::<(u64, u64)>("compute checksums", Sql::new(text)).await?;
            let (rows, sum) = found.unwrap_or_default();
            let text = format!("SELECT DISTINCT _partition_id AS id FROM `{name}` ORDER BY id");
            let partitions = self.fetch_all::<String>("list partitions", Sql::new(text)).await?;
            tables.push(StoredTable { name, rows, sum, partitions });
        }
        Ok(tables)
    }

    /// The rows of a partition, as they come.
    ///
    /// # Errors
    /// When the statement cannot be sent.
    pub fn read_partition(&self, table: &str, partition: &str) -> Result<BytesCursor, WarehouseError> {
        let sql = Sql::new(format!("SELECT * FROM `{table}` WHERE _partition_id = ?")).bind(partition);
        self.stream(&sql).fetch_bytes("Native").map_err(WarehouseError::of("read a partition"))
    }

    /// Begins an insert of rows that [`Warehouse::read_partition`] wrote.
    #[must_use]
    pub fn restore_rows(&self, table: &str) -> RestoredRows {
        let insert = self
            .client
            .insert_formatted_with(format!("INSERT INTO `{table}` FORMAT Native"))
            // equal blocks of rows are not the same rows here
            .with_setting("insert_deduplicate", "0")
            .with_setting("async_insert", "0");
        RestoredRows { insert }
    }
}

/// Rows on their way back into a table.
pub struct RestoredRows {
    insert: clickhouse::insert_formatted::InsertFormatted,
}

impl std::fmt::Debug for RestoredRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RestoredRows").finish_non_exhaustive()
    }
}

impl RestoredRows {
    /// Sends a piece.
    ///
    /// # Errors
    /// When the warehouse does not take it.
    pub async fn send(&mut self, piece: Bytes) -> Result<(), WarehouseError> {
        self.insert.send(piece).await.map_err(WarehouseError::of("restore rows"))
    }

    /// Ends the insert: only then are the rows there.
    ///
    /// # Errors
    /// When the warehouse does not take them.
    pub async fn finish(self) -> Result<(), WarehouseError> {
        self.insert.end().await.map_err(WarehouseError::of("restore rows"))
    }
}
