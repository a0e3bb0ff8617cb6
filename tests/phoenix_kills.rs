//! Promise: whenever the process is killed, while it takes a snapshot, prunes, changes keys or restores, the repository opens, every snapshot that
//! was there and was not to go is there, the last good one restores to the last byte, and no half-restored folder is ever seen.
//!
//! `JAMEY_KILLS` sets how often (200), `JAMEY_SEED` the moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use jamey::{
    domain::Timestamp,
    phoenix::{Choice, Component, Content, Depth, Drilled, Item, KeyFile, Order, Repository, Retention, Secret, Sequence, Source},
};
use jiff::tz::TimeZone;
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const RETENTION: Retention = Retention { last: 3, daily: 0, weekly: 0, monthly: 0 };
const SHARED_BYTES: usize = 2_500_000;
const OWN_BYTES: usize = 700_000;
/// What the process that is killed is told, one line each: what to do, the folder, the number of the content.
const DO: &str = "JAMEY_PHOENIX_DO";

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn order(content: u64) -> Order {
    let item = |path: &str, bytes| Item { path: path.into(), mode: 0o600, content: Content::Bytes(bytes) };
    let items = vec![item("shared", noise(0, SHARED_BYTES)), item("own", noise(content, OWN_BYTES))];
    let at = Timestamp::from_micros(1_800_000_000_000_000).plus_seconds(i64::try_from(content).unwrap() * 86_400);
    let sources = vec![Source { component: Component::Database, schema: 1, counts: BTreeMap::from([("content".into(), content)]), items }];
    Order { at, node: "home".into(), reason: "asked".into(), sources, bytes_a_second: 0, after: 0 }
}

/// The key files that may open it now: while keys are changed, the old one and the new one.
fn open(folder: &Path) -> Repository {
    let keys = ["key-0", "key-1"].map(|name| folder.join(name));
    let mut why = Vec::new();
    for path in keys.iter().filter(|path| path.exists()) {
        match Repository::open(&folder.join("repository"), &Secret::KeyFile(KeyFile::read(path).unwrap())) {
            Ok(repository) => return repository,
            Err(error) => why.push(error.to_string()),
        }
    }
    panic!("no key opens it: {why:?}");
}

/// The other process: it is started by the test below, and does nothing when the tests are run.
#[test]
fn the_one_that_is_killed() {
    let Ok(told) = env::var(DO) else { return };
    let words: Vec<&str> = told.split('\n').collect();
    let (folder, content) = (PathBuf::from(words[1]), words[2].parse().unwrap());
    let mut repository = open(&folder);
    println!("\nbegun");
    match words[0] {
        "snapshot" => {
            repository.snapshot(order(content), &mut |_| true).unwrap();
        }
        "prune" => {
            repository.prune(&RETENTION, &TimeZone::UTC, false, &mut |_| true).unwrap();
        }
        "keys" => {
            let [old, new] =
                if folder.join("key-0").exists() { ["key-0", "key-1"] } else { ["key-1", "key-0"] }.map(|name| folder.join(name));
            if !new.exists() {
                KeyFile::create(&new).unwrap();
            }
            repository.rotate_keys(&[Secret::KeyFile(KeyFile::read(&new).unwrap())], Timestamp::default()).unwrap();
            fs::remove_file(old).unwrap();
        }
        "restore" => {
            let newest = repository.list().unwrap().last().unwrap().sequence;
            repository.restore(newest, &Choice::default(), &folder.join("restored"), &mut |_| true).unwrap();
        }
        other => panic!("{other}"),
    }
    println!("\ndone");
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

/// Starts it and kills it somewhere in the work; whether it was done before, and how long it worked.
fn kill(what: &str, folder: &Path, content: u64, after: Duration) -> (bool, Duration) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["the_one_that_is_killed", "--exact", "--nocapture"])
        .env(DO, format!("{what}\n{}\n{content}", folder.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.by_ref().any(|line| line.unwrap() == "begun"),
        "{what}: {}",
        std::io::read_to_string(child.stderr.take().unwrap()).unwrap()
    );
    let began = Instant::now();
    thread::sleep(after);
    let _ = child.kill();
    let worked = began.elapsed();
    let done = lines.any(|line| line.unwrap() == "done");
    let status = child.wait().unwrap();
    assert!(
        done || !status.success() && status.code().is_none(),
        "{what}: {}",
        std::io::read_to_string(child.stderr.take().unwrap()).unwrap()
    );
    (done, worked)
}

fn is_whole(folder: &Path, content: u64) -> bool {
    fs::read(folder.join("shared")).unwrap() == noise(0, SHARED_BYTES) && fs::read(folder.join("own")).unwrap() == noise(content, OWN_BYTES)
}

