//! Questions that people ask in SQL: checked, bounded, run read-only, answered in ClickHouse's own formats.
//!
//! Four walls stand one behind the other, and none trusts the one before it:
//!
//! 1. [`text`]: the statement is cut into tokens of a small, unambiguous alphabet and written anew. Comments, here-documents,
//!    escapes and everything else that two parsers might read in two ways are gone, or refused.
//! 2. [`words`]: every name before a bracket is one of the listed [`functions`]; no word that begins a clause about files,
//!    formats or settings occurs; `IN` and `FROM` are not followed by names of tables in disguise.
//! 3. [`guard`]: a parser of the ClickHouse dialect must understand the statement as one `SELECT`; every relation is a
//!    [view](VIEWS) or a name given in its own `WITH`, nothing is qualified by a database, nothing is a table function.
//! 4. The engine runs it as `readonly = 1` (no statement that writes, no change of settings) within limits of time, memory,
//!    rows and bytes.
//!
//! What is sent is the text of the first wall, so that what was checked is what runs.

mod export;
mod functions;
mod guard;
mod text;
mod views;
mod words;

use bytes::{Bytes, BytesMut};
use clickhouse::query::BytesCursor;

pub use export::{ExportPart, find_list};
pub use functions::all as function_names;
pub use guard::Refusal;
pub use views::{VIEWS, ViewColumn, ViewInfo};

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// A statement that passed the walls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    text: String,
    cost: u32,
}

impl Question {
    /// Checks a statement.
    ///
    /// # Errors
    /// Says what is not allowed, where, and what to write instead.
    pub fn new(statement: &str) -> Result<Self, Refusal> {
        let tokens = text::tokens(statement)?;
        words::check(&tokens)?;
        let text = text::write(&tokens);
        let cost = guard::check(&text)?;
        Ok(Self { text, cost })
    }

    /// The statement as it is run: one line, without comments.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much work the statement asks for, roughly: relations read, and more for joins and sorting. At least 1.
    #[must_use]
    pub fn cost(&self) -> u32 {
        self.cost
    }
}

/// What an answer may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskLimits {
    /// Seconds of execution.
    pub seconds: u64,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// Rows of the answer; what is beyond is cut off.
    pub result_rows: u64,
    /// Bytes of the answer, uncompressed.
    pub result_bytes: u64,
    /// Rows read from storage.
    pub read_rows: u64,
    /// Bytes read from storage, uncompressed.
    pub read_bytes: u64,
    /// Threads.
    pub threads: u32,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AskFormat {
    /// An object with `meta`, `data` (rows as arrays) and `statistics`.
    Json,
    /// An object a line.
    JsonLines,
    /// Comma-separated, names first.
    Csv,
    /// Tab-separated, names first.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow, streaming.
    Arrow,
}

impl AskFormat {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Json, Self::JsonLines, Self::Csv, Self::Tsv, Self::Parquet, Self::Arrow];

    /// By the name that people write.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Name in parameters, and ending of files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// Media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// Name of ClickHouse's format.
    #[must_use]
    pub const fn clickhouse_name(self) -> &'static str {
        match self {
            Self::Json => "JSONCompact",
            Self::JsonLines => "JSONEachRow",
            Self::Csv => "CSVWithNames",
            Self::Tsv => "TSVWithNames",
            Self::Parquet => "Parquet",
            Self::Arrow => "ArrowStream",
        }
    }
}

/// An answer as it arrives.
pub struct Answer {
    cursor: BytesCursor,
    max: u64,
    left: u64,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Answer {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// What the engine says of the question, and [`WarehouseError::AnswerTooLarge`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, WarehouseError> {
        let piece = self.cursor.next().await.map_err(WarehouseError::of("answer a question"))?;
        let size = piece.as_ref().map_or(0, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
        // the engine's own limit counts what is in memory; this one counts what is sent
        self.left = self.left.checked_sub(size).ok_or(WarehouseError::AnswerTooLarge { max: self.max })?;
        Ok(piece)
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Answer::next`].
    pub async fn collect(&mut self) -> Result<Bytes, WarehouseError> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

impl Warehouse {
    /// Runs a question; the answer streams. Dropping it cancels the query on the server.
    ///
    /// # Errors
    /// When the question cannot be sent. What fails later comes from the cursor.
    pub fn ask(
        &self,
        question: &Question,
        format: AskFormat,
        limits: &AskLimits,
    ) -> Result<Answer, WarehouseError> {
        self.ask_unchecked(&question.text, format, limits)
    }

    /// Runs a statement behind the last wall alone: one of the program's own, or to prove that wall. People's go through
    /// [`Warehouse::ask`].
    #[doc(hidden)]
    pub fn ask_unchecked(
        &self,
        text: &str,
        format: AskFormat,
        limits: &AskLimits,
    ) -> Result<Answer, WarehouseError> {
        let mut query = self.stream(&Sql::new(text.replace('?', "??")));
        for (name, value) in settings(limits) {
            query = query.with_setting(name, value);
        }
        let cursor =
            query.fetch_bytes(format.clickhouse_name()).map_err(WarehouseError::of("ask a question"))?;
        Ok(Answer { cursor, max: limits.result_bytes, left: limits.result_bytes })
    }
}

/// The fourth wall.
fn settings(limits: &AskLimits) -> Vec<(&'static str, String)> {
    let seconds = limits.seconds.max(1);
    vec![
        ("allow_ddl", "0".to_owned()),
        ("allow_introspection_functions", "0".to_owned()),
        ("cancel_http_readonly_queries_on_client_close", "1".to_owned()),
        ("max_execution_time", seconds.to_string()),
        ("timeout_overflow_mode", "throw".to_owned()),
        ("max_memory_usage", limits.memory_bytes.to_string()),
        ("max_threads", limits.threads.max(1).to_string()),
        // cuts the answer; the statement's own LIMIT holds where it is smaller
        ("limit", limits.result_rows.to_string()),
        ("max_result_bytes", limits.result_bytes.to_string()),
        ("result_overflow_mode", "throw".to_owned()),
        ("max_rows_to_read", limits.read_rows.to_string()),
        ("max_bytes_to_read", limits.read_bytes.to_string()),
        ("read_overflow_mode", "throw".to_owned()),
        ("max_bytes_before_external_group_by", "0".to_owned()),
        ("max_bytes_before_external_sort", "0".to_owned()),
        ("max_temporary_columns", "2000".to_owned()),
        ("max_query_size", (2 * text::MAX_BYTES).to_string()),
        ("max_ast_depth", "500".to_owned()),
        ("max_ast_elements", "20000".to_owned()),
        ("max_expanded_ast_elements", "50000".to_owned()),
        ("output_format_json_quote_64bit_integers", "1".to_owned()),
        ("output_format_json_quote_decimals", "1".to_owned()),
        ("output_format_json_quote_denormals", "1".to_owned()),
        // the last: no other setting can be changed behind it
        ("readonly", "1".to_owned()),
    ]
}
