//! Bytes to records: everything Yumascan knows about the encoding of a Bittensor chain.
//!
//! A [`Runtime`] is compiled once from a spec's metadata; [`Runtime::decode_block`] then turns the raw bytes of
//! a block into a [`DecodedBlock`]: extrinsics, the whole call tree, events, transfers and quarantined items.
//!
//! Invariants: no IO, no clock, no panic on any input, memory bounded by a multiple of the input's length.

pub mod block;
pub mod ids;
pub mod records;
pub mod runtime;

pub use block::{Header, RawBlock};
pub use ids::{AccountId, BlockNumber, Hash, SpecVersion};
pub use records::{
    AccountMention, BlockSummary, CallView, DecodedBlock, EventView, ExtrinsicView, MentionRole, Outcome, Phase,
    Quarantined, QuarantineKind, Transfer,
};
pub use runtime::{MetadataError, Runtime};

/// Generation of the decoder: raised whenever the same raw bytes would give other rows than before.
///
/// It is part of every deduplication token and of every sealed window, so that a warehouse knows which rows a
/// newer decoder must rebuild.
pub const DECODER_GENERATION: u32 = 1;
