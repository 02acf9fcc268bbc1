//! The metagraph: neurons of a subnet at a moment, and their past.

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{BondsRow, NeuronStateRow, SubnetStateRow, WeightsRow},
};

impl Warehouse {
    /// Neurons of a subnet at a moment, by uid: each as the last epoch, or its registration since, left it.
    ///
    /// `subnet` is the subnet at the moment, from [`Warehouse::find_subnet`].
    pub async fn list_metagraph(
        &self,
        subnet: &SubnetStateRow,
        moment: &Moment,
    ) -> Result<Vec<NeuronStateRow>, WarehouseError> {
        let since = subnet.registered_at.unwrap_or(0);
        let epoch = subnet.last_step_block.filter(|block| *block <= moment.block).unwrap_or(since).max(since);
        let rows = self.list_neurons_between(subnet.netuid, epoch, moment.block).await?;
        let count = usize::from(subnet.neuron_count.unwrap_or(0));
        if rows.len() >= count || epoch == since {
            return Ok(rows.into_iter().filter(|row| is_within(row, subnet)).collect());
        }
        // the last epoch is not stored: each neuron as it was known last
        let rows = self.list_neurons_between(subnet.netuid, since, moment.block).await?;
        Ok(rows.into_iter().filter(|row| is_within(row, subnet)).collect())
    }

    /// A neuron at a moment; `None` where the subnet has no such uid then.
    pub async fn find_neuron(
        &self,
        subnet: &SubnetStateRow,
        uid: u16,
        moment: &Moment,
    ) -> Result<Option<NeuronStateRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM neuron_state WHERE netuid = ? AND block_number BETWEEN ? AND ? AND uid = ? \
             ORDER BY block_number DESC LIMIT 1",
        );
        let sql = sql
            .bind(u32::from(subnet.netuid))
            .bind(subnet.registered_at.unwrap_or(0))
            .bind(moment.block)
            .bind(u32::from(uid));
        let found = self.fetch_optional("find a neuron", sql).await?;
        Ok(found.filter(|row| is_within(row, subnet)))
    }

    /// States of a uid within `from..=to`, newest first, at most `limit`: one an epoch. Its hotkey may change.
    pub async fn list_neuron_history(
        &self,
        netuid: u16,
        uid: u16,
        from: u64,
        to: u64,
        limit: u32,
    ) -> Result<Vec<NeuronStateRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM neuron_state WHERE netuid = ? AND block_number BETWEEN ? AND ? AND uid = ? \
             ORDER BY block_number DESC LIMIT ?",
        );
        let sql = sql.bind(u32::from(netuid)).bind(from).bind(to).bind(u32::from(uid)).bind(limit);
        self.fetch_all("list states of a neuron", sql).await
    }

    /// The newest epoch of a subnet at or before `block` whose metagraph is stored.
    pub async fn find_epoch_block(&self, netuid: u16, block: u64) -> Result<Option<u64>, WarehouseError> {
        let sql = Sql::new(
            "SELECT block_number FROM weights WHERE netuid = ? AND block_number <= ? ORDER BY netuid DESC, block_number DESC LIMIT 1",
        );
        self.fetch_optional("find an epoch", sql.bind(u32::from(netuid)).bind(block)).await
    }

    /// Weights after the epoch of `block`, of all neurons or of one.
    pub async fn list_weights(
        &self,
        netuid: u16,
        mechid: u8,
        block: u64,
        uid: Option<u16>,
    ) -> Result<Vec<WeightsRow>, WarehouseError> {
        self.fetch_all("list weights", of_epoch("weights", netuid, mechid, block, uid)).await
    }

    /// Bonds after the epoch of `block`, of all neurons or of one.
    pub async fn list_bonds(
        &self,
        netuid: u16,
        mechid: u8,
        block: u64,
        uid: Option<u16>,
    ) -> Result<Vec<BondsRow>, WarehouseError> {
        self.fetch_all("list bonds", of_epoch("bonds", netuid, mechid, block, uid)).await
    }

    /// The newest state of each neuron that `hotkey` is, one a subnet on which it still is one.
    pub async fn list_neurons_of(
        &self,
        hotkey: &str,
        moment: &Moment,
    ) -> Result<Vec<NeuronStateRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM neuron_state WHERE (netuid, uid, block_number) IN (\
             SELECT netuid, uid, max(block_number) FROM neuron_state WHERE block_number BETWEEN ? AND ? AND (netuid, uid) IN (\
             SELECT DISTINCT netuid, uid FROM neuron_state WHERE block_number BETWEEN ? AND ? AND hotkey = ?) GROUP BY netuid, uid) \
             AND hotkey = ? ORDER BY netuid",
        );
        let from = moment.block.saturating_sub(LOOK_BACK);
        let sql = sql.bind(from).bind(moment.block).bind(from).bind(moment.block).bind(hotkey).bind(hotkey);
        self.fetch_all("list neurons of a hotkey", sql).await
    }

    async fn list_neurons_between(
        &self,
        netuid: u16,
        from: u64,
        to: u64,
    ) -> Result<Vec<NeuronStateRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM neuron_state WHERE netuid = ? AND block_number BETWEEN ? AND ? \
             ORDER BY uid, block_number DESC LIMIT 1 BY uid",
        );
        self.fetch_all("list a metagraph", sql.bind(u32::from(netuid)).bind(from).bind(to)).await
    }
}

/// Blocks within which every subnet has an epoch, unless it stands still: the longest tempo in use is 360.
const LOOK_BACK: u64 = 7_200;

/// Whether the uid is one of the subnet's at that moment: trimmed ones are not.
fn is_within(row: &NeuronStateRow, subnet: &SubnetStateRow) -> bool {
    subnet.neuron_count.is_none_or(|count| row.uid < count)
}

fn of_epoch(table: &str, netuid: u16, mechid: u8, block: u64, uid: Option<u16>) -> Sql {
    let sql =
        Sql::new(format!("SELECT ?fields FROM {table} WHERE netuid = ? AND block_number = ? AND mechid = ?"))
            .bind(u32::from(netuid))
            .bind(block)
            .bind(u32::from(mechid));
    let sql = match uid {
        Some(uid) => sql.push(" AND uid = ?").bind(u32::from(uid)),
        None => sql,
    };
    sql.push(" ORDER BY uid")
}
