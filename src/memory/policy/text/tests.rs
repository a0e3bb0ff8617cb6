//! What memories say, as people would.

use super::*;
use crate::domain::{
    ActFacts, Body, DeviceClass, DeviceFacts, EntityId, Facts, Origin, Request, RequestFacts, Signals, Source, Timestamp, Unit01,
    ValueName, Verb, Verdict,
};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use uuid::Uuid;

fn id(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn percept(entity: &str, kind: &str, body: Body, purpose: Purpose) -> Percept {
    Percept {
        id: Uuid::nil(),
        at: Timestamp::default(),
        source: std::sync::Arc::new(Source {
            requester: EntityId::anonymous(),
            client_id: String::new(),
            user: None,
            address: String::new(),
            speaks_for_many: false,
            human: false,
            owner: false,
            role: String::new(),
        }),
        entity: id(entity),
        kind: kind.into(),
        topic: "a/b".into(),
        body,
        payload: Vec::new(),
        qos: 1,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose,
        may_wait: false,
        way_on: None,
    }
}

fn judged(claimed: &str, target: &str, verb: &str, decision: Decision) -> Judged {
    let request = Request { target: id(target), endpoint: None, verb: Verb(verb.into()), value: None, args: Map::new(), id: None };
    let facts = Facts {
        req: RequestFacts {
            entity: id(claimed),
            client: EntityId::anonymous(),
            role: String::new(),
            human: false,
            trust: Unit01::clamped(0.0),
            delegated: false,
            events: None,
            minute: None,
        },
        act: ActFacts { target: id(target), verb: verb.into(), value: None, args: Map::new(), retained: false, signed: false },
        dev: DeviceFacts {
            class: DeviceClass::Lock,
            area: String::new(),
            tags: Default::default(),
            state: String::new(),
            risk: Unit01::clamped(0.8),
            cmds_60s: 0,
            opposite_5s: 0,
            name: None,
        },
        ctx: Signals::default(),
        stress: Unit01::clamped(0.0),
    };
    let verdict = Verdict {
        decision,
        score: 0.0,
        theta_allow: 0.0,
        theta_deny: 0.0,
        uncertainty: Unit01::clamped(0.0),
        contributions: Vec::new(),
        reason: String::new(),
    };
    Judged { request, verdict, facts }
}

fn nobody(_: &EntityId) -> Known<'static> {
    Known::default()
}

/// What a percept on a topic says, of an entity that nobody described.
fn told(entity: &str, kind: &str, body: &str) -> String {
    text(&percept(entity, kind, Body::parse(body.as_bytes(), None), Purpose::Observation), &[], &nobody)
}

#[test]
fn events_read_as_one_would_say_them() {
    for (entity, kind, body, says) in [
        ("front_door", "contact", "true", "front_door closed"),
        ("front_door", "contact", "false", "front_door opened"),
        ("front_door", "contact", "open", "front_door opened"),
        ("front_door", "state", "UNLOCKED", "front_door unlocked"),
        ("hall", "motion", "1", "hall motion detected"),
        ("hall", "occupancy", "false", "hall no motion"),
        ("hall", "door", "ON", "hall door opened"),
        ("cellar", "water_leak", "true", "cellar water leak detected"),
        ("cellar", "smoke", "OFF", "cellar air clear"),
        ("cellar", "water_leak", "false", "cellar dry"),
        ("lamp", "state", "ON", "lamp turned on"),
        ("remote", "battery_low", "true", "remote battery low"),
        ("kitchen", "temperature", "21.5", "kitchen temperature 21.5"),
        ("kitchen_temperature", "temperature", "21.46000001", "kitchen_temperature 21.46"),
        ("kitchen", "humidity", "41", "kitchen humidity 41 %"),
        ("anna", "presence", "home", "anna presence detected"),
        ("plug", "availability", "offline", "plug went offline"),
        ("porch", "person", "2", "porch person detected"),
        ("porch", "person", "0", "porch no person"),
        ("image", "picture", "", "image cleared"),
        ("washer", "state", "rinsing", "washer state rinsing"),
        ("hall.2flamp", "state", "off", "hall/lamp (hall.2flamp) turned off"),
        ("kitchen", "say", "hello\n\t there", "kitchen said: hello there"),
        ("gate", "note", "a parcel came", "gate note: a parcel came"),
    ] {
        assert_eq!(told(entity, kind, body), says, "{entity}/{kind} {body}");
    }
    let image = percept("cam", "image", Body::Bytes(7), Purpose::Observation);
    assert_eq!(text(&image, &[], &nobody), "cam image 7 bytes");
}

