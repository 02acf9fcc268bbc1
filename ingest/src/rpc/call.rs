//! One JSON-RPC call and its answer.

use std::sync::Arc;

use jsonrpsee::core::{JsonRawValue, traits::ToRpcParams};
use yumascan_chain::{BlockNumber, Hash};

use super::endpoint::Endpoint;

/// The block whose state a call reads: lets the pool learn which endpoints pruned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateAt(pub BlockNumber);

/// A JSON-RPC call: method and parameters (a JSON array, as text).
#[derive(Debug, Clone)]
pub struct Call {
    /// Method name.
    pub method: &'static str,
    /// Parameters as JSON text, e.g. `["0x…"]`.
    pub params: String,
    /// Set when the call reads state at a block: full nodes keep that of recent blocks only.
    pub state_at: Option<StateAt>,
    /// An error of the node's own is an answer (e.g. a runtime function that may not exist): not asked again.
    pub error_is_answer: bool,
}

impl Call {
    /// A call that reads no state.
    #[must_use]
    pub fn new(method: &'static str, params: String) -> Self {
        Self { method, params, state_at: None, error_is_answer: false }
    }

    /// A call without parameters.
    #[must_use]
    pub fn bare(method: &'static str) -> Self {
        Self::new(method, "[]".to_owned())
    }

    /// Hashes of the blocks `from..=to`, in one answer.
    #[must_use]
    pub fn block_hashes(from: BlockNumber, to: BlockNumber) -> Self {
        let numbers: Vec<String> = (from..=to).map(|number| number.to_string()).collect();
        Self::new("chain_getBlockHash", format!("[[{}]]", numbers.join(",")))
    }

    /// Hash of one block.
    #[must_use]
    pub fn block_hash(number: BlockNumber) -> Self {
        Self::new("chain_getBlockHash", format!("[{number}]"))
    }

    /// Header and extrinsics of a block.
    #[must_use]
    pub fn block(hash: Hash) -> Self {
        Self::new("chain_getBlock", format!("[\"{hash}\"]"))
    }

    /// Header of a block.
    #[must_use]
    pub fn header(hash: Hash) -> Self {
        Self::new("chain_getHeader", format!("[\"{hash}\"]"))
    }

    /// Value of a storage key (0x hex) in the state of block `number` with `hash`.
    #[must_use]
    pub fn storage(key: &str, hash: Hash, number: BlockNumber) -> Self {
        Self::state("state_getStorage", format!("[\"{key}\",\"{hash}\"]"), number)
    }

    /// Blake2b-256 of that value.
    #[must_use]
    pub fn storage_hash(key: &str, hash: Hash, number: BlockNumber) -> Self {
        Self::state("state_getStorageHash", format!("[\"{key}\",\"{hash}\"]"), number)
    }

    /// Version of the runtime in the state of a block: the runtime that executes the *next* block.
    #[must_use]
    pub fn runtime_version(hash: Hash, number: BlockNumber) -> Self {
        Self::state("state_getRuntimeVersion", format!("[\"{hash}\"]"), number)
    }

    /// A runtime API call (`input` is 0x hex); the runtime may not know the function.
    #[must_use]
    pub fn runtime_api(function: &str, input: &str, hash: Hash, number: BlockNumber) -> Self {
        let call = Self::state("state_call", format!("[\"{function}\",\"{input}\",\"{hash}\"]"), number);
        Self { error_is_answer: true, ..call }
    }

    /// A call that reads the state of block `number`.
    #[must_use]
    pub fn state(method: &'static str, params: String, number: BlockNumber) -> Self {
        Self { method, params, state_at: Some(StateAt(number)), error_is_answer: false }
    }
}

/// A call's answer and who gave it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The JSON text of `result`; may be `null`.
    pub value: Box<JsonRawValue>,
    /// The endpoint that gave it, to be blamed when it is wrong.
    pub endpoint: Arc<Endpoint>,
}

impl Answer {
    /// Whether the endpoint answered `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.value.get() == "null"
    }
}

/// Parameters that are JSON text already.
pub(super) struct RawParams<'a>(pub(super) &'a str);

impl ToRpcParams for RawParams<'_> {
    fn to_rpc_params(self) -> Result<Option<Box<JsonRawValue>>, serde_json::Error> {
        JsonRawValue::from_string(self.0.to_owned()).map(Some)
    }
}
