//! Stake moves, registrations, deregistrations: the rows of lists; and queries of holders.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use yumascan_warehouse::{
    Cursor, Keyed,
    query::market::{
        concentration::Concentration, registrations::RegistrationFilter, stake_moves::StakeMoveFilter,
    },
    rows::{DeregistrationRow, RegistrationRow, StakeMoveRow},
};

use super::{
    super::{
        connection::{List, Node},
        scalars::{AccountId, BlockNumber, Long, Rao, Timestamp},
        scope::Scope,
    },
    amounts::Decimal,
    moment::{Market, StateAsOf},
};
use crate::ApiError;

/// Which way stake went through a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum StakeSide {
    /// TAO for alpha.
    Buy,
    /// Alpha for TAO.
    Sell,
}

impl StakeSide {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// What is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum RegistrationKind {
    /// A neuron on a subnet.
    Neuron,
    /// A subnet.
    Subnet,
}

impl RegistrationKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Neuron => "neuron",
            Self::Subnet => "subnet",
        }
    }
}

fn rao(amount: Option<u64>) -> Option<Rao> {
    amount.map(|amount| Rao(amount.into()))
}

fn place(block: u64, index: u32) -> String {
    format!("{block}-{index}")
}

/// An event that moved stake, or stood for moving it.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct StakeMove {
    #[graphql(skip)]
    cursor: Cursor,
    /// Block and event index: `3010-7`.
    id: String,
    /// Block.
    block_number: BlockNumber,
    /// Index of the event in the block.
    event_index: u32,
    /// Block and index of the extrinsic; null for what the chain did by itself.
    extrinsic_id: Option<String>,
    /// Time of the block, UTC.
    timestamp: Option<Timestamp>,
    /// The event in snake case: `stake_added`, `stake_removed`, `stake_moved`, `stake_swapped`, `stake_transferred` …
    kind: String,
    /// Whose stake it was.
    coldkey: Option<AccountId>,
    /// Hotkey it was staked to.
    hotkey: Option<AccountId>,
    /// Subnet it was staked on.
    netuid: Option<u16>,
    /// Whose stake it is after a move.
    to_coldkey: Option<AccountId>,
    /// Hotkey after a move.
    to_hotkey: Option<AccountId>,
    /// Subnet after a move.
    to_netuid: Option<u16>,
    /// TAO paid, received, or the event's value of a move, rao.
    tao_rao: Option<Rao>,
    /// Alpha received, given, recycled or burned, rao of alpha.
    alpha_rao: Option<Rao>,
    /// Fee of a swap paid in TAO, rao; null where it was not paid so.
    fee_tao_rao: Option<Rao>,
    /// Fee of a swap paid in alpha, rao of alpha; null where it was not paid so.
    fee_alpha_rao: Option<Rao>,
    /// Which way it went through a pool; null where it did not.
    side: Option<StakeSide>,
    /// TAO moved through the pool, rao: 0 for summaries of other events.
    volume_rao: Option<Rao>,
    /// Of a leg: id of the event that sums the operation up.
    summary_id: Option<String>,
    /// Price in the state of the parent block, TAO for one alpha.
    price_tao: Option<Decimal>,
    /// How much less came out than that price promised, fee apart, a fraction; negative where more did.
    slippage: Option<Decimal>,
}

impl From<StakeMoveRow> for StakeMove {
    fn from(row: StakeMoveRow) -> Self {
        let fee = |unit: &str| rao(row.fee.filter(|_| row.fee_unit.as_deref() == Some(unit)));
        Self {
            cursor: row.cursor(),
            id: place(row.block_number, row.event_index),
            block_number: BlockNumber(row.block_number),
            event_index: row.event_index,
            extrinsic_id: row.extrinsic_index.map(|index| place(row.block_number, index)),
            timestamp: row.timestamp_ms.map(Timestamp),
            fee_tao_rao: fee("rao"),
            fee_alpha_rao: fee("alpha_rao"),
            side: match row.side.as_deref() {
                Some("buy") => Some(StakeSide::Buy),
                Some("sell") => Some(StakeSide::Sell),
                _ => None,
            },
            kind: row.kind,
            coldkey: row.coldkey.map(AccountId),
            hotkey: row.hotkey.map(AccountId),
            netuid: row.netuid,
            to_coldkey: row.to_coldkey.map(AccountId),
            to_hotkey: row.to_hotkey.map(AccountId),
            to_netuid: row.to_netuid,
            tao_rao: rao(row.tao_rao),
            alpha_rao: rao(row.alpha_rao),
            volume_rao: rao(row.volume_rao),
            summary_id: row.summary_event.map(|index| place(row.block_number, index)),
            price_tao: row.price_bits.map(Decimal::price),
            slippage: row.slippage.map(|ppm| Decimal::ppm(ppm.into())),
        }
    }
}

