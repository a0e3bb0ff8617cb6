//! Promise: who finds the database damaged is told which snapshot is the newest and how it is restored, and the house runs from that with what
//! it remembered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::json;
use std::{
    fs::File,
    path::Path,
    process::{Command, Output, Stdio},
};
use support::*;

const PAGE: u64 = 4_096;

fn jamey(words: &[&str], config: &Path, data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jamey"))
        .args(words)
        .arg("--config")
        .arg(config)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

/// The command that is told between backquotes.
fn command(told: &str) -> &str {
    let from = told.find("`jamey phoenix restore ").unwrap_or_else(|| panic!("no command is told: {told}")) + 1;
    told[from..].split('`').next().unwrap()
}

#[test]
fn a_page_that_was_cut_off_is_told_with_the_snapshot_that_brings_it_back() {
    let place = tempfile::tempdir().unwrap();
    let (nas, key, config, data) =
        (place.path().join("nas"), place.path().join("key"), place.path().join("jamey.toml"), place.path().join("data"));
    let init = Command::new(env!("CARGO_BIN_EXE_jamey"))
        .args(["phoenix", "init", "--repository"])
        .arg(&nas)
        .arg("--new-key-file")
        .arg(&key)
        .output()
        .unwrap();
    assert!(init.status.success(), "{}", said(&init));
    let text = format!("[[phoenix.repository]]\nname = \"nas\"\npath = {nas:?}\nkey_file = {key:?}\nschedule = \"\"\n");
    std::fs::write(&config, &text).unwrap();
    let mut house = Plan::default().config(&text).data(&data).start();
    let mut speaker = house.client("speaker");
    for n in 0..200 {
        speaker.tell("jamey/in/gate/note", json!({"text": format!("parcel p{n}x {}", "lorem ipsum ".repeat(20))}).to_string());
    }
    let snapshot = jamey(&["phoenix", "snapshot"], &config, &data);
    assert!(snapshot.status.success(), "{}", said(&snapshot));
    house.stop();
    let whole = std::fs::read(data.join("jamey.db")).unwrap();

    // A page that went bad inside: the house starts, and tells.
    let text_at = whole.windows(6).rposition(|bytes| bytes == b"lorem ").unwrap() as u64 / PAGE * PAGE;
    let mut bad = whole.clone();
    bad[usize::try_from(text_at).unwrap()..][..512].fill(0xa5);
    std::fs::write(data.join("jamey.db"), bad).unwrap();
    let verified = jamey(&["memory", "verify"], &config, &data);
    let told = said(&verified);
    assert!(verified.status.code() == Some(1) && told.contains("restore snapshot 1 of nas"), "{told}");
    let of_verify = command(&told).to_owned();

    // And cut off by one page: it is refused, with the same way back.
    File::options().write(true).open(data.join("jamey.db")).unwrap().set_len(whole.len() as u64 - PAGE).unwrap();
    for words in [&["memory", "verify"][..], &["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0"]] {
        let refused = jamey(words, &config, &data);
        let told = said(&refused);
        assert!(refused.status.code() == Some(1) && told.contains("damaged"), "{words:?}: {told}");
        assert_eq!(command(&told), of_verify, "{words:?}: {told}");
    }

    // What is told is typed as it stands.
    let restored = Command::new("sh").arg("-c").arg(of_verify.replacen("jamey", env!("CARGO_BIN_EXE_jamey"), 1)).output().unwrap();
    assert!(restored.status.success(), "{}", said(&restored));
    let home = place.path().join("data-restored");
    let mut house = Plan::default().config(&text).data(&home).start();
    let mut asker = house.dial("asker").v5().open().listen("jamey/memory/recall/reply", 1);
    for n in [0, 57, 199] {
        asker.tell("jamey/memory/recall", json!({"query": format!("p{n}x")}).to_string());
        let reply = asker.message_on("jamey/memory/recall/reply").json();
        assert_eq!(reply["data"]["records"].as_array().map(Vec::len), Some(1), "{reply}");
    }
    assert_eq!(house.count("select count(*) from memory_records where kind = 'note'", []), 200);
    wait_until("the index has all of it", PATIENCE, || jamey(&["memory", "verify"], &config, &home).status.success());
    house.serves();
    house.stop();
}
