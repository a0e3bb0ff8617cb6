//! Readers beside the writer.

use super::{asked, at, batch, id, told, uuid};
use crate::{
    domain::{Decision, Number, Summary, Tier, Timestamp, limits},
    store::{Chore, Entry, Read, Reader, Readers, Sought, SoughtRecords, SoughtVerdicts, Store},
};
use jiff::tz::TimeZone;
use uuid::Uuid;

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

/// An id that holds the time, as those of a house do.
fn timed(n: u64) -> Uuid {
    Uuid::from_u128(at(n).first_id().as_u128() | u128::from(n))
}

/// As many as one look takes, and one more; the oldest alone is of another kind.
fn one_past_a_look(make: impl Fn(u64) -> Entry, other: impl Fn(&mut Entry)) -> (tempfile::TempDir, Reader) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut all: Vec<Entry> = (0..=u64::try_from(limits::LOOKED_THROUGH).unwrap()).map(make).collect();
    for (entry, n) in all.iter_mut().zip(0..) {
        entry.percept.id = timed(n);
    }
    other(&mut all[0]);
    store.write(&batch(all)).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    (folder, reader)
}

#[test]
fn what_is_sought_among_more_than_one_look_takes_is_found_by_the_next() {
    let (_folder, reader) = one_past_a_look(
        // Of refusals there are a hundred rows an hour.
        |n| asked(n, Decision::Allow),
        |first| {
            first.outcome.judged[0].verdict.decision = Decision::Deny;
            first.outcome.judged[0].verdict.contributions[0].rule = "another".into();
        },
    );
    for sought in [
        SoughtVerdicts { decision: Some(Decision::Deny), ..SoughtVerdicts::default() },
        SoughtVerdicts { rule: Some("another".into()), ..SoughtVerdicts::default() },
        SoughtVerdicts { to: Some(at(1)), ..SoughtVerdicts::default() },
    ] {
        let Sought { rows, next } = reader.seek_verdicts(&sought, 10, None).unwrap();
        assert!(rows.is_empty() && next == Some((timed(1), 0)), "{sought:?}: {next:?}");
        let Sought { rows, next } = reader.seek_verdicts(&sought, 10, next).unwrap();
        assert_eq!((rows.iter().map(|row| row.percept).collect::<Vec<_>>(), next), (vec![timed(0)], None), "{sought:?}");
    }
    let nobody = SoughtVerdicts { requester: Some(id("nobody")), ..SoughtVerdicts::default() };
    let next = reader.seek_verdicts(&nobody, 10, None).unwrap().next;
    assert_eq!(reader.seek_verdicts(&nobody, 10, next).unwrap(), Sought { rows: vec![], next: None });
}

#[test]
fn records_are_sought_in_the_same_way_and_in_a_time() {
    let (_folder, reader) = one_past_a_look(told, |first| first.percept.kind = "note".into());
    let notes = SoughtRecords { kind: Some("note".into()), ..SoughtRecords::default() };
    let Sought { rows, next } = reader.seek_records(&notes, 10, None).unwrap();
    assert!(rows.is_empty() && next == Some(timed(1)));
    assert_eq!(reader.seek_records(&notes, 10, next).unwrap().rows[0].id, timed(0));
    let sought = SoughtRecords { entity: Some(id("sensor_7")), from: Some(at(7)), to: Some(at(87)), ..SoughtRecords::default() };
    let found = |limit, before| reader.seek_records(&sought, limit, before).unwrap();
    let ids = |sought: &Sought<_, Uuid>| sought.rows.iter().map(|row: &crate::store::RecordRow| row.id).collect::<Vec<_>>();
    let first = found(1, None);
    assert_eq!(ids(&first), [timed(47)], "from the first, and before the last");
    assert_eq!(ids(&found(10, first.next)), [timed(7)]);
}

#[test]
fn verdicts_on_one_percept_are_not_torn_apart_by_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let several = |n: u64| {
        let mut entry = asked(n, Decision::Allow);
        entry.outcome.judged.push(super::judged(n, Decision::Deny));
        entry
    };
    Store::open(folder.path()).unwrap().write(&batch((0..5).map(several).collect())).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let Sought { rows, next } = reader.seek_verdicts(&SoughtVerdicts::default(), 3, after).unwrap();
        seen.extend(rows.iter().map(|row| (row.percept, row.ordinal)));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..5).rev().flat_map(|n| [(uuid(n), 0), (uuid(n), 1)]).collect::<Vec<_>>());
    let later = SoughtVerdicts { from: Some(Timestamp::from_micros(i64::MAX)), ..SoughtVerdicts::default() };
    assert_eq!(reader.seek_verdicts(&later, 3, None).unwrap(), Sought { rows: vec![], next: None });
}

#[test]
fn readings_are_found_one_by_one_or_summed_up_and_never_three_times() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    // One more than a look takes, when two of them are summed up.
    let all = (0..u64::try_from(limits::LOOKED_THROUGH + 3).unwrap()).map(|n| {
        let mut entry = told(n);
        entry.percept.at = at(n * 1_000_000);
        entry.percept.id = timed(n * 1_000_000);
        entry
    });
    store.write(&batch(all.collect())).unwrap();
    // The first two of a sensor that speaks each forty seconds are summed up.
    let taken = vec![timed(0), timed(40_000_000)];
    let said = reader.said(&taken).unwrap();
    let summaries = Tier::ALL.map(|tier| {
        let mut sum = Summary::of(tier, &said[0], &TimeZone::UTC);
        sum.merge(&Summary::of(tier, &said[1], &TimeZone::UTC));
        sum
    });
    store.chore(&Chore::Consolidate { taken, summaries: summaries.to_vec(), sweep: None }).unwrap();
    let day = at(0).plus_seconds(-86_400)..at(0).plus_seconds(86_400);
    for sums in Tier::ALL {
        let of = Read { entity: id("sensor_0"), kind: "state".into(), path: "n".into(), sums };
        let (mut points, mut after, mut looks) = (Vec::new(), None, 0);
        loop {
            let Sought { rows, next } = reader.readings(&of, &day, after, 50).unwrap();
            points.extend(rows);
            (after, looks) = (next, looks + 1);
            if after.is_none() {
                break;
            }
        }
        let mean = |told: &crate::domain::Series| told.number.as_ref().map(|Number { mean, .. }| *mean).unwrap();
        let values: Vec<f64> = points.iter().map(|point| mean(&point.told)).collect();
        let expected: Vec<f64> = std::iter::once(20.0).chain((2..=125).map(|n| f64::from(n * 40))).collect();
        assert_eq!(values, expected, "{sums:?}");
        assert!(looks >= 3 && points[0].until.is_some() && points[1].until.is_none());
    }
    let nothing = Read { entity: id("nobody"), kind: "state".into(), path: "n".into(), sums: Tier::Day };
    let Sought { rows, next } = reader.readings(&nothing, &day, None, 50).unwrap();
    assert!(rows.is_empty() && next.is_some(), "one more than a look takes");
    assert_eq!(reader.readings(&nothing, &day, next, 50).unwrap(), Sought { rows: vec![], next: None });
}
