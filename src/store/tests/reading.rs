//! Readers beside the writer.

use super::{batch, told, uuid};
use crate::store::{Reader, Readers, Store};

#[test]
fn what_is_committed_is_seen_and_nothing_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.records(10, None).unwrap(), vec![]);
    store.write(&batch(vec![told(1)])).unwrap();
    assert_eq!(reader.records(10, None).unwrap().len(), 1);
    store.raw().execute_batch("BEGIN; DELETE FROM memory_records").unwrap();
    assert_eq!(reader.records(10, None).unwrap().len(), 1);
    store.raw().execute_batch("ROLLBACK").unwrap();
}

#[test]
fn lists_are_paged_without_gaps() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path()).unwrap().write(&batch((0..25).map(told).collect())).unwrap();
    let readers = Readers::new(folder.path());
    let mut before = None;
    let mut seen = Vec::new();
    loop {
        let page = readers.with(|r| r.records(10, before)).unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.iter().map(|r| r.id));
    }
    assert_eq!(seen, (0..25).rev().map(uuid).collect::<Vec<_>>());
}

#[test]
fn a_reader_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Reader::open(folder.path()).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_row_that_makes_no_sense_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.raw().execute_batch("INSERT INTO devices VALUES ('door', 'lock', 0.8, NULL, NULL, '{oops')").unwrap();
    let text = store.load().unwrap_err().to_string();
    assert!(text.starts_with("store: devices: the row `door` cannot be read: "), "{text}");
}
