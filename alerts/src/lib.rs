//! Alerts: who is told what, and that they are told.
//!
//! A [`rule::Rule`] watches incidents, a metric, or everything that touches an address, a subnet or a call. The
//! [`evaluate::Evaluator`] follows the warehouse and puts what rules find into the store's outbox, together with how far it
//! has looked. The [`delivery::Deliverer`] takes it from there to the [`sinks`], at least once and in order per rule. Both
//! can be killed at any moment.
//!
//! Invariants: nothing connects anywhere but through [`net`], which checks the very address it connects to; a secret is
//! in no log, error, answer or `Debug`; the same cause has the same idempotency key, however often it is looked at.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod config;
pub mod delivery;
pub mod error;
pub mod evaluate;
pub mod message;
pub mod metric;
pub mod net;
pub mod quantity;
pub mod rule;
pub mod sinks;
pub mod template;

pub use config::AlertsConfig;
pub use error::AlertError;
pub use message::{Alert, AlertState, Message};
