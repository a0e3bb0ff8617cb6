//! Promise: a crowd that came and left takes no memory with it, and a slow subscriber loses nothing within its bound; what it loses beyond
//! is counted and told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{collections::BTreeSet, time::Duration};
use support::*;

const ALERT: &str = "jamey/alert/slow-subscriber";

fn resident_kib(house: &House) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.pid())).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// They connect together, each says something and subscribes, and they leave: half of them with a word.
fn crowd(house: &House, round: usize, clients: usize) {
    let here: Vec<Mqtt> = (0..clients)
        .map(|n| {
            let mut c = house.client(&format!("crowd-{round}-{n}")).listen(&format!("crowd/{n}/#"), 1);
            c.tell(&format!("crowd/{n}/state"), "here");
            c
        })
        .collect();
    for (n, c) in here.into_iter().enumerate() {
        if n % 2 == 0 { c.disconnect() } else { c.vanish() }
    }
}

#[test]
fn two_thousand_clients_come_and_leave_and_the_memory_comes_back() {
    // Allocators keep some of what was freed; what 2,000 connections at 20 KiB each would leave behind is 40 MiB.
    const MARGIN_KIB: u64 = 16 * 1_024;
    let mut house = Plan::default().config("[limits]\nconnections_per_address_second = 0\n").start();
    crowd(&house, 0, 100);
    let before = resident_kib(&house);
    for round in 1..=5 {
        crowd(&house, round, 400);
    }
    wait_until(&format!("{before} KiB and {MARGIN_KIB} more are enough"), Duration::from_secs(60), || {
        resident_kib(&house) <= before + MARGIN_KIB
    });
    house.serves();
}

#[test]
fn an_absent_subscriber_loses_nothing_within_its_bound_and_what_is_beyond_is_told() {
    const BOUND: usize = 100;
    let mut house = Plan::default().config("[limits]\nqueued_messages = 100\n").start();
    let mut owner = house.client("owner").listen(ALERT, 1);
    let mut speaker = house.client("speaker");
    let absent = |house: &House| house.dial("absent").persistent().open();
    absent(&house).listen("t", 1).vanish();
    let say = |speaker: &mut Mqtt, from: usize, to: usize| (from..to).for_each(|n| speaker.tell("t", n.to_string()));
    say(&mut speaker, 0, BOUND);
    let heard: Vec<String> = absent(&house).messages(BOUND).iter().map(Message::text).collect();
    assert_eq!(heard, (0..BOUND).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(owner.rest().is_empty(), "nothing was lost");

    say(&mut speaker, 0, BOUND + 30);
    let mut back = absent(&house);
    let heard: Vec<String> = back.rest().iter().map(Message::text).collect();
    assert_eq!(heard, (30..BOUND + 30).map(|n| n.to_string()).collect::<Vec<_>>(), "the oldest are lost");
    let alert = owner.message_on(ALERT).json();
    assert_eq!(alert["severity"], "warning");
    assert!(alert["text"].as_str().unwrap().contains("`absent`"), "{alert}");
    let counted = |line: &str| line.contains("kind=\"slow-subscriber\"");
    assert!(house.said().lines().any(counted));
    assert!(!house.said().contains("Dropped oldest"), "the engine's line for each message is not in the log");
    house.client("late").listen("jamey/alert/#", 1).message_on(ALERT);
    // The figures come every ten seconds.
    let mut figures = house.client("figures").listen("jamey/system", 0);
    let refused = std::iter::from_fn(|| Some(figures.message().json()["refused"]["slow-subscriber"].clone()));
    assert_eq!(refused.take(5).find(|n| n.is_number()).unwrap(), 30);
    house.serves();
}

#[test]
fn a_subscriber_that_does_not_read_holds_up_nobody_and_is_told_of() {
    const MESSAGES: usize = 6_000;
    let mut house = Plan::default().config("[limits]\nqueued_messages = 200\n").start();
    let mut owner = house.client("owner").listen(ALERT, 1);
    let mut deaf = house.client("deaf").listen("flood/#", 0);
    let mut speaker = house.client("speaker");
    for n in 0..MESSAGES {
        speaker.post(Message::new("flood/x", format!("{n} {}", "x".repeat(4_000))));
    }
    assert!(speaker.ping(), "the speaker is heard to the end");
    assert!(owner.message_on(ALERT).json()["text"].as_str().unwrap().contains("`deaf`"));
    house.serves();
    let heard: BTreeSet<usize> = deaf.rest().iter().filter_map(|m| m.text().split(' ').next()?.parse().ok()).collect();
    assert!((200..MESSAGES).contains(&heard.len()), "{} came", heard.len());
}

#[test]
fn a_deaf_subscriber_is_let_go_and_who_reads_slowly_is_not() {
    let mut house = Plan::default().config("[limits]\nqueued_messages = 200\ndeaf_seconds = 1\n").start();
    let (_deaf, mut slow) = (house.client("deaf").listen("flood/#", 0), house.client("slow").listen("flood/#", 0));
    let mut speaker = house.client("speaker");
    let let_go = |house: &House, id: &str| house.said().lines().any(|line| line.contains("kind=\"deaf\"") && line.contains(id));
    wait_until("the deaf one is let go", Duration::from_secs(60), || {
        for _ in 0..200 {
            speaker.post(Message::new("flood/x", [b'x'; 4_000]));
        }
        assert!(speaker.ping());
        // A quarter of what comes: it falls behind, and loses at QoS 0 what is too much.
        slow.messages(50);
        let_go(&house, "`deaf`")
    });
    assert!(!let_go(&house, "`slow`") && slow.ping());
    house.serves();
}

#[test]
fn large_messages_for_a_deaf_subscriber_do_not_take_the_memory() {
    const MIB: usize = 1024 * 1024;
    // Without an end, 300 MiB would wait.
    const MARGIN_KIB: u64 = (32 + 96) * 1_024;
    let mut house = Plan::default().config("[limits]\nafloat_bytes = 33554432\ndeaf_seconds = 3600\n").start();
    let _deaf = house.client("deaf").listen("flood/#", 0);
    let mut speaker = house.client("speaker");
    let before = resident_kib(&house);
    for n in 0..300 {
        speaker.tell("flood/x", vec![b'x'; MIB]);
        let now = resident_kib(&house);
        assert!(now <= before + MARGIN_KIB, "{now} KiB after {n}, {before} before");
    }
    assert!(house.said().lines().any(|line| line.contains("kind=\"deaf\"")), "it made room");
    house.serves();
}

#[test]
fn large_messages_for_one_who_never_acknowledges_do_not_take_the_memory() {
    const MIB: usize = 1024 * 1024;
    const QUOTA_EXCEEDED: u8 = 0x97;
    let mut house = Plan::default().config("[limits]\nafloat_bytes = 33554432\nin_flight = 1\n").start();
    let mut silent = house.dial("silent").silent().open().listen("flood/#", 1);
    let mut speaker = house.dial("speaker").v5().open();
    let taken = (0..100).take_while(|_| match speaker.publish(Message::new("flood/x", vec![b'x'; MIB]).qos(1)) {
        Sent::Code(QUOTA_EXCEEDED, _) => false,
        sent => sent.taken(),
    });
    // One of them is on its way, and one more may be in the sender's own buffer.
    let taken = taken.count();
    assert!((30..=34).contains(&taken), "{taken} MiB were taken of 32");
    silent.message();
    house.serves();
}
