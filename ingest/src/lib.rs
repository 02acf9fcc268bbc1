//! From nodes to the warehouse: the RPC pool, verified blocks, backfill, the head, audit and redecode.
//!
//! What happens to a block: [`source`] reads and verifies it, the runtime of its parent's state decodes it, its
//! window is recorded as open in the store, written table by table, and sealed. Whatever is interrupted on the way is
//! done again from the start of the window, with the same boundaries and the same rows.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod audit;
mod backfill;
mod config;
pub mod error;
mod follow;
mod ingest;
mod links;
pub mod moves;
mod pipeline;
mod plan;
mod progress;
#[cfg(test)]
mod recorded;
mod redecode;
pub mod rpc;
pub mod source;
pub mod state;
pub mod verify;

pub use audit::{AuditReport, AuditScope, Finding, FindingKind, audit};
pub use config::IngestConfig;
pub use error::IngestError;
pub use ingest::{Ingest, IngestMode, IngestReport, Probe, StateRequest, VerifyRequest};
pub use progress::{Progress, ProgressView, Shares, Stage};
pub use redecode::{RedecodeReport, redecode};
pub use rpc::{EndpointStatus, HealthState};
pub use state::{StateLane, StateReport, StateScope};
pub use verify::{Verifier, VerifyReport, VerifyScope};
