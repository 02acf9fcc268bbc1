//! docs/configuration.md is made from the configuration's own structs: names and defaults from their values, meanings from their
//! comments.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::{Config, layers};

/// (section, the struct, its source).
const SOURCES: [(&str, &str, &str); 11] = [
    ("", "Config", include_str!("../config.rs")),
    ("clickhouse", "ClickHouseConfig", include_str!("../config.rs")),
    ("engine", "EngineSection", include_str!("../config.rs")),
    ("store", "StoreConfig", include_str!("../config.rs")),
    ("serve", "ServeConfig", include_str!("../config.rs")),
    ("log", "LogConfig", include_str!("../config.rs")),
    ("ingest", "IngestConfig", include_str!("../../../ingest/src/config.rs")),
    ("watch", "WatchConfig", include_str!("../../../watch/src/config.rs")),
    ("alerts", "AlertsConfig", include_str!("../../../alerts/src/config.rs")),
    ("api", "ApiConfig", include_str!("../../../api/src/config.rs")),
    ("limits", "LimitsConfig", include_str!("../../../api/src/limits.rs")),
];

const HEAD: &str = "<!-- Generated from the configuration's structs. After a change: UPDATE=1 cargo test -p yumascan-cli reference -->\n
# Configuration

Defaults, then a TOML file (`--config`, `YUMASCAN_CONFIG`, or `yumascan.toml` in the working folder), then the environment, then flags; the
later wins. A name that does not exist is refused at start with the nearest one that does. `yumascan --print-config doctor` prints the
outcome with its secrets hidden.

A key `key` of section `[section]` is `YUMASCAN_SECTION_KEY` in the environment, lists with commas. Shorter names: `YUMASCAN_RPC` for
`ingest.endpoints`, `YUMASCAN_ENGINE` for `engine.library`, `YUMASCAN_LOG` for `log.filter`.
";

/// (field, comment) of a struct, in order.
fn fields(source: &str, name: &str) -> Vec<(String, String)> {
    let start = source.find(&format!("struct {name} {{")).unwrap();
    let mut comment = Vec::new();
    let mut found = Vec::new();
    for line in source[start..].lines().skip(1).take_while(|line| line.trim() != "}") {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            comment.push(text.trim().to_owned());
        } else if line.starts_with("$(") {
            // sections of a section, made by a macro
            comment.clear();
        } else if let Some((field, _)) = line.strip_prefix("pub").and_then(|rest| rest.split_once(':')) {
            let field = field.trim_start_matches("(crate)").trim();
            found.push((field.to_owned(), comment.join(" ")));
            comment.clear();
        }
    }
    found
}

fn shown(default: Option<&Json>) -> String {
    match default {
        None | Some(Json::Null) => "–".to_owned(),
        Some(Json::String(text)) if text.is_empty() => "empty".to_owned(),
        Some(Json::Array(items)) if items.is_empty() => "none".to_owned(),
        Some(Json::String(text)) => format!("`{text}`"),
        Some(other) => format!("`{other}`"),
    }
}

fn generated() -> String {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    let mut out = HEAD.to_owned();
    for (section, name, source) in SOURCES {
        let title = if section.is_empty() { "At the top".to_owned() } else { format!("`[{section}]`") };
        write!(out, "\n## {title}\n\n| key | default | meaning |\n|---|---|---|\n").unwrap();
        for (field, comment) in fields(source, name) {
            let pointer =
                if section.is_empty() { format!("/{field}") } else { format!("/{section}/{field}") };
            let default = defaults.pointer(&pointer);
            if default.is_some_and(Json::is_object) {
                continue;
            }
            assert!(!comment.is_empty(), "{name}.{field} has no comment");
            let key = pointer.trim_start_matches('/').replace('/', ".");
            writeln!(out, "| `{key}` | {} | {} |", shown(default), comment.replace('|', "\\|")).unwrap();
        }
        let inner = defaults.get(section).and_then(Json::as_object).into_iter().flatten();
        for (key, _) in inner.filter(|(_, value)| value.is_object()) {
            let about = "Thresholds of detectors, a section of its own: its keys are in [incidents.md](incidents.md).";
            writeln!(out, "| `{section}.{key}` | – | {about} |").unwrap();
        }
    }
    out
}

#[test]
fn the_reference_is_that_of_the_structs() {
    let path = "../docs/configuration.md";
    let text = generated();
    for (_, key) in layers::variable_names(&serde_json::to_value(Config::default()).unwrap()) {
        assert!(text.contains(&format!("| `{key}` |")), "no source of the reference has {key}");
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        stored == text,
        "docs/configuration.md is out of date: UPDATE=1 cargo test -p yumascan-cli reference"
    );
}
