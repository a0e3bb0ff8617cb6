//! The guard's promises: real topics and payloads, each with the requests it must become.

mod families;
mod laws;

use super::*;
use crate::domain::{Claim, Command, Family, TopicFilter};
use std::collections::{BTreeMap, BTreeSet};

const LOCK: &str = "0x00158d0001e2a3b4";

fn id(text: &str) -> EntityId {
    EntityId::new(text).unwrap()
}

fn claim(family: Family, device: &str, class: DeviceClass, commands: &[(&str, CommandShape)]) -> Claim {
    Claim {
        key: format!("test/{device}"),
        device: EntityId::escaped(device),
        name: None,
        class,
        area: None,
        tags: BTreeSet::new(),
        risk: None,
        family,
        aliases: BTreeSet::new(),
        members: BTreeSet::new(),
        commands: commands
            .iter()
            .map(|(topic, shape)| Command { topic: (*topic).into(), role: "command_topic".into(), shape: shape.clone() })
            .collect(),
        state_topic: None,
    }
}

fn zigbee(name: &str, address: &str, class: DeviceClass) -> Claim {
    let topics = [format!("zigbee2mqtt/{name}/set"), format!("zigbee2mqtt/{address}/set")];
    let commands: Vec<_> = topics.iter().map(|t| (t.as_str(), CommandShape::Attributes)).collect();
    let mut claim = claim(Family::Zigbee2mqtt, name, class, &commands);
    claim.aliases = BTreeSet::from([name.into(), address.into()]);
    claim
}

fn words(list: &[(&str, &str)]) -> CommandShape {
    CommandShape::Words { words: list.iter().map(|(p, v)| ((*p).into(), (*v).into())).collect::<BTreeMap<_, _>>() }
}

fn position() -> CommandShape {
    CommandShape::Number { verb: "position".into() }
}

fn house() -> (Registry, GuardRules) {
    let mut registry = Registry::default();
    let lock_words = words(&[("LOCK", "lock"), ("UNLOCK", "unlock")]);
    let mut group = zigbee("downstairs", "7", DeviceClass::Unknown);
    group.members = BTreeSet::from(["0x0000000000000011".into(), "0x0000000000000012".into(), "0x00000000000000ff".into()]);
    for claim in [
        zigbee("front_door", LOCK, DeviceClass::Lock),
        zigbee("Living Room/Lamp", "0x0000000000000011", DeviceClass::Light),
        zigbee("garage", "0x0000000000000012", DeviceClass::Garage),
        zigbee("blind", "0x0000000000000013", DeviceClass::Cover),
        zigbee("wall_switch", "0x0000000000000014", DeviceClass::Switch),
        zigbee("trv", "0x0000000000000015", DeviceClass::Climate),
        group,
        bridge_claim("zigbee2mqtt"),
        claim(Family::HomeAssistant, "back_door", DeviceClass::Lock, &[("esp/back_door/command", lock_words.clone())]),
        claim(Family::HomeAssistant, "lock_impostor", DeviceClass::Light, &[("esp/back_door/command", words(&[("UNLOCK", "on")]))]),
        claim(
            Family::HomeAssistant,
            "shutter",
            DeviceClass::Cover,
            &[("esp/shutter/cmd", words(&[("OPEN", "open"), ("CLOSE", "close")])), ("esp/shutter/cmd", position())],
        ),
        claim(
            Family::HomeAssistant,
            "heater",
            DeviceClass::Climate,
            &[
                ("heater/temp/set", CommandShape::Number { verb: "set".into() }),
                ("heater/mode/set", CommandShape::Choice { verb: "mode".into(), argument: "mode".into() }),
            ],
        ),
        claim(Family::HomeAssistant, "bell", DeviceClass::Unknown, &[("bell/press", CommandShape::Press { verb: "press".into() })]),
        claim(Family::HomeAssistant, "odd", DeviceClass::Unknown, &[("odd/set", CommandShape::Opaque)]),
        claim(
            Family::HomeAssistant,
            "alarm",
            DeviceClass::AlarmPanel,
            &[("alarm/set", words(&[("ARM_AWAY", "arm"), ("DISARM", "disarm")]))],
        ),
        claim(Family::HomeAssistant, "gate", DeviceClass::Gate, &[("gate/cmd", words(&[("PUSH", "toggle")]))]),
    ] {
        assert_ne!(registry.apply(claim), crate::domain::Applied::Full);
    }
    let owner = |filter: &str, device: Option<&str>, shape| OwnerGuard {
        filter: TopicFilter::new(filter).unwrap(),
        except: vec![TopicFilter::new("shed/+/state").unwrap()],
        device: device.map(id),
        class: DeviceClass::Lock,
        area: None,
        tags: BTreeSet::new(),
        risk: None,
        shape,
    };
    let rules = GuardRules {
        owner: vec![
            owner("shed/#", Some("shed"), lock_words),
            owner("attic/+/set", None, CommandShape::Opaque),
            owner("odd/set", Some("odd"), words(&[("7", "open"), ("t", "toggle")])),
        ],
        zigbee_bases: vec!["zigbee2mqtt".into(), "zigbee2mqtt/upstairs".into(), "z/2".into()],
        tasmota: true,
        esphome: true,
        shelly: true,
        zwave_js_ui: true,
        frigate: true,
    };
    (registry, rules)
}

