//! Promise: whatever bytes come before or inside a connection, the broker closes it or answers as MQTT allows, says nothing of it to
//! others, and serves the next client. The packets come from a generator (support/malformed.rs); `JAMEY_SEED` gives other ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
};
use support::{
    malformed::{Case, before, inside},
    *,
};

/// Cases for each version, before a connection and inside one.
const CASES: usize = 200;
const SEED: u64 = 2_014;
/// A command that the conscience denies whoever asks, and the topic that stands for any other.
const GUARDED: (&str, &str) = ("o2/set", "OFF");
const BEHIND: &str = "behind/it";

/// A house with something to guard, and one who hears everything in it.
fn guarded_house() -> (House, Mqtt) {
    let device = "[[device]]\nid = \"concentrator\"\nclass = \"medical\"\ntags = [\"medical\"]\ncommand_topic = \"o2/set\"\npayloads = { ON = \"on\", OFF = \"off\" }\n";
    let config = format!("{device}\n[limits]\nflapping_connects = 100000\n");
    let house = Plan::default().enforce().config(&config).start();
    let listener = house.dial("listener").v5().open().listen("#", 1);
    (house, listener)
}

/// What is sent behind each case in the same breath: a guarded command, and a message that any client may send.
fn behind(version: Version) -> Vec<u8> {
    let guarded = packet::publish(version, &Message { id: 900, ..Message::new(GUARDED.0, GUARDED.1).qos(1) });
    let plain = packet::publish(version, &Message::new(BEHIND, "x"));
    [guarded, plain].concat()
}

/// Sends bytes, says no more, and reads what comes until the broker closes.
fn say(house: &House, version: Version, bytes: &[u8], what: &str) -> Vec<Packet> {
    let mut stream = TcpStream::connect(house.mqtt()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The broker may close before it has read all: then the rest cannot be sent, nor need it be.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let (mut came, mut chunk) = (Vec::new(), [0; 4_096]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => came.extend(&chunk[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => panic!("{what}: not closed in {PATIENCE:?}"),
            Err(_) => break,
        }
    }
    let (mut packets, mut rest) = (Vec::new(), came.as_slice());
    while let Some((packet, length)) = packet::decode(rest, version).unwrap_or_else(|e| panic!("{what}: the answer is {e}")) {
        packets.push(packet);
        rest = &rest[length..];
    }
    assert!(rest.is_empty(), "{what}: the answer ends within a packet: {rest:02x?}");
    packets
}

/// What others heard, up to now; and the house lives.
fn heard(house: &mut House, listener: &mut Mqtt, what: &str) -> Vec<String> {
    let mut next = house.client("next");
    next.tell("next", what);
    house.is_well();
    let mut topics = Vec::new();
    loop {
        let m = listener.message();
        match m.topic.as_str() {
            "next" => {
                assert_eq!(m.text(), what);
                return topics;
            }
            topic if topic.starts_with("jamey/") || topic.starts_with("homeassistant/device/jamey") => {}
            topic => topics.push(topic.to_owned()),
        }
    }
}

fn describe(case: &Case, version: Version) -> String {
    format!("{} ({version:?}): {:02x?}", case.what, &case.bytes[..case.bytes.len().min(80)])
}

#[test]
fn a_connection_does_not_begin_with_a_malformed_packet() {
    let (mut house, mut listener) = guarded_house();
    let mut chance = Chance::seeded(SEED);
    let mut wrong = Vec::new();
    for version in [Version::V311, Version::V5] {
        for case in before(version, &mut chance, CASES) {
            let what = describe(&case, version);
            let answer = say(&house, version, &[case.bytes.clone(), behind(version)].concat(), &what);
            match answer.as_slice() {
                [] => {}
                [Packet::ConnAck { code: 1.., session_present: false, .. }] => {}
                other => wrong.push(format!("{what} was answered with {other:?}")),
            }
            let others = heard(&mut house, &mut listener, &what);
            if !others.is_empty() {
                wrong.push(format!("{what}: others heard {others:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    house.serves();
}

#[test]
fn a_malformed_packet_ends_its_connection_and_nothing_behind_it_is_read() {
    let (mut house, mut listener) = guarded_house();
    let mut chance = Chance::seeded(SEED);
    let mut wrong = Vec::new();
    for version in [Version::V311, Version::V5] {
        let connect = packet::connect(version, &packet::Connect { id: "stranger".into(), clean: true, ..Default::default() });
        for case in inside(version, &mut chance, CASES) {
            let what = describe(&case, version);
            let answer = say(&house, version, &[connect.clone(), case.bytes.clone(), behind(version)].concat(), &what);
            let [Packet::ConnAck { code: 0, .. }, answer @ ..] = answer.as_slice() else { panic!("{what}: no welcome: {answer:?}") };
            // Which answers are right depends on what random bytes happen to say; that none tells of the guarded command does not.
            let told = answer.iter().any(|p| matches!(p, Packet::Ack { id: 900, .. }));
            let farewell = match answer {
                [] => true,
                [Packet::Disconnect { code: 0x80.., .. }] => version == Version::V5,
                _ => false,
            };
            if case.ends && (told || !farewell) {
                wrong.push(format!("{what} was answered with {answer:?}"));
            }
            let others = heard(&mut house, &mut listener, &what);
            let spoke = others.iter().any(|t| t == GUARDED.0 || case.ends);
            if spoke {
                wrong.push(format!("{what}: others heard {others:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    house.serves();
}
