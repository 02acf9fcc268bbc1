//! A window of blocks as the bytes that are inserted.
//!
//! Rows are encoded as they are pushed, so that a window of many small rows is held once, as bytes. What a chunk
//! holds depends on the rows alone, never on how they were put together: the deduplication tokens rest on that.

use std::collections::BTreeMap;

use bytes::Bytes;
use clickhouse::Row;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;
use yumascan_chain::{DECODER_GENERATION, DecodedBlock, Hash, RawBlock};

use super::{
    ActivityRow, BlockRow, BlockRows, CallRow, EventRow, ExtrinsicRow, HashRow, NameCountRow, QuarantineRow,
    RawBlockRow, TransferRow,
};
use crate::{Table, WarehouseError, rowbinary::write_row};

/// Rows of one insert at most, unless a single block has more.
const CHUNK_ROWS: u64 = 100_000;
/// Bytes of one insert at most, unless a single block has more.
const CHUNK_BYTES: usize = 32 << 20;

/// Rows of a table, encoded, with marks where an insert may be cut (after each block).
#[derive(Debug, Default)]
struct Encoded {
    bytes: Vec<u8>,
    /// (end in `bytes`, rows so far), ascending.
    cuts: Vec<(usize, u64)>,
    rows: u64,
}

impl Encoded {
    fn write<'r, R: Serialize + 'r>(
        &mut self,
        table: Table,
        rows: impl IntoIterator<Item = &'r R>,
    ) -> Result<(), WarehouseError> {
        for row in rows {
            write_row(&mut self.bytes, row).map_err(|source| WarehouseError::Encode {
                table: table.name(),
                reason: source.to_string(),
            })?;
            self.rows += 1;
        }
        Ok(())
    }

    fn cut(&mut self) {
        if self.cuts.last().is_none_or(|(_, rows)| *rows < self.rows) && self.rows > 0 {
            self.cuts.push((self.bytes.len(), self.rows));
        }
    }

    fn append(&mut self, next: &Self) {
        let (bytes, rows) = (self.bytes.len(), self.rows);
        self.bytes.extend_from_slice(&next.bytes);
        self.cuts.extend(next.cuts.iter().map(|(end, count)| (end + bytes, count + rows)));
        self.rows += next.rows;
    }

    fn finish(self, table: Table, columns: &'static [&'static str]) -> TableRows {
        let mut hasher = Xxh3::new();
        hasher.update(&self.bytes);
        let bytes = Bytes::from(self.bytes);
        let mut chunks = Vec::new();
        let (mut start, mut start_rows) = (0, 0);
        let mut end = 0;
        for (cut, rows) in self.cuts {
            if end > start && (rows - start_rows > CHUNK_ROWS || cut - start > CHUNK_BYTES) {
                chunks.push(bytes.slice(start..end));
                (start, start_rows) = (end, rows);
            }
            end = cut;
        }
        if end > start {
            chunks.push(bytes.slice(start..end));
        }
        TableRows {
            table,
            columns,
            rows: self.rows,
            bytes: bytes.len() as u64,
            content_hash: hasher.digest128(),
            chunks,
        }
    }
}

/// All rows of one table in a window, ready to be inserted.
#[derive(Debug, Clone)]
pub(crate) struct TableRows {
    pub(crate) table: Table,
    pub(crate) columns: &'static [&'static str],
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// XXH3 of the encoded rows in the table's sort order.
    pub(crate) content_hash: u128,
    pub(crate) chunks: Vec<Bytes>,
}

/// Rows of a window while it is being filled.
#[derive(Debug)]
pub struct WindowRows {
    first: u64,
    last: u64,
    next: u64,
    raw: Encoded,
    blocks: Encoded,
    extrinsics: Encoded,
    calls: Encoded,
    events: Encoded,
    transfers: Encoded,
    quarantine: Encoded,
    activity: Vec<ActivityRow>,
    hashes: Vec<HashRow>,
    names: BTreeMap<(&'static str, String, String), u64>,
    generation: u32,
}

/// A window of blocks, complete and encoded, for [`crate::Warehouse::write_window`].
#[derive(Debug, Clone)]
pub struct Window {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) generation: u32,
    /// In the order of [`Table::ALL`].
    pub(crate) tables: Vec<TableRows>,
    pub(crate) content_hash: Hash,
    /// (kind, pallet, name, occurrences), sorted: what `name_counts` amounts to, however windows were cut.
    pub(crate) name_totals: Vec<(String, String, String, u64)>,
}

