//! A small repository with three snapshots, what they hold, and what anyone who can write in its folder may do to it.

#![allow(dead_code, reason = "each test uses its part")]

use jamey::{
    domain::Timestamp,
    phoenix::{Choice, Component, Content, Depth, Drilled, Finding, Item, KeyFile, Order, PhoenixError, Repository, Secret, Source},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

pub const AT: i64 = 1_800_000_000_000_000;
pub type Files = BTreeMap<String, Vec<u8>>;

/// Nothing compresses it.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

pub struct Ground {
    pub room: TempDir,
    pub path: PathBuf,
    /// Each opens it.
    pub secrets: [Secret; 2],
}

/// What the house held on this day: some of it every day, some of it new, and two files that are as long when they are sealed.
pub fn house(day: u64) -> Files {
    BTreeMap::from([
        ("jamey.db".into(), noise(day, 200)),
        ("audit.key".into(), noise(100 + day, 200)),
        ("config/jamey.toml".into(), b"node = \"home\"\n".to_vec()),
        ("rules/night.toml".into(), format!("# day {day}\n").into_bytes()),
        ("rules/empty".into(), Vec::new()),
    ])
}

pub fn take(repository: &mut Repository, day: u64) -> u64 {
    take_files(repository, day, house(day))
}

pub fn take_files(repository: &mut Repository, day: u64, files: Files) -> u64 {
    let item = |(path, bytes): (String, Vec<u8>)| Item { path, mode: 0o600, content: Content::Bytes(bytes) };
    let items = files.into_iter().map(item).collect();
    let sources = vec![Source { component: Component::Database, schema: 1, counts: BTreeMap::new(), items }];
    let at = Timestamp::from_micros(AT + day.cast_signed() * 86_400_000_000);
    let order = Order { at, node: "home".into(), reason: "asked".into(), sources, bytes_a_second: 0, after: 0 };
    repository.snapshot(order, &mut |_| true).unwrap().sequence
}

impl Ground {
    pub fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let keys = ["a.key", "b.key"].map(|name| room.path().join(name));
        let secrets = keys.each_ref().map(|path| Secret::KeyFile(KeyFile::create(path).unwrap()));
        let path = room.path().join("repository");
        let mut repository = Repository::init(&path, &secrets, false, Timestamp::from_micros(AT)).unwrap();
        for day in 1..=3 {
            assert_eq!(take(&mut repository, day), day);
        }
        repository.drilled(Drilled { sequence: 2, at: Timestamp::from_micros(AT), passed: true }).unwrap();
        let ground = Self { room, path, secrets };
        assert_eq!(ground.findings(0).unwrap(), []);
        ground
    }

    pub fn open(&self, secret: usize) -> Result<Repository, PhoenixError> {
        Repository::open(&self.path, &self.secrets[secret])
    }

    /// What a look at all of it finds; an error is found as well.
    pub fn findings(&self, secret: usize) -> Result<Vec<Finding>, PhoenixError> {
        self.open(secret)?.verify(Depth::Everything, &mut |_| true)
    }

    /// Every file of the repository; the lock is empty and says nothing.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = all(&self.path);
        files.retain(|path| path.file_name().is_some_and(|name| name != "lock"));
        files
    }

    pub fn of(&self, folder: &str) -> Vec<PathBuf> {
        all(&self.path.join(folder))
    }

    /// Restores the snapshot of this number, where that is possible: then it must be what it was. Otherwise nothing of it is seen. Says whether
    /// it was restored.
    pub fn restores(&self, secret: usize, sequence: u64) -> bool {
        let parent = self.room.path().join("restored");
        let into = parent.join("house");
        let done = self.open(secret).and_then(|r| r.restore(sequence, &Choice::default(), &into, &mut |_| true));
        let restored = match done {
            Ok(restored) => {
                assert_eq!(restored.sequence, sequence);
                assert!(contents(&into) == house(sequence), "snapshot {sequence} came back as another");
                true
            }
            Err(_) => {
                let left = fs::read_dir(&parent).map_or(0, Iterator::count);
                assert_eq!(left, 0, "something half-restored is left of snapshot {sequence}");
                false
            }
        };
        fs::remove_dir_all(&parent).ok();
        restored
    }

    /// As `restores`, file by file and without writing: the snapshots that do not open must be among those that were found to be hurt.
    pub fn agrees(&self, secret: usize, findings: &[Finding]) {
        let hurt: BTreeSet<u64> = findings.iter().flat_map(|finding| finding.snapshots.iter().copied()).collect();
        let Ok(repository) = self.open(secret) else { return };
        for sequence in 1..=3 {
            let Ok(manifest) = repository.manifest(sequence) else {
                assert!(hurt.contains(&sequence), "{sequence} cannot be read, and {findings:?}");
                continue;
            };
            for (path, content) in house(sequence) {
                match repository.read(&manifest, Component::Database, &path) {
                    Ok(read) => assert!(read == content, "{path} of {sequence} was read as another"),
                    Err(error) => assert!(hurt.contains(&sequence), "{sequence}: {error}, and {findings:?}"),
                }
            }
        }
    }
}

/// Whether what is wrong with this file is told: as grave, and by its name.
pub fn named(found: &Result<Vec<Finding>, PhoenixError>, path: &Path) -> bool {
    match found {
        Ok(findings) => findings.iter().any(|finding| finding.grave && finding.path == path),
        Err(error) => error.to_string().contains(&path.display().to_string()),
    }
}

pub fn contents(root: &Path) -> Files {
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    all(root).into_iter().map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

fn all(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { files.extend(all(&entry.path())) } else { files.push(entry.path()) }
    }
    files.sort();
    files
}
