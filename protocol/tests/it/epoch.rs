//! Epochs: the cases of the chain's own tests, recorded epochs, and properties of random ones.

mod classic;
mod commits;
mod digest;
mod eras;
mod faults;
mod limits;
mod mechanisms;
mod properties;
mod quantise;
mod random;
mod recorded;
mod reference;
mod schedule;
mod stake;
mod world;
mod yuma3;
