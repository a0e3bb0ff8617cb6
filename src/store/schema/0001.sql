-- Migration 1. Times are microseconds since 1970-01-01 UTC; percepts are 16-byte UUIDs (v7, so nearly in order of time).

-- Facts about the database itself.
CREATE TABLE app_metadata (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The soul's opinion of each entity: the public view in columns, its own state as CBOR.
CREATE TABLE soul_entities (
    entity      TEXT PRIMARY KEY,
    standing    TEXT NOT NULL,
    belief      REAL NOT NULL,
    disbelief   REAL NOT NULL,
    uncertainty REAL NOT NULL,
    base_rate   REAL NOT NULL,
    expectation REAL NOT NULL,
    lower_bound REAL NOT NULL,
    reasons     TEXT NOT NULL,
    events      INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    state       BLOB NOT NULL
) STRICT;

-- Mood and emotions as they stand: one row.
CREATE TABLE soul_emotions (
    slot  INTEGER PRIMARY KEY CHECK (slot = 1),
    at    INTEGER NOT NULL,
    view  TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT;

-- What is kept of percepts. No rowid and no further index: one page less to write for every message (an SD card wears by pages).
CREATE TABLE memory_records (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    at         INTEGER NOT NULL,
    entity     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    topic      TEXT NOT NULL,
    body_kind  TEXT NOT NULL,
    payload    BLOB NOT NULL,
    text       TEXT NOT NULL,
    importance REAL NOT NULL,
    layer      TEXT NOT NULL,
    requester  TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    user       TEXT,
    qos        INTEGER NOT NULL,
    packet_id  INTEGER,
    retained   INTEGER NOT NULL,
    own_id     TEXT
) STRICT, WITHOUT ROWID;

-- What the index must follow: one row for each record written, changed or forgotten. Whoever prunes it leaves the newest row,
-- so that the numbers never repeat.
CREATE TABLE change_log (
    seq    INTEGER PRIMARY KEY,
    record BLOB NOT NULL
) STRICT;

-- One row for each judged request. Rows pass 1 KB, so they live in a rowid table: without one, each would spill onto a page of its own.
CREATE TABLE verdicts (
    percept       BLOB NOT NULL CHECK (length(percept) = 16),
    ordinal       INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    requester     TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    topic         TEXT NOT NULL,
    target        TEXT NOT NULL,
    verb          TEXT NOT NULL,
    decision      TEXT NOT NULL,
    score         REAL NOT NULL,
    theta_allow   REAL NOT NULL,
    theta_deny    REAL NOT NULL,
    uncertainty   REAL NOT NULL,
    reason        TEXT NOT NULL,
    contributions TEXT NOT NULL,
    facts         TEXT NOT NULL,
    request       TEXT NOT NULL,
    origin        TEXT,
    forwarded_at  INTEGER,
    repeat_of     BLOB,
    UNIQUE (percept, ordinal)
) STRICT;

-- Refusals by client, hour (since 1970) and decision: `total` of them, of which `summarised` have no row in verdicts.
CREATE TABLE summaries (
    client       TEXT NOT NULL,
    hour         INTEGER NOT NULL,
    decision     TEXT NOT NULL,
    total        INTEGER NOT NULL,
    summarised   INTEGER NOT NULL,
    last_percept BLOB NOT NULL,
    last_at      INTEGER NOT NULL,
    PRIMARY KEY (client, hour, decision)
) STRICT, WITHOUT ROWID;

-- The mind's inputs, one row for each transaction (also an empty one: its number tells whether a batch has landed), bounded;
-- the newest row stays. `records` and `verdicts` are running totals.
CREATE TABLE journal (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    records  INTEGER NOT NULL,
    verdicts INTEGER NOT NULL,
    inputs   BLOB NOT NULL
) STRICT;

-- The last value heard of each of the owner's signals.
CREATE TABLE signals (
    name  TEXT PRIMARY KEY,
    type  TEXT NOT NULL CHECK (type IN ('bool', 'number')),
    value REAL NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

-- The registry of actuators; `device` is the whole as JSON.
CREATE TABLE devices (
    id     TEXT PRIMARY KEY,
    class  TEXT NOT NULL,
    risk   REAL NOT NULL,
    name   TEXT,
    area   TEXT,
    device TEXT NOT NULL
) STRICT;

-- Escalated messages with all that they carried.
CREATE TABLE held (
    percept    BLOB PRIMARY KEY CHECK (length(percept) = 16),
    held_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    requester  TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    target     TEXT NOT NULL,
    topic      TEXT NOT NULL,
    qos        INTEGER NOT NULL,
    retained   INTEGER NOT NULL,
    properties BLOB NOT NULL,
    payload    BLOB NOT NULL
) STRICT;

-- What people were asked, and what they answered.
CREATE TABLE approvals (
    percept    BLOB NOT NULL CHECK (length(percept) = 16),
    ordinal    INTEGER NOT NULL,
    nonce      TEXT NOT NULL,
    asked_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    answer     TEXT CHECK (answer IN ('approved', 'refused', 'expired', 'superseded')),
    answered_by TEXT,
    answered_at INTEGER,
    PRIMARY KEY (percept, ordinal)
) STRICT, WITHOUT ROWID;

-- Who did what to the house: each row's hash covers the one before.
CREATE TABLE audit_log (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT,
    detail   TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash     BLOB NOT NULL
) STRICT;

-- Who belongs to whom or speaks for whom.
CREATE TABLE relations (
    subject  TEXT NOT NULL,
    relation TEXT NOT NULL,
    object   TEXT NOT NULL,
    weight   REAL NOT NULL,
    events   INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (subject, relation, object)
) STRICT, WITHOUT ROWID;

-- What has the mind's attention: one row.
CREATE TABLE consciousness_state (
    slot INTEGER PRIMARY KEY CHECK (slot = 1),
    at   INTEGER NOT NULL,
    view TEXT NOT NULL
) STRICT;

-- Integrated information and its like over time.
CREATE TABLE consciousness_metrics (
    metric TEXT NOT NULL,
    at     INTEGER NOT NULL,
    value  REAL NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (metric, at)
) STRICT, WITHOUT ROWID;

-- Who Jamey has been: strengths of its roles.
CREATE TABLE identity_matrices (
    at    INTEGER PRIMARY KEY,
    view  TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT;

-- What Jamey is for, and how well it goes.
CREATE TABLE mission_objectives (
    id    TEXT PRIMARY KEY,
    at    INTEGER NOT NULL,
    view  TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE users (
    name       TEXT PRIMARY KEY,
    role       TEXT NOT NULL,
    secret     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- API tokens, by their hash only.
CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    user       TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    label      TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user);
