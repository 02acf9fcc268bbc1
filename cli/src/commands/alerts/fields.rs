//! `field=value` on the command line.

use anyhow::Context;
use serde_json::{Map, Value};

/// Fields that hold lists: values with commas between.
const LISTS: [&str; 3] = ["kinds", "sinks", "to"];

/// Fields and values; numbers stay texts, which are read exactly.
pub(super) fn read(words: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut fields = Map::new();
    for word in words {
        let (name, value) = word
            .split_once('=')
            .with_context(|| format!("`{word}` is not field=value, e.g. netuid=8; fields: docs/alerts.md"))?;
        let value = match value {
            _ if LISTS.contains(&name) => {
                value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
            }
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => Value::from(text),
        };
        anyhow::ensure!(fields.insert(name.trim().to_owned(), value).is_none(), "`{name}` is given twice");
    }
    Ok(fields)
}

/// `90s`, `30m`, `2h`, `1d` in milliseconds.
pub(super) fn milliseconds(text: &str) -> anyhow::Result<u64> {
    let wrong = || format!("`{text}` is not a time; write 30m, 2h or 1d");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("s") => 1_000_u64,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        Some("d") => 86_400_000,
        _ => anyhow::bail!(wrong()),
    };
    let number: u64 = digits.parse().ok().with_context(wrong)?;
    let ms = number.checked_mul(unit).filter(|ms| (1..=31_536_000_000).contains(ms));
    ms.with_context(|| format!("`{text}` is too long or nothing; at most 365d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_fields() {
        let words = ["kinds=a, b", "netuid=8", "recovery=false", "title=a=b"].map(str::to_owned);
        let fields = Value::Object(read(&words).unwrap());
        let wanted =
            serde_json::json!({ "kinds": ["a", "b"], "netuid": "8", "recovery": false, "title": "a=b" });
        assert_eq!(fields, wanted);
        assert!(read(&["netuid".to_owned()]).is_err());
        assert!(read(&["a=1".to_owned(), "a=2".to_owned()]).is_err());
    }

    #[test]
    fn times_have_units() {
        for (text, ms) in [("90s", 90_000), ("30m", 1_800_000), ("2h", 7_200_000), ("1d", 86_400_000)] {
            assert_eq!(milliseconds(text).unwrap(), ms);
        }
        for text in ["", "5", "h", "0h", "-1h", "1w", "99999999999d", "1.5h"] {
            assert!(milliseconds(text).is_err(), "{text}");
        }
    }
}
