//! Fails where the bits of a thousand random epochs are not those that every machine must compute.
//!
//! The tests run the same natively; `cargo xtask test` builds this for WebAssembly and runs it there.

#![allow(clippy::unwrap_used, dead_code)]

#[path = "../tests/it/epoch/digest.rs"]
mod digest;
#[path = "../tests/it/epoch/random.rs"]
mod random;
#[path = "../tests/it/epoch/world.rs"]
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    if digest::digest() == digest::EXPECTED { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
