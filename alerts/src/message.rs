//! What is told: the same words for every sink, kept in the outbox as they were when the rule found them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use yumascan_store::alerts::Delivery;

use crate::AlertError;

/// Version of the message's form; docs/alerts.md and docs/alert.schema.json describe it.
pub const VERSION: u32 = 1;

/// Whether something began or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It is so, or it happened.
    Firing,
    /// It is over.
    Resolved,
}

impl AlertState {
    /// As stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// An alert as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Version of this form.
    pub version: u32,
    /// The same for the same cause: whoever receives an alert twice knows it by this.
    pub idempotency_key: String,
    /// The same for what fires and what resolves it.
    pub group: String,
    /// Name of the rule.
    pub rule: String,
    /// What the rule watches: `incident`, `metric`, `watch`, or `test`.
    pub source: String,
    /// Kind of the incident, name of the metric, or what is watched (`address`, `hotkey`, `subnet`, `call`).
    pub kind: String,
    /// What it is about, e.g. `subnet:8`.
    pub scope: String,
    /// Firing or resolved.
    pub state: AlertState,
    /// `S1` (the greatest) to `S4`.
    pub severity: String,
    /// Block it speaks of; `None` where it is about no block.
    pub block: Option<u64>,
    /// One line.
    pub title: String,
    /// The whole text.
    pub text: String,
    /// Where to read on: a path of the pages, or a URL where `alerts.public_url` is set.
    pub link: Option<String>,
    /// Facts by name; numbers beyond 32 bits are decimal strings.
    pub facts: Map<String, Value>,
}

impl Alert {
    /// A key of 32 hex digits for a cause.
    #[must_use]
    pub fn key_of(parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        const_hex::encode(&hash.finalize()[..16])
    }

    /// As the outbox keeps it.
    ///
    /// # Errors
    /// [`AlertError::Json`].
    pub fn to_json(&self) -> Result<String, AlertError> {
        serde_json::to_string(self).map_err(|source| AlertError::Json { what: "an alert", source })
    }
}

/// An alert with its number, ready to be sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Number within the rule, from 1; a receiver that sees a gap has missed something.
    pub sequence: u64,
    /// When it was raised, milliseconds since the Unix epoch.
    pub raised_at_ms: u64,
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
}

impl Message {
    /// A message to see that it arrives; `name` is the sink's or the rule's that is tried.
    #[must_use]
    pub fn test(name: &str) -> Self {
        let key = Alert::key_of(&["test", &crate::sinks::webhook::new_key()]);
        Self {
            sequence: 1,
            raised_at_ms: crate::delivery::now_ms(),
            alert: Alert {
                version: 1,
                idempotency_key: key.clone(),
                group: key,
                rule: name.to_owned(),
                source: "test".to_owned(),
                kind: "test".to_owned(),
                scope: "chain".to_owned(),
                state: AlertState::Firing,
                severity: "S4".to_owned(),
                block: None,
                title: "a test message of Yumascan".to_owned(),
                text: "It arrived: alerts will arrive too.".to_owned(),
                link: None,
                facts: Map::new(),
            },
        }
    }

    /// Out of the outbox. A payload that this binary does not understand is told as it is.
    #[must_use]
    pub fn of(delivery: &Delivery) -> Self {
        let stored = &delivery.alert;
        let alert = serde_json::from_str(&stored.payload).unwrap_or_else(|_| Alert {
            version: VERSION,
            idempotency_key: stored.idempotency_key.clone(),
            group: stored.idempotency_key.clone(),
            rule: stored.rule.clone(),
            source: "unknown".to_owned(),
            kind: "unknown".to_owned(),
            scope: "unknown".to_owned(),
            state: AlertState::Firing,
            severity: "S3".to_owned(),
            block: stored.block,
            title: format!("alert {} of {}", stored.sequence, stored.rule),
            text: stored.payload.clone(),
            link: None,
            facts: Map::new(),
        });
        Self { sequence: stored.sequence, raised_at_ms: stored.created_at_ms, alert }
    }
}

/// Several alerts of a rule as one line and one text, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) link: Option<String>,
    pub(crate) severity: String,
    pub(crate) resolved: bool,
}

/// Titles that a digest lists.
const DIGEST_LINES: usize = 10;

impl Words {
    /// Of one alert its own words; of several, a digest.
    pub(crate) fn of(batch: &[Message]) -> Self {
        let Some(first) = batch.first() else {
            return Self {
                title: String::new(),
                text: String::new(),
                link: None,
                severity: "S4".to_owned(),
                resolved: false,
            };
        };
        let resolved = |message: &Message| message.alert.state == AlertState::Resolved;
        if batch.len() == 1 {
            let mark = if resolved(first) { "Resolved: " } else { "" };
            return Self {
                title: format!("{mark}[{}] {}", first.alert.severity, first.alert.title),
                text: first.alert.text.clone(),
                link: first.alert.link.clone(),
                severity: first.alert.severity.clone(),
                resolved: resolved(first),
            };
        }
        let severity = batch.iter().map(|message| message.alert.severity.as_str()).min().unwrap_or("S4");
        let over = batch.iter().filter(|message| resolved(message)).count();
        let mut text = String::new();
        for message in batch.iter().take(DIGEST_LINES) {
            let mark = if resolved(message) { "resolved: " } else { "" };
            text.push_str(&format!("#{} {mark}{}\n", message.sequence, message.alert.title));
        }
        if batch.len() > DIGEST_LINES {
            text.push_str(&format!("and {} more\n", batch.len() - DIGEST_LINES));
        }
        let also = if over == 0 { String::new() } else { format!(", {over} of them resolved") };
        Self {
            title: format!("[{severity}] {} alerts of rule {}{also}", batch.len(), first.alert.rule),
            text,
            link: None,
            severity: severity.to_owned(),
            resolved: over == batch.len(),
        }
    }

    /// Title, text and link, at most `most` characters.
    pub(crate) fn plain(&self, most: usize) -> String {
        let mut plain = self.title.clone();
        if !self.text.is_empty() && self.text != self.title {
            plain.push_str("\n\n");
            plain.push_str(self.text.trim_end());
        }
        let link = self.link.as_deref().map(|link| format!("\n{link}")).unwrap_or_default();
        let room = most.saturating_sub(link.chars().count());
        format!("{}{link}", shortened(&plain, room))
    }
}

/// At most `most` characters, with a sign where something was left out.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept.push('…');
    kept
}
