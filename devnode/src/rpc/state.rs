//! `state_*`: storage at any block, metadata, runtime versions.

use std::collections::HashMap;

use parity_scale_codec::{Decode, Encode};
use yumascan_chain::{BlockNumber, Hash};

use super::{Answer, Params, RpcError, bytes, chain, hex_json, json};
use crate::{node::Shared, recording::EVENTS_KEY};

/// Keys that nodes give at most in one page.
const LARGEST_PAGE: usize = 1000;

pub(super) fn answer(node: &Shared, method: &str, params: &Params<'_>) -> Option<Answer> {
    Some(match method {
        "state_getStorage" | "state_getStorageAt" => storage(node, params),
        "state_getStorageHash" | "state_getStorageHashAt" => {
            with_value(node, params, |value| Hash::blake2_256(value).to_string())
        }
        "state_getStorageSize" | "state_getStorageSizeAt" => with_value(node, params, <[u8]>::len),
        "state_queryStorageAt" => query_storage_at(node, params),
        "state_queryStorage" => query_storage(node, params),
        "state_getKeysPaged" | "state_getKeysPagedAt" => keys_paged(node, params),
        "state_getMetadata" => metadata(node, params),
        "state_call" | "state_callAt" => call(node, params),
        "state_getRuntimeVersion" | "chain_getRuntimeVersion" => runtime_version(node, params),
        _ => return None,
    })
}

/// What the node says about its runtime at a block.
pub(crate) fn runtime_version_json(node: &Shared, block: BlockNumber) -> String {
    let recording = &node.recording;
    recording.runtime_version(recording.manifest().spec_at(block))
}

