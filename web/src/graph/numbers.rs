//! Numbers and places as a chart says them.

use super::Axis;
use crate::text;

/// Digits that carry meaning.
const SIGNIFICANT: i32 = 5;

/// A number with about five digits that mean something: `12,345,678`, `1.2346`, `0.00012346`.
#[must_use]
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (SIGNIFICANT - 1 - magnitude).clamp(0, 12) as usize;
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let whole = whole.parse::<u128>().map_or_else(|_| whole.to_owned(), text::group);
    let sign = if value < 0.0 { "−" } else { "" };
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// A label of an axis: large numbers with k, M, G so that labels stay short.
#[must_use]
pub fn label(value: f64) -> String {
    let scaled = [(1e9, "G"), (1e6, "M"), (1e4, "k")].into_iter().find(|(from, _)| value.abs() >= *from);
    match scaled {
        Some((1e4, suffix)) => format!("{}{suffix}", short(value / 1e3)),
        Some((unit, suffix)) => format!("{}{suffix}", short(value / unit)),
        None => short(value),
    }
}

/// An x value in words.
#[must_use]
pub fn place(axis: Axis, x: f64) -> String {
    match axis {
        Axis::Blocks => format!("block {}", text::group(x.max(0.0) as u128)),
        Axis::Time => text::utc(x.max(0.0) as u64),
        Axis::Ranks => format!("rank {}", text::group(x.max(0.0) as u128)),
    }
}

/// An x value below the axis: only the day where the range is long, only the time where it is short.
#[must_use]
pub fn tick(axis: Axis, x: f64, span: f64) -> String {
    const DAY_MS: f64 = 86_400_000.0;
    match axis {
        Axis::Blocks | Axis::Ranks => text::group(x.max(0.0) as u128),
        Axis::Time => {
            let utc = text::utc(x.max(0.0) as u64);
            let (day, time) = utc.split_once(' ').unwrap_or((&utc, ""));
            let minute = time.get(..5).unwrap_or(time);
            if span > 3.0 * DAY_MS {
                day.to_owned()
            } else {
                format!("{} {minute}", day.get(5..).unwrap_or(day))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_meaning_digits() {
        assert_eq!(short(0.0), "0");
        assert_eq!(short(0.000_123_456_7), "0.00012346");
        assert_eq!(short(1.5), "1.5");
        assert_eq!(short(-12_345_678.9), "−12,345,679");
        assert_eq!(short(f64::NAN), "unknown");
        assert_eq!(label(25_000.0), "25k");
        assert_eq!(label(3_200_000.0), "3.2M");
    }

    #[test]
    fn places_are_said_in_their_own_terms() {
        assert_eq!(place(Axis::Blocks, 3_010.0), "block 3,010");
        assert_eq!(tick(Axis::Time, 0.0, 1e12), "1970-01-01");
        assert_eq!(tick(Axis::Time, 0.0, 1e6), "01-01 00:00");
    }
}
