//! Comparing a window with what is stored, byte for byte.

use clickhouse::query::BytesCursor;
use xxhash_rust::xxh3::Xxh3;

use crate::{
    Table, Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{TableRows, Window},
};

impl Warehouse {
    /// Which of `tables` do not hold exactly the rows of `window`.
    pub(super) async fn list_differing_tables(
        &self,
        window: &Window,
        tables: &[Table],
    ) -> Result<Vec<Table>, WarehouseError> {
        let mut differing = Vec::new();
        for rows in window.tables.iter().filter(|rows| tables.contains(&rows.table)) {
            if self.hash_stored(window, rows).await? != rows.content_hash {
                differing.push(rows.table);
            }
        }
        Ok(differing)
    }

    /// The content hash of what is stored in the window's range: the same columns, order and format as are inserted.
    async fn hash_stored(&self, window: &Window, rows: &TableRows) -> Result<u128, WarehouseError> {
        let (name, block) = (rows.table.name(), rows.table.block_column());
        let columns = rows.columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
        let order = rows.table.key_columns().join(", ");
        let text = format!("SELECT {columns} FROM {name} WHERE {block} BETWEEN ? AND ? ORDER BY {order}");
        let query = self.stream(&Sql::new(text).bind(window.first).bind(window.last));
        let doing = "read rows of the window";
        let mut cursor: BytesCursor = query.fetch_bytes("RowBinary").map_err(WarehouseError::of(doing))?;
        let mut hasher = Xxh3::new();
        while let Some(bytes) = cursor.next().await.map_err(WarehouseError::of(doing))? {
            hasher.update(&bytes);
        }
        Ok(hasher.digest128())
    }
}
