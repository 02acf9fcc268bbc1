//! `system_*`, `rpc_methods` and what little else a recorded chain can say.

use serde_json::json;

use super::{Answer, RpcError, subscribe};
use crate::node::Shared;

/// Methods that are answered with a result, subscriptions aside.
const METHODS: [&str; 35] = [
    "author_pendingExtrinsics",
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalisedHead",
    "chain_getFinalizedHead",
    "chain_getHead",
    "chain_getHeader",
    "chain_getRuntimeVersion",
    "eth_chainId",
    "rpc_methods",
    "state_call",
    "state_callAt",
    "state_getKeysPaged",
    "state_getKeysPagedAt",
    "state_getMetadata",
    "state_getRuntimeVersion",
    "state_getStorage",
    "state_getStorageAt",
    "state_getStorageHash",
    "state_getStorageHashAt",
    "state_getStorageSize",
    "state_getStorageSizeAt",
    "state_queryStorage",
    "state_queryStorageAt",
    "system_chain",
    "system_chainType",
    "system_health",
    "system_localListenAddresses",
    "system_localPeerId",
    "system_name",
    "system_nodeRoles",
    "system_peers",
    "system_properties",
    "system_syncState",
    "system_version",
];

pub(super) fn answer(node: &Shared, method: &str) -> Option<Answer> {
    let manifest = node.recording.manifest();
    let answer = match method {
        "system_chain" => json!(manifest.chain),
        "system_name" => json!("yumascan devnode"),
        "system_version" => json!(env!("CARGO_PKG_VERSION")),
        "system_chainType" => json!("Local"),
        "system_properties" => json!({
            "ss58Format": manifest.ss58_prefix,
            "tokenDecimals": manifest.token_decimals,
            "tokenSymbol": manifest.token_symbol,
            "isEthereum": false,
        }),
        "system_health" => json!({ "peers": 3, "isSyncing": false, "shouldHavePeers": true }),
        "system_syncState" => {
            let best = node.tip().height();
            json!({ "startingBlock": 0, "currentBlock": best, "highestBlock": best })
        }
        "system_peers" | "system_localListenAddresses" | "author_pendingExtrinsics" => json!([]),
        "system_nodeRoles" => json!(["Full"]),
        "system_localPeerId" => json!("12D3KooWRecordedChainWithoutPeers"),
        "eth_chainId" => json!(format!("{:#x}", manifest.evm_chain_id)),
        "rpc_methods" => {
            let mut methods: Vec<&str> = METHODS.iter().copied().chain(subscribe::methods()).collect();
            methods.retain(|method| !node.faults().without.iter().any(|missing| missing == method));
            methods.sort_unstable();
            json!({ "methods": methods })
        }
        "author_submitExtrinsic" | "author_submitAndWatchExtrinsic" => {
            return Some(Err(RpcError::new(
                1010,
                "Invalid Transaction: a recorded chain takes no extrinsics",
            )));
        }
        _ => return None,
    };
    Some(Ok(answer.to_string()))
}
