//! Exponential, logarithm and root: the chain's own figures.

use proptest::prelude::*;
use yumascan_protocol::fixed::{
    I32F32, I64F64, I96F32, U64F64, checked_sqrt, exp, exp_safe, exp_unclamped, ln, log2,
};

#[test]
fn exponentials_have_the_bits_of_the_chain() {
    let half = I32F32::from_bits(1 << 31);
    let minus_half = I32F32::from_bits(-(1 << 31));
    let whole = I32F32::from_i64;
    for (x, bits) in [
        (whole(-20), 8),
        (whole(-10), 194_991),
        (whole(-5), 28_939_262),
        (whole(-1), 1_580_030_169),
        (minus_half, 2_605_029_348),
        (whole(0), 4_294_967_296),
        (half, 7_081_203_935),
        (whole(1), 11_674_931_200),
        (whole(2), 31_735_754_285),
        (whole(5), 637_429_664_624),
        (whole(10), 94_602_947_905_357),
        (whole(20), 2_066_907_302_758_576_256),
    ] {
        assert_eq!(exp(x).map(I32F32::to_bits), Some(bits), "exp({x})");
        assert_eq!(exp_safe(x).to_bits(), bits, "exp_safe({x})");
    }
}

#[test]
fn the_safe_exponential_clamps_and_the_old_one_overflows_to_zero() {
    assert_eq!(exp_safe(I32F32::from_i64(1000)), exp_safe(I32F32::from_i64(20)));
    assert_eq!(exp_safe(I32F32::MIN), exp_safe(I32F32::from_i64(-20)));
    assert_eq!(exp_unclamped(I32F32::from_i64(1000)), I32F32::ZERO);
    assert_eq!(exp_unclamped(I32F32::MIN), I32F32::ZERO);
}

/// `1 / (1 + e^(−rho·(t − 0.5)))`, the logistic curve of the chain's own tests.
fn logistic(rho: i64, t: I32F32) -> I32F32 {
    let distance = t.saturating_sub(I32F32::from_bits(1 << 31));
    let x = I32F32::from_i64(-rho).saturating_mul(distance);
    I32F32::ONE.safe_div(I32F32::ONE.saturating_add(exp_safe(x)))
}

#[test]
fn the_logistic_curve_has_the_bits_of_the_chain() {
    // tenths, rounded to the nearest bit as the chain's literals are
    let tenths = |n: i64| I32F32::from_bits((n * (1 << 33) + 10) / 20);
    for (tenth, bits) in
        [(0, 1313), (4, 203_692_573), (5, 2_147_483_648), (6, 4_091_274_722), (10, 4_294_965_983)]
    {
        assert_eq!(logistic(30, tenths(tenth)).to_bits(), bits, "t = {tenth}/10");
    }
    // asserted within 1e-8 by the chain's own tests, whose tenths are 32-bit floats; values in units of 1e-10
    let float_tenths = |n: u8| I32F32::from_bits((f64::from(f32::from(n) / 10.0) * 4_294_967_296.0) as i64);
    let expected = [
        (0, 19),
        (1, 1_125),
        (2, 61_442),
        (3, 3_353_502),
        (4, 179_862_140),
        (5, 5_000_000_000),
        (6, 9_820_138_067),
        (7, 9_996_646_498),
        (8, 9_999_938_558),
        (9, 9_999_998_875),
        (10, 9_999_999_981),
    ];
    for (tenth, units) in expected {
        let got = (i128::from(logistic(40, float_tenths(tenth)).to_bits()) * 10_000_000_000) >> 32;
        assert!((got - units).abs() <= 100, "t = {tenth}/10: {got} and {units}");
    }
}

#[test]
fn logarithms_of_powers_of_two_are_whole() {
    for power in -30..31_i64 {
        let x = I32F32::from_bits(1 << (32 + power));
        assert_eq!(log2(x), Some(I32F32::from_i64(power)), "2^{power}");
    }
    assert_eq!(log2(I96F32::from_u128(1 << 80)), Some(I96F32::from_u64(80)));
    assert_eq!(ln(I32F32::ONE), Some(I32F32::ZERO));
    assert_eq!(ln(I32F32::ZERO), None);
    assert_eq!(ln(I32F32::from_i64(-3)), None);
    // the inverse of the least values does not fit
    assert_eq!(log2(I32F32::from_bits(1)), None);
    assert_eq!(log2(I32F32::from_bits(2)), None);
}

#[test]
fn roots_come_within_the_tolerance() {
    let thousandth = I64F64::ratio(1, 1000);
    for value in [2_u64, 4, 10, 1_000_000, 1 << 40] {
        let value = I64F64::from_u64(value);
        let root = checked_sqrt(value, thousandth).unwrap();
        let quotient = value.safe_div(root);
        let gap = root.saturating_sub(quotient).max(quotient.saturating_sub(root));
        assert!(gap <= thousandth, "{value}: {root}");
    }
    assert_eq!(checked_sqrt(I64F64::from_i64(-1), thousandth), None);
    let thousandth = U64F64::ratio(1, 1000);
    assert!(checked_sqrt(U64F64::ZERO, thousandth).unwrap() <= thousandth);
    // below one the root lies above the value: a pool's first price is found there
    let epsilon = U64F64::from_bits(18_446_744);
    let half = checked_sqrt(U64F64::ratio(1, 4), epsilon).unwrap();
    assert!(half.to_bits().abs_diff(U64F64::ratio(1, 2).to_bits()) <= epsilon.to_bits(), "{half}");
}

proptest! {
    #[test]
    fn no_series_panics(bits in any::<i64>(), wide in any::<i128>(), unsigned in any::<u128>()) {
        let x = I32F32::from_bits(bits);
        let _ = (exp(x), exp_safe(x), exp_unclamped(x), ln(x), log2(x), checked_sqrt(x, I32F32::ONE));
        let x = I64F64::from_bits(wide);
        let _ = (exp(x), ln(x), log2(x), checked_sqrt(x, I64F64::ONE));
        let x = I96F32::from_bits(wide);
        let _ = (exp(x), ln(x), log2(x), checked_sqrt(x, I96F32::ONE));
        let x = U64F64::from_bits(unsigned);
        let _ = (exp(x), ln(x), log2(x), checked_sqrt(x, U64F64::ZERO));
    }

    /// The logarithm follows the exponential where the series is good.
    #[test]
    fn ln_undoes_exp_near_zero(bits in -(1_i64 << 33)..(1 << 33)) {
        let x = I32F32::from_bits(bits);
        let back = ln(exp(x).unwrap()).unwrap();
        let gap = back.saturating_sub(x);
        // the constants have 23 fraction bits
        prop_assert!(gap.max(I32F32::ZERO.saturating_sub(gap)) < I32F32::from_bits(1 << 14), "{x}: {back}");
    }
}
