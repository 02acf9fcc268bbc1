//! Averages and interpolation, with the figures of the chain's own tests.

use super::*;

fn near(value: f64) -> I32F32 {
    I32F32::from_bits((value * 4_294_967_296.0).round_ties_even() as i64)
}

fn matrix(row: &[f64]) -> Sparse {
    let mut matrix = Sparse::default();
    for (column, value) in (0..).zip(row) {
        if *value != 0.0 {
            matrix.push(column, near(*value));
        }
    }
    matrix.end_row();
    matrix
}

fn close(got: &Sparse, expected: &[f64]) {
    let row = got.row(0);
    for (column, expected) in (0_u16..).zip(expected) {
        let value =
            row.iter().find(|(known, _)| *known == column).map_or(0.0, |(_, value)| value.to_bits() as f64);
        // relative to the value, as the chain's own tests ask
        let gap = (value / 4_294_967_296.0 - expected).abs();
        assert!(gap <= 1e-6 * expected.max(1.0), "column {column}: {value} and {expected}");
    }
}

#[test]
fn the_average_takes_its_share_of_new_and_old() {
    let mut scratch = Scratch::default();
    scratch.prepare(6);
    // the share of the new is a tenth: nine tenths of the first matrix stay
    scratch.column_alphas = vec![near(0.1); 6];
    let powers = [1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0];
    let tenfold = powers.map(|value| value * 10.0);
    let mut bonds = Sparse::default();
    average(&matrix(&powers), &matrix(&tenfold), &mut scratch, &mut bonds);
    close(&bonds, &[9.1, 91.0, 910.0, 9100.0, 91_000.0, 910_000.0]);
    let one_sided = [10.0, 100.0, 1000.0, 10_000.0, 100_000.0, 0.0];
    average(
        &matrix(&[1.0, 0.0, 100.0, 1000.0, 10_000.0, 100_000.0]),
        &matrix(&one_sided),
        &mut scratch,
        &mut bonds,
    );
    close(&bonds, &[9.1, 90.0, 910.0, 9100.0, 91_000.0, 10_000.0]);
    assert!(scratch.dense.iter().all(|value| *value == I32F32::ZERO), "scratch is left clean");
}

#[test]
fn the_penalty_interpolates_between_weights_and_clipped_weights() {
    let mut buffers = MechanismBuffers { weights: matrix(&[0.5, 0.25, 0.25]), ..MechanismBuffers::default() };
    buffers.clipped = matrix(&[0.5, 0.0, 0.125]);
    let mut scratch = Scratch::default();
    scratch.prepare(3);
    interpolate(near(0.5), &mut scratch, &mut buffers);
    close(&buffers.interpolated, &[0.5, 0.125, 0.1875]);
    // the chain's own figures, of which nine tenths are the second matrix
    scratch.prepare(6);
    let powers = [1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0];
    for (from, to, expected) in [
        (powers, powers.map(|value| value * 10.0), [9.1, 91.0, 910.0, 9100.0, 91_000.0, 910_000.0]),
        (
            [1.0, 0.0, 100.0, 1000.0, 10_000.0, 100_000.0],
            [10.0, 100.0, 1000.0, 10_000.0, 100_000.0, 0.0],
            [9.1, 90.0, 910.0, 9100.0, 91_000.0, 10_000.0],
        ),
    ] {
        // both matrices have the same cells there: a weight of zero is stored
        let stored = |row: &[f64]| {
            let mut matrix = Sparse::default();
            (0..).zip(row).for_each(|(column, value)| matrix.push(column, near(*value)));
            matrix.end_row();
            matrix
        };
        (buffers.weights, buffers.clipped) = (stored(&from), stored(&to));
        buffers.interpolated.clear();
        interpolate(near(0.9), &mut scratch, &mut buffers);
        close(&buffers.interpolated, &expected);
    }
    assert!(scratch.dense.iter().all(|value| *value == I32F32::ZERO), "scratch is left clean");
}

#[test]
fn interpolated_rows_are_sorted_and_without_zeros() {
    let mut buffers = MechanismBuffers::default();
    for (column, weight) in [(2, 0.5), (0, 0.0), (1, 0.5)] {
        buffers.weights.push(column, near(weight));
        buffers.clipped.push(column, near(weight));
    }
    buffers.weights.end_row();
    buffers.clipped.end_row();
    let mut scratch = Scratch::default();
    scratch.prepare(3);
    interpolate(near(0.5), &mut scratch, &mut buffers);
    assert_eq!(buffers.interpolated.row(0), [(1, near(0.5)), (2, near(0.5))]);
}

#[test]
fn a_column_of_zeros_stays_when_it_is_divided() {
    let mut bonds = matrix(&[0.0, 1.0]);
    bonds.push(0, I32F32::ZERO);
    bonds.push(1, I32F32::ONE);
    bonds.end_row();
    let mut columns = vec![I32F32::ZERO; 2];
    bonds.normalise_columns(&mut columns);
    assert_eq!(bonds.row(1), [(0, I32F32::ZERO), (1, near(0.5))]);
    bonds.upscale_columns(&mut columns);
    assert_eq!(bonds.row(1), [(0, I32F32::ZERO), (1, I32F32::ONE)]);
}

#[test]
fn the_fixed_alpha_has_the_bits_of_the_chain() {
    assert_eq!(fixed_alpha(900_000).to_bits(), 429_496_730);
    assert_eq!(fixed_alpha(975_000).to_bits(), 107_374_183);
    assert_eq!(fixed_alpha(0), I32F32::ONE);
}
