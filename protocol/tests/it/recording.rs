//! The recorded chains of `demo/`, stepped through block by block with the state before and after each.
//!
//! `YUMASCAN_RECORDING` names another recording of the same form to test on, instead of those of `demo/`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use blake2::{
    Blake2bVar,
    digest::{Update, VariableOutput},
};
use serde::Deserialize;
use twox_hash::XxHash64;
use yumascan_protocol::epoch::AccountKey;

/// Last block to test on of the recordings of `demo/`: what follows are huge blocks that take long to read.
const LAST_BLOCK: u64 = 2_620;
/// Environment variable that names a recording.
const NAMED: &str = "YUMASCAN_RECORDING";

/// State of the pallets that the maths read.
#[derive(Default, Clone)]
pub(crate) struct State(BTreeMap<Vec<u8>, Vec<u8>>);

/// How a part of a storage key is hashed.
#[derive(Clone, Copy)]
pub(crate) enum Hasher {
    Identity,
    Twox64Concat,
    Blake2Concat,
}

/// A recording that is stepped through.
pub(crate) struct Recording {
    /// Its directory.
    pub directory: PathBuf,
    lines: Box<dyn Iterator<Item = String>>,
    prefixes: [Vec<u8>; 2],
    pending: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// State below the block.
    pub before: State,
    /// State at the end of the block.
    pub after: State,
}

#[derive(Deserialize)]
struct Entry {
    k: String,
    v: String,
}

#[derive(Deserialize)]
struct Block {
    number: u64,
    diff: Vec<(String, Option<String>)>,
}

/// The recordings to test on.
pub(crate) fn all() -> Vec<Recording> {
    if let Some(directory) = std::env::var_os(NAMED) {
        return vec![Recording::open(directory.into())];
    }
    let demo = Path::new("../demo");
    ["main", "upgrade"].map(|name| Recording::open(demo.join(name))).into()
}

/// Lines of a file of `demo/` or of a recording.
pub(crate) fn lines(path: &Path) -> Box<dyn Iterator<Item = String>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = BufReader::new(zstd::Decoder::new(file).unwrap());
    Box::new(reader.lines().map(Result::unwrap))
}

impl Recording {
    pub(crate) fn open(directory: PathBuf) -> Self {
        let prefixes = [twox_128("SubtensorModule"), twox_128("Swap")];
        let mut state = State::default();
        for line in lines(&directory.join("genesis.jsonl.zst")) {
            let entry: Entry = serde_json::from_str(&line).unwrap();
            state.0.insert(bytes(&entry.k), bytes(&entry.v));
        }
        let blocks = lines(&directory.join("blocks.jsonl.zst"));
        let pending = Vec::new();
        Self { directory, lines: blocks, prefixes, pending, before: state.clone(), after: state }
    }

    /// Steps to the next block and tells its number.
    pub(crate) fn step(&mut self) -> Option<u64> {
        self.before.apply(std::mem::take(&mut self.pending));
        let block: Block = serde_json::from_str(&self.lines.next()?).unwrap();
        if block.number > LAST_BLOCK && !is_named() {
            return None;
        }
        let texts: Vec<String> = self.prefixes.iter().map(|prefix| hex(prefix)).collect();
        let ours = |key: &str| texts.iter().any(|prefix| key.get(2..34) == Some(prefix.as_str()));
        self.pending = block
            .diff
            .into_iter()
            .filter(|(key, _)| ours(key))
            .map(|(key, value)| (bytes(&key), value.as_deref().map(bytes)))
            .collect();
        self.after.apply(self.pending.clone());
        Some(block.number)
    }

    /// Whether a test looks at this block: of `demo/` a part, with what is rare in it; of a named recording all.
    pub(crate) fn is_chosen(&self, block: u64) -> bool {
        let rare = [450..470, 790..820, 990..1_010, 2_290..2_310, 2_595..2_612];
        is_named()
            || block < 120
            || block.is_multiple_of(8)
            || rare.iter().any(|range| range.contains(&block))
    }

    /// Spec version by which the block was executed.
    pub(crate) fn spec_version(&self, block: u64) -> u32 {
        let upgraded = self.directory.ends_with("upgrade") && block > 800;
        if upgraded { 402 } else { 377 }
    }
}

fn is_named() -> bool {
    std::env::var_os(NAMED).is_some()
}

