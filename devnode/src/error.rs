//! What can go wrong with a recording or with serving it.

use std::{io, net::SocketAddr, path::PathBuf};

/// Error of the devnode.
#[derive(Debug, thiserror::Error)]
pub enum DevNodeError {
    /// A file of the recording could not be read.
    #[error(
        "cannot read {file}: {source}; a recording is a folder with manifest.json, genesis_header.json, \
         genesis.jsonl.zst, blocks.jsonl.zst and metadata/", file = file.display()
    )]
    Read {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the recording is not what it should be.
    #[error("the recording's {file} is damaged: {reason}")]
    Damaged {
        /// The file, with a line number where it has lines.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The metadata that the manifest promises is missing.
    #[error("the recording has no metadata of spec {spec} (file metadata/{spec}.v14.scale)")]
    MissingMetadata {
        /// The spec.
        spec: u32,
    },
    /// The address could not be listened on.
    #[error(
        "cannot listen on {address}: {source}; choose another address with --listen (port 0 takes any free one)"
    )]
    Listen {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server stopped by itself.
    #[error("the node on {address} stopped: {reason}")]
    Stopped {
        /// Where it listened.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
}
