-- Migration 9. Who stands how to whom; nothing was ever written into the first form of the table. `denied`: the owner says that it is not so.
DROP TABLE relations;
CREATE TABLE relations (
    subject  TEXT NOT NULL,
    relation TEXT NOT NULL,
    object   TEXT NOT NULL,
    weight   REAL NOT NULL,
    told_by  TEXT NOT NULL CHECK (told_by IN ('owner', 'discovery', 'seen')),
    denied   INTEGER NOT NULL,
    PRIMARY KEY (subject, relation, object)
) STRICT, WITHOUT ROWID;
CREATE INDEX relations_by_object ON relations (object);

-- P and t of entities over time: the first in an hour, and each move of P by .02; pruned to an hour's first after 14 days, a day's after 400.
CREATE TABLE soul_history (
    entity      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    expectation REAL NOT NULL,
    lower_bound REAL NOT NULL,
    why         TEXT NOT NULL,
    PRIMARY KEY (entity, at)
) STRICT, WITHOUT ROWID;

-- What stood against entities for which there was no room any more, by a digest of their id: whoever comes back has it again.
CREATE TABLE soul_departed (
    id    BLOB PRIMARY KEY CHECK (length(id) = 16),
    state BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What was made unreadable because an entity was forgotten: the digest that the audit trail had of it, and the one of what stands there now.
-- One row of the trail, under the forgetting's number, holds the digest of all rows of a forgetting.
CREATE TABLE forgotten (
    forgetting INTEGER NOT NULL,
    what       TEXT NOT NULL,
    was        TEXT NOT NULL,
    now        TEXT NOT NULL,
    PRIMARY KEY (what, forgetting)
) STRICT, WITHOUT ROWID;
CREATE INDEX forgotten_by_number ON forgotten (forgetting);

-- Each forgetting: its number in the trail, the word that asked for it, and what went, as counts. Whom it was about says the trail alone.
CREATE TABLE forgettings (
    number INTEGER PRIMARY KEY,
    word   BLOB NOT NULL,
    at     INTEGER NOT NULL,
    counts TEXT NOT NULL
) STRICT;
