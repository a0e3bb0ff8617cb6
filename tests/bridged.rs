//! Promise: what is acknowledged on one side of a bridge is on the other, whichever broker falls; what the conscience refuses crosses
//! in neither direction; and nothing goes round.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use support::*;

const INPUTS: &str = "[[input]]\ntopic = \"far/{entity}/{kind}\"\n[[input]]\ntopic = \"near/{entity}/{kind}\"\n";
const LOCK: &str =
    "[[guard]]\ntopic = \"locks/+/set\"\ndevice = \"front\"\nclass = \"lock\"\npayloads = { UNLOCK = \"unlock\", LOCK = \"lock\" }\n";

fn bridge(other: &Other, topics: &str) -> String {
    format!("[[bridge]]\nname = \"other\"\naddress = \"{}\"\ntopics = [{topics}]\n", other.address())
}

/// Waits until Jamey says that the bridge is up, or down.
fn stands(house: &House, state: &str) -> serde_json::Value {
    told(house, state, PATIENCE, |told| told["state"] == state)
}

/// Waits until what Jamey says of the bridge is as it is to be. One client hears all of it: who comes again and again is refused.
fn told(house: &House, what: &str, patience: Duration, is: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let mut ear = house.dial("stands").open().listen("jamey/bridge/other", 1);
    let deadline = Instant::now() + patience;
    loop {
        let told = ear.message_on("jamey/bridge/other").json();
        if is(&told) {
            return told;
        }
        assert!(Instant::now() < deadline, "the bridge is not {what}: {told}");
    }
}

/// Nothing waits for the other side any more.
fn nothing_waits(house: &House) {
    told(house, "empty", PATIENCE * 2, |told| told["state"] == "up" && told["waiting"] == 0);
}

/// How often each sender's own id was remembered, where it was not a repetition.
fn remembered(house: &House) -> BTreeMap<String, u32> {
    let db = house.db();
    let mut rows = db.prepare("select own_id, count(*) from memory_records where own_id is not null group by own_id").unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// Hears with a session that outlives the other broker's restarts, until it has heard all of `wanted`.
fn heard_all(other: &Other, wanted: &BTreeSet<String>) -> BTreeSet<String> {
    let mut ear = other.dial("witness").persistent().open();
    assert!(ear.session_present, "the other broker lost the witness' session");
    let mut heard = BTreeSet::new();
    while !wanted.is_subset(&heard) {
        let missing = wanted.difference(&heard).count();
        let message = ear.message_within(PATIENCE).unwrap_or_else(|| panic!("{missing} of {} never arrived", wanted.len()));
        heard.insert(message.json()["id"].as_str().unwrap().to_owned());
    }
    heard
}

/// What the other broker does while Jamey falls, and what it keeps of what it acknowledged.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Stay,
    /// It is asked to stop, and keeps all; what it gives again has the packet id that it had.
    Stop,
    /// It is killed, and forgets what an absent subscriber is owed.
    DieAndForget,
    /// As Jamey does, of which only the part that carries to it falls.
    Watch,
}

fn survives(mut other: Other, rounds: u64, does: Does) {
    let topics = "{ filter = \"far/#\", direction = \"in\" }, { filter = \"near/#\", direction = \"out\" }";
    let plan = Plan::default().config(&format!("{INPUTS}{}", bridge(&other, topics)));
    let falls = ["bridge-other:panic@1", "bridge-other:panic@2", "bridge-other:panic@4", "bridge-other:hang@5"];
    let falling = |plan: Plan| plan.env("JAMEY_TRIAL_FALL", &falls.join(",")).env("JAMEY_TRIAL_HANGS_MS", "2000");
    let mut house = if does == Does::Watch { falling(plan) } else { plan }.start();
    stands(&house, "up");
    drop(other.dial("witness").persistent().open().listen("near/#", 1));
    let there: Place = Arc::new(Mutex::new(other.address()));
    let here: Place = Arc::new(Mutex::new(house.mqtt()));
    let (far, near) = (restless("far", "far/sensor/reading", &there), restless("near", "near/sensor/reading", &here));
    let mut chance = Chance::seeded(5);
    for round in 0..rounds {
        let before = house.count("select count(*) from memory_records", []);
        wait_until("both sides speak", PATIENCE, || house.count("select count(*) from memory_records", []) > before + 20);
        // The moment within the traffic is chance, too.
        std::thread::park_timeout(Duration::from_millis(chance.between(1, 60)));
        // Jamey, the other one, both together.
        let (here_falls, there_falls) = match does {
            Does::Watch => (false, false),
            Does::Stay => (true, false),
            Does::Stop | Does::DieAndForget => (round % 3 != 1, round % 3 != 0),
        };
        if here_falls {
            house.kill9();
        }
        if there_falls {
            if does == Does::Stop {
                other.fall()
            } else {
                other.die()
            }
            other.rise();
        }
        if here_falls {
            house.start();
            *here.lock().unwrap() = house.mqtt();
        }
    }
    if does == Does::Watch {
        wait_until("the bridge has fallen", PATIENCE, || house.said().matches("bridge-other fell, and is started again").count() == 4);
        stands(&house, "up");
    }
    let (far, near) = (far.acknowledged(), near.acknowledged());
    assert!(far.len() > 50 && near.len() > 50, "too little was sent to mean anything: {}, {}", far.len(), near.len());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let rows = remembered(&house);
        let missing: Vec<&String> = far.iter().filter(|id| !rows.contains_key(*id)).collect();
        if missing.is_empty() {
            break;
        }
        let state = || house.client("late").listen("jamey/bridge/other", 1).message().text();
        assert!(Instant::now() < deadline, "{} of {} never came, such as {:?}; {}", missing.len(), far.len(), missing.last(), state());
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let rows = remembered(&house);
    for id in far.iter().chain(&near) {
        let times = rows.get(id).copied().unwrap_or_default();
        assert!(times == 1 || (does != Does::Stop && times > 1), "{id} is remembered {times} times");
    }
    nothing_waits(&house);
    if does != Does::DieAndForget {
        heard_all(&other, &near);
    }
    if does != Does::Watch {
        house.is_well();
    }
}

