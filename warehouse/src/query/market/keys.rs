//! Keys that are or will be replaced, and who is whose child.

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{ChildKeysRow, KeySwapRow},
};

impl Warehouse {
    /// Swaps of coldkeys that were scheduled or announced and whose block is not reached at a moment, soonest first.
    pub async fn list_pending_swaps(&self, moment: &Moment) -> Result<Vec<KeySwapRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM (SELECT * FROM key_swaps WHERE block_number <= ? AND kind LIKE 'coldkey%' \
             ORDER BY block_number DESC, event_index DESC LIMIT 1 BY old_key) \
             WHERE kind IN ('coldkey_scheduled', 'coldkey_announced') AND execution_block >= ? ORDER BY execution_block LIMIT 1000",
        );
        self.fetch_all("list pending swaps", sql.bind(moment.block).bind(moment.block)).await
    }

    /// Children as they were set last at a moment, of one subnet or of all.
    pub async fn list_children(
        &self,
        netuid: Option<u16>,
        moment: &Moment,
    ) -> Result<Vec<ChildKeysRow>, WarehouseError> {
        let sql = Sql::new("SELECT ?fields FROM child_keys WHERE state = 'set' AND block_number <= ?")
            .bind(moment.block);
        let sql = match netuid {
            Some(netuid) => sql.push(" AND netuid = ?").bind(u32::from(netuid)),
            None => sql,
        };
        let sql = sql
            .push(" ORDER BY netuid, hotkey, block_number DESC, event_index DESC LIMIT 1 BY netuid, hotkey");
        self.fetch_all("list children", sql).await
    }

    /// Takes of children at a moment that hotkeys set, of 65535: hotkey, subnet, take.
    pub async fn list_childkey_takes(
        &self,
        moment: &Moment,
    ) -> Result<Vec<(String, u16, u16)>, WarehouseError> {
        let sql = Sql::new(
            "SELECT hotkey, assumeNotNull(netuid), argMax(new_take, (block_number, event_index)) FROM delegate_takes \
             WHERE kind = 'childkey' AND isNotNull(netuid) AND block_number <= ? GROUP BY hotkey, netuid",
        );
        self.fetch_all("list takes of children", sql.bind(moment.block)).await
    }
}
