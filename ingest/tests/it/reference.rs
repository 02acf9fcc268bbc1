//! What the tables must hold: the recording decoded directly, without any node in between.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex},
};

use yumascan_chain::{RawBlock, Runtime, SpecVersion};
use yumascan_devnode::{LoadOptions, Recording};
use yumascan_warehouse::{Warehouse, WindowRows, checksum::TableChecksum};

use crate::site::fresh_warehouse;

const EVENTS: &str = "26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";
const AUTHORITIES: &str = "57f8dc2f5ab09467896f47300f0424385e0621c4869aa60c02be9adcc98a0d1d";

/// The bundled recordings.
fn folder(name: &str) -> PathBuf {
    Path::new("../demo").join(name)
}

/// Recordings in memory, by name and number of blocks.
type Loaded = HashMap<(&'static str, u64), Arc<Recording>>;

/// The first `count` blocks of a bundled recording; loaded once.
pub(crate) async fn recording(name: &'static str, count: u64) -> Arc<Recording> {
    static LOADED: LazyLock<Mutex<Loaded>> = LazyLock::new(Mutex::default);
    if let Some(loaded) = LOADED.lock().unwrap().get(&(name, count)) {
        return loaded.clone();
    }
    let loading = move || {
        let manifest: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder(name).join("manifest.json")).unwrap()).unwrap();
        let first = manifest["first_block"].as_u64().unwrap_or(1);
        let options = LoadOptions { last_block: Some(first + count - 1) };
        Arc::new(Recording::load(&folder(name), &options).expect("demo/ holds a recording"))
    };
    let loaded = tokio::task::spawn_blocking(loading).await.unwrap();
    LOADED.lock().unwrap().entry((name, count)).or_insert(loaded).clone()
}

/// The main recording.
pub(crate) async fn main_chain(count: u64) -> Arc<Recording> {
    recording("main", count).await
}

fn runtime(name: &str, spec: u32) -> Runtime {
    let path = folder(name).join("metadata").join(format!("{spec}.v16.scale"));
    Runtime::compile(&std::fs::read(path).expect("the recording has this spec's metadata")).unwrap()
}

fn raw_block(recording: &Recording, number: u64, spec: u32) -> RawBlock {
    let block = recording.block(number).expect("block is recorded");
    let key = |hex: &str| const_hex::decode(hex).unwrap();
    RawBlock {
        hash: block.hash,
        header: block.header.clone(),
        extrinsics: block.extrinsics().map(<[u8]>::to_vec).collect(),
        events: recording.storage(&key(EVENTS), number).expect("every block has events").to_vec(),
        authorities: recording.storage(&key(AUTHORITIES), number - 1).unwrap_or_default().to_vec(),
        spec_version: SpecVersion(spec),
    }
}

/// Checksums of blocks `from..=to` of a recording, decoded directly; `spec_of` says which runtime executed a block.
pub(crate) async fn expected(
    name: &'static str,
    recording: &Arc<Recording>,
    from: u64,
    to: u64,
    spec_of: fn(u64) -> u32,
) -> Vec<TableChecksum> {
    let (_database, warehouse) = fresh_warehouse().await;
    let recording = recording.clone();
    let decoding = move || {
        let mut runtimes: HashMap<u32, Runtime> = HashMap::new();
        let mut rows = WindowRows::new(from, to);
        for number in from..=to {
            let spec = spec_of(number);
            let raw = raw_block(&recording, number, spec);
            assert_eq!(raw.header.hash(), raw.hash);
            let runtime = runtimes.entry(spec).or_insert_with(|| runtime(name, spec));
            rows.push(&raw, &runtime.decode_block(&raw)).unwrap();
        }
        rows.finish().unwrap()
    };
    let window = tokio::task::spawn_blocking(decoding).await.unwrap();
    warehouse.write_window(&window).await.unwrap();
    comparable(&warehouse, from, to).await
}

/// The same for the main recording.
pub(crate) async fn expected_main(recording: &Arc<Recording>) -> Vec<TableChecksum> {
    expected("main", recording, recording.first_block(), recording.last_block(), |_| 377).await
}

/// Checksums in an order that can be compared.
pub(crate) async fn comparable(warehouse: &Warehouse, from: u64, to: u64) -> Vec<TableChecksum> {
    let mut checksums = warehouse.list_checksums(from, to).await.unwrap();
    checksums.sort_by_key(|checksum| checksum.table);
    assert!(checksums.iter().any(|checksum| checksum.rows > 0), "an empty warehouse proves nothing");
    checksums
}
