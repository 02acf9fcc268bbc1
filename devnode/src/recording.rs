//! A recorded chain in memory: blocks, and for every storage key the blocks at which its value changed.

mod load;
mod manifest;

use std::collections::{BTreeMap, HashMap};

use yumascan_chain::{BlockNumber, Hash, Header};

pub use load::{LoadOptions, RecordingFiles};
pub(crate) use manifest::Manifest;

/// Storage key of `System.Events`.
pub(crate) const EVENTS_KEY: [u8; 32] = [
    0x26, 0xaa, 0x39, 0x4e, 0xea, 0x56, 0x30, 0xe0, 0x7c, 0x48, 0xae, 0x0c, 0x95, 0x58, 0xce, 0xf7, 0x80,
    0xd4, 0x1e, 0x5e, 0x16, 0x05, 0x67, 0x65, 0xbc, 0x84, 0x61, 0x85, 0x10, 0x72, 0xc9, 0xd7,
];

/// A recorded chain. Immutable; share it in an `Arc` between nodes.
///
/// A *slice* begins above block 1: of the blocks below it, only the genesis hash, and the header and the state of
/// the block right below the first (the base) are known, as on a node that was synced from a snapshot.
#[derive(Debug)]
pub struct Recording {
    manifest: Manifest,
    /// Number of the block whose state the recording starts from; 0 unless it is a slice.
    base: BlockNumber,
    /// The base, then every recorded block.
    blocks: Vec<RecordedBlock>,
    by_hash: HashMap<Hash, BlockNumber>,
    /// Sorted by key.
    storage: Vec<StorageItem>,
    /// Values of the base state.
    base_values: Box<[u8]>,
    metadata: BTreeMap<(u32, u32), Vec<u8>>,
    core_versions: BTreeMap<u32, CoreVersion>,
}

/// A recorded block.
#[derive(Debug)]
pub struct RecordedBlock {
    /// Its hash, checked against the header.
    pub hash: Hash,
    /// Its header.
    pub header: Header,
    /// Extrinsics one after another, then the values that the block wrote.
    bytes: Box<[u8]>,
    extrinsic_ends: Box<[u32]>,
}

/// A storage key and its history.
#[derive(Debug)]
struct StorageItem {
    key: Box<[u8]>,
    /// By block, ascending.
    changes: Box<[Change]>,
}

/// A value that a block wrote: a range of that block's bytes.
#[derive(Debug, Clone, Copy)]
struct Change {
    block: u32,
    start: u32,
    /// [`Change::REMOVED`] where the block removed the key.
    length: u32,
}

impl Change {
    const REMOVED: u32 = u32::MAX;
}

/// What `Core_version` answers for a spec.
#[derive(Debug, Default)]
struct CoreVersion {
    scale: Option<Vec<u8>>,
    json: Option<Box<str>>,
}

impl RecordedBlock {
    /// Extrinsics in order, each with its compact length prefix.
    pub fn extrinsics(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.extrinsic_ends.iter().enumerate().map(|(index, end)| {
            let start =
                index.checked_sub(1).and_then(|before| self.extrinsic_ends.get(before)).copied().unwrap_or(0);
            self.bytes.get(start as usize..*end as usize).unwrap_or_default()
        })
    }
}

impl Recording {
    /// Name of the chain (`system_chain`).
    #[must_use]
    pub fn chain_name(&self) -> &str {
        &self.manifest.chain
    }

    /// Hash of block 0.
    #[must_use]
    pub fn genesis_hash(&self) -> Hash {
        self.manifest.genesis_hash
    }

    /// First block whose body is recorded: 1 unless the recording is a slice.
    #[must_use]
    pub fn first_block(&self) -> BlockNumber {
        self.base + 1
    }

    /// Last recorded block.
    #[must_use]
    pub fn last_block(&self) -> BlockNumber {
        self.base + self.blocks.len().saturating_sub(1) as u64
    }

