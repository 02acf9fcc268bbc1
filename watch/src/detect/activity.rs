//! The random beacon, and commits of weights that are not revealed.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detector, Out};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block},
    incident::{Finding, Scope, Severity},
    stats::rounded,
};

/// Commits that are remembered while they wait for the beacon.
const MOST_WAITING: usize = 5_000;
/// Blocks of a day.
const DAY: u64 = 7_200;

pub(super) struct Beacon;

/// The last pulse: block, time and round.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct BeaconState {
    last: Option<(u64, u64, u64)>,
    /// Commits that wait for a round: (round, subnet).
    waiting: VecDeque<(u64, u16)>,
}

impl Detector for Beacon {
    type State = BeaconState;
    const NAME: &'static str = "beacon";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::DrandStall];

    fn thresholds(config: &WatchConfig) -> Value {
        json!({ "drand_seconds": config.time.drand_seconds })
    }

    fn observe(config: &WatchConfig, state: &mut BeaconState, block: &Block<'_>, out: &mut Out) {
        let Some(now) = block.time_ms else { return };
        let round = block
            .events("Drand", "NewPulse")
            .filter_map(|event| {
                let args = Args::of(&event.args);
                let rounds = args.get("rounds", 0)?.as_array()?;
                rounds.iter().filter_map(crate::facts::number_of).max()
            })
            .max();
        if block.has_event("Drand", "NewPulse") {
            if state.last.is_some() {
                out.end(Kind::DrandStall, Scope::Chain);
            }
            let round = round.unwrap_or(0);
            state.last = Some((block.number, now, round));
            state.waiting.retain(|(wanted, _)| *wanted > round);
        }
        for event in block.events("SubtensorModule", "TimelockedWeightsCommitted") {
            let args = Args::of(&event.args);
            let (Some(netuid), Some(wanted)) = (args.netuid(1), args.number("reveal_round", 3)) else {
                continue;
            };
            if state.last.is_none_or(|(.., round)| wanted > round) {
                state.waiting.push_back((wanted, netuid));
            }
            while state.waiting.len() > MOST_WAITING {
                state.waiting.pop_front();
            }
        }
        // where weights are no longer committed nobody waits for what still is
        for event in block.events("SubtensorModule", "CommitRevealEnabled") {
            let args = Args::of(&event.args);
            if args.get("enabled", 1).and_then(Value::as_bool) == Some(false) {
                let netuid = args.netuid(0);
                state.waiting.retain(|(_, waiting)| Some(*waiting) != netuid);
            }
        }
        if block.has_event("Drand", "NewPulse") {
            return;
        }
        let Some((at, time, round)) = state.last else {
            return out.blind(Kind::DrandStall, None, "the chain has shown no pulse yet");
        };
        let seconds = now.saturating_sub(time) / 1000;
        if seconds < config.time.drand_seconds {
            return;
        }
        let title = format!("No pulse of the random beacon for {seconds} seconds, since block {at}.");
        #[allow(clippy::cast_precision_loss)]
        let signal = (seconds as f64, config.time.drand_seconds as f64);
        let subnets: std::collections::BTreeSet<u16> =
            state.waiting.iter().map(|(_, netuid)| *netuid).collect();
        let severity = if subnets.is_empty() { Severity::S4 } else { Severity::S2 };
        let mut finding = Finding::level(Kind::DrandStall, Scope::Chain, severity, signal, title)
            .since(at + 1)
            .with("waiting_commits", state.waiting.len() as u64)
            .with("last_pulse_block", at)
            .with("last_round", round);
        finding.netuids.extend(subnets);
        out.fire(finding);
    }
}

pub(super) struct Reveals;

/// Commits of the last day by subnet: (block, hotkey, whether it was revealed).
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct RevealsState {
    commits: BTreeMap<u16, VecDeque<(u64, String, bool)>>,
}

