//! `cargo xtask`: what developers and CI run. See CONTRIBUTING.md.

mod bench;
mod browser;
mod command;
mod demo;
mod lint;
mod setup;
mod tally;
mod test;
mod tools;
mod wasm;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of Yumascan")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything, replay the bundled chain through the real path and serve the explorer.
    Demo {
        /// Passed on to `yumascan demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Set up what the tests need, then run everything that CI runs.
    Test,
    /// Build the pages' WebAssembly into web/pkg.
    Web,
    /// Formatting, clippy, licences and duplicates, unused dependencies, spelling, log messages, file lengths.
    Lint,
    /// Measure speed, in a release build.
    Bench {
        /// What to measure.
        what: Benchmark,
        /// Passed on to the benchmark.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Benchmark {
    /// The decoder, beside its peers, on the same bytes.
    Decode,
    /// Yuma epochs on one core, of every era and size; an era alone by its first spec.
    Epoch,
    /// Incident detectors over a recorded chain.
    Detect,
    /// From a node to the warehouse.
    Ingest,
    /// Pages: time on the server and statements to the warehouse, each request at another block.
    Pages,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = Workspace::find().and_then(|workspace| perform(&workspace, arguments.task));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all was well; what was not is printed already.
fn perform(workspace: &Workspace, task: Task) -> Result<bool> {
    match task {
        Task::Test => return test::run_all(workspace),
        Task::Lint => return lint::run_lints(workspace),
        Task::Demo { arguments } => demo::run_demo(workspace, &arguments)?,
        Task::Bench { what, arguments } => bench::run_bench(workspace, what, &arguments)?,
        Task::Web => println!("{}", wasm::build(workspace, wasm::find_toolchain(workspace)?)?),
    }
    Ok(true)
}
