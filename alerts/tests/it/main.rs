//! Alerts against real sockets, a real store and processes that are killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod delivery;
mod killed;
mod outward;
mod rules;
mod server;
mod sinks;

use serde_json::{Map, json};
use yumascan_alerts::{Alert, AlertState, Message};
use yumascan_store::{
    Store,
    alerts::{NewAlert, RuleSave, Secret},
};

/// An alert number `n` of a rule.
pub(crate) fn alert(rule: &str, n: u64) -> Alert {
    Alert {
        version: 1,
        idempotency_key: Alert::key_of(&[rule, &n.to_string()]),
        group: Alert::key_of(&[rule]),
        rule: rule.to_owned(),
        source: "incident".to_owned(),
        kind: "runaway_batch".to_owned(),
        scope: "chain".to_owned(),
        state: if n.is_multiple_of(10) { AlertState::Resolved } else { AlertState::Firing },
        severity: "S2".to_owned(),
        block: Some(n),
        title: format!("alert {n} <!channel> @everyone & \"more\""),
        text: format!("line one of {n}\nline two"),
        link: Some("https://scan.example/incidents/abc".to_owned()),
        facts: json!({ "score": 1.5 }).as_object().cloned().unwrap_or_else(Map::new),
    }
}

pub(crate) fn message(n: u64) -> Message {
    Message { sequence: n, raised_at_ms: 1_700_000_000_000 + n, alert: alert("a-rule", n) }
}

pub(crate) fn new_alert(rule: &str, n: u64) -> NewAlert {
    let alert = alert(rule, n);
    NewAlert {
        idempotency_key: alert.idempotency_key.clone(),
        block: alert.block,
        payload: alert.to_json().unwrap(),
        silenced: false,
    }
}

/// A store with a webhook sink `hook` and rules that use it.
pub(crate) async fn prepare(store: &Store, config: serde_json::Value, rules: &[&str]) {
    let secret = Secret::new("top-secret-key");
    store.save_sink("hook", "webhook", &config.to_string(), Some(&secret), true).await.unwrap();
    for rule in rules {
        let sinks = ["hook".to_owned()];
        let save = RuleSave { name: rule, definition: "{\"on\":\"incident\"}", sinks: &sinks, enabled: true };
        store.save_rule(save).await.unwrap();
    }
}
