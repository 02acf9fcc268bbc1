//! Making the rows of a range of blocks those that were found, for lanes that may look at a range again.
//!
//! The rows are compared with what is stored and replaced only where they differ, so that looking again changes
//! nothing. A lane records a range as done after all its rows: a range that was cut off is looked at again.

use clickhouse::{Row, RowOwned, RowRead};
use serde::Serialize;
use yumascan_chain::Hash;

use crate::{
    Warehouse, WarehouseError,
    query::sql::{Conditions, Sql},
    rowbinary::write_row,
};

/// A table of a lane. It has a column `block_number`, and `netuid` where places name a subnet.
pub(super) struct Target {
    pub(super) table: &'static str,
    /// Columns that give rows an order of their own; rows to compare must come in it.
    pub(super) order: &'static str,
}

/// Whose rows are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) first: u64,
    pub(super) last: u64,
    /// Only this subnet's.
    pub(super) netuid: Option<u16>,
}

/// What replacing the rows of several tables did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RangeReceipt {
    /// Tables whose rows were there already.
    pub unchanged: u32,
    /// Tables that were written.
    pub written: u32,
}

impl RangeReceipt {
    pub(super) fn note(&mut self, written: bool) {
        match written {
            true => self.written += 1,
            false => self.unchanged += 1,
        }
    }
}

impl Place {
    pub(super) fn blocks(first: u64, last: u64) -> Self {
        Self { first, last, netuid: None }
    }

    pub(super) fn conditions(self) -> Conditions {
        let mut conditions = Conditions::default();
        conditions
            .and(Sql::new("block_number BETWEEN ? AND ?").bind(self.first).bind(self.last))
            .equal("netuid", self.netuid.map(u32::from));
        conditions
    }
}

impl Warehouse {
    /// Whether rows had to be written. `essence` is what two equal rows have in common.
    pub(super) async fn replace_rows<R>(
        &self,
        place: Place,
        target: &Target,
        rows: &[R],
        essence: impl Fn(&R) -> R,
    ) -> Result<bool, WarehouseError>
    where
        R: RowOwned + RowRead + Row + Serialize + PartialEq,
    {
        let sql = Sql::new(format!("SELECT ?fields FROM {}", target.table))
            .append(&place.conditions().to_where())
            .push(&format!(" ORDER BY {}", target.order));
        let stored = self.fetch_all::<R>("read the rows of a range", sql).await?;
        if stored.iter().map(&essence).eq(rows.iter().map(&essence)) {
            return Ok(false);
        }
        self.rewrite_rows(place, target, rows, !stored.is_empty()).await?;
        Ok(true)
    }

    /// Stores `rows`, after deleting what is there.
    pub(super) async fn rewrite_rows<R: Row + Serialize>(
        &self,
        place: Place,
        target: &Target,
        rows: &[R],
        has_old: bool,
    ) -> Result<(), WarehouseError> {
        if has_old {
            self.delete_range(place, target.table).await?;
        }
        self.insert_rows(place, target.table, rows).await
    }

    pub(super) async fn delete_range(&self, place: Place, table: &str) -> Result<(), WarehouseError> {
        let sql = Sql::new(format!("DELETE FROM {table}"))
            .append(&place.conditions().to_where())
            .push(" SETTINGS lightweight_deletes_sync = 2");
        self.execute("delete the rows of a range", sql).await
    }

    /// Stores `rows` beside what is there.
    pub(super) async fn insert_rows<R: Row + Serialize>(
        &self,
        place: Place,
        table: &'static str,
        rows: &[R],
    ) -> Result<(), WarehouseError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for row in rows {
            write_row(&mut bytes, row)
                .map_err(|source| WarehouseError::Encode { table, reason: source.to_string() })?;
        }
        let token = self.next_token(table, place);
        self.insert_bytes("store the rows of a range", table, R::COLUMN_NAMES, bytes.into(), &token).await
    }

    /// A token that no insert had: what was deleted may have to be inserted again, and the comparison before each
    /// insert is what keeps rows from being stored twice.
    fn next_token(&self, table: &str, place: Place) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let seed = format!("{}:{}:{}", now.as_nanos(), self.queries_executed(), std::process::id());
        let unique = Hash::blake2_256(seed.as_bytes());
        format!("{table}:{}-{}:{unique}", place.first, place.last)
    }
}
