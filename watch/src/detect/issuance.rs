//! Issuance, accounting, halvings.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Block, tao},
    incident::{Finding, Scope, Severity},
};

/// Blocks of a day.
const DAY: u64 = 7_200;
/// How often the drift is sampled, blocks.
const EVERY: u64 = 50;
/// Blocks after an upgrade that the evidence names.
const AFTER_UPGRADE: u64 = 1_000;

pub(super) struct Issuance;

/// The network a block ago, and the difference of both sides over a day.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct IssuanceState {
    /// (block, total issuance, block emission)
    last: Option<(u64, u64, Option<u64>)>,
    /// Total issuance − balances' issuance − TAO in pools at a block.
    side: Option<(u64, i128)>,
    /// Whether root stakers were paid since.
    paid: bool,
    /// What the difference moved by in all, and the blocks in which that was measured.
    moved: i128,
    measured: u64,
    /// (block, moved, measured)
    samples: VecDeque<(u64, i128, u64)>,
}

impl Detector for Issuance {
    type State = IssuanceState;
    const NAME: &'static str = "issuance";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::IssuanceAnomaly, Kind::AccountingDrift, Kind::Halving];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.issuance).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut IssuanceState, block: &Block<'_>, out: &mut Out) {
        let Some(rows) = block.input.state.as_ref() else { return };
        let Some(network) = &rows.network else { return };
        let Some(total) = network.total_issuance_rao else {
            return out.blind(Kind::IssuanceAnomaly, None, "total issuance is not known");
        };
        if let Some((at, before, emission)) = state.last {
            step(config, block, (at, before, emission), (total, network.block_emission_rao), out);
        }
        state.last = Some((block.number, total, network.block_emission_rao));
        let pools: Option<u128> =
            rows.subnets.iter().map(|row| row.tao_in_rao.map(u128::from)).sum::<Option<u128>>();
        state.paid |= rows.root_paid;
        if rows.subnets.is_empty() {
            return;
        }
        match (network.balances_issuance_rao, pools) {
            (Some(balances), Some(pools)) => {
                let side =
                    i128::from(total) - i128::from(balances) - i128::try_from(pools).unwrap_or(i128::MAX);
                state.measure(block.number, side);
                drift(config, state, block, out);
            }
            _ => out.blind(Kind::AccountingDrift, None, "the balances' issuance or the pools are not known"),
        }
    }
}

fn step(
    config: &WatchConfig,
    block: &Block<'_>,
    (at, before, emission): (u64, u64, Option<u64>),
    (total, now_emission): (u64, Option<u64>),
    out: &mut Out,
) {
    let wanted = &config.issuance;
    if let (Some(old), Some(new)) = (emission, now_emission) {
        // a halving is exact but for a rounded rao
        if new > 0 && new <= old / 2 + 1 && new + 1 >= old / 2 {
            let title = format!("The block emission fell from {} to {}.", tao(old), tao(new));
            let finding = Finding::point(Kind::Halving, Scope::Chain, Severity::S4, title)
                .with("old_rao", old.to_string())
                .with("new_rao", new.to_string())
                .with("total_issuance_rao", total.to_string());
            out.fire(finding);
        }
    }
    let blocks = block.number.saturating_sub(at);
    let Some(emission) = emission.max(now_emission) else {
        return out.blind(Kind::IssuanceAnomaly, None, "the block emission is not known");
    };
    let allowed = emission.saturating_mul(blocks).saturating_add(wanted.slack_rao);
    let (grown, shrunk) = (total.saturating_sub(before), before.saturating_sub(total));
    let title = if grown > allowed {
        format!(
            "Total issuance grew by {} in {blocks} blocks; {} were due.",
            tao(grown),
            tao(emission.saturating_mul(blocks))
        )
    } else if shrunk / 1_000_000_000 >= wanted.shrink_tao {
        format!("Total issuance shrank by {}.", tao(shrunk))
    } else {
        return;
    };
    #[allow(clippy::cast_precision_loss)]
    let score = (grown as f64 / allowed as f64).max(shrunk as f64 / 1e9 / wanted.shrink_tao.max(1) as f64);
    let mut finding =
        Finding::point(Kind::IssuanceAnomaly, Scope::Chain, Severity::S1, title).score(score).item(json!({
            "block": block.number, "before_rao": before.to_string(), "after_rao": total.to_string(),
            "emission_rao": emission.to_string(),
        }));
    if block.since_upgrade().is_some_and(|since| since < AFTER_UPGRADE) {
        finding = finding.with("after_upgrade_at", block.upgraded_at);
    }
    out.fire(finding);
}

impl IssuanceState {
    /// Adds what the difference moved by since it was last known. Where root stakers were paid nothing can be said: what
    /// pools sell for them becomes stake on root that no pool counts.
    fn measure(&mut self, number: u64, side: i128) {
        if let Some((at, before)) = self.side.filter(|_| !self.paid) {
            self.moved += side - before;
            self.measured += number.saturating_sub(at);
        }
        self.side = Some((number, side));
        self.paid = false;
    }
}

fn drift(config: &WatchConfig, state: &mut IssuanceState, block: &Block<'_>, out: &mut Out) {
    // an upgrade may count anew
    if block.since_upgrade().is_some_and(|since| since < EVERY) {
        state.samples.clear();
        return;
    }
    if state.samples.back().is_some_and(|(at, ..)| at + EVERY > block.number) {
        return;
    }
    while state.samples.front().is_some_and(|(at, ..)| at + DAY < block.number) {
        state.samples.pop_front();
    }
    state.samples.push_back((block.number, state.moved, state.measured));
    let Some((at, before, measured)) = state.samples.front().copied() else { return };
    if 2 * (state.measured - measured) < block.number - at {
        let reason = "root stakers were paid in most blocks: what they get is counted by no pool";
        return out.blind(Kind::AccountingDrift, None, reason);
    }
    let moved = (state.moved - before).unsigned_abs();
    let bound = u128::from(config.issuance.drift_tao) * 1_000_000_000;
    if moved <= bound {
        return;
    }
    let moved_rao = u64::try_from(moved).unwrap_or(u64::MAX);
    let title =
        format!("Issuance and balances with pools drifted apart by {} since block {at}.", tao(moved_rao));
    #[allow(clippy::cast_precision_loss)]
    let signal = (moved as f64 / 1e9, bound as f64 / 1e9);
    let finding = Finding::level(Kind::AccountingDrift, Scope::Chain, Severity::S2, signal, title)
        .with("moved_rao", moved_rao.to_string())
        .with("since_block", at);
    out.fire(finding);
}
