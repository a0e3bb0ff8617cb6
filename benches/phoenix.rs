//! What a snapshot costs, beside restic and borg (apt) on the same tree: `cargo bench --bench phoenix`. Each round makes the three anew, in turn:
//! everything saved, one hundredth changed and saved again, everything restored. `JAMEY_TREE_MIB` (478) and `JAMEY_ROUNDS` (3) say how much.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "megabytes and percentiles")]

use jamey::{
    domain::Timestamp,
    phoenix::{Choice, Component, Content, Item, KeyFile, Order, Repository, Retention, Secret, Source},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

const MIB: u64 = 1_024 * 1_024;
/// A run of changed bytes: what a day adds to a table, or a merged segment. One hundredth of 478 MiB are 24 of them.
const RUN: u64 = 200 * 1_024;
const BY_FILE: &str = "JAMEY_BENCH_BY_FILE";
const PASSPHRASE: &str = "a passphrase for measuring";

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Rows as a database has them: words that come again, numbers that do not; it compresses to about a half.
fn rows(dice: &mut Dice, bytes: u64) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "kitchen",
        "temperature",
        "reading of",
        "zigbee2mqtt/",
        "humidity",
        "front_door",
        "unlock",
        "allow",
        "occupancy",
        "living_room",
        "power",
        "W",
    ];
    let mut text = Vec::with_capacity(bytes as usize + 64);
    while (text.len() as u64) < bytes {
        let (word, other) = (WORDS[dice.below(12) as usize], WORDS[dice.below(12) as usize]);
        text.extend_from_slice(&dice.next().to_be_bytes());
        text.extend_from_slice(&dice.next().to_be_bytes()[..4]);
        write!(text, "{word} {other} {}", dice.below(100_000)).unwrap();
    }
    text.truncate(bytes as usize);
    text
}

/// A house's files: a database, segments of an index, logs, and some hundred small ones.
fn tree(root: &Path, mib: u64) {
    let mut dice = Dice(7);
    let mut file = |name: &str, bytes: u64| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut out = BufWriter::new(File::create(path).unwrap());
        let mut left = bytes;
        while left > 0 {
            let part = left.min(MIB);
            out.write_all(&rows(&mut dice, part)).unwrap();
            left -= part;
        }
        out.flush().unwrap();
    };
    file("jamey.db", mib * MIB * 6 / 10);
    for n in 0..12 {
        file(&format!("index/segment-{n}"), mib * MIB * 25 / 1_000);
    }
    for n in 0..8 {
        file(&format!("logs/day-{n}"), mib * MIB / 100);
    }
    for n in 0..400 {
        file(&format!("config/part-{n}"), 1_000 + n * 10);
    }
    let written = files(root).iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    file("rest", (mib * MIB).saturating_sub(written));
}

/// Changes one hundredth, in runs.
fn change(root: &Path, seed: u64) {
    let mut dice = Dice(seed);
    let file = OpenOptions::new().write(true).open(root.join("jamey.db")).unwrap();
    let length = file.metadata().unwrap().len();
    let total: u64 = files(root).iter().map(|path| path.metadata().unwrap().len()).sum();
    for _ in 0..(total / 100).div_ceil(RUN) {
        let at = dice.below(length - RUN);
        let run = rows(&mut dice, RUN);
        file.write_all_at(&run, at).unwrap();
    }
    file.sync_all().unwrap();
}

fn files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

fn size(root: &Path) -> u64 {
    files(root).iter().map(|path| path.metadata().unwrap().len()).sum()
}

/// As the others do, by a passphrase; whose derivation takes 64 MiB by itself, so memory is looked at with a key file, as the running house has it.
fn secret(repository: &Path) -> Secret {
    let file = repository.with_extension("key");
    if std::env::var_os(BY_FILE).is_some() {
        Secret::KeyFile(KeyFile::read(&file).unwrap())
    } else {
        Secret::Passphrase(PASSPHRASE.to_owned().into())
    }
}

