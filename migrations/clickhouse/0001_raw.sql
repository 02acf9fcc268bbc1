-- The raw lane: what the node gave, byte for byte. Every other row can be rebuilt from these two tables.
-- Macros: {database}, {on_cluster}, {merge_tree}. Statements end with a semicolon at the end of a line.

CREATE TABLE IF NOT EXISTS {database}.raw_blocks {on_cluster}
(
    number UInt64 COMMENT 'Block height.' CODEC(Delta, ZSTD(1)),
    hash String COMMENT 'Block hash, 0x hex. Source: Blake2b-256 of the header, verified when stored.' CODEC(ZSTD(1)),
    spec_version UInt32 COMMENT 'Runtime that executed the block: the one in the state of its parent. Source: state_getRuntimeVersion at the parent.' CODEC(Delta, ZSTD(1)),
    header String COMMENT 'SCALE bytes of the header. Source: chain_getHeader.' CODEC(ZSTD(3)),
    extrinsics Array(String) COMMENT 'SCALE bytes of each extrinsic, length prefix included. Source: chain_getBlock.' CODEC(ZSTD(6)),
    events String COMMENT 'SCALE bytes of all events. Source: storage System.Events at the block.' CODEC(ZSTD(6)),
    authorities String COMMENT 'SCALE bytes of the Aura authorities, empty where unknown. Source: storage Aura.Authorities at the parent.' CODEC(ZSTD(3))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(number, 512000)
ORDER BY number
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256
COMMENT 'Blocks as the node gave them. One row a block.';

CREATE TABLE IF NOT EXISTS {database}.runtime_metadata {on_cluster}
(
    spec_version UInt32 COMMENT 'Runtime the metadata describes. Source: its own constant System.Version.',
    metadata_version UInt32 COMMENT 'Format of the metadata: 14, 15 or 16.',
    metadata_hash String COMMENT 'Blake2b-256 of the metadata bytes, 0x hex.',
    metadata String COMMENT 'SCALE bytes, from the magic number on. Source: Metadata_metadata_at_version or state_getMetadata.' CODEC(ZSTD(6))
)
ENGINE = {merge_tree}
ORDER BY (spec_version, metadata_version, metadata_hash)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Metadata of every runtime that executed stored blocks. One row a runtime and metadata format.';
