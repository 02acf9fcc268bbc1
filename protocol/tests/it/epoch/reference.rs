//! A second epoch, written from the rules as they stand: dense, slow, on plain integers.
//!
//! It shares no code with the first but the exponential and the logarithm, which have tables of their own.

mod arithmetic;
mod mechanism;

use yumascan_protocol::epoch::{
    EpochInputs, EpochOutputs, Era, MechanismOutputs, NeuronVectors, Payout, Rules, era::StakeRule,
};

use arithmetic::{Bits, ONE, div, to_share};
use mechanism::Mechanism;

/// The epoch of all mechanisms.
pub(crate) fn run(inputs: &EpochInputs) -> EpochOutputs {
    let rules = inputs.era.rules();
    let n = inputs.neurons.len();
    let owner = inputs.owner_uid.map(usize::from);
    let stake = stake_shares(inputs, &rules);
    let mut permits: Vec<bool> = inputs.neurons.iter().map(|neuron| neuron.permit).collect();
    let mut next = seats(&stake, usize::from(inputs.parameters.max_allowed_validators), &rules);
    if let (true, Some(owner)) = (rules.owner_always_permitted, owner) {
        permits[owner] = true;
        next[owner] = true;
    }

    let parts = rao_parts(inputs);
    let zeros = vec![0_u16; n];
    let mut outputs = EpochOutputs {
        subnet: NeuronVectors {
            active: vec![false; n],
            emission: vec![0; n],
            consensus: zeros.clone(),
            dividends: zeros.clone(),
            validator_trust: zeros.clone(),
            validator_permit: next.clone(),
            stake_weight: (inputs.era != Era::Mechanisms320).then_some(zeros),
            ..NeuronVectors::default()
        },
        ..EpochOutputs::default()
    };
    for (mechid, mechanism) in inputs.mechanisms.iter().enumerate() {
        let results = Mechanism { inputs, mechanism, rules: &rules, stake: &stake, permits: &permits }.run();
        let rao = parts[mechid];
        let omega: u128 = match (inputs.rao, mechid) {
            (0, 0) => 1 << 64,
            (0, _) => 0,
            _ => (u128::from(rao) << 64) / u128::from(inputs.rao),
        };
        // twice floored, as written: the product, then the sum
        let weighed = |old: u64, new: u64| {
            let sum = (u128::from(old) << 64) + u128::from(new) * omega;
            u64::try_from(sum >> 64).unwrap()
        };
        let paid = |shares: &[Bits]| -> Vec<u64> {
            shares.iter().map(|share| u64::try_from((share * Bits::from(rao)) >> 32).unwrap()).collect()
        };
        let subnet = &mut outputs.subnet;
        let add = |old: &mut Vec<u16>, shares: &[Bits]| {
            for (old, share) in old.iter_mut().zip(shares) {
                *old = u16::try_from(weighed(u64::from(*old), u64::from(to_share(*share)))).unwrap();
            }
        };
        add(&mut subnet.consensus, &results.consensus);
        add(&mut subnet.dividends, &results.dividends);
        add(&mut subnet.validator_trust, &results.trust);
        if let Some(stake_weight) = &mut subnet.stake_weight {
            add(stake_weight, &stake);
        }
        for (old, new) in subnet.emission.iter_mut().zip(paid(&results.combined_share)) {
            *old = weighed(*old, new);
        }
        for (old, new) in subnet.active.iter_mut().zip(&results.active) {
            *old = *old || *new;
        }
        if inputs.era < Era::Mechanisms365 {
            subnet.rank = Some(results.incentive.iter().map(|share| to_share(*share)).collect());
            let trust = results.ranks.iter().zip(&results.preranks);
            subnet.trust = Some(trust.map(|(rank, all)| to_share(div(*rank, *all))).collect());
            subnet.pruning_scores = Some(upscaled(&results.combined_share));
        }
        let stored = |uid: usize| -> Vec<(u16, u16)> {
            if next[uid] {
                let row = &results.scaled_bonds[uid];
                return row.iter().map(|(j, bond)| (*j as u16, to_share(*bond))).collect();
            }
            let old = mechanism.bonds.get(uid).cloned().unwrap_or_default();
            if rules.mechanisms || inputs.neurons[uid].permit { Vec::new() } else { old }
        };
        outputs.mechanisms.push(MechanismOutputs {
            mechid: mechid as u8,
            index: mechid as u16 * 4096 + inputs.netuid,
            rao,
            incentive: results.incentive.iter().map(|share| to_share(*share)).collect(),
            bonds: (0..n).map(stored).collect(),
            server_emission: paid(&results.server_share),
            validator_emission: paid(&results.validator_share),
        });
    }
    let mut payouts: Vec<Payout> = (0..n)
        .map(|uid| Payout {
            uid: uid as u16,
            hotkey: inputs.neurons[uid].key.unwrap(),
            server: outputs.mechanisms.iter().map(|mechanism| mechanism.server_emission[uid]).sum(),
            validator: outputs.mechanisms.iter().map(|mechanism| mechanism.validator_emission[uid]).sum(),
        })
        .collect();
    payouts.sort_by_key(|payout| payout.hotkey);
    outputs.payouts = payouts;
    outputs
}

