//! Fuzzing of the decoder; see README.md.

pub mod bodies;
pub mod fixtures;
