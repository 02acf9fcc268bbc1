-- Lookups: other sort orders of the log lane, for account pages, hashes and names. Derived, rebuilt with it.

CREATE TABLE IF NOT EXISTS {database}.account_activity {on_cluster}
(
    account String COMMENT 'SS58.' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'What it takes part in: extrinsic, event or transfer.',
    block_number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    item_index UInt32 COMMENT 'extrinsic_index where kind is extrinsic, else event_index.' CODEC(Delta, ZSTD(1)),
    extrinsic_index Nullable(UInt32) COMMENT 'Extrinsic; NULL outside of extrinsics.' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    role LowCardinality(String) COMMENT 'Its strongest part: signer, origin or argument of an extrinsic; event; sender, receiver or self of a transfer.',
    amount_rao Nullable(UInt64) COMMENT 'Amount of a transfer, rao; NULL for other kinds.' CODEC(ZSTD(1)),
    INDEX by_block block_number TYPE minmax GRANULARITY 1
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (account, kind, block_number, item_index)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Where accounts take part, by account. One row an account and extrinsic, event or transfer.';

CREATE TABLE IF NOT EXISTS {database}.hash_index {on_cluster}
(
    hash_key UInt64 COMMENT 'First 8 bytes of the hash, big endian.' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'block or extrinsic.',
    block_number UInt64 COMMENT 'Block height.' CODEC(ZSTD(1)),
    item_index UInt32 COMMENT 'extrinsic_index; 0 for a block.' CODEC(ZSTD(1)),
    INDEX by_block block_number TYPE minmax GRANULARITY 1
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (hash_key, kind, block_number, item_index)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Blocks and extrinsics by hash. One row a hash.';

CREATE TABLE IF NOT EXISTS {database}.name_counts {on_cluster}
(
    kind LowCardinality(String) COMMENT 'extrinsic (outer calls), call (all calls) or event.',
    pallet LowCardinality(String) COMMENT 'Pallet.',
    name LowCardinality(String) COMMENT 'Call or event name.',
    first_block UInt64 COMMENT 'First block of the window that was counted.' CODEC(Delta, ZSTD(1)),
    last_block UInt64 COMMENT 'Last block of the window.' CODEC(Delta, ZSTD(1)),
    occurrences UInt64 COMMENT 'How often the name occurs in the window.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(first_block, 512000)
ORDER BY (kind, pallet, name, first_block)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'How often each name occurs, by window. One row a name and window.';
