//! `manifest.json`: which chain this is, which blocks, and which runtime when.

use serde::Deserialize;
use yumascan_chain::{BlockNumber, Hash};

/// The manifest of a recording. Fields that this crate does not need are ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) chain: String,
    pub(crate) genesis_hash: Hash,
    #[serde(default = "one")]
    pub(crate) first_block: BlockNumber,
    pub(crate) spec_version: u32,
    #[serde(default)]
    pub(crate) spec_name: String,
    #[serde(default)]
    pub(crate) impl_name: String,
    #[serde(default = "one_u32")]
    pub(crate) transaction_version: u32,
    #[serde(default)]
    pub(crate) state_version: u32,
    pub(crate) ss58_prefix: u16,
    pub(crate) token_decimals: u32,
    pub(crate) token_symbol: String,
    /// EVM chain id of Bittensor unless the recording says otherwise.
    #[serde(default = "bittensor_evm_chain")]
    pub(crate) evm_chain_id: u64,
    /// What a node *answers* for a block: it follows `:code` in the state after the block.
    #[serde(default)]
    state_get_runtime_version: Vec<AnsweredRuntime>,
    /// The first block *executed* by each runtime; used where the field above is missing.
    #[serde(default)]
    runtime_changes: Vec<ExecutedRuntime>,
}

#[derive(Debug, Deserialize)]
struct AnsweredRuntime {
    first_at: BlockNumber,
    spec_version: u32,
}

#[derive(Debug, Deserialize)]
struct ExecutedRuntime {
    from_block: BlockNumber,
    spec_version: u32,
}

impl Manifest {
    /// The spec that a node names when it is asked at this block.
    pub(crate) fn spec_at(&self, block: BlockNumber) -> u32 {
        let answered =
            self.state_get_runtime_version.iter().map(|change| (change.first_at, change.spec_version));
        let executed = self.runtime_changes.iter().map(|change| (change.from_block, change.spec_version));
        let changes: Vec<_> =
            if self.state_get_runtime_version.is_empty() { executed.collect() } else { answered.collect() };
        let newest = changes.iter().filter(|(from, _)| *from <= block).max_by_key(|(from, _)| *from);
        // before the first change there is nothing but the first runtime
        let first = changes.iter().min_by_key(|(from, _)| *from);
        newest.or(first).map_or(self.spec_version, |(_, spec)| *spec)
    }

    /// All specs that a node may name.
    pub(crate) fn specs(&self) -> Vec<u32> {
        let mut specs: Vec<u32> = self
            .state_get_runtime_version
            .iter()
            .map(|change| change.spec_version)
            .chain(self.runtime_changes.iter().map(|change| change.spec_version))
            .chain([self.spec_version])
            .collect();
        specs.sort_unstable();
        specs.dedup();
        specs
    }

    /// `state_getRuntimeVersion` of a spec, for recordings that do not carry the node's own answer.
    pub(crate) fn runtime_version(&self, spec: u32) -> String {
        serde_json::json!({
            "specName": self.spec_name,
            "implName": self.impl_name,
            "authoringVersion": 1,
            "specVersion": spec,
            "implVersion": 1,
            "apis": [],
            "transactionVersion": self.transaction_version,
            "stateVersion": self.state_version,
        })
        .to_string()
    }
}

fn one() -> BlockNumber {
    1
}

fn one_u32() -> u32 {
    1
}

fn bittensor_evm_chain() -> u64 {
    964
}
