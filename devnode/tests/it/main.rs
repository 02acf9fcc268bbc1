//! The devnode's promises, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// parameters are lists, also those of one
#![allow(clippy::cloned_ref_to_slice_refs)]

mod client;
mod demo;
mod faults;
mod generated;
mod growth;
mod loading;
mod methods;
