//! Tests on recorded blocks (`tests/fixtures`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod fixtures;
mod mutations;
mod outcomes;
mod roots;
mod storage;