impl WindowRows {
    /// An empty window of the blocks `first..=last`, decoded by this binary's decoder.
    #[must_use]
    pub fn new(first: u64, last: u64) -> Self {
        Self {
            first,
            last,
            next: first,
            raw: Encoded::default(),
            blocks: Encoded::default(),
            extrinsics: Encoded::default(),
            calls: Encoded::default(),
            events: Encoded::default(),
            transfers: Encoded::default(),
            quarantine: Encoded::default(),
            activity: Vec::new(),
            hashes: Vec::new(),
            names: BTreeMap::new(),
            generation: DECODER_GENERATION,
        }
    }

    /// Names another decoder generation than this binary's.
    #[must_use]
    pub fn with_generation(mut self, generation: u32) -> Self {
        self.generation = generation;
        self
    }

    /// Adds a block; blocks come in ascending order.
    ///
    /// # Errors
    /// When it is not the next block of the window.
    pub fn push(&mut self, raw: &RawBlock, decoded: &DecodedBlock) -> Result<(), WarehouseError> {
        self.push_rows(&BlockRows::new(raw, decoded))
    }

    /// Adds a block that was made into rows before.
    ///
    /// # Errors
    /// When it is not the next block of the window.
    pub fn push_rows(&mut self, rows: &BlockRows) -> Result<(), WarehouseError> {
        self.expect_block(rows.block.number)?;
        self.raw.write(Table::RawBlocks, [&rows.raw])?;
        self.extrinsics.write(Table::Extrinsics, &rows.extrinsics)?;
        self.calls.write(Table::Calls, &rows.calls)?;
        self.events.write(Table::Events, &rows.events)?;
        self.transfers.write(Table::Transfers, &rows.transfers)?;
        // the decoder's order is by where it found them; stored is by kind, then index
        let mut quarantine: Vec<_> = rows.quarantine.iter().collect();
        quarantine.sort_by_key(|row| (&row.kind, row.item_index));
        self.quarantine.write(Table::Quarantine, quarantine)?;
        self.blocks.write(Table::Blocks, [&rows.block])?;
        for encoded in self.encoded_mut() {
            encoded.cut();
        }
        self.activity.extend_from_slice(&rows.activity);
        self.hashes.extend(HashRow::of_block(&rows.block, &rows.extrinsics));
        self.count_names(rows);
        self.next += 1;
        Ok(())
    }

    /// Adds the blocks of `following`, whose first block is this window's next one. For blocks decoded in parallel.
    ///
    /// # Errors
    /// When `following` does not follow, or is not within this window.
    pub fn append(&mut self, mut following: Self) -> Result<(), WarehouseError> {
        self.expect_block(following.first)?;
        if following.next > following.first {
            // its last block must lie within this window too
            let reached = following.next - 1;
            if reached > self.last {
                return Err(self.order_error(reached));
            }
        }
        for (mine, theirs) in self.encoded_mut().into_iter().zip(following.encoded_mut()) {
            mine.append(theirs);
        }
        self.activity.append(&mut following.activity);
        self.hashes.append(&mut following.hashes);
        for (name, occurrences) in following.names {
            *self.names.entry(name).or_default() += occurrences;
        }
        self.next = following.next;
        Ok(())
    }

