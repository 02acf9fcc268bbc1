//! Tests on recorded blocks (`tests/fixtures`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod calls;
mod decode;
mod fixtures;
mod metadata;
mod real;
mod roots;
mod storage;
