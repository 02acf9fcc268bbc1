//! What registering costs, and who would have to go.

use async_graphql::{Enum, SimpleObject};
use yumascan_warehouse::query::market::registrations::{FuturePrice, NeuronCost, PruningPlace, SubnetCost};

use super::{
    super::scalars::{BlockNumber, Long, Rao},
    amounts::Decimal,
    moment::StateAsOf,
};

/// A price some blocks ahead, if nobody registers until then.
#[derive(Debug, SimpleObject)]
#[graphql(name = "FuturePrice")]
pub(crate) struct FuturePriceView {
    /// Blocks from the block of the answer on.
    blocks: Long,
    /// Price then, rao.
    cost_rao: Rao,
}

impl From<FuturePrice> for FuturePriceView {
    fn from(of: FuturePrice) -> Self {
        Self { blocks: Long(of.blocks), cost_rao: Rao(of.cost_rao.into()) }
    }
}

/// What registering costs, now and later.
#[derive(Debug, SimpleObject)]
pub(crate) struct RegistrationCost {
    /// Subnet on which a neuron is registered; null where it is a subnet that is registered.
    netuid: Option<u16>,
    /// Price, rao: `Burn` for a neuron, the lock for a subnet.
    cost_rao: Option<Rao>,
    /// How the price moves: `interval` (adjusted every so many blocks, until spec 393), `decay` (falls every block, from
    /// 401), `lock` (a registration doubles it, then it falls every block). Null where the rules are not known.
    rule: Option<String>,
    /// Price after one more registration, rao; null where it does not follow at once.
    after_registration_rao: Option<Rao>,
    /// What the last subnet cost, rao; null for a neuron.
    last_cost_rao: Option<Rao>,
    /// The least a subnet costs, rao; null for a neuron.
    least_cost_rao: Option<Rao>,
    /// Prices ahead.
    ahead: Vec<FuturePriceView>,
    /// The block at which this holds.
    as_of: StateAsOf,
}

fn rao(amount: Option<u64>) -> Option<Rao> {
    amount.map(|amount| Rao(amount.into()))
}

impl RegistrationCost {
    pub(crate) fn of_neuron(netuid: u16, of: NeuronCost, as_of: StateAsOf) -> Self {
        Self {
            netuid: Some(netuid),
            cost_rao: rao(of.burn_rao),
            rule: of.rule.map(str::to_owned),
            after_registration_rao: rao(of.after_registration_rao),
            last_cost_rao: None,
            least_cost_rao: None,
            ahead: of.ahead.into_iter().map(FuturePriceView::from).collect(),
            as_of,
        }
    }

    pub(crate) fn of_subnet(of: SubnetCost, as_of: StateAsOf) -> Self {
        Self {
            netuid: None,
            cost_rao: rao(of.lock_rao),
            rule: Some("lock".to_owned()),
            after_registration_rao: of.lock_rao.map(|lock| Rao(u128::from(lock) * 2)),
            last_cost_rao: rao(of.last_rao),
            least_cost_rao: rao(of.least_rao),
            ahead: of.ahead.into_iter().map(FuturePriceView::from).collect(),
            as_of,
        }
    }
}

/// How near a subnet is to being pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PruningRisk {
    /// It cannot be pruned yet.
    Immune,
    /// It goes when a subnet is registered while there are as many as there may be.
    Next,
    /// Among the next ten.
    Near,
    /// Behind them.
    Low,
}

/// A subnet in the order of pruning: the lowest moving price goes first, of equals the elder.
#[derive(Debug, SimpleObject)]
#[graphql(name = "PruningPlace")]
pub(crate) struct PruningPlaceView {
    /// Subnet.
    netuid: u16,
    /// 1 is the next to be pruned; null while immune.
    position: Option<u32>,
    /// How near it is.
    risk: PruningRisk,
    /// First block at which it is not immune.
    immune_until_block: BlockNumber,
    /// Block of its registration.
    registered_at: BlockNumber,
    /// Moving price, TAO for one alpha.
    moving_price_tao: Decimal,
    /// How far its moving price is above that of the next to be pruned, a fraction; null while immune.
    margin: Option<Decimal>,
    /// What one alpha would be worth if it were dissolved now, TAO.
    liquidation_price_tao: Option<Decimal>,
}

impl From<PruningPlace> for PruningPlaceView {
    fn from(of: PruningPlace) -> Self {
        Self {
            netuid: of.netuid,
            position: of.position,
            risk: match of.risk {
                "immune" => PruningRisk::Immune,
                "next" => PruningRisk::Next,
                "near" => PruningRisk::Near,
                _ => PruningRisk::Low,
            },
            immune_until_block: BlockNumber(of.immune_until),
            registered_at: BlockNumber(of.registered_at),
            moving_price_tao: Decimal::moving_price(of.moving_price_bits),
            margin: of.margin_ppm.map(Decimal::ppm),
            liquidation_price_tao: of.liquidation_price_bits.map(Decimal::price),
        }
    }
}
