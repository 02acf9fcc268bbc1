-- The log lane: decoded from the raw lane by a pure function. Rows of a block count as present only once its row
-- in `blocks` is there, which is written last.

CREATE TABLE IF NOT EXISTS {database}.blocks {on_cluster}
(
    number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    hash String COMMENT 'Block hash, 0x hex. Source: Blake2b-256 of the header.' CODEC(ZSTD(1)),
    parent_hash String COMMENT 'Hash of the parent, 0x hex. Source: header.' CODEC(ZSTD(1)),
    state_root String COMMENT 'Root of the state after the block, 0x hex. Source: header.' CODEC(ZSTD(1)),
    extrinsics_root String COMMENT 'Root of the ordered trie of the extrinsics, 0x hex. Source: header.' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis. Source: the Timestamp.set inherent.' CODEC(Delta, ZSTD(1)),
    author Nullable(String) COMMENT 'SS58 of the author; NULL where unknown. Source: the Aura slot of the digest and the authorities of the parent.' CODEC(ZSTD(1)),
    spec_version UInt32 COMMENT 'Runtime that executed the block. Source: raw_blocks.' CODEC(Delta, ZSTD(1)),
    extrinsic_count UInt32 COMMENT 'Extrinsics the node gave, decoded or quarantined.' CODEC(ZSTD(1)),
    signed_count UInt32 COMMENT 'Decoded extrinsics that have a signer.' CODEC(ZSTD(1)),
    event_count UInt32 COMMENT 'Events the node announces, decoded or quarantined. Source: length prefix of System.Events.' CODEC(ZSTD(1)),
    call_count UInt32 COMMENT 'Calls of all extrinsics, nested ones included.' CODEC(ZSTD(1)),
    weight_ref_time UInt64 COMMENT 'Computation used by the extrinsics, picoseconds. Source: dispatch infos of System.ExtrinsicSuccess and ExtrinsicFailed.' CODEC(ZSTD(1)),
    weight_proof_size UInt64 COMMENT 'Proof size used by the extrinsics, bytes. Source: as weight_ref_time.' CODEC(ZSTD(1)),
    digest String COMMENT 'Digest logs, canonical JSON array. Source: header.' CODEC(ZSTD(3)),
    quarantined_count UInt32 COMMENT 'Items of the block that could not be decoded: its rows in quarantine.' CODEC(ZSTD(1)),
    INDEX by_time timestamp_ms TYPE minmax GRANULARITY 8,
    INDEX by_spec spec_version TYPE minmax GRANULARITY 8
)
ENGINE = {merge_tree}
PARTITION BY intDiv(number, 512000)
ORDER BY number
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Finalized blocks. One row a block; it is written after all other rows of the block.';

