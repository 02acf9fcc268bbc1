//! Epochs: the cases of the chain's own tests, recorded epochs, and properties of random ones.

mod classic;
mod digest;
mod eras;
mod mechanisms;
mod properties;
mod random;
mod recorded;
mod reference;
mod schedule;
mod stake;
mod world;
mod yuma3;
