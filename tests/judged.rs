//! Promise: what is asked of a guarded device is judged before it goes on, and the asker is told why; discovery makes guards and never loosens them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use support::{
    zigbee::{DOOR, announce},
    *,
};

const SET: &str = "zigbee2mqtt/front_door/set";

/// Someone who asks, and hears the verdicts on it.
fn asker(house: &House, name: &str) -> Mqtt {
    house.dial(name).v5().open().listen(&format!("jamey/verdict/{name}"), 1)
}

/// A bridge that has announced the front door's lock and listens for commands to it.
fn bridge(house: &House) -> Mqtt {
    let mut bridge = house.client("zigbee2mqtt").listen("zigbee2mqtt/#", 2);
    announce(&mut bridge, &[DOOR]);
    bridge
}

/// The next verdict, in the form that others rely on.
fn verdict(asker: &mut Mqtt) -> Value {
    loop {
        let v = checked(&asker.message());
        // An earlier one that waited, and was superseded by this.
        if v["settled"].is_null() {
            return v;
        }
    }
}

/// All verdicts on what was just asked: a message may ask for several things.
fn verdicts(asker: &mut Mqtt) -> Vec<Value> {
    std::iter::once(asker.message()).chain(asker.rest()).map(|m| checked(&m)).filter(|v| v["settled"].is_null()).collect()
}

fn refused(verdicts: &[Value]) -> bool {
    verdicts.iter().any(|v| v["decision"] != "allow")
}

fn checked(message: &Message) -> Value {
    let v = message.json();
    assert!(v["v"].is_u64(), "{v}");
    assert!(matches!(v["decision"].as_str(), Some("allow" | "deny" | "escalate")), "{v}");
    assert!(v["reason"].as_str().is_some_and(|r| !r.trim().is_empty()), "a reason in words: {v}");
    assert!(v["request"]["target"].is_string() && v["request"]["verb"].is_string() && v["request"]["entity"].is_string(), "{v}");
    v["percept"].as_str().unwrap().parse::<uuid::Uuid>().unwrap();
    let score = v["score"].as_f64().unwrap();
    let shares: f64 = v["contributions"].as_array().unwrap().iter().map(|c| c["share"].as_f64().unwrap()).sum();
    assert!((score - shares).abs() < 1e-9 && score.abs() < 1.0, "the shares sum to the score: {v}");
    assert!(v["contributions"].as_array().unwrap().iter().all(|c| c["rule"].is_string()));
    v
}

fn stored(house: &House, verdict: &Value) -> String {
    let percept: uuid::Uuid = verdict["percept"].as_str().unwrap().parse().unwrap();
    let sql = "select decision from verdicts where percept = ?1 and verb = ?2";
    house.db().query_row(sql, (percept.as_bytes(), verdict["request"]["verb"].as_str()), |row| row.get(0)).unwrap()
}

