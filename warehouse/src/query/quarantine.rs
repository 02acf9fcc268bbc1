//! What could not be decoded.

use crate::{Warehouse, WarehouseError, query::sql::Sql, rows::QuarantineRow};

impl Warehouse {
    /// Quarantined items of `from..=to`, lowest first, at most `limit`.
    pub async fn list_quarantine(
        &self,
        from: u64,
        to: u64,
        limit: u32,
    ) -> Result<Vec<QuarantineRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM quarantine WHERE block_number BETWEEN ? AND ? \
             AND block_number IN (SELECT number FROM blocks WHERE number BETWEEN ? AND ?) \
             ORDER BY block_number, kind, item_index LIMIT ?",
        );
        let sql = sql.bind(from).bind(to).bind(from).bind(to).bind(limit);
        self.fetch_all("list quarantined items", sql).await
    }
}
