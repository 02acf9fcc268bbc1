//! A small chain made up here: right hashes, links and roots, values that tell which block wrote them.

use std::sync::Arc;

use yumascan_chain::{Hash, Header, StateVersion, extrinsics_root};
use yumascan_devnode::{LoadOptions, Recording, RecordingFiles};

/// `System.Events`.
pub(crate) const EVENTS_KEY: &str = "0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";
/// Spec of the first blocks, and of those after [`UPGRADED_AT`].
pub(crate) const SPECS: [u32; 2] = [10, 11];
/// The block that sets new code: a node names the new spec from here on.
pub(crate) const UPGRADED_AT: u64 = 5;

/// Files of a chain of `blocks` blocks above `base`, where the genesis hash is that of `base` if that is 0.
pub(crate) fn files(base: u64, blocks: u64) -> RecordingFiles {
    let genesis = header(base, Hash::default(), &[]);
    let mut parent = genesis.hash();
    let mut lines = String::new();
    for number in base + 1..=base + blocks {
        let extrinsics = extrinsics_of(number);
        let header = header(number, parent, &extrinsics);
        parent = header.hash();
        lines.push_str(&block_line(&header, &extrinsics));
        lines.push('\n');
    }
    let manifest = serde_json::json!({
        "chain": "generated", "genesis_hash": if base == 0 { genesis.hash() } else { Hash([9; 32]) },
        "first_block": base + 1, "last_block": base + blocks, "spec_name": "node-subtensor", "impl_name": "generated",
        "spec_version": SPECS[1], "transaction_version": 1, "state_version": 1, "ss58_prefix": 42,
        "token_decimals": 9, "token_symbol": "TAO",
        "state_get_runtime_version": [
            { "first_at": 0, "last_at": UPGRADED_AT - 1, "spec_version": SPECS[0] },
            { "first_at": UPGRADED_AT, "last_at": base + blocks, "spec_version": SPECS[1] },
        ],
    });
    let metadata = SPECS.iter().flat_map(|spec| {
        [14, 15].map(|version| {
            (format!("{spec}.v{version}.scale"), format!("metadata {spec} V{version}").into_bytes())
        })
    });
    RecordingFiles {
        manifest: manifest.to_string().into_bytes(),
        genesis_header: header_json(&genesis).to_string().into_bytes(),
        genesis: format!("{{\"k\":\"0xaa01\",\"v\":\"0x{base:08x}\"}}\n{{\"k\":\"0xaa02\",\"v\":\"0x\"}}\n")
            .into_bytes(),
        blocks: lines.into_bytes(),
        metadata: metadata.collect(),
    }
}

pub(crate) fn recording(blocks: u64) -> Arc<Recording> {
    Arc::new(Recording::load_files(files(0, blocks), &LoadOptions::default()).unwrap())
}

/// What block `number` holds: an inherent and, in every third block, a second extrinsic.
pub(crate) fn extrinsics_of(number: u64) -> Vec<Vec<u8>> {
    let inherent = [vec![32], number.to_le_bytes().to_vec()].concat();
    if number.is_multiple_of(3) { vec![inherent, vec![8, 1, 2]] } else { vec![inherent] }
}

/// `0xaa01` is written by every block, `0xaa02` removed by block 2, `0xbb…` written once by each even block.
fn diff_of(number: u64) -> Vec<(String, Option<String>)> {
    let mut diff = vec![
        (EVENTS_KEY.to_owned(), Some(events_of(number))),
        ("0xaa01".to_owned(), Some(format!("0x{number:08x}"))),
    ];
    if number == 2 {
        diff.push(("0xaa02".to_owned(), None));
    }
    if number.is_multiple_of(2) {
        diff.push((format!("0xbb{number:08x}"), Some("0x01".to_owned())));
    }
    diff
}

pub(crate) fn events_of(number: u64) -> String {
    format!("0x04{number:016x}")
}

fn header(number: u64, parent_hash: Hash, extrinsics: &[Vec<u8>]) -> Header {
    Header {
        parent_hash,
        number,
        state_root: Hash::blake2_256(&number.to_le_bytes()),
        extrinsics_root: extrinsics_root(extrinsics, StateVersion::V0),
        logs: vec![vec![6, b'a', b'u', b'r', b'a', 32, 1, 2, 3, 4, 5, 6, 7, 8]],
    }
}

pub(crate) fn header_json(header: &Header) -> serde_json::Value {
    let logs: Vec<String> = header.logs.iter().map(const_hex::encode_prefixed).collect();
    serde_json::json!({
        "number": header.number, "hash": header.hash(), "parentHash": header.parent_hash,
        "stateRoot": header.state_root, "extrinsicsRoot": header.extrinsics_root, "digest": { "logs": logs },
    })
}

fn block_line(header: &Header, extrinsics: &[Vec<u8>]) -> String {
    let mut line = header_json(header);
    line["extrinsics"] = extrinsics.iter().map(const_hex::encode_prefixed).collect();
    line["events"] = events_of(header.number).into();
    line["diff"] = serde_json::to_value(diff_of(header.number)).unwrap();
    line.to_string()
}
