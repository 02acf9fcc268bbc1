//! An epoch as detectors of validators look at it.

use std::collections::BTreeMap;

use crate::{facts::Block, input::NeuronState};

/// A subnet's epoch: neurons, and the weights they give on the first mechanism, by uid, adding up to 1.
pub(super) struct Epoch<'a> {
    pub(super) netuid: u16,
    pub(super) neurons: &'a [NeuronState],
    pub(super) rows: BTreeMap<u16, Vec<(u16, f32)>>,
    /// Consensus by uid, adding up to 1; empty where nobody has any.
    pub(super) consensus: Vec<f32>,
    stake: f64,
}

/// Epochs that ran in a block, root left out.
pub(super) fn epochs_of<'a>(block: &Block<'a>) -> Vec<Epoch<'a>> {
    let Some(state) = &block.input.state else { return Vec::new() };
    let mut epochs = Vec::new();
    for neurons in state.neurons.chunk_by(|a, b| a.netuid == b.netuid) {
        let netuid = neurons.first().map_or(0, |neuron| neuron.netuid);
        if netuid == 0 {
            continue;
        }
        let rows = state.weights.iter().filter(|row| row.netuid == netuid && row.mechid == 0);
        let rows = rows.map(|row| (row.uid, normalised(&row.targets, &row.values))).collect();
        epochs.push(Epoch {
            netuid,
            neurons,
            rows,
            consensus: consensus_of(neurons),
            stake: neurons.iter().map(stake_of).sum(),
        });
    }
    epochs
}

impl Epoch<'_> {
    /// Share of a neuron in the subnet's stake.
    pub(super) fn share(&self, neuron: &NeuronState) -> f64 {
        if self.stake > 0.0 { stake_of(neuron) / self.stake } else { 0.0 }
    }

    /// Neurons that may give weights and have stake.
    pub(super) fn validators(&self) -> impl Iterator<Item = &NeuronState> {
        self.neurons.iter().filter(|neuron| neuron.validator_permit == Some(true) && stake_of(neuron) > 0.0)
    }

    /// Neurons that would earn equally much if all earned the same: 1 / Σ share².
    pub(super) fn effective_miners(&self) -> f64 {
        let incentive = |neuron: &NeuronState| f64::from(neuron.incentive.unwrap_or(0));
        let sum: f64 = self.neurons.iter().map(incentive).sum();
        let squares: f64 = self.neurons.iter().map(|neuron| (incentive(neuron) / sum.max(1.0)).powi(2)).sum();
        if squares > 0.0 { 1.0 / squares } else { 0.0 }
    }
}

#[allow(clippy::cast_precision_loss)]
fn stake_of(neuron: &NeuronState) -> f64 {
    neuron.stake_weight.unwrap_or(0) as f64
}

fn normalised(targets: &[u16], values: &[u16]) -> Vec<(u16, f32)> {
    let sum: f32 = values.iter().map(|value| f32::from(*value)).sum();
    let mut row: Vec<(u16, f32)> =
        targets.iter().zip(values).map(|(uid, value)| (*uid, f32::from(*value) / sum.max(1.0))).collect();
    row.sort_unstable_by_key(|(uid, _)| *uid);
    row
}

fn consensus_of(neurons: &[NeuronState]) -> Vec<f32> {
    let highest = neurons.iter().map(|neuron| neuron.uid).max().unwrap_or(0);
    let mut consensus = vec![0.0; usize::from(highest) + 1];
    for neuron in neurons {
        consensus[usize::from(neuron.uid)] = f32::from(neuron.consensus.unwrap_or(0));
    }
    let sum: f32 = consensus.iter().sum();
    if sum <= 0.0 {
        return Vec::new();
    }
    consensus.iter_mut().for_each(|value| *value /= sum);
    consensus
}

fn at(vector: &[f32], uid: u16) -> f64 {
    vector.get(usize::from(uid)).copied().map_or(0.0, f64::from)
}

/// Cosine of a row and a vector by uid.
pub(super) fn cosine(row: &[(u16, f32)], vector: &[f32]) -> f64 {
    let dot: f64 = row.iter().map(|(uid, value)| f64::from(*value) * at(vector, *uid)).sum();
    let one: f64 = row.iter().map(|(_, value)| f64::from(*value).powi(2)).sum();
    let other: f64 = vector.iter().map(|value| f64::from(*value).powi(2)).sum();
    if one > 0.0 && other > 0.0 { dot / (one.sqrt() * other.sqrt()) } else { 0.0 }
}

/// Sum of the differences of a row and a vector by uid.
pub(super) fn distance(row: &[(u16, f32)], vector: &[f32]) -> f64 {
    let mut whole: f64 = vector.iter().map(|value| f64::from(*value)).sum();
    let mut sum = 0.0;
    for (uid, value) in row {
        let other = at(vector, *uid);
        whole -= other;
        sum += (f64::from(*value) - other).abs();
    }
    sum + whole.max(0.0)
}

/// Cosine of two rows.
pub(super) fn cosine_of_rows(one: &[(u16, f32)], other: &[(u16, f32)]) -> f64 {
    let highest = other.iter().map(|(uid, _)| *uid).max().unwrap_or(0);
    let mut vector = vec![0.0; usize::from(highest) + 1];
    for (uid, value) in other {
        vector[usize::from(*uid)] = *value;
    }
    cosine(one, &vector)
}
