//! Validators that repeat what others said.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Detector, Out,
    epochs::{Epoch, cosine, cosine_of_rows, distance, epochs_of},
};
use crate::{
    catalogue::{Kind, Lane},
    config::WatchConfig,
    facts::{Args, Block, short},
    incident::{Finding, Scope, Severity},
    stats::{median, rounded},
};

/// Differences of weights below which two rows are equal.
const EQUAL: f32 = 2e-4;
/// Epochs whose consensus may be repeated: commits are revealed late.
const PAST: usize = 4;
/// Difference of weights and a past consensus (L1) that rounding explains.
const EXACT: f64 = 0.002;
/// How many times further the others must be from it.
const OTHERS: f64 = 10.0;
/// Validators whose rows are compared in pairs at most.
const MOST_PAIRED: usize = 24;

pub(super) struct Copying;

/// What is remembered of a subnet's last epoch, and of its validators.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// Consensus of the last epochs, the newest last.
    past: VecDeque<Vec<f32>>,
    rows: BTreeMap<u16, (String, Vec<(u16, f32)>)>,
    members: BTreeMap<String, Member>,
    last_epoch: u64,
}

/// What a validator's last epochs looked like.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Member {
    /// (block, copied the consensus, repeated another's row)
    epochs: VecDeque<(u64, bool, bool)>,
    coldkey: String,
}

impl Memory {
    /// Who goes on under another key is the same validator.
    fn swap(&mut self, old: &str, new: &str) {
        if let Some(member) = self.members.remove(old) {
            self.members.insert(new.to_owned(), member);
        }
        for (hotkey, _) in self.rows.values_mut().filter(|(hotkey, _)| hotkey == old) {
            new.clone_into(hotkey);
        }
    }
}

/// Memory by subnet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct CopyingState {
    subnets: BTreeMap<u16, Memory>,
}

impl Detector for Copying {
    type State = CopyingState;
    const NAME: &'static str = "copying";
    const VERSION: u32 = 2;
    const LANE: Lane = Lane::State;
    const KINDS: &'static [Kind] = &[Kind::WeightCopying];

    fn thresholds(config: &WatchConfig) -> Value {
        serde_json::to_value(&config.validators).unwrap_or_default()
    }

    fn observe(config: &WatchConfig, state: &mut CopyingState, block: &Block<'_>, out: &mut Out) {
        for event in block.events("SubtensorModule", "NetworkRemoved") {
            state.subnets.remove(&Args::of(&event.args).netuid(0).unwrap_or(u16::MAX));
        }
        for event in block.events("SubtensorModule", "HotkeySwapped") {
            let args = Args::of(&event.args);
            if let (Some(old), Some(new)) = (args.text("old_hotkey", 1), args.text("new_hotkey", 2)) {
                state.subnets.values_mut().for_each(|memory| memory.swap(&old, &new));
            }
        }
        for epoch in epochs_of(block) {
            let memory = state.subnets.entry(epoch.netuid).or_default();
            look(config, memory, &epoch, block.number, out);
            memory.rows = epoch
                .neurons
                .iter()
                .filter_map(|neuron| {
                    Some((neuron.uid, (neuron.hotkey.clone(), epoch.rows.get(&neuron.uid)?.clone())))
                })
                .collect();
            memory.past.push_back(epoch.consensus.clone());
            while memory.past.len() > PAST {
                memory.past.pop_front();
            }
            memory.last_epoch = block.number;
        }
    }
}