impl State {
    fn apply(&mut self, changes: Vec<(Vec<u8>, Option<Vec<u8>>)>) {
        for (key, value) in changes {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }

    /// Raw value of an item under hashed key parts.
    pub(crate) fn raw(&self, pallet: &str, item: &str, key: &[(Hasher, &[u8])]) -> Option<&[u8]> {
        self.0.get(&storage_key(pallet, item, key)).map(Vec::as_slice)
    }

    /// Raw value of an item of `SubtensorModule` by netuid.
    pub(crate) fn of(&self, item: &str, netuid: u16) -> Option<&[u8]> {
        self.raw("SubtensorModule", item, &[(Hasher::Identity, &netuid.to_le_bytes())])
    }

    /// Raw value of an item of `Swap` by netuid.
    pub(crate) fn swap(&self, item: &str, netuid: u16) -> Option<&[u8]> {
        self.raw("Swap", item, &[(Hasher::Twox64Concat, &netuid.to_le_bytes())])
    }

    /// Raw value of an item of `SubtensorModule` by account and, where it has one, netuid.
    pub(crate) fn by_account(&self, item: &str, account: AccountKey, netuid: Option<u16>) -> Option<&[u8]> {
        let netuid = netuid.map(u16::to_le_bytes);
        let mut key: Vec<(Hasher, &[u8])> = vec![(Hasher::Blake2Concat, &account.0)];
        key.extend(netuid.as_ref().map(|bytes| (Hasher::Identity, bytes.as_slice())));
        self.raw("SubtensorModule", item, &key)
    }

    /// Raw value of an item without a key.
    pub(crate) fn single(&self, item: &str) -> Option<&[u8]> {
        self.raw("SubtensorModule", item, &[])
    }

    /// What follows the prefix of an item and of these key parts, and the values.
    pub(crate) fn under<'s>(
        &'s self,
        pallet: &str,
        item: &str,
        key: &[(Hasher, &[u8])],
    ) -> impl Iterator<Item = (&'s [u8], &'s [u8])> + use<'s> {
        let prefix = storage_key(pallet, item, key);
        let length = prefix.len();
        self.0
            .range(prefix.clone()..)
            .take_while(move |(key, _)| key.starts_with(&prefix))
            .map(move |(key, value)| (&key[length..], value.as_slice()))
    }

    /// Every netuid but root's.
    pub(crate) fn netuids(&self) -> Vec<u16> {
        let mut netuids: Vec<u16> = self
            .under("SubtensorModule", "NetworksAdded", &[])
            .filter(|(_, value)| *value == [1])
            .map(|(key, _)| u16::from_le_bytes(key.try_into().unwrap()))
            .filter(|netuid| *netuid != 0)
            .collect();
        netuids.sort_unstable();
        netuids
    }
}

/// Reads little-endian values off a slice.
pub(crate) struct Scale<'b>(pub &'b [u8]);

impl Scale<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk().expect("a longer value");
        self.0 = rest;
        *head
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(crate) fn i128(&mut self) -> i128 {
        i128::from_le_bytes(self.take())
    }

    pub(crate) fn account(&mut self) -> AccountKey {
        AccountKey(self.take())
    }

    pub(crate) fn compact(&mut self) -> usize {
        let first = self.0[0];
        match first & 3 {
            0 => usize::from(self.take::<1>()[0] >> 2),
            1 => usize::from(u16::from_le_bytes(self.take()) >> 2),
            _ => usize::try_from(u32::from_le_bytes(self.take()) >> 2).unwrap(),
        }
    }
}

/// An unsigned integer of any width, zero for none.
pub(crate) fn uint(value: Option<&[u8]>) -> u64 {
    uint_or(value, 0)
}

/// An unsigned integer of any width up to 64 bits.
pub(crate) fn uint_or(value: Option<&[u8]>, default: u64) -> u64 {
    let Some(value) = value else { return default };
    value.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// An integer of 128 bits, zero for none.
pub(crate) fn int128(value: Option<&[u8]>) -> i128 {
    value.map_or(0, |value| i128::from_le_bytes(value.try_into().unwrap()))
}

/// A boolean.
pub(crate) fn flag(value: Option<&[u8]>, default: bool) -> bool {
    value.map_or(default, |value| value == [1])
}

fn storage_key(pallet: &str, item: &str, parts: &[(Hasher, &[u8])]) -> Vec<u8> {
    let mut key = twox_128(pallet);
    key.extend(twox_128(item));
    for (hasher, part) in parts {
        match hasher {
            Hasher::Identity => {}
            Hasher::Twox64Concat => key.extend(XxHash64::oneshot(0, part).to_le_bytes()),
            Hasher::Blake2Concat => {
                let mut hash = [0; 16];
                let mut state = Blake2bVar::new(hash.len()).unwrap();
                state.update(part);
                state.finalize_variable(&mut hash).unwrap();
                key.extend(hash);
            }
        }
        key.extend(*part);
    }
    key
}

fn twox_128(name: &str) -> Vec<u8> {
    [0, 1].into_iter().flat_map(|seed| XxHash64::oneshot(seed, name.as_bytes()).to_le_bytes()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    const_hex::decode(text).unwrap()
}
