//! Pages over the router, from real blocks in the embedded engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hostile;
mod market;
mod pages;
#[path = "../support/recording.rs"]
mod recording;
mod support;
mod verification;
