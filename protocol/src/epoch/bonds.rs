//! Bonds: what validators hold of the miners they weighed early, and the dividends this earns.

mod liquid;

use crate::fixed::{I32F32, I64F64};

use super::{
    EpochError, EpochInputs, LiquidAlpha, MechanismInputs, Rules,
    era::BondsMask,
    sparse::{Cell, Sparse, normalise},
    weights::meet,
    workspace::{MechanismBuffers, Scratch},
};

/// Which weights make bonds, chosen by the bonds penalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Penalty 0: all weights.
    Weights,
    /// Penalty 1, and every epoch before there was one: the clipped weights.
    Clipped,
    /// Between: weights interpolated, in order of the columns.
    Interpolated,
}

impl Source {
    /// The rows that make bonds.
    pub(super) fn rows(self, buffers: &MechanismBuffers) -> &Sparse {
        match self {
            Self::Weights => &buffers.weights,
            Self::Clipped => &buffers.clipped,
            Self::Interpolated => &buffers.interpolated,
        }
    }
}

/// Bonds after this epoch (`bonds`, and `scaled_bonds` as they are stored) and the dividends.
pub(super) fn update(
    inputs: &EpochInputs,
    mechid: usize,
    mechanism: &MechanismInputs,
    rules: &Rules,
    scratch: &mut Scratch,
    buffers: &mut MechanismBuffers,
) -> Result<Source, EpochError> {
    let source = choose_source(inputs, rules, scratch, buffers);
    let yuma3 = rules.yuma3 && inputs.parameters.yuma3_on;
    read_old(inputs, mechid, mechanism, rules, yuma3, scratch, &mut buffers.old_bonds)?;
    buffers.new_bonds.clear();
    buffers.bond_alphas.clear();
    if yuma3 {
        yuma3_bonds(inputs, rules, source, scratch, buffers);
    } else {
        classic_bonds(inputs, rules, source, scratch, buffers);
    }
    Ok(source)
}

fn choose_source(
    inputs: &EpochInputs,
    rules: &Rules,
    scratch: &mut Scratch,
    buffers: &mut MechanismBuffers,
) -> Source {
    buffers.interpolated.clear();
    match inputs.parameters.bonds_penalty {
        _ if !rules.bonds_penalty => Source::Clipped,
        0 => Source::Weights,
        u16::MAX => Source::Clipped,
        penalty => {
            interpolate(I32F32::from_u16_share(penalty), scratch, buffers);
            Source::Interpolated
        }
    }
}

/// `weight + ⌊penalty · (clipped − weight)⌋`, positive ones, sorted by column.
fn interpolate(penalty: I32F32, scratch: &mut Scratch, buffers: &mut MechanismBuffers) {
    for (row, clipped_row) in buffers.weights.rows().zip(buffers.clipped.rows()) {
        for (column, clipped) in clipped_row {
            set(&mut scratch.dense, *column, *clipped);
        }
        for (column, weight) in row {
            let clipped = take(&mut scratch.dense, *column);
            let difference = clipped.saturating_sub(*weight);
            let value = weight.saturating_add(penalty.saturating_mul(difference));
            if value > I32F32::ZERO {
                buffers.interpolated.push(*column, value);
            }
        }
        let open = buffers.interpolated.open_row();
        if !open.is_sorted_by_key(|(column, _)| *column) {
            open.sort_unstable_by_key(|(column, _)| *column);
        }
        buffers.interpolated.end_row();
    }
}

