//! What an endpoint can answer instead of a result, and what to do about it.

use std::time::Duration;

use yumascan_chain::{BlockNumber, Hash};

/// How an error is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The same call may succeed later or elsewhere.
    Transient,
    /// This endpoint will not serve the call; another may.
    EndpointBad,
    /// No endpoint is left; the operator has to act.
    Fatal,
}

/// Error of an endpoint or of the whole pool. Endpoints are named without credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// A URL of a scheme that is not spoken here.
    #[error("`{endpoint}` is not an RPC endpoint: {reason}; use ws://, wss://, http:// or https://")]
    BadUrl {
        /// The endpoint.
        endpoint: String,
        /// What is wrong.
        reason: String,
    },
    /// No connection, or one that broke.
    #[error("{endpoint} cannot be reached: {reason}; check the address and that the node's RPC port is open")]
    Unreachable {
        /// The endpoint.
        endpoint: String,
        /// The transport's words.
        reason: String,
    },
    /// No answer in time.
    #[error("{endpoint} did not answer within {} s", after.as_secs())]
    TimedOut {
        /// The endpoint.
        endpoint: String,
        /// How long was waited.
        after: Duration,
    },
    /// It asks for fewer requests (−32004, −32029, HTTP 429).
    #[error("{endpoint} limits requests: {reason}")]
    RateLimited {
        /// The endpoint.
        endpoint: String,
        /// Its words.
        reason: String,
    },
    /// The answer or the batch is larger than the endpoint sends or takes.
    #[error(
        "{endpoint} refuses the size of a request or an answer: {reason}; raise its response limit or use another endpoint"
    )]
    TooLarge {
        /// The endpoint.
        endpoint: String,
        /// Its words.
        reason: String,
    },
    /// State of an old block was asked of a node that dropped it.
    #[error(
        "{endpoint} has pruned the state of block {block}: use an archive node (--state-pruning archive), \
         add one to --rpc, or start later with --from"
    )]
    Pruned {
        /// The endpoint.
        endpoint: String,
        /// The block.
        block: BlockNumber,
    },
    /// It does not have a block that exists.
    #[error("{endpoint} does not have the block asked for ({reason}); it is behind or has pruned blocks")]
    UnknownBlock {
        /// The endpoint.
        endpoint: String,
        /// Its words.
        reason: String,
    },
    /// It does not serve the method.
    #[error("{endpoint} does not serve `{method}`")]
    NoSuchMethod {
        /// The endpoint.
        endpoint: String,
        /// The method.
        method: &'static str,
    },
    /// Something answers there, but not a Substrate node.
    #[error("{endpoint} is not a Substrate node: {reason}; check the address and the port")]
    NotANode {
        /// The endpoint.
        endpoint: String,
        /// What it did.
        reason: String,
    },
    /// It wants credentials.
    #[error("{endpoint} refuses access (HTTP {status}); check the user, password or key in the URL")]
    Denied {
        /// The endpoint.
        endpoint: String,
        /// HTTP status.
        status: u16,
    },
    /// It serves another chain.
    #[error("{endpoint} serves another chain: its genesis is {found}, expected {expected}")]
    OtherGenesis {
        /// The endpoint.
        endpoint: String,
        /// Its genesis hash.
        found: Hash,
        /// The genesis hash of what is stored here.
        expected: Hash,
    },
    /// A wrong answer: a hash that does not match, bytes that are no hex.
    #[error("{endpoint} gave a wrong answer for block {block}: {what}; use another endpoint")]
    WrongAnswer {
        /// The endpoint.
        endpoint: String,
        /// The block.
        block: BlockNumber,
        /// What was wrong.
        what: String,
    },
    /// An error of the node that fits nothing above.
    #[error("{endpoint} failed `{method}`: {reason} (code {code})")]
    Node {
        /// The endpoint.
        endpoint: String,
        /// The method.
        method: &'static str,
        /// JSON-RPC code.
        code: i32,
        /// Its words.
        reason: String,
    },
    /// Every endpoint failed; the last error of each.
    #[error("no endpoint can serve `{method}`: {}", list(errors))]
    Exhausted {
        /// What was asked.
        method: &'static str,
        /// The last error of each endpoint.
        errors: Vec<RpcError>,
    },
    /// Nothing useful came for too long.
    #[error("no endpoint answered usefully for {} s; last: {last}", waited.as_secs())]
    GaveUp {
        /// How long.
        waited: Duration,
        /// The last error.
        last: Box<RpcError>,
    },
    /// No endpoint was configured.
    #[error("no RPC endpoint is configured; name one with --rpc URL")]
    NoEndpoints,
}

