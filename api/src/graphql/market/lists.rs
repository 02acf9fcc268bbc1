//! Lists of stake moves, registrations and deregistrations, of all accounts.

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::query::market::{registrations::RegistrationFilter, stake_moves::StakeMoveFilter};

use super::{
    super::{
        connection::Connection,
        cursor::ListId,
        filter::{OrderInput, RangeInput},
        paging::{PageArgs, list_cost},
        scalars::{AccountId, Rao},
        scope::Scope,
    },
    stake::{Deregistration, Registration, RegistrationKind, StakeMove, StakeSide},
};
use crate::ApiError;

/// A number of rows within bounds.
pub(crate) fn limit(first: i64, max: u32) -> Result<u32, ApiError> {
    u32::try_from(first).ok().filter(|limit| (1..=max).contains(limit)).ok_or(ApiError::PageSize {
        argument: "first",
        value: first,
        max,
    })
}

/// Entry points of lists.
#[derive(Default)]
pub(crate) struct ListQuery;

#[Object]
impl ListQuery {
    /// Stake moves: what bought, sold, moved, transferred, recycled or burned stake, one an event. To measure volume sum
    /// `volumeRao`.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn stake_moves(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From or to this subnet.")] netuid: Option<u16>,
        #[graphql(desc = "From or to this account.")] coldkey: Option<AccountId>,
        #[graphql(desc = "From or to this hotkey.")] hotkey: Option<AccountId>,
        #[graphql(desc = "The event in snake case, e.g. `stake_added`.")] kind: Option<String>,
        #[graphql(desc = "Only what went through a pool, this way.")] side: Option<StakeSide>,
        #[graphql(desc = "At least so much TAO, rao.")] min_tao_rao: Option<Rao>,
        #[graphql(desc = "Blocks and times.")] range: Option<RangeInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<StakeMove>> {
        let scope = Scope::of(ctx)?;
        let filter = StakeMoveFilter {
            range: range.unwrap_or_default().build()?,
            netuid,
            coldkey: coldkey.map(|account| account.0),
            hotkey: hotkey.map(|account| account.0),
            kind,
            side: side.map(|side| side.name().to_owned()),
            min_tao_rao: min_tao_rao.map(|rao| u64::try_from(rao.0).unwrap_or(u64::MAX)),
        };
        let id = ListId::new("stakeMoves", &filter, order.into());
        let range = scope.clamp(filter.range).await?;
        let list = StakeMove::list(&scope, StakeMoveFilter { range, ..filter });
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// Registrations of neurons and subnets.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn registrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Neurons or subnets.")] kind: Option<RegistrationKind>,
        #[graphql(desc = "On this subnet.")] netuid: Option<u16>,
        #[graphql(desc = "Of this hotkey or coldkey.")] account: Option<AccountId>,
        #[graphql(desc = "Blocks and times.")] range: Option<RangeInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Registration>> {
        let scope = Scope::of(ctx)?;
        let filter = registration_filter(kind, netuid, account, range)?;
        let id = ListId::new("registrations", &filter, order.into());
        let range = scope.clamp(filter.range).await?;
        let list = Registration::list(&scope, RegistrationFilter { range, ..filter });
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// Neurons and subnets that lost their place.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn deregistrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Neurons or subnets.")] kind: Option<RegistrationKind>,
        #[graphql(desc = "On this subnet.")] netuid: Option<u16>,
        #[graphql(desc = "Of this hotkey or coldkey.")] account: Option<AccountId>,
        #[graphql(desc = "Blocks and times.")] range: Option<RangeInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Deregistration>> {
        let scope = Scope::of(ctx)?;
        let filter = registration_filter(kind, netuid, account, range)?;
        let id = ListId::new("deregistrations", &filter, order.into());
        let range = scope.clamp(filter.range).await?;
        let list = Deregistration::list(&scope, RegistrationFilter { range, ..filter });
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }
}

fn registration_filter(
    kind: Option<RegistrationKind>,
    netuid: Option<u16>,
    account: Option<AccountId>,
    range: Option<RangeInput>,
) -> Result<RegistrationFilter, ApiError> {
    Ok(RegistrationFilter {
        range: range.unwrap_or_default().build()?,
        kind: kind.map(|kind| kind.name().to_owned()),
        netuid,
        account: account.map(|account| account.0),
    })
}
