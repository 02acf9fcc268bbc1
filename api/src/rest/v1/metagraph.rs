//! Neurons of subnets, and their weights.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;
use yumascan_warehouse::rows::{NeuronStateRow, WeightsRow};

use crate::{
    ApiError,
    error::Nearest,
    rest::{
        extract::{At, Fields, Height, Segments},
        listing::{Listing, Single, all_at, at_moment},
        problem::Refusals,
        scalars::{Decimal, Json as Raw, Rao, Time, rao, share, time},
        state::AtBlock,
    },
};

dto! {
    /// A neuron as an epoch, or its registration since, left it.
    Neuron from NeuronStateRow as row {
        /// Subnet.
        netuid: u16 = row.netuid,
        /// Number in the subnet.
        uid: u16 = row.uid,
        /// Block after which the state was read: an epoch's, or of its registration.
        block_number: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// SS58; null where the state has none.
        hotkey: Option<String> = row.hotkey,
        /// Owner of the hotkey, SS58.
        coldkey: Option<String> = row.coldkey,
        /// Block in which it was registered.
        registered_at_block: Option<u64> = row.registered_at,
        /// Block in which its weights were last set or committed.
        last_update_block: Option<u64> = row.last_update,
        /// Whether it set weights lately.
        active: Option<bool> = row.active,
        /// Whether it may set weights.
        validator_permit: Option<bool> = row.validator_permit,
        /// Its share of the stake, a fraction of the greatest.
        stake_weight_ratio: Option<Decimal> = share(row.stake_weight),
        /// Alpha staked to the hotkey on the subnet, alpha-rao.
        alpha_stake_rao: Option<Rao> = rao(row.alpha_stake_rao),
        /// TAO staked to the hotkey on root, rao.
        root_stake_rao: Option<Rao> = rao(row.root_stake_rao),
        /// Consensus.
        consensus_ratio: Option<Decimal> = share(row.consensus),
        /// Incentive in mechanism 0.
        incentive_ratio: Option<Decimal> = share(row.incentive),
        /// Dividends.
        dividends_ratio: Option<Decimal> = share(row.dividends),
        /// Trust of the validator.
        validator_trust_ratio: Option<Decimal> = share(row.validator_trust),
        /// Rank; older runtimes only.
        rank_ratio: Option<Decimal> = share(row.rank),
        /// Trust; older runtimes only.
        trust_ratio: Option<Decimal> = share(row.trust),
        /// Score of the last epoch, alpha-rao.
        emission_rao: Option<Rao> = rao(row.emission_rao),
        /// Alpha paid to it as a miner by this epoch, alpha-rao; null where no epoch ran or the runtime does not say.
        miner_alpha_rao: Option<Rao> = rao(row.miner_alpha_rao),
        /// Incentive in each mechanism from 0.
        mechanism_incentive_ratios: Vec<Decimal> = row.mech_incentives.into_iter().filter_map(|part| share(Some(part))).collect(),
        /// Where it serves; null where it does not say.
        axon: Raw = Raw::maybe(row.axon),
    }
}

dto! {
    /// Weights of a neuron after an epoch, as stored: parts of 65535.
    NeuronWeights from WeightsRow as row {
        /// Block of the epoch.
        block_number: u64 = row.block_number,
        /// Mechanism.
        mechid: u8 = row.mechid,
        /// Neuron that has them.
        uid: u16 = row.uid,
        /// Neurons they are of.
        targets: Vec<u16> = row.targets,
        /// One a target, parts of 65535.
        weights: Vec<u16> = row.values,
    }
}

/// The metagraph of a subnet
///
/// Its neurons at a block, by uid.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/metagraph", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At),
    responses((status = 200, description = "All neurons", body = Listing<Neuron>), Refusals))]
pub(super) async fn list(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
) -> Result<Json<Listing<Neuron>>, ApiError> {
    let subnet = state.0.subnet(netuid).await?;
    let rows = state.warehouse().list_metagraph(&subnet, &state.0.moment).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &state.0.moment))
}

/// A neuron
///
/// At a block.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/neurons/{uid}", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1),
        ("uid" = u16, Path, description = "Number of the neuron", maximum = 65535, example = 0), At),
    responses((status = 200, description = "The neuron", body = Single<Neuron>), Refusals))]
pub(super) async fn get(
    Segments((netuid, uid)): Segments<(u16, u16)>,
    state: AtBlock,
) -> Result<Json<Single<Neuron>>, ApiError> {
    let subnet = state.0.subnet(netuid).await?;
    let found = state.warehouse().find_neuron(&subnet, uid, &state.0.moment).await?;
    let row = found.ok_or_else(|| {
        let highest = subnet.neuron_count.and_then(|count| count.checked_sub(1));
        ApiError::NotFound {
            code: "UNKNOWN_NEURON",
            message: format!("subnet {netuid} has no uid {uid} at block {}", state.0.moment.block),
            nearest: highest.map(|uid| Nearest::Uid { uid }).into_iter().collect(),
        }
    })?;
    Ok(at_moment(row.into(), &state.0.moment))
}

/// How far back.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Past {
    /// Lowest block.
    #[param(inline)]
    from_block: Option<Height>,
    /// Rows, newest first.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    limit: Option<u32>,
}

/// A neuron over epochs
///
/// Its states at a block and before, newest first: one an epoch. Its hotkey may change.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/neurons/{uid}/history", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1),
        ("uid" = u16, Path, description = "Number of the neuron", maximum = 65535, example = 0), At, Past),
    responses((status = 200, description = "Newest first", body = Listing<Neuron>), Refusals))]
pub(super) async fn history(
    Segments((netuid, uid)): Segments<(u16, u16)>,
    state: AtBlock,
    Fields(past): Fields<Past>,
) -> Result<Json<Listing<Neuron>>, ApiError> {
    let moment = state.0.moment;
    let limit = super::limit(past.limit)?;
    let from = past.from_block.map_or(0, |height| height.0);
    let rows = state.warehouse().list_neuron_history(netuid, uid, from, moment.block, limit).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &moment))
}

/// Which weights.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfMechanism {
    /// Mechanism; 0 where it is left out.
    #[param(minimum = 0, maximum = 255)]
    mechid: Option<u8>,
    /// Of this neuron only.
    #[param(minimum = 0, maximum = 65535)]
    uid: Option<u16>,
}

/// Weights of a subnet
///
/// After its last stored epoch at or before a block.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/weights", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At, OfMechanism),
    responses((status = 200, description = "By uid; empty where no epoch is stored", body = Listing<NeuronWeights>), Refusals))]
pub(super) async fn weights(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
    Fields(asked): Fields<OfMechanism>,
) -> Result<Json<Listing<NeuronWeights>>, ApiError> {
    let moment = state.0.moment;
    let Some(epoch) = state.warehouse().find_epoch_block(netuid, moment.block).await? else {
        return Ok(all_at(Vec::new(), &moment));
    };
    let rows = state.warehouse().list_weights(netuid, asked.mechid.unwrap_or(0), epoch, asked.uid).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &moment))
}
