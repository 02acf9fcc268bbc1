//! Commands and flags, with the help that teaches them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::commands::{
    alerts, audit, backfill, backup, demo, detect, doctor, engine, export, ingest, keys, migrate, node,
    redecode, serve, sql, state, up, verify,
};

const EXAMPLES: &str = "\
Examples:
  yumascan demo                                          the bundled chain, end to end, nothing else needed
  yumascan doctor --rpc wss://archive.example:443        what is missing on this machine, and what to do
  yumascan up --rpc wss://archive.example:443            ingest and serve: open http://127.0.0.1:8080
  yumascan sql \"SELECT count() FROM events\"              ask the warehouse, also while `up` is running
  yumascan audit                                         prove that what is stored is whole and true

Configuration: defaults, then yumascan.toml (or --config FILE), then the environment (YUMASCAN_INGEST_ENDPOINTS is
`endpoints` of the section [ingest]), then flags. `yumascan --print-config doctor` shows the outcome.";

/// An open, self-hosted Bittensor explorer and data warehouse in one binary.
#[derive(Debug, Parser)]
#[command(name = "yumascan", version, about, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Common {
    /// Folder that holds everything: engine, store, locks. Created when absent [env: YUMASCAN_DATA_DIR] [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Configuration file (TOML) [env: YUMASCAN_CONFIG] [default: yumascan.toml, when there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The engine library, or a folder that holds it [env: YUMASCAN_ENGINE] [default: searched in node_modules]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) engine: Option<PathBuf>,
    /// A ClickHouse server to use in place of the embedded engine, e.g. http://user:password@host:8123
    /// [env: YUMASCAN_CLICKHOUSE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) clickhouse_url: Option<String>,
    /// The warehouse's database [env: YUMASCAN_CLICKHOUSE_DATABASE] [default: yumascan]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) clickhouse_database: Option<String>,
    /// Operational store: postgres://user:password@host/database or sqlite:///path [env: YUMASCAN_STORE_URL]
    /// [default: store.sqlite in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) store_url: Option<String>,
    /// What to log: a level, or module=level,… [env: YUMASCAN_LOG_FILTER] [default: info for services, else warn]
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Print the effective configuration with its secrets hidden, and stop
    #[arg(long, global = true)]
    pub(crate) print_config: bool,
}

/// Endpoints of the chain, for the commands that read it.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Rpc {
    /// RPC endpoints of archive nodes, ws(s):// or http(s)://, several with commas [env: YUMASCAN_RPC]
    #[arg(long, value_name = "URL[,URL]", value_delimiter = ',')]
    pub(crate) rpc: Vec<String>,
}

/// Where pages and API listen.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct Listen {
    /// Address of pages and API; port 0 takes any free one [env: YUMASCAN_SERVE_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Replay the bundled chain through the real path and browse it while it arrives
    Demo(demo::DemoArgs),
    /// Ingest and serve in one process, following the head
    Up(up::UpArgs),
    /// Ingest: to the finalized head and stop, or follow it
    Ingest(ingest::IngestArgs),
    /// Ingest a range of blocks and stop
    Backfill(backfill::BackfillArgs),
    /// Serve pages and API over what is stored
    Serve(serve::ServeArgs),
    /// Ask the warehouse in SQL
    Sql(sql::SqlArgs),
    /// Prove that what is stored is whole: gaps, links, roots, counts
    Audit(audit::AuditArgs),
    /// Read the chain's state block after block: prices, metagraphs, stakes, balances, parameters
    State(state::StateArgs),
    /// Recompute the chain's consensus and emission, and compare every stored number
    Verify(verify::VerifyArgs),
    /// Run the incident detectors over stored history
    Detect(detect::DetectArgs),
    /// Rebuild the decoded rows from the raw bytes
    Redecode(redecode::RedecodeArgs),
    /// Rules that tell people and programs what happens, and where to
    Alerts(alerts::AlertsArgs),
    /// Serve a recorded chain as a Substrate node, with faults on request
    Node(node::NodeArgs),
    /// Run the embedded ClickHouse alone, for BI tools
    Engine(engine::EngineArgs),
    /// Bring warehouse and store to this binary's schema
    Migrate(migrate::MigrateArgs),
    /// Write lists as files, a folder a day, with a manifest of hashes
    Export(export::ExportArgs),
    /// Write warehouse and store to a folder
    Backup(backup::BackupArgs),
    /// Read a backup into an empty data folder
    Restore(backup::RestoreArgs),
    /// Make, list and revoke keys of the API
    Keys(keys::KeysArgs),
    /// Check this machine, the data folder and the endpoints, and say what to do
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// Whether the command goes on until it is stopped: such a one logs what it does.
    pub(crate) fn is_service(&self) -> bool {
        matches!(
            self,
            Self::Demo(_)
                | Self::Up(_)
                | Self::Ingest(_)
                | Self::Backfill(_)
                | Self::Serve(_)
                | Self::Node(_)
                | Self::Engine(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_has_help_with_examples() {
        let command = Args::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            assert!(sub.get_about().is_some(), "{}", sub.get_name());
            let examples = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                examples.contains(&format!("yumascan {}", sub.get_name())),
                "{} shows no example",
                sub.get_name()
            );
        }
    }
}
