//! Whose hotkeys are: many at once.

use std::collections::BTreeMap;

use super::Moment;
use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// Neurons are looked for so many blocks back: the longest tempo in use is 360.
const LOOK_BACK: u64 = 7_200;

impl Warehouse {
    /// Owners of hotkeys that are neurons somewhere at a moment: hotkey to coldkey, SS58.
    pub async fn list_owners(
        &self,
        hotkeys: Vec<String>,
        moment: &Moment,
    ) -> Result<BTreeMap<String, String>, WarehouseError> {
        if hotkeys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = Sql::new(
            "SELECT assumeNotNull(hotkey) AS of, argMax(assumeNotNull(coldkey), block_number) FROM neuron_state \
             WHERE block_number BETWEEN ? AND ? AND hotkey IN ? AND isNotNull(coldkey) GROUP BY of",
        );
        let sql = sql.bind(moment.block.saturating_sub(LOOK_BACK)).bind(moment.block).bind(hotkeys);
        let rows = self.fetch_all::<(String, String)>("list owners of hotkeys", sql).await?;
        Ok(rows.into_iter().collect())
    }
}
