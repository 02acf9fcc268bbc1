//! A recorded chain, served as a Substrate node that can misbehave.
//!
//! A [`Recording`] is a folder of files: a genesis state, and for every block its header, extrinsics and the storage
//! changes it made, so that the state at any block can be read. A [`DevNode`] serves it over WebSocket and HTTP on
//! one port with the legacy JSON-RPC, grows like a live chain, and shows every fault that public nodes show:
//! see [`Faults`]. The tests of ingestion and the demo run against it over a real socket.
//!
//! What it answers is what was recorded. It executes nothing: a call into the runtime is answered only where the
//! answer is part of the recording (metadata, versions).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod error;
mod faults;
mod node;
mod recording;
mod rpc;
mod server;

pub use error::DevNodeError;
pub use faults::{Faults, RateLimit, RateLimitAnswer};
pub use node::{DevNode, NodeOptions, Stats};
pub use recording::{LoadOptions, RecordedBlock, Recording, RecordingFiles};
pub use server::Handle;
