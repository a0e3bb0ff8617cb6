//! Promise: built with the feature `rumqttd`, Jamey starts it and is attached to it: it hears, judges what is asked, and answers there.
#![cfg(feature = "rumqttd")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use support::*;

const DEVICES: &str = "[[input]]\ntopic = \"sensors/{entity}/{kind}\"\n\
    [[device]]\nid = \"front\"\nclass = \"lock\"\ncommand_topic = \"locks/front/set\"\npayloads = { UNLOCK = \"unlock\" }\n\
    [[device]]\nid = \"lamp\"\nclass = \"light\"\ncommand_topic = \"lamps/lamp/set\"\npayloads = { ON = \"on\" }\n";

fn house_with_rumqttd(at: SocketAddr) -> House {
    let attached = format!("[attached]\naddress = \"{at}\"\nrumqttd = true\nfilters = [\"sensors/#\"]\n");
    Plan::default().enforce().config(&format!("{DEVICES}{attached}")).start()
}

/// Waits until Jamey is attached, later than `before`; gives since when.
fn is_there(house: &House, before: &str) -> String {
    let mut ear = house.client("ear").listen("jamey/bridge/attached", 1);
    loop {
        let state = ear.message().json();
        if state["state"] == "up" && state["since"] != before {
            return state["since"].as_str().unwrap().to_owned();
        }
    }
}

#[test]
fn what_is_asked_at_rumqttd_is_judged_and_answered_there() {
    let at = at(free_port());
    let mut house = house_with_rumqttd(at);
    let mut since = String::new();
    for round in 0..2 {
        since = is_there(&house, &since);
        let mut ear = dial(at, "ear").keep_alive(60).open();
        ear.subscribe(&[("locks/#", 1), ("lamps/#", 1), ("jamey/verdict/#", 1)]);
        let mut far = dial(at, "far").keep_alive(60).open();
        far.tell("sensors/door/contact", format!(r#"{{"id":"s{round}"}}"#));
        let heard = || house.count("select count(*) from memory_records where own_id = ?1", [format!("s{round}")]) == 1;
        wait_until("the sensor is remembered", PATIENCE, heard);
        far.tell("jamey/act/front/unlock", "{}");
        assert_eq!(ear.message_on("jamey/verdict/attached").json()["forwarded"], false);
        far.tell("jamey/act/lamp/on", "{}");
        assert_eq!(ear.message_on("lamps/lamp/set").text(), "ON");
        assert!(ear.rest().iter().all(|m| m.topic != "locks/front/set"));
        house.is_well();
        house.kill9();
        house.start();
    }
}

/// rumqttd keeps nothing on disk, so it is here in a process that stays, and another Jamey, attached to it, is killed.
#[test]
fn what_rumqttd_acknowledged_is_remembered_though_jamey_is_killed() {
    let at = at(free_port());
    let mut host = house_with_rumqttd(at);
    is_there(&host, "");
    let attached = format!("[attached]\naddress = \"{at}\"\nclient_id = \"second\"\nfilters = [\"sensors/#\"]\n");
    let mut second = Plan::default().enforce().config(&format!("root = \"second\"\n{DEVICES}{attached}")).start();
    let mut ear = second.client("ear").listen("second/bridge/attached", 1);
    while ear.message().json()["state"] != "up" {}
    let there: Place = Arc::new(Mutex::new(at));
    let told = restless("told", "sensors/door/contact", &there);
    let mut chance = Chance::seeded(11);
    for _ in 0..4 {
        let before = second.count("select count(*) from memory_records", []);
        wait_until("it hears", PATIENCE, || second.count("select count(*) from memory_records", []) > before + 20);
        std::thread::park_timeout(std::time::Duration::from_millis(chance.between(1, 60)));
        second.kill9();
        second.start();
    }
    let told = told.acknowledged();
    assert!(told.len() > 50, "too little was sent to mean anything: {}", told.len());
    let missing = |house: &House| {
        told.iter()
            .filter(|id| house.count("select count(*) from memory_records where own_id = ?1", [*id]) == 0)
            .cloned()
            .collect::<Vec<_>>()
    };
    wait_until("all is remembered", PATIENCE, || missing(&second).is_empty());
    second.is_well();
    host.is_well();
}
