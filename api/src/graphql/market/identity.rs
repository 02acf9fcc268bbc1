//! Identities on the chain, and labels of the operator.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use yumascan_protocol::valuation::share_ppm;
use yumascan_warehouse::{labels::Label, query::market::identities::IdentityFilter, rows::IdentityRow};

use super::{
    super::{
        paging::list_cost,
        scalars::{AccountId, BlockNumber, Json, Timestamp},
        scope::Scope,
    },
    amounts::Decimal,
    lists::limit,
    moment::Market,
};
use crate::ApiError;

/// What an identity is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum IdentityKind {
    /// An account.
    Coldkey,
    /// A subnet.
    Subnet,
}

impl IdentityKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Coldkey => "coldkey",
            Self::Subnet => "subnet",
        }
    }
}

/// An identity on the chain, as it was set. Anybody can set any text.
#[derive(Debug, SimpleObject)]
pub(crate) struct Identity {
    /// `coldkey`, `subnet`, `subnet_symbol` or `registry`.
    kind: String,
    /// `set`, `moved` or `removed`.
    action: String,
    /// Account; null for a subnet.
    account: Option<AccountId>,
    /// Subnet; null for an account.
    netuid: Option<u16>,
    /// Name.
    name: Option<String>,
    /// Address of its site.
    url: Option<String>,
    /// Repository.
    github_repo: Option<String>,
    /// Address of its picture.
    image: Option<String>,
    /// Discord.
    discord: Option<String>,
    /// Contact.
    contact: Option<String>,
    /// Description.
    description: Option<String>,
    /// Anything else it says.
    additional: Option<String>,
    /// The whole as stored.
    value: Option<Json>,
    /// Block in which it was set.
    block_number: BlockNumber,
    /// Time of that block, UTC.
    timestamp: Option<Timestamp>,
}

impl From<IdentityRow> for Identity {
    fn from(row: IdentityRow) -> Self {
        Self {
            kind: row.kind,
            action: row.action,
            account: row.account.map(AccountId),
            netuid: row.netuid,
            name: row.name,
            url: row.url,
            github_repo: row.github_repo,
            image: row.image,
            discord: row.discord,
            contact: row.contact,
            description: row.description,
            additional: row.additional,
            value: row.value.map(Json),
            block_number: BlockNumber(row.block_number),
            timestamp: row.timestamp_ms.map(Timestamp),
        }
    }
}

/// A label of the operator.
pub(crate) struct LabelView {
    pub(crate) market: Option<Arc<Market>>,
    pub(crate) of: Label,
}

/// A label that the operator of this instance gave: a name for accounts and subnets that belong together. It is not from the
/// chain.
#[Object(name = "Label")]
impl LabelView {
    /// Name.
    async fn name(&self) -> &str {
        &self.of.name
    }
    /// What it is: `exchange`, `team`, `operator` or whatever the file says.
    async fn kind(&self) -> &str {
        &self.of.kind
    }
    /// Its accounts.
    async fn accounts(&self) -> Vec<AccountId> {
        self.of.accounts.iter().cloned().map(AccountId).collect()
    }
    /// Numbers of its subnets.
    async fn netuids(&self) -> Vec<u16> {
        self.of.subnets.clone()
    }
    /// Address of its site.
    async fn url(&self) -> Option<&str> {
        self.of.url.as_deref()
    }
    /// What the operator notes about it.
    async fn note(&self) -> Option<&str> {
        self.of.note.as_deref()
    }
    /// Part of the TAO of a block that its subnets receive together, a fraction; null without subnets or without state.
    #[graphql(complexity = 10)]
    async fn emission_share(&self) -> Result<Option<Decimal>> {
        let Some(market) = self.market.as_ref().filter(|_| !self.of.subnets.is_empty()) else {
            return Ok(None);
        };
        let rows: Vec<_> = market.subnets().await?.iter().map(|row| (**row).clone()).collect();
        let network = market.network().await?;
        let warehouse = market.scope.warehouse()?;
        let emissions =
            warehouse.list_emissions_of(&rows, network.as_deref()).await.map_err(ApiError::from)?;
        let received = |mine: bool| -> Option<u128> {
            let of = emissions.iter().filter(|of| !mine || self.of.subnets.contains(&of.netuid));
            of.map(|of| of.received_rao().map(u128::from)).sum()
        };
        let share = received(true).zip(received(false)).and_then(|(mine, all)| share_ppm(mine, all));
        Ok(share.map(Decimal::share_ppm))
    }
}

/// Entry points of names.
#[derive(Default)]
pub(crate) struct NameQuery;

#[Object]
impl NameQuery {
    /// Identities at a block, by name.
    #[graphql(complexity = "list_cost(Some(first), None, child_complexity)")]
    async fn identities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of accounts or of subnets.")] kind: Option<IdentityKind>,
        #[graphql(desc = "Of these accounts, at most 1000.", default)] accounts: Vec<AccountId>,
        #[graphql(desc = "Of this subnet.")] netuid: Option<u16>,
        #[graphql(desc = "Whose name contains this, whatever its case.")] name: Option<String>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 100)] first: i64,
    ) -> Result<Vec<Identity>> {
        let limit = limit(first, 1_000)?;
        if accounts.len() > 1_000 {
            let asked = accounts.len() as u64;
            return Err(ApiError::RangeLimit { asked, unit: "accounts", max: 1_000 }.into());
        }
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let filter = IdentityFilter {
            kind: kind.map(|kind| kind.name().to_owned()),
            accounts: accounts.into_iter().map(|account| account.0).collect(),
            netuid,
            name,
        };
        let listing = market.scope.warehouse()?.list_identities(&filter, &market.moment, limit);
        let rows = listing.await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("identities", rows.len() as u64)?;
        Ok(rows.into_iter().map(Identity::from).collect())
    }

    /// Labels that the operator of this instance gave to accounts and subnets.
    #[graphql(complexity = "20 * child_complexity")]
    async fn labels(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this account.")] account: Option<AccountId>,
        #[graphql(desc = "Only those of this subnet.")] netuid: Option<u16>,
        #[graphql(desc = "Block of the emission shares; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Vec<LabelView>> {
        let scope = Scope::of(ctx)?;
        scope.mark_volatile();
        let market = match Market::at(scope.clone(), at).await {
            Ok(market) => Some(market),
            // labels are there without state, unless a block was asked for
            Err(ApiError::NotFound { .. }) if at.is_none() => None,
            Err(error) => return Err(error.into()),
        };
        let labels = scope.shared.state.labels.list();
        let is_wanted = |of: &&Label| {
            account.as_ref().is_none_or(|account| of.accounts.contains(&account.0))
                && netuid.is_none_or(|netuid| of.subnets.contains(&netuid))
        };
        let wanted = labels.iter().filter(is_wanted);
        Ok(wanted.map(|of| LabelView { market: market.clone(), of: of.clone() }).collect())
    }
}
