//! The audit trail on real files: what is written follows, and whoever touches it without the key is named.

use super::{asked, at, batch, told};
use crate::domain::{
    Change, Decision, Timestamp,
    audit::{Event, Key, Row, Wrong, chained, hex},
    limits,
};
use crate::runtime::files;
use crate::store::{Audited, Batch, FILE, KEY_FILE, Reader, Store, StoreError, audit_key};
use rusqlite::{Connection, params};
use std::{fs, path::Path};
use tempfile::TempDir;

fn noted(n: u64) -> Change {
    Change::Audit(Event::new(at(n), "host", "guard", Some("front_door"), &format!("number {n}")))
}

fn notes(numbers: std::ops::Range<u64>) -> Batch {
    Batch { changes: numbers.map(noted).collect(), at: at(1), ..Batch::default() }
}

/// A folder whose trail has a beginning and ten rows more.
fn ten() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    store.write(&notes(0..4)).unwrap();
    store.write(&notes(4..10)).unwrap();
    folder
}

fn look(folder: &Path) -> Audited {
    Reader::open(folder).unwrap().verify_audit(audit_key(folder).unwrap().as_ref()).unwrap()
}

fn found(folder: &Path) -> Vec<(i64, Wrong)> {
    look(folder).findings.into_iter().map(|f| (f.seq, f.wrong)).collect()
}

