//! Epochs: the cases of the chain's own tests, recorded epochs, and properties of random ones.

mod classic;
mod mechanisms;
mod recorded;
mod schedule;
mod world;
mod yuma3;
