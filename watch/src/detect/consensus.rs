//! Validators out of consensus, with a majority, inactive, or now and then active.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Detector, Out,
    epochs::{Epoch, epochs_of},
};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, short},
    incident::{Finding, Scope, Severity},
    input::NeuronState,
    stats::rounded,
};

/// Epochs in a row for which weight must go to neurons without consensus.
const INFLATED_EPOCHS: u32 = 3;
/// Gaps between weights from which it is known what is usual.
const LEAST_GAPS: usize = 8;
/// Epochs in a row for which stake must be inactive.
const INACTIVE_EPOCHS: u32 = 2;

pub(super) struct Consensus;

/// What is remembered of a validator.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Member {
    low_since: Option<u64>,
    low: u32,
    inflated_since: Option<u64>,
    inflated: u32,
    permits: u32,
    /// (block, active)
    active: VecDeque<(u64, bool)>,
    /// Block of its last weights.
    last_update: Option<u64>,
    /// Whether an epoch passed since without it, while most others gave weights.
    alone: bool,
    /// Between its weights: (first epoch that missed them or had the next, blocks, whether it was alone).
    gaps: VecDeque<(u64, u64, bool)>,
    missed_at: Option<u64>,
}

/// Validators by subnet and hotkey, cutoffs by subnet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ConsensusState {
    members: BTreeMap<u16, BTreeMap<String, Member>>,
    cutoffs: BTreeMap<u16, u64>,
    /// Epochs in a row with too much inactive stake, by subnet.
    inactive: BTreeMap<u16, u32>,
}

impl Detector for Consensus {
    type State = ConsensusState;
    const NAME: &'static str = "consensus";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] =
        &[Kind::OutOfConsensus, Kind::MajorityValidator, Kind::InactiveValidator, Kind::FlakyValidator];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.validators).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut ConsensusState, block: &Block<'_>, out: &mut Out) {
        for event in block.events("SubtensorModule", "ActivityCutoffSet") {
            let args = Args::of(&event.args);
            if let (Some(netuid), Some(cutoff)) = (args.netuid(0), args.number("value", 1)) {
                state.cutoffs.insert(netuid, cutoff);
            }
        }
        for event in block.events("SubtensorModule", "NetworkRemoved") {
            let netuid = Args::of(&event.args).netuid(0).unwrap_or(u16::MAX);
            state.members.remove(&netuid);
            state.cutoffs.remove(&netuid);
            state.inactive.remove(&netuid);
        }
        for epoch in epochs_of(block) {
            let cutoff =
                state.cutoffs.get(&epoch.netuid).copied().unwrap_or(config.validators.activity_cutoff);
            let members = state.members.entry(epoch.netuid).or_default();
            members.retain(|hotkey, _| epoch.neurons.iter().any(|neuron| neuron.hotkey == *hotkey));
            for neuron in epoch.validators() {
                remember(
                    config,
                    members.entry(neuron.hotkey.clone()).or_default(),
                    &epoch,
                    neuron,
                    block.number,
                );
            }
            follow_updates(config, members, &epoch, block.number);
            trust(config, members, &epoch, block.number, out);
            let inactive = state.inactive.entry(epoch.netuid).or_default();
            activity(config, members, &epoch, (block.number, cutoff, inactive), out);
        }
    }
}

fn remember(config: &WatchConfig, member: &mut Member, epoch: &Epoch<'_>, neuron: &NeuronState, number: u64) {
    let wanted = &config.validators;
    let is_active = neuron.active != Some(false);
    member.permits = member.permits.saturating_add(1);
    let gives = epoch.rows.contains_key(&neuron.uid) && is_active && !epoch.consensus.is_empty();
    let is_low = gives && trust_of(neuron).is_some_and(|trust| trust < wanted.trust);
    (member.low, member.low_since) = match is_low {
        true => (member.low + 1, member.low_since.or(Some(number))),
        false => (0, None),
    };
    let is_inflated = gives && unsupported(epoch, neuron).0 > wanted.zero_consensus;
    (member.inflated, member.inflated_since) = match is_inflated {
        true => (member.inflated + 1, member.inflated_since.or(Some(number))),
        false => (0, None),
    };
    member.active.push_back((number, is_active));
    while member.active.len() > wanted.epochs {
        member.active.pop_front();
    }
}

