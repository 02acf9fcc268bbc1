//! Rows of changed parameters, and of the lane's own records.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// Row of `hyperparameters`: a changed parameter of a subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct HyperparameterRow {
    /// Block that changed it.
    pub block_number: u64,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Storage item, with its pallet where it is not SubtensorModule.
    pub name: String,
    /// Block time, milliseconds since the Unix epoch; NULL for genesis.
    pub timestamp_ms: Option<u64>,
    /// Value before the block, canonical JSON; NULL where there was none.
    pub old_value: Option<String>,
    /// Value after the block, canonical JSON; NULL where there is none.
    pub new_value: Option<String>,
    /// Extrinsic that changed it; NULL where none did or none can be named.
    pub extrinsic_index: Option<u32>,
    /// Call that changed it, Pallet.call; NULL likewise.
    pub call: Option<String>,
    /// Who signed the extrinsic, SS58; NULL likewise.
    pub signer: Option<String>,
    /// call, first_seen (first reading), subnet_registered, subnet_removed, runtime_upgrade, adjustment
    /// (the chain's own), or unknown.
    pub cause: String,
}

/// Row of `network_parameters`: a changed parameter of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct NetworkParameterRow {
    /// Block that changed it.
    pub block_number: u64,
    /// Storage item, with its pallet where it is not SubtensorModule.
    pub name: String,
    /// Block time, milliseconds since the Unix epoch; NULL for genesis.
    pub timestamp_ms: Option<u64>,
    /// Value before the block, canonical JSON; NULL where there was none.
    pub old_value: Option<String>,
    /// Value after the block, canonical JSON; NULL where there is none.
    pub new_value: Option<String>,
    /// Extrinsic that changed it; NULL where none did or none can be named.
    pub extrinsic_index: Option<u32>,
    /// Call that changed it, Pallet.call; NULL likewise.
    pub call: Option<String>,
    /// Who signed the extrinsic, SS58; NULL likewise.
    pub signer: Option<String>,
    /// call, first_seen (first reading), subnet_registered, subnet_removed, runtime_upgrade, adjustment
    /// (the chain's own), or unknown.
    pub cause: String,
}

/// Row of `state_windows`: a range of blocks whose state was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct StateWindowRow {
    /// First block of the range.
    pub first_block: u64,
    /// Last block of the range.
    pub last_block: u64,
    /// Generation of the lane; a newer one reads the range again.
    pub generation: u32,
    /// Blocks between full readings of subnet_state; 1 is every block.
    pub stride: u32,
}

/// Row of `sweeps`: a reading of all accounts and stakes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct SweepRow {
    /// Block after which everything was read.
    pub block_number: u64,
    /// initial: nothing was known before; check: compared with what was followed block by block.
    pub kind: String,
    /// Accounts read.
    pub accounts: u64,
    /// Stakes of coldkeys read.
    pub stakes: u64,
    /// Share pools read.
    pub pools: u64,
    /// Claimable rates read.
    pub rates: u64,
    /// Values that were not as followed; see sweep_differences.
    pub differences: u64,
}

/// Row of `sweep_differences`: a value that a sweep found other than followed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct SweepDifferenceRow {
    /// Block of the sweep.
    pub block_number: u64,
    /// Table the value belongs to: account_balances, stake_shares, hotkey_pools or root_claimable.
    pub item: String,
    /// Key of the value there, JSON array.
    pub key: String,
    /// Value as followed, JSON; null where none was known.
    pub expected: String,
    /// Value in the chain's state, JSON; null where there is none.
    pub found: String,
}
