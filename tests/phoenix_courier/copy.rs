//! A repository with snapshots in it, a house that offers it, and `jamey phoenix receive` as a process.

use super::support::*;
use jamey::{
    domain::Timestamp,
    phoenix::{Choice, Component, Content, Item, KeyFile, Order, Repository, Secret, Source},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub const PASSWORD: &str = "the courier's password";
/// A copy of some MB over a bad road.
pub const LONG: Duration = Duration::from_secs(120);

pub struct Site {
    folder: TempDir,
}

/// A repository with one snapshot of so many bytes that nothing makes smaller.
pub fn site(bytes: usize) -> Site {
    let folder = TempDir::with_prefix("courier-").unwrap();
    let key = KeyFile::create(&folder.path().join("key")).unwrap();
    Repository::init(&folder.path().join("repository"), &[Secret::KeyFile(key)], false, Timestamp::from_micros(1)).unwrap();
    let site = Site { folder };
    site.snapshot(bytes);
    site
}

impl Site {
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, repository: &Path) -> Repository {
        Repository::open(repository, &Secret::KeyFile(KeyFile::read(&self.at("key")).unwrap())).unwrap()
    }

    /// The public key that vouches for what is offered.
    #[allow(dead_code, reason = "one of the two tests asks for it")]
    pub fn voucher(&self) -> String {
        jamey::phoenix::courier::Signer::of(self.open(&self.at("repository")).key()).unwrap().voucher().to_string()
    }

    pub fn id(&self) -> uuid::Uuid {
        self.open(&self.at("repository")).vault.id
    }

    fn snapshot(&self, bytes: usize) {
        let mut chance = Chance::of(5);
        let noise: Vec<u8> = std::iter::repeat_with(|| chance.next().to_le_bytes()).take(bytes / 8).flatten().collect();
        let item = Item { path: "jamey.db".into(), mode: 0o600, content: Content::Bytes(noise) };
        let source = Source { component: Component::Database, schema: 1, counts: BTreeMap::new(), items: vec![item] };
        let at = Timestamp::from_micros(2);
        let order = Order { at, node: "house".into(), reason: "asked".into(), sources: vec![source], bytes_a_second: 0, after: 0 };
        self.open(&self.at("repository")).snapshot(order, &mut |_| true).unwrap();
    }

    /// The house takes a snapshot of itself there.
    pub fn takes_another(&self, house: &House) {
        let (data, config) = (house.data().to_str().unwrap(), house.folder().join("jamey.toml"));
        let args = ["--data", data, "--config", config.to_str().unwrap(), "phoenix", "snapshot", "--json"];
        let came = jamey().args(args).output().unwrap();
        assert!(came.status.success(), "{came:?}");
    }

    pub fn pieces(&self) -> u64 {
        files(&self.at("repository")).values().map(|bytes| bytes.len().div_ceil(127 * 1024) as u64).sum()
    }

    /// The config of a house that offers it.
    pub fn config(&self, more: &str) -> String {
        let (path, key) = (self.at("repository"), self.at("key"));
        format!(
            "[[phoenix.repository]]\nname = \"nas\"\npath = {path:?}\nkey_file = {key:?}\nschedule = \"\"\nstale_hours = 0\n[phoenix.courier]\nrepository = \"nas\"\n{more}"
        )
    }

    /// The copy is the original, byte for byte, and opens with the key: all of it restores.
    pub fn is_copied(&self, copy: &Path) {
        let (original, copied) = (self.at("repository"), files(copy));
        assert_eq!(copied.keys().collect::<Vec<_>>(), files(&original).keys().collect::<Vec<_>>());
        assert!(copied == files(&original), "byte for byte");
        let partial = fs::read_dir(copy.join("partial")).unwrap().count();
        assert_eq!(partial, 0, "nothing half is left");
        let (here, there) = (self.at("restored-here"), self.at("restored-there"));
        for (repository, into) in [(&*original, &here), (copy, &there)] {
            let newest = self.open(repository).vault.sequences().unwrap().pop().unwrap();
            self.open(repository).restore(newest, &Choice::default(), into, &mut |_| true).unwrap();
        }
        assert!(fs::read(here.join("jamey.db")).unwrap() == fs::read(there.join("jamey.db")).unwrap());
        fs::remove_dir_all(here).unwrap();
        fs::remove_dir_all(there).unwrap();
    }
}

/// The files that make the repository what it is, by their paths in it.
pub fn files(repository: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = ["keys", "packs", "snapshots"].map(|name| repository.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(path.strip_prefix(repository).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    all
}

/// Adds users to a data folder.
pub fn users(data: &Path, users: &[(&str, &str)]) {
    for (name, role) in users {
        let args = ["--data", data.to_str().unwrap(), "user", "add", name, "--role", role];
        let mut child = jamey().args(args).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(child.wait().unwrap().success());
    }
}

fn jamey() -> Command {
    Command::new(std::env::var_os("JAMEY_BIN").map_or_else(|| env!("CARGO_BIN_EXE_jamey").into(), PathBuf::from))
}

/// `jamey phoenix receive` as it runs.
pub struct Receiving {
    child: Child,
    said: Arc<Mutex<Vec<Value>>>,
    errors: Arc<Mutex<String>>,
}

/// `user`: none is without.
pub fn receive(at: SocketAddr, into: &Path, user: Option<&str>, more: &[&str]) -> Receiving {
    receive_from(&format!("mqtt://{at}"), into, user, more)
}

pub fn receive_from(url: &str, into: &Path, user: Option<&str>, more: &[&str]) -> Receiving {
    let mut command = jamey();
    command.args(["phoenix", "receive", "--json", "--from", url, "--into"]).arg(into).args(more);
    if let Some(user) = user {
        command.args(["--user", user]).env("JAMEY_PASSWORD", PASSWORD);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (said, errors) = (Arc::<Mutex<Vec<Value>>>::default(), Arc::<Mutex<String>>::default());
    let (out, err) = (BufReader::new(child.stdout.take().unwrap()), BufReader::new(child.stderr.take().unwrap()));
    let (keep, keep_errors) = (Arc::clone(&said), Arc::clone(&errors));
    std::thread::spawn(move || {
        out.lines().map_while(Result::ok).for_each(|line| keep.lock().unwrap().push(serde_json::from_str(&line).unwrap()))
    });
    std::thread::spawn(move || err.lines().map_while(Result::ok).for_each(|line| keep_errors.lock().unwrap().push_str(&line)));
    Receiving { child, said, errors }
}

impl Receiving {
    /// What it said last of a kind.
    pub fn said(&self, event: &str) -> Option<Value> {
        self.said.lock().unwrap().iter().rev().find(|line| line["event"] == event).cloned()
    }

    #[track_caller]
    pub fn says(&self, event: &str) -> Value {
        wait_until(event, LONG, || self.said(event).is_some());
        self.said(event).unwrap()
    }

    pub fn kill9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// It ends by itself: whether well, and what it said to standard error.
    #[track_caller]
    pub fn ends(mut self) -> (bool, String, Vec<Value>) {
        let deadline = Instant::now() + LONG;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end: {:?} {}", self.said.lock().unwrap(), self.errors.lock().unwrap());
            std::thread::park_timeout(Duration::from_millis(10));
        }
        let status = self.child.wait().unwrap();
        // Its last lines may be on their way still.
        if status.success() {
            self.says("whole");
        } else {
            wait_until("why", PATIENCE, || !self.errors.lock().unwrap().is_empty());
        }
        (status.success(), self.errors.lock().unwrap().clone(), self.said.lock().unwrap().clone())
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
