//! Which call changed a parameter, by what the calls and events of the block name.

use std::collections::BTreeSet;

use serde_json::Value;
use yumascan_chain::Outcome;

use super::Parameter;
use crate::state::block::Known;

/// Why a parameter is another than before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) name: &'static str,
    pub(super) extrinsic_index: Option<u32>,
    pub(super) call: Option<String>,
    pub(super) signer: Option<String>,
}

impl Cause {
    pub(super) fn named(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }
}

/// Calls and events of a block that may have set something.
#[derive(Debug, Default)]
pub(super) struct Causes {
    candidates: Vec<Candidate>,
    is_upgraded: bool,
}

#[derive(Debug)]
struct Candidate {
    words: BTreeSet<String>,
    variant: String,
    netuid: Option<u64>,
    extrinsic_index: Option<u32>,
    call: Option<String>,
    signer: Option<String>,
    /// Storage itself was written.
    is_raw: bool,
}

/// What the chain adjusts by itself at intervals.
const ADJUSTED: [&str; 2] = ["Burn", "Difficulty"];

impl Causes {
    pub(super) fn of(block: &Known<'_>) -> Self {
        let mut causes = Self { is_upgraded: block.is_upgraded, ..Self::default() };
        let signers: Vec<(u32, Option<&str>)> =
            block.decoded.extrinsics().map(|extrinsic| (extrinsic.index, extrinsic.signer)).collect();
        let signer_of = |index: u32| {
            let found = signers.iter().find(|(known, _)| *known == index);
            found.and_then(|(_, signer)| *signer).map(str::to_owned)
        };
        for call in block.decoded.calls() {
            if !matches!(call.outcome, Outcome::Success | Outcome::Unknown) {
                continue;
            }
            if !matches!(call.pallet, "AdminUtils" | "SubtensorModule" | "Swap" | "Sudo" | "System") {
                continue;
            }
            let args: Value = serde_json::from_str(call.args).unwrap_or_default();
            causes.candidates.push(Candidate {
                words: words(call.call),
                variant: call.call.to_owned(),
                netuid: args.get("netuid").and_then(Value::as_u64),
                extrinsic_index: Some(call.extrinsic_index),
                call: Some(format!("{}.{}", call.pallet, call.call)),
                signer: signer_of(call.extrinsic_index),
                is_raw: call.pallet == "System" && call.call.ends_with("_storage"),
            });
        }
        for event in block.decoded.events() {
            if !matches!(event.pallet, "AdminUtils" | "SubtensorModule" | "Swap" | "Sudo") {
                continue;
            }
            let args: Value = serde_json::from_str(event.args).unwrap_or_default();
            let netuid = args.get("netuid").or_else(|| args.get(0)).and_then(Value::as_u64);
            let extrinsic_index = event.extrinsic_index();
            causes.candidates.push(Candidate {
                words: words(event.variant),
                variant: event.variant.to_owned(),
                netuid,
                extrinsic_index,
                call: None,
                signer: extrinsic_index.and_then(signer_of),
                is_raw: false,
            });
        }
        causes
    }

    /// A subnet that came or went takes all its parameters with it.
    pub(super) fn of_subnet(&self, parameter: Parameter, event: &str, name: &'static str) -> Cause {
        let found = self.candidates.iter().find(|candidate| {
            candidate.variant == event && candidate.netuid == parameter.netuid.map(u64::from)
        });
        let Some(found) = found else { return Cause::named(name) };
        let call = self.candidates.iter().find(|candidate| {
            candidate.extrinsic_index == found.extrinsic_index
                && candidate.call.as_ref().is_some_and(|call| call.contains("_network"))
        });
        let call = call.and_then(|candidate| candidate.call.clone());
        Cause { name, extrinsic_index: found.extrinsic_index, call, signer: found.signer.clone() }
    }

