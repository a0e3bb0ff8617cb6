//! Promise: what must not stay as it is does not stay unnoticed; and where the owner says so, Jamey asks the device itself, judged like anybody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use support::*;

const WATER: &str = r#"
[[device]]
id = "main_valve"
class = "valve"
command_topic = "water/main_valve/set"
state_topic = "water/main_valve/valve"
payloads = { OPEN = "open", CLOSE = "close" }
[[input]]
topic = "water/{entity}/{kind}"
[[signal]]
name = "leak"
entity = "cellar"
kind = "leak"
[[duty]]
id = "leak-valve-open"
after_seconds = 1
"#;
const ALERT: &str = "jamey/alert/duty-leak-valve-open";

#[test]
fn a_leak_with_an_open_valve_is_told_and_that_it_is_over_too() {
    let house = Plan::default().config(WATER).start();
    let mut ear = house.client("ear").listen(ALERT, 1);
    let mut plumbing = house.client("plumbing").listen("water/main_valve/set", 1);
    plumbing.tell("water/main_valve/valve", "OPEN");
    plumbing.tell("water/cellar/leak", "true");
    let alert = ear.message_on(ALERT).json();
    assert!(alert["text"].as_str().unwrap().contains("main_valve"), "{alert}");
    assert_eq!(alert["severity"], "critical");
    assert!(plumbing.rest().iter().all(|m| m.topic != "water/main_valve/set"), "it was not told to act");
    plumbing.tell("water/main_valve/valve", "closed");
    assert!(ear.message_on(ALERT).payload.is_empty(), "over");
}

#[test]
fn where_the_owner_says_so_the_valve_is_asked_to_close_once_and_that_is_judged() {
    let house = Plan::default().config(&format!("{WATER}asks = \"close\"\n")).start();
    let mut verdicts = house.client("ear").listen("jamey/verdict/jamey.duty", 1);
    let mut plumbing = house.client("plumbing").listen("water/main_valve/set", 1);
    plumbing.tell("water/main_valve/valve", "OPEN");
    plumbing.tell("water/cellar/leak", "true");
    assert_eq!(plumbing.message().text(), "CLOSE");
    let verdict = verdicts.message().json();
    assert_eq!((verdict["decision"].as_str(), verdict["request"]["verb"].as_str()), (Some("allow"), Some("close")), "{verdict}");
    assert_eq!(plumbing.rest(), [], "once");
    assert_eq!(house.count("select count(*) from verdicts where requester = 'jamey.duty' and forwarded_at is not null", []), 1);
}

#[test]
fn the_valve_is_asked_though_who_asks_falls_over_it() {
    let house = Plan::default().config(&format!("{WATER}asks = \"close\"\n")).env("JAMEY_TRIAL_FALL", "duties:panic@0").start();
    let mut plumbing = house.client("plumbing").listen("water/main_valve/set", 1);
    plumbing.tell("water/main_valve/valve", "OPEN");
    plumbing.tell("water/cellar/leak", "true");
    assert_eq!(plumbing.message().text(), "CLOSE");
    assert!(house.said().contains("duties fell, and is started again"), "{}", house.said());
}

#[test]
fn a_duty_that_cannot_be_read_is_refused_before_the_start_with_its_name() {
    let text = format!("{WATER}\n[[duty]]\nid = \"odd\"\nwhen = \"ctx.leek\"\nsays = \"odd\"\n");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("j.toml"), text).unwrap();
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_jamey"))
        .args(["check", "--config"])
        .arg(folder.path().join("j.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.contains("duty odd") && said.contains("leak"), "{said}");
}

#[test]
fn what_is_due_is_due_after_a_restart_too() {
    let mut house = Plan::default().config(WATER).start();
    let mut plumbing = house.client("plumbing");
    plumbing.tell("water/main_valve/valve", "OPEN");
    plumbing.tell("water/cellar/leak", "true");
    assert!(!house.client("ear").listen(ALERT, 1).message_on(ALERT).payload.is_empty());
    house.kill9();
    house.start();
    let mut ear = house.client("ear").listen(ALERT, 1);
    let stands = ear.find(std::time::Duration::from_secs(20), |p| match p {
        packet::Packet::Publish(m) if m.topic == ALERT && !m.payload.is_empty() && !m.retain => Some(()),
        _ => None,
    });
    assert!(stands.is_ok(), "the valve said nothing since, and the cellar is still wet");
}
