//! What an account holds at a block, and what it made of it.

use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject};
use yumascan_warehouse::{
    query::market::{
        pnl::{Profit, SubnetProfit},
        positions::Position,
    },
    rows::AccountBalanceRow,
};

use super::{
    super::scalars::{AccountId, BlockNumber, Long, Rao},
    amounts::{Decimal, SignedRao},
    moment::{Market, StateAsOf},
};
use crate::ApiError;

/// An account at a block.
pub(crate) struct Portfolio {
    pub(crate) market: Arc<Market>,
    pub(crate) account: String,
}

/// What an account holds at a block.
#[Object]
impl Portfolio {
    /// Free and reserved TAO; null where the account did not exist.
    #[graphql(complexity = "5 + child_complexity")]
    async fn balances(&self) -> Result<Option<Balances>> {
        let finding = self.market.scope.warehouse()?.find_balance(&self.account, &self.market.moment);
        Ok(finding.await.map_err(ApiError::from)?.map(Balances::from))
    }
    /// Its stake, by subnet and hotkey, exact to the rao.
    #[graphql(complexity = "20 + 50 * child_complexity")]
    async fn positions(&self) -> Result<Vec<PositionView>> {
        let listing = self.market.scope.warehouse()?.list_positions(&self.account, &self.market.moment);
        let rows = listing.await.map_err(ApiError::from)?;
        self.market.scope.budget.take_rows("positions", rows.len() as u64)?;
        Ok(rows.into_iter().map(PositionView::from).collect())
    }
    /// Changes of its balance up to the block, newest first.
    #[graphql(complexity = "25 * child_complexity")]
    async fn history(
        &self,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 25)] first: i64,
        #[graphql(desc = "Lowest block.")] from_block: Option<BlockNumber>,
    ) -> Result<Vec<Balances>> {
        let limit = super::lists::limit(first, 1_000)?;
        let range = (from_block.map_or(0, |block| block.0), self.market.moment.block);
        let listing = self.market.scope.warehouse()?.list_balance_changes(&self.account, range, limit);
        let rows = listing.await.map_err(ApiError::from)?;
        self.market.scope.budget.take_rows("history", rows.len() as u64)?;
        Ok(rows.into_iter().map(Balances::from).collect())
    }
    /// Profit and loss of its stake up to the block, by average cost; null where no state is known.
    #[graphql(complexity = "200 + child_complexity")]
    async fn pnl(&self) -> Result<Option<ProfitView>> {
        let finding = self.market.scope.warehouse()?.find_profit(&self.account, &self.market.moment);
        let found = finding.await.map_err(ApiError::from)?;
        if let Some(profit) = &found {
            self.market.scope.budget.take_rows("pnl", profit.subnets.len() as u64)?;
        }
        Ok(found.map(ProfitView::from))
    }
    /// The block at which this holds.
    async fn as_of(&self) -> StateAsOf {
        self.market.as_of()
    }
}

/// Balances of an account.
#[derive(Debug, SimpleObject)]
pub(crate) struct Balances {
    /// Free TAO, rao.
    free_rao: Rao,
    /// Reserved TAO, rao.
    reserved_rao: Rao,
    /// Part of the free TAO that cannot be spent, rao.
    frozen_rao: Rao,
    /// Extrinsics it signed.
    nonce: u32,
    /// Block that changed it last.
    since_block: BlockNumber,
}

impl From<AccountBalanceRow> for Balances {
    fn from(row: AccountBalanceRow) -> Self {
        Self {
            free_rao: Rao(row.free_rao.into()),
            reserved_rao: Rao(row.reserved_rao.into()),
            frozen_rao: Rao(row.frozen_rao.into()),
            nonce: row.nonce,
            since_block: BlockNumber(row.block_number),
        }
    }
}

/// Stake on a hotkey of a subnet.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Position")]
pub(crate) struct PositionView {
    /// Hotkey.
    hotkey: AccountId,
    /// Subnet; 0 is root.
    netuid: u16,
    /// The stake, rao of alpha; on root rao.
    alpha_rao: Rao,
    /// Price of the alpha, TAO for one.
    price_tao: Option<Decimal>,
    /// What it is worth at that price, rao. A sale would move the price: see `quote`.
    worth_rao: Option<Rao>,
    /// Block that changed its shares last; dividends raise the stake without it.
    shares_since_block: BlockNumber,
}

impl From<Position> for PositionView {
    fn from(of: Position) -> Self {
        Self {
            hotkey: AccountId(of.hotkey),
            netuid: of.netuid,
            alpha_rao: Rao(of.alpha_rao.into()),
            price_tao: of.price_bits.map(Decimal::price),
            worth_rao: of.worth_rao.map(Rao),
            shares_since_block: BlockNumber(of.shares_since),
        }
    }
}

/// Profit and loss on one subnet.
#[derive(Debug, SimpleObject)]
#[graphql(name = "SubnetProfit")]
pub(crate) struct SubnetProfitView {
    /// Subnet; 0 is root.
    netuid: u16,
    /// Stake held, rao of alpha.
    held_rao: Rao,
    /// What it is worth, rao.
    worth_rao: Option<Rao>,
    /// What it cost, rao.
    cost_rao: Rao,
    /// Proceeds of sales less the cost of what was sold, rao.
    realised_rao: SignedRao,
    /// Worth of what is held less its cost, rao.
    unrealised_rao: Option<SignedRao>,
    /// TAO paid, fees included, rao.
    bought_rao: Rao,
    /// TAO received, rao.
    sold_rao: Rao,
    /// Worth of what others gave, or was there when the history begins, at that time, rao.
    received_rao: Rao,
    /// Cost of what was given to others, rao.
    given_rao: Rao,
    /// Part of what is held that nobody paid for: dividends and other emission, rao of alpha.
    earned_rao: Rao,
}

impl From<SubnetProfit> for SubnetProfitView {
    fn from(of: SubnetProfit) -> Self {
        Self {
            netuid: of.netuid,
            held_rao: Rao(of.held_rao.into()),
            worth_rao: of.worth_rao.map(Rao),
            cost_rao: Rao(of.cost_rao),
            realised_rao: SignedRao(of.realised_rao),
            unrealised_rao: of.unrealised_rao.map(SignedRao),
            bought_rao: Rao(of.bought_rao),
            sold_rao: Rao(of.sold_rao),
            received_rao: Rao(of.received_rao),
            given_rao: Rao(of.given_rao),
            earned_rao: Rao(of.earned_rao),
        }
    }
}

/// Profit and loss of an account's stake. Cost basis: the average of what was bought (TAO paid, fees included) and received
/// (worth at the price of the block). What was earned has no cost and counts as sold only after all that has one.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Profit")]
pub(crate) struct ProfitView {
    /// By subnet.
    subnets: Vec<SubnetProfitView>,
    /// First block with state: what was held then came in at its price.
    since_block: BlockNumber,
    /// Stake moves that were entered.
    moves: Long,
    /// Stake moves whose amounts are not known; they are left out.
    unknown_moves: Long,
    /// Whether the coldkey was swapped: stake came or went without a move then.
    has_key_swaps: bool,
    /// Whether there are more moves than are looked at.
    is_cut: bool,
}

impl From<Profit> for ProfitView {
    fn from(of: Profit) -> Self {
        Self {
            subnets: of.subnets.into_iter().map(SubnetProfitView::from).collect(),
            since_block: BlockNumber(of.since_block),
            moves: Long(of.moves),
            unknown_moves: Long(of.unknown_moves),
            has_key_swaps: of.has_key_swaps,
            is_cut: of.is_cut,
        }
    }
}
