//! Promise: what one client or one address may take has an end, and who meets it is told. Each limit exactly at it and one past it,
//! through real sockets, each in a house of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::time::{Duration, Instant};
use support::*;

const TOPIC_NAME_INVALID: u8 = 0x90;
const NOT_AUTHORIZED: u8 = 0x87;
const PACKET_TOO_LARGE: u8 = 0x95;
const QUOTA_EXCEEDED: u8 = 0x97;
const CONNECTION_RATE_EXCEEDED: u8 = 0x9f;

fn limited(limits: &str) -> House {
    Plan::default().config(&format!("[limits]\n{limits}\n")).start()
}

/// The log has a line for this count of a kind of refusal.
fn logged(house: &House, kind: &str, count: u32) -> bool {
    lines(house, kind).iter().any(|line| line.ends_with(&format!("count={count}")))
}

fn lines(house: &House, kind: &str) -> Vec<String> {
    let kind = format!("kind=\"{kind}\"");
    house.said().lines().filter(|line| line.contains("refused: ") && line.contains(&kind)).map(str::to_owned).collect()
}

#[track_caller]
fn counts(house: &House, kind: &str) {
    wait_until(&format!("the first `{kind}` is logged"), PATIENCE, || logged(house, kind, 1));
}

fn code(sent: Sent) -> u8 {
    match sent {
        Sent::Code(code, _) => code,
        other => panic!("no reason code: {other:?}"),
    }
}

fn both(house: &House, id: &str) -> [Mqtt; 2] {
    [house.dial(&format!("{id}-3")).open(), house.dial(&format!("{id}-5")).v5().open()]
}

#[test]
fn a_topic_as_long_and_as_deep_as_allowed_and_one_past() {
    let mut house = limited("topic_bytes = 100\ntopic_levels = 20");
    let levels = |n: usize| vec!["t"; n].join("/");
    let [long, too_long, deep, too_deep] = ["t".repeat(100), "t".repeat(101), levels(20), levels(21)];
    let mut listener = house.client("listener").listen("#", 2);
    for mut speaker in both(&house, "speaker") {
        for qos in 0..=2 {
            for topic in [&long, &deep] {
                assert!(speaker.publish(Message::new(topic, "x").qos(qos)).taken());
                assert_eq!(listener.message_on(topic).qos, qos);
            }
        }
    }
    let [mut old, mut new] = both(&house, "speaker");
    for topic in [&too_long, &too_deep] {
        for qos in 1..=2 {
            assert_eq!(code(new.publish(Message::new(topic, "x").qos(qos))), TOPIC_NAME_INVALID);
            assert!(old.publish(Message::new(topic, "x").qos(qos)).taken(), "3.1.1 has no words for it");
        }
        new.post(Message::new(topic, "x"));
        assert_eq!((new.subscribe(&[(topic, 1)]), old.subscribe(&[(topic, 1)])), (vec![NOT_AUTHORIZED], vec![0x80]));
    }
    assert_eq!(new.subscribe(&[(&long, 1), (&deep, 1)]), [1, 1]);
    let will = |topic: &str| house.dial("mourned").v5().will(Message::new(topic, "gone").qos(1)).try_open();
    assert_eq!(code(will(&too_long).err().unwrap()), TOPIC_NAME_INVALID);
    assert!(will(&long).is_ok());
    new.tell("end", "x");
    let heard: Vec<String> = listener.rest().into_iter().map(|m| m.topic).collect();
    assert!(!heard.contains(&too_long) && !heard.contains(&too_deep), "{heard:?}");
    counts(&house, "topic");
    house.serves();
}

