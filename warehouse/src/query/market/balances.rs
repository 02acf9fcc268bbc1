//! Accounts by what they have.

use super::Moment;
use crate::{Slice, Warehouse, WarehouseError, query::sql::Sql, rows::AccountBalanceRow};

impl Warehouse {
    /// Accounts at a moment by their free TAO, the most first.
    pub async fn slice_balances(
        &self,
        moment: &Moment,
        slice: Slice,
    ) -> Result<Vec<AccountBalanceRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM (SELECT * FROM account_balances WHERE block_number <= ? \
             ORDER BY account, block_number DESC LIMIT 1 BY account) ORDER BY free_rao DESC, account LIMIT ? OFFSET ?",
        );
        self.fetch_all("list accounts by balance", sql.bind(moment.block).bind(slice.limit).bind(slice.skip))
            .await
    }

    /// Accounts at a moment, and those of them that have anything.
    pub async fn count_balances(&self, moment: &Moment) -> Result<(u64, u64), WarehouseError> {
        let sql = Sql::new(
            "SELECT count(), countIf(has) FROM (SELECT argMax(free_rao + reserved_rao > 0, block_number) AS has \
             FROM account_balances WHERE block_number <= ? GROUP BY account)",
        );
        let found = self.fetch_optional::<(u64, u64)>("count accounts", sql.bind(moment.block)).await?;
        Ok(found.unwrap_or_default())
    }
}
