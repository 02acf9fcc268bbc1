//! What can go wrong around the engine; every text says what to do.

use std::path::PathBuf;

use crate::library::{ENGINE_ENV, INSTALL_COMMAND};

/// An error of the embedded engine or of its folder.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No engine library in any of the places where it is looked for.
    #[error(
        "the embedded ClickHouse engine (libchdb) is not installed; run `{INSTALL_COMMAND}` in this folder, or name \
         the library with --engine PATH or {ENGINE_ENV}=PATH; looked in: {}",
        searched.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    LibraryMissing {
        /// Every place that was tried, in order.
        searched: Vec<PathBuf>,
    },
    /// The path named by flag or environment leads to no library.
    #[error("{source_name} names {path}, where there is no engine library; name libchdb.so itself or a folder that holds it, or run `{INSTALL_COMMAND}`", path = path.display())]
    LibraryNotAt {
        /// `--engine` or `YUMASCAN_ENGINE`.
        source_name: &'static str,
        /// The path as given.
        path: PathBuf,
    },
    /// The library is there but cannot be opened.
    #[error("the engine library {path} cannot be opened: {reason}; remove it and run `{INSTALL_COMMAND}`", path = path.display())]
    LibraryBroken {
        /// The library.
        path: PathBuf,
        /// What the file or the loader says.
        reason: String,
    },
    /// The library is made for another system or processor.
    #[error("the engine library {path} is made for {found}, this machine is {wanted}; run `{INSTALL_COMMAND}` on this machine", path = path.display())]
    LibraryForeign {
        /// The library.
        path: PathBuf,
        /// What the file says of itself.
        found: String,
        /// This machine.
        wanted: String,
    },
    /// Another process holds the data folder.
    #[error(
        "the data folder {path} is in use by another process{}; stop that process, or choose another --data-dir \
         (`yumascan sql --data-dir {path}` can query it while it runs)",
        pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default(),
        path = path.display()
    )]
    FolderInUse {
        /// The data folder.
        path: PathBuf,
        /// The process, when it could be read.
        pid: Option<u32>,
    },
    /// This process has an engine open already.
    #[error(
        "this process has an engine open on {path} already; there is one engine in a process: share it, or shut it down first",
        path = path.display()
    )]
    AlreadyOpen {
        /// Folder of the open engine.
        path: PathBuf,
    },
    /// The engine did not start on the folder.
    #[error(
        "the engine did not start on {path}: {reason}; when the folder is damaged, move it away and ingest anew (raw \
         blocks come back from the node)",
        path = path.display()
    )]
    Start {
        /// The engine's folder.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// The address for the HTTP endpoint cannot be had.
    #[error("the engine endpoint cannot listen on {addr}: {source}; choose another address with --listen")]
    Listen {
        /// Address asked for.
        addr: std::net::SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The endpoint would be reachable from outside.
    #[error(
        "the engine endpoint listens on loopback only, not on {addr}; use 127.0.0.1 or [::1] and a tunnel"
    )]
    NotLoopback {
        /// Address asked for.
        addr: std::net::SocketAddr,
    },
    /// A file of the data folder cannot be read or written.
    #[error("{action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried, e.g. `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The engine refused a statement of ours.
    #[error("the engine refused `{statement}`: {reason}")]
    Refused {
        /// The statement.
        statement: String,
        /// The exception's text.
        reason: String,
    },
}

impl EmbeddedError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
