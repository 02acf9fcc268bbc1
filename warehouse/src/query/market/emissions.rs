//! Emission by subnet and what it splits into, and the supply of TAO.

use serde::Serialize;
use yumascan_protocol::{
    emission::root_proportion,
    fixed::{U64F64, U96F32},
    supply::{self, NextHalving},
    valuation::share_ppm,
};

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    rows::{NetworkStateRow, SubnetPeriodRow, SubnetStateRow},
};

/// What a subnet received in one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubnetEmission {
    /// Subnet.
    pub netuid: u16,
    /// Block after which it was read.
    pub block_number: u64,
    /// TAO injected into the pool, rao.
    pub tao_in_rao: Option<u64>,
    /// TAO for which the chain bought alpha, rao.
    pub chain_buy_rao: Option<u64>,
    /// Alpha injected into the pool, alpha-rao.
    pub alpha_in_rao: Option<u64>,
    /// Alpha for participants, alpha-rao.
    pub alpha_out_rao: Option<u64>,
    /// Of it for the owner, alpha-rao.
    pub owner_rao: Option<u64>,
    /// For miners.
    pub miners_rao: Option<u64>,
    /// For validators and those who stake alpha to them.
    pub validators_rao: Option<u64>,
    /// For root stakers.
    pub root_rao: Option<u64>,
    /// Its part of the TAO that all subnets received, parts per million.
    pub share_ppm: Option<u64>,
}

/// The supply of TAO at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Supply {
    /// The state it is made of.
    pub network: NetworkStateRow,
    /// The next halving, if every block emits what the next one does and nothing is recycled.
    #[serde(skip)]
    pub halving: Option<NextHalving>,
    /// TAO in the pools of subnets, rao.
    pub subnets_tao_rao: u128,
    /// TAO staked on root, rao.
    pub root_tao_rao: Option<u64>,
    /// What all alpha outside of pools is worth at the prices of the moment, rao.
    pub alpha_worth_rao: u128,
}

impl Warehouse {
    /// What every subnet but root received in the block of the moment, the most first.
    pub async fn list_emissions(&self, moment: &Moment) -> Result<Vec<SubnetEmission>, WarehouseError> {
        let (subnets, network) = futures::try_join!(self.list_subnets(moment), self.find_network(moment))?;
        Ok(emissions_of(&subnets, network.as_ref()))
    }

    /// Supply of TAO at a moment; `None` where the state of the chain as a whole is not known.
    pub async fn find_supply(&self, moment: &Moment) -> Result<Option<Supply>, WarehouseError> {
        let (subnets, network) = futures::try_join!(self.list_subnets(moment), self.find_network(moment))?;
        let Some(network) = network else { return Ok(None) };
        let of_subnets = || subnets.iter().filter(|row| row.netuid != 0);
        let worth = |row: &SubnetStateRow| {
            let price = U96F32::from_bits(row.price_bits?);
            Some(yumascan_protocol::valuation::worth_rao(row.alpha_out_rao?, price))
        };
        Ok(Some(Supply {
            halving: network.total_issuance_rao.and_then(supply::forecast_halving),
            subnets_tao_rao: of_subnets().filter_map(|row| row.tao_in_rao).map(u128::from).sum(),
            root_tao_rao: network.root_tao_rao,
            alpha_worth_rao: of_subnets().filter_map(worth).sum(),
            network,
        }))
    }
}

/// Emissions of these subnets, which must be all of a moment.
#[must_use]
pub fn emissions_of(subnets: &[SubnetStateRow], network: Option<&NetworkStateRow>) -> Vec<SubnetEmission> {
    let received = |row: &SubnetStateRow| {
        row.tao_in_emission_rao.map(|rao| u128::from(rao) + u128::from(row.excess_tao_rao.unwrap_or(0)))
    };
    let subnets: Vec<_> = subnets.iter().filter(|row| row.netuid != 0).collect();
    let total: u128 = subnets.iter().filter_map(|row| received(row)).sum();
    let mut emissions: Vec<_> = subnets
        .into_iter()
        .map(|row| {
            let split = split(row, network);
            SubnetEmission {
                netuid: row.netuid,
                block_number: row.block_number,
                tao_in_rao: row.tao_in_emission_rao,
                chain_buy_rao: row.excess_tao_rao,
                alpha_in_rao: row.alpha_in_emission_rao,
                alpha_out_rao: row.alpha_out_emission_rao,
                owner_rao: split.map(|split| split.owner_rao),
                miners_rao: split.map(|split| split.miners_rao),
                validators_rao: split.map(|split| split.validators_rao),
                root_rao: split.map(|split| split.root_rao),
                share_ppm: received(row).and_then(|rao| share_ppm(rao, total)),
            }
        })
        .collect();
    emissions.sort_by(|a, b| b.share_ppm.cmp(&a.share_ppm).then(a.netuid.cmp(&b.netuid)));
    emissions
}

/// The alpha of a block, split.
#[derive(Debug, Clone, Copy)]
struct Split {
    owner_rao: u64,
    miners_rao: u64,
    validators_rao: u64,
    root_rao: u64,
}

/// The owner's cut, half of the rest to miners, and of the other half root's proportion to root. Takes of validators are
/// in what validators receive; what root does not receive where the pools' prices sum to too little is in it too.
fn split(row: &SubnetStateRow, network: Option<&NetworkStateRow>) -> Option<Split> {
    let network = network?;
    let alpha = row.alpha_out_emission_rao?;
    let cut = U64F64::from_u16_share(network.subnet_owner_cut?);
    let root_part = match row.root_prop_bits {
        Some(bits) => U96F32::from_bits(bits),
        None => {
            let issuance = row.alpha_in_rao?.saturating_add(row.alpha_out_rao?);
            root_proportion(network.root_tao_rao?, network.tao_weight?, issuance)
        }
    };
    let owner_rao = U64F64::from_u64(alpha).saturating_mul(cut).to_u64();
    let rest = alpha - owner_rao.min(alpha);
    let miners_rao = rest / 2;
    let half = rest - miners_rao;
    let root_rao = U96F32::from_u64(half).saturating_mul(root_part).to_u64().min(half);
    Some(Split { owner_rao, miners_rao, validators_rao: half - root_rao, root_rao })
}

/// Sums of emission over periods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EmissionSums {
    /// Blocks summed over.
    pub reads: u64,
    /// TAO injected, rao.
    pub tao_in_rao: Option<u128>,
    /// TAO of the chain's buys, rao.
    pub chain_buy_rao: Option<u128>,
    /// Alpha injected, alpha-rao.
    pub alpha_in_rao: Option<u128>,
    /// Alpha for participants, alpha-rao.
    pub alpha_out_rao: Option<u128>,
}

impl EmissionSums {
    /// Over these periods.
    #[must_use]
    pub fn of<'r>(periods: impl Iterator<Item = &'r SubnetPeriodRow>) -> Self {
        let add = |sum: &mut Option<u128>, part: Option<u128>| {
            if let Some(part) = part {
                *sum = Some(sum.unwrap_or(0).saturating_add(part));
            }
        };
        let mut sums = Self::default();
        for period in periods {
            sums.reads += period.reads;
            add(&mut sums.tao_in_rao, period.tao_in_emission_rao);
            add(&mut sums.chain_buy_rao, period.chain_buy_rao);
            add(&mut sums.alpha_in_rao, period.alpha_in_emission_rao);
            add(&mut sums.alpha_out_rao, period.alpha_out_emission_rao);
        }
        sums
    }
}
