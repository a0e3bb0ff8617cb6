//! Promise: the log is what the config says: by target, as text or JSON, in files that stay bounded, and with its levels where journald takes it.

use super::*;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{io::Write, os::unix::fs::MetadataExt};

#[test]
fn levels_are_by_target() {
    let mut quiet = Plan::default().config("[log]\nfilter = \"off,jamey::broker=debug\"\n").start();
    // Who says what is no MQTT, once he is in, is told of by the broker, and by nobody else.
    let mut stranger = std::net::TcpStream::connect(quiet.mqtt()).unwrap();
    stranger.write_all(&[0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'c', 0, 0]).unwrap();
    wait_until("the broker's own line is there", PATIENCE, || quiet.said().contains("DEBUG jamey::broker"));
    quiet.stop();
    assert!(!quiet.said().contains("jamey::app"), "{}", quiet.said());
}

#[test]
fn as_json_each_line_is_one_object() {
    let mut house = Plan::default().config("[log]\nformat = \"json\"\nfilter = \"debug\"\n").start();
    house.client("c").tell("jamey/in/kitchen/temperature", "1");
    house.stop();
    let said = house.said();
    // What a start says to people is no line of the log.
    let lines: Vec<Value> = said.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 3, "{said}");
    let own = |line: &Value| line["target"].as_str().unwrap().starts_with("jamey");
    let whole =
        |line: &Value| ["time", "level", "target"].iter().all(|key| line[key].is_string()) && (line["message"].is_string() || !own(line));
    assert!(lines.iter().all(whole), "{said}");
    assert!(lines.iter().all(|line| Timestamp::read(line["time"].as_str().unwrap()).is_some()), "{said}");
    assert!(
        lines.iter().any(|line| line["level"] == "info"
            && line["target"].as_str().unwrap().starts_with("jamey::app")
            && line["message"] == "stopped")
    );
}

#[test]
fn whatever_a_client_is_called_it_stays_on_its_line_in_each_of_them() {
    let folder = TempDir::with_prefix("jamey-log-").unwrap();
    let path = folder.path().join("jamey.log");
    let id = "lamp\nWARN jamey: forged\r\u{1b}[2J\u{9b}1A\u{2028}";
    for (way, is_json) in [("", false), ("format = \"json\"\n", true), (&*format!("file = \"{}\"\n", text(&path)), false)] {
        let house = Plan::default().config(&format!("[log]\nfilter = \"debug\"\n{way}")).start();
        let _ = house.dial(id).v5().try_open().map(Mqtt::disconnect);
        let log = || if way.starts_with("file") { std::fs::read_to_string(&path).unwrap() } else { house.said() };
        wait_until("it is said who came", PATIENCE, || log().contains("jamey: forged"));
        let log = log();
        assert!(!log.contains(['\r', '\u{1b}', '\u{9b}', '\u{2028}']) && !log.lines().any(|line| line.starts_with("WARN")), "{log}");
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("jamey: forged")).collect();
        let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        assert!(!is_json || lines.iter().any(|line| read(line).to_string().contains(json!(id).to_string().trim_matches('"'))), "{log}");
    }
}

#[test]
fn files_of_the_log_stay_within_their_bounds_and_the_newest_line_is_in_the_first() {
    let folder = TempDir::with_prefix("jamey-log-").unwrap();
    let path = folder.path().join("jamey.log");
    let toml = format!("[log]\nfilter = \"trace\"\nfile = \"{}\"\nrotate_kb = 16\nfiles = 3\n", text(&path));
    let mut house = Plan::default().config(&toml).start();
    let mut speaker = house.client("c");
    wait_until("the third file is there", PATIENCE, || {
        speaker.tell("jamey/in/kitchen/temperature", "1");
        folder.path().join("jamey.log.2").exists()
    });
    drop(speaker);
    house.stop();
    let all: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(all.len() == 3 && all.iter().all(|entry| entry.metadata().unwrap().len() <= 16_000), "{all:?}");
    assert!(std::fs::read_to_string(&path).unwrap().contains("jamey::app: stopped"));
    assert!(!house.said().contains("jamey::app: stopped"), "the file has it, and standard error has not");
}

