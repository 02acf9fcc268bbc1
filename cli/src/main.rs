//! The command line: one binary that ingests, serves, asks and checks.
//!
//! `commands/` has a file for each command. What they share: [`config`] (defaults, file, environment, flags, in this
//! order), [`house`] (engine, warehouse and store of a data folder), [`serving`] (API and pages on one port),
//! [`progress`], [`shutdown`] and [`logging`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod args;
mod commands;
mod config;
mod demo_files;
mod house;
mod logging;
mod progress;
mod serving;
mod shutdown;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args) {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = config::Config::load(&args.common)?;
    if args.common.print_config {
        print!("{}", config.redacted()?);
        return Ok(ExitCode::SUCCESS);
    }
    logging::start(&config.log, args.command.is_service())?;
    tracing::debug!(config = config.redacted()?, "effective configuration");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(commands::run(args.command, config));
    // what still runs at this point (a dropped connection's last words) is not worth waiting for
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}

/// Prints the error, and those of its causes that it does not already quote.
fn report(error: &anyhow::Error) {
    let mut said = error.to_string();
    eprintln!("error: {said}");
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !said.contains(&text) {
            eprintln!("  because: {text}");
            said.push_str(&text);
        }
    }
    let full = ["NOT_ENOUGH_SPACE", "No space left on device", "disk is full"];
    if full.iter().any(|words| said.contains(words)) {
        eprintln!(
            "  the disk is full: free some space and run the same command again; nothing that was sealed is lost"
        );
    }
}
