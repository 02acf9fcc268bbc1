//! Rows of what epochs leave: metagraph, dividends, weights, bonds.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// Row of `neuron_state`: a neuron after an epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct NeuronStateRow {
    /// Block of the epoch; the state is that after it.
    pub block_number: u64,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Neuron.
    pub uid: u16,
    /// Block time, milliseconds since the Unix epoch; NULL for genesis.
    pub timestamp_ms: Option<u64>,
    /// Hotkey of the neuron, SS58; NULL where the state has none. Source: Keys.
    pub hotkey: Option<String>,
    /// Owner of the hotkey, SS58; NULL where the hotkey has none. Source: Owner.
    pub coldkey: Option<String>,
    /// Block in which the neuron was registered. Source: BlockAtRegistration.
    pub registered_at: Option<u64>,
    /// Block in which its weights were last set or committed, mechanism 0. Source: LastUpdate.
    pub last_update: Option<u64>,
    /// Whether it set weights lately. Source: Active.
    pub active: Option<bool>,
    /// Whether it may set weights. Source: ValidatorPermit.
    pub validator_permit: Option<bool>,
    /// Its share of the stake, parts of 65535. Source: StakeWeight.
    pub stake_weight: Option<u16>,
    /// Alpha staked to the hotkey on the subnet, alpha-rao. Source: TotalHotkeyAlpha.
    pub alpha_stake_rao: Option<u64>,
    /// TAO staked to the hotkey on root, rao; before dTAO all TAO staked to it. Source: TotalHotkeyAlpha of
    /// netuid 0, TotalHotkeyStake.
    pub root_stake_rao: Option<u64>,
    /// Consensus, parts of 65535. Source: Consensus.
    pub consensus: Option<u16>,
    /// Incentive in mechanism 0, parts of 65535. Source: Incentive.
    pub incentive: Option<u16>,
    /// Dividends, parts of 65535. Source: Dividends.
    pub dividends: Option<u16>,
    /// Trust of the validator, parts of 65535. Source: ValidatorTrust.
    pub validator_trust: Option<u16>,
    /// Score of the last epoch in alpha-rao (before dTAO rao), incentive and dividends together. Source:
    /// Emission.
    pub emission_rao: Option<u64>,
    /// Rank, parts of 65535 (older runtimes). Source: Rank.
    pub rank: Option<u16>,
    /// Trust, parts of 65535 (older runtimes). Source: Trust.
    pub trust: Option<u16>,
    /// Score for pruning (older runtimes). Source: PruningScores.
    pub pruning_score: Option<u16>,
    /// Incentive in each mechanism from 0, parts of 65535. Source: Incentive.
    pub mech_incentives: Vec<u16>,
    /// Block of the last weights in each mechanism from 0. Source: LastUpdate.
    pub mech_last_updates: Vec<u64>,
    /// Alpha paid to it as a miner by this epoch, alpha-rao; NULL where no epoch ran or the runtime does
    /// not say. Source: event IncentiveAlphaEmittedToMiners.
    pub miner_alpha_rao: Option<u64>,
    /// Where it serves, JSON; NULL where it does not say. Source: Axons.
    pub axon: Option<String>,
}

/// Row of `dividends`: what an epoch paid to a hotkey and its nominators.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct DividendRow {
    /// Block of the epoch.
    pub block_number: u64,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Receiver, SS58.
    pub hotkey: String,
    /// Block time, milliseconds since the Unix epoch; NULL for genesis.
    pub timestamp_ms: Option<u64>,
    /// Alpha for the hotkey's stakers after its take, alpha-rao; 0 where it received only others. Source:
    /// AlphaDividendsPerSubnet.
    pub alpha_dividends_rao: Option<u64>,
    /// Alpha for its root stakers after its take, alpha-rao. Source: RootAlphaDividendsPerSubnet.
    pub root_dividends_rao: Option<u64>,
    /// TAO for its root stakers after its take, rao (older runtimes). Source: TaoDividendsPerSubnet.
    pub tao_dividends_rao: Option<u64>,
    /// Alpha staked to it before the block, alpha-rao. Source: TotalHotkeyAlpha at the parent.
    pub alpha_stake_before_rao: Option<u64>,
    /// Alpha staked to it after the block, alpha-rao. Source: TotalHotkeyAlpha.
    pub alpha_stake_rao: Option<u64>,
    /// TAO staked to it on root before the block, rao. Source: TotalHotkeyAlpha of netuid 0 at the parent.
    pub root_stake_before_rao: Option<u64>,
    /// TAO staked to it on root after the block, rao. Source: TotalHotkeyAlpha of netuid 0.
    pub root_stake_rao: Option<u64>,
    /// Its take before the block, parts of 65535. Source: Delegates at the parent.
    pub take: Option<u16>,
    /// Its take of what its parents earn, before the block, parts of 65535. Source: ChildkeyTake at the
    /// parent.
    pub childkey_take: Option<u16>,
}

/// Row of `weights`: weights of a neuron after an epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct WeightsRow {
    /// Block of the epoch; the state is that after it.
    pub block_number: u64,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Mechanism, from 0.
    pub mechid: u8,
    /// Neuron that has them.
    pub uid: u16,
    /// Neurons they are of. Source: Weights.
    pub targets: Vec<u16>,
    /// As stored, one a target, parts of 65535.
    pub values: Vec<u16>,
}

/// Row of `bonds`: bonds of a neuron after an epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct BondsRow {
    /// Block of the epoch; the state is that after it.
    pub block_number: u64,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Mechanism, from 0.
    pub mechid: u8,
    /// Neuron that has them.
    pub uid: u16,
    /// Neurons they are of. Source: Bonds.
    pub targets: Vec<u16>,
    /// As stored, one a target, parts of 65535.
    pub values: Vec<u16>,
}
