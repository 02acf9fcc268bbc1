//! The embedded ClickHouse engine behind a loopback ClickHouse-HTTP endpoint.
//!
//! `libchdb` is a ClickHouse server in a shared library. It is opened at run time ([`EngineLibrary`]), started
//! on one data folder ([`EmbeddedEngine`]) and served over HTTP on the loopback interface, so that the official
//! client, `curl`, a BI tool and Yumascan's own warehouse all speak to it as to any ClickHouse server.
//!
//! What happens to a request: [`http`] checks the password and reads the parameters; [`sql`] finds out what
//! the statement is (rows out, rows in, or neither); a worker thread opens a session of its own in the engine,
//! applies database and settings and runs it. Rows out travel through a pipe that the engine writes like a
//! file, so that every format streams and a slow reader slows the engine down; rows in are appended chunk by
//! chunk as the body arrives.
//!
//! **Architecture Invariant:** this is the only crate with `unsafe` code, and all of it is in [`ffi`].
//! **Architecture Invariant:** nothing answers without the password but `/ping`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod codec;
mod engine;
mod error;
mod exception;
#[allow(unsafe_code)]
mod ffi;
mod folder;
mod http;
mod library;
mod sql;
pub mod testing;

pub use engine::{EmbeddedEngine, EngineConfig};
pub use error::EmbeddedError;
pub use folder::EngineInfo;
pub use library::{ENGINE_ENV, EngineLibrary, FindOptions, INSTALL_COMMAND};
