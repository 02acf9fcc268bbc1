//! Delivery and evaluation of alerts: section `[alerts]` of the configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Configuration of alerts. Every key has a default; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertsConfig {
    /// Whether `up` and `ingest` evaluate rules and deliver alerts while they follow the head.
    pub enabled: bool,
    /// Networks inside that alerts may be sent to, e.g. `["10.1.2.0/24", "127.0.0.1/32"]`. Empty: only public addresses.
    pub allow_networks: Vec<String>,
    /// Address under which people reach the pages, put before links, e.g. `https://scan.example`.
    pub public_url: String,
    /// How often the warehouse and the outbox are looked at, milliseconds.
    pub poll_ms: u64,
    /// A request to a sink that takes longer has failed, milliseconds.
    pub request_timeout_ms: u64,
    /// Wait before the first new attempt, milliseconds; it doubles with every further one.
    pub first_retry_ms: u64,
    /// Longest wait between two attempts, milliseconds.
    pub max_retry_ms: u64,
    /// An alert older than this whose delivery fails becomes a dead letter, seconds.
    pub give_up_after_s: u64,
    /// Rules that are delivered to one sink at the same time.
    pub concurrency: usize,
    /// Matches of a rule in one block that are told one by one; further ones are told as a number.
    pub max_matches: u32,
    /// Incidents that ended more than this many blocks before the head are history and raise no alert.
    pub late_blocks: u64,
    /// How long another process waits before it delivers in place of one that is gone, milliseconds.
    pub lease_ms: u32,
    /// Days after which delivered alerts are forgotten.
    pub keep_days: u64,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            allow_networks: Vec::new(),
            public_url: String::new(),
            poll_ms: 500,
            request_timeout_ms: 10_000,
            first_retry_ms: 1_000,
            max_retry_ms: 300_000,
            give_up_after_s: 86_400,
            concurrency: 4,
            max_matches: 100,
            late_blocks: 1_800,
            lease_ms: 5_000,
            keep_days: 30,
        }
    }
}

impl AlertsConfig {
    /// [`Self::request_timeout_ms`] as a duration.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// [`Self::poll_ms`] as a duration, never zero.
    #[must_use]
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.max(10))
    }
}