#[test]
fn a_request_gets_a_verdict_with_its_reasons() {
    let house = house();
    let mut asker = asker(&house, "wall_panel");
    asker.tell("jamey/act/front_door/unlock", r#"{"id":"ask-1"}"#);
    let v = verdict(&mut asker);
    assert_eq!(v["request"]["target"], "front_door");
    assert_eq!(v["request"]["verb"], "unlock");
    assert_eq!(v["request"]["entity"], "wall_panel");
    assert_eq!(v["request"]["id"], "ask-1");
    assert_eq!(stored(&house, &v), v["decision"].as_str().unwrap(), "what is told is what is stored");
}

#[test]
fn an_allowed_request_goes_on_as_it_came() {
    let house = house();
    let mut doer = house.client("doer").listen("jamey/do/#", 1);
    let mut asker = asker(&house, "wall_panel");
    for body in ["{}", r#"{"id":"x", "brightness" : 7}"#, "", "21.5", "\u{fc}"] {
        asker.tell("jamey/act/lamp/on", body);
        let v = verdict(&mut asker);
        assert_eq!(v["decision"], "allow", "{v}");
        let done = doer.message();
        assert_eq!((done.topic.as_str(), done.text().as_str()), ("jamey/do/lamp/on", body));
    }
}

#[test]
fn a_request_to_a_known_device_goes_on_in_its_own_words() {
    let house = Plan::default()
        .config("[[device]]\nid = \"hall_lamp\"\nclass = \"light\"\ncommand_topic = \"hall/lamp/cmnd\"\npayloads = { AN = \"on\", AUS = \"off\" }\n")
        .start();
    let mut lamp = house.client("lamp").listen("hall/lamp/cmnd", 1);
    let mut asker = asker(&house, "wall_panel");
    asker.tell("jamey/act/hall_lamp/on", "{}");
    assert_eq!(verdict(&mut asker)["decision"], "allow");
    assert_eq!(lamp.message().text(), "AN");
}

#[test]
fn a_denied_request_goes_nowhere_even_while_the_guard_only_observes() {
    let house = Plan::default()
        .config("[[device]]\nid = \"concentrator\"\nclass = \"medical\"\ntags = [\"medical\"]\ncommand_topic = \"o2/set\"\npayloads = { ON = \"on\", OFF = \"off\" }\n")
        .start();
    let mut doer = house.client("doer");
    doer.subscribe(&[("jamey/do/#", 1), ("o2/#", 1)]);
    let mut asker = asker(&house, "wall_panel");
    asker.tell("jamey/act/concentrator/off", "{}");
    let v = verdict(&mut asker);
    assert_eq!((v["decision"].as_str(), stored(&house, &v).as_str()), (Some("deny"), "deny"), "{v}");
    assert_eq!(doer.rest(), []);
}

#[test]
fn an_act_may_not_be_retained() {
    let house = house();
    let mut doer = house.client("doer").listen("jamey/do/#", 1);
    let mut asker = house.dial("wall_panel").v5().open();
    let sent = asker.publish(Message::new("jamey/act/lamp/on", "{}").qos(1).retained());
    assert!(sent.refused() || doer.rest().is_empty(), "{sent:?}");
    assert_eq!(house.client("late").listen("jamey/act/#", 1).rest(), [], "nothing is left behind");
}

#[test]
fn an_answer_goes_where_the_asker_wants_it() {
    let house = house();
    let mut asker = house.dial("script").v5().open().listen("answers/script", 1);
    let properties = Properties::default().text(property::RESPONSE_TOPIC, "answers/script").bytes(property::CORRELATION_DATA, b"\x01\xff");
    assert!(asker.publish(Message::new("jamey/act/lamp/on", r#"{"id":"q"}"#).qos(1).with(properties.clone())).taken());
    let answer = asker.message();
    assert_eq!(answer.json()["request"]["id"], "q");
    assert_eq!(answer.properties.get(property::CORRELATION_DATA), properties.get(property::CORRELATION_DATA));
}

#[test]
fn a_discovered_lock_is_guarded_from_then_on() {
    let house = strict_house();
    let mut early = house.client("early").listen("zigbee2mqtt/+/set", 1);
    let mut asker = asker(&house, "stranger");
    asker.tell(SET, "LOCK");
    assert_eq!(early.message().text(), "LOCK", "before, nothing is known of a lock");
    let mut bridge = bridge(&house);
    bridge.rest();
    asker.rest();
    for (at, (qos, word)) in [(0, "UNLOCK"), (1, "UNLOCK"), (2, "UNLOCK"), (1, "LOCK"), (2, "LOCK")].into_iter().enumerate() {
        assert!(asker.publish(Message::new(SET, word).qos(qos)).taken(), "{word} at QoS {qos} is answered");
        let v = verdict(&mut asker);
        assert_eq!(v["request"]["verb"], word.to_lowercase());
        assert_eq!(v["decision"].as_str(), Some(stored(&house, &v).as_str()));
        let through = bridge.rest();
        if v["decision"] == "allow" {
            assert_eq!(through.iter().map(Message::text).collect::<Vec<_>>(), [word], "byte for byte");
        } else {
            assert_eq!(through, [], "case {at}: held or denied means not delivered: {v}");
        }
        assert!(word == "LOCK" || v["decision"] != "allow", "a stranger does not unlock: {v}");
    }
}

#[test]
fn while_it_observes_a_command_goes_on_byte_for_byte_and_is_reported() {
    let house = house();
    let mut bridge = house.dial("zigbee2mqtt").v5().open().listen("zigbee2mqtt/+/set", 2);
    announce(&mut bridge, &[DOOR]);
    let mut asker = asker(&house, "stranger");
    let properties = Properties::default().text(property::CONTENT_TYPE, "text/plain");
    for qos in 0..=2 {
        for payload in [&b"UNLOCK"[..], br#"{ "state" : "UNLOCK" }"#, b"\xff\x00weird", b"{"] {
            assert!(asker.publish(Message::new(SET, payload).qos(qos).with(properties.clone())).taken());
            let v = verdict(&mut asker);
            assert_ne!(v["decision"], "allow", "{v}");
            let m = bridge.message();
            assert_eq!((m.payload.as_slice(), m.qos), (payload, qos));
            assert_eq!(m.properties.get(property::CONTENT_TYPE), properties.get(property::CONTENT_TYPE));
        }
    }
}

#[test]
fn every_way_to_say_it_to_the_lock_is_judged() {
    let house = strict_house();
    let mut bridge = bridge(&house);
    bridge.rest();
    let mut asker = asker(&house, "stranger");
    let ways = [
        (SET, "UNLOCK"),
        (SET, "unlock"),
        (SET, " UNLOCK\n"),
        (SET, r#"{"state":"UNLOCK"}"#),
        (SET, r#"{"brightness":1,"state":"UNLOCK"}"#),
        (SET, r#"{"state":"LOCK","state":"UNLOCK"}"#),
        (SET, "\u{feff}UNLOCK"),
        (SET, r#"{"command":{"cluster":"closuresDoorLock","command":"unlockDoor","payload":{}}}"#),
        (SET, "TOGGLE"),
        (SET, "no such word"),
        ("zigbee2mqtt/front_door/set/state", "UNLOCK"),
        ("zigbee2mqtt/0x00158d0001a2b3c4/set", "UNLOCK"),
        ("zigbee2mqtt/0x00158D0001A2B3C4/set", "UNLOCK"),
        ("zigbee2mqtt/0x00158d0001a2b3c4/set/state", "UNLOCK"),
        ("zigbee2mqtt/front_door/1/set", "UNLOCK"),
        ("zigbee2mqtt/bridge/request/device/remove", r#"{"id":"front_door"}"#),
    ];
    for (topic, payload) in ways {
        asker.tell(topic, payload);
        let all = verdicts(&mut asker);
        assert!(refused(&all), "{topic} {payload:?}: {all:?}");
        assert_eq!(bridge.rest(), [], "{topic} {payload:?} reached the lock");
    }
}

#[test]
fn a_query_and_a_devices_own_state_are_never_held() {
    let house = strict_house();
    let mut bridge = bridge(&house);
    let mut home = house.client("home").listen("zigbee2mqtt/front_door", 1);
    let mut stranger = house.client("stranger").listen("zigbee2mqtt/front_door/get", 1);
    let before = house.count("select count(*) from verdicts", []);
    for state in ["LOCK", "UNLOCK"] {
        let body = json!({"state": state, "battery": 88, "linkquality": 120}).to_string();
        assert!(bridge.publish(Message::new("zigbee2mqtt/front_door", &body).qos(1).retained()).taken());
        assert_eq!(home.message().text(), body);
    }
    stranger.tell("zigbee2mqtt/front_door/get", r#"{"state":""}"#);
    assert_eq!(stranger.message().text(), r#"{"state":""}"#);
    assert_eq!(house.client("late").listen("zigbee2mqtt/front_door", 1).message().json()["state"], "UNLOCK");
    assert_eq!(house.count("select count(*) from verdicts", []), before, "nothing was asked, so nothing judged");
}

#[test]
fn a_retained_command_is_denied_and_a_clean_up_passes() {
    let house = strict_house();
    let mut bridge = bridge(&house);
    bridge.rest();
    let mut asker = asker(&house, "stranger");
    for word in ["UNLOCK", "LOCK"] {
        assert!(asker.publish(Message::new(SET, word).qos(1).retained()).taken());
        assert_eq!(verdict(&mut asker)["decision"], "deny", "retained {word}");
    }
    assert_eq!(bridge.rest(), []);
    assert_eq!(house.client("late").listen(SET, 1).rest(), [], "nothing lies in wait for the lock's next connection");
    assert!(asker.publish(Message::new(SET, "").qos(1).retained()).taken(), "a clean-up passes");
    assert!(bridge.rest().iter().all(|m| m.payload.is_empty()));
}

/// A lock that no family's grammar knows: only its document makes its topic a guarded one.
const SHED_SET: &str = "shed/lock/command";

fn announce_shed(house: &House) {
    let document = json!({"command_topic": SHED_SET, "state_topic": "shed/lock/state", "name": "Shed", "unique_id": "shed_lock"});
    let sent = house.client("shed").publish(Message::new("homeassistant/lock/shed/config", document.to_string()).qos(1).retained());
    assert!(sent.taken());
}

#[test]
fn a_retained_command_from_before_the_guard_is_cleared() {
    let house = strict_house();
    let mut stranger = house.client("stranger");
    assert!(stranger.publish(Message::new(SHED_SET, "UNLOCK").qos(1).retained()).taken());
    assert_eq!(house.client("early").listen(SHED_SET, 1).message().text(), "UNLOCK");
    announce_shed(&house);
    wait_until("the retained unlock is gone", PATIENCE, || house.client("late").listen(SHED_SET, 1).rest().is_empty());
}

#[test]
fn a_will_that_commands_a_guarded_device_is_refused() {
    let mut house = strict_house();
    let mut bridge = bridge(&house);
    bridge.rest();
    for topic in [SET, "zigbee2mqtt/front_door/set/state", "jamey/act/front_door/unlock"] {
        for retain in [false, true] {
            let will = Message { retain, ..Message::new(topic, "UNLOCK").qos(1) };
            assert!(house.dial("ghost").will(will.clone()).try_open().is_err(), "3.1.1: a will on {topic}");
            assert!(house.dial("ghost").v5().will(will).try_open().is_err(), "5: a will on {topic}");
        }
    }
    assert_eq!(bridge.rest(), []);
    let plain = house.dial("sensor").will(Message::new("sensor/availability", "offline").qos(1).retained());
    assert!(plain.try_open().is_ok(), "an ordinary will is welcome");
    house.serves();
}

#[test]
fn a_will_on_a_topic_that_is_guarded_later_is_judged() {
    let house = strict_house();
    let mut shed = house.client("shed-lock").listen(SHED_SET, 1);
    let ghosts = [house.dial("ghost"), house.dial("ghost5").v5()].map(|g| g.will(Message::new(SHED_SET, "UNLOCK").qos(1)).open());
    announce_shed(&house);
    ghosts.into_iter().for_each(Mqtt::vanish);
    assert_eq!(shed.rest(), [], "the will was written before the guard and meets it all the same");
}

#[test]
fn discovery_never_loosens_a_guard() {
    let loosening = |document: Value, topic: &str| (topic.to_owned(), document.to_string());
    let lock = DOOR.discovery();
    let without = |key: &str| {
        let mut d = lock.clone();
        d.as_object_mut().unwrap().remove(key);
        d
    };
    let with = |extra: Value| {
        let mut d = lock.clone();
        d.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        d
    };
    let own = DOOR.discovery_topic();
    let attempts = [
        loosening(without("command_topic"), &own),
        loosening(with(json!({"command_topic": "elsewhere/set"})), &own),
        loosening(with(json!({"payload_lock": "UNLOCK", "payload_unlock": "LOCK"})), &own),
        loosening(with(json!({"payload_lock": "UNLOCK"})), "homeassistant/lock/other/lock/config"),
        loosening(json!({"command_topic": SET, "payload_on": "UNLOCK", "unique_id": "x"}), "homeassistant/light/nice_lamp/config"),
        loosening(json!({"command_topic": SET, "payload_press": "UNLOCK", "unique_id": "y"}), "homeassistant/button/nice/config"),
        loosening(json!({"command_topic": SET, "state_topic": SET, "unique_id": "z"}), "homeassistant/switch/nice/config"),
        loosening(json!({"state_topic": SET, "unique_id": "s"}), "homeassistant/sensor/nice/config"),
        (own.clone(), String::new()),
        (own, "not even JSON".into()),
        ("zigbee2mqtt/bridge/devices".into(), "[]".into()),
    ];
    for (topic, document) in attempts {
        let house = strict_house();
        let mut bridge = bridge(&house);
        bridge.rest();
        let mut intruder = asker(&house, "intruder");
        assert_ne!(intruder.publish(Message::new(&topic, &document).qos(1).retained()), Sent::Nothing);
        bridge.rest();
        intruder.tell(SET, "UNLOCK");
        let all = verdicts(&mut intruder);
        assert!(refused(&all), "after {topic} {document}: {all:?}");
        assert_eq!(bridge.rest(), [], "after {topic} {document}");
    }
}

#[test]
fn what_discovery_said_is_known_after_a_restart() {
    let mut house = strict_house();
    bridge(&house).disconnect();
    house.kill9();
    house.start();
    let mut door = house.client("door").listen(SET, 1);
    let mut asker = asker(&house, "stranger");
    asker.tell(SET, "UNLOCK");
    assert_ne!(verdict(&mut asker)["decision"], "allow");
    assert_eq!(door.rest(), []);
}

#[test]
fn an_owners_guard_needs_no_discovery() {
    let house = Plan::default()
        .enforce()
        .config("[[guard]]\ntopic = \"locks/+/set\"\nexcept = [\"locks/log/set\"]\nclass = \"lock\"\npayloads = { UNLOCK = \"unlock\", LOCK = \"lock\" }\n")
        .start();
    let mut doors = house.client("doors").listen("locks/#", 1);
    let mut asker = asker(&house, "stranger");
    asker.tell("locks/cellar/set", "UNLOCK");
    assert_ne!(verdict(&mut asker)["decision"], "allow");
    assert_eq!(doors.rest(), []);
    for free in ["locks/log/set", "locks/cellar/state", "locks/cellar/set/log"] {
        asker.tell(free, "UNLOCK");
        assert_eq!(doors.message().topic, free, "not guarded");
    }
}
