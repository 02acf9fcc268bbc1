//! Share pools of hotkeys as lists.

use super::Moment;
use crate::{
    Order, Slice, Warehouse, WarehouseError,
    query::{
        Range,
        list::add_range,
        sql::{Conditions, Sql},
    },
    rows::HotkeyPoolRow,
};

impl Warehouse {
    /// Share pools at a moment, of a hotkey, a subnet or all, the fullest first, and how many there are.
    pub async fn slice_pools(
        &self,
        hotkey: Option<&str>,
        netuid: Option<u16>,
        moment: &Moment,
        slice: Slice,
    ) -> Result<(Vec<HotkeyPoolRow>, u64), WarehouseError> {
        let mut conditions = Conditions::default();
        conditions.equal("hotkey", hotkey).equal("netuid", netuid.map(u32::from));
        conditions.at_most("block_number", Some(moment.block));
        let newest = Sql::new("(SELECT * FROM hotkey_pools")
            .append(&conditions.to_where())
            .push(" ORDER BY hotkey, netuid, block_number DESC LIMIT 1 BY hotkey, netuid) WHERE total_alpha_rao > 0");
        let rows = Sql::new("SELECT ?fields FROM ")
            .append(&newest)
            .push(" ORDER BY total_alpha_rao DESC, hotkey, netuid LIMIT ? OFFSET ?")
            .bind(slice.limit)
            .bind(slice.skip);
        let count = Sql::new("SELECT count() FROM ").append(&newest);
        futures::try_join!(
            self.fetch_all("list share pools", rows),
            self.fetch_count("count share pools", count)
        )
    }

    /// Changes of share pools, by block, and how many there are.
    pub async fn slice_pool_changes(
        &self,
        hotkey: Option<&str>,
        netuid: Option<u16>,
        range: Range,
        slice: Slice,
    ) -> Result<(Vec<HotkeyPoolRow>, u64), WarehouseError> {
        let mut conditions = Conditions::default();
        conditions.equal("hotkey", hotkey).equal("netuid", netuid.map(u32::from));
        add_range(&mut conditions, "block_number", Range { from_ms: None, to_ms: None, ..range });
        let direction = if slice.order == Order::Oldest { "ASC" } else { "DESC" };
        let rows = Sql::new("SELECT ?fields FROM hotkey_pools")
            .append(&conditions.to_where())
            .push(&format!(" ORDER BY block_number {direction}, hotkey, netuid LIMIT ? OFFSET ?"))
            .bind(slice.limit)
            .bind(slice.skip);
        let count = Sql::new("SELECT count() FROM hotkey_pools").append(&conditions.to_where());
        futures::try_join!(
            self.fetch_all("list changes of pools", rows),
            self.fetch_count("count changes of pools", count)
        )
    }
}
