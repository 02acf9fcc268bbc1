//! Alerts: rules, sinks, the outbox between them, silences.
//!
//! Invariants: a rule's alerts are numbered from 1 without holes; an idempotency key is used once, so that evaluating the
//! same again adds nothing; an alert, its deliveries and how far its rule was evaluated become visible together; a sink
//! gets the alerts of a rule in their order, and one that cannot be delivered is kept.

mod leases;
mod outbox;
mod rules;
mod silences;
mod sinks;

use std::fmt;

pub use outbox::{Alert, DeadLetter, Delivery, DeliveryState, NewAlert, OutboxFilter, OutboxTotals, Raised};
pub use rules::{RuleRecord, RuleSave};
pub use silences::Silence;
pub use sinks::SinkRecord;

/// A text that must not be seen: neither its `Debug` nor any serialisation shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` without the secret, should it hold it.
    #[must_use]
    pub fn hide_in(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret:?} {:#?}", Some(&secret)).contains("hunter2"));
        assert_eq!(secret.hide_in("bot hunter2 failed"), "bot *** failed");
        assert_eq!(Secret::new("").hide_in("abc"), "abc");
    }
}
