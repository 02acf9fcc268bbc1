//! What this instance holds and how it is doing.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use yumascan_store::EndpointHealth;

use super::{
    as_of::AsOf,
    block::Block,
    scalars::{BlockNumber, Hash, Long, Timestamp},
    scope::Scope,
};
use crate::{ApiConfig, ApiError, Readiness, readiness};

/// Marker: everything is read when selected.
pub(crate) struct Status;

/// The chain this instance belongs to.
#[derive(Debug, SimpleObject)]
pub(crate) struct Chain {
    /// Hash of block 0, which tells chains apart.
    genesis_hash: Hash,
    /// Name the node gave (`system_chain`).
    name: String,
}

/// Rows of the warehouse.
#[derive(Debug, SimpleObject)]
pub(crate) struct Totals {
    /// Stored blocks.
    blocks: Long,
    /// Stored extrinsics.
    extrinsics: Long,
    /// Signed ones among them.
    signed_extrinsics: Long,
    /// Nodes of all call trees.
    calls: Long,
    /// Stored events.
    events: Long,
    /// Transfers of TAO.
    transfers: Long,
    /// Items that could not be decoded; kept with their raw bytes.
    quarantined: Long,
}

/// A place of the ingestion, as it recorded it.
#[derive(Debug, SimpleObject)]
pub(crate) struct IngestCursor {
    /// What it is the place of.
    name: String,
    /// Height.
    block: BlockNumber,
    /// Hash of that block, if recorded.
    hash: Option<Hash>,
    /// When it was recorded.
    updated_at: Timestamp,
}

/// An RPC endpoint and how it was found when it was last asked.
#[derive(Debug, SimpleObject)]
pub(crate) struct Endpoint {
    /// Address without credentials and keys.
    endpoint: String,
    /// `healthy`, `slow`, `rate_limited`, `unreachable` or `distrusted`.
    state: &'static str,
    /// Why it is in that state.
    detail: Option<String>,
    /// Time of an answer, milliseconds.
    latency_ms: Option<u32>,
    /// Newest block it knows.
    best_block: Option<BlockNumber>,
    /// Newest final block it knows.
    finalized_block: Option<BlockNumber>,
    /// Failures since the last good answer.
    consecutive_failures: u32,
    /// When it was last asked.
    checked_at: Timestamp,
    /// When it last answered well.
    last_ok_at: Option<Timestamp>,
}

impl From<EndpointHealth> for Endpoint {
    fn from(health: EndpointHealth) -> Self {
        Self {
            endpoint: health.endpoint,
            state: health.state.name(),
            detail: health.detail,
            latency_ms: health.latency_ms,
            best_block: health.best_block.map(BlockNumber),
            finalized_block: health.finalized_block.map(BlockNumber),
            consecutive_failures: health.consecutive_failures,
            checked_at: Timestamp(health.checked_at_ms),
            last_ok_at: health.last_ok_at_ms.map(Timestamp),
        }
    }
}

/// Whether this instance can answer.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Readiness")]
pub(crate) struct Health {
    /// Whether `/ready` answers 200.
    ready: bool,
    /// Why not, each with what to do; empty when ready.
    reasons: Vec<String>,
    /// Whether the ClickHouse engine or server answers.
    engine: bool,
    /// Whether the warehouse's tables can be read.
    warehouse: bool,
    /// Whether the operational store answers.
    store: bool,
    /// Newest block seen at any node; null where no node was ever seen.
    newest_seen: Option<BlockNumber>,
    /// Blocks between the highest stored one and the newest seen; null where no node was ever seen.
    lag_blocks: Option<Long>,
}

impl From<Readiness> for Health {
    fn from(readiness: Readiness) -> Self {
        Self {
            ready: readiness.ready,
            reasons: readiness.reasons,
            engine: readiness.engine,
            warehouse: readiness.warehouse,
            store: readiness.store,
            newest_seen: readiness.newest_seen.map(BlockNumber),
            lag_blocks: readiness.lag_blocks.map(Long),
        }
    }
}

