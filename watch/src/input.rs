//! What detectors see of a block: rows as they are stored.

use yumascan_warehouse::rows::{
    BlockRow, CallRow, EmissionVerificationRow, EpochVerificationRow, EventRow, ExtrinsicRow, QuarantineRow,
};

/// A block and what is known of it.
///
/// Texts that no detector reads (`args` of most calls, `args` and `extensions` of extrinsics) may be empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BlockInput {
    /// The block.
    pub block: BlockRow,
    /// Its extrinsics, in order.
    pub extrinsics: Vec<ExtrinsicRow>,
    /// Nodes of its call trees, by extrinsic and call.
    pub calls: Vec<CallRow>,
    /// Its events, in order.
    pub events: Vec<EventRow>,
    /// What could not be decoded.
    pub quarantine: Vec<QuarantineRow>,
    /// Where the runtime is another than the block before's: how their metadata differ.
    pub upgrade: Option<MetadataDifference>,
    /// Migrations that it began with, by name; `None` where none were due or the state lane did not look.
    pub migrations: Option<Vec<String>>,
    /// Rows of the state lane; `None` where it did not look at the block.
    pub state: Option<StateInput>,
    /// Verdicts; `None` where the block was not verified.
    pub verification: Option<VerificationInput>,
}

/// How two runtimes' metadata differ. Names are `Pallet.item`, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct MetadataDifference {
    /// Spec before.
    pub old_spec: u32,
    /// Spec now.
    pub new_spec: u32,
    /// Why nothing can be said, where one of them is not stored.
    pub unknown: Option<String>,
    /// Pallets, calls, events, errors and storage items that are new: `call SubtensorModule.x`.
    pub added: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
    /// Those whose fields or types differ.
    pub changed: Vec<String>,
}

/// Verdicts about a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VerificationInput {
    /// Epochs that ran in it.
    pub epochs: Vec<EpochVerificationRow>,
    /// Its emission by subnet.
    pub emissions: Vec<EmissionVerificationRow>,
}

/// What of a block's state detectors look at. Amounts are rao (alpha-rao for alpha); `None` is unknown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateInput {
    /// The network.
    pub network: Option<NetworkState>,
    /// Every subnet that is there, root among them, ascending; empty where the block was not sampled.
    pub subnets: Vec<SubnetState>,
    /// Neurons of subnets whose epoch ran in the block.
    pub neurons: Vec<NeuronState>,
    /// Rows of weights after those epochs.
    pub weights: Vec<WeightRow>,
    /// Accounts whose balance changed: SS58, free balance after the block.
    pub balances: Vec<(String, u64)>,
    /// Whether root stakers were paid in the block.
    pub root_paid: bool,
    /// What a sweep found wrong: item, key.
    pub sweep_differences: Vec<(String, String)>,
}

/// The network in a block's state.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct NetworkState {
    pub total_issuance_rao: Option<u64>,
    pub balances_issuance_rao: Option<u64>,
    pub block_emission_rao: Option<u64>,
    pub subnet_limit: Option<u64>,
    pub subnet_count: Option<u64>,
    pub lock_cost_rao: Option<u64>,
    pub last_lock_cost_rao: Option<u64>,
}

/// A subnet in a block's state. Prices are TAO per alpha.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct SubnetState {
    pub netuid: u16,
    pub registered_at: Option<u64>,
    pub first_emission_block: Option<u64>,
    pub tao_in_rao: Option<u64>,
    pub price: Option<f64>,
    pub moving_price: Option<f64>,
    pub tao_in_emission_rao: Option<u64>,
    pub alpha_out_emission_rao: Option<u64>,
    pub tempo: Option<u64>,
    pub blocks_since_last_step: Option<u64>,
    pub burn_rao: Option<u64>,
    pub neuron_count: Option<u64>,
    pub subtoken_enabled: Option<bool>,
    pub registration_allowed: Option<bool>,
    pub emission_enabled: Option<bool>,
    pub owner: Option<String>,
    pub owner_hotkey: Option<String>,
}

/// A neuron after an epoch. Scores are 0..65535 as stored.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct NeuronState {
    pub netuid: u16,
    pub uid: u16,
    pub hotkey: String,
    pub coldkey: String,
    pub registered_at: Option<u64>,
    pub last_update: Option<u64>,
    pub active: Option<bool>,
    pub validator_permit: Option<bool>,
    /// Stake as the epoch weighs it: 0..65535 of the subnet, or rao.
    pub stake_weight: Option<u64>,
    /// TAO staked to it on root, rao.
    pub root_stake_rao: Option<u64>,
    pub consensus: Option<u16>,
    pub incentive: Option<u16>,
    pub dividends: Option<u16>,
    pub validator_trust: Option<u16>,
}

/// Weights that a neuron gives on a mechanism.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct WeightRow {
    pub netuid: u16,
    pub mechid: u8,
    pub uid: u16,
    pub targets: Vec<u16>,
    pub values: Vec<u16>,
}
