//! Promise: whatever bytes come, they are remembered, or refused with a reason; nothing is swallowed and nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use support::*;

/// domain/limits.rs: the largest body remembered, and the longest and deepest topic of an input.
const BODY_BYTES: usize = 256 * 1024;
const TOPIC_BYTES: usize = 512;
const TOPIC_LEVELS: usize = 16;

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = vec![];
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// How a topic's only memory was kept.
fn remembered(house: &House, topic: &str) -> Option<(String, Vec<u8>)> {
    let db = house.db();
    let mut rows = db.prepare("select body_kind, payload from memory_records where topic = ?1").unwrap();
    let mut all: Vec<(String, Vec<u8>)> =
        rows.query_map([topic], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert!(all.len() <= 1, "{topic} is there {} times", all.len());
    all.pop()
}

#[test]
fn a_body_of_every_kind_is_remembered_as_what_it_is() {
    let mut house = house();
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n)).into_bytes();
    let long_text = "x".repeat(BODY_BYTES).into_bytes();
    let reading = json!({"id": "r", "value": 21.5});
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("object", reading.to_string().into_bytes(), "json"),
        ("array", b"[1, 2]".to_vec(), "json"),
        ("spaced", b"  {\"a\" : 1}\r\n".to_vec(), "json"),
        ("cbor", cbor(&reading), "cbor"),
        ("number", b"21.5".to_vec(), "number"),
        ("negative", b"-0".to_vec(), "number"),
        ("exponent", b"1e3".to_vec(), "number"),
        ("endless", b"1e999".to_vec(), "text"),
        ("true", b"true".to_vec(), "bool"),
        ("false", b"false".to_vec(), "bool"),
        ("word", b"ON".to_vec(), "text"),
        ("umlaut", "Küche 🚪".as_bytes().to_vec(), "text"),
        ("broken", b"{\"a\":".to_vec(), "text"),
        ("nul", b"a\0b".to_vec(), "text"),
        ("blank", b" ".to_vec(), "text"),
        ("invalid", vec![0xff, 0xfe, 0x00], "bytes"),
        ("half-letter", vec![b'a', 0xc3], "bytes"),
        ("png", b"\x89PNG\r\n\x1a\n".to_vec(), "bytes"),
        ("empty", vec![], "empty"),
        ("deep", deep(64), "json"),
        ("deeper", deep(65), "text"),
        ("bottomless", deep(100_000), "text"),
        ("cbor-bottomless", vec![0x81; 100_000], "bytes"),
        ("limit", long_text, "text"),
        ("limit-bytes", vec![0xff; BODY_BYTES], "bytes"),
    ];
    for (v5, thing) in [(false, "old"), (true, "new")] {
        let dial = house.dial(thing);
        let mut speaker = if v5 { dial.v5().open() } else { dial.open() };
        let mut listener = house.client("listener").listen("jamey/in/#", 2);
        for (at, (kind, payload, _)) in cases.iter().enumerate() {
            let topic = format!("jamey/in/{thing}/{kind}");
            let sent = speaker.publish(Message::new(&topic, payload).qos(1 + u8::try_from(at % 2).unwrap()));
            assert!(sent.taken(), "{kind}: {sent:?}");
            assert!(listener.message().payload == *payload, "{kind} goes on byte for byte");
        }
        for (kind, payload, as_what) in &cases {
            let (body_kind, kept) =
                remembered(&house, &format!("jamey/in/{thing}/{kind}")).unwrap_or_else(|| panic!("{kind} is forgotten"));
            assert_eq!(&body_kind, as_what, "{kind}");
            assert!(kept == *payload, "{kind} is kept byte for byte");
        }
    }
    house.serves();
}

#[test]
fn cbor_is_known_by_its_content_type_too() {
    let house = house();
    let mut speaker = house.dial("speaker").v5().open();
    for (kind, content_type, expected) in
        [("said", "application/cbor", "cbor"), ("unsaid", "", "bytes"), ("wrong", "application/json; charset=utf-7", "bytes")]
    {
        // A CBOR byte string: nothing in it but its type tells that it is CBOR.
        let properties = Properties::default().text(property::CONTENT_TYPE, content_type);
        let message = Message::new(&format!("jamey/in/speaker/{kind}"), [0x43, 0xff, 0x00, 0xfe]).qos(1).with(properties);
        assert!(speaker.publish(message).taken());
        assert_eq!(remembered(&house, &format!("jamey/in/speaker/{kind}")).unwrap().0, expected);
    }
}

#[test]
fn a_quality_0_body_is_remembered_soon() {
    let house = house();
    house.client("speaker").publish(Message::new("jamey/in/speaker/hum", "50"));
    wait_until("it is remembered", PATIENCE, || remembered(&house, "jamey/in/speaker/hum").is_some());
}

#[test]
fn a_body_over_the_limit_is_refused_with_a_reason() {
    let mut house = house();
    let mut replies = house.client("replies").listen("jamey/reply/in", 1);
    for (v5, name) in [(false, "old"), (true, "new")] {
        for (kind, size) in [("one-over", BODY_BYTES + 1), ("megabyte", 1_000_000)] {
            for qos in 0..=2 {
                let topic = format!("jamey/in/{name}/{kind}-{qos}");
                let dial = house.dial(name);
                let mut speaker = if v5 { dial.v5().open() } else { dial.open() };
                let sent = speaker.publish(Message::new(&topic, vec![b'x'; size]).qos(qos));
                match &sent {
                    Sent::Code(0x80.., Some(reason)) => assert!(!reason.is_empty()),
                    Sent::Code(..) | Sent::Closed(_) => {
                        let reply = replies.message().json();
                        assert_eq!(reply["status"], "error", "{reply}");
                        assert!(reply["error"].as_str().is_some_and(|e| !e.is_empty()), "{reply}");
                    }
                    Sent::Nothing => panic!("{topic}: no answer"),
                }
                replies.rest();
                assert_eq!(remembered(&house, &topic), None, "{topic}");
            }
        }
    }
    house.serves();
}

