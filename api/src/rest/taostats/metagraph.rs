//! Neurons: the metagraph, its past, and who stands behind it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::Ipv6Addr,
};

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::{
    query::market::{Moment, neurons::NeuronFilter},
    rows::NeuronStateRow,
};

use super::{
    asked::Asked,
    page::{Answer, Place},
    values::{address, digits, newest, share},
};
use crate::{
    ApiError,
    http::App,
    rest::taostats::values::{stored, time},
};

/// What neurons of a subnet have in common.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Common {
    tempo: Option<u16>,
    immunity: Option<u64>,
}

/// A subnet's neurons at a moment, with what they have in common.
async fn subnet(app: &App, netuid: u16, moment: &Moment) -> Result<(Vec<NeuronStateRow>, Common), ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let Some(row) = warehouse.find_subnet(netuid, moment).await? else {
        return Ok((Vec::new(), Common::default()));
    };
    Ok((warehouse.list_metagraph(&row, moment).await?, common(app, netuid, row.tempo, moment).await?))
}

async fn common(app: &App, netuid: u16, tempo: Option<u16>, moment: &Moment) -> Result<Common, ApiError> {
    let parameters = app.shared.state.warehouse.list_hyperparameters(netuid, moment).await?;
    let immunity =
        parameters.into_iter().find(|row| row.name == "ImmunityPeriod").and_then(|row| row.new_value);
    Ok(Common { tempo, immunity: immunity.and_then(|json| json.trim_matches('"').parse().ok()) })
}

/// Neurons at the newest moment that a request asks for: of one subnet, or of a key on all.
async fn current(app: &App, asked: &Asked) -> Result<(Vec<(NeuronStateRow, Common)>, Moment), ApiError> {
    let moment = newest(app).await?;
    let warehouse = &app.shared.state.warehouse;
    let (hotkey, coldkey) = (asked.account("hotkey")?, asked.account("coldkey")?);
    let (uid, netuid) = (asked.value::<u16>("uid")?, asked.value::<u16>("netuid")?);
    let netuids = match (netuid, &hotkey) {
        (Some(netuid), _) => vec![netuid],
        (None, Some(hotkey)) => {
            warehouse.list_neurons_of(hotkey, &moment).await?.into_iter().map(|row| row.netuid).collect()
        }
        (None, None) => {
            Asked::required("netuid, hotkey or coldkey", coldkey.as_ref())?;
            warehouse.list_subnets(&moment).await?.into_iter().map(|row| row.netuid).collect()
        }
    };
    let flags =
        [("active", asked.value::<bool>("active")?), ("validator_permit", asked.value("validator_permit")?)];
    let mut rows = Vec::new();
    for netuid in netuids {
        let (neurons, common) = subnet(app, netuid, &moment).await?;
        let wanted = neurons.into_iter().filter(|row| {
            uid.is_none_or(|uid| uid == row.uid)
                && hotkey.as_ref().is_none_or(|key| row.hotkey.as_ref() == Some(key))
                && coldkey.as_ref().is_none_or(|key| row.coldkey.as_ref() == Some(key))
                && flags.iter().all(|(name, wanted)| {
                    let has = if *name == "active" { row.active } else { row.validator_permit };
                    wanted.is_none_or(|wanted| has == Some(wanted))
                })
        });
        rows.extend(wanted.map(|row| (row, common)));
    }
    Ok((rows, moment))
}

/// States over epochs that a request asks for.
async fn past(app: &App, asked: &Asked, place: Place) -> Result<(Vec<NeuronStateRow>, u64), ApiError> {
    let filter = NeuronFilter {
        range: asked.range()?,
        netuid: asked.value("netuid")?,
        uid: asked.value("uid")?,
        hotkey: asked.account("hotkey")?,
        coldkey: asked.account("coldkey")?,
    };
    if filter.netuid.is_none() && filter.hotkey.is_none() && filter.coldkey.is_none() {
        Asked::required("netuid, hotkey or coldkey", None::<u16>)?;
    }
    let warehouse = &app.shared.state.warehouse;
    Ok((
        warehouse.slice_neuron_states(&filter, place.slice()).await?,
        warehouse.count_neuron_states(&filter).await?,
    ))
}

/// What a day's epochs give, at the emission of the last one.
fn daily(row: &NeuronStateRow, common: Common) -> Option<u64> {
    row.emission_rao?.checked_mul(7_200)?.checked_div(common.tempo?.into())
}

fn value(row: &NeuronStateRow, common: Common, at: u64) -> Value {
    let until = row.registered_at.zip(common.immunity).map(|(since, blocks)| since.saturating_add(blocks));
    json!({
        "hotkey": address(row.hotkey.as_deref()),
        "coldkey": address(row.coldkey.as_deref()),
        "netuid": row.netuid,
        "uid": row.uid,
        "block_number": row.block_number,
        "timestamp": time(row.timestamp_ms),
        "stake": digits(row.alpha_stake_rao),
        "alpha_stake": digits(row.alpha_stake_rao),
        "root_stake": digits(row.root_stake_rao),
        "trust": share(row.trust),
        "validator_trust": share(row.validator_trust),
        "consensus": share(row.consensus),
        "incentive": share(row.incentive),
        "mech_incentive": row.mech_incentives.iter().map(|part| share(Some(*part))).collect::<Vec<_>>(),
        "dividends": share(row.dividends),
        "emission": digits(row.emission_rao),
        "active": row.active,
        "validator_permit": row.validator_permit,
        "updated": row.last_update.map(|update| at.saturating_sub(update)),
        "daily_reward": digits(daily(row, common)),
        "registered_at_block": row.registered_at,
        "is_immunity_period": until.map(|until| at < until),
        "rank": null,
        "is_child_key": null,
        "axon": axon(row.axon.as_deref()),
    })
}

