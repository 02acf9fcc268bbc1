-- The state lane: what the chain's state was, block after block. Written by `yumascan state`, after backfill and at the head.
-- Rows of a range are replaced as a whole; `state_windows` comes last and tells that a range is done.

CREATE TABLE IF NOT EXISTS {database}.subnet_state {on_cluster}
(
    block_number UInt64 COMMENT 'Block after which the state was read.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    spec_version UInt32 COMMENT 'Runtime that executed the block.' CODEC(Delta, ZSTD(1)),
    registered_at Nullable(UInt64) COMMENT 'Block in which the subnet was registered; tells the generations of a reused netuid apart. Source: NetworkRegisteredAt.' CODEC(Delta, ZSTD(1)),
    generation Nullable(UInt64) COMMENT 'The chain''s own count of registrations of this netuid. Source: RegisteredSubnetCounter.' CODEC(Delta, ZSTD(1)),
    price_model LowCardinality(String) COMMENT 'How the pool prices alpha: stable (1:1), constant_product, concentrated or balancer; unknown where a later runtime has another.',
    tao_in_rao Nullable(UInt64) COMMENT 'TAO in the pool, rao; of root: all TAO staked on root. Source: SubnetTAO.' CODEC(Delta, ZSTD(1)),
    alpha_in_rao Nullable(UInt64) COMMENT 'Alpha in the pool, alpha-rao. Source: SubnetAlphaIn.' CODEC(Delta, ZSTD(1)),
    alpha_out_rao Nullable(UInt64) COMMENT 'Alpha outside the pool (staked and pending), alpha-rao. Source: SubnetAlphaOut.' CODEC(Delta, ZSTD(1)),
    tao_provided_rao Nullable(UInt64) COMMENT 'TAO in the pool that users provided, rao. Source: SubnetTaoProvided.' CODEC(Delta, ZSTD(1)),
    alpha_in_provided_rao Nullable(UInt64) COMMENT 'Alpha in the pool that users provided, alpha-rao. Source: SubnetAlphaInProvided.' CODEC(Delta, ZSTD(1)),
    price_bits Nullable(UInt128) COMMENT 'The chain''s own price of alpha in TAO, U96F32: value times 2^32. Recomputed from the pool by the chain''s rule.' CODEC(ZSTD(1)),
    sqrt_price_bits Nullable(UInt128) COMMENT 'Square root of the price, U64F64: value times 2^64. Source: Swap.AlphaSqrtPrice.' CODEC(ZSTD(1)),
    liquidity Nullable(UInt64) COMMENT 'Liquidity of the active price range. Source: Swap.CurrentLiquidity.' CODEC(Delta, ZSTD(1)),
    balancer_quote Nullable(UInt64) COMMENT 'Weight of TAO in the pool, parts of 10^18. Source: Swap.SwapBalancer.' CODEC(Delta, ZSTD(1)),
    moving_price_bits Nullable(Int128) COMMENT 'Moving price of alpha in TAO, I96F32: value times 2^32. Source: SubnetMovingPrice.' CODEC(ZSTD(1)),
    volume_rao Nullable(UInt128) COMMENT 'TAO traded since registration, both directions, rao. Source: SubnetVolume.' CODEC(ZSTD(1)),
    tao_in_emission_rao Nullable(UInt64) COMMENT 'TAO injected into the pool by the last emission, rao. Source: SubnetTaoInEmission.' CODEC(Delta, ZSTD(1)),
    alpha_in_emission_rao Nullable(UInt64) COMMENT 'Alpha injected into the pool by the last emission, alpha-rao. Source: SubnetAlphaInEmission.' CODEC(Delta, ZSTD(1)),
    alpha_out_emission_rao Nullable(UInt64) COMMENT 'Alpha emitted to participants by the last emission, alpha-rao. Source: SubnetAlphaOutEmission.' CODEC(Delta, ZSTD(1)),
    excess_tao_rao Nullable(UInt64) COMMENT 'TAO for which the chain bought alpha in the block, rao. Source: SubnetExcessTao.' CODEC(Delta, ZSTD(1)),
    tao_flow_rao Nullable(Int64) COMMENT 'TAO that users moved in, less what they moved out, since the last emission, rao. Source: SubnetTaoFlow.' CODEC(Delta, ZSTD(1)),
    ema_tao_flow_bits Nullable(Int128) COMMENT 'Moving average of the flow, rao a block, I64F64: value times 2^64. Source: SubnetEmaTaoFlow.' CODEC(ZSTD(1)),
    ema_tao_flow_block Nullable(UInt64) COMMENT 'Block of that average. Source: SubnetEmaTaoFlow.' CODEC(Delta, ZSTD(1)),
    protocol_flow_rao Nullable(Int64) COMMENT 'TAO that the chain itself moved in, less out, rao. Source: SubnetProtocolFlow.' CODEC(Delta, ZSTD(1)),
    ema_protocol_flow_bits Nullable(Int128) COMMENT 'Its moving average, rao a block, I64F64. Source: SubnetEmaProtocolFlow.' CODEC(ZSTD(1)),
    root_prop_bits Nullable(UInt128) COMMENT 'Share of root in the dividends, U96F32: value times 2^32. Source: RootProp.' CODEC(ZSTD(1)),
    pending_server_rao Nullable(UInt64) COMMENT 'Alpha that waits for the miners, alpha-rao. Source: PendingServerEmission.' CODEC(Delta, ZSTD(1)),
    pending_validator_rao Nullable(UInt64) COMMENT 'Alpha that waits for the validators, alpha-rao. Source: PendingValidatorEmission.' CODEC(Delta, ZSTD(1)),
    pending_root_rao Nullable(UInt64) COMMENT 'Alpha that waits for root stakers, alpha-rao. Source: PendingRootAlphaDivs.' CODEC(Delta, ZSTD(1)),
    pending_root_tao_rao Nullable(UInt64) COMMENT 'TAO that waits for root stakers, rao (older runtimes). Source: PendingRootDivs.' CODEC(Delta, ZSTD(1)),
    pending_alpha_swapped_rao Nullable(UInt64) COMMENT 'Alpha sold for root stakers since the last epoch, alpha-rao (older runtimes). Source: PendingAlphaSwapped.' CODEC(Delta, ZSTD(1)),
    pending_owner_rao Nullable(UInt64) COMMENT 'Alpha that waits for the owner, alpha-rao. Source: PendingOwnerCut.' CODEC(Delta, ZSTD(1)),
    pending_emission_rao Nullable(UInt64) COMMENT 'Emission that waits for the epoch, alpha-rao, before dTAO rao (older runtimes). Source: PendingEmission.' CODEC(Delta, ZSTD(1)),
    burn_rao Nullable(UInt64) COMMENT 'Cost of registering a neuron, rao. Source: Burn.' CODEC(Delta, ZSTD(1)),
    difficulty Nullable(UInt64) COMMENT 'Difficulty of registering by proof of work. Source: Difficulty.' CODEC(Delta, ZSTD(1)),
    neuron_count Nullable(UInt16) COMMENT 'Neurons. Source: SubnetworkN.' CODEC(Delta, ZSTD(1)),
    tempo Nullable(UInt16) COMMENT 'Blocks between epochs. Source: Tempo.' CODEC(Delta, ZSTD(1)),
    blocks_since_last_step Nullable(UInt64) COMMENT 'Blocks since the last epoch. Source: BlocksSinceLastStep.' CODEC(Delta, ZSTD(1)),
    last_step_block Nullable(UInt64) COMMENT 'Block of the last epoch. Source: LastMechansimStepBlock.' CODEC(Delta, ZSTD(1)),
    mechanism_count Nullable(UInt8) COMMENT 'Mechanisms. Source: MechanismCountCurrent.' CODEC(ZSTD(1)),
    fee_rate Nullable(UInt16) COMMENT 'Fee of a swap, parts of 65535. Source: Swap.FeeRate.' CODEC(Delta, ZSTD(1)),
    subtoken_enabled Nullable(Bool) COMMENT 'Whether alpha can be traded. Source: SubtokenEnabled.' CODEC(ZSTD(1)),
    registration_allowed Nullable(Bool) COMMENT 'Whether neurons can be registered by burning. Source: NetworkRegistrationAllowed.' CODEC(ZSTD(1)),
    pow_registration_allowed Nullable(Bool) COMMENT 'Whether neurons can be registered by proof of work. Source: NetworkPowRegistrationAllowed.' CODEC(ZSTD(1)),
    emission_enabled Nullable(Bool) COMMENT 'Whether the subnet may receive emission. Source: SubnetEmissionEnabled.' CODEC(ZSTD(1)),
    first_emission_block Nullable(UInt64) COMMENT 'First block with emission; NULL before it was started. Source: FirstEmissionBlockNumber.' CODEC(Delta, ZSTD(1)),
    owner Nullable(String) COMMENT 'Coldkey of the owner, SS58. Source: SubnetOwner.' CODEC(ZSTD(1)),
    owner_hotkey Nullable(String) COMMENT 'Hotkey of the owner, SS58. Source: SubnetOwnerHotkey.' CODEC(ZSTD(1)),
    recycled_rao Nullable(UInt64) COMMENT 'TAO recycled by registrations, rao. Source: RAORecycledForRegistration.' CODEC(Delta, ZSTD(1)),
    locked_rao Nullable(UInt64) COMMENT 'TAO locked by the registration of the subnet, rao. Source: SubnetLocked.' CODEC(Delta, ZSTD(1)),
    protocol_alpha_rao Nullable(UInt64) COMMENT 'Alpha that the chain bought and holds, alpha-rao. Source: SubnetProtocolAlpha.' CODEC(Delta, ZSTD(1)),
    root_sell_tao_rao Nullable(UInt64) COMMENT 'TAO for which alpha of root stakers was sold in the block, rao. Source: SubnetRootSellTao.' CODEC(Delta, ZSTD(1)),
    alpha_issuance_rao Nullable(UInt64) COMMENT 'Alpha issued, alpha-rao, as the chain counts it. Source: AlphaAssets.TotalAlphaIssuance.' CODEC(Delta, ZSTD(1)),
    alpha_burned_rao Nullable(UInt64) COMMENT 'Alpha burned, alpha-rao. Source: AlphaAssets.AlphaBurned.' CODEC(Delta, ZSTD(1)),
    alpha_recycled_rao Nullable(UInt64) COMMENT 'Alpha recycled, alpha-rao. Source: AlphaAssets.AlphaRecycled.' CODEC(Delta, ZSTD(1)),
    miner_burned_bits Nullable(UInt128) COMMENT 'Share of the last incentives that was withheld, U96F32: value times 2^32. Source: MinerBurned.' CODEC(ZSTD(1)),
    symbol Nullable(String) COMMENT 'Symbol of the token. Source: TokenSymbol.' CODEC(ZSTD(1)),
    name Nullable(String) COMMENT 'Name in the subnet''s identity; NULL without one. Source: SubnetIdentitiesV3 and its predecessors.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (netuid, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256
COMMENT 'State of each subnet after a block. One row a subnet and block at which it was read: every block at the head, in backfill every stride and whenever an epoch ran or the subnet was touched. Columns are NULL where the runtime has no such item.';

CREATE TABLE IF NOT EXISTS {database}.network_state {on_cluster}
(
    block_number UInt64 COMMENT 'Block after which the state was read.' CODEC(Delta, ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    spec_version UInt32 COMMENT 'Runtime that executed the block.' CODEC(Delta, ZSTD(1)),
    total_issuance_rao Nullable(UInt64) COMMENT 'TAO ever issued less what was recycled, rao. Source: SubtensorModule.TotalIssuance.' CODEC(Delta, ZSTD(1)),
    total_stake_rao Nullable(UInt64) COMMENT 'The chain''s own running count of TAO in pools, rao; approximate. Source: SubtensorModule.TotalStake.' CODEC(Delta, ZSTD(1)),
    balances_issuance_rao Nullable(UInt64) COMMENT 'TAO in accounts, rao. Source: Balances.TotalIssuance.' CODEC(Delta, ZSTD(1)),
    block_emission_rao Nullable(UInt64) COMMENT 'TAO that the next block may emit, rao. Recomputed from total_issuance_rao by the halving rule.' CODEC(Delta, ZSTD(1)),
    root_tao_rao Nullable(UInt64) COMMENT 'TAO staked on root, rao. Source: SubnetTAO of netuid 0.' CODEC(Delta, ZSTD(1)),
    subnet_count Nullable(UInt16) COMMENT 'Subnets, root included. Source: TotalNetworks.' CODEC(Delta, ZSTD(1)),
    subnet_limit Nullable(UInt16) COMMENT 'Most subnets there may be. Source: SubnetLimit.' CODEC(Delta, ZSTD(1)),
    lock_cost_rao Nullable(UInt64) COMMENT 'Cost of registering a subnet in the next block, rao. Recomputed from the items below by the chain''s rule.' CODEC(Delta, ZSTD(1)),
    last_lock_cost_rao Nullable(UInt64) COMMENT 'What the last registered subnet cost, rao. Source: NetworkLastLockCost.' CODEC(Delta, ZSTD(1)),
    min_lock_cost_rao Nullable(UInt64) COMMENT 'The least a subnet costs, rao. Source: NetworkMinLockCost.' CODEC(Delta, ZSTD(1)),
    tao_weight Nullable(UInt64) COMMENT 'Weight of root stake, parts of 2^64 - 1. Source: TaoWeight.' CODEC(Delta, ZSTD(1)),
    subnet_owner_cut Nullable(UInt16) COMMENT 'Share of the emission for subnet owners, parts of 65535. Source: SubnetOwnerCut.' CODEC(Delta, ZSTD(1)),
    safe_mode_until Nullable(UInt64) COMMENT 'Last block of safe mode; NULL where it is off. Source: SafeMode.EnteredUntil.' CODEC(Delta, ZSTD(1)),
    drand_last_round Nullable(UInt64) COMMENT 'Newest stored round of the randomness beacon. Source: Drand.LastStoredRound.' CODEC(Delta, ZSTD(1)),
    staking_coldkeys Nullable(UInt64) COMMENT 'Coldkeys with stake. Source: NumStakingColdkeys.' CODEC(Delta, ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY block_number
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'State of the chain as a whole after a block. One row a block for which any row of subnet_state was read.';

CREATE TABLE IF NOT EXISTS {database}.neuron_state {on_cluster}
(
    block_number UInt64 COMMENT 'Block of the epoch; the state is that after it.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    uid UInt16 COMMENT 'Neuron.' CODEC(Delta, ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    hotkey Nullable(String) COMMENT 'Hotkey of the neuron, SS58; NULL where the state has none. Source: Keys.' CODEC(ZSTD(1)),
    coldkey Nullable(String) COMMENT 'Owner of the hotkey, SS58; NULL where the hotkey has none. Source: Owner.' CODEC(ZSTD(1)),
    registered_at Nullable(UInt64) COMMENT 'Block in which the neuron was registered. Source: BlockAtRegistration.' CODEC(Delta, ZSTD(1)),
    last_update Nullable(UInt64) COMMENT 'Block in which its weights were last set or committed, mechanism 0. Source: LastUpdate.' CODEC(Delta, ZSTD(1)),
    active Nullable(Bool) COMMENT 'Whether it set weights lately. Source: Active.' CODEC(ZSTD(1)),
    validator_permit Nullable(Bool) COMMENT 'Whether it may set weights. Source: ValidatorPermit.' CODEC(ZSTD(1)),
    stake_weight Nullable(UInt16) COMMENT 'Its share of the stake, parts of 65535. Source: StakeWeight.' CODEC(Delta, ZSTD(1)),
    alpha_stake_rao Nullable(UInt64) COMMENT 'Alpha staked to the hotkey on the subnet, alpha-rao. Source: TotalHotkeyAlpha.' CODEC(Delta, ZSTD(1)),
    root_stake_rao Nullable(UInt64) COMMENT 'TAO staked to the hotkey on root, rao; before dTAO all TAO staked to it. Source: TotalHotkeyAlpha of netuid 0, TotalHotkeyStake.' CODEC(Delta, ZSTD(1)),
    consensus Nullable(UInt16) COMMENT 'Consensus, parts of 65535. Source: Consensus.' CODEC(Delta, ZSTD(1)),
    incentive Nullable(UInt16) COMMENT 'Incentive in mechanism 0, parts of 65535. Source: Incentive.' CODEC(Delta, ZSTD(1)),
    dividends Nullable(UInt16) COMMENT 'Dividends, parts of 65535. Source: Dividends.' CODEC(Delta, ZSTD(1)),
    validator_trust Nullable(UInt16) COMMENT 'Trust of the validator, parts of 65535. Source: ValidatorTrust.' CODEC(Delta, ZSTD(1)),
    emission_rao Nullable(UInt64) COMMENT 'Score of the last epoch in alpha-rao (before dTAO rao), incentive and dividends together. Source: Emission.' CODEC(Delta, ZSTD(1)),
    rank Nullable(UInt16) COMMENT 'Rank, parts of 65535 (older runtimes). Source: Rank.' CODEC(Delta, ZSTD(1)),
    trust Nullable(UInt16) COMMENT 'Trust, parts of 65535 (older runtimes). Source: Trust.' CODEC(Delta, ZSTD(1)),
    pruning_score Nullable(UInt16) COMMENT 'Score for pruning (older runtimes). Source: PruningScores.' CODEC(Delta, ZSTD(1)),
    mech_incentives Array(UInt16) COMMENT 'Incentive in each mechanism from 0, parts of 65535. Source: Incentive.' CODEC(ZSTD(1)),
    mech_last_updates Array(UInt64) COMMENT 'Block of the last weights in each mechanism from 0. Source: LastUpdate.' CODEC(ZSTD(1)),
    miner_alpha_rao Nullable(UInt64) COMMENT 'Alpha paid to it as a miner by this epoch, alpha-rao; NULL where no epoch ran or the runtime does not say. Source: event IncentiveAlphaEmittedToMiners.' CODEC(Delta, ZSTD(1)),
    axon Nullable(String) COMMENT 'Where it serves, JSON; NULL where it does not say. Source: Axons.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (netuid, block_number, uid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Metagraph of a subnet. One row a neuron at every epoch of the subnet, at the block in which it was registered and at the first block of the stored range.';

CREATE TABLE IF NOT EXISTS {database}.dividends {on_cluster}
(
    block_number UInt64 COMMENT 'Block of the epoch.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    hotkey String COMMENT 'Receiver, SS58.' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    alpha_dividends_rao Nullable(UInt64) COMMENT 'Alpha for the hotkey''s stakers after its take, alpha-rao; 0 where it received only others. Source: AlphaDividendsPerSubnet.' CODEC(Delta, ZSTD(1)),
    root_dividends_rao Nullable(UInt64) COMMENT 'Alpha for its root stakers after its take, alpha-rao. Source: RootAlphaDividendsPerSubnet.' CODEC(Delta, ZSTD(1)),
    tao_dividends_rao Nullable(UInt64) COMMENT 'TAO for its root stakers after its take, rao (older runtimes). Source: TaoDividendsPerSubnet.' CODEC(Delta, ZSTD(1)),
    alpha_stake_before_rao Nullable(UInt64) COMMENT 'Alpha staked to it before the block, alpha-rao. Source: TotalHotkeyAlpha at the parent.' CODEC(Delta, ZSTD(1)),
    alpha_stake_rao Nullable(UInt64) COMMENT 'Alpha staked to it after the block, alpha-rao. Source: TotalHotkeyAlpha.' CODEC(Delta, ZSTD(1)),
    root_stake_before_rao Nullable(UInt64) COMMENT 'TAO staked to it on root before the block, rao. Source: TotalHotkeyAlpha of netuid 0 at the parent.' CODEC(Delta, ZSTD(1)),
    root_stake_rao Nullable(UInt64) COMMENT 'TAO staked to it on root after the block, rao. Source: TotalHotkeyAlpha of netuid 0.' CODEC(Delta, ZSTD(1)),
    take Nullable(UInt16) COMMENT 'Its take before the block, parts of 65535. Source: Delegates at the parent.' CODEC(Delta, ZSTD(1)),
    childkey_take Nullable(UInt16) COMMENT 'Its take of what its parents earn, before the block, parts of 65535. Source: ChildkeyTake at the parent.' CODEC(Delta, ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (netuid, hotkey, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Dividends of epochs. One row an epoch and hotkey that received any, whether it has a neuron or not.';

CREATE TABLE IF NOT EXISTS {database}.weights {on_cluster}
(
    block_number UInt64 COMMENT 'Block of the epoch; the state is that after it.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    mechid UInt8 COMMENT 'Mechanism, from 0.' CODEC(ZSTD(1)),
    uid UInt16 COMMENT 'Neuron that has them.' CODEC(Delta, ZSTD(1)),
    targets Array(UInt16) COMMENT 'Neurons they are of. Source: Weights.' CODEC(ZSTD(1)),
    values Array(UInt16) COMMENT 'As stored, one a target, parts of 65535.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (netuid, block_number, mechid, uid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Weights after each epoch: what a validator gave to others. One row a neuron that has any, by mechanism.';

CREATE TABLE IF NOT EXISTS {database}.bonds {on_cluster}
(
    block_number UInt64 COMMENT 'Block of the epoch; the state is that after it.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    mechid UInt8 COMMENT 'Mechanism, from 0.' CODEC(ZSTD(1)),
    uid UInt16 COMMENT 'Neuron that has them.' CODEC(Delta, ZSTD(1)),
    targets Array(UInt16) COMMENT 'Neurons they are of. Source: Bonds.' CODEC(ZSTD(1)),
    values Array(UInt16) COMMENT 'As stored, one a target, parts of 65535.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (netuid, block_number, mechid, uid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Bonds after each epoch: what a validator holds of others. One row a neuron that has any, by mechanism.';

CREATE TABLE IF NOT EXISTS {database}.hotkey_pools {on_cluster}
(
    block_number UInt64 COMMENT 'Block that changed it.' CODEC(Delta, ZSTD(1)),
    hotkey String COMMENT 'Hotkey, SS58.' CODEC(ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    total_alpha_rao Nullable(UInt64) COMMENT 'All that is staked to it, alpha-rao, on root rao. Source: TotalHotkeyAlpha.' CODEC(Delta, ZSTD(1)),
    shares_bits Nullable(UInt128) COMMENT 'Shares as U64F64: value times 2^64; NULL where the runtime has none. Source: TotalHotkeyShares.' CODEC(ZSTD(1)),
    shares_mantissa Nullable(UInt128) COMMENT 'Mantissa of the shares as a decimal float, value mantissa times 10^exponent; NULL where the runtime has none. Source: TotalHotkeySharesV2.' CODEC(ZSTD(1)),
    shares_exponent Nullable(Int64) COMMENT 'Its exponent. Source: TotalHotkeySharesV2.' CODEC(Delta, ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (hotkey, netuid, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Share pools: what is staked to a hotkey on a subnet. One row whenever it changed, and at the first block of the stored range.';

CREATE TABLE IF NOT EXISTS {database}.stake_shares {on_cluster}
(
    block_number UInt64 COMMENT 'Block that changed it.' CODEC(Delta, ZSTD(1)),
    coldkey String COMMENT 'Who staked, SS58.' CODEC(ZSTD(1)),
    hotkey String COMMENT 'To whom, SS58.' CODEC(ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    shares_bits Nullable(UInt128) COMMENT 'Shares as U64F64: value times 2^64; NULL where the runtime has none. Source: Alpha.' CODEC(ZSTD(1)),
    shares_mantissa Nullable(UInt128) COMMENT 'Mantissa of the shares as a decimal float, value mantissa times 10^exponent; NULL where the runtime has none. Source: AlphaV2.' CODEC(ZSTD(1)),
    shares_exponent Nullable(Int64) COMMENT 'Its exponent. Source: AlphaV2.' CODEC(Delta, ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (coldkey, hotkey, netuid, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Shares of a coldkey in a share pool. Its stake is its share of total_alpha_rao of hotkey_pools: one map of shares while the other is 0, see the share pool''s rule. One row whenever it changed, and at the first block of the stored range; removed: all shares 0.';

CREATE TABLE IF NOT EXISTS {database}.account_balances {on_cluster}
(
    block_number UInt64 COMMENT 'Block that changed it.' CODEC(Delta, ZSTD(1)),
    account String COMMENT 'Account, SS58.' CODEC(ZSTD(1)),
    free_rao UInt64 COMMENT 'Free TAO, rao. Source: System.Account.' CODEC(Delta, ZSTD(1)),
    reserved_rao UInt64 COMMENT 'Reserved TAO, rao. Source: System.Account.' CODEC(Delta, ZSTD(1)),
    frozen_rao UInt64 COMMENT 'Part of the free TAO that cannot be spent, rao. Source: System.Account.' CODEC(Delta, ZSTD(1)),
    nonce UInt32 COMMENT 'Extrinsics it signed. Source: System.Account.' CODEC(Delta, ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (account, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Balances of accounts. One row whenever one changed, and at the first block of the stored range; a reaped account has 0 everywhere.';

CREATE TABLE IF NOT EXISTS {database}.root_claimable {on_cluster}
(
    block_number UInt64 COMMENT 'Block that changed it.' CODEC(Delta, ZSTD(1)),
    hotkey String COMMENT 'Hotkey, SS58.' CODEC(ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    rate_bits Int128 COMMENT 'Alpha-rao a rao, I96F32: value times 2^32. Source: RootClaimable.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (hotkey, netuid, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Alpha that root stakers of a hotkey can claim for each rao staked, since ever. One row whenever it changed, and at the first block of the stored range; removed: 0.';

CREATE TABLE IF NOT EXISTS {database}.hyperparameters {on_cluster}
(
    block_number UInt64 COMMENT 'Block that changed it.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(Delta, ZSTD(1)),
    name LowCardinality(String) COMMENT 'Storage item, with its pallet where it is not SubtensorModule.',
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    old_value Nullable(String) COMMENT 'Value before the block, canonical JSON; NULL where there was none.' CODEC(ZSTD(1)),
    new_value Nullable(String) COMMENT 'Value after the block, canonical JSON; NULL where there is none.' CODEC(ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic that changed it; NULL where none did or none can be named.' CODEC(Delta, ZSTD(1)),
    call Nullable(String) COMMENT 'Call that changed it, Pallet.call; NULL likewise.' CODEC(ZSTD(1)),
    signer Nullable(String) COMMENT 'Who signed the extrinsic, SS58; NULL likewise.' CODEC(ZSTD(1)),
    cause LowCardinality(String) COMMENT 'call, first_seen (first reading), subnet_registered, subnet_removed, runtime_upgrade, adjustment (the chain''s own), or unknown.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (netuid, name, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Change log of the parameters of subnets. One row a parameter and block that changed it; the first reading has cause first_seen.';

CREATE TABLE IF NOT EXISTS {database}.network_parameters {on_cluster}
(
    block_number UInt64 COMMENT 'Block that changed it.' CODEC(Delta, ZSTD(1)),
    name LowCardinality(String) COMMENT 'Storage item, with its pallet where it is not SubtensorModule.',
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    old_value Nullable(String) COMMENT 'Value before the block, canonical JSON; NULL where there was none.' CODEC(ZSTD(1)),
    new_value Nullable(String) COMMENT 'Value after the block, canonical JSON; NULL where there is none.' CODEC(ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic that changed it; NULL where none did or none can be named.' CODEC(Delta, ZSTD(1)),
    call Nullable(String) COMMENT 'Call that changed it, Pallet.call; NULL likewise.' CODEC(ZSTD(1)),
    signer Nullable(String) COMMENT 'Who signed the extrinsic, SS58; NULL likewise.' CODEC(ZSTD(1)),
    cause LowCardinality(String) COMMENT 'call, first_seen (first reading), subnet_registered, subnet_removed, runtime_upgrade, adjustment (the chain''s own), or unknown.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (name, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Change log of the parameters of the chain as a whole. One row a parameter and block that changed it; the first reading has cause first_seen.';

CREATE TABLE IF NOT EXISTS {database}.state_windows {on_cluster}
(
    first_block UInt64 COMMENT 'First block of the range.' CODEC(Delta, ZSTD(1)),
    last_block UInt64 COMMENT 'Last block of the range.' CODEC(Delta, ZSTD(1)),
    generation UInt32 COMMENT 'Generation of the lane; a newer one reads the range again.' CODEC(Delta, ZSTD(1)),
    stride UInt32 COMMENT 'Blocks between full readings of subnet_state; 1 is every block.' CODEC(Delta, ZSTD(1)),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this row was written, UTC.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(first_block, 512000)
ORDER BY (first_block, last_block, generation)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Ranges of blocks whose state was read. One row a range; append-only, written after its rows.';

CREATE TABLE IF NOT EXISTS {database}.sweeps {on_cluster}
(
    block_number UInt64 COMMENT 'Block after which everything was read.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'initial: nothing was known before; check: compared with what was followed block by block.',
    accounts UInt64 COMMENT 'Accounts read.' CODEC(Delta, ZSTD(1)),
    stakes UInt64 COMMENT 'Stakes of coldkeys read.' CODEC(Delta, ZSTD(1)),
    pools UInt64 COMMENT 'Share pools read.' CODEC(Delta, ZSTD(1)),
    rates UInt64 COMMENT 'Claimable rates read.' CODEC(Delta, ZSTD(1)),
    differences UInt64 COMMENT 'Values that were not as followed; see sweep_differences.' CODEC(Delta, ZSTD(1)),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this row was written, UTC.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, kind)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Readings of all accounts, stakes and claims at a block. One row a sweep; append-only.';

CREATE TABLE IF NOT EXISTS {database}.sweep_differences {on_cluster}
(
    block_number UInt64 COMMENT 'Block of the sweep.' CODEC(Delta, ZSTD(1)),
    item LowCardinality(String) COMMENT 'Table the value belongs to: account_balances, stake_shares, hotkey_pools or root_claimable.',
    key String COMMENT 'Key of the value there, JSON array.' CODEC(ZSTD(1)),
    expected String COMMENT 'Value as followed, JSON; null where none was known.' CODEC(ZSTD(1)),
    found String COMMENT 'Value in the chain''s state, JSON; null where there is none.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, item, key)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What sweeps found to be other than followed block by block. One row a value; the right value is stored at the same block.';
