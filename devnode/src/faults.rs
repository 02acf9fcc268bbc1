//! Misbehaviour on request: everything that public nodes have been seen to do to their clients.

use std::time::Duration;

use yumascan_chain::BlockNumber;

/// What goes wrong. Nothing does by default.
///
/// Probabilities are between 0 and 1 and apply to every request (or answer) anew; all choices come from the one
/// generator that [`crate::NodeOptions::seed`] starts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    /// Probability that the connection is closed instead of an answer.
    pub drop: f64,
    /// Probability that a request is never answered.
    pub hang: f64,
    /// Every answer comes after a random time up to this.
    pub latency: Duration,
    /// More requests than this are refused.
    pub rate_limit: Option<RateLimit>,
    /// State more than this many blocks below the best block is gone (error 4003).
    pub prune: Option<BlockNumber>,
    /// Methods that the node does not have (error -32601).
    pub without: Vec<String>,
    /// At every multiple of this, a competing branch appears first and is retracted when the chain overtakes it.
    pub fork_every: Option<BlockNumber>,
    /// Blocks on a competing branch, at least one.
    pub fork_depth: BlockNumber,
    /// At this block, the chain stops growing by itself,
    pub stall_at: Option<BlockNumber>,
    /// for this long.
    pub stall_for: Duration,
    /// Probability that the value of `System.Events` has one wrong byte.
    pub corrupt_events: f64,
    /// Probability that a header names another state root: its hash is not the one asked for.
    pub wrong_header: f64,
    /// Probability that a block's body holds another extrinsic: its root is not the header's.
    pub other_extrinsics: f64,
}

/// How many requests a node takes, and what it says to more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in one second, over all connections.
    pub per_second: u32,
    /// What those above hear.
    pub answer: RateLimitAnswer,
}

/// The ways in which public nodes refuse a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateLimitAnswer {
    /// Error -32004: too much history was asked for.
    #[default]
    HistoricalWork,
    /// Error -32029: too many requests, wait.
    Wait,
    /// Status 429 with `Retry-After`; -32029 on a WebSocket, which has no statuses.
    Http429,
}
