//! What holds for every message: groups, conflicts, clean-ups, limits, and whatever bytes come.

use super::*;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn every_attribute_of_a_body_is_a_request() {
    let mut all =
        asked("zigbee2mqtt/Living Room/Lamp/set", r#"{"state":"ON","brightness":200,"color":{"x":0.1},"effect":"blink","transition":3}"#);
    all.sort_by(|a, b| a.2.cmp(&b.2).then(a.3.partial_cmp(&b.3).unwrap()));
    let verbs: Vec<_> = all.iter().map(|(_, _, verb, value)| (verb.as_str(), *value)).collect();
    assert_eq!(verbs, [("on", None), ("set", None), ("set", None), ("set", Some(200.0))]);
    let (registry, rules) = house();
    let Reading::Requests(requests) =
        read(&registry, &rules, "zigbee2mqtt/blind/set", br#"{"id":"tx-1","position":50,"transition":3,"color":{"x":0.1}}"#, false)
    else {
        panic!()
    };
    assert!(requests.iter().all(|r| r.id.as_deref() == Some("tx-1")));
    assert_eq!(requests[0].args, *json!({"color": {"x": 0.1}, "transition": 3}).as_object().unwrap());
    assert_eq!(requests[1].args, *json!({"position": 50, "transition": 3}).as_object().unwrap());
}

#[test]
fn a_group_is_judged_by_its_members() {
    for topic in ["zigbee2mqtt/downstairs/set", "zigbee2mqtt/7/set"] {
        let mut all = asked(topic, "ON");
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let all: Vec<_> = all.iter().map(|(device, _, verb, _)| (device.as_str(), verb.as_str())).collect();
        assert_eq!(all, [("0x00000000000000ff", "on"), ("garage", "open"), ("living_room.2flamp", "on")], "{topic}");
    }
}

#[test]
fn a_group_that_bears_a_locks_name_does_not_hide_the_lock() {
    let (mut registry, rules) = house();
    let mut group = zigbee("front_door", "9", DeviceClass::Unknown);
    group.key = "zigbee2mqtt/bridge/groups#9".into();
    group.members = BTreeSet::from(["0x0000000000000011".into()]);
    registry.apply(group);
    let Reading::Requests(requests) = read(&registry, &rules, "zigbee2mqtt/front_door/set", b"UNLOCK", false) else { panic!() };
    assert!(requests.iter().any(|r| r.target == id("front_door") && r.verb.0 == "unlock"));
}

#[test]
fn conflicting_claims_are_all_asked() {
    let all = asked("esp/back_door/command", "UNLOCK");
    assert_eq!(all, [("back_door".into(), None, "unlock".into(), None), ("lock_impostor".into(), None, "on".into(), None)]);
    let all = asked("esp/back_door/command", "LOCK");
    assert_eq!(all[1].2, "unknown", "what one claim cannot read is not taken from the other");
}

#[test]
fn unguarded_topics_are_left_alone() {
    let (registry, rules) = house();
    for topic in [
        "zigbee2mqtt/front_door",
        "zigbee2mqtt/bridge/state",
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/bridge/config",
        "zigbee2mqtt/bridge/config/devices",
        "zigbee2mqtt/bridge/response/permit_join",
        "zigbee2mqtt/set",
        "zigbee2mqtt/settings/settle",
        "zigbee2mqttx/front_door/set",
        "zigbee2mqtt",
        "esp/back_door/state",
        "shed/lock/state",
        "attic/hatch",
        "",
        "/",
    ] {
        assert_eq!(read(&registry, &rules, topic, b"UNLOCK", false), Reading::Unguarded, "{topic}");
        assert!(!is_guarded(&registry, &rules, topic), "{topic}");
    }
}

#[test]
fn queries_modifiers_and_clean_ups_pass() {
    let (registry, rules) = house();
    for (topic, payload, retained) in [
        ("zigbee2mqtt/front_door/get", r#"{"state":""}"#, false),
        ("zigbee2mqtt/front_door/get/state", "", false),
        ("zigbee2mqtt/front_door/get/set", "UNLOCK", false),
        ("zigbee2mqtt/front_door/set", "", false),
        ("zigbee2mqtt/front_door/set", "{}", false),
        ("zigbee2mqtt/front_door/set", r#"{"transition":2}"#, false),
        ("zigbee2mqtt/front_door/set", "", true),
        ("zigbee2mqtt/front_door/set/state", "", true),
        ("esp/back_door/command", "", true),
        ("shed/lock", "", true),
    ] {
        assert_eq!(read(&registry, &rules, topic, payload.as_bytes(), retained), Reading::Passes, "{topic} {payload}");
    }
}

#[test]
fn an_empty_retained_message_that_acts_is_no_clean_up() {
    let (registry, rules) = house();
    for topic in ["bell/press", "zigbee2mqtt/bridge/request/restart", "zigbee2mqtt/front_door/set/factory_reset"] {
        assert!(matches!(read(&registry, &rules, topic, b"", true), Reading::Requests(_)), "{topic}");
    }
}

#[test]
fn one_request_past_the_limit_is_one_unknown_request_on_the_riskiest() {
    let (registry, rules) = house();
    let body = |n: usize| format!("{{{}}}", (0..n).map(|i| format!("\"a{i}\":1")).collect::<Vec<_>>().join(","));
    let read = |topic: &str, n| match read(&registry, &rules, topic, body(n).as_bytes(), false) {
        Reading::Requests(requests) => requests,
        other => panic!("{other:?}"),
    };
    assert_eq!(read("zigbee2mqtt/blind/set", limits::REQUESTS_PER_PUBLISH).len(), limits::REQUESTS_PER_PUBLISH);
    let over = read("zigbee2mqtt/blind/set", limits::REQUESTS_PER_PUBLISH + 1);
    assert_eq!((over.len(), over[0].verb.is_unknown(), over[0].target.as_str()), (1, true, "blind"));
    let group = read("zigbee2mqtt/downstairs/set", 60);
    assert_eq!((group.len(), group[0].target.as_str()), (1, "garage"));
}

#[test]
fn a_payload_past_the_limit_is_unknown() {
    let (registry, rules) = house();
    let big = format!("{{\"state\":\"LOCK\",\"x\":\"{}\"}}", "x".repeat(limits::BODY_BYTES));
    let Reading::Requests(requests) = read(&registry, &rules, "zigbee2mqtt/front_door/set", big.as_bytes(), false) else { panic!() };
    assert!(requests.len() == 1 && requests[0].verb.is_unknown());
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(5_000));
    let Reading::Requests(requests) = read(&registry, &rules, "zigbee2mqtt/front_door/set", long.as_bytes(), false) else { panic!() };
    assert!(requests[0].verb.is_unknown() && requests[0].args["x"].is_null());
}

#[test]
fn the_bridge_is_a_gateway_with_a_name_no_device_can_take() {
    let claim = bridge_claim("zigbee2mqtt");
    assert_eq!((claim.device.as_str(), claim.class), ("zigbee2mqtt.bridge", DeviceClass::Gateway));
    assert_ne!(EntityId::escaped("zigbee2mqtt.bridge"), claim.device);
    assert!(bridge_claim(&"b".repeat(100)).device.as_str().len() <= limits::ENTITY_BYTES);
}

proptest! {
    #[test]
    fn nothing_sent_panics_or_exceeds_the_limit(
        topic in prop_oneof![
            any::<String>(),
            "zigbee2mqtt/(front_door|downstairs|garage|bridge|[a-z/é]{0,6})/(set|get|request|[a-z/]{0,5})(/[a-z_/]{0,8})?",
            "(esp/back_door/command|esp/shutter/cmd|heater/temp/set|alarm/set|shed/x|attic/a/set)",
        ],
        payload in prop_oneof![
            any::<Vec<u8>>(),
            "\\PC{0,20}".prop_map(String::into_bytes),
            "\\{(\"(state|position|id|state_l1|x)\":(1e9|null|\"ON\"|-1|\\[\\]|\\{\\}),){0,5}\"y\":1\\}".prop_map(String::into_bytes),
        ],
        retained: bool,
    ) {
        let (registry, rules) = house();
        let reading = read(&registry, &rules, &topic, &payload, retained);
        match &reading {
            Reading::Requests(requests) => {
                prop_assert!(!requests.is_empty() && requests.len() <= limits::REQUESTS_PER_PUBLISH);
                prop_assert!(requests.iter().all(|r| r.value.is_none_or(f64::is_finite) && !r.verb.0.is_empty()));
                prop_assert!(is_guarded(&registry, &rules, &topic));
            }
            Reading::Unguarded => prop_assert!(!is_guarded(&registry, &rules, &topic)),
            Reading::Passes => {}
        }
        prop_assert_eq!(&reading, &read(&registry, &rules, &topic, &payload, retained));
    }
}
