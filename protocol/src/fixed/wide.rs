//! 256-bit products and quotients of 128-bit integers.

const HALF: u32 = 64;
const LOW: u128 = (1 << HALF) - 1;

/// `a · b` as (high, low) halves of 128 bits.
pub(crate) const fn mul(a: u128, b: u128) -> (u128, u128) {
    let (a_high, a_low) = (a >> HALF, a & LOW);
    let (b_high, b_low) = (b >> HALF, b & LOW);
    let low = a_low * b_low;
    let cross = a_high * b_low + (low >> HALF);
    let middle = a_low * b_high + (cross & LOW);
    let high = a_high * b_high + (cross >> HALF) + (middle >> HALF);
    (high, (middle << HALF) | (low & LOW))
}

/// `⌊(high·2^128 + low) / divisor⌋`, `None` where the divisor is zero or the quotient exceeds 128 bits.
pub(crate) const fn div(high: u128, low: u128, divisor: u128) -> Option<u128> {
    if high >= divisor {
        // also every zero divisor
        return None;
    }
    if high == 0 {
        return Some(low / divisor);
    }
    let shift = divisor.leading_zeros();
    let divisor = divisor << shift;
    let high = (high << shift) | low.unbounded_shr(128 - shift);
    let low = low << shift;
    let (upper, rest) = digit(high, low >> HALF, divisor);
    let (lower, _) = digit(rest, low & LOW, divisor);
    Some((upper << HALF) | lower)
}

/// One digit of 64 bits of a long division: quotient and remainder of `(rest·2^64 + next) / divisor`.
///
/// The divisor has its top bit set and `rest < divisor`, so the digit fits in 64 bits.
const fn digit(rest: u128, next: u128, divisor: u128) -> (u128, u128) {
    let (divisor_high, divisor_low) = (divisor >> HALF, divisor & LOW);
    let mut guess = rest / divisor_high;
    if guess > LOW {
        guess = LOW;
    }
    // the guess from the leading half is at most two too large
    let mut left = rest - guess * divisor_high;
    while left <= LOW && guess * divisor_low > ((left << HALF) | next) {
        guess -= 1;
        left += divisor_high;
    }
    let remainder = ((rest << HALF) | next).wrapping_sub(guess.wrapping_mul(divisor));
    (guess, remainder)
}
