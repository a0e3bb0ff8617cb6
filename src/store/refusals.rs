//! The bound on floods of refusals: beyond so many a client and hour they are counted, not stored one by one.
//! What has been counted stands in `summaries`; memory holds a copy for the current hour, and is forgotten after any failure.

use super::error::{Doing, StoreError};
use crate::domain::{Decision, EntityId, Percept, Timestamp, limits};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Clients told apart in one hour; the rest share one count, so that changing the client id is no way around the bound.
const CLIENTS: usize = limits::CONNECTIONS;
const OTHERS: &str = "(others)";

const MICROS_PER_HOUR: i64 = 3_600_000_000;

#[derive(Default)]
pub(super) struct Refusals {
    hour: i64,
    /// Full rows of the hour, by client.
    used: BTreeMap<String, u32>,
    /// What this batch adds to `summaries`.
    pending: BTreeMap<(String, i64, &'static str), Addition>,
}

struct Addition {
    total: i64,
    summarised: i64,
    last: Uuid,
    at: Timestamp,
}

impl Refusals {
    /// Counts a refusal that is not let on; whether it gets a row of its own.
    pub(super) fn full_row(&mut self, conn: &Connection, percept: &Percept, decision: Decision) -> Result<bool, StoreError> {
        let hour = percept.at.micros().div_euclid(MICROS_PER_HOUR);
        if hour != self.hour {
            self.used.clear();
            self.hour = hour;
        }
        // Ids made up for one connection share one entity, and here one count.
        let made_up = percept.source.requester == EntityId::anonymous();
        let mut client = if made_up { percept.source.requester.as_str() } else { &percept.source.client_id };
        if !self.used.contains_key(client) && self.used.len() >= CLIENTS {
            client = OTHERS;
        }
        let used = match self.used.get_mut(client) {
            Some(used) => used,
            None => self.used.entry(client.to_owned()).or_insert(stored(conn, client, hour)?),
        };
        let full = *used < limits::REFUSALS_PER_CLIENT_HOUR;
        *used += u32::from(full);
        let addition = self.pending.entry((client.to_owned(), hour, decision.as_str())).or_insert(Addition {
            total: 0,
            summarised: 0,
            last: percept.id,
            at: percept.at,
        });
        addition.total += 1;
        addition.summarised += i64::from(!full);
        addition.last = percept.id;
        addition.at = percept.at;
        Ok(full)
    }

    /// Writes what the batch counted: one row a client and decision, however many there were.
    pub(super) fn write(&mut self, conn: &Connection) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut statement = conn
            .prepare_cached(
                "INSERT INTO summaries (client, hour, decision, total, summarised, last_percept, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (client, hour, decision) DO UPDATE SET total = total + excluded.total,
                     summarised = summarised + excluded.summarised, last_percept = excluded.last_percept, last_at = excluded.last_at",
            )
            .doing("prepare the summaries")?;
        while let Some(((client, hour, decision), a)) = self.pending.pop_first() {
            statement
                .execute(params![client, hour, decision, a.total, a.summarised, a.last.as_bytes(), a.at.micros()])
                .doing("write a summary")?;
        }
        Ok(())
    }

    /// After a failure the database alone knows.
    pub(super) fn forget(&mut self) {
        self.used.clear();
        self.pending.clear();
    }
}

/// Full rows that a client has had in an hour.
fn stored(conn: &Connection, client: &str, hour: i64) -> Result<u32, StoreError> {
    conn.prepare_cached("SELECT COALESCE(sum(total - summarised), 0) FROM summaries WHERE client = ?1 AND hour = ?2")
        .and_then(|mut s| s.query_row(params![client, hour], |row| row.get(0)))
        .doing("read a summary")
}
