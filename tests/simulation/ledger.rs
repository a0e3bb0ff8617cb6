//! What the world knows of the house from outside: what was acknowledged, let on, held, forgotten. The house is held to it.

use super::invariants::Broken;
use jamey::{
    broker::repeats::Heard,
    domain::{Change, EntityId, Kept, Percept, Purpose, Timestamp, limits},
    store::{Batch, Chore},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One message that is acknowledged with a batch.
pub struct Ack {
    pub client: String,
    pub packet_id: u16,
    pub percept: Uuid,
    /// On its way back.
    pub is_lost: bool,
}

/// A batch that is on disk, and what goes on by it besides its own messages.
pub struct Committed<'c> {
    pub batch: &'c Batch,
    pub released: &'c [(Kept, jamey::domain::Settled)],
}

/// What one client said under one packet id.
struct Said {
    percept: Uuid,
    first: Timestamp,
    at: Timestamp,
    repeated: u8,
    /// The house was not started anew since.
    is_fresh: bool,
}

/// As often a sender may repeat itself before that is news.
const REPEATS: u8 = 3;

#[derive(Default)]
pub struct Ledger {
    /// Memories that were stored, and whom each names.
    pub kept: BTreeMap<Uuid, String>,
    /// Of which memory was told in order that they go.
    pub let_go: BTreeSet<Uuid>,
    pub acked: BTreeSet<Uuid>,
    pub went_on: BTreeSet<Uuid>,
    pub released: BTreeSet<Uuid>,
    /// What waits by the last commit, and what waited before.
    pub held: BTreeMap<Uuid, Kept>,
    pub waited: Vec<Kept>,
    /// What a start found waiting, and what it found altered.
    pub found: BTreeSet<Uuid>,
    pub altered: Vec<Uuid>,
    /// Who was forgotten, and neither spoke nor was spoken of since.
    pub forgotten: BTreeSet<EntityId>,
    said: BTreeMap<(String, u16), Option<Said>>,
    pub stored_at: Timestamp,
    pub latest: Timestamp,
    /// Batches before this start.
    pub since: u64,
    pub counts: BTreeMap<&'static str, u64>,
}

/// Whom a percept names.
pub fn names(percept: &Percept) -> Vec<EntityId> {
    let mut all = vec![percept.entity.clone(), percept.source.requester.clone()];
    if let Purpose::Requests { requests, .. } = &percept.purpose {
        all.extend(requests.iter().map(|request| request.target.clone()));
    }
    all
}

impl Ledger {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn speaks(&mut self, entity: &EntityId) {
        self.forgotten.remove(entity);
    }

    pub fn says(&mut self, who: &str, packet_id: u16) {
        self.said.insert((who.to_owned(), packet_id), None);
    }

    /// What is said again within a minute, and not too often, is known again; whatever else is news. While the disk fails, each may say it again.
    pub fn hears(&mut self, who: &str, heard: &Heard, fails: bool, repeat_of: Option<Uuid>, id: Uuid, at: Timestamp) -> Result<(), Broken> {
        let (packet_id, dup) = (heard.packet_id, heard.dup);
        let said = self.said.entry((who.to_owned(), packet_id)).or_default();
        if let Some(said) = said {
            let in_time = at.micros() - said.at.micros() <= limits::REPEAT_SECONDS * 1_000_000 && said.repeated < REPEATS;
            let is_known = said.is_fresh || self.kept.contains_key(&said.percept) && !self.let_go.contains(&said.percept);
            if dup && in_time && is_known && repeat_of != Some(said.percept) {
                let text = format!("{who} said {packet_id} again in time, and it is taken for {repeat_of:?}, not for {}", said.percept);
                return Err(Broken::new("what_is_repeated_is_counted_once", text));
            }
            if repeat_of.is_some() && !(dup && in_time) {
                let text = format!("{who} said {packet_id} once too often or too late, and it counts for nothing");
                return Err(Broken::new("who_repeats_without_end_is_news", text));
            }
        }
        match (repeat_of, said) {
            (Some(_), Some(said)) => {
                if fails {
                    said.at = at;
                } else {
                    said.repeated += 1;
                }
                *self.counts.entry("repetitions").or_default() += 1;
            }
            (Some(_), None) => return Err(Broken::new("what_is_repeated_is_counted_once", "it was never said before")),
            (None, said) => *said = Some(Said { percept: id, first: at, at, repeated: 0, is_fresh: true }),
        }
        Ok(())
    }

    /// After a start only the store knows who said what.
    pub fn restarts(&mut self) {
        for said in self.said.values_mut().flatten() {
            (said.is_fresh, said.repeated, said.at) = (false, 0, said.first);
        }
    }

    /// A batch is on disk.
    pub fn takes(&mut self, batch: &Batch) {
        self.stored_at = batch.at;
        for entry in batch.entries.iter().filter(|entry| entry.outcome.record.is_some() && entry.percept.repeat_of.is_none()) {
            let named: Vec<String> = names(&entry.percept).iter().map(ToString::to_string).collect();
            let reasons: Vec<&str> = entry.outcome.judged.iter().map(|judged| judged.verdict.reason.as_str()).collect();
            let payload = String::from_utf8_lossy(&entry.percept.payload);
            self.kept.insert(entry.percept.id, format!("{} {} {payload}", named.join(" "), reasons.join(" ")));
        }
        for change in &batch.changes {
            match change {
                Change::Held(kept) => {
                    self.count("held");
                    self.held.insert(kept.percept.id, (**kept).clone());
                }
                Change::Settled(settled) => {
                    self.count(settled.ending.as_str());
                    if let Some(kept) = self.held.remove(&settled.id) {
                        self.waited.push(kept);
                        self.waited.truncate(32);
                    }
                }
                _ => {}
            }
        }
    }

    /// Memory is kept in order: what goes by it is no loss.
    pub fn lets_go(&mut self, chore: &Chore, rows: usize) {
        match chore {
            Chore::Drop { records, .. } => self.let_go.extend(records),
            Chore::Consolidate { taken, .. } if rows > 0 => self.let_go.extend(taken),
            _ => return,
        }
        self.count("memories summed up or dropped");
    }

    pub fn nth(&self, n: usize) -> Option<Uuid> {
        self.kept.keys().nth(n % self.kept.len().max(1)).copied()
    }
}
