//! Hyperparameters of subnets and parameters of the network, as calls set them.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yumascan_warehouse::rows::CallRow;

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, number_of, short},
    incident::{Finding, Scope, Severity},
};

/// Parameters of a subnet that change who earns.
const WEIGHTY: [&str; 22] = [
    "kappa",
    "tempo",
    "rho",
    "bonds_moving_average",
    "bonds_penalty",
    "bonds_reset_enabled",
    "yuma3_enabled",
    "liquid_alpha_enabled",
    "alpha_values",
    "alpha_sigmoid_steepness",
    "max_allowed_uids",
    "trim_to_max_allowed_uids",
    "max_allowed_validators",
    "recycle_or_burn",
    "sn_owner_hotkey",
    "subnet_owner_hotkey",
    "mechanism_count",
    "mechanism_emission_split",
    "subtoken_enabled",
    "fee_rate",
    "network_registration_allowed",
    "subnet_emission_enabled",
];
/// Parameters of the network that are serious.
const SERIOUS: [&str; 11] = [
    "subnet_owner_cut",
    "total_issuance",
    "stake_threshold",
    "default_take",
    "min_delegate_take",
    "max_delegate_take",
    "max_childkey_take",
    "min_childkey_take",
    "tao_weight",
    "evm_chain_id",
    "subnet_limit",
];
/// Blocks of an hour.
const HOUR: u64 = 300;

pub(super) struct Parameters;

/// What is remembered of changes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ParametersState {
    /// Last value by subnet and name.
    values: BTreeMap<String, Value>,
    /// When subnets were registered.
    registered: BTreeMap<u16, u64>,
    /// Weighty changes of the last hour.
    weighty: VecDeque<(u64, u16)>,
}

/// A call that sets something.
struct Change<'a> {
    call: &'a CallRow,
    name: &'a str,
    netuid: Option<u16>,
    value: Value,
}

/// The parameter that a call sets, where it sets one.
fn change_of(call: &CallRow) -> Option<Change<'_>> {
    if call.success != Some(true) {
        return None;
    }
    let name = match (call.pallet.as_str(), call.call.as_str()) {
        ("AdminUtils", name) => name.strip_prefix("sudo_set_").or_else(|| name.strip_prefix("sudo_"))?,
        ("SubtensorModule", name) => match name {
            "set_tempo" | "set_activity_cutoff_factor" => name.strip_prefix("set_")?,
            _ => name.strip_prefix("sudo_set_")?,
        },
        ("Swap", "set_fee_rate") => "fee_rate",
        _ => return None,
    };
    let args = Args::of(&call.args);
    let netuid = args.get("netuid", usize::MAX).and_then(number_of).and_then(|n| u16::try_from(n).ok());
    let mut rest = args.value().clone();
    if let Value::Object(map) = &mut rest {
        map.remove("netuid");
        if map.len() == 1 {
            rest = map.values().next().cloned().unwrap_or_default();
        }
    }
    Some(Change { call, name, netuid, value: rest })
}

impl Detector for Parameters {
    type State = ParametersState;
    const NAME: &'static str = "parameters";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::HyperparameterChange, Kind::NetworkParameterChange];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "setup_blocks": config.changes.setup_blocks, "many": config.changes.many })
    }

    fn observe(config: &WatchConfig, state: &mut ParametersState, block: &Block<'_>, out: &mut Out) {
        for event in block.events("SubtensorModule", "NetworkAdded") {
            let Some(netuid) = Args::of(&event.args).netuid(0) else { continue };
            state.registered.insert(netuid, block.number);
            let prefix = format!("{netuid}/");
            state.values.retain(|key, _| !key.starts_with(&prefix));
        }
        while state.weighty.front().is_some_and(|(at, _)| at + HOUR <= block.number) {
            state.weighty.pop_front();
        }
        for change in block.input.calls.iter().filter_map(change_of) {
            match change.netuid {
                Some(netuid) => subnet_change(config, state, block, netuid, &change, out),
                None => network_change(config, state, block, &change, out),
            }
        }
    }
}