#[test]
fn retained_values_by_size_number_and_sum() {
    let mut house = limited("retained_messages = 4\nretained_message_bytes = 1000\nretained_bytes = 2048");
    let keep = |c: &mut Mqtt, topic: &str, bytes: usize| c.publish(Message::new(topic, vec![b'x'; bytes]).qos(1).retained());
    let [mut old, mut new] = both(&house, "keeper");
    assert!(keep(&mut new, "a", 1_000).taken());
    assert_eq!(code(keep(&mut new, "b", 1_001)), QUOTA_EXCEEDED, "one is too large");
    assert!(keep(&mut new, "b", 1_000).taken());
    assert_eq!(code(keep(&mut new, "c", 49)), QUOTA_EXCEEDED, "2,048 together");
    assert!(keep(&mut new, "c", 48).taken());
    assert!(keep(&mut new, "b", 10).taken(), "smaller than before");
    assert!(keep(&mut new, "d", 1).taken());
    assert_eq!(code(keep(&mut new, "e", 1)), QUOTA_EXCEEDED, "four in number");
    assert!(keep(&mut old, "e", 1).taken(), "3.1.1 has no words for it");
    let kept = |house: &House| {
        let mut topics: Vec<String> = house.client("late").listen("+", 1).rest().into_iter().map(|m| m.topic).collect();
        topics.sort();
        topics
    };
    assert_eq!(kept(&house), ["a", "b", "c", "d"]);
    let will = |bytes: usize| house.dial("mourned").v5().will(Message::new("a", vec![b'x'; bytes]).retained()).try_open();
    assert_eq!(code(will(1_001).err().unwrap()), QUOTA_EXCEEDED);
    will(1_000).unwrap().disconnect();
    counts(&house, "retained");
    house.stop();
    house.start();
    let [_, mut new] = both(&house, "keeper");
    assert_eq!(code(keep(&mut new, "e", 1)), QUOTA_EXCEEDED, "what was there before counts");
    assert!(keep(&mut new, "d", 0).taken() && keep(&mut new, "e", 1).taken());
    assert_eq!(kept(&house), ["a", "b", "c", "e"]);
}

#[test]
fn a_packet_as_large_as_allowed_and_one_past() {
    let mut house = Plan::default().config("[broker]\nmax_packet_bytes = 4096\n").start();
    for version in [Version::V311, Version::V5] {
        let dial = house.dial("speaker");
        let mut c = if version == Version::V5 { dial.v5().open() } else { dial.open() };
        // Fixed header 3, topic 3, packet id 2, properties 1.
        let fits = 4_096 - 8 - usize::from(version == Version::V5);
        assert!(c.publish(Message::new("t", vec![b'x'; fits]).qos(1)).taken());
        c.post(Message::new("t", vec![b'x'; fits + 1]).qos(1));
        assert!(c.closes_within(PATIENCE));
        assert_eq!(c.farewell(), (version == Version::V5).then_some(PACKET_TOO_LARGE));
    }
    counts(&house, "packet-size");
    assert_eq!(lines(&house, "packet-size").len(), 1);
    house.serves();
}

#[test]
fn as_many_subscriptions_as_allowed_and_one_past() {
    let house = limited("subscriptions = 3");
    for (mut c, refused) in both(&house, "listener").into_iter().zip([0x80, QUOTA_EXCEEDED]) {
        assert_eq!(c.subscribe(&[("a", 1), ("b/+", 1), ("c", 1)]), [1, 1, 1]);
        assert_eq!(c.subscribe(&[("d", 1)]), [refused]);
        assert_eq!(c.subscribe(&[("a", 0)]), [0], "one that it has");
        c.unsubscribe("a");
        assert_eq!(c.subscribe(&[("d", 1)]), [1]);
    }
    counts(&house, "subscriptions");
}

#[test]
fn as_many_on_their_way_to_a_client_as_allowed() {
    let house = limited("in_flight = 3");
    let mut listener = house.dial("listener").silent().open().listen("t", 1);
    let mut speaker = house.client("speaker");
    (0..5).for_each(|n| speaker.tell("t", n.to_string()));
    let first = listener.messages(3);
    assert!(listener.rest().is_empty(), "the fourth waits for an acknowledgement");
    listener.send(&packet::ack(Pub::Ack, first[0].id));
    assert_eq!(listener.message().text(), "3");
    assert!(listener.rest().is_empty());
}

#[test]
fn a_longer_keep_alive_or_none_is_replaced_where_that_can_be_told() {
    let mut house = limited("keep_alive_max_seconds = 10");
    let told = |version: Version, keep_alive: u16| {
        let mut c = raw(house.mqtt(), version);
        let connect = packet::Connect { id: format!("{version:?}-{keep_alive}"), clean: true, keep_alive, ..packet::Connect::default() };
        c.send(&packet::connect(version, &connect));
        match c.read(PATIENCE) {
            Got::Packet(Packet::ConnAck { code: 0, properties, .. }) => (c, properties.get(packet::property::SERVER_KEEP_ALIVE).cloned()),
            other => panic!("{other:?}"),
        }
    };
    let ten = Some(packet::Value::Number(10));
    assert_eq!(told(Version::V5, 10).1, None);
    assert_eq!(told(Version::V5, 11).1, ten);
    let (_old, none) = told(Version::V311, 0);
    assert_eq!(none, None);
    let (mut silent, replaced) = told(Version::V5, 0);
    assert_eq!(replaced, ten);
    assert!(silent.closes_within(Duration::from_secs(25)), "one and a half of it without a word");
    house.serves();
}

