-- Migration 2. Smaller verdicts: the signals that stand for thousands of them have one row, and what is asked for stands in a row once.
-- The journal's blocks are compressed from here on; older ones could not be read, and go.

-- The home's signals as verdicts were given on: one row for as long as none of them changes.
CREATE TABLE contexts (
    id      INTEGER PRIMARY KEY,
    signals TEXT NOT NULL
) STRICT;

INSERT INTO contexts (signals) SELECT DISTINCT json_extract(facts, '$.ctx') FROM verdicts;
CREATE INDEX contexts_by_signals ON contexts (signals);
ALTER TABLE verdicts ADD COLUMN context INTEGER REFERENCES contexts (id);
UPDATE verdicts SET context = (SELECT id FROM contexts WHERE signals = json_extract(verdicts.facts, '$.ctx'));
UPDATE verdicts SET facts = json_remove(facts, '$.ctx', '$.act.target', '$.act.verb', '$.act.value', '$.act.args'),
                    request = json_remove(request, '$.target', '$.verb');
DROP INDEX contexts_by_signals;

-- One row for each transaction: the records that it wrote, changed or forgot, 16 bytes each.
ALTER TABLE change_log RENAME COLUMN record TO records;

UPDATE journal SET inputs = x'';
