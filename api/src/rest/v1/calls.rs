//! Calls: nodes of call trees.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use yumascan_warehouse::{query::calls::CallFilter, rows::CallRow};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Fields, Paging, Span, extrinsic_id, item_name},
        listing::{Listing, Plan},
        problem::Refusals,
        scalars::{Json as Raw, Time, time},
    },
};

dto! {
    /// A node of a call tree.
    Call from CallRow as row {
        /// Block, extrinsic and path: `3010-4-0.3`.
        id: String = format!("{}-{}-{}", row.block_number, row.extrinsic_index, row.path),
        /// Its extrinsic: `3010-4`.
        extrinsic_id: String = format!("{}-{}", row.block_number, row.extrinsic_index),
        /// Height of the block.
        block_number: u64 = row.block_number,
        /// Time of the block.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Order in the tree, from 0.
        call_index: u32 = row.call_index,
        /// Order of the call it stands in; null for the outer call.
        parent_index: Option<u32> = row.parent_index,
        /// Path from the outer call `0`.
        path: String = row.path,
        /// Calls around it.
        depth: u32 = row.depth,
        /// Pallet.
        pallet: String = row.pallet,
        /// Name.
        call: String = row.call,
        /// How it stands in the call around it.
        role: String = row.role,
        /// Effective origin: SS58, `Root`, `None` or `Unknown`.
        origin: String = row.origin,
        /// What became of it.
        outcome: String = row.outcome,
        /// Whether it took effect.
        success: Option<bool> = row.success,
        /// `Pallet.Error` where it failed.
        error: Option<String> = row.error,
        /// Arguments; a call inside is `{"$call": path}`.
        args: Raw = Raw::of(row.args),
    }
}

/// Which calls.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Pallet and call: `Balances.transfer_keep_alive`, or the pallet alone.
    #[param(pattern = "^[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)?$")]
    name: Option<String>,
    /// Effective origin: an account, or `Root`, `None`, `Unknown`.
    origin: Option<String>,
    /// Whether it took effect.
    success: Option<bool>,
    /// Of this extrinsic: block and index.
    #[param(pattern = "^[0-9]{1,15}-[0-9]{1,9}$")]
    extrinsic: Option<String>,
}

/// Calls
///
/// Outer calls and the calls inside of them.
#[utoipa::path(get, path = "/api/v1/calls", tag = "chain", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of calls", body = Listing<Call>), Refusals))]
pub(super) async fn list(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<Call>>, ApiError> {
    let (pallet, call) = item_name(filter.name, "call")?;
    let origin = filter.origin.map(|text| match text.parse::<yumascan_chain::AccountId>() {
        Ok(account) => account.to_ss58(),
        Err(_) => text,
    });
    let range = span.build()?;
    let extrinsic = extrinsic_id(filter.extrinsic)?;
    let filter = CallFilter { range, pallet, call, origin, success: filter.success, extrinsic };
    let plan = Plan::new(&app, "calls", &filter, range, &paging).await?;
    let filter = CallFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_calls(&filter, plan.request).await?;
    plan.answer(&app, page).await
}
