//! The layers below the flags: a TOML file and the environment, checked against the names that exist.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::Config;
use super::nearest::nearest;

/// Read when no file is named, if it is there.
const DEFAULT_FILE: &str = "yumascan.toml";
const PREFIX: &str = "YUMASCAN_";

/// Variables that are no configuration keys, or shorter names of one.
const SPECIAL: [(&str, Option<&str>); 4] = [
    ("YUMASCAN_CONFIG", None),
    ("YUMASCAN_ENGINE", Some("engine.library")),
    ("YUMASCAN_RPC", Some("ingest.endpoints")),
    ("YUMASCAN_LOG", Some("log.filter")),
];

/// A configuration that is not to be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read the configuration {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {reason}", path = path.display())]
    Syntax { path: PathBuf, reason: String },
    #[error("{place}: there is no setting `{name}`{}", hint(.near.as_deref(), .known))]
    Unknown { place: String, name: String, near: Option<String>, known: Vec<String> },
    #[error("{place}: {reason}")]
    Value { place: String, reason: String },
    #[error("the configuration cannot be printed: {0}")]
    Print(String),
}

fn hint(near: Option<&str>, known: &[String]) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; there are: {}", known.join(", ")),
    }
}

/// Reads the layers. `named` is the file of `--config`.
pub(super) fn load(
    named: Option<&Path>,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Config, ConfigError> {
    let variables: Vec<(String, String)> = environment
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty())
        .collect();
    let from_environment =
        variables.iter().find(|(name, _)| name == "YUMASCAN_CONFIG").map(|(_, path)| PathBuf::from(path));
    let file = named.map(Path::to_path_buf).or(from_environment);
    let mut config = match file {
        Some(path) => read_file(&path)?,
        None if Path::new(DEFAULT_FILE).is_file() => read_file(Path::new(DEFAULT_FILE))?,
        None => Config::default(),
    };
    for (name, value) in variables {
        config = set_variable(config, &name, &value)?;
    }
    Ok(config)
}

fn read_file(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_path_buf(), source })?;
    let syntax = |reason: String| ConfigError::Syntax { path: path.to_path_buf(), reason };
    let table: toml::Table = toml::from_str(&text).map_err(|err| syntax(err.to_string()))?;
    let given = serde_json::to_value(&table).map_err(|err| syntax(err.to_string()))?;
    check_names(&given, &all_names()?, "", path)?;
    toml::from_str(&text).map_err(|err| syntax(err.to_string()))
}

/// The default configuration as a tree: its names are all that exist.
fn all_names() -> Result<Json, ConfigError> {
    serde_json::to_value(Config::default()).map_err(|err| ConfigError::Print(err.to_string()))
}

fn check_names(given: &Json, known: &Json, section: &str, path: &Path) -> Result<(), ConfigError> {
    let (Json::Object(given), Json::Object(known)) = (given, known) else { return Ok(()) };
    for (name, value) in given {
        let full = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        match known.get(name) {
            Some(known) => check_names(value, known, &full, path)?,
            None => {
                let near = nearest(name, known.keys().map(String::as_str));
                let near = near
                    .map(|near| if section.is_empty() { near.into() } else { format!("{section}.{near}") });
                let known = known.keys().cloned().collect();
                return Err(ConfigError::Unknown {
                    place: path.display().to_string(),
                    name: full,
                    near,
                    known,
                });
            }
        }
    }
    Ok(())
}

/// `YUMASCAN_SECTION_KEY` for every key that exists.
pub(super) fn variable_names(known: &Json) -> Vec<(String, String)> {
    let Json::Object(top) = known else { return Vec::new() };
    let mut names: Vec<(String, String)> = SPECIAL
        .iter()
        .filter_map(|(variable, key)| Some(((*variable).to_owned(), (*key)?.to_owned())))
        .collect();
    for (section, value) in top {
        match value {
            Json::Object(keys) => {
                names.extend(keys.keys().map(|key| {
                    (format!("{PREFIX}{section}_{key}").to_uppercase(), format!("{section}.{key}"))
                }));
            }
            _ => names.push((format!("{PREFIX}{section}").to_uppercase(), section.clone())),
        }
    }
    names
}