#[test]
fn as_many_connections_of_one_address_as_allowed_and_one_past() {
    let mut house = limited("connections_per_address = 3");
    let mut here: Vec<Mqtt> = (0..3).map(|n| house.client(&format!("c{n}"))).collect();
    assert_eq!(house.dial("one-more").try_open().err(), Some(Sent::Closed(None)), "without a word");
    counts(&house, "address-connections");
    here.pop().unwrap().disconnect();
    wait_until("the place is free", PATIENCE, || house.dial("one-more").try_open().is_ok());
    here.clear();
    wait_until("all places are free", PATIENCE, || {
        here = (0..3).map_while(|n| house.dial(&format!("c{n}")).try_open().ok()).collect();
        here.len() == 3
    });
    house.is_well();
}

#[test]
fn connections_of_one_address_in_a_second() {
    let house = limited("connections_per_address_second = 1");
    let began = Instant::now();
    let _first = house.client("first");
    wait_until("one comes too early", PATIENCE, || house.dial("second").try_open().is_err());
    wait_until("one comes in time", PATIENCE, || house.dial("third").try_open().is_ok());
    assert!(began.elapsed() >= Duration::from_secs(1));
    counts(&house, "address-rate");
}

#[test]
fn a_client_that_connects_without_end_is_turned_away_for_its_time() {
    let house = limited("flapping_connects = 3\nflapping_window_seconds = 600\nban_seconds = 2");
    for (id, version) in [("old", Version::V311), ("new", Version::V5)] {
        let dial = |id: &str| if version == Version::V5 { house.dial(id).v5() } else { house.dial(id) };
        (0..3).for_each(|_| dial(id).open().disconnect());
        let banned = Instant::now();
        let answer = code(dial(id).try_open().err().unwrap());
        assert_eq!(answer, if version == Version::V5 { CONNECTION_RATE_EXCEEDED } else { 3 });
        dial(&format!("{id}-other")).open().disconnect();
        wait_until("it is let in again", PATIENCE, || dial(id).try_open().is_ok());
        assert!(banned.elapsed() >= Duration::from_millis(1_900));
    }
    counts(&house, "flapping");
}

#[test]
fn failed_logins_are_answered_later_and_later_and_nobody_else_waits() {
    let house = limited("failed_logins = 2");
    let fail = || {
        let began = Instant::now();
        assert!(house.dial("stranger").v5().user("$jamey", "guess").try_open().err().unwrap().refused());
        began.elapsed()
    };
    let free = (0..2).map(|_| fail()).min().unwrap();
    assert!(fail() >= Duration::from_millis(250));
    let fourth = fail();
    assert!(
        fourth >= Duration::from_millis(500) && free + Duration::from_millis(250) <= fourth,
        "the first ones are free: {free:?}, {fourth:?}"
    );
    counts(&house, "logins");
    std::thread::scope(|scope| {
        let waits = scope.spawn(fail);
        let mut other = house.client("other");
        other.tell("t", "x");
        assert!(!waits.is_finished(), "nobody else waits");
        assert!(waits.join().unwrap() >= Duration::from_secs(1));
    });
}

#[test]
fn beyond_its_rate_a_client_is_read_more_slowly_and_loses_nothing() {
    let mut house = limited("messages_per_second = 20\nmessages_burst = 20");
    let mut listener = house.client("listener").listen("#", 1);
    // Told ahead, passed on, at every quality: each waits its turn.
    for (topic, version, qos) in [("jamey/in/kitchen/t", Version::V5, 1), ("other", Version::V311, 2), ("other", Version::V5, 0)] {
        let dial = house.dial("speaker");
        let mut c = if version == Version::V5 { dial.v5().open() } else { dial.open() };
        let began = Instant::now();
        let all: Vec<u16> = (0..60).map(|n| c.post(Message::new(topic, n.to_string()).qos(qos))).collect();
        if qos > 0 {
            let kind = if qos == 1 { Pub::Ack } else { Pub::Rec };
            assert!(all.into_iter().all(|id| c.acked(PATIENCE, kind, id).taken()));
        } else {
            assert!(c.ping());
        }
        let took = began.elapsed();
        // 60 less the burst of 20, at 20 a second; what is read at one time may be 250 bytes more.
        assert!(took >= Duration::from_millis(1_000), "{topic} at QoS {qos}: {took:?}");
        if qos < 2 {
            let heard: Vec<String> = (0..60).map(|_| listener.message_on(topic).text()).collect();
            assert_eq!(heard, (0..60).map(|n| n.to_string()).collect::<Vec<_>>());
        }
    }
    counts(&house, "rate");
    house.is_well();
}

