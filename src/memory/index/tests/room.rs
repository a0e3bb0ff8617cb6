//! What is gone takes no room, and an index fits where it is to.

use super::{Bench, all, entry, hits, write};
use crate::{
    domain::{Keeping, Timestamp},
    memory::{
        recall::Query,
        upkeep::{IndexRoom, Plan, Upkeep, index_room},
        verify::agreement,
    },
    store::Chore,
};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

#[test]
fn what_was_deleted_is_merged_away_and_takes_no_room() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    write(&mut bench.store, (0..4_000).map(|n| entry(n, "hub", &format!("hub said{n} parcel"))).collect());
    all(&mut follower, &reader);
    // One in seven goes: too few for a merge by itself.
    let records: Vec<_> = (0..4_000).step_by(7).map(|n| entry(n, "hub", "").percept.id).collect();
    let gone = u64::try_from(records.len()).unwrap();
    bench.store.chore(&Chore::Drop { records, summaries: Vec::new(), sweep: None }).unwrap();
    all(&mut follower, &reader);
    let before = follower.index().weight().unwrap();
    assert_eq!((before.records, before.deleted), (4_000 - gone, gone));
    follower.compact(&reader).unwrap();
    let after = follower.index().weight().unwrap();
    assert_eq!((after.records, after.deleted), (4_000 - gone, 0));
    assert!(after.bytes < before.bytes, "{before:?} {after:?}");
    let files = || std::fs::read_dir(bench.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>();
    assert!(files() < after.bytes + 16_384, "nothing of what was lies beside it: {} of {after:?}", files());
    assert!(agreement(follower.index(), &reader, |_| {}).unwrap().is_whole());
    follower.compact(&reader).unwrap();
    assert_eq!(follower.index().weight().unwrap(), after, "once more changes nothing");
    follower.rebuild(&reader, |_| {}).unwrap();
    let anew = follower.index().weight().unwrap();
    assert!(after.bytes * 50 <= anew.bytes * 51, "it is as small as one that never had them: {after:?} {anew:?}");
}

#[test]
fn an_index_over_its_budget_loses_what_the_database_would_lose_first() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    let all_of = 3_000_u64;
    let mut entries: Vec<_> = (0..all_of).map(|n| entry(n, "hub", &format!("hub said{n} parcel"))).collect();
    for one in entries.iter_mut().take(1_000) {
        one.outcome.record.as_mut().unwrap().importance = 0.9;
    }
    write(&mut bench.store, entries);
    all(&mut follower, &reader);
    let most = follower.index().weight().unwrap().bytes / 2;
    let keeping = Keeping { short_term_days: 3_650, ..Keeping::default() };
    let mut upkeep = Upkeep::new(Plan { keeping, retentions: Vec::new(), zone: TimeZone::UTC });
    // Two days later nothing of it is due, and all of it may go.
    let now = entry(all_of, "hub", "").percept.at.plus_seconds(49 * 3_600);
    let mut rounds = 0;
    while let IndexRoom::Over(over) = index_room(most, follower.index().weight().unwrap()) {
        let before = follower.index().records();
        upkeep.make_index_fit(over);
        while let Some(chore) = upkeep.next(&reader, now).unwrap() {
            let done = bench.store.chore(&chore).unwrap();
            upkeep.done(&chore, done);
        }
        assert!(upkeep.shortage().is_none());
        follower.compact(&reader).unwrap();
        assert_eq!(follower.index().records(), before - over);
        rounds += 1;
        // What each takes is an estimate, and a small index takes something however little it has.
        assert!(rounds <= 5, "{:?} of {most}", follower.index().weight());
    }
    assert!((1_000..2_000).contains(&follower.index().records()), "{:?}", follower.index().weight());
    let important = reader.records(10_000, None).unwrap().iter().filter(|row| row.record.importance > 0.8).count();
    assert_eq!(important, 1_000, "what matters least went");
    // Where nothing may go it says so.
    upkeep.make_index_fit(1);
    assert_eq!(upkeep.next(&reader, entry(0, "hub", "").percept.at).unwrap(), None);
    assert!(upkeep.shortage().is_some());
}

#[test]
fn of_segments_that_were_merged_away_nothing_is_remembered() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    let query = Query::parse("kitchen temperature alarm", Timestamp::default(), &TimeZone::UTC);
    // A rare word with common ones: of these it is remembered where they stand.
    write(&mut bench.store, (1_000..1_200).map(|n| entry(n, "kitchen", "kitchen temperature 21.5")).collect());
    let mut held = BTreeSet::new();
    for part in 0..30u64 {
        let text = if part == 7 { "kitchen temperature alarm" } else { "kitchen temperature 21.5" };
        write(&mut bench.store, vec![entry(part + 1, "kitchen", text)]);
        all(&mut follower, &reader);
        hits(follower.index(), &query);
        if part == 7 {
            held = follower.index().learnt.places.segments();
        }
    }
    assert!(held.len() == 1 && follower.index().learnt.ceilings.remembered() > 0);
    follower.compact(&reader).unwrap();
    let index = follower.index();
    let searcher = index.reader.searcher();
    assert!(searcher.segment_readers().iter().all(|segment| !held.contains(&segment.segment_id())), "it was merged away");
    assert!(index.learnt.places.segments().is_disjoint(&held));
    let (segments, remembered) = (searcher.segment_readers().len(), || index.learnt.ceilings.remembered());
    assert!(segments < 15 && remembered() <= 3 * segments, "{} of {segments}", remembered());
}