/// An axon with its address as people write it.
fn axon(json: Option<&str>) -> Value {
    let of = stored(json);
    if !of.is_object() {
        return Value::Null;
    }
    let kind = of["ip_type"].as_u64();
    let ip = match &of["ip"] {
        Value::String(digits) => digits.parse::<u128>().ok(),
        Value::Number(number) => number.as_u64().map(u128::from),
        _ => None,
    };
    let written = ip.map(|ip| match (kind, u32::try_from(ip)) {
        (Some(4), Ok(ip)) => std::net::Ipv4Addr::from(ip).to_string(),
        _ => Ipv6Addr::from(ip).to_string(),
    });
    json!({
        "block": of["block"].as_u64().or_else(|| of["block"].as_str()?.parse().ok()),
        "ip": written,
        "ipType": kind,
        "placeholder1": of["placeholder1"],
        "placeholder2": of["placeholder2"],
        "port": of["port"],
        "protocol": of["protocol"],
        "version": of["version"],
    })
}

/// The same neuron under the names of `validator/metrics`.
pub(super) fn metric(row: &NeuronStateRow, common: Common, at: u64) -> Value {
    let mut written = value(row, common, at);
    if let Some(members) = written.as_object_mut() {
        let axon = members.remove("axon").unwrap_or_default();
        let registered = members.remove("registered_at_block").unwrap_or_default();
        members.insert("axon_info".to_owned(), axon);
        members.insert("registered_block_number".to_owned(), registered);
    }
    written
}

async fn latest_as(app: App, asked: Asked, write: fn(&NeuronStateRow, Common, u64) -> Value) -> Answer {
    let place = asked.place()?;
    let (rows, moment) = current(&app, &asked).await?;
    let (rows, total) = place.cut(rows);
    Ok(place.envelope(rows.iter().map(|(row, common)| write(row, *common, moment.block)).collect(), total))
}

async fn history_as(app: App, asked: Asked, write: fn(&NeuronStateRow, Common, u64) -> Value) -> Answer {
    let place = asked.place()?;
    let (rows, total) = past(&app, &asked, place).await?;
    let moment = newest(&app).await?;
    let mut commons: BTreeMap<u16, Common> = BTreeMap::new();
    for row in &rows {
        if let Entry::Vacant(unread) = commons.entry(row.netuid) {
            let subnet = app.shared.state.warehouse.find_subnet(row.netuid, &moment).await?;
            unread.insert(common(&app, row.netuid, subnet.and_then(|row| row.tempo), &moment).await?);
        }
    }
    let row = |row: &NeuronStateRow| {
        write(row, commons.get(&row.netuid).copied().unwrap_or_default(), row.block_number)
    };
    Ok(place.envelope(rows.iter().map(row).collect(), total))
}

/// `GET /api/metagraph/latest/v1`.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    latest_as(app, asked, value).await
}

/// `GET /api/metagraph/history/v1`.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    history_as(app, asked, value).await
}

/// `GET /api/validator/metrics/latest/v1`.
pub(super) async fn metrics(State(app): State<App>, asked: Asked) -> Answer {
    latest_as(app, asked, metric).await
}

/// `GET /api/validator/metrics/history/v1`.
pub(super) async fn metric_history(State(app): State<App>, asked: Asked) -> Answer {
    history_as(app, asked, metric).await
}

/// A neuron with its place in the order of pruning.
fn neuron(row: &NeuronStateRow, common: Common, at: u64) -> Value {
    let mut written = value(row, common, at);
    written["is_immune"] = written["is_immunity_period"].clone();
    written["pruning_score"] = share(row.pruning_score);
    written["stake_weight"] = share(row.stake_weight);
    written["in_danger"] = Value::Null;
    written["miner_rank"] = Value::Null;
    written["validator_rank"] = Value::Null;
    written
}

/// `GET /api/neuron/latest/v1`.
pub(super) async fn neurons(State(app): State<App>, asked: Asked) -> Answer {
    latest_as(app, asked, neuron).await
}

/// `GET /api/neuron/history/v1`.
pub(super) async fn neuron_history(State(app): State<App>, asked: Asked) -> Answer {
    history_as(app, asked, neuron).await
}

/// How often each of these occurs, the most often first.
fn counted(of: impl Iterator<Item = String>, name: &str) -> Vec<Value> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for key in of {
        *counts.entry(key).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.into_iter().map(|(key, count)| json!({ name: key, "count": count })).collect()
}

/// `GET /api/subnet/distribution/coldkey/v1`.
pub(super) async fn by_coldkey(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (rows, _) = current(&app, &asked).await?;
    Ok(place.envelope_of(counted(rows.into_iter().filter_map(|(row, _)| row.coldkey), "coldkey")))
}

/// `GET /api/subnet/distribution/ip/v1`.
pub(super) async fn by_ip(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (rows, _) = current(&app, &asked).await?;
    let ips = rows.iter().filter_map(|(row, _)| Some(axon(row.axon.as_deref())["ip"].as_str()?.to_owned()));
    Ok(place.envelope_of(counted(ips, "ip")))
}

/// `GET /api/subnet/distribution/incentive/v1`.
pub(super) async fn incentives(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (mut rows, moment) = current(&app, &asked).await?;
    rows.retain(|(row, _)| row.incentive.is_some_and(|part| part > 0));
    rows.sort_by_key(|(row, _)| std::cmp::Reverse(row.incentive));
    let row = |(row, common): &(NeuronStateRow, Common)| {
        let whole = value(row, *common, moment.block);
        json!({
            "block_number": row.block_number,
            "incentive": share(row.incentive),
            "is_immunity_period": whole["is_immunity_period"],
        })
    };
    Ok(place.envelope_of(rows.iter().map(row).collect()))
}
