//! Gaps between blocks and slow blocks.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::Block,
    incident::{Finding, Scope, Severity},
    stats::rounded,
};

/// Blocks around an upgrade in which a gap is S3 at most.
const UPGRADE_GUARD: u64 = 20;
/// Blocks of the mean.
const MEAN_BLOCKS: usize = 100;

pub(super) struct BlockTime;

/// Times of the last blocks, milliseconds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct TimeState {
    times: VecDeque<u64>,
    /// Block that set code, and the last gap of the incident.
    code_set_at: Option<u64>,
}

impl Detector for BlockTime {
    type State = TimeState;
    const NAME: &'static str = "block_time";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::BlockGap, Kind::SlowBlocks];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.time).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut TimeState, block: &Block<'_>, out: &mut Out) {
        if block.has_event("System", "CodeUpdated") {
            state.code_set_at = Some(block.number);
        }
        if !block.follows {
            state.times.clear();
        }
        let Some(elapsed_ms) = block.elapsed_ms() else { return };
        // the first block follows a genesis of any age
        if block.number <= 1 {
            return;
        }
        gap(config, state, block, elapsed_ms, out);
        mean(config, state, elapsed_ms, out);
    }
}

fn gap(config: &WatchConfig, state: &TimeState, block: &Block<'_>, elapsed_ms: u64, out: &mut Out) {
    let wanted = &config.time;
    let seconds = elapsed_ms / 1000;
    let mut severity = match seconds {
        s if s > wanted.gap_critical_s => Severity::S1,
        s if s > wanted.gap_serious_s => Severity::S2,
        s if s > wanted.gap_notice_s => Severity::S3,
        _ => return,
    };
    let upgraded = [state.code_set_at, block.upgraded_at].into_iter().flatten().max();
    if upgraded.is_some_and(|at| block.number.saturating_sub(at) <= UPGRADE_GUARD) {
        severity = severity.min(Severity::S3);
    }
    let missed = block.missed_slots();
    let title =
        format!("{seconds} seconds between blocks {} and {}.", block.number.saturating_sub(1), block.number);
    #[allow(clippy::cast_precision_loss)]
    let score = seconds as f64 / wanted.gap_notice_s.max(1) as f64;
    let finding = Finding::point(Kind::BlockGap, Scope::Chain, severity, title)
        .score(score)
        .with("longest_s", seconds)
        .item(json!({ "block": block.number, "seconds": seconds, "missed_slots": missed, "author": block.input.block.author }));
    out.fire(finding);
}

fn mean(config: &WatchConfig, state: &mut TimeState, elapsed_ms: u64, out: &mut Out) {
    let wanted = &config.time;
    if elapsed_ms / 1000 > wanted.gap_serious_s {
        return;
    }
    state.times.push_back(elapsed_ms);
    if state.times.len() < MEAN_BLOCKS {
        return;
    }
    if state.times.len() > MEAN_BLOCKS {
        state.times.pop_front();
    }
    #[allow(clippy::cast_precision_loss)]
    let mean_s = state.times.iter().sum::<u64>() as f64 / MEAN_BLOCKS as f64 / 1000.0;
    let severity = match mean_s {
        mean if mean > wanted.mean_serious_s => Severity::S2,
        mean if mean > wanted.mean_notice_s => Severity::S3,
        mean if mean > 12.0 + 0.7 * (wanted.mean_notice_s - 12.0) => {
            return out.hold(Kind::SlowBlocks, Scope::Chain);
        }
        _ => return,
    };
    let title = format!("The last {MEAN_BLOCKS} blocks took {mean_s:.1} seconds each.");
    let finding =
        Finding::level(Kind::SlowBlocks, Scope::Chain, severity, (mean_s, wanted.mean_notice_s), title)
            .with("mean_s", rounded(mean_s));
    out.fire(finding);
}
