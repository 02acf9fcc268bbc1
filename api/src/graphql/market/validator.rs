//! Validators.

use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject};
use yumascan_protocol::fixed::U64F64;
use yumascan_warehouse::query::market::validators::{Attendance, Relation, Validator, ValidatorSeat};

use super::{
    super::scalars::{AccountId, BlockNumber, Long, Rao},
    amounts::Decimal,
    metagraph::Neuron,
    moment::{Market, StateAsOf},
    yields::{RootYieldView, Window, YieldView},
};
use crate::ApiError;

/// A validator at a block.
#[derive(Clone)]
pub(crate) struct ValidatorView {
    pub(crate) market: Arc<Market>,
    pub(crate) of: Arc<Validator>,
    /// 1 is the weightiest.
    pub(crate) rank: u32,
}

/// A hotkey that may set weights on some subnet.
#[Object(name = "Validator")]
impl ValidatorView {
    /// Hotkey.
    async fn hotkey(&self) -> AccountId {
        AccountId(self.of.hotkey.clone())
    }
    /// Its owner.
    async fn coldkey(&self) -> Option<AccountId> {
        self.of.coldkey.clone().map(AccountId)
    }
    /// Its place among all by weight, from 1.
    async fn rank(&self) -> u32 {
        self.rank
    }
    /// TAO staked to it on root, rao.
    async fn root_stake_rao(&self) -> Option<Rao> {
        self.of.root_stake_rao.map(|rao| Rao(rao.into()))
    }
    /// What the alpha staked to it, where it is a validator, is worth, rao.
    async fn alpha_worth_rao(&self) -> Rao {
        Rao(self.of.alpha_worth_rao)
    }
    /// Stake weight, rao: root stake by the chain's weight of TAO (`TaoWeight`), and the worth of its alpha.
    async fn weight_rao(&self) -> Rao {
        Rao(self.of.weight_rao)
    }
    /// Dominance: its part of the stake weight of all validators, a fraction.
    async fn dominance(&self) -> Option<Decimal> {
        self.of.dominance_ppm.map(Decimal::share_ppm)
    }
    /// Part of the dividends that it keeps, a fraction; null where it is not known.
    #[graphql(complexity = 10)]
    async fn take(&self) -> Result<Option<Decimal>> {
        let finding = self.market.scope.warehouse()?.find_take(&self.of.hotkey, &self.market.moment);
        Ok(finding.await.map_err(ApiError::from)?.map(Decimal::share))
    }
    /// Where it is a validator.
    #[graphql(complexity = "20 * child_complexity")]
    async fn seats(&self) -> Result<Vec<SeatView>> {
        self.market.scope.budget.take_rows("seats", self.of.seats.len() as u64)?;
        let seat = |of: &ValidatorSeat| SeatView { market: self.market.clone(), of: of.clone() };
        Ok(self.of.seats.iter().map(seat).collect())
    }
    /// Coldkeys with stake on it, by subnet; a coldkey counts on each.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn nominators(&self) -> Result<Vec<NominatorCount>> {
        let counting = self.market.scope.warehouse()?.count_nominators(&self.of.hotkey, &self.market.moment);
        let counts = counting.await.map_err(ApiError::from)?;
        Ok(counts.into_iter().map(|(netuid, count)| NominatorCount { netuid, count: Long(count) }).collect())
    }
    /// Epochs of the last day in which it had a permit, and those in which it earned nothing, by subnet.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn attendance(&self) -> Result<Vec<AttendanceView>> {
        let listing = self.market.scope.warehouse()?.list_attendance(&self.of.hotkey, &self.market.moment);
        Ok(listing.await.map_err(ApiError::from)?.into_iter().map(AttendanceView::from).collect())
    }
    /// Hotkeys that lend it stake, by subnet, as set in stored blocks.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn parents(&self) -> Result<Vec<RelationView>> {
        let finding = self.market.scope.warehouse()?.find_family(&self.of.hotkey, &self.market.moment);
        Ok(finding.await.map_err(ApiError::from)?.parents.into_iter().map(RelationView::from).collect())
    }
    /// Hotkeys to which it lends stake, by subnet, as set in stored blocks.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn children(&self) -> Result<Vec<RelationView>> {
        let finding = self.market.scope.warehouse()?.find_family(&self.of.hotkey, &self.market.moment);
        Ok(finding.await.map_err(ApiError::from)?.children.into_iter().map(RelationView::from).collect())
    }
    /// What stakers of its alpha earned, by subnet.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn yields(
        &self,
        #[graphql(desc = "Window before the block.", default_with = "Window::Day")] window: Window,
    ) -> Result<Vec<YieldView>> {
        let length = window.length_ms();
        let listing =
            self.market.scope.warehouse()?.list_hotkey_yields(&self.of.hotkey, &self.market.moment, length);
        Ok(listing.await.map_err(ApiError::from)?.into_iter().map(YieldView::from).collect())
    }
    /// What root stake on it earned.
    #[graphql(complexity = "20 + child_complexity")]
    async fn root_yield(
        &self,
        #[graphql(desc = "Window before the block.", default_with = "Window::Day")] window: Window,
    ) -> Result<Option<RootYieldView>> {
        let length = window.length_ms();
        let finding =
            self.market.scope.warehouse()?.find_root_yield(&self.of.hotkey, &self.market.moment, length);
        Ok(finding.await.map_err(ApiError::from)?.map(RootYieldView::from))
    }
    /// The block at which this holds.
    async fn as_of(&self) -> StateAsOf {
        self.market.as_of()
    }
}

