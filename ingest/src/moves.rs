//! What a block did to stake, neurons, keys, identities, claims and contracts: rows from its events and calls, with what
//! events leave out looked up in the states before and after it.
//!
//! Everything here is a pure function of a decoded block and a [`State`]. A function asks for what it needs as it goes;
//! what was not read yet is noted as missing, and the block is looked at again once it is there. So what is wanted and
//! what is used cannot drift apart.
//!
//! Events differ between runtimes: fields are found by name where the metadata names them and by position where it does
//! not, and a field that an event does not have leaves NULL.

mod args;
mod claims;
mod events;
mod evm;
mod identities;
mod keys;
pub(crate) mod lane;
mod neurons;
mod price;
mod read;
mod stake;
mod takes;

use yumascan_chain::DecodedBlock;
use yumascan_warehouse::rows::MoveRows;

use events::Log;
use read::Reader;
pub use read::{Answer, Key, Moment, Read, State};

/// A block to look at.
#[derive(Debug, Clone, Copy)]
pub struct MovesOf {
    /// Its height.
    pub number: u64,
    /// Its time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// The runtime that executed it.
    pub spec_version: u32,
}

/// What was found in a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// Rows, as far as what was read allows.
    pub rows: MoveRows,
    /// What has not been read yet; the rows are final when there is nothing.
    pub missing: Vec<Read>,
}

/// Looks at a block.
#[must_use]
pub fn collect(block: MovesOf, decoded: &DecodedBlock, state: &dyn State) -> Moves {
    collect_from(block, &Log::of(decoded), state)
}

fn collect_from(block: MovesOf, log: &Log<'_>, state: &dyn State) -> Moves {
    let reader = Reader::new(state);
    let mut rows = MoveRows::default();
    stake::collect(&block, log, &reader, &mut rows);
    neurons::collect(&block, log, &reader, &mut rows);
    identities::collect(&block, log, &reader, &mut rows);
    takes::collect(&block, log, &reader, &mut rows);
    keys::collect(&block, log, &mut rows);
    claims::collect(&block, log, &reader, &mut rows);
    evm::collect(&block, log, &reader, &mut rows);
    Moves { rows, missing: reader.into_missing() }
}

#[cfg(test)]
mod tests;
