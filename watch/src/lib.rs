//! Incidents: what goes wrong on the chain, known within a block and provable afterwards.
//!
//! A detector ([`detect`]) is a pure function of the configuration, its own serialisable state and the next block's rows
//! ([`input::BlockInput`]). An [`engine::Engine`] runs the detectors of one lane over an ordered stream of blocks, isolates
//! them from one another and hands their findings to the [`ledger::Ledger`], which makes incidents of them: opened, updated,
//! closed, merged by kind and scope. [`run`] feeds engines from the warehouse, live and in replay, by the same code.
//!
//! Invariants: the same rows give the same incidents, whether they came one by one or all at once; an incident is named by
//! a hash of its kind, scope, first block and detector version, so that running again changes nothing twice; a detector
//! that fails stops neither the others nor ingestion; a detector that lacks its inputs says so.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod catalogue;
pub mod config;
pub mod detect;
pub mod docs;
pub mod engine;
pub mod error;
mod facts;
pub mod incident;
pub mod input;
pub mod ledger;
pub mod run;
mod stats;

pub use catalogue::{Kind, KindInfo, Lane};
pub use config::WatchConfig;
pub use engine::Engine;
pub use error::WatchError;
pub use incident::{Finding, Incident, IncidentState, Scope, Severity};
pub use input::BlockInput;
pub use run::{ReplayReport, ReplayRequest, follow, replay};
