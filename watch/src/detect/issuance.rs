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
    /// (block, total issuance − balances' issuance − TAO in pools)
    sides: VecDeque<(u64, i128)>,
}

impl Detector for Issuance {
    type State = IssuanceState;
    const NAME: &'static str = "issuance";
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
        match (network.balances_issuance_rao, pools.filter(|_| !rows.subnets.is_empty())) {
            (Some(balances), Some(pools)) if block.number.is_multiple_of(EVERY) => {
                let side =
                    i128::from(total) - i128::from(balances) - i128::try_from(pools).unwrap_or(i128::MAX);
                drift(config, state, block, side, out);
            }
            (Some(_), Some(_)) => {}
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

fn drift(config: &WatchConfig, state: &mut IssuanceState, block: &Block<'_>, side: i128, out: &mut Out) {
    while state.sides.front().is_some_and(|(at, _)| at + DAY < block.number) {
        state.sides.pop_front();
    }
    state.sides.push_back((block.number, side));
    // an upgrade may count anew
    if block.since_upgrade().is_some_and(|since| since < EVERY) {
        state.sides.clear();
        return;
    }
    let Some((at, before)) = state.sides.front().copied() else { return };
    let moved = (side - before).unsigned_abs();
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
