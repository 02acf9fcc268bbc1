//! Writing what the state lane read.
//!
//! A window's rows replace those stored for its blocks; the window's row comes last. The base, all accounts and stakes
//! below the first window of a chain or of a gap, is written at its own block, in pieces, and recorded as a sweep.

use super::replace_range::{Place, RangeReceipt, Target};
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{
        AccountBalanceRow, BondsRow, DividendRow, HotkeyPoolRow, HyperparameterRow, MoveRows,
        NetworkParameterRow, NetworkStateRow, NeuronStateRow, RootClaimableRow, StakeShareRow,
        StateWindowRow, SubnetStateRow, SweepDifferenceRow, SweepRow, WeightsRow,
    },
};

/// What was read of subnets and of the chain as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshots {
    /// Subnets.
    pub subnets: Vec<SubnetStateRow>,
    /// The chain as a whole.
    pub network: Vec<NetworkStateRow>,
    /// Neurons, after epochs.
    pub neurons: Vec<NeuronStateRow>,
    /// Payments of epochs.
    pub dividends: Vec<DividendRow>,
    /// Weights after epochs.
    pub weights: Vec<WeightsRow>,
    /// Bonds after epochs.
    pub bonds: Vec<BondsRow>,
}

/// What accounts hold, where it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Balances.
    pub accounts: Vec<AccountBalanceRow>,
    /// Shares of coldkeys.
    pub stakes: Vec<StakeShareRow>,
    /// Share pools.
    pub pools: Vec<HotkeyPoolRow>,
    /// Claimable rates.
    pub rates: Vec<RootClaimableRow>,
}

/// Changed parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// First block that was looked at: at the head windows are shorter than the stretches in which changes are sought.
    pub first: u64,
    /// Of subnets.
    pub subnets: Vec<HyperparameterRow>,
    /// Of the chain as a whole.
    pub network: Vec<NetworkParameterRow>,
}

/// All that was read in a range of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateWindow {
    /// First block.
    pub first: u64,
    /// Last block.
    pub last: u64,
    /// Generation of the lane.
    pub generation: u32,
    /// Blocks between full readings.
    pub stride: u32,
    /// Whether this is the base below a first window: its snapshots and parameters alone, and no range that is done.
    pub is_base: bool,
    /// Snapshots.
    pub snapshots: Snapshots,
    /// Holdings.
    pub holdings: Holdings,
    /// Changed parameters; `None` where they were not looked at.
    pub parameters: Option<Parameters>,
    /// What moved, by block.
    pub moves: MoveRows,
}

const SUBNETS: Target = Target { table: "subnet_state", order: "netuid, block_number" };
const NETWORK: Target = Target { table: "network_state", order: "block_number" };
const NEURONS: Target = Target { table: "neuron_state", order: "netuid, block_number, uid" };
const DIVIDENDS: Target = Target { table: "dividends", order: "netuid, hotkey, block_number" };
const WEIGHTS: Target = Target { table: "weights", order: "netuid, block_number, mechid, uid" };
const BONDS: Target = Target { table: "bonds", order: "netuid, block_number, mechid, uid" };
const ACCOUNTS: Target = Target { table: "account_balances", order: "account, block_number" };
const STAKES: Target = Target { table: "stake_shares", order: "coldkey, hotkey, netuid, block_number" };
const POOLS: Target = Target { table: "hotkey_pools", order: "hotkey, netuid, block_number" };
const RATES: Target = Target { table: "root_claimable", order: "hotkey, netuid, block_number" };
const HYPERPARAMETERS: Target = Target { table: "hyperparameters", order: "netuid, name, block_number" };
const NETWORK_PARAMETERS: Target = Target { table: "network_parameters", order: "name, block_number" };

impl Snapshots {
    /// Sorts rows as they are stored.
    fn sort(&mut self) {
        self.subnets.sort_by_key(|row| (row.netuid, row.block_number));
        self.network.sort_by_key(|row| row.block_number);
        self.neurons.sort_by_key(|row| (row.netuid, row.block_number, row.uid));
        self.dividends.sort_by(|a, b| {
            (a.netuid, &a.hotkey, a.block_number).cmp(&(b.netuid, &b.hotkey, b.block_number))
        });
        self.weights.sort_by_key(|row| (row.netuid, row.block_number, row.mechid, row.uid));
        self.bonds.sort_by_key(|row| (row.netuid, row.block_number, row.mechid, row.uid));
    }
}

impl Holdings {
    /// Sorts rows as they are stored.
    pub fn sort(&mut self) {
        self.accounts.sort_by(|a, b| (&a.account, a.block_number).cmp(&(&b.account, b.block_number)));
        self.stakes.sort_by(|a, b| {
            (&a.coldkey, &a.hotkey, a.netuid, a.block_number).cmp(&(
                &b.coldkey,
                &b.hotkey,
                b.netuid,
                b.block_number,
            ))
        });
        self.pools.sort_by(|a, b| {
            (&a.hotkey, a.netuid, a.block_number).cmp(&(&b.hotkey, b.netuid, b.block_number))
        });
        self.rates.sort_by(|a, b| {
            (&a.hotkey, a.netuid, a.block_number).cmp(&(&b.hotkey, b.netuid, b.block_number))
        });
    }