/// One block's part of an answer to a query of several keys.
pub(crate) fn changes_json<'a>(
    hash: &Hash,
    changes: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
) -> String {
    let changes: Vec<String> =
        changes.map(|(key, value)| format!("[{},{}]", hex_json(key), optional_hex_json(value))).collect();
    format!(r#"{{"block":"{hash}","changes":[{}]}}"#, changes.join(","))
}

/// Height of a block that exists, by its hash; the best block without one.
fn height_of(node: &Shared, hash: Option<Hash>) -> Result<BlockNumber, RpcError> {
    let found = chain::find(node, hash).map(|meant| meant.number());
    found.ok_or_else(|| {
        let hash = hash.unwrap_or_default();
        RpcError::client(format_args!("UnknownBlock: Header was not found in the database: {hash}"))
    })
}

/// The same for a block whose state is asked for: it must not be pruned.
fn state_of(node: &Shared, hash: Option<Hash>) -> Result<BlockNumber, RpcError> {
    let block = height_of(node, hash)?;
    let kept_below_head = node.faults().prune;
    let pruned = kept_below_head.is_some_and(|kept| block + kept < node.tip().best);
    if pruned || node.recording.block(block).is_none() {
        let hash = hash.unwrap_or_default();
        return Err(RpcError::client(format_args!("State already discarded for BlockId::Hash({hash})")));
    }
    Ok(block)
}

fn storage(node: &Shared, params: &Params<'_>) -> Answer {
    let key = params.bytes(0)?;
    let block = state_of(node, params.optional(1)?)?;
    let value = node.recording.storage(&key, block);
    let corrupts = node.faults().corrupt_events;
    match value {
        Some(value) if key == EVENTS_KEY && node.chance(corrupts) => Ok(hex_json(&corrupted(node, value))),
        value => Ok(optional_hex_json(value)),
    }
}

/// The value with one other digit, but for the first byte of it: the number of events.
fn corrupted(node: &Shared, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    let chosen = 1 + node.random_below(value.len().saturating_sub(1));
    if let Some(byte) = value.get_mut(chosen) {
        *byte ^= if *byte & 0xf0 == 0 { 0xf0 } else { *byte & 0xf0 };
        node.stats().falsified += 1;
    }
    value
}

fn with_value<T: serde::Serialize>(node: &Shared, params: &Params<'_>, of: impl Fn(&[u8]) -> T) -> Answer {
    let key = params.bytes(0)?;
    let block = state_of(node, params.optional(1)?)?;
    json(&node.recording.storage(&key, block).map(of))
}

fn query_storage_at(node: &Shared, params: &Params<'_>) -> Answer {
    let keys = keys(params)?;
    let block = state_of(node, params.optional(1)?)?;
    let Some(recorded) = node.recording.block(block) else { return Ok("[]".to_owned()) };
    let values = keys.iter().map(|key| (key.as_slice(), node.recording.storage(key, block)));
    Ok(format!("[{}]", changes_json(&recorded.hash, values)))
}

fn query_storage(node: &Shared, params: &Params<'_>) -> Answer {
    let keys = keys(params)?;
    let first = state_of(node, Some(params.required(1)?))?;
    let last = state_of(node, params.optional(2)?)?;
    let mut known: HashMap<&[u8], Option<&[u8]>> = HashMap::new();
    let mut answers = Vec::new();
    for number in first..=last {
        let Some(block) = node.recording.block(number) else { break };
        let mut changes = Vec::new();
        for key in &keys {
            let value = node.recording.storage(key, number);
            if known.insert(key, value) != Some(value) {
                changes.push((key.as_slice(), value));
            }
        }
        if !changes.is_empty() {
            answers.push(changes_json(&block.hash, changes.into_iter()));
        }
    }
    Ok(format!("[{}]", answers.join(",")))
}

fn keys(params: &Params<'_>) -> Result<Vec<Vec<u8>>, RpcError> {
    params.required::<Vec<String>>(0)?.iter().map(|key| bytes(key)).collect()
}

fn keys_paged(node: &Shared, params: &Params<'_>) -> Answer {
    let prefix = params.optional_bytes(0)?.unwrap_or_default();
    let count: usize = params.required(1)?;
    let start = params.optional_bytes(2)?;
    let block = state_of(node, params.optional(3)?)?;
    if count > LARGEST_PAGE {
        let message = format!("count exceeds maximum value. value: {count}, max: {LARGEST_PAGE}");
        return Err(RpcError::new(4002, message));
    }
    let keys: Vec<String> =
        node.recording.keys_paged(&prefix, start.as_deref(), count, block).map(hex_json).collect();
    Ok(format!("[{}]", keys.join(",")))
}

fn metadata(node: &Shared, params: &Params<'_>) -> Answer {
    let spec = node.recording.manifest().spec_at(height_of(node, params.optional(0)?)?);
    Ok(optional_hex_json(node.recording.metadata(spec, 14)))
}

/// Calls into the runtime, as far as their answers are recorded.
fn call(node: &Shared, params: &Params<'_>) -> Answer {
    let function: String = params.required(0)?;
    let argument = params.bytes(1)?;
    let block = state_of(node, params.optional(2)?)?;
    let recording = &node.recording;
    let spec = recording.manifest().spec_at(block);
    let answer = match function.as_str() {
        "Metadata_metadata_versions" => {
            Some(recording.metadata_versions(spec).collect::<Vec<u32>>().encode())
        }
        "Metadata_metadata_at_version" => {
            let version = u32::decode(&mut argument.as_slice()).map_err(RpcError::invalid_params)?;
            Some(recording.metadata(spec, version).encode())
        }
        "Metadata_metadata" => recording.metadata(spec, 14).map(<[u8]>::encode),
        "Core_version" => recording.core_version(spec).map(<[u8]>::to_vec),
        _ => None,
    };
    answer.map(|bytes| hex_json(&bytes)).ok_or_else(|| {
        RpcError::client(format_args!(
            "Execution failed: Exported method {function} is not found (a recorded chain executes nothing)"
        ))
    })
}

fn runtime_version(node: &Shared, params: &Params<'_>) -> Answer {
    Ok(runtime_version_json(node, height_of(node, params.optional(0)?)?))
}

fn optional_hex_json(value: Option<&[u8]>) -> String {
    value.map_or_else(|| "null".to_owned(), hex_json)
}
