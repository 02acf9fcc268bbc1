//! Yuma consensus: one epoch of one subnet, all its mechanisms.
//!
//! The caller reads [`EpochInputs`] from the state the chain had, `run` computes what the chain stored
//! ([`EpochOutputs`]), and `compare` says where the two part. What changed from release to
//! release is chosen once, by [`Era`]; docs/yuma.md describes the algorithm and the eras for a reader who wants to check.
//!
//! Invariants: the same inputs give the same bits on every machine; no input makes it panic; a [`Workspace`] that
//! served an epoch serves the next without growing.

pub mod commits;
pub mod era;
mod inputs;
pub mod mechanisms;
mod outputs;
pub mod schedule;
pub mod stake_weight;
mod steps;

pub use era::{Certainty, Era, Rules, StorageItems, Unsupported};
pub use inputs::{AccountKey, EpochInputs, MechanismInputs, Neuron, Parameters, ParentStake, StakeInputs};
pub use outputs::{EpochOutputs, MechanismOutputs, NeuronVectors, Payout};
pub use stake_weight::StakeWeight;
pub use steps::{EpochSteps, Rows};

/// Sparse row as stored: (uid, value) pairs in storage order.
pub type StoredRow = Vec<(u16, u16)>;
