//! Which epochs are due in a block, by the rule of the runtime that executed it.
//!
//! Up to spec 422 an epoch is due when block number and netuid hit the tempo; since 423 the chain keeps when each
//! subnet ran last. What the rule says is compared with what the chain says it did (`LastMechansimStepBlock`).

use yumascan_chain::KeyPart;
use yumascan_protocol::epoch::schedule::{self, StoredSchedule};

use super::{
    items::{Items, Part, Reason, Wide},
    state::States,
};
use crate::source::BlockAt;

/// An epoch that is due, or one that the chain ran although it was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueEpoch {
    pub(crate) netuid: u16,
    pub(crate) tempo: u16,
    /// Whether the rule says that it is due.
    pub(crate) is_due: bool,
    /// Whether the chain says that it ran in this block.
    pub(crate) ran: bool,
}

/// What is read of each subnet in the state before and after a block.
const CLOCK: [&str; 5] =
    ["Tempo", "LastMechansimStepBlock", "LastEpochBlock", "PendingEpochAt", "BlocksSinceLastStep"];

/// Wants the list of subnets.
pub(crate) fn want_subnets(items: &Items<'_>, states: &mut States, at: BlockAt) {
    items.want_keys(states, at, "NetworksAdded", &[]);
}

/// Subnets of a state, ascending, root left out.
pub(crate) fn subnets(items: &Items<'_>, states: &States, at: BlockAt) -> Vec<u16> {
    let (Some(item), Some(prefix)) = (items.find("NetworksAdded"), items.key("NetworksAdded", &[])) else {
        return Vec::new();
    };
    let netuid_of = |parts: Vec<KeyPart>| match parts.first() {
        Some(KeyPart::Json(text)) => text.parse::<u16>().ok(),
        _ => None,
    };
    let keys = states.parsed_keys(at.number, item, &prefix);
    let mut netuids: Vec<u16> =
        keys.filter_map(|(_, parts)| netuid_of(parts)).filter(|netuid| *netuid != 0).collect();
    netuids.sort_unstable();
    netuids
}

/// Wants the clocks of `netuids` in the state after block `at`.
pub(crate) fn want_clocks(items: &Items<'_>, states: &mut States, at: BlockAt, netuids: &[u16]) {
    for netuid in netuids {
        for name in CLOCK {
            items.want(states, at, name, &[Part::U16(*netuid)]);
        }
    }
    items.want(states, at, "MaxEpochsPerBlock", &[]);
}

/// Epochs due in block `at`, and those that ran without being due; `netuids` are the subnets before it.
pub(crate) fn list_due(
    items: &Items<'_>,
    states: &States,
    parent: BlockAt,
    at: BlockAt,
    netuids: &[u16],
) -> Result<Vec<DueEpoch>, Reason> {
    let is_stored = items.has("LastEpochBlock");
    let most: Option<u8> = items.read(states, parent.number, "MaxEpochsPerBlock", &[])?;
    let mut room = most.filter(|_| is_stored).map_or(usize::MAX, usize::from);
    let mut epochs = Vec::new();
    for &netuid in netuids {
        let key = [Part::U16(netuid)];
        let number = |name| -> Result<u64, Reason> {
            Ok(items.read::<Wide<u64>>(states, parent.number, name, &key)?.map_or(0, |wide| wide.0))
        };
        let tempo: u16 = items.require(states, parent.number, "Tempo", &key)?;
        let mut is_due = match is_stored {
            false => schedule::due(netuid, tempo, at.number),
            true => {
                let stored = StoredSchedule {
                    tempo,
                    pending_epoch_at: number("PendingEpochAt")?,
                    blocks_since_last_step: number("BlocksSinceLastStep")?.saturating_add(1),
                    last_epoch_block: number("LastEpochBlock")?,
                };
                stored.due(at.number)
            }
        };
        if is_due && room == 0 {
            is_due = false; // deferred to the next block
        } else if is_due {
            room -= 1;
        }
        let last: Option<Wide<u64>> = items.read(states, at.number, "LastMechansimStepBlock", &key)?;
        // a runtime that does not keep it is believed to do what its rule says
        let ran = last.map_or(is_due, |last| last.0 == at.number);
        if is_due || ran {
            epochs.push(DueEpoch { netuid, tempo, is_due, ran });
        }
    }
    Ok(epochs)
}
