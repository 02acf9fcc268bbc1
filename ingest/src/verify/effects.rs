//! What a block did besides its epochs: before them (time-locked reveals) and after them (extrinsics that rewrite what
//! an epoch stored).
//!
//! An epoch runs in the block's initialization. Its outputs are read after the whole block, so a registration or a
//! trimming in the same block shows in them. Such a rewriting excuses exactly the numbers it touches, and is named.

mod cause;
mod moves;

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use yumascan_chain::{AccountId, BlockNumber, DecodedBlock, Outcome, Phase};
use yumascan_protocol::epoch::compare::{Difference, Field};

pub(crate) use cause::{Cause, Excuse};
pub(crate) use moves::{Moves, PoolChange};

/// What happened in a block.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    block: BlockNumber,
    /// Weights revealed in the initialization: storage index and hotkey.
    reveals: HashSet<(u16, AccountId)>,
    /// Weights set by extrinsics: storage index and uid.
    weights_set: HashMap<(u16, u16), Cause>,
    /// Neurons registered after the epochs: subnet, uid.
    registered: Vec<(u16, u16, Cause)>,
    /// Subnets that were added, removed or trimmed.
    rebuilt: Vec<(u16, Cause)>,
    /// Mechanism counts set: subnet, count.
    counts: Vec<(u16, u8, Cause)>,
    /// Commitments that ask to reset the bonds to their neuron, by subnet.
    resets: Vec<(u16, Cause)>,
    /// Hotkeys swapped, old and new.
    swapped: Vec<(AccountId, Cause)>,
    /// Storage written directly.
    raw_writes: Option<Cause>,
    /// Incentives announced: storage index and amounts by uid.
    incentives: HashMap<u16, Vec<u64>>,
    /// Epochs put off or skipped, by the chain's own word.
    skipped: Vec<u16>,
    /// Stake and reserves that extrinsics moved.
    pub(crate) moves: Moves,
}

/// A number that differs, for [`Effects::excuse`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) netuid: u16,
    /// Neurons when the epoch ran.
    pub(crate) neurons: u16,
    pub(crate) difference: &'a Difference,
}

impl Effects {
    /// Collects them from a decoded block.
    pub(crate) fn of(block: BlockNumber, decoded: &DecodedBlock) -> Self {
        let mut effects = Self { block, ..Self::default() };
        for event in decoded.events() {
            if !["SubtensorModule", "Swap", "Commitments"].contains(&event.pallet) {
                continue;
            }
            let extrinsic = match event.phase {
                Phase::ApplyExtrinsic(index) => Some(index),
                Phase::Initialization | Phase::Finalization => None,
            };
            effects.note_event(event.pallet, event.variant, event.args, extrinsic);
            if event.pallet != "Commitments" {
                effects.moves.note_event(event.variant, event.args, extrinsic);
            }
        }
        for call in decoded.calls() {
            let may_have_run = matches!(call.outcome, Outcome::Success | Outcome::Unknown);
            if may_have_run {
                effects.note_call(call.pallet, call.call, call.args, call.extrinsic_index);
            }
            // also of a call that failed: its fee was paid
            if call.pallet == "SubtensorModule" {
                effects.moves.note_call(call.call, call.args, call.extrinsic_index);
            }
        }
        effects
    }

