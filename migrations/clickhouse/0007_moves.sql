-- What blocks did to stake, neurons, keys, identities, claims and contracts: from their events and calls, with amounts
-- from the state where events carry none. Written with the state lane; rows of a range are replaced as a whole.

CREATE TABLE IF NOT EXISTS {database}.stake_moves {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'The event in snake case: stake_added, stake_removed, stake_moved, stake_swapped, stake_transferred, auto_stake_added, alpha_recycled, alpha_burned, add_stake_burn, order_executed, fee_paid_with_alpha (event TransactionFeePaidWithAlpha), group_execution_summary, lease_dividends (event SubnetLeaseDividendsDistributed), and the queued operations of specs 273 to 277 (aggregated_stake_added, ...).',
    coldkey Nullable(String) COMMENT 'Whose stake it was, SS58. Specs before 233 do not say it in the event: there it is the origin of the call, NULL where that is not certain.' CODEC(ZSTD(1)),
    hotkey Nullable(String) COMMENT 'Hotkey it was staked to, SS58; NULL where the event has none (order_executed, fee_paid_with_alpha).' CODEC(ZSTD(1)),
    netuid Nullable(UInt16) COMMENT 'Subnet it was staked on; NULL before spec 233, when stake had no subnet.' CODEC(ZSTD(1)),
    to_coldkey Nullable(String) COMMENT 'Whose stake it is after a move, SS58; NULL where the event has one position only.' CODEC(ZSTD(1)),
    to_hotkey Nullable(String) COMMENT 'Hotkey after a move, SS58; likewise.' CODEC(ZSTD(1)),
    to_netuid Nullable(UInt16) COMMENT 'Subnet after a move; likewise.' CODEC(ZSTD(1)),
    tao_rao Nullable(UInt64) COMMENT 'TAO, rao: what was paid (stake_added; fee included since spec 283), what was received (stake_removed), what the event calls the value of a move. NULL where the event has none.' CODEC(ZSTD(1)),
    alpha_rao Nullable(UInt64) COMMENT 'Alpha, alpha-rao: what was received (stake_added), what was given (stake_removed; fee included), recycled or burned. On root alpha is TAO. NULL where the event has none.' CODEC(ZSTD(1)),
    fee Nullable(UInt64) COMMENT 'Fee of the swap, in fee_unit; 0 where none was taken, NULL where the event does not say (before spec 257).' CODEC(ZSTD(1)),
    fee_unit LowCardinality(Nullable(String)) COMMENT 'rao or alpha_rao. Buys pay in rao; sales in alpha_rao since spec 283, in rao before. NULL without a fee.',
    side LowCardinality(Nullable(String)) COMMENT 'buy or sell where the event swapped against the pool of netuid; NULL elsewhere.',
    volume_rao Nullable(UInt64) COMMENT 'TAO that this event moved through the pool, rao, which is tao_rao: sum it for volume. 0 where it swapped nothing, NULL where it is not known whether it did.' CODEC(ZSTD(1)),
    summary_event Nullable(UInt32) COMMENT 'Of a leg: event_index of the summary (stake_moved, stake_swapped, stake_transferred, order_executed, add_stake_burn, fee_paid_with_alpha) of the operation it is part of; NULL for operations of one event.' CODEC(ZSTD(1)),
    price_bits Nullable(UInt128) COMMENT 'TAO for one alpha on netuid in the state of the parent block, as the chain computes it, bits of a U96F32 (divide by 2^32). NULL where it could not be read, and before spec 233.' CODEC(ZSTD(1)),
    slippage Nullable(Int32) COMMENT 'How much less came out than the net amount at price_bits would have given, parts per million of the latter; negative where more came out. The fee is not in it; what the block did to the pool before this event is. NULL without a side.' CODEC(ZSTD(1)),
    INDEX by_coldkey coldkey TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_to_coldkey to_coldkey TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_hotkey hotkey TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_netuid netuid TYPE set(256) GRANULARITY 4
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'What moved stake, or stood for moving it. One row an event of SubtensorModule or LimitOrders. An operation often has several: moving, swapping or transferring stake emits a StakeRemoved and a StakeAdded for its legs and then a summary (StakeMoved, StakeSwapped, StakeTransferred); legs name their summary in summary_event. To measure volume sum volume_rao: only rows with a side went through a pool (stake_added and stake_removed), it is 0 for summaries, for legs that stay within one subnet, and on subnets without a pool. What the chain itself buys and sells (emission, registrations, claims of root stakers) emits no such event and is not here.';

CREATE TABLE IF NOT EXISTS {database}.registrations {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'neuron or subnet.',
    netuid UInt16 COMMENT 'Subnet; 0 is root.' CODEC(ZSTD(1)),
    subnet_registered_at Nullable(UInt64) COMMENT 'Block at which this subnet was registered: tells apart subnets that had the same netuid. Source: NetworkRegisteredAt after the block; NULL where it could not be read.' CODEC(ZSTD(1)),
    uid Nullable(UInt16) COMMENT 'Neuron; NULL for a subnet.' CODEC(ZSTD(1)),
    hotkey Nullable(String) COMMENT 'Hotkey registered, or the owner''s hotkey of a subnet, SS58; NULL where unknown.' CODEC(ZSTD(1)),
    coldkey Nullable(String) COMMENT 'Its owner, or the owner of the subnet, SS58. Source: Owner, SubnetOwner after the block; NULL where it could not be read.' CODEC(ZSTD(1)),
    method LowCardinality(Nullable(String)) COMMENT 'Call that registered it, such as burned_register, register, root_register, register_network; NULL where the calls do not tell.',
    cost_rao Nullable(UInt64) COMMENT 'What it cost, rao; see cost_source. NULL where unknown.' CODEC(ZSTD(1)),
    cost_source LowCardinality(Nullable(String)) COMMENT 'recycled: growth of RAORecycledForRegistration, by the event RAORecycledForRegistrationSet of the registration, or over the block where it was the only one of the subnet. withdrawn: what the registration took from the coldkey, by the event Balances.Withdraw. burn: Burn after the block (specs below 401, where registering does not change it). lock: SubnetLocked after the block. work: paid in work, no TAO. free: root takes nothing.',
    replaced_hotkey Nullable(String) COMMENT 'Hotkey that had the uid before, SS58; NULL where the uid was free.' CODEC(ZSTD(1)),
    INDEX by_hotkey hotkey TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_coldkey coldkey TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Registrations of neurons (event NeuronRegistered) and of subnets (event NetworkAdded; the owner''s hotkey becomes its first neuron without an event of its own). One row an event.';

CREATE TABLE IF NOT EXISTS {database}.deregistrations {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    item_index UInt32 COMMENT 'Order within the block, from 0.' CODEC(Delta, ZSTD(1)),
    event_index Nullable(UInt32) COMMENT 'Event that tells of it: NeuronRegistered of the successor or NetworkRemoved; NULL for a trimming, which has none.' CODEC(ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'neuron or subnet.',
    netuid UInt16 COMMENT 'Subnet.' CODEC(ZSTD(1)),
    subnet_registered_at Nullable(UInt64) COMMENT 'Block at which that subnet was registered. Source: NetworkRegisteredAt in the state of the parent block.' CODEC(ZSTD(1)),
    uid Nullable(UInt16) COMMENT 'Neuron; NULL for a subnet.' CODEC(ZSTD(1)),
    hotkey Nullable(String) COMMENT 'Hotkey that lost its place, or the owner''s hotkey of a subnet, SS58; NULL where it could not be read.' CODEC(ZSTD(1)),
    coldkey Nullable(String) COMMENT 'Its owner, or the owner of the subnet, SS58. Source: state of the parent block.' CODEC(ZSTD(1)),
    reason LowCardinality(String) COMMENT 'replaced: another hotkey registered and took the uid. trimmed: the subnet''s maximum was lowered. dissolved: the subnet was removed. pruned: the subnet was removed to make room for another.',
    replaced_by Nullable(String) COMMENT 'Hotkey that took the uid, SS58; NULL unless replaced.' CODEC(ZSTD(1)),
    registered_at Nullable(UInt64) COMMENT 'Block at which the neuron (or subnet) had been registered. Source: BlockAtRegistration, NetworkRegisteredAt in the state of the parent block.' CODEC(ZSTD(1)),
    incentive Nullable(UInt16) COMMENT 'Its incentive in the state of the parent block, of 65535; NULL for a subnet and where it could not be read.' CODEC(ZSTD(1)),
    emission_rao Nullable(UInt64) COMMENT 'Its emission of the last epoch in the state of the parent block, alpha-rao; likewise.' CODEC(ZSTD(1)),
    INDEX by_hotkey hotkey TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_coldkey coldkey TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, item_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Neurons and subnets that lost their place. One row a neuron or subnet.';

CREATE TABLE IF NOT EXISTS {database}.identities {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'coldkey: of an account (Identities, IdentitiesV2). subnet: of a subnet (SubnetIdentities to SubnetIdentitiesV3). subnet_symbol: the symbol of its token. registry: of the pallet Registry, until spec 422.',
    action LowCardinality(String) COMMENT 'set, moved (with the coldkey it belongs to) or removed.',
    account Nullable(String) COMMENT 'Account, SS58; NULL for a subnet.' CODEC(ZSTD(1)),
    netuid Nullable(UInt16) COMMENT 'Subnet; NULL for an account.' CODEC(ZSTD(1)),
    name Nullable(String) COMMENT 'Name, or symbol. This and the following texts are NULL where that generation of identities has no such field, or nothing is known.' CODEC(ZSTD(3)),
    url Nullable(String) COMMENT 'Address of its site.' CODEC(ZSTD(3)),
    github_repo Nullable(String) COMMENT 'Repository.' CODEC(ZSTD(3)),
    image Nullable(String) COMMENT 'Address of its picture or logo.' CODEC(ZSTD(3)),
    discord Nullable(String) COMMENT 'Discord.' CODEC(ZSTD(3)),
    contact Nullable(String) COMMENT 'Contact.' CODEC(ZSTD(3)),
    description Nullable(String) COMMENT 'Description.' CODEC(ZSTD(3)),
    additional Nullable(String) COMMENT 'Anything else it says.' CODEC(ZSTD(3)),
    value Nullable(String) COMMENT 'The whole as stored, canonical JSON; NULL where it was removed or could not be read.' CODEC(ZSTD(3))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Identities set, moved and removed. One row an event; what was set is read from the state after the block.';

CREATE TABLE IF NOT EXISTS {database}.delegate_takes {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'delegate or childkey.',
    hotkey String COMMENT 'Hotkey, SS58.' CODEC(ZSTD(1)),
    coldkey Nullable(String) COMMENT 'Its owner, SS58: in the event of a delegate''s take, else the origin of the call; NULL where unknown.' CODEC(ZSTD(1)),
    netuid Nullable(UInt16) COMMENT 'Subnet of a child''s take; NULL for a delegate''s, and where the calls do not tell.' CODEC(ZSTD(1)),
    old_take Nullable(UInt16) COMMENT 'Take before, of 65535. Source: state of the parent block, or the change before in the same block; NULL where unknown.' CODEC(ZSTD(1)),
    new_take UInt16 COMMENT 'Take after, of 65535.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Takes that hotkeys set: of what they earn for delegators, and as children of other hotkeys. One row an event.';

CREATE TABLE IF NOT EXISTS {database}.child_keys {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    hotkey String COMMENT 'The parent, SS58.' CODEC(ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet.' CODEC(ZSTD(1)),
    children Array(Tuple(UInt64, String)) COMMENT 'Children: pairs of the part of the parent''s stake, of 2^64 - 1, and the child, SS58. Empty: none any more.' CODEC(ZSTD(3)),
    state LowCardinality(String) COMMENT 'scheduled (SetChildrenScheduled) or set (SetChildren).',
    cooldown_block Nullable(UInt64) COMMENT 'Block from which a scheduled change may be applied; NULL once set.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Children that hotkeys name. One row an event: a request, and later, at an epoch after the cooldown, that it holds.';

CREATE TABLE IF NOT EXISTS {database}.key_swaps {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'hotkey, hotkey_on_subnet, coldkey, coldkey_scheduled (195 to 377), coldkey_announced, coldkey_disputed, coldkey_cleared, coldkey_reset (380 on), coldkey_arbitration_extended, coldkey_balance_moved (everything unstaked and sent to the new coldkey).',
    old_key Nullable(String) COMMENT 'Key that is or will be replaced, SS58.' CODEC(ZSTD(1)),
    new_key Nullable(String) COMMENT 'Key that takes its place, SS58; NULL while only its hash is known.' CODEC(ZSTD(1)),
    new_key_hash Nullable(String) COMMENT 'Hash of the announced coldkey, 0x hex; NULL otherwise.' CODEC(ZSTD(1)),
    coldkey Nullable(String) COMMENT 'Owner of the swapped hotkey, SS58; NULL for coldkeys.' CODEC(ZSTD(1)),
    netuid Nullable(UInt16) COMMENT 'Subnet, if only there.' CODEC(ZSTD(1)),
    execution_block Nullable(UInt64) COMMENT 'Block from which a scheduled swap runs; NULL otherwise.' CODEC(ZSTD(1)),
    amount_rao Nullable(UInt64) COMMENT 'Cost of the swap, or the balance moved, rao; NULL where the event does not say.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Keys that were replaced, and what led to it. One row an event.';

CREATE TABLE IF NOT EXISTS {database}.root_claims {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    item_index UInt32 COMMENT 'Order within the block, from 0.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event RootClaimed; the first of them where a coldkey has several in the block.' CODEC(ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    coldkey String COMMENT 'Who claimed, SS58.' CODEC(ZSTD(1)),
    hotkey String COMMENT 'Hotkey staked to on root, SS58.' CODEC(ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet whose alpha was claimed.' CODEC(ZSTD(1)),
    alpha_rao UInt64 COMMENT 'Alpha claimed, alpha-rao: see source.' CODEC(ZSTD(1)),
    kind LowCardinality(Nullable(String)) COMMENT 'swap: sold for TAO that was staked on root. keep: staked on the subnet. NULL where unknown.',
    tao_rao Nullable(UInt64) COMMENT 'TAO that a swap gave, rao: what the coldkey''s stake on root grew by, where this was the hotkey''s only claim in the block. NULL otherwise.' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'owed: what was owed by rate and root stake in the state of the parent block, and the growth of RootClaimed bears it out. delta: the growth of RootClaimed over the block, less what the change of the root stake itself adds.',
    INDEX by_coldkey coldkey TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_hotkey hotkey TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, item_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Alpha dividends that stakers on root claimed. One row a coldkey, hotkey and subnet; the event RootClaimed has no amounts, they are read from the state before and after the block.';

CREATE TABLE IF NOT EXISTS {database}.evm_transactions {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    transaction_index UInt32 COMMENT 'Position among the Ethereum transactions of the block, from 0.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event Ethereum.Executed.' CODEC(ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    hash String COMMENT 'Hash of the transaction, 0x hex.' CODEC(ZSTD(1)),
    kind LowCardinality(Nullable(String)) COMMENT 'legacy, eip2930, eip1559 or eip7702; NULL where the call does not tell.',
    from_address String COMMENT 'Sender, recovered by the chain, 0x hex.' CODEC(ZSTD(1)),
    from_account String COMMENT 'Account of the sender on the Substrate side, SS58.' CODEC(ZSTD(1)),
    to_address Nullable(String) COMMENT 'Receiver, 0x hex; NULL where a contract was created.' CODEC(ZSTD(1)),
    contract_address Nullable(String) COMMENT 'Contract that was created, 0x hex; NULL otherwise.' CODEC(ZSTD(1)),
    nonce Nullable(UInt64) COMMENT 'Nonce of the sender; NULL where it does not fit or is unknown.' CODEC(ZSTD(1)),
    value_wei Nullable(String) COMMENT 'Value, wei (10^9 wei are 1 rao), decimal digits; NULL where unknown.' CODEC(ZSTD(1)),
    gas_limit Nullable(UInt64) COMMENT 'Gas limit; NULL where unknown.' CODEC(ZSTD(1)),
    gas_used Nullable(UInt64) COMMENT 'Gas used by this transaction. Source: Ethereum.CurrentReceipts after the block; NULL where it could not be read.' CODEC(ZSTD(1)),
    gas_price_wei Nullable(String) COMMENT 'Price of gas, or the most that is paid for it (EIP-1559), wei, decimal digits.' CODEC(ZSTD(1)),
    priority_fee_wei Nullable(String) COMMENT 'Most that is paid as priority fee (EIP-1559), wei, decimal digits; NULL for others.' CODEC(ZSTD(1)),
    success Nullable(Bool) COMMENT 'Whether it succeeded: exit reason Succeed.' CODEC(ZSTD(1)),
    exit_reason String COMMENT 'How it ended, canonical JSON.' CODEC(ZSTD(1)),
    input Nullable(String) COMMENT 'Input, 0x hex; NULL where unknown.' CODEC(ZSTD(3)),
    log_count Nullable(UInt32) COMMENT 'Logs it wrote. Source: as gas_used.' CODEC(ZSTD(1)),
    INDEX by_hash hash TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_from from_address TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_to to_address TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, transaction_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Ethereum transactions (call Ethereum.transact). One row a transaction. Addresses are 0x hex; an address acts on the Substrate side as the account blake2_256("evm:" ++ address).';

CREATE TABLE IF NOT EXISTS {database}.evm_logs {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Index of the event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic in whose application it happened; NULL for what the chain did by itself (initialization, finalization).' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    transaction_index Nullable(UInt32) COMMENT 'Ethereum transaction it belongs to; NULL for a call of the pallet EVM from the Substrate side.' CODEC(ZSTD(1)),
    transaction_hash Nullable(String) COMMENT 'Its hash, 0x hex; likewise.' CODEC(ZSTD(1)),
    address String COMMENT 'Contract that wrote it, 0x hex.' CODEC(ZSTD(1)),
    topics Array(String) COMMENT 'Topics, 0x hex, at most four; the first is usually the hash of the event''s signature.' CODEC(ZSTD(1)),
    data String COMMENT 'Data, 0x hex.' CODEC(ZSTD(3)),
    INDEX by_address address TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Logs of contracts (event EVM.Log). One row a log.';
