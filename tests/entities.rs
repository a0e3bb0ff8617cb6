//! Promise: an owner can say whom to trust, how things stand to one another and whom to forget, on the host and over MQTT, and nobody else
//! can; what is forgotten leaves no trace in the data folder, and the audit trail still holds and says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use jamey::{
    app::{self, Entered},
    config::Config,
    mind::Mind,
    store::Reader,
};
use serde_json::{Value, json};
use std::path::Path;
use support::{
    host::{jamey as told, settle},
    *,
};

const PASSWORD: &str = "correct horse battery";
/// Whatever is opened wants a person's word.
const RULES: &str = r#"
[[rule]]
id = "ASK"
duty = "autonomy"
kind = "escalate"
polarity = -1
weight = 1
severity = 0.1
when = "act.verb == 'open'"
[[rule.examples]]
fires = true
name = "somebody opens it"
act = { verb = "open" }
[[rule.examples]]
fires = false
name = "somebody closes it"
act = { verb = "close" }
"#;
const CONFIG: &str = r#"
[conscience]
rules = ["RULES"]
[[guard]]
topic = "shed/hatch/set"
device = "hatch"
class = "switch"
payloads = { OPEN = "open", CLOSE = "close" }
[[guard]]
topic = "shed/bolt/set"
device = "bolt"
class = "lock"
payloads = { OPEN = "unlock" }
[[signal]]
name = "leak"
entity = "thief"
kind = "leak"
"#;
/// What the one who is to be forgotten said everywhere.
const MARK: &str = "Zq7xMarkOfTheThief";

/// A house with users: an operator, a person without a role for commands, and two that speak for themselves.
fn house_with_users() -> House {
    let folder = tempfile::tempdir().unwrap().keep();
    let people: [(&str, &[&str]); 7] = [
        ("bob", &["human", "operator"]),
        ("root", &["admin"]),
        ("carl", &["human"]),
        ("reader", &["reader"]),
        ("probe", &["device"]),
        ("thief", &["operator"]),
        ("hub", &["discovery", "operator"]),
    ];
    settle(&folder, &people, PASSWORD);
    let rules = folder.join("rules.toml");
    std::fs::write(&rules, RULES).unwrap();
    Plan::default().enforce().config(&CONFIG.replace("RULES", rules.to_str().unwrap())).data(&folder).start()
}

/// A command that goes well, on the house's own data.
#[track_caller]
fn jamey(house: &House, args: &[&str]) -> String {
    let (code, out) = told(house.data(), args, "");
    assert_eq!(code, 0, "{args:?}: {out}");
    out
}

#[track_caller]
fn shown(house: &House, entity: &str) -> Value {
    serde_json::from_str(&jamey(house, &["entity", "show", entity, "--json"])).unwrap()
}

fn sign_in(house: &House, user: &str) -> Mqtt {
    house.dial(&format!("{user}-client")).v5().user(user, PASSWORD).open()
}

/// Gives a word over MQTT; what was replied.
fn say(client: &mut Mqtt, verb: &str, payload: &Value) -> Value {
    let sent = client.publish(Message::new(&format!("jamey/cmd/{verb}"), payload.to_string()).qos(1));
    assert!(sent.taken(), "{verb}: {sent:?}");
    let reply = client.message_on(&format!("jamey/reply/{verb}")).json();
    assert_eq!(reply["transaction"], payload["transaction"], "{reply}");
    reply
}

fn audited(house: &House, action: &str, actor: &str) -> i64 {
    house.count("select count(*) from audit_log where action = ?1 and actor = ?2", [action, actor])
}

