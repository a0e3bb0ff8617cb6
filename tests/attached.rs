//! Promise: attached to a broker that clients reach directly, Jamey hears and remembers, judges what is asked of it there, answers there,
//! and says what it does not judge; whichever of the two falls.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use support::*;

const LOCK: &str = "[[device]]\nid = \"front\"\nclass = \"lock\"\ncommand_topic = \"locks/front/set\"\npayloads = { UNLOCK = \"unlock\", LOCK = \"lock\" }\n\
                    [[device]]\nid = \"lamp\"\nclass = \"light\"\ncommand_topic = \"lamps/lamp/set\"\npayloads = { ON = \"on\", OFF = \"off\" }\n";

fn attached(other: &Other, more: &str) -> Plan {
    let text = format!(
        "{LOCK}[[input]]\ntopic = \"sensors/{{entity}}/{{kind}}\"\n[attached]\naddress = \"{}\"\nfilters = [\"sensors/#\", \"locks/#\", \"lamps/#\"]\n{more}",
        other.address()
    );
    Plan::default().enforce().config(&text)
}

/// Waits until Jamey says over there that it is there.
fn is_there(other: &Other) {
    let mut ear = other.client("is-there").listen("jamey/status", 1);
    while ear.message().text() != "online" {}
}

fn times_remembered(house: &House) -> BTreeMap<String, u32> {
    let db = house.db();
    let mut rows = db.prepare("select own_id, count(*) from memory_records where own_id is not null group by own_id").unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_is_asked_there_is_judged_and_answered_there() {
    let other = mosquitto("").start();
    let mut house = attached(&other, "").start();
    is_there(&other);
    let mut ear = other.dial("ear").v5().open().listen("jamey/verdict/#", 1);
    assert_eq!(ear.subscribe(&[("locks/#", 1), ("lamps/#", 1), ("jamey/do/#", 1)]), [1, 1, 1]);
    let mut asker = other.client("asker");
    asker.tell("jamey/act/front/unlock", r#"{"id":"u"}"#);
    let refused = ear.message_on("jamey/verdict/attached").json();
    assert_ne!(refused["decision"], "allow", "{refused}");
    assert_eq!(refused["forwarded"], false);
    asker.tell("jamey/act/lamp/on", r#"{"id":"l"}"#);
    let allowed = ear.message_on("jamey/verdict/attached").json();
    assert_eq!((allowed["decision"].as_str(), allowed["request"]["id"].as_str()), (Some("allow"), Some("l")));
    assert_eq!(ear.message_on("lamps/lamp/set").text(), "ON");
    // In the order in which they were asked: the lamp came, so the lock will not.
    assert!(ear.rest().iter().all(|m| m.topic != "locks/front/set"));
    house.is_well();
}

#[test]
fn what_goes_to_devices_there_directly_is_heard_and_not_judged_and_jamey_says_so() {
    let other = mosquitto("").start();
    let mut house = attached(&other, "").start();
    is_there(&other);
    assert!(house.said().contains("is NOT judged"), "{}", house.said());
    let info = other.client("ear").listen("jamey/info", 1).message().json();
    assert!(info["attached"]["judged"].as_str().unwrap().contains("directly is not judged"), "{info}");
    let mut here = house.client("here").listen("locks/#", 1);
    let mut far = other.client("far");
    far.tell("locks/front/set", "UNLOCK");
    far.tell("sensors/door/contact", r#"{"id":"s"}"#);
    wait_until("the sensor is remembered", PATIENCE, || times_remembered(&house).contains_key("s"));
    assert_eq!(house.count("select count(*) from verdicts", []), 0);
    // What is heard there stays there: no unjudged command goes on here.
    assert!(here.rest().is_empty());
    house.is_well();
}

#[test]
fn its_last_will_and_its_states_stand_there() {
    let other = mosquitto("").start();
    let mut house = attached(&other, "").start();
    is_there(&other);
    let mut ear = other.client("ear").listen("jamey/status", 1);
    let mut says = |word: &str| while ear.message().text() != word {};
    says("online");
    assert!(other.client("mood").listen("jamey/soul/emotion", 1).message().json()["mood"].is_object());
    house.kill9();
    says("offline");
    house.start();
    says("online");
    // Somebody takes its place over there, for a moment.
    other.client("jamey-attached").vanish();
    says("offline");
    says("online");
    house.stop();
    says("offline");
}

#[test]
fn what_is_acknowledged_there_is_remembered_once_and_every_request_answered_though_both_fall() {
    let mut other = mosquitto("").start();
    let mut house = attached(&other, "").start();
    is_there(&other);
    drop(other.dial("witness").persistent().open().listen("jamey/do/#", 1));
    let there: Place = Arc::new(Mutex::new(other.address()));
    let told = restless("told", "sensors/door/contact", &there);
    let asked = restless("asked", "jamey/act/chime/ring", &there);
    let mut chance = Chance::seeded(7);
    for round in 0..6 {
        let before = house.count("select count(*) from memory_records", []);
        wait_until("both speak", PATIENCE, || house.count("select count(*) from memory_records", []) > before + 20);
        std::thread::park_timeout(Duration::from_millis(chance.between(1, 60)));
        if round % 2 == 0 {
            house.kill9();
            house.start();
        } else {
            other.fall();
            other.rise();
        }
    }
    let (told, asked) = (told.acknowledged(), asked.acknowledged());
    wait_until("all is remembered", PATIENCE, || {
        let rows = times_remembered(&house);
        told.iter().chain(&asked).all(|id| rows.contains_key(id))
    });
    let rows = times_remembered(&house);
    for id in told.iter().chain(&asked) {
        assert_eq!(rows.get(id), Some(&1), "{id}");
    }
    let db = house.db();
    let mut verdicts = db
        .prepare(
            "select json_extract(request, '$.id') from verdicts where decision = 'allow' and json_extract(request, '$.id') is not null",
        )
        .unwrap();
    let allowed: BTreeSet<String> = verdicts.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(!allowed.is_empty());
    let mut ear = other.dial("witness").persistent().open();
    let mut heard = BTreeSet::new();
    while !allowed.is_subset(&heard) {
        let missing = allowed.difference(&heard).count();
        let message =
            ear.message_within(PATIENCE).unwrap_or_else(|| panic!("{missing} of {} allowed requests never arrived", allowed.len()));
        heard.insert(message.json()["id"].as_str().unwrap().to_owned());
    }
    heard.extend(ear.rest().iter().map(|m| m.json()["id"].as_str().unwrap().to_owned()));
    assert_eq!(heard.difference(&allowed).collect::<Vec<_>>(), Vec::<&String>::new(), "a refused request arrived");
    house.is_well();
}

#[test]
fn several_share_what_they_hear() {
    let other = mosquitto("").start();
    let house = attached(&other, "share = \"houses\"\n").start();
    is_there(&other);
    let mut second = other.client("second");
    assert_eq!(second.subscribe(&[("$share/houses/sensors/#", 1)]), [1]);
    let mut far = other.client("far");
    for i in 0..20 {
        far.tell("sensors/door/contact", format!(r#"{{"id":"{i}"}}"#));
    }
    let theirs = second.rest().len();
    assert!(theirs > 0 && theirs < 20, "{theirs}");
    wait_until("the rest is remembered here", PATIENCE, || times_remembered(&house).len() == 20 - theirs);
}

#[test]
fn attached_to_a_broker_that_speaks_only_mqtt_3_1_1() {
    let other = nats().start();
    let house = attached(&other, "").start();
    is_there(&other);
    let mut ear = other.client("ear").listen("lamps/#", 1);
    other.client("asker").tell("jamey/act/lamp/on", r#"{"id":"l"}"#);
    assert_eq!(ear.message().text(), "ON");
    other.client("far").tell("sensors/door/contact", r#"{"id":"s"}"#);
    wait_until("the sensor is remembered", PATIENCE, || times_remembered(&house).contains_key("s"));
}