    fn note_event(&mut self, pallet: &str, variant: &str, args: &str, extrinsic: Option<u32>) {
        let cause = || Cause::new(extrinsic, variant);
        match (pallet, variant) {
            ("SubtensorModule", "TimelockedWeightsRevealed" | "CRV3WeightsRevealed")
                if extrinsic.is_none() =>
            {
                if let Some((index, hotkey)) = index_and_account(args) {
                    self.reveals.insert((index, hotkey));
                }
            }
            ("SubtensorModule", "WeightsSet") if extrinsic.is_some() => {
                if let Ok((index, uid)) = serde_json::from_str::<(u16, u16)>(args) {
                    self.weights_set.insert((index, uid), cause());
                }
            }
            ("SubtensorModule", "NeuronRegistered") => {
                if let Ok((netuid, uid, _)) = serde_json::from_str::<(u16, u16, Value)>(args) {
                    self.registered.push((netuid, uid, cause().with(format!(", uid {uid}"))));
                }
            }
            ("SubtensorModule", "NetworkRemoved" | "NetworkAdded") => {
                if let Some(netuid) = first_number(args) {
                    self.rebuilt.push((netuid, cause()));
                }
            }
            ("SubtensorModule", "IncentiveAlphaEmittedToMiners") => {
                if let Ok(announced) = serde_json::from_str::<Announced>(args) {
                    let amounts = announced.emissions.into_iter().map(|amount| amount.0).collect();
                    self.incentives.insert(announced.netuid, amounts);
                }
            }
            ("SubtensorModule", "HotkeySwapped" | "HotkeySwappedOnSubnet") => {
                if let Ok(swap) = serde_json::from_str::<Swapped>(args) {
                    for hotkey in [swap.old_hotkey, swap.new_hotkey] {
                        self.swapped.push((hotkey, cause()));
                    }
                }
            }
            ("SubtensorModule", "EpochDeferred" | "EpochSkipped") => {
                let netuid =
                    serde_json::from_str::<Value>(args).ok().and_then(|args| args.get("netuid")?.as_u64());
                self.skipped.extend(netuid.and_then(|netuid| u16::try_from(netuid).ok()));
            }
            _ => {}
        }
    }

    fn note_call(&mut self, pallet: &str, call: &str, args: &str, extrinsic: u32) {
        let cause = || Cause::new(Some(extrinsic), call);
        match (pallet, call) {
            (_, "sudo_trim_to_max_allowed_uids") => {
                if let Some(netuid) = member(args, "netuid") {
                    self.rebuilt.push((netuid, cause()));
                }
            }
            (_, "sudo_set_mechanism_count" | "sudo_set_subsubnet_count") => {
                let count = member(args, "mechanism_count").or_else(|| member(args, "subsub_count"));
                if let (Some(netuid), Some(count)) = (member(args, "netuid"), count) {
                    let count = u8::try_from(count).unwrap_or(u8::MAX);
                    self.counts.push((netuid, count, cause().with(format!(", {count}"))));
                }
            }
            ("Commitments", "set_commitment") if args.contains("ResetBondsFlag") => {
                if let Some(netuid) = member(args, "netuid") {
                    self.resets.push((netuid, cause().with(" with ResetBondsFlag".to_owned())));
                }
            }
            ("System", "set_storage" | "kill_storage" | "kill_prefix") => {
                self.raw_writes = Some(Cause::new(Some(extrinsic), &format!("{pallet}.{call}")));
            }
            _ => {}
        }
    }

    /// The block.
    pub(crate) fn block(&self) -> BlockNumber {
        self.block
    }

    /// Whether the weights of a hotkey were revealed before the epoch.
    pub(crate) fn has_reveal(&self, index: u16, hotkey: &AccountId) -> bool {
        self.reveals.contains(&(index, *hotkey))
    }

    /// Why a row read after the block may not be the one that was revealed.
    pub(crate) fn doubt_of_reveal(&self, netuid: u16, index: u16, uid: u16) -> Option<String> {
        let set = self.weights_set.get(&(index, uid));
        let registered = self.registered.iter().find(|(of, ..)| *of == netuid).map(|(.., cause)| cause);
        let rebuilt = self.rebuilt.iter().find(|(of, _)| *of == netuid).map(|(_, cause)| cause);
        let cause = set.or(registered).or(rebuilt)?;
        Some(format!(
            "the weights that uid {uid} revealed in this block may have been rewritten by {}",
            self.name(cause).text
        ))
    }

    /// Incentives that the chain announced for a mechanism.
    pub(crate) fn incentives(&self, index: u16) -> Option<&[u64]> {
        self.incentives.get(&index).map(Vec::as_slice)
    }

    /// Whether the chain said itself that it put the epoch off.
    pub(crate) fn is_skipped(&self, netuid: u16) -> bool {
        self.skipped.contains(&netuid)
    }

