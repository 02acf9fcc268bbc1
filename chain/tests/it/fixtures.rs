//! Blocks recorded from a chain run by the real runtime: specs 377 and 402, the upgrade between them, quiet
//! blocks, busy ones and one of huge batches.

use std::{path::Path, sync::OnceLock};

use serde::Deserialize;
use yumascan_chain::{Header, RawBlock, Runtime, SpecVersion};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedBlock {
    spec: u32,
    number: u64,
    hash: yumascan_chain::Hash,
    parent_hash: yumascan_chain::Hash,
    state_root: yumascan_chain::Hash,
    extrinsics_root: yumascan_chain::Hash,
    digest: RecordedDigest,
    extrinsics: Vec<String>,
    events: String,
}

#[derive(Deserialize)]
struct RecordedDigest {
    logs: Vec<String>,
}

#[derive(Deserialize)]
struct RecordedPair {
    k: String,
    v: String,
}

fn unpacked(name: &str) -> Vec<u8> {
    let path = Path::new("tests/fixtures").join(name);
    zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap()
}

/// The uncompressed lines of a file in `tests/fixtures`.
pub(crate) fn lines(name: &str) -> Vec<String> {
    String::from_utf8(unpacked(name)).unwrap().lines().map(str::to_owned).collect()
}

/// Metadata of spec 377 or 402, in version 14, 15 or 16.
pub(crate) fn metadata(spec: u32, version: u8) -> Vec<u8> {
    unpacked(&format!("metadata/{spec}.v{version}.scale.zst"))
}

/// The runtime of that spec, compiled once.
pub(crate) fn runtime(spec: u32) -> &'static Runtime {
    static RUNTIMES: [OnceLock<Runtime>; 2] = [OnceLock::new(), OnceLock::new()];
    let compile = || Runtime::compile(&metadata(spec, 16)).unwrap();
    RUNTIMES[usize::from(spec == 402)].get_or_init(compile)
}

fn bytes(hex: &str) -> Vec<u8> {
    const_hex::decode(hex).unwrap()
}

/// All recorded blocks, read once.
pub(crate) fn blocks() -> Vec<RawBlock> {
    static BLOCKS: OnceLock<Vec<RawBlock>> = OnceLock::new();
    BLOCKS.get_or_init(read_blocks).clone()
}

fn read_blocks() -> Vec<RawBlock> {
    let blocks: Vec<RawBlock> = lines("blocks.jsonl.zst")
        .iter()
        .map(|line| {
            let block: RecordedBlock = serde_json::from_str(line).unwrap();
            RawBlock {
                hash: block.hash,
                header: Header {
                    parent_hash: block.parent_hash,
                    number: block.number,
                    state_root: block.state_root,
                    extrinsics_root: block.extrinsics_root,
                    logs: block.digest.logs.iter().map(|log| bytes(log)).collect(),
                },
                extrinsics: block.extrinsics.iter().map(|extrinsic| bytes(extrinsic)).collect(),
                events: bytes(&block.events),
                authorities: Vec::new(),
                spec_version: SpecVersion(block.spec),
            }
        })
        .collect();
    assert_eq!(blocks.len(), 18);
    blocks
}

/// The whole state of a recorded genesis block.
pub(crate) fn genesis_state() -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs: Vec<_> = lines("genesis.jsonl.zst")
        .iter()
        .map(|line| {
            let pair: RecordedPair = serde_json::from_str(line).unwrap();
            (bytes(&pair.k), bytes(&pair.v))
        })
        .collect();
    assert_eq!(pairs.len(), 262);
    pairs
}
