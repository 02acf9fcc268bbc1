//! Numbers, times and amounts as text: the same on the server and in the browser.

/// Rao in one TAO.
const RAO_PER_TAO: u128 = 1_000_000_000;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `1234567` as `1,234,567`.
#[must_use]
pub fn group(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 event`, `2 events`.
#[must_use]
pub fn count(number: impl Into<u128>, noun: &str) -> String {
    let number = number.into();
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", group(number))
}

/// An amount in TAO, cut so that its parts can be set in different weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaoParts {
    /// Whole TAO, grouped.
    pub whole: String,
    /// Fraction without its trailing zeros; empty for whole amounts.
    pub fraction: String,
    /// The trailing zeros, so that `fraction` and `zeros` have nine digits together.
    pub zeros: String,
}

/// Cuts an amount in rao.
#[must_use]
pub fn tao_parts(rao: u128) -> TaoParts {
    let digits = format!("{:09}", rao % RAO_PER_TAO);
    let fraction = digits.trim_end_matches('0').to_owned();
    let zeros = "0".repeat(digits.len() - fraction.len());
    TaoParts { whole: group(rao / RAO_PER_TAO), fraction, zeros }
}

/// An amount in rao as `1,234.5`, exact, without a unit.
#[must_use]
pub fn amount(rao: u64) -> String {
    let parts = tao_parts(u128::from(rao));
    if parts.fraction.is_empty() { parts.whole } else { format!("{}.{}", parts.whole, parts.fraction) }
}

/// A share of 65535 in percent.
#[must_use]
pub fn share(of_65535: u16) -> String {
    format!("{:.3} %", f64::from(of_65535) / 655.35)
}

/// A million percent in parts per million. What is said of more, the compounding of a short time over a year, is that it
/// is more.
const GREATEST_PPM: u64 = 10_000_000_000;
const GREATEST: &str = "> 1,000,000 %";

/// Parts per million as percent: `12.34 %`, `0.012 %`.
#[must_use]
pub fn percent_ppm(ppm: u64) -> String {
    match ppm {
        0 => "0 %".to_owned(),
        1..1_000 => format!("{:.4} %", ppm as f64 / 10_000.0),
        1_000..1_000_000 => format!("{:.2} %", ppm as f64 / 10_000.0),
        GREATEST_PPM.. => GREATEST.to_owned(),
        _ => format!("{} %", group(ppm / 10_000)),
    }
}

/// A change in parts per million with its sign: `+1.25 %`, `−0.40 %`.
#[must_use]
pub fn change_ppm(ppm: i64) -> String {
    let sign = if ppm < 0 { "−" } else { "+" };
    if ppm.unsigned_abs() >= GREATEST_PPM {
        return GREATEST.to_owned();
    }
    format!("{sign}{:.2} %", ppm.unsigned_abs() as f64 / 10_000.0)
}

/// Bits of a U96F32 as a decimal number, exact to nine places, without a unit: prices.
#[must_use]
pub fn price(bits: u128) -> String {
    const NANO: u128 = 1_000_000_000;
    let whole = bits >> 32;
    let nano = ((bits & 0xffff_ffff) * NANO) >> 32;
    let fraction = format!("{nano:09}");
    format!("{}.{fraction}", group(whole))
}

/// An amount in rao as `1,234.5 TAO`, exact.
#[must_use]
pub fn tao(rao: u128) -> String {
    let parts = tao_parts(rao);
    if parts.fraction.is_empty() {
        return format!("{} TAO", parts.whole);
    }
    format!("{}.{} TAO", parts.whole, parts.fraction)
}

/// Reads an amount in TAO (`1.5`, `1,000`, `.25`) as rao; `None` for anything else or more than nine decimals.
#[must_use]
pub fn parse_tao(text: &str) -> Option<u64> {
    let plain: String =
        text.trim().chars().filter(|character| !matches!(character, ',' | '_' | ' ')).collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let only_digits = |part: &str| part.chars().all(|character| character.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty())
        || fraction.len() > 9
        || !only_digits(whole)
        || !only_digits(fraction)
    {
        return None;
    }
    let whole_tao: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let rao: u64 = format!("{fraction:0<9}").parse().ok()?;
    whole_tao.checked_mul(RAO_PER_TAO as u64)?.checked_add(rao)
}

/// How long before `now_ms` a moment was: `12 s ago`, `3 min ago`; `in 5 s` for a clock ahead of ours.
#[must_use]
pub fn relative(then_ms: u64, now_ms: u64) -> String {
    let (distance, ahead) = (now_ms.abs_diff(then_ms), then_ms > now_ms);
    let (count, unit) = match distance {
        0..SECOND => return "now".to_owned(),
        SECOND..MINUTE => (distance / SECOND, "s"),
        MINUTE..HOUR => (distance / MINUTE, "min"),
        HOUR..DAY => (distance / HOUR, "h"),
        _ if distance < 60 * DAY => (distance / DAY, "d"),
        _ if distance < 730 * DAY => (distance / (30 * DAY), "mo"),
        _ => (distance / (365 * DAY), "y"),
    };
    if ahead { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

/// Year, month and day of a day number since 1970-01-01 (proleptic Gregorian calendar).
fn civil_date(days: u64) -> (u64, u64, u64) {
    // Eras of 400 years that begin on 1 March, so that the leap day comes last.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// `2026-02-11 10:11:12 UTC`.
#[must_use]
pub fn utc(ms: u64) -> String {
    let (year, month, day) = civil_date(ms / DAY);
    let in_day = ms % DAY;
    let (hours, minutes, seconds) = (in_day / HOUR, in_day % HOUR / MINUTE, in_day % MINUTE / SECOND);
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02} UTC")
}

/// The same as an ISO 8601 text for `datetime` attributes.
#[must_use]
pub fn iso(ms: u64) -> String {
    utc(ms).replacen(' ', "T", 1).replace(" UTC", "Z")
}

/// Reads `2026-02-11` (00:00 UTC), `2026-02-11 10:11` or `2026-02-11T10:11:12Z` as milliseconds since the epoch.
#[must_use]
pub fn parse_utc(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches("UTC").trim_end_matches('Z').trim();
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let fields = |part: &str, separator: char| -> Option<Vec<u64>> {
        part.split(separator).map(|field| field.parse().ok()).collect()
    };
    let (date, clock) = (fields(date, '-')?, fields(clock, ':')?);
    let [year, month, day] = date.as_slice() else { return None };
    let (hours, minutes) = (clock.first()?, clock.get(1)?);
    let seconds = clock.get(2).unwrap_or(&0);
    if clock.len() > 3 || *hours > 23 || *minutes > 59 || *seconds > 59 || !(1970..=9999).contains(year) {
        return None;
    }
    // Search the day around its estimate: simple, and right by the same calendar that prints it.
    let estimate = (year - 1970) * 365 + (year - 1969) / 4;
    let days = (estimate.saturating_sub(40)..estimate + 400)
        .find(|days| civil_date(*days) == (*year, *month, *day))?;
    Some(days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND)
}

/// Bytes as `12.3 kB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{}.{} kB", count / 1_000, count % 1_000 / 100),
        _ => format!("{}.{} MB", group(count / 1_000_000), count % 1_000_000 / 100_000),
    }
}

