-- Alerts: rules, the sinks they speak to, and the outbox between them.

-- Where alerts go. `secret` is kept apart from `config`: it is never listed, logged or exported.
CREATE TABLE alert_sinks (
    name          TEXT   NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    config        TEXT   NOT NULL,
    secret        TEXT,
    enabled       BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

-- What is watched. `revision` grows with every edit and fences off an evaluation of the rule as it was before.
-- `position` is how far the rule was evaluated, and what it remembers (JSON); NULL before the first evaluation.
CREATE TABLE alert_rules (
    name          TEXT   NOT NULL PRIMARY KEY,
    definition    TEXT   NOT NULL,
    enabled       BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    revision      BIGINT NOT NULL,
    next_sequence BIGINT NOT NULL CHECK (next_sequence >= 1),
    position      TEXT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE TABLE alert_rule_sinks (
    rule TEXT NOT NULL REFERENCES alert_rules (name) ON DELETE CASCADE,
    sink TEXT NOT NULL REFERENCES alert_sinks (name),
    PRIMARY KEY (rule, sink)
);

-- What rules found, numbered per rule from 1 without holes. A key is used once, whatever is evaluated again.
CREATE TABLE alerts (
    rule            TEXT   NOT NULL,
    sequence        BIGINT NOT NULL CHECK (sequence >= 1),
    idempotency_key TEXT   NOT NULL UNIQUE,
    block_number    BIGINT,
    payload         TEXT   NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    PRIMARY KEY (rule, sequence)
);
CREATE INDEX alerts_by_age ON alerts (created_at_ms);

-- The outbox: one row for every alert and sink. `dead` is a letter given up, kept to be replayed.
CREATE TABLE alert_deliveries (
    sink               TEXT   NOT NULL,
    rule               TEXT   NOT NULL,
    sequence           BIGINT NOT NULL,
    state              TEXT   NOT NULL CHECK (state IN ('pending', 'delivered', 'silenced', 'dead')),
    attempts           BIGINT NOT NULL,
    first_attempt_at_ms BIGINT,
    next_attempt_at_ms BIGINT NOT NULL,
    last_error         TEXT,
    updated_at_ms      BIGINT NOT NULL,
    PRIMARY KEY (sink, rule, sequence),
    FOREIGN KEY (rule, sequence) REFERENCES alerts (rule, sequence) ON DELETE CASCADE
);
CREATE INDEX alert_deliveries_pending ON alert_deliveries (sink, rule, sequence) WHERE state = 'pending';
CREATE INDEX alert_deliveries_dead ON alert_deliveries (updated_at_ms) WHERE state = 'dead';
CREATE INDEX alert_deliveries_of_alert ON alert_deliveries (rule, sequence);

-- What is not to be told for a while. NULL matches everything.
CREATE TABLE alert_silences (
    id            TEXT   NOT NULL PRIMARY KEY,
    rule          TEXT,
    kind          TEXT,
    scope         TEXT,
    note          TEXT   NOT NULL,
    from_ms       BIGINT NOT NULL,
    until_ms      BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

-- Who does a job that only one process may do.
CREATE TABLE leases (
    name          TEXT   NOT NULL PRIMARY KEY,
    owner         TEXT   NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
