//! Promise: what is true, but in the wrong place or of another day or another house, is found, named, and never restored as what it is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "lengths in a format")]

#[path = "phoenix/ground.rs"]
mod ground;
#[path = "phoenix/reader.rs"]
mod reader;

use ground::{AT, Ground, house, named, take};
use jamey::{
    domain::Timestamp,
    phoenix::{Depth, Finding, KeyFile, PhoenixError, Repository, RepositoryKey, Retention, Secret, Slot, Vault},
};
use jiff::tz::TimeZone;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn exchange(one: &Path, other: &Path) {
    let (a, b) = (fs::read(one).unwrap(), fs::read(other).unwrap());
    fs::write(one, b).unwrap();
    fs::write(other, a).unwrap();
}

fn pairs(paths: &[PathBuf]) -> impl Iterator<Item = (&PathBuf, &PathBuf)> {
    paths.iter().enumerate().flat_map(|(n, one)| paths[n + 1..].iter().map(move |other| (one, other)))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn hurt(found: &Result<Vec<Finding>, PhoenixError>) -> Vec<u64> {
    let mut hurt: Vec<u64> = found.as_ref().unwrap().iter().flat_map(|finding| finding.snapshots.clone()).collect();
    hurt.sort_unstable();
    hurt.dedup();
    hurt
}

#[test]
fn two_files_under_each_others_names() {
    let ground = Ground::new();
    for folder in ["packs", "snapshots"] {
        for (one, other) in pairs(&ground.of(folder)) {
            exchange(one, other);
            let found = ground.findings(0);
            assert!(named(&found, one) && named(&found, other), "{} and {}: {found:?}", one.display(), other.display());
            ground.agrees(0, found.as_ref().unwrap());
            (1..=3).for_each(|sequence| _ = ground.restores(0, sequence));
            exchange(one, other);
        }
    }
    // A pack does as a snapshot as little as a snapshot does as a pack, and a drill as neither.
    let kinds = ["packs", "snapshots", "drills"].map(|folder| ground.of(folder)[0].clone());
    for (one, other) in pairs(&kinds) {
        exchange(one, other);
        let found = ground.findings(0);
        assert!(named(&found, one) && named(&found, other), "{} and {}: {found:?}", one.display(), other.display());
        exchange(one, other);
    }
    // Slots are looked at when they are opened; exchanged they open to nobody, and the words find them.
    let words = Secret::Words(ground.open(0).unwrap().key().clone());
    let slots = ground.of("keys");
    exchange(&slots[0], &slots[1]);
    let found = Repository::open(&ground.path, &words).and_then(|r| r.verify(Depth::Everything, &mut |_| true));
    assert!(slots.iter().all(|slot| named(&found, slot)), "{found:?}");
}

#[test]
fn two_chunks_in_each_others_places() {
    let ground = Ground::new();
    let words = ground.open(0).unwrap().key().words();
    let reader = reader::Reader::open(&ground.path, &reader::Way::Words(&words)).unwrap();
    let places: Vec<_> = reader.places.values().cloned().collect();
    let alike = |a: &reader::Place, b: &reader::Place| (&a.pack, a.length) == (&b.pack, b.length) && a.offset < b.offset;
    let mut tried = 0;
    for one in &places {
        for other in places.iter().filter(|other| alike(one, other)) {
            let whole = fs::read(&one.pack).unwrap();
            let mut pack = whole.clone();
            pack[one.offset..one.offset + one.length].copy_from_slice(&whole[other.offset..other.offset + other.length]);
            pack[other.offset..other.offset + other.length].copy_from_slice(&whole[one.offset..one.offset + one.length]);
            // Under its own name it is no pack at all, and so it gets the name that it should have now.
            let name = blake3::hash(&pack).to_hex();
            let renamed = ground.path.join("packs").join(&name[..2]).join(name.as_str());
            fs::create_dir_all(renamed.parent().unwrap()).unwrap();
            fs::write(&renamed, pack).unwrap();
            fs::remove_file(&one.pack).unwrap();

            let found = ground.findings(0);
            assert!(named(&found, &renamed), "{found:?}");
            ground.agrees(0, found.as_ref().unwrap());
            assert!((1..=3).any(|sequence| !ground.restores(0, sequence)));

            fs::remove_file(renamed).unwrap();
            fs::write(&one.pack, whole).unwrap();
            tried += 1;
        }
    }
    assert_eq!(tried, 3, "the database and the key of each day are as long");
    assert_eq!(ground.findings(0).unwrap(), []);
}

#[test]
fn an_older_head_in_the_newest_ones_place() {
    let ground = Ground::new();
    let snapshots = ground.of("snapshots");
    let newest = fs::read(&snapshots[2]).unwrap();
    for older in &snapshots[..2] {
        fs::copy(older, &snapshots[2]).unwrap();
        let found = ground.findings(0);
        assert!(named(&found, &snapshots[2]), "{found:?}");
        assert_eq!(hurt(&found), [3]);
        assert_eq!([1, 2, 3].map(|sequence| ground.restores(0, sequence)), [true, true, false]);
    }
    fs::write(&snapshots[2], &newest).unwrap();
    // As one that is newer than all.
    let ahead = ground.path.join("snapshots/0000000004");
    fs::copy(&snapshots[1], &ahead).unwrap();
    assert!(named(&ground.findings(0), &ahead));
}

/// A copy went its own way: what it holds was sealed by the same key for the same numbers.
#[test]
fn a_snapshot_of_another_line_of_days() {
    let ground = Ground::new();
    let fork = ground.room.path().join("fork");
    fs::remove_file(ground.path.join("snapshots/0000000003")).unwrap();
    copy(&ground.path, &fork);
    assert_eq!(take(&mut ground.open(0).unwrap(), 3), 3);
    assert_eq!(take(&mut ground.open(0).unwrap(), 4), 4);
    assert_eq!(take(&mut Repository::open(&fork, &ground.secrets[0]).unwrap(), 9), 3);
    copy(&fork.join("packs"), &ground.path.join("packs"));
    let third = ground.path.join("snapshots/0000000003");
    fs::copy(fork.join("snapshots/0000000003"), &third).unwrap();
    let found = ground.findings(0).unwrap();
    let exchanged = found.iter().find(|finding| finding.path == third).expect("found");
    assert!(exchanged.grave && exchanged.what.contains("exchanged"), "{exchanged:?}");
}

#[test]
fn what_is_missing() {
    let ground = Ground::new();
    for path in ground.files() {
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let found = ground.findings(0);
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u64>().ok());
        if path.starts_with(ground.path.join("packs")) {
            assert!(!hurt(&found).is_empty(), "{}: {found:?}", path.display());
            ground.agrees(0, found.as_ref().unwrap());
        } else if path.starts_with(ground.path.join("snapshots")) && number < Some(3) {
            let odd = &found.as_ref().unwrap()[0];
            assert!(!odd.grave && odd.what.contains(&format!("{} are gone", number.unwrap())), "{found:?}");
        } else if path.ends_with("repository") {
            assert!(matches!(found, Err(PhoenixError::NoRepository { .. })), "{found:?}");
        }
        (1..=3).for_each(|sequence| _ = ground.restores(0, sequence));
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_wrong_key() {
    let ground = Ground::new();
    let stranger = ground.room.path().join("stranger.key");
    let wrong = [
        Secret::KeyFile(KeyFile::create(&stranger).unwrap()),
        Secret::Words(RepositoryKey::generate().unwrap()),
        Secret::Passphrase(zeroize::Zeroizing::new("correct horse battery".into())),
    ];
    for secret in &wrong {
        let error = Repository::open(&ground.path, secret).err().expect("refused");
        assert!(matches!(error, PhoenixError::Key(_)), "{error}");
    }
    // With the words of another key nothing opens either where no slot is left to ask.
    ground.of("keys").iter().for_each(|slot| fs::remove_file(slot).unwrap());
    assert!(Repository::open(&ground.path, &wrong[1]).is_err());
}

/// A second house with the same repository key: its files are true, and belong there and not here.
#[test]
fn files_of_another_repository_with_the_same_key() {
    let ground = Ground::new();
    let elsewhere = ground.room.path().join("elsewhere");
    let key = ground.open(0).unwrap().key().clone();
    let vault = Vault::create(&elsewhere, uuid::Uuid::from_u128(99), false, &[]).unwrap();
    let slot = Slot::wrap(&key, &ground.secrets[0], vault.id, Timestamp::from_micros(AT)).unwrap();
    vault.keep_slot(&slot.id.to_string(), &slot.to_bytes()).unwrap();
    let mut other = Repository::open(&elsewhere, &ground.secrets[0]).unwrap();
    for day in 1..=4 {
        assert_eq!(take(&mut other, day), day);
    }

    let newest = ground.path.join("snapshots/0000000004");
    fs::copy(elsewhere.join("snapshots/0000000004"), &newest).unwrap();
    let slot = ground.path.join("keys").join(slot.id.to_string());
    fs::copy(elsewhere.join("keys").join(slot.file_name().unwrap()), &slot).unwrap();
    let before = ground.of("packs");
    copy(&elsewhere.join("packs"), &ground.path.join("packs"));
    let found = ground.findings(0);
    let strange: Vec<PathBuf> = ground.of("packs").into_iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(strange.len(), 4);
    for path in strange.iter().chain([&newest]) {
        assert!(named(&found, path), "{}: {found:?}", path.display());
    }
    assert_eq!([1, 2, 3, 4].map(|sequence| ground.restores(0, sequence)), [true, true, true, false]);

    // Nor does it help to call this repository the other one.
    let label = fs::read_to_string(elsewhere.join("repository")).unwrap();
    fs::write(ground.path.join("repository"), label).unwrap();
    for secret in [&ground.secrets[0], &Secret::Words(key)] {
        let Ok(repository) = Repository::open(&ground.path, secret) else { continue };
        let found = repository.verify(Depth::Everything, &mut |_| true);
        assert!(before.iter().all(|pack| named(&found, pack)), "{found:?}");
    }
    assert_eq!([1, 2, 3].map(|sequence| ground.restores(0, sequence)), [false; 3]);
}

#[test]
fn nothing_is_pruned_while_it_is_not_known_what_a_snapshot_needs() {
    let ground = Ground::new();
    let none = Retention { last: 1, daily: 0, weekly: 0, monthly: 0 };
    for path in ground.of("snapshots") {
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let before = ground.files();
        let error = ground.open(0).unwrap().prune(&none, &TimeZone::UTC, false, &mut |_| true).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
        assert_eq!(ground.files(), before);
        fs::write(&path, whole).unwrap();
    }
    assert_eq!((house(1).len(), ground.findings(0).unwrap()), (5, Vec::new()));
}

#[test]
fn what_is_lost_is_named_and_the_rest_is_pruned_so_that_it_is_whole_when_it_comes_back() {
    let last = Retention { last: 1, daily: 0, weekly: 0, monthly: 0 };
    let packs = Ground::new().of("packs").len();
    let (mut named, mut freed) = (0, 0);
    for n in 0..packs {
        for index_too in [false, true] {
            let ground = Ground::new();
            let path = ground.of("packs").remove(n);
            let whole = fs::read(&path).unwrap();
            if index_too {
                fs::write(&path, &whole[..whole.len() - 1]).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            let pruned = ground.open(0).unwrap().prune(&last, &TimeZone::UTC, false, &mut |_| true).unwrap();
            // The second is the newest that passed its drill.
            assert_eq!((&pruned.removed, &pruned.kept), (&vec![1], &vec![2, 3]));
            for sequence in [2, 3] {
                let is_lost = pruned.lost.contains_key(&sequence);
                assert_eq!(ground.restores(0, sequence), !is_lost, "it is named exactly where it cannot be restored");
            }
            named += usize::from(!pruned.lost.is_empty());
            freed += usize::from(pruned.bytes_after < pruned.bytes_before);
            assert_eq!(path.exists(), index_too, "nobody deletes what nobody can read");
            fs::write(&path, whole).unwrap();
            assert!(ground.restores(0, 2) && ground.restores(0, 3), "pack {n}: what else they need was kept");
        }
    }
    assert!(named > 0 && freed > 0, "{named} {freed}");
}
