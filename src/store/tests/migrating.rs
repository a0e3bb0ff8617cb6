//! A database of an older Jamey is brought forward and says the same as before.

use super::{asked, batch, told, uuid};
use crate::domain::{Decision, SignalValue};
use crate::store::{Entry, Reader, Store, StoreError, connect};
use rusqlite::{Connection, params};
use std::path::Path;

/// A verdict as schema 1 had it: whole facts, whole request.
fn insert(conn: &Connection, entry: &Entry) {
    let (p, judged) = (&entry.percept, &entry.outcome.judged[0]);
    let v = &judged.verdict;
    conn.execute(
        "INSERT INTO verdicts (percept, ordinal, at, requester, client_id, topic, target, verb, decision, score, theta_allow,
             theta_deny, uncertainty, reason, contributions, facts, request, origin)
         VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 'guard')",
        params![
            p.id.as_bytes(),
            p.at.micros(),
            p.source.requester.as_str(),
            p.source.client_id,
            p.topic,
            judged.request.target.as_str(),
            judged.request.verb.0,
            v.decision.as_str(),
            v.score,
            v.theta_allow,
            v.theta_deny,
            v.uncertainty.get(),
            v.reason,
            json(&v.contributions),
            json(&judged.facts),
            json(&judged.request),
        ],
    )
    .unwrap();
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

pub(super) fn of_schema_1(folder: &Path) -> Connection {
    let conn = Connection::open(folder.join(connect::FILE)).unwrap();
    connect::claim(&conn).unwrap();
    conn.execute_batch(include_str!("../schema/0001.sql")).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    conn
}

#[test]
fn verdicts_of_schema_1_are_read_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let old = of_schema_1(folder.path());
    let mut entries: Vec<Entry> = (1..=3).map(|n| asked(n, Decision::Allow)).collect();
    let judged = &mut entries[2].outcome.judged[0];
    judged.request.args.clear();
    judged.request.value = Some(21.500000000000004);
    (judged.facts.act.args, judged.facts.act.value) = (judged.request.args.clone(), judged.request.value);
    judged.facts.ctx.make_mut().insert("outside".into(), (SignalValue::Number(-0.1), false));
    entries.iter().for_each(|entry| insert(&old, entry));
    old.execute_batch(
        "INSERT INTO journal (seq, at, records, verdicts, inputs) VALUES (7, 5, 3, 3, x'a1'); INSERT INTO change_log VALUES (4, zeroblob(16));",
    )
    .unwrap();
    drop(old);

    assert!(matches!(Reader::open(folder.path()), Err(StoreError::Older { found: 1, .. })));
    let mut store = Store::open(folder.path()).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    for entry in &entries {
        let row = reader.verdict(entry.percept.id).unwrap().pop().unwrap();
        let judged = &entry.outcome.judged[0];
        assert_eq!((&row.verdict, &row.facts, &row.request), (&judged.verdict, &judged.facts, &judged.request));
    }
    assert_eq!(reader.journal(0, 10).unwrap(), vec![], "its blocks were another format's");
    assert_eq!((reader.counts().unwrap().batches, reader.counts().unwrap().verdicts), (7, 3), "the totals go on");

    store.write(&batch(vec![told(9), asked(10, Decision::Allow)])).unwrap();
    assert_eq!(reader.changed_records(4, 10).unwrap(), vec![(5, vec![uuid(9), uuid(10)])]);
    let contexts: i64 = store.raw().query_row("SELECT count(*) FROM contexts", [], |row| row.get(0)).unwrap();
    assert_eq!(contexts, 3, "two of the old verdicts share one");
}

#[test]
fn verdicts_on_the_same_signals_share_a_context_also_after_a_failed_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let contexts = |store: &Store| store.raw().query_row("SELECT count(*) FROM contexts", [], |row| row.get::<_, i64>(0)).unwrap();
    let of = |numbers: std::ops::Range<u64>| batch(numbers.map(|n| asked(n, Decision::Allow)).collect());
    let pages: i64 = store.raw().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.raw().pragma_update(None, "max_page_count", pages).unwrap();
    store.write(&of(1..100)).unwrap_err();
    store.raw().pragma_update(None, "max_page_count", 1_000_000).unwrap();
    store.write(&of(1..100)).unwrap();
    store.write(&of(100..200)).unwrap();
    assert_eq!(contexts(&store), 1);
    let mut other = of(200..201);
    other.entries[0].outcome.judged[0].facts.ctx.make_mut().clear();
    store.write(&other).unwrap();
    assert_eq!(contexts(&store), 2);
    assert_eq!(Reader::open(folder.path()).unwrap().verdicts(1_000, None).unwrap().len(), 200, "each finds its context");
}
