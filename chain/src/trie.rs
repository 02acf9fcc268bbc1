//! Roots of tries: of a block's extrinsics, and of a whole state.
//!
//! The trie is the base-16 modified Merkle-Patricia trie of Substrate without extension nodes, hashed with
//! Blake2b-256. State version 1 differs from 0 in one thing: a value of more than 32 bytes is stored as its hash.
//!
//! In the trie of extrinsics the keys are the SCALE compact encodings of the indices, the values the extrinsics'
//! bytes *with* their length prefix. Runtimes up to `system_version` 1 build it with version 0 (whatever the
//! version of their state trie), those from 2 on with version 1.

use blake2::digest::{Digest, consts::U32};
use parity_scale_codec::{Compact, Encode};
use trie_root::{Hasher, TrieStream, Value};

use crate::{block::Header, ids::Hash};

/// Shortest value that state version 1 stores as its hash, in bytes.
const HASHED_VALUE_THRESHOLD: u32 = 33;

/// Root of the trie without entries.
pub const EMPTY_ROOT: Hash = Hash([
    0x03, 0x17, 0x0a, 0x2e, 0x75, 0x97, 0xb7, 0xb7, 0xe3, 0xd8, 0x4c, 0x05, 0x39, 0x1d, 0x13, 0x9a, 0x62,
    0xb1, 0x57, 0xe7, 0x87, 0x86, 0xd8, 0xc0, 0x82, 0xf2, 0x9d, 0xcf, 0x4c, 0x11, 0x13, 0x14,
]);

/// How a trie stores its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StateVersion {
    /// Values inside their nodes.
    #[default]
    V0,
    /// Values of more than 32 bytes as their hashes.
    V1,
}

/// Root of the ordered trie of `extrinsics` (length-prefixed bytes, as in [`crate::RawBlock::extrinsics`]).
#[must_use]
pub fn extrinsics_root(extrinsics: &[Vec<u8>], version: StateVersion) -> Hash {
    state_root(
        (0u32..).zip(extrinsics).map(|(index, extrinsic)| (Compact(index).encode(), extrinsic)),
        version,
    )
}

/// Root of the trie of `entries` (key and value, in any order), as a header's `state_root` is of the whole state.
///
/// Recurses once a shared nibble: for keys of up to some thousand bytes, such as storage has.
#[must_use]
pub fn state_root<K: AsRef<[u8]> + Ord, V: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = (K, V)>,
    version: StateVersion,
) -> Hash {
    let threshold = match version {
        StateVersion::V0 => None,
        StateVersion::V1 => Some(HASHED_VALUE_THRESHOLD),
    };
    Hash(trie_root::trie_root_no_extension::<Blake2, NodeStream, _, _, _>(entries, threshold))
}

/// Which state version gives the root that `header` carries; `None` if neither does, that is if `extrinsics`
/// are not the block's.
#[must_use]
pub fn find_extrinsics_root_version(header: &Header, extrinsics: &[Vec<u8>]) -> Option<StateVersion> {
    [StateVersion::V0, StateVersion::V1]
        .into_iter()
        .find(|version| extrinsics_root(extrinsics, *version) == header.extrinsics_root)
}

/// Whether `extrinsics` are the ones that `header` commits to, under either state version.
#[must_use]
pub fn matches_extrinsics_root(header: &Header, extrinsics: &[Vec<u8>]) -> bool {
    find_extrinsics_root_version(header, extrinsics).is_some()
}

/// Blake2b-256 as the trie wants it.
struct Blake2;

impl Hasher for Blake2 {
    type Out = [u8; 32];
    type StdHasher = std::collections::hash_map::DefaultHasher;
    const LENGTH: usize = 32;

    fn hash(bytes: &[u8]) -> Self::Out {
        blake2::Blake2b::<U32>::digest(bytes).into()
    }
}

/// What the first byte of a node says about it: high bits, and how many they are.
#[derive(Clone, Copy)]
struct NodeKind {
    prefix: u8,
    prefix_bits: u32,
}

const LEAF: NodeKind = NodeKind { prefix: 0b0100_0000, prefix_bits: 2 };
const LEAF_HASHED: NodeKind = NodeKind { prefix: 0b0010_0000, prefix_bits: 3 };
const BRANCH: NodeKind = NodeKind { prefix: 0b1000_0000, prefix_bits: 2 };
const BRANCH_WITH_VALUE: NodeKind = NodeKind { prefix: 0b1100_0000, prefix_bits: 2 };
const BRANCH_HASHED: NodeKind = NodeKind { prefix: 0b0001_0000, prefix_bits: 4 };
const EMPTY: u8 = 0;

/// A node under construction in Substrate's encoding.
struct NodeStream(Vec<u8>);

