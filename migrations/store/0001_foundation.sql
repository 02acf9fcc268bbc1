-- Operational state of one Yumascan deployment. The same statements run on SQLite and on PostgreSQL:
-- BIGINT for numbers (block heights, milliseconds since the Unix epoch), TEXT for everything else.

-- A row whose update serialises a group of transactions: a row lock on PostgreSQL, the write lock on SQLite.
CREATE TABLE locks (
    name  TEXT   NOT NULL PRIMARY KEY,
    taken BIGINT NOT NULL
);
INSERT INTO locks (name, taken) VALUES ('windows', 0);

-- The chain that this store and its warehouse belong to: at most one row.
CREATE TABLE chain (
    id            BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    genesis_hash  TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    claimed_at_ms BIGINT NOT NULL
);

-- How far a named job has come.
CREATE TABLE cursors (
    name          TEXT   NOT NULL PRIMARY KEY,
    block         BIGINT NOT NULL CHECK (block >= 0),
    hash          TEXT,
    updated_at_ms BIGINT NOT NULL
);

-- Runs of blocks written to the warehouse: `open` before the first insert, `sealed` after the last.
-- Windows never overlap (checked under the lock `windows`, as SQLite has no exclusion constraints).
-- `attempt` is the lock's count at the last opening: it only grows, and fences off a writer that lost its window.
CREATE TABLE windows (
    first_block        BIGINT NOT NULL PRIMARY KEY CHECK (first_block >= 0),
    last_block         BIGINT NOT NULL,
    state              TEXT   NOT NULL CHECK (state IN ('open', 'sealed')),
    attempt            BIGINT NOT NULL CHECK (attempt >= 1),
    decoder_generation BIGINT NOT NULL,
    content_hash       TEXT,
    raw_block_rows     BIGINT,
    block_rows         BIGINT,
    extrinsic_rows     BIGINT,
    call_rows          BIGINT,
    event_rows         BIGINT,
    transfer_rows      BIGINT,
    quarantine_rows    BIGINT,
    opened_at_ms       BIGINT NOT NULL,
    sealed_at_ms       BIGINT,
    CHECK (last_block >= first_block),
    CHECK ((state = 'sealed') = (content_hash IS NOT NULL)),
    CHECK ((state = 'sealed') = (sealed_at_ms IS NOT NULL))
);
CREATE INDEX windows_open ON windows (first_block) WHERE state = 'open';
CREATE INDEX windows_sealed_by_generation ON windows (decoder_generation, first_block) WHERE state = 'sealed';

-- What is known of every RPC endpoint, for status pages and for the next start.
CREATE TABLE endpoint_health (
    endpoint             TEXT   NOT NULL PRIMARY KEY,
    state                TEXT   NOT NULL
        CHECK (state IN ('healthy', 'slow', 'rate_limited', 'unreachable', 'distrusted')),
    detail               TEXT,
    latency_ms           BIGINT,
    best_block           BIGINT,
    finalized_block      BIGINT,
    consecutive_failures BIGINT NOT NULL,
    checked_at_ms        BIGINT NOT NULL,
    last_ok_at_ms        BIGINT
);
