//! TradingView's UDF: candles for chart widgets, at `/api/udf`.
//!
//! A symbol is a subnet: `SN7`, also `7` and `SUB-7`. Prices are TAO for one alpha, volumes TAO that users and chain traded.
//! The protocol has numbers, so these are floats: for charts, not for accounts.

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use yumascan_protocol::fixed::U96F32;
use yumascan_warehouse::{query::market::Moment, rows::SubnetPeriodRow};

use super::{App, answer};
use crate::ApiError;

/// Name in the protocol and length, milliseconds.
const RESOLUTIONS: [(&str, u64); 11] = [
    ("1", 60_000),
    ("5", 300_000),
    ("15", 900_000),
    ("30", 1_800_000),
    ("60", 3_600_000),
    ("120", 7_200_000),
    ("240", 14_400_000),
    ("720", 43_200_000),
    ("1D", 86_400_000),
    ("7D", 604_800_000),
    ("30D", 2_592_000_000),
];

/// `GET /api/udf/config`.
pub(crate) async fn config() -> Response {
    let resolutions: Vec<_> = RESOLUTIONS.iter().map(|(name, _)| *name).collect();
    ok(&json!({
        "supported_resolutions": resolutions,
        "supports_search": true,
        "supports_group_request": false,
        "supports_marks": false,
        "supports_timescale_marks": false,
        "supports_time": false,
    }))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Symbol {
    symbol: String,
}

/// `GET /api/udf/symbols?symbol=SN7`.
pub(crate) async fn symbols(State(app): State<App>, Query(asked): Query<Symbol>) -> Response {
    let Some(netuid) = netuid_of(&asked.symbol) else { return unknown(&asked.symbol) };
    match find_name(&app, netuid).await {
        Ok(Some(name)) => ok(&json!({
            "name": format!("SN{netuid}"),
            "ticker": format!("SN{netuid}"),
            "description": name.unwrap_or_else(|| format!("Subnet {netuid}")),
            "type": "crypto",
            "session": "24x7",
            "timezone": "Etc/UTC",
            "exchange": "Bittensor",
            "listed_exchange": "Bittensor",
            "currency_code": "TAO",
            "minmov": 1,
            "pricescale": 1_000_000_000,
            "has_intraday": true,
            "has_daily": true,
            "supported_resolutions": RESOLUTIONS.map(|(name, _)| name),
            "volume_precision": 4,
            "data_status": "streaming",
        })),
        Ok(None) => unknown(&asked.symbol),
        Err(error) => failed(&error),
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bars {
    symbol: String,
    resolution: String,
    /// Seconds since the Unix epoch, inclusive.
    from: i64,
    /// Seconds since the Unix epoch, exclusive.
    to: i64,
    /// Bars wanted before `to`; goes before `from`.
    countback: Option<u64>,
}

/// `GET /api/udf/history?symbol=SN7&resolution=60&from=…&to=…`.
pub(crate) async fn history(State(app): State<App>, Query(asked): Query<Bars>) -> Response {
    let Some(netuid) = netuid_of(&asked.symbol) else { return unknown(&asked.symbol) };
    let known = RESOLUTIONS.iter().find(|(name, _)| *name == asked.resolution);
    let Some((_, length)) = known else {
        let text = "resolution is not known; `/api/udf/config` lists those there are";
        return ok(&json!({ "s": "error", "errmsg": text }));
    };
    match read_bars(&app, netuid, *length, &asked).await {
        Ok(rows) if rows.is_empty() => ok(&json!({ "s": "no_data" })),
        Ok(rows) => ok(&to_bars(&rows)),
        Err(error) => failed(&error),
    }
}

async fn find_moment(app: &App) -> Result<Option<Moment>, ApiError> {
    Ok(app.shared.state.warehouse.find_moment(None).await?.ok())
}

/// The name of a subnet that exists; `Some(None)` for one without.
async fn find_name(app: &App, netuid: u16) -> Result<Option<Option<String>>, ApiError> {
    let Some(moment) = find_moment(app).await? else { return Ok(None) };
    let found = app.shared.state.warehouse.find_subnet(netuid, &moment).await?;
    Ok(found.map(|row| row.name))
}

async fn read_bars(
    app: &App,
    netuid: u16,
    length: u64,
    asked: &Bars,
) -> Result<Vec<SubnetPeriodRow>, ApiError> {
    /// Most bars that are looked back for.
    const MAX_BACK: u64 = 5_000;
    let Some(moment) = find_moment(app).await? else { return Ok(Vec::new()) };
    let milliseconds = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000);
    let end = moment.timestamp_ms.unwrap_or(0).saturating_add(1);
    let to = milliseconds(asked.to).min(end);
    let back = asked.countback.map(|count| to.saturating_sub(count.min(MAX_BACK).saturating_mul(length)));
    let from = back.unwrap_or_else(|| milliseconds(asked.from)).min(to);
    Ok(app.shared.state.warehouse.list_candles(netuid, length, from, to, moment.block).await?)
}

fn to_bars(rows: &[SubnetPeriodRow]) -> Value {
    let prices = |bits: fn(&SubnetPeriodRow) -> Option<u128>| -> Vec<Option<f64>> {
        rows.iter().map(|row| bits(row).and_then(to_float)).collect()
    };
    let volume = |row: &SubnetPeriodRow| {
        let rao = row.traded_rao.unwrap_or_else(|| row.buy_rao.saturating_add(row.sell_rao));
        rao as f64 / 1e9
    };
    json!({
        "s": "ok",
        "t": rows.iter().map(|row| row.start_ms / 1_000).collect::<Vec<_>>(),
        "o": prices(|row| row.open_bits),
        "h": prices(|row| row.high_bits),
        "l": prices(|row| row.low_bits),
        "c": prices(|row| row.close_bits),
        "v": rows.iter().map(volume).collect::<Vec<_>>(),
    })
}

/// The float nearest to the decimal of a price.
fn to_float(bits: u128) -> Option<f64> {
    format!("{:.18}", U96F32::from_bits(bits)).parse().ok()
}

fn netuid_of(symbol: &str) -> Option<u16> {
    let name = symbol.rsplit(':').next().unwrap_or(symbol);
    let digits = name.strip_prefix("SUB-").or_else(|| name.strip_prefix("SN")).unwrap_or(name);
    digits.parse().ok()
}

fn ok(value: &Value) -> Response {
    answer::json_response(StatusCode::OK, value.to_string().into())
}

fn unknown(symbol: &str) -> Response {
    let symbol: String = symbol.chars().take(40).collect();
    ok(&json!({ "s": "error", "errmsg": format!("there is no symbol `{symbol}`; a subnet is written SN7") }))
}

fn failed(error: &ApiError) -> Response {
    tracing::error!(code = error.code(), %error, "chart query failed");
    ok(&json!({ "s": "error", "errmsg": error.public_message("of this time") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_every_spelling_name_the_subnet() {
        for symbol in ["SN7", "7", "SUB-7", "Bittensor:SN7"] {
            assert_eq!(netuid_of(symbol), Some(7));
        }
        assert_eq!(netuid_of("SUB--1"), None);
        assert_eq!(netuid_of("TAO"), None);
    }
}
