//! Pools of subnets and what is traded in them.

use std::collections::BTreeMap;

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_protocol::{fixed::U96F32, valuation::Holdings};
use yumascan_warehouse::{
    Order,
    query::market::{
        Moment,
        changes::{Changes, Flow},
    },
    rows::SubnetStateRow,
};

use super::{
    asked::Asked,
    history::moments,
    page::Answer,
    values::{change, digits, newest, percent, price, time},
};
use crate::{ApiError, http::App};

/// A pool as it is, without how it came to that.
fn value(row: &SubnetStateRow) -> Value {
    let holdings = holdings(row);
    json!({
        "netuid": row.netuid,
        "block_number": row.block_number,
        "timestamp": time(row.timestamp_ms),
        "name": row.name,
        "symbol": row.symbol,
        "market_cap": digits(holdings.map(|of| of.total_cap_rao())),
        "liquidity": digits(holdings.map(|of| of.liquidity_rao())),
        "total_tao": digits(row.tao_in_rao),
        "total_alpha": digits(holdings.map(|of| of.alpha_rao())),
        "alpha_in_pool": digits(row.alpha_in_rao),
        "alpha_staked": digits(row.alpha_out_rao),
        "price": price(row.price_bits),
    })
}

fn holdings(row: &SubnetStateRow) -> Option<Holdings> {
    Some(Holdings {
        price: U96F32::from_bits(row.price_bits?),
        tao_in_rao: row.tao_in_rao?,
        alpha_in_rao: row.alpha_in_rao?,
        alpha_out_rao: row.alpha_out_rao?,
    })
}

/// What was before, to compare with.
#[derive(Default)]
struct Before {
    caps: BTreeMap<u16, u128>,
    flows: BTreeMap<u16, u128>,
}

/// `GET /api/dtao/pool/latest/v1`.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    let (field, descends) =
        asked.order(&["netuid", "market_cap", "price", "liquidity"], ("market_cap", true))?;
    let place = asked.place_in(Order::Newest)?;
    let netuid = asked.value::<u16>("netuid")?;
    let moment = newest(&app).await?;
    let warehouse = &app.shared.state.warehouse;
    let all: Vec<_> =
        warehouse.list_subnets(&moment).await?.into_iter().filter(|row| row.netuid != 0).collect();
    let mut by_cap: Vec<&SubnetStateRow> = all.iter().collect();
    by_cap.sort_by_key(|row| std::cmp::Reverse(holdings(row).map(|of| of.total_cap_rao())));
    let ranks: BTreeMap<u16, usize> =
        by_cap.iter().enumerate().map(|(at, row)| (row.netuid, at + 1)).collect();
    let mut rows: Vec<_> = all.iter().filter(|row| netuid.is_none_or(|of| of == row.netuid)).collect();
    rows.sort_by_key(|row| match field {
        "netuid" => Some(u128::from(row.netuid)),
        "price" => row.price_bits,
        "liquidity" => holdings(row).map(|of| of.liquidity_rao()),
        _ => holdings(row).map(|of| of.total_cap_rao()),
    });
    if descends {
        rows.reverse();
    }
    let changes = warehouse.list_changes(netuid, &moment).await?;
    let changes: BTreeMap<u16, Changes> = changes.into_iter().map(|of| (of.netuid, of)).collect();
    let before = before(&app, netuid, &moment).await?;
    let (rows, total) = place.cut(rows);
    let week = sparklines(&app, &moment).await?;
    let row = |row: &SubnetStateRow| {
        let mut written = value(row);
        let of = changes.get(&row.netuid);
        let change_in = |window: &str| {
            percent(of.and_then(|of| of.prices.iter().find(|price| price.window == window)?.change_ppm))
        };
        let day = of.and_then(|of| of.flows.iter().find(|flow| flow.window == "1d"));
        let volume = day.map(|flow| flow.buy_rao + flow.sell_rao);
        let number = |of: fn(&Flow) -> Option<u64>| day.and_then(of);
        let cap = holdings(row).map(|of| of.total_cap_rao());
        let more = [
            ("rank", ranks.get(&row.netuid).copied().into()),
            ("market_cap_change_1_day", change(cap, before.caps.get(&row.netuid).copied())),
            ("price_change_1_hour", change_in("1h")),
            ("price_change_1_day", change_in("1d")),
            ("price_change_1_week", change_in("7d")),
            ("price_change_1_month", change_in("30d")),
            ("tao_volume_24_hr", digits(volume)),
            ("tao_volume_24_hr_change_1_day", change(volume, before.flows.get(&row.netuid).copied())),
            ("tao_buy_volume_24_hr", digits(day.map(|flow| flow.buy_rao))),
            ("tao_sell_volume_24_hr", digits(day.map(|flow| flow.sell_rao))),
            ("buys_24_hr", number(|flow| Some(flow.buys)).into()),
            ("sells_24_hr", number(|flow| Some(flow.sells)).into()),
            ("buyers_24_hr", number(|flow| flow.buyers).into()),
            ("sellers_24_hr", number(|flow| flow.sellers).into()),
            ("seven_day_prices", week.get(&row.netuid).cloned().into()),
            ("startup_mode", row.subtoken_enabled.map(|enabled| !enabled).into()),
        ];
        for (name, value) in more {
            written[name] = value;
        }
        written
    };
    Ok(place.envelope(rows.into_iter().map(row).collect(), total))
}

