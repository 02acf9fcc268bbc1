//! `cargo xtask bench`: speed figures from a release build.

mod detect;
mod ingest;
mod pages;
mod programs;

use anyhow::Result;

use crate::{
    Benchmark,
    command::{cargo, run},
    setup,
    workspace::Workspace,
};

/// Runs a benchmark.
pub(crate) fn run_bench(workspace: &Workspace, what: Benchmark, arguments: &[String]) -> Result<()> {
    match what {
        Benchmark::Decode => decode(workspace, arguments),
        Benchmark::Epoch => epoch(workspace, arguments),
        Benchmark::Detect => {
            setup::npm_install(workspace)?;
            detect::run_bench(workspace, arguments)
        }
        Benchmark::Ingest => {
            setup::npm_install(workspace)?;
            ingest::run_bench(workspace, arguments)
        }
        Benchmark::Pages => {
            setup::npm_install(workspace)?;
            pages::run_bench(workspace, arguments)
        }
    }
}

fn epoch(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut bench = cargo(workspace);
    bench.args(["run", "--release", "--package", "yumascan-protocol", "--example", "bench_epoch", "--"]);
    run(bench.args(arguments))
}

fn decode(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    // the engine, and the peers that come from npm
    setup::npm_install(workspace)?;
    let mut bench = cargo(workspace);
    bench.args(["run", "--release", "--package", "yumascan-bench", "--", "decode"]).args(arguments);
    run(&mut bench)
}
