//! What of the data itself is doubtful: gaps, broken links, undecodable items.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::Block,
    incident::{Finding, Scope, Severity},
};

/// Blocks in which undecodable items are counted.
const WINDOW: u64 = 100;
/// Blocks after an upgrade in which an undecodable item is serious.
const AFTER_UPGRADE: u64 = 1_000;

pub(super) struct Quality;

/// Undecodable items of the last blocks: (block, number).
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct QualityState {
    items: VecDeque<(u64, u64)>,
}

impl Detector for Quality {
    type State = QualityState;
    const NAME: &'static str = "quality";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::DataQuality, Kind::UndecodableData];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "many": config.quality.many })
    }

    fn observe(config: &WatchConfig, state: &mut QualityState, block: &Block<'_>, out: &mut Out) {
        if let Some(last) = block.last {
            if !block.follows {
                let (from, to) = (last.number + 1, block.number.saturating_sub(1));
                let title = format!("Blocks {from} to {to} are not stored.");
                let finding =
                    Finding::point(Kind::DataQuality, Scope::Own("blocks".to_owned()), Severity::S3, title)
                        .since(from)
                        .item(json!({ "from": from, "to": to, "blocks": to + 1 - from.min(to + 1) }));
                out.fire(finding);
            } else if last.hash != block.input.block.parent_hash && !last.hash.is_empty() {
                let title =
                    format!("Block {} does not name block {} as its parent.", block.number, last.number);
                let finding = Finding::point(Kind::DataQuality, Scope::Own("links".to_owned()), Severity::S2, title)
                    .item(json!({ "block": block.number, "parent_hash": block.input.block.parent_hash, "stored": last.hash }));
                out.fire(finding);
            }
        }
        let found = &block.input.quarantine;
        while state.items.front().is_some_and(|(at, _)| at + WINDOW <= block.number) {
            state.items.pop_front();
        }
        if found.is_empty() {
            return;
        }
        state.items.push_back((block.number, found.len() as u64));
        let lately: u64 = state.items.iter().map(|(_, number)| number).sum();
        let after_upgrade = block.since_upgrade().is_some_and(|blocks| blocks < AFTER_UPGRADE);
        let severity =
            if lately >= config.quality.many || after_upgrade { Severity::S2 } else { Severity::S3 };
        let title = format!("{} items of block {} could not be decoded.", found.len(), block.number);
        #[allow(clippy::cast_precision_loss)]
        let mut finding = Finding::point(Kind::UndecodableData, Scope::Chain, severity, title)
            .score(lately as f64 / config.quality.many.max(1) as f64)
            .with("within_100_blocks", lately)
            .with("spec_version", block.spec);
        for item in found.iter().take(10) {
            finding = finding.item(json!({
                "block": block.number, "kind": item.kind, "index": item.item_index, "reason": item.reason,
            }));
        }
        out.fire(finding);
    }
}
