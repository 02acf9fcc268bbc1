//! Values in the forms that these clients read.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use yumascan_chain::AccountId;
use yumascan_warehouse::{
    Warehouse,
    query::market::{Moment, identities::IdentityFilter},
};

use crate::{
    ApiError,
    graphql::{Decimal, format_time, no_state},
    http::App,
};

/// `{ss58, hex}`; null for what is no account.
pub(super) fn address(ss58: Option<&str>) -> Value {
    match ss58.and_then(hex_of) {
        Some(hex) => json!({ "ss58": ss58, "hex": hex }),
        None => Value::Null,
    }
}

/// 0x hex of an account.
pub(super) fn hex_of(ss58: &str) -> Option<String> {
    let account: AccountId = ss58.parse().ok()?;
    Some(format!("0x{}", const_hex::encode(account.0)))
}

/// Digits of an amount; null where it is not known.
pub(super) fn digits<T: ToString>(amount: Option<T>) -> Value {
    amount.map_or(Value::Null, |amount| Value::String(amount.to_string()))
}

/// A time without idle milliseconds.
pub(super) fn time(milliseconds: Option<u64>) -> Value {
    let text = milliseconds.and_then(format_time);
    text.map_or(Value::Null, |text| Value::String(text.replace(".000Z", "Z")))
}

/// A share of 65535 as a fraction.
pub(super) fn share(stored: Option<u16>) -> Value {
    stored.map_or(Value::Null, |stored| Value::String(Decimal::share(stored).0))
}

/// A price of U96F32 bits, TAO.
pub(super) fn price(bits: Option<u128>) -> Value {
    bits.map_or(Value::Null, |bits| Value::String(Decimal::price(bits).0))
}

/// Parts per million in percent.
pub(super) fn percent(ppm: Option<i64>) -> Value {
    let write = |ppm: i64| {
        let sign = if ppm < 0 { "-" } else { "" };
        let parts = ppm.unsigned_abs();
        format!("{sign}{}.{:04}", parts / 10_000, parts % 10_000)
    };
    ppm.map_or(Value::Null, |ppm| Value::String(write(ppm)))
}

/// The change from `then` to `now` in percent.
pub(super) fn change(now: Option<u128>, then: Option<u128>) -> Value {
    let ppm = |now: u128, then: u128| {
        let (now, then) = (i128::try_from(now).ok()?, i128::try_from(then).ok().filter(|then| *then > 0)?);
        i64::try_from((now - then).checked_mul(1_000_000)? / then).ok()
    };
    percent(now.zip(then).and_then(|(now, then)| ppm(now, then)))
}

/// JSON as it is stored.
pub(super) fn stored(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// One object with the members of both.
pub(super) fn merged(mut row: Value, more: Value) -> Value {
    if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
        row.extend(more);
    }
    row
}

/// `block-index`, the index in four digits.
pub(super) fn item_id(block: u64, index: u32) -> String {
    format!("{block}-{index:04}")
}

/// The newest block with state.
pub(super) async fn newest(app: &App) -> Result<Moment, ApiError> {
    at(&app.shared.state.warehouse, None).await
}

/// A block with state.
pub(super) async fn at(warehouse: &Warehouse, block: Option<u64>) -> Result<Moment, ApiError> {
    warehouse.find_moment(block).await?.map_err(|reason| no_state(block, reason))
}

/// Genesis of the main network.
const FINNEY: &str = "0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";

/// Name of the network; null before a node was seen.
pub(super) async fn network(app: &App) -> Result<Option<String>, ApiError> {
    let chain = app.shared.state.store.find_chain().await?;
    Ok(chain.map(
        |chain| {
            if chain.genesis_hash.to_string() == FINNEY { "finney".to_owned() } else { chain.name }
        },
    ))
}

/// Times of blocks, as far as they are stored.
pub(super) async fn times(
    app: &App,
    blocks: impl Iterator<Item = u64>,
) -> Result<HashMap<u64, Value>, ApiError> {
    let mut numbers: Vec<u64> = blocks.collect();
    numbers.sort_unstable();
    numbers.dedup();
    let rows = app.shared.state.warehouse.list_blocks_by_number(&numbers).await?;
    Ok(rows.into_iter().map(|row| (row.number, time(row.timestamp_ms))).collect())
}

/// Names that the owners of hotkeys gave themselves.
pub(super) async fn names(
    app: &App,
    hotkeys: impl Iterator<Item = String>,
    moment: &Moment,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut hotkeys: Vec<String> = hotkeys.collect();
    hotkeys.sort_unstable();
    hotkeys.dedup();
    if hotkeys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let warehouse = &app.shared.state.warehouse;
    let owners = warehouse.list_owners(hotkeys, moment).await?;
    if owners.is_empty() {
        return Ok(BTreeMap::new());
    }
    let filter = IdentityFilter {
        kind: Some("coldkey".to_owned()),
        accounts: owners.values().cloned().collect(),
        ..IdentityFilter::default()
    };
    let identities = warehouse.list_identities(&filter, moment, 10_000).await?;
    let named: HashMap<_, _> =
        identities.into_iter().filter_map(|row| Some((row.account?, row.name?))).collect();
    Ok(owners.into_iter().filter_map(|(hotkey, owner)| Some((hotkey, named.get(&owner)?.clone()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_these_clients_read_them() {
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        let hex = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        assert_eq!(address(Some(alice)), json!({ "ss58": alice, "hex": hex }));
        assert_eq!(address(Some("index:7")), Value::Null);
        assert_eq!(time(Some(1_770_000_000_000)), "2026-02-02T02:40:00Z");
        assert_eq!(time(Some(1_770_000_000_001)), "2026-02-02T02:40:00.001Z");
        assert_eq!(percent(Some(-15_000)), "-1.5000");
        assert_eq!(change(Some(110), Some(100)), "10.0000");
        assert_eq!(change(Some(110), Some(0)), Value::Null);
        assert_eq!(digits(None::<u64>), Value::Null);
        assert_eq!(item_id(7, 4), "7-0004");
    }
}
