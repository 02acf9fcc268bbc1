//! Rules: what is watched, and what is said of it.

mod incident;
mod metric;
mod watched;

use serde_json::{Map, Value};

pub use incident::IncidentRule;
pub use metric::{Condition, Direction, MetricRule};
pub use watched::WatchRule;

use crate::{
    AlertError,
    sinks::{Fields, check_name},
    template::Template,
};

/// Severities, the greatest first.
pub const SEVERITIES: [&str; 4] = ["S1", "S2", "S3", "S4"];

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Where its alerts go.
    pub sinks: Vec<String>,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// What it watches.
    pub watches: Watches,
    /// Severity of its alerts; an incident has its own.
    pub severity: &'static str,
    /// Whether it is told when it is over.
    pub recovery: bool,
    /// The operator's words for the line.
    pub title: Option<Template>,
    /// The operator's words for the text.
    pub text: Option<Template>,
    /// The definition as stored: without name, sinks and enabled.
    pub definition: Value,
}

/// What a rule watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Watches {
    /// Incidents.
    Incident(IncidentRule),
    /// A number.
    Metric(MetricRule),
    /// Everything that touches something.
    Watch(WatchRule),
}

/// Fields that are no part of the definition.
const APART: [&str; 3] = ["name", "sinks", "enabled"];

impl Rule {
    /// Reads a rule strictly: `name`, `sinks`, `enabled` and the definition in one object. `kinds` are the kinds of
    /// incidents that there are.
    ///
    /// # Errors
    /// [`AlertError::Field`] names the field, what is wrong with it, and the nearest that would be right.
    pub fn parse(value: &Value, kinds: &[&str]) -> Result<Self, AlertError> {
        let name = value.get("name").and_then(Value::as_str).unwrap_or("?");
        let place = format!("rule {}", crate::message::shortened(name, 64));
        Self::read(value, kinds).map_err(|error| error.within(&place))
    }

    /// Reads a stored rule.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_record(
        record: &yumascan_store::alerts::RuleRecord,
        kinds: &[&str],
    ) -> Result<Self, AlertError> {
        let definition: Value = serde_json::from_str(&record.definition)
            .map_err(|error| AlertError::field(format!("rule {}", record.name), error.to_string()))?;
        let mut whole = match definition {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        whole.insert("name".into(), record.name.clone().into());
        whole.insert("sinks".into(), record.sinks.clone().into());
        whole.insert("enabled".into(), record.enabled.into());
        Self::parse(&Value::Object(whole), kinds)
    }

    fn read(value: &Value, kinds: &[&str]) -> Result<Self, AlertError> {
        let mut fields = Fields::of(value)?;
        let name = fields.wanted_text("name")?.to_owned();
        check_name(&name)?;
        let mut sinks: Vec<String> = fields.texts("sinks")?.into_iter().map(str::to_owned).collect();
        sinks.sort_unstable();
        sinks.dedup();
        let on = fields.one_of("on", &["incident", "metric", "watch"])?;
        fields.text("note")?;
        let watches = match on {
            Some("incident") => Watches::Incident(IncidentRule::read(&mut fields, kinds)?),
            Some("metric") => Watches::Metric(MetricRule::read(&mut fields)?),
            Some(_) => Watches::Watch(WatchRule::read(&mut fields)?),
            None => return Err(AlertError::field("on", "it is missing; it is incident, metric or watch")),
        };
        let severity = match watches {
            Watches::Incident(_) => "S3",
            _ => fields.one_of("severity", &SEVERITIES)?.unwrap_or("S3"),
        };
        let enabled = fields.flag("enabled")?.unwrap_or(true);
        let recovery = match watches {
            // what merely happened is never over
            Watches::Watch(_) => false,
            _ => fields.flag("recovery")?.unwrap_or(true),
        };
        let mut template = |name: &'static str| -> Result<Option<Template>, AlertError> {
            let Some(source) = fields.text(name)? else { return Ok(None) };
            let template = Template::parse(source).map_err(|reason| AlertError::field(name, reason))?;
            Ok(Some(template))
        };
        let (title, text) = (template("title")?, template("text")?);
        fields.finish()?;
        let mut definition = value.clone();
        if let Value::Object(fields) = &mut definition {
            fields.retain(|name, value| !APART.contains(&name.as_str()) && !value.is_null());
        }
        Ok(Self { name, sinks, enabled, watches, severity, recovery, title, text, definition })
    }

    /// What the rule watches, as messages name it: `incident`, `metric` or `watch`.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self.watches {
            Watches::Incident(_) => "incident",
            Watches::Metric(_) => "metric",
            Watches::Watch(_) => "watch",
        }
    }

    /// The whole rule as one object, as it is exported.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut whole = Map::new();
        whole.insert("name".into(), self.name.clone().into());
        if let Value::Object(fields) = &self.definition {
            whole.extend(fields.clone());
        }
        whole.insert("sinks".into(), self.sinks.clone().into());
        if !self.enabled {
            whole.insert("enabled".into(), false.into());
        }
        Value::Object(whole)
    }
}

/// An account's address, as stored (prefix 42).
fn address(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<String>, AlertError> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    match text.trim().parse::<yumascan_chain::AccountId>() {
        Ok(account) => Ok(Some(account.to_ss58())),
        Err(_) => {
            let shown = crate::message::shortened(text, 60);
            Err(AlertError::field(
                name,
                format!("`{shown}` is not an address (SS58, e.g. 5F…), or it has a typing error"),
            ))
        }
    }
}

fn netuid(fields: &mut Fields<'_>) -> Result<Option<u16>, AlertError> {
    Ok(fields.number("netuid", 0..=65_535)?.and_then(|netuid| u16::try_from(netuid).ok()))
}
