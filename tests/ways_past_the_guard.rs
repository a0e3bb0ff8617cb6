//! Promise: there is no way round the verdict. Each test is a way past the guard that was once open.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::json;
use support::{
    packet::{self, Pub},
    zigbee::{DOOR, announce},
    *,
};

const SET: &str = "zigbee2mqtt/front_door/set";

/// The lock, as it listens for commands.
fn lock(house: &House) -> Mqtt {
    house.client("the_lock").listen("zigbee2mqtt/+/set", 1)
}

fn introduced(house: &House) {
    announce(&mut house.client("zigbee2mqtt"), &[DOOR]);
}

fn unlocks(messages: &[Message]) -> bool {
    messages.iter().any(|m| m.text().to_ascii_uppercase().contains("UNLOCK"))
}

#[test]
fn arguments_behind_a_safe_verb_are_judged_too() {
    let house = strict_house();
    introduced(&house);
    let mut lock = lock(&house);
    let mut asker = house.client("stranger");
    for smuggled in [json!({"state_l1": "UNLOCK"}), json!({"command": {"cluster": "closuresDoorLock", "command": "unlockDoor"}})] {
        assert!(asker.publish(Message::new("jamey/act/front_door/lock", smuggled.to_string()).qos(1)).taken());
        assert!(!unlocks(&lock.rest()), "{smuggled}");
    }
    assert!(asker.publish(Message::new("jamey/act/front_door/lock", "{}").qos(1)).taken());
    assert!(lock.message().text().contains("LOCK"), "a plain lock goes on");
}

#[test]
fn an_act_on_one_device_does_not_command_another() {
    let house = strict_house();
    introduced(&house);
    let mut lock = lock(&house);
    let mut all = house.client("all").listen("jamey/verdict/mallory", 1);
    let mut mallory = house.client("mallory");
    let hostile =
        |topic: &str| json!({"command_topic": topic, "payload_on": "UNLOCK", "object_id": "lamp", "unique_id": "lamp"}).to_string();
    for topic in [SET, "jamey/verdict/mallory", "homeassistant/lock/x/config", "$SYS/x"] {
        mallory.publish(Message::new("homeassistant/light/lamp/config", hostile(topic)).qos(1));
        mallory.publish(Message::new("jamey/act/lamp/on", "{}").qos(1));
    }
    assert!(!unlocks(&lock.rest()));
    assert!(all.rest().iter().all(|m| m.text().starts_with('{')), "nothing is forged below the root");
}

#[test]
fn a_qos_2_command_is_not_released_later_than_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = Plan::default().data(folder.path()).start();
    introduced(&house);
    let mut asker = house.dial("patient").persistent().open();
    let command = Message { id: 9, ..Message::new(SET, "UNLOCK").qos(2) };
    asker.post(command);
    assert!(asker.acked(PATIENCE, Pub::Rec, 9).taken());
    asker.vanish();
    house.stop();
    let house = Plan::default().enforce().data(folder.path()).start();
    let mut lock = lock(&house);
    let mut asker = house.dial("patient").persistent().open();
    asker.send(&packet::ack(Pub::Rel, 9));
    asker.acked(PATIENCE, Pub::Comp, 9);
    assert!(!unlocks(&lock.rest()), "PUBREL released a command that the guard holds now");
}

#[test]
fn a_command_retained_while_the_guard_observed_does_not_outlive_enforce() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = Plan::default().data(folder.path()).start();
    introduced(&house);
    assert!(house.client("stranger").publish(Message::new(SET, "UNLOCK").qos(1).retained()).taken());
    house.stop();
    let house = Plan::default().enforce().data(folder.path()).start();
    assert!(!unlocks(&lock(&house).rest()), "a retained command reaches every device that reconnects");
}

#[test]
fn a_description_that_cannot_be_taken_is_not_passed_on() {
    let house = strict_house();
    let mut home_assistant = house.client("home_assistant").listen("homeassistant/+/+/config", 1);
    home_assistant.message_on("homeassistant/device/jamey_jamey/config");
    let mut stranger = house.client("stranger");
    let deep = format!("{{\"command_topic\":\"x/set\",\"a\":{}1{}}}", "[".repeat(130), "]".repeat(130));
    for document in [deep, "{\"command_topic\":\"x/#\"}".to_owned(), "{broken".to_owned()] {
        assert!(stranger.publish(Message::new("homeassistant/lock/x/config", &document).qos(1)).taken());
        assert_eq!(home_assistant.rest(), [], "{}", document.chars().take(40).collect::<String>());
    }
    let will = Message::new("homeassistant/lock/x/config", "{\"command_topic\":\"x/set\"}");
    assert!(house.dial("dying").will(will).try_open().is_err(), "nor by a will");
}

#[test]
fn who_flags_each_command_as_a_repetition_is_judged_anew_at_every_fourth() {
    let house = strict_house();
    introduced(&house);
    let mut lock = lock(&house);
    let mut mallory = house.client("mallory");
    let command = Message { id: 9, ..Message::new(SET, "UNLOCK").qos(1) };
    let again = Message { dup: true, ..command.clone() };
    let all = std::iter::once(&command).chain(std::iter::repeat_n(&again, 40));
    mallory.send(&all.map(|message| packet::publish(Version::V311, message)).collect::<Vec<_>>().concat());
    for _ in 0..=40 {
        assert!(mallory.acked(PATIENCE, Pub::Ack, 9).taken());
    }
    assert_eq!(house.count("SELECT count(DISTINCT percept) FROM verdicts WHERE topic = ?1 AND repeat_of IS NULL", [SET]), 11);
    assert!(!unlocks(&lock.rest()));
}

#[test]
fn a_name_alone_brings_no_standing() {
    let house = Plan::default().enforce().config("[[entity]]\nid = \"anna\"\nowner = true\nhuman = true\n").start();
    introduced(&house);
    let mut lock = lock(&house);
    let mut thief = house.dial("thief").user("ANNA", "wrong").open();
    assert!(thief.publish(Message::new(SET, "UNLOCK").qos(1)).taken());
    assert!(!unlocks(&lock.rest()));
}

#[test]
fn a_sensor_that_sleeps_between_messages_is_heard_each_time() {
    let house = house();
    for told in ["true", "false", "true"] {
        let mut sensor = house.dial("smoke").persistent().open();
        sensor.post(Message { id: 1, ..Message::new("jamey/in/smoke/smoke", told).qos(1) });
        assert!(sensor.acked(PATIENCE, Pub::Ack, 1).taken());
        sensor.vanish();
    }
    assert_eq!(house.count("select count(*) from memory_records where entity = 'smoke'", []), 3);
}

#[test]
fn nobody_takes_the_place_of_jameys_own_client() {
    let house = house();
    let mut all = house.client("all").listen("jamey/status", 1);
    assert_eq!(all.message().text(), "online");
    for id in ["jamey-jamey", "jamey"] {
        house.client(id).disconnect();
    }
    assert!(all.rest().iter().all(|m| m.text() == "online"));
    assert!(house.dial("x").user("$jamey", "guess").try_open().is_err());
}
