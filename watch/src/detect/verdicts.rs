//! What replays of the chain's maths found, and sweeps of the state.

use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::Block,
    incident::{Finding, Scope, Severity},
};

pub(super) struct Verdicts;

impl Detector for Verdicts {
    type State = ();
    const NAME: &'static str = "verdicts";
    const LANE: Lane = Lane::Verification;
    const KINDS: &'static [Kind] = &[Kind::ReplayDifference];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, (): &mut (), block: &Block<'_>, out: &mut Out) {
        let Some(verdicts) = &block.input.verification else { return };
        for row in &verdicts.epochs {
            let scope = Scope::Subnet(row.netuid);
            match row.verdict.as_str() {
                "differs" => {
                    let first = row.first_difference.clone().unwrap_or_default();
                    let title = format!(
                        "The epoch of subnet {} at block {} is not what its rules give: {first}",
                        row.netuid, block.number
                    );
                    let item = json!({
                        "block": block.number, "mechid": row.mechid, "first_difference": first,
                        "fields_checked": row.fields_checked, "fields_equal": row.fields_equal,
                    });
                    out.fire(Finding::point(Kind::ReplayDifference, scope, Severity::S2, title).item(item));
                }
                "cannot_say" => out.blind(Kind::ReplayDifference, Some(scope), row.reason.clone()),
                _ => {}
            }
        }
        for row in &verdicts.emissions {
            let scope = Scope::Subnet(row.netuid);
            match row.verdict.as_str() {
                "differs" => {
                    let first = row.first_difference.clone().unwrap_or_default();
                    let title = format!(
                        "The emission of subnet {} in block {} is not what its rules give: {first}",
                        row.netuid, block.number
                    );
                    let item = json!({ "block": block.number, "emission": true, "first_difference": first });
                    out.fire(Finding::point(Kind::ReplayDifference, scope, Severity::S3, title).item(item));
                }
                "cannot_say" => out.blind(Kind::ReplayDifference, Some(scope), row.reason.clone()),
                _ => {}
            }
        }
    }
}

pub(super) struct Sweeps;

impl Detector for Sweeps {
    type State = ();
    const NAME: &'static str = "sweeps";
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::StateDifference];

    fn thresholds(_config: &WatchConfig) -> Value {
        json!({})
    }

    fn observe(_config: &WatchConfig, (): &mut (), block: &Block<'_>, out: &mut Out) {
        let Some(rows) = block.input.state.as_ref().filter(|rows| !rows.sweep_differences.is_empty()) else {
            return;
        };
        let count = rows.sweep_differences.len();
        let title = format!(
            "The sweep at block {} found {count} values that differ from those followed.",
            block.number
        );
        let mut finding =
            Finding::point(Kind::StateDifference, Scope::Own("state".to_owned()), Severity::S3, title)
                .with("differences", count as u64);
        for (item, key) in rows.sweep_differences.iter().take(20) {
            finding = finding.item(json!({ "block": block.number, "item": item, "key": key }));
        }
        out.fire(finding);
    }
}
