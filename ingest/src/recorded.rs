//! The recorded chains, for tests that look at blocks without a node in between.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use yumascan_chain::{BlockNumber, DecodedBlock, RawBlock, Runtime, SpecVersion, StorageItem};
use yumascan_devnode::{LoadOptions, Recording};

use crate::{
    moves::{Answer, Moment, Read, State},
    source::BlockAt,
};

const EVENTS: &str = "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";

/// A recorded chain with the runtimes that executed it.
pub(crate) struct Chain {
    pub(crate) recording: Recording,
    runtimes: Vec<Executor>,
}

/// A runtime and where it began; they live as long as the tests.
struct Executor {
    from: BlockNumber,
    spec: u32,
    runtime: &'static Runtime,
    items: HashMap<(&'static str, &'static str), StorageItem<'static>>,
}

impl Chain {
    /// The first `count` blocks of a recording in `demo/`.
    pub(crate) fn bundled(name: &str, count: u64) -> Self {
        Self::load(&Path::new("../demo").join(name), Some(count))
    }

    /// A whole recording, or its first blocks.
    pub(crate) fn load(folder: &Path, count: Option<u64>) -> Self {
        let manifest = std::fs::read(folder.join("manifest.json")).expect("the folder holds a recording");
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let first = manifest["first_block"].as_u64().unwrap_or(1);
        let options = LoadOptions { last_block: count.map(|count| first + count - 1) };
        let recording = Recording::load(folder, &options).expect("the folder holds a recording");
        let execute = |(from, spec)| {
            let runtime: &'static Runtime = Box::leak(Box::new(runtime(folder, spec)));
            let items = runtime.storage_items().map(|item| ((item.pallet(), item.name()), item)).collect();
            Executor { from, spec, runtime, items }
        };
        let runtimes = specs(&manifest).into_iter().map(execute).collect();
        Self { recording, runtimes }
    }

    /// Recordings that are not part of the project: folders named in `YUMASCAN_RECORDINGS`, with colons between.
    pub(crate) fn others() -> Vec<PathBuf> {
        let folders = std::env::var("YUMASCAN_RECORDINGS").unwrap_or_default();
        folders.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from).collect()
    }

    /// The runtime that executed a block, and its spec.
    pub(crate) fn runtime_of(&self, number: BlockNumber) -> (u32, &'static Runtime) {
        let executor = self.executor(number);
        (executor.spec, executor.runtime)
    }

    fn executor(&self, number: BlockNumber) -> &Executor {
        let known = self.runtimes.iter().rev().find(|executor| executor.from <= number);
        known.or(self.runtimes.first()).expect("a recording has a runtime")
    }

    /// A block's place.
    pub(crate) fn at(&self, number: BlockNumber) -> BlockAt {
        BlockAt { number, hash: self.recording.block(number).expect("the block is recorded").hash }
    }

    /// A block, decoded.
    pub(crate) fn decode(&self, number: BlockNumber) -> DecodedBlock {
        let (spec, runtime) = self.runtime_of(number);
        let block = self.recording.block(number).expect("the block is recorded");
        let events = self.recording.storage(&const_hex::decode(EVENTS).unwrap(), number);
        runtime.decode_block(&RawBlock {
            hash: block.hash,
            header: block.header.clone(),
            extrinsics: block.extrinsics().map(<[u8]>::to_vec).collect(),
            events: events.expect("every block has events").to_vec(),
            authorities: Vec::new(),
            spec_version: SpecVersion(spec),
        })
    }

    /// The states before and after a block.
    pub(crate) fn state(&self, number: BlockNumber) -> RecordedState<'_> {
        RecordedState { chain: self, number }
    }
}

/// `(first block, spec)` of each runtime, ascending.
fn specs(manifest: &serde_json::Value) -> Vec<(BlockNumber, u32)> {
    let spec = |value: &serde_json::Value| u32::try_from(value["spec_version"].as_u64().unwrap()).unwrap();
    match manifest["runtime_changes"].as_array() {
        Some(changes) => {
            changes.iter().map(|change| (change["from_block"].as_u64().unwrap(), spec(change))).collect()
        }
        None => vec![(0, spec(manifest))],
    }
}

fn runtime(folder: &Path, spec: u32) -> Runtime {
    let path = folder.join("metadata").join(format!("{spec}.v16.scale"));
    Runtime::compile(&std::fs::read(path).expect("the recording has this spec's metadata")).unwrap()
}

/// The states before and after a recorded block.
pub(crate) struct RecordedState<'c> {
    chain: &'c Chain,
    number: BlockNumber,
}

impl RecordedState<'_> {
    fn block(&self, moment: Moment) -> BlockNumber {
        match moment {
            Moment::Before => self.number - 1,
            Moment::After => self.number,
        }
    }
}

impl State for RecordedState<'_> {
    fn has(&self, moment: Moment, pallet: &str, item: &str) -> bool {
        self.chain.executor(self.block(moment)).items.contains_key(&(pallet, item))
    }

    fn read(&self, read: &Read) -> Answer {
        let block = self.block(read.moment);
        let Some(item) = self.chain.executor(block).items.get(&(read.pallet, read.item)) else {
            return Answer::Nothing;
        };
        let parts: Vec<Vec<u8>> = read.keys.iter().map(crate::moves::Key::encode).collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let Ok(key) = item.key(&parts) else { return Answer::Nothing };
        match item.value(self.chain.recording.storage(&key, block)) {
            Ok(Some(value)) => Answer::Value(value.json),
            Ok(None) | Err(_) => Answer::Nothing,
        }
    }
}
