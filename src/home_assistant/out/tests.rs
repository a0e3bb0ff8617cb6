//! What Home Assistant takes: each key is in the schema of its platform, each id is unique, and no document is too long.

use super::{entity::Described, *};
use crate::domain::EntityId;
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;

fn shape() -> Shape {
    let text = str::to_owned;
    Shape { node: text("jamey"), root: text("jamey"), user: text("home_assistant"), version: text("0.1.0"), url: None, guard_switch: true }
}

fn pending(n: u128) -> Pending {
    Pending {
        id: Uuid::from_u128(n),
        nonce: "0".repeat(32),
        sha256: "1".repeat(64),
        requester: EntityId::new("node_red").unwrap(),
        what: "unlock Front door".into(),
    }
}

fn read(document: Option<Vec<u8>>) -> Value {
    serde_json::from_slice(&document.unwrap()).unwrap()
}

/// `homeassistant/components/mqtt/{schemas,config,PLATFORM}.py` of core 2025.4 and 2026.2: what is common to all.
const COMMON: &[&str] = &[
    "platform",
    "unique_id",
    "object_id",
    "default_entity_id",
    "name",
    "icon",
    "entity_category",
    "json_attributes_topic",
    "json_attributes_template",
    "qos",
    "~",
];
/// The same of each platform that is used.
const OWN: &[(&str, &[&str])] = &[
    (
        "sensor",
        &["state_topic", "value_template", "device_class", "state_class", "unit_of_measurement", "options", "suggested_display_precision"],
    ),
    ("binary_sensor", &["state_topic", "value_template", "device_class", "payload_on", "payload_off"]),
    ("event", &["state_topic", "value_template", "device_class", "event_types"]),
    ("button", &["command_topic", "command_template", "payload_press", "retain", "device_class"]),
    ("select", &["state_topic", "value_template", "command_topic", "command_template", "options"]),
    ("number", &["state_topic", "value_template", "command_topic", "command_template", "min", "max", "step", "mode"]),
    (
        "switch",
        &["state_topic", "value_template", "command_topic", "command_template", "payload_on", "payload_off", "state_on", "state_off"],
    ),
    ("notify", &["command_topic", "command_template"]),
    ("update", &["state_topic", "value_template", "title", "device_class"]),
];
/// Home Assistant refuses a document with any other key here.
const OF_DEVICE: &[&str] =
    &["identifiers", "name", "manufacturer", "model", "sw_version", "via_device", "suggested_area", "configuration_url"];

/// What is wrong with a document, in words.
fn wrong(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let keys = |of: &Value| of.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<BTreeSet<_>>();
    let mut only = |of: &Value, known: &[&str], what: &str| {
        wrong.extend(keys(of).into_iter().filter(|key| !known.contains(&key.as_str())).map(|key| format!("{what} has `{key}`")));
    };
    only(document, &["device", "origin", "availability_topic", "components"], "the document");
    only(&document["device"], OF_DEVICE, "the device");
    only(&document["origin"], &["name", "sw_version", "support_url"], "the origin");
    for (key, part) in document["components"].as_object().into_iter().flatten() {
        let platform = part["platform"].as_str().unwrap_or_default();
        let own = OWN.iter().find(|(name, _)| *name == platform).map_or(&[][..], |(_, keys)| keys);
        only(part, &[COMMON, own].concat(), &format!("{platform} {key}"));
        if part["state_class"].is_string() && part["options"].is_array() {
            only(part, &[], "an enum with a state class");
        }
        let class = part["device_class"].as_str();
        if (class == Some("enum")) != (platform == "sensor" && part["options"].is_array()) {
            only(part, &[], "options without the class enum, or the class without options,");
        }
    }
    wrong
}

fn all(shape: &Shape) -> Vec<Value> {
    let who = Described { id: EntityId::new("front.2fdoor-1").unwrap(), name: Some("Front door".into()), area: Some("Hall".into()) };
    let waiting: Vec<Pending> = (1..=12).map(pending).collect();
    vec![
        read(house(shape, &Gone::new())),
        read(approvals(shape, &waiting, &Gone::from([("approve_0".into(), "button".into())]))),
        read(entity(shape, &who)),
    ]
}

