//! Neurons over epochs, by subnet, number or key.

use crate::{
    Order, Slice, Warehouse, WarehouseError,
    query::{
        Range,
        list::add_range,
        sql::{Conditions, Sql},
    },
    rows::{NeuronStateRow, WeightsRow},
};

/// Which states of neurons.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NeuronFilter {
    /// Blocks and times.
    pub range: Range,
    /// Subnet.
    pub netuid: Option<u16>,
    /// Number in the subnet.
    pub uid: Option<u16>,
    /// SS58.
    pub hotkey: Option<String>,
    /// SS58.
    pub coldkey: Option<String>,
}

impl NeuronFilter {
    fn conditions(&self) -> Conditions {
        let mut conditions = Conditions::default();
        add_range(&mut conditions, "block_number", self.range);
        conditions
            .equal("netuid", self.netuid.map(u32::from))
            .equal("uid", self.uid.map(u32::from))
            .equal("hotkey", self.hotkey.as_deref())
            .equal("coldkey", self.coldkey.as_deref());
        conditions
    }
}

impl Warehouse {
    /// States of neurons, one an epoch and uid, by block; within a block by subnet and uid.
    pub async fn slice_neuron_states(
        &self,
        filter: &NeuronFilter,
        slice: Slice,
    ) -> Result<Vec<NeuronStateRow>, WarehouseError> {
        let direction = if slice.order == Order::Oldest { "ASC" } else { "DESC" };
        let sql = Sql::new("SELECT ?fields FROM neuron_state")
            .append(&filter.conditions().to_where())
            .push(&format!(" ORDER BY block_number {direction}, netuid, uid LIMIT ? OFFSET ?"))
            .bind(slice.limit)
            .bind(slice.skip);
        self.fetch_all("list states of neurons", sql).await
    }

    /// How many there are.
    pub async fn count_neuron_states(&self, filter: &NeuronFilter) -> Result<u64, WarehouseError> {
        let sql = Sql::new("SELECT count() FROM neuron_state").append(&filter.conditions().to_where());
        self.fetch_count("count states of neurons", sql).await
    }

    /// Weights of a neuron in mechanism 0 after the epochs within `from..=to`, by block, and how many there are.
    pub async fn slice_weights(
        &self,
        netuid: u16,
        uid: Option<u16>,
        (from, to): (u64, u64),
        slice: Slice,
    ) -> Result<(Vec<WeightsRow>, u64), WarehouseError> {
        let mut conditions = Conditions::default();
        conditions
            .equal("netuid", Some(u32::from(netuid)))
            .equal("mechid", Some(0_u32))
            .equal("uid", uid.map(u32::from))
            .at_least("block_number", Some(from))
            .at_most("block_number", Some(to));
        let direction = if slice.order == Order::Oldest { "ASC" } else { "DESC" };
        let sql = Sql::new("SELECT ?fields FROM weights")
            .append(&conditions.to_where())
            .push(&format!(" ORDER BY block_number {direction}, uid LIMIT ? OFFSET ?"))
            .bind(slice.limit)
            .bind(slice.skip);
        let count = Sql::new("SELECT count() FROM weights").append(&conditions.to_where());
        futures::try_join!(self.fetch_all("list weights", sql), self.fetch_count("count weights", count))
    }
}