#[test]
fn each_familys_reports_say_what_matters_first() {
    for (entity, kind, body, says) in [
        (
            "front_door",
            "state",
            json!({"battery": 97, "contact": false, "linkquality": 120, "voltage": 3000, "tamper": false, "battery_low": false}),
            "front_door opened, battery 97 %, voltage 3000",
        ),
        (
            "trv",
            "state",
            json!({"local_temperature": 20.5, "system_mode": "heat", "last_seen": "x", "update": {"state": "idle"}}),
            "trv local temperature 20.5, system mode heat",
        ),
        ("wall", "state", json!({"state_l1": "ON", "state_l2": "OFF"}), "wall l1 turned on, l2 turned off"),
        ("button", "state", json!({"action": "double", "battery": 50}), "button pressed double, battery 50 %"),
        ("plug", "state", json!({"Time": "x", "POWER1": "ON", "Wifi": {"RSSI": 100}, "UptimeSec": 5}), "plug turned on"),
        (
            "plug",
            "sensor",
            json!({"Time": "x", "ENERGY": {"Power": 42, "Voltage": 231, "Current": 0.2}}),
            "plug power 42 W, current 0.2, voltage 231",
        ),
        (
            "attic",
            "sensor",
            json!({"AM2301": {"Temperature": 21.3, "Humidity": 50}, "TempUnit": "C"}),
            "attic humidity 50 %, temperature 21.3 °C",
        ),
        (
            "shelly",
            "switch_0",
            json!({"id": 0, "source": "MQTT", "output": true, "apower": 8.9, "temperature": {"tC": 50.1, "tF": 122.2}}),
            "shelly turned on, power 8.9 W, temperature 50.1 °C",
        ),
        (
            "lock",
            "state",
            json!({"pin_code": "1234", "monkey": 1, "userPin": "99"}),
            "lock monkey 1, pin code (not kept), user pin (not kept)",
        ),
        ("deep", "state", json!({"link": {"q": 12}}), "deep q 12"),
    ] {
        assert_eq!(told(entity, kind, &body.to_string()), says);
    }
    let zwave = Percept {
        topic: "zwave/gate/sensor_binary/endpoint_0/Motion".into(),
        ..percept("gate", "sensor_binary", Body::Json(json!({"time": 5, "value": true})), Purpose::Observation)
    };
    assert_eq!(text(&zwave, &[], &nobody), "gate motion detected");
    assert_eq!(told("gate", "pin", "1234"), "gate pin (not kept)");
}

#[test]
fn descriptions_name_things_places_values_and_units() {
    let value =
        |name: Option<&str>, unit: Option<&str>, class: Option<&str>, on: Option<serde_json::Value>, off: Option<serde_json::Value>| {
            ValueName { name: name.map(str::to_owned), unit: unit.map(str::to_owned), class: class.map(str::to_owned), on, off }
        };
    let values: BTreeMap<String, ValueName> = [
        ("contact".to_owned(), value(None, None, Some("door"), Some(json!(false)), Some(json!(true)))),
        ("temperature".to_owned(), value(None, Some("°C"), Some("temperature"), None, None)),
        ("x1".to_owned(), value(Some("Water tank"), None, Some("moisture"), Some(json!("1")), Some(json!("0")))),
        ("state".to_owned(), value(None, None, None, Some(json!("LOCK")), Some(json!("UNLOCK")))),
    ]
    .into();
    let known = |_: &EntityId| Known { name: Some("Front door"), area: Some("Hall"), values: Some(&values) };
    let told = |kind: &str, body: serde_json::Value| text(&percept("front_door", kind, Body::of(&body), Purpose::Observation), &[], &known);
    assert_eq!(told("state", json!({"contact": false})), "Front door (front_door, hall) opened");
    assert_eq!(told("contact", json!(true)), "Front door (front_door, hall) closed");
    assert_eq!(told("temperature", json!(21.5)), "Front door (front_door, hall) temperature 21.5 °C");
    assert_eq!(told("state", json!({"x1": 1})), "Front door (front_door, hall) water tank water leak detected");
    assert_eq!(told("state", json!({"state": "UNLOCK"})), "Front door (front_door, hall) unlocked");
    let said = percept("bridge", "discovery", Body::Empty, Purpose::Discovery);
    let door = id("front_door");
    assert_eq!(
        describes(&said, "no actuator", [(&door, known(&door))].into_iter()),
        "anonymous describes devices on a/b: no actuator; Front door (front_door, hall) door state temperature Water tank"
    );
}

