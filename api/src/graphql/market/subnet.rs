//! A subnet at a block.

use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject};
use yumascan_protocol::{fixed::U96F32, pruning::liquidation_price, supply, valuation::Holdings};
use yumascan_warehouse::{
    query::market::{
        changes::{Flow, PriceChange},
        subnets::Generation,
    },
    rows::SubnetStateRow,
};

use super::{
    super::scalars::{AccountId, BlockNumber, Long, Rao, Timestamp},
    amounts::{Bits, Decimal, SignedRao},
    curves::PruningPlaceView,
    moment::{Market, StateAsOf},
};
use crate::ApiError;

/// A subnet at a block.
#[derive(Clone)]
pub(crate) struct Subnet {
    pub(crate) market: Arc<Market>,
    pub(crate) row: Arc<SubnetStateRow>,
}

impl Subnet {
    fn holdings(&self) -> Option<Holdings> {
        Some(Holdings {
            price: U96F32::from_bits(self.row.price_bits?),
            tao_in_rao: self.row.tao_in_rao?,
            alpha_in_rao: self.row.alpha_in_rao?,
            alpha_out_rao: self.row.alpha_out_rao?,
        })
    }
}

fn rao(amount: Option<u64>) -> Option<Rao> {
    amount.map(|amount| Rao(amount.into()))
}