/// Picoseconds of weight as `12.345 ms`.
#[must_use]
pub fn ref_time(picoseconds: u64) -> String {
    let microseconds = picoseconds / 1_000_000;
    if microseconds < 1_000 {
        return format!("{microseconds} µs");
    }
    format!("{}.{:03} ms", group(microseconds / 1_000), microseconds % 1_000)
}

/// Whether a text looks like an SS58 address of a 32-byte account (alphabet and length; not the checksum).
#[must_use]
pub fn looks_like_account(text: &str) -> bool {
    (46..=49).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'O' | b'I' | b'l'))
}

/// Percent-encodes a query value or path segment.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_rao() {
        assert_eq!(tao(0), "0 TAO");
        assert_eq!(tao(1), "0.000000001 TAO");
        assert_eq!(tao(1_234_500_000_000), "1,234.5 TAO");
        assert_eq!(tao_parts(2_500_000_000).zeros, "00000000");
        assert_eq!(tao(u128::from(u64::MAX)), "18,446,744,073.709551615 TAO");
    }

    #[test]
    fn typed_amounts_become_rao_or_are_refused() {
        assert_eq!(parse_tao("1.5"), Some(1_500_000_000));
        assert_eq!(parse_tao(" 1,000 "), Some(1_000_000_000_000));
        assert_eq!(parse_tao(".000000001"), Some(1));
        for wrong in ["", ".", "-1", "1.0000000001", "1e9", "99999999999", "abc", "1.2.3"] {
            assert_eq!(parse_tao(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_agree_with_the_calendar_both_ways() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(iso(1_770_000_000_000), "2026-02-02T02:40:00Z");
        for ms in (0..4_102_444_800_000).step_by(86_400_000 * 97) {
            assert_eq!(parse_utc(&utc(ms)), Some(ms), "{ms}");
        }
        assert_eq!(parse_utc("2026-02-11"), Some(1_770_768_000_000));
        for wrong in ["", "2026-13-01", "2026-02-30", "2026-02-11 25:00", "yesterday", "2026-2"] {
            assert_eq!(parse_utc(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ages_read_naturally() {
        assert_eq!(relative(1_000, 1_500), "now");
        assert_eq!(relative(0, 12_345), "12 s ago");
        assert_eq!(relative(0, 3 * HOUR), "3 h ago");
        assert_eq!(relative(9_000, 4_000), "in 5 s");
        assert_eq!(relative(0, 400 * DAY), "13 mo ago");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(group(0u64), "0");
        assert_eq!(group(999u64), "999");
        assert_eq!(group(1_000u64), "1,000");
        assert_eq!(group(1_234_567u64), "1,234,567");
        assert_eq!(
            (count(1u32, "event"), count(2_000u32, "event")),
            ("1 event".to_owned(), "2,000 events".to_owned())
        );
    }
}