impl Node for StakeMove {
    const NAME: &'static str = "StakeMove";
    fn place(&self) -> Cursor {
        self.cursor
    }
}

impl StakeMove {
    pub(crate) fn list(scope: &Arc<Scope>, filter: StakeMoveFilter) -> List<Self> {
        let filter_to_count = filter.clone();
        let blocks = (filter.range.from_block, filter.range.to_block);
        List::stored(
            scope,
            "stakeMoves",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_stake_moves(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_stake_moves(&filter).await }
            },
        )
    }
}

/// A registration of a neuron or a subnet.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Registration {
    #[graphql(skip)]
    cursor: Cursor,
    /// Block and event index: `3010-7`.
    id: String,
    /// Block.
    block_number: BlockNumber,
    /// Time of the block, UTC.
    timestamp: Option<Timestamp>,
    /// Block and index of the extrinsic.
    extrinsic_id: Option<String>,
    /// `neuron` or `subnet`.
    kind: String,
    /// Subnet.
    netuid: u16,
    /// Block at which that subnet was registered.
    subnet_registered_at: Option<BlockNumber>,
    /// Neuron; null for a subnet.
    uid: Option<u16>,
    /// Hotkey registered, or the owner's hotkey of a subnet.
    hotkey: Option<AccountId>,
    /// Its owner, or the owner of the subnet.
    coldkey: Option<AccountId>,
    /// Call that registered it.
    method: Option<String>,
    /// What it cost, rao.
    cost_rao: Option<Rao>,
    /// How the cost is known: `recycled`, `withdrawn`, `burn`, `lock`, `work` or `free`.
    cost_source: Option<String>,
    /// Hotkey that had the uid before.
    replaced_hotkey: Option<AccountId>,
}

impl From<RegistrationRow> for Registration {
    fn from(row: RegistrationRow) -> Self {
        Self {
            cursor: row.cursor(),
            id: place(row.block_number, row.event_index),
            block_number: BlockNumber(row.block_number),
            timestamp: row.timestamp_ms.map(Timestamp),
            extrinsic_id: row.extrinsic_index.map(|index| place(row.block_number, index)),
            kind: row.kind,
            netuid: row.netuid,
            subnet_registered_at: row.subnet_registered_at.map(BlockNumber),
            uid: row.uid,
            hotkey: row.hotkey.map(AccountId),
            coldkey: row.coldkey.map(AccountId),
            method: row.method,
            cost_rao: rao(row.cost_rao),
            cost_source: row.cost_source,
            replaced_hotkey: row.replaced_hotkey.map(AccountId),
        }
    }
}

impl Node for Registration {
    const NAME: &'static str = "Registration";
    fn place(&self) -> Cursor {
        self.cursor
    }
}

impl Registration {
    pub(crate) fn list(scope: &Arc<Scope>, filter: RegistrationFilter) -> List<Self> {
        let filter_to_count = filter.clone();
        let blocks = (filter.range.from_block, filter.range.to_block);
        List::stored(
            scope,
            "registrations",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_registrations(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_registrations(&filter).await }
            },
        )
    }
}

/// A neuron or a subnet that lost its place.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct Deregistration {
    #[graphql(skip)]
    cursor: Cursor,
    /// Block and order within it: `3010-0`.
    id: String,
    /// Block.
    block_number: BlockNumber,
    /// Time of the block, UTC.
    timestamp: Option<Timestamp>,
    /// `neuron` or `subnet`.
    kind: String,
    /// Subnet.
    netuid: u16,
    /// Block at which that subnet was registered.
    subnet_registered_at: Option<BlockNumber>,
    /// Neuron; null for a subnet.
    uid: Option<u16>,
    /// Hotkey that lost its place.
    hotkey: Option<AccountId>,
    /// Its owner.
    coldkey: Option<AccountId>,
    /// `replaced`, `trimmed`, `dissolved` or `pruned`.
    reason: String,
    /// Hotkey that took the uid.
    replaced_by: Option<AccountId>,
    /// Block at which it had been registered.
    registered_at: Option<BlockNumber>,
    /// Its incentive then, a fraction.
    incentive: Option<Decimal>,
    /// Its emission of the last epoch, rao of alpha.
    emission_rao: Option<Rao>,
}