#[test]
fn the_owners_word_counts_on_the_host_and_over_mqtt_and_nobody_elses_does() {
    let house = house_with_users();
    sign_in(&house, "probe").tell("jamey/in/probe/temperature", "21.5");
    let mut bob = sign_in(&house, "bob").listen("jamey/reply/#", 1);
    let reply = say(&mut bob, "entity-trust", &json!({"entity": "probe", "transaction": "t1"}));
    assert_eq!(reply["status"], "ok");
    let trusted = reply["data"]["lower_bound"].as_f64().unwrap();
    assert!(reply["data"]["expectation"].as_f64().unwrap() > 0.7, "{reply}");
    assert_eq!(audited(&house, "entity.trust", "bob"), 1, "on record before it is told");

    for refused in ["carl", "probe", "reader"] {
        let mut other = sign_in(&house, refused);
        for verb in ["entity-trust", "entity-forget"] {
            let sent = other.publish(Message::new(&format!("jamey/cmd/{verb}"), json!({"entity": "probe"}).to_string()).qos(1));
            assert!(sent.refused(), "{refused} {verb}: {sent:?}");
        }
    }
    // An operator would take a lock's guard away with it.
    let sent = bob.publish(Message::new("jamey/cmd/entity-forget", json!({"entity": "probe"}).to_string()).qos(1));
    assert!(sent.refused(), "{sent:?}");
    for (verb, wrong) in
        [("entity-relate", json!({"entity": "probe", "kind": "near", "to": "x", "like": 2})), ("entity-praise", json!({"entity": "probe"}))]
    {
        let sent = bob.publish(Message::new(&format!("jamey/cmd/{verb}"), wrong.to_string()).qos(1));
        assert!(sent.refused(), "{verb}: {sent:?}");
    }
    let retained = bob.publish(Message::new("jamey/cmd/entity-trust", json!({"entity": "probe"}).to_string()).qos(1).retained());
    assert!(retained.refused(), "{retained:?}");
    bob.rest();
    let reply = say(&mut bob, "entity-distrust", &json!({"entity": "nobody", "transaction": "t2"}));
    assert!(reply["status"] == "error" && reply["error"].as_str().unwrap().contains("nobody is called `nobody`"), "{reply}");

    let out = jamey(&house, &["entity", "distrust", "probe"]);
    assert!(out.starts_with("probe: you distrust it; P is 0."), "{out}");
    assert_eq!(audited(&house, "entity.distrust", "owner"), 1);
    assert!(shown(&house, "probe")["lower_bound"].as_f64().unwrap() < trusted);
    let listed: Value = serde_json::from_str(&jamey(&house, &["entity", "list", "--distrusted", "--json"])).unwrap();
    assert_eq!(listed["entities"].as_array().unwrap().iter().map(|e| &e["entity"]).collect::<Vec<_>>(), ["probe"]);
    let (code, out) = told(house.data(), &["entity", "trust", "nobody"], "");
    assert!(code == 1 && out.contains("nobody is called `nobody`"), "{out}");
}

#[test]
fn without_users_the_host_alone_may_give_a_word() {
    let house = house();
    let mut anyone = house.dial("anyone").v5().open();
    anyone.tell("jamey/in/anyone/temperature", "21.5");
    for verb in ["entity-trust", "entity-forget"] {
        let sent = anyone.publish(Message::new(&format!("jamey/cmd/{verb}"), json!({"entity": "anyone"}).to_string()).qos(1));
        assert!(sent.refused(), "{sent:?}");
    }
    jamey(&house, &["entity", "trust", "anyone"]);
    assert_eq!(audited(&house, "entity.trust", "owner"), 1);
}

