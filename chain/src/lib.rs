//! Bytes to records: everything Yumascan knows about the encoding of a Bittensor chain.
//!
//! A [`Runtime`] is compiled once from a spec's metadata; [`Runtime::decode_block`] then turns the raw bytes of
//! a block into a [`DecodedBlock`]: extrinsics, the whole call tree, events, transfers and quarantined items.
//!
//! Invariants: no IO, no clock, no panic on any input, memory bounded by a multiple of the input's length.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod block;
mod decode;
pub mod hashing;
pub mod ids;
mod json;
mod outcome;
pub mod records;
pub mod runtime;
mod ss58;
pub mod storage;
pub mod trie;

pub use block::{Header, RawBlock};
pub use ids::{AccountId, BlockNumber, Hash, SpecVersion};
pub use records::{
    AccountMention, BlockSummary, CallView, DecodedBlock, EventView, ExtrinsicView, MentionRole, Outcome,
    Phase, QuarantineKind, Quarantined, Transfer,
};
pub use runtime::{DecodeError, FieldTable, ItemTable, MetadataError, PalletTable, Runtime};
pub use storage::{KeyPart, StorageError, StorageIndex, StorageItem, StorageValue};
pub use trie::{StateVersion, extrinsics_root, matches_extrinsics_root};

/// Generation of the decoder: raised whenever the same raw bytes would give other rows than before.
///
/// It is part of every deduplication token and of every sealed window, so that a warehouse knows which rows a
/// newer decoder must rebuild.
pub const DECODER_GENERATION: u32 = 2;
