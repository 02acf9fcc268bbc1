//! `chain_*`: hashes, headers, blocks.

use serde::Deserialize;
use yumascan_chain::{BlockNumber, Hash, Header};

use super::{Answer, Params, RpcError, hex_json, json};
use crate::node::{ForkedBlock, Shared};

/// The block that a request means.
pub(super) enum Meant {
    /// A block of the recorded chain.
    Recorded(BlockNumber),
    /// A block of a competing branch.
    Forked(ForkedBlock),
}

/// A height as clients give it: a number, or text in 0x hex.
#[derive(Deserialize)]
#[serde(untagged)]
enum Height {
    Number(u64),
    Hex(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Heights {
    One(Height),
    Several(Vec<Height>),
}

impl Meant {
    pub(super) fn number(&self) -> BlockNumber {
        match self {
            Self::Recorded(number) => *number,
            Self::Forked(block) => block.header.number,
        }
    }
}

pub(super) fn answer(node: &Shared, method: &str, params: &Params<'_>) -> Option<Answer> {
    Some(match method {
        "chain_getBlockHash" | "chain_getHead" => block_hash(node, params),
        "chain_getFinalizedHead" | "chain_getFinalisedHead" => finalized_head(node),
        "chain_getHeader" => header(node, params),
        "chain_getBlock" => block(node, params),
        _ => return None,
    })
}

/// The block of this hash, or the best one; `None` where the chain does not (yet) have it.
pub(super) fn find(node: &Shared, hash: Option<Hash>) -> Option<Meant> {
    let tip = node.tip();
    let Some(hash) = hash else {
        return Some(
            tip.branch.last().map_or(Meant::Recorded(tip.best), |block| Meant::Forked(block.clone())),
        );
    };
    match node.recording.number_of(&hash) {
        Some(number) => (number <= tip.best).then_some(Meant::Recorded(number)),
        None => tip.forked(&hash).cloned().map(Meant::Forked),
    }
}

/// A header as nodes write it.
pub(crate) fn header_json(header: &Header) -> String {
    let logs: Vec<String> = header.logs.iter().map(|log| hex_json(log)).collect();
    format!(
        r#"{{"parentHash":"{}","number":"{:#x}","stateRoot":"{}","extrinsicsRoot":"{}","digest":{{"logs":[{}]}}}}"#,
        header.parent_hash,
        header.number,
        header.state_root,
        header.extrinsics_root,
        logs.join(","),
    )
}

fn block_hash(node: &Shared, params: &Params<'_>) -> Answer {
    let Some(heights) = params.optional::<Heights>(0)? else {
        let tip = node.tip();
        let best = tip.branch.last().map(|block| block.hash);
        return json(&best.or_else(|| node.recording.block(tip.best).map(|block| block.hash)));
    };
    match heights {
        Heights::One(height) => json(&hash_at(node, &height)?),
        Heights::Several(heights) => {
            let hashes: Result<Vec<_>, _> = heights.iter().map(|height| hash_at(node, height)).collect();
            json(&hashes?)
        }
    }
}

fn hash_at(node: &Shared, height: &Height) -> Result<Option<Hash>, RpcError> {
    let number = match height {
        Height::Number(number) => *number,
        Height::Hex(text) => {
            u64::from_str_radix(text.trim_start_matches("0x"), 16).map_err(RpcError::invalid_params)?
        }
    };
    let tip = node.tip();
    if let Some(forked) = tip.branch.iter().find(|block| block.header.number == number) {
        return Ok(Some(forked.hash));
    }
    if number == 0 {
        return Ok(Some(node.recording.genesis_hash()));
    }
    Ok(node.recording.block(number).filter(|_| number <= tip.best).map(|block| block.hash))
}

fn finalized_head(node: &Shared) -> Answer {
    let finalized = node.tip().finalized;
    json(&node.recording.block(finalized).map(|block| block.hash))
}

fn header(node: &Shared, params: &Params<'_>) -> Answer {
    let header = find(node, params.optional(0)?).and_then(|meant| header_of(node, &meant));
    Ok(header.map_or_else(|| "null".to_owned(), |header| header_json(&header)))
}

fn block(node: &Shared, params: &Params<'_>) -> Answer {
    let Some(meant) = find(node, params.optional(0)?) else { return Ok("null".to_owned()) };
    let number = meant.number();
    let (Some(header), Some(recorded), true) =
        (header_of(node, &meant), node.recording.block(number), node.recording.has_body(number))
    else {
        return Ok("null".to_owned());
    };
    let mut extrinsics: Vec<String> = recorded.extrinsics().map(hex_json).collect();
    let lies = node.faults().other_extrinsics;
    if node.chance(lies) {
        falsify_body(node, &mut extrinsics);
    }
    Ok(format!(
        r#"{{"block":{{"header":{},"extrinsics":[{}]}},"justifications":null}}"#,
        header_json(&header),
        extrinsics.join(",")
    ))
}

/// The header of a block; falsified where the node lies.
fn header_of(node: &Shared, meant: &Meant) -> Option<Header> {
    let mut header = match meant {
        Meant::Recorded(number) => node.recording.block(*number)?.header.clone(),
        Meant::Forked(block) => block.header.clone(),
    };
    // a slice knows the genesis hash, but not the block
    if header.number != meant.number() {
        return None;
    }
    let lies = node.faults().wrong_header;
    if node.chance(lies) {
        header.state_root = Hash::blake2_256(&header.state_root.0);
        node.stats().falsified += 1;
    }
    Some(header)
}

/// Another last byte in one extrinsic: it decodes as well as the true one, but is not what the root commits to.
fn falsify_body(node: &Shared, extrinsics: &mut [String]) {
    let chosen = node.random_below(extrinsics.len());
    let Some(extrinsic) = extrinsics.get_mut(chosen) else { return };
    // the text ends with the last hex digit and a quote
    let Some(digit) = extrinsic.len().checked_sub(2) else { return };
    let other = if extrinsic.get(digit..=digit) == Some("0") { "1" } else { "0" };
    extrinsic.replace_range(digit..=digit, other);
    node.stats().falsified += 1;
}
