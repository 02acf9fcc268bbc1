//! A block as detectors ask about it: derived once for all of them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use yumascan_warehouse::rows::{CallRow, EventRow, ExtrinsicRow};

use crate::input::BlockInput;

/// Milliseconds of an Aura slot.
const SLOT_MS: u64 = 12_000;
/// `aura`, the engine id of a digest item.
const AURA: &str = "0x61757261";
/// Wrappers that hold a list of calls.
const BATCHES: [&str; 3] = ["batch", "batch_all", "force_batch"];

/// What an engine remembers from block to block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Trail {
    pub(crate) last: Option<LastBlock>,
    /// First block of the newest runtime.
    pub(crate) upgraded_at: Option<u64>,
    /// Data is doubtful up to this block.
    pub(crate) doubtful_until: u64,
    /// Whether safe mode is on, as far as events tell.
    pub(crate) safe_mode: bool,
}

/// The block before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastBlock {
    pub(crate) number: u64,
    pub(crate) hash: String,
    pub(crate) time_ms: Option<u64>,
    pub(crate) slot: Option<u64>,
    pub(crate) spec: u32,
}

/// The call tree of an extrinsic, summed up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree<'a> {
    pub(crate) extrinsic: &'a ExtrinsicRow,
    pub(crate) calls: &'a [CallRow],
    pub(crate) leaves: u32,
    pub(crate) depth: u32,
    /// Whether a batch is a direct child of a batch.
    pub(crate) batch_in_batch: bool,
}

/// A block with what can be derived from it.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    pub(crate) input: &'a BlockInput,
    pub(crate) number: u64,
    pub(crate) time_ms: Option<u64>,
    pub(crate) slot: Option<u64>,
    pub(crate) spec: u32,
    /// The block before, where the stream has one.
    pub(crate) last: Option<&'a LastBlock>,
    /// Whether the block before in the stream is the parent by height.
    pub(crate) follows: bool,
    pub(crate) upgraded_at: Option<u64>,
    pub(crate) safe_mode: bool,
    pub(crate) trees: Vec<Tree<'a>>,
    by_name: HashMap<(&'a str, &'a str), Vec<usize>>,
}

/// Aura slot of a block, from its digest.
fn slot_of(digest: &str) -> Option<u64> {
    let logs: Value = serde_json::from_str(digest).ok()?;
    let item = logs.as_array()?.iter().find_map(|log| log.get("PreRuntime"))?;
    if item.get(0)?.as_str()? != AURA {
        return None;
    }
    let text = item.get(1)?.as_str()?.strip_prefix("0x")?;
    let mut slot = [0_u8; 8];
    for (position, byte) in slot.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * position..2 * position + 2)?, 16).ok()?;
    }
    Some(u64::from_le_bytes(slot))
}

impl<'a> Block<'a> {
    pub(crate) fn new(input: &'a BlockInput, trail: &'a Trail) -> Self {
        let mut by_name: HashMap<_, Vec<usize>> = HashMap::new();
        for (position, event) in input.events.iter().enumerate() {
            by_name.entry((event.pallet.as_str(), event.variant.as_str())).or_default().push(position);
        }
        let number = input.block.number;
        Self {
            input,
            number,
            time_ms: input.block.timestamp_ms,
            slot: slot_of(&input.block.digest),
            spec: input.block.spec_version,
            last: trail.last.as_ref(),
            follows: trail.last.as_ref().is_none_or(|last| last.number + 1 == number),
            upgraded_at: trail.upgraded_at,
            safe_mode: trail.safe_mode,
            trees: trees_of(input),
            by_name,
        }
    }

    /// Events of a name, in order.
    pub(crate) fn events(&self, pallet: &'a str, variant: &'a str) -> impl Iterator<Item = &'a EventRow> {
        let input = self.input;
        let found = self.by_name.get(&(pallet, variant)).map_or(&[][..], Vec::as_slice).to_vec();
        found.into_iter().filter_map(|position| input.events.get(position))
    }

    pub(crate) fn has_event(&self, pallet: &'a str, variant: &'a str) -> bool {
        self.by_name.contains_key(&(pallet, variant))
    }

    pub(crate) fn extrinsic(&self, index: Option<u32>) -> Option<&'a ExtrinsicRow> {
        let wanted = index?;
        self.input.extrinsics.iter().find(|extrinsic| extrinsic.extrinsic_index == wanted)
    }

    /// Who signed the extrinsic of an event.
    pub(crate) fn signer(&self, event: &EventRow) -> Option<&'a str> {
        self.extrinsic(event.extrinsic_index)?.signer.as_deref()
    }

    /// Milliseconds since the block before, where both are known and nothing is missing between.
    pub(crate) fn elapsed_ms(&self) -> Option<u64> {
        let before = self.last.filter(|_| self.follows)?.time_ms?;
        self.time_ms?.checked_sub(before)
    }

    /// Aura slots without a block since the block before.
    pub(crate) fn missed_slots(&self) -> Option<u64> {
        let last = self.last.filter(|_| self.follows)?;
        match (self.slot, last.slot) {
            (Some(slot), Some(before)) => slot.checked_sub(before)?.checked_sub(1),
            _ => Some((self.elapsed_ms()? / SLOT_MS).saturating_sub(1)),
        }
    }

    /// Blocks since the runtime's first block, where it was seen to change.
    pub(crate) fn since_upgrade(&self) -> Option<u64> {
        Some(self.number.saturating_sub(self.upgraded_at?))
    }

    /// How the trail goes on behind this block.
    pub(crate) fn leave(&self) -> LastBlock {
        LastBlock {
            number: self.number,
            hash: self.input.block.hash.clone(),
            time_ms: self.time_ms,
            slot: self.slot,
            spec: self.spec,
        }
    }

    /// A place in the block, as evidence names it.
    pub(crate) fn place(&self, extrinsic_index: Option<u32>) -> String {
        match extrinsic_index {
            Some(index) => format!("{}-{index}", self.number),
            None => self.number.to_string(),
        }
    }
}

