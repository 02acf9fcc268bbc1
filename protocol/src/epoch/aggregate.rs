//! Several mechanisms become one subnet: vectors weighted by each mechanism's part of the rao.

use crate::fixed::{I32F32, U64F64};

use super::{
    EpochInputs, EpochOutputs, NeuronVectors, Payout, Rules,
    quantise::{to_u16_share, upscale_to_u16},
    workspace::{MechanismBuffers, SubnetBuffers},
};

/// A mechanism's part of the rao as a weight; of no rao the first mechanism has all.
pub(super) fn weight(mechid: usize, part: u64, rao: u64) -> U64F64 {
    match (rao, mechid) {
        (0, 0) => U64F64::ONE,
        (0, _) => U64F64::ZERO,
        _ => U64F64::from_u64(part).safe_div(U64F64::from_u64(rao)),
    }
}

/// Vectors of zeros, those that the era stores.
pub(super) fn empty(neurons: usize, rules: &Rules) -> NeuronVectors {
    let zeros = || vec![0; neurons];
    NeuronVectors {
        active: vec![false; neurons],
        emission: vec![0; neurons],
        consensus: zeros(),
        dividends: zeros(),
        validator_trust: zeros(),
        validator_permit: vec![false; neurons],
        stake_weight: rules.stake_weight_stored.then(zeros),
        rank: None,
        trust: None,
        pruning_scores: None,
    }
}

/// Adds one mechanism at its weight, rounding down after each; a neuron active or permitted in one is so in all.
pub(super) fn add(
    vectors: &mut NeuronVectors,
    weight: U64F64,
    rules: &Rules,
    subnet: &SubnetBuffers,
    buffers: &MechanismBuffers,
) {
    let add_shares = |into: &mut [u16], shares: &[I32F32]| {
        for (value, share) in into.iter_mut().zip(shares) {
            let part = U64F64::from_u64(u64::from(to_u16_share(*share))).saturating_mul(weight).to_u16();
            *value = value.saturating_add(part);
        }
    };
    add_shares(&mut vectors.consensus, &buffers.consensus);
    add_shares(&mut vectors.dividends, &buffers.dividends);
    add_shares(&mut vectors.validator_trust, &buffers.validator_trust);
    if let Some(stake_weight) = &mut vectors.stake_weight {
        add_shares(stake_weight, &subnet.stake);
    }
    // the parts are already those of the mechanism: with several the chain weighs them twice
    for (value, rao) in vectors.emission.iter_mut().zip(&buffers.emission) {
        *value = value.saturating_add(U64F64::from_u64(*rao).saturating_mul(weight).to_u64());
    }
    let or = |into: &mut [bool], from: &[bool]| into.iter_mut().zip(from).for_each(|(to, from)| *to |= *from);
    or(&mut vectors.active, &buffers.active);
    or(&mut vectors.validator_permit, &subnet.next_permits);
    if rules.ranks_stored {
        let shares = |values: &[I32F32]| values.iter().copied().map(to_u16_share).collect();
        let trust = buffers.ranks.iter().zip(&buffers.unclipped_ranks);
        vectors.rank = Some(shares(&buffers.incentive));
        vectors.trust = Some(trust.map(|(rank, all)| to_u16_share(rank.safe_div(*all))).collect());
        vectors.pruning_scores = Some(upscale_to_u16(&buffers.combined_share));
    }
}

/// What each hotkey earned in all mechanisms, by the bytes of the hotkey.
pub(super) fn payouts(inputs: &EpochInputs, outputs: &EpochOutputs) -> Vec<Payout> {
    let total = |uid: usize, of: fn(&super::MechanismOutputs) -> &Vec<u64>| {
        let parts = outputs.mechanisms.iter().filter_map(|mechanism| of(mechanism).get(uid));
        parts.fold(0_u64, |sum, part| sum.saturating_add(*part))
    };
    let mut payouts: Vec<Payout> = inputs
        .neurons
        .iter()
        .zip(0..=u16::MAX)
        .filter_map(|(neuron, uid)| {
            let index = usize::from(uid);
            Some(Payout {
                uid,
                hotkey: neuron.key?,
                server: total(index, |mechanism| &mechanism.server_emission),
                validator: total(index, |mechanism| &mechanism.validator_emission),
            })
        })
        .collect();
    payouts.sort_unstable_by_key(|payout| payout.hotkey);
    payouts
}
