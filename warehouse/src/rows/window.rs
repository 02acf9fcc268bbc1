//! A window of blocks, filled block by block, then sealed as the bytes that are inserted.
//!
//! Rows are encoded as they are pushed, so that a window of many small rows is held once, as bytes.

use clickhouse::Row;
use yumascan_chain::{DECODER_GENERATION, DecodedBlock, Hash, RawBlock};

use super::{
    ActivityRow, BlockRow, BlockRows, CallRow, EventRow, ExtrinsicRow, HashRow, NameCountRow, QuarantineRow,
    RawBlockRow, TransferRow,
    encoded::{Encoded, TableRows, sorted_table},
    name_counts::NameCounts,
};
use crate::{Table, WarehouseError};

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
    names: NameCounts,
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
            names: NameCounts::default(),
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
        self.names.count(rows);
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
        for (kind, pallet, name, occurrences) in following.names.iter() {
            self.names.add(kind, pallet, name, occurrences);
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
        let names: Vec<_> = self.names.iter().map(|counted| self.name_row(counted)).collect();
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

    fn name_row(&self, (kind, pallet, name, occurrences): (&str, &str, &str, u64)) -> NameCountRow {
        NameCountRow {
            kind: kind.to_owned(),
            pallet: pallet.to_owned(),
            name: name.to_owned(),
            first_block: self.first,
            last_block: self.last,
            occurrences,
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

fn hash_of_tables(tables: &[TableRows]) -> Hash {
    let text: String = tables
        .iter()
        .map(|rows| format!("{} {} {:032x}\n", rows.table.name(), rows.rows, rows.content_hash))
        .collect();
    Hash::blake2_256(text.as_bytes())
}
