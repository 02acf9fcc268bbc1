//! The endpoint as its users meet it: the official client, plain HTTP, other processes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod http;
mod process;
mod wire;
