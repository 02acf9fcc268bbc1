//! Emission and supply.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};
use yumascan_warehouse::query::market::emissions::{SubnetEmission, Supply};

use super::{
    super::scalars::{BlockNumber, Long, Rao},
    amounts::Decimal,
    moment::{Market, StateAsOf},
};

/// What a subnet received in one block.
#[derive(Debug, SimpleObject)]
#[graphql(name = "SubnetEmission")]
pub(crate) struct EmissionView {
    /// Subnet.
    netuid: u16,
    /// Block.
    block_number: BlockNumber,
    /// Its part of the TAO that all subnets received, a fraction; null while that is not known of every subnet.
    share: Option<Decimal>,
    /// TAO injected into the pool, rao; 0 where the replay of the block says that it received nothing.
    tao_in_rao: Option<Rao>,
    /// TAO for which the chain bought alpha, rao. Source: SubnetExcessTao, else the replay of the block.
    chain_buy_rao: Option<Rao>,
    /// Alpha injected into the pool, rao of alpha.
    alpha_in_rao: Option<Rao>,
    /// Alpha for participants, rao of alpha; the following are its parts.
    alpha_out_rao: Option<Rao>,
    /// For the owner, rao of alpha.
    owner_rao: Option<Rao>,
    /// For miners, rao of alpha.
    miners_rao: Option<Rao>,
    /// For validators and those who stake alpha to them, rao of alpha.
    validators_rao: Option<Rao>,
    /// For root stakers, rao of alpha.
    root_rao: Option<Rao>,
}

impl From<SubnetEmission> for EmissionView {
    fn from(of: SubnetEmission) -> Self {
        let amount = |rao: Option<u64>| rao.map(|rao| Rao(rao.into()));
        Self {
            netuid: of.netuid,
            block_number: BlockNumber(of.block_number),
            share: of.share_ppm.map(Decimal::share_ppm),
            tao_in_rao: amount(of.tao_in_rao),
            chain_buy_rao: amount(of.chain_buy_rao),
            alpha_in_rao: amount(of.alpha_in_rao),
            alpha_out_rao: amount(of.alpha_out_rao),
            owner_rao: amount(of.owner_rao),
            miners_rao: amount(of.miners_rao),
            validators_rao: amount(of.validators_rao),
            root_rao: amount(of.root_rao),
        }
    }
}

/// The supply of TAO at a block.
pub(crate) struct SupplyView {
    pub(crate) market: Arc<Market>,
    pub(crate) of: Supply,
}

fn rao(amount: Option<u64>) -> Option<Rao> {
    amount.map(|amount| Rao(amount.into()))
}

/// The supply of TAO at a block.
#[Object(name = "Supply")]
impl SupplyView {
    /// TAO ever issued less what was recycled, rao (`TotalIssuance`).
    async fn total_issuance_rao(&self) -> Option<Rao> {
        rao(self.of.network.total_issuance_rao)
    }
    /// TAO in accounts, rao (`Balances.TotalIssuance`).
    async fn balances_issuance_rao(&self) -> Option<Rao> {
        rao(self.of.network.balances_issuance_rao)
    }
    /// Most TAO there will be, rao.
    async fn max_supply_rao(&self) -> Rao {
        Rao(yumascan_protocol::supply::MAX_SUPPLY_RAO.into())
    }
    /// TAO that the next block may emit, rao.
    async fn block_emission_rao(&self) -> Option<Rao> {
        rao(self.of.network.block_emission_rao)
    }
    /// TAO staked on root, rao.
    async fn root_stake_rao(&self) -> Option<Rao> {
        rao(self.of.root_tao_rao)
    }
    /// TAO in the pools of subnets, rao.
    async fn subnet_pools_rao(&self) -> Rao {
        Rao(self.of.subnets_tao_rao)
    }
    /// What all alpha outside of pools is worth at its prices, rao.
    async fn alpha_worth_rao(&self) -> Rao {
        Rao(self.of.alpha_worth_rao)
    }
    /// The chain's own running count of TAO in pools, rao; approximate (`TotalStake`).
    async fn total_stake_rao(&self) -> Option<Rao> {
        rao(self.of.network.total_stake_rao)
    }
    /// Part of the issuance that is staked on root or in pools, a fraction.
    async fn staked_share(&self) -> Option<Decimal> {
        let staked = u128::from(self.of.root_tao_rao?).checked_add(self.of.subnets_tao_rao)?;
        let issued = u128::from(self.of.network.total_issuance_rao?);
        yumascan_protocol::valuation::share_ppm(staked, issued).map(Decimal::share_ppm)
    }
    /// The next halving of what a block emits; null where nothing is left to issue.
    async fn next_halving(&self) -> Option<Halving> {
        let forecast = self.of.halving?;
        Some(Halving {
            threshold_rao: Rao(forecast.threshold_rao.into()),
            left_rao: Rao(forecast.left_rao.into()),
            blocks: Long(forecast.blocks),
            block: BlockNumber(self.market.moment.block.saturating_add(forecast.blocks)),
        })
    }
    /// Subnets, root included.
    async fn subnet_count(&self) -> Option<u16> {
        self.of.network.subnet_count
    }
    /// The block at which this holds.
    async fn as_of(&self) -> StateAsOf {
        self.market.as_of()
    }
}

/// A halving to come, if every block emits what the next one does and nothing is recycled: what is recycled is issued
/// again and delays it.
#[derive(Debug, SimpleObject)]
pub(crate) struct Halving {
    /// Issuance at which the emission of a block halves, rao.
    threshold_rao: Rao,
    /// What is left to issue until then, rao.
    left_rao: Rao,
    /// Blocks until then.
    blocks: Long,
    /// Height of that block.
    block: BlockNumber,
}
