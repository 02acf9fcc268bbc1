//! Limits, caches and times of the API: section `[api]` of the configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Configuration of the API. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Largest accepted request body, bytes.
    pub max_body_bytes: usize,
    /// A query that takes longer is cancelled and answered with `TIMEOUT`, milliseconds.
    pub timeout_ms: u64,
    /// A query that takes longer is logged as slow, milliseconds.
    pub slow_query_ms: u64,
    /// Queries executed at the same time; more of them wait, then are refused with `OVERLOADED`.
    pub max_concurrent_queries: usize,
    /// How long a query may wait for its turn, milliseconds.
    pub max_queue_ms: u64,
    /// Rows of a page when neither `first` nor `last` is given.
    pub default_page_size: u32,
    /// Largest `first` and `last`.
    pub max_page_size: u32,
    /// Deepest nesting of fields in a query.
    pub max_depth: usize,
    /// Largest estimated cost of a query: fields, times the page sizes of the lists they stand in. What lists inside
    /// lists really read is bounded by `max_nodes`.
    pub max_complexity: usize,
    /// Fields of a query once its fragments are expanded.
    pub max_fields: usize,
    /// Rows one answer may read.
    pub max_nodes: u64,
    /// Warehouse queries one answer may take.
    pub max_warehouse_queries: u64,
    /// Memory for finalized blocks and extrinsics kept between requests, bytes.
    pub cache_bytes: u64,
    /// How long they are kept, seconds. They never change, except by `yumascan redecode` with a newer decoder.
    pub cache_ttl_s: u64,
    /// How long the highest stored block is remembered before the warehouse is asked again, milliseconds.
    pub head_ttl_ms: u64,
    /// `/ready` fails when the warehouse is more than this many blocks behind the newest block seen.
    pub ready_max_lag_blocks: u64,
    /// `/ready` fails when the highest stored block is older than this, seconds. Off by default, as a recorded or
    /// halted chain has old blocks; on a live chain 300 is sensible.
    pub ready_max_age_s: Option<u64>,
    /// Largest answer to a GraphQL query, bytes.
    pub max_response_bytes: usize,
    /// Memory for persisted queries: texts that clients send once and then name by their hash, bytes.
    pub persisted_bytes: u64,
    /// Whoever has a key may take this many times as much: complexity, rows and warehouse queries of GraphQL, and every limit of
    /// SQL. An administrator four times that.
    pub keyed_factor: u64,
    /// Whether everyone may ask in SQL, at `/sql` and `/api/v1/sql`.
    pub sql_enabled: bool,
    /// A question in SQL that takes longer is cancelled, milliseconds. This and the following limits are an anonymous
    /// visitor's; see `keyed_factor`.
    pub sql_timeout_ms: u64,
    /// Memory that a question may take in ClickHouse, megabytes.
    pub sql_memory_mb: u64,
    /// Rows of an answer; more are cut off.
    pub sql_max_rows: u64,
    /// Bytes of an answer, megabytes.
    pub sql_max_result_mb: u64,
    /// Rows that a question may read from storage.
    pub sql_max_read_rows: u64,
    /// Bytes that a question may read from storage, megabytes.
    pub sql_max_read_mb: u64,
    /// Questions executed at the same time; more of them wait, then are refused with `OVERLOADED`.
    pub sql_max_concurrent: usize,
    /// Questions kept under links, at most.
    pub sql_max_saved: u64,
    /// Origins whose pages may call the API from a browser; `["*"]` opens it to all. Empty: same origin only.
    pub cors_allow_origins: Vec<String>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 256 * 1024,
            timeout_ms: 20_000,
            slow_query_ms: 2_000,
            max_concurrent_queries: 64,
            max_queue_ms: 5_000,
            default_page_size: 25,
            max_page_size: 1_000,
            max_depth: 20,
            max_complexity: 1_000_000,
            max_fields: 5_000,
            max_nodes: 50_000,
            max_warehouse_queries: 100,
            cache_bytes: 64 * 1024 * 1024,
            cache_ttl_s: 600,
            head_ttl_ms: 500,
            ready_max_lag_blocks: 50,
            ready_max_age_s: None,
            max_response_bytes: 16 << 20,
            persisted_bytes: 8 << 20,
            keyed_factor: 4,
            sql_enabled: true,
            sql_timeout_ms: 10_000,
            sql_memory_mb: 1_024,
            sql_max_rows: 10_000,
            sql_max_result_mb: 64,
            sql_max_read_rows: 1_000_000_000,
            sql_max_read_mb: 20_000,
            sql_max_concurrent: 4,
            sql_max_saved: 100_000,
            cors_allow_origins: Vec::new(),
        }
    }
}

impl ApiConfig {
    /// [`Self::timeout_ms`] as a duration.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}
