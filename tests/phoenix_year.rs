//! Promise: a year of daily snapshots of a database that changes leaves exactly those that the retention names, no more room taken than they
//! need, and pruning stays small.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use jamey::{
    domain::Timestamp,
    phoenix::{Choice, Component, Content, Depth, Drilled, Item, KeyFile, Order, Repository, Retention, Secret, Sequence, Source},
};
use jiff::{ToSpan, civil::date, tz::TimeZone};
use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

const DATABASE_BYTES: usize = 4_000_000;
/// What changes in a day, and what it grows by.
const CHANGED_BYTES: usize = 40_000;
const GROWN_BYTES: usize = 4_096;
const DAYS: i64 = 365;
/// Packs may be idle by a fifth before they are written anew, and each day's small pack waits for its fellows.
const ROOM: f64 = 1.35;
/// Of the process that prunes the year's repository, its program included.
const PRUNING_KIB: u64 = 64 * 1_024;
const PRUNE: &str = "JAMEY_PHOENIX_PRUNE";

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn open(folder: &Path) -> Repository {
    Repository::open(&folder.join("repository"), &Secret::KeyFile(KeyFile::read(&folder.join("key")).unwrap())).unwrap()
}

/// By the calendar, and not as the product does it.
fn expected(day: i64) -> BTreeSet<Sequence> {
    let first = date(2025, 1, 1);
    let on = |n: i64| first + n.days();
    let mut keep: BTreeSet<i64> = (0..=day).rev().take(7).collect();
    let ends =
        |last_of: &dyn Fn(i64) -> bool, most: usize| (0..=day).rev().filter(|n| *n == day || last_of(*n)).take(most).collect::<Vec<_>>();
    keep.extend(ends(&|n| on(n).weekday() == jiff::civil::Weekday::Sunday, 4));
    keep.extend(ends(&|n| on(n) == on(n).last_of_month(), 6));
    keep.into_iter().map(|n| u64::try_from(n).unwrap() + 1).collect()
}

fn size(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().flatten().map(|e| if e.path().is_dir() { size(&e.path()) } else { e.metadata().unwrap().len() }).sum()
}

/// The process whose memory is looked at; it does nothing when the tests are run.
#[test]
fn the_one_that_prunes() {
    let Ok(folder) = env::var(PRUNE) else { return };
    let last = Retention { last: 1, daily: 0, weekly: 0, monthly: 0 };
    open(Path::new(&folder)).prune(&last, &TimeZone::UTC, false, &mut |_| true).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    println!("\npeak {}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap().split_whitespace().nth(1).unwrap());
}

#[test]
fn a_year_leaves_what_the_retention_names_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let secret = Secret::KeyFile(KeyFile::create(&folder.path().join("key")).unwrap());
    let mut repository = Repository::init(&folder.path().join("repository"), &[secret], false, Timestamp::default()).unwrap();
    let midnight = Timestamp::read("2025-01-01T03:00:00Z").unwrap();
    let mut database = noise(0, DATABASE_BYTES);
    let mut of_day = Vec::new();
    for day in 0..DAYS {
        let seed = u64::try_from(day).unwrap() + 1;
        let at = usize::try_from(seed * 7_919 * 4_096).unwrap() % (database.len() - CHANGED_BYTES);
        database[at..at + CHANGED_BYTES].copy_from_slice(&noise(seed, CHANGED_BYTES));
        database.extend(noise(1_000 + seed, GROWN_BYTES));
        of_day.push(blake3::hash(&database));
        let item = Item { path: "jamey.db".into(), mode: 0o600, content: Content::Bytes(database.clone()) };
        let source = Source { component: Component::Database, schema: 1, counts: [].into(), items: vec![item] };
        let order = Order {
            at: midnight.plus_seconds(day * 86_400),
            node: "home".into(),
            reason: "scheduled".into(),
            sources: vec![source],
            bytes_a_second: 0,
            after: 0,
        };
        let taken = repository.snapshot(order, &mut |_| true).unwrap();
        assert_eq!(taken.sequence, seed);
        // As the schedule does: the drill of the newest, and then the others go.
        repository.drilled(Drilled { sequence: seed, at: midnight, passed: true }).unwrap();
        let pruned = repository.prune(&Retention::default(), &TimeZone::UTC, false, &mut |_| true).unwrap();
        assert_eq!(pruned.kept.iter().copied().collect::<BTreeSet<_>>(), expected(day), "day {day}");
    }
    let kept = expected(DAYS - 1);
    assert_eq!(repository.list().unwrap().iter().map(|listed| listed.sequence).collect::<BTreeSet<_>>(), kept);
    let grave: Vec<_> = repository.verify(Depth::Everything, &mut |_| true).unwrap().into_iter().filter(|f| f.grave).collect();
    assert!(grave.is_empty(), "{grave:?}");

    // Each of them, from beginning to end, and what they need in all: a repository that never held anything else.
    let alone = tempfile::tempdir().unwrap();
    let secret = Secret::KeyFile(KeyFile::create(&alone.path().join("key")).unwrap());
    let mut fresh = Repository::init(&alone.path().join("repository"), &[secret], false, Timestamp::default()).unwrap();
    for sequence in &kept {
        let into = folder.path().join(format!("of-{sequence}"));
        repository.restore(*sequence, &Choice::default(), &into, &mut |_| true).unwrap();
        let path = into.join("jamey.db");
        assert_eq!(blake3::hash(&fs::read(&path).unwrap()), of_day[usize::try_from(sequence - 1).unwrap()], "snapshot {sequence}");
        let item = Item { path: "jamey.db".into(), mode: 0o600, content: Content::File(path) };
        let sources = vec![Source { component: Component::Database, schema: 1, counts: [].into(), items: vec![item] }];
        let order = Order { at: midnight, node: "home".into(), reason: "asked".into(), sources, bytes_a_second: 0, after: 0 };
        fresh.snapshot(order, &mut |_| true).unwrap();
    }
    let (takes, needs) = (size(&folder.path().join("repository")), size(&alone.path().join("repository")));
    println!("{DAYS} days: {takes} bytes for {} snapshots, which alone need {needs}", kept.len());
    #[allow(clippy::cast_precision_loss, reason = "some megabytes")]
    let ratio = takes as f64 / needs as f64;
    assert!(ratio < ROOM, "{ratio}");

    let told = Command::new(env::current_exe().unwrap())
        .args(["the_one_that_prunes", "--exact", "--nocapture"])
        .env(PRUNE, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let peak: u64 = told.lines().find_map(|line| line.strip_prefix("peak ")).unwrap().parse().unwrap();
    println!("pruning took {peak} KiB at most");
    assert!(peak < PRUNING_KIB, "{peak} KiB");
    assert_eq!(repository.list().unwrap().len(), 1);
}
