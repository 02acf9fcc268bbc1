//! Exponential, logarithm and root as the chain computes them: truncated series, not their true values.

use super::{Fixed, I32F32, Parts};

/// Fraction bits of the constants e and log2 e on the chain.
const CONSTANT_BITS: u32 = 23;
/// e, truncated to 23 fraction bits.
const E: u128 = 22_802_600;
/// log2 e, truncated to 23 fraction bits.
const LOG2_E: u128 = 12_102_203;

/// `e^x`: the Taylor series of `|x|` cut after the term before the number of fraction bits, inverted for a
/// negative `x`. `None` where any step overflows.
///
/// Far from zero it departs from the true exponential; at exactly one it is the constant e of 23 fraction bits.
#[must_use]
pub fn exp<T: Fixed>(x: T) -> Option<T> {
    if x == T::ZERO {
        return Some(T::ONE);
    }
    if x == T::ONE {
        return constant(E);
    }
    let distance = if x < T::ZERO { T::ZERO.checked_sub(x)? } else { x };
    let mut sum = distance.checked_add(T::ONE)?;
    let mut term = distance;
    for index in 2..T::FRACTION_BITS {
        let divisor = integer::<T>(u128::from(index))?;
        term = term.checked_mul(distance)?.checked_div(divisor)?;
        sum = sum.checked_add(term)?;
    }
    if x < T::ZERO { T::ONE.checked_div(sum) } else { Some(sum) }
}

/// [`exp`] of the argument clamped to ±20; an overflow gives the greatest value, or zero for `x ≤ 0`.
pub fn exp_safe(x: I32F32) -> I32F32 {
    const LIMIT: I32F32 = I32F32::from_i64(20);
    let clamped = x.clamp(I32F32::from_i64(-20), LIMIT);
    exp(clamped).unwrap_or(if x <= I32F32::ZERO { I32F32::ZERO } else { I32F32::MAX })
}

/// [`exp`] as the specs before the clamp used it: an overflow gives zero.
pub fn exp_unclamped(x: I32F32) -> I32F32 {
    exp(x).unwrap_or(I32F32::ZERO)
}

/// Natural logarithm: [`log2`] over the truncated constant log2 e. `None` for `x ≤ 0` or where a step overflows.
#[must_use]
pub fn ln<T: Fixed>(x: T) -> Option<T> {
    log2(x)?.checked_div(constant(LOG2_E)?)
}

/// [`ln`], zero where it has no value.
pub fn ln_or_zero(x: I32F32) -> I32F32 {
    ln(x).unwrap_or(I32F32::ZERO)
}

/// Binary logarithm, bit by bit. `None` for `x ≤ 0`, or where `1/x` of a value below one does not fit.
#[must_use]
pub fn log2<T: Fixed>(x: T) -> Option<T> {
    if x <= T::ZERO {
        return None;
    }
    if x >= T::ONE {
        return log2_above_one(x);
    }
    let inverse = T::ONE.checked_div(x)?;
    T::ZERO.checked_sub(log2_above_one(inverse)?)
}

fn log2_above_one<T: Fixed>(x: T) -> Option<T> {
    let two = T::ONE.checked_add(T::ONE)?;
    let mut rest = x;
    let mut whole = 0_u128;
    while rest >= two {
        whole += 1;
        rest = halve(rest)?;
    }
    if rest == T::ONE {
        return integer(whole);
    }
    let mut bits = whole;
    for _ in 0..T::FRACTION_BITS {
        rest = rest.checked_mul(rest)?;
        bits <<= 1;
        if rest >= two {
            bits |= 1;
            rest = halve(rest)?;
        }
    }
    T::from_parts(Parts { negative: false, magnitude: bits })
}

/// Half of a positive value; the dropped bit rounds up.
fn halve<T: Fixed>(x: T) -> Option<T> {
    let bits = x.parts().magnitude;
    T::from_parts(Parts { negative: false, magnitude: (bits >> 1) + (bits & 1) })
}

/// Square root by bisection between zero and `value` (below one: between `value` and one), until `value / root`
/// and `root` differ by `epsilon` or less, at most 129 halvings. `None` for a negative value.
#[must_use]
pub fn checked_sqrt<T: Fixed>(value: T, epsilon: T) -> Option<T> {
    const MOST_HALVINGS: usize = 129;
    if value < T::ZERO {
        return None;
    }
    let two = T::ONE.checked_add(T::ONE)?;
    let (mut low, mut high) = if value > T::ONE { (T::ZERO, value) } else { (value, T::ONE) };
    let mut middle = high.saturating_add(low).safe_div(two);
    let mut quotient = value.safe_div(middle);
    for _ in 0..MOST_HALVINGS {
        let gap =
            if quotient < middle { middle.saturating_sub(quotient) } else { quotient.saturating_sub(middle) };
        if gap <= epsilon {
            break;
        }
        if quotient < middle {
            high = middle;
        } else {
            low = middle;
        }
        middle = high.saturating_add(low).safe_div(two);
        quotient = value.safe_div(middle);
    }
    Some(middle)
}

fn integer<T: Fixed>(value: u128) -> Option<T> {
    Parts { negative: false, magnitude: value }.rescale(0, T::FRACTION_BITS).and_then(T::from_parts)
}

fn constant<T: Fixed>(bits: u128) -> Option<T> {
    Parts { negative: false, magnitude: bits }
        .rescale(CONSTANT_BITS, T::FRACTION_BITS)
        .and_then(T::from_parts)
}
