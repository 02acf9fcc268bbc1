//! What can go wrong with the store.

use yumascan_chain::Hash;

/// Error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A URL that is neither SQLite nor PostgreSQL.
    #[error(
        "`{url}` is not a store URL: {reason}; use sqlite:///path/to/store.sqlite or postgres://user:password@host/database"
    )]
    Url {
        /// The URL, without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database could not be reached or opened.
    #[error("cannot open the store {url}: {source}; check that the path is writable or the server is up")]
    Open {
        /// The URL, without credentials.
        url: String,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The SQLite file is not a database (any more).
    #[error(
        "the store {url} is damaged ({source}); restore it from a backup, or remove the whole data folder and ingest again"
    )]
    Damaged {
        /// The URL, without credentials.
        url: String,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The schema was written by a newer binary.
    #[error("the store has schema {found}, this binary knows schemas up to {known}; use a newer yumascan")]
    SchemaNewer {
        /// Version found.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// An applied migration is not the one that this binary carries.
    #[error(
        "migration {version} of the store differs from this binary's; use the yumascan build that created the store"
    )]
    SchemaDiffers {
        /// The migration.
        version: i64,
    },
    /// A migration failed; nothing of it was kept.
    #[error("cannot migrate the store: {source}")]
    Migrate {
        /// The migrator's error.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The disk of the database is full.
    #[error("the disk is full: could not {doing}; free some space and start again, nothing sealed was lost")]
    DiskFull {
        /// What was being done.
        doing: &'static str,
    },
    /// The database failed a statement.
    #[error("the store could not {doing}: {source}")]
    Query {
        /// What was being done, e.g. `seal a window`.
        doing: &'static str,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes ({reason}); a key cannot be made now")]
    Random {
        /// Why.
        reason: String,
    },
    /// A stored value that this binary does not understand.
    #[error("the store holds `{value}` in `{column}`, which is not {expected}; it was changed from outside")]
    Value {
        /// Column.
        column: &'static str,
        /// Value found.
        value: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The store belongs to another chain.
    #[error(
        "this store belongs to the chain `{found_name}` (genesis {found}), but the node serves `{expected_name}` \
         (genesis {expected}); give the URL of a node of `{found_name}`, or another --data-dir for `{expected_name}`"
    )]
    OtherChain {
        /// Genesis hash found in the store.
        found: Hash,
        /// Name of that chain.
        found_name: String,
        /// Genesis hash that was to be claimed.
        expected: Hash,
        /// Name of that chain.
        expected_name: String,
    },
    /// A range whose end lies before its start, or beyond what can be stored.
    #[error("{first}..={last} is not a range of blocks")]
    InvalidRange {
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
    },
    /// Another window holds some of these blocks.
    #[error(
        "window {first}..={last} overlaps the window {found_first}..={found_last}; windows keep their boundaries, open that one"
    )]
    WindowOverlap {
        /// First block asked for.
        first: u64,
        /// Last block asked for.
        last: u64,
        /// First block of the other window.
        found_first: u64,
        /// Last block of the other window.
        found_last: u64,
    },
    /// The window is sealed already.
    #[error("window {first}..={last} is sealed; reopen it to write it again")]
    WindowSealed {
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
    },
    /// There is no such window.
    #[error("there is no window {first}..={last}; open it first")]
    WindowUnknown {
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
    },
    /// A later attempt has taken the window over.
    #[error(
        "attempt {attempt} at window {first}..={last} was overtaken by attempt {newest}; another ingester writes it"
    )]
    StaleAttempt {
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
        /// The caller's attempt.
        attempt: u32,
        /// The newest one.
        newest: u32,
    },
    /// The same attempt sealed the window before, with other content.
    #[error("window {first}..={last} is sealed with content {found}, not {given}; run `yumascan audit`")]
    SealDiffers {
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
        /// Content hash it is sealed with.
        found: Hash,
        /// Content hash of this seal.
        given: Hash,
    },
    /// A rule names a sink that there is not.
    #[error(
        "there is no sink `{sink}`; `yumascan alerts list` shows those there are, `yumascan alerts add sink` makes one"
    )]
    SinkUnknown {
        /// The sink.
        sink: String,
    },
    /// Rules still name the sink.
    #[error("the sink `{sink}` is used by {rules}; give those rules another sink first")]
    SinkInUse {
        /// The sink.
        sink: String,
        /// Names of the rules.
        rules: String,
    },
}

/// Turns a driver's error into [`StoreError::DiskFull`] or [`StoreError::Query`].
pub(crate) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |source| match code_of(&source).as_deref() {
        // SQLITE_FULL, PostgreSQL's disk_full
        Some("13" | "53100") => StoreError::DiskFull { doing },
        _ => StoreError::Query { doing, source },
    }
}

/// The database's own code of an error: SQLite's (extended) result code or PostgreSQL's SQLSTATE.
pub(crate) fn code_of(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|db| db.code()).map(std::borrow::Cow::into_owned)
}
