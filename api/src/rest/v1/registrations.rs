//! Who came and went, and who would have to go.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::{
    query::market::registrations::{PruningPlace, RegistrationFilter},
    rows::{DeregistrationRow, RegistrationRow},
};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Account, At, Fields, Paging, Span, accounts},
        listing::{Listing, Plan, all_at},
        problem::Refusals,
        scalars::{Decimal, Rao, Time, moving_price, price, rao, share, time},
        state::AtBlock,
    },
};

dto! {
    /// A neuron or a subnet that was registered.
    Registration from RegistrationRow as row {
        /// Height of the block.
        block_number: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Extrinsic in whose application it happened.
        extrinsic_id: Option<String> = row.extrinsic_index.map(|index| format!("{}-{index}", row.block_number)),
        /// `neuron` or `subnet`.
        kind: String = row.kind,
        /// Subnet.
        netuid: u16 = row.netuid,
        /// Number of the neuron.
        uid: Option<u16> = row.uid,
        /// Hotkey registered, or the owner's hotkey of a subnet, SS58.
        hotkey: Option<String> = row.hotkey,
        /// Its owner, or the owner of the subnet, SS58.
        coldkey: Option<String> = row.coldkey,
        /// Call that registered it.
        method: Option<String> = row.method,
        /// What it cost, rao.
        cost_rao: Option<Rao> = rao(row.cost_rao),
        /// Hotkey that had the uid before, SS58.
        replaced_hotkey: Option<String> = row.replaced_hotkey,
    }
}

dto! {
    /// A neuron or a subnet that lost its place.
    Deregistration from DeregistrationRow as row {
        /// Height of the block.
        block_number: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// `neuron` or `subnet`.
        kind: String = row.kind,
        /// Subnet.
        netuid: u16 = row.netuid,
        /// Number of the neuron.
        uid: Option<u16> = row.uid,
        /// Hotkey that lost its place, SS58.
        hotkey: Option<String> = row.hotkey,
        /// Its owner, SS58.
        coldkey: Option<String> = row.coldkey,
        /// Why.
        reason: String = row.reason,
        /// Hotkey that took the uid, SS58.
        replaced_by: Option<String> = row.replaced_by,
        /// Block at which it had been registered.
        registered_at_block: Option<u64> = row.registered_at,
        /// Its incentive before.
        incentive_ratio: Option<Decimal> = share(row.incentive),
        /// Its emission of the last epoch, alpha-rao.
        emission_rao: Option<Rao> = rao(row.emission_rao),
    }
}

dto! {
    /// A subnet in the order of pruning.
    Pruning from PruningPlace as row {
        /// Subnet.
        netuid: u16 = row.netuid,
        /// 1 is the next to be pruned; null while immune.
        position: Option<u32> = row.position,
        /// First block without immunity.
        immune_until_block: u64 = row.immune_until,
        /// Block in which it was registered.
        registered_at_block: u64 = row.registered_at,
        /// The moving price by which it is ranked, TAO.
        moving_price_tao: Option<Decimal> = moving_price(Some(row.moving_price_bits)),
        /// What one alpha would be worth if the subnet were dissolved now, TAO.
        liquidation_price_tao: Option<Decimal> = price(row.liquidation_price_bits),
        /// `immune`, `next`, `near` or `low`.
        risk: String = row.risk.to_owned(),
    }
}

/// What is registered.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A neuron.
    Neuron,
    /// A subnet.
    Subnet,
}

/// Which registrations or deregistrations.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Neurons or subnets.
    #[param(inline)]
    kind: Option<Kind>,
    /// Of this subnet.
    #[param(minimum = 0, maximum = 65535)]
    netuid: Option<u16>,
    /// Hotkey or coldkey.
    #[param(inline)]
    account: Option<Account>,
}

impl Filter {
    fn build(self, span: &Span) -> Result<RegistrationFilter, ApiError> {
        let [account] = accounts([&self.account])?;
        let kind = self.kind.map(|kind| match kind {
            Kind::Neuron => "neuron".to_owned(),
            Kind::Subnet => "subnet".to_owned(),
        });
        Ok(RegistrationFilter { range: span.build()?, kind, netuid: self.netuid, account })
    }
}

/// Registrations
#[utoipa::path(get, path = "/api/v1/registrations", tag = "subnets", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of registrations", body = Listing<Registration>), Refusals))]
pub(super) async fn arrivals(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<Registration>>, ApiError> {
    let filter = filter.build(&span)?;
    let plan = Plan::new(&app, "registrations", &filter, filter.range, &paging).await?;
    let filter = RegistrationFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_registrations(&filter, plan.request).await?;
    plan.answer(&app, page).await
}

/// Deregistrations
#[utoipa::path(get, path = "/api/v1/deregistrations", tag = "subnets", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of deregistrations", body = Listing<Deregistration>), Refusals))]
pub(super) async fn departures(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<Deregistration>>, ApiError> {
    let filter = filter.build(&span)?;
    let plan = Plan::new(&app, "deregistrations", &filter, filter.range, &paging).await?;
    let filter = RegistrationFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_deregistrations(&filter, plan.request).await?;
    plan.answer(&app, page).await
}

/// Subnets in the order of pruning
///
/// At a block: the next to go first, immune ones last, without root.
#[utoipa::path(get, path = "/api/v1/pruning", tag = "subnets", params(At),
    responses((status = 200, description = "The next to go first", body = Listing<Pruning>), Refusals))]
pub(super) async fn pruning(state: AtBlock) -> Result<Json<Listing<Pruning>>, ApiError> {
    let rows = state.warehouse().list_pruning(&state.0.moment).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &state.0.moment))
}
