//! What changed up to a moment: prices against anchors, volumes and flows of users, buyers and sellers.

use std::collections::BTreeMap;

use serde::Serialize;
use yumascan_protocol::{fixed::U96F32, valuation::change_ppm};

use super::{
    Moment,
    yields::{HOUR_MS, WINDOWS},
};
use crate::{Warehouse, WarehouseError, query::sql::Sql, rows::SubnetPeriodRow};

/// The price of a subnet's alpha now and before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriceChange {
    /// `1h`, `1d`, `7d` or `30d`.
    pub window: &'static str,
    /// The block compared with: the newest one whose time is at least the window before the moment's.
    pub anchor_block: Option<u64>,
    /// Price after it, bits of a U96F32; `None` where the subnet, as it is now, was not there yet, or the state is not
    /// known.
    pub then_bits: Option<u128>,
    /// Change since, parts per million.
    pub change_ppm: Option<i64>,
}

/// What users traded in a window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// `1h`, `1d`, `7d` or `30d`.
    pub window: &'static str,
    /// First block counted.
    pub from_block: u64,
    /// TAO paid for alpha, fees included, rao.
    pub buy_rao: u128,
    /// TAO received for alpha, rao.
    pub sell_rao: u128,
    /// Buys.
    pub buys: u64,
    /// Sales.
    pub sells: u64,
    /// Coldkeys that bought; `None` for windows above a day, which come from hours.
    pub buyers: Option<u64>,
    /// Coldkeys that sold, likewise.
    pub sellers: Option<u64>,
}

impl Flow {
    /// TAO of buys less TAO of sales, rao.
    #[must_use]
    pub fn net_rao(&self) -> i128 {
        let signed = |rao: u128| i128::try_from(rao).unwrap_or(i128::MAX);
        signed(self.buy_rao).saturating_sub(signed(self.sell_rao))
    }
}

/// How a subnet's market moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Subnet.
    pub netuid: u16,
    /// By window, the shortest first.
    pub prices: Vec<PriceChange>,
    /// By window, the shortest first.
    pub flows: Vec<Flow>,
}

/// A price of a subnet: netuid, block, registration, bits.
type PriceRow = (u16, u64, Option<u64>, Option<u128>);
/// netuid, TAO of buys and sales, their numbers, coldkeys.
type FlowRow = (u16, u128, u128, u64, u64, u64, u64);

impl Warehouse {
    /// How the markets of all subnets, or of one, moved up to the moment.
    ///
    /// Windows of an hour and a day are counted from the anchor's next block; longer ones from the first whole hour in
    /// the window.
    pub async fn list_changes(
        &self,
        netuid: Option<u16>,
        moment: &Moment,
    ) -> Result<Vec<Changes>, WarehouseError> {
        let anchors = self.find_anchors(moment).await?;
        let (hour, day) = (anchors[0].unwrap_or(0), anchors[1].unwrap_or(0));
        let now = moment.timestamp_ms.unwrap_or(0);
        let from_ms = |window: usize| now.saturating_sub(WINDOWS[window].1).div_ceil(HOUR_MS) * HOUR_MS;
        let (prices, of_hour, of_day, hours) = futures::try_join!(
            self.list_anchor_prices(netuid, moment, &anchors),
            self.list_flows(netuid, hour.saturating_add(1), moment.block),
            self.list_flows(netuid, day.saturating_add(1), moment.block),
            self.list_flow_hours(netuid, from_ms(3), moment),
        )?;
        let mut netuids: Vec<u16> =
            prices.iter().filter(|row| row.1 > moment.floor().saturating_sub(1)).map(|row| row.0).collect();
        netuids.sort_unstable();
        netuids.dedup();
        let to_changes = |netuid: u16| {
            let flow = |window: usize, rows: &BTreeMap<u16, Flow>, from_block: u64| Flow {
                window: WINDOWS[window].0,
                from_block,
                ..rows.get(&netuid).cloned().unwrap_or_default()
            };
            let long = |window: usize| sum_hours(&hours, netuid, WINDOWS[window].0, from_ms(window));
            Changes {
                netuid,
                prices: price_changes(&prices, netuid, moment, &anchors),
                flows: vec![
                    flow(0, &of_hour, hour.saturating_add(1)),
                    flow(1, &of_day, day.saturating_add(1)),
                    long(2),
                    long(3),
                ],
            }
        };
        Ok(netuids.into_iter().map(to_changes).collect())
    }

    /// The block to compare with for each of [`WINDOWS`]; `None` where the state does not reach there.
    pub async fn find_anchors(&self, moment: &Moment) -> Result<[Option<u64>; 4], WarehouseError> {
        let Some(now) = moment.timestamp_ms else { return Ok([None; 4]) };
        let mut sql = Sql::new("SELECT ");
        for (position, (_, length)) in WINDOWS.iter().enumerate() {
            let then = now.saturating_sub(*length);
            sql = sql.push(if position == 0 { "" } else { ", " });
            // a state that is more than an hour older lies before a gap and is no anchor
            sql = sql.push("maxIf(block_number, timestamp_ms <= ? AND timestamp_ms >= ?)");
            sql = sql.bind(then).bind(then.saturating_sub(HOUR_MS));
        }
        let sql = sql.push(" FROM network_state WHERE block_number <= ?").bind(moment.block);
        let found = self.fetch_optional::<(u64, u64, u64, u64)>("find anchors", sql).await?;
        let (hour, day, week, month) = found.unwrap_or_default();
        Ok([hour, day, week, month].map(|block| (block > 0).then_some(block)))
    }

