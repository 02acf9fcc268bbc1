//! `yumascan node`: a recorded chain as a Substrate node.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use yumascan_devnode::{DevNode, Faults, LoadOptions, NodeOptions, RateLimit, RateLimitAnswer, Recording};

use crate::{demo_files, shutdown};

const EXAMPLES: &str = "\
Examples:
  yumascan node                                                      the bundled chain on ws://127.0.0.1:9944
  yumascan node --head 3000 --block-time 12                          growing like a live chain
  yumascan node --drop 0.01 --latency-ms 300 --rate-limit 50         a node that behaves badly
  yumascan node --recording capture/upgrade --listen 127.0.0.1:0

It answers what was recorded and executes nothing. WebSocket and HTTP share the port.";

/// Flags of `node`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct NodeArgs {
    /// The recording's folder [default: the bundled one]
    #[arg(long, value_name = "DIR")]
    recording: Option<PathBuf>,
    /// Address to listen on; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9944")]
    listen: String,
    /// Best block at the start [default: the last one recorded]
    #[arg(long, value_name = "N")]
    head: Option<u64>,
    /// Seconds between new blocks; without it the chain does not grow
    #[arg(long, value_name = "S")]
    block_time: Option<f64>,
    /// How far the finalized block stays behind a growing chain [default: 2]
    #[arg(long, value_name = "N")]
    finality_lag: Option<u64>,
    /// Start of all random choices
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten, next_help_heading = "Faults")]
    faults: FaultArgs,
}

/// What goes wrong.
#[derive(Debug, clap::Args)]
struct FaultArgs {
    /// Probability that the connection is closed instead of an answer
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    drop: f64,
    /// Probability that a request is never answered
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    hang: f64,
    /// Every answer comes after a random time up to this
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u64,
    /// Requests a second; more are refused
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
    /// What those refused hear
    #[arg(long, value_name = "ANSWER", default_value = "history")]
    rate_limit_answer: RateAnswer,
    /// State older than this many blocks is gone
    #[arg(long, value_name = "N")]
    prune: Option<u64>,
    /// A method that the node does not have; may be given several times
    #[arg(long, value_name = "METHOD")]
    without: Vec<String>,
    /// A competing branch at every multiple of this
    #[arg(long, value_name = "N")]
    fork_every: Option<u64>,
    /// Blocks on a competing branch
    #[arg(long, value_name = "N", default_value_t = 1)]
    fork_depth: u64,
    /// The block at which the chain stops growing
    #[arg(long, value_name = "N")]
    stall_at: Option<u64>,
    /// For how many seconds
    #[arg(long, value_name = "S", default_value_t = 60)]
    stall_s: u64,
    /// Probability that events have a wrong byte
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    corrupt: f64,
    /// Probability that a header does not hash to its block's hash
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    wrong_header: f64,
    /// Probability that a body holds another extrinsic
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    other_extrinsics: f64,
}

/// How a request above the limit is refused.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RateAnswer {
    /// -32004: too much history
    History,
    /// -32029: too many requests, wait
    Wait,
    /// HTTP status 429
    Http429,
}

impl FaultArgs {
    fn into_faults(self) -> anyhow::Result<Faults> {
        let chances = [
            ("--drop", self.drop),
            ("--hang", self.hang),
            ("--corrupt", self.corrupt),
            ("--wrong-header", self.wrong_header),
            ("--other-extrinsics", self.other_extrinsics),
        ];
        for (flag, chance) in chances {
            anyhow::ensure!(
                (0.0..=1.0).contains(&chance),
                "{flag} {chance}: a probability lies between 0 and 1"
            );
        }
        let answer = match self.rate_limit_answer {
            RateAnswer::History => RateLimitAnswer::HistoricalWork,
            RateAnswer::Wait => RateLimitAnswer::Wait,
            RateAnswer::Http429 => RateLimitAnswer::Http429,
        };
        Ok(Faults {
            drop: self.drop,
            hang: self.hang,
            latency: Duration::from_millis(self.latency_ms),
            rate_limit: self.rate_limit.map(|per_second| RateLimit { per_second, answer }),
            prune: self.prune,
            without: self.without.clone(),
            fork_every: self.fork_every,
            fork_depth: self.fork_depth,
            stall_at: self.stall_at,
            stall_for: Duration::from_secs(self.stall_s),
            corrupt_events: self.corrupt,
            wrong_header: self.wrong_header,
            other_extrinsics: self.other_extrinsics,
        })
    }
}

pub(crate) async fn run(args: NodeArgs) -> anyhow::Result<ExitCode> {
    let folder = match args.recording {
        Some(folder) => folder,
        None => demo_files::find()?,
    };
    let block_time = args
        .block_time
        .map(|seconds| Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()))
        .map(|time| time.context("--block-time: give seconds above 0"))
        .transpose()?;
    let options = NodeOptions {
        head: args.head,
        block_time,
        finality_lag: args.finality_lag,
        seed: args.seed,
        faults: args.faults.into_faults()?,
    };
    let cancel = shutdown::on_signal();
    let load = move || Recording::load(&folder, &LoadOptions::default());
    let recording =
        tokio::task::spawn_blocking(load).await.context("reading the recording was interrupted")??;
    let (name, last) = (recording.chain_name().to_owned(), recording.last_block());
    let node = DevNode::new(recording.into(), options).serve(&args.listen).await?;
    println!("{name} on {} and {}, head {} of {last}", node.url(), node.http_url(), node.best());
    cancel.cancelled().await;
    node.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
