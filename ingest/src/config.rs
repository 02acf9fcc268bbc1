//! Settings of the ingester: section `[ingest]` of the configuration file.

use std::time::Duration;

use crate::{IngestError, rpc::PoolConfig};

/// Settings of the ingester.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// RPC endpoints: ws://, wss://, http:// or https://. Credentials in them are never logged.
    pub endpoints: Vec<String>,
    /// First block to ingest. Genesis (0) executed nothing and is left out by default.
    pub from: u64,
    /// Blocks per window: windows are written and sealed as a whole and start at multiples of it.
    pub window_blocks: u64,
    /// Windows in flight at once; 0: as many as suit the processor.
    pub windows_in_flight: usize,
    /// Megabytes of fetched windows in flight; beyond it no further window is started.
    pub memory_mb: usize,
    /// Seconds a connection may take to open.
    pub connect_timeout_s: u64,
    /// Seconds an answer may take.
    pub request_timeout_s: u64,
    /// Seconds to try to reach a first endpoint at start.
    pub connect_patience_s: u64,
    /// Seconds without any answer after which an ingest that should end gives up; 0: never. Following never does.
    pub give_up_after_s: u64,
    /// Most calls in a JSON-RPC batch; 1 turns batches off.
    pub max_batch: usize,
    /// Most batches in flight per endpoint.
    pub requests_in_flight: usize,
    /// Seconds without a new head after which a connection is dropped and another endpoint is preferred.
    pub head_stall_s: u64,
    /// Whether the epochs of new blocks are recomputed and compared as they are stored, while following the head.
    pub verify: bool,
    /// Whether the state is read as well: of new blocks as they are stored, of stored ones after a backfill.
    pub state: bool,
    /// Blocks between full readings of the state of stored blocks; 0: every block of a chain of up to 100,000 blocks,
    /// else every 25th. At the head every block is read.
    pub state_stride: u32,
    /// Hours between sweeps at the head, which compare all accounts and stakes with what was followed; 0: never.
    pub state_sweep_hours: u64,
    /// Milliseconds between questions for the head where it is not pushed (HTTP endpoints).
    pub poll_ms: u64,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            from: 1,
            window_blocks: 128,
            windows_in_flight: 0,
            memory_mb: 256,
            connect_timeout_s: 10,
            request_timeout_s: 60,
            connect_patience_s: 8,
            give_up_after_s: 300,
            max_batch: 384,
            requests_in_flight: 8,
            head_stall_s: 60,
            verify: true,
            state: true,
            state_stride: 0,
            state_sweep_hours: 24,
            poll_ms: 3000,
        }
    }
}

impl IngestConfig {
    /// Says what is wrong with the settings, if anything.
    ///
    /// # Errors
    /// [`IngestError::Config`].
    pub fn check(&self) -> Result<(), IngestError> {
        let wrong = |name, reason| Err(IngestError::Config { name, reason });
        match self {
            Self { window_blocks: 0, .. } => wrong("window_blocks", "must be at least 1"),
            Self { window_blocks: 4097.., .. } => wrong("window_blocks", "must be at most 4096"),
            Self { memory_mb: 0, .. } => wrong("memory_mb", "must be at least 1"),
            Self { max_batch: 0, .. } => wrong("max_batch", "must be at least 1"),
            Self { requests_in_flight: 0, .. } => wrong("requests_in_flight", "must be at least 1"),
            Self { request_timeout_s: 0, .. } => wrong("request_timeout_s", "must be at least 1"),
            Self { connect_timeout_s: 0, .. } => wrong("connect_timeout_s", "must be at least 1"),
            Self { head_stall_s: 0, .. } => wrong("head_stall_s", "must be at least 1"),
            Self { poll_ms: 0, .. } => wrong("poll_ms", "must be at least 1"),
            _ => Ok(()),
        }
    }

    /// The pool's part. Whoever follows the head never gives up.
    pub(crate) fn pool(&self) -> PoolConfig {
        PoolConfig {
            endpoints: self.endpoints.clone(),
            connect_timeout: Duration::from_secs(self.connect_timeout_s),
            request_timeout: Duration::from_secs(self.request_timeout_s),
            connect_patience: Duration::from_secs(self.connect_patience_s),
            give_up_after: Some(self.give_up_after_s).filter(|s| *s > 0).map(Duration::from_secs),
            max_batch: self.max_batch,
            max_in_flight: self.requests_in_flight,
        }
    }

    /// Windows in flight: enough that network, decoder and database are all busy.
    pub(crate) fn windows_in_flight(&self) -> usize {
        match self.windows_in_flight {
            0 => std::thread::available_parallelism().map_or(4, |cores| cores.get() + 2),
            fixed => fixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_order() {
        assert!(IngestConfig::default().check().is_ok());
        assert!(IngestConfig { window_blocks: 0, ..IngestConfig::default() }.check().is_err());
    }

    #[test]
    fn a_mistyped_setting_is_refused() {
        let error = serde_json::from_str::<IngestConfig>(r#"{"endpoint": []}"#).unwrap_err();
        assert!(error.to_string().contains("endpoints"), "{error}");
    }
}