fn tamper(folder: &Path, sql: &str) {
    Connection::open(folder.join(FILE)).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn what_is_written_follows_and_goes_on_after_a_restart() {
    let folder = ten();
    let before = look(folder.path());
    assert_eq!((before.rows, before.unproven, before.wrong), (11, 0, 0));
    assert_eq!(before.head.unwrap().seq, 11);
    let mut store = Store::open(folder.path()).unwrap();
    assert_eq!(store.audit_head(), before.head);
    store.write(&notes(10..11)).unwrap();
    assert_eq!((look(folder.path()).rows, look(folder.path()).wrong), (12, 0), "beside the writer");
    let newest = Reader::open(folder.path()).unwrap().audit(2, Some(12)).unwrap();
    assert_eq!(newest.iter().map(|r| (r.seq, r.event.detail.as_str())).collect::<Vec<_>>(), [(11, "number 9"), (10, "number 8")]);
}

#[test]
fn whoever_touches_a_row_is_named() {
    let cases: [(&str, &[(i64, Wrong)]); 8] = [
        ("UPDATE audit_log SET detail = 'another' WHERE seq = 5", &[(5, Wrong::Changed)]),
        ("UPDATE audit_log SET subject = NULL WHERE seq = 5", &[(5, Wrong::Changed)]),
        ("DELETE FROM audit_log WHERE seq = 5", &[(6, Wrong::Missing)]),
        ("DELETE FROM audit_log WHERE seq > 9", &[(11, Wrong::Missing)]),
        ("UPDATE audit_log SET seq = 0 WHERE seq = 1", &[(0, Wrong::Added), (0, Wrong::Changed)]),
        ("UPDATE audit_log SET seal = zeroblob(32) WHERE seq = 5", &[(5, Wrong::Forged)]),
        ("UPDATE app_metadata SET value = 'nothing' WHERE key = 'audit_head'", &[(11, Wrong::Head)]),
        ("DELETE FROM app_metadata WHERE key = 'audit_head'", &[(11, Wrong::Head)]),
    ];
    for (sql, wanted) in cases {
        let folder = ten();
        tamper(folder.path(), sql);
        let found = found(folder.path());
        assert!(wanted.iter().all(|wanted| found.contains(wanted)), "{sql}: {found:?}");
    }
}

#[test]
fn a_row_put_in_after_the_head_is_named_and_stops_nobody() {
    let folder = ten();
    tamper(
        folder.path(),
        "INSERT INTO audit_log SELECT 12, at, actor, action, subject, detail, previous, zeroblob(32), seal FROM audit_log WHERE seq = 11",
    );
    assert!(found(folder.path()).contains(&(12, Wrong::Added)));
    Store::open(folder.path()).unwrap().write(&notes(10..12)).unwrap();
    let found = found(folder.path());
    assert!(found.contains(&(12, Wrong::Forged)) && found.contains(&(13, Wrong::Unlinked)), "{found:?}");
    assert!(!found.iter().any(|(seq, _)| *seq == 14), "those after it follow again: {found:?}");
}

#[test]
fn what_was_cut_off_stays_missing_also_when_more_is_written() {
    let folder = ten();
    tamper(folder.path(), "DELETE FROM audit_log WHERE seq > 8");
    let mut store = Store::open(folder.path()).unwrap();
    store.write(&notes(10..13)).unwrap();
    assert_eq!(found(folder.path()), [(12, Wrong::Missing)]);
}

#[test]
fn a_lost_head_is_told_for_ever() {
    let folder = ten();
    tamper(folder.path(), "DELETE FROM audit_log; DELETE FROM app_metadata WHERE key = 'audit_head'");
    Store::open(folder.path()).unwrap().write(&notes(10..13)).unwrap();
    assert_eq!(found(folder.path()), [(1, Wrong::Broken)]);
}

#[test]
fn a_lost_key_is_replaced_and_what_it_proved_is_no_longer_proved() {
    let folder = ten();
    fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
    let without = look(folder.path());
    assert_eq!((without.findings.iter().map(|f| f.wrong).collect::<Vec<_>>(), without.unproven), (vec![Wrong::Key], 11));
    Store::open(folder.path()).unwrap().write(&notes(10..13)).unwrap();
    let after = look(folder.path());
    assert_eq!((after.wrong, after.unproven, after.rows), (0, 11, 15));
    let told = &Reader::open(folder.path()).unwrap().audit(1, Some(13)).unwrap()[0];
    assert_eq!((told.event.action.as_str(), told.event.subject.as_deref()), ("audit", Some("key")));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_refused() {
    let folder = ten();
    let key = folder.path().join(KEY_FILE);
    assert_eq!((files::shared(&key.metadata().unwrap()), fs::read(&key).unwrap().len()), (None, Key::BYTES));
    let to = |mode| files::set_mode(&fs::File::open(&key).unwrap(), mode).unwrap();
    to(0o640);
    let refused = Store::open(folder.path()).map(drop).unwrap_err();
    assert!(
        matches!(&refused, StoreError::Key { problem, .. } if problem.contains("mode 640") && problem.contains("chmod 600")),
        "{refused}"
    );
    to(0o600);
    fs::write(&key, [0; Key::BYTES + 1]).unwrap();
    assert!(Store::open(folder.path()).map(drop).unwrap_err().to_string().contains("a key has 32 bytes"));
}

#[test]
fn a_batch_that_failed_leaves_no_gap() {
    let folder = ten();
    let mut store = Store::open(folder.path()).unwrap();
    let pages: i64 = store.raw().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.raw().pragma_update(None, "max_page_count", pages).unwrap();
    let big = Batch { entries: (1..200).map(told).collect(), changes: (10..300).map(noted).collect(), at: at(1), ..Batch::default() };
    store.write(&big).unwrap_err();
    store.raw().pragma_update(None, "max_page_count", 1_000_000).unwrap();
    store.write(&big).unwrap();
    assert_eq!((look(folder.path()).rows, look(folder.path()).wrong), (301, 0));
}

#[test]
fn a_refused_verdict_is_on_record_and_cannot_be_another_afterwards() {
    for sql in ["UPDATE verdicts SET reason = 'none'", "UPDATE contexts SET signals = '{}'", "DELETE FROM verdicts"] {
        let folder = tempfile::tempdir().unwrap();
        Store::open(folder.path()).unwrap().write(&batch(vec![asked(1, Decision::Deny)])).unwrap();
        assert_eq!(look(folder.path()).wrong, 0);
        let row = Reader::open(folder.path()).unwrap().audit(1, None).unwrap().remove(0);
        assert_eq!((row.event.actor.as_str(), row.event.action.as_str()), ("sensor_1", "verdict.refused"));
        assert!(row.event.detail.starts_with("deny front_door lock: Locking"), "{row:?}");
        tamper(folder.path(), sql);
        assert_eq!(found(folder.path()), [(2, Wrong::Evidence)], "{sql}");
    }
}

#[test]
fn allowed_verdicts_are_sealed_by_the_hour_also_across_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |entries, hours: i64| {
        let later = at(0).plus_seconds(3600 * hours);
        Store::open(folder.path()).unwrap().write(&Batch { at: later, ..batch(entries) }).unwrap();
    };
    let allowed = |n| asked(n, Decision::Allow);
    write(vec![allowed(1), allowed(2)], 0);
    write(vec![allowed(3)], 0);
    assert_eq!(look(folder.path()).rows, 1, "the hour is not over");
    write(vec![allowed(4)], 1);
    let row = Reader::open(folder.path()).unwrap().audit(1, None).unwrap().remove(0);
    assert_eq!((row.event.subject.as_deref(), row.event.detail.starts_with("4 verdicts since ")), (Some("1-4"), true), "{row:?}");
    write(vec![allowed(5), allowed(6)], 2);
    tamper(folder.path(), "DELETE FROM memory_records; VACUUM");
    assert_eq!((look(folder.path()).rows, look(folder.path()).wrong), (3, 0));
    tamper(folder.path(), "UPDATE verdicts SET decision = 'deny' WHERE rowid = 5");
    assert_eq!(found(folder.path()), [(3, Wrong::Evidence)]);
}

#[test]
fn as_many_verdicts_as_one_seal_holds_are_sealed_before_the_hour_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    for n in 0..=limits::SEALED_VERDICTS / 1_024 {
        store.write(&batch((n * 1_024 + 1..=(n + 1) * 1_024).map(|n| asked(n, Decision::Allow)).collect())).unwrap();
    }
    let row = Reader::open(folder.path()).unwrap().audit(1, None).unwrap().remove(0);
    assert_eq!(row.event.subject, Some(format!("1-{}", limits::SEALED_VERDICTS)));
    assert_eq!(look(folder.path()).wrong, 0);
}

