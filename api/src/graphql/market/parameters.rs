//! Parameters of subnets, and what registering costs.

use async_graphql::{Context, Object, Result, SimpleObject};
use yumascan_warehouse::rows::HyperparameterRow;

use super::{
    super::{
        paging::list_cost,
        scalars::{AccountId, BlockNumber, Json, Timestamp},
        scope::Scope,
    },
    curves::{PruningPlaceView, RegistrationCost},
    lists::limit,
    moment::Market,
};
use crate::ApiError;

/// Entry points of parameters and places.
#[derive(Default)]
pub(crate) struct ParameterQuery;

#[Object]
impl ParameterQuery {
    /// The parameters of a subnet at a block: each with the change that made it so.
    #[graphql(complexity = "10 + 60 * child_complexity")]
    async fn hyperparameters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Vec<ParameterChange>> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        market.subnet(netuid).await?;
        let listing = market.scope.warehouse()?.list_hyperparameters(netuid, &market.moment);
        let rows = listing.await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("hyperparameters", rows.len() as u64)?;
        Ok(rows.into_iter().map(ParameterChange::from).collect())
    }

    /// How the parameters of a subnet changed up to a block, newest first.
    #[graphql(complexity = "list_cost(Some(first), None, child_complexity)")]
    async fn hyperparameter_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Only this storage item, e.g. `Tempo`.")] name: Option<String>,
        #[graphql(desc = "Lowest block.")] from_block: Option<BlockNumber>,
        #[graphql(desc = "Up to any stored block; the newest without it.")] at: Option<BlockNumber>,
        #[graphql(desc = "List first readings too.", default = false)] include_first_seen: bool,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 100)] first: i64,
    ) -> Result<Vec<ParameterChange>> {
        let limit = limit(first, 1_000)?;
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let range = (from_block.map_or(0, |block| block.0), market.moment.block);
        let warehouse = market.scope.warehouse()?;
        let listing =
            warehouse.list_hyperparameter_changes(netuid, name.as_deref(), range, include_first_seen, limit);
        let rows = listing.await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("hyperparameterHistory", rows.len() as u64)?;
        Ok(rows.into_iter().map(ParameterChange::from).collect())
    }

    /// What registering costs at a block, and later if nobody does: a neuron on `netuid`, or a subnet without it.
    #[graphql(complexity = "20 + child_complexity")]
    async fn registration_cost(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet on which a neuron is registered; without it, a subnet is.")] netuid: Option<
            u16,
        >,
        #[graphql(
            desc = "Blocks ahead for which prices are told, at most 100.",
            default_with = "vec![300, 1800, 7200, 50400]"
        )]
        ahead_blocks: Vec<u32>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<RegistrationCost> {
        const MAX: u64 = 100;
        if ahead_blocks.len() as u64 > MAX {
            let asked = ahead_blocks.len() as u64;
            return Err(ApiError::RangeLimit { asked, unit: "prices ahead", max: MAX }.into());
        }
        // beyond some years a price has long been at its least
        let ahead: Vec<u64> =
            ahead_blocks.into_iter().map(|blocks| u64::from(blocks).min(10_000_000)).collect();
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let warehouse = market.scope.warehouse()?;
        let Some(netuid) = netuid else {
            let finding = warehouse.find_subnet_cost(&market.moment, &ahead);
            return Ok(RegistrationCost::of_subnet(finding.await.map_err(ApiError::from)?, market.as_of()));
        };
        let subnet = market.subnet(netuid).await?;
        let finding = warehouse.find_neuron_cost(&subnet, &market.moment, &ahead);
        Ok(RegistrationCost::of_neuron(netuid, finding.await.map_err(ApiError::from)?, market.as_of()))
    }

    /// Subnets in the order in which they would be pruned, immune ones last.
    #[graphql(complexity = "20 + 130 * child_complexity")]
    async fn pruning(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Vec<PruningPlaceView>> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let rows = market.scope.warehouse()?.list_pruning(&market.moment).await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("pruning", rows.len() as u64)?;
        Ok(rows.into_iter().map(PruningPlaceView::from).collect())
    }
}

/// A change of a parameter.
#[derive(Debug, SimpleObject)]
pub(crate) struct ParameterChange {
    /// Subnet.
    netuid: u16,
    /// Storage item, with its pallet where that is not SubtensorModule.
    name: String,
    /// Value before; null where there was none.
    old_value: Option<Json>,
    /// Value after; null where there is none.
    new_value: Option<Json>,
    /// Block that changed it.
    block_number: BlockNumber,
    /// Time of that block, UTC.
    timestamp: Option<Timestamp>,
    /// Block and index of the extrinsic that changed it.
    extrinsic_id: Option<String>,
    /// Call that changed it, `Pallet.call`.
    call: Option<String>,
    /// Who signed the extrinsic.
    signer: Option<AccountId>,
    /// Why: `call`, `first_seen`, `subnet_registered`, `subnet_removed`, `runtime_upgrade`, `adjustment` or `unknown`.
    cause: String,
}

impl From<HyperparameterRow> for ParameterChange {
    fn from(row: HyperparameterRow) -> Self {
        Self {
            netuid: row.netuid,
            name: row.name,
            old_value: row.old_value.map(Json),
            new_value: row.new_value.map(Json),
            block_number: BlockNumber(row.block_number),
            timestamp: row.timestamp_ms.map(Timestamp),
            extrinsic_id: row.extrinsic_index.map(|index| format!("{}-{index}", row.block_number)),
            call: row.call,
            signer: row.signer.map(AccountId),
            cause: row.cause,
        }
    }
}
