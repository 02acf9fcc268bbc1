//! Runtime upgrades, subnets that come and go, faults of finality.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block},
    incident::{Finding, Scope, Severity},
};

pub(super) struct Upgrades;

/// The block that set code, until the next runtime is seen.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct UpgradeState {
    code_set_at: Option<u64>,
}

impl Detector for Upgrades {
    type State = UpgradeState;
    const NAME: &'static str = "upgrades";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::RuntimeUpgrade];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, state: &mut UpgradeState, block: &Block<'_>, out: &mut Out) {
        for name in ["CodeUpdated", "UpgradeAuthorized"] {
            for event in block.events("System", name) {
                let by = block.signer(event);
                let place = block.place(event.extrinsic_index);
                let title = match name {
                    "CodeUpdated" => {
                        format!("Block {} sets new code; spec {} still runs.", block.number, block.spec)
                    }
                    _ => format!("Block {} authorizes new code.", block.number),
                };
                if name == "CodeUpdated" {
                    state.code_set_at = Some(block.number);
                }
                let mut finding = Finding::point(Kind::RuntimeUpgrade, Scope::Chain, Severity::S3, title)
                    .with("old_spec", block.spec)
                    .item(json!({ "event": name, "extrinsic": place, "by": by }));
                finding.accounts.extend(by.map(str::to_owned));
                out.fire(finding);
            }
        }
        let changed = block.last.filter(|last| last.spec != block.spec);
        let Some(last) = changed else { return };
        let title = format!(
            "The runtime went from spec {} to {} with block {}.",
            last.spec, block.spec, block.number
        );
        let mut finding = Finding::point(Kind::RuntimeUpgrade, Scope::Chain, Severity::S3, title)
            .score(2.0)
            .with("old_spec", last.spec)
            .with("new_spec", block.spec)
            .with("first_block", block.number)
            .with("code_set_at", state.code_set_at.take());
        if let Some(difference) = &block.input.upgrade {
            finding = finding.with("metadata", serde_json::to_value(difference).unwrap_or_default());
        }
        finding = finding.with("migrations", json!(block.input.migrations));
        out.fire(finding);
    }
}

pub(super) struct Subnets;

/// When subnets were dissolved.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SubnetsState {
    dissolved: BTreeMap<u16, u64>,
}

impl Detector for Subnets {
    type State = SubnetsState;
    const NAME: &'static str = "subnets";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::SubnetRegistered, Kind::SubnetDissolved];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, state: &mut SubnetsState, block: &Block<'_>, out: &mut Out) {
        for event in block.events("SubtensorModule", "NetworkRemoved") {
            let Some(netuid) = Args::of(&event.args).netuid(0) else { continue };
            state.dissolved.insert(netuid, block.number);
            let title = format!("Subnet {netuid} was dissolved.");
            let finding = Finding::point(Kind::SubnetDissolved, Scope::Subnet(netuid), Severity::S3, title)
                .item(json!({ "extrinsic": block.place(event.extrinsic_index), "by": block.signer(event) }));
            out.fire(finding);
        }
        for event in block.events("SubtensorModule", "NetworkAdded") {
            let Some(netuid) = Args::of(&event.args).netuid(0) else { continue };
            let before = state.dissolved.get(&netuid).copied();
            let (severity, title) = match before {
                Some(at) => (
                    Severity::S3,
                    format!(
                        "Subnet {netuid} was registered again, {} blocks after it was dissolved.",
                        block.number.saturating_sub(at)
                    ),
                ),
                None => (Severity::S4, format!("Subnet {netuid} was registered.")),
            };
            let by = block.signer(event);
            let mut finding = Finding::point(Kind::SubnetRegistered, Scope::Subnet(netuid), severity, title)
                .with("dissolved_at", before)
                .item(json!({ "extrinsic": block.place(event.extrinsic_index), "by": by }));
            finding.accounts.extend(by.map(str::to_owned));
            out.fire(finding);
        }
    }
}

pub(super) struct Faults;

impl Detector for Faults {
    type State = ();
    const NAME: &'static str = "consensus_faults";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::ConsensusFault];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, (): &mut (), block: &Block<'_>, out: &mut Out) {
        let said = [
            ("Grandpa", "Paused", Severity::S2, "GRANDPA is paused: nothing is finalized."),
            ("Grandpa", "Resumed", Severity::S4, "GRANDPA goes on."),
            ("Grandpa", "NewAuthorities", Severity::S4, "GRANDPA has new authorities."),
            ("Offences", "Offence", Severity::S2, "An authority's offence was reported."),
        ];
        for (pallet, variant, severity, title) in said {
            for event in block.events(pallet, variant) {
                let item = json!({ "event": format!("{pallet}.{variant}"), "block": block.number, "args": Args::of(&event.args).value() });
                out.fire(Finding::point(Kind::ConsensusFault, Scope::Chain, severity, title).item(item));
            }
        }
        let reports = block.input.calls.iter().filter(|call| call.call.starts_with("report_equivocation"));
        for call in reports.filter(|call| call.success != Some(false)) {
            let title = "An equivocation was reported: an authority voted or signed twice.";
            let item = json!({ "call": format!("{}.{}", call.pallet, call.call), "extrinsic": block.place(Some(call.extrinsic_index)) });
            out.fire(Finding::point(Kind::ConsensusFault, Scope::Chain, Severity::S2, title).item(item));
        }
    }
}