#[test]
fn relations_are_set_seen_and_kept_and_the_owners_word_stands() {
    let mut house = house_with_users();
    let mut hub = sign_in(&house, "hub");
    let lamp = json!({
        "unique_id": "lamp", "object_id": "lamp", "command_topic": "x/lamp/set", "state_topic": "x/lamp/state",
        "device": {"identifiers": ["lamp_1"], "name": "Lamp", "suggested_area": "Living Room", "via_device": "bridge_1"},
    });
    let describe = |hub: &mut Mqtt| {
        assert!(hub.publish(Message::new("homeassistant/switch/lamp/config", lamp.to_string()).qos(1).retained()).taken());
    };
    describe(&mut hub);
    let relation = |house: &House, entity: &str, kind: &str| -> Vec<(String, String)> {
        let of = |r: &Value| (r["to"].as_str().unwrap().to_owned(), r["told_by"].as_str().unwrap().to_owned());
        shown(house, entity)["relations"].as_array().unwrap().iter().filter(|r| r["kind"] == kind && r["from"] == entity).map(of).collect()
    };
    hub.tell("x/lamp/state", "ON");
    sign_in(&house, "probe").tell("jamey/in/probe/temperature", "21.5");
    let known = || house.count("select count(*) from relations where subject = 'lamp'", []) >= 2;
    wait_until("the description told of relations", PATIENCE, known);

    let mut bob = sign_in(&house, "bob").listen("jamey/reply/#", 1);
    let reply =
        say(&mut bob, "entity-relate", &json!({"entity": "probe", "kind": "owned_by", "to": "bob", "like": -0.5, "transaction": "7"}));
    assert_eq!(reply["data"]["relations"], json!([{"from": "probe", "kind": "owned_by", "to": "bob", "like": -0.5, "told_by": "owner"}]));
    jamey(&house, &["entity", "relate", "probe", "near", "area.kitchen"]);
    jamey(&house, &["entity", "unrelate", "lamp", "bridged_by", "bridge_1"]);
    describe(&mut hub);
    house.stop();
    house.start();
    assert_eq!(relation(&house, "probe", "owned_by"), [("bob".to_owned(), "owner".to_owned())]);
    assert_eq!(relation(&house, "probe", "near"), [("area.kitchen".to_owned(), "owner".to_owned())]);
    let denied = house.count("select denied from relations where subject = 'lamp' and relation = 'bridged_by'", []);
    assert_eq!(denied, 1, "discovery says it again, and the owner's word survives it");
    let near =
        house.count("select count(*) from relations where subject = 'lamp' and object = 'area.living_room' and told_by = 'discovery'", []);
    assert_eq!(near, 1);
    let page = jamey(&house, &["entity", "show", "probe"]);
    assert!(page.contains("  - it is owned by bob (the owner says so; like -0.5)\n"), "{page}");
    let reply = say(
        &mut sign_in(&house, "bob").listen("jamey/reply/#", 1),
        "entity-unrelate",
        &json!({"entity": "probe", "kind": "owned_by", "to": "bob"}),
    );
    assert_eq!(reply["status"], "ok", "{reply}");
}

#[test]
fn what_is_held_is_told_with_what_would_change_it_and_history_survives_a_restart() {
    let mut house = house_with_users();
    let mut bob = sign_in(&house, "bob").listen("jamey/soul/entity/probe", 1).listen("jamey/reply/#", 1);
    sign_in(&house, "probe").tell("jamey/in/probe/temperature", "21.5");
    let first = bob.message_on("jamey/soul/entity/probe").json();
    for key in ["facets", "liveness", "anomalies", "relations", "reasons", "would_change_it", "wanted"] {
        assert!(first.get(key).is_some(), "{key}: {first}");
    }
    assert!(!first["would_change_it"].as_array().unwrap().is_empty());
    jamey(&house, &["entity", "distrust", "probe"]);
    let rows = || house.count("select count(*) from soul_history where entity = 'probe'", []);
    wait_until("the leap is written down", PATIENCE, || rows() >= 2);
    house.stop();
    house.start();
    let told: Value = serde_json::from_str(&jamey(&house, &["entity", "history", "probe", "--json"])).unwrap();
    let history = told["history"].as_array().unwrap();
    assert!(history.len() >= 2 && history[0]["expectation"].as_f64().unwrap() > 0.0, "{told}");
    assert!(history.iter().any(|row| row["why"].as_str().unwrap().starts_with("the owner's word against it")), "{told}");
    let page = jamey(&house, &["entity", "history", "probe"]);
    assert!(page.starts_with("probe: the last 14 days, P 0.") && page.contains("the owner's word against it"), "{page}");
    let page = jamey(&house, &["entity", "show", "probe"]);
    assert!(page.contains("what would change it") && page.contains("end its probation in integrity"), "{page}");
    assert!(!page.contains('\u{1b}') && !page.contains('█'), "plain where no person reads: {page}");
}

