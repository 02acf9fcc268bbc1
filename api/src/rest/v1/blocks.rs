//! Blocks.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use yumascan_warehouse::{query::blocks::BlockFilter, rows::BlockRow};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Account, Fields, Paging, Segments, Span, accounts},
        listing::{Listing, Plan, Single, stored},
        problem::Refusals,
        scalars::{Json as Raw, Time, time},
        state::unknown,
    },
};

dto! {
    /// A finalized block.
    Block from BlockRow as row {
        /// Height.
        number: u64 = row.number,
        /// Blake2b-256 of the header, 0x hex.
        hash: String = row.hash,
        /// 0x hex.
        parent_hash: String = row.parent_hash,
        /// 0x hex.
        state_root: String = row.state_root,
        /// 0x hex.
        extrinsics_root: String = row.extrinsics_root,
        /// From `Timestamp.set`; null for genesis.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Aura author, SS58; null where its authorities are not known.
        author: Option<String> = row.author,
        /// Runtime that executed the block.
        spec_version: u32 = row.spec_version,
        /// Extrinsics, decoded or quarantined.
        extrinsic_count: u32 = row.extrinsic_count,
        /// Signed extrinsics.
        signed_count: u32 = row.signed_count,
        /// Events, decoded or quarantined.
        event_count: u32 = row.event_count,
        /// Nodes of all call trees.
        call_count: u32 = row.call_count,
        /// Weight used, picoseconds.
        weight_ref_time_ps: u64 = row.weight_ref_time,
        /// Weight used, bytes.
        weight_proof_size_bytes: u64 = row.weight_proof_size,
        /// Digest logs.
        digest: Raw = Raw::of(row.digest),
        /// Items that could not be decoded.
        quarantined_count: u32 = row.quarantined_count,
    }
}

/// Which blocks.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Author.
    #[param(inline)]
    author: Option<Account>,
    /// Runtime that executed them.
    #[param(minimum = 0, maximum = 4294967295_i64)]
    spec_version: Option<u32>,
}

/// Blocks
///
/// Finalized blocks, newest first or as asked.
#[utoipa::path(get, path = "/api/v1/blocks", tag = "chain", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of blocks", body = Listing<Block>), Refusals))]
pub(super) async fn list(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<Block>>, ApiError> {
    let [author] = accounts([&filter.author])?;
    let range = span.build()?;
    let filter = BlockFilter { range, author, spec_version: filter.spec_version };
    let plan = Plan::new(&app, "blocks", &filter, range, &paging).await?;
    let filter = BlockFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_blocks(&filter, plan.request).await?;
    plan.answer(&app, page).await
}

/// A block
///
/// By its height or by its hash.
#[utoipa::path(get, path = "/api/v1/blocks/{block}", tag = "chain",
    params(("block" = String, Path, description = "Height, or hash as 0x and 64 hexadecimal digits",
        pattern = "^([0-9]{1,15}|0x[0-9a-fA-F]{64})$", example = "3010")),
    responses((status = 200, description = "The block", body = Single<Block>), Refusals))]
pub(super) async fn get(
    State(app): State<App>,
    Segments(block): Segments<String>,
) -> Result<Json<Single<Block>>, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let found = match block.parse::<u64>() {
        Ok(number) => warehouse.find_block(number).await?,
        Err(_) if block.parse::<yumascan_chain::Hash>().is_ok() => {
            warehouse.find_block_by_hash(&block).await?
        }
        Err(_) => {
            return Err(ApiError::BadInput(
                "a block is named by its height, or by 0x and 64 hexadecimal digits".into(),
            ));
        }
    };
    let row =
        found.ok_or_else(|| unknown("this block is not stored; `/api/v1/status` says which are".into()))?;
    stored(&app, row.into()).await
}
