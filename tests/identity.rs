//! Promise: what Jamey does makes it what it is; that is retained, stored by the day, shown, and survives a restart; who is forgotten is in none of it;
//! what cannot be read of it is put aside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
mod support;
use alive::{Alive, Who};
use jamey::{
    domain::{Answer, Change, EntityId, Input, OwnersWord, Request, Says, Timestamp, Verb},
    mind::Subject,
};
use serde_json::{Map, Value};
use std::process::Command;
use support::*;
use uuid::Uuid;

const IDENTITY: &str = "jamey/consciousness/identity";
const HOME: &str = r#"
timezone = "Europe/Berlin"
[[device]]
id = "front_door"
class = "lock"
command_topic = "door/set"
state_topic = "door/state"
payloads = { UNLOCK = "unlock", LOCK = "lock" }
[[device]]
id = "lamp"
class = "light"
command_topic = "lamp/set"
payloads = { ON = "on", OFF = "off" }
[[input]]
topic = "door/{kind}"
entity = "front_door"
[[signal]]
name = "home"
entity = "anna"
kind = "presence"
[[signal]]
name = "smoke"
entity = "smoke_hall"
kind = "smoke"
[[duty]]
id = "left-open"
after_seconds = 5
"#;

fn of(view: &Value, role: &str) -> f64 {
    view["roles"][role]["strength"].as_f64().unwrap()
}

