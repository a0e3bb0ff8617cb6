-- Migration 4. A user has roles, in their order, as JSON; certificates stand for users.
ALTER TABLE users RENAME COLUMN role TO roles;
UPDATE users SET roles = json_array(roles);
ALTER TABLE users DROP COLUMN disabled;
ALTER TABLE tokens RENAME COLUMN role TO roles;
UPDATE tokens SET roles = json_array(roles);

CREATE TABLE certificates (
    fingerprint TEXT PRIMARY KEY,
    user        TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    added_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
