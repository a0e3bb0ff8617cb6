//! Promise: whatever is done to a repository's files is found and named, and nothing false and nothing half is ever restored.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "phoenix/ground.rs"]
mod ground;
#[path = "phoenix/reader.rs"]
mod reader;

use ground::{Ground, named, noise, take_files};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Damages a file, looks, and mends it again. A slot is looked at by who opens the other one.
fn try_it(ground: &Ground, path: &Path, whole: &[u8], damaged: &[u8], how: usize) {
    fs::write(path, damaged).unwrap();
    let is_slot = path.starts_with(ground.path.join("keys"));
    for secret in 0..if is_slot { 2 } else { 1 } {
        let found = ground.findings(secret);
        // Without the label nothing is known, and without his slot nobody comes in: that is an answer too.
        let refused = found.is_err() && (is_slot || path.ends_with("repository"));
        assert!(named(&found, path) || refused, "{}, {how}: {found:?}", path.display());
        // What takes longer is done to some of them.
        if let (Ok(findings), 0) = (&found, how % 31) {
            ground.agrees(secret, findings);
        }
        if how.is_multiple_of(499) {
            (1..=3).for_each(|sequence| _ = ground.restores(secret, sequence));
        }
    }
    fs::write(path, whole).unwrap();
}

/// Each byte of each file is another one; how many there were.
fn flip(ground: &Ground, files: &[PathBuf]) -> usize {
    let mut tried = 0;
    for path in files {
        let whole = fs::read(path).unwrap();
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1 << (at % 8);
            try_it(ground, path, &whole, &other, at);
        }
        tried += whole.len();
    }
    assert_eq!(ground.findings(0).unwrap(), []);
    tried
}

/// Each file ends after each of its bytes, or goes on.
fn cut(ground: &Ground, files: &[PathBuf]) {
    for path in files {
        let whole = fs::read(path).unwrap();
        for to in 0..whole.len() {
            try_it(ground, path, &whole, &whole[..to], to);
        }
        try_it(ground, path, &whole, &[&whole[..], &[0]].concat(), 0);
    }
    assert_eq!(ground.findings(0).unwrap(), []);
}

/// Packs, and all that is not in packs.
fn parted(ground: &Ground) -> (Vec<PathBuf>, Vec<PathBuf>) {
    ground.files().into_iter().partition(|path| path.starts_with(ground.path.join("packs")))
}

#[test]
fn every_byte_of_every_pack_counts() {
    let ground = Ground::new();
    let (packs, _) = parted(&ground);
    assert_eq!(packs.len(), 3);
    assert!(flip(&ground, &packs) > 2_500);
}

#[test]
fn every_byte_of_the_label_the_slots_the_manifests_and_the_drill_counts() {
    let ground = Ground::new();
    let (_, others) = parted(&ground);
    assert_eq!(others.len(), 1 + 2 + 3 + 1);
    assert!(flip(&ground, &others) > 2_500);
}

#[test]
fn no_pack_is_whole_that_ends_early_or_goes_on() {
    let ground = Ground::new();
    cut(&ground, &parted(&ground).0);
}

#[test]
fn no_other_file_is_whole_that_ends_early_or_goes_on() {
    let ground = Ground::new();
    cut(&ground, &parted(&ground).1);
}

/// One that has a second pack, and so many chunks that they stand in lists, which are chunks themselves.
#[test]
fn a_chunk_of_a_large_file_and_each_list_of_its_chunks() {
    let ground = Ground::new();
    let mut repository = ground.open(0).unwrap();
    assert_eq!(take_files(&mut repository, 4, [("jamey.db".into(), noise(4, 9_000_000))].into()), 4);
    let words = repository.key().words();
    let reader = reader::Reader::open(&ground.path, &reader::Way::Words(&words)).unwrap();
    // No chunk but the last of a file is shorter than 16 KiB, and the lists.
    let (short, long): (Vec<_>, Vec<_>) = reader.places.values().filter(|place| place.raw > 1_000).partition(|place| place.raw < 16_384);
    // Where they are cut is each repository's own secret.
    assert!(!short.is_empty() && long.len() > 60, "{} and {}", short.len(), long.len());
    for place in short.into_iter().chain(long.into_iter().step_by(40)) {
        let whole = fs::read(&place.pack).unwrap();
        let mut other = whole.clone();
        other[place.offset + place.length / 2] ^= 1;
        fs::write(&place.pack, other).unwrap();
        let found = ground.findings(0);
        assert!(named(&found, &place.pack), "{found:?}");
        assert!(found.unwrap().iter().any(|finding| finding.snapshots == [4]));
        assert_eq!([1, 2, 3, 4].map(|sequence| sequence < 4 || ground.restores(0, sequence)), [true, true, true, false]);
        fs::write(&place.pack, whole).unwrap();
    }
    assert_eq!(ground.findings(0).unwrap(), []);
}
