//! One box, every kind of thing.

use async_graphql::{Context, Object, Result, SimpleObject, Union};
use yumascan_warehouse::query::search;

use super::{
    account::Account,
    as_of::AsOf,
    block::{Block, find_stored},
    extrinsic::{Extrinsic, find_stored_extrinsic},
    scalars::{AccountId, Long},
    scope::Scope,
};
use crate::ApiError;

/// An account that a search text names, mentioned by stored blocks or not.
#[derive(Debug, Clone)]
pub(crate) struct AccountHit {
    account: String,
    known: bool,
}

/// An account that a search text names.
#[Object]
impl AccountHit {
    /// SS58 with prefix 42.
    async fn id(&self) -> AccountId {
        AccountId(self.account.clone())
    }
    /// Whether a stored block mentions it.
    async fn known(&self) -> bool {
        self.known
    }
    /// What the stored blocks know of it; null when none mentions it.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        if !self.known {
            return Ok(None);
        }
        let scope = Scope::of(ctx)?;
        let found = scope.warehouse()?.find_account(&self.account).await.map_err(ApiError::from)?;
        Ok(found.map(|summary| Account(summary.into())))
    }
}

/// A call name that occurs.
#[derive(Debug, SimpleObject)]
pub(crate) struct CallName {
    /// Pallet.
    pallet: String,
    /// Call.
    call: String,
    /// How often it occurs in stored blocks.
    count: Long,
}

/// An event name that occurs.
#[derive(Debug, SimpleObject)]
pub(crate) struct EventName {
    /// Pallet.
    pallet: String,
    /// Variant.
    variant: String,
    /// How often it occurs in stored blocks.
    count: Long,
}

/// Something a search text can mean.
#[derive(Union)]
pub(crate) enum SearchHit {
    /// A stored block.
    Block(Block),
    /// A stored extrinsic.
    Extrinsic(Extrinsic),
    /// An account.
    Account(AccountHit),
    /// A call name.
    Call(CallName),
    /// An event name.
    Event(EventName),
}

/// What a search text can mean.
#[derive(SimpleObject)]
pub(crate) struct SearchAnswer {
    /// What it can mean, best first.
    pub(crate) hits: Vec<SearchHit>,
    /// The block as of which this holds; null while nothing is stored.
    pub(crate) as_of: Option<AsOf>,
}

/// Loads what the hits name, many in one query.
pub(crate) async fn resolve(scope: &Scope, hits: Vec<search::SearchHit>) -> Result<Vec<SearchHit>, ApiError> {
    let load = hits.into_iter().map(|hit| load(scope, hit));
    let loaded = futures::future::try_join_all(load).await?;
    let mut seen = std::collections::HashSet::new();
    let is_new = |hit: &SearchHit| match hit {
        SearchHit::Block(block) => seen.insert(format!("b{}", block.row.number)),
        SearchHit::Extrinsic(extrinsic) => seen.insert(format!("x{:?}", extrinsic.row_place())),
        _ => true,
    };
    Ok(loaded.into_iter().flatten().filter(is_new).collect())
}

async fn load(scope: &Scope, hit: search::SearchHit) -> Result<Option<SearchHit>, ApiError> {
    Ok(match hit {
        search::SearchHit::Block { number, .. } => find_stored(scope, number).await?.map(SearchHit::Block),
        search::SearchHit::Extrinsic { block, index, .. } => {
            find_stored_extrinsic(scope, (block, index)).await?.map(SearchHit::Extrinsic)
        }
        search::SearchHit::Account { account, known } => {
            Some(SearchHit::Account(AccountHit { account, known }))
        }
        search::SearchHit::Call { pallet, call, count } => {
            Some(SearchHit::Call(CallName { pallet, call, count: Long(count) }))
        }
        search::SearchHit::Event { pallet, variant, count } => {
            Some(SearchHit::Event(EventName { pallet, variant, count: Long(count) }))
        }
    })
}
