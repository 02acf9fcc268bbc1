//! What can go wrong with a query, and what the client is told.

use std::sync::Arc;

use yumascan_store::StoreError;
use yumascan_warehouse::WarehouseError;

/// Error of the API. [`ApiError::code`] is what clients see as `extensions.code`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// An argument cannot be used as it is.
    #[error("{0}")]
    BadInput(String),
    /// A text that is no cursor.
    #[error(
        "`{cursor}` is not a cursor; pass an `endCursor`, `startCursor` or `edges.cursor` of an earlier page, unchanged"
    )]
    InvalidCursor {
        /// What was passed, shortened.
        cursor: String,
    },
    /// A cursor of another list.
    #[error(
        "this cursor belongs to another list: `{list}` with this filter and order did not make it; repeat the filter and \
         order of the page it came from, or start again without a cursor"
    )]
    CursorMismatch {
        /// The list it was used with.
        list: &'static str,
    },
    /// `first` or `last` is out of bounds.
    #[error(
        "`{argument}: {value}` is out of bounds: a page has 1 to {max} rows; ask for less and follow `pageInfo.endCursor`"
    )]
    PageSize {
        /// `first` or `last`.
        argument: &'static str,
        /// What was asked.
        value: i64,
        /// Largest page.
        max: u32,
    },
    /// The answer would read too many rows.
    #[error(
        "this query reads more than {max} rows ({list} needs {wanted} more); ask for smaller pages (`first`) of the lists \
         that stand inside lists, or for fewer blocks at once"
    )]
    NodeLimit {
        /// The list that was too much.
        list: &'static str,
        /// Its rows.
        wanted: u64,
        /// The limit.
        max: u64,
    },
    /// The answer would take too many warehouse queries.
    #[error(
        "this query needs more than {max} warehouse queries; split it: fewer aliases at the top, or fewer lists inside lists"
    )]
    QueryLimit {
        /// The limit.
        max: u64,
    },
    /// What was asked for is not there; what is nearest to it.
    #[error("{message}")]
    NotFound {
        /// Stable code: `NO_STATE`, `UNKNOWN_SUBNET` or `UNKNOWN_NEURON`.
        code: &'static str,
        /// What is not there, and what is.
        message: String,
        /// The nearest things that can be had.
        nearest: Vec<Nearest>,
    },
    /// A range that is too wide.
    #[error(
        "{asked} {unit} are too many for one answer, at most {max} are given; narrow the range or take a longer granularity"
    )]
    RangeLimit {
        /// How many were asked for.
        asked: u64,
        /// Of what.
        unit: &'static str,
        /// The limit.
        max: u64,
    },
    /// The warehouse failed.
    #[error("the warehouse failed: {0}")]
    Warehouse(Arc<WarehouseError>),
    /// The operational store failed.
    #[error("the store failed: {0}")]
    Store(Arc<StoreError>),
    /// A bug.
    #[error("internal error: {0}")]
    Internal(&'static str),
    /// The metrics recorder could not be installed.
    #[error("the metrics recorder could not be installed: {0}")]
    Metrics(String),
}

/// Something that can be had instead of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearest {
    /// A block whose state is known.
    Block {
        /// Height.
        block: u64,
    },
    /// A number that a subnet has or had.
    Netuid {
        /// Number.
        netuid: u16,
    },
    /// A subnet that had the number.
    Subnet {
        /// Number.
        netuid: u16,
        /// Block of its registration.
        registered_at: Option<u64>,
        /// First block with its state.
        first_block: u64,
        /// Last block with its state.
        last_block: u64,
    },
    /// The highest uid of a subnet.
    Uid {
        /// Number.
        uid: u16,
    },
}

impl Nearest {
    /// As clients read it in `extensions.nearest`.
    pub(crate) fn to_value(self) -> async_graphql::Value {
        use async_graphql::value;
        match self {
            Self::Block { block } => value!({ "block": block }),
            Self::Netuid { netuid } => value!({ "netuid": netuid }),
            Self::Subnet { netuid, registered_at, first_block, last_block } => value!({
                "netuid": netuid,
                "registeredAt": registered_at,
                "firstBlock": first_block,
                "lastBlock": last_block,
            }),
            Self::Uid { uid } => value!({ "uid": uid }),
        }
    }
}

