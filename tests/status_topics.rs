//! Promise: Jamey says on retained topics how it is, and nobody else can speak for it there (topics.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::collections::BTreeMap;
use support::*;

const NOT_AUTHORIZED: u8 = 0x87;

#[test]
fn what_it_says_of_itself_is_retained_json_with_a_version() {
    let house = house();
    let mut speaker = house.client("kitchen");
    for n in 0..5 {
        speaker.tell("jamey/in/kitchen/temperature", format!("{}", 20 + n));
    }
    let wanted =
        ["jamey/status", "jamey/info", "jamey/soul/emotion", "jamey/soul/entity/kitchen", "jamey/consciousness/state", "jamey/system"];
    let mut said = BTreeMap::new();
    for topic in wanted {
        wait_until(&format!("{topic} is there for a newcomer"), PATIENCE, || {
            let mut newcomer = house.client("newcomer").listen("jamey/#", 1);
            said = newcomer.rest().into_iter().filter(|m| m.retain).map(|m| (m.topic.clone(), m)).collect();
            said.contains_key(topic)
        });
    }
    assert_eq!(said["jamey/status"].payload, b"online", "bare");
    for topic in &wanted[1..] {
        let json = said[*topic].json();
        assert!(json["v"].is_u64(), "{topic} has an integer `v`: {json}");
    }
    assert!(said["jamey/info"].json()["version"].is_string());
    for (topic, m) in said.iter().filter(|(topic, _)| *topic != "jamey/status") {
        assert!(m.json()["v"].is_u64(), "{topic} has an integer `v`");
    }
}

#[test]
fn its_status_is_a_last_will_and_a_goodbye() {
    let mut house = house();
    let mut watcher = house.client("watcher").listen("jamey/status", 1);
    assert_eq!(watcher.message().payload, b"online");
    house.stop();
    let last = std::iter::from_fn(|| watcher.message_within(MOMENT)).last().map(|m| m.text());
    assert_eq!(last.as_deref(), Some("offline"), "said before it went");
    house.start();
    let mut watcher = house.client("watcher").listen("jamey/status", 1);
    wait_until("online again", PATIENCE, || watcher.message().payload == b"online");
    // A broker that is killed sends no will; what is retained is put right by the next start.
    house.kill9();
    house.start();
    let mut watcher = house.client("watcher").listen("jamey/status", 1);
    wait_until("online again", PATIENCE, || watcher.message().payload == b"online");
}

#[test]
fn nobody_else_speaks_below_the_root() {
    let mut house = house();
    let mut all = house.client("all").listen("jamey/#", 1);
    let mut forger = house.dial("forger").v5().open();
    let forbidden = [
        "jamey",
        "jamey/status",
        "jamey/info",
        "jamey/in",
        "jamey/in/kitchen",
        "jamey/act",
        "jamey/act/lamp",
        "jamey/do/lamp/on",
        "jamey/verdict/forger",
        "jamey/approval/0190c8a0-0000-7000-8000-000000000000",
        "jamey/soul/emotion",
        "jamey/soul/entity/forger",
        "jamey/consciousness/state",
        "jamey/memory/recall/reply",
        "jamey/phoenix/state",
        "jamey/phoenix/snapshot/1",
        "jamey/alert/disk",
        "jamey/system",
        "jamey/reply/in",
        "jamey/anything/else",
        "jamey/cmd/guard",
        "jamey/approval/0190c8a0-0000-7000-8000-000000000000/answer",
    ];
    for topic in forbidden {
        for qos in 1..=2 {
            let sent = forger.publish(Message::new(topic, "forged").qos(qos));
            assert!(matches!(sent, Sent::Code(NOT_AUTHORIZED, _)), "{topic} at QoS {qos}: {sent:?}");
        }
        forger.publish(Message::new(topic, "forged"));
        forger.publish(Message::new(topic, "forged").retained());
        forger.publish(Message::new(topic, "").retained());
    }
    for topic in ["jamey/in/kitchen/temperature", "jamey/act/lamp/on", "jamey/memory/recall"] {
        let sent = forger.publish(Message::new(topic, "{}").qos(1));
        assert!(sent.taken(), "{topic}: {sent:?}");
    }
    let heard = all.rest();
    assert!(heard.iter().all(|m| m.payload != b"forged"), "{heard:?}");
    let mut late = house.client("late").listen("jamey/status", 1);
    assert_eq!(late.message().payload, b"online", "and it could not be cleared");
    let will = house.dial("ghost").v5().will(Message::new("jamey/status", "forged").retained()).try_open();
    if let Ok(ghost) = will {
        ghost.vanish();
    }
    assert!(all.rest().iter().all(|m| m.payload != b"forged"), "nor by a will");
    house.serves();
}

#[test]
fn an_old_client_that_forges_is_not_heard_either() {
    let mut house = house();
    let mut all = house.client("all").listen("jamey/#", 1);
    all.rest();
    let mut forger = house.client("forger");
    // 3.1.1 has no reason code: acknowledged or closed, but never passed on.
    forger.publish(Message::new("jamey/status", "forged").qos(1).retained());
    assert!(all.rest().iter().all(|m| m.payload != b"forged"));
    house.serves();
}

#[test]
fn approvals_are_for_approvers_only() {
    let house = house();
    let mut stranger = house.dial("stranger").v5().open();
    assert_eq!(stranger.subscribe(&[("jamey/approval/#", 1)]), [NOT_AUTHORIZED]);
    assert_eq!(stranger.subscribe(&[("$share/g/jamey/approval/#", 1)]), [NOT_AUTHORIZED]);
}
