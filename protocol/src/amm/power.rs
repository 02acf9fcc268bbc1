//! Powers of ratios with fractional exponents, in parts of 10^18: what weighted pools swap by.
//!
//! The chain computes them from exact ratios of integers with far more digits than it keeps, so that what it keeps is
//! the power cut to 18 decimals. Here logarithm and exponential have 112 fraction bits: with exponents up to 100, which
//! weights of a hundredth to 99 hundredths make, enough to cut at the same place, but where a power of one or less lies
//! within 2^−34 of the last decimal below a whole number of them, and that is a whole one in effect.

use std::cmp::Ordering;

use crate::fixed::wide;

/// Parts of one in which a power comes out.
pub(super) const SCALE: u128 = 1_000_000_000_000_000_000;
/// Fraction bits of what is computed on the way; 16 bits are left before the point.
const BITS: u32 = 112;
const ONE: u128 = 1 << BITS;
/// ln 2.
const LN_2: u128 = 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2;
/// What is added before the last cut, of the product with [`SCALE`]: more than all errors before it, so that whole
/// results stay whole.
const SLACK: u128 = 1 << (BITS - 34);
/// Exponents beyond this leave nothing, or more than fits: `e^64 > 2^64 · 10^18 / 2^30`.
const MOST_LOG: u128 = 64 << BITS;

/// `⌊10^18 · (numerator / denominator)^(exponent / unit)⌋`.
///
/// Any power of zero is zero but the zeroth, which is one. `None` for a zero `denominator` or `unit`, or where the power
/// does not fit.
pub(super) fn power(numerator: u128, denominator: u128, exponent: u64, unit: u64) -> Option<u128> {
    if denominator == 0 || unit == 0 {
        return None;
    }
    if exponent == 0 {
        return Some(SCALE);
    }
    if numerator == 0 {
        return Some(0);
    }
    let (less, more, grows) = match numerator.cmp(&denominator) {
        Ordering::Equal => return Some(SCALE),
        Ordering::Less => (numerator, denominator, false),
        Ordering::Greater => (denominator, numerator, true),
    };
    let (high, low) = wide::mul(ln(more, less)?, u128::from(exponent));
    let log = wide::div(high, low, u128::from(unit)).filter(|log| *log < MOST_LOG);
    match (log, grows) {
        (Some(log), _) => scaled_exp(log, grows),
        (None, true) => None,
        (None, false) => Some(0),
    }
}

/// `ln(more / less)` for `more > less > 0`: at most 128 · ln 2.
fn ln(more: u128, less: u128) -> Option<u128> {
    // both with the same top bit, and room for their sum
    let (more_zeros, less_zeros) = (more.leading_zeros(), less.leading_zeros());
    let (more, less) = (more << more_zeros >> 1, less << less_zeros >> 1);
    let halvings = u128::from(less_zeros - more_zeros);
    // ln(a/b) = 2·artanh((a−b)/(a+b)), where a/b lies between a half and two
    let sum = more + less;
    let distance = more.abs_diff(less);
    let ratio = wide::div(distance >> (128 - BITS), distance << BITS, sum)?;
    let square = times(ratio, ratio);
    let (mut term, mut artanh) = (ratio, 0);
    for odd in (1_u128..).step_by(2) {
        let part = term / odd;
        if part == 0 {
            break;
        }
        artanh += part;
        term = times(term, square);
    }
    let whole = LN_2.checked_mul(halvings)?;
    Some(if more >= less { whole + 2 * artanh } else { whole - 2 * artanh })
}

/// `⌊10^18 · e^±log⌋`.
fn scaled_exp(log: u128, grows: bool) -> Option<u128> {
    let mut halvings = u32::try_from(log / LN_2).ok()?;
    let mut rest = log % LN_2;
    if !grows && rest > 0 {
        // e^−x = 2^−(k+1) · e^(ln 2 − r)
        (halvings, rest) = (halvings + 1, LN_2 - rest);
    }
    let (mut term, mut sum) = (ONE, ONE);
    for index in 1_u128.. {
        term = times(term, rest) / index;
        if term == 0 {
            break;
        }
        sum += term;
    }
    let (high, low) = wide::mul(sum, SCALE);
    // the whole power of two goes into the last cut
    let cut = if grows { BITS.checked_sub(halvings)? } else { BITS + halvings };
    let (low, carry) = low.overflowing_add(SLACK);
    let high = high + u128::from(carry);
    match cut {
        0..128 if high.unbounded_shr(cut) > 0 => None,
        0..128 => Some(high.unbounded_shl(128 - cut) | low >> cut),
        _ => Some(high.unbounded_shr(cut - 128)),
    }
}

/// Product of two numbers of [`BITS`] fraction bits, cut.
fn times(a: u128, b: u128) -> u128 {
    let (high, low) = wide::mul(a, b);
    high << (128 - BITS) | low >> BITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_power_has_the_decimals_of_the_chain() {
        let ratio = (21_000_000_000_000_000, 28_000_000_000_000_000);
        assert_eq!(power(ratio.0, ratio.1, 6, 4), Some(649_519_052_838_328_985));
        assert_eq!(power(ratio.0, ratio.1, 600_000_000, 400_000_000), Some(649_519_052_838_328_985));
    }

    #[test]
    fn whole_powers_are_whole() {
        assert_eq!(power(1, 2, 1, 1), Some(SCALE / 2));
        assert_eq!(power(3, 1, 4, 1), Some(81 * SCALE));
        assert_eq!(power(1, 4, 1, 2), Some(SCALE / 2));
        assert_eq!(power(4, 1, 1, 2), Some(2 * SCALE));
        assert_eq!(power(10, 1, 3, 1), Some(1000 * SCALE));
        assert_eq!(power(7, 7, 3, 11), Some(SCALE));
        assert_eq!(power(5, 3, 0, 9), Some(SCALE));
        assert_eq!(power(0, 3, 1, 9), Some(0));
        assert_eq!(power(1, 10, 18, 1), Some(1), "the last decimal");
        assert_eq!(power(1, 10, 19, 1), Some(0));
        assert_eq!(power(3, 0, 1, 9), None);
        assert_eq!(power(3, 4, 1, 0), None);
        assert_eq!(power(u128::MAX, 1, 99, 1), None);
    }

    proptest! {
        /// `p^q ≤ s·(n/d)^e < (p+1)^q` in whole numbers, for powers `e/q` of small terms.
        #[test]
        fn powers_are_cut_where_whole_numbers_say(
            numerator in 1_u64.., denominator in 1_u64.., exponent in 1_u32..12, unit in 1_u32..12,
        ) {
            use num_bigint::BigUint;
            let wanted = power(numerator.into(), denominator.into(), exponent.into(), unit.into());
            // (n^e · s^q) / d^e, whose q-th root it is
            let scaled = BigUint::from(numerator).pow(exponent) * BigUint::from(SCALE).pow(unit);
            let root = (scaled / BigUint::from(denominator).pow(exponent)).nth_root(unit);
            match wanted {
                Some(wanted) if wanted < 1 << 80 => prop_assert_eq!(BigUint::from(wanted), root),
                // great ones have as many digits as the series has
                Some(wanted) => prop_assert!(wanted >> 60 == (root >> 60_u32).try_into().unwrap()),
                None => prop_assert!(root.bits() > 120),
            }
        }

        #[test]
        fn no_ratio_panics(numerator: u128, denominator: u128, exponent: u64, unit: u64) {
            let _ = power(numerator, denominator, exponent, unit);
        }
    }
}
