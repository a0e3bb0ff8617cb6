//! Promise: Home Assistant finds Jamey by itself: one device with plain words first, what waits as buttons that answer exactly what they show,
//! and nothing that is gone. Nobody else can describe Jamey, and Home Assistant is judged like anyone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use support::*;

const HOUSE: &str = "homeassistant/device/jamey_jamey/config";
const BUTTONS: &str = "homeassistant/device/jamey_jamey_-approvals/config";
const PASSWORD: &str = "correct horse battery";

/// What stands on a filter for one who comes now, by topic.
fn standing(client: &mut Mqtt, filter: &str) -> BTreeMap<String, Message> {
    client.subscribe(&[(filter, 1)]);
    let all = client.rest().into_iter().filter(|m| m.retain).map(|m| (m.topic.clone(), m)).collect();
    client.unsubscribe(filter);
    all
}

/// Waits until something stands there that is as it should be.
fn wait_for(client: &mut Mqtt, topic: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut found = Value::Null;
    wait_until(what, PATIENCE, || {
        found = standing(client, topic).get(topic).map_or(Value::Null, Message::json);
        !found.is_null() && is(&found)
    });
    found
}

fn part<'d>(document: &'d Value, name: &str) -> Option<(&'d String, &'d Value)> {
    document["components"].as_object()?.iter().find(|(_, part)| part["name"].as_str().is_some_and(|own| own.starts_with(name)))
}

#[test]
fn the_house_describes_itself_and_its_topics_have_what_is_described() {
    let house = house();
    let mut speaker = house.client("kitchen");
    speaker.tell("jamey/in/kitchen/temperature", "21");
    let mut client = house.client("newcomer");
    let document = wait_for(&mut client, HOUSE, "it is described", |_| true);
    assert_eq!(document["device"]["identifiers"], json!(["jamey_jamey"]));
    assert_eq!(document["availability"][0]["topic"], "jamey/status");
    let mut topics = Vec::new();
    for part in document["components"].as_object().unwrap().values() {
        topics
            .extend(part["state_topic"].as_str().filter(|t| !t.contains("/notice/")).map(|t| t.replace('~', part["~"].as_str().unwrap())));
    }
    topics.sort();
    topics.dedup();
    assert!(topics.len() >= 4, "{topics:?}");
    // The first figures of consciousness come after a while: their sensor is unknown until then.
    for topic in topics.iter().filter(|topic| *topic != "jamey/consciousness/phi") {
        wait_for(&mut client, topic, topic, |_| true);
    }
    let glance = wait_for(&mut client, "jamey/glance", "the kitchen is known", |glance| glance["entities"].as_u64() > Some(0));
    assert_eq!((&glance["v"], &glance["guard"], &glance["held"]), (&json!(1), &json!("observe"), &json!(0)));
    assert_eq!((&glance["last_backup"], &glance["last_drill"], &glance["newer"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(glance["version"], env!("CARGO_PKG_VERSION"));
    let keys = [
        "denied_today",
        "silent",
        "last_backup_hours",
        "coverage",
        "alerts",
        "problem",
        "critical",
        "trusted",
        "distrusted",
        "profile",
        "strictness",
    ];
    assert!(keys.iter().all(|key| glance.get(key).is_some()), "{glance}");
}

#[test]
fn nobody_else_describes_jamey() {
    let mut house = house();
    let mut forger = house.dial("forger").v5().open();
    let will = Message::new(HOUSE, "{}").retained();
    for topic in [HOUSE, BUTTONS, "homeassistant/device/jamey_jamey_lamp/config"] {
        for message in [Message::new(topic, "{}").qos(1), Message::new(topic, "").qos(1).retained()] {
            assert!(matches!(forger.publish(message), Sent::Code(0x87, _)), "{topic}");
        }
    }
    assert!(house.dial("ghost").v5().will(will).try_open().is_err(), "nor by a will");
    let other = Message::new("homeassistant/device/jamey_jamey2/config", "{\"components\":{}}").qos(1);
    assert!(forger.publish(other).taken(), "another Jamey describes itself");
    let mut client = house.client("newcomer");
    wait_for(&mut client, HOUSE, "it stands", |document| document["components"]["held"].is_object());
    house.serves();
}

#[test]
fn a_birth_brings_documents_and_states_again_and_a_second_one_soon_after_brings_nothing() {
    let house = house();
    let mut client = house.client("newcomer");
    wait_for(&mut client, HOUSE, "it is described", |_| true);
    wait_for(&mut client, "jamey/glance", "the glance stands", |_| true);
    let mut core = house.client("core").listen("homeassistant/device/#", 1).listen("jamey/glance", 1).listen("jamey/soul/emotion", 1);
    core.rest();
    core.tell("homeassistant/status", "online");
    for topic in [HOUSE, "jamey/glance", "jamey/soul/emotion"] {
        core.message_on(topic);
    }
    core.rest();
    core.tell("homeassistant/status", "online");
    assert!(core.rest().iter().all(|m| m.topic != HOUSE), "it was answered a moment ago");
}

#[test]
fn what_is_no_more_is_taken_back_after_a_change_of_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let start = |config: &str| Plan::default().config(config).data(folder.path()).start();
    let mut house = start("[home_assistant]\nguard_switch = true\n");
    let mut client = house.client("newcomer");
    let document = wait_for(&mut client, HOUSE, "it is described", |_| true);
    assert_eq!(document["components"]["guard_switch"]["platform"], "switch");
    // Not ours, though it looks like it: another root's.
    let others = document.to_string().replace("jamey/status", "elsewhere/status");
    assert!(client.publish(Message::new("homeassistant/device/jamey_other/config", others).qos(1).retained()).taken());
    house.stop();

    let mut house = start("");
    let mut client = house.client("newcomer");
    let document = wait_for(&mut client, HOUSE, "the switch is gone", |d| d["components"]["guard_switch"] == json!({"platform": "switch"}));
    assert!(document["components"]["held"]["state_topic"].is_string());
    house.stop();

    let mut house = start("node = \"attic\"\n");
    let mut client = house.client("newcomer");
    wait_for(&mut client, "homeassistant/device/jamey_attic/config", "it has its new name", |_| true);
    wait_until("and the old one is gone", PATIENCE, || !standing(&mut client, "homeassistant/#").contains_key(HOUSE));
    house.stop();

    let house = start("node = \"attic\"\n[home_assistant]\ndiscovery = false\n");
    let mut client = house.client("newcomer");
    let left = || standing(&mut client, "homeassistant/#").into_keys().collect::<Vec<_>>();
    let mut left = left;
    wait_until("nothing of ours is left", PATIENCE, || left() == ["homeassistant/device/jamey_other/config"]);
    wait_for(&mut client, "jamey/glance", "the glance is told all the same", |_| true);
}
