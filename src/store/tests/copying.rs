//! A copy is whole, of one moment, alone in its folder, and in nobody's way.

use super::{asked, batch, migrating::of_schema_1, told, uuid};
use crate::{
    domain::{Change, Decision, limits},
    store::{Batch, Copied, Copying, FILE, KEY_FILE, Look, Reader, Store, StoreError, Writer, copy, faults, inspect},
};
use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed, mpsc},
    thread,
    time::{Duration, Instant},
};

const DEADLINE: Duration = Duration::from_secs(20);

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn plain(from: &Path, into: &Path) -> Result<Copied, StoreError> {
    copy(&Copying { from, into, bytes_a_second: 0, health: None }, &mut |_, _| true)
}

/// Writes, and waits until it is on disk.
fn write(writer: &Writer, batch: Batch) {
    let (tell, done) = mpsc::channel();
    writer.submit(batch, Box::new(move |_, _| tell.send(()).unwrap()));
    done.recv_timeout(DEADLINE).unwrap();
}

#[test]
fn a_copy_taken_while_the_writer_writes_is_of_one_moment() {
    let (data, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writer = Writer::spawn(Store::open(data.path()).unwrap(), || {}).unwrap();
    for n in 0..40 {
        write(&writer, batch((n * 50..n * 50 + 50).map(|n| asked(n, Decision::Allow)).collect()));
    }
    // So that the file itself has something to be read, and not the log alone.
    writer.stop();
    let writer = Writer::spawn(Store::open(data.path()).unwrap(), || {}).unwrap();
    let health = writer.health();
    let (step, stepped) = mpsc::channel();
    let taken = thread::scope(|scope| {
        let (from, into, health) = (data.path(), into.path(), &health);
        let taking = scope.spawn(move || {
            let order = Copying { from, into, bytes_a_second: 0, health: Some(health) };
            // Every step waits until one more batch is written.
            let (go, gone) = mpsc::channel::<()>();
            copy(&order, &mut |_, _| step.send(go.clone()).is_ok() && gone.recv_timeout(DEADLINE).is_ok())
        });
        let mut n = 10_000;
        while let Ok(go) = stepped.recv_timeout(DEADLINE) {
            write(&writer, batch(vec![told(n), asked(n + 1, Decision::Deny)]));
            n += 2;
            go.send(()).unwrap();
        }
        taking.join().unwrap().unwrap()
    });
    assert_eq!(faults(&taken.path, Look::Thorough).unwrap(), Vec::<String>::new());
    let came = |name: &str| taken.holds.counts[name] - 2_000;
    assert_eq!(came("records"), 2 * came("verdicts"), "a batch has two of these and one of those: it is whole in it, or not at all");
    assert!(came("verdicts") > 0, "of a moment that came after the first look");
    assert_eq!(taken.bytes, fs::metadata(&taken.path).unwrap().len());
    assert_eq!(crate::runtime::files::shared(&fs::metadata(&taken.path).unwrap()), None);

    // It needs no other file to be read, and looking makes none.
    assert_eq!(inspect(&taken.path).unwrap(), taken.holds);
    assert!(Reader::open(into.path()).unwrap().record(uuid(7)).unwrap().is_some());
    assert_eq!(names(into.path()), [FILE]);

    // It is opened as every database is, and its audit trail goes on.
    fs::copy(data.path().join(KEY_FILE), into.path().join(KEY_FILE)).unwrap();
    let mut risen = Store::open(into.path()).unwrap();
    risen.write(&batch(vec![told(50_000)])).unwrap();
    assert_eq!(risen.raw().query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).unwrap(), "wal");
    drop(risen);
    writer.stop();
}

