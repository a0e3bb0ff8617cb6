//! Promise: what kills other brokers does nothing to this one. Each input that killed or crippled rumqttd 0.20
//! (docs/decisions/0001-broker.md), and what any stranger may throw at a port, through every door: TCP, TLS, TLS with client certificates,
//! WebSocket and secure WebSocket; after each, a round trip.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::{
    collections::BTreeSet,
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};
use support::{
    porch::{DOORS, Gate, porch},
    *,
};

/// The same at every door, each of a house of its own, all at one time.
fn at_every_door(trial: impl Fn(&mut Gate) + Sync) {
    let porch = porch();
    std::thread::scope(|scope| {
        for door in std::iter::once("plain").chain(DOORS) {
            let (trial, porch) = (&trial, &porch);
            let named = std::thread::Builder::new().name(door.into());
            named.spawn_scoped(scope, move || trial(&mut Gate::open(porch, door))).unwrap();
        }
    });
}

#[test]
fn a_topic_that_begins_with_a_letter_beyond_ascii() {
    at_every_door(|gate| {
        let mut listener = gate.client("listener").listen("#", 2);
        let mut speaker = gate.client("speaker");
        for qos in 0..=2 {
            for topic in ["ü/x", "日本", "🚪/set", "\u{feff}x"] {
                assert!(speaker.publish(Message::new(topic, "x").qos(qos)).taken(), "{topic}");
                assert_eq!(listener.message_on(topic).qos, qos);
            }
        }
        gate.serves();
    });
}

#[test]
fn a_client_id_with_a_slash_that_connects_three_times() {
    at_every_door(|gate| {
        for id in ["dev/1", "../../etc/passwd", "a/../b", "#", "+/x", "$SYS", "ü/ö", ".", "..", "CON", "a b", &"long".repeat(30)] {
            for _ in 0..3 {
                gate.client(id).disconnect();
                gate.dial(id).v5().open().vanish();
                // A persistent one, which has to be written down under this name.
                let mut c = gate.dial(id).persistent().open().listen("ids/#", 1);
                c.tell("ids/x", "x");
                assert_eq!(c.message().text(), "x", "{id}");
                c.vanish();
            }
        }
        // Beyond what any device is called: let in or refused, but answered.
        for id in ["long".repeat(1_000), "/".repeat(65_535)] {
            let answer = gate.dial(&id).persistent().try_open().map(Mqtt::vanish);
            assert!(matches!(answer, Ok(()) | Err(Sent::Code(..) | Sent::Closed(_))), "{} bytes: {answer:?}", id.len());
        }
        gate.serves();
        gate.reopen();
        assert!(gate.dial("dev/1").persistent().open().session_present);
        gate.serves();
    });
}

#[test]
fn a_shared_persistent_subscription_dropped_with_an_unacknowledged_message() {
    at_every_door(|gate| {
        let mut member = gate.dial("member").persistent().silent().open().listen("$share/group/jobs/#", 1);
        let mut speaker = gate.client("speaker");
        for n in 0..10 {
            speaker.tell("jobs/x", n.to_string());
        }
        member.messages(1);
        member.vanish();
        for n in 10..20 {
            speaker.tell("jobs/x", n.to_string());
        }
        gate.serves();
        let mut back = gate.dial("member").persistent().open();
        let heard: BTreeSet<String> = back.rest().iter().map(Message::text).collect();
        assert_eq!(heard.len(), 20, "acknowledged jobs wait for the group's only member: {heard:?}");
        gate.serves();
    });
}

#[test]
fn connections_that_say_nothing_block_no_one() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(8_192), hard).unwrap();
    at_every_door(|gate| {
        // Behind the handshakes; those who do not even begin them: tests/doors.rs.
        let at = [vec![gate.at(); 200], vec![gate.house.http(); 60]].concat();
        let idle: Vec<TcpStream> = at.iter().map(|a| TcpStream::connect(a).unwrap()).collect();
        // Some begin and stop half-way.
        for (at, mut stream) in idle.iter().enumerate() {
            let _ = stream.write_all(&b"\x10\x20\x00\x04MQ"[..at % 7]);
        }
        let asked = Instant::now();
        gate.serves();
        assert!(asked.elapsed() < Duration::from_secs(5), "others wait: {:?}", asked.elapsed());
        // Who does not say CONNECT in time is let go (domain/limits.rs: HANDSHAKE_SECONDS).
        let mut mute = raw(gate.at(), Version::V5);
        assert!(mute.closes_within(Duration::from_secs(25)), "a mute connection is closed");
        gate.serves();
    });
}

