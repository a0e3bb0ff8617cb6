//! The audit trail as it grows: rows appended with their hash and seal, and the head after each batch, in the batch's own transaction.
//! It goes on from the head, never from what stands last in the table: rows that someone cut off stay missing.

use super::error::{Doing, StoreError};
use crate::domain::{
    Timestamp,
    audit::{BROKEN, Event, Head, Key, NOTHING, OWN_ACTION, SealedHead, chained, hex},
};
use rusqlite::{Connection, OptionalExtension, params};

/// Where the head is kept in `app_metadata`.
pub(super) const HEAD: &str = "audit_head";

pub(super) struct Chain {
    key: Key,
    /// None: must be read again.
    head: Option<Head>,
    /// The head that the database has is not this one.
    moved: bool,
}

impl Chain {
    /// Begins the trail where there is none under this key, and says so in it. `fresh`: the key was made just now.
    pub(super) fn open(conn: &Connection, key: Key, fresh: bool, now: Timestamp) -> Result<Self, StoreError> {
        let mut chain = Self { key, head: None, moved: false };
        let whole = conn.unchecked_transaction().doing("begin the audit trail")?;
        let head = chain.found(conn, fresh, now)?;
        let last = last(conn)?;
        if last != Some((head.seq, head.hash.to_vec())) {
            tracing::error!("the audit trail does not end where its head says: `jamey audit verify` names what is wrong");
        }
        chain.keep(conn)?;
        whole.commit().doing("begin the audit trail")?;
        Ok(chain)
    }

    /// The head as last kept, if it is known.
    pub(super) fn head(&self) -> Option<Head> {
        self.head
    }

    pub(super) fn append(&mut self, conn: &Connection, event: &Event) -> Result<(), StoreError> {
        let head = match self.head {
            Some(head) => head,
            None => self.found(conn, false, event.at)?,
        };
        self.add(conn, head, event).map(|_| ())
    }

    /// Keeps the head, if it moved.
    pub(super) fn keep(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let (Some(head), true) = (self.head, self.moved) else { return Ok(()) };
        let text = serde_json::to_string(&head.sealed(&self.key)).map_err(|source| StoreError::Json { what: "the audit head", source })?;
        set(conn, HEAD, &text)?;
        self.moved = false;
        Ok(())
    }

    /// After a failure the database alone knows.
    pub(super) fn forget(&mut self) {
        self.head = None;
        self.moved = false;
    }

    /// The head that the database has; a new beginning where it has none that this key sealed.
    fn found(&mut self, conn: &Connection, fresh: bool, now: Timestamp) -> Result<Head, StoreError> {
        let kept = sealed_head(conn)?;
        if let Some(head) = kept.as_ref().and_then(|kept| kept.open(&self.key)) {
            self.head = Some(head);
            return Ok(head);
        }
        let (seq, hash) = last(conn)?.unwrap_or((0, NOTHING.to_vec()));
        let (subject, detail) = match (fresh, kept) {
            (true, None) => {
                ("begun", format!("the trail is sealed from here on; {seq} rows stand before, the last with hash {}", hex(&hash)))
            }
            (true, Some(_)) => (
                "key",
                "the key was gone, and a new one was made: of the rows before, that they follow each other is all that can be shown".into(),
            ),
            (false, None) => (BROKEN, "the head was gone, though the key was there".into()),
            (false, Some(_)) => (BROKEN, "the head did not bear this key's seal".into()),
        };
        if subject == BROKEN {
            tracing::error!("the audit trail is broken: {detail}");
        }
        let hash = hash.try_into().unwrap_or(NOTHING);
        let begun = Head { since: seq.saturating_add(1), seq, hash, at: now };
        self.add(conn, begun, &Event::new(now, "host", OWN_ACTION, Some(subject), &detail))
    }

    fn add(&mut self, conn: &Connection, head: Head, event: &Event) -> Result<Head, StoreError> {
        // A row that someone put in after the head must not stop the house: it keeps its number, and does not fit.
        let stands = last(conn)?.map_or(0, |(seq, _)| seq);
        let seq = head.seq.max(stands).saturating_add(1);
        let hash = chained(seq, &head.hash, event);
        conn.prepare_cached(
            "INSERT INTO audit_log (seq, at, actor, action, subject, detail, previous, hash, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .and_then(|mut s| {
            s.execute(params![
                seq,
                event.at.micros(),
                event.actor,
                event.action,
                event.subject,
                event.detail,
                head.hash.as_slice(),
                hash.as_slice(),
                self.key.seal_row(seq, &hash).as_slice(),
            ])
        })
        .doing("write the audit trail")?;
        let head = Head { since: head.since, seq, hash, at: event.at };
        self.head = Some(head);
        self.moved = true;
        Ok(head)
    }
}

/// The head as kept; None also where what is kept reads as none.
pub(super) fn sealed_head(conn: &Connection) -> Result<Option<SealedHead>, StoreError> {
    Ok(metadata(conn, HEAD)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Number and hash of the last row.
fn last(conn: &Connection) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    conn.prepare_cached("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")
        .and_then(|mut s| s.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional())
        .doing("read the end of the audit trail")
}

pub(super) fn metadata(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    conn.prepare_cached("SELECT value FROM app_metadata WHERE key = ?1")
        .and_then(|mut s| s.query_row([key], |row| row.get(0)).optional())
        .doing("read the metadata")
}

pub(super) fn set(conn: &Connection, key: &str, value: &str) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT INTO app_metadata (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .and_then(|mut s| s.execute([key, value]))
        .map(|_| ())
        .doing("write the metadata")
}
