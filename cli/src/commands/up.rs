//! `yumascan up`: ingest and serve in one process.

use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use yumascan_ingest::{Ingest, IngestMode, IngestReport, Progress};
use yumascan_warehouse::LiveTip;

use super::ingest::require_endpoints;
use crate::args::{Listen, Rpc};
use crate::config::Config;
use crate::house::House;
use crate::{progress, serving, shutdown};

/// How long the start may wait for the chain's name, which the pages show.
const NAME_PATIENCE: Duration = Duration::from_secs(3);

const EXAMPLES: &str = "\
Examples:
  yumascan up --rpc wss://archive.example:443 --from 8000000         then open http://127.0.0.1:8080
  yumascan up --rpc ws://127.0.0.1:9944 --listen 0.0.0.0:8080        for others too

Pages answer from the first block on. It can be stopped, or killed, at any moment and goes on where it was.";

/// Flags of `up`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    rpc: Rpc,
    #[command(flatten)]
    listen: Listen,
    /// First block [default: 1]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
}

pub(crate) async fn run(args: UpArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_rpc(args.rpc);
    config.set_listen(&args.listen);
    if let Some(from) = args.from {
        config.ingest.from = from;
    }
    require_endpoints(&config)?;
    let listener = serving::listen(config.serve.listen).await?;
    let cancel = shutdown::on_signal();
    together(&config, listener, None, cancel, IngestMode::Follow).await?;
    Ok(ExitCode::SUCCESS)
}

/// Ingests and serves until cancelled, or until ingesting fails (or, in another mode than following, ends).
pub(super) async fn together(
    config: &Config,
    listener: tokio::net::TcpListener,
    chain_name: Option<String>,
    cancel: CancellationToken,
    mode: IngestMode,
) -> anyhow::Result<Option<IngestReport>> {
    yumascan_api::install_metrics()?;
    let house = House::open(config).await?;
    let outcome = run_both(config, &house, listener, chain_name, cancel, mode).await;
    house.close().await;
    outcome
}

async fn run_both(
    config: &Config,
    house: &House,
    listener: tokio::net::TcpListener,
    chain_name: Option<String>,
    cancel: CancellationToken,
    mode: IngestMode,
) -> anyhow::Result<Option<IngestReport>> {
    super::alerts::check(config)?;
    let tip = LiveTip::default();
    let ingest =
        Ingest::new(config.ingest.clone(), house.warehouse.clone(), house.store.clone(), tip.clone())?;
    let chain_name = match chain_name {
        Some(name) => Some(name),
        None => name_of(house, &ingest).await?,
    };
    let router = serving::router(house, &tip, config, chain_name)?;
    println!("serving on {}", serving::url(&listener)?);

    let (progress, view) = Progress::new();
    let display = progress::show(view);
    // whichever fails first stops the other
    let stop = cancel.child_token();
    let serving = async {
        let served = serving::serve(listener, router, stop.clone()).await;
        stop.cancel();
        served
    };
    let ingesting = async {
        let report = shutdown::finish(&stop, Box::pin(ingest.run(mode, stop.clone(), progress))).await;
        stop.cancel();
        report
    };
    let watching = async {
        let stopped = stop.child_token();
        yumascan_watch::follow(
            &house.warehouse,
            &house.store,
            &config.watch,
            &tip,
            config.ingest.from,
            &stopped,
        )
        .await;
    };
    let alerting = async {
        let stopped = stop.child_token();
        super::alerts::follow(config, house, &stopped).await
    };
    let (served, report, (), alerted) = tokio::join!(serving, ingesting, watching, alerting);
    drop(display);
    alerted?;
    let report = report.transpose()?;
    served?;
    Ok(report)
}

/// The chain's name, as stored or as the node tells it soon enough.
async fn name_of(house: &House, ingest: &Ingest) -> anyhow::Result<Option<String>> {
    if let Some(chain) = house.store.find_chain().await? {
        return Ok(Some(chain.name));
    }
    let probe = tokio::time::timeout(NAME_PATIENCE, ingest.probe()).await;
    Ok(probe.ok().and_then(Result::ok).map(|probe| probe.chain_name))
}
