//! What the state lane stored: which ranges, and what was held at a block.

use clickhouse::{Row, RowOwned, RowRead};

use crate::{
    Warehouse, WarehouseError,
    query::{coverage::BlockRange, sql::Sql},
    rows::{AccountBalanceRow, HotkeyPoolRow, RootClaimableRow, StakeShareRow, SweepDifferenceRow, SweepRow},
};

/// A row of a table that keeps what is held, a row whenever it changed.
pub trait Held: RowOwned + RowRead + Row + Send {
    /// The table.
    const TABLE: &'static str;
    /// What rows are of, in the order in which they are sorted.
    const KEY: &'static str;
}

impl Held for AccountBalanceRow {
    const TABLE: &'static str = "account_balances";
    const KEY: &'static str = "account";
}
impl Held for StakeShareRow {
    const TABLE: &'static str = "stake_shares";
    const KEY: &'static str = "coldkey, hotkey, netuid";
}
impl Held for HotkeyPoolRow {
    const TABLE: &'static str = "hotkey_pools";
    const KEY: &'static str = "hotkey, netuid";
}
impl Held for RootClaimableRow {
    const TABLE: &'static str = "root_claimable";
    const KEY: &'static str = "hotkey, netuid";
}

impl Warehouse {
    /// Ranges of blocks whose state was read by this generation, or one that reads at least as often.
    pub async fn list_state_ranges(
        &self,
        from: u64,
        to: u64,
        generation: u32,
        stride: u32,
    ) -> Result<Vec<BlockRange>, WarehouseError> {
        let sql = Sql::new(
            "SELECT DISTINCT first_block, last_block FROM state_windows WHERE generation = ? AND stride <= ? \
             AND last_block >= ? AND first_block <= ? ORDER BY first_block, last_block",
        );
        let sql = sql.bind(generation).bind(stride).bind(from).bind(to);
        let found = self.fetch_all::<(u64, u64)>("list ranges whose state was read", sql).await?;
        Ok(found.into_iter().map(|(from, to)| BlockRange { from, to }).collect())
    }

    /// What is held at a block, each key's newest row: handed to `each` one by one, in the order of keys.
    pub async fn for_each_held<R: Held>(
        &self,
        at: u64,
        mut each: impl FnMut(R::Value<'_>) + Send,
    ) -> Result<u64, WarehouseError> {
        let (table, key) = (R::TABLE, R::KEY);
        let sql = Sql::new(format!("SELECT ?fields FROM {table} WHERE block_number <= ? "))
            .push(&format!("ORDER BY {key}, block_number DESC LIMIT 1 BY {key}"))
            .bind(at);
        let doing = "read what is held";
        let mut cursor = self.stream(&sql).fetch::<R>().map_err(WarehouseError::of(doing))?;
        let mut rows = 0;
        while let Some(row) = cursor.next().await.map_err(WarehouseError::of(doing))? {
            rows += 1;
            each(row);
        }
        Ok(rows)
    }

    /// Sweeps of a range of blocks, ascending.
    pub async fn list_sweeps(&self, from: u64, to: u64) -> Result<Vec<SweepRow>, WarehouseError> {
        let sql =
            Sql::new("SELECT ?fields FROM sweeps WHERE block_number BETWEEN ? AND ? ORDER BY block_number");
        self.fetch_all("list sweeps", sql.bind(from).bind(to)).await
    }

    /// What sweeps of a range of blocks found to be other than followed.
    pub async fn list_sweep_differences(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<SweepDifferenceRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM sweep_differences WHERE block_number BETWEEN ? AND ? ORDER BY block_number, item, key",
        );
        self.fetch_all("list what sweeps found", sql.bind(from).bind(to)).await
    }
}
