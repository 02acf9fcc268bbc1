//! Consensus: for each miner the greatest weight that a majority of stake supports; more than that is clipped.

use crate::fixed::I32F32;

use super::{
    sparse::{Sparse, normalise, sum},
    workspace::{MechanismBuffers, Scratch},
};

/// Consensus by column: the weighted median of the active validators' weights, absent ones being zero.
pub(super) fn agree(kappa: u16, scratch: &mut Scratch, buffers: &mut MechanismBuffers) {
    let columns = buffers.active_stake.len();
    scratch.voting_stake.clear();
    scratch.voting_stake.extend_from_slice(&buffers.active_stake);
    // stakes of zero do not change the sum, so the shares are those of the voters alone
    normalise(&mut scratch.voting_stake);
    let voters = scratch.voting_stake.iter().filter(|stake| **stake > I32F32::ZERO).count();
    let all = sum(&scratch.voting_stake);
    let minority = all.saturating_sub(I32F32::from_u16_share(kappa));

    transpose(&buffers.weights, columns, scratch);
    buffers.consensus.clear();
    for column in 0..columns {
        let (Some(start), Some(end)) =
            (scratch.column_starts.get(column), scratch.column_starts.get(column + 1))
        else {
            continue;
        };
        let cells = scratch.column_cells.get_mut(*start..*end).unwrap_or_default();
        buffers.consensus.push(weighted_median(cells, voters, all, minority));
    }
}

/// Sorts the positive weights of voters into columns.
fn transpose(weights: &Sparse, columns: usize, scratch: &mut Scratch) {
    let voting = |row: usize| scratch.voting_stake.get(row).copied().unwrap_or_default();
    let starts = &mut scratch.column_starts;
    starts.clear();
    starts.resize(columns + 2, 0);
    let counted = |(row, cells)| {
        let stake = voting(row);
        let cells: &[(u16, I32F32)] = if stake > I32F32::ZERO { cells } else { &[] };
        cells
            .iter()
            .filter(|(_, weight)| *weight > I32F32::ZERO)
            .map(move |(column, weight)| (usize::from(*column), *weight, stake))
    };
    // two places on: after the second pass each start stands where it belongs
    for (column, _, _) in weights.rows().enumerate().flat_map(counted) {
        if let Some(count) = starts.get_mut(column + 2) {
            *count += 1;
        }
    }
    let mut total = 0;
    for start in starts.iter_mut() {
        total += *start;
        *start = total;
    }
    let cells = &mut scratch.column_cells;
    cells.clear();
    cells.resize(total, (I32F32::ZERO, I32F32::ZERO));
    for (column, weight, stake) in weights.rows().enumerate().flat_map(counted) {
        let Some(next) = starts.get_mut(column + 1) else { continue };
        if let Some(cell) = cells.get_mut(*next) {
            *cell = (weight, stake);
        }
        *next += 1;
    }
}

/// The least score with more than `minority` of the stake at or below it, or the greatest of all.
///
/// The chain finds it by pivoting. Sums of stake are exact, so every order of pivots ends at this score; the
/// tests hold the two side by side. `cells` are the positive scores with their stake (they get sorted), the
/// other voters score zero.
pub(super) fn weighted_median(
    cells: &mut [(I32F32, I32F32)],
    voters: usize,
    all: I32F32,
    minority: I32F32,
) -> I32F32 {
    let scored = cells.iter().fold(I32F32::ZERO, |sum, (_, stake)| sum.saturating_add(*stake));
    let mut below = all.saturating_sub(scored);
    if voters > cells.len() && below > minority {
        return I32F32::ZERO;
    }
    cells.sort_unstable_by_key(|(score, _)| *score);
    for (score, stake) in cells.iter() {
        below = below.saturating_add(*stake);
        if below > minority {
            return *score;
        }
    }
    cells.last().map_or(I32F32::ZERO, |(score, _)| *score)
}

/// Cuts the weights at the consensus and sums them up: validators' trust by row, ranks by column.
pub(super) fn clip(buffers: &mut MechanismBuffers) {
    let MechanismBuffers {
        weights, clipped, consensus, active_stake, validator_trust, ranks, incentive, ..
    } = buffers;
    clipped.clear();
    validator_trust.clear();
    ranks.clear();
    ranks.resize(active_stake.len(), I32F32::ZERO);
    for (row, stake) in weights.rows().zip(active_stake.iter()) {
        let mut trust = I32F32::ZERO;
        for (column, weight) in row {
            let agreed = consensus.get(usize::from(*column)).copied().unwrap_or_default();
            let kept = if agreed < *weight { agreed } else { *weight };
            if kept != *weight && kept == I32F32::ZERO {
                continue;
            }
            clipped.push(*column, kept);
            trust = trust.saturating_add(kept);
            add_rank(ranks, *column, *stake, kept);
        }
        clipped.end_row();
        validator_trust.push(trust);
    }
    incentive.clone_from(ranks);
    normalise(incentive);
}

/// Ranks without clipping, by column.
pub(super) fn rank_unclipped(buffers: &mut MechanismBuffers) {
    let MechanismBuffers { weights, active_stake, unclipped_ranks, .. } = buffers;
    unclipped_ranks.clear();
    unclipped_ranks.resize(active_stake.len(), I32F32::ZERO);
    for (row, stake) in weights.rows().zip(active_stake.iter()) {
        for (column, weight) in row {
            add_rank(unclipped_ranks, *column, *stake, *weight);
        }
    }
}

fn add_rank(ranks: &mut [I32F32], column: u16, stake: I32F32, weight: I32F32) {
    if let Some(rank) = ranks.get_mut(usize::from(column)) {
        *rank = rank.saturating_add(stake.saturating_mul(weight));
    }
}

#[cfg(test)]
mod tests;
