-- Migration 8. What the soul knows of an entity besides its opinion: facets, liveness, relations and so on for readers, as JSON, and its
-- rhythms and series for the soul itself, as CBOR; those are written less often than the state, which is small.
ALTER TABLE soul_entities ADD COLUMN detail TEXT NOT NULL DEFAULT '{}';
ALTER TABLE soul_entities ADD COLUMN senses BLOB;
