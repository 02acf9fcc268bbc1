//! Runs the binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// A call of the binary, free of the surrounding configuration.
pub(crate) fn yumascan(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yumascan"));
    for (name, _) in std::env::vars_os() {
        // where the engine is may come from outside; nothing else may
        if name.to_string_lossy().starts_with("YUMASCAN_") && name != "YUMASCAN_ENGINE" {
            command.env_remove(name);
        }
    }
    command.args(args).stdin(Stdio::null());
    command
}

pub(crate) fn on(data_dir: &Path, args: &[&str]) -> Command {
    let mut command = yumascan(args);
    command.arg("--data-dir").arg(data_dir);
    command
}

/// What a finished call said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// It must have succeeded.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// It must have failed with a message that holds all of `words`.
    pub(crate) fn fails_with(self, words: &[&str]) -> Self {
        assert!(
            self.code.is_some_and(|code| code != 0),
            "it succeeded\nout: {}\nerr: {}",
            self.out,
            self.err
        );
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

/// Runs a call to its end, on a thread that may wait.
pub(crate) async fn finish(mut command: Command) -> Said {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    Said::of(&output)
}

/// A call that goes on.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts a call and waits for the line on standard output that begins with `announced`; gives its rest.
    pub(crate) fn start(mut command: Command, announced: &str) -> (Self, String) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let running = Self { child, lines };
        let rest = running.line(announced);
        (running, rest)
    }

    /// The rest of the next line that begins with `announced`.
    pub(crate) fn line(&self, announced: &str) -> String {
        let found = self.lines.iter().find_map(|line| line.strip_prefix(announced).map(str::to_owned));
        found.unwrap_or_else(|| panic!("it ended without saying `{announced}`"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop; it must end in order. The node it reads from goes on meanwhile.
    pub(crate) async fn stop(mut self) {
        let asked = Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(asked.success());
        let code = tokio::task::spawn_blocking(move || self.child.wait().unwrap().code()).await.unwrap();
        assert_eq!(code, Some(0), "an orderly end");
    }

    /// Its exit code; nothing else of the calling test runs meanwhile.
    pub(crate) fn wait_blocking(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A page by GET: status and body.
pub(crate) fn get(url: &str, path: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
    (status, text)
}
