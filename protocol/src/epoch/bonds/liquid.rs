//! Liquid alpha: how fast bonds follow weights, decided by the consensus.

use crate::fixed::{I32F32, exp_safe, exp_unclamped, ln_or_zero};

use super::{
    super::{
        EpochInputs, LiquidAlpha, Parameters, Rules,
        sparse::{Cell, Sparse},
        workspace::{MechanismBuffers, Scratch},
    },
    Source, set, take,
};

/// One alpha a column, on a logistic curve through the quartiles of the consensus. `false` where the consensus
/// gives none and the fixed alpha stays.
pub(super) fn fit_columns(parameters: &Parameters, consensus: &[I32F32], scratch: &mut Scratch) -> bool {
    if consensus.iter().all(|agreed| *agreed == I32F32::ZERO) {
        return false;
    }
    let sorted = &mut scratch.columns;
    sorted.clear();
    sorted.extend_from_slice(consensus);
    sorted.sort_unstable();
    let (low, high) = (quartile(sorted, 1), quartile(sorted, 3));
    if high <= low && high == I32F32::ZERO && low >= I32F32::ZERO {
        return false;
    }
    let alpha_low = I32F32::from_u16_share(parameters.alpha_low);
    let alpha_high = I32F32::from_u16_share(parameters.alpha_high);
    let curve = Curve::through(alpha_low, alpha_high, low, high);
    scratch.column_alphas.clear();
    scratch.column_alphas.extend(consensus.iter().map(|agreed| {
        // not `clamp`, which panics where the bounds are the wrong way round
        curve.alpha(*agreed).max(alpha_low).min(alpha_high)
    }));
    true
}

/// The value at `quarters` quarters of a sorted list, interpolated between neighbours.
fn quartile(sorted: &[I32F32], quarters: usize) -> I32F32 {
    let Some(last) = sorted.len().checked_sub(1) else { return I32F32::ZERO };
    let position = quarters * last;
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    let (below, rest) = (at(position / 4), position % 4);
    if rest == 0 {
        return below;
    }
    let weight = I32F32::ratio(u64::try_from(rest).unwrap_or(0), 4);
    let step = at(position / 4 + 1).saturating_sub(below);
    below.saturating_add(step.saturating_mul(weight))
}

/// The logistic curve `1 / (1 + e^(b − a·C))`.
struct Curve {
    a: I32F32,
    b: I32F32,
}

impl Curve {
    /// The curve that has `alpha_low` at consensus `low` and `alpha_high` at `high`.
    fn through(alpha_low: I32F32, alpha_high: I32F32, low: I32F32, high: I32F32) -> Self {
        if high <= low || alpha_low == I32F32::ZERO || alpha_high == I32F32::ZERO {
            return Self { a: I32F32::ZERO, b: I32F32::ZERO };
        }
        let logit = |alpha: I32F32| ln_or_zero(I32F32::ONE.safe_div(alpha).saturating_sub(I32F32::ONE));
        let rise = logit(alpha_high).saturating_sub(logit(alpha_low));
        let a = rise.safe_div(low.saturating_sub(high));
        let b = logit(alpha_low).saturating_add(a.saturating_mul(low));
        Self { a, b }
    }

    fn alpha(&self, consensus: I32F32) -> I32F32 {
        let x = self.b.saturating_sub(self.a.saturating_mul(consensus));
        I32F32::ONE.safe_div(I32F32::ONE.saturating_add(exp_unclamped(x)))
    }
}

