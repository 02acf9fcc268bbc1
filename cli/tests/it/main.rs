//! The binary as its users meet it, against a recorded chain on a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod chain;
mod config;
mod dashboards;
mod detect;
mod ingest;
mod platform;
mod run;
mod services;
