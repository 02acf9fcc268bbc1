//! Moves of stake.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::{query::market::stake_moves::StakeMoveFilter, rows::StakeMoveRow};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Account, Fields, Least, Paging, Span, accounts, name},
        listing::{Listing, Plan},
        problem::Refusals,
        scalars::{Decimal, Rao, Time, ppm, price, rao, time},
    },
};

dto! {
    /// An event that moved stake, or stood for moving it.
    StakeMove from StakeMoveRow as row {
        /// The event: `3010-12`.
        id: String = format!("{}-{}", row.block_number, row.event_index),
        /// Height of its block.
        block_number: u64 = row.block_number,
        /// Extrinsic in whose application it happened.
        extrinsic_id: Option<String> = row.extrinsic_index.map(|index| format!("{}-{index}", row.block_number)),
        /// Time of the block.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// The event in snake case.
        kind: String = row.kind,
        /// Whose stake it was, SS58.
        coldkey: Option<String> = row.coldkey,
        /// Hotkey it was staked to, SS58.
        hotkey: Option<String> = row.hotkey,
        /// Subnet it was staked on.
        netuid: Option<u16> = row.netuid,
        /// Whose stake it is after a move, SS58.
        to_coldkey: Option<String> = row.to_coldkey,
        /// Hotkey after a move, SS58.
        to_hotkey: Option<String> = row.to_hotkey,
        /// Subnet after a move.
        to_netuid: Option<u16> = row.to_netuid,
        /// TAO, rao.
        tao_rao: Option<Rao> = rao(row.tao_rao),
        /// Alpha, alpha-rao.
        alpha_rao: Option<Rao> = rao(row.alpha_rao),
        /// Fee of the swap, in `fee_unit`.
        fee: Option<Rao> = rao(row.fee),
        /// `rao` or `alpha_rao`.
        fee_unit: Option<String> = row.fee_unit,
        /// `buy` or `sell` where the event swapped against the pool of `netuid`.
        side: Option<String> = row.side,
        /// Price of alpha in the state of the parent block, TAO.
        price_tao: Option<Decimal> = price(row.price_bits),
        /// How much less came out than the net amount at that price would have given, a fraction.
        slippage_ratio: Option<Decimal> = ppm(row.slippage.map(i64::from)),
    }
}

/// Side of a trade.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    /// TAO for alpha.
    Buy,
    /// Alpha for TAO.
    Sell,
}

/// Which stake moves.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// From or to this subnet.
    #[param(minimum = 0, maximum = 65535)]
    netuid: Option<u16>,
    /// Whose stake it was or is.
    #[param(inline)]
    coldkey: Option<Account>,
    /// From or to this hotkey.
    #[param(inline)]
    hotkey: Option<Account>,
    /// The event in snake case, e.g. `stake_added`.
    #[param(pattern = "^[a-z_]+$")]
    kind: Option<String>,
    /// Only what went through a pool.
    #[param(inline)]
    side: Option<Side>,
    /// At least so much TAO, rao.
    #[param(inline)]
    min_tao_rao: Option<Least>,
}

/// Moves of stake
#[utoipa::path(get, path = "/api/v1/stake-moves", tag = "accounts", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of stake moves", body = Listing<StakeMove>), Refusals))]
pub(super) async fn list(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<StakeMove>>, ApiError> {
    let [coldkey, hotkey] = accounts([&filter.coldkey, &filter.hotkey])?;
    let range = span.build()?;
    let side = filter.side.map(|side| match side {
        Side::Buy => "buy".to_owned(),
        Side::Sell => "sell".to_owned(),
    });
    let kind = name("kind", filter.kind, |c| c.is_ascii_lowercase() || c == '_')?;
    let (netuid, min_tao_rao) = (filter.netuid, filter.min_tao_rao.map(|least| least.0));
    let filter = StakeMoveFilter { range, netuid, coldkey, hotkey, kind, side, min_tao_rao };
    let plan = Plan::new(&app, "stakeMoves", &filter, range, &paging).await?;
    let filter = StakeMoveFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_stake_moves(&filter, plan.request).await?;
    plan.answer(&app, page).await
}