#[test]
fn a_log_that_cannot_be_turned_over_is_alerted_and_stays_bounded() {
    let folder = TempDir::with_prefix("jamey-log-").unwrap();
    let (path, in_the_way) = (folder.path().join("jamey.log"), folder.path().join("jamey.log.1"));
    std::fs::create_dir_all(in_the_way.join("x")).unwrap();
    std::fs::write(&path, "of yore\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let toml = format!("[alerts]\nclear_seconds = 0\n[log]\nfilter = \"trace\"\nfile = \"{}\"\nrotate_kb = 16\nfiles = 2\n", text(&path));
    let mut house = Plan::default().config(&toml).start();
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600, "it is its owner's alone, also where it was there before");
    let mut speaker = house.client("c");
    wait_until("it is alerted", PATIENCE, || {
        speaker.tell("jamey/in/kitchen/temperature", "1");
        assert!(path.metadata().unwrap().len() <= 32_000);
        retained(&house, "jamey/alert/log").is_some()
    });
    let alert = retained(&house, "jamey/alert/log").unwrap().json();
    assert!(alert["text"].as_str().unwrap().contains("cannot be turned over"), "{alert}");
    std::fs::remove_dir_all(&in_the_way).unwrap();
    wait_until("it is over", PATIENCE, || {
        speaker.tell("jamey/in/kitchen/temperature", "1");
        retained(&house, "jamey/alert/log").is_none()
    });
    drop(speaker);
    house.stop();
    assert!(in_the_way.is_file() && std::fs::read_to_string(&path).unwrap().contains("jamey::app: stopped"));
}

#[test]
fn a_log_that_cannot_be_written_is_refused_with_what_to_do() {
    let (_folder, file) = config("[log]\nfile = \"/nowhere/jamey.log\"\n");
    let data = TempDir::new().unwrap();
    let said = jamey(&["run", "--config", &file, "--mqtt", ANY, "--http", ANY, "--data", text(data.path())]).bad(1);
    assert!(said.contains("/nowhere/jamey.log cannot be written") && said.contains("a folder that is there"), "{said}");
    for (wrong, wanted) in [
        ("rotate_kb = 15", "16 to 1000000"),
        ("rotate_kb = 1000001", "16 to 1000000"),
        ("files = 0", "1 to 100"),
        ("files = 101", "1 to 100"),
        ("format = \"xml\"", "\"json\""),
    ] {
        let (_folder, file) = config(&format!("[log]\n{wrong}\n"));
        let said = jamey(&["check", "--config", &file]).bad(1);
        assert!(said.contains(wanted), "{wrong}: {said}");
    }
}

#[test]
fn to_journald_each_line_bears_its_level_and_to_others_none() {
    let said = |is_journal: bool| {
        let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let path = folder.path().join("err");
        let err = File::create(&path).unwrap();
        let found = err.metadata().unwrap();
        let ino = if is_journal { found.ino() } else { found.ino() + 1 };
        let mut child = Command::new(binary())
            .args(["run", "--http", ANY, "--mqtt", ANY, "--data", text(data.path())])
            .env("JOURNAL_STREAM", format!("{}:{ino}", found.dev()))
            .stdout(Stdio::piped())
            .stderr(err)
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        assert!(line.starts_with("ready "), "{line}");
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        std::fs::read_to_string(path).unwrap()
    };
    let marked = said(true);
    assert!(marked.lines().any(|line| line == "<6>jamey::app: stopped"), "{marked}");
    let plain = said(false);
    assert!(plain.contains("INFO jamey::app: stopped") && !plain.contains("<6>"), "{plain}");
}