    /// The call or event whose name is nearest to the parameter's, of those that name its subnet.
    pub(super) fn of_parameter(&self, parameter: Parameter) -> Cause {
        let name = parameter.name.rsplit('.').next().unwrap_or(parameter.name);
        let wanted = words(name);
        let is_here = |candidate: &&Candidate| {
            parameter.netuid.is_none() || candidate.netuid == parameter.netuid.map(u64::from)
        };
        let nearest = |least: u32, is_candidate: &dyn Fn(&Candidate) -> bool| {
            let candidates =
                self.candidates.iter().filter(is_here).filter(|candidate| is_candidate(candidate));
            let scored = candidates.map(|candidate| (candidate.likeness(name, &wanted), candidate));
            scored.filter(|(likeness, _)| *likeness >= least).max_by_key(|(likeness, _)| *likeness)
        };
        let best = nearest(ALIKE, &|_| true).map(|(_, candidate)| candidate);
        let raw = || self.candidates.iter().find(|candidate| candidate.is_raw);
        if let Some(found) = best.or_else(raw) {
            // an event tells the extrinsic; its call may have another name
            let caller = || {
                let of_extrinsic = |candidate: &Candidate| {
                    candidate.call.is_some() && candidate.extrinsic_index == found.extrinsic_index
                };
                nearest(1, &of_extrinsic).and_then(|(_, candidate)| candidate.call.clone())
            };
            let call = found.call.clone().or_else(|| found.extrinsic_index.and_then(|_| caller()));
            return Cause {
                name: "call",
                extrinsic_index: found.extrinsic_index,
                call,
                signer: found.signer.clone(),
            };
        }
        match () {
            () if self.is_upgraded => Cause::named("runtime_upgrade"),
            () if ADJUSTED.contains(&name) => Cause::named("adjustment"),
            () => Cause::named("unknown"),
        }
    }
}

/// Likeness from which names are taken to mean the same.
const ALIKE: u32 = 60;

/// Parameters that calls and events of other names set.
const ALIASES: [(&str, &str); 6] = [
    ("SubtokenEnabled", "start_call"),
    ("TotalNetworks", "NetworkAdded"),
    ("TotalNetworks", "NetworkRemoved"),
    ("NetworkLastLockCost", "NetworkAdded"),
    ("PendingChildKeyCooldown", "set_pending_childkey_cooldown"),
    ("Key", "KeyChanged"),
];

impl Candidate {
    /// How many of the words of both names are in both, percent.
    fn likeness(&self, name: &str, wanted: &BTreeSet<String>) -> u32 {
        if ALIASES.contains(&(name, self.variant.as_str())) {
            return 100;
        }
        let common = self.words.intersection(wanted).count();
        let all = self.words.union(wanted).count().max(1);
        u32::try_from(common * 100 / all).unwrap_or(0)
    }
}

/// Words of a name, in camel or snake case, without those that all have.
fn words(name: &str) -> BTreeSet<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        // `EMAPrice` is two words as well
        let ends_run = before.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && (!before.is_uppercase() || ends_run);
        if letter == '_' || begins || words.is_empty() {
            words.push(String::new());
        }
        if letter != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    let plain = |word: String| match word.as_str() {
        "" | "sudo" | "set" | "current" => None,
        "on" => Some("enabled".to_owned()),
        "toggled" => Some("toggle".to_owned()),
        "subsubnet" => Some("mechanism".to_owned()),
        _ => Some(word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(&word).to_owned()),
    };
    words.into_iter().filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_items_and_calls_have_the_same_words() {
        for (item, call) in [
            ("Tempo", "sudo_set_tempo"),
            ("Yuma3On", "sudo_set_yuma3_enabled"),
            ("MaxWeightsLimit", "sudo_set_max_weight_limit"),
            ("TransferToggle", "sudo_set_toggle_transfer"),
            ("WeightsSetRateLimit", "sudo_set_weights_set_rate_limit"),
            ("CommitRevealWeightsEnabled", "sudo_set_commit_reveal_weights_enabled"),
            ("MechanismCountCurrent", "sudo_set_mechanism_count"),
        ] {
            assert_eq!(words(item), words(call), "{item}");
        }
    }

    #[test]
    fn the_nearest_name_is_taken_and_another_s_is_not() {
        let likeness = |item: &str, call: &str| {
            let candidate = Candidate {
                words: words(call),
                variant: call.to_owned(),
                netuid: None,
                extrinsic_index: None,
                call: None,
                signer: None,
                is_raw: false,
            };
            candidate.likeness(item, &words(item))
        };
        assert!(
            likeness("TxRateLimit", "sudo_set_tx_rate_limit")
                > likeness("TxRateLimit", "sudo_set_tx_childkey_take_rate_limit")
        );
        for (item, call) in [
            ("EMAPriceHalvingBlocks", "sudo_set_ema_price_halving_period"),
            ("NetworkLockReductionInterval", "NetworkLockCostReductionIntervalSet"),
            ("SubtokenEnabled", "start_call"),
        ] {
            assert!(likeness(item, call) >= ALIKE, "{item}");
        }
        for (item, call) in
            [("MinBurn", "sudo_set_max_burn"), ("Tempo", "set_weights"), ("Burn", "burned_register")]
        {
            assert!(likeness(item, call) < ALIKE, "{item}");
        }
    }
}
