//! `yumascan doctor`: looks at everything that a run needs and says what to do.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use tower::ServiceExt;
use yumascan_embedded::EngineInfo;
use yumascan_ingest::Ingest;
use yumascan_warehouse::LiveTip;

use crate::args::{Listen, Rpc};
use crate::config::Config;
use crate::house::House;
use crate::serving;

/// Less free space than this is worth a warning.
const LITTLE_SPACE: u64 = 5 << 30;

const EXAMPLES: &str = "\
Examples:
  yumascan doctor                                         this machine and the data folder
  yumascan doctor --rpc wss://archive.example:443         and the node
  yumascan doctor --json                                  for scripts: exit code 1 when something fails";

/// Clocks further apart than this are worth a warning, milliseconds.
const MOST_APART_MS: u64 = 2_000;

/// Flags of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    rpc: Rpc,
    #[command(flatten)]
    listen: Listen,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok,
    /// It works, but.
    Warn,
    /// Something will not work.
    Fail,
    /// Nothing to look at.
    Skipped,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    outcome: Outcome,
    detail: String,
}

#[derive(Default)]
struct Findings(Vec<Check>);

impl Findings {
    fn add(&mut self, name: &'static str, outcome: Outcome, detail: impl Into<String>) {
        self.0.push(Check { name, outcome, detail: detail.into() });
    }

    fn add_result(&mut self, name: &'static str, result: Result<String, String>) {
        match result {
            Ok(detail) => self.add(name, Outcome::Ok, detail),
            Err(detail) => self.add(name, Outcome::Fail, detail),
        }
    }
}

