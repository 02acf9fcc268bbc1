//! Takes and children of hotkeys.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use yumascan_warehouse::rows::{ChildKeysRow, DelegateTakeRow, MoveRows};

use super::{
    MovesOf,
    args::{account, integer},
    events::{Event, Log},
    read::{Key, Moment, Reader, account_key},
};

/// Adds the rows of a block.
pub(super) fn collect(block: &MovesOf, log: &Log<'_>, reader: &Reader<'_>, rows: &mut MoveRows) {
    let mut known: HashMap<(String, Option<u16>), u16> = HashMap::new();
    let mut used: HashSet<(Option<u32>, usize)> = HashSet::new();
    for event in log.subtensor() {
        let take = match event.name {
            "TakeIncreased" | "TakeDecreased" | "DelegateAdded" => delegate_take(event, reader, &known),
            "ChildKeyTakeSet" => child_take(event, log, reader, &known, &mut used),
            "SetChildren" | "SetChildrenScheduled" => {
                rows.child_keys.extend(children(block, event));
                None
            }
            _ => None,
        };
        let Some(take) = take else { continue };
        known.insert((take.hotkey.clone(), take.netuid), take.new_take);
        rows.delegate_takes.push(DelegateTakeRow {
            block_number: block.number,
            event_index: event.index,
            extrinsic_index: event.extrinsic,
            timestamp_ms: block.timestamp_ms,
            ..take
        });
    }
}

type Known = HashMap<(String, Option<u16>), u16>;

fn delegate_take(event: &Event<'_>, reader: &Reader<'_>, known: &Known) -> Option<DelegateTakeRow> {
    let args = &event.args;
    let hotkey = args.account("hotkey", 1)?;
    let new_take = args.u16("take", 2)?;
    let old_take = match known.get(&(hotkey.clone(), None)) {
        Some(take) => Some(*take),
        // who becomes a delegate had no take
        None if event.name == "DelegateAdded" => None,
        None => account_key(&hotkey).and_then(|key| reader.integer(Moment::Before, "Delegates", &[key])),
    };
    Some(DelegateTakeRow {
        kind: "delegate".to_owned(),
        hotkey,
        coldkey: args.account("coldkey", 0),
        old_take,
        new_take,
        ..DelegateTakeRow::default()
    })
}

/// The event names no subnet: the call does.
fn child_take(
    event: &Event<'_>,
    log: &Log<'_>,
    reader: &Reader<'_>,
    known: &Known,
    used: &mut HashSet<(Option<u32>, usize)>,
) -> Option<DelegateTakeRow> {
    let hotkey = event.args.account("hotkey", 0)?;
    let new_take = event.args.u16("take", 1)?;
    let calls = log.calls(event.extrinsic, &["set_childkey_take"]);
    let call = calls.iter().enumerate().find(|(position, call)| {
        let args = &call.args;
        let fits = args.account("hotkey", usize::MAX).as_ref() == Some(&hotkey)
            && args.u16("take", usize::MAX) == Some(new_take);
        fits && !used.contains(&(event.extrinsic, *position))
    });
    if let Some((position, _)) = call {
        used.insert((event.extrinsic, position));
    }
    let netuid = call.and_then(|(_, call)| call.args.u16("netuid", usize::MAX));
    let old_take = netuid.and_then(|netuid| match known.get(&(hotkey.clone(), Some(netuid))) {
        Some(take) => Some(*take),
        None => {
            let key = account_key(&hotkey)?;
            reader.integer(Moment::Before, "ChildkeyTake", &[key, Key::U16(netuid)])
        }
    });
    Some(DelegateTakeRow {
        kind: "childkey".to_owned(),
        coldkey: call.and_then(|(_, call)| call.origin).map(str::to_owned),
        hotkey,
        netuid,
        old_take,
        new_take,
        ..DelegateTakeRow::default()
    })
}

fn children(block: &MovesOf, event: &Event<'_>) -> Option<ChildKeysRow> {
    let args = &event.args;
    let is_scheduled = event.name == "SetChildrenScheduled";
    let children = args.get("children", if is_scheduled { 3 } else { 2 })?;
    Some(ChildKeysRow {
        block_number: block.number,
        event_index: event.index,
        extrinsic_index: event.extrinsic,
        timestamp_ms: block.timestamp_ms,
        hotkey: args.account("hotkey", 0)?,
        netuid: args.u16("netuid", 1)?,
        children: children.as_array()?.iter().map(child).collect::<Option<_>>()?,
        state: if is_scheduled { "scheduled" } else { "set" }.to_owned(),
        cooldown_block: if is_scheduled { args.u64("cooldown_block", 2) } else { None },
    })
}

fn child(pair: &Value) -> Option<(u64, String)> {
    Some((integer(pair.get(0)?)?, account(pair.get(1)?)?))
}
