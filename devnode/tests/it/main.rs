//! The devnode's promises, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod demo;
mod faults;
mod generated;
mod growth;
mod loading;
mod methods;
