//! Promise: Home Assistant finds Jamey by itself: one device with plain words first, what waits as buttons that answer exactly what they show,
//! and nothing that is gone. Nobody else can describe Jamey, and Home Assistant is judged like anyone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use support::*;

const HOUSE: &str = "homeassistant/device/jamey_jamey/config";
const BUTTONS: &str = "homeassistant/device/jamey_jamey_-approvals/config";
const PASSWORD: &str = "correct horse battery";

/// What stands on a filter for one who comes now, by topic.
fn standing(client: &mut Mqtt, filter: &str) -> BTreeMap<String, Message> {
    client.subscribe(&[(filter, 1)]);
    let all = client.rest().into_iter().filter(|m| m.retain).map(|m| (m.topic.clone(), m)).collect();
    client.unsubscribe(filter);
    all
}

/// Waits until something stands there that is as it should be.
fn wait_for(client: &mut Mqtt, topic: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut found = Value::Null;
    wait_until(what, PATIENCE, || {
        found = standing(client, topic).get(topic).map_or(Value::Null, Message::json);
        !found.is_null() && is(&found)
    });
    found
}

fn part<'d>(document: &'d Value, name: &str) -> Option<(&'d String, &'d Value)> {
    document["components"].as_object()?.iter().find(|(_, part)| part["name"].as_str().is_some_and(|own| own.starts_with(name)))
}