#[test]
fn ten_thousand_retained_values_reach_a_new_subscriber_at_every_quality() {
    at_every_door(|gate| {
        // The engine keeps them alike for all doors: elsewhere fewer will do.
        let values = if gate.is_plain() { 10_000 } else { 300 };
        let mut speaker = gate.client("speaker");
        let mut open = vec![];
        for n in 0..values {
            open.push(speaker.post(Message::new(&format!("many/{n}/state"), n.to_string()).qos(1).retained()));
            if open.len() == 64 || n + 1 == values {
                for id in open.drain(..) {
                    let sent = speaker.acked(Duration::from_secs(60), Pub::Ack, id);
                    assert!(sent.taken(), "{sent:?}");
                }
            }
        }
        for (qos, v5) in [(0, false), (1, false), (2, false), (0, true), (1, true), (2, true)] {
            let dial = gate.dial("newcomer");
            let mut newcomer = if v5 { dial.v5().open() } else { dial.open() }.listen("many/#", qos);
            let mut topics = BTreeSet::new();
            while topics.len() < values {
                let m = newcomer.message_within(PATIENCE).unwrap_or_else(|| panic!("QoS {qos}: {} of {values} came", topics.len()));
                assert!(m.retain);
                topics.insert(m.topic);
            }
            newcomer.disconnect();
        }
        gate.serves();
    });
}

#[test]
fn an_empty_message_that_is_not_retained_deletes_no_retained_value() {
    at_every_door(|gate| {
        let mut speaker = gate.client("speaker");
        assert!(speaker.publish(Message::new("kept/a", "value").qos(1).retained()).taken());
        for qos in 0..=2 {
            assert!(speaker.publish(Message::new("kept/a", "").qos(qos)).taken());
        }
        assert_eq!(gate.client("late").listen("kept/#", 1).message().text(), "value");
        gate.serves();
    });
}

#[test]
fn what_was_acknowledged_waits_for_a_slow_subscriber() {
    const MESSAGES: usize = 5_000;
    at_every_door(|gate| {
        let mut slow = gate.dial("slow").persistent().silent().open().listen("flood/#", 1);
        let mut speaker = gate.client("speaker");
        let mut open = vec![];
        for n in 0..MESSAGES {
            open.push(speaker.post(Message::new("flood/x", format!("{n} {}", "x".repeat(150))).qos(1)));
            if open.len() == 100 {
                assert!(open.drain(..).all(|id| speaker.acked(PATIENCE, Pub::Ack, id).taken()));
            }
        }
        slow.ping();
        slow.vanish();
        let mut back = gate.dial("slow").persistent().open();
        let mut heard = BTreeSet::new();
        while heard.len() < MESSAGES {
            let m = back.message_within(PATIENCE).unwrap_or_else(|| panic!("{} of {MESSAGES} came", heard.len()));
            heard.insert(m.text());
        }
        gate.serves();
    });
}