#[test]
fn every_key_is_one_that_its_platform_knows() {
    for document in all(&Shape { url: Some("http://192.168.1.2:8420/".into()), ..shape() }) {
        assert_eq!(wrong(&document), Vec::<String>::new());
    }
    let mut broken = read(house(&shape(), &Gone::new()));
    broken["device"]["mood"] = json!("good");
    broken["components"]["held"]["retained"] = json!(true);
    broken["components"]["mood"]["state_class"] = json!("measurement");
    assert!(wrong(&broken).len() >= 3, "the test sees what is wrong: {:?}", wrong(&broken));
}

#[test]
fn the_words_that_everybody_looks_for_are_there() {
    let document = read(house(&shape(), &Gone::new()));
    let (parts, device) = (&document["components"], &document["device"]);
    let plain = ["held", "denied_today", "silent", "last_backup", "guard", "alerts", "problem", "enforcing", "critical", "mood"];
    for key in plain {
        assert!(parts[key].is_object() && parts[key]["entity_category"].is_null(), "{key}");
    }
    for key in ["pleasure", "arousal", "dominance", "stability", "focus", "phi", "trusted", "distrusted", "verdicts_a_minute", "memory"] {
        assert_eq!(parts[key]["entity_category"], "diagnostic", "{key}");
    }
    for (key, topic) in [
        ("snapshot", "~/cmd/phoenix-snapshot"),
        ("drill", "~/cmd/phoenix-drill"),
        ("profile", "~/cmd/profile"),
        ("strictness", "~/cmd/strictness"),
    ] {
        assert_eq!((&parts[key]["command_topic"], &parts[key]["~"]), (&json!(topic), &json!("jamey")));
    }
    assert_eq!(parts["say"]["command_topic"], "~/in/home_assistant/say");
    assert_eq!(
        (&parts["held"]["default_entity_id"], &parts["held"]["unique_id"]),
        (&json!("sensor.jamey_held"), &json!("jamey_jamey_held"))
    );
    assert_eq!((&document["availability_topic"], &device["identifiers"][0]), (&json!("jamey/status"), &json!("jamey_jamey")));
    let other = read(house(&Shape { node: "the-attic".into(), root: "x/y".into(), ..shape() }, &Gone::new()));
    assert_eq!(other["components"]["held"]["default_entity_id"], "sensor.jamey_the_attic_held");
}