/// In a process of its own, as the others are.
fn own(what: &str, repository: &Path, tree: &Path) {
    match what {
        "init" => {
            let file = Secret::KeyFile(KeyFile::create(&repository.with_extension("key")).unwrap());
            drop(Repository::init(repository, &[secret(repository), file], false, Timestamp::default()).unwrap());
        }
        "save" => {
            let items = files(tree).into_iter().map(|path| Item {
                path: path.strip_prefix(tree).unwrap().display().to_string(),
                mode: 0o600,
                content: Content::File(path),
            });
            let source = Source { component: Component::Database, schema: 1, counts: [].into(), items: items.collect() };
            let order = Order {
                at: Timestamp::default(),
                node: "bench".into(),
                reason: "asked".into(),
                sources: vec![source],
                bytes_a_second: 0,
                after: 0,
            };
            Repository::open(repository, &secret(repository)).unwrap().snapshot(order, &mut |_| true).unwrap();
        }
        "restore" => {
            let repository = Repository::open(repository, &secret(repository)).unwrap();
            let newest = repository.list().unwrap().last().unwrap().sequence;
            repository.restore(newest, &Choice::default(), tree, &mut |_| true).unwrap();
        }
        "prune" => {
            let last = Retention { last: 1, daily: 0, weekly: 0, monthly: 0 };
            let mut repository = Repository::open(repository, &secret(repository)).unwrap();
            repository.prune(&last, &jiff::tz::TimeZone::UTC, false, &mut |_| true).unwrap();
        }
        _ => panic!("{what}"),
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap().split_whitespace().nth(1).unwrap());
}

/// Seconds, and what it printed.
fn timed(command: &mut Command) -> (f64, String) {
    let began = Instant::now();
    let done = command.stderr(Stdio::piped()).output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    (began.elapsed().as_secs_f64(), String::from_utf8_lossy(&done.stdout).into_owned())
}

#[derive(Default)]
struct Figures {
    full: Vec<f64>,
    again: Vec<f64>,
    restore: Vec<f64>,
    growth: Vec<f64>,
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|arg| arg == "own") {
        return own(&args[2], Path::new(&args[3]), Path::new(&args[4]));
    }
    let number = |name: &str, default| std::env::var(name).ok().map_or(default, |text| text.parse().unwrap());
    let (mib, rounds) = (number("JAMEY_TREE_MIB", 478), number("JAMEY_ROUNDS", 3));
    let me = std::env::current_exe().unwrap();
    let mut all: [(&str, Figures); 3] = [("jamey", Figures::default()), ("restic", Figures::default()), ("borg", Figures::default())];
    for round in 0..rounds {
        let folder = tempfile::tempdir_in(".").unwrap();
        let source = folder.path().join("tree");
        fs::create_dir(&source).unwrap();
        tree(&source, mib);
        assert_eq!(size(&source), mib * MIB);
        settle();
        for (name, figures) in &mut all {
            let repository = folder.path().join(format!("{name}-repository"));
            run(name, "init", &me, &repository, &source);
            let seconds = run(name, "save", &me, &repository, &source);
            figures.full.push(seconds);
        }
        change(&source, round);
        for (name, figures) in &mut all {
            let repository = folder.path().join(format!("{name}-repository"));
            let before = size(&repository);
            let seconds = run(name, "save", &me, &repository, &source);
            figures.again.push(seconds);
            figures.growth.push((size(&repository) - before) as f64 / 1e6);
        }
        for (name, figures) in &mut all {
            let (repository, into) = (folder.path().join(format!("{name}-repository")), folder.path().join(format!("{name}-restored")));
            let seconds = run(name, "restore", &me, &repository, &into);
            figures.restore.push(seconds);
            let base = if *name == "restic" { into.join(source.canonicalize().unwrap().strip_prefix("/").unwrap()) } else { into.clone() };
            assert_eq!(files(&base).len(), files(&source).len(), "{name}");
            assert!(fs::read(base.join("jamey.db")).unwrap() == fs::read(source.join("jamey.db")).unwrap(), "{name}");
            fs::remove_dir_all(&into).unwrap();
        }
    }
    let kib = memory(&me, mib);
    println!("{mib} MiB in {} files, the medians of {rounds} rounds", 400 + 22);
    for (name, figures) in &all {
        let (full, again, restore) = (median(&figures.full), median(&figures.again), median(&figures.restore));
        print!("{name:7} full {full:5.2} s, 1 % changed {again:5.2} s and +{:.1} MB, restore {restore:5.2} s", median(&figures.growth));
        println!();
    }
    let [full, again, restore, prune] = kib.map(|kib| kib / 1_024);
    println!("memory at most: full {full} MiB, changed {again} MiB, restore {restore} MiB, prune {prune} MiB (jamey with a key file)");
    let [(_, ours), (_, restic), (_, borg)] = &all;
    let ratio = |of: fn(&Figures) -> &[f64], to: &Figures| median(of(ours)) / median(of(to));
    println!(
        "to restic: full × {:.2}, restore × {:.2}; to borg: full × {:.2}, restore × {:.2}",
        ratio(|f| &f.full, restic),
        ratio(|f| &f.restore, restic),
        ratio(|f| &f.full, borg),
        ratio(|f| &f.restore, borg)
    );
}

