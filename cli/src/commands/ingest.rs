//! `yumascan ingest`: from the nodes to the warehouse.

use std::process::ExitCode;

use yumascan_ingest::{Ingest, IngestMode, IngestReport, Progress};
use yumascan_warehouse::LiveTip;

use crate::args::Rpc;
use crate::config::Config;
use crate::house::House;
use crate::{progress, shutdown};

const EXAMPLES: &str = "\
Examples:
  yumascan ingest --rpc ws://127.0.0.1:9944 --exit-at-head          everything up to the finalized head, then stop
  yumascan ingest --rpc wss://a.example,wss://b.example --from 8000000   then follow the head until stopped
  yumascan ingest --rpc ws://127.0.0.1:9944 --from 1 --to 5000      these blocks, then stop

It goes on where it stopped, also after a crash: blocks that are sealed are not asked for again. Genesis (block 0)
executed nothing and is left out unless --from 0 says otherwise.";

/// Flags of `ingest`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    rpc: Rpc,
    /// First block [default: 1]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Last block; beyond the finalized head it ends there
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Stop at the finalized head
    #[arg(long)]
    exit_at_head: bool,
    /// Print the report as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: IngestArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_rpc(args.rpc);
    if let Some(from) = args.from {
        config.ingest.from = from;
    }
    let mode = match args.to {
        Some(to) => IngestMode::Range { from: config.ingest.from, to },
        None if args.exit_at_head => IngestMode::ExitAtHead,
        None => IngestMode::Follow,
    };
    once(&config, mode, args.json).await
}

/// Ingests with nothing else in the process, and reports.
pub(super) async fn once(config: &Config, mode: IngestMode, json: bool) -> anyhow::Result<ExitCode> {
    require_endpoints(config)?;
    let house = House::open(config).await?;
    let outcome = work(config, &house, mode).await;
    house.close().await;
    let Some(report) = outcome? else {
        return Ok(if mode == IngestMode::Follow { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    };
    match json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => eprintln!("{report}"),
    }
    // a range or a head that was not reached is no success; a follower is stopped, not interrupted
    let unfinished = report.cancelled && mode != IngestMode::Follow;
    Ok(if unfinished { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn work(config: &Config, house: &House, mode: IngestMode) -> anyhow::Result<Option<IngestReport>> {
    super::alerts::check(config)?;
    let tip = LiveTip::default();
    let ingest =
        Ingest::new(config.ingest.clone(), house.warehouse.clone(), house.store.clone(), tip.clone())?;
    let cancel = shutdown::on_signal();
    let (progress, view) = Progress::new();
    let display = progress::show(view);
    let done = cancel.child_token();
    let ingesting = async {
        let report = shutdown::finish(&cancel, Box::pin(ingest.run(mode, cancel.clone(), progress))).await;
        done.cancel();
        report
    };
    let watching = async {
        // a run that ends is looked at by `yumascan detect`
        if mode == IngestMode::Follow {
            yumascan_watch::follow(
                &house.warehouse,
                &house.store,
                &config.watch,
                &tip,
                config.ingest.from,
                &done,
            )
            .await;
        }
    };
    let alerting = async {
        match mode {
            IngestMode::Follow => super::alerts::follow(config, house, &done).await,
            _ => Ok(()),
        }
    };
    let (report, (), alerted) = tokio::join!(ingesting, watching, alerting);
    drop(display);
    alerted?;
    Ok(report.transpose()?)
}

/// Says how endpoints are named when none is.
pub(crate) fn require_endpoints(config: &Config) -> anyhow::Result<()> {
    if !config.ingest.endpoints.is_empty() {
        return Ok(());
    }
    anyhow::bail!(
        "no node to read from: name an archive node with --rpc URL (ws://, wss://, http:// or https://), with \
         YUMASCAN_RPC, or as `endpoints` in the section [ingest] of yumascan.toml"
    )
}