/// Says everything that one can say, so that it stands wherever something can stand.
fn live_as_thief(house: &House) {
    let mut thief = sign_in(house, "thief");
    thief.tell("jamey/in/thief/note", json!({"text": MARK}).to_string());
    thief.tell("jamey/in/thief/leak", "true");
    for n in 0..3 {
        let sent =
            thief.publish(Message::new("jamey/act/bolt/unlock", json!({"id": format!("{MARK}{n}"), "why": MARK}).to_string()).qos(1));
        assert!(sent.taken(), "{sent:?}");
    }
    // The first is in the trail, the others are counted until the hour is over.
    for _ in 0..3 {
        thief.publish(Message::new(&format!("jamey/status/{MARK}"), "x").qos(1));
    }
    assert!(thief.publish(Message::new("shed/bolt/set", MARK).qos(1)).taken());
    // One that was settled, and one that waits.
    for _ in 0..2 {
        assert!(thief.publish(Message::new("shed/hatch/set", "OPEN").qos(1)).taken());
    }
    assert!(house.count("select count(*) from held where requester = 'thief'", []) >= 1);
    let mut hub = sign_in(house, "hub");
    let switch =
        json!({"unique_id": "thief", "object_id": "thief", "name": MARK, "command_topic": "x/thief/set", "state_topic": "x/thief/state"});
    assert!(hub.publish(Message::new("homeassistant/switch/thief/config", switch.to_string()).qos(1)).taken());
    assert!(hub.publish(Message::new("x/thief/state", MARK).qos(1)).taken());
    wait_until("it is all stored", PATIENCE, || {
        house.count("select count(*) from verdicts where requester = 'thief'", []) >= 4
            && house.count("select count(*) from soul_entities where entity = 'thief'", []) == 1
            && house.count("select count(*) from devices where id = 'thief'", []) == 1
    });
}

