-- Incidents: what detectors found over decoded blocks, state and verifications. Written by `yumascan detect` and behind the head.
-- An incident's row is written anew when it changes, and the old one is deleted afterwards: the row written last counts.

CREATE TABLE IF NOT EXISTS {database}.incidents {on_cluster}
(
    first_block UInt64 COMMENT 'First block in which it shows.' CODEC(Delta, ZSTD(1)),
    ordinal UInt64 COMMENT 'Tells incidents of one first block apart: the first 8 bytes of id.' CODEC(ZSTD(1)),
    id String COMMENT 'Hash of kind, scope, first block and detector version, 32 hex digits: the same rows give the same id, live and in replay.' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'What kind of incident, e.g. runaway_batch; see docs/incidents.md.',
    lane LowCardinality(String) COMMENT 'What its detector reads: log, state, verification, or live (never in replay).',
    scope String COMMENT 'What it is about: chain, subnet:N, neuron:N:HOTKEY, account:A, hotkey:A, author:A, call:Pallet.call, error:Pallet.Error, own:…' CODEC(ZSTD(1)),
    severity LowCardinality(String) COMMENT 'The greatest severity it had: S1 (chain-wide or loss in progress), S2 (serious), S3 (noteworthy), S4 (for information).',
    state LowCardinality(String) COMMENT 'open; closed; retracted where a replay with better data does not find it.',
    last_block UInt64 COMMENT 'Last block in which it showed.' CODEC(Delta, ZSTD(1)),
    closed_block Nullable(UInt64) COMMENT 'Block at which it was known to be over; NULL while it is open.' CODEC(ZSTD(1)),
    score Float64 COMMENT 'How far beyond its threshold the signal was at most: value divided by threshold; 1 for facts.',
    title String COMMENT 'What happened, in one sentence.' CODEC(ZSTD(3)),
    netuids Array(UInt16) COMMENT 'Subnets involved, ascending.' CODEC(ZSTD(1)),
    accounts Array(String) COMMENT 'Accounts involved, SS58, sorted; at most 200.' CODEC(ZSTD(3)),
    evidence String COMMENT 'JSON: facts of the kind, items (things involved, at most 100), items_total, series (block, signal, threshold).' CODEC(ZSTD(3)),
    thresholds String COMMENT 'JSON: the thresholds that were in force.' CODEC(ZSTD(3)),
    detector_version UInt32 COMMENT 'Version of the detector.' CODEC(ZSTD(1)),
    events UInt32 COMMENT 'How many rows of incident_events it has.' CODEC(ZSTD(1)),
    written_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When this row was written, UTC.'
)
ENGINE = {merge_tree}
PARTITION BY intDiv(first_block, 512000)
ORDER BY (first_block, ordinal)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'Incidents as they stand. One row an incident.';

CREATE TABLE IF NOT EXISTS {database}.incident_events {on_cluster}
(
    block_number UInt64 COMMENT 'Block at which it happened.' CODEC(Delta, ZSTD(1)),
    incident_id String COMMENT 'The incident.' CODEC(ZSTD(1)),
    position UInt32 COMMENT 'Order within the incident, from 0.' CODEC(ZSTD(1)),
    kind LowCardinality(String) COMMENT 'opened, raised (severity), updated (again, or grown), reopened, closed, retracted.',
    severity LowCardinality(String) COMMENT 'Severity of the incident after it.',
    score Float64 COMMENT 'Score of the finding that caused it.',
    title String COMMENT 'The finding''s sentence.' CODEC(ZSTD(3))
)
ENGINE = {merge_tree}
PARTITION BY intDiv(block_number, 512000)
ORDER BY (incident_id, position)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 512
COMMENT 'The history of incidents. One row a step.';
