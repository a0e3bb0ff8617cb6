//! Consolidation as a transaction, on real files: all of it or nothing, and what was summed up is found.

use super::{START, batch, id, told, uuid};
use crate::{
    domain::{Change, Forgetting, Summary, Tier, Timestamp, limits},
    store::{Batch, Chore, Reader, Store},
};
use jiff::tz::TimeZone;
use uuid::Uuid;

/// Summaries of all tiers of these records.
fn summed(reader: &Reader, taken: &[Uuid]) -> Vec<Summary> {
    let mut sums: Vec<Summary> = Vec::new();
    for told in reader.said(taken).unwrap() {
        for tier in Tier::ALL {
            let one = Summary::of(tier, &told, &TimeZone::UTC);
            match sums.iter_mut().find(|sum| sum.is_of(&one)) {
                Some(sum) => sum.merge(&one),
                None => sums.push(one),
            }
        }
    }
    sums
}

fn change(store: &mut Store, changes: Vec<Change>) {
    store.write(&Batch { changes, at: Timestamp::from_micros(START), ..Batch::default() }).unwrap();
}

/// Two records of one sensor.
fn house() -> (tempfile::TempDir, Store, Reader, Vec<Uuid>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    store.write(&batch([0, 40, 1].map(told).to_vec())).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    (folder, store, reader, vec![uuid(0), uuid(40)])
}

#[test]
fn records_become_summaries_that_are_found_in_their_place() {
    let (_folder, mut store, reader, taken) = house();
    let summaries = summed(&reader, &taken);
    assert_eq!(summaries.len(), 3);
    let sweep = Some(("working".to_owned(), uuid(40)));
    let changes = reader.change_log().unwrap().unwrap().1;
    let chore = Chore::Consolidate { taken: taken.clone(), summaries: summaries.clone(), sweep };
    assert_eq!(store.chore(&chore).unwrap().rows, 6);
    assert_eq!(reader.records(9, None).unwrap().len(), 1, "the other sensor's stays");
    for summary in &summaries {
        assert_eq!(reader.summary(summary.id()).unwrap().as_ref(), Some(summary));
    }
    assert_eq!(reader.sweep("working").unwrap(), uuid(40));
    let (hour, day) = (&summaries[1], &summaries[2]);
    let begins = hour.begins;
    assert_eq!(reader.summaries(&id("sensor_0"), "state", Tier::Hour, begins..begins.plus_seconds(1)).unwrap(), vec![hour.clone()]);
    assert_eq!(reader.summaries(&id("sensor_0"), "state", Tier::Hour, begins.plus_seconds(1)..begins.plus_seconds(9_000)).unwrap(), []);

    // An index takes hours and days, and hears of what went; the finest nobody searches for.
    let (seq, changed) = reader.changed_records(changes, 9).unwrap().pop().unwrap();
    assert_eq!((seq, changed), (changes + 1, [taken[0], taken[1], hour.id(), day.id()].to_vec()));
    assert_eq!(reader.indexed(&[summaries[0].id()]).unwrap(), []);
    let found = reader.indexed(&[hour.id()]).unwrap().remove(0);
    assert_eq!(reader.indexed(&[hour.id(), uuid(1), day.id(), Uuid::max()]).unwrap(), reader.indexed_after(Uuid::nil(), 9).unwrap());
    assert!(found.text.starts_with("sensor_0 state: 2 values;") && found.text.contains("temperature 21.5"), "{}", found.text);
    assert_eq!(reader.record(hour.id()).unwrap().unwrap().record.text, found.text);
    let mut paged = Vec::new();
    while let [one] = &reader.indexed_after(paged.last().copied().unwrap_or_default(), 1).unwrap()[..] {
        paged.push(one.id);
    }
    let mut all = vec![uuid(1), hour.id(), day.id()];
    all.sort();
    assert_eq!(paged, all);
    assert_eq!(reader.indexed_after(Uuid::nil(), 9).unwrap().len(), 3);
    assert!(store.write(&batch(vec![told(2)])).is_ok(), "the change log goes on behind it");
}