/// Reads the stored bonds without those to neurons that are too new: as integers for classic bonds, as shares
/// of one for Yuma3.
fn read_old(
    inputs: &EpochInputs,
    mechid: usize,
    mechanism: &MechanismInputs,
    rules: &Rules,
    yuma3: bool,
    scratch: &mut Scratch,
    old: &mut Sparse,
) -> Result<(), EpochError> {
    let last_tempo = inputs.block.saturating_sub(u64::from(inputs.parameters.tempo));
    let horizon = match rules.bonds_mask {
        BondsMask::LastStep if inputs.last_step_block != 0 => inputs.last_step_block.saturating_add(1),
        BondsMask::LastStep | BondsMask::LastTempo => last_tempo,
        // replaced by the row's own horizon below
        BondsMask::WeightUpdate => 0,
    };
    old.clear();
    scratch.met.fill(0);
    for uid in 0..inputs.neurons.len() {
        let horizon = match rules.bonds_mask {
            BondsMask::WeightUpdate => mechanism.last_update.get(uid).copied().unwrap_or(0),
            BondsMask::LastTempo | BondsMask::LastStep => horizon,
        };
        for (column, bond) in mechanism.bonds.get(uid).into_iter().flatten() {
            let target = usize::from(*column);
            let Some(neuron) = inputs.neurons.get(target) else { continue };
            meet(scratch, uid, target).map_err(|()| EpochError::duplicate(mechid, "bonds", uid, *column))?;
            if horizon <= neuron.registered() {
                continue;
            }
            let value =
                if yuma3 { I32F32::from_u16_share(*bond) } else { I32F32::from_u64(u64::from(*bond)) };
            old.push(*column, value);
        }
        old.end_row();
    }
    Ok(())
}

/// Share of the new in the moving average where liquid alpha does not decide.
fn fixed_alpha(moving_average: u64) -> I32F32 {
    const MILLION: u64 = 1_000_000;
    let kept: I32F32 = I64F64::ratio(moving_average, MILLION).convert();
    I32F32::ONE.saturating_sub(kept)
}

/// Classic: all bonds as shares of their column; dividends are incentive by bonds.
fn classic_bonds(
    inputs: &EpochInputs,
    rules: &Rules,
    source: Source,
    scratch: &mut Scratch,
    buffers: &mut MechanismBuffers,
) {
    buffers.old_bonds.normalise_columns(&mut scratch.columns);
    let mut new_bonds = std::mem::take(&mut buffers.new_bonds);
    for (row, stake) in source.rows(buffers).rows().zip(&buffers.active_stake) {
        for (column, weight) in row {
            new_bonds.push(*column, weight.saturating_mul(*stake));
        }
        new_bonds.end_row();
    }
    new_bonds.normalise_columns(&mut scratch.columns);
    buffers.new_bonds = new_bonds;

    let liquid = rules.liquid_alpha == LiquidAlpha::Columns && inputs.parameters.liquid_alpha_on;
    let fixed = fixed_alpha(inputs.parameters.bonds_moving_average);
    let fitted = liquid && liquid::fit_columns(&inputs.parameters, &buffers.consensus, scratch);
    if !fitted {
        scratch.column_alphas.clear();
        scratch.column_alphas.resize(buffers.consensus.len(), fixed);
    }
    average(&buffers.new_bonds, &buffers.old_bonds, scratch, &mut buffers.bonds);
    buffers.bonds.normalise_columns(&mut scratch.columns);

    buffers.dividends.clear();
    buffers.dividends.extend(buffers.bonds.rows().map(|row| earned(row, &buffers.incentive)));
    normalise(&mut buffers.dividends);

    copy(&buffers.bonds, &mut buffers.scaled_bonds);
    buffers.scaled_bonds.upscale_columns(&mut scratch.columns);
}

