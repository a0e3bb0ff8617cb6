-- Migration 5. What waits for a person's word is kept whole. Nothing was ever held before, so both tables begin anew.
DROP TABLE held;
DROP TABLE approvals;

CREATE TABLE held (
    percept    BLOB PRIMARY KEY CHECK (length(percept) = 16),
    held_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    requester  TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    topic      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    -- SHA-256 in hex over all that would go on and on whose behalf, as people were shown it.
    sha256     TEXT NOT NULL,
    -- The percept, and where it would go on, as CBOR.
    message    BLOB NOT NULL,
    way_on     BLOB NOT NULL
) STRICT;

-- What people were asked, and what they answered: one row for each request of a held message that wants a word.
CREATE TABLE approvals (
    percept     BLOB NOT NULL CHECK (length(percept) = 16),
    ordinal     INTEGER NOT NULL,
    nonce       TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    answer      TEXT CHECK (answer IN ('approved', 'refused', 'expired', 'superseded')),
    answered_by TEXT,
    answered_at INTEGER,
    -- Whether the message went on: also what was approved is judged again.
    let_on      INTEGER,
    reason      TEXT,
    PRIMARY KEY (percept, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_by_time ON approvals (asked_at);
