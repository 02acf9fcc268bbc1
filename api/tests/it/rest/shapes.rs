//! The compatible paths: every field that their clients know is there, with a value of its kind or null.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    market::market,
    market_world::{ALICE, VALIDATOR},
    world::{Api, CALM, plain},
};

/// By path: fields of a row with the kinds of their values, a list's items under `[]`.
type Shapes = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn shapes() -> Shapes {
    serde_json::from_str(include_str!("../../shapes/taostats.json")).unwrap()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Values at a place like `weights[].uid`; empty where a value above it is null or an empty list.
fn values<'v>(value: &'v Value, place: &str) -> Result<Vec<&'v Value>, String> {
    let (step, rest) = match place.find(['.', '[']) {
        Some(at) => place.split_at(at),
        None => (place, ""),
    };
    let found = if step.is_empty() { Some(value) } else { value.get(step) };
    let Some(found) = found else {
        return if value.is_null() { Ok(Vec::new()) } else { Err(format!("{step} is missing")) };
    };
    if let Some(rest) = rest.strip_prefix("[]") {
        let items = found.as_array().into_iter().flatten();
        let nested: Result<Vec<_>, _> =
            items.map(|item| values(item, rest.trim_start_matches('.'))).collect();
        return Ok(nested?.into_iter().flatten().collect());
    }
    match rest.strip_prefix('.') {
        Some(rest) => values(found, rest),
        None => Ok(vec![found]),
    }
}

fn check(
    path: &str,
    shape: &BTreeMap<String, Vec<String>>,
    answer: &Value,
    faults: &mut Vec<String>,
) -> usize {
    for field in ["current_page", "per_page", "total_items", "total_pages"] {
        if !answer["pagination"][field].is_u64() {
            faults.push(format!("{path}: pagination.{field} is {}", answer["pagination"][field]));
        }
    }
    let rows = answer["data"].as_array().unwrap();
    for row in rows {
        for (place, kinds) in shape {
            match values(row, place) {
                Ok(found) => {
                    for value in found.into_iter().filter(|value| !value.is_null() && !kinds.is_empty()) {
                        if !kinds.iter().any(|of| of == kind(value)) {
                            faults.push(format!("{path}: {place} is {value}, not {kinds:?}"));
                        }
                    }
                }
                Err(fault) => faults.push(format!("{path}: {place}: {fault}")),
            }
        }
    }
    rows.len()
}

/// What a path needs to be asked.
fn query(path: &str) -> String {
    let needs = [
        ("account", format!("address={ALICE}")),
        ("stake_balance", format!("coldkey={ALICE}")),
        ("family/history", format!("hotkey={VALIDATOR}")),
        ("validator/history", format!("hotkey={VALIDATOR}")),
        ("performance", format!("hotkey={VALIDATOR}")),
        ("weights", "netuid=1".to_owned()),
        ("slippage", "netuid=1&input_tokens=1000000".to_owned()),
        ("metagraph", "netuid=1".to_owned()),
        ("distribution", "netuid=1".to_owned()),
        ("metrics", format!("hotkey={VALIDATOR}")),
        ("yield", "netuid=1".to_owned()),
        ("history", "netuid=1".to_owned()),
    ];
    needs.into_iter().find(|(part, _)| path.contains(part)).map_or_else(String::new, |(_, query)| query)
}

#[tokio::test]
async fn every_field_that_clients_know_is_there_with_its_kind() {
    let (chain, market) = (Api::new(plain()).await, market().await);
    let log = ["block/v1", "extrinsic", "event", "call", "transfer"];
    let mut faults = Vec::new();
    let mut empty = Vec::new();
    for (path, shape) in shapes() {
        let is_log = log.iter().any(|part| path.contains(part));
        let api = if is_log { &chain } else { &market };
        let extra = if is_log { format!("block_end={CALM}&") } else { String::new() };
        let answer = api.rest(&format!("{path}?{extra}limit=20&{}", query(&path))).await;
        if check(&path, &shape, &answer, &mut faults) == 0 {
            empty.push(path);
        }
    }
    faults.dedup();
    assert!(faults.is_empty(), "{faults:#?}");
    // the made-up market has no exchanges, swaps, proxies, names of accounts or addresses of neurons, and lost no neuron
    let may_be_empty = [
        "exchange",
        "pending_coldkey_swap",
        "proxy_call",
        "distribution/ip",
        "weights",
        "runtime_version",
        "subnet/registration/",
        "identity/latest",
        "deregistration",
    ];
    empty.retain(|path| !may_be_empty.iter().any(|part| path.contains(part)));
    assert!(empty.is_empty(), "without a row: {empty:#?}");
}

#[tokio::test]
async fn pages_are_counted_and_hold_every_row_once() {
    let api = Api::new(plain()).await;
    let whole = api.rest(&format!("/api/event/v1?block_end={CALM}&limit=1000")).await;
    let total = whole["pagination"]["total_items"].as_u64().unwrap();
    let rows = whole["data"].as_array().unwrap();
    assert_eq!(total, rows.len() as u64);
    let mut seen = Vec::new();
    for page in 1..=total.div_ceil(30) {
        let page = api.rest(&format!("/api/event/v1?block_end={CALM}&limit=30&page={page}")).await;
        seen.extend(page["data"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(&seen, rows);
    let mut upward =
        api.rest(&format!("/api/event/v1?block_end={CALM}&limit=1000&order=block_number_asc")).await;
    upward["data"].as_array_mut().unwrap().reverse();
    assert_eq!(upward["data"], whole["data"]);
}

#[tokio::test]
async fn refusals_have_a_message_too() {
    let api = market().await;
    for path in [
        "/api/block/v1?page=0",
        "/api/block/v1?limit=5000",
        "/api/block/v1?page=100000&limit=50",
        "/api/block/v1?order=sideways",
        "/api/block/v1?block_start=x",
        "/api/subnet/history/v1",
        "/api/dtao/pool/history/v1?netuid=1&frequency=by_year",
        "/api/account/latest/v1?address=5Grwva",
    ] {
        let (status, kind, problem) = api.problem(path).await;
        assert_eq!((status, kind.as_str()), (400, "application/problem+json"), "{path}");
        assert_eq!(problem["message"], problem["detail"], "{path}");
    }
}

#[tokio::test]
async fn histories_are_told_by_block_hour_and_day() {
    let api = market().await;
    let count = async |frequency: &str| {
        let page =
            api.rest(&format!("/api/dtao/pool/history/v1?netuid=1&limit=5&frequency={frequency}")).await;
        (
            page["pagination"]["total_items"].as_u64().unwrap(),
            page["data"][0]["block_number"].as_u64().unwrap(),
        )
    };
    assert_eq!(count("by_block").await, (1_000, 1_999));
    let (hours, newest) = count("by_hour").await;
    assert_eq!((hours, newest), (5, 1_999));
    assert_eq!(count("by_day").await.1, 1_999);
}

#[test]
fn places_of_values_are_read_as_they_are_written() {
    let row = serde_json::json!({ "a": { "b": [{ "c": 1 }, { "c": 2 }] }, "n": null });
    assert_eq!(values(&row, "a.b[].c").unwrap().len(), 2);
    assert!(values(&row, "a.x").is_err());
    assert!(values(&row, "n.x").unwrap().is_empty());
}