fn look(config: &WatchConfig, memory: &mut Memory, epoch: &Epoch<'_>, number: u64, out: &mut Out) {
    let wanted = &config.validators;
    let scope = || Some(Scope::Subnet(epoch.netuid));
    let judged: Vec<_> = epoch
        .validators()
        .filter(|neuron| neuron.active != Some(false))
        .filter_map(|neuron| Some((neuron, epoch.rows.get(&neuron.uid)?)))
        .collect();
    let Some(previous) = memory
        .past
        .back()
        .filter(|past| !past.is_empty() && !epoch.consensus.is_empty() && judged.len() >= 3)
    else {
        return out.blind(
            Kind::WeightCopying,
            scope(),
            "fewer than three validators with weights, or no consensus yet",
        );
    };
    if epoch.effective_miners() < 3.0 {
        return out.blind(Kind::WeightCopying, scope(), "fewer than three miners earn: everybody agrees");
    }
    let paired = &judged[..judged.len().min(MOST_PAIRED)];
    let similarities = paired.iter().enumerate().flat_map(|(place, (_, one))| {
        paired[place + 1..].iter().map(|(_, other)| cosine_of_rows(one, other)).collect::<Vec<_>>()
    });
    // digit by digit is no agreement, however much everybody agrees
    let nearest: BTreeMap<u16, f64> = judged
        .iter()
        .map(|(neuron, row)| {
            let all = memory.past.iter().filter(|past| !past.is_empty()).map(|past| distance(row, past));
            (neuron.uid, all.fold(f64::INFINITY, f64::min))
        })
        .collect();
    let typical = median(nearest.values().copied()).unwrap_or(0.0);
    let is_unanimous = median(similarities).unwrap_or(1.0) > wanted.unanimous;
    if is_unanimous && typical < OTHERS * EXACT {
        return out.blind(Kind::WeightCopying, scope(), "weights are unanimous");
    }
    let innovations: BTreeMap<u16, f64> =
        judged.iter().map(|(neuron, row)| (neuron.uid, distance(row, previous))).collect();
    let mut copiers = 0.0;
    let mut found = Vec::new();
    for (neuron, row) in &judged {
        let others = innovations.iter().filter(|(uid, _)| **uid != neuron.uid).map(|(_, value)| *value);
        let (before, now) = (cosine(row, previous), cosine(row, &epoch.consensus));
        let own = memory.rows.get(&neuron.uid).filter(|(hotkey, _)| *hotkey == neuron.hotkey);
        // a row that stays is what it was when it was given: it may itself have made the consensus since
        let stays = own.is_some_and(|(_, before)| equal(before, row));
        let was = memory.members.get(&neuron.hotkey).and_then(|member| member.epochs.back());
        let exact = match stays {
            true => was.is_some_and(|(_, copied, _)| *copied),
            false => {
                typical >= OTHERS * EXACT
                    && nearest.get(&neuron.uid).is_some_and(|distance| *distance < EXACT)
            }
        };
        let alike = !is_unanimous
            && before >= wanted.copy_similarity
            && before > now + wanted.copy_gap
            && innovations.get(&neuron.uid).is_some_and(|own| *own < wanted.copy_innovation)
            && median(others).is_some_and(|others| others > wanted.others_innovation);
        let copied = exact || alike;
        let is_new = !is_unanimous && !stays;
        let source = memory.rows.iter().find(|(uid, (_, before))| {
            let other = epoch.neurons.iter().find(|other| other.uid == **uid);
            **uid != neuron.uid
                && before.len() > 1
                && equal(before, row)
                && other.is_none_or(|other| other.coldkey != neuron.coldkey)
        });
        let repeated = is_new && source.is_some();
        let source = source.filter(|_| is_new).map(|(_, (hotkey, _))| hotkey.clone());
        let member = memory.members.entry(neuron.hotkey.clone()).or_default();
        member.coldkey.clone_from(&neuron.coldkey);
        member.epochs.push_back((number, copied, repeated));
        while member.epochs.len() > wanted.epochs {
            member.epochs.pop_front();
        }
        let copies = member.epochs.iter().filter(|(_, copied, _)| *copied).count();
        let repeats = member.epochs.iter().filter(|(.., repeated)| *repeated).count();
        if copies < wanted.copy_epochs && repeats < wanted.equal_rows {
            continue;
        }
        let share = epoch.share(neuron);
        copiers += share;
        let first = member.epochs.iter().find(|(_, copied, repeated)| *copied || *repeated);
        found.push((
            neuron,
            share,
            copies,
            repeats,
            before,
            now,
            source,
            first.map_or(number, |(at, ..)| *at),
        ));
    }
    for (neuron, share, copies, repeats, before, now, source, first) in found {
        let severity = match (copiers > wanted.copiers_stake, share > wanted.copy_stake) {
            (true, _) => Severity::S2,
            (_, true) => Severity::S3,
            _ => Severity::S4,
        };
        let title = format!(
            "{} repeats weights of subnet {}: {repeats} rows of others and {copies} times a consensus of epochs before.",
            short(&neuron.hotkey),
            epoch.netuid
        );
        #[allow(clippy::cast_precision_loss)]
        let score = (copies as f64 / wanted.copy_epochs.max(1) as f64)
            .max(repeats as f64 / wanted.equal_rows.max(1) as f64);
        let scope = Scope::Neuron(epoch.netuid, neuron.hotkey.clone());
        let mut finding = Finding::level(Kind::WeightCopying, scope, severity, (score, 1.0), title)
            .since(first)
            .with("uid", neuron.uid)
            .with("stake_share", rounded(share))
            .with("copiers_stake_share", rounded(copiers))
            .with("copied_epochs", copies as u64)
            .with("repeated_rows", repeats as u64)
            .with("similarity_previous", rounded(before))
            .with("similarity_current", rounded(now))
            .account(neuron.coldkey.clone());
        if let Some(source) = source {
            finding = finding.item(json!({ "block": number, "same_row_as": source })).account(source);
        }
        out.fire(finding);
    }
    let keep: Vec<String> = epoch.neurons.iter().map(|neuron| neuron.hotkey.clone()).collect();
    memory.members.retain(|hotkey, _| keep.contains(hotkey));
}

fn equal(one: &[(u16, f32)], other: &[(u16, f32)]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= EQUAL)
}
