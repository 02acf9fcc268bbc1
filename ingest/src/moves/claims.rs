//! Alpha that stakers on root claimed.
//!
//! The event `RootClaimed` names the coldkey alone, and is deposited also where nothing was claimed. What was claimed is
//! in `RootClaimed`, which grows by the claim, but also with the stake on root itself: by the rate for every rao that is
//! added, so that new stake does not claim what was earned before it (and a swap adds stake). So the claim is what the
//! growth leaves once that is taken off, and where what was owed before the block is the same, that is exact.

use std::collections::BTreeMap;

use serde_json::Value;
use yumascan_protocol::{
    fixed::{I96F32, U64F64},
    root_claim::owed_rao,
    share_pool::{FixedPool, FloatPool, SafeFloat},
};
use yumascan_warehouse::rows::{MoveRows, RootClaimRow};

use super::{
    MovesOf,
    args::{bits, integer, variant},
    events::Log,
    read::{Key, Moment, Reader, SUBTENSOR},
};

const ROOT: Key = Key::U16(0);
/// Bits of a rate's fraction.
const FRACTION: u32 = 32;

/// Adds the rows of a block.
pub(super) fn collect(block: &MovesOf, log: &Log<'_>, reader: &Reader<'_>, rows: &mut MoveRows) {
    let mut seen: Vec<String> = Vec::new();
    for event in log.subtensor().filter(|event| event.name == "RootClaimed") {
        let Some(coldkey) = event.args.account("coldkey", 0).filter(|coldkey| !seen.contains(coldkey)) else {
            continue;
        };
        seen.push(coldkey.clone());
        let Some(claims) = of_coldkey(&coldkey, reader) else { continue };
        for claim in claims {
            rows.root_claims.push(RootClaimRow {
                block_number: block.number,
                item_index: u32::try_from(rows.root_claims.len()).unwrap_or(u32::MAX),
                event_index: event.index,
                extrinsic_index: event.extrinsic,
                timestamp_ms: block.timestamp_ms,
                coldkey: coldkey.clone(),
                ..claim
            });
        }
    }
}

fn of_coldkey(coldkey: &str, reader: &Reader<'_>) -> Option<Vec<RootClaimRow>> {
    let account = coldkey.parse().ok()?;
    let coldkey = Key::Account(account);
    let kind = reader.value(Moment::After, SUBTENSOR, "RootClaimType", std::slice::from_ref(&coldkey));
    let hotkeys = reader.value(Moment::After, SUBTENSOR, "StakingHotkeys", std::slice::from_ref(&coldkey))?;
    let mut claims = Vec::new();
    for hotkey in hotkeys.as_array()?.iter().filter_map(Value::as_str) {
        let Some(hotkey) = hotkey.parse().ok().map(Key::Account) else { continue };
        claims.extend(of_hotkey(&hotkey, &coldkey, kind.as_ref(), reader));
    }
    Some(claims)
}

/// Claims of a coldkey through one hotkey.
fn of_hotkey(hotkey: &Key, coldkey: &Key, kind: Option<&Value>, reader: &Reader<'_>) -> Vec<RootClaimRow> {
    let before = root_stake(Moment::Before, hotkey, coldkey, reader);
    let after = root_stake(Moment::After, hotkey, coldkey, reader);
    let rates = rates(hotkey, reader);
    // who had and has nothing on root was owed nothing
    if before.unwrap_or(0) == 0 && after.unwrap_or(0) == 0 {
        return Vec::new();
    }
    let grown = before.zip(after).map(|(before, after)| i128::from(after) - i128::from(before));
    let mut found = Vec::new();
    for (&netuid, &rate) in &rates {
        let Some((claimed, growth)) = growth(netuid, hotkey, coldkey, reader) else { continue };
        let of_stake = grown.and_then(|grown| rate.checked_mul(grown)).map(|bits| bits >> FRACTION);
        let owed = before.map(|before| owed_rao(I96F32::from_bits(rate), before, claimed));
        let left = growth - of_stake.unwrap_or(0);
        // what was added for each claim's stake was rounded down on its own, and so was the stake's worth
        let slack = i128::try_from(rates.len()).unwrap_or(i128::MAX) + 2 + (rate >> FRACTION);
        if left <= slack {
            continue;
        }
        let is_owed = owed.filter(|owed| (owed - left).abs() <= slack);
        let Ok(alpha_rao) = u64::try_from(is_owed.unwrap_or(left)) else { continue };
        let kind = kind.and_then(|kind| kind_on(kind, netuid));
        found.push(RootClaimRow {
            hotkey: account_text(hotkey),
            netuid,
            alpha_rao,
            kind: kind.map(str::to_owned),
            source: if is_owed.is_some() { "owed" } else { "delta" }.to_owned(),
            ..RootClaimRow::default()
        });
    }
    let gained = grown.and_then(|grown| u64::try_from(grown).ok());
    if let [only] = found.as_mut_slice()
        && only.kind.as_deref() == Some("swap")
    {
        only.tao_rao = gained;
    }
    found
}

