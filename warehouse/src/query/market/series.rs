//! The blocks at which a history is told: every one, or the last of each hour or day.

use crate::{
    Order, Slice, Warehouse, WarehouseError,
    query::{
        Range,
        list::add_range,
        sql::{Conditions, Sql},
    },
};

impl Warehouse {
    /// Blocks with state: all of a range, or the last one of each period of `length_ms` in it, and how many there are.
    /// Periods begin at multiples of their length since the Unix epoch, UTC; the one that is still running counts.
    pub async fn list_state_blocks(
        &self,
        range: Range,
        length_ms: Option<u64>,
        slice: Slice,
    ) -> Result<(Vec<u64>, u64), WarehouseError> {
        let mut conditions = Conditions::default();
        add_range(&mut conditions, "block_number", range);
        let blocks = match length_ms {
            None => {
                Sql::new("SELECT block_number AS block FROM network_state").append(&conditions.to_where())
            }
            Some(length) => {
                conditions.and(Sql::new("isNotNull(timestamp_ms)"));
                Sql::new("SELECT max(block_number) AS block FROM network_state")
                    .append(&conditions.to_where())
                    .push(" GROUP BY intDiv(assumeNotNull(timestamp_ms), ?)")
                    .bind(length)
            }
        };
        let direction = if slice.order == Order::Oldest { "ASC" } else { "DESC" };
        let count = Sql::new("SELECT count() FROM (").append(&blocks).push(")");
        let page = Sql::new("SELECT block FROM (")
            .append(&blocks)
            .push(&format!(") ORDER BY block {direction} LIMIT ? OFFSET ?"))
            .bind(slice.limit)
            .bind(slice.skip);
        let (page, count) = futures::try_join!(
            self.fetch_all::<u64>("list blocks of a history", page),
            self.fetch_count("count blocks of a history", count),
        )?;
        Ok((page, count))
    }
}
