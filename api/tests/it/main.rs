//! The API over the embedded engine, the real decoder and the recorded chain in `demo/`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod batching;
mod caching;
mod documents;
mod limits;
mod market;
#[path = "../../../warehouse/tests/it/market_world.rs"]
mod market_world;
mod mcp;
mod operations;
mod paging;
mod rest;
mod robustness;
mod schema;
mod sql;
mod tip;
mod verification;
mod world;
