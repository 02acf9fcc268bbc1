//! Keys that change hands, and proxies that are used to take accounts over.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yumascan_warehouse::rows::EventRow;

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, short, tao},
    incident::{Finding, Scope, Severity},
};

/// Calls by which a hotkey gives weights.
const WEIGHT_CALLS: [&str; 12] = [
    "set_weights",
    "set_mechanism_weights",
    "batch_set_weights",
    "commit_weights",
    "commit_mechanism_weights",
    "batch_commit_weights",
    "commit_crv3_weights",
    "commit_crv3_mechanism_weights",
    "commit_timelocked_weights",
    "commit_timelocked_mechanism_weights",
    "reveal_weights",
    "reveal_mechanism_weights",
];

pub(super) struct Swaps;

/// Hotkeys that gave weights, by the block in which they last did.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SwapsState {
    validators: BTreeMap<String, u64>,
}

impl Detector for Swaps {
    type State = SwapsState;
    const NAME: &'static str = "key_swaps";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::KeySwap, Kind::SudoKeyChange];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "validator_blocks": config.changes.validator_blocks })
    }

    fn observe(config: &WatchConfig, state: &mut SwapsState, block: &Block<'_>, out: &mut Out) {
        for extrinsic in &block.input.extrinsics {
            let gives =
                extrinsic.pallet == "SubtensorModule" && WEIGHT_CALLS.contains(&extrinsic.call.as_str());
            if let (true, Some(signer)) = (gives && extrinsic.success == Some(true), &extrinsic.signer) {
                state.validators.insert(signer.clone(), block.number);
            }
        }
        if block.number.is_multiple_of(600) {
            let from = block.number.saturating_sub(config.changes.validator_blocks);
            state.validators.retain(|_, last| *last >= from);
        }
        for name in ["HotkeySwapped", "HotkeySwappedOnSubnet"] {
            for event in block.events("SubtensorModule", name) {
                hotkey_swap(state, block, event, out);
            }
        }
        for event in block.input.events.iter().filter(|event| event.pallet == "SubtensorModule") {
            if event.variant.starts_with("ColdkeySwap") && !event.variant.ends_with("Set") {
                coldkey_swap(block, event, out);
            }
        }
        for name in ["KeyChanged", "KeySet", "KeyRemoved"] {
            for event in block.events("Sudo", name) {
                sudo_key(block, event, out);
            }
        }
    }
}

fn hotkey_swap(state: &SwapsState, block: &Block<'_>, event: &EventRow, out: &mut Out) {
    let args = Args::of(&event.args);
    let (Some(old), Some(new)) = (args.text("old_hotkey", 1), args.text("new_hotkey", 2)) else { return };
    let is_validator = state.validators.contains_key(&old);
    let netuid = args.netuid(3);
    let severity = if is_validator { Severity::S3 } else { Severity::S4 };
    let on = netuid.map(|netuid| format!(" on subnet {netuid}")).unwrap_or_default();
    let who = if is_validator { "validator" } else { "hotkey" };
    let title = format!("The {who} {} was swapped to {}{on}.", short(&old), short(&new));
    let mut finding = Finding::point(Kind::KeySwap, Scope::Hotkey(old.clone()), severity, title)
        .with("gave_weights", is_validator)
        .item(json!({
            "event": event.variant, "old": old, "new": new, "netuid": netuid,
            "coldkey": args.text("coldkey", 0), "extrinsic": block.place(event.extrinsic_index),
        }))
        .account(new);
    finding.accounts.extend(args.text("coldkey", 0));
    finding.netuids.extend(netuid);
    out.fire(finding);
}

fn coldkey_swap(block: &Block<'_>, event: &EventRow, out: &mut Out) {
    let args = Args::of(&event.args);
    let old = ["old_coldkey", "who", "coldkey"].into_iter().find_map(|name| args.text(name, 0));
    let Some(old) = old else { return };
    let new = args.text("new_coldkey", 1).or_else(|| args.text("new_coldkey_hash", 1));
    let (severity, what) = match event.variant.as_str() {
        "ColdkeySwapDisputed" => (Severity::S2, "is disputed"),
        "ColdkeySwapped" => (Severity::S3, "was carried out"),
        "ColdkeySwapScheduled" | "ColdkeySwapAnnounced" => (Severity::S3, "was announced"),
        _ => (Severity::S4, "was withdrawn"),
    };
    let to = new.as_deref().map(|new| format!(" to {}", short(new))).unwrap_or_default();
    let title = format!("The swap of coldkey {}{to} {what}.", short(&old));
    let mut finding = Finding::point(Kind::KeySwap, Scope::Account(old.clone()), severity, title).item(json!({
        "event": event.variant, "old": old, "new": new, "by": block.signer(event),
        "execution_block": args.number("execution_block", 2), "extrinsic": block.place(event.extrinsic_index),
    }));
    finding.accounts.extend(args.text("new_coldkey", 1));
    out.fire(finding);
}

