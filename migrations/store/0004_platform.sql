-- What a public deployment needs: keys, questions kept under links, and what operators did.

-- Keys of the API. The key itself is not stored: `hash` is Blake2b-256 of its 256 random bits, which cannot be guessed, so that
-- a slow hash would protect nothing and would cost every request.
CREATE TABLE api_keys (
    id              TEXT   NOT NULL PRIMARY KEY,
    hash            TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    tier            TEXT   NOT NULL CHECK (tier IN ('keyed', 'admin')),
    scopes          TEXT   NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    expires_at_ms   BIGINT,
    revoked_at_ms   BIGINT,
    last_used_at_ms BIGINT
);

-- Questions in SQL that were kept; the id is made of their content.
CREATE TABLE saved_queries (
    id            TEXT   NOT NULL PRIMARY KEY,
    title         TEXT   NOT NULL,
    sql           TEXT   NOT NULL,
    created_at_ms BIGINT NOT NULL
);

-- What operators did, by command or request. Rows are added and never changed.
CREATE TABLE operator_actions (
    id     TEXT   NOT NULL PRIMARY KEY,
    at_ms  BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    action TEXT   NOT NULL,
    target TEXT   NOT NULL
);
CREATE INDEX operator_actions_by_time ON operator_actions (at_ms);
