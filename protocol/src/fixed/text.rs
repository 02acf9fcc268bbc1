//! Values as text: decimal strings of raw bits in JSON, decimals for people.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Fixed, I32F32, I64F64, I96F32, Parts, U64F64, U96F32};

/// Reads raw bits from a decimal string or from a JSON integer.
struct BitsVisitor;

impl de::Visitor<'_> for BitsVisitor {
    type Value = Parts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the raw bits of a fixed-point number, as a decimal string or an integer")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Parts, E> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        // u128 alone would also take a plus sign
        if !digits.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(E::invalid_value(de::Unexpected::Str(text), &self));
        }
        let magnitude =
            digits.parse().map_err(|_invalid| E::invalid_value(de::Unexpected::Str(text), &self))?;
        Ok(Parts { negative: negative && magnitude != 0, magnitude })
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Parts, E> {
        Ok(Parts { negative: false, magnitude: u128::from(value) })
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Parts, E> {
        Ok(Parts { negative: value < 0, magnitude: u128::from(value.unsigned_abs()) })
    }
}

fn write_decimal(value: impl Fixed, fraction_bits: u32, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DEFAULT_DIGITS: usize = 9;
    let parts = value.parts();
    let mut digits = String::new();
    let mut fraction = parts.magnitude & ((1 << fraction_bits) - 1);
    for _ in 0..formatter.precision().unwrap_or(DEFAULT_DIGITS) {
        // at most 64 fraction bits, so ten times a fraction stays far below 128 bits
        fraction *= 10;
        let digit = u8::try_from(fraction >> fraction_bits).unwrap_or(0);
        digits.push(char::from(b'0' + digit));
        fraction &= (1 << fraction_bits) - 1;
    }
    let whole = parts.magnitude >> fraction_bits;
    let text = if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") };
    formatter.pad_integral(!parts.negative, "", &text)
}

macro_rules! text {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({} = {self})", stringify!($name), self.to_bits())
            }
        }

        /// The decimal value, cut (not rounded) after 9 digits or the given precision.
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_decimal(*self, Self::FRACTION_BITS, formatter)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.to_bits())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let parts = deserializer.deserialize_any(BitsVisitor)?;
                Self::from_parts(parts)
                    .ok_or_else(|| de::Error::custom(concat!("bits outside of ", stringify!($name))))
            }
        }
    )*};
}

text!(I32F32, I64F64, I96F32, U96F32, U64F64);