/// Follows who gave new weights since the epoch before, and whose turn passed without.
fn follow_updates(
    config: &WatchConfig,
    members: &mut BTreeMap<String, Member>,
    epoch: &Epoch<'_>,
    number: u64,
) {
    let known = |neuron: &NeuronState| {
        let member = members.get(&neuron.hotkey)?;
        Some((neuron.last_update?, member.last_update?))
    };
    let judged: Vec<(u64, u64)> =
        epoch.validators().filter(|neuron| neuron.active != Some(false)).filter_map(known).collect();
    let gave = judged.iter().filter(|(now, before)| now > before).count();
    let most_gave = judged.len() >= 3 && 2 * gave >= judged.len();
    for neuron in epoch.validators() {
        let (Some(member), Some(now)) = (members.get_mut(&neuron.hotkey), neuron.last_update) else {
            continue;
        };
        match member.last_update {
            Some(before) if now > before => {
                let at = member.missed_at.take().unwrap_or(number);
                member.gaps.push_back((at, now - before, member.alone));
                while member.gaps.len() > config.validators.epochs {
                    member.gaps.pop_front();
                }
                member.alone = false;
            }
            Some(_) if most_gave => {
                member.alone = true;
                member.missed_at.get_or_insert(number);
            }
            _ => {}
        }
        member.last_update = Some(now);
    }
}

impl Member {
    /// First of the gaps that are longer than usual while others went on, how many there are, and the usual one.
    fn long_gaps(&self) -> Option<(u64, usize, u64)> {
        if self.gaps.len() < LEAST_GAPS {
            return None;
        }
        let mut usual: Vec<u64> = self.gaps.iter().map(|(_, blocks, _)| *blocks).collect();
        usual.sort_unstable();
        let usual = usual[usual.len() / 2];
        let mut long = self.gaps.iter().filter(|(_, blocks, alone)| *alone && 2 * blocks >= 3 * usual);
        let (first, ..) = long.next()?;
        Some((*first, 1 + long.count(), usual))
    }
}

fn trust_of(neuron: &NeuronState) -> Option<f64> {
    Some(f64::from(neuron.validator_trust?) / 65_535.0)
}

/// Share of weight to neurons without consensus, and to such of the same coldkey.
fn unsupported(epoch: &Epoch<'_>, neuron: &NeuronState) -> (f64, f64) {
    let (mut all, mut own) = (0.0, 0.0);
    for (uid, weight) in epoch.rows.get(&neuron.uid).into_iter().flatten() {
        let has = epoch.consensus.get(usize::from(*uid)).is_some_and(|consensus| *consensus > 0.0);
        if has {
            continue;
        }
        all += f64::from(*weight);
        let target = epoch.neurons.iter().find(|other| other.uid == *uid);
        if target.is_some_and(|target| target.coldkey == neuron.coldkey) {
            own += f64::from(*weight);
        }
    }
    (all, own)
}

