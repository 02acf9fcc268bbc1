//! Rows of a table as bytes, cut into inserts.
//!
//! What an insert holds depends on the rows alone, never on how they were put together: the deduplication tokens rest
//! on that.

use bytes::Bytes;
use clickhouse::Row;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use crate::{Table, WarehouseError, rowbinary::write_row};

/// Rows of one insert at most, unless a single block has more.
const CHUNK_ROWS: u64 = 100_000;
/// Bytes of one insert at most, unless a single block has more.
const CHUNK_BYTES: usize = 32 << 20;

/// Rows of a table, encoded, with marks where an insert may be cut (after each block).
#[derive(Debug, Default)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// (end in `bytes`, rows so far), ascending.
    cuts: Vec<(usize, u64)>,
    rows: u64,
}

impl Encoded {
    pub(super) fn write<'r, R: Serialize + 'r>(
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

    pub(super) fn cut(&mut self) {
        if self.cuts.last().is_none_or(|(_, rows)| *rows < self.rows) && self.rows > 0 {
            self.cuts.push((self.bytes.len(), self.rows));
        }
    }

    pub(super) fn append(&mut self, next: &Self) {
        let (bytes, rows) = (self.bytes.len(), self.rows);
        self.bytes.extend_from_slice(&next.bytes);
        self.cuts.extend(next.cuts.iter().map(|(end, count)| (end + bytes, count + rows)));
        self.rows += next.rows;
    }

    pub(super) fn finish(self, table: Table, columns: &'static [&'static str]) -> TableRows {
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

/// Encodes rows that are sorted by something else than blocks; any row may be the last of an insert.
pub(super) fn sorted_table<R: Row + Serialize>(
    table: Table,
    rows: &[R],
) -> Result<TableRows, WarehouseError> {
    let mut encoded = Encoded::default();
    for row in rows {
        encoded.write(table, [row])?;
        encoded.cut();
    }
    Ok(encoded.finish(table, R::COLUMN_NAMES))
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
