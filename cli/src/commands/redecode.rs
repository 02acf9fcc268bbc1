//! `yumascan redecode`: decoded rows from raw rows.

use std::process::ExitCode;

use yumascan_ingest::Progress;

use crate::config::Config;
use crate::house::{House, require_data};
use crate::{progress, shutdown};

const EXAMPLES: &str = "\
Examples:
  yumascan redecode --from 3000 --to 3300       after an upgrade whose notes say that the decoder changed

No node is asked: the raw bytes are in the warehouse. Where the rows come out as they were, nothing is written.
Windows are rebuilt as a whole, so a few blocks around the range may be looked at too.";

/// Flags of `redecode`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RedecodeArgs {
    /// First block
    #[arg(long, value_name = "N")]
    from: u64,
    /// Last block
    #[arg(long, value_name = "N")]
    to: u64,
    /// Print the report as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: RedecodeArgs, config: Config) -> anyhow::Result<ExitCode> {
    require_data(&config)?;
    let house = House::open(&config).await?;
    let cancel = shutdown::on_signal();
    let (progress, view) = Progress::new();
    let display = progress::show(view);
    let report =
        yumascan_ingest::redecode(&house.warehouse, &house.store, args.from, args.to, cancel, progress).await;
    drop(display);
    house.close().await;
    let report = report?;
    match args.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => eprintln!("{report}"),
    }
    Ok(if report.cancelled { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