/// Packets that no client should send; each on a connection of its own, after CONNECT.
fn nonsense(version: Version) -> Vec<(&'static str, Vec<u8>)> {
    let publish = |m: Message| packet::publish(version, &m);
    let mut invalid_utf8 = publish(Message::new("ab", "x"));
    invalid_utf8[4] = 0xff;
    vec![
        ("a second CONNECT", packet::connect(version, &packet::Connect::default())),
        ("PUBLISH of quality 3", packet::packet(0x36, b"\x00\x01a\x00\x01\x00")),
        ("a topic with +", publish(Message::new("a/+/b", "x"))),
        ("a topic with #", publish(Message::new("a/#", "x").qos(1))),
        ("a topic with NUL", publish(Message::new("a\0b", "x"))),
        ("a topic of invalid UTF-8", invalid_utf8),
        ("no topic", publish(Message::new("", "x"))),
        ("a topic longer than its packet", packet::packet(0x30, b"\xff\xffa")),
        ("packet id 0", packet::packet(0x32, b"\x00\x01a\x00\x00\x00")),
        ("a remaining length without end", b"\x30\xff\xff\xff\xff\xff\x7f".to_vec()),
        ("a quarter of a gigabyte announced", b"\x30\xff\xff\xff\x7f\x00\x01a".to_vec()),
        ("SUBSCRIBE to nothing", packet::packet(0x82, b"\x00\x01\x00")),
        ("SUBSCRIBE with wrong flags", packet::packet(0x80, b"\x00\x01\x00\x00\x01a\x00")),
        ("SUBSCRIBE to a bad filter", packet::subscribe(version, 1, &[("a/#/b", 1)])),
        ("SUBSCRIBE to a share without a filter", packet::subscribe(version, 1, &[("$share/g", 1), ("$share//x", 1)])),
        ("SUBSCRIBE of quality 3", packet::subscribe(version, 1, &[("a", 3)])),
        ("UNSUBSCRIBE from nothing", packet::packet(0xa2, b"\x00\x01\x00")),
        ("CONNACK from a client", packet::packet(0x20, b"\x00\x00")),
        ("AUTH", packet::packet(0xf0, b"\x18\x00")),
        ("packet type 0", packet::packet(0x00, b"")),
        ("PUBACK of nothing sent", packet::ack(Pub::Ack, 77).to_vec()),
        ("PUBREC of nothing sent", packet::ack(Pub::Rec, 77).to_vec()),
        ("PUBREL of nothing sent", packet::ack(Pub::Rel, 77).to_vec()),
        ("PUBCOMP of nothing sent", packet::ack(Pub::Comp, 77).to_vec()),
        ("a topic alias never given", packet::packet(0x30, b"\x00\x00\x03\x23\x00\x09x")),
        ("a topic of 65,535 bytes", publish(Message::new(&"t".repeat(65_535), "x").qos(1))),
        ("a topic of 30,000 levels", publish(Message::new(&"/".repeat(30_000), "x").qos(1).retained())),
        ("SUBSCRIBE of 30,000 levels", packet::subscribe(version, 1, &[(&"+/".repeat(30_000), 1)])),
    ]
}

#[test]
fn packets_that_no_client_should_send() {
    at_every_door(|gate| {
        for version in [Version::V311, Version::V5] {
            for (what, bytes) in nonsense(version) {
                let dial = gate.dial("stranger");
                let mut c = if version == Version::V5 { dial.v5().open() } else { dial.open() };
                c.send(&bytes);
                c.send(&packet::PING);
                // Answered or closed, either is right; only the house must stand.
                while let Got::Packet(_) = c.read(MOMENT) {}
                let mut other = gate.client("other").listen("other", 1);
                other.tell("other", what);
                assert_eq!(other.message().text(), what);
                assert!(!gate.house.said().contains("panicked"), "{what} ({version:?}): a thread panicked");
            }
        }
        gate.serves();
    });
}

#[test]
fn a_connect_that_is_none() {
    at_every_door(|gate| {
        let connects: [&[u8]; 9] = [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\x10\x0c\x00\x04MQTT\x63\x02\x00\x00\x00\x00",
            b"\x10\x0c\x00\x04MQTX\x04\x02\x00\x00\x00\x00",
            b"\x10\x0c\x00\x04MQTT\x04\x03\x00\x00\x00\x00",
            b"\x10\x0c\x00\x04MQTT\x04\xfe\x00\x00\x00\x00",
            b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x00\x00\x00",
            b"\x10\x00",
            b"\xc0\x00",
        ];
        for bytes in connects {
            let mut c = raw(gate.at(), Version::V311);
            c.send(bytes);
            let mut plain = TcpStream::connect(gate.house.http()).unwrap();
            let _ = plain.write_all(bytes);
            while let Ok(Got::Packet(_)) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| c.read(MOMENT))) {}
        }
        gate.serves();
    });
}

#[test]
fn noise_from_a_seed() {
    at_every_door(|gate| {
        let mut chance = Chance::seeded(20);
        for round in 0..400 {
            let mut c = raw(gate.at(), Version::V5);
            if round % 2 == 0 {
                c.send(&packet::connect(Version::V5, &packet::Connect { id: "noise".into(), clean: true, ..Default::default() }));
            }
            for _ in 0..chance.between(1, 6) {
                let length = chance.between(0, 60);
                let noise: Vec<u8> = (0..length).map(|_| chance.next().to_le_bytes()[0]).collect();
                // Half of it is framed as a packet, so that it passes the first gate.
                let first = chance.next().to_le_bytes()[0];
                if chance.next().is_multiple_of(2) {
                    c.send(&packet::packet(first, &noise))
                } else {
                    c.send(&noise)
                };
            }
            c.vanish();
        }
        gate.serves();
    });
}
