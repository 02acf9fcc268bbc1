//! GraphQL, REST, health and metrics over the warehouse.
//!
//! [`router`] serves `/graphql` (queries and the console page), `/api/v1` (REST) and paths compatible with an older API
//! (`/api/*/v1`), `/api/v1/sql` (everyone's SQL), `/api/v1/export` (whole lists), `/mcp` (tools for assistants), `/api/udf`
//! (candles for chart widgets), `/health`, `/ready` and `/metrics`; [`limits`] says who may ask how much. Reading is all it
//! does: every number comes from the warehouse's query functions, or from the unfinalized tip in memory.
//!
//! Promises: an answer says as of which block it holds; a list says which blocks it covers; a query costs a bounded
//! number of warehouse queries, rows and seconds, and one that would cost more is refused with the reason and the way
//! out; internal errors are logged once and masked.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod cache;
pub mod config;
pub mod error;
mod graphql;
mod http;
pub mod limits;
pub mod metrics;
mod persisted;
pub mod readiness;
mod rest;
mod shared;

pub use config::ApiConfig;
pub use error::ApiError;
pub use graphql::sdl;
pub use http::router;
pub use limits::LimitsConfig;
pub use metrics::install as install_metrics;
pub use readiness::{Readiness, readiness};
pub use rest::openapi;

use yumascan_store::Store;
use yumascan_warehouse::{LiveTip, Warehouse, labels::Labels};

/// What the API serves from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// Finalized blocks.
    pub warehouse: Warehouse,
    /// Operational state: chain identity, cursors, endpoint health.
    pub store: Store,
    /// The unfinalized tip; empty where no ingestion runs in this process.
    pub tip: LiveTip,
    /// Names that the operator gives to accounts and subnets.
    pub labels: Labels,
    /// Limits and caches.
    pub config: ApiConfig,
}
