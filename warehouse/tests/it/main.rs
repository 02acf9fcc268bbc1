//! The warehouse against the real embedded engine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod audit;
mod data_dictionary;
mod migrations;
mod moves;
mod pages;
mod queries;
mod replace;
mod support;
mod verification;
mod writer;