fn subnet_change(
    config: &WatchConfig,
    state: &mut ParametersState,
    block: &Block<'_>,
    netuid: u16,
    change: &Change<'_>,
    out: &mut Out,
) {
    let old = state.values.insert(format!("{netuid}/{}", change.name), change.value.clone());
    let registered = state.registered.get(&netuid).copied().unwrap_or(0);
    let is_setup = block.number.saturating_sub(registered) < config.changes.setup_blocks;
    let is_weighty = WEIGHTY.contains(&change.name) || is_harsh(change.name, old.as_ref(), &change.value);
    let mut severity = Severity::S4;
    if is_weighty && !is_setup {
        state.weighty.push_back((block.number, netuid));
        let lately = state.weighty.iter().filter(|(_, of)| *of == netuid).count();
        severity = if lately >= config.changes.many { Severity::S2 } else { Severity::S3 };
    }
    let by = signer_of(block, change.call);
    let title = sentence(&format!("subnet {netuid}"), change, old.as_ref(), by);
    let mut finding = Finding::point(Kind::HyperparameterChange, Scope::Subnet(netuid), severity, title)
        .item(item_of(block, change, old.as_ref(), by));
    if is_setup {
        finding = finding.with("setup", true);
    }
    finding.accounts.extend(by.map(str::to_owned));
    out.fire(finding);
}

fn network_change(
    config: &WatchConfig,
    state: &mut ParametersState,
    block: &Block<'_>,
    change: &Change<'_>,
    out: &mut Out,
) {
    let old = state.values.insert(format!("/{}", change.name), change.value.clone());
    let severity = match change.name {
        _ if block.number < config.changes.setup_blocks => Severity::S4,
        name if SERIOUS.contains(&name) => Severity::S2,
        _ => Severity::S3,
    };
    let by = signer_of(block, change.call);
    let title = sentence("the network", change, old.as_ref(), by);
    let mut finding = Finding::point(Kind::NetworkParameterChange, Scope::Chain, severity, title)
        .item(item_of(block, change, old.as_ref(), by));
    finding.accounts.extend(by.map(str::to_owned));
    out.fire(finding);
}

/// Changes whose harm lies in the value.
fn is_harsh(name: &str, old: Option<&Value>, new: &Value) -> bool {
    let numbers = old.and_then(number_of).zip(number_of(new));
    match name {
        "immunity_period" => numbers.is_some_and(|(old, new)| new < old / 2),
        "min_burn" | "max_burn" => numbers.is_some_and(|(old, new)| new >= old.saturating_mul(5)),
        "commit_reveal_weights_enabled" | "toggle_transfer" => new == &Value::Bool(false),
        _ => false,
    }
}

fn signer_of<'a>(block: &Block<'a>, call: &CallRow) -> Option<&'a str> {
    block.extrinsic(Some(call.extrinsic_index))?.signer.as_deref()
}

fn sentence(of: &str, change: &Change<'_>, old: Option<&Value>, by: Option<&str>) -> String {
    let name = change.name.replace('_', " ");
    let from = old.map(|old| format!(" from {}", shown(old))).unwrap_or_default();
    let who = by.map(|by| format!(" by {}", short(by))).unwrap_or_default();
    format!("{name} of {of} was set{from} to {}{who}.", shown(&change.value))
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= 60 { text } else { text.chars().take(60).chain(['…']).collect() }
}

fn item_of(block: &Block<'_>, change: &Change<'_>, old: Option<&Value>, by: Option<&str>) -> Value {
    json!({
        "block": block.number, "parameter": change.name, "old": old.map(shown), "new": shown(&change.value),
        "call": format!("{}.{}", change.call.pallet, change.call.call), "by": by, "origin": change.call.origin,
        "extrinsic": block.place(Some(change.call.extrinsic_index)), "path": change.call.path,
    })
}
