//! Operational state: what must survive a restart and is not chain data.
//!
//! Chain identity, cursors, sealed windows, endpoint health and alerts, in SQLite (the default: one file in the data
//! folder) or PostgreSQL, chosen by URL. Every statement is written once and runs on both.
//!
//! Invariants: every operation may be repeated after a crash without changing the result; a window changes its
//! state only from the state (and the attempt) that the caller believes it to be in.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod actions;
pub mod alerts;
mod chain;
mod cursors;
mod endpoints;
mod error;
mod incidents;
mod keys;
mod open;
mod questions;
pub mod ranges;
mod row;
mod watching;
mod windows;

pub use actions::OperatorAction;
pub use chain::ChainIdentity;
pub use cursors::Cursor;
pub use endpoints::{EndpointHealth, EndpointState};
pub use error::StoreError;
pub use incidents::{IncidentMark, IncidentStanding, Mark};
pub use keys::{ApiKey, KeyTier, SCOPES};
pub use open::{Store, redact_url};
pub use questions::SavedQuery;
pub use ranges::BlockRange;
pub use watching::{NotEvaluableRow, WatchCheckpoint};
pub use windows::{OpenWindow, RowCounts, Window, WindowState};
