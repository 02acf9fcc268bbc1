//! Stake that leaves and prices that jump.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, tao},
    incident::{Finding, Scope, Severity},
    input::SubnetState,
    stats::{median, rounded},
};

/// Blocks of an hour and of a day.
const HOUR: u64 = 300;
const DAY: u64 = 7_200;
/// Blocks of a week, and how often a price is sampled.
const WEEK: u64 = 50_400;
const EVERY: u64 = 25;
/// Blocks around an upgrade in which prices are not judged.
const UPGRADE_GUARD: u64 = 50;

pub(super) struct Market;

/// What is remembered of a subnet.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// (block, coldkey, rao: positive leaves)
    flows: VecDeque<(u64, String, i64)>,
    /// (block, price)
    prices: VecDeque<(u64, f64)>,
}

/// Memory by subnet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct MarketState {
    subnets: BTreeMap<u16, Memory>,
}

impl Detector for Market {
    type State = MarketState;
    const NAME: &'static str = "market";
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::StakeExit, Kind::PriceMove];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.subnets).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut MarketState, block: &Block<'_>, out: &mut Out) {
        for event in block.events("SubtensorModule", "NetworkRemoved") {
            state.subnets.remove(&Args::of(&event.args).netuid(0).unwrap_or(u16::MAX));
        }
        for (name, sign) in [("StakeAdded", -1), ("StakeRemoved", 1)] {
            for event in block.events("SubtensorModule", name) {
                let args = Args::of(&event.args);
                let (Some(who), Some(rao)) = (args.text("coldkey", 0), args.number("tao", 2)) else {
                    continue;
                };
                let Some(netuid) = args.netuid(4) else { continue };
                let rao = i64::try_from(rao).unwrap_or(i64::MAX);
                let flows = &mut state.subnets.entry(netuid).or_default().flows;
                match flows
                    .iter_mut()
                    .rev()
                    .take_while(|(at, ..)| *at == block.number)
                    .find(|(_, of, _)| *of == who)
                {
                    Some((.., sum)) => *sum = sum.saturating_add(sign * rao),
                    None => flows.push_back((block.number, who, sign * rao)),
                }
            }
        }
        if !block.number.is_multiple_of(EVERY) {
            return;
        }
        let Some(rows) = &block.input.state else { return };
        for row in &rows.subnets {
            let memory = state.subnets.entry(row.netuid).or_default();
            memory.forget(block.number);
            exit(config, memory, row, block, out);
            if row.netuid != 0
                && let Some(price) = row.price
            {
                memory.prices.push_back((block.number, price));
            }
        }
        prices(config, state, &rows.subnets, block, out);
    }
}

impl Memory {
    fn forget(&mut self, number: u64) {
        while self.flows.front().is_some_and(|(at, ..)| at + DAY <= number) {
            self.flows.pop_front();
        }
        while self.prices.front().is_some_and(|(at, _)| at + WEEK < number) {
            self.prices.pop_front();
        }
    }

    /// The sampled price nearest to `blocks` ago, where history reaches back so far.
    fn price_ago(&self, number: u64, blocks: u64) -> Option<f64> {
        let wanted = number.checked_sub(blocks)?;
        let place = self.prices.partition_point(|(at, _)| *at <= wanted).checked_sub(1)?;
        self.prices
            .get(place)
            .filter(|(at, price)| wanted - at <= 2 * EVERY && *price > 0.0)
            .map(|(_, price)| *price)
    }
}

fn exit(config: &WatchConfig, memory: &Memory, row: &SubnetState, block: &Block<'_>, out: &mut Out) {
    let wanted = &config.subnets;
    let Some(pool) = row.tao_in_rao.filter(|pool| pool / 1_000_000_000 >= wanted.least_pool_tao) else {
        return;
    };
    let since = |blocks: u64| {
        let from = block.number.saturating_sub(blocks);
        memory.flows.iter().filter(move |(at, ..)| *at > from)
    };
    let sum =
        |blocks: u64| since(blocks).map(|(.., rao)| i128::from(*rao)).sum::<i128>().max(0).unsigned_abs();
    let (hour, day) = (sum(HOUR), sum(DAY));
    let share = |left: u128| crate::stats::share(left, u128::from(pool) + left);
    let (in_hour, in_day) = (share(hour), share(day));
    let is_root = row.netuid == 0;
    let serious = if is_root { in_hour > wanted.exit_root } else { in_hour > wanted.exit_serious };
    let (hour_bound, day_bound) = match is_root {
        true => (wanted.exit_root, wanted.exit_day),
        false => (wanted.exit_hour, wanted.exit_day),
    };
    let strength = (in_hour / hour_bound).max(in_day / day_bound);
    let scope = Scope::Subnet(row.netuid);
    if strength <= 1.0 {
        if strength > 0.7 {
            out.hold(Kind::StakeExit, scope);
        }
        return;
    }
    let blocks = if in_hour > hour_bound { HOUR } else { DAY };
    let mut by_key: BTreeMap<&str, i128> = BTreeMap::new();
    for (_, who, rao) in since(blocks) {
        *by_key.entry(who).or_default() += i128::from(*rao);
    }
    let mut by_key: Vec<(&str, u128)> = by_key
        .into_iter()
        .map(|(who, rao)| (who, rao.max(0).unsigned_abs()))
        .filter(|(_, rao)| *rao > 0)
        .collect();
    by_key.sort_by_key(|(_, rao)| std::cmp::Reverse(*rao));
    let out_sum: u128 = by_key.iter().map(|(_, rao)| rao).sum();
    let single =
        by_key.first().is_some_and(|(_, rao)| crate::stats::share(*rao, out_sum) > wanted.single_exit);
    let left = if blocks == HOUR { hour } else { day };
    let named = u64::try_from(left).unwrap_or(u64::MAX);
    let title = format!(
        "{} more left than came to subnet {} within {}: {:.0} % of its pool.",
        tao(named),
        row.netuid,
        if blocks == HOUR { "an hour" } else { "a day" },
        100.0 * share(left)
    );
    let severity = if serious { Severity::S2 } else { Severity::S3 };
    let first = since(blocks).find(|(.., rao)| *rao > 0).map_or(block.number, |(at, ..)| *at);
    let mut finding = Finding::level(Kind::StakeExit, scope, severity, (strength, 1.0), title)
        .since(first)
        .with("share_of_pool_hour", rounded(in_hour))
        .with("share_of_pool_day", rounded(in_day))
        .with("pool_rao", pool.to_string())
        .with("single_exit", single)
        .with(
            "leavers",
            json!(
                by_key
                    .iter()
                    .take(5)
                    .map(|(who, rao)| json!({"account": who, "rao": rao.to_string()}))
                    .collect::<Vec<_>>()
            ),
        );
    finding.accounts.extend(by_key.iter().take(5).map(|(who, _)| (*who).to_owned()));
    out.fire(finding);
}