/// KiB at most of saving all, saving what changed, restoring, and pruning, each with a key file.
fn memory(me: &Path, mib: u64) -> [u64; 4] {
    let folder = tempfile::tempdir_in(".").unwrap();
    let (source, repository) = (folder.path().join("tree"), folder.path().join("repository"));
    fs::create_dir(&source).unwrap();
    tree(&source, mib);
    run("jamey", "init", me, &repository, &source);
    let peak = |what: &str, tree: &Path| {
        let (_, told) = timed(Command::new(me).env(BY_FILE, "1").arg("own").arg(what).arg(&repository).arg(tree));
        told.trim().parse().unwrap()
    };
    let full = peak("save", &source);
    change(&source, 99);
    [full, peak("save", &source), peak("restore", &folder.path().join("restored")), peak("prune", &source)]
}

/// What was written before is not written while another is measured.
fn settle() {
    let _ = Command::new("sync").status();
}

/// Seconds that it takes.
fn run(name: &str, what: &str, me: &Path, repository: &Path, tree: &Path) -> f64 {
    settle();
    let mut command = match name {
        "jamey" => {
            let mut command = Command::new(me);
            command.arg("own").arg(what).arg(repository).arg(tree);
            command
        }
        "restic" => {
            let mut command = Command::new("restic");
            command.env("RESTIC_PASSWORD", PASSPHRASE).arg("--quiet").arg("--no-cache").arg("-r").arg(repository);
            match what {
                "init" => command.arg("init"),
                "save" => command.arg("backup").arg(tree),
                _ => command.arg("restore").arg("latest").arg("--target").arg(tree),
            };
            command
        }
        _ => {
            let mut command = Command::new("borg");
            command.env("BORG_PASSPHRASE", PASSPHRASE).env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes");
            let archive = |archive: &str| format!("{}::{archive}", repository.canonicalize().unwrap_or(repository.to_owned()).display());
            match what {
                "init" => command.arg("init").arg("--encryption=repokey").arg(repository),
                "save" => command.arg("create").arg("--compression=zstd,3").arg(archive("{now}")).arg(".").current_dir(tree),
                _ => {
                    fs::create_dir_all(tree).unwrap();
                    let list = Command::new("borg")
                        .env("BORG_PASSPHRASE", PASSPHRASE)
                        .args(["list", "--short", "--last", "1"])
                        .arg(repository)
                        .output()
                        .unwrap();
                    let last = String::from_utf8(list.stdout).unwrap();
                    command.arg("extract").arg(archive(last.trim())).current_dir(tree)
                }
            };
            command
        }
    };
    timed(&mut command).0
}
