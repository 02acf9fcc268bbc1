//! Quotes, and sums over subnets or positions.

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::query::market::{
    Moment,
    quotes::{pool_of, quote},
};

use super::{
    asked::Asked,
    history::moments,
    page::Answer,
    values::{address, digits, newest, percent, price, time},
};
use crate::{ApiError, http::App, rest::state::unknown};

/// `GET /api/dtao/slippage/v1`: what a swap would give now.
pub(super) async fn slippage(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let netuid = Asked::required("netuid", asked.value::<u16>("netuid")?)?;
    let amount = Asked::required("input_tokens", asked.value::<u64>("input_tokens")?)?;
    let is_buy = match asked.text("direction") {
        None | Some("tao_to_alpha") => true,
        Some("alpha_to_tao") => false,
        Some(_) => return Err(ApiError::BadInput("`direction` is `tao_to_alpha` or `alpha_to_tao`".into())),
    };
    let moment = newest(&app).await?;
    let row = app.shared.state.warehouse.find_subnet(netuid, &moment).await?;
    let row = row.ok_or_else(|| unknown(format!("there is no subnet {netuid} at block {}", moment.block)))?;
    let pool = pool_of(&row).ok_or_else(|| unknown(format!("the pool of subnet {netuid} is not known")))?;
    let quoted = if is_buy { quote(None, Some(&pool), amount) } else { quote(Some(&pool), None, amount) };
    let quoted =
        quoted.map_err(|error| ApiError::BadInput(format!("the chain would refuse this swap: {error}")))?;
    let lost = quoted.loss_ppm.and_then(|ppm| i64::try_from(ppm).ok());
    Ok(place.envelope_of(vec![json!({
        "netuid": netuid,
        "block_number": moment.block,
        "timestamp": time(moment.timestamp_ms),
        "alpha_price": price(row.price_bits),
        "output_tokens": digits(Some(quoted.received_rao)),
        "expected_output_tokens": digits(Some(quoted.ideal_rao)),
        "diff": digits(Some(quoted.ideal_rao.saturating_sub(quoted.received_rao))),
        "slippage": percent(lost),
    })]))
}

/// The sum of all prices at a moment; null where one is not known.
async fn sum(app: &App, moment: &Moment) -> Result<Value, ApiError> {
    let subnets = app.shared.state.warehouse.list_subnets(moment).await?;
    let prices = subnets.iter().filter(|row| row.netuid != 0).map(|row| row.price_bits);
    Ok(json!({
        "block_number": moment.block,
        "timestamp": time(moment.timestamp_ms),
        "price": price(prices.sum::<Option<u128>>()),
    }))
}

/// `GET /api/dtao/pool/total_price/latest/v1`.
pub(super) async fn total_price(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    Ok(place.envelope_of(vec![sum(&app, &moment).await?]))
}

/// `GET /api/dtao/pool/total_price/history/v1`.
pub(super) async fn total_prices(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (moments, total) = moments(&app, &asked, place, None).await?;
    let mut rows = Vec::with_capacity(moments.len());
    for moment in &moments {
        rows.push(sum(&app, moment).await?);
    }
    Ok(place.envelope(rows, total))
}

/// `GET /api/dtao/stake_balance_aggregated/latest/v1`: all stake of a coldkey in TAO.
pub(super) async fn aggregated(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place_in(yumascan_warehouse::Order::Newest)?;
    let coldkey = Asked::required("coldkey", asked.account("coldkey")?)?;
    let moment = newest(&app).await?;
    let positions = app.shared.state.warehouse.list_positions(&coldkey, &moment).await?;
    let worth =
        positions.iter().map(|of| if of.netuid == 0 { Some(of.alpha_rao.into()) } else { of.worth_rao });
    Ok(place.envelope_of(vec![json!({
        "block_number": moment.block,
        "rank": null,
        "timestamp": time(moment.timestamp_ms),
        "coldkey": address(Some(&coldkey)),
        "total_balance_as_tao": digits(worth.sum::<Option<u128>>()),
    })]))
}
