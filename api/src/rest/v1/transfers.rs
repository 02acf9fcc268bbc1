//! Transfers of TAO.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use yumascan_warehouse::{query::transfers::TransferFilter, rows::TransferRow};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Account, Fields, Least, Paging, Span, accounts},
        listing::{Listing, Plan},
        problem::Refusals,
        scalars::{Rao, Time, time},
    },
};

dto! {
    /// A transfer of TAO: an event `Balances.Transfer`.
    Transfer from TransferRow as row {
        /// The event: `3010-12`.
        id: String = format!("{}-{}", row.block_number, row.event_index),
        /// Height of its block.
        block_number: u64 = row.block_number,
        /// Extrinsic that made it: `3010-4`; null outside of extrinsics.
        extrinsic_id: Option<String> = row.extrinsic_index.map(|index| format!("{}-{index}", row.block_number)),
        /// Time of the block.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Sender, SS58.
        from: String = row.from_account,
        /// Receiver, SS58.
        to: String = row.to_account,
        /// Amount, rao.
        amount_rao: Rao = row.amount_rao.into(),
    }
}

/// Which transfers.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Sender or receiver.
    #[param(inline)]
    account: Option<Account>,
    /// Sender.
    #[param(inline)]
    from: Option<Account>,
    /// Receiver.
    #[param(inline)]
    to: Option<Account>,
    /// At least this much, rao.
    #[param(inline)]
    min_amount_rao: Option<Least>,
}

/// Transfers of TAO
#[utoipa::path(get, path = "/api/v1/transfers", tag = "chain", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of transfers", body = Listing<Transfer>), Refusals))]
pub(super) async fn list(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<Transfer>>, ApiError> {
    let [account, from, to] = accounts([&filter.account, &filter.from, &filter.to])?;
    let range = span.build()?;
    let filter = TransferFilter {
        range,
        account,
        from,
        to,
        min_amount_rao: filter.min_amount_rao.map(|least| least.0),
    };
    let plan = Plan::new(&app, "transfers", &filter, range, &paging).await?;
    let filter = TransferFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_transfers(&filter, plan.request).await?;
    plan.answer(&app, page).await
}