/// (device, endpoint, verb, value) for each request.
fn asked(topic: &str, payload: &str) -> Vec<(String, Option<String>, String, Option<f64>)> {
    let (registry, rules) = house();
    match read(&registry, &rules, topic, payload.as_bytes(), false) {
        Reading::Requests(requests) => {
            assert!(is_guarded(&registry, &rules, topic), "{topic}");
            let retained = read(&registry, &rules, topic, payload.as_bytes(), true);
            if !payload.is_empty() {
                assert_eq!(retained, Reading::Requests(requests.clone()), "retained: the conscience refuses it, not the guard");
            }
            requests.into_iter().map(|r| (r.target.to_string(), r.endpoint, r.verb.0, r.value)).collect()
        }
        other => panic!("{topic} {payload}: {other:?}"),
    }
}

#[test]
fn one_message_asks_for_one_thing() {
    let lock: &str = "zigbee2mqtt/front_door/set";
    for (topic, payload, device, endpoint, verb, value) in [
        // The same lock by its name, its address, and attribute by attribute.
        (lock, r#"{"state":"UNLOCK"}"#, "front_door", None, "unlock", None),
        (lock, r#"{"state":"lock"}"#, "front_door", None, "lock", None),
        (lock, "UNLOCK", "front_door", None, "unlock", None),
        (lock, "UNLOC\u{212a}", "front_door", None, "unlock", None),
        (lock, "TOGGLE", "front_door", None, "unlock", None),
        (lock, r#"{"lock_state":"unlocked"}"#, "front_door", None, "unlock", None),
        ("zigbee2mqtt/0x00158d0001e2a3b4/set", r#"{"state":"UNLOCK"}"#, "front_door", None, "unlock", None),
        ("zigbee2mqtt/0x00158D0001E2A3B4/set/state", "UNLOCK", "front_door", None, "unlock", None),
        ("zigbee2mqtt/front_door/set/state", "\"UNLOCK\"", "front_door", None, "unlock", None),
        ("zigbee2mqtt/front_door/1/set", "UNLOCK", "front_door", Some("1"), "unlock", None),
        ("zigbee2mqtt/front_door/set", r#"{"state":"UNLOCK","transition":2}"#, "front_door", None, "unlock", None),
        ("zigbee2mqtt/front_door/set/pin_code", r#"{"user":1}"#, "front_door", None, "set", None),
        // What cannot be read there is unknown.
        (lock, "1234", "front_door", None, "unknown", None),
        (lock, "\"UNLOCK\"", "front_door", None, "unknown", None),
        (lock, "open sesame", "front_door", None, "unknown", None),
        (lock, r#"{"state":null}"#, "front_door", None, "unknown", None),
        (lock, r#"[{"state":"UNLOCK"}]"#, "front_door", None, "unknown", None),
        (lock, r#"{"state":"UNLOCK""#, "front_door", None, "unknown", None),
        (lock, r#"{"command":{"cluster":"closuresDoorLock","command":"unlockDoor"}}"#, "front_door", None, "unknown", None),
        ("zigbee2mqtt/front_door/set/", "UNLOCK", "front_door", None, "unknown", None),
        ("zigbee2mqtt/front_door/set/state", "", "front_door", None, "unknown", None),
        ("zigbee2mqtt/front_door/set/get", "1", "front_door", None, "set", Some(1.0)),
        // Endpoints, and names with slashes.
        ("zigbee2mqtt/Living Room/Lamp/set", "ON", "living_room.2flamp", None, "on", None),
        ("zigbee2mqtt/Living Room/Lamp/set/brightness", "200", "living_room.2flamp", None, "set", Some(200.0)),
        ("zigbee2mqtt/wall_switch/left/set", "ON", "wall_switch", Some("left"), "on", None),
        ("zigbee2mqtt/wall_switch/set", r#"{"state_l1":"OFF"}"#, "wall_switch", Some("l1"), "off", None),
        ("zigbee2mqtt/wall_switch/set/state_right", "toggle", "wall_switch", Some("right"), "toggle", None),
        // Covers.
        ("zigbee2mqtt/blind/set", r#"{"position":0}"#, "blind", None, "close", Some(0.0)),
        ("zigbee2mqtt/blind/set", r#"{"position":100}"#, "blind", None, "open", Some(100.0)),
        ("zigbee2mqtt/blind/set/position", "40", "blind", None, "set", Some(40.0)),
        ("zigbee2mqtt/blind/set", r#"{"position":"x"}"#, "blind", None, "unknown", None),
        ("zigbee2mqtt/blind/set", "on", "blind", None, "open", None),
        ("zigbee2mqtt/garage/set", r#"{"position":1}"#, "garage", None, "open", Some(1.0)),
        ("zigbee2mqtt/garage/set", r#"{"position":-1}"#, "garage", None, "unknown", Some(-1.0)),
        ("zigbee2mqtt/garage/set", "ON", "garage", None, "open", None),
        ("zigbee2mqtt/garage/set", "OFF", "garage", None, "off", None),
        ("zigbee2mqtt/garage/set", "TOGGLE", "garage", None, "open", None),
        ("zigbee2mqtt/trv/set", r#"{"system_mode":"off"}"#, "trv", None, "off", None),
        ("zigbee2mqtt/trv/set/system_mode", "heat", "trv", None, "mode", None),
        ("zigbee2mqtt/trv/set", r#"{"occupied_heating_setpoint":21.5}"#, "trv", None, "set", Some(21.5)),
        // Devices nobody described keep the right verb.
        ("zigbee2mqtt/Cellar Door/set", r#"{"state":"UNLOCK"}"#, "cellar_door", None, "unlock", None),
        ("zigbee2mqtt/cellar/l2/set", "OPEN", "cellar", Some("l2"), "open", None),
        ("zigbee2mqtt/a/b/set", "OPEN", "a.2fb", None, "open", None),
        ("z/2/x/set", "CLOSE", "x", None, "close", None),
        ("zigbee2mqtt/upstairs/lamp/set", "ON", "lamp", None, "on", None),
        ("zigbee2mqtt/bridge_lamp/set", "ON", "bridge_lamp", None, "on", None),
        // The administrator's acts.
        ("zigbee2mqtt/bridge/request/permit_join", r#"{"time":254}"#, "zigbee2mqtt.bridge", None, "permit_join", Some(254.0)),
        ("zigbee2mqtt/bridge/request/device/remove", r#"{"id":"front_door"}"#, "zigbee2mqtt.bridge", None, "device_remove", None),
        ("zigbee2mqtt/bridge/request/restart", "", "zigbee2mqtt.bridge", None, "restart", None),
        ("zigbee2mqtt/bridge/request/group/members/add", "{}", "zigbee2mqtt.bridge", None, "group_members_add", None),
        ("zigbee2mqtt/bridge/request/Ünknown", "", "zigbee2mqtt.bridge", None, "unknown", None),
        ("zigbee2mqtt/bridge/request", "", "zigbee2mqtt.bridge", None, "unknown", None),
        ("zigbee2mqtt/bridge/config/permit_join", "true", "zigbee2mqtt.bridge", None, "config_permit_join", None),
        ("zigbee2mqtt/bridge/group/My Lamps/add", "lamp", "zigbee2mqtt.bridge", None, "group_add", None),
        ("zigbee2mqtt/upstairs/bridge/request/restart", "", "zigbee2mqtt.2fupstairs.bridge", None, "restart", None),
        // Shapes that discovery declared.
        ("esp/shutter/cmd", "OPEN", "shutter", None, "open", None),
        ("esp/shutter/cmd", "40", "shutter", None, "open", Some(40.0)),
        ("esp/shutter/cmd", "0", "shutter", None, "close", Some(0.0)),
        ("esp/shutter/cmd", "stop", "shutter", None, "stop", None),
        ("heater/temp/set", " 21.5 ", "heater", None, "set", Some(21.5)),
        ("heater/temp/set", "inf", "heater", None, "unknown", None),
        ("heater/temp/set", "warm", "heater", None, "unknown", None),
        ("heater/mode/set", "heat", "heater", None, "mode", None),
        ("heater/mode/set", "off", "heater", None, "off", None),
        ("heater/mode/set", "", "heater", None, "unknown", None),
        ("bell/press", "whatever", "bell", None, "press", None),
        ("bell/press", "", "bell", None, "press", None),
        ("alarm/set", "ARM_AWAY", "alarm", None, "arm", None),
        ("alarm/set", "disarm", "alarm", None, "unknown", None),
        ("gate/cmd", "PUSH", "gate", None, "open", None),
        // The owner's guards.
        ("shed/lock", "UNLOCK", "shed", None, "unlock", None),
        ("shed/lock", "unlock", "shed", None, "unknown", None),
        ("attic/hatch/set", "x", "attic.2fhatch.2fset", None, "unknown", None),
        ("odd/set", "7", "odd", None, "open", None),
        ("odd/set", "t", "odd", None, "unlock", None),
    ] {
        assert_eq!(asked(topic, payload), [(device.into(), endpoint.map(str::to_owned), verb.into(), value)], "{topic} {payload}");
    }
}

#[test]
fn what_a_template_made_is_read_and_nothing_else_in_its_place() {
    let framed =
        |before: &str, after: &str, within| CommandShape::Framed { before: before.into(), after: after.into(), within: Box::new(within) };
    let mut registry = Registry::default();
    let lock = framed("{\"state\": \"", "\"}", words(&[("LOCK", "lock"), ("UNLOCK", "unlock")]));
    let mode = framed("{\"mode\": \"", "\"}", CommandShape::Choice { verb: "mode".into(), argument: "mode".into() });
    registry.apply(claim(Family::HomeAssistant, "door", DeviceClass::Lock, &[("t/lock", lock)]));
    registry.apply(claim(Family::HomeAssistant, "heat", DeviceClass::Climate, &[("t/mode", mode)]));
    registry.apply(claim(Family::HomeAssistant, "blind", DeviceClass::Cover, &[("t/pos", framed("{\"position\": ", " }", position()))]));
    let verb = |topic: &str, payload: &str| match read(&registry, &GuardRules::default(), topic, payload.as_bytes(), false) {
        Reading::Requests(requests) => requests[0].verb.0.clone(),
        other => panic!("{other:?}"),
    };
    for (topic, payload, expected) in [
        ("t/lock", "{\"state\": \"UNLOCK\"}", "unlock"),
        ("t/lock", "{\"state\": \"LOCK\"}", "lock"),
        ("t/lock", "UNLOCK", "unknown"),
        ("t/lock", "{\"state\":\"UNLOCK\"}", "unknown"),
        ("t/lock", "{\"state\": \"LOCK\", \"state\": \"UNLOCK\"}", "unknown"),
        ("t/mode", "{\"mode\": \"heat\"}", "mode"),
        ("t/mode", "{\"mode\": \"heat\",\"door\":\"open\"}", "unknown"),
        ("t/pos", "{\"position\": 40 }", "open"),
        ("t/pos", "{\"position\": 0 }", "close"),
        ("t/pos", "{\"position\": 0, \"x\": 1 }", "unknown"),
    ] {
        assert_eq!(verb(topic, payload), expected, "{topic} {payload}");
    }
}
