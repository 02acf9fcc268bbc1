//! What is done with hostile bytes, and what must hold afterwards. The fuzz targets run this, and so do the
//! crate's own tests, on mutated seeds.

use serde::de::IgnoredAny;
use yumascan_chain::{DecodedBlock, Hash, Header, RawBlock, Runtime, SpecVersion, StorageItem};

/// Bytes of decoded text that each byte of input may cost, and what any input may cost.
const TEXT_PER_BYTE: usize = 2_048;
const TEXT_FLOOR: usize = 8 << 20;

/// A block of these extrinsics and events.
pub fn block(extrinsics: Vec<Vec<u8>>, events: Vec<u8>, log: Option<&[u8]>) -> RawBlock {
    RawBlock {
        hash: Hash::default(),
        header: Header {
            parent_hash: Hash::default(),
            number: 1,
            state_root: Hash::default(),
            extrinsics_root: Hash::default(),
            logs: log.map(<[u8]>::to_vec).into_iter().collect(),
        },
        extrinsics,
        events,
        authorities: Vec::new(),
        spec_version: SpecVersion(377),
    }
}

/// Metadata either is refused or gives a decoder that stands any block.
pub fn metadata(bytes: &[u8]) {
    let Ok(runtime) = Runtime::compile(bytes) else { return };
    // the end of the metadata's own bytes is as good a block as any
    let tail = &bytes[bytes.len() - bytes.len().min(256)..];
    let extrinsic = [&[0x04, 0x04][..], tail].concat();
    let events = [&[0x04, 0x00, 0, 0, 0, 0][..], tail].concat();
    check(&runtime.decode_block(&block(vec![tail.to_vec(), extrinsic], events, Some(tail))), 4 * tail.len());
    for item in runtime.storage_items().take(64) {
        storage_item(&item, tail);
        let _default = item.value(None);
    }
}

/// An extrinsic is delivered or quarantined, never both, never neither.
pub fn extrinsic(runtime: &Runtime, bytes: &[u8]) {
    let raw = block(vec![bytes.to_vec()], vec![0], Some(bytes));
    let decoded = runtime.decode_block(&raw);
    let quarantined = decoded.quarantined.iter().filter(|item| item.kind.name() == "extrinsic").count();
    assert_eq!(decoded.extrinsics().len() + quarantined, 1);
    check(&decoded, 2 * bytes.len());
}

/// Events are delivered up to the first that cannot be decoded; `extrinsic` is one whose calls they concern.
pub fn events(runtime: &Runtime, extrinsic: &[u8], bytes: &[u8]) {
    let decoded = runtime.decode_block(&block(vec![extrinsic.to_vec()], bytes.to_vec(), None));
    let quarantined = decoded.quarantined.iter().filter(|item| item.kind.name() == "event").count();
    assert!(quarantined <= 1);
    check(&decoded, extrinsic.len() + bytes.len());
}

/// The first two bytes choose an item; the rest is a value of it, a key of it, and any storage key.
pub fn storage(runtime: &Runtime, bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first_chunk::<2>() else { return };
    let count = runtime.storage_items().count();
    let chosen = usize::from(u16::from_le_bytes(*choice)) % count;
    let Some(item) = runtime.storage_items().nth(chosen) else { return };
    storage_item(&item, rest);
}

fn storage_item(item: &StorageItem<'_>, bytes: &[u8]) {
    if let Ok(Some(value)) = item.value(Some(bytes)) {
        assert!(value.unread <= bytes.len());
        json(&value.json);
    }
    let key = [&item.prefix()[..], bytes].concat();
    if let Ok(parts) = item.parse_key(&key) {
        assert!(parts.len() <= item.key_count());
    }
}

/// Everything that was decoded can be read, is JSON where it should be, and is in proportion to its input.
fn check(decoded: &DecodedBlock, input_len: usize) {
    let mut text = json(&decoded.summary.digest);
    for extrinsic in decoded.extrinsics() {
        text += json(extrinsic.args) + json(extrinsic.extensions) + extrinsic.signature.map_or(0, json);
    }
    for call in decoded.calls() {
        text += json(call.args) + call.path.len();
    }
    for event in decoded.events() {
        text += json(event.args) + json(event.topics);
    }
    for item in &decoded.quarantined {
        assert!(item.start <= item.end && !item.reason.is_empty());
        text += item.raw.len();
    }
    assert!(text <= TEXT_FLOOR + TEXT_PER_BYTE * input_len, "{text} bytes of text from {input_len}");
}

/// Checks that `text` is JSON, without recursion; gives its length.
fn json(text: &str) -> usize {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        panic!("{error}: {}", text.chars().take(400).collect::<String>());
    }
    text.len()
}
