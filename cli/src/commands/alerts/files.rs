//! Rules and sinks as a file. Secrets are not in it.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use yumascan_alerts::{rule::Rule, sinks::Sink};
use yumascan_store::Store;

use super::save_rule;

pub(super) async fn export(store: &Store, kinds: &[&str]) -> anyhow::Result<Value> {
    let mut sinks = Vec::new();
    for sink in store.list_sinks().await? {
        let settings: Value = serde_json::from_str(&sink.config)?;
        sinks.push(
            json!({ "name": sink.name, "kind": sink.kind, "enabled": sink.enabled, "settings": settings }),
        );
    }
    let mut rules = Vec::new();
    for record in store.list_rules().await? {
        rules.push(Rule::from_record(&record, kinds)?.to_json());
    }
    Ok(json!({ "version": 1, "sinks": sinks, "rules": rules }))
}

/// Checks all of a file, then makes what it says.
pub(super) async fn import(store: &Store, file: &Path, kinds: &[&str]) -> anyhow::Result<()> {
    let shown = file.display();
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    }
    let whole: Value = if file.extension().is_some_and(|kind| kind == "toml") {
        toml::from_str(&text).with_context(|| format!("{shown} is not TOML"))?
    } else {
        serde_json::from_str(&text)
            .with_context(|| format!("{shown} is not JSON; name it .toml if it is TOML"))?
    };
    let known = ["version", "sinks", "rules"];
    let fields =
        whole.as_object().with_context(|| format!("{shown} must hold an object with sinks and rules"))?;
    if let Some(odd) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        anyhow::bail!("{shown}: there is no field `{odd}`; there are: {}", known.join(", "));
    }
    let list = |name: &str| whole.get(name).and_then(Value::as_array).cloned().unwrap_or_default();

    let mut sinks = Vec::new();
    for sink in list("sinks") {
        let text = |name: &str| sink.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = text("name").with_context(|| format!("{shown}: a sink has no name"))?;
        let kind = text("kind").with_context(|| format!("{shown}: the sink {name} has no kind"))?;
        let settings = sink.get("settings").cloned().unwrap_or_else(|| json!({}));
        let enabled = sink.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        let stored = store.find_sink(&name).await?.filter(|stored| stored.kind == kind);
        let secret = stored.and_then(|stored| stored.secret);
        Sink::parse(&name, &kind, &settings, secret).with_context(|| {
            format!(
                "{shown}: a file holds no secrets; make the sink {name} with `yumascan alerts add sink` first"
            )
        })?;
        sinks.push((name, kind, settings, enabled));
    }
    let rules: Vec<Rule> =
        list("rules").iter().map(|rule| Rule::parse(rule, kinds)).collect::<Result<_, _>>()?;
    for rule in &rules {
        for sink in &rule.sinks {
            let is_here =
                sinks.iter().any(|(name, ..)| name == sink) || store.find_sink(sink).await?.is_some();
            anyhow::ensure!(is_here, "{shown}: rule {}, sinks: there is no sink `{sink}`", rule.name);
        }
    }
    for (name, kind, settings, enabled) in &sinks {
        store.save_sink(name, kind, &settings.to_string(), None, *enabled).await?;
    }
    for rule in &rules {
        save_rule(store, rule).await?;
    }
    println!("{} sinks and {} rules made or changed", sinks.len(), rules.len());
    Ok(())
}