fn trees_of(input: &BlockInput) -> Vec<Tree<'_>> {
    let mut trees = Vec::with_capacity(input.extrinsics.len());
    let mut rest = input.calls.as_slice();
    for extrinsic in &input.extrinsics {
        let skip = rest.iter().take_while(|call| call.extrinsic_index < extrinsic.extrinsic_index).count();
        rest = &rest[skip..];
        let length = rest.iter().take_while(|call| call.extrinsic_index == extrinsic.extrinsic_index).count();
        let (calls, after) = rest.split_at(length);
        rest = after;
        trees.push(tree_of(extrinsic, calls));
    }
    trees
}

fn tree_of<'a>(extrinsic: &'a ExtrinsicRow, calls: &'a [CallRow]) -> Tree<'a> {
    let mut is_parent = vec![false; calls.len()];
    let mut batch_in_batch = false;
    let first = calls.first().map_or(0, |call| call.call_index);
    for call in calls {
        let Some(parent) = call.parent_index.and_then(|index| index.checked_sub(first)) else { continue };
        let Some(slot) = is_parent.get_mut(parent as usize) else { continue };
        *slot = true;
        batch_in_batch |= is_batch(call) && calls.get(parent as usize).is_some_and(is_batch);
    }
    let leaves = is_parent.iter().filter(|parent| !**parent).count();
    Tree {
        extrinsic,
        calls,
        leaves: u32::try_from(leaves).unwrap_or(u32::MAX),
        depth: calls.iter().map(|call| call.depth).max().unwrap_or(0),
        batch_in_batch,
    }
}

/// Whether a call is one of Utility's batches.
pub(crate) fn is_batch(call: &CallRow) -> bool {
    call.pallet == "Utility" && BATCHES.contains(&call.call.as_str())
}

/// Arguments of a call or event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Args(Value);

impl Args {
    pub(crate) fn of(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// Read only where they are wanted; else empty.
    pub(crate) fn of_if(text: &str, wanted: impl Fn() -> bool) -> Self {
        if wanted() { Self::of(text) } else { Self::default() }
    }

    /// By name where they are named, else by position.
    pub(crate) fn get(&self, name: &str, position: usize) -> Option<&Value> {
        match &self.0 {
            Value::Object(values) => values.get(name),
            Value::Array(values) => values.get(position),
            _ => None,
        }
    }

    pub(crate) fn number(&self, name: &str, position: usize) -> Option<u64> {
        number_of(self.get(name, position)?)
    }

    pub(crate) fn netuid(&self, position: usize) -> Option<u16> {
        // since 320 the mechanism is in the upper bits
        self.number("netuid", position).map(|index| u16::try_from(index % 4096).unwrap_or_default())
    }

    pub(crate) fn text(&self, name: &str, position: usize) -> Option<String> {
        match self.get(name, position)? {
            Value::String(text) => Some(text.clone()),
            // MultiAddress
            Value::Object(address) => address.get("Id")?.as_str().map(str::to_owned),
            _ => None,
        }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }
}

/// A number, or the text of one.
pub(crate) fn number_of(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// TAO with its unit, as sentences say it.
pub(crate) fn tao(rao: u64) -> String {
    let (whole, part) = (rao / 1_000_000_000, rao % 1_000_000_000 / 1_000_000);
    if whole >= 1_000 || part == 0 { format!("{whole} TAO") } else { format!("{whole}.{part:03} TAO") }
}

/// The beginning and the end of an address.
pub(crate) fn short(account: &str) -> String {
    match (account.get(..6), account.get(account.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if account.len() > 12 => format!("{head}…{tail}"),
        _ => account.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_is_read_from_the_digest() {
        let digest = r#"[{"PreRuntime":["0x61757261","0xc589cb0800000000"]},{"Seal":["0x61757261","0x00"]}]"#;
        assert_eq!(slot_of(digest), Some(0x08cb_89c5));
        for broken in ["", "[]", r#"[{"PreRuntime":["0x61757261","0xc5"]}]"#, r#"[{"PreRuntime":[1]}]"#] {
            assert_eq!(slot_of(broken), None, "{broken}");
        }
    }

    #[test]
    fn arguments_are_found_by_name_or_position() {
        let named = Args::of(r#"{"netuid":4104,"amount":"12"}"#);
        assert_eq!((named.netuid(0), named.number("amount", 1)), (Some(8), Some(12)));
        let positional = Args::of(r#"["5F",{"Id":"5G"},7]"#);
        assert_eq!(positional.text("x", 1).as_deref(), Some("5G"));
        assert_eq!((positional.number("x", 2), positional.number("x", 9)), (Some(7), None));
        assert!(Args::of("not json").get("x", 0).is_none());
    }

    #[test]
    fn amounts_are_said_in_tao() {
        assert_eq!(tao(1_500_000_000), "1.500 TAO");
        assert_eq!(tao(5_000_000_000_123), "5000 TAO");
    }
}
