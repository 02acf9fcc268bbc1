//! Emission by subnet, and the supply of TAO.

use axum::Json;
use yumascan_warehouse::query::market::emissions::{SubnetEmission, Supply};

use crate::{
    ApiError,
    rest::{
        extract::At,
        listing::{Listing, Single, all_at, at_moment},
        problem::Refusals,
        scalars::{Decimal, Rao, rao, share_ppm},
        state::{AtBlock, unknown},
    },
};

dto! {
    /// What a subnet received in a block.
    Emission from SubnetEmission as row {
        /// Subnet.
        netuid: u16 = row.netuid,
        /// Block after which it was read.
        block_number: u64 = row.block_number,
        /// TAO injected into the pool, rao.
        tao_in_rao: Option<Rao> = rao(row.tao_in_rao),
        /// TAO for which the chain bought alpha, rao.
        chain_buy_rao: Option<Rao> = rao(row.chain_buy_rao),
        /// Alpha injected into the pool, alpha-rao.
        alpha_in_rao: Option<Rao> = rao(row.alpha_in_rao),
        /// Alpha for participants, alpha-rao.
        alpha_out_rao: Option<Rao> = rao(row.alpha_out_rao),
        /// Of it for the owner, alpha-rao.
        owner_alpha_rao: Option<Rao> = rao(row.owner_rao),
        /// For miners, alpha-rao.
        miners_alpha_rao: Option<Rao> = rao(row.miners_rao),
        /// For validators and those who stake alpha to them, alpha-rao.
        validators_alpha_rao: Option<Rao> = rao(row.validators_rao),
        /// For root stakers, alpha-rao.
        root_alpha_rao: Option<Rao> = rao(row.root_rao),
        /// Its part of the TAO that all subnets received.
        share_ratio: Option<Decimal> = share_ppm(row.share_ppm),
    }
}

dto! {
    /// The next halving, if every block emits what the next one does and nothing is recycled.
    Halving from yumascan_protocol::supply::NextHalving as row {
        /// Issuance at which it halves, rao.
        threshold_rao: Rao = row.threshold_rao.into(),
        /// What is left to issue until then, rao.
        left_rao: Rao = row.left_rao.into(),
        /// Blocks until then.
        block_count: u64 = row.blocks,
    }
}

dto! {
    /// The supply of TAO.
    SupplyView from Supply as row {
        /// TAO ever issued less what was recycled, rao.
        total_issuance_rao: Option<Rao> = rao(row.network.total_issuance_rao),
        /// TAO in accounts, rao.
        balances_issuance_rao: Option<Rao> = rao(row.network.balances_issuance_rao),
        /// TAO that the next block may emit, rao.
        block_emission_rao: Option<Rao> = rao(row.network.block_emission_rao),
        /// TAO in the pools of subnets, rao.
        subnets_tao_rao: Rao = row.subnets_tao_rao.into(),
        /// TAO staked on root, rao.
        root_tao_rao: Option<Rao> = rao(row.root_tao_rao),
        /// What all alpha outside of pools is worth, rao.
        alpha_worth_rao: Rao = row.alpha_worth_rao.into(),
        /// The next halving; null where nothing is left to issue.
        next_halving: Option<Halving> = row.halving.map(Into::into),
    }
}

/// Emission by subnet
///
/// What every subnet but root received in a block, the most first.
#[utoipa::path(get, path = "/api/v1/emissions", tag = "subnets", params(At),
    responses((status = 200, description = "The most first", body = Listing<Emission>), Refusals))]
pub(super) async fn emissions(state: AtBlock) -> Result<Json<Listing<Emission>>, ApiError> {
    let rows = state.warehouse().list_emissions(&state.0.moment).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &state.0.moment))
}

/// The supply of TAO
///
/// At a block.
#[utoipa::path(get, path = "/api/v1/supply", tag = "chain", params(At),
    responses((status = 200, description = "The supply", body = Single<SupplyView>), Refusals))]
pub(super) async fn supply(state: AtBlock) -> Result<Json<Single<SupplyView>>, ApiError> {
    let found = state.warehouse().find_supply(&state.0.moment).await?;
    let supply = found
        .ok_or_else(|| unknown("the state of the chain as a whole is not known at this block".into()))?;
    Ok(at_moment(supply.into(), &state.0.moment))
}
