//! Stake by position, and the share pools behind it.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::{
    Order,
    query::market::{Moment, positions::Position},
    rows::HotkeyPoolRow,
};

use super::{
    asked::Asked,
    history::{DAY_MS, moments},
    page::Answer,
    values::{address, digits, names, newest, time, times},
};
use crate::{ApiError, http::App};

/// A subnet's positions, the greatest first, with how many coldkeys there are.
struct Ranking {
    places: BTreeMap<(String, String), usize>,
    holders: usize,
}

async fn rank(app: &App, netuid: u16, moment: &Moment) -> Result<Ranking, ApiError> {
    let mut all = app.shared.state.warehouse.list_subnet_positions(netuid, None, moment).await?;
    all.sort_by_key(|of| std::cmp::Reverse(of.alpha_rao));
    let holders = all.iter().map(|of| of.coldkey.as_str()).collect::<BTreeSet<_>>().len();
    let places =
        all.into_iter().enumerate().map(|(place, of)| ((of.coldkey, of.hotkey), place + 1)).collect();
    Ok(Ranking { places, holders })
}

/// The positions that a request asks for.
async fn positions(app: &App, asked: &Asked, moment: &Moment) -> Result<Vec<Position>, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let (coldkey, hotkey) = (asked.account("coldkey")?, asked.account("hotkey")?);
    let netuid = asked.value::<u16>("netuid")?;
    let mut rows = match (coldkey.as_deref(), netuid) {
        (Some(coldkey), _) => warehouse.list_positions(coldkey, moment).await?,
        (None, Some(netuid)) => {
            let prices = warehouse.find_subnet(netuid, moment).await?.and_then(|row| row.price_bits);
            let rows = warehouse.list_subnet_positions(netuid, hotkey.as_deref(), moment).await?;
            rows.into_iter().map(|row| row.at_price(prices)).collect()
        }
        (None, None) => {
            let hotkey = Asked::required("coldkey, hotkey or netuid", hotkey.as_deref())?;
            let mut rows = Vec::new();
            for subnet in warehouse.list_subnets(moment).await? {
                let found = warehouse.list_subnet_positions(subnet.netuid, Some(hotkey), moment).await?;
                rows.extend(found.into_iter().map(|row| row.at_price(subnet.price_bits)));
            }
            rows
        }
    };
    rows.retain(|row| {
        hotkey.as_ref().is_none_or(|key| *key == row.hotkey) && netuid.is_none_or(|of| of == row.netuid)
    });
    Ok(rows)
}

fn value(of: &Position, name: Option<&String>, moment: &Moment) -> Value {
    let worth = if of.netuid == 0 { Some(of.alpha_rao.into()) } else { of.worth_rao };
    json!({
        "block_number": moment.block,
        "timestamp": time(moment.timestamp_ms),
        "hotkey_name": name,
        "hotkey": address(Some(&of.hotkey)),
        "coldkey": address(Some(&of.coldkey)),
        "netuid": of.netuid,
        "balance": digits(Some(of.alpha_rao)),
        "balance_as_tao": digits(worth),
        "stake": digits(worth),
        "created_at_timestamp": null,
        "created_at_block_number": null,
    })
}

/// `GET /api/dtao/stake_balance/latest/v1`.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    let (field, descends) =
        asked.order(&["netuid", "balance", "balance_as_tao"], ("balance_as_tao", true))?;
    let place = asked.place_in(Order::Newest)?;
    let moment = newest(&app).await?;
    let mut rows = positions(&app, &asked, &moment).await?;
    rows.sort_by_key(|of| match field {
        "netuid" => (of.netuid.into(), 0),
        "balance" => (u128::from(of.alpha_rao), of.netuid),
        _ => (of.worth_rao.unwrap_or(0), of.netuid),
    });
    if descends {
        rows.reverse();
    }
    let (rows, total) = place.cut(rows);
    let names = names(&app, rows.iter().map(|of| of.hotkey.clone()), &moment).await?;
    let mut rankings: BTreeMap<u16, Ranking> = BTreeMap::new();
    let mut values = Vec::with_capacity(rows.len());
    for of in rows {
        if let Entry::Vacant(unread) = rankings.entry(of.netuid) {
            unread.insert(rank(&app, of.netuid, &moment).await?);
        }
        let mut row = value(&of, names.get(&of.hotkey), &moment);
        let ranking = rankings.get(&of.netuid);
        let key = (of.coldkey, of.hotkey);
        row["subnet_rank"] = ranking.and_then(|ranking| ranking.places.get(&key).copied()).into();
        row["subnet_total_holders"] = ranking.map(|ranking| ranking.holders).into();
        values.push(row);
    }
    Ok(place.envelope(values, total))
}

/// `GET /api/dtao/stake_balance/history/v1`: the positions of a coldkey at the end of every day.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    Asked::required("coldkey", asked.account("coldkey")?)?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let mut values = Vec::new();
    for moment in &moments {
        let rows = positions(&app, &asked, moment).await?;
        let names = names(&app, rows.iter().map(|of| of.hotkey.clone()), moment).await?;
        values.extend(rows.iter().map(|of| value(of, names.get(&of.hotkey), moment)));
    }
    Ok(place.envelope(values, total))
}

fn pool(row: &HotkeyPoolRow, timestamp: Option<&Value>) -> Value {
    let shares = row.shares_bits.filter(|bits| *bits > 0).map(|bits| bits.to_string()).or_else(|| {
        let (mantissa, exponent) = row.shares_mantissa.zip(row.shares_exponent)?;
        Some(format!("{mantissa}e{exponent}"))
    });
    json!({
        "block_number": row.block_number,
        "timestamp": timestamp,
        "netuid": row.netuid,
        "hotkey": address(Some(&row.hotkey)),
        "shares": shares,
        "alpha": digits(row.total_alpha_rao),
    })
}

/// `GET /api/dtao/hotkey_alpha_shares/latest/v1`.
pub(super) async fn shares(State(app): State<App>, asked: Asked) -> Answer {
    asked.order(&["alpha"], ("alpha", true))?;
    let place = asked.place_in(Order::Newest)?;
    let moment = newest(&app).await?;
    let (hotkey, netuid) = (asked.account("hotkey")?, asked.value("netuid")?);
    let listing = app.shared.state.warehouse.slice_pools(hotkey.as_deref(), netuid, &moment, place.slice());
    let (rows, total) = listing.await?;
    let times = times(&app, rows.iter().map(|row| row.block_number)).await?;
    Ok(place.envelope(rows.iter().map(|row| pool(row, times.get(&row.block_number))).collect(), total))
}

/// `GET /api/dtao/hotkey_alpha_shares/history/v1`: every change.
pub(super) async fn share_changes(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (hotkey, netuid) = (asked.account("hotkey")?, asked.value("netuid")?);
    let range = asked.range()?;
    let warehouse = &app.shared.state.warehouse;
    let (rows, total) = warehouse.slice_pool_changes(hotkey.as_deref(), netuid, range, place.slice()).await?;
    let times = times(&app, rows.iter().map(|row| row.block_number)).await?;
    Ok(place.envelope(rows.iter().map(|row| pool(row, times.get(&row.block_number))).collect(), total))
}
