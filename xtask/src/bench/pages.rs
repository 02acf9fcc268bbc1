//! `cargo xtask bench pages`: pages of a filled warehouse, one request after another, each at another block.
//!
//! The time is the server's own (its `Server-Timing` header): from the request to the last byte of the page. Every
//! request asks for another block, so that nothing it needs was just read for another one.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde::Deserialize;

use super::programs::{Server, answer};
use crate::{
    command::{cargo, run},
    workspace::Workspace,
};

const HELP: &str =
    "Pages: milliseconds on the server and statements to the warehouse, each request at another block";
/// What is measured where nothing is named; `{netuid}` goes through the subnets.
const PAGES: [&str; 8] = [
    "/",
    "/subnets",
    "/subnet/{netuid}",
    "/subnet/{netuid}?tab=metagraph",
    "/subnet/{netuid}?tab=emissions",
    "/validators",
    "/yield",
    "/tokenomics",
];

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench pages", about = HELP)]
struct Options {
    /// A data folder that is filled already [default: the bundled chain is ingested first]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Requests a page
    #[arg(long, value_name = "N", default_value_t = 200)]
    requests: usize,
    /// Pages to measure instead of the usual ones
    pages: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Stored {
    first: u64,
    last: u64,
    subnets: Vec<u16>,
}

const STORED: &str = "SELECT min(block_number) AS first, max(block_number) AS last, \
    arraySort(groupUniqArrayIf(netuid, netuid > 0)) AS subnets FROM subnet_state FORMAT JSONEachRow \
    SETTINGS output_format_json_quote_64bit_integers = 0";

pub(super) fn run_bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let options =
        Options::parse_from(std::iter::once("bench pages").chain(arguments.iter().map(String::as_str)));
    run(cargo(workspace).args(["build", "--release", "--package", "yumascan-cli"]))?;
    let program = workspace.target().join("release/yumascan");
    let own = tempfile::tempdir()?;
    let data = match &options.data_dir {
        Some(data) => data.clone(),
        None => {
            let node = Server::node(&program, workspace.root(), &workspace.path("demo/main"))?;
            let mut ingest = Command::new(&program);
            ingest.args(["ingest", "--exit-at-head", "--rpc", &node.url, "--data-dir"]).arg(own.path());
            run(ingest.current_dir(workspace.root()).stdout(Stdio::null()))?;
            own.path().to_owned()
        }
    };
    let mut sql = Command::new(&program);
    let stored: Stored = answer(sql.arg("sql").arg("--data-dir").arg(&data).arg(STORED))?;
    if stored.subnets.is_empty() {
        bail!("{} has no state of subnets; run `yumascan state` on it first", data.display());
    }
    let server = Server::pages(&program, workspace.root(), &data)?;
    let address = server.url.trim_start_matches("http://").to_owned();
    println!("blocks {} to {}, {} subnets", stored.first, stored.last, stored.subnets.len());
    println!("page                                   median ms   p95 ms   max ms  statements  most  KiB");
    let pages: Vec<&str> = match options.pages.is_empty() {
        true => PAGES.to_vec(),
        false => options.pages.iter().map(String::as_str).collect(),
    };
    for page in pages {
        let mut figures = Vec::with_capacity(options.requests);
        for number in 0..options.requests {
            let path = path_of(page, number, &stored);
            figures.push(ask(&address, &path).with_context(|| format!("GET {path}"))?);
        }
        print_page(page, figures);
    }
    Ok(())
}

/// The page at a block of its own: blocks are spread over all that is stored, in no order that a cache would like.
fn path_of(page: &str, number: usize, stored: &Stored) -> String {
    let netuid = stored.subnets[number % stored.subnets.len()];
    let span = (stored.last - stored.first).max(1);
    // the multiplier has no factor in common with most spans
    let at = stored.last - (number as u64 * 2_654_435_761) % span;
    let page = page.replace("{netuid}", &netuid.to_string());
    let mark = if page.contains('?') { '&' } else { '?' };
    format!("{page}{mark}at={at}")
}

struct Figure {
    milliseconds: f64,
    statements: u64,
    bytes: usize,
}

fn ask(address: &str, path: &str) -> Result<Figure> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let (head, _) = text.split_once("\r\n\r\n").context("no answer")?;
    let status = head.lines().next().unwrap_or_default();
    // a subnet that was not there yet at this block is answered with 404, which is a page as well
    if !status.contains(" 200") && !status.contains(" 404") {
        bail!("answered `{status}`");
    }
    let timing =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("server-timing:").map(str::to_owned));
    let timing = timing.context("no Server-Timing header")?;
    let number = |after: &str| {
        let rest = timing.split_once(after).map(|(_, rest)| rest)?;
        rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse::<f64>().ok()
    };
    let milliseconds = number("dur=").context("no duration")?;
    let statements = number("desc=\"").context("no statements")? as u64;
    Ok(Figure { milliseconds, statements, bytes: answer.len() })
}

fn print_page(page: &str, mut figures: Vec<Figure>) {
    if figures.is_empty() {
        return;
    }
    figures.sort_by(|a, b| a.milliseconds.total_cmp(&b.milliseconds));
    let at = |part: usize| figures[(figures.len() * part / 100).min(figures.len() - 1)].milliseconds;
    let statements: u64 = figures.iter().map(|figure| figure.statements).sum();
    let most = figures.iter().map(|figure| figure.statements).max().unwrap_or(0);
    let bytes: usize = figures.iter().map(|figure| figure.bytes).sum();
    println!(
        "{page:<38} {:>9.1} {:>8.1} {:>8.1} {:>11.1} {most:>5} {:>4}",
        at(50),
        at(95),
        at(100),
        statements as f64 / figures.len() as f64,
        bytes / figures.len() / 1_024
    );
}
