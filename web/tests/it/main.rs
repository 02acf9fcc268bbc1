//! Pages over the router, from real blocks in the embedded engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hostile;
mod incidents;
mod market;
#[allow(dead_code, reason = "its own crate's tests use the rest")]
#[path = "../../../warehouse/tests/it/market_world.rs"]
mod market_world;
mod pages;
mod people;
#[path = "../support/recording.rs"]
mod recording;
mod support;
mod verification;
