//! What this instance holds, and how it is doing.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use yumascan_warehouse::{query::coverage::BlockRange, rows::RuntimeVersionRow};

use crate::{
    ApiError,
    http::App,
    readiness,
    rest::{
        listing::{Listing, Single, stored, whole},
        problem::Refusals,
    },
};

dto! {
    /// A runtime that executed stored blocks.
    Runtime from RuntimeVersionRow as row {
        /// Its `spec_version`.
        spec_version: u32 = row.spec_version,
        /// First stored block it executed.
        first_block: u64 = row.first_block,
        /// Last stored block it executed.
        last_block: u64 = row.last_block,
        /// Stored blocks it executed.
        block_count: u64 = row.block_count,
        /// Format of its stored metadata; null where none is stored.
        metadata_version: Option<u32> = row.metadata_version,
        /// Blake2b-256 of the metadata, 0x hex.
        metadata_hash: Option<String> = row.metadata_hash,
        /// Length of the metadata, bytes.
        metadata_bytes: Option<u64> = row.metadata_bytes,
    }
}

dto! {
    /// Consecutive blocks, both ends included.
    Run from BlockRange as row {
        /// Lowest.
        from_block: u64 = row.from,
        /// Highest.
        to_block: u64 = row.to,
    }
}

/// What is stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Status {
    /// Version of the program.
    version: String,
    /// Whether `/ready` answers 200.
    ready: bool,
    /// Why not, each with what to do.
    reasons: Vec<String>,
    /// Hash of block 0; null before a node was seen.
    genesis_hash: Option<String>,
    /// Name of the chain, as its node gave it.
    chain: Option<String>,
    /// Newest block seen at any node; null where none was.
    newest_seen_block: Option<u64>,
    /// Blocks between the highest stored one and the newest seen.
    lag_blocks: Option<u64>,
    /// Stored blocks.
    block_count: u64,
    /// Stored extrinsics.
    extrinsic_count: u64,
    /// Nodes of all call trees.
    call_count: u64,
    /// Stored events.
    event_count: u64,
    /// Transfers of TAO.
    transfer_count: u64,
    /// Items that could not be decoded.
    quarantined_count: u64,
    /// Stored runs of blocks, lowest first, at most 100.
    stored: Vec<Run>,
    /// Missing runs between them, at most 100.
    gaps: Vec<Run>,
    /// Missing runs.
    gap_count: u64,
    /// Highest block with state; null where none was read.
    state_to_block: Option<u64>,
}

/// What this instance holds
#[utoipa::path(get, path = "/api/v1/status", tag = "service",
    responses((status = 200, description = "What is stored, and whether it can answer", body = Single<Status>), Refusals))]
pub(super) async fn status(State(app): State<App>) -> Result<Json<Single<Status>>, ApiError> {
    let state = &app.shared.state;
    let readiness = readiness(state).await;
    let chain = state.store.find_chain().await?;
    let totals = state.warehouse.get_totals().await?;
    let coverage = state.warehouse.get_coverage(None, None).await?;
    let moment = state.warehouse.find_moment(None).await?.ok();
    let runs = |runs: &[BlockRange]| runs.iter().take(100).copied().map(Into::into).collect();
    let status = Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ready: readiness.ready,
        reasons: readiness.reasons,
        genesis_hash: chain.as_ref().map(|chain| chain.genesis_hash.to_string()),
        chain: chain.map(|chain| chain.name),
        newest_seen_block: readiness.newest_seen,
        lag_blocks: readiness.lag_blocks,
        block_count: totals.blocks,
        extrinsic_count: totals.extrinsics,
        call_count: totals.calls,
        event_count: totals.events,
        transfer_count: totals.transfers,
        quarantined_count: totals.quarantined,
        stored: runs(&coverage.stored),
        gaps: runs(&coverage.gaps),
        gap_count: coverage.gaps.len() as u64,
        state_to_block: moment.map(|moment| moment.block),
    };
    stored(&app, status).await
}

/// Runtimes
///
/// Those that executed stored blocks, newest first.
#[utoipa::path(get, path = "/api/v1/runtimes", tag = "chain",
    responses((status = 200, description = "Newest first", body = Listing<Runtime>), Refusals))]
pub(super) async fn runtimes(State(app): State<App>) -> Result<Json<Listing<Runtime>>, ApiError> {
    let rows = app.shared.state.warehouse.list_runtime_versions().await?;
    whole(&app, rows.into_iter().map(Into::into).collect()).await
}
