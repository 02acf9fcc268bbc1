//! Yuma consensus: one epoch of one subnet, all its mechanisms.
//!
//! The caller reads [`EpochInputs`] from the state the chain had, [`run`] computes what the chain stored
//! ([`EpochOutputs`]), and [`compare`](compare::compare) says where the two part. What changed from release to
//! release is chosen once, by [`Era`]; docs/yuma.md describes the algorithm and the eras for a reader who wants
//! to check.
//!
//! Invariants: the same inputs give the same bits on every machine; no input makes it panic; a [`Workspace`] that
//! served an epoch serves the next without growing.

mod aggregate;
mod bonds;
pub mod commits;
pub mod compare;
mod consensus;
pub mod era;
mod inputs;
pub mod limits;
pub mod mechanisms;
mod outputs;
pub mod quantise;
mod run;
pub mod schedule;
mod sparse;
mod split;
mod stake;
pub mod stake_weight;
mod steps;
mod weights;
mod workspace;

pub use era::{Certainty, Era, LiquidAlpha, Rules, StorageItems, Unsupported};
pub use inputs::{AccountKey, EpochInputs, MechanismInputs, Neuron, Parameters, ParentStake, StakeInputs};
pub use outputs::{EpochOutputs, MechanismOutputs, NeuronVectors, Payout};
pub use run::{EpochError, run, run_with_steps};
pub use stake_weight::StakeWeight;
pub use steps::{EpochSteps, Rows};
pub use workspace::Workspace;

/// Sparse row as stored: (uid, value) pairs in storage order.
pub type StoredRow = Vec<(u16, u16)>;
