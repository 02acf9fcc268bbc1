//! Alphas and moved bonds, with the figures of the chain's own tests.

use proptest::prelude::*;

use super::*;

/// The value nearest to a decimal, as the chain's literals are read.
fn near(value: f64) -> I32F32 {
    I32F32::from_bits((value * 4_294_967_296.0).round_ties_even() as i64)
}

fn is_near(got: I32F32, expected: f64, tolerance: f64) -> bool {
    (got.to_bits() as f64 / 4_294_967_296.0 - expected).abs() <= tolerance
}

fn parameters(steepness: i32) -> Parameters {
    Parameters {
        tempo: 1,
        kappa: 32767,
        bonds_penalty: 65535,
        bonds_moving_average: 900_000,
        yuma3_on: true,
        liquid_alpha_on: true,
        alpha_low: 45875,
        alpha_high: 58982,
        alpha_sigmoid_steepness: steepness,
        activity_cutoff: 5000,
        max_allowed_validators: 64,
        stake_threshold: 0,
        tao_weight: 0,
        max_stake: None,
    }
}

#[test]
fn the_sigmoid_has_the_bits_of_the_chain() {
    let mut sigmoid = Sigmoid::new(&parameters(1000), LiquidAlpha::Entries);
    for ((consensus, weight, bond), bits) in [
        ((0.0, 0.0, 0.0), 3_012_258_989),
        ((0.5, 0.5, 0.5), 3_012_258_989),
        ((0.1, 0.6, 0.2), 3_436_006_604),
        ((0.6, 0.1, 0.5), 3_237_528_796),
        ((0.2, 0.9, 0.95), 3_015_947_586),
    ] {
        let alpha = sigmoid.alpha(near(consensus), near(weight), near(bond));
        assert_eq!(alpha.to_bits(), bits, "({consensus}, {weight}, {bond})");
    }
}

#[test]
fn older_sigmoids_differ_where_they_must() {
    let at = |form, steepness, distance: f64| {
        let mut sigmoid = Sigmoid::new(&parameters(steepness), form);
        sigmoid.alpha(I32F32::ZERO, near(distance), I32F32::ZERO)
    };
    let low = I32F32::from_u16_share(45875);
    let high = I32F32::from_u16_share(58982);
    // within the clamp the two forms agree
    assert_eq!(at(LiquidAlpha::Entries, 1000, 0.25), at(LiquidAlpha::EntriesUnclamped, 1000, 0.25));
    // far outside, the exponential of the unclamped form overflows to zero and the share is one
    assert_eq!(at(LiquidAlpha::EntriesUnclamped, 30_000, 0.0), high);
    assert!(at(LiquidAlpha::Entries, 30_000, 0.0) < low.saturating_add(I32F32::from_bits(10)));
    // without the hundredth ten is as steep as a thousand with it
    assert_eq!(at(LiquidAlpha::EntriesUnscaled, 10, 0.75), at(LiquidAlpha::Entries, 1000, 0.75));
}

#[test]
fn the_curve_runs_through_the_quartiles() {
    let curve = Curve::through(near(0.1), near(0.9), near(0.2), near(0.8));
    assert!(is_near(curve.a, 7.324, 1e-3), "{}", curve.a);
    assert!(is_near(curve.b, 3.662, 1e-3), "{}", curve.b);
    let plain = Curve { a: I32F32::ONE, b: I32F32::ZERO };
    for consensus in [0.1_f64, 0.5, 0.9] {
        let expected = 1.0 / (1.0 + (-consensus).exp());
        assert!(is_near(plain.alpha(near(consensus)), expected, 1e-6), "{consensus}");
    }
}

#[test]
fn quartiles_are_interpolated_between_neighbours() {
    let sorted: Vec<I32F32> = (0..6).map(I32F32::from_i64).collect();
    assert_eq!(quartile(&sorted, 1), near(1.25));
    assert_eq!(quartile(&sorted, 3), near(3.75));
    assert_eq!(quartile(&sorted[..5], 3), near(3.0));
    assert_eq!(quartile(&sorted[..1], 3), I32F32::ZERO);
    assert_eq!(quartile(&[], 3), I32F32::ZERO);
}

#[test]
fn a_bond_moves_by_its_alpha_and_stops_at_one() {
    let old = [0.1, 0.2, 3.0, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11, 0.12];
    let moved_to = [0.19, 0.38, 1.0, 0.436, 0.545, 0.654, 0.763, 0.872, 0.981, 1.0, 1.0, 1.0];
    for (index, (old, expected)) in old.into_iter().zip(moved_to).enumerate() {
        let weight = I32F32::from_u64(index as u64 + 1);
        assert!(is_near(moved(near(0.1), weight, near(old)), expected, 1e-6), "{index}");
    }
    for (alpha, new, old, expected) in
        [(0.9, 0.1, 0.5, 0.14), (0.8, 0.2, 0.6, 0.28), (0.5, 0.3, 0.7, 0.5), (0.7, 0.4, 0.8, 0.52)]
    {
        assert!(is_near(moved(near(alpha), near(new), near(old)), expected, 1e-6));
    }
}

/// The merge as the chain walks it: over all columns, with a cursor that never goes back.
fn merge(row: &[Cell], columns: u16) -> Vec<I32F32> {
    let mut cursor = 0;
    let mut values = vec![I32F32::ZERO; usize::from(columns)];
    for column in 0..columns {
        while cursor < row.len() && row[cursor].0 < column {
            cursor += 1;
        }
        if cursor < row.len() && row[cursor].0 == column {
            values[usize::from(column)] = row[cursor].1;
        }
    }
    values
}

proptest! {
    #[test]
    fn cells_after_a_greater_column_are_not_seen(
        columns in prop::collection::vec(0_u16..20, 0..20)
    ) {
        let mut row: Vec<Cell> = Vec::new();
        for column in columns {
            if row.iter().all(|(known, _)| *known != column) {
                row.push((column, I32F32::from_u64(row.len() as u64 + 1)));
            }
        }
        let mut values = vec![I32F32::ZERO; 20];
        for (column, value) in seen(&row) {
            values[usize::from(column)] = value;
        }
        prop_assert_eq!(values, merge(&row, 20));
    }
}
