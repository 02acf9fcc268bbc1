//! `cargo xtask bench detect`: what all incident detectors cost a block, on a recorded chain.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Result;
use clap::Parser;
use serde::Deserialize;

use super::programs::{Server, answer};
use crate::{
    command::{cargo, run},
    workspace::Workspace,
};

const HELP: &str = "What all incident detectors cost a block, and the slowest block of each";

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench detect", about = HELP)]
struct Options {
    /// The recorded chain [default: the bundled one]
    #[arg(long, value_name = "DIR")]
    recording: Option<PathBuf>,
    /// How often it is measured
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: u32,
    /// Read the states of blocks too, so that the detectors of the state lane have something to look at
    #[arg(long)]
    state: bool,
}

/// What `yumascan detect --json` reports.
#[derive(Debug, Deserialize)]
struct Report {
    incidents: Vec<serde_json::Value>,
    lanes: Vec<Lane>,
    elapsed_s: f64,
}

#[derive(Debug, Deserialize)]
struct Lane {
    lane: String,
    blocks: u64,
    detectors: Vec<Detector>,
}

#[derive(Debug, Deserialize)]
struct Detector {
    name: String,
    mean_us: f64,
    worst_us: f64,
    worst_block: u64,
}

pub(super) fn run_bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let options =
        Options::parse_from(std::iter::once("bench detect").chain(arguments.iter().map(String::as_str)));
    let recording = options.recording.unwrap_or_else(|| workspace.path("demo/main"));
    run(cargo(workspace).args(["build", "--release", "--package", "yumascan-cli"]))?;
    let program = workspace.target().join("release/yumascan");
    let node = Server::node(&program, workspace.root(), &recording)?;
    let folder = tempfile::tempdir()?;
    let yumascan = |command: &str| {
        let mut yumascan = Command::new(&program);
        yumascan.current_dir(workspace.root()).stderr(Stdio::inherit()).stdout(Stdio::null());
        yumascan.arg(command).arg("--data-dir").arg(folder.path());
        yumascan
    };
    run(yumascan("ingest").args(["--exit-at-head", "--rpc", &node.url]))?;
    if options.state {
        run(yumascan("state").args(["--rpc", &node.url]))?;
    }
    drop(node);
    for number in 1..=options.runs {
        let mut detect = yumascan("detect");
        let report: Report = answer(detect.args(["--dry", "--json"]).stdout(Stdio::piped()))?;
        print_run(number, &report);
    }
    Ok(())
}

fn print_run(number: u32, report: &Report) {
    println!(
        "run {number}: {} incidents in {:.1} s, reading included",
        report.incidents.len(),
        report.elapsed_s
    );
    for lane in report.lanes.iter().filter(|lane| lane.blocks > 0) {
        let all: f64 = lane.detectors.iter().map(|detector| detector.mean_us).sum();
        let worst: f64 = lane.detectors.iter().map(|detector| detector.worst_us).sum();
        println!(
            "  lane {}: {} blocks, {:.3} ms a block, {:.1} ms if all were slowest at once",
            lane.lane,
            lane.blocks,
            all / 1000.0,
            worst / 1000.0
        );
        for detector in &lane.detectors {
            println!(
                "    {:<18} {:>8.1} µs a block, {:>9.0} µs at block {}",
                detector.name, detector.mean_us, detector.worst_us, detector.worst_block
            );
        }
    }
}