fn prices(config: &WatchConfig, state: &MarketState, rows: &[SubnetState], block: &Block<'_>, out: &mut Out) {
    let wanted = &config.subnets;
    if block.since_upgrade().is_some_and(|blocks| blocks <= UPGRADE_GUARD) {
        return;
    }
    let moves: BTreeMap<u16, (f64, Option<f64>)> = rows
        .iter()
        .filter_map(|row| {
            let (memory, price) = (state.subnets.get(&row.netuid)?, row.price.filter(|price| *price > 0.0)?);
            let hour = (price / memory.price_ago(block.number, HOUR)?).ln();
            let day = memory.price_ago(block.number, DAY).map(|before| (price / before).ln());
            Some((row.netuid, (hour, day)))
        })
        .collect();
    // where all prices move, it is the market
    let market = median(moves.values().map(|(hour, _)| *hour)).unwrap_or(0.0);
    for row in rows {
        let Some((hour, day)) = moves.get(&row.netuid) else { continue };
        let Some(started) = row.first_emission_block else { continue };
        if block.number.saturating_sub(started) < wanted.young_blocks {
            out.blind(
                Kind::PriceMove,
                Some(Scope::Subnet(row.netuid)),
                "the subnet is younger than three days",
            );
            continue;
        }
        let Some(memory) = state.subnets.get(&row.netuid) else { continue };
        let sigma = hourly_sigma(memory);
        let own = hour - market;
        let bound = wanted.price_hour.max(wanted.price_sigmas * sigma);
        let falls = day.is_some_and(|day| day < -wanted.price_day);
        let scope = Scope::Subnet(row.netuid);
        if own.abs() <= bound && !falls {
            continue;
        }
        let mut severity = if falls { Severity::S2 } else { Severity::S3 };
        let is_thin = row.tao_in_rao.is_none_or(|rao| rao / 1_000_000_000 < wanted.thin_pool_tao);
        if market.abs() > wanted.price_hour / 2.0 {
            severity = severity.min(Severity::S3);
        }
        if is_thin {
            severity = if severity == Severity::S2 { Severity::S3 } else { Severity::S4 };
        }
        let percent = 100.0 * (hour.exp() - 1.0);
        let title = format!("The price of subnet {} moved by {percent:+.0} % within an hour.", row.netuid);
        let finding = Finding::level(Kind::PriceMove, scope, severity, (own.abs(), bound), title)
            .since(block.number.saturating_sub(HOUR))
            .with("log_hour", rounded(*hour))
            .with("log_day", day.map(rounded))
            .with("market_log_hour", rounded(market))
            .with("sigma_hour", rounded(sigma))
            .with("thin_pool", is_thin)
            .with("price_tao", row.price.map(rounded));
        out.fire(finding);
    }
}

/// Spread of the hourly changes of a week.
fn hourly_sigma(memory: &Memory) -> f64 {
    let step = usize::try_from(HOUR / EVERY).unwrap_or(1);
    let prices: Vec<f64> = memory.prices.iter().map(|(_, price)| *price).collect();
    let changes: Vec<f64> = prices
        .iter()
        .zip(prices.iter().skip(step))
        .filter(|(before, after)| **before > 0.0 && **after > 0.0)
        .map(|(before, after)| (after / before).ln())
        .collect();
    if changes.len() < 2 * step {
        return 0.0;
    }
    #[allow(clippy::cast_precision_loss)]
    let count = changes.len() as f64;
    let mean = changes.iter().sum::<f64>() / count;
    (changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>() / count).sqrt()
}
