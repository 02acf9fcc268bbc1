//! `cargo xtask bench ingest`: a recorded chain from `yumascan node` into an empty data folder, both on this machine.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Result, bail};
use clap::Parser;
use serde::Deserialize;

use super::programs::{Server, answer};
use crate::{
    command::{cargo, run},
    workspace::Workspace,
};

const HELP: &str =
    "From a node to the embedded warehouse: blocks and events a second, where the time goes, bytes on disk";

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench ingest", about = HELP)]
struct Options {
    /// The recorded chain [default: the bundled one]
    #[arg(long, value_name = "DIR")]
    recording: Option<PathBuf>,
    /// How often it is measured, each time from nothing
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: u32,
}

/// What `yumascan ingest --json` reports.
#[derive(Debug, Deserialize)]
struct Report {
    blocks: u64,
    events: u64,
    quarantined: u64,
    elapsed_s: f64,
    rpc_bytes: u64,
    shares: Shares,
}

#[derive(Debug, Deserialize)]
struct Shares {
    rpc: f64,
    decode: f64,
    insert: f64,
}

#[derive(Debug, Deserialize)]
struct Size {
    disk_bytes: f64,
    raw_layer_bytes: f64,
}

pub(super) fn run_bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let options =
        Options::parse_from(std::iter::once("bench ingest").chain(arguments.iter().map(String::as_str)));
    let recording = options.recording.unwrap_or_else(|| workspace.path("demo/main"));
    run(cargo(workspace).args(["build", "--release", "--package", "yumascan-cli"]))?;
    let program = workspace.target().join("release/yumascan");
    let node = Server::node(&program, workspace.root(), &recording)?;
    println!("from {} on {} cores, node and ingester together", recording.display(), cores());
    println!("run  blocks/s  events/s  seconds  rpc  decode  insert  bytes/event on disk  of them raw");
    for number in 1..=options.runs {
        let folder = tempfile::tempdir()?;
        let yumascan = || {
            let mut command = Command::new(&program);
            command.current_dir(workspace.root()).stderr(Stdio::inherit());
            command
        };
        let data = folder.path();
        let ingest = ["ingest", "--exit-at-head", "--json", "--rpc", &node.url, "--data-dir"];
        let report: Report = answer(yumascan().args(ingest).arg(data))?;
        if report.quarantined > 0 {
            bail!("{} items were quarantined: the figures would not count", report.quarantined);
        }
        let size: Size = answer(yumascan().arg("sql").arg("--data-dir").arg(data).arg(SIZES))?;
        print_run(number, &report, &size);
    }
    Ok(())
}

/// Bytes of all tables, and of those that hold what the node gave.
const SIZES: &str = "SELECT toFloat64(sum(bytes_on_disk)) AS disk_bytes, \
    toFloat64(sumIf(bytes_on_disk, table IN ('raw_blocks', 'runtime_metadata'))) AS raw_layer_bytes \
    FROM system.parts WHERE database = currentDatabase() AND active FORMAT JSONEachRow";

fn print_run(number: u32, report: &Report, size: &Size) {
    let per_s = |count: u64| count as f64 / report.elapsed_s;
    let (blocks, events) = (per_s(report.blocks), per_s(report.events));
    let shares = [report.shares.rpc, report.shares.decode, report.shares.insert].map(|share| share * 100.0);
    let of_event = |bytes: f64| bytes / report.events as f64;
    println!(
        "{number:>3}  {blocks:>8.0}  {events:>8.0}  {:>7.1}  {:>2.0}%  {:>5.0}%  {:>5.0}%  {:>19.1}  {:>11.1}",
        report.elapsed_s,
        shares[0],
        shares[1],
        shares[2],
        of_event(size.disk_bytes),
        of_event(size.raw_layer_bytes)
    );
    println!(
        "     {} blocks, {} events, {} bytes from the node",
        report.blocks, report.events, report.rpc_bytes
    );
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
