-- Migration 10. Memory that lasts on a small card: what is kept one by one, what was summed up, and what was recalled.

-- The owner wants it kept, whatever else goes.
ALTER TABLE memory_records ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
-- What a fact is about: a newer one of the same entity about the same takes its place.
ALTER TABLE memory_records ADD COLUMN about TEXT;
ALTER TABLE memory_records ADD COLUMN superseded_by BLOB;
CREATE INDEX memory_facts ON memory_records (entity, about) WHERE about IS NOT NULL AND superseded_by IS NULL;

-- What was superseded, by when it was.
CREATE INDEX memory_superseded ON memory_records (superseded_by) WHERE superseded_by IS NOT NULL;

-- What many records of an entity came to in five minutes, an hour or a day. The id holds the begin as a record's does; the rest is a digest
-- of tier, begin, entity, kind and requester, so that it is found without an index.
CREATE TABLE memory_summaries (
    id        BLOB PRIMARY KEY CHECK (length(id) = 16),
    tier      TEXT NOT NULL CHECK (tier IN ('five_minutes', 'hour', 'day')),
    begins    INTEGER NOT NULL,
    ends      INTEGER NOT NULL,
    entity    TEXT NOT NULL,
    kind      TEXT NOT NULL,
    requester TEXT NOT NULL,
    -- How many records it stands for, and the first and the last of them.
    records   INTEGER NOT NULL,
    first     BLOB NOT NULL,
    last      BLOB NOT NULL,
    -- Count, mean, least, greatest, first and last of each number, and how often each word was said, as CBOR.
    series    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- When records were recalled: the number of times, the first being when it was made, and the latest four in microseconds, as CBOR.
CREATE TABLE memory_uses (
    record BLOB PRIMARY KEY CHECK (length(record) = 16),
    uses   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- How far each sweep over the records has come.
CREATE TABLE memory_sweeps (
    sweep TEXT PRIMARY KEY,
    after BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What descriptions say of what an entity tells: its name, its area, and names, units and classes of its values, as JSON.
CREATE TABLE entity_names (
    entity TEXT PRIMARY KEY,
    names  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