/// Claimed before the block, and what it grew by; `None` where it did not grow.
fn growth(netuid: u16, hotkey: &Key, coldkey: &Key, reader: &Reader<'_>) -> Option<(u128, i128)> {
    let key = [Key::U16(netuid), hotkey.clone(), coldkey.clone()];
    let read = |moment| reader.integer::<u128>(moment, "RootClaimed", &key);
    let (before, after) = (read(Moment::Before), read(Moment::After));
    let growth = after?.checked_sub(before?).and_then(|growth| i128::try_from(growth).ok());
    before.zip(growth.filter(|growth| *growth > 0))
}

/// Rates by subnet, alpha for each rao on root, in bits. An epoch of the block raises them before anything is claimed.
fn rates(hotkey: &Key, reader: &Reader<'_>) -> BTreeMap<u16, i128> {
    let rates = reader.value(Moment::After, SUBTENSOR, "RootClaimable", std::slice::from_ref(hotkey));
    let pairs = rates.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    pairs.iter().filter_map(|pair| Some((integer(pair.get(0)?)?, bits(pair.get(1)?)?))).collect()
}

/// What a coldkey has on root through a hotkey, rao.
fn root_stake(moment: Moment, hotkey: &Key, coldkey: &Key, reader: &Reader<'_>) -> Option<u64> {
    let share = [hotkey.clone(), coldkey.clone(), ROOT];
    let pool = [hotkey.clone(), ROOT];
    let fixed = |item, key: &[Key]| {
        let bits = reader.value(moment, SUBTENSOR, item, key).as_ref().and_then(bits)?;
        u128::try_from(bits).ok().map(U64F64::from_bits)
    };
    let float = |item, key: &[Key]| {
        reader.value(moment, SUBTENSOR, item, key).as_ref().and_then(safe_float).unwrap_or_default()
    };
    // everything is asked for before anything is judged, so that it is read at once
    let (shares, denominator) = (fixed("Alpha", &share), fixed("TotalHotkeyShares", &pool));
    let (later_shares, later_denominator) = (float("AlphaV2", &share), float("TotalHotkeySharesV2", &pool));
    let value_rao = reader.integer(moment, "TotalHotkeyAlpha", &pool);
    let (shares, denominator, value_rao) = (shares?, denominator?, value_rao?);
    if !reader.has(moment, SUBTENSOR, "AlphaV2") {
        return Some(FixedPool { value_rao, denominator }.value_of(shares));
    }
    // an entry is in the older map until it is written again
    let shares = if shares == U64F64::ZERO { later_shares } else { shares.into() };
    let denominator = if denominator == U64F64::ZERO { later_denominator } else { denominator.into() };
    Some(FloatPool { value_rao, denominator }.value_of(shares))
}

fn safe_float(value: &Value) -> Option<SafeFloat> {
    let exponent = value.get("exponent")?;
    let exponent = exponent.as_i64().or_else(|| exponent.as_str()?.parse().ok())?;
    Some(SafeFloat { mantissa: integer(value.get("mantissa")?)?, exponent })
}

/// What becomes of a claim on a subnet.
fn kind_on(kind: &Value, netuid: u16) -> Option<&'static str> {
    match variant(kind)? {
        "Swap" => Some("swap"),
        "Keep" => Some("keep"),
        "KeepSubnets" => {
            let kept = kind.get("KeepSubnets")?;
            let kept = kept.get("subnets").unwrap_or(kept).as_array()?;
            let is_kept = kept.iter().any(|kept| integer(kept) == Some(netuid));
            Some(if is_kept { "keep" } else { "swap" })
        }
        _ => None,
    }
}

fn account_text(key: &Key) -> String {
    match key {
        Key::Account(account) => account.to_ss58(),
        Key::U16(_) | Key::U32(_) => String::new(),
    }
}
