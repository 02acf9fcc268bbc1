//! Engine, warehouse and store of a data folder, opened and closed together.

use anyhow::Context;
use yumascan_embedded::{EmbeddedEngine, EngineConfig, EngineInfo};
use yumascan_store::Store;
use yumascan_warehouse::{Warehouse, WarehouseConfig};

use crate::config::Config;

/// What most commands work on.
pub(crate) struct House {
    pub(crate) warehouse: Warehouse,
    pub(crate) store: Store,
    engine: Option<EmbeddedEngine>,
}

impl House {
    /// Opens everything for a command that may write, and brings both schemas up to date.
    ///
    /// With the embedded engine this takes the data folder for this process alone.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let engine = match &config.clickhouse.url {
            Some(_) => None,
            None => Some(open_engine(config).await?),
        };
        let house = Self::join(config, engine.as_ref().map(EmbeddedEngine::info).cloned(), engine).await?;
        let report = house.warehouse.migrate().await?;
        if !report.applied.is_empty() {
            tracing::info!(from = report.from, to = report.to, "warehouse schema migrated");
        }
        Ok(house)
    }

    /// Opens everything for a command that only reads: where another process holds the folder, through that process.
    pub(crate) async fn open_or_join(config: &Config) -> anyhow::Result<Self> {
        if config.clickhouse.url.is_none() {
            require_data(config)?;
            if let Some(info) = EngineInfo::find(&config.data_dir)? {
                tracing::debug!(pid = info.pid, "asking the process that holds the data folder");
                return Self::join(config, Some(info), None).await;
            }
        }
        Self::open(config).await
    }

    async fn join(
        config: &Config,
        info: Option<EngineInfo>,
        engine: Option<EmbeddedEngine>,
    ) -> anyhow::Result<Self> {
        let store = open_store(config).await?;
        let warehouse = Warehouse::connect(warehouse_config(config, info)).await?;
        Ok(Self { warehouse, store, engine })
    }

    /// Where the warehouse is, for people.
    pub(crate) fn engine(&self) -> Option<&EmbeddedEngine> {
        self.engine.as_ref()
    }

    /// Closes the store and stops the engine in order.
    pub(crate) async fn close(self) {
        self.store.close().await;
        drop(self.warehouse);
        if let Some(engine) = self.engine {
            // stopping waits for the engine's queries
            let _ = tokio::task::spawn_blocking(move || engine.shutdown()).await;
        }
    }
}

/// The store alone, which several processes may have open.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    Ok(match &config.store.url {
        Some(url) => Store::open(url).await?,
        None => Store::open_file(&config.store_file()).await?,
    })
}

/// Where the warehouse is and who may enter.
pub(crate) fn warehouse_config(config: &Config, info: Option<EngineInfo>) -> WarehouseConfig {
    let database = config.clickhouse.database.clone();
    match (info, &config.clickhouse.url) {
        (Some(info), _) => {
            WarehouseConfig { url: info.url, database, user: info.user, password: info.password }
        }
        (None, url) => {
            let (user, password) = (config.clickhouse.user.clone(), config.clickhouse.password.clone());
            WarehouseConfig { url: url.clone().unwrap_or_default(), database, user, password }
        }
    }
}

/// Starts the embedded engine on the data folder.
pub(crate) async fn open_engine(config: &Config) -> anyhow::Result<EmbeddedEngine> {
    let mut engine = EngineConfig::new(&config.data_dir, config.find_library()?);
    engine.listen = config.engine.listen;
    engine.user.clone_from(&config.engine.user);
    engine.password.clone_from(&config.engine.password);
    let opened = tokio::task::spawn_blocking(move || EmbeddedEngine::open(engine)).await;
    Ok(opened.context("the engine's start was interrupted")??)
}

/// Refuses to answer from a folder where nothing was ever stored.
pub(crate) fn require_data(config: &Config) -> anyhow::Result<()> {
    if config.has_data() {
        return Ok(());
    }
    anyhow::bail!(
        "there is no data in {}; run `yumascan ingest --rpc URL --data-dir {}` first, or name the folder with --data-dir",
        config.data_dir.display(),
        config.data_dir.display()
    )
}
