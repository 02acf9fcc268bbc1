//! Shares of stake, permits and activity.

use crate::fixed::{I32F32, I64F64};

use super::{
    EpochInputs, MechanismInputs, Rules, sparse, stake_weight,
    workspace::{MechanismBuffers, SubnetBuffers},
};

/// Stake of all neurons as shares, the permits in force and those of the next epoch.
pub(super) fn weigh(inputs: &EpochInputs, rules: &Rules, buffers: &mut SubnetBuffers) {
    stake_weight::fill(inputs, &mut buffers.stake_weight);
    let owner = inputs.owner_uid.filter(|_| rules.owner_always_permitted).map(usize::from);
    let threshold = if rules.stake_threshold { inputs.parameters.stake_threshold } else { 0 };

    buffers.wide_stake.clear();
    buffers.wide_stake.extend(buffers.stake_weight.iter().enumerate().map(|(uid, weight)| {
        let below = weight.total.to_u64() < threshold && owner != Some(uid);
        if below { I64F64::ZERO } else { weight.total }
    }));
    let sum = buffers.wide_stake.iter().fold(I64F64::ZERO, |sum, stake| sum.saturating_add(*stake));
    buffers.stake.clear();
    buffers.stake.extend(buffers.wide_stake.iter().map(|stake| {
        let share = if sum == I64F64::ZERO { *stake } else { stake.safe_div(sum) };
        share.convert::<I32F32>()
    }));

    buffers.permits.clear();
    buffers.permits.extend(inputs.neurons.iter().map(|neuron| neuron.permit));
    let seats = usize::from(inputs.parameters.max_allowed_validators);
    top_seats(&buffers.stake, seats, rules.permits_need_stake, &mut buffers.order, &mut buffers.next_permits);
    if let Some(owner) = owner {
        for permits in [&mut buffers.permits, &mut buffers.next_permits] {
            if let Some(permit) = permits.get_mut(owner) {
                *permit = true;
            }
        }
    }
}

/// Seats for the greatest stakes; of equal ones the lower uids lose. With `need_stake` a seat stays free rather
/// than go to a neuron without stake.
pub(super) fn top_seats(
    stake: &[I32F32],
    seats: usize,
    need_stake: bool,
    order: &mut Vec<u16>,
    permits: &mut Vec<bool>,
) {
    permits.clear();
    permits.extend(stake.iter().map(|share| !need_stake || *share != I32F32::ZERO));
    let losers = stake.len().saturating_sub(seats);
    if losers == 0 {
        return;
    }
    let share = |uid: &u16| stake.get(usize::from(*uid)).copied().unwrap_or_default();
    order.clear();
    order.extend((0..=u16::MAX).take(stake.len()));
    // the uid as second key makes the unstable sort a stable one
    order.sort_unstable_by_key(|uid| (share(uid), *uid));
    for uid in order.iter().take(losers) {
        if let Some(permit) = permits.get_mut(usize::from(*uid)) {
            *permit = false;
        }
    }
}

/// Who is active, and the stake of active validators as shares of it.
pub(super) fn activate(
    inputs: &EpochInputs,
    mechanism: &MechanismInputs,
    subnet: &SubnetBuffers,
    buffers: &mut MechanismBuffers,
) {
    let cutoff = inputs.parameters.activity_cutoff;
    let last_update = |uid: usize| mechanism.last_update.get(uid).copied().unwrap_or(0);
    buffers.active.clear();
    buffers
        .active
        .extend((0..inputs.neurons.len()).map(|uid| last_update(uid).saturating_add(cutoff) >= inputs.block));

    let counts = buffers.active.iter().zip(&subnet.permits).map(|(active, permit)| *active && *permit);
    buffers.active_stake.clear();
    buffers.active_stake.extend(
        subnet.stake.iter().zip(counts).map(|(stake, counts)| if counts { *stake } else { I32F32::ZERO }),
    );
    sparse::normalise(&mut buffers.active_stake);
}

#[cfg(test)]
mod tests;