fn sudo_key(block: &Block<'_>, event: &EventRow, out: &mut Out) {
    let args = Args::of(&event.args);
    let (old, new) = (args.text("old", 0), args.text("new", 1));
    let is_same = old.is_some() && old == new;
    let (severity, title) = match (is_same, &new) {
        (true, _) => (Severity::S4, "The sudo key was set to itself.".to_owned()),
        (false, Some(new)) => (Severity::S1, format!("The sudo key is now {}.", short(new))),
        (false, None) => (Severity::S1, "The sudo key was removed.".to_owned()),
    };
    let mut finding = Finding::point(Kind::SudoKeyChange, Scope::Chain, severity, title)
        .item(json!({ "event": event.variant, "old": old, "new": new, "extrinsic": block.place(event.extrinsic_index) }));
    finding.accounts.extend(old);
    finding.accounts.extend(new);
    out.fire(finding);
}

pub(super) struct Takeovers;

/// A proxy that is new.
#[derive(Debug, Serialize, Deserialize)]
struct NewProxy {
    added: u64,
    account: String,
    delegate: String,
    kind: String,
    moved_rao: u64,
}

/// Proxies added within the last blocks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct TakeoversState {
    new: VecDeque<NewProxy>,
}

impl Detector for Takeovers {
    type State = TakeoversState;
    const NAME: &'static str = "takeovers";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::AccountTakeover];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "takeover_tao": config.changes.takeover_tao, "takeover_blocks": config.changes.takeover_blocks })
    }

    fn observe(config: &WatchConfig, state: &mut TakeoversState, block: &Block<'_>, out: &mut Out) {
        while state
            .new
            .front()
            .is_some_and(|proxy| proxy.added + config.changes.takeover_blocks < block.number)
        {
            state.new.pop_front();
        }
        for event in block.events("Proxy", "ProxyAdded") {
            let args = Args::of(&event.args);
            let kind =
                args.get("proxy_type", 2).and_then(Value::as_object).and_then(|kind| kind.keys().next());
            let Some(kind) = kind.filter(|kind| ["Any", "Transfer", "NonCritical"].contains(&kind.as_str()))
            else {
                continue;
            };
            let (Some(account), Some(delegate)) = (args.text("delegator", 0), args.text("delegatee", 1))
            else {
                continue;
            };
            state.new.push_back(NewProxy {
                added: block.number,
                account,
                delegate,
                kind: kind.clone(),
                moved_rao: 0,
            });
        }
        if state.new.is_empty() {
            return;
        }
        for event in block.events("Balances", "Transfer") {
            let Some(extrinsic) = block.extrinsic(event.extrinsic_index) else { continue };
            let args = Args::of(&event.args);
            let (Some(from), Some(rao)) = (args.text("from", 0), args.number("amount", 2)) else { continue };
            let proxy = state.new.iter_mut().find(|proxy| {
                proxy.account == from && extrinsic.signer.as_deref() == Some(proxy.delegate.as_str())
            });
            let Some(proxy) = proxy else { continue };
            proxy.moved_rao = proxy.moved_rao.saturating_add(rao);
            if proxy.moved_rao / 1_000_000_000 < config.changes.takeover_tao {
                continue;
            }
            let title = format!(
                "{} became a {} proxy of {} at block {} and has moved {} out of it.",
                short(&proxy.delegate),
                proxy.kind,
                short(&proxy.account),
                proxy.added,
                tao(proxy.moved_rao)
            );
            let finding =
                Finding::point(Kind::AccountTakeover, Scope::Account(from.clone()), Severity::S2, title)
                    .since(proxy.added)
                    .with("proxy", proxy.delegate.clone())
                    .with("proxy_type", proxy.kind.clone())
                    .with("moved_rao", proxy.moved_rao.to_string())
                    .item(json!({ "to": args.text("to", 1), "amount_rao": rao.to_string(), "extrinsic": block.place(event.extrinsic_index) }))
                    .account(proxy.delegate.clone());
            out.fire(finding);
        }
    }
}
