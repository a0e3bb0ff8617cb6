//! What liveness promises, one entity at a time.

use super::{kinds::CARRIED, word::Word, *};
use crate::domain::{Body, Percept, Purpose, Source, limits};
use proptest::prelude::*;
use std::sync::Arc;
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

fn id(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn percept(kind: &str, payload: &str) -> Percept {
    Percept {
        id: Uuid::nil(),
        at: at(0),
        source: Arc::new(Source::own(id("sensor"), "sensor", "")),
        entity: id("sensor"),
        kind: kind.into(),
        topic: format!("jamey/in/sensor/{kind}"),
        body: Body::parse(payload.as_bytes(), None),
        payload: payload.into(),
        qos: 0,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
    }
}

fn word(kind: &str, payload: &str) -> Word {
    Word::of(&percept(kind, payload))
}

fn hears(life: &mut Life, seconds: i64, kind: &str, payload: &str) -> Heard {
    life.hear(&word(kind, payload), at(seconds), at(-1), false)
}

fn cbor(life: &Life) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(life, &mut out).unwrap();
    out
}

#[test]
fn one_kind_past_the_limit_shares_the_last_place() {
    let mut life = Life::default();
    for n in 0..limits::KINDS_OF_LIFE + 3 {
        hears(&mut life, i64::try_from(n).unwrap(), &format!("kind{n}"), "1");
    }
    assert!(life.is_sound());
    assert_eq!(life.kinds.len(), limits::KINDS_OF_LIFE);
}

#[test]
fn what_is_learned_is_small_and_comes_back_from_the_store_as_it_was() {
    let mut life = Life { via: Some(id("zigbee2mqtt.bridge")), ..Life::default() };
    for n in 0..500 {
        hears(&mut life, n * 3_300 + n % 7 * 40, "temperature", &format!("{{\"t\":{n},\"battery\":80,\"linkquality\":90}}"));
        hears(&mut life, n * 3_300 + n % 5 * 90, "humidity", &format!("{n}"));
    }
    let stored = cbor(&life);
    println!("{} bytes stored, {} + {} in memory", stored.len(), size_of::<Life>(), life.kinds.heap_bytes());
    assert!(stored.len() <= 460, "{}", stored.len());
    let back: Life = ciborium::from_reader(stored.as_slice()).unwrap();
    assert!(back == life && back.is_sound());
    let empty: Life = ciborium::from_reader([0xa0].as_slice()).unwrap();
    assert_eq!(empty, Life::default());
}

#[test]
fn a_rhythm_that_cannot_be_one_is_refused() {
    for (what, number, sound) in
        [("mean", 31.0, true), ("mean", 31.1, false), ("mean", -0.1, false), ("var", 962.0, false), ("seconds", -1.0, false)]
    {
        let life: Life = serde_json::from_value(serde_json::json!({"kinds": {"kinds": [{"of": 9, "rhythm": {what: number}}]}})).unwrap();
        assert_eq!(life.is_sound(), sound, "{what} {number}");
    }
}

#[test]
fn a_reading_that_stops_is_not_the_device_that_stops() {
    let mut life = Life::default();
    for minute in 0..240 {
        if minute < 120 {
            hears(&mut life, minute * 60, "temperature", &format!("{minute}"));
        }
        if minute % 10 == 0 {
            hears(&mut life, minute * 60, "uptime", &format!("{minute}"));
        }
    }
    // Looked for by the quicker one while that spoke, and by the slower one since.
    assert!((1_400.0..1_900.0).contains(&life.limit().unwrap()), "{:?}", life.limit());
}

#[test]
fn sleepers_that_say_farewell_are_missed_by_their_rhythm() {
    let mut life = Life::default();
    for n in 0..40 {
        hears(&mut life, n * 600, "availability", "online");
        hears(&mut life, n * 600 + 1, "temperature", &format!("{n}"));
        hears(&mut life, n * 600 + 10, "availability", "offline");
    }
    assert_eq!(life.state, Liveness::Offline);
    assert!(life.next.unwrap() > at(39 * 600 + 1_200), "not half a minute after it fell asleep");
}

