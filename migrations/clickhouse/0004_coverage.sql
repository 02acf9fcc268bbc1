-- The writer's own records. Blocks are covered when they are in `blocks`; this table tells by which writes.

CREATE TABLE IF NOT EXISTS {database}.coverage {on_cluster}
(
    first_block UInt64 COMMENT 'First block of the window.' CODEC(Delta, ZSTD(1)),
    last_block UInt64 COMMENT 'Last block of the window.' CODEC(Delta, ZSTD(1)),
    attempt UInt32 COMMENT 'Raised each time rows of the window were deleted to be written anew; part of the deduplication tokens.',
    state LowCardinality(String) COMMENT 'sealed after the last row of the window was written; rewriting before its rows were deleted.',
    decoder_generation UInt32 COMMENT 'Generation of the decoder that made the rows.',
    content_hash String COMMENT 'Blake2b-256 of the content hashes of all tables, 0x hex.',
    block_rows UInt64 COMMENT 'Rows written to blocks.',
    extrinsic_rows UInt64 COMMENT 'Rows written to extrinsics.',
    call_rows UInt64 COMMENT 'Rows written to calls.',
    event_rows UInt64 COMMENT 'Rows written to events.',
    transfer_rows UInt64 COMMENT 'Rows written to transfers.',
    quarantine_rows UInt64 COMMENT 'Rows written to quarantine.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this row was written, UTC.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(first_block, 512000)
ORDER BY (first_block, last_block, attempt, state)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Windows of blocks as they were written. One row a window and state; append-only.';
