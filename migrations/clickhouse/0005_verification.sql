-- The verification lane: what the replay of the chain's own maths found. Written by `yumascan verify` and at the head.
-- Rows of a range are replaced as a whole; `verification_windows` comes last and tells that a range is done.

CREATE TABLE IF NOT EXISTS {database}.epoch_verifications {on_cluster}
(
    block_number UInt64 COMMENT 'Block in whose initialization the epoch ran.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet.' CODEC(Delta, ZSTD(1)),
    mechid UInt8 COMMENT 'Mechanism of the subnet, from 0.' CODEC(ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    spec_version UInt32 COMMENT 'Runtime that executed the block. Source: state_getRuntimeVersion at the parent.' CODEC(Delta, ZSTD(1)),
    era LowCardinality(String) COMMENT 'Rules that were replayed, as chosen from the metadata and the spec.',
    verdict LowCardinality(String) COMMENT 'verified: all equal. excused: all equal but what extrinsics of the same block rewrote, see epoch_differences. differs: something is not equal. cannot_say: see reason.',
    reason String COMMENT 'Why nothing can be said, or what the verdict rests on; empty where there is nothing to add.' CODEC(ZSTD(3)),
    neurons UInt32 COMMENT 'Neurons of the subnet when the epoch ran.' CODEC(ZSTD(1)),
    fields_checked UInt64 COMMENT 'Stored numbers compared with recomputed ones: one a neuron and vector, one a bond, one a hotkey and payment.' CODEC(ZSTD(1)),
    fields_equal UInt64 COMMENT 'Those that are equal.' CODEC(ZSTD(1)),
    fields_excused UInt64 COMMENT 'Those that are not equal and were rewritten by an extrinsic of the block.' CODEC(ZSTD(1)),
    first_difference Nullable(String) COMMENT 'The first difference that nothing excuses, in words; NULL without one.' CODEC(ZSTD(3)),
    emission_rao Nullable(UInt64) COMMENT 'What the epoch distributed to the subnet''s neurons, alpha-rao (TAO-rao before dTAO); NULL where unknown.' CODEC(ZSTD(1)),
    emission_source LowCardinality(String) COMMENT 'How emission_rao was obtained: recomputed from the state of the parent, or inferred from the stored outputs; empty where unknown.',
    replay_ns UInt64 COMMENT 'Time of the maths, nanoseconds.' CODEC(ZSTD(1)),
    inputs_hash String COMMENT 'Blake2b-256 of the inputs as stored in epoch_inputs, 0x hex; empty where there are none.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, netuid, mechid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Epochs replayed and compared with what the chain stored. One row a block, subnet and mechanism; what mechanisms share (all vectors but Incentive and Bonds, and the payments) counts in the row of mechanism 0.';

CREATE TABLE IF NOT EXISTS {database}.epoch_differences {on_cluster}
(
    block_number UInt64 COMMENT 'Block of the epoch.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet.' CODEC(Delta, ZSTD(1)),
    mechid UInt8 COMMENT 'Mechanism.' CODEC(ZSTD(1)),
    position UInt32 COMMENT 'Order of the difference within its epoch, from 0.' CODEC(Delta, ZSTD(1)),
    field LowCardinality(String) COMMENT 'What differs: a storage item such as Incentive, Bonds or AlphaDividendsPerSubnet, or the event IncentiveAlphaEmittedToMiners.',
    uid Nullable(UInt16) COMMENT 'Neuron; NULL for a payment, which is by hotkey, and where a mechanism is missing as a whole.' CODEC(ZSTD(1)),
    target Nullable(UInt16) COMMENT 'Neuron that a bond is held of; NULL for other fields.' CODEC(ZSTD(1)),
    hotkey Nullable(String) COMMENT 'Hotkey of the neuron when the epoch ran, or of the payment, SS58; NULL without one.' CODEC(ZSTD(1)),
    expected String COMMENT 'Recomputed value, JSON: a flag is 0 or 1, what is not there null.' CODEC(ZSTD(3)),
    stored String COMMENT 'Value that the chain stored, in the same form.' CODEC(ZSTD(3)),
    excused_by Nullable(String) COMMENT 'What rewrote the field after the epoch, e.g. extrinsic 12-3 NeuronRegistered; NULL where nothing did.' CODEC(ZSTD(3))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, netuid, mechid, position)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Where stored and recomputed outputs of epochs differ. One row a number; at most 10,000 an epoch and mechanism.';

CREATE TABLE IF NOT EXISTS {database}.epoch_inputs {on_cluster}
(
    block_number UInt64 COMMENT 'Block of the epoch.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet.' CODEC(Delta, ZSTD(1)),
    inputs_hash String COMMENT 'Blake2b-256 of inputs, 0x hex.' CODEC(ZSTD(1)),
    inputs String COMMENT 'All that the replay used, JSON: what the chain had at the end of the parent block, with what the block did before the epoch.' CODEC(ZSTD(9))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (netuid, block_number)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 16
COMMENT 'Inputs of replayed epochs, from which steps and outputs can be recomputed without a node. One row a block and subnet, all its mechanisms.';

CREATE TABLE IF NOT EXISTS {database}.emission_verifications {on_cluster}
(
    block_number UInt64 COMMENT 'Block.' CODEC(Delta, ZSTD(1)),
    netuid UInt16 COMMENT 'Subnet.' CODEC(Delta, ZSTD(1)),
    timestamp_ms Nullable(UInt64) COMMENT 'Block time, milliseconds since the Unix epoch; NULL for genesis.' CODEC(Delta, ZSTD(1)),
    spec_version UInt32 COMMENT 'Runtime that executed the block.' CODEC(Delta, ZSTD(1)),
    era LowCardinality(String) COMMENT 'Rules that were replayed.',
    verdict LowCardinality(String) COMMENT 'verified, excused, differs or cannot_say, as in epoch_verifications.',
    reason String COMMENT 'Why nothing can be said, or what excuses a difference; empty where there is nothing to add.' CODEC(ZSTD(3)),
    fields_checked UInt32 COMMENT 'Stored amounts compared with recomputed ones.' CODEC(ZSTD(1)),
    fields_equal UInt32 COMMENT 'Those that are equal.' CODEC(ZSTD(1)),
    fields_excused UInt32 COMMENT 'Those that an extrinsic of the block changed afterwards.' CODEC(ZSTD(1)),
    first_difference Nullable(String) COMMENT 'The first difference that nothing excuses: item, recomputed and stored value; NULL without one.' CODEC(ZSTD(3)),
    tao_in_rao Nullable(UInt64) COMMENT 'TAO injected into the pool, rao, as recomputed; NULL where nothing can be said.' CODEC(ZSTD(1)),
    alpha_in_rao Nullable(UInt64) COMMENT 'Alpha injected into the pool, alpha-rao, as recomputed.' CODEC(ZSTD(1)),
    alpha_out_rao Nullable(UInt64) COMMENT 'Alpha emitted to participants, alpha-rao, as recomputed.' CODEC(ZSTD(1))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (block_number, netuid)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Emission of every block, replayed and compared with what the chain stored. One row a block and subnet.';

CREATE TABLE IF NOT EXISTS {database}.verification_windows {on_cluster}
(
    first_block UInt64 COMMENT 'First block of the range.' CODEC(Delta, ZSTD(1)),
    last_block UInt64 COMMENT 'Last block of the range.' CODEC(Delta, ZSTD(1)),
    generation UInt32 COMMENT 'Generation of the replay; a newer one looks at the range again.',
    epochs UInt64 COMMENT 'Epochs of mechanisms in the range.',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When this row was written, UTC.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(first_block, 512000)
ORDER BY (first_block, last_block, generation)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Ranges of blocks whose due epochs were all looked at. One row a range; append-only, written after its rows.';