#[test]
fn what_is_acknowledged_crosses_to_and_from_mosquitto_though_both_fall() {
    survives(mosquitto("").start(), 6, Does::Stop);
}

#[test]
fn what_is_acknowledged_crosses_though_the_bridge_itself_falls_and_hangs() {
    survives(mosquitto("").start(), 4, Does::Watch);
}

#[test]
fn what_is_acknowledged_crosses_to_and_from_nats_though_jamey_falls() {
    survives(nats().start(), 4, Does::Stay);
}

/// Asked to stop, NATS 2.9 forgets what is on its way to those who are there; killed, what is owed to those who are not. Jamey was there:
/// so what NATS acknowledged comes here, and Jamey's outbox is empty in the end. docs/beside-other-brokers.md.
#[test]
fn what_nats_acknowledged_comes_here_though_both_are_killed() {
    survives(nats().start(), 6, Does::DieAndForget);
}

#[test]
fn a_refused_command_arrives_on_neither_side() {
    let other = mosquitto("").start();
    let text = format!("{LOCK}{}", bridge(&other, "{ filter = \"locks/#\", direction = \"both\" }"));
    let mut house = Plan::default().enforce().config(&text).start();
    stands(&house, "up");
    let mut here = house.dial("here").v5().open().listen("locks/#", 1);
    let mut there = other.dial("there").v5().open().listen("locks/#", 1);

    // Asked over there: it is over there already, but does not come here. The state behind it does.
    let mut far = other.client("far");
    assert!(far.publish(Message::new("locks/front/set", "UNLOCK").qos(1)).taken());
    assert!(far.publish(Message::new("locks/front/set", "UNLOCK").qos(1).retained()).taken());
    far.tell("locks/front/state", "far");
    assert_eq!(here.message().topic, "locks/front/state");
    let asked = house.count("select count(*) from verdicts where decision <> 'allow'", []);
    assert!(asked >= 2, "both were judged: {asked}");
    assert_eq!(there.messages(3).last().unwrap().topic, "locks/front/state");

    // Asked here: it goes nowhere.
    let mut near = house.client("near");
    for qos in 0..=2 {
        near.publish(Message::new("locks/front/set", "UNLOCK").qos(qos));
    }
    near.tell("locks/front/state", "near");
    assert_eq!(there.message().text(), "near");
    assert_eq!(here.message().text(), "near");
    assert!(here.rest().is_empty() && there.rest().is_empty());
    house.is_well();
}

fn no_loop(other: &Other) {
    let house = Plan::default().config(&bridge(other, "{ filter = \"shared/#\", direction = \"both\" }")).start();
    stands(&house, "up");
    let mut here = house.dial("here").open().listen("shared/#", 1);
    let mut there = other.dial("there").open().listen("shared/#", 1);
    let (mut near, mut far) = (house.client("near"), other.client("far"));
    for round in 0..3 {
        near.tell("shared/near", format!("{round}"));
        far.tell("shared/far", format!("{round}"));
    }
    let count = |ear: &mut Mqtt| {
        let mut all: Vec<String> = ear.messages(6).iter().map(|m| format!("{} {}", m.topic, m.text())).collect();
        all.sort();
        all
    };
    let once = ["shared/far 0", "shared/far 1", "shared/far 2", "shared/near 0", "shared/near 1", "shared/near 2"];
    assert_eq!((count(&mut here), count(&mut there)), (once.map(str::to_owned).to_vec(), once.map(str::to_owned).to_vec()));
    assert_eq!((here.rest(), there.rest()), (vec![], vec![]));
}

