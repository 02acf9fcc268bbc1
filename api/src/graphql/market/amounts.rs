//! Scalars of markets: prices, rates and signed amounts, all as text.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use yumascan_protocol::fixed::{I96F32, U64F64, U96F32};

/// A decimal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) String);

/// A decimal number as a string of digits with a point, never a float: `0.034912345678`. Prices are TAO for one alpha with
/// 18 digits after the point, rates are fractions with 12 (0.25 is 25 %); digits beyond are cut.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.parse::<f64>().is_ok() => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            other => Err(InputValueError::custom(format!("{other} is not a decimal number"))),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Decimal {
    /// A price of U96F32 bits.
    pub(crate) fn price(bits: u128) -> Self {
        Self(format!("{:.18}", U96F32::from_bits(bits)))
    }

    /// A moving price of I96F32 bits.
    pub(crate) fn moving_price(bits: i128) -> Self {
        Self(format!("{:.18}", I96F32::from_bits(bits)))
    }

    /// A rate.
    pub(crate) fn rate(value: U64F64) -> Self {
        Self(format!("{value:.12}"))
    }

    /// A rate that may be below zero: a growth factor less one.
    pub(crate) fn growth(factor: U64F64) -> Self {
        match factor.checked_sub(U64F64::ONE) {
            Some(gain) => Self::rate(gain),
            None => Self(format!("-{:.12}", U64F64::ONE.saturating_sub(factor))),
        }
    }

    /// Parts per million as a fraction.
    pub(crate) fn ppm(parts: i64) -> Self {
        let sign = if parts < 0 { "-" } else { "" };
        let parts = parts.unsigned_abs();
        Self(format!("{sign}{}.{:06}", parts / 1_000_000, parts % 1_000_000))
    }

    /// Parts per million as a fraction.
    pub(crate) fn share_ppm(parts: u64) -> Self {
        Self::ppm(i64::try_from(parts).unwrap_or(i64::MAX))
    }

    /// Parts per billion as a fraction.
    pub(crate) fn ppb(parts: u64) -> Self {
        Self(format!("{}.{:09}", parts / 1_000_000_000, parts % 1_000_000_000))
    }

    /// A share stored as a `u16`, of 65535.
    pub(crate) fn share(stored: u16) -> Self {
        Self::rate(U64F64::from_u16_share(stored))
    }
}

/// Raw bits of a fixed-point number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits(pub(crate) u128);

/// Raw bits of a fixed-point number with 32 fraction bits, as the chain computes it: a string of digits. Divide by 2^32.
#[Scalar(name = "Bits")]
impl ScalarType for Bits {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::Number(number) => number.as_u64().map(u128::from),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        parsed.map(Self).ok_or_else(|| InputValueError::custom(format!("{value} is not a string of digits")))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An amount of rao that may be below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignedRao(pub(crate) i128);

/// An amount in rao that may be below zero: a string of digits, with a minus where it is.
#[Scalar(name = "SignedRao")]
impl ScalarType for SignedRao {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::Number(number) => number.as_i64().map(i128::from),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        parsed.map(Self).ok_or_else(|| InputValueError::custom(format!("{value} is not an amount in rao")))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_texts_with_their_sign() {
        assert_eq!(Decimal::price(1 << 31).0, "0.500000000000000000");
        assert_eq!(Decimal::ppm(-1_250_000).0, "-1.250000");
        assert_eq!(Decimal::ppm(-5).0, "-0.000005");
        assert_eq!(Decimal::growth(U64F64::ratio(1, 2)).0, "-0.500000000000");
        assert_eq!(Decimal::growth(U64F64::ratio(3, 2)).0, "0.500000000000");
        assert_eq!(Decimal::ppb(1_500_000_000).0, "1.500000000");
        assert_eq!(Decimal::share(u16::MAX).0, "1.000000000000");
        assert_eq!(SignedRao(-7).to_value(), Value::from("-7"));
    }
}