#[test]
fn a_clock_that_was_never_set_is_no_clock() {
    let mut life = Life::default();
    for n in 0..30 {
        hears(&mut life, n * 60, "state", r#"{"Time":"1970-01-01T00:00:07","POWER":"ON"}"#);
    }
    assert!(life.state != Liveness::Replayed && life.limit().is_some());
}

#[test]
fn the_same_second_twice_is_two_words_where_they_differ() {
    let mut life = Life::default();
    hears(&mut life, 0, "result", r#"{"Time":"2026-11-18T11:06:40","POWER":"ON"}"#);
    assert!(hears(&mut life, 1, "result", r#"{"Time":"2026-11-18T11:06:40","POWER":"OFF"}"#).sign);
    assert!(!hears(&mut life, 9, "result", r#"{"Time":"2026-11-18T11:06:40","POWER":"OFF"}"#).sign);
    assert_eq!(life.state, Liveness::Replayed);
    // Clocks are set back in autumn.
    assert!(hears(&mut life, 60, "result", r#"{"Time":"2026-11-18T10:07:40","POWER":"OFF"}"#).sign);
}

#[test]
fn impossible_states_are_refused() {
    for bad in [Life { missed: 9, ..Life::default() }, Life { battery: Some(101), ..Life::default() }] {
        assert!(!bad.is_sound());
    }
    let mut life = Life::default();
    hears(&mut life, 0, "a", "1");
    hears(&mut life, 5, "a", "1");
    let mut value: ciborium::Value = ciborium::from_reader(cbor(&life).as_slice()).unwrap();
    spoil(&mut value);
    let mut bytes = Vec::new();
    ciborium::into_writer(&value, &mut bytes).unwrap();
    let read: Life = ciborium::from_reader(bytes.as_slice()).unwrap();
    assert!(!read.is_sound(), "a variance below 0");
}

/// Turns each variance in it round.
fn spoil(value: &mut ciborium::Value) {
    match value {
        ciborium::Value::Map(map) => {
            for (key, value) in map {
                if key.as_text() == Some("var") {
                    *value = ciborium::Value::Float(-1.0);
                }
                spoil(value);
            }
        }
        ciborium::Value::Array(items) => items.iter_mut().for_each(spoil),
        _ => {}
    }
}

proptest! {
    /// Whatever comes, whenever: what is kept is sound and bounded, limits are finite, and what was just heard is not gone.
    #[test]
    fn any_words_at_any_time_are_taken(words in proptest::collection::vec((0i64..5_000_000, 0usize..9, 0usize..6), 1..200)) {
        let mut life = Life::default();
        let mut now = 0;
        for (wait, kind, payload) in words {
            now += wait;
            let payload = ["1", "online", "offline", r#"{"battery":5,"ts":1795000000}"#, r#"{"Time":"x","linkquality":9999}"#, ""][payload];
            let kind = ["a", "b", "c", "d", "e", "f", "g", "availability", "status"][kind];
            if life.next.is_some_and(|next| next <= at(now)) {
                life.miss(at(now));
            }
            let heard = life.hear(&word(kind, payload), at(now), at(0), false);
            prop_assert!(!heard.sign || !life.state.is_gone());
            prop_assert!(life.is_sound());
            prop_assert!(life.limit().is_none_or(|limit| (30.0..6e6).contains(&limit)));
        }
        life.carry(at(now), at(0));
        prop_assert!(life.is_sound() && CARRIED > 0);
    }

    /// A longer record of the same clock never makes it later than three gaps.
    #[test]
    fn a_clock_is_missed_within_three_gaps(every in 20i32..90_000, words in 16i64..300) {
        let mut life = Life::default();
        let words = words.max(700 / i64::from(every) + 9);
        for n in 0..words {
            hears(&mut life, n * i64::from(every), "t", &format!("{n}"));
        }
        let limit = life.limit().unwrap();
        prop_assert!(limit <= 3.0 * f64::from(every), "{limit} for {every}");
    }
}