/// Yuma3: each bond a share of one that follows its weight; dividends are incentive by share of the bonds,
/// by stake.
fn yuma3_bonds(
    inputs: &EpochInputs,
    rules: &Rules,
    source: Source,
    scratch: &mut Scratch,
    buffers: &mut MechanismBuffers,
) {
    let agreed = buffers.consensus.iter().any(|agreed| *agreed != I32F32::ZERO);
    let mut bonds = std::mem::take(&mut buffers.bonds);
    if inputs.parameters.liquid_alpha_on && agreed {
        let mut alphas = std::mem::take(&mut buffers.bond_alphas);
        liquid::average_entries(inputs, rules, source, scratch, buffers, &mut alphas, &mut bonds);
        buffers.bond_alphas = alphas;
    } else {
        scratch.column_alphas.clear();
        let fixed = fixed_alpha(inputs.parameters.bonds_moving_average);
        scratch.column_alphas.resize(buffers.consensus.len(), fixed);
        average(source.rows(buffers), &buffers.old_bonds, scratch, &mut bonds);
    }
    buffers.bonds = bonds;

    copy(&buffers.bonds, &mut buffers.scaled_bonds);
    buffers.scaled_bonds.normalise_columns(&mut scratch.columns);
    buffers.dividends.clear();
    let rows = buffers.scaled_bonds.rows().zip(&buffers.active_stake);
    buffers.dividends.extend(rows.map(|(row, stake)| earned(row, &buffers.incentive).saturating_mul(*stake)));
    normalise(&mut buffers.dividends);
    copy(&buffers.bonds, &mut buffers.scaled_bonds);
}

/// `⌊α·new⌋ + ⌊(1−α)·old⌋` with the alpha of each column, positive ones, sorted by column.
fn average(new: &Sparse, old: &Sparse, scratch: &mut Scratch, bonds: &mut Sparse) {
    let Scratch { dense, marks, column_alphas, .. } = scratch;
    let alpha = |column: u16| column_alphas.get(usize::from(column)).copied().unwrap_or_default();
    bonds.clear();
    for (new_row, old_row) in new.rows().zip(old.rows()) {
        for (column, value) in new_row {
            add(dense, marks, *column, alpha(*column).saturating_mul(*value));
        }
        for (column, value) in old_row {
            let kept = I32F32::ONE.saturating_sub(alpha(*column));
            add(dense, marks, *column, kept.saturating_mul(*value));
        }
        drain(dense, marks, bonds);
        bonds.end_row();
    }
}

/// Σ over a row of `⌊bond · incentive⌋`.
fn earned(row: &[Cell], incentive: &[I32F32]) -> I32F32 {
    row.iter().fold(I32F32::ZERO, |sum, (column, bond)| {
        let share = incentive.get(usize::from(*column)).copied().unwrap_or_default();
        sum.saturating_add(share.saturating_mul(*bond))
    })
}

fn add(dense: &mut [I32F32], marks: &mut [u64], column: u16, value: I32F32) {
    let index = usize::from(column);
    if let (Some(cell), Some(word)) = (dense.get_mut(index), marks.get_mut(index / 64)) {
        *cell = cell.saturating_add(value);
        *word |= 1 << (index % 64);
    }
}

/// Moves the marked positive columns into the open row, in order, and leaves zeros.
fn drain(dense: &mut [I32F32], marks: &mut [u64], row: &mut Sparse) {
    for (index, word) in marks.iter_mut().enumerate() {
        while *word != 0 {
            let column = index * 64 + word.trailing_zeros() as usize;
            *word &= *word - 1;
            let Some(cell) = dense.get_mut(column) else { continue };
            let value = std::mem::take(cell);
            if let Ok(column) = u16::try_from(column)
                && value > I32F32::ZERO
            {
                row.push(column, value);
            }
        }
    }
}

fn set(dense: &mut [I32F32], column: u16, value: I32F32) {
    if let Some(cell) = dense.get_mut(usize::from(column)) {
        *cell = value;
    }
}

fn take(dense: &mut [I32F32], column: u16) -> I32F32 {
    dense.get_mut(usize::from(column)).map(std::mem::take).unwrap_or_default()
}

fn copy(from: &Sparse, into: &mut Sparse) {
    into.clear();
    for row in from.rows() {
        for (column, value) in row {
            into.push(*column, *value);
        }
        into.end_row();
    }
}

#[cfg(test)]
mod tests;
