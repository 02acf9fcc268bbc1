//! Validators.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use yumascan_warehouse::query::market::validators::{Attendance, Relation, Validator, ValidatorSeat};

use super::metagraph::Neuron;
use crate::{
    ApiError,
    rest::{
        extract::{Account, At, Segments},
        listing::{Listing, Single, all_at, at_moment},
        problem::Refusals,
        scalars::{Decimal, Rao, rao, share, share_ppm},
        state::{AtBlock, unknown},
    },
};

dto! {
    /// A hotkey that may set weights on some subnet.
    ValidatorView from Validator as row {
        /// SS58.
        hotkey: String = row.hotkey,
        /// Its owner, SS58.
        coldkey: Option<String> = row.coldkey,
        /// TAO staked to it on root, rao.
        root_stake_rao: Option<Rao> = rao(row.root_stake_rao),
        /// What the alpha staked to it, where it is a validator, is worth, rao.
        alpha_worth_rao: Rao = row.alpha_worth_rao.into(),
        /// Stake weight: root stake by the chain's weight of TAO, and the worth of its alpha, rao.
        weight_rao: Rao = row.weight_rao.into(),
        /// Its part of the stake weight of all validators.
        dominance_ratio: Option<Decimal> = share_ppm(row.dominance_ppm),
        /// Subnets on which it is a validator.
        netuids: Vec<u16> = row.seats.iter().map(|seat| seat.neuron.netuid).collect(),
    }
}

dto! {
    /// A validator on one subnet.
    Seat from ValidatorSeat as row {
        /// What the alpha staked to it is worth, rao.
        alpha_worth_rao: Option<Rao> = rao(row.alpha_worth_rao),
        /// Blocks since it set or committed weights.
        blocks_since_update: Option<u64> = row.blocks_since_update,
        /// Its part of the dividends of the subnet.
        dividend_ratio: Option<Decimal> = share_ppm(row.dividend_share_ppm),
        /// Its neuron, as the last epoch left it.
        neuron: Neuron = row.neuron.into(),
    }
}

dto! {
    /// A relation of parent and child.
    Kinship from Relation as row {
        /// Subnet.
        netuid: u16 = row.netuid,
        /// The other hotkey, SS58.
        hotkey: String = row.hotkey,
        /// Part of the parent's stake that counts for the child, of 2^64 - 1.
        proportion_u64: Rao = row.proportion.into(),
        /// Block since which it holds.
        since_block: u64 = row.since_block,
    }
}

dto! {
    /// Epochs of a validator in the day before the block.
    Attended from Attendance as row {
        /// Subnet.
        netuid: u16 = row.netuid,
        /// Epochs in which it had a permit.
        epoch_count: u64 = row.epochs,
        /// Of them those in which it earned no dividends.
        missed_count: u64 = row.missed,
    }
}

/// A validator with all that is known of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ValidatorDetail {
    /// What it weighs.
    #[serde(flatten)]
    of: ValidatorView,
    /// Its place among all by weight, from 1.
    rank: u64,
    /// Part of the dividends that it keeps; null where it is not known.
    take_ratio: Option<Decimal>,
    /// Where it is a validator.
    seats: Vec<Seat>,
    /// Hotkeys that lend it stake.
    parents: Vec<Kinship>,
    /// Hotkeys to which it lends stake.
    children: Vec<Kinship>,
    /// Epochs of the last day.
    attendance: Vec<Attended>,
    /// Coldkeys with stake on it, a coldkey counts on each subnet.
    nominator_count: u64,
}

/// Validators
///
/// All of them at a block, the weightiest first.
#[utoipa::path(get, path = "/api/v1/validators", tag = "validators", params(At),
    responses((status = 200, description = "The weightiest first", body = Listing<ValidatorView>), Refusals))]
pub(super) async fn list(state: AtBlock) -> Result<Json<Listing<ValidatorView>>, ApiError> {
    let rows = state.warehouse().list_validators(&state.0.moment).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &state.0.moment))
}

/// A validator
///
/// At a block.
#[utoipa::path(get, path = "/api/v1/validators/{hotkey}", tag = "validators",
    params(("hotkey" = inline(Account), Path, description = "SS58, or 0x and 64 hexadecimal digits"), At),
    responses((status = 200, description = "The validator", body = Single<ValidatorDetail>), Refusals))]
pub(super) async fn get(
    Segments(hotkey): Segments<Account>,
    state: AtBlock,
) -> Result<Json<Single<ValidatorDetail>>, ApiError> {
    let hotkey = hotkey.ss58()?;
    let (warehouse, moment) = (state.warehouse(), &state.0.moment);
    let all = warehouse.list_validators(moment).await?;
    let Some(place) = all.iter().position(|validator| validator.hotkey == hotkey) else {
        return Err(unknown(format!("{hotkey} is no validator at block {}", moment.block)));
    };
    let of = all[place].clone();
    let family = warehouse.find_family(&hotkey, moment).await?;
    let detail = ValidatorDetail {
        rank: place as u64 + 1,
        take_ratio: share(warehouse.find_take(&hotkey, moment).await?),
        seats: of.seats.iter().cloned().map(Into::into).collect(),
        parents: family.parents.into_iter().map(Into::into).collect(),
        children: family.children.into_iter().map(Into::into).collect(),
        attendance: warehouse.list_attendance(&hotkey, moment).await?.into_iter().map(Into::into).collect(),
        nominator_count: warehouse.count_nominators(&hotkey, moment).await?.values().sum(),
        of: of.into(),
    };
    Ok(at_moment(detail, moment))
}
