//! The weighted median: the chain's own cases, and its way of finding it by pivots.

use proptest::prelude::*;

use super::*;

/// The value nearest to a decimal, as the chain's literals are read.
fn near(value: f64) -> I32F32 {
    I32F32::from_bits((value * 4_294_967_296.0).round_ties_even() as i64)
}

/// The median as the chain finds it: by narrowing a list of indices around pivots.
fn by_pivots(stake: &[I32F32], scores: &[I32F32], minority: I32F32, all: I32F32) -> I32F32 {
    let total =
        |part: &[usize]| part.iter().fold(I32F32::ZERO, |sum, index| sum.saturating_add(stake[*index]));
    let mut part: Vec<usize> = (0..scores.len()).collect();
    let (mut low, mut high) = (I32F32::ZERO, all);
    loop {
        match part.as_slice() {
            [] => return I32F32::ZERO,
            [only] => return scores[*only],
            _ => {}
        }
        let pivot = scores[part[part.len() / 2]];
        let lower: Vec<usize> = part.iter().copied().filter(|index| scores[*index] < pivot).collect();
        let upper: Vec<usize> = part.iter().copied().filter(|index| scores[*index] > pivot).collect();
        let below = low.saturating_add(total(&lower));
        let up_to = high.saturating_sub(total(&upper));
        if minority < below && !lower.is_empty() {
            part = lower;
            high = below;
        } else if up_to <= minority && !upper.is_empty() {
            part = upper;
            low = up_to;
        } else {
            return pivot;
        }
    }
}

/// The median of voters, some of them scoring zero, as `agree` asks for it.
fn median(stake: &[I32F32], scores: &[I32F32], minority: I32F32, all: I32F32) -> I32F32 {
    let mut cells: Vec<(I32F32, I32F32)> = scores.iter().copied().zip(stake.iter().copied()).collect();
    cells.retain(|(score, _)| *score > I32F32::ZERO);
    weighted_median(&mut cells, scores.len(), all, minority)
}

#[test]
fn medians_of_the_chains_own_tests() {
    let cases: [(&[f64], &[f64], f64); 12] = [
        (&[], &[], 0.0),
        (&[0.51], &[1.0], 1.0),
        (&[0.49, 0.51], &[0.5, 1.0], 1.0),
        (&[0.51, 0.49], &[0.5, 1.0], 0.5),
        (&[0.49, 0.0, 0.51], &[0.5, 0.7, 1.0], 1.0),
        (&[0.49, 0.01, 0.5], &[0.5, 0.7, 1.0], 0.7),
        (&[0.49, 0.51, 0.0], &[0.5, 0.7, 1.0], 0.7),
        (&[0.0, 0.49, 0.51], &[0.5, 0.7, 1.0], 1.0),
        (&[0.0, 0.49, 0.0, 0.51], &[0.5, 0.5, 1.0, 1.0], 1.0),
        (&[0.0, 0.49, 0.0, 0.51, 0.0], &[0.5, 0.5, 1.0, 1.0, 0.5], 1.0),
        (&[0.2; 5], &[0.8, 0.2, 1.0, 0.6, 0.4], 0.6),
        (&[0.1; 10], &[0.8, 0.8, 0.2, 0.2, 1.0, 1.0, 0.6, 0.6, 0.4, 0.4], 0.6),
    ];
    for (stake, scores, expected) in cases {
        let mut stake: Vec<I32F32> = stake.iter().copied().map(near).collect();
        let scores: Vec<I32F32> = scores.iter().copied().map(near).collect();
        normalise(&mut stake);
        let all = sum(&stake);
        let minority = all.saturating_sub(near(0.51));
        assert_eq!(median(&stake, &scores, minority, all), near(expected), "{stake:?} {scores:?}");
        assert_eq!(by_pivots(&stake, &scores, minority, all), near(expected), "{stake:?} {scores:?}");
    }
}

/// Consensus of a matrix, one row a validator.
fn consensus_of(stake: &[f64], rows: &[[f64; 3]], kappa: f64) -> Vec<I32F32> {
    let mut buffers = MechanismBuffers::default();
    for row in rows {
        for (column, weight) in (0..).zip(row) {
            if *weight > 0.0 {
                buffers.weights.push(column, near(*weight));
            }
        }
        buffers.weights.end_row();
    }
    buffers.active_stake = stake.iter().copied().map(near).collect();
    let mut scratch = Scratch::default();
    scratch.prepare(stake.len());
    agree((kappa * 65535.0).round() as u16, &mut scratch, &mut buffers);
    buffers.consensus.truncate(3);
    buffers.consensus
}

#[test]
fn columns_agree_on_the_weight_of_a_majority() {
    let rows = [[0.0; 3], [0.0, 0.1, 0.0], [0.0, 0.2, 0.4], [0.0, 0.3, 0.1]];
    let stake = [0.0, 0.75, 0.25, 0.0];
    let rows_with_last = |last: [f64; 3]| [rows[1], rows[2], rows[3], last];
    let full = rows_with_last([0.0, 0.4, 0.5]);
    for (kappa, expected) in [(0.24, [0.0, 0.3, 0.4]), (0.26, [0.0, 0.2, 0.4]), (0.76, [0.0, 0.2, 0.1])] {
        assert_eq!(consensus_of(&stake, &full, kappa), expected.map(near), "kappa {kappa}");
    }
    let missing = rows_with_last([0.0, 0.0, 0.5]);
    assert_eq!(consensus_of(&[0.0, 0.3, 0.2, 0.5], &missing, 0.51), [0.0, 0.0, 0.4].map(near));
}

#[test]
fn weights_are_clipped_at_the_consensus_of_their_column() {
    let mut buffers = MechanismBuffers::default();
    for row in 0..4_u64 {
        for column in 0..3_u16 {
            buffers.weights.push(column, I32F32::from_u64(row * 3 + u64::from(column) + 1));
        }
        buffers.weights.end_row();
    }
    buffers.active_stake = vec![I32F32::ZERO; 4];
    buffers.consensus = vec![I32F32::ZERO, I32F32::from_u64(5), I32F32::from_u64(12)];
    clip(&mut buffers);
    let whole = |row: &[(u16, I32F32)]| row.iter().map(|(column, value)| (*column, value.to_u64())).collect();
    let rows: Vec<Vec<(u16, u64)>> = buffers.clipped.rows().map(whole).collect();
    assert_eq!(rows, [[(1, 2), (2, 3)], [(1, 5), (2, 6)], [(1, 5), (2, 9)], [(1, 5), (2, 12)]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Few distinct scores and stakes, so that ties and empty halves are common.
    #[test]
    fn the_median_is_where_the_pivots_end(
        voters in prop::collection::vec((0_u64..4, prop_oneof![0_i64..5, 0_i64..1 << 32]), 0..40),
        kappa in prop_oneof![Just(0_u16), Just(u16::MAX), Just(32767), any::<u16>()],
    ) {
        let mut stake: Vec<I32F32> = voters.iter().map(|(stake, _)| I32F32::from_u64(*stake)).collect();
        let scores: Vec<I32F32> = voters.iter().map(|(_, score)| I32F32::from_bits(*score)).collect();
        normalise(&mut stake);
        let all = sum(&stake);
        let minority = all.saturating_sub(I32F32::from_u16_share(kappa));
        prop_assert_eq!(median(&stake, &scores, minority, all), by_pivots(&stake, &scores, minority, all));
    }
}