impl From<DeregistrationRow> for Deregistration {
    fn from(row: DeregistrationRow) -> Self {
        Self {
            cursor: row.cursor(),
            id: place(row.block_number, row.item_index),
            block_number: BlockNumber(row.block_number),
            timestamp: row.timestamp_ms.map(Timestamp),
            kind: row.kind,
            netuid: row.netuid,
            subnet_registered_at: row.subnet_registered_at.map(BlockNumber),
            uid: row.uid,
            hotkey: row.hotkey.map(AccountId),
            coldkey: row.coldkey.map(AccountId),
            reason: row.reason,
            replaced_by: row.replaced_by.map(AccountId),
            registered_at: row.registered_at.map(BlockNumber),
            incentive: row.incentive.map(Decimal::share),
            emission_rao: rao(row.emission_rao),
        }
    }
}

impl Node for Deregistration {
    const NAME: &'static str = "Deregistration";
    fn place(&self) -> Cursor {
        self.cursor
    }
}

impl Deregistration {
    pub(crate) fn list(scope: &Arc<Scope>, filter: RegistrationFilter) -> List<Self> {
        let filter_to_count = filter.clone();
        let blocks = (filter.range.from_block, filter.range.to_block);
        List::stored(
            scope,
            "deregistrations",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_deregistrations(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_deregistrations(&filter).await }
            },
        )
    }
}

/// How unevenly stake is held; shares and coefficients are fractions.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Concentration")]
pub(crate) struct ConcentrationView {
    /// Holders with more than nothing.
    holders: Long,
    /// What they hold, rao of alpha; on root rao.
    total_rao: Rao,
    /// Gini coefficient: 0 where all hold the same.
    gini: Decimal,
    /// Herfindahl-Hirschman index: the sum of squared shares.
    hhi: Decimal,
    /// Nakamoto coefficient: the least number of holders who have more than half.
    nakamoto: Long,
    /// Share of the greatest.
    top1: Decimal,
    /// Share of the ten greatest.
    top10: Decimal,
}

impl From<Concentration> for ConcentrationView {
    fn from(of: Concentration) -> Self {
        Self {
            holders: Long(of.holders),
            total_rao: Rao(of.total_rao),
            gini: Decimal::ppb(of.gini_ppb),
            hhi: Decimal::ppb(of.hhi_ppb),
            nakamoto: Long(of.nakamoto),
            top1: Decimal::ppb(of.top_1_ppb),
            top10: Decimal::ppb(of.top_10_ppb),
        }
    }
}

/// A coldkey with stake on a subnet.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Holder")]
pub(crate) struct HolderView {
    /// Account.
    coldkey: AccountId,
    /// All its stake there, rao of alpha; on root rao.
    alpha_rao: Rao,
    /// On how many hotkeys.
    hotkey_count: u32,
}

/// Who holds a subnet's alpha.
#[derive(Debug, SimpleObject)]
#[graphql(name = "Holders")]
pub(crate) struct HoldersView {
    /// The greatest first.
    greatest: Vec<HolderView>,
    /// How unevenly coldkeys hold it; null where nobody does.
    by_coldkey: Option<ConcentrationView>,
    /// How unevenly it is staked to hotkeys.
    by_hotkey: Option<ConcentrationView>,
    /// The block at which this holds.
    as_of: StateAsOf,
}

/// Entry points of stake.
#[derive(Default)]
pub(crate) struct StakeQuery;

#[Object]
impl StakeQuery {
    /// Who holds a subnet's alpha at a block, and how unevenly. Reads the shares of the whole subnet.
    #[graphql(complexity = "1000 + 100 * child_complexity")]
    async fn holders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet; 0 is root.")] netuid: u16,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
        #[graphql(desc = "The greatest, at most this many, 1 to 1000.", default = 100)] first: i64,
    ) -> Result<HoldersView> {
        let limit = super::lists::limit(first, 1_000)?;
        let market = Market::at(Scope::of(ctx)?, at).await?;
        market.subnet(netuid).await?;
        let finding = market.scope.warehouse()?.find_holders(netuid, &market.moment, limit as usize);
        let found = finding.await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("holders", found.greatest.len() as u64)?;
        let holder = |of: yumascan_warehouse::query::market::holders::Holder| HolderView {
            coldkey: AccountId(of.coldkey),
            alpha_rao: Rao(of.alpha_rao.into()),
            hotkey_count: of.hotkeys,
        };
        Ok(HoldersView {
            greatest: found.greatest.into_iter().map(holder).collect(),
            by_coldkey: found.by_coldkey.map(ConcentrationView::from),
            by_hotkey: found.by_hotkey.map(ConcentrationView::from),
            as_of: market.as_of(),
        })
    }
}