    /// What removed or rebuilt the subnet after its epoch.
    pub(crate) fn rebuilt(&self, netuid: u16) -> Option<Excuse> {
        self.rebuilt.iter().find(|(of, _)| *of == netuid).map(|(_, cause)| self.name(cause))
    }

    /// What rewrote a stored number after the epoch, if anything did: only where the stored value is what the rewriting
    /// leaves.
    pub(crate) fn excuse(&self, place: Place<'_>) -> Option<Excuse> {
        let Place { netuid, neurons, difference } = place;
        // nothing rewrites an event
        if difference.field == Field::ServerEmission {
            return None;
        }
        if let Some(name) = self.rebuilt(netuid) {
            return Some(name);
        }
        let registered = self.registered.iter().find(|(of, uid, _)| {
            let is_new = *uid >= neurons;
            *of == netuid && difference.uid == Some(*uid) && left_by_registration(difference, is_new)
        });
        if let Some((.., cause)) = registered {
            return Some(self.name(cause));
        }
        let is_removed = difference.stored.is_none();
        let counts = self.counts.iter().find(|(of, count, _)| {
            *of == netuid && is_removed && difference.mechid.is_some_and(|mechid| mechid >= *count)
        });
        if let Some((.., cause)) = counts {
            return Some(self.name(cause));
        }
        let is_bond = difference.field == Field::Bonds && is_removed;
        let resets = self.resets.iter().find(|(of, _)| *of == netuid && is_bond);
        if let Some((_, cause)) = resets {
            return Some(self.name(cause));
        }
        self.raw_write()
    }

    /// What moved or removed a payment of the epoch, if anything did.
    pub(crate) fn excuse_payment(&self, netuid: u16, hotkey: &AccountId) -> Option<Excuse> {
        let swapped = self.swapped.iter().find(|(of, _)| of == hotkey).map(|(_, cause)| self.name(cause));
        self.rebuilt(netuid).or(swapped).or_else(|| self.raw_write())
    }

    /// What wrote to storage directly.
    pub(crate) fn raw_write(&self) -> Option<Excuse> {
        self.raw_writes.as_ref().map(|cause| self.name(cause))
    }

    fn name(&self, cause: &Cause) -> Excuse {
        cause.excuse(self.block)
    }
}

/// Whether a registration leaves a neuron's number as it is stored: a new uid adds an element to each vector, a taken one
/// is set to zero, active, without bonds.
fn left_by_registration(difference: &Difference, is_new: bool) -> bool {
    if is_new {
        return difference.computed.is_none();
    }
    match difference.field {
        Field::Emission
        | Field::Consensus
        | Field::Incentive
        | Field::Dividends
        | Field::StakeWeight
        | Field::Rank
        | Field::Trust
        | Field::PruningScores => difference.stored == Some(0),
        Field::Active => difference.stored == Some(1),
        Field::Bonds => difference.stored.is_none(),
        Field::BondsOrder | Field::ServerEmission | Field::ValidatorTrust | Field::ValidatorPermit => false,
    }
}

#[derive(serde::Deserialize)]
struct Swapped {
    old_hotkey: AccountId,
    new_hotkey: AccountId,
}

#[derive(serde::Deserialize)]
struct Announced {
    netuid: u16,
    emissions: Vec<super::items::Wide<u64>>,
}

fn index_and_account(args: &str) -> Option<(u16, AccountId)> {
    serde_json::from_str::<(u16, AccountId)>(args).ok()
}

fn first_number(args: &str) -> Option<u16> {
    let args: Value = serde_json::from_str(args).ok()?;
    let first = args.get(0).or_else(|| args.get("netuid")).unwrap_or(&args);
    first.as_u64().and_then(|number| u16::try_from(number).ok())
}

fn member(args: &str, name: &str) -> Option<u16> {
    let args: Value = serde_json::from_str(args).ok()?;
    args.get(name)?.as_u64().and_then(|number| u16::try_from(number).ok())
}