impl Detector for Reveals {
    type State = RevealsState;
    const NAME: &'static str = "reveals";
    const LANE: Lane = Lane::Log;
    const KINDS: &'static [Kind] = &[Kind::RevealFailure];

    fn thresholds(config: &WatchConfig) -> Value {
        let wanted = &config.validators;
        json!({
            "least_commits": wanted.least_commits, "unrevealed": wanted.unrevealed,
            "reveal_blocks": wanted.reveal_blocks,
        })
    }

    fn observe(config: &WatchConfig, state: &mut RevealsState, block: &Block<'_>, out: &mut Out) {
        for event in block.input.events.iter().filter(|event| event.pallet == "SubtensorModule") {
            let args = Args::of_if(&event.args, || {
                event.variant.contains("Weights") || event.variant == "NetworkRemoved"
            });
            match event.variant.as_str() {
                "WeightsCommitted" | "TimelockedWeightsCommitted" | "CRV3WeightsCommitted" => {
                    let (Some(hotkey), Some(netuid)) = (args.text("who", 0), args.netuid(1)) else {
                        continue;
                    };
                    state.commits.entry(netuid).or_default().push_back((block.number, hotkey, false));
                }
                "WeightsRevealed" | "WeightsBatchRevealed" => {
                    state.reveal(args.netuid(1), args.text("who", 0), block.number);
                }
                "TimelockedWeightsRevealed" | "CRV3WeightsRevealed" => {
                    state.reveal(args.netuid(0), args.text("who", 1), block.number);
                }
                "NetworkRemoved" => {
                    state.commits.remove(&args.netuid(0).unwrap_or(u16::MAX));
                }
                _ => {}
            }
        }
        if !block.number.is_multiple_of(50) {
            return;
        }
        let wanted = &config.validators;
        for (netuid, commits) in &mut state.commits {
            while commits.front().is_some_and(|(at, ..)| at + DAY < block.number) {
                commits.pop_front();
            }
            let due: Vec<_> =
                commits.iter().filter(|(at, ..)| at + wanted.reveal_blocks < block.number).collect();
            let lost: Vec<_> = due.iter().filter(|(.., revealed)| !revealed).collect();
            if (due.len() as u64) < wanted.least_commits {
                continue;
            }
            #[allow(clippy::cast_precision_loss)]
            let share = lost.len() as f64 / due.len() as f64;
            let scope = Scope::Subnet(*netuid);
            if share <= wanted.unrevealed {
                if share > 0.7 * wanted.unrevealed {
                    out.hold(Kind::RevealFailure, scope);
                }
                continue;
            }
            let mut by_hotkey: BTreeMap<&str, u64> = BTreeMap::new();
            for (_, hotkey, _) in &lost {
                *by_hotkey.entry(hotkey).or_default() += 1;
            }
            let title = format!(
                "{} of {} commits of weights on subnet {netuid} were not revealed within a day.",
                lost.len(),
                due.len()
            );
            let signal = (share, wanted.unrevealed);
            let first = lost.first().map_or(block.number, |(at, ..)| *at);
            let mut finding = Finding::level(Kind::RevealFailure, scope, Severity::S3, signal, title)
                .since(first)
                .with("commits", due.len() as u64)
                .with("unrevealed", lost.len() as u64)
                .with("share", rounded(share))
                .with("hotkeys", json!(by_hotkey));
            finding.accounts.extend(by_hotkey.keys().map(|hotkey| (*hotkey).to_owned()));
            out.fire(finding);
        }
    }
}

impl RevealsState {
    /// Reveals take the oldest commit first, and all before it of the same hotkey are done with.
    fn reveal(&mut self, netuid: Option<u16>, hotkey: Option<String>, _number: u64) {
        let (Some(netuid), Some(hotkey)) = (netuid, hotkey) else { return };
        let Some(commits) = self.commits.get_mut(&netuid) else { return };
        if let Some(commit) = commits.iter_mut().find(|(_, who, revealed)| *who == hotkey && !revealed) {
            commit.2 = true;
        }
    }
}
