//! What the page of the instance's state needs besides the warehouse: endpoints and places of the work, from the store.

use std::sync::Arc;

use futures::future::BoxFuture;

/// An RPC endpoint as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointLine {
    /// Address without credentials and keys.
    pub endpoint: String,
    /// `healthy`, `slow`, `rate_limited`, `unreachable` or `distrusted`.
    pub state: &'static str,
    /// Why, in one line.
    pub detail: Option<String>,
    /// Time of an answer, milliseconds.
    pub latency_ms: Option<u32>,
    /// Its finalized block.
    pub finalized_block: Option<u64>,
    /// When it was last asked, milliseconds since the Unix epoch.
    pub checked_at_ms: u64,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceLine {
    /// Name of the job.
    pub name: String,
    /// The last block that it has finished.
    pub block: u64,
    /// When that was, milliseconds since the Unix epoch.
    pub updated_at_ms: u64,
}

/// Endpoints and places of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operations {
    /// Endpoints, by address.
    pub endpoints: Vec<EndpointLine>,
    /// Jobs, by name.
    pub places: Vec<PlaceLine>,
}

/// Reads them; `None` when the store does not answer.
pub type ReadOperations = Arc<dyn Fn() -> BoxFuture<'static, Option<Operations>> + Send + Sync>;

/// Where they are read from.
#[derive(Clone)]
pub struct OperationsDesk(pub ReadOperations);

impl std::fmt::Debug for OperationsDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OperationsDesk")
    }
}
