//! Promise: with `store.durability = "relaxed"` a sender is answered before the commit, which follows soon; and Jamey says at the start what
//! that takes away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use rusqlite::Connection;
use std::time::{Duration, Instant};
use support::*;

const RELAXED: &str = "[store]\ndurability = \"relaxed\"\n";
const GUARD: &str = "[[guard]]\ntopic = \"lights/+/set\"\nclass = \"light\"\npayloads = { ON = \"on\" }\n";

/// Somebody else writes in the database and takes their time: nothing can be committed until this is dropped.
fn nothing_commits(house: &House) -> Connection {
    let lock = Connection::open(house.data().join("jamey.db")).unwrap();
    lock.busy_timeout(PATIENCE).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    lock
}

fn stored(house: &House, id: &str) -> i64 {
    house.count("select count(*) from memory_records where own_id = ?1", [id])
}

fn say(id: &str) -> Message {
    Message::new("jamey/in/sensor/reading", format!(r#"{{"id":"{id}"}}"#)).qos(1)
}

#[test]
fn relaxed_answers_before_the_commit_and_strict_does_not() {
    let mut strict = house();
    let lock = nothing_commits(&strict);
    let mut sensor = strict.client("sensor");
    let sent = sensor.publish_within(Duration::from_millis(500), say("strict"));
    assert!(!sent.taken(), "acknowledged before its commit: {sent:?}");
    drop(lock);
    wait_until("it is stored", PATIENCE, || stored(&strict, "strict") == 1);
    strict.is_well();

    let mut house = Plan::default().config(&format!("{RELAXED}{GUARD}")).start();
    let mut lamp = house.client("lamp").listen("lights/hall/set", 1);
    let mut sensor = house.client("sensor");
    let lock = nothing_commits(&house);
    assert!(sensor.publish(say("relaxed")).taken());
    assert!(sensor.publish(Message::new("lights/hall/set", "ON").qos(1)).taken());
    assert_eq!(lamp.message().text(), "ON", "a command goes on before its verdict is stored");
    assert_eq!((stored(&house, "relaxed"), house.count("select count(*) from verdicts", [])), (0, 0));
    drop(lock);
    wait_until("both are stored", PATIENCE, || (stored(&house, "relaxed"), house.count("select count(*) from verdicts", [])) == (1, 1));
    house.is_well();
}

#[test]
fn what_is_acknowledged_is_committed_soon_though_nothing_follows() {
    const TIMES: u32 = 20;
    let mut house = Plan::default().config(RELAXED).start();
    let mut sensor = house.client("sensor");
    let began = Instant::now();
    for n in 0..TIMES {
        assert!(sensor.publish(say(&n.to_string())).taken());
        wait_until("it is stored", PATIENCE, || stored(&house, &n.to_string()) == 1);
    }
    // 100 ms each, and as much again for a busy host and for looking.
    assert!(began.elapsed() < Duration::from_millis(200) * TIMES, "{TIMES} took {:?}", began.elapsed());
    house.is_well();
}

#[test]
fn what_relaxed_takes_away_is_said_and_is_so() {
    let mut house = Plan::default().config(RELAXED).start();
    let said = || house.said().lines().find(|line| line.starts_with("store.durability is relaxed")).map(str::to_owned);
    wait_until("it is said at the start", PATIENCE, || said().is_some());
    let line = said().unwrap();
    assert!(line.contains("before they are stored") && line.contains("100 ms"), "{line}");
    let info = house.client("reader").listen("jamey/info", 1).message().json();
    assert_eq!(info["durability"], "relaxed", "{info}");
    let mut sensor = house.client("sensor");
    assert!(sensor.publish(say("before")).taken());
    wait_until("it is stored", PATIENCE, || stored(&house, "before") == 1);
    let lock = nothing_commits(&house);
    assert!(sensor.publish(say("lost")).taken());
    house.kill9();
    drop(lock);
    house.start();
    assert_eq!((stored(&house, "before"), stored(&house, "lost")), (1, 0), "what was acknowledged within the last 100 ms is gone");
    // A stop that is asked for loses nothing.
    assert!(house.client("sensor").publish(say("last")).taken());
    house.stop();
    assert_eq!(stored(&house, "last"), 1);
}
