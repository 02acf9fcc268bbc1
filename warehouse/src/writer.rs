//! The windowed writer.
//!
//! A window goes table by table, each in a few inserts under tokens that say what they hold: the server drops an
//! insert whose token it has seen. So an interrupted window is simply written again. `blocks` comes last and makes the
//! window visible; a row in `coverage` then records it.
//!
//! Two things tokens cannot do are done here. Rows that other code left in the window (an older decoder, an insert
//! longer ago than the server remembers) are found by comparing and replaced. And where rows are deleted, the next
//! insert of the same rows would be dropped as known: each deletion therefore raises the window's `attempt`, which is
//! part of the token.

mod coverage;
mod incidents;
mod metadata;
mod moves;
mod replace;
mod replace_range;
mod state;
mod stored;
mod verification;

pub use incidents::IncidentReceipt;
pub use replace_range::RangeReceipt;
pub use state::{Holdings, Parameters, Snapshots, StateWindow};
pub use verification::VerifiedWindow;

use yumascan_chain::Hash;

use crate::{
    Table, Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{TableRows, Window},
};

/// What was written of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReceipt {
    /// The table.
    pub table: Table,
    /// Its rows in the window.
    pub rows: u64,
    /// Their size as sent, bytes.
    pub bytes: u64,
    /// XXH3 of them.
    pub content_hash: u128,
}

/// Proof that a window is stored and visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowReceipt {
    /// First block.
    pub first: u64,
    /// Last block.
    pub last: u64,
    /// Decoder generation of the rows.
    pub generation: u32,
    /// How often rows of the window were deleted and written anew.
    pub attempt: u32,
    /// Hash of all its rows.
    pub content_hash: Hash,
    /// Every table, in the order of writing.
    pub tables: Vec<TableReceipt>,
    /// Whether all of it was there before.
    pub was_stored: bool,
}

impl WindowReceipt {
    /// Rows of a table.
    #[must_use]
    pub fn rows(&self, table: Table) -> u64 {
        self.tables.iter().find(|receipt| receipt.table == table).map_or(0, |receipt| receipt.rows)
    }
}

/// What [`Warehouse::replace_window`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceReceipt {
    /// First block.
    pub first: u64,
    /// Last block.
    pub last: u64,
    /// Tables whose rows differed and were written anew; empty when nothing was changed.
    pub changed: Vec<Table>,
    /// Hash of all rows of the window now.
    pub content_hash: Hash,
}

/// Tables that may be written at the same time, in order. See [`Table::ALL`].
const STAGES: [&[Table]; 4] = [
    &[Table::RawBlocks],
    &[Table::Extrinsics, Table::Calls, Table::Events, Table::Transfers, Table::Quarantine],
    &[Table::AccountActivity, Table::HashIndex, Table::NameCounts],
    &[Table::Blocks],
];

impl Warehouse {
    /// Stores a window and makes it visible. Doing so again, after an error or a crash, leaves the same rows.
    ///
    /// # Errors
    /// See [`WarehouseError::is_transient`] for whether to call again. After any error the window is not visible yet,
    /// or is complete.
    pub async fn write_window(&self, window: &Window) -> Result<WindowReceipt, WarehouseError> {
        let (first, last) = (window.first, window.last);
        if !self.has_raw_rows(first, last).await? {
            self.insert_stages(window, 0, &Table::ALL).await?;
            self.record_sealed(window, 0).await?;
            self.visible.insert(first, last);
            return Ok(receipt(window, 0, false));
        }
        let attempt = self.find_attempt(first, last).await?;
        let differing = self.list_differing_tables(window, &Table::ALL).await?;
        let was_stored = differing.is_empty();
        if !was_stored {
            tracing::info!(
                first,
                last,
                attempt,
                tables = differing.len(),
                "window was left incomplete, completing it"
            );
            self.insert_stages(window, attempt, &differing).await?;
        }
        let attempt = self.mend(window, attempt, &differing).await?;
        self.record_sealed(window, attempt).await?;
        self.visible.insert(first, last);
        Ok(receipt(window, attempt, was_stored))
    }

    /// Replaces what tokens could not: tables that still differ after the window was inserted once more.
    async fn mend(&self, window: &Window, attempt: u32, differing: &[Table]) -> Result<u32, WarehouseError> {
        let foreign = self.list_differing_tables(window, differing).await?;
        if foreign.is_empty() {
            return Ok(attempt);
        }
        tracing::info!(window.first, window.last, ?foreign, "window held other rows, replacing them");
        self.rewrite(window, &foreign).await
    }

    /// These tables of a window in stages, `blocks` last.
    async fn insert_stages(
        &self,
        window: &Window,
        attempt: u32,
        tables: &[Table],
    ) -> Result<(), WarehouseError> {
        for stage in STAGES {
            let wanted = stage.iter().filter(|table| tables.contains(table));
            let inserts = wanted.map(|table| self.insert_table(window, *table, attempt));
            futures::future::try_join_all(inserts).await?;
        }
        Ok(())
    }

    /// One table of a window. Public for tests that stop a window half-way.
    #[doc(hidden)]
    pub async fn insert_table(
        &self,
        window: &Window,
        table: Table,
        attempt: u32,
    ) -> Result<(), WarehouseError> {
        let Some(rows) = window.tables.iter().find(|rows| rows.table == table) else { return Ok(()) };
        for (position, chunk) in rows.chunks.iter().enumerate() {
            let token = insert_token(window, rows, attempt, position);
            self.insert_bytes("insert rows", table.name(), rows.columns, chunk.clone(), &token).await?;
        }
        Ok(())
    }

    async fn has_raw_rows(&self, first: u64, last: u64) -> Result<bool, WarehouseError> {
        let sql =
            Sql::new("SELECT count() FROM raw_blocks WHERE number BETWEEN ? AND ?").bind(first).bind(last);
        Ok(self.fetch_count("look for rows of the window", sql).await? > 0)
    }
}

/// Names what an insert holds: `{table}:{first}-{last}:{generation}:{content hash}:{chunk}`, and the attempt where
/// rows were deleted before.
fn insert_token(window: &Window, rows: &TableRows, attempt: u32, position: usize) -> String {
    let (first, last, generation) = (window.first, window.last, window.generation);
    let mut token =
        format!("{}:{first}-{last}:{generation}:{:032x}:{position}", rows.table, rows.content_hash);
    if attempt > 0 {
        token.push_str(&format!(":{attempt}"));
    }
    token
}

fn receipt(window: &Window, attempt: u32, was_stored: bool) -> WindowReceipt {
    let table = |rows: &TableRows| TableReceipt {
        table: rows.table,
        rows: rows.rows,
        bytes: rows.bytes,
        content_hash: rows.content_hash,
    };
    WindowReceipt {
        first: window.first,
        last: window.last,
        generation: window.generation,
        attempt,
        content_hash: window.content_hash,
        tables: window.tables.iter().map(table).collect(),
        was_stored,
    }
}
