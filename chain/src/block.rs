//! A block as a node gives it: header, extrinsics, raw events.

use crate::ids::{AccountId, BlockNumber, Hash, SpecVersion};

/// A Substrate header; its hash is Blake2b-256 of its SCALE encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Hash of the parent.
    pub parent_hash: Hash,
    /// Height.
    pub number: BlockNumber,
    /// Root of the state after this block.
    pub state_root: Hash,
    /// Root of the ordered trie of the extrinsics.
    pub extrinsics_root: Hash,
    /// Digest logs, each as its SCALE bytes.
    pub logs: Vec<Vec<u8>>,
}

/// Everything a node has to be asked for before a block can be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawBlock {
    /// Hash under which the node gave it (verified by ingest to be the header's).
    pub hash: Hash,
    /// Header.
    pub header: Header,
    /// Extrinsics, each with its compact length prefix, as in `chain_getBlock`.
    pub extrinsics: Vec<Vec<u8>>,
    /// Value of `System.Events` at this block, `[0]` where the storage item is absent.
    pub events: Vec<u8>,
    /// Value of `Aura.Authorities` in the parent's state (SCALE `Vec<[u8; 32]>`), empty where unknown.
    pub authorities: Vec<u8>,
    /// The runtime that executed this block (that of the parent's state).
    pub spec_version: SpecVersion,
}

impl Header {
    /// SCALE encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        use parity_scale_codec::{Compact, Encode};
        let mut out = Vec::with_capacity(128 + self.logs.iter().map(Vec::len).sum::<usize>());
        out.extend_from_slice(&self.parent_hash.0);
        Compact(self.number).encode_to(&mut out);
        out.extend_from_slice(&self.state_root.0);
        out.extend_from_slice(&self.extrinsics_root.0);
        Compact(u32::try_from(self.logs.len()).unwrap_or(u32::MAX)).encode_to(&mut out);
        for log in &self.logs {
            out.extend_from_slice(log);
        }
        out
    }

    /// Hash of the header, computed here.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::blake2_256(&self.encode())
    }

    /// The Aura slot named by the `PreRuntime("aura")` digest, if any.
    #[must_use]
    pub fn aura_slot(&self) -> Option<u64> {
        self.logs.iter().find_map(|log| match log.as_slice() {
            // 6 = PreRuntime, then the engine id, then a compact length of 8 and the slot
            [6, b'a', b'u', b'r', b'a', 32, slot @ ..] => slot.try_into().ok().map(u64::from_le_bytes),
            _ => None,
        })
    }
}

impl RawBlock {
    /// The author: the Aura authority whose turn the slot was.
    #[must_use]
    pub fn author(&self) -> Option<AccountId> {
        use parity_scale_codec::Decode;
        let slot = self.header.aura_slot()?;
        let authorities = Vec::<[u8; 32]>::decode(&mut self.authorities.as_slice()).ok()?;
        let turn = slot.checked_rem(u64::try_from(authorities.len()).ok()?)?;
        authorities.get(usize::try_from(turn).ok()?).map(|key| AccountId(*key))
    }
}
