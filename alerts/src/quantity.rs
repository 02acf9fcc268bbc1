//! Numbers of rules: exact decimals with nine places, so that TAO is exact to the rao and nothing is rounded twice.

use std::{fmt, str::FromStr};

use serde_json::Value;

/// A decimal number in billionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(pub i128);

/// Billionths of one.
pub const ONE: i128 = 1_000_000_000;
/// Digits before the point that are taken.
const MOST_DIGITS: usize = 20;

impl Quantity {
    /// A whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number as i128 * ONE)
    }

    /// From JSON: a text such as `"0.015"`, or a number that is one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }

    /// As the nearest floating point number, for templates.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

impl FromStr for Quantity {
    type Err = ();

    /// `12`, `-0.5`, `.25`; nine places at most, no exponent.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = whole.len() <= MOST_DIGITS && part.len() <= 9 && !(whole.is_empty() && part.is_empty());
        if !fits || !all_digits(whole) || !all_digits(part) {
            return Err(());
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| ())? };
        let part: i128 = format!("{part:0<9}").parse().map_err(|_| ())?;
        let value = whole * ONE + part;
        Ok(Self(if negative { -value } else { value }))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        let (whole, part) = (value / ONE.unsigned_abs(), value % ONE.unsigned_abs());
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let part = format!("{part:09}");
        write!(f, "{sign}{whole}.{}", part.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in -10_i128.pow(28)..10_i128.pow(28)) {
            prop_assert_eq!(Quantity(value).to_string().parse(), Ok(Quantity(value)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = text.parse::<Quantity>();
        }
    }

    #[test]
    fn a_decimal_is_exact_or_refused() {
        for (text, value) in
            [("0.000000001", 1), ("12", 12 * ONE), ("-0.5", -ONE / 2), (".25", ONE / 4), ("3.", 3 * ONE)]
        {
            assert_eq!(text.parse(), Ok(Quantity(value)), "{text}");
        }
        for text in
            ["", ".", "-", "1e3", "0.0000000001", "1,5", "+1", "0x1", "1 ", "999999999999999999999", "٣"]
        {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }
}
