//! Subnets and the chain as a whole at a moment; the generations of a netuid.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{NetworkStateRow, SubnetStateRow},
};

/// A subnet that had a netuid. When a subnet is dissolved, its number may go to another one.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Generation {
    /// Block in which it was registered; `None` where the chain does not say.
    pub registered_at: Option<u64>,
    /// First stored block with its state.
    pub first_block: u64,
    /// Last stored block with its state.
    pub last_block: u64,
    /// Its last name.
    pub name: Option<String>,
}

impl Warehouse {
    /// All subnets that exist at a moment, root first; each row with the block it was read at.
    pub async fn list_subnets(&self, moment: &Moment) -> Result<Vec<SubnetStateRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM subnet_state WHERE block_number BETWEEN ? AND ? \
             ORDER BY netuid, block_number DESC LIMIT 1 BY netuid",
        );
        let sql = sql.bind(moment.floor()).bind(moment.block);
        let mut rows = self.fetch_all::<SubnetStateRow>("list subnets", sql).await?;
        if moment.stride > 1 {
            let gone = self.list_removed(moment).await?;
            rows.retain(|row| {
                !gone.iter().any(|(netuid, block)| *netuid == row.netuid && *block > row.block_number)
            });
        }
        Ok(rows)
    }

    /// A subnet at a moment; `None` where it does not exist then.
    pub async fn find_subnet(
        &self,
        netuid: u16,
        moment: &Moment,
    ) -> Result<Option<SubnetStateRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM subnet_state WHERE netuid = ? AND block_number BETWEEN ? AND ? \
             ORDER BY block_number DESC LIMIT 1",
        );
        let sql = sql.bind(u32::from(netuid)).bind(moment.floor()).bind(moment.block);
        let found = self.fetch_optional::<SubnetStateRow>("find a subnet", sql).await?;
        if moment.stride == 1 || found.is_none() {
            return Ok(found);
        }
        let gone = self.list_removed(moment).await?;
        Ok(found.filter(|row| !gone.iter().any(|(of, block)| *of == netuid && *block > row.block_number)))
    }

    /// The subnets that had a netuid, oldest first. More than one: the number was used again.
    pub async fn list_generations(&self, netuid: u16) -> Result<Vec<Generation>, WarehouseError> {
        let sql = Sql::new(
            "SELECT registered_at, min(block_number) AS first_block, max(block_number) AS last_block, \
             argMax(name, block_number) AS name FROM subnet_state WHERE netuid = ? \
             GROUP BY registered_at ORDER BY first_block",
        );
        self.fetch_all("list the generations of a netuid", sql.bind(u32::from(netuid))).await
    }

    /// All netuids that ever were, ascending.
    pub async fn list_netuids(&self) -> Result<Vec<u16>, WarehouseError> {
        self.fetch_all("list netuids", Sql::new("SELECT DISTINCT netuid FROM subnet_state ORDER BY netuid"))
            .await
    }

    /// The chain as a whole at a moment.
    pub async fn find_network(&self, moment: &Moment) -> Result<Option<NetworkStateRow>, WarehouseError> {
        let sql = Sql::new("SELECT ?fields FROM network_state WHERE block_number = ?").bind(moment.read_at);
        self.fetch_optional("find the state of the network", sql).await
    }

    /// Subnets removed within a moment's stride: (netuid, block).
    async fn list_removed(&self, moment: &Moment) -> Result<Vec<(u16, u64)>, WarehouseError> {
        let sql = Sql::new(
            "SELECT netuid, block_number FROM deregistrations WHERE kind = 'subnet' AND block_number BETWEEN ? AND ?",
        );
        self.fetch_all("list removed subnets", sql.bind(moment.floor()).bind(moment.block)).await
    }
}
