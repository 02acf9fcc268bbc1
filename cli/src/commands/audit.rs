//! `yumascan audit`: proves what is stored.

use std::process::ExitCode;

use yumascan_ingest::AuditScope;

use crate::config::Config;
use crate::house::House;

const EXAMPLES: &str = "\
Examples:
  yumascan audit                            everything that is stored
  yumascan audit --from 3000 --to 3300      a range
  yumascan audit --json | jq .gaps          for scripts: exit code 1 when anything is wrong

Raw bytes are read and hashed again: header hashes, parent links, extrinsics roots, announced counts; every table is
compared with every other; sealed windows with what is there.";

/// Flags of `audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AuditArgs {
    /// First block [default: the lowest stored]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Last block [default: the highest stored]
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: AuditArgs, config: Config) -> anyhow::Result<ExitCode> {
    let house = House::open_or_join(&config).await?;
    let scope = AuditScope { from: args.from, to: args.to };
    let report = yumascan_ingest::audit(&house.warehouse, &house.store, scope).await;
    house.close().await;
    let report = report?;
    match args.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => println!("{report}"),
    }
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