/// A subnet as its state was after a block. What the runtime of that block does not have is null.
#[Object(name = "Subnet")]
impl Subnet {
    /// Number; 0 is root. Numbers are used again: `registeredAt` tells the subnets apart.
    async fn netuid(&self) -> u16 {
        self.row.netuid
    }
    /// Block of its registration (`NetworkRegisteredAt`).
    async fn registered_at(&self) -> Option<BlockNumber> {
        self.row.registered_at.map(BlockNumber)
    }
    /// The chain's own count of registrations of this number (`RegisteredSubnetCounter`, from spec 401).
    async fn generation(&self) -> Option<Long> {
        self.row.generation.map(Long)
    }
    /// All subnets that had the number, oldest first.
    #[graphql(complexity = "10 + 5 * child_complexity")]
    async fn generations(&self) -> Result<Vec<SubnetGeneration>> {
        let listing = self.market.scope.warehouse()?.list_generations(self.row.netuid);
        Ok(listing.await.map_err(ApiError::from)?.into_iter().map(SubnetGeneration::from).collect())
    }
    /// Name in its identity.
    async fn name(&self) -> Option<&str> {
        self.row.name.as_deref()
    }
    /// Symbol of its token.
    async fn symbol(&self) -> Option<&str> {
        self.row.symbol.as_deref()
    }
    /// Coldkey of the owner.
    async fn owner(&self) -> Option<AccountId> {
        self.row.owner.clone().map(AccountId)
    }
    /// Hotkey of the owner.
    async fn owner_hotkey(&self) -> Option<AccountId> {
        self.row.owner_hotkey.clone().map(AccountId)
    }
    /// How the pool prices: `stable` (one to one), `constant_product`, `concentrated` or `balancer`.
    async fn price_model(&self) -> &str {
        &self.row.price_model
    }
    /// TAO for one alpha, as the chain computes it.
    async fn price_tao(&self) -> Option<Decimal> {
        self.row.price_bits.map(Decimal::price)
    }
    /// The same, exact.
    async fn price_bits(&self) -> Option<Bits> {
        self.row.price_bits.map(Bits)
    }
    /// Moving price by which subnets are ranked, TAO for one alpha (`SubnetMovingPrice`).
    async fn moving_price_tao(&self) -> Option<Decimal> {
        self.row.moving_price_bits.map(Decimal::moving_price)
    }
    /// TAO in the pool, rao; of root: all TAO staked on root.
    async fn tao_in_rao(&self) -> Option<Rao> {
        rao(self.row.tao_in_rao)
    }
    /// Alpha in the pool, rao of alpha.
    async fn alpha_in_rao(&self) -> Option<Rao> {
        rao(self.row.alpha_in_rao)
    }
    /// Alpha outside of the pool, staked and pending, rao of alpha.
    async fn alpha_out_rao(&self) -> Option<Rao> {
        rao(self.row.alpha_out_rao)
    }
    /// Market cap of what is staked: price · alpha outside of the pool, rao.
    async fn staked_market_cap_rao(&self) -> Option<Rao> {
        self.holdings().map(|of| Rao(of.staked_cap_rao()))
    }
    /// Market cap of all alpha: price · (alpha in the pool and outside), rao.
    async fn total_market_cap_rao(&self) -> Option<Rao> {
        self.holdings().map(|of| Rao(of.total_cap_rao()))
    }
    /// Fully diluted value: price · 21 million alpha, rao.
    async fn fully_diluted_rao(&self) -> Option<Rao> {
        self.holdings().map(|of| Rao(of.diluted_rao()))
    }
    /// Both sides of the pool in TAO: TAO in it and price · alpha in it, rao.
    async fn liquidity_rao(&self) -> Option<Rao> {
        self.holdings().map(|of| Rao(of.liquidity_rao()))
    }
    /// What one alpha would be worth if the subnet were dissolved now: TAO in the pool over alpha outside of it.
    async fn liquidation_price_tao(&self) -> Option<Decimal> {
        let price = liquidation_price(self.row.tao_in_rao?, self.row.alpha_out_rao?)?;
        Some(Decimal::price(price.to_bits()))
    }
    /// TAO traded since registration, both directions, users and chain, rao (`SubnetVolume`).
    async fn turnover_rao(&self) -> Option<Rao> {
        self.row.volume_rao.map(Rao)
    }
    /// TAO injected into the pool by the last emission, rao.
    async fn tao_in_emission_rao(&self) -> Option<Rao> {
        rao(self.row.tao_in_emission_rao)
    }
    /// TAO for which the chain bought alpha in the block, rao.
    async fn chain_buy_rao(&self) -> Option<Rao> {
        rao(self.row.excess_tao_rao)
    }
    /// Alpha injected into the pool by the last emission, rao of alpha.
    async fn alpha_in_emission_rao(&self) -> Option<Rao> {
        rao(self.row.alpha_in_emission_rao)
    }
    /// Alpha for participants by the last emission, rao of alpha.
    async fn alpha_out_emission_rao(&self) -> Option<Rao> {
        rao(self.row.alpha_out_emission_rao)
    }
    /// Net TAO of users since the last emission, rao (`SubnetTaoFlow`).
    async fn tao_flow_rao(&self) -> Option<SignedRao> {
        self.row.tao_flow_rao.map(|flow| SignedRao(flow.into()))
    }
    /// Share of root in the dividends, a fraction.
    async fn root_proportion(&self) -> Option<Decimal> {
        let bits = self.row.root_prop_bits?;
        Some(Decimal(format!("{:.12}", U96F32::from_bits(bits))))
    }
    /// Blocks until the stakers of its alpha receive more of its dividends than root, if root stake, its weight and the
    /// alpha that a block adds stay as they are. 0: they do already. Null: unknown, or the alpha does not grow.
    async fn blocks_until_root_crossover(&self) -> Result<Option<Long>> {
        let Some(network) = self.market.network().await? else { return Ok(None) };
        let blocks = || {
            let weight = yumascan_protocol::fixed::U64F64::from_u64_share(network.tao_weight?);
            let weighted =
                yumascan_protocol::fixed::U64F64::from_u64(network.root_tao_rao?).saturating_mul(weight);
            let alpha = self.row.alpha_in_rao?.saturating_add(self.row.alpha_out_rao?);
            let growth = self.row.alpha_in_emission_rao?.saturating_add(self.row.alpha_out_emission_rao?);
            supply::blocks_to_crossover(weighted.to_u64(), alpha, growth)
        };
        Ok(blocks().map(Long))
    }
    /// What registering a neuron costs, rao.
    async fn neuron_cost_rao(&self) -> Option<Rao> {
        rao(self.row.burn_rao)
    }
    /// Neurons.
    async fn neuron_count(&self) -> Option<u16> {
        self.row.neuron_count
    }
    /// Mechanisms.
    async fn mechanism_count(&self) -> Option<u8> {
        self.row.mechanism_count
    }
    /// Blocks between epochs, less one.
    async fn tempo_blocks(&self) -> Option<u16> {
        self.row.tempo
    }
    /// Block of the last epoch.
    async fn last_epoch_block(&self) -> Option<BlockNumber> {
        self.row.last_step_block.map(BlockNumber)
    }
    /// Fee of a swap, a fraction.
    async fn swap_fee(&self) -> Option<Decimal> {
        self.row.fee_rate.map(Decimal::share)
    }
    /// Whether alpha can be traded.
    async fn trading_enabled(&self) -> Option<bool> {
        self.row.subtoken_enabled
    }
    /// Whether the subnet may receive emission (from spec 411).
    async fn emission_enabled(&self) -> Option<bool> {
        self.row.emission_enabled
    }
    /// First block with emission; null before it was started.
    async fn first_emission_block(&self) -> Option<BlockNumber> {
        self.row.first_emission_block.map(BlockNumber)
    }
    /// TAO recycled by registrations of neurons, rao.
    async fn recycled_rao(&self) -> Option<Rao> {
        rao(self.row.recycled_rao)
    }
    /// TAO locked by its registration, rao.
    async fn locked_rao(&self) -> Option<Rao> {
        rao(self.row.locked_rao)
    }
    /// The price against that of 1 hour, 1, 7 and 30 days before.
    #[graphql(complexity = "10 + 4 * child_complexity")]
    async fn price_changes(&self) -> Result<Vec<PriceChangeView>> {
        let changes = self.market.changes(self.row.netuid).await?;
        Ok(changes.iter().flat_map(|changes| &changes.prices).map(PriceChangeView::from).collect())
    }
    /// What users traded in the last hour, 1, 7 and 30 days.
    #[graphql(complexity = "10 + 4 * child_complexity")]
    async fn flows(&self) -> Result<Vec<FlowView>> {
        let changes = self.market.changes(self.row.netuid).await?;
        Ok(changes.iter().flat_map(|changes| &changes.flows).map(FlowView::from).collect())
    }
    /// Where it stands in the order of pruning; null for root.
    #[graphql(complexity = "10 + child_complexity")]
    async fn pruning(&self) -> Result<Option<PruningPlaceView>> {
        Ok(self.market.pruning(self.row.netuid).await?.map(|place| (*place).clone().into()))
    }
    /// Block after which its state was read.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.row.block_number)
    }
    /// Time of that block, UTC.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.row.timestamp_ms.map(Timestamp)
    }
    /// The block at which this holds.
    async fn as_of(&self) -> StateAsOf {
        self.market.as_of()
    }
}