/// Moving average with one alpha an entry: a bond stays only where the new row names its column, be it with
/// weight zero; rows keep the order of the weights.
pub(super) fn average_entries(
    inputs: &EpochInputs,
    rules: &Rules,
    source: Source,
    scratch: &mut Scratch,
    buffers: &MechanismBuffers,
    alphas: &mut Sparse,
    bonds: &mut Sparse,
) {
    let mut sigmoid = Sigmoid::new(&inputs.parameters, rules.liquid_alpha);
    let Scratch { dense, dense_seen, .. } = scratch;
    bonds.clear();
    for (new_row, old_row) in source.rows(buffers).rows().zip(buffers.old_bonds.rows()) {
        for (column, bond) in old_row {
            set(dense, *column, *bond);
        }
        for (column, bond) in seen(old_row) {
            set(dense_seen, column, bond);
        }
        let mut highest = None;
        for (column, weight) in new_row {
            // what the merge over sorted rows would see of an unsorted one
            let is_seen = highest.is_none_or(|highest| *column > highest);
            highest = highest.max(Some(*column));
            let seen_weight = if is_seen { *weight } else { I32F32::ZERO };
            let seen_bond = take(dense_seen, *column);
            let agreed = buffers.consensus.get(usize::from(*column)).copied().unwrap_or_default();
            let alpha = sigmoid.alpha(agreed, seen_weight, seen_bond);
            alphas.push(*column, alpha);

            let bond = moved(alpha, *weight, take(dense, *column));
            if bond > I32F32::ZERO {
                bonds.push(*column, bond);
            }
        }
        for (column, _) in old_row {
            set(dense, *column, I32F32::ZERO);
            set(dense_seen, *column, I32F32::ZERO);
        }
        alphas.end_row();
        bonds.end_row();
    }
}

/// A bond moved towards its weight by `alpha`, at most one.
fn moved(alpha: I32F32, weight: I32F32, bond: I32F32) -> I32F32 {
    let kept = I32F32::ONE.saturating_sub(alpha).saturating_mul(bond);
    let bought = alpha.saturating_mul(weight).max(I32F32::ZERO);
    kept.saturating_add(bought).min(I32F32::ONE)
}

/// The cells that a single forward merge over ascending columns meets: those above all before them.
fn seen(row: &[Cell]) -> impl Iterator<Item = Cell> {
    let mut highest = None;
    row.iter().copied().filter(move |(column, _)| {
        let is_seen = highest.is_none_or(|highest| *column > highest);
        highest = highest.max(Some(*column));
        is_seen
    })
}

/// The alpha of one bond, from how far weight or bond stand from the consensus.
struct Sigmoid {
    low: I32F32,
    high: I32F32,
    slope: I32F32,
    form: LiquidAlpha,
    /// The last argument and its alpha: most bonds of an epoch share one.
    last: Option<(I32F32, I32F32)>,
}

impl Sigmoid {
    fn new(parameters: &Parameters, form: LiquidAlpha) -> Self {
        let steepness = I32F32::from_i64(i64::from(parameters.alpha_sigmoid_steepness));
        let slope = match form {
            LiquidAlpha::EntriesUnscaled | LiquidAlpha::Columns => steepness,
            LiquidAlpha::EntriesUnclamped | LiquidAlpha::Entries => {
                steepness.safe_div(I32F32::from_i64(-100))
            }
        };
        Self {
            low: I32F32::from_u16_share(parameters.alpha_low),
            high: I32F32::from_u16_share(parameters.alpha_high),
            slope,
            form,
            last: None,
        }
    }

    /// Alpha of a bond of which `consensus`, `weight` and old `bond` are known.
    fn alpha(&mut self, consensus: I32F32, weight: I32F32, bond: I32F32) -> I32F32 {
        let zero_to_one = |value: I32F32| value.clamp(I32F32::ZERO, I32F32::ONE);
        let distance = if weight >= bond {
            zero_to_one(weight.saturating_sub(consensus))
        } else {
            zero_to_one(bond.saturating_sub(weight))
        };
        match self.last {
            Some((known, alpha)) if known == distance => alpha,
            _ => {
                let alpha = self.at(distance);
                self.last = Some((distance, alpha));
                alpha
            }
        }
    }

    fn at(&self, distance: I32F32) -> I32F32 {
        const HALF: I32F32 = I32F32::from_bits(1 << 31);
        let product = self.slope.saturating_mul(distance.saturating_sub(HALF));
        let power = match self.form {
            LiquidAlpha::EntriesUnscaled | LiquidAlpha::Columns => {
                exp_unclamped(I32F32::ZERO.saturating_sub(product))
            }
            LiquidAlpha::EntriesUnclamped => exp_unclamped(product),
            LiquidAlpha::Entries => exp_safe(product),
        };
        let share = I32F32::ONE.safe_div(I32F32::ONE.saturating_add(power));
        let range = self.high.saturating_sub(self.low);
        // not `clamp`, which panics where the bounds are the wrong way round
        self.low.saturating_add(share.saturating_mul(range)).max(self.low).min(self.high)
    }
}

#[cfg(test)]
mod tests;
