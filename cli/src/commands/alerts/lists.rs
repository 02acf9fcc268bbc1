//! What there is, for people and for programs.

use serde_json::{Value, json};
use yumascan_store::{
    Store,
    alerts::{OutboxFilter, SinkRecord},
    redact_url,
};

/// Dead letters that are listed.
const MOST: u32 = 200;

pub(super) async fn all(store: &Store, as_json: bool) -> anyhow::Result<()> {
    let (rules, sinks) = (store.list_rules().await?, store.list_sinks().await?);
    let (silences, totals) = (store.list_silences(super::now_ms()).await?, store.list_outbox_totals().await?);
    if as_json {
        let rules: Vec<Value> = rules
            .iter()
            .map(|rule| {
                let definition: Value = serde_json::from_str(&rule.definition).unwrap_or_default();
                json!({ "name": rule.name, "enabled": rule.enabled, "sinks": rule.sinks, "definition": definition,
                        "alerts": rule.next_sequence - 1, "evaluated": rule.position.is_some() })
            })
            .collect();
        let sinks: Vec<Value> = sinks
            .iter()
            .map(|sink| {
                json!({ "name": sink.name, "kind": sink.kind, "enabled": sink.enabled, "settings": shown(sink),
                        "has_secret": sink.secret.is_some() })
            })
            .collect();
        let silences: Vec<Value> = silences
            .iter()
            .map(|it| json!({ "id": it.id, "rule": it.rule, "kind": it.kind, "scope": it.scope, "note": it.note, "until_ms": it.until_ms }))
            .collect();
        let outbox: Vec<Value> = totals
            .iter()
            .map(|it| json!({ "sink": it.sink, "state": it.state.name(), "deliveries": it.deliveries, "last_error": it.last_error }))
            .collect();
        let whole = json!({ "rules": rules, "sinks": sinks, "silences": silences, "outbox": outbox });
        println!("{whole:#}");
        return Ok(());
    }
    if rules.is_empty() && sinks.is_empty() {
        println!("no rules and no sinks yet; `yumascan alerts --help` shows how to begin");
        return Ok(());
    }
    println!("rules");
    for rule in &rules {
        let state = if rule.enabled { "" } else { " (disabled)" };
        let sinks = if rule.sinks.is_empty() { "nobody".to_owned() } else { rule.sinks.join(", ") };
        println!(
            "  {}{state} → {sinks}: {} alerts so far; {}",
            rule.name,
            rule.next_sequence - 1,
            rule.definition
        );
    }
    println!("sinks");
    for sink in &sinks {
        let state = if sink.enabled { "" } else { " (disabled)" };
        println!("  {} ({}){state} {}", sink.name, sink.kind, shown(sink));
        for total in totals.iter().filter(|total| total.sink == sink.name) {
            let why = total.last_error.as_deref().map(|error| format!(", e.g. {error}")).unwrap_or_default();
            println!("    {} {}{why}", total.deliveries, total.state);
        }
    }
    if !silences.is_empty() {
        println!("silences");
    }
    for it in &silences {
        let of = [("rule", &it.rule), ("kind", &it.kind), ("scope", &it.scope)];
        let of: Vec<String> =
            of.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_deref()?))).collect();
        let minutes = it.until_ms.saturating_sub(super::now_ms()) / 60_000;
        println!("  {} {} for {minutes} more minutes {}", it.id, of.join(" "), it.note);
    }
    Ok(())
}

pub(super) async fn dead(store: &Store, filter: OutboxFilter<'_>, as_json: bool) -> anyhow::Result<()> {
    let letters = store.list_dead_letters(filter, MOST).await?;
    if as_json {
        let letters: Vec<Value> = letters
            .iter()
            .map(|it| {
                let alert: Value = serde_json::from_str(&it.alert.payload).unwrap_or_default();
                json!({ "sink": it.sink, "rule": it.alert.rule, "sequence": it.alert.sequence, "attempts": it.attempts,
                        "died_at_ms": it.died_at_ms, "error": it.last_error, "alert": alert })
            })
            .collect();
        println!("{:#}", Value::Array(letters));
        return Ok(());
    }
    if letters.is_empty() {
        println!("no alert was given up");
    }
    for it in &letters {
        let error = it.last_error.as_deref().unwrap_or("unknown");
        println!(
            "{} {} #{} after {} attempts: {error}",
            it.sink, it.alert.rule, it.alert.sequence, it.attempts
        );
    }
    if letters.len() == MOST as usize {
        println!("and perhaps more: narrow it with --sink and --rule");
    }
    Ok(())
}

/// Settings without what may be a key in a URL.
fn shown(sink: &SinkRecord) -> Value {
    let mut settings: Value = serde_json::from_str(&sink.config).unwrap_or_default();
    if let Some(Value::String(url)) = settings.get_mut("url") {
        *url = redact_url(url);
    }
    settings
}
