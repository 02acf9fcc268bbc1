//! The watch's promises, on generated chains.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attacks;
mod docs;
mod recorded;
mod replay;
mod states;
mod stored;
mod world;