#[test]
fn pages_that_did_not_change_stand_where_they_stood() {
    let (data, one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = Store::open(data.path()).unwrap();
    for n in 0..20 {
        store.write(&batch((n * 100..n * 100 + 100).map(told).collect())).unwrap();
    }
    let before = fs::read(plain(data.path(), one.path()).unwrap().path).unwrap();
    assert_eq!(
        fs::read(plain(data.path(), two.path()).unwrap().path).unwrap(),
        before,
        "of an unchanged database it is the same, bit for bit"
    );
    fs::remove_file(two.path().join(FILE)).unwrap();
    store.write(&batch(vec![told(5_000)])).unwrap();
    let after = fs::read(plain(data.path(), two.path()).unwrap().path).unwrap();
    let changed = before.chunks(4_096).zip(after.chunks(4_096)).filter(|(a, b)| a != b).count();
    assert!(changed < 25, "{changed} of {} pages changed for one record", before.len() / 4_096);
}

#[test]
fn the_writer_never_waits_for_a_copy_and_its_log_begins_anew_afterwards() {
    let (data, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writer = Writer::spawn(Store::open(data.path()).unwrap(), || {}).unwrap();
    let block = || Batch { journal: vec![7; 6 * 1024 * 1024], ..Batch::default() };
    write(&writer, block());
    let health = writer.health();
    let (go, gate) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    thread::scope(|scope| {
        let order = Copying { from: data.path(), into: into.path(), bytes_a_second: 0, health: Some(&health) };
        let held = Arc::clone(&health);
        let taking = scope.spawn(move || {
            let mut waited = false;
            copy(&order, &mut |_, _| {
                if held.copies.is_held() && !std::mem::replace(&mut waited, true) {
                    entered.send(()).unwrap();
                    gate.recv().unwrap();
                }
                true
            })
        });
        inside.recv_timeout(DEADLINE).unwrap();
        while health.now().wal_bytes <= limits::WAL_BYTES + 5 * 1024 * 1024 {
            write(&writer, block());
        }
        assert_eq!((health.now().restarts, health.now().restarts_refused), (0, 0), "it does not even try");
        go.send(()).unwrap();
        taking.join().unwrap().unwrap();
    });
    let begun = Instant::now();
    while health.now().wal_bytes > limits::WAL_BYTES {
        assert!(begun.elapsed() < DEADLINE, "{:?}", health.now());
        write(&writer, batch(vec![told(1)]));
    }
    writer.stop();
}

#[test]
fn a_log_that_becomes_too_long_while_a_moment_is_held_ends_the_copy() {
    let (data, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writer = Writer::spawn(Store::open(data.path()).unwrap(), || {}).unwrap();
    write(&writer, batch((0..2_000).map(told).collect()));
    let health = writer.health();
    // It says itself how long its log is, whenever it likes.
    writer.stop();
    let order = Copying { from: data.path(), into: into.path(), bytes_a_second: 0, health: Some(&health) };
    let grown_to = |bytes| {
        health.wal_bytes.store(0, Relaxed);
        copy(&order, &mut |_, _| {
            if health.copies.is_held() {
                health.wal_bytes.store(bytes, Relaxed);
            }
            true
        })
    };
    let refused = grown_to(limits::COPY_WAL_BYTES + 1).unwrap_err().to_string();
    assert!(refused.contains("a quieter hour"), "{refused}");
    assert!(names(into.path()).is_empty());
    grown_to(limits::COPY_WAL_BYTES).unwrap();
}

#[test]
fn a_log_that_is_emptied_and_begun_anew_under_the_first_look_is_in_the_copy() {
    let (data, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writer = Writer::spawn(Store::open(data.path()).unwrap(), || {}).unwrap();
    let block = |n| Batch { journal: vec![7; 6 * 1024 * 1024], ..batch(vec![told(n)]) };
    write(&writer, block(1));
    let health = writer.health();
    let order = Copying { from: data.path(), into: into.path(), bytes_a_second: 0, health: Some(&health) };
    let mut n = 1;
    let copied = copy(&order, &mut |_, _| {
        while health.now().restarts == 0 {
            assert!(!health.copies.is_held(), "the log begins anew although a copy is being taken");
            n += 1;
            write(&writer, block(n));
        }
        true
    });
    assert_eq!(copied.unwrap().holds.counts["records"], n);
    assert_eq!(faults(&into.path().join(FILE), Look::Thorough).unwrap(), Vec::<String>::new());
    writer.stop();
}

#[test]
fn what_is_stopped_leaves_nothing_and_what_is_there_is_not_written_over() {
    let (data, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let refused = plain(data.path(), into.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Sqlite { .. }), "no database: {refused}");
    drop(Store::open(data.path()).unwrap());
    let order = Copying { from: data.path(), into: into.path(), bytes_a_second: 0, health: None };
    assert!(matches!(copy(&order, &mut |_, _| false), Err(StoreError::Stopped)));
    assert!(names(into.path()).is_empty());
    plain(data.path(), into.path()).unwrap();
    let before = fs::read(into.path().join(FILE)).unwrap();
    assert!(matches!(plain(data.path(), into.path()), Err(StoreError::Copy { .. })));
    assert_eq!(fs::read(into.path().join(FILE)).unwrap(), before);
}

#[test]
fn a_copy_gives_way_where_something_is_forgotten() {
    let (data, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let writer = Writer::spawn(Store::open(data.path()).unwrap(), || {}).unwrap();
    write(&writer, batch((0..2_000).map(told).collect()));
    let health = writer.health();
    let (step, stepped) = mpsc::channel();
    let gave_way = thread::scope(|scope| {
        let taking = scope.spawn(|| {
            // So slow that it stands between two steps when the word comes.
            let order = Copying { from: data.path(), into: into.path(), bytes_a_second: 1, health: Some(&health) };
            copy(&order, &mut |_, _| step.send(()).is_ok())
        });
        stepped.recv_timeout(DEADLINE).unwrap();
        write(&writer, Batch { changes: vec![Change::LetGo(vec![uuid(1)])], ..batch(vec![]) });
        taking.join().unwrap().unwrap_err().to_string()
    });
    assert!(gave_way.contains("forgotten"), "{gave_way}");
    assert!(names(into.path()).is_empty());
    writer.stop();
    let pages = fs::read(data.path().join(FILE)).unwrap();
    let has = |what: &[u8]| pages.windows(what.len()).any(|bytes| bytes == what);
    assert!(has(b"\"n\":2,") && !has(b"\"n\":1,"), "the file was written anew without it");
}

#[test]
fn an_older_database_is_counted_and_copied_as_it_is() {
    let (data, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(of_schema_1(data.path()));
    let taken = plain(data.path(), into.path()).unwrap();
    assert_eq!(taken.holds.schema, 1);
    assert_eq!(taken.holds.counts.get("records"), Some(&0));
    assert!(!taken.holds.counts.contains_key("summaries"), "its schema had none");
    assert_eq!(inspect(&data.path().join(FILE)).unwrap().schema, 1, "nothing was migrated");
}

#[test]
fn damage_and_strange_files_are_told_and_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    assert!(inspect(&path).is_err());
    fs::write(&path, vec![7; 8_192]).unwrap();
    assert!(matches!(inspect(&path), Err(StoreError::Damaged { .. })));
    assert_eq!(faults(&path, Look::Quick).unwrap().len(), 1);
    rusqlite::Connection::open(folder.path().join("strange.db")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(matches!(inspect(&folder.path().join("strange.db")), Err(StoreError::Foreign { .. })));
}
