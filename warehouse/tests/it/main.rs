//! The warehouse against the real embedded engine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod alerts;
mod ask;
mod audit;
mod data_dictionary;
mod market;
mod market_replays;
mod market_world;
mod migrations;
mod moves;
mod pages;
mod people;
mod queries;
mod replace;
mod rollup;
mod support;
mod verification;
mod writer;
