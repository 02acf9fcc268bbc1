//! Periods of subnets, computed from the base tables.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::HOUR_MS;
use crate::{
    Warehouse, WarehouseError,
    query::sql::{Conditions, Sql},
    rows::SubnetPeriodRow,
};

/// Times and the blocks in them; `to_ms` is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    pub(crate) first_block: u64,
    pub(crate) last_block: u64,
}

/// What `subnet_state` says of a period.
#[derive(Debug, Row, Serialize, Deserialize)]
struct Read {
    netuid: u16,
    start_ms: u64,
    registered_at: Option<u64>,
    first_block: u64,
    last_block: u64,
    first_ms: u64,
    last_ms: u64,
    reads: u64,
    open_bits: Option<u128>,
    high_bits: Option<u128>,
    low_bits: Option<u128>,
    close_bits: Option<u128>,
    moving_price_bits: Option<i128>,
    tao_in_rao: Option<u64>,
    alpha_in_rao: Option<u64>,
    alpha_out_rao: Option<u64>,
    turnover_rao: Option<u128>,
    root_sale_rao: Option<u128>,
    chain_buy_rao: Option<u128>,
    tao_in_emission_rao: Option<u128>,
    alpha_in_emission_rao: Option<u128>,
    alpha_out_emission_rao: Option<u128>,
}

/// A reading of `SubnetVolume`: the subnet's registration, its time, what was traded so far.
type Turnover = (Option<u64>, u64, Option<u128>);

/// A block of a subnet with trades: netuid, block, time, TAO of buys and sells, their numbers.
type Trades = (u16, u64, u64, u128, u128, u64, u64);
/// A block with registrations: netuid, block, time, their number and cost.
type Registered = (u16, u64, u64, u64, u128);
/// A block with sales for root stakers: netuid, block, time, TAO.
type RootSales = (u16, u64, u64, u128);
/// The chain's buys in a period, as the replay of the coinbase has them: netuid, start, block, number of blocks, TAO.
type ChainBuys = (u16, u64, u64, u64, u128);

impl Warehouse {
    /// Periods of `length_ms` of all subnets, or of one, within a span, by subnet and time. The span must begin and end
    /// with a period.
    pub(crate) async fn compute_periods(
        &self,
        netuid: Option<u16>,
        length_ms: u64,
        span: Span,
    ) -> Result<Vec<SubnetPeriodRow>, WarehouseError> {
        let (reads, before, trades, registered, sales, bought) = futures::try_join!(
            self.fetch_all::<Read>("read prices", reads_sql(netuid, length_ms, span)),
            self.list_turnovers_before(netuid, span),
            self.fetch_all::<Trades>("sum up trades", trades_sql(netuid, span)),
            self.fetch_all::<Registered>("sum up registrations", registrations_sql(netuid, span)),
            self.fetch_all::<RootSales>("sum up root sales", root_sales_sql(netuid, span)),
            self.fetch_all::<ChainBuys>("sum up the chain's buys", chain_buys_sql(netuid, length_ms, span)),
        )?;
        let mut periods = to_periods(reads, before);
        let start = |moment: u64| moment / length_ms * length_ms;
        for (netuid, block, moment, buy_rao, sell_rao, buys, sells) in trades {
            if let Some(period) = find(&mut periods, netuid, start(moment), block) {
                period.buy_rao = period.buy_rao.saturating_add(buy_rao);
                period.sell_rao = period.sell_rao.saturating_add(sell_rao);
                period.buys += buys;
                period.sells += sells;
            }
        }
        for (netuid, block, moment, count, cost_rao) in registered {
            if let Some(period) = find(&mut periods, netuid, start(moment), block) {
                period.registrations += count;
                period.registration_rao = period.registration_rao.saturating_add(cost_rao);
            }
        }
        for (netuid, start_ms, block, count, tao_rao) in bought {
            // what is not known of every block that was read is not known
            if let Some(period) = find(&mut periods, netuid, start_ms, block)
                && period.chain_buy_rao.is_none()
                && period.reads == count
            {
                period.chain_buy_rao = Some(tao_rao);
            }
        }
        let has_item: Vec<_> = periods
            .iter()
            .filter(|period| period.root_sale_rao.is_some())
            .map(SubnetPeriodRow::key)
            .collect();
        for (netuid, block, moment, tao_rao) in sales {
            if let Some(period) = find(&mut periods, netuid, start(moment), block)
                && !has_item.contains(&period.key())
            {
                period.root_sale_rao = Some(period.root_sale_rao.unwrap_or(0).saturating_add(tao_rao));
            }
        }
        Ok(periods)
    }

