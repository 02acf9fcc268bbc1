//! Rows of what is read of subnets and the chain as a whole.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// Row of `subnet_state`: a subnet as its state was after a block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct SubnetStateRow {
    /// Block after which the state was read.
    pub block_number: u64,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Block time, milliseconds since the Unix epoch; NULL for genesis.
    pub timestamp_ms: Option<u64>,
    /// Runtime that executed the block.
    pub spec_version: u32,
    /// Block in which the subnet was registered; tells the generations of a reused netuid apart. Source:
    /// NetworkRegisteredAt.
    pub registered_at: Option<u64>,
    /// The chain's own count of registrations of this netuid. Source: RegisteredSubnetCounter.
    pub generation: Option<u64>,
    /// How the pool prices alpha: stable (1:1), constant_product, concentrated or balancer; unknown where a
    /// later runtime has another.
    pub price_model: String,
    /// TAO in the pool, rao; of root: all TAO staked on root. Source: SubnetTAO.
    pub tao_in_rao: Option<u64>,
    /// Alpha in the pool, alpha-rao. Source: SubnetAlphaIn.
    pub alpha_in_rao: Option<u64>,
    /// Alpha outside the pool (staked and pending), alpha-rao. Source: SubnetAlphaOut.
    pub alpha_out_rao: Option<u64>,
    /// TAO in the pool that users provided, rao. Source: SubnetTaoProvided.
    pub tao_provided_rao: Option<u64>,
    /// Alpha in the pool that users provided, alpha-rao. Source: SubnetAlphaInProvided.
    pub alpha_in_provided_rao: Option<u64>,
    /// The chain's own price of alpha in TAO, U96F32: value times 2^32. Recomputed from the pool by the
    /// chain's rule.
    pub price_bits: Option<u128>,
    /// Square root of the price, U64F64: value times 2^64. Source: Swap.AlphaSqrtPrice.
    pub sqrt_price_bits: Option<u128>,
    /// Liquidity of the active price range. Source: Swap.CurrentLiquidity.
    pub liquidity: Option<u64>,
    /// Weight of TAO in the pool, parts of 10^18. Source: Swap.SwapBalancer.
    pub balancer_quote: Option<u64>,
    /// Moving price of alpha in TAO, I96F32: value times 2^32. Source: SubnetMovingPrice.
    pub moving_price_bits: Option<i128>,
    /// TAO traded since registration, both directions, rao. Source: SubnetVolume.
    pub volume_rao: Option<u128>,
    /// TAO injected into the pool by the last emission, rao. Source: SubnetTaoInEmission.
    pub tao_in_emission_rao: Option<u64>,
    /// Alpha injected into the pool by the last emission, alpha-rao. Source: SubnetAlphaInEmission.
    pub alpha_in_emission_rao: Option<u64>,
    /// Alpha emitted to participants by the last emission, alpha-rao. Source: SubnetAlphaOutEmission.
    pub alpha_out_emission_rao: Option<u64>,
    /// TAO for which the chain bought alpha in the block, rao. Source: SubnetExcessTao.
    pub excess_tao_rao: Option<u64>,
    /// TAO that users moved in, less what they moved out, since the last emission, rao. Source:
    /// SubnetTaoFlow.
    pub tao_flow_rao: Option<i64>,
    /// Moving average of the flow, rao a block, I64F64: value times 2^64. Source: SubnetEmaTaoFlow.
    pub ema_tao_flow_bits: Option<i128>,
    /// Block of that average. Source: SubnetEmaTaoFlow.
    pub ema_tao_flow_block: Option<u64>,
    /// TAO that the chain itself moved in, less out, rao. Source: SubnetProtocolFlow.
    pub protocol_flow_rao: Option<i64>,
    /// Its moving average, rao a block, I64F64. Source: SubnetEmaProtocolFlow.
    pub ema_protocol_flow_bits: Option<i128>,
    /// Share of root in the dividends, U96F32: value times 2^32. Source: RootProp.
    pub root_prop_bits: Option<u128>,
    /// Alpha that waits for the miners, alpha-rao. Source: PendingServerEmission.
    pub pending_server_rao: Option<u64>,
    /// Alpha that waits for the validators, alpha-rao. Source: PendingValidatorEmission.
    pub pending_validator_rao: Option<u64>,
    /// Alpha that waits for root stakers, alpha-rao. Source: PendingRootAlphaDivs.
    pub pending_root_rao: Option<u64>,
    /// TAO that waits for root stakers, rao (older runtimes). Source: PendingRootDivs.
    pub pending_root_tao_rao: Option<u64>,
    /// Alpha sold for root stakers since the last epoch, alpha-rao (older runtimes). Source:
    /// PendingAlphaSwapped.
    pub pending_alpha_swapped_rao: Option<u64>,
    /// Alpha that waits for the owner, alpha-rao. Source: PendingOwnerCut.
    pub pending_owner_rao: Option<u64>,
    /// Emission that waits for the epoch, alpha-rao, before dTAO rao (older runtimes). Source:
    /// PendingEmission.
    pub pending_emission_rao: Option<u64>,
    /// Cost of registering a neuron, rao. Source: Burn.
    pub burn_rao: Option<u64>,
    /// Difficulty of registering by proof of work. Source: Difficulty.
    pub difficulty: Option<u64>,
    /// Neurons. Source: SubnetworkN.
    pub neuron_count: Option<u16>,
    /// Blocks between epochs. Source: Tempo.
    pub tempo: Option<u16>,
    /// Blocks since the last epoch. Source: BlocksSinceLastStep.
    pub blocks_since_last_step: Option<u64>,
    /// Block of the last epoch. Source: LastMechansimStepBlock.
    pub last_step_block: Option<u64>,
    /// Mechanisms. Source: MechanismCountCurrent.
    pub mechanism_count: Option<u8>,
    /// Fee of a swap, parts of 65535. Source: Swap.FeeRate.
    pub fee_rate: Option<u16>,
    /// Whether alpha can be traded. Source: SubtokenEnabled.
    pub subtoken_enabled: Option<bool>,
    /// Whether neurons can be registered by burning. Source: NetworkRegistrationAllowed.
    pub registration_allowed: Option<bool>,
    /// Whether neurons can be registered by proof of work. Source: NetworkPowRegistrationAllowed.
    pub pow_registration_allowed: Option<bool>,
    /// Whether the subnet may receive emission. Source: SubnetEmissionEnabled.
    pub emission_enabled: Option<bool>,
    /// First block with emission; NULL before it was started. Source: FirstEmissionBlockNumber.
    pub first_emission_block: Option<u64>,
    /// Coldkey of the owner, SS58. Source: SubnetOwner.
    pub owner: Option<String>,
    /// Hotkey of the owner, SS58. Source: SubnetOwnerHotkey.
    pub owner_hotkey: Option<String>,
    /// TAO recycled by registrations, rao. Source: RAORecycledForRegistration.
    pub recycled_rao: Option<u64>,
    /// TAO locked by the registration of the subnet, rao. Source: SubnetLocked.
    pub locked_rao: Option<u64>,
    /// Alpha that the chain bought and holds, alpha-rao. Source: SubnetProtocolAlpha.
    pub protocol_alpha_rao: Option<u64>,
    /// TAO for which alpha of root stakers was sold in the block, rao. Source: SubnetRootSellTao.
    pub root_sell_tao_rao: Option<u64>,
    /// Alpha issued, alpha-rao, as the chain counts it. Source: AlphaAssets.TotalAlphaIssuance.
    pub alpha_issuance_rao: Option<u64>,
    /// Alpha burned, alpha-rao. Source: AlphaAssets.AlphaBurned.
    pub alpha_burned_rao: Option<u64>,
    /// Alpha recycled, alpha-rao. Source: AlphaAssets.AlphaRecycled.
    pub alpha_recycled_rao: Option<u64>,
    /// Share of the last incentives that was withheld, U96F32: value times 2^32. Source: MinerBurned.
    pub miner_burned_bits: Option<u128>,
    /// Symbol of the token. Source: TokenSymbol.
    pub symbol: Option<String>,
    /// Name in the subnet's identity; NULL without one. Source: SubnetIdentitiesV3 and its predecessors.
    pub name: Option<String>,
}

