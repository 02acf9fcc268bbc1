//! The commands, a file each.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod backfill;
pub(crate) mod backup;
pub(crate) mod demo;
pub(crate) mod detect;
pub(crate) mod doctor;
pub(crate) mod engine;
pub(crate) mod export;
pub(crate) mod ingest;
pub(crate) mod keys;
pub(crate) mod migrate;
pub(crate) mod node;
pub(crate) mod redecode;
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod state;
pub(crate) mod up;
pub(crate) mod verify;

use std::process::ExitCode;

use crate::args::Command;
use crate::config::Config;

/// Runs a command.
pub(crate) async fn run(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(args, config)).await,
        Command::Up(args) => Box::pin(up::run(args, config)).await,
        Command::Ingest(args) => Box::pin(ingest::run(args, config)).await,
        Command::Backfill(args) => Box::pin(backfill::run(args, config)).await,
        Command::Serve(args) => Box::pin(serve::run(args, config)).await,
        Command::Sql(args) => Box::pin(sql::run(args, config)).await,
        Command::Audit(args) => Box::pin(audit::run(args, config)).await,
        Command::State(args) => Box::pin(state::run(args, config)).await,
        Command::Verify(args) => Box::pin(verify::run(args, config)).await,
        Command::Detect(args) => Box::pin(detect::run(args, config)).await,
        Command::Redecode(args) => Box::pin(redecode::run(args, config)).await,
        Command::Alerts(args) => Box::pin(alerts::run(args, config)).await,
        Command::Node(args) => Box::pin(node::run(args)).await,
        Command::Engine(args) => Box::pin(engine::run(args, config)).await,
        Command::Migrate(args) => Box::pin(migrate::run(args, config)).await,
        Command::Export(args) => Box::pin(export::run(args, config)).await,
        Command::Backup(args) => Box::pin(backup::backup(args, config)).await,
        Command::Restore(args) => Box::pin(backup::restore(args, config)).await,
        Command::Keys(args) => Box::pin(keys::run(args, config)).await,
        Command::Doctor(args) => Box::pin(doctor::run(args, config)).await,
    }
}
