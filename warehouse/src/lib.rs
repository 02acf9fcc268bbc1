//! The warehouse: ClickHouse behind typed rows, an idempotent windowed writer and query functions.
//!
//! One client (`clickhouse` over HTTP), whether the server is the embedded engine, a single server or a cluster.
//! Invariants: finalized blocks only; a block is visible (has its row in `blocks`) only once all its other rows are.

pub mod error;
pub mod live;
pub mod page;
pub mod query;
pub mod rows;

pub use error::WarehouseError;
pub use live::{LiveTip, TipEvent};
pub use page::{Cursor, Order, Page, PageRequest};

/// Where the ClickHouse server is.
#[derive(Debug, Clone)]
pub struct WarehouseConfig {
    /// HTTP endpoint, e.g. `http://127.0.0.1:8123`.
    pub url: String,
    /// Database, created when absent.
    pub database: String,
    /// User.
    pub user: String,
    /// Password.
    pub password: String,
}

/// A handle on the warehouse; cheap to clone.
#[derive(Clone)]
pub struct Warehouse {
    pub(crate) client: clickhouse::Client,
    pub(crate) config: WarehouseConfig,
}

impl std::fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warehouse").field("url", &self.config.url).field("database", &self.config.database).finish()
    }
}
