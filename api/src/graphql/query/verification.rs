//! What the replay of the chain's maths found.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};

use super::super::{
    connection::Connection,
    cursor::ListId,
    epoch::Epoch,
    filter::{EmissionVerificationFilterInput, EpochVerificationFilterInput, OrderInput},
    paging::{PageArgs, list_cost},
    scalars::BlockNumber,
    scope::Scope,
    verification::{EmissionVerification, EpochVerification, VerdictTotals},
};
use crate::ApiError;

/// Entry points of verification.
#[derive(Default)]
pub(crate) struct VerificationQuery;

#[Object]
impl VerificationQuery {
    /// Epochs that were recomputed and compared with what the chain stored, one a block, subnet and mechanism.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn epoch_verifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which epochs.")] filter: Option<EpochVerificationFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<EpochVerification>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("epochVerifications", &filter, order.into());
        let list = EpochVerification::list(&scope, filter);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// How many epochs have which verdict.
    #[graphql(complexity = "5 + child_complexity")]
    async fn epoch_verdicts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which epochs.")] filter: Option<EpochVerificationFilterInput>,
    ) -> Result<VerdictTotals> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let counts = scope.warehouse()?.count_epoch_verdicts(&filter).await.map_err(ApiError::from)?;
        Ok(counts.into())
    }

    /// One epoch: inputs, every step, results and verdict, recomputed from the inputs that are kept. Null where it was not
    /// verified, or its inputs are not kept.
    #[graphql(complexity = "10 + child_complexity")]
    async fn epoch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Block in whose initialization it ran.")] block: BlockNumber,
        #[graphql(desc = "Mechanism, from 0.", default = 0)] mechid: u8,
    ) -> Result<Option<Epoch>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let finding = scope.warehouse()?.find_epoch_verification(block.0, netuid, mechid);
        let Some(row) = finding.await.map_err(ApiError::from)? else { return Ok(None) };
        Ok(Epoch::find(&scope, Arc::new(row)).await?)
    }

    /// Emission of blocks and subnets that was recomputed and compared with what the chain stored.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn emission_verifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which blocks and subnets.")] filter: Option<EmissionVerificationFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<EmissionVerification>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("emissionVerifications", &filter, order.into());
        let list = EmissionVerification::list(&scope, filter);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// How many blocks of subnets have which verdict on their emission.
    #[graphql(complexity = "5 + child_complexity")]
    async fn emission_verdicts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which blocks and subnets.")] filter: Option<EmissionVerificationFilterInput>,
    ) -> Result<VerdictTotals> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let counts = scope.warehouse()?.count_emission_verdicts(&filter).await.map_err(ApiError::from)?;
        Ok(counts.into())
    }
}