    /// Closing prices by hour from `from_ms` up to the moment, every `every`th hour, by netuid, oldest first.
    pub async fn list_sparklines(
        &self,
        moment: &Moment,
        from_ms: u64,
        every: u64,
    ) -> Result<BTreeMap<u16, Vec<u128>>, WarehouseError> {
        let sql = Sql::new(
            "SELECT netuid, assumeNotNull(close_bits) FROM subnet_hours FINAL WHERE start_ms >= ? AND last_block <= ? \
             AND intDiv(start_ms, 3600000) % ? = 0 AND isNotNull(close_bits) ORDER BY netuid, start_ms",
        );
        let sql = sql.bind(from_ms).bind(moment.block).bind(every.max(1));
        let mut lines: BTreeMap<u16, Vec<u128>> = BTreeMap::new();
        for (netuid, bits) in self.fetch_all::<(u16, u128)>("read sparklines", sql).await? {
            lines.entry(netuid).or_default().push(bits);
        }
        Ok(lines)
    }

    async fn list_anchor_prices(
        &self,
        netuid: Option<u16>,
        moment: &Moment,
        anchors: &[Option<u64>; 4],
    ) -> Result<Vec<PriceRow>, WarehouseError> {
        let ranges = anchors.iter().flatten().chain([&moment.block]);
        let mut sql =
            Sql::new("SELECT netuid, block_number, registered_at, price_bits FROM subnet_state WHERE (");
        for (position, block) in ranges.enumerate() {
            sql = sql.push(if position == 0 { "" } else { " OR " }).push("block_number BETWEEN ? AND ?");
            sql = sql.bind(block.saturating_sub(moment.stride.saturating_sub(1))).bind(*block);
        }
        let sql = match netuid {
            Some(netuid) => sql.push(") AND netuid = ?").bind(u32::from(netuid)),
            None => sql.push(")"),
        };
        self.fetch_all("read prices at anchors", sql.push(" ORDER BY netuid, block_number")).await
    }

    async fn list_flows(
        &self,
        netuid: Option<u16>,
        from: u64,
        to: u64,
    ) -> Result<BTreeMap<u16, Flow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT assumeNotNull(netuid) AS subnet, sumIf(toUInt128(ifNull(volume_rao, 0)), side = 'buy'), \
             sumIf(toUInt128(ifNull(volume_rao, 0)), side = 'sell'), countIf(side = 'buy'), countIf(side = 'sell'), \
             uniqExactIf(coldkey, side = 'buy'), uniqExactIf(coldkey, side = 'sell') FROM stake_moves \
             WHERE block_number BETWEEN ? AND ? AND isNotNull(side) AND isNotNull(netuid)",
        );
        let sql = sql.bind(from).bind(to);
        let sql = match netuid {
            Some(netuid) => sql.push(" AND netuid = ?").bind(u32::from(netuid)),
            None => sql,
        };
        let rows = self.fetch_all::<FlowRow>("sum up flows", sql.push(" GROUP BY subnet")).await?;
        let to_flow = |(netuid, buy_rao, sell_rao, buys, sells, buyers, sellers): FlowRow| {
            let flow = Flow {
                buy_rao,
                sell_rao,
                buys,
                sells,
                buyers: Some(buyers),
                sellers: Some(sellers),
                ..Flow::default()
            };
            (netuid, flow)
        };
        Ok(rows.into_iter().map(to_flow).collect())
    }

    async fn list_flow_hours(
        &self,
        netuid: Option<u16>,
        from_ms: u64,
        moment: &Moment,
    ) -> Result<Vec<SubnetPeriodRow>, WarehouseError> {
        let to_ms = moment.timestamp_ms.unwrap_or(0).saturating_add(1);
        match netuid {
            Some(netuid) => self.list_subnet_hours(netuid, from_ms, to_ms).await,
            None => self.list_all_hours(from_ms, to_ms).await,
        }
    }
}

fn price_changes(
    rows: &[PriceRow],
    netuid: u16,
    moment: &Moment,
    anchors: &[Option<u64>; 4],
) -> Vec<PriceChange> {
    let at = |block: u64| {
        let floor = block.saturating_sub(moment.stride.saturating_sub(1));
        rows.iter().rfind(|row| row.0 == netuid && row.1 <= block && row.1 >= floor)
    };
    let now = at(moment.block);
    let change = |((window, _), anchor): (&(&'static str, u64), &Option<u64>)| {
        let then = anchor.and_then(at).filter(|row| now.is_some_and(|now| now.2 == row.2));
        let then_bits = then.and_then(|row| row.3);
        let both = then_bits.zip(now.and_then(|row| row.3));
        let change = both.and_then(|(then, now)| change_ppm(U96F32::from_bits(then), U96F32::from_bits(now)));
        PriceChange { window, anchor_block: *anchor, then_bits, change_ppm: change }
    };
    WINDOWS.iter().zip(anchors).map(change).collect()
}

fn sum_hours(hours: &[SubnetPeriodRow], netuid: u16, window: &'static str, from_ms: u64) -> Flow {
    let mut flow = Flow { window, ..Flow::default() };
    for hour in hours.iter().filter(|hour| hour.netuid == netuid && hour.start_ms >= from_ms) {
        if flow.from_block == 0 {
            flow.from_block = hour.first_block;
        }
        flow.buy_rao = flow.buy_rao.saturating_add(hour.buy_rao);
        flow.sell_rao = flow.sell_rao.saturating_add(hour.sell_rao);
        flow.buys += hour.buys;
        flow.sells += hour.sells;
    }
    flow
}
