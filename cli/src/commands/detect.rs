//! `yumascan detect`: the detectors over stored history.

use std::process::ExitCode;

use yumascan_watch::{Kind, ReplayRequest, replay};

use crate::config::Config;
use crate::house::House;

const EXAMPLES: &str = "\
Examples:
  yumascan detect                                          all that is stored; stores what is found
  yumascan detect --from 8000000 --to 8010000 --dry        only look
  yumascan detect --kind runaway_batch,safe_mode --json    these kinds, for programs

The same detectors run behind the head while `up` or `ingest` follow it, and find the same: an incident's id depends on
its kind, scope, first block and detector version alone. Running again changes nothing twice; what is found no more,
because data came that was missing, is marked retracted. docs/incidents.md describes every kind and its thresholds
(section [watch] of the configuration).

--json prints one object: from, to, lanes (blocks, ranges, what each detector took), incidents, by_severity,
not_evaluable (kinds that lack their inputs, with the reason), dry, written, retracted, elapsed_s.";

/// Flags of `detect`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DetectArgs {
    /// First block [default: the lowest stored one]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Last block [default: the highest stored one]
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Only these kinds
    #[arg(long, value_name = "KIND[,KIND]", value_delimiter = ',')]
    kind: Vec<String>,
    /// Look only, store nothing
    #[arg(long)]
    dry: bool,
    /// Print the report as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: DetectArgs, config: Config) -> anyhow::Result<ExitCode> {
    let kinds = args.kind.iter().map(|name| kind_of(name)).collect::<anyhow::Result<Vec<Kind>>>()?;
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        anyhow::bail!("--from {from} is above --to {to}");
    }
    crate::house::require_data(&config)?;
    let request = ReplayRequest {
        from: args.from,
        to: args.to,
        kinds: (!kinds.is_empty()).then_some(kinds),
        dry: args.dry,
    };
    let house = House::open(&config).await?;
    let report = replay(&house.warehouse, &house.store, &config.watch, &request).await;
    house.close().await;
    let report = report?;
    match args.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => println!("{report}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn kind_of(name: &str) -> anyhow::Result<Kind> {
    Kind::from_name(name.trim()).ok_or_else(|| {
        let known: Vec<&str> = Kind::all().map(Kind::name).collect();
        anyhow::anyhow!("there is no kind of incident `{name}`; there are: {}", known.join(", "))
    })
}