#[test]
fn what_goes_both_ways_does_not_go_round_with_mqtt_5() {
    no_loop(&mosquitto("").start());
}

#[test]
fn what_goes_both_ways_does_not_go_round_with_mqtt_3_1_1() {
    no_loop(&nats().start());
}

#[test]
fn what_goes_out_waits_for_the_other_broker_through_a_kill() {
    let mut other = mosquitto("").start();
    let topics = "{ filter = \"news/#\", direction = \"out\", remote_prefix = \"house/\" }";
    let mut house = Plan::default().config(&bridge(&other, topics)).start();
    assert_eq!(stands(&house, "up")["mqtt"], "5");
    drop(other.dial("witness").persistent().open().listen("house/news/#", 1));
    other.fall();
    assert!(stands(&house, "down")["error"].is_string());
    let mut near = house.client("near");
    for i in 0..200 {
        near.tell("news/paper", format!(r#"{{"id":"{i}"}}"#));
    }
    house.kill9();
    house.start();
    other.rise();
    heard_all(&other, &(0..200).map(|i| i.to_string()).collect());
    nothing_waits(&house);

    // What has gone does not go again after a stop.
    let mut late = other.client("late").listen("house/news/#", 1);
    house.stop();
    house.start();
    stands(&house, "up");
    house.client("near").tell("news/paper", "fresh");
    assert_eq!(late.message().text(), "fresh");
}

#[test]
fn nobody_bears_the_name_of_a_bridge() {
    let other = mosquitto("").start();
    let house = Plan::default().config(&bridge(&other, "{ filter = \"a\", direction = \"in\" }")).start();
    stands(&house, "up");
    for (i, refused) in
        [house.dial("bridge.other"), house.dial("Bridge.Other").v5(), house.dial("x").user("bridge.other", "")].into_iter().enumerate()
    {
        assert!(refused.try_open().is_err(), "{i}");
    }
    assert!(house.dial("bridge.another").try_open().is_ok());
}

#[test]
fn a_retained_state_is_told_to_a_broker_that_does_not_know_it() {
    let mut other = mosquitto("").start();
    let mut house = Plan::default().config(&bridge(&other, "{ filter = \"states/#\", direction = \"out\" }")).start();
    stands(&house, "up");
    house.client("near").tell("states/other", "unretained");
    assert!(house.client("near").publish(Message::new("states/lamp", "on").qos(0).retained()).taken());
    assert_eq!(other.client("there").listen("states/#", 0).message_on("states/lamp").text(), "on");
    other.fall();
    std::fs::remove_file(other.folder().join("mosquitto.db")).unwrap();
    other.rise();
    let mut there = other.client("there").listen("states/#", 1);
    assert_eq!(there.message_on("states/lamp").text(), "on");
    house.is_well();
}

#[test]
fn a_bridge_with_tls_and_a_password_asks_who_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let openssl = |args: &[&str]| {
        let done = std::process::Command::new("openssl").args(args).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::write(at("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=ca",
        "-days",
        "2",
        "-keyout",
        &at("ca.key"),
        "-out",
        &at("ca.pem"),
    ]);
    openssl(&[
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=other",
        "-keyout",
        &at("other.key"),
        "-out",
        &at("other.csr"),
    ]);
    openssl(&[
        "x509",
        "-req",
        "-in",
        &at("other.csr"),
        "-CA",
        &at("ca.pem"),
        "-CAkey",
        &at("ca.key"),
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        &at("names"),
        "-out",
        &at("other.pem"),
    ]);
    let done =
        std::process::Command::new("mosquitto_passwd").args(["-b", "-c", &at("passwords"), "house", "open sesame"]).status().unwrap();
    assert!(done.success());
    let other = mosquitto(&format!(
        "allow_anonymous false\npassword_file {}\ncertfile {}\nkeyfile {}\n",
        at("passwords"),
        at("other.pem"),
        at("other.key")
    ))
    .start();
    std::fs::write(at("secret"), "open sesame\n").unwrap();
    std::fs::set_permissions(at("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let text = format!(
        "[[bridge]]\nname = \"other\"\naddress = \"localhost:{}\"\nuser = \"house\"\npassword_file = \"{}\"\ntls = true\nca = \"{}\"\ntopics = [{{ filter = \"#\", direction = \"in\" }}]\n",
        other.address().port(),
        at("secret"),
        at("ca.pem")
    );
    let house = Plan::default().config(&text).start();
    assert_eq!(stands(&house, "up")["mqtt"], "5");
    assert!(!house.said().contains("sesame"));
}
