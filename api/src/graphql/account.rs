//! Accounts: what the stored blocks know of them.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::{
    Order,
    query::{
        Range,
        accounts::AccountSummary,
        market::{registrations::RegistrationFilter, stake_moves::StakeMoveFilter},
        transfers::TransferFilter,
    },
};

use super::{
    as_of::AsOf,
    connection::{Connection, List},
    cursor::ListId,
    event::Event,
    extrinsic::Extrinsic,
    filter::OrderInput,
    market::{Market, Portfolio, Registration, StakeMove},
    paging::{PageArgs, list_cost},
    scalars::{AccountId, BlockNumber, Hash, Long, Rao},
    scope::Scope,
    transfer::Transfer,
};

/// An account that stored blocks mention.
#[derive(Debug, Clone)]
pub(crate) struct Account(pub(crate) Arc<AccountSummary>);

/// An account that stored blocks mention. All sums and counts are over the stored blocks: see `coverage`.
#[Object]
impl Account {
    /// The account: SS58 with prefix 42.
    async fn id(&self) -> AccountId {
        AccountId(self.0.account.clone())
    }
    /// Its 32 bytes, 0x hex.
    async fn public_key(&self) -> Hash {
        Hash(self.0.public_key.clone())
    }
    /// First stored block that mentions it.
    async fn first_block(&self) -> Option<BlockNumber> {
        self.0.first_block.map(BlockNumber)
    }
    /// Last stored block that mentions it.
    async fn last_block(&self) -> Option<BlockNumber> {
        self.0.last_block.map(BlockNumber)
    }
    /// Extrinsics it signed.
    async fn signed_extrinsic_count(&self) -> Long {
        Long(self.0.signed_extrinsics)
    }
    /// Extrinsics it signed, originated a call of, or is named in.
    async fn extrinsic_count(&self) -> Long {
        Long(self.0.extrinsics)
    }
    /// Events that name it.
    async fn event_count(&self) -> Long {
        Long(self.0.events)
    }
    /// Transfers to it.
    async fn transfers_in_count(&self) -> Long {
        Long(self.0.transfers_in)
    }
    /// Transfers from it.
    async fn transfers_out_count(&self) -> Long {
        Long(self.0.transfers_out)
    }
    /// Sum of `Balances.Transfer` to it, rao. Not its balance: stake moves, fees and emissions are not in it.
    async fn received_rao(&self) -> Rao {
        Rao(self.0.received_rao)
    }
    /// Sum of `Balances.Transfer` from it, rao.
    async fn sent_rao(&self) -> Rao {
        Rao(self.0.sent_rao)
    }
    /// Extrinsics it signed, originated a call of, or is named in.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn extrinsics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Extrinsic>> {
        let scope = Scope::of(ctx)?;
        let (account, total) = (self.0.account.clone(), self.0.extrinsics);
        let id = ListId::new("Account.extrinsics", &account, order.into());
        let list = List::stored(
            &scope,
            "extrinsics",
            (None, None),
            move |warehouse, page| {
                let account = account.clone();
                async move { warehouse.list_account_extrinsics(&account, page).await }
            },
            move |_| async move { Ok(total) },
        );
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }
    /// Events that name it.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event>> {
        let scope = Scope::of(ctx)?;
        let (account, total) = (self.0.account.clone(), self.0.events);
        let id = ListId::new("Account.events", &account, order.into());
        let list = List::stored(
            &scope,
            "events",
            (None, None),
            move |warehouse, page| {
                let account = account.clone();
                async move { warehouse.list_account_events(&account, page).await }
            },
            move |_| async move { Ok(total) },
        );
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }
    /// Transfers of TAO from or to it.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn transfers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "At least this much, rao.")] min_amount_rao: Option<Rao>,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Transfer>> {
        let scope = Scope::of(ctx)?;
        let range = scope.clamp(Range::default()).await?;
        let min_amount_rao = min_amount_rao.map(|amount| u64::try_from(amount.0).unwrap_or(u64::MAX));
        let account = Some(self.0.account.clone());
        let filter = TransferFilter { account, min_amount_rao, ..TransferFilter::default() };
        let id = ListId::new("Account.transfers", &filter, Order::from(order));
        let list = Transfer::list(&scope, filter, range);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }
    /// What it holds at a block: balances, stake, profit and loss.
    #[graphql(complexity = "10 + child_complexity")]
    async fn portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Portfolio> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        Ok(Portfolio { market, account: self.0.account.clone() })
    }
    /// Stake moves from or to it, as a coldkey.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn stake_moves(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From or to this subnet.")] netuid: Option<u16>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<StakeMove>> {
        let scope = Scope::of(ctx)?;
        let range = scope.clamp(Range::default()).await?;
        let coldkey = Some(self.0.account.clone());
        let filter = StakeMoveFilter { coldkey, netuid, ..StakeMoveFilter::default() };
        let id = ListId::new("Account.stakeMoves", &filter, order.into());
        let list = StakeMove::list(&scope, StakeMoveFilter { range, ..filter });
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }
    /// Registrations of it, or of its hotkeys.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn registrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Registration>> {
        let scope = Scope::of(ctx)?;
        let range = scope.clamp(Range::default()).await?;
        let account = Some(self.0.account.clone());
        let filter = RegistrationFilter { account, ..RegistrationFilter::default() };
        let id = ListId::new("Account.registrations", &filter, order.into());
        let list = Registration::list(&scope, RegistrationFilter { range, ..filter });
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }
    /// The block as of which this holds; null while nothing is stored.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<AsOf>> {
        let head = Scope::of(ctx)?.find_head().await?;
        Ok(head.map(|row| AsOf { row, finalized: true }))
    }
}
