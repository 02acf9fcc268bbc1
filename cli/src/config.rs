//! Configuration: defaults, a TOML file, the environment, flags; the later wins. Unknown names are refused.

mod layers;
mod nearest;
#[cfg(test)]
mod reference;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use yumascan_alerts::AlertsConfig;
use yumascan_api::{ApiConfig, LimitsConfig};
use yumascan_embedded::{EngineLibrary, FindOptions};
use yumascan_ingest::IngestConfig;
use yumascan_store::redact_url;
use yumascan_watch::WatchConfig;

use crate::args::{Common, Listen, Rpc};

pub(crate) use layers::ConfigError;

/// Everything that can be configured. docs/configuration.md is made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Folder of engine, store and locks.
    pub(crate) data_dir: PathBuf,
    pub(crate) clickhouse: ClickHouseConfig,
    pub(crate) engine: EngineSection,
    pub(crate) store: StoreConfig,
    pub(crate) ingest: IngestConfig,
    pub(crate) serve: ServeConfig,
    pub(crate) api: ApiConfig,
    pub(crate) watch: WatchConfig,
    pub(crate) alerts: AlertsConfig,
    pub(crate) limits: LimitsConfig,
    pub(crate) log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            clickhouse: ClickHouseConfig::default(),
            engine: EngineSection::default(),
            store: StoreConfig::default(),
            ingest: IngestConfig::default(),
            serve: ServeConfig::default(),
            api: ApiConfig::default(),
            watch: WatchConfig::default(),
            alerts: AlertsConfig::default(),
            limits: LimitsConfig::default(),
            log: LogConfig::default(),
        }
    }
}

/// The warehouse's server and database: section `[clickhouse]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClickHouseConfig {
    /// HTTP endpoint of a server; without it the embedded engine is used.
    pub(crate) url: Option<String>,
    /// The warehouse's database.
    pub(crate) database: String,
    /// User on the server.
    pub(crate) user: String,
    /// Password on the server.
    pub(crate) password: String,
}

impl Default for ClickHouseConfig {
    fn default() -> Self {
        Self { url: None, database: "yumascan".into(), user: "default".into(), password: String::new() }
    }
}

/// The embedded engine: section `[engine]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EngineSection {
    /// The library, or a folder that holds it.
    pub(crate) library: Option<PathBuf>,
    /// Address of its HTTP endpoint, on the loopback interface.
    pub(crate) listen: SocketAddr,
    /// User of the endpoint.
    pub(crate) user: String,
    /// Password of the endpoint; random at every start when absent.
    pub(crate) password: Option<String>,
}

impl Default for EngineSection {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { library: None, listen, user: "yumascan".into(), password: None }
    }
}

/// The operational store: section `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoreConfig {
    /// PostgreSQL or SQLite by URL; a SQLite file in the data folder when absent.
    pub(crate) url: Option<String>,
}

/// Pages and API: section `[serve]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServeConfig {
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)) }
    }
}

/// Logging: section `[log]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// A level, or `module=level,…`.
    pub(crate) filter: Option<String>,
    /// `text` or `json`.
    pub(crate) format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors: an object a line.
    Json,
}

impl Config {
    /// Reads file and environment and lays the flags over them.
    pub(crate) fn load(flags: &Common) -> Result<Self, ConfigError> {
        let mut config = layers::load(flags.config.as_deref(), std::env::vars_os())?;
        if let Some(data_dir) = &flags.data_dir {
            config.data_dir.clone_from(data_dir);
        }
        if flags.engine.is_some() {
            config.engine.library.clone_from(&flags.engine);
        }
        if flags.clickhouse_url.is_some() {
            config.clickhouse.url.clone_from(&flags.clickhouse_url);
        }
        if let Some(database) = &flags.clickhouse_database {
            config.clickhouse.database.clone_from(database);
        }
        if flags.store_url.is_some() {
            config.store.url.clone_from(&flags.store_url);
        }
        if flags.log.is_some() {
            config.log.filter.clone_from(&flags.log);
        }
        config.clickhouse.take_credentials_from_url()?;
        Ok(config)
    }

    pub(crate) fn set_rpc(&mut self, flags: Rpc) {
        if !flags.rpc.is_empty() {
            self.ingest.endpoints = flags.rpc;
        }
    }

    pub(crate) fn set_listen(&mut self, flags: &Listen) {
        if let Some(listen) = flags.listen {
            self.serve.listen = listen;
        }
    }

    /// The configuration as a file, secrets hidden.
    pub(crate) fn redacted(&self) -> Result<String, ConfigError> {
        let mut shown = self.clone();
        let hide = |secret: &mut String| {
            if !secret.is_empty() {
                "***".clone_into(secret);
            }
        };
        hide(&mut shown.clickhouse.password);
        if let Some(password) = &mut shown.engine.password {
            hide(password);
        }
        for url in [&mut shown.clickhouse.url, &mut shown.store.url].into_iter().flatten() {
            *url = redact_url(url);
        }
        for url in &mut shown.ingest.endpoints {
            *url = redact_url(url);
        }
        toml::to_string(&shown).map_err(|err| ConfigError::Print(err.to_string()))
    }

    /// The engine library, wherever it is.
    pub(crate) fn find_library(&self) -> Result<EngineLibrary, yumascan_embedded::EmbeddedError> {
        let data_dir = Some(self.data_dir.clone());
        EngineLibrary::find(&FindOptions { flag: self.engine.library.clone(), data_dir })
    }

    /// The store's file, when it is not elsewhere by URL.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.data_dir.join("store.sqlite")
    }

    /// Whether the embedded engine has ever stored anything in the data folder.
    pub(crate) fn has_data(&self) -> bool {
        let engine: &Path = &self.data_dir.join("clickhouse");
        self.clickhouse.url.is_some() || engine.is_dir()
    }
}

impl ClickHouseConfig {
    /// `http://user:password@host` is how people write it: the client wants the parts.
    fn take_credentials_from_url(&mut self) -> Result<(), ConfigError> {
        let Some(text) = &self.url else { return Ok(()) };
        let bad = |reason: String| ConfigError::Value {
            place: "--clickhouse-url".into(),
            reason: format!(
                "`{}` is not a ClickHouse URL ({reason}); use http://host:8123 or https://host:8443",
                redact_url(text)
            ),
        };
        let mut url = url::Url::parse(text).map_err(|err| bad(err.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad(format!("the scheme {} is not HTTP", url.scheme())));
        }
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        if !url.username().is_empty() {
            self.user = decode(url.username());
        }
        if let Some(password) = url.password() {
            self.password = decode(password);
        }
        let plain = url.set_username("").and_then(|()| url.set_password(None));
        plain.map_err(|()| bad("it has no host".into()))?;
        self.url = Some(url.as_str().trim_end_matches('/').to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_when_the_configuration_is_printed() {
        let mut config = Config::default();
        config.clickhouse.url = Some("http://ada:hunter2@ch.example:8123/".into());
        config.clickhouse.take_credentials_from_url().unwrap();
        assert_eq!(config.clickhouse.url.as_deref(), Some("http://ch.example:8123"));
        assert_eq!(
            (config.clickhouse.user.as_str(), config.clickhouse.password.as_str()),
            ("ada", "hunter2")
        );
        config.store.url = Some("postgres://bob:hunter3@db.example/yumascan".into());
        config.engine.password = Some("hunter4".into());
        config.ingest.endpoints = vec!["wss://node.example/?key=hunter5".into()];
        let text = config.redacted().unwrap();
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("db.example") && text.contains("node.example"), "{text}");
    }
}
