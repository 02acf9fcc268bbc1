//! A subnet's past: by block, hour or day.

use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rollup::Span,
    rows::{NetworkStateRow, SubnetPeriodRow, SubnetStateRow},
};

impl Warehouse {
    /// States of a subnet after the blocks `from..=to`, newest first, at most `limit`. They may be of several subnets
    /// that had the netuid: `registered_at` tells.
    pub async fn list_subnet_blocks(
        &self,
        netuid: u16,
        (from, to): (u64, u64),
        limit: u32,
    ) -> Result<Vec<SubnetStateRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM subnet_state WHERE netuid = ? AND block_number BETWEEN ? AND ? \
             ORDER BY netuid DESC, block_number DESC LIMIT ?",
        );
        self.fetch_all("list states of a subnet", sql.bind(u32::from(netuid)).bind(from).bind(to).bind(limit))
            .await
    }

    /// The first and the last block with state whose time is within `from_ms..=to_ms`; `None` where there is none.
    pub async fn find_state_blocks(
        &self,
        from_ms: u64,
        to_ms: u64,
    ) -> Result<Option<(u64, u64)>, WarehouseError> {
        let sql = Sql::new(
            "SELECT count(), min(block_number), max(block_number) FROM network_state WHERE timestamp_ms BETWEEN ? AND ?",
        );
        let found =
            self.fetch_optional::<(u64, u64, u64)>("find blocks by time", sql.bind(from_ms).bind(to_ms));
        Ok(found.await?.filter(|(count, ..)| *count > 0).map(|(_, first, last)| (first, last)))
    }

    /// Hours of a subnet that start at or after `from_ms` and before `to_ms`, oldest first.
    pub async fn list_subnet_hours(
        &self,
        netuid: u16,
        from_ms: u64,
        to_ms: u64,
    ) -> Result<Vec<SubnetPeriodRow>, WarehouseError> {
        self.list_periods("subnet_hours", Some(netuid), times(from_ms, to_ms)).await
    }

    /// Days, likewise.
    pub async fn list_subnet_days(
        &self,
        netuid: u16,
        from_ms: u64,
        to_ms: u64,
    ) -> Result<Vec<SubnetPeriodRow>, WarehouseError> {
        self.list_periods("subnet_days", Some(netuid), times(from_ms, to_ms)).await
    }

    /// Hours of all subnets, by subnet and time.
    pub async fn list_all_hours(
        &self,
        from_ms: u64,
        to_ms: u64,
    ) -> Result<Vec<SubnetPeriodRow>, WarehouseError> {
        self.list_periods("subnet_hours", None, times(from_ms, to_ms)).await
    }

    /// States of the chain as a whole within `from..=to`, oldest first: about `points` of them, evenly spread by height.
    pub async fn list_network_history(
        &self,
        (from, to): (u64, u64),
        points: u64,
    ) -> Result<Vec<NetworkStateRow>, WarehouseError> {
        let step = (to.saturating_sub(from) / points.max(1)).max(1);
        let sql = Sql::new(
            "SELECT ?fields FROM network_state WHERE block_number BETWEEN ? AND ? \
             ORDER BY block_number LIMIT 1 BY intDiv(block_number, ?)",
        );
        self.fetch_all("list states of the network", sql.bind(from).bind(to).bind(step)).await
    }
}

fn times(from_ms: u64, to_ms: u64) -> Span {
    Span { from_ms, to_ms, first_block: 0, last_block: u64::MAX }
}
