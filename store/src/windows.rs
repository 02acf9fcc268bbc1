//! Windows: runs of blocks on their way into the warehouse.
//!
//! A window is recorded as open before the first row of it is inserted and sealed after the last. What is open
//! after a crash is written again with the same boundaries; what is sealed is never written again unless it is
//! reopened. Several ingesters sharing one store will need leases; the attempt number is already the fence that
//! keeps a writer from sealing a window that another has taken over.

mod listing;

use sqlx::{Any, Transaction, any::AnyRow};
use yumascan_chain::{BlockNumber, Hash};

use crate::{
    Store, StoreError,
    error::failed,
    row::{self, now_ms},
};

/// Whether all rows of a window are in the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowState {
    /// Perhaps not: a writer is at it, or was when it died.
    Open,
    /// They are.
    Sealed,
}

/// Rows that a window put into each table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Rows of `raw_blocks`.
    pub raw_blocks: u64,
    /// Rows of `blocks`.
    pub blocks: u64,
    /// Rows of `extrinsics`.
    pub extrinsics: u64,
    /// Rows of `calls`.
    pub calls: u64,
    /// Rows of `events`.
    pub events: u64,
    /// Rows of `transfers`.
    pub transfers: u64,
    /// Rows of `quarantine`.
    pub quarantined: u64,
}

/// A window as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// First block.
    pub first: BlockNumber,
    /// Last block, inclusive.
    pub last: BlockNumber,
    /// Open or sealed.
    pub state: WindowState,
    /// Number of its last opening; grows with every opening of any window.
    pub attempt: u32,
    /// Generation of the decoder that wrote its rows.
    pub decoder_generation: u32,
    /// Hash of its rows; `None` while open.
    pub content_hash: Option<Hash>,
    /// Rows it put into each table; `None` while open.
    pub rows: Option<RowCounts>,
    /// When it was last opened, milliseconds since the Unix epoch.
    pub opened_at_ms: u64,
    /// When it was sealed; `None` while open.
    pub sealed_at_ms: Option<u64>,
}

/// The right to write a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenWindow {
    /// First block.
    pub first: BlockNumber,
    /// Last block, inclusive.
    pub last: BlockNumber,
    /// Number of this opening, higher than that of any before, in any window. It fences the seal.
    pub attempt: u32,
    /// Generation of the decoder that writes now.
    pub decoder_generation: u32,
    /// Generation of the decoder that wrote this window (wholly or in part) before; `None` for a new one.
    pub previous: Option<u32>,
}

/// Which stored state lets a window be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// None or open.
    Write,
    /// Sealed or open.
    Rewrite,
}

impl Store {
    /// Opens a window that is to be written: a new one, or one that was left open.
    ///
    /// # Errors
    /// [`StoreError::WindowSealed`], [`StoreError::WindowOverlap`], [`StoreError::InvalidRange`].
    pub async fn open_window(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        decoder_generation: u32,
    ) -> Result<OpenWindow, StoreError> {
        self.open_for(first, last, decoder_generation, Opening::Write).await
    }

    /// Opens a sealed window again, so that its rows can be rebuilt.
    ///
    /// # Errors
    /// [`StoreError::WindowUnknown`], [`StoreError::WindowOverlap`], [`StoreError::InvalidRange`].
    pub async fn reopen_window(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        decoder_generation: u32,
    ) -> Result<OpenWindow, StoreError> {
        self.open_for(first, last, decoder_generation, Opening::Rewrite).await
    }

    /// Declares that all rows of an open window are in the warehouse. Repeating the same seal does nothing.
    ///
    /// # Errors
    /// [`StoreError::StaleAttempt`] when the window was opened again since, [`StoreError::SealDiffers`] when this
    /// attempt sealed it with other content, [`StoreError::WindowUnknown`].
    pub async fn seal_window(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        attempt: u32,
        content_hash: Hash,
        rows: RowCounts,
    ) -> Result<(), StoreError> {
        let sealed = sqlx::query(
            "UPDATE windows
             SET state = 'sealed', content_hash = $4, sealed_at_ms = $5, raw_block_rows = $6, block_rows = $7,
                 extrinsic_rows = $8, call_rows = $9, event_rows = $10, transfer_rows = $11, quarantine_rows = $12
             WHERE first_block = $1 AND last_block = $2 AND attempt = $3 AND state = 'open'",
        )
        .bind(row::stored(first, "first_block")?)
        .bind(row::stored(last, "last_block")?)
        .bind(i64::from(attempt))
        .bind(content_hash.to_string())
        .bind(now_ms())
        .bind(row::stored(rows.raw_blocks, "raw_block_rows")?)
        .bind(row::stored(rows.blocks, "block_rows")?)
        .bind(row::stored(rows.extrinsics, "extrinsic_rows")?)
        .bind(row::stored(rows.calls, "call_rows")?)
        .bind(row::stored(rows.events, "event_rows")?)
        .bind(row::stored(rows.transfers, "transfer_rows")?)
        .bind(row::stored(rows.quarantined, "quarantine_rows")?)
        .execute(&self.pool)
        .await
        .map_err(failed("seal a window"))?;
        if sealed.rows_affected() == 1 {
            return Ok(());
        }

        let window = self.find_window(first, last).await?.ok_or(StoreError::WindowUnknown { first, last })?;
        match window.content_hash {
            _ if window.attempt != attempt => {
                Err(StoreError::StaleAttempt { first, last, attempt, newest: window.attempt })
            }
            Some(found) if found != content_hash => {
                Err(StoreError::SealDiffers { first, last, found, given: content_hash })
            }
            _ => Ok(()),
        }
    }