fn rao_parts(inputs: &EpochInputs) -> Vec<u64> {
    let count = inputs.mechanisms.len();
    let mut parts: Vec<u64> = match &inputs.mechanism_split {
        Some(split) => {
            let mut parts: Vec<u64> = split
                .iter()
                .map(|share| (u128::from(inputs.rao) * u128::from(*share) / 65535) as u64)
                .collect();
            parts.resize(count, 0);
            parts
        }
        None => vec![inputs.rao / count as u64; count],
    };
    parts[0] += inputs.rao.saturating_sub(parts.iter().sum());
    parts
}

/// Stake as shares of all, with 64 fraction bits until the end.
fn stake_shares(inputs: &EpochInputs, rules: &Rules) -> Vec<Bits> {
    let parameters = &inputs.parameters;
    let phi = |proportion: u64| ((u128::from(proportion) << 32) / u128::from(u64::MAX)) as i128;
    let term = |stake: u64, proportion: u64| i128::from(stake) * phi(proportion);
    let inherit = |own: u64, children: &[u64], parents: Vec<(u64, u64)>| -> u64 {
        let given: i128 = children.iter().map(|proportion| term(own, *proportion)).sum();
        let received: i128 = parents.iter().map(|(proportion, stake)| term(*stake, *proportion)).sum();
        let kept = (i128::from(own) << 32) - given;
        let kept = if rules.stake == StakeRule::Alpha { kept.max(0) } else { kept };
        u64::try_from(((kept + received) >> 32).max(0)).unwrap()
    };
    let tao_weight = phi(parameters.tao_weight);
    let weights: Vec<i128> = inputs
        .neurons
        .iter()
        .map(|neuron| {
            let stake = &neuron.stake;
            let alpha_parents =
                stake.parents.iter().map(|parent| (parent.proportion, parent.alpha)).collect();
            let tao_parents = stake.parents.iter().map(|parent| (parent.proportion, parent.tao)).collect();
            if rules.stake == StakeRule::Tao {
                let given: i128 = stake.children.iter().map(|p| term(stake.alpha, *p) >> 32).sum();
                let received: i128 =
                    stake.parents.iter().map(|parent| term(parent.alpha, parent.proportion) >> 32).sum();
                let total = (i128::from(stake.alpha) - given).max(0) + received;
                return total.min(i128::from(parameters.max_stake.unwrap_or(u64::MAX))) << 64;
            }
            let alpha = inherit(stake.alpha, &stake.children, alpha_parents);
            let tao = inherit(stake.tao, &stake.children, tao_parents);
            (i128::from(alpha) << 64) + ((i128::from(tao) * tao_weight) << 32)
        })
        .collect();
    let owner = inputs.owner_uid.map(usize::from);
    let counted: Vec<i128> = weights
        .iter()
        .enumerate()
        .map(|(uid, stake)| {
            let exempt = rules.owner_always_permitted && owner == Some(uid);
            let below = rules.stake_threshold && (stake >> 64) < i128::from(parameters.stake_threshold);
            if below && !exempt { 0 } else { *stake }
        })
        .collect();
    let sum = num_bigint::BigInt::from(counted.iter().sum::<i128>());
    let to_share = |stake: &i128| -> Bits {
        if sum == num_bigint::BigInt::ZERO {
            return 0;
        }
        let share: num_bigint::BigInt = (num_bigint::BigInt::from(*stake) << 64) / &sum;
        i128::try_from(share).unwrap() >> 32
    };
    counted.iter().map(to_share).collect()
}

fn seats(stake: &[Bits], count: usize, rules: &Rules) -> Vec<bool> {
    let mut permits: Vec<bool> = stake.iter().map(|share| !rules.permits_need_stake || *share != 0).collect();
    if stake.len() < count {
        return permits;
    }
    let mut order: Vec<usize> = (0..stake.len()).collect();
    order.sort_by_key(|uid| stake[*uid]);
    for uid in &order[..stake.len() - count] {
        permits[*uid] = false;
    }
    permits
}

fn upscaled(values: &[Bits]) -> Vec<u16> {
    let greatest = values.iter().copied().max().unwrap_or(0);
    // shares never exceed one, so the rule for large values does not apply
    let round = |value: Bits| u16::try_from((value + (ONE / 2)) >> 32).unwrap();
    values.iter().map(|value| if greatest == 0 { 0 } else { round(div(value * 65535, greatest)) }).collect()
}
