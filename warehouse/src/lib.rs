//! The warehouse: ClickHouse behind typed rows, an idempotent windowed writer and query functions.
//!
//! One client (`clickhouse` over HTTP), whether the server is the embedded engine, a single server or a cluster.
//! Invariants: finalized blocks only; a block is visible (has its row in `blocks`) only once all its other rows are.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod ask;
pub mod audit;
pub mod backup;
pub mod checksum;
mod client;
pub mod days;
pub mod error;
pub mod labels;
pub mod live;
pub mod migrate;
pub mod page;
pub mod query;
pub mod raw;
pub mod rollup;
mod rowbinary;
pub mod rows;
pub mod sizes;
pub mod table;
mod visible;
pub mod writer;

use std::sync::{Arc, atomic::AtomicU64};

pub use ask::{Answer, AskFormat, AskLimits, Question, Refusal};
pub use audit::AuditReport;
pub use client::count_statements;
pub use error::WarehouseError;
pub use live::{LiveTip, TipBlock, TipEvent};
pub use migrate::MigrationReport;
pub use page::{Cursor, Keyed, Order, Page, PageRequest, Slice};
pub use rows::{BlockRows, Window, WindowRows};
pub use table::Table;
pub use writer::{
    Holdings, IncidentReceipt, Parameters, RangeReceipt, ReplaceReceipt, Snapshots, StateWindow,
    TableReceipt, VerifiedWindow, WindowReceipt,
};

/// Where the ClickHouse server is.
#[derive(Clone)]
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

impl std::fmt::Debug for WarehouseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WarehouseConfig")
            .field("url", &self.url)
            .field("database", &self.database)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A handle on the warehouse; cheap to clone.
#[derive(Clone)]
pub struct Warehouse {
    pub(crate) client: clickhouse::Client,
    pub(crate) config: WarehouseConfig,
    /// Statements sent by this handle and its clones.
    queries: Arc<AtomicU64>,
    pub(crate) visible: Arc<visible::VisibleBlocks>,
    rolling_up: Arc<tokio::sync::Mutex<()>>,
}

impl std::fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warehouse")
            .field("url", &self.config.url)
            .field("database", &self.config.database)
            .finish()
    }
}
