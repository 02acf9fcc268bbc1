//! The state lane's rows by block, for those who look at every block in turn.

use futures::try_join;

use crate::{
    Warehouse, WarehouseError,
    query::{coverage::BlockRange, sql::Sql},
    rows::{
        AccountBalanceRow, NetworkStateRow, NeuronStateRow, SubnetStateRow, SweepDifferenceRow, WeightsRow,
    },
};

/// Name under which the change log of the chain's parameters tells which migrations a block began with: a JSON list.
pub const MIGRATIONS: &str = "HasMigrationRun";

/// Rows of the state lane, each list by block.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct WatchedState {
    pub network: Vec<NetworkStateRow>,
    pub subnets: Vec<SubnetStateRow>,
    pub neurons: Vec<NeuronStateRow>,
    pub weights: Vec<WeightsRow>,
    pub balances: Vec<AccountBalanceRow>,
    pub sweep_differences: Vec<SweepDifferenceRow>,
    /// Blocks in which root stakers were paid.
    pub root_paid: Vec<u64>,
}

impl Warehouse {
    /// Migrations that block `number` began with, a JSON list; `None` where the state lane did not look.
    pub async fn find_migrations(&self, number: u64) -> Result<Option<String>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ifNull(new_value, '[]') FROM network_parameters WHERE name = ? AND block_number = ? LIMIT 1",
        );
        let found: Option<String> =
            self.fetch_optional("find migrations", sql.bind(MIGRATIONS).bind(number)).await?;
        Ok(found)
    }

    /// Ranges within `from..=to` that the state lane looked at, block by block (stride 1) or sampled, lowest first.
    pub async fn list_watchable_state(&self, from: u64, to: u64) -> Result<Vec<BlockRange>, WarehouseError> {
        let sql = Sql::new(
            "SELECT DISTINCT first_block, last_block FROM state_windows \
             WHERE last_block >= ? AND first_block <= ? ORDER BY first_block, last_block",
        );
        let found =
            self.fetch_all::<(u64, u64)>("list ranges of the state lane", sql.bind(from).bind(to)).await?;
        let clipped =
            found.into_iter().map(|(first, last)| BlockRange { from: first.max(from), to: last.min(to) });
        Ok(clipped.collect())
    }

    /// What the state lane stored of `from..=to`.
    pub async fn list_watched_state(&self, from: u64, to: u64) -> Result<WatchedState, WarehouseError> {
        let doing = "read states of blocks";
        let of = |table: &str, order: &str| {
            Sql::new(format!(
                "SELECT ?fields FROM {table} WHERE block_number BETWEEN ? AND ? ORDER BY block_number{order}"
            ))
            .bind(from)
            .bind(to)
        };
        let paid = Sql::new(
            "SELECT DISTINCT block_number FROM events WHERE pallet = 'SubtensorModule' AND variant = 'RootClaimed' \
             AND block_number BETWEEN ? AND ? ORDER BY block_number",
        );
        let (network, subnets, neurons, weights, balances, sweep_differences, root_paid) = try_join!(
            self.fetch_all(doing, of("network_state", "")),
            self.fetch_all(doing, of("subnet_state", ", netuid")),
            self.fetch_all(doing, of("neuron_state", ", netuid, uid")),
            self.fetch_all(doing, of("weights", ", netuid, mechid, uid")),
            self.fetch_all(doing, of("account_balances", ", account")),
            self.fetch_all(doing, of("sweep_differences", ", item, key")),
            self.fetch_all(doing, paid.bind(from).bind(to)),
        )?;
        Ok(WatchedState { network, subnets, neurons, weights, balances, sweep_differences, root_paid })
    }
}
