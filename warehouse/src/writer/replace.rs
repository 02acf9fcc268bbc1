//! Replacing a window's rows after the decoder changed.

use super::ReplaceReceipt;
use crate::{Table, Warehouse, WarehouseError, query::sql::Sql, rows::Window};

impl Warehouse {
    /// Makes the stored rows of a window those of `window`. Tables that hold them already are not touched; where all
    /// do, nothing is written. Raw rows are the source and stay.
    ///
    /// While rows are replaced the window's blocks are not visible; after a crash they stay so until this, or
    /// [`Warehouse::write_window`], is called again.
    ///
    /// # Errors
    /// [`WarehouseError::WindowStraddles`] where the range cuts a window written before.
    pub async fn replace_window(&self, window: &Window) -> Result<ReplaceReceipt, WarehouseError> {
        self.check_not_straddling(window.first, window.last).await?;
        let derived: Vec<_> = Table::ALL.into_iter().filter(|table| *table != Table::RawBlocks).collect();
        let mut changed = self.list_differing_tables(window, &derived).await?;
        // the same names counted in other windows are the same counts
        if changed.contains(&Table::NameCounts) && self.has_same_name_counts(window).await? {
            changed.retain(|table| *table != Table::NameCounts);
        }
        if !changed.is_empty() {
            let attempt = self.rewrite(window, &changed).await?;
            self.record_sealed(window, attempt).await?;
            self.visible.insert(window.first, window.last);
        }
        Ok(ReplaceReceipt {
            first: window.first,
            last: window.last,
            changed,
            content_hash: window.content_hash,
        })
    }

    /// Deletes and writes anew the rows of `tables`, hidden meanwhile. Returns the new attempt.
    pub(super) async fn rewrite(&self, window: &Window, tables: &[Table]) -> Result<u32, WarehouseError> {
        let attempt = self.find_attempt(window.first, window.last).await? + 1;
        self.record_rewriting(window, attempt).await?;
        self.visible.remove(window.first, window.last);
        self.delete_rows(Table::Blocks, window).await?;
        for table in tables.iter().filter(|table| **table != Table::Blocks) {
            self.delete_rows(*table, window).await?;
        }
        for table in tables.iter().filter(|table| **table != Table::Blocks) {
            self.insert_table(window, *table, attempt).await?;
        }
        self.insert_table(window, Table::Blocks, attempt).await?;
        let mut rewritten = tables.to_vec();
        rewritten.push(Table::Blocks);
        match self.list_differing_tables(window, &rewritten).await?.first() {
            None => Ok(attempt),
            Some(table) => Err(WarehouseError::WriteNotFound {
                table: table.name(),
                first: window.first,
                last: window.last,
            }),
        }
    }

    async fn delete_rows(&self, table: Table, window: &Window) -> Result<(), WarehouseError> {
        let (name, block) = (table.name(), table.block_column());
        let sql = Sql::new(format!(
            "DELETE FROM {name} WHERE {block} BETWEEN ? AND ? SETTINGS lightweight_deletes_sync = 2"
        ));
        self.execute("delete rows of the window", sql.bind(window.first).bind(window.last)).await
    }

    /// Whether the windows written within this one counted the same names as it does.
    async fn has_same_name_counts(&self, window: &Window) -> Result<bool, WarehouseError> {
        let sql = Sql::new(
            "SELECT kind, pallet, name, sum(occurrences) FROM name_counts WHERE first_block BETWEEN ? AND ? \
             GROUP BY kind, pallet, name ORDER BY kind, pallet, name",
        );
        let sql = sql.bind(window.first).bind(window.last);
        let stored = self.fetch_all::<(String, String, String, u64)>("read name counts", sql).await?;
        Ok(stored == window.name_totals)
    }
}
