//! `yumascan migrate`: both schemas, now.

use std::process::ExitCode;

use yumascan_store::Store;
use yumascan_warehouse::Warehouse;

use crate::config::Config;
use crate::house::{open_engine, warehouse_config};

const EXAMPLES: &str = "\
Examples:
  yumascan migrate                                                     the data folder
  yumascan migrate --clickhouse-url http://ch:8123 --store-url postgres://user:password@db/yumascan

`up`, `ingest` and `serve` do it by themselves; where several processes share a server, do it once before they start.
Migrations only go forward.";

/// Flags of `migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MigrateArgs {}

pub(crate) async fn run(_: MigrateArgs, config: Config) -> anyhow::Result<ExitCode> {
    let engine = match config.clickhouse.url {
        Some(_) => None,
        None => Some(open_engine(&config).await?),
    };
    let server = warehouse_config(&config, engine.as_ref().map(|engine| engine.info().clone()));
    let migrated = migrate(&config, server).await;
    if let Some(engine) = engine {
        let _ = tokio::task::spawn_blocking(move || engine.shutdown()).await;
    }
    migrated.map(|()| ExitCode::SUCCESS)
}

async fn migrate(config: &Config, server: yumascan_warehouse::WarehouseConfig) -> anyhow::Result<()> {
    let store = match &config.store.url {
        Some(url) => Store::open(url).await?,
        None => Store::open_file(&config.store_file()).await?,
    };
    store.close().await;
    println!("store      up to date");
    let report = Warehouse::connect(server).await?.migrate().await?;
    match report.applied.is_empty() {
        true => println!("warehouse  up to date (schema {})", report.to),
        false => {
            println!("warehouse  schema {} to {}: {}", report.from, report.to, report.applied.join(", "));
        }
    }
    Ok(())
}
