//! The entry points of markets.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::query::market::{
    candles::MAX_CANDLES,
    quotes::{pool_of, quote},
};

use super::{
    super::{
        paging::list_cost,
        scalars::{AccountId, BlockNumber, Rao, Timestamp},
        scope::Scope,
    },
    emission::{EmissionView, SupplyView},
    lists::limit,
    metagraph::{Metagraph, Neuron},
    moment::Market,
    period::{CandleInterval, Granularity, SubnetPeriod},
    quote::QuoteView,
    subnet::Subnet,
    validator::ValidatorView,
    yields::{Window, YieldView},
};
use crate::{ApiError, error::Nearest};

/// Entry points of markets.
#[derive(Default)]
pub(crate) struct MarketQuery;

#[Object]
impl MarketQuery {
    /// All subnets at a block, root first.
    #[graphql(complexity = "130 * child_complexity")]
    async fn subnets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Vec<Subnet>> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let rows = market.subnets().await?.clone();
        Ok(rows.iter().map(|row| Subnet { market: market.clone(), row: row.clone() }).collect())
    }

    /// A subnet at a block.
    #[graphql(complexity = "10 + child_complexity")]
    async fn subnet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number; 0 is root.")] netuid: u16,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Subnet> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let row = market.subnet(netuid).await?;
        Ok(Subnet { market, row })
    }

    /// A number's past by block, hour or day, oldest first; without a start, the newest `first`. `registeredAt` tells
    /// subnets that had the number apart.
    #[graphql(complexity = "list_cost(Some(first), None, child_complexity)")]
    async fn subnet_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number; 0 is root.")] netuid: u16,
        #[graphql(desc = "Length of the periods.")] granularity: Granularity,
        #[graphql(desc = "Earliest time.")] from: Option<Timestamp>,
        #[graphql(desc = "Latest time; that of the block without it.")] to: Option<Timestamp>,
        #[graphql(desc = "Up to any stored block; the newest without it.")] at: Option<BlockNumber>,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 168)] first: i64,
    ) -> Result<Vec<SubnetPeriod>> {
        let limit = limit(first, 1_000)?;
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let (from_ms, to_ms) = times(&market, from, to)?;
        let (scope, block) = (&market.scope, market.moment.block);
        let hour = 3_600_000;
        let length = match granularity {
            Granularity::Block => {
                return block_history(&market, netuid, (from_ms, to_ms), limit).await;
            }
            Granularity::Hour => hour,
            Granularity::Day => 24 * hour,
        };
        let from_ms = newest(from_ms, to_ms, length, limit, from.is_some())?;
        let listing =
            scope.warehouse()?.list_candles(netuid, length, from_ms, to_ms.saturating_add(1), block);
        let rows = listing.await.map_err(ApiError::from)?;
        scope.budget.take_rows("subnetHistory", rows.len() as u64)?;
        Ok(rows.into_iter().map(SubnetPeriod::from).collect())
    }

    /// Candles of a subnet, oldest first: prices after blocks, and what was traded. Without a start, the newest `first`.
    #[graphql(complexity = "list_cost(Some(first), None, child_complexity)")]
    async fn candles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Length of a candle.", default_with = "CandleInterval::Hour")]
        interval: CandleInterval,
        #[graphql(desc = "Earliest start.")] from: Option<Timestamp>,
        #[graphql(desc = "Latest time; that of the block without it.")] to: Option<Timestamp>,
        #[graphql(desc = "Up to any stored block; the newest without it.")] at: Option<BlockNumber>,
        #[graphql(desc = "At most this many, 1 to 5000.", default = 300)] first: i64,
    ) -> Result<Vec<SubnetPeriod>> {
        let limit = limit(first, u32::try_from(MAX_CANDLES).unwrap_or(u32::MAX))?;
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let (from_ms, to_ms) = times(&market, from, to)?;
        let length = interval.length_ms();
        let from_ms = newest(from_ms, to_ms, length, limit, from.is_some())?;
        let (scope, block) = (&market.scope, market.moment.block);
        let listing =
            scope.warehouse()?.list_candles(netuid, length, from_ms, to_ms.saturating_add(1), block);
        let rows = listing.await.map_err(ApiError::from)?;
        scope.budget.take_rows("candles", rows.len() as u64)?;
        Ok(rows.into_iter().map(SubnetPeriod::from).collect())
    }

    /// The metagraph of a subnet at a block.
    #[graphql(complexity = "10 + child_complexity")]
    async fn metagraph(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Metagraph> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let row = market.subnet(netuid).await?;
        Ok(Metagraph { subnet: Subnet { market, row } })
    }

    /// A neuron at a block.
    #[graphql(complexity = "10 + child_complexity")]
    async fn neuron(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Place on the subnet.")] uid: u16,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Neuron> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let subnet = market.subnet(netuid).await?;
        let finding = market.scope.warehouse()?.find_neuron(&subnet, uid, &market.moment);
        let Some(row) = finding.await.map_err(ApiError::from)? else {
            let count = subnet.neuron_count.unwrap_or(0);
            let message = format!(
                "subnet {netuid} has no neuron {uid} at block {}: it has {count}, numbered from 0",
                market.moment.block
            );
            let nearest = count.checked_sub(1).map(|uid| Nearest::Uid { uid });
            let nearest = nearest.into_iter().collect();
            return Err(ApiError::NotFound { code: "UNKNOWN_NEURON", message, nearest }.into());
        };
        Ok(Neuron { market: Some(market), row: Arc::new(row) })
    }

    /// Validators at a block, the weightiest first: hotkeys with a permit on any subnet.
    #[graphql(complexity = "list_cost(Some(first), None, child_complexity)")]
    async fn validators(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 100)] first: i64,
    ) -> Result<Vec<ValidatorView>> {
        let limit = limit(first, 1_000)?;
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let rows = market.scope.warehouse()?.list_validators(&market.moment).await.map_err(ApiError::from)?;
        let rows = (1..).zip(rows.into_iter().take(limit as usize));
        let views: Vec<_> =
            rows.map(|(rank, of)| ValidatorView { market: market.clone(), of: Arc::new(of), rank }).collect();
        market.scope.budget.take_rows("validators", views.len() as u64)?;
        Ok(views)
    }

    /// One validator at a block; null where the hotkey has no permit on any subnet.
    #[graphql(complexity = "100 + child_complexity")]
    async fn validator(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Hotkey.")] hotkey: AccountId,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Option<ValidatorView>> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let rows = market.scope.warehouse()?.list_validators(&market.moment).await.map_err(ApiError::from)?;
        let found = (1..).zip(rows).find(|(_, of)| of.hotkey == hotkey.0);
        Ok(found.map(|(rank, of)| ValidatorView { market, of: Arc::new(of), rank }))
    }

    /// What stakers earned on a subnet in the window before a block: the subnet first, then its hotkeys by stake.
    #[graphql(complexity = "100 + 64 * child_complexity")]
    async fn validator_yield(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Window before the block.", default_with = "Window::Day")] window: Window,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Vec<YieldView>> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        market.subnet(netuid).await?;
        let listing =
            market.scope.warehouse()?.list_subnet_yields(netuid, &market.moment, window.length_ms());
        let rows = listing.await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("validatorYield", rows.len() as u64)?;
        Ok(rows.into_iter().map(YieldView::from).collect())
    }

    /// What every subnet received in a block, the most first.
    #[graphql(complexity = "20 + 130 * child_complexity")]
    async fn emissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Vec<EmissionView>> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let rows = market.scope.warehouse()?.list_emissions(&market.moment).await.map_err(ApiError::from)?;
        market.scope.budget.take_rows("emissions", rows.len() as u64)?;
        Ok(rows.into_iter().map(EmissionView::from).collect())
    }

    /// The supply of TAO at a block.
    #[graphql(complexity = "20 + child_complexity")]
    async fn supply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<Option<SupplyView>> {
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let found = market.scope.warehouse()?.find_supply(&market.moment).await.map_err(ApiError::from)?;
        Ok(found.map(|of| SupplyView { market, of }))
    }

    /// What an amount would give at a block: TAO for alpha (`toNetuid`), alpha for TAO (`fromNetuid`), alpha for alpha
    /// (both).
    #[graphql(complexity = "20 + child_complexity")]
    async fn quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet that is left; free TAO without it.")] from_netuid: Option<u16>,
        #[graphql(desc = "Subnet that is entered; free TAO without it.")] to_netuid: Option<u16>,
        #[graphql(desc = "What is paid, fee included, rao: alpha of the subnet that is left, or TAO.")]
        amount_rao: Rao,
        #[graphql(desc = "Any stored block; the newest without it.")] at: Option<BlockNumber>,
    ) -> Result<QuoteView> {
        if from_netuid == to_netuid {
            let text =
                "pass `fromNetuid`, `toNetuid` or both, and not the same: within a subnet nothing is swapped";
            return Err(ApiError::BadInput(text.into()).into());
        }
        let amount = u64::try_from(amount_rao.0)
            .map_err(|_| ApiError::BadInput("`amountRao` is more than there will ever be".into()))?;
        let market = Market::at(Scope::of(ctx)?, at).await?;
        let mut pools = [None, None];
        for (pool, netuid) in pools.iter_mut().zip([from_netuid, to_netuid]) {
            let Some(netuid) = netuid else { continue };
            let row = market.subnet(netuid).await?;
            *pool = Some(pool_of(&row).ok_or_else(|| {
                ApiError::BadInput(format!(
                    "the state of the pool of subnet {netuid} is not known at this block"
                ))
            })?);
        }
        let found = quote(pools[0].as_ref(), pools[1].as_ref(), amount)
            .map_err(|reason| ApiError::BadInput(format!("no quote: {reason}")))?;
        Ok(QuoteView::new((from_netuid, to_netuid), amount, found, market.as_of()))
    }
}

