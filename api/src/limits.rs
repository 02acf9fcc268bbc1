//! Who asks, and how much of the server is theirs.
//!
//! Every request takes from a bucket that fills steadily: one a key, or one an address. A plain request takes 1, a question
//! in SQL more by what it reads, a GraphQL answer more once it is known what it cost. An empty bucket answers 429 with the
//! time to wait; the standing is told in `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers).

mod address;
mod buckets;
mod layer;
mod visitor;

use serde::{Deserialize, Serialize};

pub use address::Network;
pub use buckets::Limited;
pub use layer::guard;
pub use visitor::{Tier, Visitor};

/// Rates and who is exempt: section `[limits]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Whether requests are limited at all.
    pub enabled: bool,
    /// Units a minute of an address without a key. A page or an object costs 1.
    pub anonymous_per_minute: u32,
    /// Units that an address may take at once.
    pub anonymous_burst: u32,
    /// Units a minute of a key.
    pub keyed_per_minute: u32,
    /// Units that a key may take at once.
    pub keyed_burst: u32,
    /// Units a minute of an administrator's key.
    pub admin_per_minute: u32,
    /// Networks whose `Forwarded` and `X-Forwarded-For` headers are believed: your reverse proxies.
    pub trusted_proxies: Vec<Network>,
    /// Networks that are not limited. Requests that a proxy forwarded are judged by the address it names.
    pub exempt: Vec<Network>,
    /// Whether a key is needed for everything but `/health`, `/ready` and `/metrics`.
    pub require_key: bool,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            anonymous_per_minute: 600,
            anonymous_burst: 600,
            keyed_per_minute: 6_000,
            keyed_burst: 6_000,
            admin_per_minute: 60_000,
            trusted_proxies: Vec::new(),
            exempt: Network::loopback(),
            require_key: false,
        }
    }
}