fn set_variable(config: Config, variable: &str, text: &str) -> Result<Config, ConfigError> {
    // the project's own tests speak to one another by such names
    if variable == "YUMASCAN_CONFIG" || variable.starts_with("YUMASCAN_TEST_") {
        return Ok(config);
    }
    let failed = |reason: String| ConfigError::Value { place: variable.to_owned(), reason };
    let known = all_names()?;
    let names = variable_names(&known);
    let Some((_, key)) = names.iter().find(|(name, _)| name == variable) else {
        let near = nearest(variable, names.iter().map(|(name, _)| name.as_str())).map(str::to_owned);
        let known = names.into_iter().map(|(name, _)| name).collect();
        return Err(ConfigError::Unknown {
            place: "the environment".into(),
            name: variable.into(),
            near,
            known,
        });
    };
    let tree = serde_json::to_value(&config).map_err(|err| failed(err.to_string()))?;
    let pointer = format!("/{}", key.replace('.', "/"));
    let mut reason = String::new();
    for candidate in candidates(known.pointer(&pointer), text) {
        let mut tree = tree.clone();
        if let Some(slot) = tree.pointer_mut(&pointer) {
            *slot = candidate;
        }
        match serde_json::from_value(tree) {
            Ok(config) => return Ok(config),
            Err(err) => reason = err.to_string(),
        }
    }
    Err(failed(format!("`{text}` does not fit: {reason}")))
}

/// What a variable's text may mean, given the default of its key.
fn candidates(default: Option<&Json>, text: &str) -> Vec<Json> {
    let parsed = || serde_json::from_str::<Json>(text).ok().filter(|value| !value.is_string());
    match default {
        Some(Json::Array(_)) => {
            vec![text.split(',').map(|item| Json::String(item.trim().to_owned())).collect()]
        }
        Some(Json::Number(_) | Json::Bool(_)) => {
            parsed().into_iter().chain([Json::String(text.into())]).collect()
        }
        _ => std::iter::once(Json::String(text.into())).chain(parsed()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("yumascan.toml");
        std::fs::write(&path, text).unwrap();
        let environment =
            environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        load(Some(&path), environment).map_err(|err| err.to_string())
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = "data_dir = \"/srv/a\"\n[ingest]\nendpoints = [\"ws://one\"]\nwindow_blocks = 64\n";
        let config = with_file(
            file,
            &[
                ("YUMASCAN_RPC", "ws://two, ws://three"),
                ("YUMASCAN_API_TIMEOUT_MS", "5"),
                ("YUMASCAN_API_READY_MAX_AGE_S", "300"),
                ("YUMASCAN_SERVE_LISTEN", "127.0.0.1:9"),
                ("YUMASCAN_STORE_URL", "sqlite::memory:"),
                ("YUMASCAN_ENGINE_PASSWORD", "1234"),
                ("UNRELATED", "x"),
            ],
        )
        .unwrap();
        assert_eq!(config.data_dir, Path::new("/srv/a"));
        assert_eq!(config.ingest.endpoints, ["ws://two", "ws://three"]);
        assert_eq!((config.ingest.window_blocks, config.api.timeout_ms), (64, 5));
        assert_eq!(config.api.ready_max_age_s, Some(300));
        assert_eq!(config.serve.listen.port(), 9);
        assert_eq!(config.engine.password.as_deref(), Some("1234"));
    }

    #[test]
    fn a_typo_is_refused_with_the_nearest_name() {
        let text = with_file("[ingest]\nendpoitns = [\"ws://x\"]\n", &[]).unwrap_err();
        assert!(text.contains("no setting `ingest.endpoitns`; did you mean `ingest.endpoints`?"), "{text}");
        let text = with_file("datadir = \"x\"\n", &[]).unwrap_err();
        assert!(text.contains("did you mean `data_dir`?"), "{text}");
        let text = with_file("[colours]\nx = 1\n", &[]).unwrap_err();
        assert!(text.contains("there are: ") && text.contains("ingest"), "{text}");
        let text = with_file("", &[("YUMASCAN_DATADIR", "x")]).unwrap_err();
        assert!(text.contains("did you mean `YUMASCAN_DATA_DIR`?"), "{text}");
    }

    #[test]
    fn a_wrong_value_names_its_place() {
        let text = with_file("[ingest]\nwindow_blocks = \"many\"\n", &[]).unwrap_err();
        assert!(text.contains("line 2") && text.contains("many"), "{text}");
        let text = with_file("[ingest\n", &[]).unwrap_err();
        assert!(text.contains("yumascan.toml") && text.contains("line 1"), "{text}");
        let text = with_file("", &[("YUMASCAN_SERVE_LISTEN", "here")]).unwrap_err();
        assert!(text.contains("YUMASCAN_SERVE_LISTEN: `here`"), "{text}");
    }

    #[test]
    fn a_named_file_must_exist() {
        let text = load(Some(Path::new("/nowhere/y.toml")), std::iter::empty()).unwrap_err().to_string();
        assert!(text.contains("/nowhere/y.toml"), "{text}");
    }
}
