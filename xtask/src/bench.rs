//! `cargo xtask bench`: speed figures from a release build.

use anyhow::Result;

use crate::{
    Benchmark,
    command::{cargo, run},
    setup,
    workspace::Workspace,
};

/// Runs a benchmark.
pub(crate) fn run_bench(workspace: &Workspace, what: Benchmark, arguments: &[String]) -> Result<()> {
    let name = match what {
        Benchmark::Decode => "decode",
        Benchmark::Ingest => "ingest",
    };
    // the engine, and the peers that come from npm
    setup::npm_install(workspace)?;
    let mut bench = cargo(workspace);
    bench.args(["run", "--release", "--package", "yumascan-bench", "--", name]).args(arguments);
    run(&mut bench)
}
