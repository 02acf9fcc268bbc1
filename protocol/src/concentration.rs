//! Concentration: how unevenly an amount is held.

use crate::fixed::{U64F64, wide};

/// How unevenly an amount is held. Shares are fractions of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concentration {
    /// Holders with more than nothing.
    pub holders: u64,
    /// What they hold.
    pub total: u128,
    /// Gini coefficient: 0 where all hold the same, towards 1 where one holds all.
    pub gini: U64F64,
    /// Herfindahl–Hirschman index: the sum of squared shares, 1/holders to 1.
    pub hhi: U64F64,
    /// Nakamoto coefficient: the least number of holders who together have more than half.
    pub nakamoto: u64,
    /// Share of the greatest holder.
    pub top_1: U64F64,
    /// Share of the ten greatest holders.
    pub top_10: U64F64,
}

/// Concentration of these amounts; `None` where nobody holds anything. Zeros are no holders.
#[must_use]
pub fn concentration(amounts: &[u64]) -> Option<Concentration> {
    let mut held: Vec<u64> = amounts.iter().copied().filter(|amount| *amount > 0).collect();
    held.sort_unstable_by(|a, b| b.cmp(a));
    let total: u128 = held.iter().map(|amount| u128::from(*amount)).sum();
    if total == 0 {
        return None;
    }
    let top = |count: usize| ratio(held.iter().take(count).map(|amount| u128::from(*amount)).sum(), total);
    Some(Concentration {
        holders: held.len() as u64,
        total,
        gini: gini(&held, total),
        hhi: held.iter().fold(U64F64::ZERO, |sum, amount| {
            let share = ratio(u128::from(*amount), total);
            sum.saturating_add(share.saturating_mul(share))
        }),
        nakamoto: nakamoto(&held, total),
        top_1: top(1),
        top_10: top(10),
    })
}

/// `Σ (n + 1 − 2·rank) · amount / (n · total)` of amounts in descending order, rank from 1.
fn gini(held: &[u64], total: u128) -> U64F64 {
    let n = held.len() as i128;
    let mut sum = 0_i128;
    for (rank, amount) in (1_i128..).zip(held) {
        // below 2^64 holders times 2^64, summed over holders of at most 2^64 together: fits for any real chain
        sum = sum.saturating_add((n + 1 - 2 * rank).saturating_mul(i128::from(*amount)));
    }
    let sum = u128::try_from(sum).unwrap_or(0);
    match total.checked_mul(held.len() as u128) {
        Some(whole) => ratio(sum, whole),
        None => U64F64::ZERO,
    }
}

fn nakamoto(held: &[u64], total: u128) -> u64 {
    let mut sum = 0_u128;
    for (count, amount) in (1_u64..).zip(held) {
        sum += u128::from(*amount);
        if sum > total / 2 {
            return count;
        }
    }
    held.len() as u64
}

/// `part / whole`, truncated; zero of nothing.
fn ratio(part: u128, whole: u128) -> U64F64 {
    wide::div(part >> 64, part << 64, whole).map_or(U64F64::ZERO, U64F64::from_bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(value: U64F64) -> f64 {
        value.to_bits() as f64 / 2_f64.powi(64)
    }

    #[test]
    fn the_ends_are_equality_and_one_holder_of_all() {
        let even = concentration(&[5, 5, 5, 5, 0]).unwrap();
        assert_eq!((even.holders, even.total, even.gini, even.nakamoto), (4, 20, U64F64::ZERO, 3));
        assert_eq!(even.hhi, U64F64::ratio(1, 4));
        let one = concentration(&[7]).unwrap();
        assert_eq!((one.gini, one.hhi, one.nakamoto), (U64F64::ZERO, U64F64::ONE, 1));
        assert_eq!(concentration(&[0, 0]), None);
        assert_eq!(concentration(&[]), None);
    }

    proptest! {
        #[test]
        fn all_measures_agree_with_their_definitions(amounts in prop::collection::vec(0_u64..1_000_000, 1..60)) {
            let Some(found) = concentration(&amounts) else {
                prop_assert!(amounts.iter().all(|amount| *amount == 0));
                return Ok(());
            };
            let held: Vec<f64> = amounts.iter().filter(|amount| **amount > 0).map(|amount| *amount as f64).collect();
            let (n, total) = (held.len() as f64, held.iter().sum::<f64>());
            // the mean absolute difference of all pairs
            let pairs: f64 = held.iter().flat_map(|a| held.iter().map(move |b| (a - b).abs())).sum();
            prop_assert!((float(found.gini) - pairs / (2.0 * n * total)).abs() < 1e-9);
            let hhi: f64 = held.iter().map(|amount| (amount / total).powi(2)).sum();
            prop_assert!((float(found.hhi) - hhi).abs() < 1e-9);
            let mut sorted = held;
            sorted.sort_by(|a, b| b.total_cmp(a));
            let count = found.nakamoto as usize;
            prop_assert!(sorted[..count].iter().sum::<f64>() * 2.0 > total);
            prop_assert!(sorted[..count - 1].iter().sum::<f64>() * 2.0 <= total);
            prop_assert!(found.top_1 <= found.top_10 && found.top_10 <= U64F64::ONE);
        }
    }
}
