//! Promise: a family's devices are judged whatever way they are commanded, their states are not held, and what they tell becomes the house's signals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use std::process::Command;
use support::*;

fn announced(house: &House) {
    let mut tasmota = house.client("tasmota");
    let pump =
        json!({"t": "pump", "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"], "mac": "84CCA849A3BC", "dn": "Pump", "rl": [1, 1]});
    assert!(tasmota.publish(Message::new("tasmota/discovery/84CCA849A3BC/config", pump.to_string()).qos(1).retained()).taken());
    let gate = json!({"cmd_t": "cmnd/drive/POWER1", "pl_open": "ON", "pl_cls": "ON", "dev_cla": "garage", "obj_id": "drive_gate"});
    assert!(tasmota.publish(Message::new("homeassistant/cover/drive/config", gate.to_string()).qos(1).retained()).taken());
}

fn jamey(house: &House, args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_jamey")).args(args).arg("--data").arg(house.data()).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn every_way_to_open_the_gate_is_judged_as_opening_it() {
    let house = strict_house();
    announced(&house);
    let mut gate = house.client("gate").listen("cmnd/#", 1);
    let mut asker = house.dial("stranger").v5().open().listen("jamey/verdict/stranger", 1);
    for (topic, payload) in [
        ("cmnd/drive/POWER1", "ON"),
        ("cmnd/drive/power", "toggle"),
        ("cmnd/drive/POWER0", "1"),
        ("cmnd/drive/Backlog", "Delay 5; Power1 On"),
        ("cmnd/drive/ShutterOpen", ""),
    ] {
        asker.publish(Message::new(topic, payload).qos(1));
        let verdict = loop {
            let verdict = asker.message().json();
            if verdict["request"]["target"] == "drive_gate" {
                break verdict;
            }
        };
        assert_eq!((&verdict["request"]["verb"], verdict["decision"] == "allow"), (&json!("open"), false), "{topic} {payload}: {verdict}");
    }
    // What the device tells is on its way as ever.
    let mut ear = house.client("ear").listen("stat/#", 1);
    house.client("drive").tell("stat/drive/RESULT", "{\"POWER1\":\"ON\"}");
    assert_eq!(ear.message().topic, "stat/drive/RESULT");
    assert_eq!(gate.rest(), [], "nothing reached the gate");
}

#[test]
fn rules_and_firmware_are_the_administrators() {
    let house = strict_house();
    announced(&house);
    let mut asker = house.dial("stranger").v5().open().listen("jamey/verdict/stranger", 1);
    for (topic, payload, verb) in [
        ("cmnd/pump/Rule1", "ON x DO Publish zigbee2mqtt/front_door/set UNLOCK ENDON", "rule1"),
        ("shellyplus1-a/rpc", "{\"id\":1,\"method\":\"Script.PutCode\",\"params\":{\"id\":1,\"code\":\"x\"}}", "script_putcode"),
        ("zwave/_CLIENTS/ZWAVE_GATEWAY-x/api/startInclusion/set", "{\"args\":[]}", "start_inclusion"),
        ("frigate/restart", "", "restart"),
    ] {
        asker.publish(Message::new(topic, payload).qos(1));
        let verdict = asker.message().json();
        assert_eq!((&verdict["request"]["verb"], verdict["decision"] == "allow"), (&json!(verb), false), "{topic}: {verdict}");
        assert!(verdict["request"]["target"].as_str().unwrap().ends_with(".admin"), "{verdict}");
    }
}

const SMOKE: &str = "[[signal]]\nname = \"smoke\"\ncombine = \"any\"\n[[signal.from]]\ntopic = \"zigbee2mqtt/hall_smoke\"\nfield = \"smoke\"\n\
    [[signal.from]]\ntopic = \"attic/smoke\"\ntrue_when = [\"FIRE\"]\n[[device]]\nid = \"siren\"\nclass = \"siren\"\n";

/// What the signal `smoke` was when somebody asked for something.
fn smoke(house: &House) -> Value {
    let mut asker = house.dial("asker").v5().open().listen("jamey/verdict/asker", 1);
    asker.publish(Message::new("jamey/act/lamp/on", "{}").qos(1));
    let verdict = asker.message().json();
    let percept = verdict["percept"].as_str().unwrap().replace('-', "");
    let signals: String = house
        .db()
        .query_row("SELECT signals FROM verdicts JOIN contexts ON contexts.id = context WHERE hex(percept) = upper(?1)", [percept], |row| {
            row.get(0)
        })
        .unwrap();
    serde_json::from_str::<Value>(&signals).unwrap()["smoke"].clone()
}

#[test]
fn any_detector_makes_smoke_and_a_restart_forgets_nothing() {
    let mut house = Plan::default().config(SMOKE).start();
    assert_eq!(smoke(&house), json!([false, false]), "nobody said anything yet");
    let mut devices = house.client("zigbee2mqtt");
    let mut tell = |topic: &str, payload: &str| assert!(devices.publish(Message::new(topic, payload).qos(1)).taken());
    tell("zigbee2mqtt/hall_smoke", "{\"smoke\":false,\"battery\":90}");
    assert_eq!(smoke(&house), json!([false, true]));
    tell("attic/smoke", "FIRE");
    assert_eq!(smoke(&house), json!([true, true]));
    tell("zigbee2mqtt/hall_smoke", "{\"smoke\":false}");
    assert_eq!(smoke(&house), json!([true, true]), "one of them still says so");
    house.kill9();
    house.start();
    assert_eq!(smoke(&house), json!([true, true]));
    assert!(house.client("attic").publish(Message::new("attic/smoke", "clear").qos(1)).taken());
    assert_eq!(smoke(&house), json!([false, true]));
}

#[test]
fn signals_are_proposed_from_what_announced_itself_and_nothing_is_applied() {
    let house = house();
    let document = json!({"dev_cla": "smoke", "stat_t": "zigbee2mqtt/hall", "val_tpl": "{{ value_json.smoke }}", "pl_on": true, "pl_off": false, "name": "Hall"});
    let mut bridge = house.client("zigbee2mqtt");
    assert!(bridge.publish(Message::new("homeassistant/binary_sensor/hall/config", document.to_string()).qos(1).retained()).taken());
    let said = jamey(&house, &["device", "signals"]);
    assert!(said.contains("[[signal]]\nname = \"smoke\"") && said.contains("topic = \"zigbee2mqtt/hall\"\nfield = \"smoke\""), "{said}");
    assert!(bridge.publish(Message::new("zigbee2mqtt/hall", "{\"smoke\":true}").qos(1)).taken());
    assert_eq!(smoke(&house), json!([false, false]), "until the owner pastes it, nothing feeds it");
    let gone = bridge.publish(Message::new("homeassistant/binary_sensor/hall/config", "").qos(1).retained());
    assert!(gone.taken());
    assert!(jamey(&house, &["device", "signals"]).contains("# No sensor"));
}