pub(crate) async fn run(args: DoctorArgs, mut config: Config) -> anyhow::Result<ExitCode> {
    config.set_rpc(args.rpc);
    config.set_listen(&args.listen);
    let mut findings = Findings::default();
    check_library(&config, &mut findings);
    check_folder(&config.data_dir, &mut findings);
    check_port(&config, &mut findings).await;
    check_exposure(&config, &mut findings);
    check_house(&config, &mut findings).await;
    let failed = findings.0.iter().any(|check| check.outcome == Outcome::Fail);
    match args.json {
        true => println!(
            "{}",
            serde_json::to_string(&serde_json::json!({ "ok": !failed, "checks": findings.0 }))?
        ),
        false => findings.0.iter().for_each(print),
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(check: &Check) {
    let (word, colour) = match check.outcome {
        Outcome::Ok => ("ok", 32),
        Outcome::Warn => ("warn", 33),
        Outcome::Fail => ("FAIL", 31),
        Outcome::Skipped => ("-", 90),
    };
    if std::io::stdout().is_terminal() {
        println!("\x1b[{colour}m{word:>5}\x1b[0m  {:<10} {}", check.name, check.detail);
    } else {
        println!("{word:>5}  {:<10} {}", check.name, check.detail);
    }
}

fn check_library(config: &Config, findings: &mut Findings) {
    if config.clickhouse.url.is_some() {
        findings.add("engine", Outcome::Skipped, "not needed: a ClickHouse server is configured");
        return;
    }
    let found = config.find_library().map(|library| library.path().display().to_string());
    findings.add_result("engine", found.map_err(|err| err.to_string()));
}

fn check_folder(data_dir: &Path, findings: &mut Findings) {
    let probe = data_dir.join(".doctor");
    let written = std::fs::create_dir_all(data_dir)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    if let Err(err) = written {
        let detail = format!(
            "{} cannot be written: {err}; change its owner, or choose another --data-dir",
            data_dir.display()
        );
        findings.add("folder", Outcome::Fail, detail);
        return;
    }
    let free = fs4::available_space(data_dir).unwrap_or(u64::MAX);
    let detail = format!("{}, {:.1} GiB free", data_dir.display(), free as f64 / (1_u64 << 30) as f64);
    match free < LITTLE_SPACE {
        true => findings.add(
            "folder",
            Outcome::Warn,
            detail + "; little for a chain: free some, or choose another disk with --data-dir",
        ),
        false => findings.add("folder", Outcome::Ok, detail),
    }
}

async fn check_port(config: &Config, findings: &mut Findings) {
    let free = serving::listen(config.serve.listen).await;
    findings.add_result(
        "port",
        free.map(|_| format!("{} is free", config.serve.listen)).map_err(|err| err.to_string()),
    );
}

/// Who can reach the pages, and what holds them back.
fn check_exposure(config: &Config, findings: &mut Findings) {
    let listen = config.serve.listen;
    let limits = &config.limits;
    if listen.ip().is_loopback() {
        findings.add("exposure", Outcome::Ok, "only this machine reaches the pages");
    } else if !limits.enabled && !limits.require_key {
        let detail = format!(
            "{listen} is reached from other machines, and nothing limits them; set limits.enabled, or limits.require_key"
        );
        findings.add("exposure", Outcome::Warn, detail);
    } else if limits.trusted_proxies.is_empty() {
        let detail = format!(
            "{listen} is reached from other machines, by plain HTTP; behind a proxy with TLS, name its network in \
             limits.trusted_proxies, or all visitors share its bucket"
        );
        findings.add("exposure", Outcome::Warn, detail);
    } else {
        findings.add("exposure", Outcome::Ok, format!("{listen} behind trusted proxies, within limits"));
    }
}

/// What can only be seen with the warehouse open: schema, store, pages, nodes.
async fn check_house(config: &Config, findings: &mut Findings) {
    let holder = match config.clickhouse.url {
        None => EngineInfo::find(&config.data_dir).ok().flatten(),
        Some(_) => None,
    };
    if let Some(holder) = holder {
        let detail = format!("the data folder is in use by pid {}; looking through that process", holder.pid);
        findings.add("process", Outcome::Ok, detail);
    }
    let opened = match config.has_data() {
        true => House::open_or_join(config).await,
        false => House::open(config).await,
    };
    let house = match opened {
        Ok(house) => house,
        Err(err) => {
            findings.add("warehouse", Outcome::Fail, err.to_string());
            for name in ["schema", "pages", "node"] {
                findings.add(name, Outcome::Skipped, "not looked at: the warehouse does not open");
            }
            return;
        }
    };
    check_warehouse(&house, findings).await;
    check_clock(&house, findings).await;
    check_pages(config, &house, findings).await;
    check_node(config, &house, findings).await;
    house.close().await;
}

async fn check_warehouse(house: &House, findings: &mut Findings) {
    let version = house.warehouse.get_version().await;
    let kind = if house.engine().is_some() { "embedded" } else { "server" };
    let version =
        version.map(|version| format!("ClickHouse {version}, {kind}")).map_err(|err| err.to_string());
    findings.add_result("warehouse", version);
    match house.warehouse.find_schema_version().await {
        Ok(Some(version)) => findings.add("schema", Outcome::Ok, format!("version {version}")),
        Ok(None) => findings.add("schema", Outcome::Warn, "no tables yet; run `yumascan migrate`, or ingest"),
        Err(err) => findings.add("schema", Outcome::Fail, err.to_string()),
    }
    match house.warehouse.find_head().await {
        Ok(Some(head)) => findings.add("blocks", Outcome::Ok, format!("stored up to {}", head.number)),
        Ok(None) => {
            findings.add("blocks", Outcome::Warn, "nothing is stored yet; run `yumascan ingest --rpc URL`");
        }
        Err(err) => findings.add("blocks", Outcome::Fail, err.to_string()),
    }
}

/// A server whose clock is apart from ours confuses times of rows, keys and leases.
async fn check_clock(house: &House, findings: &mut Findings) {
    if house.engine().is_some() {
        findings.add("clock", Outcome::Skipped, "one machine, one clock");
        return;
    }
    let asked =
        house.warehouse.client().query("SELECT toUnixTimestamp64Milli(now64(3))").fetch_one::<i64>().await;
    let here =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_millis();
    match asked {
        Ok(there) => {
            let apart_ms = i64::try_from(here).unwrap_or(i64::MAX).abs_diff(there);
            let detail = format!("{apart_ms} ms apart from ClickHouse's");
            match apart_ms > MOST_APART_MS {
                true => findings.add(
                    "clock",
                    Outcome::Warn,
                    detail + "; run a time service (chrony, timesyncd) on both",
                ),
                false => findings.add("clock", Outcome::Ok, detail),
            }
        }
        Err(err) => findings.add("clock", Outcome::Fail, err.to_string()),
    }
}

/// Renders a page as a browser would ask for it, and sees whether it loads the islands.
async fn check_pages(config: &Config, house: &House, findings: &mut Findings) {
    // looked at from within: no key is needed
    let mut config = config.clone();
    config.limits.require_key = false;
    let router = match serving::router(house, &LiveTip::default(), &config, None) {
        Ok(router) => router,
        Err(err) => return findings.add("labels", Outcome::Fail, err.to_string()),
    };
    let request = axum::extract::Request::builder().uri("/help").body(axum::body::Body::empty());
    let Ok(request) = request else { return };
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap_or_default();
    let has_islands = String::from_utf8_lossy(&body).contains("/pkg/");
    match (status.is_success(), has_islands) {
        (true, true) => findings.add("pages", Outcome::Ok, "rendered, with the browser part"),
        (true, false) => findings.add(
            "pages",
            Outcome::Warn,
            "rendered, without the browser part (live blocks, copy buttons); pages work without it, \
             `cargo xtask web` builds it",
        ),
        (false, _) => findings.add(
            "pages",
            Outcome::Fail,
            format!("a page answered {status}; see the log (--log debug)"),
        ),
    }
}

async fn check_node(config: &Config, house: &House, findings: &mut Findings) {
    if config.ingest.endpoints.is_empty() {
        findings.add(
            "node",
            Outcome::Skipped,
            "no endpoint configured; name one with --rpc URL to have it looked at",
        );
        return;
    }
    let ingest =
        Ingest::new(config.ingest.clone(), house.warehouse.clone(), house.store.clone(), LiveTip::default());
    let probe = match &ingest {
        Ok(ingest) => ingest.probe().await.map_err(|err| err.to_string()),
        Err(err) => Err(err.to_string()),
    };
    let told = probe.map(|probe| {
        let endpoints =
            probe.endpoints.iter().map(|endpoint| format!("{} {:?}", endpoint.endpoint, endpoint.state));
        format!(
            "{}, finalized {}, genesis {}; {}",
            probe.chain_name,
            probe.finalized,
            probe.genesis,
            endpoints.collect::<Vec<_>>().join(", ")
        )
    });
    findings.add_result("node", told);
}