fn trust(
    config: &WatchConfig,
    members: &BTreeMap<String, Member>,
    epoch: &Epoch<'_>,
    number: u64,
    out: &mut Out,
) {
    let wanted = &config.validators;
    let active: Vec<&NeuronState> =
        epoch.validators().filter(|neuron| neuron.active != Some(false)).collect();
    let sum: f64 = active.iter().map(|neuron| epoch.share(neuron)).sum();
    let largest = active.iter().max_by(|a, b| epoch.share(a).total_cmp(&epoch.share(b)));
    let top = largest.map_or(0.0, |neuron| epoch.share(neuron) / sum.max(f64::MIN_POSITIVE));
    if let Some(neuron) = largest.filter(|_| active.len() >= 4 && top > wanted.majority) {
        let title = format!(
            "{} holds {:.0} % of the active stake of subnet {}: it sets the consensus alone.",
            short(&neuron.hotkey),
            100.0 * top,
            epoch.netuid
        );
        let scope = Scope::Subnet(epoch.netuid);
        let finding =
            Finding::level(Kind::MajorityValidator, scope, Severity::S3, (top, wanted.majority), title)
                .with("hotkey", neuron.hotkey.clone())
                .with("active_stake_share", rounded(top))
                .with("validators", active.len() as u64)
                .account(neuron.hotkey.clone());
        out.fire(finding);
    }
    if active.len() < 3 || top > wanted.majority {
        let reason = "fewer than three active validators, or one has the majority";
        return out.blind(Kind::OutOfConsensus, Some(Scope::Subnet(epoch.netuid)), reason);
    }
    for neuron in active {
        let (Some(member), share) = (members.get(&neuron.hotkey), epoch.share(neuron)) else { continue };
        if share < wanted.least_stake || member.permits < wanted.new_permit_epochs {
            continue;
        }
        let (all, own) = unsupported(epoch, neuron);
        let is_low = member.low >= wanted.trust_epochs;
        let is_inflated = member.inflated >= INFLATED_EPOCHS;
        if !is_low && !is_inflated {
            continue;
        }
        let serves_itself = is_inflated && own > wanted.zero_consensus;
        let severity = match share >= wanted.serious_stake && is_low || serves_itself {
            true => Severity::S2,
            false => Severity::S3,
        };
        let trust = trust_of(neuron).unwrap_or(0.0);
        let said = match (serves_itself, is_inflated) {
            (true, _) => {
                format!(", and gives {:.0} % of its weight to its own neurons without consensus", 100.0 * own)
            }
            (_, true) => {
                format!(", and gives {:.0} % of its weight to neurons without consensus", 100.0 * all)
            }
            _ => String::new(),
        };
        let title = format!(
            "{} is out of the consensus of subnet {}: {:.0} % of its weight is clipped{said}.",
            short(&neuron.hotkey),
            epoch.netuid,
            100.0 * (1.0 - trust)
        );
        let signal = (1.0 - trust, 1.0 - wanted.trust);
        let first = [member.low_since.filter(|_| is_low), member.inflated_since.filter(|_| is_inflated)];
        let scope = Scope::Neuron(epoch.netuid, neuron.hotkey.clone());
        let finding = Finding::level(Kind::OutOfConsensus, scope, severity, signal, title)
            .since(first.into_iter().flatten().min().unwrap_or(number))
            .with("uid", neuron.uid)
            .with("trust", rounded(trust))
            .with("stake_share", rounded(share))
            .with("low_epochs", member.low)
            .with("weight_without_consensus", rounded(all))
            .with("weight_to_own_without_consensus", rounded(own))
            .account(neuron.coldkey.clone());
        out.fire(finding);
    }
}

