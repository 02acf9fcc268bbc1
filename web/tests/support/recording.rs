//! Blocks of a recorded chain, decoded and stored, so that pages are rendered from real rows.

use std::{
    io::{BufRead, BufReader},
    ops::RangeInclusive,
    path::Path,
};

use serde_json::Value;
use yumascan_chain::{Header, RawBlock, Runtime, SpecVersion};
use yumascan_warehouse::{BlockRows, Warehouse, WindowRows, live::TipBlock};

fn hex(value: &Value) -> Vec<u8> {
    const_hex::decode(value.as_str().expect("a hex text")).expect("valid hex")
}

fn list(value: &Value) -> Vec<Vec<u8>> {
    value.as_array().expect("a list").iter().map(hex).collect()
}

fn hash(value: &Value) -> yumascan_chain::Hash {
    value.as_str().expect("a hash").parse().expect("32 bytes")
}

/// A runtime of the recording.
pub(crate) fn runtime(folder: &Path, spec: u32) -> (Runtime, Vec<u8>) {
    let metadata =
        std::fs::read(folder.join(format!("metadata/{spec}.v15.scale"))).expect("metadata of the recording");
    (Runtime::compile(&metadata).expect("metadata compiles"), metadata)
}

/// The blocks of a range, as a node gives them. All were executed by `spec`.
pub(crate) fn raw_blocks(folder: &Path, spec: u32, wanted: RangeInclusive<u64>) -> Vec<RawBlock> {
    let file = std::fs::File::open(folder.join("blocks.jsonl.zst")).expect("the recording's blocks");
    let lines = BufReader::new(zstd::Decoder::new(file).expect("zstd")).lines();
    let mut blocks = Vec::new();
    for line in lines {
        let line = line.expect("a line");
        // The number stands first: most lines need not be parsed.
        let digits = line.trim_start_matches("{\"number\":").trim_start();
        let number: u64 = digits.split(',').next().and_then(|digits| digits.parse().ok()).expect("a number");
        if number > *wanted.end() {
            break;
        }
        if !wanted.contains(&number) {
            continue;
        }
        let block: Value = serde_json::from_str(&line).expect("JSON");
        blocks.push(RawBlock {
            hash: hash(&block["hash"]),
            header: Header {
                parent_hash: hash(&block["parentHash"]),
                number,
                state_root: hash(&block["stateRoot"]),
                extrinsics_root: hash(&block["extrinsicsRoot"]),
                logs: list(&block["digest"]["logs"]),
            },
            extrinsics: list(&block["extrinsics"]),
            events: hex(&block["events"]),
            authorities: Vec::new(),
            spec_version: SpecVersion(spec),
        });
    }
    blocks
}

/// Decodes and stores blocks that follow each other.
pub(crate) async fn store(warehouse: &Warehouse, runtime: &Runtime, blocks: &[RawBlock]) {
    for run in blocks.chunks(64) {
        let (first, last) = (run[0].header.number, run[run.len() - 1].header.number);
        let mut rows = WindowRows::new(first, last);
        for raw in run {
            rows.push(raw, &runtime.decode_block(raw)).expect("blocks in order");
        }
        warehouse.write_window(&rows.finish().expect("a whole window")).await.expect("the window is stored");
    }
}

/// One block as the tip holds it.
pub(crate) fn tip_block(runtime: &Runtime, raw: &RawBlock) -> TipBlock {
    let rows = BlockRows::new(raw, &runtime.decode_block(raw));
    TipBlock { block: rows.block, extrinsics: rows.extrinsics }
}
