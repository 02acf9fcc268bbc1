//! The recorded blocks and metadata that the decoder's tests use.

use std::{path::PathBuf, sync::OnceLock};

use yumascan_chain::Runtime;

fn unpacked(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../chain/tests/fixtures").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    zstd::decode_all(file).expect("a fixture is zstd")
}

/// Metadata of a recorded spec (377, 402) in version 14, 15 or 16.
pub fn metadata(spec: u32, version: u8) -> Vec<u8> {
    unpacked(&format!("metadata/{spec}.v{version}.scale.zst"))
}

/// The runtime that targets decode with.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::compile(&metadata(377, 16)).expect("recorded metadata compiles"))
}

/// Recorded blocks as JSON.
pub fn blocks() -> Vec<serde_json::Value> {
    let text = unpacked("blocks.jsonl.zst");
    let lines = serde_json::Deserializer::from_slice(&text).into_iter();
    lines.collect::<Result<_, _>>().expect("a fixture is JSON")
}

/// A recorded genesis state, one `{"k","v"}` a pair.
pub fn state() -> Vec<serde_json::Value> {
    let text = unpacked("genesis.jsonl.zst");
    let lines = serde_json::Deserializer::from_slice(&text).into_iter();
    lines.collect::<Result<_, _>>().expect("a fixture is JSON")
}

/// Bytes of a JSON text of hex.
pub fn bytes(hex: &serde_json::Value) -> Vec<u8> {
    const_hex::decode(hex.as_str().unwrap_or_default()).expect("a fixture holds hex")
}

/// The recorded extrinsic of the deepest call tree among the first blocks: events are decoded along with it.
pub fn nested_extrinsic() -> &'static [u8] {
    static EXTRINSIC: OnceLock<Vec<u8>> = OnceLock::new();
    EXTRINSIC.get_or_init(|| {
        let all = blocks().into_iter().flat_map(|block| block["extrinsics"].as_array().cloned().unwrap_or_default());
        let nested = all.map(|hex| bytes(&hex)).filter(|extrinsic| extrinsic.len() < 4_096).max_by_key(|extrinsic| {
            let raw = crate::bodies::block(vec![extrinsic.clone()], vec![0], None);
            runtime().decode_block(&raw).calls().map(|call| call.depth).max()
        });
        nested.expect("there are recorded extrinsics")
    })
}
