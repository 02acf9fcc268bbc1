//! The last words: the operator's templates, links as people can open them.

use serde_json::{Map, Value, json};

use crate::{Alert, message::shortened, rule::Rule};

/// Characters of a title.
const TITLE: usize = 400;

/// Puts the operator's words in, and the address of the pages before the link.
pub(super) fn finish(rule: &Rule, mut alert: Alert, public_url: &str) -> Alert {
    if !public_url.is_empty() {
        alert.link = alert.link.map(|path| format!("{}{path}", public_url.trim_end_matches('/')));
    }
    let names = names_of(&alert);
    for (template, words) in [(&rule.title, &mut alert.title), (&rule.text, &mut alert.text)] {
        let Some(template) = template else { continue };
        match template.render(&names) {
            Ok(rendered) => *words = rendered,
            // it worked on the sample: the alert goes out in our words rather than not at all
            Err(error) => tracing::warn!(rule = %rule.name, error, "a template cannot be filled in"),
        }
    }
    let line: String = alert.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    alert.title = shortened(line.trim(), TITLE);
    alert
}

fn names_of(alert: &Alert) -> Map<String, Value> {
    let names = json!({
        "rule": alert.rule, "source": alert.source, "kind": alert.kind, "scope": alert.scope,
        "state": alert.state.name(), "severity": alert.severity, "block": alert.block, "title": alert.title,
        "text": alert.text, "link": alert.link, "facts": alert.facts,
    });
    match names {
        Value::Object(names) => names,
        _ => Map::new(),
    }
}

/// Facts a line each.
pub(super) fn facts_of(facts: &Map<String, Value>) -> String {
    let line = |(name, value): (&String, &Value)| match value {
        Value::Null => None,
        Value::String(text) => Some(format!("{}: {text}\n", name.replace('_', " "))),
        other => Some(format!("{}: {other}\n", name.replace('_', " "))),
    };
    facts.iter().filter_map(line).collect()
}

/// The page of a scope.
pub(super) fn path_of(scope: &str) -> Option<String> {
    let (kind, rest) = scope.split_once(':')?;
    match kind {
        "subnet" => Some(format!("/subnets/{rest}")),
        "neuron" => Some(format!("/accounts/{}", rest.split_once(':')?.1)),
        "account" | "hotkey" | "author" => Some(format!("/accounts/{rest}")),
        _ => None,
    }
}
