//! Which weights count: the stored rows without what is not allowed, outdated or not yet revealed.

use crate::fixed::I32F32;

use super::{EpochError, EpochInputs, MechanismInputs, Rules, sparse::Sparse, workspace::Scratch};

/// Reads the weights of permitted validators, drops the cells that do not count and makes each row a share of
/// its sum. Cells keep the order in which the validator submitted them; explicit zeros stay.
pub(super) fn read(
    inputs: &EpochInputs,
    mechid: usize,
    mechanism: &MechanismInputs,
    rules: &Rules,
    permits: &[bool],
    scratch: &mut Scratch,
    weights: &mut Sparse,
) -> Result<(), EpochError> {
    weights.clear();
    scratch.met.fill(0);
    let owner = inputs.owner_uid.filter(|_| rules.owner_self_weight);
    let commits = mechanism.commit_blocks.as_ref().filter(|_| rules.commit_mask);
    for (uid, permit) in permits.iter().enumerate() {
        let row = mechanism.weights.get(uid).filter(|_| *permit);
        let updated = mechanism.last_update.get(uid).copied().unwrap_or(0);
        let committed = commits.map_or(u64::MAX, |blocks| blocks.get(uid).copied().unwrap_or(u64::MAX));
        let is_owner = owner.map(usize::from) == Some(uid);
        for (column, weight) in row.into_iter().flatten() {
            let target = usize::from(*column);
            let Some(neuron) = inputs.neurons.get(target) else { continue };
            meet(scratch, uid, target)
                .map_err(|()| EpochError::duplicate(mechid, "weights", uid, *column))?;
            let registered = neuron.registered();
            let own = target == uid && !is_owner;
            let outdated = updated <= registered;
            let unrevealed = committed < registered;
            if !own && !outdated && !unrevealed {
                weights.push(*column, I32F32::from_u64(u64::from(*weight)));
            }
        }
        let open = weights.open_row();
        let sum = open.iter().fold(I32F32::ZERO, |sum, (_, weight)| sum.saturating_add(*weight));
        if sum > I32F32::ZERO {
            for (_, weight) in open {
                *weight = weight.safe_div(sum);
            }
        }
        weights.end_row();
    }
    Ok(())
}

/// Notes that `row` names `column`, an error the second time.
pub(super) fn meet(scratch: &mut Scratch, row: usize, column: usize) -> Result<(), ()> {
    // rows count from one, so that zero is "never"
    let mark = u32::try_from(row + 1).unwrap_or(u32::MAX);
    match scratch.met.get_mut(column) {
        Some(last) if *last == mark => Err(()),
        Some(last) => {
            *last = mark;
            Ok(())
        }
        None => Ok(()),
    }
}