fn list(errors: &[RpcError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

impl RpcError {
    /// How to meet it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::RateLimited { .. }
            | Self::UnknownBlock { .. }
            | Self::Node { .. } => ErrorClass::Transient,
            Self::TooLarge { .. }
            | Self::Pruned { .. }
            | Self::NoSuchMethod { .. }
            | Self::NotANode { .. }
            | Self::Denied { .. }
            | Self::OtherGenesis { .. }
            | Self::WrongAnswer { .. } => ErrorClass::EndpointBad,
            Self::BadUrl { .. } | Self::Exhausted { .. } | Self::GaveUp { .. } | Self::NoEndpoints => {
                ErrorClass::Fatal
            }
        }
    }

    /// Short name for metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "bad_url",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::RateLimited { .. } => "rate_limited",
            Self::TooLarge { .. } => "too_large",
            Self::Pruned { .. } => "pruned",
            Self::UnknownBlock { .. } => "unknown_block",
            Self::NoSuchMethod { .. } => "no_such_method",
            Self::NotANode { .. } => "not_a_node",
            Self::Denied { .. } => "denied",
            Self::OtherGenesis { .. } => "other_genesis",
            Self::WrongAnswer { .. } => "wrong_answer",
            Self::Node { .. } => "node",
            Self::Exhausted { .. } => "exhausted",
            Self::GaveUp { .. } => "gave_up",
            Self::NoEndpoints => "no_endpoints",
        }
    }

    /// Reads a JSON-RPC error object.
    pub(super) fn from_object(
        endpoint: &str,
        method: &'static str,
        state_at: Option<BlockNumber>,
        code: i32,
        message: &str,
    ) -> Self {
        let endpoint = endpoint.to_owned();
        let reason: String = message.chars().take(300).collect();
        let lower = reason.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if says(&["state already discarded", "state not available", "missing trie node", "pruned"]) {
            return Self::Pruned { endpoint, block: state_at.unwrap_or_default() };
        }
        if says(&[
            "unknownblock",
            "unknown block",
            "header was not found",
            "block not found",
            "header not found",
        ]) {
            return Self::UnknownBlock { endpoint, reason };
        }
        // servers that limit batches: jsonrpsee's own codes, then what proxies say
        if matches!(code, -32005 | -32007 | -32008 | -32010 | -32011)
            || says(&[
                "too big",
                "too large",
                "exceeded max limit",
                "batch request",
                "batched requests",
                "oversized",
            ])
        {
            return Self::TooLarge { endpoint, reason };
        }
        if matches!(code, -32004 | -32029 | 429)
            || says(&["rate limit", "too many requests", "throttl", "quota"])
        {
            return Self::RateLimited { endpoint, reason };
        }
        if code == -32601 {
            return Self::NoSuchMethod { endpoint, method };
        }
        Self::Node { endpoint, method, code, reason }
    }

    /// Reads an HTTP status other than success.
    pub(super) fn from_status(endpoint: &str, status: u16) -> Self {
        let endpoint = endpoint.to_owned();
        match status {
            429 => Self::RateLimited { endpoint, reason: "HTTP 429".to_owned() },
            401 | 403 | 407 => Self::Denied { endpoint, status },
            413 => Self::TooLarge { endpoint, reason: "HTTP 413".to_owned() },
            408 | 425 | 500..=599 => Self::Unreachable { endpoint, reason: format!("HTTP {status}") },
            _ => Self::NotANode { endpoint, reason: format!("it answers HTTP {status}") },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_real_nodes_are_told_apart() {
        let read = |code, message| {
            RpcError::from_object("ws://n", "state_getStorage", Some(7), code, message).kind()
        };
        assert_eq!(read(4003, "Client error: State already discarded for BlockId::Hash(0x00)"), "pruned");
        assert_eq!(
            read(4003, "Client error: UnknownBlock: Header was not found in the database: 0x00"),
            "unknown_block"
        );
        assert_eq!(read(-32004, "Historical work rate limit exceeded"), "rate_limited");
        assert_eq!(read(-32029, "Too many requests, wait"), "rate_limited");
        assert_eq!(read(-32005, "Batched requests are not supported by this server"), "too_large");
        assert_eq!(read(-32008, "Response is too big"), "too_large");
        assert_eq!(read(-32010, "The batch request was too large"), "too_large");
        assert_eq!(read(-32601, "Method not found"), "no_such_method");
        assert_eq!(read(-32603, "Internal error"), "node");
    }

    #[test]
    fn http_statuses_are_told_apart() {
        let read = |status| RpcError::from_status("http://n", status).kind();
        assert_eq!(read(429), "rate_limited");
        assert_eq!(read(401), "denied");
        assert_eq!(read(413), "too_large");
        assert_eq!(read(503), "unreachable");
        assert_eq!(read(404), "not_a_node");
    }
}
