//! Index and store agree, whatever happens between them, on real files.

mod room;

use super::{Doubt, Follower, Index, Wanted};
use crate::{
    domain::{Body, Change, EntityId, Layer, MemoryRecord, Outcome, Percept, Purpose, Timestamp, percept::Source},
    memory::recall::{self, Query},
    store::{Batch, Entry, Reader, Store},
};
use jiff::tz::TimeZone;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};
use uuid::Uuid;

const START_MILLIS: u64 = 1_795_000_000_000;

fn entry(n: u64, entity: &str, text: &str) -> Entry {
    let id = Uuid::from_u64_pair(((START_MILLIS + n * 1_000) << 16) | 0x7000, (1 << 63) | n);
    let entity = EntityId::new(entity).unwrap();
    let percept = Percept {
        id,
        at: super::time_of(id),
        source: Arc::new(Source::own(entity.clone(), "test", "")),
        entity,
        kind: "state".into(),
        topic: "t".into(),
        body: Body::Empty,
        payload: Vec::new(),
        qos: 1,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
    };
    let record = MemoryRecord { layer: Layer::ShortTerm, importance: 0.5, text: text.into(), about: None };
    Entry { percept: Box::new(percept), outcome: Outcome { record: Some(record), ..Outcome::default() }, lets_on: true, again: false }
}

fn write(store: &mut Store, entries: Vec<Entry>) {
    let at = entries.last().map_or(Timestamp::default(), |e| e.percept.at);
    store.write(&Batch { entries, at, ..Batch::default() }).unwrap();
}

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("index")
    }

    fn reader(&self) -> Reader {
        Reader::open(self.folder.path()).unwrap()
    }

    fn follower(&self) -> (Follower, Option<Doubt>) {
        Follower::open(&self.path(), &self.reader()).unwrap()
    }
}

fn texts(index: &Index, reader: &Reader, words: &str) -> Vec<String> {
    let now = Timestamp::from_micros(i64::try_from(START_MILLIS).unwrap() * 1_000 + 3_600_000_000);
    let query = Query::parse(words, now, &TimeZone::UTC);
    let page = recall::find(index, reader, &query, now, 10, None).unwrap();
    page.records.into_iter().map(|r| r.record.record.text).collect()
}

fn hits(index: &Index, query: &Query) -> usize {
    let wanted =
        Wanted { limit: 100, scored: true, superseded: false, except: &BTreeSet::new(), until: None, newest_first: true, entities: true };
    index.search(query, &wanted).unwrap().len()
}

fn all(follower: &mut Follower, reader: &Reader) {
    while follower.follow(reader).unwrap() > 0 {}
    follower.commit().unwrap();
}

#[test]
fn what_was_written_is_found_before_and_after_it_is_indexed() {
    let mut bench = Bench::new();
    write(&mut bench.store, vec![entry(1, "front_door", "front_door state locked"), entry(2, "kitchen", "kitchen temperature 21.5")]);
    let (mut follower, doubt) = bench.follower();
    assert_eq!(doubt, Some(Doubt::Missing));
    let reader = bench.reader();
    follower.rebuild(&reader, |_| {}).unwrap();
    write(&mut bench.store, vec![entry(3, "front_door", "front_door state unlocked by anna")]);
    for indexed in [false, true] {
        if indexed {
            all(&mut follower, &reader);
        }
        let index = follower.index();
        assert_eq!(texts(index, &reader, "front door unlocked")[0], "front_door state unlocked by anna", "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "temperatures"), ["kitchen temperature 21.5"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "\"unlocked by anna\""), ["front_door state unlocked by anna"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "state -anna"), ["front_door state locked"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "entity:kitchen"), ["kitchen temperature 21.5"], "indexed: {indexed}");
        assert_eq!(texts(index, &reader, "")[0], "front_door state unlocked by anna", "the newest first; indexed: {indexed}");
        assert_eq!(texts(index, &reader, "nothing of the kind"), [""; 0], "indexed: {indexed}");
    }
    let index = Index::open(&bench.path()).unwrap();
    assert_eq!(index.records(), 3);
}