    /// Forgets an open window of which no row was inserted, e.g. when its blocks cannot be had.
    ///
    /// # Errors
    /// [`StoreError::StaleAttempt`] when it was opened again since, [`StoreError::WindowSealed`]; a window that
    /// does not exist is forgotten already.
    pub async fn discard_window(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        attempt: u32,
    ) -> Result<(), StoreError> {
        let discarded = sqlx::query(
            "DELETE FROM windows
             WHERE first_block = $1 AND last_block = $2 AND attempt = $3 AND state = 'open'",
        )
        .bind(row::stored(first, "first_block")?)
        .bind(row::stored(last, "last_block")?)
        .bind(i64::from(attempt))
        .execute(&self.pool)
        .await
        .map_err(failed("discard a window"))?;
        if discarded.rows_affected() == 1 {
            return Ok(());
        }
        match self.find_window(first, last).await? {
            None => Ok(()),
            Some(window) if window.attempt != attempt => {
                Err(StoreError::StaleAttempt { first, last, attempt, newest: window.attempt })
            }
            Some(_) => Err(StoreError::WindowSealed { first, last }),
        }
    }

    async fn open_for(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        decoder_generation: u32,
        opening: Opening,
    ) -> Result<OpenWindow, StoreError> {
        const DOING: &str = "open a window";
        if last < first || i64::try_from(last).is_err() {
            return Err(StoreError::InvalidRange { first, last });
        }
        let mut transaction = self.pool.begin().await.map_err(failed(DOING))?;
        // the first statement writes: whoever else opens a window waits here until this transaction ends
        let lock = sqlx::query("UPDATE locks SET taken = taken + 1 WHERE name = 'windows' RETURNING taken")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed(DOING))?;
        let attempt: u32 = row::number(&lock, "taken")?;

        let found = highest_window_touching(&mut transaction, first, last).await?;
        let previous = match found {
            None if opening == Opening::Rewrite => return Err(StoreError::WindowUnknown { first, last }),
            None => None,
            Some(window) if (window.first, window.last) != (first, last) => {
                let (found_first, found_last) = (window.first, window.last);
                return Err(StoreError::WindowOverlap { first, last, found_first, found_last });
            }
            Some(window) if window.state == WindowState::Sealed && opening == Opening::Write => {
                return Err(StoreError::WindowSealed { first, last });
            }
            Some(window) => Some(window.decoder_generation),
        };

        sqlx::query(
            "INSERT INTO windows (first_block, last_block, state, attempt, decoder_generation, opened_at_ms)
             VALUES ($1, $2, 'open', $3, $4, $5)
             ON CONFLICT (first_block) DO UPDATE
             SET state = 'open', attempt = excluded.attempt, decoder_generation = excluded.decoder_generation,
                 opened_at_ms = excluded.opened_at_ms, sealed_at_ms = NULL, content_hash = NULL,
                 raw_block_rows = NULL, block_rows = NULL, extrinsic_rows = NULL, call_rows = NULL,
                 event_rows = NULL, transfer_rows = NULL, quarantine_rows = NULL",
        )
        .bind(row::stored(first, "first_block")?)
        .bind(row::stored(last, "last_block")?)
        .bind(i64::from(attempt))
        .bind(i64::from(decoder_generation))
        .bind(now_ms())
        .execute(&mut *transaction)
        .await
        .map_err(failed(DOING))?;
        transaction.commit().await.map_err(failed(DOING))?;
        Ok(OpenWindow { first, last, attempt, decoder_generation, previous })
    }
}

/// The highest window with a block of `first..=last`. As windows do not overlap, only the one that starts highest
/// among those that start at or below `last` can reach into the range.
async fn highest_window_touching(
    transaction: &mut Transaction<'_, Any>,
    first: BlockNumber,
    last: BlockNumber,
) -> Result<Option<Window>, StoreError> {
    let found =
        sqlx::query("SELECT * FROM windows WHERE first_block <= $1 ORDER BY first_block DESC LIMIT 1")
            .bind(row::stored(last, "last_block")?)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(failed("open a window"))?;
    let window = found.as_ref().map(window).transpose()?;
    Ok(window.filter(|window| window.last >= first))
}

fn window(found: &AnyRow) -> Result<Window, StoreError> {
    let state = row::text(found, "state")?;
    let state = match state.as_str() {
        "open" => WindowState::Open,
        "sealed" => WindowState::Sealed,
        _ => return Err(StoreError::Value { column: "state", value: state, expected: "open or sealed" }),
    };
    let rows = match state {
        WindowState::Open => None,
        WindowState::Sealed => Some(RowCounts {
            raw_blocks: row::number(found, "raw_block_rows")?,
            blocks: row::number(found, "block_rows")?,
            extrinsics: row::number(found, "extrinsic_rows")?,
            calls: row::number(found, "call_rows")?,
            events: row::number(found, "event_rows")?,
            transfers: row::number(found, "transfer_rows")?,
            quarantined: row::number(found, "quarantine_rows")?,
        }),
    };
    Ok(Window {
        first: row::number(found, "first_block")?,
        last: row::number(found, "last_block")?,
        state,
        attempt: row::number(found, "attempt")?,
        decoder_generation: row::number(found, "decoder_generation")?,
        content_hash: row::optional_hash(found, "content_hash")?,
        rows,
        opened_at_ms: row::number(found, "opened_at_ms")?,
        sealed_at_ms: row::optional_number(found, "sealed_at_ms")?,
    })
}
