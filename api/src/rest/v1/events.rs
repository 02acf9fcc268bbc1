//! Events.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::{query::events::EventFilter, rows::EventRow};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Account, Fields, Paging, Span, accounts, extrinsic_id, item_name},
        listing::{Listing, Plan},
        problem::Refusals,
        scalars::{Json as Raw, Time, time},
    },
};

dto! {
    /// An event.
    Event from EventRow as row {
        /// Block and index: `3010-12`.
        id: String = format!("{}-{}", row.block_number, row.event_index),
        /// Height of its block.
        block_number: u64 = row.block_number,
        /// Index in the block.
        event_index: u32 = row.event_index,
        /// Extrinsic that was being applied: `3010-4`; null outside of extrinsics.
        extrinsic_id: Option<String> = row.extrinsic_index.map(|index| format!("{}-{index}", row.block_number)),
        /// Time of the block.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// `Initialization`, `ApplyExtrinsic` or `Finalization`.
        phase: String = row.phase,
        /// Pallet.
        pallet: String = row.pallet,
        /// Variant.
        variant: String = row.variant,
        /// Fields.
        args: Raw = Raw::of(row.args),
        /// Topics, 0x hex.
        topics: Raw = Raw::of(row.topics),
    }
}

/// When in the execution of a block an event was deposited.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// Before the first extrinsic.
    Initialization,
    /// While applying an extrinsic.
    ApplyExtrinsic,
    /// After the last extrinsic.
    Finalization,
}

/// Which events.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Pallet and variant: `SubtensorModule.StakeAdded`, or the pallet alone.
    #[param(pattern = "^[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)?$")]
    name: Option<String>,
    /// Of this extrinsic: block and index.
    #[param(pattern = "^[0-9]{1,15}-[0-9]{1,9}$")]
    extrinsic: Option<String>,
    /// Deposited in this phase.
    #[param(inline)]
    phase: Option<Phase>,
    /// That name this account.
    #[param(inline)]
    account: Option<Account>,
}

/// Events
#[utoipa::path(get, path = "/api/v1/events", tag = "chain", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of events", body = Listing<Event>), Refusals))]
pub(super) async fn list(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<Event>>, ApiError> {
    let (pallet, variant) = item_name(filter.name, "variant")?;
    let [account] = accounts([&filter.account])?;
    let range = span.build()?;
    let phase = filter.phase.map(|phase| format!("{phase:?}"));
    let extrinsic = extrinsic_id(filter.extrinsic)?;
    let filter = EventFilter { range, pallet, variant, extrinsic, phase, account };
    let plan = Plan::new(&app, "events", &filter, range, &paging).await?;
    let filter = EventFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_events(&filter, plan.request).await?;
    plan.answer(&app, page).await
}