#[test]
fn all_at_one_listener_share_its_rate_and_those_at_another_do_not_wait() {
    let doors = "[[listener]]\nname = \"messages\"\naddress = \"127.0.0.1:0\"\nmessages_per_second = 20\n\
                 [[listener]]\nname = \"bytes\"\naddress = \"127.0.0.1:0\"\nbytes_per_second = 20000\n";
    let mut house = Plan::default().config(&format!("[broker]\nmqtt_messages_per_second = 20\n{doors}")).start();
    let (plain, messages, bytes) = (house.mqtt(), house.listener("messages"), house.listener("bytes"));
    // Four clients, each with a quarter of what passes at once; then with all of it. None of them says too much alone.
    let say = |at, round: usize, count: usize, size: usize| {
        let began = Instant::now();
        let mut all: Vec<Mqtt> = (0..4).map(|n| dial(at, &format!("c-{round}-{n}")).open()).collect();
        let sent: Vec<Vec<u16>> =
            all.iter_mut().map(|c| (0..count).map(|_| c.post(Message::new("t", vec![b'x'; size]).qos(1))).collect()).collect();
        for (client, ids) in all.iter_mut().zip(sent) {
            assert!(ids.into_iter().all(|id| client.acked(PATIENCE, Pub::Ack, id).taken()), "nothing is lost");
        }
        began.elapsed()
    };
    let held = |house: &House| lines(house, "listener-rate").len();
    say(plain, 0, 5, 10);
    assert_eq!(held(&house), 0, "as much as the rate, and not one more");
    for (at, count, size, least) in [(plain, 20, 10, 2_000), (messages, 20, 10, 2_000), (bytes, 4, 5_000, 2_000)] {
        // 80 less the burst of 20, at 20 a second, or so many kilobytes; what each reads at one time is paid after its answer.
        let took = say(at, 1, count, size);
        assert!(took >= Duration::from_millis(least), "{at}: {took:?}");
        counts(&house, "listener-rate");
        // All that is owed here keeps nobody waiting over there.
        let others = if at == plain { bytes } else { plain };
        let mut other = dial(others, "other").open();
        let began = Instant::now();
        let _busy = (0..4)
            .map(|n| {
                let mut c = dial(at, &format!("busy-{n}")).open();
                c.post(Message::new("t", vec![b'x'; size]).qos(1));
                c
            })
            .collect::<Vec<_>>();
        other.tell("t", "x");
        assert!(began.elapsed() < Duration::from_millis(900), "{others} waits for {at}: {:?}", began.elapsed());
    }
    assert!(lines(&house, "rate").is_empty(), "no client was too fast alone");
    house.is_well();
}

#[test]
fn a_burst_passes_at_once_and_bytes_have_a_rate_too() {
    let house = limited("messages_per_second = 1\nmessages_burst = 20");
    let mut c = house.client("speaker");
    let burst: Vec<u16> = (0..20).map(|n| c.post(Message::new("t", n.to_string()).qos(1))).collect();
    assert!(burst.into_iter().all(|id| c.acked(PATIENCE, Pub::Ack, id).taken()));
    assert!(lines(&house, "rate").is_empty());
    for _ in 0..3 {
        c.tell("t", "more");
    }
    counts(&house, "rate");

    let house = limited("bytes_per_second = 20000\nbytes_burst = 10000");
    let mut c = house.client("speaker");
    let began = Instant::now();
    c.tell("t", vec![b'x'; 9_900]);
    assert!(lines(&house, "rate").is_empty());
    c.tell("t", vec![b'x'; 60_000]);
    assert!(began.elapsed() >= Duration::from_millis(2_000), "{:?}", began.elapsed());
    counts(&house, "rate");
}

#[test]
fn the_first_and_every_hundredth_refusal_are_logged() {
    let mut house = limited("topic_bytes = 64");
    let mut c = house.dial("speaker").v5().open();
    for n in 0..250 {
        assert_eq!(code(c.publish(Message::new(&format!("{n}{}", "t".repeat(64)), "x").qos(1))), TOPIC_NAME_INVALID);
    }
    wait_until("the two hundredth is logged", PATIENCE, || logged(&house, "topic", 200));
    let counted: Vec<bool> = [1, 100, 200].map(|count| logged(&house, "topic", count)).to_vec();
    assert_eq!((counted, lines(&house, "topic").len()), (vec![true; 3], 3));
    house.serves();
}