/// Limits a query must keep; those that break one are refused with a text that says which.
#[derive(Debug, SimpleObject)]
pub(crate) struct Limits {
    /// Largest `first` and `last`.
    max_page_size: u32,
    /// Rows of a page when neither is given.
    default_page_size: u32,
    /// Deepest nesting of fields.
    max_depth: Long,
    /// Largest estimated cost: fields, times the page sizes of the lists they stand in.
    max_complexity: Long,
    /// Fields once fragments are expanded.
    max_fields: Long,
    /// Rows one answer may read.
    max_rows: Long,
    /// Warehouse queries one answer may take.
    max_warehouse_queries: Long,
    /// Time a query may take, milliseconds.
    timeout_ms: Long,
    /// Largest request body, bytes.
    max_body_bytes: Long,
}

impl From<&ApiConfig> for Limits {
    fn from(config: &ApiConfig) -> Self {
        Self {
            max_page_size: config.max_page_size,
            default_page_size: config.default_page_size,
            max_depth: Long(config.max_depth as u64),
            max_complexity: Long(config.max_complexity as u64),
            max_fields: Long(config.max_fields as u64),
            max_rows: Long(config.max_nodes),
            max_warehouse_queries: Long(config.max_warehouse_queries),
            timeout_ms: Long(config.timeout_ms),
            max_body_bytes: Long(config.max_body_bytes as u64),
        }
    }
}

/// What this instance holds and how it is doing. Each part is read only when it is selected.
#[Object]
impl Status {
    /// Version of yumascan.
    async fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }
    /// The chain; null before the first ingestion.
    async fn chain(&self, ctx: &Context<'_>) -> Result<Option<Chain>> {
        let chain = Scope::of(ctx)?.shared.state.store.find_chain().await.map_err(ApiError::from)?;
        Ok(chain.map(|chain| Chain { genesis_hash: Hash(chain.genesis_hash.to_string()), name: chain.name }))
    }
    /// The highest stored block; null while nothing is stored.
    async fn head(&self, ctx: &Context<'_>) -> Result<Option<Block>> {
        Ok(Scope::of(ctx)?.find_head().await?.map(Block::from))
    }
    /// Whether it can answer, and if not why: what `/ready` says.
    async fn readiness(&self, ctx: &Context<'_>) -> Result<Health> {
        Ok(readiness(&Scope::of(ctx)?.shared.state).await.into())
    }
    /// Rows of the warehouse.
    async fn totals(&self, ctx: &Context<'_>) -> Result<Totals> {
        let scope = Scope::of(ctx)?;
        let totals = scope.warehouse()?.get_totals().await.map_err(ApiError::from)?;
        Ok(Totals {
            blocks: Long(totals.blocks),
            extrinsics: Long(totals.extrinsics),
            signed_extrinsics: Long(totals.signed_extrinsics),
            calls: Long(totals.calls),
            events: Long(totals.events),
            transfers: Long(totals.transfers),
            quarantined: Long(totals.quarantined),
        })
    }
    /// Places of the ingestion.
    async fn cursors(&self, ctx: &Context<'_>) -> Result<Vec<IngestCursor>> {
        let cursors = Scope::of(ctx)?.shared.state.store.list_cursors().await.map_err(ApiError::from)?;
        let cursor = |cursor: yumascan_store::Cursor| IngestCursor {
            name: cursor.name,
            block: BlockNumber(cursor.block),
            hash: cursor.hash.map(|hash| Hash(hash.to_string())),
            updated_at: Timestamp(cursor.updated_at_ms),
        };
        Ok(cursors.into_iter().map(cursor).collect())
    }
    /// RPC endpoints; empty where none was ever used.
    async fn endpoints(&self, ctx: &Context<'_>) -> Result<Vec<Endpoint>> {
        let endpoints =
            Scope::of(ctx)?.shared.state.store.list_endpoint_health().await.map_err(ApiError::from)?;
        Ok(endpoints.into_iter().map(Endpoint::from).collect())
    }
    /// Limits a query must keep.
    async fn limits(&self, ctx: &Context<'_>) -> Result<Limits> {
        Ok(Limits::from(&Scope::of(ctx)?.shared.state.config))
    }
    /// The block as of which this holds; null while nothing is stored.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<AsOf>> {
        let head: Option<Arc<_>> = Scope::of(ctx)?.find_head().await?;
        Ok(head.map(|row| AsOf { row, finalized: true }))
    }
}