CREATE TABLE IF NOT EXISTS {database}.extrinsics {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    extrinsic_index UInt32 COMMENT 'Position in the block, from 0.' CODEC(Delta, ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    hash String COMMENT 'Blake2b-256 of the bytes, length prefix included, 0x hex. Not unique on the chain.' CODEC(ZSTD(1)),
    length UInt32 COMMENT 'Bytes, length prefix included.' CODEC(ZSTD(1)),
    version UInt8 COMMENT 'Extrinsic format: 4 or 5.' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'bare, signed or general.',
    signer Nullable(String) COMMENT 'Signer: SS58, or 0x hex of a 20-byte address; NULL when unsigned.' CODEC(ZSTD(1)),
    signature Nullable(String) COMMENT 'Signature, canonical JSON; NULL when unsigned.' CODEC(ZSTD(1)),
    nonce Nullable(UInt64) COMMENT 'Nonce of the signer. Source: extension CheckNonce.' CODEC(ZSTD(1)),
    tip_rao Nullable(UInt64) COMMENT 'Tip, rao. Source: extension ChargeTransactionPayment.' CODEC(ZSTD(1)),
    era_birth Nullable(UInt64) COMMENT 'First block in which it is valid; NULL when immortal or unsigned. Source: extension CheckMortality.' CODEC(ZSTD(1)),
    era_death Nullable(UInt64) COMMENT 'First block in which it is no longer valid; NULL when immortal or unsigned.' CODEC(ZSTD(1)),
    extensions String COMMENT 'All signed extensions, canonical JSON object.' CODEC(ZSTD(3)),
    pallet LowCardinality(String) COMMENT 'Pallet of the outer call.',
    call LowCardinality(String) COMMENT 'Name of the outer call.',
    success Nullable(Bool) COMMENT 'Whether it succeeded; NULL where the events do not tell. Source: System.ExtrinsicSuccess, ExtrinsicFailed.' CODEC(ZSTD(1)),
    error Nullable(String) COMMENT 'Dispatch error by name, Pallet.Error or the variant; NULL without one. Source: System.ExtrinsicFailed.' CODEC(ZSTD(1)),
    fee_rao Nullable(UInt64) COMMENT 'Fee charged, tip included, rao; NULL where the events do not tell. Source: TransactionPayment.TransactionFeePaid.' CODEC(ZSTD(1)),
    pays_fee Nullable(Bool) COMMENT 'Whether the call pays a fee at all. Source: dispatch info.' CODEC(ZSTD(1)),
    weight_ref_time Nullable(UInt64) COMMENT 'Computation used, picoseconds. Source: dispatch info.' CODEC(ZSTD(1)),
    weight_proof_size Nullable(UInt64) COMMENT 'Proof size used, bytes. Source: dispatch info.' CODEC(ZSTD(1)),
    call_count UInt32 COMMENT 'Calls in its tree, the outer one included.' CODEC(ZSTD(1)),
    event_count UInt32 COMMENT 'Events deposited while it was applied.' CODEC(ZSTD(1)),
    args String COMMENT 'Arguments of the outer call, nested calls included, canonical JSON.' CODEC(ZSTD(3)),
    INDEX by_time timestamp_ms TYPE minmax GRANULARITY 16,
    INDEX by_name (pallet, call) TYPE set(1024) GRANULARITY 16
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, extrinsic_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Extrinsics of finalized blocks. One row an extrinsic; those that could not be decoded are in quarantine.';

CREATE TABLE IF NOT EXISTS {database}.calls {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    extrinsic_index UInt32 COMMENT 'Extrinsic that carried the call.' CODEC(Delta, ZSTD(1)),
    call_index UInt32 COMMENT 'Position in the call tree in pre-order; 0 is the outer call.' CODEC(Delta, ZSTD(1)),
    parent_index Nullable(UInt32) COMMENT 'call_index of the call that carried this one; NULL for the outer call.' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    path String COMMENT 'Place in the call tree: 0 for the outer call, 0.3.1 for the second call in its fourth.' CODEC(ZSTD(1)),
    depth UInt32 COMMENT '0 for the outer call.' CODEC(ZSTD(1)),
    pallet LowCardinality(String) COMMENT 'Pallet.',
    call LowCardinality(String) COMMENT 'Call name.',
    role LowCardinality(String) COMMENT 'Argument of the parent that carried this call, e.g. calls; empty for the outer call.',
    origin String COMMENT 'Effective origin: SS58, Root, None or Unknown.' CODEC(ZSTD(1)),
    outcome LowCardinality(String) COMMENT 'success, failed, reverted, not_executed, deferred or unknown. Source: the events of the extrinsic.',
    success Nullable(Bool) COMMENT 'Whether it took effect; NULL where deferred or unknown.' CODEC(ZSTD(1)),
    error Nullable(String) COMMENT 'Dispatch error by name; NULL without one.' CODEC(ZSTD(1)),
    args String COMMENT 'Arguments, canonical JSON; a nested call is a reference {"$call":"0.3"} to its own row.' CODEC(ZSTD(3)),
    INDEX by_time timestamp_ms TYPE minmax GRANULARITY 8,
    INDEX by_name (pallet, call) TYPE set(1024) GRANULARITY 8
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, extrinsic_index, call_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Calls of finalized blocks, nested ones included. One row a node of a call tree.';

CREATE TABLE IF NOT EXISTS {database}.events {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Position in the block, from 0.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic that was being applied; NULL outside of extrinsics.' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    phase LowCardinality(String) COMMENT 'Initialization, ApplyExtrinsic or Finalization.',
    pallet LowCardinality(String) COMMENT 'Pallet.',
    variant LowCardinality(String) COMMENT 'Event name.',
    args String COMMENT 'Fields, canonical JSON: object when named, array when not.' CODEC(ZSTD(3)),
    topics String COMMENT 'Topics, JSON array of 0x hex.' CODEC(ZSTD(1)),
    INDEX by_time timestamp_ms TYPE minmax GRANULARITY 8,
    INDEX by_name (pallet, variant) TYPE set(1024) GRANULARITY 8
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Events of finalized blocks. One row an event. Source: storage System.Events.';

CREATE TABLE IF NOT EXISTS {database}.transfers {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    event_index UInt32 COMMENT 'Event in the block.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic that caused it; NULL outside of extrinsics.' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    from_account String COMMENT 'Sender, SS58.' CODEC(ZSTD(1)),
    to_account String COMMENT 'Receiver, SS58.' CODEC(ZSTD(1)),
    amount_rao UInt64 COMMENT 'Amount, rao (1 TAO is 1e9 rao).' CODEC(ZSTD(1)),
    INDEX by_time timestamp_ms TYPE minmax GRANULARITY 8,
    INDEX by_amount amount_rao TYPE minmax GRANULARITY 1
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, event_index)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Transfers of TAO between accounts. One row an event Balances.Transfer.';

CREATE TABLE IF NOT EXISTS {database}.quarantine {on_cluster}
(
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'extrinsic, event or digest_log.',
    item_index UInt32 COMMENT 'Index of the extrinsic, event or log. A quarantined event stands for all after it too: events carry no lengths.',
    start UInt32 COMMENT 'First byte that was not understood, relative to the item (to all events for an event).',
    end UInt32 COMMENT 'One past the last byte.',
    spec_version UInt32 COMMENT 'Runtime whose metadata was used.',
    reason String COMMENT 'Where and why decoding stopped.' CODEC(ZSTD(3)),
    raw String COMMENT 'The bytes, 0x hex.' CODEC(ZSTD(3))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, kind, item_index)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What could not be decoded, with its bytes. One row an item; empty on a healthy warehouse.';