impl NodeStream {
    /// Kind and number of nibbles, then the nibbles, two a byte, the odd one first.
    fn push_header(&mut self, kind: NodeKind, nibbles: &[u8]) {
        let in_first_byte = usize::from(u8::MAX >> kind.prefix_bits);
        let count = nibbles.len();
        if count < in_first_byte {
            self.0.push(kind.prefix | count as u8);
        } else {
            self.0.push(kind.prefix | in_first_byte as u8);
            let mut rest = count - in_first_byte;
            while rest >= 255 {
                self.0.push(255);
                rest -= 255;
            }
            self.0.push(rest as u8);
        }
        let (odd, pairs) = nibbles.split_at(count % 2);
        self.0.extend_from_slice(odd);
        self.0.extend(pairs.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]));
    }

    fn push_value(&mut self, value: &Value<'_>) {
        match value {
            Value::Inline(bytes) => bytes.encode_to(&mut self.0),
            Value::Node(hash) => self.0.extend_from_slice(hash),
        }
    }
}

impl TrieStream for NodeStream {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn append_empty_data(&mut self) {
        self.0.push(EMPTY);
    }

    fn append_leaf(&mut self, key: &[u8], value: Value<'_>) {
        let kind = match value {
            Value::Inline(_) => LEAF,
            Value::Node(_) => LEAF_HASHED,
        };
        self.push_header(kind, key);
        self.push_value(&value);
    }

    fn begin_branch(
        &mut self,
        maybe_key: Option<&[u8]>,
        maybe_value: Option<Value<'_>>,
        has_children: impl Iterator<Item = bool>,
    ) {
        let kind = match &maybe_value {
            None => BRANCH,
            Some(Value::Inline(_)) => BRANCH_WITH_VALUE,
            Some(Value::Node(_)) => BRANCH_HASHED,
        };
        self.push_header(kind, maybe_key.unwrap_or_default());
        let children =
            has_children.zip(0u32..16).fold(0u16, |bits, (has, slot)| bits | u16::from(has) << slot);
        self.0.extend_from_slice(&children.to_le_bytes());
        if let Some(value) = maybe_value {
            self.push_value(&value);
        }
    }

    fn append_extension(&mut self, _key: &[u8]) {
        debug_assert!(false, "this trie has no extension nodes");
    }

    fn append_substream<H: Hasher>(&mut self, other: Self) {
        let node = other.out();
        if node.len() < 32 {
            node.encode_to(&mut self.0);
        } else {
            H::hash(&node).as_ref().encode_to(&mut self.0);
        }
    }

    fn out(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_of(values: &[&[u8]], version: StateVersion) -> String {
        let values: Vec<Vec<u8>> = values.iter().map(|value| value.to_vec()).collect();
        extrinsics_root(&values, version).to_string()
    }

    #[test]
    fn the_empty_trie_has_its_well_known_root() {
        assert_eq!(extrinsics_root(&[], StateVersion::V0), EMPTY_ROOT);
        assert_eq!(extrinsics_root(&[], StateVersion::V1), EMPTY_ROOT);
    }

    #[test]
    fn a_single_leaf_is_hashed_as_its_node_spells() {
        // kind leaf with two nibbles, the key `0x00` (compact 0), compact length 3, the value
        let node = [0x42, 0x00, 0x0c, 1, 2, 3];
        assert_eq!(root_of(&[&[1, 2, 3]], StateVersion::V0), Hash::blake2_256(&node).to_string());
    }

    #[test]
    fn only_values_of_more_than_32_bytes_differ_between_the_versions() {
        let (short, long) = ([7u8; 32], [7u8; 33]);
        assert_eq!(root_of(&[&short], StateVersion::V0), root_of(&[&short], StateVersion::V1));
        assert_ne!(root_of(&[&long], StateVersion::V0), root_of(&[&long], StateVersion::V1));
        let mut hashed_leaf = vec![0x22, 0x00];
        hashed_leaf.extend_from_slice(&Hash::blake2_256(&long).0);
        assert_eq!(root_of(&[&long], StateVersion::V1), Hash::blake2_256(&hashed_leaf).to_string());
    }

    #[test]
    fn long_partial_keys_spill_their_length_into_more_bytes() {
        let header = |count: usize| {
            let mut stream = NodeStream::new();
            stream.push_header(LEAF, &vec![0; count]);
            stream.0[..stream.0.len() - count.div_ceil(2)].to_vec()
        };
        assert_eq!(header(62), [0x40 | 62]);
        assert_eq!(header(63), [0x7f, 0]);
        assert_eq!(header(64), [0x7f, 1]);
        assert_eq!(header(63 + 254), [0x7f, 254]);
        assert_eq!(header(63 + 255), [0x7f, 255, 0]);
    }
}
