//! Promise: where the engine strays from MQTT, its clients do not notice. Found by Eclipse's suite (tests/interop) and beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use support::{packet::Value, *};

#[test]
fn a_subscriber_gets_the_sender_s_properties_and_no_others() {
    let house = house();
    let mut properties = Properties::default().text(property::CONTENT_TYPE, "text/plain");
    for (key, value) in [("a", "2"), ("c", "3"), ("a", "4")] {
        properties.0.push((property::USER_PROPERTY, Value::Pair(key.into(), value.into())));
    }
    let user_properties = |m: &Message| m.properties.0.iter().filter(|(id, _)| *id == property::USER_PROPERTY).cloned().collect::<Vec<_>>();
    let expected = user_properties(&Message::new("", "").with(properties.clone()));
    let mut listener = house.dial("listener").v5().open().listen("said/#", 2);
    let will = Message::new("said/will", "gone").qos(1).with(properties.clone());
    let mut speaker = house.dial("speaker").v5().user("name", "secret").will(will).open();
    for qos in 0..=2 {
        assert!(speaker.publish(Message::new("said/x", "x").qos(qos).retained().with(properties.clone())).taken());
        assert_eq!(user_properties(&listener.message()), expected, "QoS {qos}");
    }
    speaker.vanish();
    assert_eq!(user_properties(&listener.message_on("said/will")), expected, "a will");
    let mut late = house.dial("late").v5().open().listen("said/x", 1);
    assert_eq!(user_properties(&late.message()), expected, "a retained value");
    house.client("old").tell("said/x", "from an old client");
    assert_eq!(user_properties(&listener.message()), []);
}

#[test]
fn a_connection_that_jamey_ends_ends_with_a_reason_under_version_5_and_without_a_word_under_3_1_1() {
    let house = house();
    for (what, bytes) in [
        ("a topic alias never given", packet::packet(0x30, b"\x00\x00\x03\x23\x00\x09x")),
        ("packet id 0", packet::packet(0x32, b"\x00\x01a\x00\x00\x00")),
        ("a topic with +", packet::publish(Version::V5, &Message::new("a/+", "x"))),
    ] {
        let mut c = house.dial("stranger").v5().open();
        c.send(&bytes);
        assert!(c.closes_within(PATIENCE), "{what}");
        assert!(matches!(c.farewell(), Some(0x80..)), "{what}: {:?}", c.farewell());
    }
    let mut old = house.client("same");
    let _young = house.client("same");
    assert!(old.closes_within(PATIENCE));
    assert_eq!(old.farewell(), None, "MQTT 3.1.1 knows no DISCONNECT from a broker");
}

#[test]
fn a_will_goes_to_no_wildcard() {
    let house = house();
    let mut listener = house.client("listener").listen("#", 0);
    for topic in ["#", "a/+", "+/b"] {
        for dial in [house.dial("strange"), house.dial("strange").v5()] {
            assert!(dial.will(Message::new(topic, "gone")).try_open().is_err(), "{topic}");
        }
    }
    assert!(listener.rest().iter().all(|m| m.topic.starts_with("jamey/") || m.topic.starts_with("homeassistant/device/jamey_jamey")));
}