/// Row of `network_state`: the chain as a whole as its state was after a block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct NetworkStateRow {
    /// Block after which the state was read.
    pub block_number: u64,
    /// Block time, milliseconds since the Unix epoch; NULL for genesis.
    pub timestamp_ms: Option<u64>,
    /// Runtime that executed the block.
    pub spec_version: u32,
    /// TAO ever issued less what was recycled, rao. Source: SubtensorModule.TotalIssuance.
    pub total_issuance_rao: Option<u64>,
    /// The chain's own running count of TAO in pools, rao; approximate. Source: SubtensorModule.TotalStake.
    pub total_stake_rao: Option<u64>,
    /// TAO in accounts, rao. Source: Balances.TotalIssuance.
    pub balances_issuance_rao: Option<u64>,
    /// TAO that the next block may emit, rao. Recomputed from total_issuance_rao by the halving rule.
    pub block_emission_rao: Option<u64>,
    /// TAO staked on root, rao. Source: SubnetTAO of netuid 0.
    pub root_tao_rao: Option<u64>,
    /// Subnets, root included. Source: TotalNetworks.
    pub subnet_count: Option<u16>,
    /// Most subnets there may be. Source: SubnetLimit.
    pub subnet_limit: Option<u16>,
    /// Cost of registering a subnet in the next block, rao. Recomputed from the items below by the chain's
    /// rule.
    pub lock_cost_rao: Option<u64>,
    /// What the last registered subnet cost, rao. Source: NetworkLastLockCost.
    pub last_lock_cost_rao: Option<u64>,
    /// The least a subnet costs, rao. Source: NetworkMinLockCost.
    pub min_lock_cost_rao: Option<u64>,
    /// Weight of root stake, parts of 2^64 - 1. Source: TaoWeight.
    pub tao_weight: Option<u64>,
    /// Share of the emission for subnet owners, parts of 65535. Source: SubnetOwnerCut.
    pub subnet_owner_cut: Option<u16>,
    /// Last block of safe mode; NULL where it is off. Source: SafeMode.EnteredUntil.
    pub safe_mode_until: Option<u64>,
    /// Newest stored round of the randomness beacon. Source: Drand.LastStoredRound.
    pub drand_last_round: Option<u64>,
    /// Coldkeys with stake. Source: NumStakingColdkeys.
    pub staking_coldkeys: Option<u64>,
}
