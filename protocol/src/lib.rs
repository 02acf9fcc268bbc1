//! The chain's maths, bit for bit: what a block of Bittensor computes, recomputed from its inputs.
//!
//! Invariants: no IO, no clock, no floating point on any path to a result, no panic on any input; the same bits
//! natively and in wasm.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod amm;
pub mod apy;
pub mod concentration;
pub mod cost_basis;
pub mod emission;
pub mod epoch;
pub mod fixed;
pub mod pruning;
pub mod registration;
pub mod root_claim;
pub mod share_pool;
pub mod supply;
pub mod valuation;
