-- What watching for incidents must not forget.

-- The memory of a lane's detectors after a block. `memory` is base64 of zstd of JSON.
CREATE TABLE watch_checkpoints (
    lane          TEXT   NOT NULL PRIMARY KEY,
    block         BIGINT NOT NULL CHECK (block >= 0),
    fingerprint   TEXT   NOT NULL,
    memory        TEXT   NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

-- Where incidents stand; their evidence is in the warehouse.
CREATE TABLE incident_standings (
    id            TEXT   NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    scope         TEXT   NOT NULL,
    severity      TEXT   NOT NULL,
    state         TEXT   NOT NULL CHECK (state IN ('open', 'closed', 'retracted')),
    first_block   BIGINT NOT NULL,
    last_block    BIGINT NOT NULL,
    closed_block  BIGINT,
    title         TEXT   NOT NULL,
    updated_at_ms BIGINT NOT NULL
);
CREATE INDEX incident_standings_open ON incident_standings (severity, first_block) WHERE state = 'open';

-- What an operator said of an incident.
CREATE TABLE incident_marks (
    id           TEXT   NOT NULL PRIMARY KEY,
    mark         TEXT   NOT NULL CHECK (mark IN ('acknowledged', 'silenced')),
    note         TEXT   NOT NULL,
    marked_by    TEXT   NOT NULL,
    marked_at_ms BIGINT NOT NULL
);

-- What detectors could not judge, and why.
CREATE TABLE watch_not_evaluable (
    lane        TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    scope       TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    first_block BIGINT NOT NULL,
    last_block  BIGINT NOT NULL,
    blocks      BIGINT NOT NULL,
    PRIMARY KEY (lane, kind, scope)
);
