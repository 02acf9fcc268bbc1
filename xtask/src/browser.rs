//! The pages in a real browser: the demo is served as a user would have it, and driven with JavaScript on and off.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    command::{program, run_watched},
    setup::find_chromium,
    tally::Counts,
    workspace::Workspace,
};

/// Folder of the tests.
const TESTS: &str = "web/tests/browser";
/// A block close below those of the demo that arrive live: when it is there, the pages have their fill.
const LAST_PAGE: &str = "/block/3140";
/// How long a development build may take to get there.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// Runs the browser tests against the demo, served by the development build.
pub(crate) fn tests(workspace: &Workspace, has_wasm: bool) -> Result<Counts> {
    let tests = test_files(workspace)?;
    let chromium =
        find_chromium().context("Chromium is not installed; install it, or name it in CHROMIUM")?;
    let server = Server::start(workspace)?;
    let mut counts = Counts::default();
    let mut node = program(workspace, "node");
    node.args(["--test", "--test-reporter=tap"]).args(tests);
    node.env("YUMASCAN_URL", &server.url).env("CHROMIUM", chromium);
    node.env("YUMASCAN_WASM", if has_wasm { "1" } else { "0" });
    let succeeded = run_watched(&mut node, |line| counts.see(line))?;
    if !succeeded && counts.failed == 0 {
        bail!("the browser tests did not run to their end");
    }
    Ok(counts)
}

fn test_files(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let folder = workspace.path(TESTS);
    let entries = fs::read_dir(&folder).with_context(|| format!("there are no browser tests in {TESTS}"))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        bail!("there is no *.test.mjs in {TESTS}");
    }
    Ok(files)
}

/// `yumascan demo` in a folder of its own; ends with this.
struct Server {
    url: String,
    process: Child,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(workspace: &Workspace) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        let output = fs::File::create(&log)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let process = Command::new(workspace.target().join("debug/yumascan"))
            .args(["demo", "--listen", &address, "--data-dir"])
            .arg(folder.path().join("data"))
            .current_dir(workspace.root())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start the demo")?;
        let mut server = Self { url: format!("http://{address}"), process, log, _folder: folder };
        server.wait_for_pages(&address)?;
        Ok(server)
    }

    fn wait_for_pages(&mut self, address: &str) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if status_of(address, LAST_PAGE).is_some_and(|status| status == 200) {
                println!("the demo is served on {} after {:.0} s", self.url, begun.elapsed().as_secs_f64());
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the demo ended with {status}:\n{}", self.told());
            }
            sleep(Duration::from_secs(1));
        }
        bail!("{LAST_PAGE} did not appear within {} min:\n{}", PATIENCE.as_secs() / 60, self.told());
    }

    /// The last that it said.
    fn told(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it is gone either way
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Status of a page; `None` while nobody answers.
fn status_of(address: &str, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).ok()?;
    std::str::from_utf8(&answer).ok()?.split(' ').nth(1)?.trim().parse().ok()
}