/// A subnet that had a number.
#[derive(Debug, SimpleObject)]
#[graphql(name = "SubnetGeneration")]
pub(crate) struct SubnetGeneration {
    /// Block of its registration.
    registered_at: Option<BlockNumber>,
    /// First stored block with its state.
    first_block: BlockNumber,
    /// Last stored block with its state.
    last_block: BlockNumber,
    /// Its last name.
    name: Option<String>,
}

impl From<Generation> for SubnetGeneration {
    fn from(of: Generation) -> Self {
        Self {
            registered_at: of.registered_at.map(BlockNumber),
            first_block: BlockNumber(of.first_block),
            last_block: BlockNumber(of.last_block),
            name: of.name,
        }
    }
}

/// A price compared with an earlier one.
#[derive(Debug, SimpleObject)]
#[graphql(name = "PriceChange")]
pub(crate) struct PriceChangeView {
    /// `1h`, `1d`, `7d` or `30d`.
    window: &'static str,
    /// The block compared with: the newest whose time is at least the window before. Null where the state does not reach
    /// back so far, or has a gap there.
    anchor_block: Option<BlockNumber>,
    /// Price after it; null also where the number had another subnet then.
    price_then_tao: Option<Decimal>,
    /// Change since, a fraction: 0.05 is 5 % up.
    change: Option<Decimal>,
}

impl From<&PriceChange> for PriceChangeView {
    fn from(of: &PriceChange) -> Self {
        Self {
            window: of.window,
            anchor_block: of.anchor_block.map(BlockNumber),
            price_then_tao: of.then_bits.map(Decimal::price),
            change: of.change_ppm.map(Decimal::ppm),
        }
    }
}

/// What users traded in a window. What the chain itself traded is not in it.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Flow")]
pub(crate) struct FlowView {
    /// `1h`, `1d`, `7d` or `30d`.
    window: &'static str,
    /// First block counted. Windows above a day begin with a whole hour.
    from_block: BlockNumber,
    /// TAO paid for alpha, fees included, rao.
    buy_rao: Rao,
    /// TAO received for alpha, rao.
    sell_rao: Rao,
    /// TAO paid less TAO received, rao.
    net_rao: SignedRao,
    /// Buys.
    buys: Long,
    /// Sales.
    sells: Long,
    /// Coldkeys that bought; null for windows above a day.
    buyers: Option<Long>,
    /// Coldkeys that sold; null for windows above a day.
    sellers: Option<Long>,
}

impl From<&Flow> for FlowView {
    fn from(of: &Flow) -> Self {
        Self {
            window: of.window,
            from_block: BlockNumber(of.from_block),
            buy_rao: Rao(of.buy_rao),
            sell_rao: Rao(of.sell_rao),
            net_rao: SignedRao(of.net_rao()),
            buys: Long(of.buys),
            sells: Long(of.sells),
            buyers: of.buyers.map(Long),
            sellers: of.sellers.map(Long),
        }
    }
}
