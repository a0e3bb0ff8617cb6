//! Any topic and payload in a family's grammar is read without a panic, twice alike, within the limit, and never as less than its device.
#![no_main]

use jamey::{
    broker::guard::{GuardRules, Reading, coverage, is_guarded, read},
    domain::{Registry, limits},
    home_assistant::{Learned, learn, senses},
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const DOCUMENTS: [(&str, &str); 6] = [
    ("tasmota/discovery/84CCA849A3BC/config", r#"{"t":"pump","mac":"84CCA849A3BC","ft":"%prefix%/%topic%/","rl":[1,1]}"#),
    ("tasmota/discovery/84CCA849BBBB/config", r#"{"t":"plug","mac":"84CCA849BBBB","ft":"%prefix%/%topic%/","tp":["ask","say","tell"],"rl":[1,3,3]}"#),
    ("homeassistant/lock/esp/config", r#"{"command_topic":"esp/lock/front/command","object_id":"front"}"#),
    ("homeassistant/cover/gate/config", r#"{"command_topic":"shellyplus2pm-1/command/cover:0","device_class":"gate","object_id":"gate"}"#),
    ("homeassistant/cover/garage/config", r#"{"command_topic":"zwave/garage/102/0/targetState/set","device_class":"garage","object_id":"garage"}"#),
    ("homeassistant/lock/framed/config", r#"{"command_topic":"framed/set","command_template":"{\"state\": \"{{ value }}\"}","object_id":"framed"}"#),
];
/// What stands before the part that the fuzzer writes.
const BEGINNINGS: [&str; 14] = [
    "cmnd/pump/",
    "ask/plug/",
    "cmnd/",
    "esp/lock/front/",
    "n/cover/",
    "shellies/x/",
    "shellyplus2pm-1/command/",
    "shellyplus2pm-1/rpc",
    "zwave/garage/",
    "zwave/_CLIENTS/ZWAVE_GATEWAY-x/",
    "frigate/porch/",
    "framed/set",
    "tasmota/discovery/",
    "",
];

static HOUSE: LazyLock<(Registry, GuardRules)> = LazyLock::new(|| {
    let rules = GuardRules {
        owner: Vec::new(),
        zigbee_bases: vec!["zigbee2mqtt".into()],
        tasmota: true,
        esphome: true,
        shelly: true,
        zwave_js_ui: true,
        frigate: true,
    };
    let mut registry = Registry::default();
    rules.gateways().for_each(|claim| drop(registry.apply(claim)));
    for (topic, document) in DOCUMENTS {
        match learn(topic, document.as_bytes(), &["homeassistant".into()], &rules.zigbee_bases) {
            Ok(Learned::Claims(claims)) => claims.into_iter().for_each(|claim| drop(registry.apply(claim))),
            other => panic!("{topic} is to make a guard: {other:?}"),
        }
    }
    (registry, rules)
});

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let (registry, rules) = &*HOUSE;
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    let beginning = BEGINNINGS[usize::from(first & 0x7f) % BEGINNINGS.len()];
    let topic = format!("{beginning}{}", String::from_utf8_lossy(&rest[..end]));
    let payload = rest.get(end + 1..).unwrap_or_default();
    let retained = first & 0x80 != 0;
    let reading = read(registry, rules, &topic, payload, retained);
    match &reading {
        Reading::Unguarded => assert!(!is_guarded(registry, rules, &topic), "{topic} is guarded"),
        Reading::Passes => {}
        Reading::Requests(requests) => {
            assert!(is_guarded(registry, rules, &topic));
            assert!((1..=limits::REQUESTS_PER_PUBLISH).contains(&requests.len()), "{} requests", requests.len());
            assert!(requests.iter().all(|r| !r.verb.0.is_empty() && r.value.is_none_or(f64::is_finite)));
        }
    }
    assert_eq!(reading, read(registry, rules, &topic, payload, retained), "read twice, understood twice alike");
    // The same bytes as a description: whatever it claims, the guard goes on, and what is covered is told without a panic.
    let _ = senses("homeassistant/binary_sensor/x/config", payload, &["homeassistant".into()]);
    if let Ok(Learned::Claims(claims)) = learn("tasmota/discovery/84CCA849CCCC/config", payload, &[], &[]) {
        let mut more = registry.clone();
        claims.into_iter().for_each(|claim| drop(more.apply(claim)));
        assert!(matches!(read(&more, rules, &topic, payload, retained), Reading::Unguarded) <= matches!(reading, Reading::Unguarded));
        more.devices().for_each(|device| assert!(!coverage::of(&more, rules, device).is_empty()));
    }
});