/// Times of a range that ends at the moment.
fn times(market: &Market, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(u64, u64), ApiError> {
    let now = market.moment.timestamp_ms.unwrap_or(0);
    let (from, to) = (from.map_or(0, |time| time.0), to.map_or(now, |time| time.0.min(now)));
    if from > to {
        return Err(ApiError::BadInput(
            "`from` is after `to`, or after the last block with state: take an earlier one".into(),
        ));
    }
    Ok((from, to))
}

/// The start of at most `limit` periods up to `to_ms`. A start that was asked for and leaves more is refused.
fn newest(from_ms: u64, to_ms: u64, length: u64, limit: u32, was_asked: bool) -> Result<u64, ApiError> {
    let periods = (to_ms / length).saturating_sub(from_ms / length) + 1;
    let max = u64::from(limit);
    if periods <= max {
        return Ok(from_ms);
    }
    if was_asked {
        return Err(ApiError::RangeLimit { asked: periods, unit: "periods", max });
    }
    Ok((to_ms / length * length).saturating_sub(length.saturating_mul(max - 1)))
}

async fn block_history(
    market: &Market,
    netuid: u16,
    (from_ms, to_ms): (u64, u64),
    limit: u32,
) -> Result<Vec<SubnetPeriod>> {
    let scope = &market.scope;
    let finding = scope.warehouse()?.find_state_blocks(from_ms, to_ms);
    let Some((first, last)) = finding.await.map_err(ApiError::from)? else { return Ok(Vec::new()) };
    let last = last.min(market.moment.block);
    let asked = last.saturating_sub(first) + 1;
    if from_ms > 0 && asked > u64::from(limit) && market.moment.stride == 1 {
        return Err(ApiError::RangeLimit { asked, unit: "blocks", max: limit.into() }.into());
    }
    let listing = scope.warehouse()?.list_subnet_blocks(netuid, (first, last), limit);
    let mut rows = listing.await.map_err(ApiError::from)?;
    scope.budget.take_rows("subnetHistory", rows.len() as u64)?;
    rows.reverse();
    Ok(rows.into_iter().map(SubnetPeriod::from).collect())
}