/// A validator on one subnet.
pub(crate) struct SeatView {
    market: Arc<Market>,
    of: ValidatorSeat,
}

/// A validator on one subnet.
#[Object(name = "ValidatorSeat")]
impl SeatView {
    /// Its neuron.
    async fn neuron(&self) -> Neuron {
        Neuron { market: Some(self.market.clone()), row: Arc::new(self.of.neuron.clone()) }
    }
    /// What the alpha staked to it there is worth, rao.
    async fn alpha_worth_rao(&self) -> Option<Rao> {
        self.of.alpha_worth_rao.map(Rao)
    }
    /// Blocks since it set or committed weights.
    async fn blocks_since_update(&self) -> Option<Long> {
        self.of.blocks_since_update.map(Long)
    }
    /// Its part of the dividends of the subnet, a fraction.
    async fn dividend_share(&self) -> Option<Decimal> {
        self.of.dividend_share_ppm.map(Decimal::share_ppm)
    }
}

/// How many coldkeys have stake on a hotkey of a subnet.
#[derive(Debug, SimpleObject)]
pub(crate) struct NominatorCount {
    /// Subnet; 0 is root.
    netuid: u16,
    /// Coldkeys.
    count: Long,
}

/// Epochs of a validator.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Attendance")]
pub(crate) struct AttendanceView {
    /// Subnet.
    netuid: u16,
    /// Epochs of the last day in which it had a permit.
    epochs: Long,
    /// Of them those in which it earned no dividends.
    missed: Long,
}

impl From<Attendance> for AttendanceView {
    fn from(of: Attendance) -> Self {
        Self { netuid: of.netuid, epochs: Long(of.epochs), missed: Long(of.missed) }
    }
}

/// A parent or a child.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Relation")]
pub(crate) struct RelationView {
    /// Subnet.
    netuid: u16,
    /// The other hotkey.
    hotkey: AccountId,
    /// Part of the parent's stake that counts for the child, a fraction.
    proportion: Decimal,
    /// Block since which it holds.
    since_block: BlockNumber,
}

impl From<Relation> for RelationView {
    fn from(of: Relation) -> Self {
        Self {
            netuid: of.netuid,
            hotkey: AccountId(of.hotkey),
            proportion: Decimal::rate(U64F64::from_u64_share(of.proportion)),
            since_block: BlockNumber(of.since_block),
        }
    }
}
