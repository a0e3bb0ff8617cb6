//! Promise: what descriptions call things is how memories call them, also after a restart, and it goes with whom it names; a newer fact takes the
//! older one's place. Through the mind and the store, on real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
use alive::{Alive, Who};
use jamey::{
    app,
    domain::{Change, EntityId, Input, Layer, Outcome, OwnersWord, Percept, Purpose, Registry, Says, Timestamp, limits},
    mind::{Mind, State},
    soul::Soul,
    store::{Batch, Entry, Reader, Store},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

fn house() -> Alive {
    Alive::new("", Timestamp::read("2026-11-25T12:00:00Z").unwrap())
}

fn tell(house: &mut Alive, topic: &str, payload: &Value) -> String {
    let payload = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
    let outcome = house.publish(&Who::bridge("zigbee2mqtt"), topic, payload.as_bytes(), false);
    outcome.record.unwrap().text
}

fn describe(house: &mut Alive) {
    let door = json!({"name": null, "state_topic": "zigbee2mqtt/front_door", "value_template": "{{ value_json.contact }}", "device_class": "door",
        "payload_on": false, "payload_off": true, "device": {"name": "Front door", "suggested_area": "Hall"}});
    tell(house, "homeassistant/binary_sensor/0x1/contact/config", &door);
    let own = json!({"state_topic": "jamey/in/kitchen/temperature", "unit_of_measurement": "°C", "name": "Kitchen temperature"});
    let text = tell(house, "homeassistant/sensor/kitchen/config", &own);
    assert!(text.contains("kitchen"), "{text}");
}

fn says_so(house: &mut Alive) {
    assert_eq!(tell(house, "zigbee2mqtt/front_door", &json!({"contact": false, "linkquality": 9})), "Front door (front_door, hall) opened");
    assert_eq!(tell(house, "jamey/in/kitchen/temperature", &json!("21.5")), "kitchen temperature 21.5 °C");
}

#[test]
fn memories_call_things_as_descriptions_do_also_after_a_restart() {
    let mut house = house();
    assert_eq!(tell(&mut house, "zigbee2mqtt/front_door", &json!({"contact": false})), "front_door opened");
    describe(&mut house);
    says_so(&mut house);
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let named = |changes: Vec<Change>| changes.into_iter().filter(|c| matches!(c, Change::Names { .. })).collect::<Vec<_>>();
    let changes = named(house.mind.take_changes());
    assert_eq!(changes.len(), 2);
    store.write(&Batch { changes, at: house.now, ..Batch::default() }).unwrap();
    describe(&mut house);
    assert_eq!(named(house.mind.take_changes()), [], "what was said before is no change");
    let saved = store.load().unwrap();
    let state = State::restored(house.now, Registry::default(), Soul::new(), BTreeMap::new(), [], BTreeMap::new()).with_names(saved.names);
    let sets = app::rules::sets(&house.config).unwrap();
    house.mind = Mind::new(app::settings(&house.config).unwrap(), sets.live, state);
    says_so(&mut house);

    // It is forgotten with whom it names.
    let front_door = EntityId::new("front_door").unwrap();
    let word = OwnersWord {
        id: Uuid::from_u128(1),
        at: house.now,
        by: "anna".into(),
        about: front_door.clone(),
        says: Says::Forget,
        transaction: None,
    };
    house.mind.step(&Input::Word(Box::new(word)));
    assert_eq!(tell(&mut house, "zigbee2mqtt/front_door", &json!({"contact": false})), "front_door opened");
    let changes = house.mind.take_changes().into_iter().filter(|c| matches!(c, Change::Forget(_))).collect();
    store.write(&Batch { changes, at: house.now, ..Batch::default() }).unwrap();
    let left: Vec<_> = store.load().unwrap().names.into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, [EntityId::new("kitchen").unwrap()]);
}

#[test]
fn one_name_past_the_limit_is_not_kept_and_words_are_no_authority() {
    let mut house = house();
    for from in (0..=limits::NAMED).step_by(512) {
        let list: Vec<Value> = (from..(from + 512).min(limits::NAMED + 1))
            .map(|n| json!({"ieee_address": format!("0x{n:016x}"), "friendly_name": format!("Thing {n}"), "definition": null}))
            .collect();
        tell(&mut house, "zigbee2mqtt/bridge/devices", &json!(list));
    }
    let named = house.mind.take_changes().into_iter().filter(|c| matches!(c, Change::Names { .. })).count();
    assert_eq!(named, limits::NAMED);
    assert_eq!(house.mind.registry().devices().filter(|d| d.id.as_str().starts_with("thing")).count(), 0, "a name guards nothing");
}

fn entry(n: u64, entity: &str, kind: &str, topic: &str, purpose: Purpose, outcome: Outcome) -> Entry {
    let id = Uuid::from_u64_pair(((1_795_000_000_000 + n) << 16) | 0x7000, (1 << 63) | n);
    let percept = Percept { id, kind: kind.into(), purpose, ..alive::percept(entity, topic, b"x") };
    Entry { percept: Box::new(percept), outcome, lets_on: true, again: false }
}

#[test]
fn a_newer_fact_takes_the_older_ones_place_and_so_does_a_description() {
    let mut house = house();
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut entries = Vec::new();
    for (n, said) in [
        json!({"about": "Service  day", "text": "the boiler is serviced in May"}),
        json!("stands in the cellar"),
        json!({"about": "service day", "text": "the boiler is serviced in June"}),
        json!("stands in the attic"),
    ]
    .iter()
    .enumerate()
    {
        let payload = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        let outcome = house.publish(&Who::client("anna"), "jamey/in/boiler/fact", payload.as_bytes(), false);
        let record = outcome.record.as_ref().unwrap();
        assert_eq!(record.layer, Layer::LongTerm, "{record:?}");
        assert_eq!(record.about.as_deref(), Some(if said.is_string() { "" } else { "service day" }));
        entries.push(entry(n as u64, "boiler", "fact", "jamey/in/boiler/fact", Purpose::Observation, outcome));
    }
    let topic = "homeassistant/sensor/x/config";
    for n in 10..12 {
        let outcome = house.publish(&Who::client("z"), topic, b"{\"state_topic\": \"zigbee2mqtt/x\"}", false);
        assert_eq!(outcome.record.as_ref().unwrap().about.as_deref(), Some(topic));
        entries.push(entry(n, "z", "discovery", topic, Purpose::Discovery, outcome));
    }
    let event = house.publish(&Who::client("anna"), "jamey/in/boiler/say", b"it drips", false);
    assert_eq!(event.record.unwrap().about, None, "an event is no fact");
    let at = house.now;
    store.write(&Batch { entries, at, ..Batch::default() }).unwrap();
    let rows = Reader::open(folder.path()).unwrap().records(20, None).unwrap();
    let stand: Vec<&str> = rows.iter().filter(|row| row.superseded_by.is_none()).map(|row| row.record.text.as_str()).collect();
    assert_eq!(stand.len(), 3, "{stand:?}");
    assert!(stand.iter().any(|text| text.contains("June")) && stand.iter().any(|text| text.contains("attic")), "{stand:?}");
    assert_eq!(rows.len(), 6, "the older ones are still there");
}
