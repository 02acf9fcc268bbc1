//! Checksums of tables over a range of blocks: equal chains give equal checksums, in whatever order they were written.

use crate::{Table, Warehouse, WarehouseError, query::sql::Sql};

/// Checksum of the rows of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableChecksum {
    /// The table.
    pub table: Table,
    /// Rows counted; for `name_counts`, names.
    pub rows: u64,
    /// Wrapping sum of a hash of each row.
    pub sum: u64,
}

impl Warehouse {
    /// One for each table, over `from..=to`. `name_counts` is summed by name first, as its rows depend on how the
    /// chain was cut into windows.
    pub async fn list_checksums(&self, from: u64, to: u64) -> Result<Vec<TableChecksum>, WarehouseError> {
        let mut checksums = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            let source = match table {
                Table::NameCounts => {
                    "(SELECT kind, pallet, name, sum(occurrences) AS total FROM name_counts \
                                       WHERE first_block BETWEEN ? AND ? GROUP BY kind, pallet, name)"
                        .to_owned()
                }
                _ => format!("(SELECT * FROM {table} WHERE {} BETWEEN ? AND ?)", table.block_column()),
            };
            // the hash of several arguments is NULL where one is; that of a tuple is not
            let text = format!("SELECT count(), sum(cityHash64(tuple(*))) FROM {source}");
            let sql = Sql::new(text).bind(from).bind(to);
            let found = self.fetch_optional::<(u64, u64)>("compute checksums", sql).await?;
            let (rows, sum) = found.unwrap_or_default();
            checksums.push(TableChecksum { table, rows, sum });
        }
        Ok(checksums)
    }
}
