//! Evidence that names one who was forgotten: the row stays with its place and time, its words go, and the trail vouches for both digests,
//! the one it had and the one it has. Nobody without the audit key can make anything unreadable unnoticed.

use super::{
    chain::Chain,
    error::{Doing, StoreError},
    evidence,
    forgetting::Names,
    load::all,
    trail,
};
use crate::domain::{
    EntityId, Forgetting,
    audit::{Event, content_hash, fields, hex},
};
use rusqlite::{Connection, params};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The action of the row that vouches.
pub(super) const FORGOTTEN: &str = "entity.forgotten";
/// Rows that name nobody but the house itself, however a client called itself.
const OWN: [&str; 6] = ["start", "stop", "change", "audit", evidence::SEALED, FORGOTTEN];

/// What was made unreadable.
pub(super) struct Made {
    pub percepts: BTreeSet<[u8; 16]>,
    /// Rows of the audit trail.
    pub rows: usize,
}

/// Takes the names out of verdicts and the trail, and writes down what each was and is.
pub(super) fn make(conn: &Connection, names: &Names, entity: &EntityId, number: i64) -> Result<Made, StoreError> {
    let verdicts = all(
        conn,
        "SELECT rowid, percept, ordinal, requester = ?1, target = ?1, facts, decision FROM verdicts WHERE requester = ?1 OR target = ?1",
        [entity.as_str()],
        |row| {
            Ok(Judged {
                row: row.get(0)?,
                percept: row.get(1)?,
                ordinal: row.get(2)?,
                asked: row.get(3)?,
                was_target: row.get(4)?,
                facts: row.get(5)?,
                decision: row.get(6)?,
            })
        },
    )?;
    let mut note = Notes { conn, number };
    let seals: Vec<(String, i64, i64)> =
        all(conn, "SELECT subject FROM audit_log WHERE action = ?1", [evidence::SEALED], |row| Ok(row.get::<_, Option<String>>(0)?))?
            .into_iter()
            .flatten()
            .filter_map(|subject| {
                let (from, to) = subject.split_once('-')?;
                let (from, to) = (from.parse().ok()?, to.parse().ok()?);
                verdicts.iter().any(|v| (from..=to).contains(&v.row)).then_some((subject, from, to))
            })
            .collect();
    let mut before = Vec::new();
    for (_, from, to) in &seals {
        before.push(evidence::sealed_digest(conn, *from, *to)?);
    }
    let mut refused = BTreeMap::new();
    for one in &verdicts {
        let name = one.name();
        let was = evidence::digest_of(conn, &one.percept, one.ordinal)?;
        one.empty(conn, number)?;
        let now = evidence::digest_of(conn, &one.percept, one.ordinal)?;
        // Only what was refused has a row of its own in the trail.
        if one.decision != "allow" {
            note.write(&format!("verdict {name}"), &was, &now)?;
            refused.insert(name, one.decision.clone());
        }
    }
    for ((subject, from, to), was) in seals.iter().zip(before) {
        note.write(&format!("verdicts {subject}"), &was, &evidence::sealed_digest(conn, *from, *to)?)?;
    }
    let rows = trail_rows(conn, names, number, &refused, &mut note)?;
    Ok(Made { percepts: verdicts.iter().map(|v| v.percept).collect(), rows })
}

/// Puts the forgetting on record, with the digest of all that it made unreadable.
pub(super) fn vouch(conn: &Connection, chain: &mut Chain, forgetting: &Forgetting, number: i64, made: &Made) -> Result<(), StoreError> {
    let digest = Vouched::read(conn)?.digest(number);
    let detail = format!(
        "forgetting {number}: {} requests and {} rows of this trail were made unreadable; sha256 {digest}",
        made.percepts.len(),
        made.rows
    );
    chain.append(conn, &Event::new(forgetting.at, &forgetting.by, FORGOTTEN, Some(forgetting.entity.as_str()), &detail))
}

struct Judged {
    row: i64,
    percept: [u8; 16],
    ordinal: i64,
    asked: bool,
    was_target: bool,
    facts: String,
    decision: String,
}

impl Judged {
    fn name(&self) -> String {
        format!("{}/{}", uuid::Uuid::from_bytes(self.percept), self.ordinal)
    }

    /// The decision, its numbers and its rules stay; who, what device, and every word go.
    fn empty(&self, conn: &Connection, number: i64) -> Result<(), StoreError> {
        let nobody = nobody(number);
        let mut facts: Value = serde_json::from_str(&self.facts).unwrap_or_default();
        if let Some(req) = facts.get_mut("req").and_then(Value::as_object_mut).filter(|_| self.asked) {
            req.insert("entity".into(), nobody.clone().into());
            req.insert("client".into(), nobody.clone().into());
        }
        if let Some(dev) = facts.get_mut("dev").and_then(Value::as_object_mut).filter(|_| self.was_target) {
            dev.insert("name".into(), Value::Null);
            dev.insert("area".into(), "".into());
            dev.insert("state".into(), "".into());
        }
        conn.prepare_cached(
            "UPDATE verdicts SET requester = CASE WHEN ?2 THEN ?4 ELSE requester END, client_id = CASE WHEN ?2 THEN '' ELSE client_id END,
                 target = CASE WHEN ?3 THEN ?4 ELSE target END, topic = '', reason = 'forgotten', request = '{}', facts = ?5 WHERE rowid = ?1",
        )
        .and_then(|mut s| s.execute(params![self.row, self.asked, self.was_target, nobody, facts.to_string()]))
        .map(|_| ())
        .doing("make a verdict unreadable")
    }
}