#[test]
fn an_index_goes_on_where_it_was_and_is_made_anew_on_doubt() {
    let mut bench = Bench::new();
    write(&mut bench.store, (1..=50).map(|n| entry(n, "lamp", &format!("lamp number {n}"))).collect());
    let (mut follower, _) = bench.follower();
    follower.rebuild(&bench.reader(), |_| {}).unwrap();
    follower.close().unwrap();
    write(&mut bench.store, vec![entry(51, "lamp", "lamp number 51")]);
    let (mut follower, doubt) = bench.follower();
    assert_eq!(doubt, None);
    all(&mut follower, &bench.reader());
    assert_eq!(follower.index().records(), 51);
    follower.close().unwrap();
    // Another house's index, or a store that was set back.
    let other = Bench::new();
    copy(&bench.path(), &other.path());
    assert!(matches!(other.follower().1, Some(Doubt::Ahead { .. })));
    // A file that was cut, and one that is no index.
    std::fs::write(bench.path().join("meta.json"), b"{").unwrap();
    let (mut follower, doubt) = bench.follower();
    assert!(matches!(doubt, Some(Doubt::Unreadable(_))), "{doubt:?}");
    assert_eq!(follower.rebuild(&bench.reader(), |_| {}).unwrap(), 51);
    assert_eq!(texts(follower.index(), &bench.reader(), "51"), ["lamp number 51"]);
}

#[test]
fn each_record_is_there_once_in_whatever_order_records_come_and_change() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    let mut told = Vec::new();
    for (step, n) in [5, 3, 9, 4, 8, 7, 20, 1].into_iter().enumerate() {
        let entry = entry(n, "lamp", &format!("lamp number {n}"));
        told.push(entry.percept.id);
        write(&mut bench.store, vec![entry]);
        // What is new changes as well, before anybody looked.
        for pinned in [true, false] {
            let changes = vec![Change::Pinned { records: told.clone(), pinned }];
            bench.store.write(&Batch { changes, ..Batch::default() }).unwrap();
            if step % 2 == 0 {
                while follower.follow(&reader).unwrap() > 0 {}
            }
        }
        match step % 4 {
            1 => all(&mut follower, &reader),
            // What was not committed is taken once more.
            2 => follower = reopened(follower, &bench),
            _ => {}
        }
    }
    all(&mut follower, &reader);
    let mut ids = follower.index().ids().unwrap();
    ids.sort_unstable();
    told.sort_unstable();
    assert_eq!(ids, told);
}