    /// Bytes held, roughly what will be sent.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        let encoded = [&self.raw, &self.blocks, &self.extrinsics, &self.calls, &self.events, &self.transfers];
        encoded.iter().map(|table| table.bytes.len()).sum::<usize>() + self.activity.len() * 160
    }

    /// Sorts, cuts and hashes.
    ///
    /// # Errors
    /// When a block of the window is missing.
    pub fn finish(mut self) -> Result<Window, WarehouseError> {
        if self.next != self.last + 1 {
            return Err(WarehouseError::WindowIncomplete {
                first: self.first,
                last: self.last,
                missing: self.next,
            });
        }
        ActivityRow::sort_and_dedup(&mut self.activity);
        self.hashes.sort_unstable();
        let names: Vec<_> =
            self.names.iter().map(|(name, occurrences)| self.name_row(name, *occurrences)).collect();
        let name_totals = names
            .iter()
            .map(|row| (row.kind.clone(), row.pallet.clone(), row.name.clone(), row.occurrences))
            .collect();
        let tables = vec![
            self.raw.finish(Table::RawBlocks, RawBlockRow::COLUMN_NAMES),
            self.extrinsics.finish(Table::Extrinsics, ExtrinsicRow::COLUMN_NAMES),
            self.calls.finish(Table::Calls, CallRow::COLUMN_NAMES),
            self.events.finish(Table::Events, EventRow::COLUMN_NAMES),
            self.transfers.finish(Table::Transfers, TransferRow::COLUMN_NAMES),
            self.quarantine.finish(Table::Quarantine, QuarantineRow::COLUMN_NAMES),
            sorted_table(Table::AccountActivity, &self.activity)?,
            sorted_table(Table::HashIndex, &self.hashes)?,
            sorted_table(Table::NameCounts, &names)?,
            self.blocks.finish(Table::Blocks, BlockRow::COLUMN_NAMES),
        ];
        let content_hash = hash_of_tables(&tables);
        let (first, last, generation) = (self.first, self.last, self.generation);
        Ok(Window { first, last, generation, tables, content_hash, name_totals })
    }

    fn name_row(
        &self,
        (kind, pallet, name): &(&'static str, String, String),
        occurrences: u64,
    ) -> NameCountRow {
        NameCountRow {
            kind: (*kind).to_owned(),
            pallet: pallet.clone(),
            name: name.clone(),
            first_block: self.first,
            last_block: self.last,
            occurrences,
        }
    }

    fn count_names(&mut self, rows: &BlockRows) {
        let extrinsics = rows.extrinsics.iter().map(|row| ("extrinsic", &row.pallet, &row.call));
        let calls = rows.calls.iter().map(|row| ("call", &row.pallet, &row.call));
        let events = rows.events.iter().map(|row| ("event", &row.pallet, &row.variant));
        for (kind, pallet, name) in extrinsics.chain(calls).chain(events) {
            *self.names.entry((kind, pallet.clone(), name.clone())).or_default() += 1;
        }
    }

    fn encoded_mut(&mut self) -> [&mut Encoded; 7] {
        [
            &mut self.raw,
            &mut self.blocks,
            &mut self.extrinsics,
            &mut self.calls,
            &mut self.events,
            &mut self.transfers,
            &mut self.quarantine,
        ]
    }

    fn expect_block(&self, number: u64) -> Result<(), WarehouseError> {
        if number == self.next && number <= self.last { Ok(()) } else { Err(self.order_error(number)) }
    }

    fn order_error(&self, number: u64) -> WarehouseError {
        WarehouseError::WindowOrder { first: self.first, last: self.last, number, expected: self.next }
    }
}

impl Window {
    /// First block.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Last block.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Rows of a table.
    #[must_use]
    pub fn rows(&self, table: Table) -> u64 {
        self.tables.iter().find(|rows| rows.table == table).map_or(0, |rows| rows.rows)
    }

    /// Hash of all rows: of a canonical text that names each table with the hash of its rows.
    #[must_use]
    pub fn content_hash(&self) -> Hash {
        self.content_hash
    }

    /// The decoder that made the rows.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }
}

/// Encodes rows that are sorted by something else than blocks; any row may be the last of an insert.
fn sorted_table<R: Row + Serialize>(table: Table, rows: &[R]) -> Result<TableRows, WarehouseError> {
    let mut encoded = Encoded::default();
    for row in rows {
        encoded.write(table, [row])?;
        encoded.cut();
    }
    Ok(encoded.finish(table, R::COLUMN_NAMES))
}

fn hash_of_tables(tables: &[TableRows]) -> Hash {
    let text: String = tables
        .iter()
        .map(|rows| format!("{} {} {:032x}\n", rows.table.name(), rows.rows, rows.content_hash))
        .collect();
    Hash::blake2_256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An encoded table of blocks with so many rows of one byte each.
    fn encoded(rows_of_blocks: &[u64]) -> Encoded {
        let mut encoded = Encoded::default();
        for rows in rows_of_blocks {
            encoded.write(Table::Events, (0..*rows).map(|_| &7u8)).unwrap();
            encoded.cut();
        }
        encoded
    }

    #[test]
    fn an_insert_ends_with_a_block_and_holds_no_more_than_it_should() {
        let sizes = |rows_of_blocks: &[u64]| {
            let chunks = encoded(rows_of_blocks).finish(Table::Events, &[]).chunks;
            chunks.iter().map(|chunk| chunk.len() as u64).collect::<Vec<_>>()
        };
        assert!(sizes(&[]).is_empty());
        assert!(sizes(&[0, 0]).is_empty());
        assert_eq!(sizes(&[60_000, 40_000, 1]), [100_000, 1]);
        assert_eq!(sizes(&[60_000, 0, 60_000, 30_000]), [60_000, 90_000]);
        assert_eq!(sizes(&[300_000, 5, 5]), [300_000, 10], "a block is never cut");
    }

    #[test]
    fn chunks_do_not_depend_on_how_blocks_were_put_together() {
        let rows = [60_000, 30_000, 0, 20_000, 99_000, 1];
        let whole = encoded(&rows).finish(Table::Events, &[]);
        for split in 0..rows.len() {
            let mut joined = encoded(&rows[..split]);
            joined.append(&encoded(&rows[split..]));
            assert_eq!(joined.finish(Table::Events, &[]).chunks, whole.chunks);
        }
    }
}