#[test]
fn what_was_pinned_or_went_meanwhile_makes_the_whole_do_nothing() {
    let (_folder, mut store, reader, taken) = house();
    let summaries = summed(&reader, &taken);
    let chore = Chore::Consolidate { taken: taken.clone(), summaries, sweep: Some(("working".to_owned(), uuid(40))) };
    let pin = |pinned| vec![Change::Pinned { records: vec![uuid(40)], pinned }];
    change(&mut store, pin(true));
    assert_eq!(store.chore(&chore).unwrap().rows, 0);
    let gone = Chore::Drop { records: vec![uuid(40)], summaries: vec![], sweep: None };
    assert_eq!(store.chore(&gone).unwrap().rows, 0, "nor is it dropped");
    assert_eq!((reader.records(9, None).unwrap().len(), reader.sweep("working").unwrap()), (3, Uuid::nil()));
    change(&mut store, pin(false));
    assert_eq!(store.chore(&gone).unwrap().rows, 1);
    assert_eq!(store.chore(&chore).unwrap().rows, 0, "one is gone");
    assert_eq!((reader.records(9, None).unwrap().len(), reader.figures().unwrap().tiers.len()), (2, 0));
}

#[test]
fn sweeps_begin_anew_when_something_is_pinned_no_more() {
    let (_folder, mut store, reader, _) = house();
    let swept = Chore::Consolidate { taken: vec![], summaries: vec![], sweep: Some(("a working".to_owned(), uuid(40))) };
    assert_eq!(store.chore(&swept).unwrap().rows, 1);
    change(&mut store, vec![Change::Pinned { records: vec![uuid(40)], pinned: false }]);
    assert_eq!(reader.sweep("a working").unwrap(), uuid(40), "it was not pinned");
    assert!(!reader.has_sweeps_but("a ").unwrap() && reader.has_sweeps_but("b ").unwrap());
    [true, false].into_iter().for_each(|pinned| change(&mut store, vec![Change::Pinned { records: vec![uuid(40)], pinned }]));
    assert_eq!(reader.sweep("a working").unwrap(), Uuid::nil());
    store.chore(&swept).unwrap();
    store.chore(&Chore::Sweeps { prefix: "b ".into() }).unwrap();
    assert!(!reader.has_sweeps_but("b ").unwrap());
}

#[test]
fn who_is_forgotten_is_in_no_summary_and_in_no_count_of_recalls() {
    let (folder, mut store, reader, taken) = house();
    let summaries = summed(&reader, &taken);
    let hour = summaries[1].id();
    store.chore(&Chore::Consolidate { taken: taken[..1].to_vec(), summaries, sweep: None }).unwrap();
    change(&mut store, vec![Change::Recalled([hour, taken[1], uuid(1)].map(|id| (id, Timestamp::from_micros(START))).to_vec())]);
    let raw = rusqlite::Connection::open(folder.path().join("jamey.db")).unwrap();
    raw.execute("INSERT INTO entity_names VALUES ('sensor_0', '{}')", []).unwrap();
    let forgetting = Forgetting {
        word: uuid(900),
        at: Timestamp::from_micros(START),
        by: "owner".into(),
        entity: id("sensor_0"),
        signals: vec![],
        held: 0,
    };
    assert!(reader.keeps(&id("sensor_0")).unwrap());
    change(&mut store, vec![Change::Forget(Box::new(forgetting))]);
    let counts = reader.forgotten(uuid(900)).unwrap().unwrap().counts;
    assert_eq!(["memories", "summaries", "recalls", "names"].map(|what| counts[what].as_u64().unwrap()), [1, 3, 2, 1], "{counts}");
    assert!(!reader.keeps(&id("sensor_0")).unwrap());
    assert_eq!(reader.uses([uuid(1)]).unwrap().len(), 1, "another's stays");
}

#[test]
fn free_pages_are_given_back_and_the_file_shrinks() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let ids: Vec<Uuid> = (0..3_000).map(uuid).collect();
    store.write(&batch((0..3_000).map(told).collect())).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    store.chore(&Chore::Drop { records: ids, summaries: vec![], sweep: None }).unwrap();
    let before = reader.pages().unwrap();
    assert!(before.can_shrink && before.free > 100, "{before:?}");
    assert_eq!(store.chore(&Chore::Vacuum { pages: 30 }).unwrap().rows, 30);
    while store.chore(&Chore::Vacuum { pages: limits::BATCH_MESSAGES }).unwrap().rows > 0 {}
    let after = reader.pages().unwrap();
    assert_eq!(after.free, 0);
    assert!(after.all + before.free <= before.all, "{before:?} {after:?}");
    drop(reader);
    store.checkpoint("TRUNCATE").unwrap();
    assert_eq!(std::fs::metadata(folder.path().join("jamey.db")).unwrap().len(), after.all * after.bytes);
}
