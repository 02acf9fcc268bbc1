//! The weight of a neuron's stake: own and inherited alpha, and root TAO at its weight.
//!
//! A hotkey gives the shares of its children away and receives those of its parents; relations count on their own
//! subnet only. All mechanisms of a subnet share the result.

use serde::{Deserialize, Serialize};

use crate::fixed::{Fixed, I64F64, I96F32, U96F32};

use super::{EpochInputs, Neuron, StakeInputs, era::StakeRule};

/// Stake of one neuron after inheritance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StakeWeight {
    /// Alpha, rao; before spec 233 all of the stake, rao of TAO.
    pub alpha: u64,
    /// Root TAO, rao.
    pub tao: u64,
    /// `alpha + tao · weight`, before the threshold.
    pub total: I64F64,
}

/// Stake of all neurons of the subnet, by uid. A uid without hotkey has none.
#[must_use]
pub fn stake_weights(inputs: &EpochInputs) -> Vec<StakeWeight> {
    let mut weights = Vec::with_capacity(inputs.neurons.len());
    fill(inputs, &mut weights);
    weights
}

/// As [`stake_weights`], into a buffer.
pub(crate) fn fill(inputs: &EpochInputs, weights: &mut Vec<StakeWeight>) {
    let rule = inputs.era.rules().stake;
    let tao_weight = tao_weight(inputs.parameters.tao_weight);
    weights.clear();
    weights.extend(inputs.neurons.iter().map(|neuron| {
        let Neuron { key: Some(_), stake, .. } = neuron else { return StakeWeight::default() };
        weigh(rule, stake, tao_weight, inputs.parameters.max_stake)
    }));
}

/// `TaoWeight` (a share of 2^64 − 1) with the 32 fraction bits the chain gives it.
pub fn tao_weight(share: u64) -> I64F64 {
    U96F32::from_u64_share(share).convert()
}

fn weigh(rule: StakeRule, stake: &StakeInputs, tao_weight: I64F64, max_stake: Option<u64>) -> StakeWeight {
    let alpha_of_parents = || stake.parents.iter().map(|parent| (parent.proportion, parent.alpha));
    let tao_of_parents = || stake.parents.iter().map(|parent| (parent.proportion, parent.tao));
    let (alpha, tao) = match rule {
        StakeRule::Tao => {
            let inherited = inherit_whole(stake.alpha, &stake.children, alpha_of_parents());
            (inherited.min(max_stake.unwrap_or(u64::MAX)), 0)
        }
        StakeRule::AlphaSigned => (
            inherit::<I96F32>(stake.alpha, &stake.children, alpha_of_parents()),
            inherit::<I96F32>(stake.tao, &stake.children, tao_of_parents()),
        ),
        StakeRule::Alpha => (
            inherit::<U96F32>(stake.alpha, &stake.children, alpha_of_parents()),
            inherit::<U96F32>(stake.tao, &stake.children, tao_of_parents()),
        ),
    };
    let weighted_tao = I64F64::from_u64(tao).saturating_mul(tao_weight);
    StakeWeight { alpha, tao, total: I64F64::from_u64(alpha).saturating_add(weighted_tao) }
}

/// `own − Σ given + Σ received` in `T`, each product floored at its last bit, then floored to rao.
///
/// An unsigned `T` stops at zero after giving; a signed one only at the end.
fn inherit<T: Fixed>(own: u64, children: &[u64], parents: impl Iterator<Item = (u64, u64)>) -> u64 {
    let part = |stake: u64, share: u64| -> T {
        let stake: T = U96F32::from_u64(stake).convert();
        let share: T = U96F32::from_u64_share(share).convert();
        // a stake of 64 bits times a share of at most one always fits
        stake.checked_mul(share).unwrap_or(T::MAX)
    };
    let given = children.iter().fold(T::ZERO, |sum, share| sum.saturating_add(part(own, *share)));
    let received = parents.fold(T::ZERO, |sum, (share, stake)| sum.saturating_add(part(stake, share)));
    let own: T = U96F32::from_u64(own).convert();
    let inherited: U96F32 = own.saturating_sub(given).saturating_add(received).convert();
    inherited.to_u64()
}

/// The rule before alpha: every term floored to rao before it is summed.
fn inherit_whole(own: u64, children: &[u64], parents: impl Iterator<Item = (u64, u64)>) -> u64 {
    let part = |stake: u64, share: u64| {
        I96F32::from_u64(stake).saturating_mul(I96F32::from_u64_share(share)).to_u64()
    };
    let given = children.iter().fold(0_u64, |sum, share| sum.saturating_add(part(own, *share)));
    let received = parents.fold(0_u64, |sum, (share, stake)| sum.saturating_add(part(stake, share)));
    own.saturating_sub(given).saturating_add(received)
}
