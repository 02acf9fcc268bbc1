//! Registrations, what they cost, and who goes next.

use std::collections::BTreeMap;

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::query::market::{
    Moment,
    registrations::{PruningPlace, RegistrationFilter},
};

use super::{
    asked::Asked,
    history::{DAY_MS, moments},
    log::extrinsics_of,
    page::Answer,
    values::{address, digits, newest, share, time},
};
use crate::{ApiError, http::App};

fn filter(asked: &Asked, kind: &str) -> Result<RegistrationFilter, ApiError> {
    let account = match asked.account("hotkey")? {
        Some(hotkey) => Some(hotkey),
        None => match asked.account("coldkey")? {
            Some(coldkey) => Some(coldkey),
            None => asked.account("owner")?,
        },
    };
    Ok(RegistrationFilter {
        range: asked.range()?,
        kind: Some(kind.to_owned()),
        netuid: asked.value("netuid")?,
        account,
    })
}

/// `GET /api/subnet/registration/v1`.
pub(super) async fn subnets(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = filter(&asked, "subnet")?;
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_registrations(&filter, place.slice()).await?;
    let total = warehouse.count_registrations(&filter).await?;
    let places = rows.iter().filter_map(|row| Some((row.block_number, row.extrinsic_index?)));
    let extrinsics = extrinsics_of(&app, places).await?;
    let row = |row: &yumascan_warehouse::rows::RegistrationRow| {
        let extrinsic = row.extrinsic_index.and_then(|index| extrinsics.get(&(row.block_number, index)));
        json!({
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "netuid": row.netuid,
            "registration_cost": digits(row.cost_rao),
            "recycled_at_registration": null,
            "owner": address(row.coldkey.as_deref()),
            "registered_by": address(extrinsic.and_then(|extrinsic| extrinsic.signer.as_deref())),
        })
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}

/// `GET /api/subnet/neuron/registration/v1`.
pub(super) async fn neurons(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = filter(&asked, "neuron")?;
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_registrations(&filter, place.slice()).await?;
    let total = warehouse.count_registrations(&filter).await?;
    let row = |row: &yumascan_warehouse::rows::RegistrationRow| {
        json!({
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "netuid": row.netuid,
            "uid": row.uid,
            "hotkey": address(row.hotkey.as_deref()),
            "coldkey": address(row.coldkey.as_deref()),
            "registration_cost": digits(row.cost_rao),
        })
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}

/// `GET /api/subnet/neuron/deregistration/v1`.
pub(super) async fn departures(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let filter = filter(&asked, "neuron")?;
    let warehouse = &app.shared.state.warehouse;
    let rows = warehouse.slice_deregistrations(&filter, place.slice()).await?;
    let total = warehouse.count_deregistrations(&filter).await?;
    let row = |row: &yumascan_warehouse::rows::DeregistrationRow| {
        json!({
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "netuid": row.netuid,
            "uid": row.uid,
            "hotkey": address(row.hotkey.as_deref()),
            "coldkey": address(row.coldkey.as_deref()),
            "incentive": share(row.incentive),
            "emission": digits(row.emission_rao),
            "was_drained": null,
        })
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}

async fn cost_at(app: &App, moment: &Moment) -> Result<Value, ApiError> {
    let network = app.shared.state.warehouse.find_network(moment).await?;
    Ok(json!({
        "block_number": moment.block,
        "timestamp": time(moment.timestamp_ms),
        "registration_cost": digits(network.and_then(|network| network.lock_cost_rao)),
    }))
}

/// `GET /api/subnet/registration_cost/latest/v1`.
pub(super) async fn cost(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    Ok(place.envelope_of(vec![cost_at(&app, &moment).await?]))
}

/// `GET /api/subnet/registration_cost/history/v1`.
pub(super) async fn costs(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (moments, total) = moments(&app, &asked, place, None).await?;
    let mut rows = Vec::with_capacity(moments.len());
    for moment in &moments {
        rows.push(cost_at(&app, moment).await?);
    }
    Ok(place.envelope(rows, total))
}

/// The order of pruning at a moment.
async fn pruning_at(app: &App, asked: &Asked, moment: &Moment) -> Result<Vec<Value>, ApiError> {
    let netuid = asked.value::<u16>("netuid")?;
    let is_immune = asked.value::<bool>("is_immune")?;
    let places = app.shared.state.warehouse.list_pruning(moment).await?;
    let times: BTreeMap<u16, usize> = places.iter().enumerate().map(|(at, of)| (of.netuid, at + 1)).collect();
    let row = |of: &PruningPlace| {
        // the moving price in rao
        let rao = u64::try_from((of.moving_price_bits.max(0) * 1_000_000_000) >> 32).ok();
        json!({
            "block_number": moment.block,
            "timestamp": time(moment.timestamp_ms),
            "netuid": of.netuid,
            "registered_at_block": of.registered_at,
            "immunity_blocks_remaining": of.immune_until.saturating_sub(moment.block),
            "is_immune": of.position.is_none(),
            "moving_price": digits(rao),
            "pruning_rank": times.get(&of.netuid),
        })
    };
    let is_wanted = |of: &&PruningPlace| {
        netuid.is_none_or(|wanted| wanted == of.netuid)
            && is_immune.is_none_or(|wanted| wanted == of.position.is_none())
    };
    Ok(places.iter().filter(is_wanted).map(row).collect())
}

/// `GET /api/subnet/pruning/latest/v1`.
pub(super) async fn pruning(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    Ok(place.envelope_of(pruning_at(&app, &asked, &moment).await?))
}

/// `GET /api/subnet/pruning/history/v1`: a subnet's place at the end of every day.
pub(super) async fn prunings(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    Asked::required("netuid", asked.value::<u16>("netuid")?)?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let mut rows = Vec::with_capacity(moments.len());
    for moment in &moments {
        rows.extend(pruning_at(&app, &asked, moment).await?);
    }
    Ok(place.envelope(rows, total))
}