    /// Takes in others.
    pub fn append(&mut self, mut more: Self) {
        self.accounts.append(&mut more.accounts);
        self.stakes.append(&mut more.stakes);
        self.pools.append(&mut more.pools);
        self.rates.append(&mut more.rates);
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accounts.len() + self.stakes.len() + self.pools.len() + self.rates.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Parameters {
    fn sort(&mut self) {
        self.subnets
            .sort_by(|a, b| (a.netuid, &a.name, a.block_number).cmp(&(b.netuid, &b.name, b.block_number)));
        self.network.sort_by(|a, b| (&a.name, a.block_number).cmp(&(&b.name, b.block_number)));
    }
}

impl StateWindow {
    /// Sorts rows as they are stored.
    pub fn sort(&mut self) {
        self.snapshots.sort();
        self.holdings.sort();
        if let Some(parameters) = &mut self.parameters {
            parameters.sort();
        }
    }
}

impl Warehouse {
    /// Makes the stored state of a range that of `window`, whose rows are sorted. Doing so again changes nothing.
    ///
    /// # Errors
    /// See [`WarehouseError::is_transient`] for whether to call again; the range does not count as done meanwhile.
    pub async fn write_state(&self, window: &StateWindow) -> Result<RangeReceipt, WarehouseError> {
        let place = Place::blocks(window.first, window.last);
        let mut receipt = RangeReceipt::default();
        let Snapshots { subnets, network, neurons, dividends, weights, bonds } = &window.snapshots;
        receipt.note(self.replace_rows(place, &SUBNETS, subnets, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &NETWORK, network, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &NEURONS, neurons, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &DIVIDENDS, dividends, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &WEIGHTS, weights, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &BONDS, bonds, Clone::clone).await?);
        if let Some(parameters) = &window.parameters {
            let place = Place::blocks(parameters.first, window.last);
            receipt
                .note(self.replace_rows(place, &HYPERPARAMETERS, &parameters.subnets, Clone::clone).await?);
            receipt.note(
                self.replace_rows(place, &NETWORK_PARAMETERS, &parameters.network, Clone::clone).await?,
            );
        }
        if window.is_base {
            return Ok(receipt);
        }
        let Holdings { accounts, stakes, pools, rates } = &window.holdings;
        receipt.note(self.replace_rows(place, &ACCOUNTS, accounts, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &STAKES, stakes, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &POOLS, pools, Clone::clone).await?);
        receipt.note(self.replace_rows(place, &RATES, rates, Clone::clone).await?);
        self.replace_moves(place, &window.moves, &mut receipt).await?;
        self.record_state_window(window).await?;
        Ok(receipt)
    }

    /// Forgets all holdings of a block, before a base is written anew.
    ///
    /// # Errors
    /// As [`Warehouse::write_state`].
    pub async fn clear_holdings(&self, block: u64) -> Result<(), WarehouseError> {
        let place = Place::blocks(block, block);
        for table in [ACCOUNTS.table, STAKES.table, POOLS.table, RATES.table] {
            let count =
                Sql::new(format!("SELECT count() FROM {table}")).append(&place.conditions().to_where());
            if self.fetch_count("look for holdings", count).await? > 0 {
                self.delete_range(place, table).await?;
            }
        }
        Ok(())
    }

    /// Adds holdings of one block to those stored: a piece of a base, or what a sweep found to be other.
    ///
    /// # Errors
    /// As [`Warehouse::write_state`].
    pub async fn add_holdings(&self, block: u64, holdings: &Holdings) -> Result<(), WarehouseError> {
        let place = Place::blocks(block, block);
        self.insert_rows(place, ACCOUNTS.table, &holdings.accounts).await?;
        self.insert_rows(place, STAKES.table, &holdings.stakes).await?;
        self.insert_rows(place, POOLS.table, &holdings.pools).await?;
        self.insert_rows(place, RATES.table, &holdings.rates).await
    }

    /// Records a sweep and what it found; its block's earlier findings stay.
    ///
    /// # Errors
    /// As [`Warehouse::write_state`].
    pub async fn record_sweep(
        &self,
        sweep: &SweepRow,
        differences: &[SweepDifferenceRow],
    ) -> Result<(), WarehouseError> {
        let place = Place::blocks(sweep.block_number, sweep.block_number);
        self.insert_rows(place, "sweep_differences", differences).await?;
        self.insert_rows(place, "sweeps", std::slice::from_ref(sweep)).await
    }

    async fn record_state_window(&self, window: &StateWindow) -> Result<(), WarehouseError> {
        let row = StateWindowRow {
            first_block: window.first,
            last_block: window.last,
            generation: window.generation,
            stride: window.stride,
        };
        let known = Sql::new(
            "SELECT count() FROM state_windows WHERE first_block = ? AND last_block = ? AND generation = ? AND stride = ?",
        );
        let known = known.bind(row.first_block).bind(row.last_block).bind(row.generation).bind(row.stride);
        if self.fetch_count("look for a range whose state was read", known).await? > 0 {
            return Ok(());
        }
        let place = Place::blocks(window.first, window.last);
        self.insert_rows(place, "state_windows", std::slice::from_ref(&row)).await
    }
}
