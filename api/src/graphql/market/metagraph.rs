//! Neurons of a subnet.

use std::sync::Arc;

use async_graphql::{Object, Result};
use yumascan_warehouse::{query::market::Moment, rows::NeuronStateRow};

use super::{
    super::scalars::{AccountId, BlockNumber, Json, Long, Rao, Timestamp},
    amounts::Decimal,
    moment::{Market, StateAsOf},
    subnet::Subnet,
};
use crate::ApiError;

/// The metagraph of a subnet.
pub(crate) struct Metagraph {
    pub(crate) subnet: Subnet,
}

/// The metagraph of a subnet: its neurons as the last epoch, or their registration since, left them.
#[Object]
impl Metagraph {
    /// The subnet.
    async fn subnet(&self) -> Subnet {
        self.subnet.clone()
    }
    /// Neurons by uid.
    #[graphql(complexity = "256 * child_complexity")]
    async fn neurons(&self) -> Result<Vec<Neuron>> {
        let market = &self.subnet.market;
        let listing = market.scope.warehouse()?.list_metagraph(&self.subnet.row, &market.moment);
        let rows = listing.await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("neurons", rows.len() as u64)?;
        Ok(rows.into_iter().map(|row| Neuron { market: Some(market.clone()), row: Arc::new(row) }).collect())
    }
    /// The block at which this holds.
    async fn as_of(&self) -> StateAsOf {
        self.subnet.market.as_of()
    }
}

/// A neuron after an epoch.
#[derive(Clone)]
pub(crate) struct Neuron {
    /// `None` for a state of the past, whose age is its own.
    pub(crate) market: Option<Arc<Market>>,
    pub(crate) row: Arc<NeuronStateRow>,
}

impl Neuron {
    fn block(&self) -> u64 {
        self.market.as_ref().map_or(self.row.block_number, |market| market.moment.block)
    }
}

/// A neuron as an epoch, or its registration, left it. Scores are fractions, 1 is all.
#[Object]
impl Neuron {
    /// Subnet.
    async fn netuid(&self) -> u16 {
        self.row.netuid
    }
    /// Place on the subnet.
    async fn uid(&self) -> u16 {
        self.row.uid
    }
    /// Hotkey.
    async fn hotkey(&self) -> Option<AccountId> {
        self.row.hotkey.clone().map(AccountId)
    }
    /// Owner of the hotkey.
    async fn coldkey(&self) -> Option<AccountId> {
        self.row.coldkey.clone().map(AccountId)
    }
    /// Block of its registration.
    async fn registered_at(&self) -> Option<BlockNumber> {
        self.row.registered_at.map(BlockNumber)
    }
    /// Block in which its weights were last set or committed.
    async fn last_update_block(&self) -> Option<BlockNumber> {
        self.row.last_update.map(BlockNumber)
    }
    /// Blocks since then.
    async fn blocks_since_update(&self) -> Option<Long> {
        self.row.last_update.map(|update| Long(self.block().saturating_sub(update)))
    }
    /// Whether it set weights lately.
    async fn active(&self) -> Option<bool> {
        self.row.active
    }
    /// Whether it may set weights.
    async fn validator_permit(&self) -> Option<bool> {
        self.row.validator_permit
    }
    /// Its share of the stake.
    async fn stake_weight(&self) -> Option<Decimal> {
        self.row.stake_weight.map(Decimal::share)
    }
    /// Alpha staked to it on the subnet, rao of alpha.
    async fn alpha_stake_rao(&self) -> Option<Rao> {
        self.row.alpha_stake_rao.map(|rao| Rao(rao.into()))
    }
    /// TAO staked to it on root, rao.
    async fn root_stake_rao(&self) -> Option<Rao> {
        self.row.root_stake_rao.map(|rao| Rao(rao.into()))
    }
    /// Consensus.
    async fn consensus(&self) -> Option<Decimal> {
        self.row.consensus.map(Decimal::share)
    }
    /// Incentive in mechanism 0.
    async fn incentive(&self) -> Option<Decimal> {
        self.row.incentive.map(Decimal::share)
    }
    /// Incentive by mechanism.
    async fn mechanism_incentives(&self) -> Vec<Decimal> {
        self.row.mech_incentives.iter().map(|share| Decimal::share(*share)).collect()
    }
    /// Dividends.
    async fn dividends(&self) -> Option<Decimal> {
        self.row.dividends.map(Decimal::share)
    }
    /// Trust of the validator.
    async fn validator_trust(&self) -> Option<Decimal> {
        self.row.validator_trust.map(Decimal::share)
    }
    /// Rank (until spec 393).
    async fn rank(&self) -> Option<Decimal> {
        self.row.rank.map(Decimal::share)
    }
    /// Trust (until spec 393).
    async fn trust(&self) -> Option<Decimal> {
        self.row.trust.map(Decimal::share)
    }
    /// Score of the last epoch, rao of alpha: incentive and dividends together, before takes and parents.
    async fn emission_rao(&self) -> Option<Rao> {
        self.row.emission_rao.map(|rao| Rao(rao.into()))
    }
    /// Alpha paid to it as a miner by this epoch, rao of alpha; null where the runtime does not say.
    async fn miner_alpha_rao(&self) -> Option<Rao> {
        self.row.miner_alpha_rao.map(|rao| Rao(rao.into()))
    }
    /// Where it serves, as it says.
    async fn axon(&self) -> Option<Json> {
        self.row.axon.clone().map(Json)
    }
    /// Block after which this was read.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.row.block_number)
    }
    /// Time of that block, UTC.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.row.timestamp_ms.map(Timestamp)
    }
    /// States of this uid after earlier epochs, newest first. Its hotkey may be another then.
    #[graphql(complexity = "25 * child_complexity")]
    async fn history(
        &self,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 25)] first: i64,
        #[graphql(desc = "Lowest block.")] from_block: Option<BlockNumber>,
    ) -> Result<Vec<Self>> {
        let limit = super::lists::limit(first, 1_000)?;
        let Some(market) = &self.market else { return Ok(Vec::new()) };
        let Moment { block, .. } = market.moment;
        let from = from_block.map_or(0, |block| block.0);
        let listing =
            market.scope.warehouse()?.list_neuron_history(self.row.netuid, self.row.uid, from, block, limit);
        let rows = listing.await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("history", rows.len() as u64)?;
        Ok(rows.into_iter().map(|row| Self { market: None, row: Arc::new(row) }).collect())
    }
}
