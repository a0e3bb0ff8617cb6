-- Migration 6. A candidate that judges beside the rules: its counts as JSON, one row, and the newest requests on which it disagrees.
CREATE TABLE shadow (
    slot  INTEGER PRIMARY KEY CHECK (slot = 1),
    tally TEXT NOT NULL
) STRICT;

CREATE TABLE disagreements (
    seq          INTEGER PRIMARY KEY,
    percept      BLOB NOT NULL CHECK (length(percept) = 16),
    ordinal      INTEGER NOT NULL,
    disagreement TEXT NOT NULL
) STRICT;
