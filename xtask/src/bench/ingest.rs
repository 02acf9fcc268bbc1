//! `cargo xtask bench ingest`: a recorded chain from `yumascan node` into an empty data folder, both on this machine.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde::Deserialize;

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
    let node = Node::start(&program, workspace.root(), &recording)?;
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

/// Runs a program and reads the JSON that it prints.
fn answer<T: for<'de> Deserialize<'de>>(command: &mut Command) -> Result<T> {
    let output = command.output().context("cannot start yumascan")?;
    if !output.status.success() {
        bail!("{command:?} ended with {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.trim()).with_context(|| format!("{command:?} printed `{}`", text.trim()))
}

/// `yumascan node`; ends with this.
struct Node {
    process: Child,
    url: String,
}

impl Node {
    fn start(program: &Path, root: &Path, recording: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["node", "--listen", "127.0.0.1:0", "--recording"]).arg(recording).current_dir(root);
        let mut process = command.stdout(Stdio::piped()).spawn().context("cannot start the node")?;
        let output = process.stdout.take().context("the node has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let url = line.split_whitespace().find(|word| word.starts_with("ws://"));
        let url = url.with_context(|| format!("the node said `{}`", line.trim()))?.to_owned();
        Ok(Self { process, url })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // it is gone either way
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