#[test]
fn more_findings_than_are_named_are_counted() {
    let folder = ten();
    let many = u64::try_from(limits::FINDINGS).unwrap() + 1;
    Store::open(folder.path()).unwrap().write(&notes(10..many + 10)).unwrap();
    tamper(folder.path(), "UPDATE audit_log SET detail = 'x' WHERE seq > 11");
    assert_eq!((look(folder.path()).wrong, look(folder.path()).findings.len()), (many, limits::FINDINGS));
}

#[test]
fn rows_of_schema_1_go_on_as_they_were_and_are_held_by_the_first_sealed_one() {
    let folder = tempfile::tempdir().unwrap();
    let old = super::migrating::of_schema_1(folder.path());
    let mut previous = vec![0; 32];
    for n in 1..=3_i64 {
        // Made by the code of schema 1: SHA-256 over the time, then each text and the previous hash with its length.
        let hash = of_schema_1(&previous, Timestamp::from_micros(n), "host", "guard", "off");
        old.execute(
            "INSERT INTO audit_log (at, actor, action, detail, previous, hash) VALUES (?1, 'host', 'guard', 'off', ?2, ?3)",
            params![n, previous, hash],
        )
        .unwrap();
        previous = hash;
    }
    drop(old);
    Store::open(folder.path()).unwrap().write(&notes(1..3)).unwrap();
    let audited = look(folder.path());
    assert_eq!((audited.rows, audited.unproven, audited.wrong), (6, 3, 0), "{audited:?}");
    let begun = Reader::open(folder.path()).unwrap().audit(1, Some(5)).unwrap().remove(0);
    assert!(begun.event.detail.contains("3 rows stand before") && begun.event.detail.contains(&hex(&previous)), "{begun:?}");
    tamper(folder.path(), "UPDATE audit_log SET actor = 'nobody' WHERE seq = 2");
    assert_eq!(found(folder.path()), [(2, Wrong::Changed)]);
}

fn of_schema_1(previous: &[u8], at: Timestamp, actor: &str, action: &str, detail: &str) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(at.micros().to_be_bytes());
    for field in [previous, actor.as_bytes(), action.as_bytes(), detail.as_bytes()] {
        hasher.update(u64::try_from(field.len()).unwrap().to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().to_vec()
}

#[test]
fn a_row_put_in_with_plain_hashes_put_right_is_named() {
    let folder = ten();
    let reader = Reader::open(folder.path()).unwrap();
    let mut rows = reader.audit(100, None).unwrap();
    drop(reader);
    rows.reverse();
    let forged = Event::new(at(3), "anna", "approval", None, "said yes");
    rows.insert(5, Row { event: forged, ..rows[5].clone() });
    let conn = Connection::open(folder.path().join(FILE)).unwrap();
    conn.execute("DELETE FROM audit_log", []).unwrap();
    let mut previous = vec![0; 32];
    for (row, seq) in rows.iter().zip(1..) {
        let (e, hash) = (&row.event, chained(seq, &previous, &row.event).to_vec());
        conn.execute(
            "INSERT INTO audit_log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![seq, e.at.micros(), e.actor, e.action, e.subject, e.detail, previous, hash, row.seal],
        )
        .unwrap();
        previous = hash;
    }
    drop(conn);
    let found = found(folder.path());
    assert_eq!(found.first(), Some(&(6, Wrong::Forged)), "{found:?}");
    assert!(found.contains(&(11, Wrong::Head)) && found.contains(&(12, Wrong::Added)), "{found:?}");
}
