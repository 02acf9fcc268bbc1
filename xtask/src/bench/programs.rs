//! The programs that a benchmark runs beside itself.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// Runs a program and reads the JSON that it prints.
pub(super) fn answer<T: for<'de> Deserialize<'de>>(command: &mut Command) -> Result<T> {
    let output = command.output().context("cannot start yumascan")?;
    if !output.status.success() {
        bail!("{command:?} ended with {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.trim()).with_context(|| format!("{command:?} printed `{}`", text.trim()))
}

/// A server that says its address in its first lines; it ends with this.
pub(super) struct Server {
    process: Child,
    /// Where it listens.
    pub(super) url: String,
}

impl Server {
    /// `yumascan node` over a recording.
    pub(super) fn node(program: &Path, root: &Path, recording: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["node", "--listen", "127.0.0.1:0", "--recording"]).arg(recording).current_dir(root);
        Self::start(&mut command, "ws://")
    }

    /// `yumascan serve` over a data folder.
    pub(super) fn pages(program: &Path, root: &Path, data: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data).current_dir(root);
        Self::start(&mut command, "http://")
    }

    fn start(command: &mut Command, scheme: &str) -> Result<Self> {
        let mut process =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {command:?}"))?;
        let output = process.stdout.take().context("it has no output")?;
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with(scheme)) {
                return Ok(Self { process, url: url.to_owned() });
            }
        }
        bail!("{command:?} ended without saying where it listens")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it is gone either way
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
