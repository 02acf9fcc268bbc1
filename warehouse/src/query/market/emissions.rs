//! Emission by subnet and what it splits into, and the supply of TAO.

use std::collections::HashMap;

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
    query::sql::Sql,
    rows::{NetworkStateRow, SubnetPeriodRow, SubnetStateRow},
};

/// What a subnet received in one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubnetEmission {
    /// Subnet.
    pub netuid: u16,
    /// Block after which it was read.
    pub block_number: u64,
    /// TAO injected into the pool, rao; 0 where the replay of the coinbase says that it received nothing, though the
    /// chain keeps the amount of an earlier block.
    pub tao_in_rao: Option<u64>,
    /// TAO for which the chain bought alpha, rao: as stored, as the replay of the coinbase has it where the runtime does
    /// not store it, `None` where neither is there.
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
    /// Its part of the TAO that all subnets received, parts per million; `None` while it is not known of all.
    pub share_ppm: Option<u64>,
}

impl SubnetEmission {
    /// TAO that it received in the block: injected and of the chain's buy, rao.
    #[must_use]
    pub fn received_rao(&self) -> Option<u64> {
        self.tao_in_rao?.checked_add(self.chain_buy_rao?)
    }
}

/// First runtime whose coinbase may buy alpha with TAO that the cap keeps out of a pool.
const FIRST_CHAIN_BUYS: u32 = 298;

/// TAO injected and of the chain's buy as replayed, rao, by subnet and block.
type Replayed = HashMap<(u16, u64), (u64, u64)>;

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
        self.list_emissions_of(&subnets, network.as_ref()).await
    }

    /// The same of these subnets, which must be all of a moment. Without the network the alpha is not split.
    pub async fn list_emissions_of(
        &self,
        subnets: &[SubnetStateRow],
        network: Option<&NetworkStateRow>,
    ) -> Result<Vec<SubnetEmission>, WarehouseError> {
        let blocks = || subnets.iter().map(|row| row.block_number);
        let (Some(from), Some(to)) = (blocks().min(), blocks().max()) else { return Ok(Vec::new()) };
        let sql = Sql::new(
            "SELECT netuid, block_number, assumeNotNull(tao_in_rao), assumeNotNull(chain_buy_rao) \
             FROM emission_verifications WHERE block_number BETWEEN ? AND ? AND verdict IN ('verified', 'excused') \
             AND isNotNull(tao_in_rao) AND isNotNull(chain_buy_rao)",
        );
        let found = self
            .fetch_all::<(u16, u64, u64, u64)>("list replayed emissions", sql.bind(from).bind(to))
            .await?
            .into_iter()
            .map(|(netuid, block, tao_in, bought)| ((netuid, block), (tao_in, bought)));
        Ok(emissions_of(subnets, network, &found.collect()))
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

fn emissions_of(
    subnets: &[SubnetStateRow],
    network: Option<&NetworkStateRow>,
    replayed: &Replayed,
) -> Vec<SubnetEmission> {
    let mut emissions: Vec<_> = subnets
        .iter()
        .filter(|row| row.netuid != 0)
        .map(|row| {
            let split = split(row, network);
            let replay = replayed.get(&(row.netuid, row.block_number));
            let none_of_old = (row.spec_version < FIRST_CHAIN_BUYS).then_some(0);
            SubnetEmission {
                netuid: row.netuid,
                block_number: row.block_number,
                tao_in_rao: replay.map(|replay| replay.0).or(row.tao_in_emission_rao),
                chain_buy_rao: row.excess_tao_rao.or(replay.map(|replay| replay.1)).or(none_of_old),
                alpha_in_rao: row.alpha_in_emission_rao,
                alpha_out_rao: row.alpha_out_emission_rao,
                owner_rao: split.map(|split| split.owner_rao),
                miners_rao: split.map(|split| split.miners_rao),
                validators_rao: split.map(|split| split.validators_rao),
                root_rao: split.map(|split| split.root_rao),
                share_ppm: None,
            }
        })
        .collect();
    let total: Option<u128> = emissions.iter().map(|of| of.received_rao().map(u128::from)).sum();
    for of in &mut emissions {
        let received = of.received_rao().map(u128::from);
        of.share_ppm = received.zip(total).and_then(|(received, total)| share_ppm(received, total));
    }
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
        let mut bought = Some(0_u128);
        for period in periods {
            sums.reads += period.reads;
            add(&mut sums.tao_in_rao, period.tao_in_emission_rao);
            bought = bought.zip(period.chain_buy_rao).map(|(sum, part)| sum.saturating_add(part));
            add(&mut sums.alpha_in_rao, period.alpha_in_emission_rao);
            add(&mut sums.alpha_out_rao, period.alpha_out_emission_rao);
        }
        // known once it is known of all
        sums.chain_buy_rao = bought.filter(|_| sums.reads > 0);
        sums
    }
}
