//! Runaway batches and nested calls.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yumascan_chain::Hash;
use yumascan_warehouse::rows::CallRow;

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Block, Tree, short},
    incident::{Finding, Scope, Severity},
    stats::{Baseline, rounded},
};

/// Blocks after an upgrade in which runaway batches are S3 at most.
const UPGRADE_GUARD: u64 = 200;
/// Spec from which the chain refuses batches in batches.
const NESTING_FILTERED_FROM: u32 = 265;
/// Blocks in which repeated shapes are counted.
const REPEAT_BLOCKS: u64 = 100;
/// Blocks below the signal for which a run still counts as one.
const RUN_PATIENCE: u64 = 5;
/// Signers and calls named in evidence.
const MOST_NAMED: usize = 10;

pub(super) struct Runaway;

/// What is remembered of the last blocks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct RunawayState {
    leaves: Baseline,
    fees: Baseline,
    largest: Baseline,
    /// Of the last 30 blocks: fill and whether few signers made it.
    fills: VecDeque<(f64, bool)>,
    /// First and last block of the run that stands out.
    run: Option<(u64, u64)>,
    /// Shapes by signer: (block, signer and shape).
    shapes: VecDeque<(u64, String)>,
}

/// Sums over the trees of a block that count.
struct Load<'a> {
    leaves: u32,
    largest: u32,
    fees_rao: u64,
    fill: f64,
    few_share: f64,
    by_signer: Vec<(&'a str, u32)>,
    by_call: Vec<(String, u32)>,
    failed_share: f64,
    depth: u32,
    transfers_only: bool,
}

impl Detector for Runaway {
    type State = RunawayState;
    const NAME: &'static str = "runaway";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::RunawayBatch];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.runaway).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut RunawayState, block: &Block<'_>, out: &mut Out) {
        let wanted = &config.runaway;
        let load = Load::of(config, block);
        if !block.follows {
            state.run = None;
            state.fills.clear();
        }
        let is_warm = state.leaves.len() >= wanted.warm_up;
        let z_leaves = state.leaves.z(f64::from(load.leaves), 3.0);
        #[allow(clippy::cast_precision_loss)]
        let z_fees = state.fees.z(load.fees_rao as f64 / 1e3, 100.0);
        let stands_out = is_warm
            && load.leaves >= wanted.least_leaves
            && (z_leaves > wanted.z || z_fees > wanted.z)
            && load.few_share >= wanted.z_signers_share;
        // the quantile is dear, and wanted for the few blocks only that may be beyond it
        let is_large = load.largest > wanted.leaves_notice
            && f64::from(load.largest) > 3.0 * state.largest.quantile(0.999);
        state.fills.push_back((load.fill, load.few_share > wanted.few_signers_share));
        while state.fills.len() > 30 {
            state.fills.pop_front();
        }
        let full = |above: f64, blocks: usize| {
            state.fills.iter().rev().take(blocks).filter(|(fill, few)| *fill > above && *few).count()
        };
        let is_critical = full(wanted.fill_critical, 30) >= 20;
        let is_full = full(wanted.fill_serious, 10) >= 5;
        let repeats = state.count_repeats(wanted.repeat_leaves, block);
        let repeated = repeats.iter().any(|(_, times)| *times > wanted.repeats);

        let rules: Vec<&str> = [
            (is_large, "leaves of an extrinsic"),
            (stands_out, "leaves or fees of the block"),
            (is_full, "full blocks by few signers"),
            (is_critical, "critically full blocks by few signers"),
            (repeated, "repeated batch shape"),
        ]
        .into_iter()
        .filter_map(|(holds, name)| holds.then_some(name))
        .collect();
        if rules.is_empty() {
            // what is usual is learned from what is not reported
            state.leaves.push(f64::from(load.leaves), wanted.baseline_blocks);
            #[allow(clippy::cast_precision_loss)]
            state.fees.push(load.fees_rao as f64 / 1e3, wanted.baseline_blocks);
            state.largest.push(f64::from(load.largest), wanted.baseline_blocks);
            if state.run.is_some_and(|(_, last)| block.number > last + RUN_PATIENCE) {
                state.run = None;
            } else if state.run.is_some() && f64::from(load.leaves) > 0.7 * f64::from(wanted.least_leaves) {
                out.hold(Kind::RunawayBatch, Scope::Chain);
            }
            return;
        }
        let is_run = stands_out || is_large || load.leaves >= wanted.least_leaves;
        if is_run {
            let first = state.run.map_or(block.number, |(first, _)| first);
            state.run = Some((first, block.number));
        }
        if !is_run && state.run.is_none() && !is_full && !is_critical {
            // only the window of repetitions still remembers
            return;
        }
        let mut severity = Severity::S3;
        if load.largest > wanted.leaves_serious || is_full {
            severity = Severity::S2;
        }
        if is_critical {
            severity = Severity::S1;
        }
        if load.transfers_only && load.depth <= 1 {
            severity = Severity::S4;
        }
        if block.since_upgrade().is_some_and(|blocks| blocks < UPGRADE_GUARD) {
            severity = severity.min(Severity::S3);
        }
        if !is_run && severity < Severity::S2 {
            return;
        }
        let since = state.run.map_or(block.number, |(first, _)| first);
        let title = format!(
            "{} leaf calls in a block, up to {} in one extrinsic, {:.0} % of them by {} signers; the block is {:.0} % full.",
            load.leaves,
            load.largest,
            100.0 * load.few_share,
            load.by_signer.len().min(wanted.few_signers),
            100.0 * load.fill
        );
        let signal = (f64::from(load.leaves), f64::from(wanted.least_leaves));
        let mut finding = Finding::level(Kind::RunawayBatch, Scope::Chain, severity, signal, title)
            .since(since)
            .with("rules", json!(rules))
            .with("leaves", load.leaves)
            .with("largest_extrinsic_leaves", load.largest)
            .with("usual_leaves", rounded(state.leaves.median()))
            .with("z_leaves", rounded(z_leaves))
            .with("fill", rounded(load.fill))
            .with("few_signers_share", rounded(load.few_share))
            .with("failed_leaf_share", rounded(load.failed_share))
            .with("fees_rao", load.fees_rao.to_string())
            .with("depth", load.depth)
            .with("signers", json!(named(&load.by_signer, "account")))
            .with("calls", json!(named(&load.by_call, "call")));
        for (signer, _) in load.by_signer.iter().take(MOST_NAMED) {
            finding = finding.account(*signer);
        }
        out.fire(finding);
    }
}

