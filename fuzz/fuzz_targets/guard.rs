//! A guarded topic is never read as unguarded, and a message never asks for nothing or for more than the limit.
#![no_main]

use jamey::{
    broker::guard::{GuardRules, Reading, is_guarded, read},
    domain::{Registry, limits},
    home_assistant::{Learned, learn},
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const DOCUMENTS: [(&str, &str); 5] = [
    (
        "homeassistant/lock/0x00158d0001a2b3c4/lock/config",
        r#"{"command_topic":"zigbee2mqtt/front_door/set","state_topic":"zigbee2mqtt/front_door","object_id":"front_door","unique_id":"0x00158d0001a2b3c4_lock_zigbee2mqtt","device":{"identifiers":["zigbee2mqtt_0x00158d0001a2b3c4"],"name":"front_door"}}"#,
    ),
    (
        "homeassistant/lock/shed/config",
        r#"{"command_topic":"shed/lock/command","payload_unlock":"AUF","code_format":"^\\d{4}$","object_id":"shed"}"#,
    ),
    (
        "homeassistant/cover/garage/config",
        r#"{"command_topic":"garage/set","set_position_topic":"garage/set","set_position_template":"{\"position\": {{ position }} }","device_class":"garage","object_id":"garage"}"#,
    ),
    (
        "homeassistant/climate/heat/config",
        r#"{"temperature_command_topic":"heat/to","mode_command_topic":"heat/mode","modes":["off","heat"],"object_id":"heat"}"#,
    ),
    ("homeassistant/button/bell/config", r#"{"command_topic":"bell/press","payload_press":"PRESS","object_id":"bell"}"#),
];
const TOPICS: [&str; 9] = [
    "zigbee2mqtt/front_door/set",
    "zigbee2mqtt/front_door/1/set/state",
    "zigbee2mqtt/0x00158d0001a2b3c4/set",
    "zigbee2mqtt/bridge/request/device/remove",
    "shed/lock/command",
    "garage/set",
    "heat/to",
    "heat/mode",
    "bell/press",
];

static HOUSE: LazyLock<(Registry, GuardRules)> = LazyLock::new(|| {
    let (prefixes, bases) = (["homeassistant".to_owned()], ["zigbee2mqtt".to_owned()]);
    let mut registry = Registry::default();
    for (topic, document) in DOCUMENTS {
        match learn(topic, document.as_bytes(), &prefixes, &bases) {
            Ok(Learned::Claims(claims)) => claims.into_iter().for_each(|claim| drop(registry.apply(claim))),
            other => panic!("{topic} is to make a guard: {other:?}"),
        }
    }
    (registry, GuardRules { zigbee_bases: bases.into(), ..GuardRules::default() })
});

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let (registry, rules) = &*HOUSE;
    let retained = first & 0x80 != 0;
    // Beyond the known topics, the topic is the fuzzer's too.
    let (topic, payload) = match TOPICS.get(usize::from(first & 0x7f) % (TOPICS.len() + 1)) {
        Some(topic) => ((*topic).to_owned(), rest),
        None => {
            let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            (String::from_utf8_lossy(&rest[..end]).into_owned(), rest.get(end + 1..).unwrap_or_default())
        }
    };
    let reading = read(registry, rules, &topic, payload, retained);
    match &reading {
        Reading::Unguarded => assert!(!is_guarded(registry, rules, &topic), "{topic} is guarded"),
        Reading::Passes => {}
        Reading::Requests(requests) => {
            assert!(is_guarded(registry, rules, &topic));
            assert!((1..=limits::REQUESTS_PER_PUBLISH).contains(&requests.len()), "{} requests", requests.len());
        }
    }
    assert_eq!(reading, read(registry, rules, &topic, payload, retained), "read twice, understood twice alike");
});