fn activity(
    config: &WatchConfig,
    members: &BTreeMap<String, Member>,
    epoch: &Epoch<'_>,
    (number, cutoff, inactive_epochs): (u64, u64, &mut u32),
    out: &mut Out,
) {
    let wanted = &config.validators;
    // before anybody gave weights there is nobody to be late
    if epoch.rows.is_empty() {
        return;
    }
    let (mut permitted, mut inactive, mut active_count) = (0.0, 0.0, 0_u32);
    for neuron in epoch.validators() {
        let share = epoch.share(neuron);
        permitted += share;
        let is_inactive = neuron.active == Some(false);
        if is_inactive {
            inactive += share;
        } else {
            active_count += 1;
        }
        let Some(last) = neuron.last_update else { continue };
        let stale = number.saturating_sub(last);
        // whoever never gave weights is a delegate that waits, not one that stopped
        let gave = epoch.rows.contains_key(&neuron.uid);
        let scope = Scope::Neuron(epoch.netuid, neuron.hotkey.clone());
        #[allow(clippy::cast_precision_loss)]
        let part = stale as f64 / cutoff.max(1) as f64;
        if share >= wanted.least_stake && gave && (is_inactive || part >= wanted.stale_share) {
            let severity = if is_inactive { Severity::S3 } else { Severity::S4 };
            let said = if is_inactive { "is inactive" } else { "will soon be inactive" };
            let title = format!(
                "{} {said} on subnet {}: no weights for {stale} blocks, {cutoff} are allowed.",
                short(&neuron.hotkey),
                epoch.netuid
            );
            let finding =
                Finding::level(Kind::InactiveValidator, scope.clone(), severity, (part, 1.0), title)
                    .since(last.saturating_add((wanted.stale_share * cutoff as f64) as u64).min(number))
                    .with("uid", neuron.uid)
                    .with("last_update", last)
                    .with("activity_cutoff", cutoff)
                    .with("stake_share", rounded(share))
                    .account(neuron.coldkey.clone());
            out.fire(finding);
        }
        if let Some(member) = members.get(&neuron.hotkey).filter(|_| share >= wanted.least_stake) {
            flakiness(config, member, epoch, neuron, number, out);
        }
    }
    let part = if permitted > 0.0 { inactive / permitted } else { 0.0 };
    if part < wanted.inactive_stake && !(permitted > 0.0 && active_count == 0) {
        *inactive_epochs = 0;
        return;
    }
    *inactive_epochs += 1;
    if *inactive_epochs < INACTIVE_EPOCHS {
        return;
    }
    let title =
        format!("{:.0} % of the permitted stake of subnet {} is inactive.", 100.0 * part, epoch.netuid);
    let scope = Scope::Subnet(epoch.netuid);
    let finding =
        Finding::level(Kind::InactiveValidator, scope, Severity::S2, (part, wanted.inactive_stake), title)
            .with("inactive_share", rounded(part))
            .with("active_validators", active_count)
            .item(json!({ "block": number, "inactive_share": rounded(part) }));
    out.fire(finding);
}

/// In and out of the consensus, or weights now and then.
fn flakiness(
    config: &WatchConfig,
    member: &Member,
    epoch: &Epoch<'_>,
    neuron: &NeuronState,
    number: u64,
    out: &mut Out,
) {
    let wanted = &config.validators;
    let states: Vec<(u64, bool)> = member.active.iter().copied().collect();
    let changes = states.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    let (first_gap, gaps, usual) = member.long_gaps().unwrap_or_default();
    let most = u32::try_from(changes.max(gaps)).unwrap_or(u32::MAX);
    if most < wanted.flaky_changes {
        return;
    }
    let share = epoch.share(neuron);
    let severity = if share >= wanted.copy_stake { Severity::S3 } else { Severity::S4 };
    let (who, netuid) = (short(&neuron.hotkey), epoch.netuid);
    let title = match changes >= gaps {
        true => {
            format!(
                "{who} went in and out of subnet {netuid} {changes} times within {} epochs.",
                states.len()
            )
        }
        false => format!(
            "{who} gives weights to subnet {netuid} now and then: {gaps} of {} gaps are longer than its usual {usual} blocks, while others go on.",
            member.gaps.len()
        ),
    };
    let changed = states.windows(2).find(|pair| pair[0].1 != pair[1].1).map_or(number, |pair| pair[1].0);
    let first = if changes >= gaps { changed } else { first_gap };
    let signal = (f64::from(most), f64::from(wanted.flaky_changes));
    let scope = Scope::Neuron(netuid, neuron.hotkey.clone());
    let finding = Finding::level(Kind::FlakyValidator, scope, severity, signal, title)
        .since(first)
        .with("uid", neuron.uid)
        .with("changes", changes as u64)
        .with("long_gaps", gaps as u64)
        .with("usual_gap_blocks", usual)
        .with("stake_share", rounded(share))
        .account(neuron.coldkey.clone());
    out.fire(finding);
}
