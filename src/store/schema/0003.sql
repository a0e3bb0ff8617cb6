-- Migration 3. The audit trail is sealed: each row by a key that the host keeps beside the database, and so is its head (app_metadata).
-- Rows of schema 1 keep their hash, which covers neither number nor subject, and have no seal: no key was there when they were written.
-- The first sealed row holds the hash of the last of them, and so all of them.
ALTER TABLE audit_log ADD COLUMN seal BLOB;

-- What the last start said of config and rules is looked for at each start.
CREATE INDEX audit_starts ON audit_log (seq) WHERE action = 'start';

-- Verdicts are sealed from here on: those that stand already are not, for nobody knows what became of them since.
INSERT INTO app_metadata (key, value) SELECT 'audit_verdicts', max(rowid) FROM verdicts HAVING count(*) > 0;
