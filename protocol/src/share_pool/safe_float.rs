//! The decimal float of share pools from spec 401: 21 digits, truncated.

use serde::{Deserialize, Serialize};

use crate::fixed::{U64F64, wide};

/// Greatest mantissa; a normal one is greater than a tenth of it.
const MOST: u128 = 1_000_000_000_000_000_000_000;
/// Decimal digits of [`MOST`] after its first.
const DIGITS: i64 = 21;

/// `mantissa · 10^exponent`; zero has both zero.
///
/// Source: the values of `AlphaV2` and `TotalHotkeySharesV2`. Values the chain made are normal: the mantissa has 21
/// digits, or is 10^21.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafeFloat {
    /// The digits.
    #[serde(with = "digits")]
    pub mantissa: u128,
    /// The power of ten.
    pub exponent: i64,
}

impl SafeFloat {
    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// `self + other`, the lesser one cut to the digits of the greater. `None` where the exponent overflows.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.is_zero() || other.is_zero() {
            return Some(if self.is_zero() { other } else { self });
        }
        let (one, two, exponent) = aligned(self, other);
        normal(one.saturating_add(two), exponent)
    }

    /// `self − other`, zero where that is negative; `None` for zero less anything, or where the exponent overflows.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return Some(self);
        }
        if self.is_zero() {
            return None;
        }
        let (one, two, exponent) = aligned(self, other);
        normal(one.saturating_sub(two), exponent)
    }

    /// `self · factor / divisor`, truncated once. `None` for a zero divisor or where the exponent overflows.
    #[must_use]
    pub fn mul_div(self, factor: Self, divisor: Self) -> Option<Self> {
        let exponent = self.exponent.checked_add(factor.exponent)?.checked_sub(divisor.exponent)?;
        let (high, low) = wide::mul(self.mantissa, factor.mantissa);
        normal(wide::div(high, low, divisor.mantissa)?, exponent)
    }

    /// The integer below, stopped at `u64::MAX`.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        let scale = power_of_ten(self.exponent.unsigned_abs());
        let whole =
            if self.exponent > 0 { self.mantissa.saturating_mul(scale) } else { self.mantissa / scale };
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}

impl From<u64> for SafeFloat {
    fn from(value: u64) -> Self {
        normal(u128::from(value), 0).unwrap_or_default()
    }
}

impl From<U64F64> for SafeFloat {
    /// As an entry of the older generation is read: the integer part and the fraction apart, then their sum.
    fn from(value: U64F64) -> Self {
        let bits = value.to_bits();
        let whole = normal(bits >> 64, 0).unwrap_or_default();
        let fraction = normal(bits & u128::from(u64::MAX), 0).unwrap_or_default();
        let one = normal(1 << 64, 0).unwrap_or_default();
        let scaled = Self { mantissa: MOST, exponent: -DIGITS };
        let part = fraction.mul_div(scaled, one).unwrap_or_default();
        whole.plus(part).unwrap_or_default()
    }
}

/// Both mantissas at the greater exponent.
fn aligned(one: SafeFloat, two: SafeFloat) -> (u128, u128, i64) {
    let cut = |value: SafeFloat, to: i64| value.mantissa / power_of_ten(to.abs_diff(value.exponent));
    let exponent = one.exponent.max(two.exponent);
    (cut(one, exponent), cut(two, exponent), exponent)
}

/// Brings a mantissa to 21 digits. `None` where the exponent overflows.
fn normal(mantissa: u128, exponent: i64) -> Option<SafeFloat> {
    if mantissa == 0 {
        return Some(SafeFloat::default());
    }
    let (mut mantissa, mut exponent) = (mantissa, exponent);
    while mantissa > MOST {
        mantissa /= 10;
        exponent = exponent.checked_add(1)?;
    }
    while mantissa <= MOST / 10 {
        mantissa *= 10;
        exponent = exponent.checked_sub(1)?;
    }
    Some(SafeFloat { mantissa, exponent })
}

/// `10^exponent`, no greater than 10^22, which cuts every mantissa to nothing.
fn power_of_ten(exponent: u64) -> u128 {
    let capped = exponent.min(DIGITS.unsigned_abs() + 1);
    10_u128.pow(u32::try_from(capped).unwrap_or(0))
}

/// The mantissa as a decimal string, which JSON numbers cannot hold.
mod digits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(mantissa: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(mantissa)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