/// The files of a folder in which a text stands.
fn traces(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(traces(&path, text));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|w| w == text.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Every place of the database in which a text stands, but the row that says who was forgotten.
fn mentions(house: &House, text: &str) -> Vec<String> {
    let db = house.db();
    let names = |sql: &str| -> Vec<String> { db.prepare(sql).unwrap().query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect() };
    let mut found = Vec::new();
    for table in names("select name from sqlite_schema where type = 'table'") {
        for column in names(&format!("select name from pragma_table_info('{table}')")) {
            let but = if table == "audit_log" { " and action <> 'entity.forgotten'" } else { "" };
            let sql = format!(
                "select count(*) from {table} where instr(\"{column}\", cast(?1 as blob)) > 0 and typeof(\"{column}\") = 'blob' {but} or instr(\"{column}\", ?1) > 0 {but}"
            );
            let rows: i64 = db.query_row(&sql, [text], |r| r.get(0)).unwrap();
            if rows > 0 {
                found.push(format!("{table}.{column}: {rows}"));
            }
        }
    }
    found
}

/// The journal as it stands is a state and what came after, and can be lived again.
fn replays(house: &House) {
    let reader = Reader::open(house.data()).unwrap();
    let entries: Vec<Entered> =
        reader.journal(0, 100_000).unwrap().iter().flat_map(|(_, block)| app::read_journal(block).unwrap()).collect();
    let mut mind = None;
    let config = Config::default();
    for entry in &entries {
        match entry {
            Entered::State(state) => mind = Some(Mind::revived(app::settings(&config).unwrap(), (**state).clone()).unwrap()),
            Entered::Input(input) => drop(mind.as_mut().expect("a journal begins with a state").step(input)),
        }
    }
    assert!(mind.is_some(), "it began anew");
}

#[test]
fn what_is_forgotten_leaves_no_trace_while_jamey_runs_and_the_trail_holds() {
    let mut house = house_with_users();
    live_as_thief(&house);
    assert!(!traces(house.data(), MARK).is_empty(), "it was there");
    let mut ear = sign_in(&house, "bob").listen("jamey/soul/entity/thief", 1).listen("jamey/reply/#", 1);
    assert_eq!(ear.message_on("jamey/soul/entity/thief").json()["entity"], "thief");
    let verdicts = house.count("select count(*) from verdicts", []);
    assert!(sign_in(&house, "thief").publish(Message::new("jamey/in/thief/note", MARK).qos(1).retained()).taken());

    let (code, out) = told(house.data(), &["entity", "forget", "thief"], "");
    assert!(code == 1 && out.contains("--yes"), "nobody is there to be asked: {out}");
    let out = jamey(&house, &["entity", "forget", "thief", "--yes"]);
    assert!(out.starts_with("thief is forgotten:\n") && out.contains("memories") && out.contains("Not reached:"), "{out}");
    assert!(out.contains("written anew"), "{out}");
    loop {
        // Told once more within its minute perhaps; then it is cleared.
        if ear.message_on("jamey/soul/entity/thief").payload.is_empty() {
            break;
        }
    }
    wait_until("no retained input is left", PATIENCE, || traces(house.data(), MARK).is_empty());
    let named = mentions(&house, "thief");
    let own: Vec<&String> = named.iter().filter(|place| !place.starts_with("users.") && !place.starts_with("tokens.")).collect();
    assert_eq!(own, Vec::<&String>::new(), "its account alone is left");
    assert_eq!(house.count("select count(*) from verdicts", []), verdicts, "no verdict is hidden");
    assert_eq!(house.count("select count(*) from verdicts where requester = 'forgotten.1'", []), verdicts);

    let good: Value = serde_json::from_str(&jamey(&house, &["audit", "verify", "--json"])).unwrap();
    assert!(good["good"] == true && good["forgotten"].as_u64().unwrap() >= 4, "{good}");
    let forgotten =
        house.count("select count(*) from audit_log where action = 'entity.forgotten' and subject = 'thief' and actor = 'owner'", []);
    assert_eq!(forgotten, 1);
    sign_in(&house, "probe").tell("jamey/in/probe/temperature", "21.5");
    sign_in(&house, "probe").tell("jamey/in/probe/temperature", "21.6");
    wait_until("life goes on", PATIENCE, || house.count("select count(*) from journal where length(inputs) > 0", []) > 0);
    replays(&house);
    house.stop();
    house.start();
    assert_eq!(traces(house.data(), MARK), Vec::<String>::new(), "nothing brings it back");
    let (code, _) = told(house.data(), &["entity", "show", "thief"], "");
    assert_eq!(code, 1);
    house.is_well();
}

#[test]
fn it_is_forgotten_over_mqtt_too_and_at_rest() {
    let mut house = house_with_users();
    live_as_thief(&house);
    let mut root = sign_in(&house, "root").listen("jamey/reply/#", 1);
    let reply = say(&mut root, "entity-forget", &json!({"entity": "thief", "transaction": "x"}));
    assert!(reply["status"] == "ok" && reply["data"]["removed"]["memories"].as_u64().unwrap() > 0, "{reply}");
    assert_eq!(reply["data"]["file_written_anew"], true);
    assert_eq!(audited(&house, "entity.forgotten", "root"), 1);
    let removed = &reply["data"]["removed"];
    for what in
        ["opinion", "history", "memories", "signals", "held", "verdicts_made_unreadable", "audit_rows_made_unreadable", "journal_blocks"]
    {
        assert!(removed[what].as_u64().unwrap() > 0, "{what}: {removed}");
    }
    assert_eq!(house.count("select count(*) from held", []), 0);

    live_as_thief(&house);
    house.stop();
    let out = jamey(&house, &["entity", "forget", "thief", "--yes", "--json"]);
    let out: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(out["data"]["forgetting"], 2, "{out}");
    let good: Value = serde_json::from_str(&jamey(&house, &["audit", "verify", "--json"])).unwrap();
    assert_eq!(good["good"], true, "forgotten twice, and it holds: {good}");
    jamey(&house, &["entity", "trust", "hub"]);
    house.start();
    assert_eq!(traces(house.data(), MARK), Vec::<String>::new());
    assert_eq!(audited(&house, "entity.trust", "owner"), 1, "what is said at rest counts at once");
}

/// Others stand in relations to it, are heard through it, were refused for it, and were told of by it.
#[test]
fn what_others_hold_names_the_forgotten_no_more() {
    const HUB: &str = "zqhub";
    let mut house = house_with_users();
    assert_eq!(told(house.data(), &["user", "add", HUB, "--role", "device"], &format!("{PASSWORD}\n")).0, 0);
    let mut hub = sign_in(&house, "hub");
    let lock = json!({"unique_id": HUB, "object_id": HUB, "command_topic": "x/hub/set", "state_topic": "x/hub/state"});
    let lamp = json!({
        "unique_id": "lamp", "object_id": "lamp", "command_topic": "x/lamp/set", "state_topic": "x/lamp/state",
        "device": {"identifiers": ["lamp_1"], "name": "Lamp", "via_device": HUB},
    });
    for (topic, said) in [("lock/hub", lock), ("switch/lamp", lamp)] {
        assert!(hub.publish(Message::new(&format!("homeassistant/{topic}/config"), said.to_string()).qos(1)).taken());
    }
    hub.tell("x/lamp/state", "ON");
    wait_until("the new user may sign in", PATIENCE, || house.dial("zqhub-client").v5().user(HUB, PASSWORD).try_open().is_ok());
    sign_in(&house, HUB).tell(&format!("jamey/in/{HUB}/opinion"), json!({"about": "probe", "belief": 0.1, "disbelief": 0.8}).to_string());
    let mut probe = sign_in(&house, "probe");
    probe.tell("jamey/in/probe/temperature", "21.5");
    let mut bob = sign_in(&house, "bob");
    for _ in 0..3 {
        bob.publish(Message::new("x/hub/set", "UNLOCK").qos(1).retained());
    }
    jamey(&house, &["entity", "relate", "probe", "near", HUB]);
    wait_until("others' histories and relations name it", PATIENCE, || {
        house.count("select count(*) from soul_history where why like '%zqhub%'", []) > 0
            && house.count("select count(*) from soul_entities where entity <> 'zqhub' and detail like '%zqhub%'", []) >= 2
    });
    jamey(&house, &["entity", "forget", HUB, "--yes"]);
    let left = |house: &House| mentions(house, HUB).into_iter().filter(|place| !place.starts_with("users.")).collect::<Vec<_>>();
    assert_eq!(left(&house), Vec::<String>::new());
    house.stop();
    house.start();
    assert_eq!(left(&house), Vec::<String>::new(), "nothing brings it back");
}

#[test]
fn a_slip_of_the_pen_costs_nothing() {
    let mut house = house_with_users();
    sign_in(&house, "probe").tell("jamey/in/probe/temperature", "21.5");
    wait_until("it is in the journal", PATIENCE, || house.count("select count(*) from journal", []) > 0);
    let mut root = sign_in(&house, "root").listen("jamey/reply/#", 1);
    let reply = say(&mut root, "entity-forget", &json!({"entity": "prbe", "transaction": "x"}));
    assert!(reply["status"] == "error" && reply["error"].as_str().unwrap().contains("nothing is kept of `prbe`"), "{reply}");
    let (code, out) = told(house.data(), &["entity", "forget", "prbe", "--yes"], "");
    assert!(code == 1 && out.contains("nothing is kept of `prbe`"), "{out}");
    house.stop();
    let (code, out) = told(house.data(), &["entity", "forget", "prbe", "--yes"], "");
    assert!(code == 1 && out.contains("nothing is kept of `prbe`"), "{out}");
    assert!(house.count("select count(*) from journal", []) > 0);
    assert_eq!(house.count("select count(*) from forgettings", []), 0);
    assert_eq!(mentions(&house, "prbe"), Vec::<String>::new(), "nor is it kept that somebody asked");
}

/// A name can be a word that stands in everybody's rows.
#[test]
fn forgetting_a_name_that_is_a_word_unbinds_no_verdict_from_the_trail() {
    let mut house = house_with_users();
    assert!(sign_in(&house, "bob").publish(Message::new("shed/bolt/set", "OPEN").qos(1).retained()).taken());
    assert_eq!(house.count("select count(*) from verdicts where decision = 'deny'", []), 1);
    jamey(&house, &["entity", "relate", "bob", "near", "deny"]);
    jamey(&house, &["entity", "forget", "deny", "--yes"]);
    let verify = |house: &House| told(house.data(), &["audit", "verify"], "");
    assert_eq!(verify(&house).0, 0);
    house.stop();
    let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
    assert_eq!(db.execute("update verdicts set decision = 'allow'", []).unwrap(), 1);
    let (code, out) = verify(&house);
    assert_eq!(code, 1, "{out}");
}

#[test]
fn forgetting_a_gateway_takes_no_guard_away() {
    let house = house_with_users();
    let devices = || jamey(&house, &["device", "list"]);
    wait_until("it is stored", PATIENCE, || devices().contains("tasmota.admin"));
    jamey(&house, &["entity", "forget", "tasmota.admin", "--yes"]);
    assert!(devices().contains("tasmota.admin"), "{}", devices());
}

#[test]
fn nobody_hides_a_verdict_by_making_it_look_forgotten() {
    let mut house = house_with_users();
    live_as_thief(&house);
    sign_in(&house, "bob").publish(Message::new("jamey/act/bolt/unlock", "{}").qos(1));
    jamey(&house, &["entity", "forget", "thief", "--yes"]);
    house.stop();
    let tries = [
        ("update verdicts set decision = 'allow' where requester = 'forgotten.1'", "a forgotten one is changed further"),
        ("update verdicts set reason = 'forgotten', topic = '' where requester = 'bob'", "one is emptied as if it were forgotten"),
        ("delete from verdicts where requester = 'forgotten.1'", "a forgotten one is taken out"),
        ("update forgotten set now = was", "what vouches is changed"),
        ("insert into forgotten values (9, 'row 1', 'a', 'b')", "nobody vouches"),
        ("delete from forgotten", "what vouches is taken away"),
        ("delete from audit_log where action = 'entity.forgotten'", "who was forgotten is hidden"),
    ];
    for (sql, what) in tries {
        let copy = tempfile::tempdir().unwrap();
        for file in ["jamey.db", "audit.key"] {
            std::fs::copy(house.data().join(file), copy.path().join(file)).unwrap();
        }
        assert_eq!(told(copy.path(), &["audit", "verify"], "").0, 0, "the copy is good");
        let changed = rusqlite::Connection::open(copy.path().join("jamey.db")).unwrap().execute(sql, []).unwrap();
        assert!(changed > 0, "{what}: {sql}");
        let (code, out) = told(copy.path(), &["audit", "verify"], "");
        assert_eq!(code, 1, "{what}: {out}");
    }
}
