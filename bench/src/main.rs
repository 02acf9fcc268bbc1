//! Benchmarks: `yumascan-bench decode`. Built and run by `cargo xtask bench`.

mod corpus;
mod decode;
mod generate;
mod machine;
mod peers;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(about = "Benchmarks of Yumascan, beside its peers")]
enum Command {
    /// Decodes blocks with Yumascan's decoder and with its peers, on the same bytes, on one core.
    Decode(decode::Options),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Decode(options) => decode::run(&options),
    }
}
