//! Promise: a client finds what MQTT 3.1.1 and 5 say a broker does, on one port; and what it was promised survives a restart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{collections::BTreeSet, time::Duration};
use support::*;

/// What the engine writes behind without fsync is on its way within this time (250 ms).
const WRITE_BEHIND: Duration = Duration::from_secs(1);
/// The largest packet, as domain/limits.rs has it.
const PACKET_BYTES: usize = 2 * 1024 * 1024;

#[test]
fn a_message_arrives_at_the_lower_of_both_qualities() {
    let house = house();
    for version in ["3.1.1", "5"] {
        for asked in 0..=2 {
            let dial = |id: &str| if version == "5" { house.dial(id).v5() } else { house.dial(id) };
            let mut listener = dial("listener").open().listen("quality/#", asked);
            let mut speaker = dial("speaker").open();
            for sent in 0..=2 {
                let payload = format!("{version} {sent} {asked}");
                assert!(speaker.publish(Message::new("quality/x", &payload).qos(sent)).taken());
                let heard = listener.message();
                assert_eq!((heard.text(), heard.qos), (payload, sent.min(asked)));
                assert!(!heard.retain && !heard.dup, "{heard:?}");
            }
            assert_eq!(listener.rest(), [], "each came once");
        }
    }
}

#[test]
fn messages_of_one_sender_keep_their_order() {
    let house = house();
    let mut listener = house.client("listener").listen("order/#", 1);
    let mut speaker = house.client("speaker");
    for n in 0..500 {
        speaker.post(Message::new("order/x", n.to_string()).qos(1));
    }
    let heard: Vec<String> = listener.messages(500).iter().map(Message::text).collect();
    assert_eq!(heard, (0..500).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn both_versions_talk_to_each_other_and_properties_pass() {
    let house = house();
    let mut old = house.client("old").listen("mixed/#", 1);
    let mut new = house.dial("new").v5().open().listen("mixed/#", 1);
    let properties = Properties::default()
        .text(property::CONTENT_TYPE, "application/json")
        .text(property::RESPONSE_TOPIC, "mixed-answers")
        .bytes(property::CORRELATION_DATA, b"\x00\xff7");
    assert!(new.publish(Message::new("mixed/a", "{}").qos(1).with(properties.clone())).taken());
    assert_eq!(old.message().text(), "{}");
    let heard = new.message();
    for (id, value) in &properties.0 {
        assert_eq!(heard.properties.get(*id), Some(value), "property {id:#04x}");
    }
    old.tell("mixed/b", "from the old one");
    assert_eq!(new.message().text(), "from the old one");
}

#[test]
fn a_will_is_sent_when_a_connection_breaks_and_not_after_goodbye() {
    let house = house();
    let mut listener = house.client("listener").listen("will/#", 1);
    let with_will = |id: &str, dial: Dial| dial.will(Message::new(&format!("will/{id}"), "gone").qos(1).retained()).open();
    with_will("polite", house.dial("polite")).disconnect();
    with_will("polite5", house.dial("polite5").v5()).disconnect();
    with_will("torn", house.dial("torn")).vanish();
    with_will("torn5", house.dial("torn5").v5()).vanish();
    // DISCONNECT with 0x04 asks for the will (MQTT 5, section 3.14.2.1).
    with_will("asking5", house.dial("asking5").v5()).disconnect_with(0x04);
    let heard: BTreeSet<String> = listener.messages(3).into_iter().map(|m| m.topic).collect();
    assert_eq!(heard, BTreeSet::from(["will/torn".into(), "will/torn5".into(), "will/asking5".into()]));
    assert_eq!(listener.rest(), []);
    let mut late = house.client("late").listen("will/torn", 1);
    assert!(late.message().retain, "a retained will is retained");
}

#[test]
fn a_client_that_falls_silent_is_let_go_and_its_will_is_sent() {
    let house = house();
    let mut listener = house.client("listener").listen("will/#", 1);
    let mut silent = house.dial("silent").keep_alive(1).will(Message::new("will/silent", "gone")).open();
    let mut alive = house.dial("alive").keep_alive(1).open();
    wait_until("the silent one is let go", Duration::from_secs(8), || {
        assert!(alive.ping(), "a client that pings in time stays");
        silent.closes_within(Duration::from_millis(200))
    });
    assert_eq!(listener.message().topic, "will/silent");
    assert!(alive.ping());
}

#[test]
fn a_second_connection_with_the_same_id_takes_over() {
    let house = house();
    let mut first = house.dial("same").v5().open();
    let mut second = house.dial("same").v5().open().listen("takeover", 1);
    assert!(first.closes_within(PATIENCE));
    assert!(matches!(first.farewell(), None | Some(0x8e)), "the reason of a takeover is 0x8E: {:?}", first.farewell());
    second.tell("takeover", "mine");
    assert_eq!(second.message().text(), "mine");
    let mut old = house.client("same3");
    let mut young = house.client("same3");
    assert!(old.closes_within(PATIENCE));
    assert!(young.ping());
}

#[test]
fn a_retained_value_meets_who_comes_later_and_says_so() {
    let house = house();
    let mut speaker = house.client("speaker");
    let mut live = house.client("live").listen("kept/#", 1);
    assert!(speaker.publish(Message::new("kept/a", "first").qos(1).retained()).taken());
    assert!(speaker.publish(Message::new("kept/a", "second").qos(1).retained()).taken());
    assert!(live.messages(2).iter().all(|m| !m.retain), "to who is there it is news, not a retained value");
    let mut late = house.client("late").listen("kept/#", 1);
    let heard = late.message();
    assert_eq!((heard.text().as_str(), heard.retain), ("second", true));
    assert!(speaker.publish(Message::new("kept/a", "").qos(1).retained()).taken());
    assert_eq!(live.message().text(), "", "clearing is told too");
    let mut later = house.client("later").listen("kept/#", 1);
    assert_eq!(later.rest(), [], "a cleared value is gone");
}

#[test]
fn version_5_says_how_retained_values_are_wanted() {
    let house = house();
    let mut speaker = house.dial("speaker").v5().open();
    assert!(speaker.publish(Message::new("handled/a", "v").qos(1).retained()).taken());
    let mut c = house.dial("c").v5().open();
    c.subscribe(&[("handled/#", 0x21)]); // retain handling 2: never
    assert_eq!(c.rest(), []);
    c.subscribe(&[("handled/#", 0x11)]); // 1: only for a new subscription
    assert_eq!(c.rest(), []);
    c.unsubscribe("handled/#");
    c.subscribe(&[("handled/#", 0x19)]); // 1, and retain as published
    assert!(c.message().retain);
    assert!(speaker.publish(Message::new("handled/a", "w").qos(1).retained()).taken());
    assert!(c.message().retain, "retain as published");
    c.subscribe(&[("handled/#", 0x05)]); // no local
    c.rest();
    c.tell("handled/b", "my own");
    assert_eq!(c.rest(), [], "no local");
}

#[test]
fn a_shared_subscription_gives_each_message_to_one_member() {
    let house = house();
    let mut members: Vec<Mqtt> = (0..3).map(|n| house.client(&format!("member{n}")).listen("$share/group/jobs/#", 1)).collect();
    let mut outside = house.client("outside").listen("jobs/#", 1);
    let mut speaker = house.client("speaker");
    for n in 0..90 {
        speaker.tell("jobs/x", n.to_string());
    }
    assert_eq!(outside.messages(90).len(), 90);
    let shares: Vec<Vec<String>> = members.iter_mut().map(|m| m.rest().iter().map(Message::text).collect()).collect();
    let all: BTreeSet<&String> = shares.iter().flatten().collect();
    assert_eq!((all.len(), shares.iter().map(Vec::len).sum::<usize>()), (90, 90), "each job to exactly one");
    assert!(shares.iter().all(|s| !s.is_empty()), "everyone gets some: {:?}", shares.iter().map(Vec::len).collect::<Vec<_>>());
}

/// Sends one message three times as a sender does that hears nothing: again on the same connection, and on the next one.
/// The old connection is either seen to break, or still stands for the broker when the new one comes.
fn a_message_sent_three_times(qos: u8, half_open: bool) {
    let house = house();
    let topic = "jamey/in/thrice/reading";
    let body = r#"{"id":"thrice-1","value":1}"#;
    let ack = if qos == 1 { Pub::Ack } else { Pub::Rec };
    let mut listener = house.client("listener").listen(topic, 2);
    let mut first = house.dial("thrice").persistent().open();
    let mut message = Message { id: 7, ..Message::new(topic, body).qos(qos) };
    first.post(message.clone());
    assert!(first.acked(PATIENCE, ack, 7).taken());
    message.dup = true;
    first.post(message.clone());
    assert!(first.acked(PATIENCE, ack, 7).taken());
    let mut second = if half_open {
        house.dial("thrice").persistent().open()
    } else {
        first.vanish();
        house.dial("thrice").persistent().open()
    };
    assert!(second.session_present);
    second.post(message);
    assert!(second.acked(PATIENCE, ack, 7).taken());
    if qos == 2 {
        second.send(&packet::ack(Pub::Rel, 7));
        assert!(second.acked(PATIENCE, Pub::Comp, 7).taken());
        assert_eq!(listener.message().text(), body);
        assert_eq!(listener.rest(), [], "delivered once");
    }
    let case = format!("QoS {qos}, half open: {half_open}");
    assert_eq!(house.count("select count(*) from memory_records where own_id = 'thrice-1'", []), 1, "remembered once ({case})");
}

#[test]
fn a_repeated_qos_2_message_is_delivered_once_and_remembered_once() {
    a_message_sent_three_times(2, false);
    a_message_sent_three_times(2, true);
}

#[test]
fn a_repeated_qos_1_message_is_remembered_once() {
    a_message_sent_three_times(1, false);
    a_message_sent_three_times(1, true);
}

#[test]
fn after_pubrel_the_same_packet_id_is_a_new_message() {
    let house = house();
    let mut listener = house.client("listener").listen("again", 2);
    let mut speaker = house.client("speaker");
    for n in 0..3 {
        let mut message = Message::new("again", n.to_string()).qos(2);
        message.id = 9;
        assert!(speaker.publish(message).taken());
        assert_eq!(listener.message().text(), n.to_string());
    }
}

#[test]
fn a_session_keeps_what_comes_while_its_client_is_away() {
    let house = house();
    for (id, v5) in [("away3", false), ("away5", true)] {
        let dial = || if v5 { house.dial(id).v5().persistent() } else { house.dial(id).persistent() };
        dial().open().listen("away/#", 2).disconnect();
        let mut speaker = house.client("speaker");
        for n in 0..20 {
            assert!(speaker.publish(Message::new("away/x", n.to_string()).qos(1 + n % 2)).taken());
        }
        let mut back = dial().open();
        assert!(back.session_present);
        let heard: Vec<String> = back.messages(20).iter().map(Message::text).collect();
        assert_eq!(heard, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(back.rest(), []);
        back.disconnect();
        let mut clean = house.client(id);
        assert!(!clean.session_present, "a clean start forgets");
        speaker.tell("away/x", "nobody asked");
        assert_eq!(clean.rest(), []);
    }
}

#[test]
fn what_was_not_acknowledged_comes_again_marked_as_such() {
    let house = house();
    let mut deaf = house.dial("deaf").persistent().silent().open().listen("again/#", 2);
    let mut speaker = house.client("speaker");
    speaker.tell("again/one", "1");
    assert!(speaker.publish(Message::new("again/two", "2").qos(2)).taken());
    assert!(deaf.messages(2).iter().all(|m| !m.dup));
    deaf.vanish();
    let mut back = house.dial("deaf").persistent().open();
    let heard = back.messages(2);
    assert!(heard.iter().all(|m| m.dup), "{heard:?}");
    assert_eq!(heard.iter().map(Message::text).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(back.rest(), []);
}

#[test]
fn a_packet_of_a_megabyte_passes_and_one_over_the_limit_is_refused() {
    let mut house = house();
    let mut listener = house.dial("listener").v5().open().listen("big/#", 2);
    let mut speaker = house.client("speaker");
    let big: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    for qos in 0..=2 {
        assert!(speaker.publish(Message::new("big/ok", &big).qos(qos)).taken());
        assert!(listener.message().payload == big, "QoS {qos}: byte for byte");
    }
    for v5 in [false, true] {
        let dial = house.dial("too-big");
        let mut client = if v5 { dial.v5().open() } else { dial.open() };
        let sent = client.publish(Message::new("big/over", vec![b'x'; PACKET_BYTES]).qos(1));
        assert!(matches!(sent, Sent::Code(0x95 | 0x97, _) | Sent::Closed(None | Some(0x95))), "{sent:?}");
    }
    assert_eq!(listener.rest(), []);
    house.serves();
}

#[test]
fn wildcards_do_not_show_what_begins_with_a_dollar() {
    let house = house();
    let mut all = house.client("all");
    all.subscribe(&[("#", 0), ("+/x", 0)]);
    let mut speaker = house.client("speaker");
    speaker.publish(Message::new("$private/x", "1"));
    speaker.publish(Message::new("/x", "2"));
    let heard = all.rest();
    assert!(heard.iter().any(|m| m.topic == "/x") && heard.iter().all(|m| !m.topic.starts_with('$')), "{heard:?}");
}

/// Sets a house up, ends it, and looks at what the next run knows.
fn what_survives(end: impl FnOnce(&mut House)) {
    let mut house = house();
    for (id, v5) in [("away3", false), ("away5", true)] {
        let dial = house.dial(id).persistent();
        if v5 { dial.v5().open() } else { dial.open() }.listen("away/#", 2).disconnect();
    }
    let mut speaker = house.client("speaker");
    assert!(speaker.publish(Message::new("kept/a", "value").qos(1).retained()).taken());
    assert!(speaker.publish(Message::new("kept/cleared", "value").qos(1).retained()).taken());
    assert!(speaker.publish(Message::new("kept/cleared", "").qos(1).retained()).taken());
    for n in 0..20 {
        assert!(speaker.publish(Message::new("away/x", n.to_string()).qos(1 + n % 2)).taken());
    }
    end(&mut house);
    house.start();
    let mut late = house.client("late").listen("kept/#", 1);
    let kept = late.rest();
    assert_eq!(kept.iter().map(Message::text).collect::<Vec<_>>(), ["value"]);
    assert!(kept[0].retain);
    for (id, v5) in [("away3", false), ("away5", true)] {
        let dial = house.dial(id).persistent();
        let mut back = if v5 { dial.v5().open() } else { dial.open() };
        assert!(back.session_present, "{id}: the session is known");
        let heard: Vec<String> = back.messages(20).iter().map(Message::text).collect();
        assert_eq!(heard, (0..20).map(|n| n.to_string()).collect::<Vec<_>>(), "{id}");
        house.client("speaker").tell("away/x", "news");
        assert_eq!(back.message().text(), "news", "{id}: the subscription stands");
        back.disconnect();
    }
    house.is_well();
}

#[test]
fn retained_values_sessions_and_queues_survive_a_stop() {
    what_survives(House::stop);
}

#[test]
fn retained_values_sessions_and_queues_survive_a_kill() {
    what_survives(|house| {
        std::thread::sleep(WRITE_BEHIND);
        house.kill9();
    });
}
