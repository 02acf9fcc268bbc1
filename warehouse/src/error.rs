//! What can go wrong with the warehouse.

use clickhouse::error::Error as ClientError;

/// Error of the warehouse.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// ClickHouse refused or failed a statement, or could not be reached.
    #[error("clickhouse failed to {doing}: {source}")]
    ClickHouse {
        /// What was being done, e.g. `list blocks`.
        doing: &'static str,
        /// The client's error.
        #[source]
        source: ClientError,
    },
    /// The server is not there, or does not let this user in.
    #[error(
        "clickhouse at {url} cannot be used: {source}; check that the server runs and that address, user and password \
         are right"
    )]
    Connect {
        /// Its address.
        url: String,
        /// The client's error.
        #[source]
        source: ClientError,
    },
    /// A database name that would need quoting everywhere.
    #[error("`{name}` cannot be the name of the warehouse's database; use letters, digits and underscores")]
    DatabaseName {
        /// The name.
        name: String,
    },
    /// The schema was written by a newer binary.
    #[error("the warehouse has schema {found}, this binary knows {known}; use a newer yumascan")]
    SchemaNewer {
        /// Version found.
        found: u32,
        /// Newest version known here.
        known: u32,
    },
    /// A migration that was applied is not the one this binary carries.
    #[error(
        "migration {version} ({name}) was applied to the warehouse in another form than this binary carries; \
         use the yumascan that applied it, or ingest into a new database"
    )]
    MigrationChanged {
        /// Its number.
        version: u32,
        /// Its name.
        name: String,
    },
    /// Blocks pushed out of order, or not those of the window.
    #[error(
        "block {number} does not belong at this place of window {first}..={last} (block {expected} does)"
    )]
    WindowOrder {
        /// First block of the window.
        first: u64,
        /// Last block of the window.
        last: u64,
        /// The block pushed.
        number: u64,
        /// The block wanted.
        expected: u64,
    },
    /// A window that was finished before all its blocks were pushed.
    #[error("window {first}..={last} is not complete: block {missing} was not pushed")]
    WindowIncomplete {
        /// First block of the window.
        first: u64,
        /// Last block of the window.
        last: u64,
        /// The first block missing.
        missing: u64,
    },
    /// A window to be replaced that cuts one written before.
    #[error("blocks {first}..={last} cut the window {written_first}..={written_last}; rewrite whole windows")]
    WindowStraddles {
        /// First block asked.
        first: u64,
        /// Last block asked.
        last: u64,
        /// First block of the window written before.
        written_first: u64,
        /// Last block of it.
        written_last: u64,
    },
    /// What was inserted is not what is stored.
    #[error("table {table} does not hold what was written for blocks {first}..={last}; run `yumascan audit`")]
    WriteNotFound {
        /// The table.
        table: &'static str,
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
    },
    /// A row that could not be put into the wire format.
    #[error("a row of {table} cannot be encoded: {reason}")]
    Encode {
        /// The table.
        table: &'static str,
        /// Why.
        reason: String,
    },
    /// The answer to a question is larger than it may be.
    #[error("the answer is larger than {max} bytes; select fewer rows or columns")]
    AnswerTooLarge {
        /// The limit.
        max: u64,
    },
    /// A stored raw block that is not what it claims to be.
    #[error("the raw row of block {number} is damaged ({reason}); ingest its window again from a node")]
    DamagedRaw {
        /// Its height.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// ClickHouse codes after which the same statement may succeed: time-out, too many parts, memory limit, too many
/// simultaneous queries, network and keeper trouble, shutdown, aborted.
const TRANSIENT_CODES: [u32; 14] = [3, 32, 95, 96, 159, 202, 209, 210, 236, 241, 242, 252, 279, 999];

impl WarehouseError {
    /// Wraps a client error with what was being done.
    pub(crate) fn of(doing: &'static str) -> impl FnOnce(ClientError) -> Self {
        move |source| Self::ClickHouse { doing, source }
    }

    /// Whether doing the same again may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.client_error() {
            Some(ClientError::Network(_) | ClientError::TimedOut) => true,
            // without a code: a proxy in front of the server, or a connection that ended within the answer
            Some(ClientError::BadResponse(text)) => {
                exception_code(text).is_none_or(|code| TRANSIENT_CODES.contains(&code))
            }
            _ => false,
        }
    }

    /// Code of the ClickHouse exception, e.g. 243 (not enough space), where there is one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self.client_error() {
            Some(ClientError::BadResponse(text)) => exception_code(text),
            _ => match self {
                // as the engine would say it
                Self::AnswerTooLarge { .. } => Some(396),
                _ => None,
            },
        }
    }

    /// What ClickHouse says of a person's own statement: without its code, its version and its inner workings.
    #[must_use]
    pub fn question_text(&self) -> String {
        let Some(ClientError::BadResponse(text)) = self.client_error() else { return self.to_string() };
        let text = text.split_once("DB::Exception: ").map_or(text.as_str(), |(_, text)| text);
        let text = text.split(" (version ").next().unwrap_or(text);
        let text = text.split("Stack trace").next().unwrap_or(text);
        text.trim().chars().take(500).collect()
    }

    fn client_error(&self) -> Option<&ClientError> {
        match self {
            Self::ClickHouse { source, .. } | Self::Connect { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The number in `Code: 60. DB::Exception: …`.
fn exception_code(text: &str) -> Option<u32> {
    let digits = text.split_once("Code: ")?.1;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(text: &str) -> WarehouseError {
        WarehouseError::of("test")(ClientError::BadResponse(text.to_owned()))
    }

    #[test]
    fn a_full_memory_is_worth_another_try_and_a_syntax_error_is_not() {
        assert!(bad("Code: 241. DB::Exception: Memory limit exceeded").is_transient());
        assert!(!bad("Code: 62. DB::Exception: Syntax error").is_transient());
        assert!(!bad("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space").is_transient());
        assert_eq!(bad("Code: 243. DB::Exception: Cannot reserve").code(), Some(243));
        assert!(bad("502 Bad Gateway").is_transient());
    }
}