fn reopened(follower: Follower, bench: &Bench) -> Follower {
    drop(follower);
    bench.follower().0
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn pages_have_no_gaps_and_no_doubles() {
    let mut bench = Bench::new();
    write(&mut bench.store, (1..=57).map(|n| entry(n, "lamp", &format!("lamp number {}", n % 7))).collect());
    let (mut follower, _) = bench.follower();
    let reader = bench.reader();
    follower.rebuild(&reader, |_| {}).unwrap();
    for words in ["lamp 3", ""] {
        let now = Timestamp::from_micros(i64::try_from(START_MILLIS).unwrap() * 1_000 + 3_600_000_000);
        let query = Query::parse(words, now, &TimeZone::UTC);
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            // Time goes on between two pages.
            let later = now.plus_seconds(i64::try_from(seen.len()).unwrap());
            let page = recall::find(follower.index(), &reader, &query, later, 10, cursor.as_deref()).unwrap();
            seen.extend(page.records.iter().map(|r| r.record.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut unique = seen.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (57, 57), "`{words}`");
    }
    let wrong = recall::find(follower.index(), &reader, &Query::default(), Timestamp::default(), 10, Some("nonsense"));
    assert!(wrong.unwrap_err().to_string().contains("no cursor"));
}

#[test]
fn words_looked_for_in_turn_are_found_as_all_at_once() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    // Two halves of very different words, so that a word is rare in one segment and common in the other.
    let words = ["kitchen", "door", "open", "lamp", "the"];
    for part in 0..2u64 {
        let texts = (0..400u64).map(|n| {
            let dice = n.wrapping_mul(2_654_435_761).wrapping_add(part * 97) >> 7;
            let said: Vec<&str> = words.iter().enumerate().filter(|(w, _)| dice >> (w * 2) & 3 <= part).map(|(_, word)| *word).collect();
            // A word that hardly any has is looked for in another way.
            let rare = if dice % 251 == 0 { "alarm " } else { "" };
            entry(part * 400 + n + 1, "hub", &format!("hub {rare}{} {}", said.join(" "), "x ".repeat(usize::try_from(dice % 3).unwrap())))
        });
        write(&mut bench.store, texts.collect());
        all(&mut follower, &reader);
    }
    for text in [
        "kitchen door",
        "kitchen door open",
        "door door lamp",
        "lamp nowhere",
        "kitchen",
        "kitchen door open lamp hub",
        "who opened the door of the kitchen lamp",
        "alarm kitchen",
        "alarm alarm kitchen door lamp",
        "open door nowhere alarm",
        "alarm -lamp",
        "kitchen -lamp",
        "kitchen door -lamp importance:0.1",
        "kitchen door lamp entity:hub -\"door open\"",
        "kitchen importance:0.99",
        "kitchen door open lamp -hub",
    ] {
        for limit in [1, 3, 7, 50, 5_000] {
            let query = Query::parse(text, Timestamp::default(), &TimeZone::UTC);
            let except = &BTreeSet::new();
            let wanted = Wanted { limit, scored: true, superseded: false, except, until: None, newest_first: true, entities: true };
            let found = follower.index().search(&query, &wanted).unwrap();
            let mut every = follower.index().search(&query, &Wanted { limit: 5_000, newest_first: false, ..wanted }).unwrap();
            every.sort_by(|a, b| b.relevance.total_cmp(&a.relevance).then_with(|| b.id.cmp(&a.id)));
            every.truncate(limit);
            assert_eq!(found, every, "`{text}`, {limit}");
        }
    }
}

#[test]
fn what_is_left_out_may_be_several_words() {
    let mut bench = Bench::new();
    let texts = (1..60).map(|n| entry(n, "a", if n % 3 == 0 { "reading of dev_1 and dev_2" } else { "reading of dev_1 and lamp dev 9" }));
    write(&mut bench.store, texts.collect());
    let reader = Reader::open(bench.folder.path()).unwrap();
    let (mut follower, _) = Follower::open(&bench.path(), &reader).unwrap();
    follower.rebuild(&reader, |_| {}).unwrap();
    let query = Query::parse("reading -dev_2 -\"lamp dev\"", Timestamp::default(), &TimeZone::UTC);
    assert_eq!(hits(follower.index(), &query), 0);
    let query = Query::parse("dev_1 -dev_2", Timestamp::default(), &TimeZone::UTC);
    assert_eq!(hits(follower.index(), &query), 40);
}

#[test]
fn among_equals_the_newest_is_found_also_after_merges() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    // Each commit is a segment, and merges come about meanwhile; a record that came late stands where its time is.
    for part in 0..30u64 {
        let numbers = (0..40).map(|n| if part == 29 && n == 0 { 5_000 } else { part * 40 + n + 1 });
        write(&mut bench.store, numbers.map(|n| entry(n, "kitchen", "kitchen temperature 21.5")).collect());
        all(&mut follower, &reader);
    }
    follower.close().unwrap();
    let index = Index::open(&bench.path()).unwrap();
    let now = Timestamp::from_micros(i64::try_from(START_MILLIS).unwrap() * 1_000 + 90_000_000_000);
    for words in ["kitchen temperature", "\"kitchen temperature\"", "entity:kitchen temperature", ""] {
        let query = Query::parse(words, now, &TimeZone::UTC);
        let (mut seen, mut cursor): (Vec<Uuid>, _) = (Vec::new(), None);
        loop {
            let page = recall::find(&index, &reader, &query, now, 150, cursor.as_deref()).unwrap();
            seen.extend(page.records.iter().map(|r| r.record.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 1_200, "`{words}`: all are paged through");
        if words.is_empty() {
            assert!(seen.is_sorted_by(|a, b| a > b));
        }
        assert_eq!(super::time_of(seen[0]), super::time_of(entry(5_000, "kitchen", "").percept.id), "`{words}`");
        let first: BTreeSet<Uuid> = seen[..200].iter().copied().collect();
        let mut newest = seen.clone();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(first, newest[..200].iter().copied().collect(), "`{words}`: the first two hundred are the newest");
    }
}

#[test]
fn a_time_is_found_wherever_it_lies() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    for part in 0..10u64 {
        write(&mut bench.store, (1..=60).map(|n| entry(part * 60 + n, "lamp", &format!("lamp on {n}"))).collect());
        all(&mut follower, &reader);
    }
    let at = |n: u64| super::time_of(entry(n, "lamp", "").percept.id);
    for (from, to) in [(1, 601), (100, 130), (600, 900), (0, 1), (601, 700), (59, 62)] {
        for words in [&["lamp".to_owned()][..], &[]] {
            let query = Query { words: words.to_vec(), time: Some(at(from)..at(to)), ..Query::default() };
            let page = recall::find(follower.index(), &reader, &query, at(2_000), 200, None).unwrap();
            let expected = (1..=600).filter(|n| (from..to).contains(n)).count();
            assert_eq!(page.records.len(), expected.min(200), "{from}..{to} {words:?}");
            assert!(page.records.iter().all(|r| (at(from)..at(to)).contains(&r.record.at)));
        }
    }
}

#[test]
fn a_superseded_fact_is_left_out_unless_it_is_asked_for() {
    let mut bench = Bench::new();
    let fact = |n, text: &str| {
        let mut one = entry(n, "boiler", text);
        one.outcome.record.as_mut().unwrap().about = Some("service".into());
        one
    };
    write(&mut bench.store, vec![fact(1, "boiler service by Miller")]);
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    write(&mut bench.store, vec![fact(2, "boiler service by Smith")]);
    for indexed in [false, true] {
        if indexed {
            all(&mut follower, &reader);
        }
        assert_eq!(texts(follower.index(), &reader, "boiler service"), ["boiler service by Smith"], "indexed: {indexed}");
        assert_eq!(texts(follower.index(), &reader, "boiler service superseded:yes").len(), 2, "indexed: {indexed}");
    }
}

/// Files under a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().flatten().filter(|f| f.path().is_file());
    files
        .filter(|f| std::fs::read(f.path()).unwrap().windows(text.len()).any(|w| w == text.as_bytes()))
        .map(|f| f.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn what_was_forgotten_is_in_no_file_also_when_that_was_interrupted() {
    let mut bench = Bench::new();
    write(&mut bench.store, vec![entry(1, "xyzzy_guest", "xyzzy_guest says hello"), entry(2, "lamp", "lamp on")]);
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    assert_ne!(holding(&bench.path(), "xyzzy_guest"), [""; 0]);
    let gone = entry(1, "xyzzy_guest", "").percept.id;
    bench.store.write(&Batch { changes: vec![crate::domain::Change::LetGo(vec![gone])], ..Batch::default() }).unwrap();
    assert!(follower.is_to_purge(&reader).unwrap());
    all(&mut follower, &reader);
    assert_eq!(texts(follower.index(), &reader, "xyzzy"), [""; 0]);
    // It dies here: the words stand in a segment, and the next start knows.
    drop(follower);
    let (mut follower, doubt) = bench.follower();
    assert_eq!(doubt, Some(Doubt::Forgotten));
    follower.rebuild(&reader, |_| {}).unwrap();
    assert_eq!(holding(&bench.path(), "xyzzy_guest"), [""; 0]);
    assert!(!follower.is_to_purge(&reader).unwrap());
    follower.close().unwrap();
    assert_eq!(bench.follower().1, None);
}

#[test]
fn every_damaged_file_is_found_out_and_the_index_made_anew() {
    let mut bench = Bench::new();
    write(&mut bench.store, (1..=300).map(|n| entry(n, "lamp", &format!("lamp number {n}"))).collect());
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    follower.close().unwrap();
    let mut tried = 0;
    let mut files: Vec<_> = std::fs::read_dir(bench.path()).unwrap().flatten().map(|f| f.path()).collect();
    files.retain(|path| path.is_file() && std::fs::metadata(path).unwrap().len() > 0 && !path.to_string_lossy().contains(".lock"));
    for file in files {
        for how in 0..3 {
            let spoiled = tempfile::tempdir().unwrap();
            copy(&bench.path(), &spoiled.path().join("index"));
            let path = spoiled.path().join("index").join(file.file_name().unwrap());
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            match how {
                0 => bytes.truncate(middle),
                1 => bytes[middle] ^= 0x10,
                _ => {}
            }
            if how == 2 {
                std::fs::remove_file(&path).unwrap()
            } else {
                std::fs::write(&path, &bytes).unwrap()
            }
            // What is asked before anybody looked is an answer or an error, and no end.
            if let Ok(index) = Index::open(&spoiled.path().join("index")) {
                let query = Query { words: vec!["lamp".into()], ..Query::default() };
                let _ = recall::find(&index, &reader, &query, Timestamp::default(), 10, None);
            }
            let (mut follower, doubt) = Follower::open(&spoiled.path().join("index"), &reader).unwrap();
            // A list of files that merely forgot one is written anew by whoever opens it.
            if doubt.is_some() {
                follower.rebuild(&reader, |_| {}).unwrap();
            }
            assert_eq!(texts(follower.index(), &reader, "300"), ["lamp number 300"], "{} {how}", path.display());
            assert_eq!(follower.index().records(), 300, "{} {how}", path.display());
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn merges_give_back_what_was_deleted() {
    let mut bench = Bench::new();
    let reader = bench.reader();
    let (mut follower, _) = bench.follower();
    follower.rebuild(&reader, |_| {}).unwrap();
    for part in 0..8u64 {
        write(&mut bench.store, (1..=1_000).map(|n| entry(part * 1_000 + n, "lamp", &format!("lamp number {n} of {part}"))).collect());
        all(&mut follower, &reader);
    }
    let bytes = |path: &Path| -> u64 {
        let files = std::fs::read_dir(path).unwrap().flatten();
        files.map(|f| f.metadata().unwrap()).filter(std::fs::Metadata::is_file).map(|m| m.len()).sum()
    };
    follower.close().unwrap();
    let before = bytes(&bench.path());
    let gone = (1..=6_000).map(|n| entry(n, "lamp", "").percept.id).collect();
    bench.store.chore(&crate::store::Chore::Drop { records: gone, summaries: Vec::new(), sweep: None }).unwrap();
    let (mut follower, doubt) = bench.follower();
    assert_eq!(doubt, None);
    all(&mut follower, &reader);
    follower.close().unwrap();
    // A last look lets go of what the merges replaced.
    let (mut follower, _) = bench.follower();
    follower.commit().unwrap();
    follower.close().unwrap();
    let after = bytes(&bench.path());
    assert!(after * 2 < before, "{before} → {after}");
    assert_eq!(Index::open(&bench.path()).unwrap().records(), 2_000);
}

mod model {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Add(u8),
        Drop(u8),
        Follow,
        Commit,
        Rebuild,
        /// As a process that died: what was not committed is gone.
        Reopen,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1u8..30).prop_map(Step::Add),
            2 => any::<u8>().prop_map(Step::Drop),
            3 => Just(Step::Follow),
            2 => Just(Step::Commit),
            1 => Just(Step::Rebuild),
            2 => Just(Step::Reopen),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn recall_finds_what_the_store_has_whatever_the_index_has_seen(steps in prop::collection::vec(step(), 1..40)) {
            let mut bench = Bench::new();
            let reader = bench.reader();
            let mut there: BTreeMap<u64, Uuid> = BTreeMap::new();
            let mut next = 1u64;
            let mut follower = Some(bench.follower().0);
            follower.as_mut().unwrap().rebuild(&reader, |_| {}).unwrap();
            for step in steps {
                let open = follower.as_mut().unwrap();
                match step {
                    Step::Add(n) => {
                        let numbers = next..next + u64::from(n);
                        next = numbers.end;
                        let entries: Vec<Entry> = numbers.map(|n| entry(n, "lamp", &format!("lamp number {n}"))).collect();
                        there.extend(entries.iter().map(|e| (e.percept.id.as_u64_pair().1 & 0xffff, e.percept.id)));
                        write(&mut bench.store, entries);
                    }
                    Step::Drop(which) => {
                        let gone: Vec<u64> = there.keys().copied().filter(|n| n % 7 == u64::from(which % 7)).collect();
                        let records = gone.iter().filter_map(|n| there.remove(n)).collect();
                        bench.store.chore(&crate::store::Chore::Drop { records, summaries: Vec::new(), sweep: None }).unwrap();
                    }
                    Step::Follow => {
                        open.follow(&reader).unwrap();
                    }
                    Step::Commit => open.commit().unwrap(),
                    Step::Rebuild => {
                        open.rebuild(&reader, |_| {}).unwrap();
                    }
                    Step::Reopen => {
                        drop(follower.take());
                        let (open, doubt) = bench.follower();
                        prop_assert_eq!(doubt, None);
                        follower = Some(open);
                    }
                }
                let index = follower.as_ref().unwrap().index();
                let now = Timestamp::from_micros(i64::try_from(START_MILLIS).unwrap() * 1_000 + 3_600_000_000);
                let query = Query { words: vec!["lamp".into()], ..Query::default() };
                let (mut found, mut cursor) = (Vec::new(), None);
                loop {
                    let page = recall::find(index, &reader, &query, now, 200, cursor.as_deref()).unwrap();
                    found.extend(page.records.iter().map(|r| r.record.id));
                    cursor = page.next;
                    if cursor.is_none() {
                        break;
                    }
                }
                found.sort_unstable();
                prop_assert_eq!(found, there.values().copied().collect::<Vec<_>>());
            }
        }
    }
}