#[test]
fn topics_of_every_kind() {
    let mut house = Plan::default().config("[[input]]\ntopic = \"deep/#\"\nentity = \"depth\"\n").start();
    let mut listener = house.client("listener");
    listener.subscribe(&[("deep/#", 1), ("plain/#", 1), ("jamey/in/#", 1)]);
    let mut speaker = house.dial("speaker").v5().open();
    let levels = |root: &str, n: usize| std::iter::once(root).chain(std::iter::repeat_n("x", n - 1)).collect::<Vec<_>>().join("/");
    let long = |n: usize| format!("deep/{}", "y".repeat(n - 5));
    let kept = [
        "jamey/in/küche/temperatur".to_owned(),
        "jamey/in/居間/温度".into(),
        "jamey/in/Living Room/Größe".into(),
        "jamey/in/$weird/#1".replace('#', "no"),
        format!("jamey/in/{}/x", "é".repeat(100)),
        "deep".into(),
        "deep/".into(),
        "deep//x".into(),
        levels("deep", TOPIC_LEVELS),
        long(TOPIC_BYTES),
    ];
    for topic in &kept {
        let sent = speaker.publish(Message::new(topic, "1").qos(1));
        assert!(sent.taken(), "{topic}: {sent:?}");
        assert_eq!(&listener.message().topic, topic);
        assert!(remembered(&house, topic).is_some(), "{topic} is remembered");
    }
    let not_kept = [
        levels("deep", TOPIC_LEVELS + 1),
        levels("deep", 64),
        levels("plain", 64),
        levels("plain", 65),
        long(TOPIC_BYTES + 1),
        "plain".into(),
    ];
    for topic in &not_kept {
        let sent = speaker.publish(Message::new(topic, "1").qos(1));
        // Passed on unremembered, or refused with a reason; never swallowed.
        if sent.taken() {
            assert_eq!(&listener.message().topic, topic);
        } else {
            assert!(matches!(sent, Sent::Code(0x80.., _)), "{topic}: {sent:?}");
        }
        assert_eq!(remembered(&house, topic), None, "{topic}");
    }
    for bad in ["jamey/in//x", "jamey/in/x/", "jamey/in/x", "jamey/in/a/b/c", &format!("jamey/in/{}/x", "a".repeat(TOPIC_BYTES))] {
        let sent = speaker.publish(Message::new(bad, "1").qos(1));
        assert!(matches!(sent, Sent::Code(0x80.., _)), "{bad}: {sent:?}");
        assert_eq!(remembered(&house, bad), None, "{bad}");
    }
    house.serves();
}

/// A value of some shape, out of what discovery documents are made of and what they are not.
fn strange(chance: &mut Chance, depth: u32) -> Value {
    const WORDS: [&str; 12] =
        ["~", "~/set", "", "a/#", "+", "$SYS/x", "jamey/status", "LOCK", "{{ value }}", "\u{0}", "🚪", "zigbee2mqtt/x/set"];
    const KEYS: [&str; 14] = [
        "~",
        "command_topic",
        "cmd_t",
        "state_topic",
        "stat_t",
        "device",
        "dev",
        "components",
        "cmps",
        "payload_on",
        "unique_id",
        "set_position_topic",
        "platform",
        "ids",
    ];
    match chance.between(0, if depth > 4 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => json!(chance.next().is_multiple_of(2)),
        2 => json!(chance.next()),
        3 => json!(-1.5e300),
        4 => json!(WORDS[usize::try_from(chance.between(0, 12)).unwrap()].repeat(usize::try_from(chance.between(1, 4)).unwrap())),
        5 => json!("w".repeat(usize::try_from(chance.between(0, 3_000)).unwrap())),
        6 => (0..chance.between(0, 6)).map(|_| strange(chance, depth + 1)).collect(),
        _ => {
            let n = chance.between(0, 9);
            let pairs = (0..n).map(|_| (KEYS[usize::try_from(chance.between(0, 14)).unwrap()].to_owned(), strange(chance, depth + 1)));
            Value::Object(pairs.collect::<Vec<_>>().into_iter().collect())
        }
    }
}

#[test]
fn strange_documents_from_a_seed_break_nothing() {
    let mut house = strict_house();
    let mut chance = Chance::seeded(7);
    let mut speaker = house.client("speaker");
    let topics = [
        "homeassistant/lock/x/config",
        "homeassistant/cover/node/x/config",
        "homeassistant/device/x/config",
        "homeassistant/climate/x/config",
        "homeassistant/nonsense/x/config",
        "homeassistant/config",
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/bridge/groups",
        "zigbee2mqtt/x/set",
        "zigbee2mqtt/bridge/request/device/remove",
        "jamey/in/x/y",
        "jamey/act/x/y",
        "jamey/memory/recall",
        "tele/x/STATE",
        "frigate/x/y",
    ];
    for round in 0..600 {
        let topic = topics[round % topics.len()];
        let mut payload = strange(&mut chance, 0).to_string().into_bytes();
        if round % 3 == 0 && !payload.is_empty() {
            let at = usize::try_from(chance.between(0, payload.len() as u64)).unwrap();
            payload[at] = chance.next().to_le_bytes()[0];
        }
        let sent = speaker.publish(Message::new(topic, &payload).qos(1));
        assert!(sent != Sent::Nothing, "{topic}: no answer to {:?}", String::from_utf8_lossy(&payload));
        if !sent.taken() {
            speaker = house.client("speaker");
        }
    }
    house.serves();
}
