//! What can go wrong with the warehouse.

/// Error of the warehouse.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// ClickHouse refused or failed a statement.
    #[error("clickhouse failed to {doing}: {source}")]
    ClickHouse {
        /// What was being done, e.g. `list blocks`.
        doing: &'static str,
        /// The client's error.
        #[source]
        source: clickhouse::error::Error,
    },
    /// The schema was written by a newer binary.
    #[error("the warehouse has schema {found}, this binary knows {known}; use a newer yumascan")]
    SchemaNewer {
        /// Version found.
        found: u32,
        /// Newest version known here.
        known: u32,
    },
}
