//! True powers: for what people read, not for what the chain computes.

use super::{U64F64, wide};

/// Fraction bits of logarithms here.
const LOG_BITS: u32 = 96;
/// Fraction bits of a mantissa from one up to two.
const MANTISSA_BITS: u32 = 127;
/// ln 2, truncated to 127 fraction bits.
const LN_2: u128 = 117_932_881_612_756_647_068_972_071_382_077_242_199;

/// `base^(numerator / denominator)`, exact to about 2^-60 of its value and the last bits of the type.
///
/// `None` for a base or a denominator of zero, and where the power does not fit; too small a power is zero.
#[must_use]
pub fn power(base: U64F64, numerator: u64, denominator: u64) -> Option<U64F64> {
    let (negative, log) = log2(base.to_bits())?;
    let (high, low) = wide::mul(log, u128::from(numerator));
    let scaled = wide::div(high, low, u128::from(denominator))?;
    exp2(negative, scaled)
}

/// Sign and magnitude of the binary logarithm of a number of 64 fraction bits, itself with [`LOG_BITS`]; `None` for
/// zero.
fn log2(bits: u128) -> Option<(bool, u128)> {
    let leading = bits.leading_zeros();
    let whole = 63 - i128::from(leading);
    let mut mantissa = bits.checked_shl(leading)?;
    let mut fraction = 0_u128;
    for _ in 0..LOG_BITS {
        // the square of a number from one up to two, with 126 fraction bits in the high half
        let (high, low) = wide::mul(mantissa, mantissa);
        let doubled = high >> MANTISSA_BITS;
        fraction = (fraction << 1) | doubled;
        mantissa = if doubled == 1 { high } else { (high << 1) | (low >> MANTISSA_BITS) };
    }
    let log = (whole << LOG_BITS) + i128::try_from(fraction).ok()?;
    Some((log < 0, log.unsigned_abs()))
}

/// `2^±log` as a number of 64 fraction bits.
fn exp2(negative: bool, log: u128) -> Option<U64F64> {
    let unit = 1_u128 << LOG_BITS;
    let (mut whole, mut fraction) = (log >> LOG_BITS, log & (unit - 1));
    if negative && fraction > 0 {
        // −(w + f) = −(w + 1) + (1 − f)
        (whole, fraction) = (whole + 1, unit - fraction);
    }
    let mantissa = exp_of_fraction(fraction);
    const HALF: u128 = 63;
    if negative {
        let shift = u32::try_from(HALF.saturating_add(whole)).unwrap_or(u32::MAX);
        return Some(U64F64::from_bits(mantissa.unbounded_shr(shift)));
    }
    let shift = u32::try_from(HALF.checked_sub(whole)?).ok()?;
    Some(U64F64::from_bits(mantissa >> shift))
}

/// `2^fraction` from one up to two, with [`MANTISSA_BITS`]: the series of `e^(fraction · ln 2)` until its terms vanish.
fn exp_of_fraction(fraction: u128) -> u128 {
    let times = |a: u128, b: u128| {
        let (high, low) = wide::mul(a, b);
        (high << 1) | (low >> MANTISSA_BITS)
    };
    let exponent = times(fraction << (MANTISSA_BITS - LOG_BITS), LN_2);
    let mut term = 1_u128 << MANTISSA_BITS;
    let mut sum = term;
    let mut index = 1_u128;
    while term > 0 {
        term = times(term, exponent) / index;
        sum = sum.saturating_add(term);
        index += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(value: U64F64) -> f64 {
        value.to_bits() as f64 / 2_f64.powi(64)
    }

    #[test]
    fn whole_powers_and_roots_come_out() {
        let nine = U64F64::from_u64(9);
        let near = |value: Option<U64F64>, wanted: f64| (float(value.unwrap()) / wanted - 1.0).abs() < 1e-15;
        assert!(near(power(nine, 3, 1), 729.0));
        assert!(near(power(nine, 1, 2), 3.0));
        assert!(near(power(U64F64::ratio(1, 4), 1, 2), 0.5));
        assert_eq!(power(U64F64::ONE, u64::MAX, 1), Some(U64F64::ONE));
        assert_eq!(power(nine, 0, 5), Some(U64F64::ONE));
    }

    #[test]
    fn what_has_no_power_is_none_and_what_is_too_small_is_zero() {
        assert_eq!(power(U64F64::ZERO, 1, 1), None);
        assert_eq!(power(U64F64::from_u64(2), 1, 0), None);
        assert_eq!(power(U64F64::from_u64(2), 64, 1), None);
        assert_eq!(power(U64F64::ratio(1, 2), 65, 1), Some(U64F64::ZERO));
    }

    proptest! {
        #[test]
        fn powers_agree_with_floats(base in 1_u128 << 40..1_u128 << 90, numerator in 1_u64..4_000, denominator in 1_u64..4_000) {
            let wanted = (base as f64 / 2_f64.powi(64)).powf(numerator as f64 / denominator as f64);
            prop_assume!(wanted < 1e18 && wanted > 1e-6);
            let found = float(power(U64F64::from_bits(base), numerator, denominator).unwrap());
            prop_assert!((found / wanted - 1.0).abs() < 1e-9, "{found} {wanted}");
        }
    }
}
