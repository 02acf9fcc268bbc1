//! Reading settings strictly: every field is asked for by name, and what was not asked for is an error that says what
//! was probably meant.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use url::Url;

use crate::AlertError;

/// An object's fields while they are read.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    values: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value) -> Result<Self, AlertError> {
        match value {
            Value::Object(values) => Ok(Self { values, known: Vec::new() }),
            other => Err(AlertError::field("", format!("it must be an object, not {}", kind_of(other)))),
        }
    }

    /// The field, where it is there and not null.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.values.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<&'a str>, AlertError> {
        let read = |value: &'a Value| value.as_str().ok_or_else(|| wrong(name, "a text", value));
        self.value(name).map(read).transpose()
    }

    pub(crate) fn wanted_text(&mut self, name: &'static str) -> Result<&'a str, AlertError> {
        self.text(name)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| AlertError::field(name, "it is missing"))
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, AlertError> {
        let read = |value: &'a Value| value.as_bool().ok_or_else(|| wrong(name, "true or false", value));
        self.value(name).map(read).transpose()
    }

    pub(crate) fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, AlertError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                Err(wrong(name, &format!("a whole number from {} to {}", range.start(), range.end()), value))
            }
        }
    }

    /// A list of texts; one text alone is a list of one.
    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Vec<&'a str>, AlertError> {
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(values)) => {
                let read =
                    |value: &'a Value| value.as_str().ok_or_else(|| wrong(name, "a list of texts", value));
                values.iter().map(read).collect()
            }
            Some(other) => Err(wrong(name, "a list of texts", other)),
        }
    }

    /// The nearest of `allowed`.
    pub(crate) fn one_of(
        &mut self,
        name: &'static str,
        allowed: &[&'static str],
    ) -> Result<Option<&'static str>, AlertError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match allowed.iter().find(|known| **known == text) {
            Some(known) => Ok(Some(known)),
            None => Err(AlertError::field(name, unknown("value", text, allowed.iter().copied()))),
        }
    }

    /// What was not asked for is an error.
    pub(crate) fn finish(self) -> Result<(), AlertError> {
        for name in self.values.keys() {
            if !self.known.contains(&name.as_str()) {
                return Err(AlertError::field("", unknown("field", name, self.known.iter().copied())));
            }
        }
        Ok(())
    }
}

/// "there is no metric `x`; did you mean `y`?"
pub(crate) fn unknown<'n>(what: &str, given: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    let shown = crate::message::shortened(given, 60);
    match nearest(given, known.clone()) {
        Some(near) => format!("there is no {what} `{shown}`; did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = known.collect();
            format!("there is no {what} `{shown}`; there are: {}", all.join(", "))
        }
    }
}

/// The known name most like `given`, when one is like it at all.
pub fn nearest<'n>(given: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let given: String = given.chars().take(100).collect::<String>().to_lowercase();
    known
        .map(|name| {
            let lower = name.to_lowercase();
            (strsim::damerau_levenshtein(&given, &lower), strsim::jaro_winkler(&given, &lower), name)
        })
        .filter(|(distance, likeness, name)| *distance <= name.len().max(3) / 3 || *likeness > 0.85)
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(.., name)| name)
}

/// Names are used in commands, logs and URLs.
pub(crate) fn check_name(name: &str) -> Result<(), AlertError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) || name.starts_with(['-', '.']) {
        let shown = crate::message::shortened(name, 64);
        return Err(AlertError::field(
            "name",
            format!(
                "`{shown}` cannot be a name: 1 to 64 small letters, digits, `-`, `_` or `.`, beginning with a letter or digit"
            ),
        ));
    }
    Ok(())
}

/// A URL of a sink. The text of the error does not hold the URL, which may be a secret.
pub(crate) fn url(name: &str, text: &str) -> Result<Url, AlertError> {
    let url = Url::parse(text.trim()).map_err(|error| {
        AlertError::field(name, format!("it is not a URL ({error}); it begins with https://"))
    })?;
    crate::net::check_url(&url).map_err(|error| AlertError::field(name, error.to_string()))?;
    Ok(url)
}

fn wrong(name: &str, wanted: &str, found: &Value) -> AlertError {
    let shown = match found {
        Value::String(text) => format!("`{}`", crate::message::shortened(text, 60)),
        Value::Number(number) => format!("`{number}`"),
        other => kind_of(other).to_owned(),
    };
    AlertError::field(name, format!("it must be {wanted}, not {shown}"))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