#[test]
fn facts_say_what_they_are_about_and_keep_no_secret() {
    assert_eq!(told("boiler", "fact", r#"{"about": "service", "text": "due in May"}"#), "boiler: service: due in May");
    assert_eq!(told("boiler", "fact", "stands in the cellar"), "boiler: stands in the cellar");
    assert_eq!(told("alarm", "fact", r#"{"about": "disarm code", "text": "4711"}"#), "alarm: disarm code: (not kept)");
    assert_eq!(told("boiler", "fact", r#"{"x": 1}"#), "boiler x 1");
}

#[test]
fn requests_tell_who_asked_for_what_and_the_verdict() {
    let asked = |judged: &[Judged]| {
        let purpose = Purpose::Requests { origin: Origin::Act, requests: judged.iter().map(|j| j.request.clone()).collect() };
        text(&percept("front_door", "unlock", Body::Empty, purpose), judged, &nobody)
    };
    assert_eq!(asked(&[judged("anonymous", "front_door", "unlock", Decision::Deny)]), "anonymous asked front_door to unlock: denied");
    let mut dim = judged("jane", "lamp", "set", Decision::Allow);
    dim.request.value = Some(40.0);
    dim.facts.dev.class = DeviceClass::Light;
    dim.facts.dev.name = Some("Reading lamp".into());
    dim.facts.dev.area = "Den".into();
    assert_eq!(
        asked(&[dim, judged("anonymous", "gate", "open", Decision::Escalate)]),
        "anonymous as jane asked Reading lamp (lamp, den) to set 40: allowed; anonymous asked gate to open: held for a person"
    );
    assert_eq!(asked(&[]), "anonymous asked on a/b");
}

#[test]
fn no_code_stands_in_a_text_however_it_was_said() {
    let told = |kind: &str, body| text(&percept("keypad", kind, body, Purpose::Observation), &[], &nobody);
    for (kind, body) in [
        ("code", Body::Number(1234.0)),
        ("userCode", Body::Text("1234".into())),
        ("pin", Body::Json(json!(["1234"]))),
        ("action", Body::Text("disarm 1234".into())),
        ("action", Body::Json(json!({"userCode": "1234", "action": "disarm"}))),
        ("action", Body::Json(json!({"PINCode": {"user": 1, "value": 1234}}))),
        ("say", Body::Json(json!({"text": "the pin is 1234"}))),
        ("fact", Body::Text("the pin is 1234".into())),
    ] {
        let told = told(kind, body);
        assert!(!told.contains("1234"), "{kind}: {told}");
    }
    let asked = |verb: &str, endpoint: Option<&str>| {
        let mut one = judged("jane", "front_door", verb, Decision::Allow);
        one.request.value = Some(1234.0);
        one.request.endpoint = endpoint.map(str::to_owned);
        let purpose = Purpose::Requests { origin: Origin::Act, requests: vec![one.request.clone()] };
        text(&percept("jane", "act", Body::Number(1234.0), purpose), &[one], &nobody)
    };
    for (verb, endpoint) in [("disarm", None), ("set", Some("pin_code")), ("setCode", None)] {
        assert!(asked(verb, endpoint).contains("(not kept): allowed"), "{}", asked(verb, endpoint));
    }
}

#[test]
fn one_byte_past_the_limit_is_left_out() {
    let long = |kind: &str, body| text(&percept("e", kind, body, Purpose::Observation), &[], &nobody).len();
    assert_eq!(long("k", Body::Text("x".repeat(limits::EVENT_BYTES - 4))), limits::EVENT_BYTES);
    assert_eq!(long("k", Body::Text("x".repeat(limits::EVENT_BYTES - 3))), limits::EVENT_BYTES);
    assert_eq!(long("say", Body::Text("x".repeat(limits::SAID_BYTES))), limits::SAID_BYTES);
    assert!(long("k", Body::Text("ü".repeat(10_000))) <= limits::EVENT_BYTES);
    assert!(long("k", Body::Json(json!(vec!["many words"; 10_000]))) <= limits::EVENT_BYTES);
}

proptest::proptest! {
    #[test]
    fn whatever_is_told_becomes_one_bounded_line_without_secrets(
        entity in "[a-z0-9_.-]{1,12}", kind in "[a-z_]{1,8}", key in "[A-Za-z_ ]{0,8}", body in proptest::prelude::any::<String>(), n in proptest::prelude::any::<f64>(),
    ) {
        for value in [json!({&key: body}), json!({"a": {&key: n}, "pinCode": "hidden77"}), json!([body, n]), json!(body)] {
            let said = text(&percept(&entity, &kind, Body::of(&value), Purpose::Observation), &[], &nobody);
            proptest::prop_assert!(said.len() <= limits::SAID_BYTES && !said.chars().any(char::is_control));
            proptest::prop_assert!(!said.contains("hidden77"));
        }
    }
}
