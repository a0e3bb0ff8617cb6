-- Migration 7. What each device last said of itself: rules and duties ask for it, also after a restart.
CREATE TABLE device_states (
    device TEXT PRIMARY KEY,
    state  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