fn row(house: &House) -> Value {
    let text: String = house.db().query_row("select view from identity_matrices order by at desc limit 1", [], |row| row.get(0)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn command(house: &House, args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_jamey")).arg("--data").arg(house.data()).args(args).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn a_denied_unlock_makes_it_a_guardian_and_a_restart_takes_nothing_of_it() {
    let mut house = Plan::default().enforce().config(HOME).start();
    let mut ear = house.client("ear").listen(IDENTITY, 1);
    assert!(house.client("late").listen(IDENTITY, 1).rest().is_empty(), "it has done nothing yet");
    // What is retained would reach the lock on its next connection.
    assert!(house.client("stranger").publish(Message::new("door/set", "UNLOCK").qos(1).retained()).taken());
    let told = ear.message_on(IDENTITY).json();
    assert!(["caretaker", "observer", "learner"].iter().all(|other| of(&told, "guardian") > of(&told, other)), "{told}");
    assert_eq!((told["text"].as_str(), told["v"].as_u64()), (Some("above all guardian"), Some(1)), "{told}");
    let (low, high) = (told["roles"]["guardian"]["low"].as_f64().unwrap(), told["roles"]["guardian"]["high"].as_f64().unwrap());
    assert!(low < of(&told, "guardian") && of(&told, "guardian") < high, "{told}");
    let denied = told["acts"].as_array().unwrap().iter().find(|act| act["what"] == "denied").unwrap();
    assert_eq!(
        (denied["role"].as_str(), denied["entity"].as_str(), denied["weight"].as_f64()),
        (Some("guardian"), Some("stranger"), Some(1.0))
    );
    let percept: Uuid = denied["percept"].as_str().unwrap().parse().unwrap();
    assert_eq!(house.count("select count(*) from verdicts where percept = ?1 and decision = 'deny'", [percept.as_bytes()]), 1);
    assert!(denied["context"].as_str().unwrap().ends_with("_unknown"), "nobody said who is home: {denied}");
    assert_eq!(of(&row(&house), "guardian"), of(&told, "guardian"), "the row of the day says the same");

    let shown = command(&house, &["mind", "identity"]);
    assert!(shown.starts_with("above all guardian\n") && shown.contains("denied a request (stranger): guardian 1.00"), "{shown}");
    house.stop();
    let before = row(&house);
    assert_eq!(serde_json::from_str::<Value>(&command(&house, &["mind", "identity", "--json"])).unwrap(), before);
    house.start();
    let again = house.client("ear").listen(IDENTITY, 1).message().json();
    assert_eq!((&again["counted"], &again["text"]), (&before["counted"], &before["text"]), "{again}");
    assert!(again["acts"].as_array().unwrap().iter().any(|act| act["percept"] == percept.to_string()), "{again}");

    command(&house, &["entity", "forget", "stranger", "--yes"]);
    wait_until("nothing retained names who is forgotten", PATIENCE, || {
        let told = house.client("late").listen(IDENTITY, 1).message().json();
        !told.to_string().contains("stranger") && of(&told, "guardian") > 0.3
    });
    assert_eq!(
        house.count("select count(*) from identity_matrices where instr(view, 'stranger') or instr(state, cast('stranger' as blob))", []),
        0
    );
    house.is_well();
}

#[test]
fn an_identity_that_cannot_be_read_is_put_aside_and_the_house_starts() {
    let mut house = Plan::default().enforce().config(HOME).start();
    assert!(house.client("stranger").publish(Message::new("door/set", "UNLOCK").qos(1).retained()).taken());
    wait_until("a row", PATIENCE, || house.count("select count(*) from identity_matrices", []) == 1);
    house.stop();
    let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
    // A day before left only strengths.
    db.execute("INSERT INTO identity_matrices (at, view, state) SELECT at - 86400000000, '{}', x'' FROM identity_matrices", []).unwrap();
    db.execute("UPDATE identity_matrices SET state = x'80' WHERE length(state) > 0", []).unwrap();
    drop(db);
    house.start();
    let alert = house.client("alerts").listen("jamey/alert/set-aside", 1).message_on("jamey/alert/set-aside").json();
    assert!(alert["severity"] == "warning" && alert["text"].as_str().unwrap().contains("the stored identity cannot be read"), "{alert}");
    wait_until("it is on record", PATIENCE, || house.count("select count(*) from audit_log where action = 'state.set-aside'", []) == 1);
    assert_eq!(house.count("select count(*) from identity_matrices where state = x'80'", []), 0);
    let aside = || -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(house.data().join("set-aside")).unwrap();
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    };
    assert_eq!(aside(), [b"\x80".to_vec()]);
    // It begins anew (the same asker's denials count once a minute), and who is forgotten might be named in what it was.
    assert!(house.client("another").publish(Message::new("door/set", "UNLOCK").qos(1).retained()).taken());
    wait_until("a row again", PATIENCE, || house.count("select count(*) from identity_matrices where length(state) > 1", []) == 1);
    command(&house, &["entity", "forget", "stranger", "--yes"]);
    assert_eq!(aside(), Vec::<Vec<u8>>::new());
    house.stop();
    house.start();
    house.serves();
    wait_until("it is over with the next start", PATIENCE, || house.client("alerts").listen("jamey/alert/set-aside", 1).rest().is_empty());
}

#[test]
fn an_opinion_that_cannot_be_read_is_put_aside_and_its_entity_begins_anew() {
    let mut house = Plan::default().config(HOME).start();
    for who in ["good", "broken", "dull"] {
        assert!(house.client(who).publish(Message::new("door/state", "closed").qos(1)).taken());
    }
    wait_until("three are known", PATIENCE, || {
        house.count("select count(*) from soul_entities where entity in ('good', 'broken', 'dull')", []) == 3
    });
    house.stop();
    let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
    let (good, senses): (Vec<u8>, Vec<u8>) = db
        .query_row(
            "SELECT state, (SELECT senses FROM soul_entities WHERE entity = 'dull') FROM soul_entities WHERE entity = 'good'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    db.execute("UPDATE soul_entities SET state = x'80' WHERE entity = 'broken'", []).unwrap();
    db.execute("UPDATE soul_entities SET senses = x'81' WHERE entity = 'dull'", []).unwrap();
    db.execute("INSERT OR REPLACE INTO soul_emotions (slot, at, view, state) VALUES (1, 0, '{}', x'82')", []).unwrap();
    db.execute("INSERT INTO soul_departed (id, state) VALUES (zeroblob(16), x'83')", []).unwrap();
    drop(db);
    house.start();
    let alert = house.client("alerts").listen("jamey/alert/set-aside", 1).message_on("jamey/alert/set-aside").json();
    let text = alert["text"].as_str().unwrap();
    assert!(text.contains("the stored state of broken cannot be read") && text.contains("of what dull tells"), "{alert}");
    assert!(text.contains("and so for 1 more"), "of many the first are told: {alert}");
    wait_until("it is on record", PATIENCE, || house.count("select count(*) from audit_log where action = 'state.set-aside'", []) == 1);
    let aside = || -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(house.data().join("set-aside")).unwrap().map(Result::unwrap);
        let mut all: Vec<_> = files.map(|f| (f.file_name().into_string().unwrap(), std::fs::read(f.path()).unwrap())).collect();
        all.sort();
        all
    };
    let names = ["departed-", "entity-broken-", "mood-", "senses-dull-"];
    assert!(aside().iter().zip(names).all(|((file, _), name)| file.starts_with(name)) && aside().len() == 4, "{:?}", aside());
    assert_eq!(aside().into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>(), [b"\x83", b"\x80", b"\x82", b"\x81"]);
    let state = |who: &str| -> Vec<u8> {
        house.db().query_row("SELECT state FROM soul_entities WHERE entity = ?1", [who], |row| row.get(0)).unwrap()
    };
    assert_eq!(state("good"), good, "what can be read stays as it was");
    assert!(!senses.is_empty() && state("dull") != b"\x80", "of who only tells otherwise the opinion stays");
    assert!(house.client("broken").publish(Message::new("door/state", "open").qos(1)).taken());
    wait_until("it is known again", PATIENCE, || command(&house, &["entity", "list"]).contains("broken"));
    command(&house, &["entity", "forget", "dull", "--yes"]);
    assert!(aside().is_empty(), "who is forgotten might be named in what it was");
    house.stop();
    house.start();
    house.serves();
    wait_until("it is over with the next start", PATIENCE, || house.client("alerts").listen("jamey/alert/set-aside", 1).rest().is_empty());
}

#[test]
fn one_page_says_how_it_is() {
    let show = |house: &House, args: &[&str]| command(house, &[&["mind", "show"], args].concat());
    let mut house = Plan::default().enforce().config(HOME).start();
    assert!(house.client("stranger").publish(Message::new("door/set", "UNLOCK").qos(1).retained()).taken());
    wait_until("it is a guardian", PATIENCE, || {
        let json: Value = serde_json::from_str(&show(&house, &["--json"])).unwrap_or_default();
        json["identity"]["text"] == "above all guardian" && json["mission"].as_array().is_some_and(|all| !all.is_empty())
    });
    house.stop();
    let page = show(&house, &[]);
    let row = |name: &str| page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {page}"));
    assert!(row("state").contains("stopping since 20"), "{page}");
    assert!(row("focus").len() > 12 && row("mood").contains("(strength 0."), "{page}");
    assert!(row("as one").contains("not known yet: it takes five minutes"), "{page}");
    assert!(row("identity").contains("guardian 0.") && row("mission").contains(": "), "{page}");
    let json: Value = serde_json::from_str(&show(&house, &["--json"])).unwrap();
    assert_eq!((&json["state"]["state"], &json["phi"]), (&"stopping".into(), &Value::Null), "{json}");
    assert!(json["at"].as_str().is_some_and(|at| at.ends_with('Z')) && json["emotion"]["mood"].is_object(), "{json}");
    for one in json["mission"].as_array().unwrap() {
        assert!(page.contains(&format!("{} {}: ", one["id"].as_str().unwrap(), one["status"].as_str().unwrap())), "{page}");
    }
    // None has run there.
    let nowhere = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_jamey")).args(["mind", "show", "--data"]).arg(nowhere.path()).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(!out.status.success() && out.stdout.is_empty() && said.contains("has Jamey run with this data folder?"), "{said}");
}

fn id(text: &str) -> EntityId {
    EntityId::new(text).unwrap()
}

fn request(target: &str, verb: &str) -> Request {
    Request { target: id(target), endpoint: None, verb: Verb(verb.into()), value: None, args: Map::new(), id: None }
}

/// A house at noon in Berlin.
fn noon() -> Alive {
    Alive::new(HOME, Timestamp::read("2026-11-18T11:00:00Z").unwrap())
}

/// What was done last, newest first, where anything was done since it was asked: what, role, context and entity of each act. A minute passes.
fn acts(home: &mut Alive) -> Vec<[String; 4]> {
    home.pass(61);
    home.mind.settle();
    let row = home.mind.take_changes().into_iter().find_map(|change| match change {
        Change::Identity { view, .. } => Some(view),
        _ => None,
    });
    let text = |act: &Value, key: &str| act[key].as_str().unwrap().to_owned();
    let all = row.map_or_else(Vec::new, |view| view["acts"].as_array().unwrap().clone());
    all.iter().map(|act| ["what", "role", "context", "entity"].map(|key| text(act, key))).collect()
}

#[track_caller]
fn has(home: &mut Alive, wanted: &[(&str, &str, &str)]) {
    let acts = acts(home);
    for (what, role, entity) in wanted {
        assert!(acts.iter().any(|[w, r, _, e]| (w, r, e) == (&(*what).into(), &(*role).into(), &(*entity).into())), "{what}: {acts:?}");
    }
}

#[test]
fn each_thing_it_does_counts_for_its_role() {
    let mut home = noon();
    let (panel, stranger) = (Who::client("panel"), Who::client("stranger"));
    home.tell("kitchen", "temperature", "21.5");
    has(&mut home, &[("met", "learner", "kitchen"), ("kept", "observer", "kitchen")]);
    home.ask(&panel, request("lamp", "on"), false);
    has(&mut home, &[("allowed", "caretaker", "panel"), ("related", "learner", "panel"), ("moved", "learner", "panel")]);
    home.publish(&stranger, "door/set", b"UNLOCK", true);
    has(&mut home, &[("denied", "guardian", "stranger")]);
    home.publish(&stranger, "door/set", b"UNLOCK", false);
    let waits: Vec<Uuid> = home.mind.held().map(|(id, _)| *id).collect();
    assert_eq!(waits.len(), 1);
    let answer = Answer {
        at: home.now,
        by: id("anna"),
        id: waits[0],
        approves: true,
        nonce: String::new(),
        sha256: String::new(),
        transaction: None,
        void: None,
    };
    home.mind.step(&Input::Answer(Box::new(answer)));
    has(&mut home, &[("held", "guardian", "stranger"), ("released", "caretaker", "stranger")]);
    home.tell("smoke_hall", "smoke", "true");
    has(&mut home, &[("alarmed", "guardian", "smoke_hall")]);
    home.forge(&stranger);
    has(&mut home, &[("forged", "guardian", "stranger")]);
    home.tell("anna", "presence", "false");
    home.publish(&Who::client("front_door"), "door/state", b"UNLOCKED", false);
    (0..10).for_each(|_| home.pass(1));
    has(&mut home, &[("due", "caretaker", "front_door")]);
    let word = |says| OwnersWord {
        id: Uuid::from_u128(1),
        at: Timestamp::default(),
        by: "anna".into(),
        about: id("panel"),
        says,
        transaction: None,
    };
    home.mind.step(&Input::Word(Box::new(word(Says::Trust))));
    has(&mut home, &[("word", "learner", "panel")]);
    home.mind.step(&Input::Word(Box::new(word(Says::Forget))));
    let left = acts(&mut home);
    assert!(!left.is_empty() && left.iter().all(|[.., entity]| entity != "panel"), "not even that it was forgotten: {left:?}");
}

#[test]
fn silence_and_strange_readings_count_once_found() {
    let mut home = noon();
    for n in 0..1_500_u32 {
        home.pass(60);
        home.tell("cellar", "temperature", &format!("{:.1}", 20.0 + f64::from(n % 7) / 10.0));
    }
    home.pass(60);
    home.tell("cellar", "temperature", "55.0");
    has(&mut home, &[("odd", "observer", "cellar")]);
    for _ in 0..600 {
        home.pass(60);
    }
    has(&mut home, &[("silent", "caretaker", "cellar")]);
}

#[test]
fn what_it_does_counts_by_day_and_night_and_in_whose_presence() {
    let mut home = noon();
    let panel = Who::client("panel");
    let context = |home: &mut Alive| {
        home.pass(660);
        home.ask(&panel, request("lamp", "on"), false);
        acts(home).into_iter().find(|[what, ..]| what == "allowed").map(|[_, _, context, _]| context).unwrap()
    };
    assert_eq!(context(&mut home), "day_unknown");
    home.tell("anna", "presence", "true");
    assert_eq!(context(&mut home), "day_home");
    home.tell("anna", "presence", "false");
    assert_eq!(context(&mut home), "day_away");
    // From ten in the evening on, on the clock of the house.
    home.pass(9 * 3_600);
    assert_eq!(context(&mut home), "day_away", "half past nine");
    home.pass(3_600);
    assert_eq!(context(&mut home), "night_away");
    home.tell("anna", "presence", "true");
    assert_eq!(context(&mut home), "night_home");
}

#[test]
fn it_is_told_when_it_is_news_and_once_a_minute() {
    let mut home = noon();
    let told = |home: &mut Alive, seconds| {
        home.pass(seconds);
        home.mind.told().into_iter().any(|(subject, _)| subject == Subject::Identity)
    };
    assert!(!told(&mut home, 1), "nothing was done yet");
    home.forge(&Who::client("stranger"));
    assert!(told(&mut home, 1));
    home.tell("smoke_hall", "smoke", "true");
    assert!(!told(&mut home, 1), "its minute is not over");
    assert!(told(&mut home, 60));
    assert!(!told(&mut home, 3_600), "nothing is news");
}
