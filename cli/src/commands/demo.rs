//! `yumascan demo`: the bundled chain, end to end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use yumascan_devnode::{DevNode, LoadOptions, NodeOptions, Recording};
use yumascan_ingest::IngestMode;

use super::up;
use crate::args::Listen;
use crate::config::Config;
use crate::{demo_files, serving, shutdown};

const EXAMPLES: &str = "\
Examples:
  yumascan demo                                    then open the address it prints
  yumascan demo --listen 127.0.0.1:0               on any free port
  yumascan demo --data-dir /tmp/demo               in another folder

A recorded chain is served as a node on this machine and ingested from it over a socket, as a real one would be. The
last blocks of the recording arrive live. Blocks 3000 to 3099 are a runaway batch, 3101 to 3201 are safe mode.";

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    listen: Listen,
    /// A recording other than the bundled one
    #[arg(long, value_name = "DIR")]
    recording: Option<PathBuf>,
    /// Blocks at the end of the recording that arrive live
    #[arg(long, value_name = "N", default_value_t = 60)]
    live: u64,
    /// Seconds between live blocks
    #[arg(long, value_name = "S", default_value_t = 3.0)]
    block_time: f64,
    /// Ingest what is there, then stop (for scripts)
    #[arg(long)]
    exit_at_head: bool,
}

pub(crate) async fn run(args: DemoArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_listen(&args.listen);
    let listener = serving::listen(config.serve.listen).await?;
    let folder = match args.recording {
        Some(folder) => folder,
        None => demo_files::find()?,
    };
    let block_time = Duration::try_from_secs_f64(args.block_time).ok().filter(|time| !time.is_zero());
    let block_time = block_time.context("--block-time: give seconds above 0")?;
    let cancel = shutdown::on_signal();

    tracing::info!(folder = %folder.display(), "reading the recorded chain");
    let load = move || Recording::load(&folder, &LoadOptions::default());
    let recording =
        tokio::task::spawn_blocking(load).await.context("reading the recording was interrupted")??;
    let last = recording.last_block();
    let options = match args.exit_at_head {
        true => NodeOptions::default(),
        false => NodeOptions {
            head: Some(last.saturating_sub(args.live)),
            block_time: Some(block_time),
            ..NodeOptions::default()
        },
    };
    let name = recording.chain_name().to_owned();
    // a slice begins above 1: what lies below is not in the recording
    config.ingest.from = config.ingest.from.max(recording.first_block());
    let node = DevNode::new(recording.into(), options).serve("127.0.0.1:0").await?;
    config.ingest.endpoints = vec![node.url()];
    tracing::info!(node = %node.url(), chain = name, blocks = last, "the recorded chain is served as a node");

    let mode = if args.exit_at_head { IngestMode::ExitAtHead } else { IngestMode::Follow };
    let report = up::together(&config, listener, Some(name), cancel, mode).await;
    node.shutdown().await;
    let report = report?;
    if let Some(report) = &report {
        eprintln!("{report}");
    }
    let unfinished = report.is_none_or(|report| report.cancelled) && args.exit_at_head;
    Ok(if unfinished { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
