//! `cargo xtask bench`: speed figures from a release build.

mod ingest;

use anyhow::Result;

use crate::{
    Benchmark,
    command::{cargo, run},
    setup,
    workspace::Workspace,
};

/// Runs a benchmark.
pub(crate) fn run_bench(workspace: &Workspace, what: Benchmark, arguments: &[String]) -> Result<()> {
    // the engine, and the peers that come from npm
    setup::npm_install(workspace)?;
    match what {
        Benchmark::Decode => decode(workspace, arguments),
        Benchmark::Ingest => ingest::run_bench(workspace, arguments),
    }
}

fn decode(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut bench = cargo(workspace);
    bench.args(["run", "--release", "--package", "yumascan-bench", "--", "decode"]).args(arguments);
    run(&mut bench)
}
