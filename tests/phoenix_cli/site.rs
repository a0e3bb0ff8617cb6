//! A folder with a repository, its keys and its snapshots, and the real binary to ask about them.

use jamey::{
    domain::Timestamp,
    phoenix::{Component, Content, Item, KeyFile, Order, PhoenixError, Repository, Secret, Source},
};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longer than a process takes to begin.
const PATIENCE: Duration = Duration::from_secs(20);
pub const PASSPHRASE: &str = "correct horse battery staple";

/// What one command said, and how it ended.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    /// Standard output of a command that went well.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert!(!self.err.contains('\u{1b}') && !self.out.contains('\u{1b}'), "no colours and no bars in a pipe: {self:?}");
        self.out
    }

    #[track_caller]
    pub fn json(self) -> Value {
        let out = self.good();
        let value: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("not JSON ({e}): {out}"));
        assert_eq!(value["v"], 1, "{value}");
        value
    }

    /// Standard error of a command that failed, and printed nothing that a program could take for a result.
    #[track_caller]
    pub fn bad(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        self.err
    }
}

pub struct Site {
    folder: TempDir,
}

impl Site {
    pub fn new() -> Self {
        Self { folder: TempDir::with_prefix("jamey-phoenix-").unwrap() }
    }

    /// With a repository that a key file and a passphrase open.
    pub fn made() -> Self {
        let site = Self::new();
        site.secret("passphrase", PASSPHRASE);
        site.ask(&["init", "--repository", "nas", "--new-key-file", "key", "--new-passphrase-file", "passphrase"]).good();
        site
    }

    /// With two snapshots, of a night and of the next.
    pub fn with_snapshots() -> Self {
        let site = Self::made();
        site.take("2026-11-24T02:30:00Z", "scheduled", &[1], "mode = 1\n", 100);
        site.take("2026-11-25T02:30:00Z", "asked", &[1, 2], "mode = 22\n", 120);
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A file of its owner's alone.
    pub fn secret(&self, name: &str, text: &str) {
        let _ = fs::remove_file(self.path(name));
        File::options().write(true).create_new(true).mode(0o600).open(self.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// `jamey phoenix …` in this folder.
    pub fn ask(&self, args: &[&str]) -> Answer {
        self.ask_with(&[], args)
    }

    pub fn ask_with(&self, env: &[(&str, &str)], args: &[&str]) -> Answer {
        self.run(env, &[&["phoenix"], args].concat())
    }

    /// `jamey …` in this folder.
    pub fn jamey(&self, args: &[&str]) -> Answer {
        self.run(&[], args)
    }

    fn run(&self, env: &[(&str, &str)], args: &[&str]) -> Answer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("JAMEY_")) {
            command.env_remove(key);
        }
        let told = command
            .current_dir(self.folder.path())
            .env_remove("CREDENTIALS_DIRECTORY")
            .envs(env.iter().copied())
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let read = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Answer { code: told.status.code(), out: read(told.stdout), err: read(told.stderr) }
    }

    /// `jamey phoenix …` about the repository, opened with its key file.
    pub fn about(&self, args: &[&str]) -> Answer {
        self.ask(&[args, &["--repository", "nas", "--key-file", "key"]].concat())
    }

    pub fn repository(&self) -> Repository {
        Repository::open(&self.path("nas"), &Secret::KeyFile(KeyFile::read(&self.path("key")).unwrap())).unwrap()
    }

    /// A snapshot of a database of so many kibibytes from each seed, and of one rule.
    pub fn take(&self, at: &str, reason: &str, seeds: &[u64], rule: &str, records: u64) {
        let order = || {
            let database: Vec<u8> = seeds.iter().flat_map(|seed| noise(*seed, 256 * 1_024)).collect();
            let item = |path: &str, bytes: &[u8]| Item { path: path.into(), mode: 0o600, content: Content::Bytes(bytes.to_vec()) };
            let source = |component, schema, counts: &[(&str, u64)], items| Source {
                component,
                schema,
                counts: counts.iter().map(|(what, many)| ((*what).to_owned(), *many)).collect(),
                items,
            };
            let mut rules = vec![item("rules/home.toml", rule.as_bytes())];
            rules.push(if seeds.len() == 1 { item("rules/old.toml", b"old") } else { item("rules/new.toml", b"newer") });
            let sources = vec![
                source(Component::Database, 14, &[("records", records), ("verdicts", 7)], vec![item("large", &database)]),
                source(Component::Rules, 1, &[], rules),
            ];
            let (at, node) = (Timestamp::read(at).unwrap(), "attic".to_owned());
            Order { at, node, reason: reason.into(), sources, bytes_a_second: 0, after: 0 }
        };
        let until = Instant::now() + PATIENCE;
        loop {
            match self.repository().snapshot(order(), &mut |_| true) {
                // A process that another test starts holds what is locked here until it has begun.
                Err(PhoenixError::Busy { .. }) if Instant::now() < until => std::thread::sleep(Duration::from_millis(10)),
                taken => {
                    taken.unwrap();
                    return;
                }
            }
        }
    }

    /// Every file below a folder with its content.
    pub fn files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        fn walk(at: &Path, below: &Path, all: &mut Vec<(String, Vec<u8>)>) {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, below, all);
                } else {
                    all.push((path.strip_prefix(below).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
                }
            }
        }
        let mut all = Vec::new();
        walk(&self.path(folder), &self.path(folder), &mut all);
        all.sort();
        all
    }

    /// The longest pack.
    pub fn pack(&self) -> PathBuf {
        let packs = self.files("nas/packs");
        let (name, _) = packs.iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
        self.path("nas/packs").join(name)
    }

    /// What a person reads, without what is other each time.
    pub fn still(&self, text: &str) -> String {
        let folder = self.folder.path().to_str().unwrap();
        [
            (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
            (r"\b[0-9a-f]{64}\b", "HASH"),
            (r"\b[0-9a-f]{16}\b", "DIGITS"),
            (r"\d+ (s|min|h|days) ago *", "AGO "),
            (r"in \d+(\.\d)? (ms|s)\b", "in TIME"),
            (r"snapshots in .* KiB", "snapshots in SIZE"),
            (r"jamey \d+\.\d+\.\d+", "jamey VERSION"),
        ]
        .iter()
        .fold(text.replace(folder, "HERE"), |text, (what, by)| regex::Regex::new(what).unwrap().replace_all(&text, *by).into_owned())
    }
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}
