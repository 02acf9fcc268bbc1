//! Ingestion over a real socket: a node that misbehaves, the embedded engine, SQLite.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod audit;
mod crash;
mod faults;
mod follow;
mod reference;
mod refusals;
mod resume;
mod site;
mod state;
mod upgrade;
mod verify;
mod yields;
