//! Promise: what a client sends in one breath is taken as if each message had come alone: in order, each judged on what was before it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use support::{
    packet::{self, Pub, Version},
    zigbee::DOOR,
    *,
};

const SET: &str = "zigbee2mqtt/front_door/set";

/// Sends all of it in one write; packet ids count from 1.
fn in_one_breath(client: &mut Mqtt, version: Version, messages: impl IntoIterator<Item = Message>) {
    let mut id = 0;
    let bytes: Vec<u8> = messages
        .into_iter()
        .flat_map(|mut message| {
            if message.qos > 0 {
                id += 1;
                message.id = id;
            }
            packet::publish(version, &message)
        })
        .collect();
    client.send(&bytes);
}

#[test]
fn a_window_of_messages_shares_few_commits_and_keeps_its_order() {
    let house = house();
    let mut client = house.client("sensor");
    let before = house.count("SELECT count(*) FROM journal", []);
    let n: u16 = 1_000;
    in_one_breath(&mut client, Version::V311, (0..n).map(|k| Message::new("jamey/in/sensor/count", k.to_string()).qos(1)));
    for id in 1..=n {
        assert!(client.acked(PATIENCE, Pub::Ack, id).taken());
    }
    let commits = house.count("SELECT count(*) FROM journal", []) - before;
    assert!(commits < i64::from(n) / 4, "{commits} commits for {n} messages");
    let db = house.db();
    let mut rows = db.prepare("SELECT CAST(payload AS TEXT) FROM memory_records WHERE entity = 'sensor' ORDER BY id").unwrap();
    let told: Vec<String> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(told, (0..n).map(|k| k.to_string()).collect::<Vec<_>>());
}

#[test]
fn messages_of_every_kind_keep_their_order() {
    let house = house();
    let mut client = house.client("sensor");
    let long = "x".repeat(20_000);
    let of = |k: u16| match k % 7 {
        0 => Message::new("jamey/in/sensor/count", k.to_string()),
        1 => Message::new("jamey/in/sensor/count", k.to_string()).qos(2),
        2 => Message::new("jamey/in/sensor/count", format!("{k} {long}")).qos(1),
        3 => Message::new("jamey/act/lamp/on", format!("{{\"id\":{k}}}")).qos(1),
        _ => Message::new("jamey/in/sensor/count", k.to_string()).qos(1),
    };
    in_one_breath(&mut client, Version::V311, (0..140).map(of));
    assert!(client.ping(), "all of it was read");
    wait_until("all is remembered", PATIENCE, || house.count("SELECT count(*) FROM memory_records WHERE requester = 'sensor'", []) == 140);
    let db = house.db();
    let mut rows = db.prepare("SELECT CAST(payload AS TEXT), own_id FROM memory_records WHERE requester = 'sensor' ORDER BY id").unwrap();
    let told: Vec<u16> = rows
        .query_map([], |row| Ok(row.get::<_, Option<String>>(1)?.unwrap_or(row.get(0)?)))
        .unwrap()
        .map(|text| text.unwrap().split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(told, (0..140).collect::<Vec<_>>());
}

#[test]
fn a_command_right_behind_the_description_of_its_device_is_judged() {
    let house = strict_house();
    let mut lock = house.client("the_lock").listen("zigbee2mqtt/+/set", 1);
    let mut client = house.client("stranger");
    let describe = Message::new(&DOOR.discovery_topic(), DOOR.discovery().to_string()).qos(1);
    let unlock = |id: u8| Message::new(SET, format!("{{\"state\":\"UNLOCK\",\"id\":{id}}}")).qos(1);
    in_one_breath(&mut client, Version::V311, [Message::new("jamey/in/a/b", "1").qos(1), describe, unlock(1), unlock(2)]);
    for id in 1..=4 {
        assert!(client.acked(PATIENCE, Pub::Ack, id).taken());
    }
    assert!(lock.rest().is_empty(), "nothing went on");
    assert_eq!(
        house
            .count("SELECT count(DISTINCT percept) FROM verdicts WHERE topic = ?1 AND decision <> 'allow' AND forwarded_at IS NULL", [SET]),
        2
    );
}

#[test]
fn each_gets_its_own_answer() {
    let house = house();
    let mut watcher = house.client("watcher").listen("#", 1);
    watcher.rest();
    let mut client = house.dial("mallory").v5().open();
    let of = |k: u16| match k % 3 {
        0 => Message::new("jamey/in/mallory/count", k.to_string()).qos(1),
        1 => Message::new("jamey/status", "offline").qos(1),
        _ => Message::new("somewhere/else", k.to_string()).qos(1),
    };
    in_one_breath(&mut client, Version::V5, (0..60).map(of));
    for k in 0..60 {
        assert_eq!(client.acked(PATIENCE, Pub::Ack, k + 1).refused(), k % 3 == 1, "message {k}");
    }
    let heard: Vec<Message> = watcher.rest().into_iter().filter(|m| m.topic.ends_with("count") || m.topic == "somewhere/else").collect();
    let expected: Vec<String> = (0..60).filter(|k| k % 3 != 1).map(|k| k.to_string()).collect();
    assert_eq!(heard.iter().map(Message::text).collect::<Vec<_>>(), expected, "in the order of sending");
}

#[test]
fn a_repetition_in_the_same_breath_is_no_news() {
    let house = house();
    let mut client = house.client("sensor");
    let mut message = Message::new("jamey/in/sensor/count", "7").qos(1);
    message.id = 9;
    let mut again = message.clone();
    again.dup = true;
    client.send(&[packet::publish(Version::V311, &message), packet::publish(Version::V311, &again)].concat());
    for _ in 0..2 {
        assert!(client.acked(PATIENCE, Pub::Ack, 9).taken());
    }
    assert_eq!(house.count("SELECT count(*) FROM memory_records WHERE entity = 'sensor'", []), 1);
}