fn named<T: AsRef<str>>(counts: &[(T, u32)], what: &str) -> Vec<Value> {
    counts
        .iter()
        .take(MOST_NAMED)
        .map(|(name, leaves)| json!({ what: name.as_ref(), "leaves": leaves }))
        .collect()
}

impl<'a> Load<'a> {
    fn of(config: &WatchConfig, block: &Block<'a>) -> Self {
        let wanted = &config.runaway;
        let mut by_signer: BTreeMap<&str, u32> = BTreeMap::new();
        let mut by_call: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        let (mut leaves, mut largest, mut failed, mut depth, mut fees_rao) =
            (0_u32, 0_u32, 0_u32, 0_u32, 0_u64);
        let mut transfers_only = true;
        let mut length = 0_u64;
        for tree in &block.trees {
            length += u64::from(tree.extrinsic.length);
            let Some(signer) = tree.extrinsic.signer.as_deref() else { continue };
            fees_rao += tree.extrinsic.fee_rao.unwrap_or(0);
            // weights in batches pay nothing and are few
            if tree.extrinsic.pays_fee == Some(false) && tree.leaves <= wanted.leaves_notice {
                continue;
            }
            leaves += tree.leaves;
            largest = largest.max(tree.leaves);
            *by_signer.entry(signer).or_default() += tree.leaves;
            if tree.leaves > 1 {
                depth = depth.max(tree.depth);
                for call in leaf_calls(tree) {
                    *by_call.entry((&call.pallet, &call.call)).or_default() += 1;
                    failed += u32::from(call.success == Some(false));
                    transfers_only &= call.pallet == "Balances";
                }
            }
        }
        let mut by_signer: Vec<_> = by_signer.into_iter().collect();
        by_signer.sort_by_key(|(_, leaves)| std::cmp::Reverse(*leaves));
        let few: u32 = by_signer.iter().take(wanted.few_signers).map(|(_, leaves)| leaves).sum();
        let mut by_call: Vec<_> = by_call
            .into_iter()
            .map(|((pallet, call), leaves)| (format!("{pallet}.{call}"), leaves))
            .collect();
        by_call.sort_by_key(|(_, leaves)| std::cmp::Reverse(*leaves));
        #[allow(clippy::cast_precision_loss)]
        let weight = block.input.block.weight_ref_time as f64 / wanted.normal_ref_time.max(1) as f64;
        #[allow(clippy::cast_precision_loss)]
        let bytes = length as f64 / wanted.normal_length.max(1) as f64;
        Self {
            leaves,
            largest,
            fees_rao,
            fill: weight.max(bytes),
            few_share: if leaves == 0 { 0.0 } else { f64::from(few) / f64::from(leaves) },
            by_signer,
            by_call,
            failed_share: if leaves == 0 { 0.0 } else { f64::from(failed) / f64::from(leaves) },
            depth,
            transfers_only,
        }
    }
}