/// Caps a day ago, and volumes of the day before that.
async fn before(app: &App, netuid: Option<u16>, moment: &Moment) -> Result<Before, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let Some(earlier) = warehouse.find_earlier_moment(moment, super::history::DAY_MS).await? else {
        return Ok(Before::default());
    };
    let rows = warehouse.list_subnets(&earlier).await?;
    let caps = rows.iter().filter_map(|row| Some((row.netuid, holdings(row)?.total_cap_rao()))).collect();
    let day = |of: Changes| {
        let flow = of.flows.iter().find(|flow| flow.window == "1d")?;
        Some((of.netuid, flow.buy_rao + flow.sell_rao))
    };
    let flows = warehouse.list_changes(netuid, &earlier).await?.into_iter().filter_map(day).collect();
    Ok(Before { caps, flows })
}

/// Prices of the last seven days, one every four hours, by subnet.
async fn sparklines(app: &App, moment: &Moment) -> Result<BTreeMap<u16, Vec<Value>>, ApiError> {
    const FOUR_HOURS: u64 = 14_400_000;
    let from = moment.timestamp_ms.unwrap_or(0).saturating_sub(7 * super::history::DAY_MS);
    let to = moment.timestamp_ms.unwrap_or(0).saturating_add(1);
    let hours = app.shared.state.warehouse.list_all_hours(from, to).await?;
    let mut lines: BTreeMap<u16, Vec<Value>> = BTreeMap::new();
    for hour in hours.iter().filter(|hour| hour.start_ms.is_multiple_of(FOUR_HOURS)) {
        let point = json!({
            "block_number": hour.first_block,
            "timestamp": time(Some(hour.start_ms)),
            "price": price(hour.open_bits),
        });
        lines.entry(hour.netuid).or_default().push(point);
    }
    Ok(lines)
}

/// `GET /api/dtao/pool/history/v1`.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let netuid = Asked::required("netuid", asked.value::<u16>("netuid")?)?;
    let (moments, total) = moments(&app, &asked, place, None).await?;
    let mut rows = Vec::with_capacity(moments.len());
    for moment in &moments {
        let found = app.shared.state.warehouse.find_subnet(netuid, moment).await?;
        rows.extend(found.as_ref().map(value));
    }
    Ok(place.envelope(rows, total))
}

/// `GET /api/dtao/subnet_emission/v1`: what a block gave to each subnet.
pub(super) async fn emission(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let row = |row: &SubnetStateRow| {
        json!({
            "netuid": row.netuid,
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "name": row.name,
            "symbol": row.symbol,
            "tao_in_pool": digits(row.tao_in_emission_rao),
            "alpha_in_pool": digits(row.alpha_in_emission_rao),
            "alpha_rewards": digits(row.alpha_out_emission_rao),
        })
    };
    let warehouse = &app.shared.state.warehouse;
    let Some(netuid) = asked.value::<u16>("netuid")? else {
        let moment = super::values::at(warehouse, asked.value("block_number")?).await?;
        let rows = warehouse.list_subnets(&moment).await?;
        return Ok(place.envelope_of(rows.iter().filter(|row| row.netuid != 0).map(row).collect()));
    };
    let (moments, total) = moments(&app, &asked, place, None).await?;
    let mut rows = Vec::with_capacity(moments.len());
    for moment in &moments {
        rows.extend(warehouse.find_subnet(netuid, moment).await?.as_ref().map(row));
    }
    Ok(place.envelope(rows, total))
}
