//! The maths of the chain against independent formulations and against recorded results.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apy;
mod emission;
mod epoch;
mod fixed;
mod recorded_coinbase;
mod recorded_distribution;
mod recorded_epochs;
mod recording;
mod registration;
mod root_claim;
mod series;