/// Who stands where one was forgotten: another in each forgetting, so that rows of one still belong together.
fn nobody(number: i64) -> String {
    format!("forgotten.{number}")
}

fn trail_rows(
    conn: &Connection,
    names: &Names,
    number: i64,
    refused: &BTreeMap<String, String>,
    note: &mut Notes<'_>,
) -> Result<usize, StoreError> {
    let mut made = 0;
    let mut from = 0;
    loop {
        // In parts: the trail may be longer than memory.
        let rows = trail::rows_after(conn, from, 1_000)?;
        let Some(last) = rows.last() else { return Ok(made) };
        from = last.seq;
        for row in rows.iter().filter(|row| !OWN.contains(&row.event.action.as_str())) {
            let Some(event) = emptied(&row.event, names, number, refused) else { continue };
            let was = content_hash(row);
            conn.prepare_cached("UPDATE audit_log SET actor = ?2, subject = ?3, detail = ?4 WHERE seq = ?1")
                .and_then(|mut s| s.execute(params![row.seq, event.actor, event.subject, event.detail]))
                .doing("make a row of the trail unreadable")?;
            let now = content_hash(&crate::domain::audit::Row { event, ..row.clone() });
            note.write(&format!("row {}", row.seq), &hex(&was), &hex(&now))?;
            made += 1;
        }
    }
}

/// The row without the names; None where it has none.
fn emptied(event: &Event, names: &Names, number: i64, refused: &BTreeMap<String, String>) -> Option<Event> {
    let nobody = nobody(number);
    let mut empty = event.clone();
    let own = names.is_one(&event.actor);
    if own {
        empty.actor.clone_from(&nobody);
    }
    if own && event.action.ends_with(".refused") && event.action != evidence::REFUSED {
        // What it tried is in its own words.
        empty.subject = Some(nobody.clone());
        empty.detail = "(forgotten)".to_owned();
    }
    if event.subject.as_ref().is_some_and(|subject| names.is_one(subject) || names.are_in(subject)) {
        empty.subject = Some(nobody);
    }
    if let (evidence::REFUSED, Some((said, digest))) = (event.action.as_str(), event.detail.rsplit_once("; sha256 ")) {
        let decision = refused.get(event.subject.as_deref().unwrap_or_default());
        // Also where another's only names it the digest stays: without it that verdict could be changed unnoticed.
        if decision.is_some() || names.are_in(said) {
            let decision = decision.map_or("refused", String::as_str);
            empty.detail = format!("{decision} (forgotten); sha256 {digest}");
        }
    } else if names.are_in(&event.detail) {
        empty.detail = "(forgotten)".to_owned();
    }
    (empty != *event).then_some(empty)
}

struct Notes<'c> {
    conn: &'c Connection,
    number: i64,
}

impl Notes<'_> {
    fn write(&mut self, what: &str, was: &str, now: &str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("INSERT INTO forgotten (forgetting, what, was, now) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut s| s.execute(params![self.number, what, was, now]))
            .map(|_| ())
            .doing("note what was made unreadable")
    }
}

/// All that was ever made unreadable.
#[derive(Default)]
pub(super) struct Vouched {
    /// By what it is, in the order of the forgettings: what it was and what it is.
    what: BTreeMap<String, Vec<(String, String)>>,
    digests: BTreeMap<i64, Sha256>,
}

impl Vouched {
    pub(super) fn read(conn: &Connection) -> Result<Self, StoreError> {
        let mut vouched = Self::default();
        let rows = all(conn, "SELECT forgetting, what, was, now FROM forgotten ORDER BY what, forgetting", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
        })?;
        for (number, what, was, now) in rows {
            let digest = vouched.digests.entry(number).or_default();
            fields(digest, &[what.as_bytes(), was.as_bytes(), now.as_bytes()]);
            vouched.what.entry(what).or_default().push((was, now));
        }
        Ok(vouched)
    }

    /// Over all that one forgetting made unreadable.
    pub(super) fn digest(&self, number: i64) -> String {
        hex(&self.digests.get(&number).cloned().unwrap_or_default().finalize())
    }

    /// Whether what was said once became, forgetting by forgetting, what is there now.
    pub(super) fn explains(&self, what: &str, said: &str, is: &str) -> bool {
        let Some(steps) = self.what.get(what) else { return false };
        let mut at = said;
        steps.iter().all(|(was, now)| std::mem::replace(&mut at, now) == was) && at == is
    }

    /// What is wrong with a row that vouches; `left` are the forgettings that none vouched for yet.
    pub(super) fn differs(&self, event: &Event, left: &mut BTreeSet<i64>) -> Option<String> {
        let (said, digest) = event.detail.rsplit_once("; sha256 ").filter(|_| event.action == FORGOTTEN)?;
        let number: i64 = said.strip_prefix("forgetting ")?.split(':').next()?.parse().ok()?;
        left.remove(&number);
        (self.digest(number) != digest).then(|| format!("what forgetting {number} made unreadable is not what it says"))
    }

    pub(super) fn numbers(&self) -> BTreeSet<i64> {
        self.digests.keys().copied().collect()
    }
}
