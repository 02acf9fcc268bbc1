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

    /// The call whose name is nearest to the parameter's, of those that name its subnet.
    pub(super) fn of_parameter(&self, parameter: Parameter) -> Cause {
        let wanted = words(parameter.name.rsplit('.').next().unwrap_or(parameter.name));
        let score = |candidate: &Candidate| -> usize {
            let is_elsewhere =
                parameter.netuid.is_some() && candidate.netuid != parameter.netuid.map(u64::from);
            if is_elsewhere {
                return 0;
            }
            let common = candidate.words.intersection(&wanted).count();
            if common * 2 > wanted.len() { common * 2 + usize::from(candidate.call.is_some()) } else { 0 }
        };
        let best = self.candidates.iter().max_by_key(|candidate| score(candidate));
        let best = best.filter(|candidate| score(candidate) > 0);
        let raw = || self.candidates.iter().find(|candidate| candidate.is_raw);
        if let Some(found) = best.or_else(raw) {
            return Cause {
                name: "call",
                extrinsic_index: found.extrinsic_index,
                call: found.call.clone(),
                signer: found.signer.clone(),
            };
        }
        match () {
            () if self.is_upgraded => Cause::named("runtime_upgrade"),
            () if ADJUSTED.contains(&parameter.name) => Cause::named("adjustment"),
            () => Cause::named("unknown"),
        }
    }
}

/// Words of a name, in camel or snake case, without those that all have.
fn words(name: &str) -> BTreeSet<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter == '_' || (letter.is_uppercase() && !before.is_uppercase()) || words.is_empty() {
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
        "ck" => Some("childkey".to_owned()),
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
        assert_ne!(words("MinBurn"), words("sudo_set_max_burn"));
    }
}
