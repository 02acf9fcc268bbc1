//! `yumascan backfill`: a range of blocks.

use std::process::ExitCode;
use std::str::FromStr;

use yumascan_ingest::IngestMode;

use super::ingest;
use crate::args::Rpc;
use crate::config::Config;

const EXAMPLES: &str = "\
Examples:
  yumascan backfill --rpc wss://archive.example 5_000_000:5_100_000     both ends included
  yumascan backfill --rpc wss://archive.example 8_000_000:              up to the finalized head

What is stored already is skipped; several endpoints (--rpc URL,URL) share the load.";

/// Flags of `backfill`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BackfillArgs {
    #[command(flatten)]
    rpc: Rpc,
    /// First and last block, FROM:TO; without TO up to the finalized head
    #[arg(value_name = "FROM:TO")]
    range: Range,
    /// Print the report as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// A range of blocks, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    from: u64,
    to: Option<u64>,
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| {
            part.replace('_', "").parse::<u64>().map_err(|_| {
                format!("`{part}` is not a block number; write FROM:TO, e.g. 5_000_000:5_100_000")
            })
        };
        let (from, to) = text.split_once(':').ok_or_else(|| {
            format!("`{text}` has no colon; write FROM:TO, e.g. 100:200, or FROM: for all above")
        })?;
        let to = if to.is_empty() { None } else { Some(number(to)?) };
        let from = number(from)?;
        if to.is_some_and(|to| to < from) {
            return Err(format!("the range {text} is empty: its first block is above its last"));
        }
        Ok(Self { from, to })
    }
}

pub(crate) async fn run(args: BackfillArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_rpc(args.rpc);
    config.ingest.from = args.range.from;
    let mode = match args.range.to {
        Some(to) => IngestMode::Range { from: args.range.from, to },
        None => IngestMode::ExitAtHead,
    };
    ingest::once(&config, mode, args.json).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_with_underscores_and_open_ends() {
        assert_eq!("5_000:6_000".parse(), Ok(Range { from: 5000, to: Some(6000) }));
        assert_eq!("7:".parse(), Ok(Range { from: 7, to: None }));
        for wrong in ["7", "8:7", "a:b", ":5"] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong}");
        }
    }
}
