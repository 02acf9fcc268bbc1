//! Accounts, search, and what this instance holds.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::query::accounts::AccountSummary;

use super::super::{
    account::Account,
    as_of::{AsOf, CoverageOf},
    connection::{Connection, List},
    cursor::ListId,
    filter::OrderInput,
    market::Market,
    paging::{PageArgs, list_cost},
    runtime_version::RuntimeVersion,
    scalars::{AccountId, BlockNumber},
    scope::Scope,
    search::{self, SearchAnswer},
    status::Status,
};
use crate::ApiError;

/// Entry points of the instance.
#[derive(Default)]
pub(crate) struct InstanceQuery;

#[Object]
impl InstanceQuery {
    /// An account; null when no stored block mentions it and no state knows a balance of it.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "SS58 of any prefix, or 0x and 64 hexadecimal digits.")] id: AccountId,
    ) -> Result<Option<Account>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let found = scope.warehouse()?.find_account(&id.0).await.map_err(ApiError::from)?;
        if let Some(summary) = found {
            return Ok(Some(Account(Arc::new(summary))));
        }
        // who has TAO has an account, though no stored block mentions it
        let Ok(market) = Market::at(scope, None).await else { return Ok(None) };
        let finding = market.scope.warehouse()?.find_balance(&id.0, &market.moment);
        let balance = finding.await.map_err(ApiError::from)?;
        Ok(balance.map(|_| Account(Arc::new(AccountSummary::unmentioned(&id.0)))))
    }

    /// What a text can mean: block number or hash, extrinsic hash or id, SS58 address or hex public key, `Pallet.call`
    /// or `Pallet.Event`, also their beginnings.
    #[graphql(complexity = "10 * child_complexity")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text, at most 200 characters.")] text: String,
        #[graphql(desc = "At most this many hits, 1 to 50.", default = 10)] first: i64,
    ) -> Result<SearchAnswer> {
        const MAX: u32 = 50;
        let scope = Scope::of(ctx)?;
        if text.chars().count() > 200 {
            return Err(ApiError::BadInput(
                "`text` is longer than 200 characters; nothing here has so long a name".into(),
            )
            .into());
        }
        let limit = u32::try_from(first)
            .ok()
            .filter(|limit| (1..=MAX).contains(limit))
            .ok_or(ApiError::PageSize { argument: "first", value: first, max: MAX })?;
        let head = scope.find_head().await?;
        let found = scope.warehouse()?.search(&text, limit).await.map_err(ApiError::from)?;
        let as_of = head.map(|row| AsOf { row, finalized: true });
        Ok(SearchAnswer { hits: search::resolve(&scope, found).await?, as_of })
    }

    /// Runtimes that executed stored blocks.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn runtime_versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<RuntimeVersion>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let id = ListId::new("runtimeVersions", &(), order.into());
        let loading = scope.clone();
        let list = List::loaded((None, None), move || {
            let scope = loading.clone();
            async move {
                let mut rows = scope.warehouse()?.list_runtime_versions().await?;
                rows.sort_by_key(|row| (row.first_block, row.spec_version));
                Ok(rows.into_iter().map(|row| RuntimeVersion(Arc::new(row))).collect())
            }
        });
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// Which blocks are stored, and where the gaps are. Without ends: between the lowest and the highest stored block.
    async fn coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Lowest block of the range.")] from: Option<BlockNumber>,
        #[graphql(desc = "Highest block of the range.")] to: Option<BlockNumber>,
    ) -> Result<CoverageOf> {
        let scope = Scope::of(ctx)?;
        let head = scope.find_head().await?;
        let (from, to) = (from.map(|number| number.0), to.map(|number| number.0));
        if matches!((from, to), (Some(from), Some(to)) if from > to) {
            return Err(ApiError::BadInput("`from` is above `to`: exchange them".into()).into());
        }
        let coverage = scope.get_coverage(from, to).await?;
        Ok(CoverageOf { from, to, coverage, as_of: head.map(|row| AsOf { row, finalized: true }) })
    }

    /// What this instance holds and how it is doing.
    async fn status(&self, ctx: &Context<'_>) -> Result<Status> {
        Scope::of(ctx)?.mark_volatile();
        Ok(Status)
    }
}
