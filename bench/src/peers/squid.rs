//! `@subsquid/substrate-runtime`, in a Node.js process that decodes on demand and times itself.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::Context;
use serde::Deserialize;
use tempfile::NamedTempFile;

use super::{Decoder, Form, Pass};
use crate::corpus::{Corpus, Counts};

pub(crate) struct Squid {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    _corpus: NamedTempFile,
}

#[derive(Deserialize)]
struct Answer {
    nanos: u64,
    text: u64,
    #[serde(flatten)]
    counts: Counts,
}

impl Squid {
    /// `folder` holds `squid.mjs` and its `node_modules`.
    pub(crate) fn start(folder: &Path, corpus: &Corpus) -> anyhow::Result<Self> {
        if !folder.join("node_modules/@subsquid").is_dir() {
            let npm =
                Command::new("npm").args(["install", "--no-audit", "--no-fund"]).current_dir(folder).status();
            anyhow::ensure!(
                npm.is_ok_and(|status| status.success()),
                "the peer cannot be installed: `npm install` fails in {}; leave it out with --without-node",
                folder.display()
            );
        }
        let mut file = NamedTempFile::new()?;
        corpus.write(&mut std::io::BufWriter::new(file.as_file_mut()))?;
        let mut child = Command::new("node")
            .args(["--max-old-space-size=2048", "squid.mjs"])
            .arg(file.path())
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node is needed for this peer; install Node.js, or leave it out with --without-node")?;
        let (to, from) = child.stdin.take().zip(child.stdout.take()).context("no pipe to node")?;
        Ok(Self { child, to, from: BufReader::new(from), _corpus: file })
    }
}

impl Decoder for Squid {
    fn name(&self) -> &'static str {
        "@subsquid/substrate-runtime 2.0.1"
    }

    fn pass(&mut self, form: Form) -> anyhow::Result<Pass> {
        let order = match form {
            Form::Rows => "rows",
            Form::Json => "json",
        };
        writeln!(self.to, "{order}")?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        let answer: Answer =
            serde_json::from_str(&line).with_context(|| format!("node answered {line:?}"))?;
        Ok(Pass { elapsed: Duration::from_nanos(answer.nanos), counts: answer.counts, text: answer.text })
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        // it ends of itself when its input does; this is for one that hangs
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