impl From<WarehouseError> for ApiError {
    fn from(error: WarehouseError) -> Self {
        Self::Warehouse(Arc::new(error))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// How the warehouse failed, as far as a client can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WarehouseTrouble {
    Timeout,
    TooLarge,
    Unavailable,
    Other,
}

/// Sorts by the code that ClickHouse puts in front of its texts (`Code: 159. DB::Exception: …`).
fn classify(error: &WarehouseError) -> WarehouseTrouble {
    let WarehouseError::ClickHouse { source, .. } = error else {
        return WarehouseTrouble::Other;
    };
    let text = match source {
        clickhouse::error::Error::Network(_) => return WarehouseTrouble::Unavailable,
        clickhouse::error::Error::TimedOut => return WarehouseTrouble::Timeout,
        clickhouse::error::Error::BadResponse(text) => text,
        _ => return WarehouseTrouble::Other,
    };
    let code = text
        .split_once("Code: ")
        .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    match code.as_deref() {
        Some("159" | "160" | "209") => WarehouseTrouble::Timeout,
        Some("158" | "241" | "307" | "396") => WarehouseTrouble::TooLarge,
        Some("202" | "203" | "210") => WarehouseTrouble::Unavailable,
        _ => WarehouseTrouble::Other,
    }
}

impl ApiError {
    /// Stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadInput(_) => "BAD_INPUT",
            Self::InvalidCursor { .. } => "INVALID_CURSOR",
            Self::CursorMismatch { .. } => "CURSOR_MISMATCH",
            Self::PageSize { .. } => "PAGE_SIZE",
            Self::NodeLimit { .. } => "NODE_LIMIT",
            Self::QueryLimit { .. } => "QUERY_LIMIT",
            Self::NotFound { code, .. } => code,
            Self::RangeLimit { .. } => "RANGE_LIMIT",
            Self::Warehouse(error) => match classify(error) {
                WarehouseTrouble::Timeout => "TIMEOUT",
                WarehouseTrouble::TooLarge => "TOO_LARGE",
                WarehouseTrouble::Unavailable => "UNAVAILABLE",
                WarehouseTrouble::Other => "INTERNAL",
            },
            Self::Store(_) | Self::Internal(_) | Self::Metrics(_) => "INTERNAL",
        }
    }

    /// What the client reads. Texts of the warehouse and the store stay in the log.
    #[must_use]
    pub fn public_message(&self, request_id: &str) -> String {
        match self.code() {
            "TIMEOUT" => "the warehouse took too long; narrow the block range, add a filter, or leave out `totalCount`".into(),
            "TOO_LARGE" => "the warehouse ran out of memory for this query; narrow the block range or ask for smaller pages".into(),
            "UNAVAILABLE" => format!("the warehouse cannot be reached right now; try again in a moment (request {request_id})"),
            "INTERNAL" => format!("internal error; the log names it under request {request_id}"),
            _ => self.to_string(),
        }
    }

    /// What tells one failure from another when many fields failed by the same one.
    pub(crate) fn identity(&self) -> usize {
        match self {
            Self::Warehouse(error) => Arc::as_ptr(error).addr(),
            Self::Store(error) => Arc::as_ptr(error).addr(),
            _ => 0,
        }
    }

    /// Whether it is worth a line in the log: the fault is ours, not the client's.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Warehouse(_) | Self::Store(_) | Self::Internal(_) | Self::Metrics(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> ApiError {
        WarehouseError::ClickHouse {
            doing: "list blocks",
            source: clickhouse::error::Error::BadResponse(text.into()),
        }
        .into()
    }

    #[test]
    fn clickhouse_codes_become_advice_and_their_texts_stay_inside() {
        for (text, code) in [
            ("Code: 159. DB::Exception: Timeout exceeded: secret", "TIMEOUT"),
            ("Code: 241. DB::Exception: Memory limit secret", "TOO_LARGE"),
            ("Code: 202. DB::Exception: too many queries secret", "UNAVAILABLE"),
            ("Code: 60. DB::Exception: Table secret does not exist", "INTERNAL"),
            ("secret without a code", "INTERNAL"),
        ] {
            let error = refused(text);
            assert_eq!(error.code(), code, "{text}");
            assert!(!error.public_message("r1").contains("secret"), "{text}");
        }
        assert!(refused("Code: 60").public_message("r1").contains("r1"));
    }

    #[test]
    fn advice_for_the_client_is_told_as_it_is() {
        let error = ApiError::PageSize { argument: "first", value: 5000, max: 1000 };
        assert_eq!(error.public_message("r1"), error.to_string());
    }
}