    /// The last reading of each subnet before the span, if it is less than an hour older.
    async fn list_turnovers_before(
        &self,
        netuid: Option<u16>,
        span: Span,
    ) -> Result<BTreeMap<u16, Turnover>, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions
            .equal("netuid", netuid.map(u32::from))
            .and(Sql::new("block_number < ?").bind(span.first_block))
            .and(Sql::new("block_number >= ?").bind(span.first_block.saturating_sub(20_000)))
            .and(Sql::new("timestamp_ms >= ?").bind(span.from_ms.saturating_sub(HOUR_MS)));
        let sql = Sql::new(
            "SELECT netuid, registered_at, assumeNotNull(timestamp_ms), volume_rao FROM subnet_state",
        )
        .append(&conditions.to_where())
        .push(" ORDER BY netuid, block_number DESC LIMIT 1 BY netuid");
        let rows = self.fetch_all::<(u16, Option<u64>, u64, Option<u128>)>("read turnovers", sql).await?;
        Ok(rows
            .into_iter()
            .map(|(netuid, registered, moment, volume)| (netuid, (registered, moment, volume)))
            .collect())
    }
}

/// Rows of the periods, with what was traded in each: the growth of the turnover since the reading before.
fn to_periods(reads: Vec<Read>, mut last: BTreeMap<u16, Turnover>) -> Vec<SubnetPeriodRow> {
    let mut periods = Vec::with_capacity(reads.len());
    for read in reads {
        let before = last.get(&read.netuid).and_then(|(registered_at, moment, turnover)| {
            let is_same = *registered_at == read.registered_at;
            let is_near = read.first_ms.saturating_sub(*moment) <= HOUR_MS;
            turnover.filter(|_| is_same && is_near)
        });
        // a subnet that was registered within the period had traded nothing before
        let is_new = read.registered_at.is_some_and(|block| block >= read.first_block);
        let before = before.or(is_new.then_some(0));
        last.insert(read.netuid, (read.registered_at, read.last_ms, read.turnover_rao));
        periods.push(SubnetPeriodRow {
            netuid: read.netuid,
            start_ms: read.start_ms,
            registered_at: read.registered_at,
            first_block: read.first_block,
            last_block: read.last_block,
            reads: read.reads,
            open_bits: read.open_bits,
            high_bits: read.high_bits,
            low_bits: read.low_bits,
            close_bits: read.close_bits,
            moving_price_bits: read.moving_price_bits,
            tao_in_rao: read.tao_in_rao,
            alpha_in_rao: read.alpha_in_rao,
            alpha_out_rao: read.alpha_out_rao,
            turnover_rao: read.turnover_rao,
            traded_rao: before.zip(read.turnover_rao).and_then(|(before, now)| now.checked_sub(before)),
            root_sale_rao: read.root_sale_rao,
            chain_buy_rao: read.chain_buy_rao,
            tao_in_emission_rao: read.tao_in_emission_rao,
            alpha_in_emission_rao: read.alpha_in_emission_rao,
            alpha_out_emission_rao: read.alpha_out_emission_rao,
            ..SubnetPeriodRow::default()
        });
    }
    periods
}

/// The period to which a block of a subnet belongs: of several subnets that had the netuid the last one that began at or
/// before it. Periods are sorted by netuid, start and first block.
fn find(
    periods: &mut [SubnetPeriodRow],
    netuid: u16,
    start_ms: u64,
    block: u64,
) -> Option<&mut SubnetPeriodRow> {
    let from = periods.partition_point(|period| (period.netuid, period.start_ms) < (netuid, start_ms));
    let to = periods.partition_point(|period| (period.netuid, period.start_ms) <= (netuid, start_ms));
    let same = periods.get_mut(from..to)?;
    let began = same.partition_point(|period| period.first_block <= block);
    same.get_mut(began.saturating_sub(1))
}

