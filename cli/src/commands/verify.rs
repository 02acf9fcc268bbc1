//! `yumascan verify`: the chain's consensus, recomputed.

use std::process::ExitCode;

use yumascan_ingest::{Ingest, Progress, VerifyReport, VerifyRequest};
use yumascan_warehouse::LiveTip;

use super::ingest::require_endpoints;
use crate::args::Rpc;
use crate::config::Config;
use crate::house::House;
use crate::{progress, shutdown};

const EXAMPLES: &str = "\
Examples:
  yumascan verify --rpc wss://archive.example                        every epoch from the lowest stored block (or 1) to the head
  yumascan verify --rpc wss://archive.example --from 8000000 --netuid 1
  yumascan verify --rpc ws://127.0.0.1:9944 --explain 7 12 3010      why uid 12 of subnet 7 got what it got at 3010

Every epoch that was due is recomputed from the state of its parent block, and every number the chain stored is
compared; so is the emission of every block. Verdicts: verified, excused (an extrinsic of the same block rewrote what
differs: it is named), differs, cannot_say (with the reason). They are kept in the tables epoch_verifications,
epoch_differences, epoch_inputs and emission_verifications. Blocks need not be ingested before. It goes on where it
stopped; what was verified is not looked at again without --again.

Exit code: 0 when nothing differs, 1 when something does, or when it was stopped before the end.

--json prints one object: from, to, epochs, mechanism_epochs, fields_checked, fields_equal, fields_excused, replay_ns,
verdicts {verified, excused, differs, cannot_say}, emission {the same, of blocks and subnets}, causes (what extrinsics moved
afterwards: lane, field, cause, treatment traced or excused, numbers), differences and excused
(the first 200 of each: block, netuid, mechid, field, uid, hotkey, expected, stored, excused_by), blocks,
blocks_done_before, replayed, rpc_batches, rpc_batches_per_epoch, storage_values, shares {fetch, maths, store},
elapsed_s, cancelled. All but the last eight hold for the whole range, also for what an earlier run verified.";

/// Flags of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    rpc: Rpc,
    /// First block [default: the lowest stored block, or 1]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Last block [default: the finalized head]
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Only this subnet
    #[arg(long, value_name = "N")]
    netuid: Option<u16>,
    /// Look again at what was verified before
    #[arg(long)]
    again: bool,
    /// Say why a neuron got what it got in the epoch of a block, step by step
    #[arg(long, num_args = 3, value_names = ["NETUID", "UID", "BLOCK"], conflicts_with_all = ["from", "to", "netuid", "again"])]
    explain: Option<Vec<u64>>,
    /// Print the report as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: VerifyArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_rpc(args.rpc.clone());
    require_endpoints(&config)?;
    let house = House::open(&config).await?;
    let outcome = match &args.explain {
        Some(place) => explain(&config, &house, place, args.json).await,
        None => work(&config, &house, &args).await,
    };
    house.close().await;
    outcome
}

async fn work(config: &Config, house: &House, args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let ingest = ingest_of(config, house)?;
    let cancel = shutdown::on_signal();
    let (progress, view) = Progress::new();
    let display = progress::show(view);
    let request = VerifyRequest { from: args.from, to: args.to, netuid: args.netuid, again: args.again };
    let verifying = Box::pin(ingest.verify(request, &cancel, &progress));
    let report: Option<Result<VerifyReport, _>> = shutdown::finish(&cancel, verifying).await;
    drop(display);
    let Some(report) = report.transpose()? else { return Ok(ExitCode::FAILURE) };
    match args.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => println!("{report}"),
    }
    Ok(if report.agrees() && !report.cancelled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn explain(config: &Config, house: &House, place: &[u64], json: bool) -> anyhow::Result<ExitCode> {
    let &[netuid, uid, block] = place else { anyhow::bail!("--explain takes NETUID UID BLOCK") };
    let small = |number: u64, name: &str| {
        u16::try_from(number).map_err(|_| anyhow::anyhow!("{number} is no {name}: it must be below 65536"))
    };
    let (netuid, uid) = (small(netuid, "subnet")?, small(uid, "uid")?);
    let ingest = ingest_of(config, house)?;
    let explanation = Box::pin(ingest.explain(netuid, uid, block)).await?;
    match json {
        true => println!("{}", serde_json::to_string(&explanation)?),
        false => println!("{explanation}"),
    }
    Ok(if explanation.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ingest_of(config: &Config, house: &House) -> anyhow::Result<Ingest> {
    let tip = LiveTip::default();
    Ok(Ingest::new(config.ingest.clone(), house.warehouse.clone(), house.store.clone(), tip)?)
}