/// Calls of a tree that hold no other.
fn leaf_calls<'a>(tree: &Tree<'a>) -> impl Iterator<Item = &'a CallRow> {
    let first = tree.calls.first().map_or(0, |call| call.call_index);
    let mut is_parent = vec![false; tree.calls.len()];
    for parent in tree.calls.iter().filter_map(|call| call.parent_index?.checked_sub(first)) {
        if let Some(slot) = is_parent.get_mut(parent as usize) {
            *slot = true;
        }
    }
    tree.calls.iter().zip(is_parent).filter_map(|(call, parent)| (!parent).then_some(call))
}

impl RunawayState {
    /// How often a signer sent a batch of one shape within the last blocks, of those in this block.
    fn count_repeats(&mut self, least: u32, block: &Block<'_>) -> Vec<(String, u32)> {
        while self.shapes.front().is_some_and(|(at, _)| at + REPEAT_BLOCKS <= block.number) {
            self.shapes.pop_front();
        }
        let mut seen = Vec::new();
        for tree in block.trees.iter().filter(|tree| tree.leaves >= least) {
            let (Some(signer), Some(shape)) = (tree.extrinsic.signer.as_deref(), shape_of(tree)) else {
                continue;
            };
            let key = format!("{signer} {shape}");
            self.shapes.push_back((block.number, key.clone()));
            seen.push(key);
        }
        let times = |key: &String| {
            u32::try_from(self.shapes.iter().filter(|(_, known)| known == key).count()).unwrap_or(u32::MAX)
        };
        seen.iter().map(|key| (key.clone(), times(key))).collect()
    }
}

/// A short hash of which calls a tree holds, whatever their arguments and number.
fn shape_of(tree: &Tree<'_>) -> Option<String> {
    let names: std::collections::BTreeSet<(&str, &str)> =
        leaf_calls(tree).map(|call| (call.pallet.as_str(), call.call.as_str())).collect();
    if names.is_empty() {
        return None;
    }
    let text = format!("{} {names:?}", tree.depth);
    Some(Hash::blake2_256(text.as_bytes()).to_string()[2..14].to_owned())
}

pub(super) struct Nested;

impl Detector for Nested {
    type State = ();
    const NAME: &'static str = "nested";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::NestedCalls];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "depth_notice": config.runaway.depth_notice, "depth_serious": config.runaway.depth_serious })
    }

    fn observe(config: &WatchConfig, (): &mut (), block: &Block<'_>, out: &mut Out) {
        for tree in &block.trees {
            let Some(signer) = tree.extrinsic.signer.as_deref() else { continue };
            let refused = block.spec >= NESTING_FILTERED_FROM
                && tree.batch_in_batch
                && tree.calls.iter().any(|call| call.error.as_deref() == Some("System.CallFiltered"));
            if tree.depth < config.runaway.depth_notice && !refused {
                continue;
            }
            let severity =
                if tree.depth >= config.runaway.depth_serious { Severity::S2 } else { Severity::S3 };
            let place = block.place(Some(tree.extrinsic.extrinsic_index));
            let title = match refused {
                true => format!("{} sent a batch inside a batch, which the chain refuses.", short(signer)),
                false => format!("{} sent calls nested {} deep.", short(signer), tree.depth),
            };
            let scope = Scope::Account(signer.to_owned());
            let finding = Finding::point(Kind::NestedCalls, scope, severity, title)
                .score(f64::from(tree.depth) / f64::from(config.runaway.depth_notice.max(1)))
                .item(json!({ "extrinsic": place, "depth": tree.depth, "leaves": tree.leaves, "refused": refused }));
            out.fire(finding);
        }
    }
}