#[test]
fn the_guard_has_a_switch_only_where_the_owner_allows_it() {
    let switches = |guard_switch| {
        let document = read(house(&Shape { guard_switch, ..shape() }, &Gone::new()));
        document["components"].as_object().unwrap().values().filter(|part| part["platform"] == "switch").count()
    };
    assert_eq!((switches(false), switches(true)), (0, 1));
    let document = read(house(&shape(), &Gone::new()));
    assert_eq!(document["components"]["guard_switch"]["payload_on"], r#"{"mode":"enforce"}"#);
}

#[test]
fn a_press_answers_the_request_that_its_button_shows() {
    let waiting: Vec<Pending> = (1..=9).map(pending).collect();
    let document = read(approvals(&shape(), &waiting, &Gone::from([("deny_7f".into(), "button".into())])));
    let parts = document["components"].as_object().unwrap();
    assert_eq!(parts.len(), limits::BUTTONS * 2 + 1, "the oldest, and one that is gone");
    assert_eq!(parts["deny_7f"], json!({"platform": "button"}));
    let id = Uuid::from_u128(1);
    for (key, word, name) in [("approve", "approve", "Approve"), ("deny", "refuse", "Deny")] {
        let part = &parts[&format!("{key}_{}", id.simple())];
        assert_eq!(part["name"], format!("{name}: unlock Front door, asked by node_red"));
        assert_eq!(part["command_topic"], format!("~/approval/{id}/answer"));
        let press: Value = serde_json::from_str(part["payload_press"].as_str().unwrap()).unwrap();
        assert_eq!(press, json!({"id": id, "answer": word, "nonce": "0".repeat(32), "sha256": "1".repeat(64)}));
    }
}

#[test]
fn what_does_not_fit_on_a_button_whole_can_only_be_denied_there() {
    let beside = "Approve: , asked by node_red".len();
    for (chars, approvable) in [(120 - beside, true), (121 - beside, false)] {
        let one = Pending { what: "x".repeat(chars), ..pending(1) };
        let document = read(approvals(&shape(), &[one], &Gone::new()));
        let parts = document["components"].as_object().unwrap();
        let names: Vec<&str> = parts.values().map(|part| part["name"].as_str().unwrap()).collect();
        assert_eq!(names.iter().any(|name| name.starts_with("Approve")), approvable, "{names:?}");
        assert!(names.iter().any(|name| name.starts_with("Deny")), "{names:?}");
    }
}

#[test]
fn unique_ids_are_unique_over_all_documents_of_a_house() {
    let mut documents = all(&shape());
    for id in ["front_2fdoor--1", "held", "approvals", "a"] {
        documents.push(read(entity(&shape(), &Described { id: EntityId::new(id).unwrap(), name: None, area: None })));
    }
    let mut seen = BTreeSet::new();
    for part in documents.iter().flat_map(|d| d["components"].as_object().unwrap().values()).filter(|p| p["unique_id"].is_string()) {
        let id = part["unique_id"].as_str().unwrap();
        assert!(seen.insert(id.to_owned()), "{id} twice");
        assert!(part["default_entity_id"].as_str().unwrap().starts_with(&format!("{}.", part["platform"].as_str().unwrap())));
    }
    assert!(seen.len() > 60, "{}", seen.len());
}

#[test]
fn the_longest_that_a_config_permits_fits_and_one_byte_too_many_is_no_document() {
    let longest = Shape { node: "n".repeat(32), root: "r".repeat(380), user: "u".repeat(64), url: None, ..shape() };
    let waiting: Vec<Pending> = (0..8).map(|n| Pending { what: "x".repeat(500), ..pending(n) }).collect();
    let gone = (0..64).map(|n| (format!("approve_{n:032}"), "button".to_owned())).collect();
    let who = Described { id: EntityId::new(&"-".repeat(64)).unwrap(), name: Some("n".repeat(999)), area: Some("a".repeat(999)) };
    for document in [house(&longest, &Gone::new()), approvals(&longest, &waiting, &gone), entity(&longest, &who)] {
        let bytes = document.unwrap().len();
        assert!(bytes <= limits::DOCUMENT_BYTES, "{bytes}");
        println!("{bytes} bytes");
    }
    // A root so long that the document ends at the limit exactly: one more, and it goes without attributes; much more, and there is none.
    let with = |root: usize| house(&Shape { root: "r".repeat(root), ..shape() }, &Gone::new());
    let whole = |root| with(root).is_some_and(|document| read(Some(document))["components"]["guard"]["json_attributes_topic"].is_string());
    let last = (1..10_000).take_while(|root| whole(*root)).last().unwrap();
    let at_limit = with(last).unwrap().len();
    assert!(limits::DOCUMENT_BYTES - at_limit < 100, "{at_limit}");
    let shorter = with(last + 1).unwrap();
    assert!(shorter.len() < at_limit && read(Some(shorter))["components"]["guard"]["json_attributes_topic"].is_null());
    assert_eq!(with(10_000), None);
}

#[test]
fn what_stands_from_before_is_known_by_its_root() {
    let document = house(&shape(), &Gone::from([("old".into(), "sensor".into())])).unwrap();
    assert!(is_described_by("jamey", &document) && !is_described_by("other", &document) && !is_described_by("jamey", b"{}"));
    let parts = parts_of(&document);
    assert_eq!(parts.get("held").map(String::as_str), Some("sensor"));
    assert!(!parts.contains_key("old"), "gone already");
    assert_eq!(parts_of(b"not json"), Gone::new());
}

proptest! {
    #[test]
    fn whatever_the_names_are_the_document_is_one(node in "[a-z0-9_-]{1,32}", root in "\\PC{1,40}", what in "\\PC{0,200}", name in "\\PC{0,80}", id in "[a-z0-9_.-]{1,64}") {
        let shape = Shape { node, root: root.clone(), ..shape() };
        let who = Described { id: EntityId::new(&id).unwrap(), name: Some(name), area: None };
        let one = Pending { what, ..pending(3) };
        for document in [house(&shape, &Gone::new()), approvals(&shape, &[one], &Gone::new()), entity(&shape, &who)] {
            let bytes = document.unwrap();
            prop_assert!(is_described_by(&root, &bytes));
            prop_assert_eq!(wrong(&read(Some(bytes))), Vec::<String>::new());
        }
    }

    #[test]
    fn no_bytes_that_stand_somewhere_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (is_described_by("jamey", &bytes), parts_of(&bytes));
    }
}