    /// Number of storage keys that ever had a value.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.storage.len()
    }

    /// A recorded block, or the base below the first, whose body is empty here.
    #[must_use]
    pub fn block(&self, number: BlockNumber) -> Option<&RecordedBlock> {
        let index = number.checked_sub(self.base)?;
        self.blocks.get(usize::try_from(index).ok()?)
    }

    /// Height of a block of this recording; 0 for the genesis hash, even in a slice.
    #[must_use]
    pub fn number_of(&self, hash: &Hash) -> Option<BlockNumber> {
        self.by_hash.get(hash).copied()
    }

    /// Whether the body of this block is known (that of a slice's base is not).
    #[must_use]
    pub fn has_body(&self, number: BlockNumber) -> bool {
        number == 0 && self.base == 0 || (self.first_block()..=self.last_block()).contains(&number)
    }

    /// Value of a storage key in the state after `block`; `None` where there is none, or the block is not recorded.
    #[must_use]
    pub fn storage(&self, key: &[u8], block: BlockNumber) -> Option<&[u8]> {
        let index = self.storage.binary_search_by(|item| item.key.as_ref().cmp(key)).ok()?;
        self.value_of(self.storage.get(index)?, block)
    }

    /// All keys and values of the state after `block`, in the order of the keys.
    pub fn state(&self, block: BlockNumber) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.storage.iter().filter_map(move |item| Some((item.key.as_ref(), self.value_of(item, block)?)))
    }

    /// At most `count` keys with `prefix` above `start` that have a value in the state after `block`, in order.
    pub(crate) fn keys_paged<'a>(
        &'a self,
        prefix: &'a [u8],
        start: Option<&[u8]>,
        count: usize,
        block: BlockNumber,
    ) -> impl Iterator<Item = &'a [u8]> {
        let above_start =
            start.map_or(0, |start| self.storage.partition_point(|item| item.key.as_ref() <= start));
        let from_prefix = self.storage.partition_point(|item| item.key.as_ref() < prefix);
        self.storage
            .get(above_start.max(from_prefix)..)
            .unwrap_or_default()
            .iter()
            .take_while(move |item| item.key.starts_with(prefix))
            .filter(move |item| self.value_of(item, block).is_some())
            .map(|item| item.key.as_ref())
            .take(count)
    }

    /// Versions of metadata recorded for a spec, ascending.
    pub(crate) fn metadata_versions(&self, spec: u32) -> impl ExactSizeIterator<Item = u32> {
        let versions: Vec<u32> =
            self.metadata.range((spec, 0)..=(spec, u32::MAX)).map(|((_, version), _)| *version).collect();
        versions.into_iter()
    }

    /// Metadata of a spec in one version.
    pub(crate) fn metadata(&self, spec: u32, version: u32) -> Option<&[u8]> {
        self.metadata.get(&(spec, version)).map(Vec::as_slice)
    }

    /// SCALE bytes that `Core_version` gives for a spec.
    pub(crate) fn core_version(&self, spec: u32) -> Option<&[u8]> {
        self.core_versions.get(&spec)?.scale.as_deref()
    }

    /// JSON that `state_getRuntimeVersion` gives for a spec.
    pub(crate) fn runtime_version(&self, spec: u32) -> String {
        match self.core_versions.get(&spec).and_then(|version| version.json.as_deref()) {
            Some(json) => json.to_owned(),
            None => self.manifest.runtime_version(spec),
        }
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn value_of(&self, item: &StorageItem, block: BlockNumber) -> Option<&[u8]> {
        if block < self.base {
            return None;
        }
        let after = item.changes.partition_point(|change| u64::from(change.block) <= block);
        let change = item.changes.get(after.checked_sub(1)?)?;
        if change.length == Change::REMOVED {
            return None;
        }
        let written_by = u64::from(change.block);
        let bytes = if written_by == self.base { &self.base_values } else { &self.block(written_by)?.bytes };
        bytes.get(change.start as usize..)?.get(..change.length as usize)
    }
}
