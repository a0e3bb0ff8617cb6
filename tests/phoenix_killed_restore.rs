//! Promise: whenever a restore is killed, its target is not there or is a data folder that a Jamey takes, and the next restore needs nobody to clear
//! away; and of two restores to one place at once the second says so.
//!
//! `JAMEY_KILLS` sets how often (a fifth of it, of 200), `JAMEY_SEED` the moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use jamey::store::Store;
use mqtt5::{
    QoS,
    broker::{
        FileBackend,
        storage::{RetainedMessage, StorageBackend},
    },
    packet::publish::PublishPacket,
};
use std::{
    env, fs,
    fs::File,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Instant,
};
use tempfile::TempDir;

const RETAINED: usize = 150;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

fn jamey(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    for (key, _) in env::vars().filter(|(key, _)| key.starts_with("JAMEY_")) {
        command.env_remove(key);
    }
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn good(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A house at rest with retained values and one snapshot.
fn saved() -> TempDir {
    let folder = TempDir::with_prefix("jamey-killed-").unwrap();
    let data = folder.path().join("data");
    drop(Store::open(&data).unwrap());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let engine = FileBackend::new(data.join("broker")).await.unwrap();
        for n in 0..RETAINED {
            let topic = format!("shelf/{n}");
            let packet = PublishPacket::new(topic.clone(), vec![b'x'; 2_000], QoS::AtLeastOnce);
            engine.store_retained_message(&topic, RetainedMessage::new(packet)).await.unwrap();
        }
    });
    let text = "[[phoenix.repository]]\nname = \"nas\"\npath = \"nas\"\nkey_file = \"key\"\n";
    fs::write(folder.path().join("jamey.toml"), text).unwrap();
    good(&jamey(folder.path(), &["phoenix", "init", "--repository", "nas", "--new-key-file", "key"]).output().unwrap());
    good(&jamey(folder.path(), &["phoenix", "snapshot", "--config", "jamey.toml", "--data", "data"]).output().unwrap());
    folder
}

fn restore(folder: &Path) -> Command {
    jamey(folder, &["phoenix", "restore", "latest", "--repository", "nas", "--key-file", "key", "--into", "home"])
}

fn is_settled(home: &Path) {
    for name in ["jamey.db", "audit.key", "broker", "config/jamey.toml", "config/jamey.toml.was", "RESTORED.txt"] {
        assert!(home.join(name).exists(), "{name} is not there");
    }
    assert!(!home.join("kept").exists() && !home.join("broker.new").exists(), "the broker was not settled");
    let storage = home.join("broker");
    let values = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { FileBackend::new(storage).await.unwrap().get_retained_messages("#").await.unwrap().len() });
    assert_eq!(values, RETAINED);
    let text = fs::read_to_string(home.join("config/jamey.toml")).unwrap();
    assert!(text.contains(&format!("data = \"{}\"", home.display())), "{text}");
}

#[test]
fn a_killed_restore_is_a_whole_house_or_none() {
    let folder = saved();
    let home = folder.path().canonicalize().unwrap().join("home");
    let begun = Instant::now();
    good(&restore(folder.path()).output().unwrap());
    let takes = begun.elapsed();
    is_settled(&home);
    fs::remove_dir_all(&home).unwrap();

    let mut moment = number("JAMEY_SEED", 7);
    let mut there = 0;
    for _ in 0..number("JAMEY_KILLS", 200).div_ceil(5) {
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut child = restore(folder.path()).spawn().unwrap();
        thread::sleep(takes.mul_f64(f64::from(u32::try_from(moment >> 33).unwrap()) / f64::from(1_u32 << 31)));
        let _ = child.kill();
        child.wait().unwrap();
        if home.exists() {
            is_settled(&home);
            fs::remove_dir_all(&home).unwrap();
            there += 1;
        }
    }
    // Otherwise nothing was killed in its work.
    assert!(there * 10 < number("JAMEY_KILLS", 200).div_ceil(5) * 9, "{there} were done before they were killed");
    good(&restore(folder.path()).output().unwrap());
    is_settled(&home);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().ends_with(".restoring")), "{left:?}");
}

#[test]
fn of_two_restores_to_one_place_the_second_says_so() {
    let folder = saved();
    let beside = folder.path().join(".home.restoring");
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("half"), "of the first").unwrap();
    let first = File::open(&beside).unwrap();
    first.lock().unwrap();
    let refused = restore(folder.path()).output().unwrap();
    let says = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && says.contains("another restore to the same place is under way: wait for it"), "{says}");
    assert_eq!(fs::read_to_string(beside.join("half")).unwrap(), "of the first");
    assert!(!folder.path().join("home").exists());
    drop(first);
    good(&restore(folder.path()).output().unwrap());
    assert!(!folder.path().join("home/half").exists(), "what a killed one left is in no house");
    is_settled(&folder.path().canonicalize().unwrap().join("home"));
}