fn reads_sql(netuid: Option<u16>, length_ms: u64, span: Span) -> Sql {
    let conditions = within(netuid, span);
    // `-If` functions over what is NULL in every row are NULL: unknown stays unknown
    Sql::new(format!(
        "SELECT netuid, intDiv(assumeNotNull(timestamp_ms), {length_ms}) * {length_ms} AS start_ms, registered_at, \
         min(block_number) AS first_block, max(block_number) AS last_block, \
         min(assumeNotNull(timestamp_ms)) AS first_ms, max(assumeNotNull(timestamp_ms)) AS last_ms, count() AS reads, \
         argMin(price_bits, block_number) AS open_bits, max(price_bits) AS high_bits, min(price_bits) AS low_bits, \
         argMax(price_bits, block_number) AS close_bits, \
         argMax(tuple(s.moving_price_bits), block_number).1 AS moving_price_bits, \
         argMax(tuple(s.tao_in_rao), block_number).1 AS tao_in_rao, \
         argMax(tuple(s.alpha_in_rao), block_number).1 AS alpha_in_rao, \
         argMax(tuple(s.alpha_out_rao), block_number).1 AS alpha_out_rao, \
         argMax(tuple(s.volume_rao), block_number).1 AS turnover_rao, \
         sum(toUInt128(s.root_sell_tao_rao)) AS root_sale_rao, sum(toUInt128(s.excess_tao_rao)) AS chain_buy_rao, \
         sum(toUInt128(s.tao_in_emission_rao)) AS tao_in_emission_rao, \
         sum(toUInt128(s.alpha_in_emission_rao)) AS alpha_in_emission_rao, \
         sum(toUInt128(s.alpha_out_emission_rao)) AS alpha_out_emission_rao FROM subnet_state AS s"
    ))
    .append(&conditions.to_where())
    .push(" GROUP BY netuid, start_ms, registered_at ORDER BY netuid, start_ms, first_block")
}

fn trades_sql(netuid: Option<u16>, span: Span) -> Sql {
    let mut conditions = within(netuid, span);
    conditions.and(Sql::new("isNotNull(side) AND isNotNull(netuid)"));
    Sql::new(
        "SELECT assumeNotNull(netuid) AS subnet, block_number, any(assumeNotNull(timestamp_ms)), \
         sumIf(toUInt128(ifNull(volume_rao, 0)), side = 'buy'), sumIf(toUInt128(ifNull(volume_rao, 0)), side = 'sell'), \
         countIf(side = 'buy'), countIf(side = 'sell') FROM stake_moves",
    )
    .append(&conditions.to_where())
    .push(" GROUP BY subnet, block_number")
}

fn registrations_sql(netuid: Option<u16>, span: Span) -> Sql {
    let mut conditions = within(netuid, span);
    conditions.equal("kind", Some("neuron"));
    Sql::new(
        "SELECT netuid, block_number, any(assumeNotNull(timestamp_ms)), count(), sum(toUInt128(ifNull(cost_rao, 0))) \
         FROM registrations",
    )
    .append(&conditions.to_where())
    .push(" GROUP BY netuid, block_number")
}

fn root_sales_sql(netuid: Option<u16>, span: Span) -> Sql {
    let mut conditions = within(netuid, span);
    conditions.and(Sql::new("isNotNull(tao_rao)"));
    Sql::new("SELECT netuid, block_number, any(assumeNotNull(timestamp_ms)), sum(toUInt128(ifNull(tao_rao, 0))) FROM root_claims")
        .append(&conditions.to_where())
        .push(" GROUP BY netuid, block_number")
}

/// Of the blocks at which state was read, by registration of the subnet.
fn chain_buys_sql(netuid: Option<u16>, length_ms: u64, span: Span) -> Sql {
    let conditions = || within(netuid, span).to_where();
    Sql::new(format!(
        "SELECT s.netuid, intDiv(assumeNotNull(s.timestamp_ms), {length_ms}) * {length_ms} AS start_ms, \
         min(s.block_number), count(), sum(toUInt128(assumeNotNull(v.chain_buy_rao))) FROM \
         (SELECT netuid, block_number, registered_at, timestamp_ms FROM subnet_state"
    ))
    .append(&conditions())
    .push(") AS s INNER JOIN (SELECT netuid, block_number, chain_buy_rao FROM emission_verifications")
    .append(&conditions())
    .push(
        " AND verdict IN ('verified', 'excused') AND isNotNull(chain_buy_rao)) AS v \
         ON v.netuid = s.netuid AND v.block_number = s.block_number \
         GROUP BY s.netuid, start_ms, s.registered_at ORDER BY s.netuid, start_ms",
    )
}

fn within(netuid: Option<u16>, span: Span) -> Conditions {
    let mut conditions = Conditions::default();
    conditions
        .equal("netuid", netuid.map(u32::from))
        .and(Sql::new("block_number BETWEEN ? AND ?").bind(span.first_block).bind(span.last_block))
        .and(Sql::new("timestamp_ms >= ? AND timestamp_ms < ?").bind(span.from_ms).bind(span.to_ms));
    conditions
}
