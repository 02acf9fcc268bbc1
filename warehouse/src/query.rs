//! Query functions: the only place where SQL that reads is written. Shared by api and web.

pub mod accounts;
pub mod alerts;
pub mod blocks;
pub mod calls;
pub mod coverage;
pub mod events;
pub mod evm;
pub mod extrinsics;
pub mod incidents;
mod list;
pub mod market;
pub mod quarantine;
pub mod runtimes;
pub mod search;
pub(crate) mod sql;
pub mod state;
pub mod transfers;
pub mod verifications;
pub mod watched;
pub mod watched_state;

/// A range of blocks and times, both ends inclusive; `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Range {
    /// Lowest block.
    pub from_block: Option<u64>,
    /// Highest block.
    pub to_block: Option<u64>,
    /// Earliest block time, milliseconds since the Unix epoch.
    pub from_ms: Option<u64>,
    /// Latest block time.
    pub to_ms: Option<u64>,
}

impl Range {
    /// Whether it takes in everything.
    pub(crate) fn is_open(&self) -> bool {
        *self == Self::default()
    }
}
