//! `yumascan state`: what the chain's state was, block after block.

use std::process::ExitCode;

use yumascan_ingest::{Ingest, Progress, StateReport, StateRequest};
use yumascan_warehouse::LiveTip;

use super::ingest::require_endpoints;
use crate::args::Rpc;
use crate::config::Config;
use crate::house::House;
use crate::{progress, shutdown};

const EXAMPLES: &str = "\
Examples:
  yumascan state --rpc wss://archive.example                           from the lowest stored block (or 1) to the head
  yumascan state --rpc wss://archive.example --from 8000000 --stride 25
  yumascan state --rpc ws://127.0.0.1:9944 --sweep                     and compare all accounts and stakes at the end
  yumascan state --rpc ws://127.0.0.1:9944 --from 4900 --to 5000 --again

Pools, prices, emission and parameters of subnets, the metagraph and payments of every epoch, and every change of a
balance, a stake or a claim, read from the node's storage: the node must be an archive of the range. Subnets are read
at every block of a chain of up to 100,000 blocks, else at every 25th and wherever a block touched them; --stride says
otherwise. Stakes and balances follow every block whatever the stride. Below the first block all of them are read once.

--sweep reads them all again at the last block. What is other than followed is counted, told, kept in the table
sweep_differences, and the right value stored. There should be none.

It goes on where it stopped; what was read is not read again without --again, nor with a stride that is not smaller.
The rows are in subnet_state, network_state, neuron_state, dividends, weights, bonds, hotkey_pools, stake_shares,
account_balances, root_claimable, hyperparameters and network_parameters: see docs/data-dictionary.md.

Exit code: 0; 1 when a sweep found a difference, or when it was stopped before the end.

--json prints one object: from, to, stride, blocks, blocks_done_before, snapshot_rows, holding_rows, parameter_rows,
rpc_batches, storage_values, rpc_bytes, sweep {block_number, kind, accounts, stakes, pools, rates, differences} or null,
differences (the first 200: block_number, item, key, expected, found), fetch_s, store_s, elapsed_s, cancelled.";

/// Flags of `state`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StateArgs {
    #[command(flatten)]
    rpc: Rpc,
    /// First block [default: the lowest stored block, or 1]
    #[arg(long, value_name = "N")]
    from: Option<u64>,
    /// Last block [default: the finalized head]
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// Blocks between full readings of all subnets [default: 1 for a chain of up to 100,000 blocks, else 25]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    stride: Option<u32>,
    /// Compare all accounts and stakes at the last block with what was followed
    #[arg(long)]
    sweep: bool,
    /// Read again what was read before
    #[arg(long)]
    again: bool,
    /// Print the report as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: StateArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_rpc(args.rpc.clone());
    require_endpoints(&config)?;
    let house = House::open(&config).await?;
    let outcome = work(&config, &house, &args).await;
    house.close().await;
    outcome
}

async fn work(config: &Config, house: &House, args: &StateArgs) -> anyhow::Result<ExitCode> {
    let tip = LiveTip::default();
    let ingest = Ingest::new(config.ingest.clone(), house.warehouse.clone(), house.store.clone(), tip)?;
    let cancel = shutdown::on_signal();
    let (progress, view) = Progress::new();
    let display = progress::show(view);
    let request = StateRequest {
        from: args.from,
        to: args.to,
        stride: args.stride,
        sweep: args.sweep,
        again: args.again,
    };
    let reading = Box::pin(ingest.read_state(request, &cancel, &progress));
    let report: Option<Result<StateReport, _>> = shutdown::finish(&cancel, reading).await;
    drop(display);
    let Some(report) = report.transpose()? else { return Ok(ExitCode::FAILURE) };
    match args.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => println!("{report}"),
    }
    Ok(if report.agrees() && !report.cancelled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
