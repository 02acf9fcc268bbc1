//! `decode`: events and extrinsics a second on one core, beside the peers, on the same bytes in one run.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use yumascan_chain::Runtime;

use crate::{
    corpus::{Corpus, Counts},
    generate, machine,
    peers::{Decoder, Form, squid::Squid, subxt::Subxt, yumascan::Yumascan},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Recorded chain to decode, and to generate blocks from.
    #[arg(long, default_value = "demo/main")]
    capture: PathBuf,
    /// Takes every n-th recorded block.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    step: u64,
    /// Number of blocks to generate.
    #[arg(long, default_value_t = 200)]
    generated: usize,
    /// Passes of each decoder over each corpus, after one that is not counted.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Folder of the peers that run on Node.js.
    #[arg(long, default_value = "bench/peers")]
    peers: PathBuf,
    /// Leaves out the peers that run on Node.js.
    #[arg(long)]
    without_node: bool,
}

struct Measured {
    name: &'static str,
    form: Form,
    times: Vec<Duration>,
    text: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let pinned = machine::pin_to_one_core();
    println!(
        "processor: {}{}",
        machine::cpu_model(),
        if pinned { ", one core" } else { " (not tied to one core)" }
    );
    let recorded = Corpus::recorded(&options.capture, options.step)?;
    let generated = generate::mainnet_shaped(&recorded, options.generated)?;
    for corpus in [&generated, &recorded] {
        compare(options, corpus)?;
    }
    println!(
        "\nrows: what a program goes on with (records; dynamic values; objects). json: the same items as text."
    );
    println!(
        "every decoder gives signer, pallet, call and arguments of each extrinsic, and phase, pallet, variant and"
    );
    println!(
        "arguments of each event; yumascan also gives call trees with origins and outcomes, errors, fees, weights"
    );
    println!("and the accounts mentioned, within the same time.");
    Ok(())
}

fn compare(options: &Options, corpus: &Corpus) -> anyhow::Result<()> {
    let runtime = Runtime::compile(&corpus.metadata)?;
    let counts = corpus.count(&runtime)?;
    println!(
        "\n{}: {} blocks, {} extrinsics, {} events, {:.1} MB",
        corpus.name,
        corpus.blocks.len(),
        counts.extrinsics,
        counts.events,
        corpus.len() as f64 / 1e6
    );
    let mut decoders: Vec<Box<dyn Decoder + '_>> =
        vec![Box::new(Yumascan { runtime: &runtime, corpus }), Box::new(Subxt::new(corpus)?)];
    if !options.without_node {
        decoders.push(Box::new(Squid::start(&options.peers, corpus)?));
    }
    let measured = measure(&mut decoders, options.rounds, counts)?;
    report(&measured, counts)
}

/// Round by round, each decoder in turn, so that a busy moment of the machine meets all alike.
fn measure(
    decoders: &mut [Box<dyn Decoder + '_>],
    rounds: u32,
    counts: Counts,
) -> anyhow::Result<Vec<Measured>> {
    let mut measured: Vec<Measured> = Vec::new();
    for form in [Form::Rows, Form::Json] {
        let first = measured.len();
        measured.extend(decoders.iter().map(|decoder| Measured {
            name: decoder.name(),
            form,
            times: Vec::new(),
            text: 0,
        }));
        for round in 0..=rounds {
            for (decoder, measured) in decoders.iter_mut().zip(&mut measured[first..]) {
                let pass = decoder.pass(form)?;
                anyhow::ensure!(
                    pass.counts == counts,
                    "{} decoded {:?}, there are {counts:?}",
                    measured.name,
                    pass.counts
                );
                measured.text = pass.text;
                if round > 0 {
                    measured.times.push(pass.elapsed);
                }
            }
        }
    }
    Ok(measured)
}

fn report(measured: &[Measured], counts: Counts) -> anyhow::Result<()> {
    println!(
        "{:<36} {:<5} {:>12} {:>12} {:>14} {:>9}",
        "", "form", "events/s", "(median)", "extrinsics/s", "text MB"
    );
    for form in [Form::Rows, Form::Json] {
        let mut own = None;
        let mut fastest_peer: Option<Duration> = None;
        for each in measured.iter().filter(|each| each.form == form) {
            let mut times = each.times.clone();
            times.sort_unstable();
            let best = *times.first().context("no round was measured")?;
            let median = times[times.len() / 2];
            let rate = |count: u64, time: Duration| count as f64 / time.as_secs_f64();
            println!(
                "{:<36} {:<5} {:>12.0} {:>12.0} {:>14.0} {:>9.1}",
                each.name,
                if form == Form::Rows { "rows" } else { "json" },
                rate(counts.events, best),
                rate(counts.events, median),
                rate(counts.extrinsics, best),
                each.text as f64 / 1e6
            );
            match own {
                None => own = Some(best),
                Some(_) => fastest_peer = Some(fastest_peer.map_or(best, |fastest| fastest.min(best))),
            }
        }
        if let (Some(own), Some(peer)) = (own, fastest_peer) {
            println!("  {:.1} times the faster peer", peer.as_secs_f64() / own.as_secs_f64());
        }
    }
    Ok(())
}