#[test]
fn whenever_it_is_killed_the_last_good_snapshot_restores() {
    let (kills, mut chance) = (number("JAMEY_KILLS", 200), Chance(number("JAMEY_SEED", 1)));
    let folder = tempfile::tempdir().unwrap();
    let secret = Secret::KeyFile(KeyFile::create(&folder.path().join("key-0")).unwrap());
    let mut repository = Repository::init(&folder.path().join("repository"), &[secret], false, Timestamp::default()).unwrap();
    repository.snapshot(order(1), &mut |_| true).unwrap();
    drop(repository);
    // What is in each snapshot, by its number.
    let mut there: BTreeMap<Sequence, u64> = BTreeMap::from([(1, 1)]);
    let mut content = 1;
    let mut longest: BTreeMap<&str, Duration> = BTreeMap::new();
    let (mut finished, mut unseen) = (0, 0);
    for round in 0..kills {
        let what = ["snapshot", "snapshot", "prune", "keys", "restore"][usize::try_from(chance.below(5)).unwrap()];
        content += u64::from(what == "snapshot");
        // Mostly within the time that the work takes, a little beyond now and then.
        let longest = longest.entry(what).or_insert(Duration::from_millis(400));
        let after = longest.mul_f64(1.2).mul_f64(f64::from(u32::try_from(chance.below(1_000)).unwrap()) / 1_000.0);
        let (done, worked) = kill(what, folder.path(), content, after);
        *longest = if done { (*longest).min(worked) } else { (*longest).max(worked.mul_f64(1.3)) };
        finished += u64::from(done);

        let repository = open(folder.path());
        if what == "keys" {
            // Which one opens it now is known; the other is not used any more.
            let path = folder.path().join("repository");
            for key in ["key-0", "key-1"].map(|name| folder.path().join(name)) {
                if key.exists() && Repository::open(&path, &Secret::KeyFile(KeyFile::read(&key).unwrap())).is_err() {
                    fs::remove_file(key).unwrap();
                }
            }
            if ["key-0", "key-1"].iter().all(|name| folder.path().join(name).exists()) {
                fs::remove_file(folder.path().join("key-1")).unwrap();
                if Repository::open(&path, &Secret::KeyFile(KeyFile::read(&folder.path().join("key-0")).unwrap())).is_err() {
                    panic!("round {round}: both opened it, and then neither");
                }
            }
        }
        let listed = repository.list().unwrap();
        let now: BTreeSet<Sequence> = listed.iter().map(|listed| listed.sequence).collect();
        let expected: BTreeSet<Sequence> = there.keys().copied().collect();
        for snapshot in &listed {
            let manifest = snapshot.manifest.as_ref().unwrap_or_else(|why| panic!("round {round}, {what}: {}: {why}", snapshot.sequence));
            let is = manifest.part(Component::Database).unwrap().counts["content"];
            assert_eq!(*there.entry(snapshot.sequence).or_insert(content), is, "round {round}, {what}");
        }
        match what {
            "prune" => {
                let kept: BTreeSet<Sequence> = expected.iter().rev().take(3).copied().collect();
                assert!(now.is_superset(&kept), "round {round}: {now:?} of {expected:?}");
                assert!(!done || now == kept, "round {round}: {now:?}");
                there.retain(|sequence, _| now.contains(sequence));
            }
            "snapshot" => {
                assert!(now.is_superset(&expected) && now.len() <= expected.len() + 1, "round {round}: {now:?} of {expected:?}");
                assert!(!done || now.len() == expected.len() + 1);
                unseen += u64::from(now.len() == expected.len());
            }
            _ => assert_eq!(now, expected, "round {round}, {what}"),
        }
        let restored = folder.path().join("restored");
        let (newest, held) = there.iter().next_back().map(|(s, c)| (*s, *c)).unwrap();
        assert!(!restored.exists() || is_whole(&restored, held), "round {round}, {what}: half a restore");
        let _ = fs::remove_dir_all(&restored);
        let depth = if round % 10 == 0 { Depth::Everything } else { Depth::Outline };
        let wrong: Vec<_> = repository.verify(depth, &mut |_| true).unwrap().into_iter().filter(|finding| finding.grave).collect();
        assert!(wrong.is_empty(), "round {round}, {what}: {wrong:?}");
        let trial = folder.path().join("trial");
        repository.restore(newest, &Choice::default(), &trial, &mut |_| true).unwrap_or_else(|e| panic!("round {round}, {what}: {e}"));
        assert!(is_whole(&trial, held), "round {round}, {what}");
        fs::remove_dir_all(&trial).unwrap();
        repository.drilled(Drilled { sequence: newest, at: Timestamp::default(), passed: true }).unwrap();
    }
    // Otherwise nothing was killed in its work.
    assert!(
        finished * 3 < kills * 2 && unseen * 10 > kills,
        "{finished} of {kills} were done before they were killed; {unseen} snapshots were not seen"
    );
}
