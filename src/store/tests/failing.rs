//! Refused files, full disks, and batches that are tried again.

use super::{asked, at, batch, told};
use crate::domain::{Change, Decision, SignalValue, signal::Heard};
use crate::store::{FILE, Reader, Store, StoreError, schema_version};
use rusqlite::{Connection, ErrorCode};
use std::{fs, sync::Arc};

#[test]
fn an_empty_folder_becomes_a_store_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let store = Store::open(&data).unwrap();
    let shared = |path: &std::path::Path| crate::runtime::files::shared(&path.metadata().unwrap());
    assert_eq!((shared(&data), shared(&data.join(FILE)), shared(&data.join("jamey.db-wal"))), (None, None, None));
    let one = |sql: &str| store.raw().query_row(sql, [], |r| r.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(one("PRAGMA user_version"), schema_version().into());
    assert_eq!(one("PRAGMA journal_mode"), "wal".to_owned().into());
    assert_eq!(one("PRAGMA synchronous"), 2.into());
    assert_eq!(one("PRAGMA foreign_keys"), 1.into());
    assert_eq!(one("PRAGMA wal_autocheckpoint"), 0.into());
    assert_eq!(
        one("SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'"),
        0.into()
    );
    for table in [
        "app_metadata",
        "soul_entities",
        "soul_emotions",
        "memory_records",
        "consciousness_metrics",
        "consciousness_state",
        "identity_matrices",
        "mission_objectives",
        "verdicts",
        "approvals",
        "audit_log",
        "change_log",
        "signals",
        "devices",
        "relations",
        "summaries",
        "users",
        "tokens",
        "held",
        "journal",
    ] {
        // The schema's version, the audit trail's first row and its head.
        let rows = match table {
            "app_metadata" => 2,
            "audit_log" => 1,
            _ => 0,
        };
        assert_eq!(one(&format!("SELECT count(*) FROM {table}")), rows.into(), "{table}");
    }
    let reader = Reader::open(&data).unwrap();
    assert_eq!(reader.metadata("schema_version").unwrap(), Some(schema_version().to_string()));
    assert_eq!(reader.damage().unwrap(), Vec::<String>::new());
}

#[test]
fn reopening_keeps_all() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..3 {
        Store::open(folder.path()).unwrap().write(&batch(vec![asked(2 * n, Decision::Allow), told(2 * n + 1)])).unwrap();
    }
    let counts = Reader::open(folder.path()).unwrap().counts().unwrap();
    assert_eq!((counts.batches, counts.records, counts.verdicts), (3, 6, 3));
}

#[test]
fn a_database_of_a_newer_jamey_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let path = folder.path().join(FILE);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", schema_version() + 1).unwrap();
    let before = fs::read(&path).unwrap();
    for error in [Store::open(folder.path()).map(drop), Reader::open(folder.path()).map(drop)] {
        let text = error.unwrap_err().to_string();
        let known = schema_version();
        let said = format!("written by a newer jamey (schema {}, this one knows up to {known}); run that version", known + 1);
        assert!(text.contains(&said), "{text}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn damage_and_strangers_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let refusal = || Store::open(folder.path()).map(drop).unwrap_err().to_string();
    fs::write(&path, b"this was a database once, and the card wore out".repeat(200)).unwrap();
    assert!(
        refusal().contains("damaged (file is not a database); keep a copy of it, then put a backup of the data folder in its place"),
        "{}",
        refusal()
    );

    fs::remove_file(&path).unwrap();
    drop(Store::open(folder.path()).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..4_096].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    assert!(refusal().contains("damaged (database disk image is malformed)"), "{}", refusal());

    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE photos (id INTEGER)").unwrap();
    assert!(refusal().contains("an SQLite database, but not jamey's; choose another data folder"), "{}", refusal());

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal().contains("must be one that jamey may create and write"), "{}", refusal());
}

#[test]
fn a_full_disk_loses_nothing_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let denied = |n| {
        let mut entry = asked(n, Decision::Deny);
        Arc::make_mut(&mut entry.percept.source).client_id = "rogue".into();
        entry
    };
    store.write(&batch((0..10).map(denied).collect())).unwrap();
    let pages: i64 = store.raw().query_row("PRAGMA page_count", [], |r| r.get(0)).unwrap();
    store.raw().pragma_update(None, "max_page_count", pages + 2).unwrap();
    let mut big = batch((10..200).map(denied).collect());
    big.changes.push(Change::Signal { name: "home".into(), heard: Heard { value: SignalValue::Bool(true), at: at(1) } });
    let reader = Reader::open(folder.path()).unwrap();
    let before = reader.counts().unwrap();
    for _ in 0..3 {
        let error = store.write(&big).unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::DiskFull), "{error}");
        assert!(store.raw().is_autocommit());
        assert_eq!(reader.counts().unwrap(), before);
        assert_eq!(store.load().unwrap().signals, vec![]);
    }
    store.raw().pragma_update(None, "max_page_count", 1_000_000).unwrap();
    store.write(&big).unwrap();
    let counts = reader.counts().unwrap();
    assert_eq!((counts.batches, counts.records, counts.verdicts, counts.summarised), (2, 200, 100, 100));
    let changed: Vec<_> = reader.changed_records(0, 10).unwrap().into_iter().map(|(seq, records)| (seq, records.len())).collect();
    assert_eq!(changed, vec![(1, 10), (2, 190)]);
    assert_eq!(reader.damage().unwrap(), Vec::<String>::new());
}

#[test]
fn a_batch_that_landed_though_its_commit_failed_is_not_stored_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    store.write(&batch(vec![asked(1, Decision::Deny)])).unwrap();
    // As after a COMMIT that reported an error: nothing in memory is believed, and the number is in doubt.
    let landed = batch(vec![asked(2, Decision::Deny)]);
    store.write(&landed).unwrap();
    store.doubt(2);
    store.write(&landed).unwrap();
    let counts = Reader::open(folder.path()).unwrap().counts().unwrap();
    assert_eq!((counts.batches, counts.records, counts.verdicts), (2, 2, 2));
    let total: i64 = store.raw().query_row("SELECT sum(total) FROM summaries", [], |r| r.get(0)).unwrap();
    assert_eq!(total, 2);
    // And one that had not landed is stored.
    store.doubt(3);
    store.write(&batch(vec![asked(3, Decision::Deny)])).unwrap();
    assert_eq!(Reader::open(folder.path()).unwrap().counts().unwrap().batches, 3);
}

#[test]
fn a_lost_connection_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    store.write(&batch(vec![told(1)])).unwrap();
    store.heal(&StoreError::Sqlite {
        doing: "commit a batch",
        source: rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR), None),
    });
    assert!(store.load().is_err());
    store.write(&batch(vec![told(2)])).unwrap();
    assert_eq!(Reader::open(folder.path()).unwrap().counts().unwrap().records, 2);
}

#[test]
fn what_sqlite_cannot_hold_does_not_poison_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut entry = asked(1, Decision::Allow);
    entry.outcome.judged[0].verdict.score = f64::NAN;
    entry.outcome.record.as_mut().unwrap().importance = f64::NAN;
    entry.percept.payload.clear();
    Arc::make_mut(&mut entry.percept.source).client_id = "with \0 and \u{fffd}".into();
    store.write(&batch(vec![entry.clone(), entry])).unwrap();
    let rows = Reader::open(folder.path()).unwrap().verdicts(10, None).unwrap();
    assert_eq!((rows.len(), rows[0].verdict.score), (1, 0.0));
}