#[test]
fn the_house_describes_itself_and_its_topics_have_what_is_described() {
    let house = house();
    let mut speaker = house.client("kitchen");
    speaker.tell("jamey/in/kitchen/temperature", "21");
    let mut client = house.client("newcomer");
    let document = wait_for(&mut client, HOUSE, "it is described", |_| true);
    assert_eq!(document["device"]["identifiers"], json!(["jamey_jamey"]));
    assert_eq!(document["availability_topic"], "jamey/status");
    let mut topics = Vec::new();
    for part in document["components"].as_object().unwrap().values() {
        topics
            .extend(part["state_topic"].as_str().filter(|t| !t.contains("/notice/")).map(|t| t.replace('~', part["~"].as_str().unwrap())));
    }
    topics.sort();
    topics.dedup();
    assert!(topics.len() >= 4, "{topics:?}");
    // The first figures of consciousness come after a while: their sensor is unknown until then.
    for topic in topics.iter().filter(|topic| *topic != "jamey/consciousness/phi") {
        wait_for(&mut client, topic, topic, |_| true);
    }
    let glance = wait_for(&mut client, "jamey/glance", "the kitchen is known", |glance| glance["entities"].as_u64() > Some(0));
    assert_eq!((&glance["v"], &glance["guard"], &glance["held"]), (&json!(1), &json!("observe"), &json!(0)));
    assert_eq!((&glance["last_backup"], &glance["last_drill"], &glance["newer"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(glance["version"], env!("CARGO_PKG_VERSION"));
    let keys = [
        "denied_today",
        "silent",
        "last_backup_hours",
        "coverage",
        "alerts",
        "problem",
        "critical",
        "trusted",
        "distrusted",
        "profile",
        "strictness",
    ];
    assert!(keys.iter().all(|key| glance.get(key).is_some()), "{glance}");
}

#[test]
fn nobody_else_describes_jamey() {
    let mut house = house();
    let mut forger = house.dial("forger").v5().open();
    let will = Message::new(HOUSE, "{}").retained();
    for topic in [HOUSE, BUTTONS, "homeassistant/device/jamey_jamey_lamp/config"] {
        for message in [Message::new(topic, "{}").qos(1), Message::new(topic, "").qos(1).retained()] {
            assert!(matches!(forger.publish(message), Sent::Code(0x87, _)), "{topic}");
        }
    }
    assert!(house.dial("ghost").v5().will(will).try_open().is_err(), "nor by a will");
    let other = Message::new("homeassistant/device/jamey_jamey2/config", "{\"components\":{}}").qos(1);
    assert!(forger.publish(other).taken(), "another Jamey describes itself");
    let mut client = house.client("newcomer");
    wait_for(&mut client, HOUSE, "it stands", |document| document["components"]["held"].is_object());
    house.serves();
}

#[test]
fn no_document_has_home_assistant_command_jamey_or_poses_as_jamey_while_the_guard_only_observes() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = Plan::default().config("node = \"attic\"\n").data(folder.path()).start();
    let mut client = house.client("planter");
    let light = json!({"cmd_t": "~/guard-mode", "~": "jamey/cmd", "pl_off": "{\"mode\":\"observe\"}", "uniq_id": "x"});
    let posing = json!({"command_topic": "x/set", "unique_id": "y", "device": {"identifiers": ["jamey_attic"]}});
    let posing_later = json!({"command_topic": "x/set", "unique_id": "z", "device": {"identifiers": ["jamey_cellar"]}});
    let mut core = house.client("core").listen("homeassistant/+/+/config", 1);
    for (topic, document) in [
        ("homeassistant/light/x/config", &light),
        ("homeassistant/button/y/config", &posing),
        ("homeassistant/button/z/config", &posing_later),
    ] {
        // Taken, as the guard takes what it holds back: who sends it is not asked to send it again.
        assert!(client.publish(Message::new(topic, document.to_string()).qos(1).retained()).taken(), "{topic}");
    }
    let heard: Vec<String> = core.rest().into_iter().map(|m| m.topic).filter(|topic| !topic.contains("/device/")).collect();
    assert_eq!(heard, ["homeassistant/button/z/config"]);
    assert!(standing(&mut client, "homeassistant/+/+/config").keys().all(|t| t.contains("/z/") || t.contains("/device/")), "nor later");
    house.stop();
    // What stands from a time when it was not held back goes at the start.
    let house = Plan::default().config("node = \"cellar\"\n").data(folder.path()).start();
    let mut core = house.client("core");
    wait_for(&mut core, "homeassistant/device/jamey_cellar/config", "it is described", |_| true);
    assert!(!standing(&mut core, "homeassistant/#").contains_key("homeassistant/button/z/config"));
}

#[test]
fn a_birth_brings_documents_and_states_again_and_a_second_one_soon_after_brings_nothing() {
    let house = house();
    let mut client = house.client("newcomer");
    wait_for(&mut client, HOUSE, "it is described", |_| true);
    wait_for(&mut client, "jamey/glance", "the glance stands", |_| true);
    let mut core = house.client("core").listen("homeassistant/device/#", 1).listen("jamey/glance", 1).listen("jamey/soul/emotion", 1);
    core.rest();
    core.tell("homeassistant/status", "online");
    for topic in [HOUSE, "jamey/glance", "jamey/soul/emotion"] {
        core.message_on(topic);
    }
    core.rest();
    core.tell("homeassistant/status", "online");
    assert!(core.rest().iter().all(|m| m.topic != HOUSE), "it was answered a moment ago");
}

#[test]
fn what_is_no_more_is_taken_back_after_a_change_of_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let start = |config: &str| Plan::default().config(config).data(folder.path()).start();
    let mut house = start("[home_assistant]\nguard_switch = true\n");
    let mut client = house.client("newcomer");
    let document = wait_for(&mut client, HOUSE, "it is described", |_| true);
    assert_eq!(document["components"]["guard_switch"]["platform"], "switch");
    // Not ours, though it looks like it: another root's.
    let others = document.to_string().replace("jamey/status", "elsewhere/status").replace("\"~\":\"jamey\"", "\"~\":\"elsewhere\"");
    let others = others.replace("jamey_jamey", "jamey_other");
    assert!(client.publish(Message::new("homeassistant/device/jamey_other/config", others).qos(1).retained()).taken());
    house.stop();

    let mut house = start("");
    let mut client = house.client("newcomer");
    let document = wait_for(&mut client, HOUSE, "the switch is gone", |d| d["components"]["guard_switch"] == json!({"platform": "switch"}));
    assert!(document["components"]["held"]["state_topic"].is_string());
    house.stop();

    let mut house = start("node = \"attic\"\n");
    let mut client = house.client("newcomer");
    client.tell("homeassistant/status", "online");
    wait_for(&mut client, "homeassistant/device/jamey_attic/config", "it has its new name", |_| true);
    wait_until("and the old one is gone", PATIENCE, || !standing(&mut client, "homeassistant/#").contains_key(HOUSE));
    house.stop();

    let house = start("node = \"attic\"\n[home_assistant]\ndiscovery = false\n");
    let mut client = house.client("newcomer");
    let others = "homeassistant/device/jamey_other/config";
    wait_for(&mut client, "jamey/glance", "it has begun", |_| true);
    assert!(standing(&mut client, "homeassistant/#").len() > 1, "nothing goes before Home Assistant can see it go");
    client.tell("homeassistant/status", "online");
    let left = || standing(&mut client, "homeassistant/#").into_keys().collect::<Vec<_>>();
    let mut left = left;
    wait_until("nothing of ours is left", PATIENCE, || left() == [others]);
    wait_for(&mut client, "jamey/glance", "the glance is told all the same", |_| true);
}

/// One command on a data folder.
fn jamey(data: &Path, args: &[&str], input: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.arg("--data").arg(data).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// A house with users: a panel that asks, carl who hears, and Home Assistant with what its owner gives it.
fn peopled(folder: &Path, config: &str) -> House {
    let data = folder.join("data");
    for (user, roles) in [
        ("panel", &["operator"][..]),
        ("carl", &["human"]),
        ("door", &["reader"]),
        ("home_assistant", &["home_assistant", "discovery", "operator", "approver"]),
        ("bare", &["home_assistant"]),
        ("z2m", &["zigbee2mqtt"]),
    ] {
        let args = ["user", "add", user].into_iter().chain(roles.iter().flat_map(|role| ["--role", role])).collect::<Vec<_>>();
        jamey(&data, &args, &format!("{PASSWORD}\n"));
    }
    Plan::default().enforce().config(config).data(&data).start()
}

fn sign_in(house: &House, user: &str) -> Mqtt {
    house.dial(&format!("{user}-1")).v5().user(user, PASSWORD).open()
}

const ASKS: &str = r#"
[approvals]
critical_seconds = 300
[[guard]]
topic = "shed/+/set"
[[device]]
id = "front_door"
class = "switch"
command_topic = "door/set"
payloads = { UNLOCK = "unlock", LOCK = "lock" }
"#;

/// What comes of a rule that asks about everything that is unlocked.
fn asking(folder: &Path) -> String {
    let rules = folder.join("rules.toml");
    let text = "[[rule]]\nid = \"ASK\"\nduty = \"autonomy\"\nkind = \"escalate\"\npolarity = -1\nweight = 1\nseverity = 0.1\n\
                when = \"act.verb == 'unlock'\"\n[[rule.examples]]\nfires = true\nname = \"somebody unlocks it\"\nact = { verb = \"unlock\" }\n";
    std::fs::write(&rules, text).unwrap();
    format!("[conscience]\nshipped = false\nrules = [\"{}\"]\n{ASKS}", rules.display())
}

#[test]
fn a_press_of_what_waits_answers_exactly_what_its_button_shows() {
    let folder = tempfile::tempdir().unwrap();
    let house = peopled(folder.path(), &asking(folder.path()));
    let mut panel = sign_in(&house, "panel");
    let mut door = sign_in(&house, "door").listen("door/set", 1);
    let mut core = sign_in(&house, "home_assistant").listen("jamey/notice/approval", 1);
    panel.tell("door/set", "UNLOCK");
    let asked = core.message_on("jamey/notice/approval").json();
    assert_eq!((&asked["event_type"], &asked["requester"]), (&json!("asked"), &json!("panel")));
    assert!(asked["text"].as_str().unwrap().contains("unlock front_door"), "{asked}");
    let document = wait_for(&mut core, BUTTONS, "it has buttons", |document| part(document, "Approve").is_some());
    let (key, approve) = part(&document, "Approve").unwrap();
    assert_eq!(approve["name"], "Approve: unlock front_door, asked by panel");
    assert!(part(&document, "Deny: unlock front_door").is_some());
    wait_for(&mut core, "jamey/glance", "it is counted", |glance| glance["held"] == 1);

    // Who may not answer does not hear what an answer must prove.
    for user in ["carl", "bare"] {
        let mut other = sign_in(&house, user);
        let heard = standing(&mut other, "homeassistant/#");
        assert_eq!(heard.keys().collect::<Vec<_>>(), [HOUSE], "{user}");
        assert!(heard.values().all(|m| !m.text().contains("nonce")), "{user}");
        assert_eq!(other.subscribe(&[(BUTTONS, 1)]), [0x87]);
    }

    let topic = approve["command_topic"].as_str().unwrap().replace('~', "jamey");
    assert!(door.rest().is_empty(), "it waits");
    core.tell(&topic, approve["payload_press"].as_str().unwrap());
    assert_eq!(door.message().text(), "UNLOCK");
    assert_eq!(core.message_on("jamey/notice/approval").json()["event_type"], "approved");
    let document = wait_for(&mut core, BUTTONS, "the buttons are gone", |document| part(document, "Approve").is_none());
    assert_eq!(document["components"][key], json!({"platform": "button"}));
    assert!(core.publish(Message::new(&topic, approve["payload_press"].as_str().unwrap()).qos(1)).refused(), "once");

    // What it asks itself stands there, and is another's to answer.
    core.tell("door/set", "UNLOCK");
    let document = wait_for(&mut core, BUTTONS, "it is shown", |document| part(document, "Approve").is_some());
    let (_, approve) = part(&document, "Approve").unwrap();
    let topic = approve["command_topic"].as_str().unwrap().replace('~', "jamey");
    assert!(core.publish(Message::new(&topic, approve["payload_press"].as_str().unwrap()).qos(1)).refused(), "who asked");
    assert!(door.rest().is_empty());
}

#[test]
fn orders_of_its_entities_do_what_they_say_and_its_commands_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let house = peopled(folder.path(), &format!("{}[home_assistant]\nguard_switch = true\n", asking(folder.path())));
    let mut core = sign_in(&house, "home_assistant").listen("jamey/verdict/home_assistant", 1).listen("jamey/reply/#", 1);
    let document = wait_for(&mut core, HOUSE, "it is described", |_| true);
    let parts = &document["components"];
    let topic = |key: &str| parts[key]["command_topic"].as_str().unwrap().replace('~', "jamey");
    core.tell("door/set", "LOCK");
    assert_eq!(core.message_on("jamey/verdict/home_assistant").json()["decision"], "allow");
    core.tell("door/set", "UNLOCK");
    assert_eq!(core.message_on("jamey/verdict/home_assistant").json()["decision"], "escalate", "its commands are judged like anyone's");
    // As Home Assistant renders their templates.
    core.tell(&topic("strictness"), json!({"strictness": 0.1}).to_string());
    core.tell(&topic("profile"), json!({"profile": "strict"}).to_string());
    core.tell(&topic("guard_switch"), parts["guard_switch"]["payload_off"].as_str().unwrap());
    let is = |glance: &Value| glance["strictness"] == 0.1 && glance["profile"] == "strict" && glance["guard"] == "observe";
    wait_for(&mut core, "jamey/glance", "all three count", is);
    core.tell(&topic("guard_switch"), parts["guard_switch"]["payload_on"].as_str().unwrap());
    wait_for(&mut core, "jamey/glance", "it enforces again", |glance| glance["guard"] == "enforce");
    core.tell(&topic("snapshot"), parts["snapshot"]["payload_press"].as_str().unwrap());
    core.message_on("jamey/reply/phoenix-snapshot");
    core.tell(&topic("say"), "the washing machine is done");
    wait_until("what it says is remembered", PATIENCE, || {
        house.count("select count(*) from memory_records where entity = 'home_assistant' and kind = 'say'", []) == 1
    });
    // Without the roles for it nothing happens.
    let mut bare = sign_in(&house, "bare");
    for key in ["strictness", "profile", "guard_switch", "snapshot"] {
        assert!(bare.publish(Message::new(&topic(key), "{}").qos(1)).refused(), "{key}");
    }
    assert!(bare.publish(Message::new("jamey/in/home_assistant/say", "x").qos(1)).refused(), "nor in another's name");
}

#[test]
fn home_assistant_is_there_or_not_and_says_where_things_are() {
    let folder = tempfile::tempdir().unwrap();
    let house = peopled(folder.path(), "");
    let mut core = sign_in(&house, "home_assistant");
    let hub = "{\"command_topic\":\"zigbee2mqtt/porch/set\",\"state_topic\":\"zigbee2mqtt/porch\",\"unique_id\":\"porch\"}";
    core.tell("homeassistant/light/porch/config", hub);
    core.tell("homeassistant/status", "online");
    let liveness = |core: &mut Mqtt, state: &str| {
        wait_for(core, "jamey/soul/entity/home_assistant", state, |view| view["liveness"]["state"] == state);
    };
    core.tell("homeassistant/status", "offline");
    liveness(&mut core, "offline");

    let told = json!({"v": 1, "devices": [
        {"identifiers": [["mqtt", "zigbee2mqtt_porch"]], "name": "porch", "name_by_user": "Porch light", "area": "Garden"},
        {"identifiers": [["mqtt", "unknown"]], "name": "Nobody", "area": "Garden"},
    ]});
    let registry = "jamey/in/home_assistant/registry";
    let mut bare = sign_in(&house, "bare");
    assert!(bare.publish(Message::new(registry, told.to_string()).qos(1)).refused(), "only who may describe devices");
    let bridge = sign_in(&house, "z2m").publish(Message::new(registry, told.to_string()).qos(1));
    assert!(bridge.refused(), "nor by others who speak for many");
    core.tell(registry, told.to_string());
    wait_until("it is known where it is", PATIENCE, || {
        house.count("select count(*) from relations where subject = 'porch' and object = 'area.garden'", []) == 1
    });
    let moved = told.to_string().replace("Garden", "Hall");
    core.tell(registry, moved);
    wait_until("and that it was moved", PATIENCE, || {
        house.count("select count(*) from relations where subject = 'porch' and object like 'area.%'", []) == 1
            && house.count("select count(*) from relations where subject = 'porch' and object = 'area.hall'", []) == 1
    });
    assert_eq!(house.count("select count(*) from soul_entities where entity in ('unknown', 'nobody')", []), 0, "nobody is made up");
    core.tell(registry, "{}");
    wait_until("what is no such document is on record", PATIENCE, || {
        house.count("select count(*) from memory_records where topic = ?1 and text like '%refused%'", [registry]) == 1
    });
}

#[test]
fn where_things_are_is_told_only_by_who_may_describe_devices() {
    let folder = tempfile::tempdir().unwrap();
    let house = peopled(folder.path(), "[home_assistant]\nuser = \"bare\"\n");
    let told = json!({"devices": []}).to_string();
    let mut bare = sign_in(&house, "bare");
    assert!(matches!(bare.publish(Message::new("jamey/in/bare/registry", &told).qos(1)), Sent::Code(0x87, _)));
    assert!(bare.publish(Message::new("jamey/in/bare/note", &told).qos(1)).taken());
    assert!(
        sign_in(&house, "home_assistant").publish(Message::new("jamey/in/home_assistant/registry", &told).qos(1)).taken(),
        "an input like any"
    );
}

#[test]
fn a_birth_with_five_hundred_entities_brings_all_of_them_and_those_who_are_gone_are_taken_back() {
    const MANY: usize = 500;
    let folder = tempfile::tempdir().unwrap();
    let start = |entities: usize| {
        let config = format!("[home_assistant]\nentities = {entities}\n[limits]\nmessages_per_second = 0\n");
        Plan::default().config(&config).data(folder.path()).start()
    };
    let mut house = start(MANY);
    let mut speaker = house.client("speaker");
    let all: Vec<u16> = (0..MANY + 5).map(|n| speaker.post(Message::new(&format!("jamey/in/sensor{n:03}/state"), "1").qos(1))).collect();
    assert!(all.into_iter().all(|id| speaker.acked(PATIENCE, Pub::Ack, id).taken()));
    let filter = "homeassistant/device/+/config";
    let mut core = house.client("core");
    let patience = Duration::from_secs(60);
    wait_until("all are described", patience, || standing(&mut core, filter).len() == MANY + 1);
    core = core.listen(filter, 1).listen("jamey/soul/entity/+", 1);
    core.rest();
    core.post(Message::new("homeassistant/status", "online").qos(1));
    let began = Instant::now();
    let (mut documents, mut states, mut wanted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    while documents.len() < MANY + 1 || !states.is_superset(&wanted) {
        let message = core.message();
        if message.topic.starts_with("jamey/") {
            states.insert(message.topic);
        } else if documents.insert(message.topic.clone()) && message.topic != HOUSE {
            wanted.insert(message.json()["components"]["trust"]["state_topic"].as_str().unwrap().replace('~', "jamey"));
        }
    }
    let (documents, states) = (documents.len(), states.len());
    println!("a birth with {MANY} entities: {documents} documents and {states} states in {} ms", began.elapsed().as_millis());
    house.stop();
    let house = start(3);
    let mut core = house.client("core");
    core.tell("homeassistant/status", "online");
    wait_until("those who are shown no more are taken back", patience, || standing(&mut core, filter).len() == 4);
    assert!(standing(&mut core, filter).contains_key(HOUSE));
}
