//! Promise: what Jamey is for is counted, told and alerted: an objective that goes badly pages within the time that the SRE workbook says, is over
//! soon after its cause, is felt once, and survives a restart; in a home with nothing configured, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
mod support;
use alive::{Alive, Who};
use jamey::domain::{Change, Condition, Decision, EntityId, Input, Origin, Purpose, Request, Timestamp, Turned, Verb};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Instant};
use support::*;
use uuid::Uuid;

const POOL: &str = r#"
timezone = "UTC"
[[signal]]
name = "pool_warm"
entity = "pool"
kind = "warm"
default = false
[[mission]]
id = "warm_pool"
utility = 0.5
rest = 1.0
says = "the pool is warm"
good = "ctx.pool_warm"
target = 0.999
least = 1
priority = 0.8
"#;
const TOPIC: &str = "jamey/consciousness/mission/warm_pool";
const ALERT: &str = "jamey/alert/mission-warm_pool";

/// A house in simulated time, with what it tells.
struct Sim {
    home: Alive,
    told: BTreeMap<String, Value>,
    publishes: usize,
    rows: Vec<Change>,
}

impl Sim {
    fn new(config: &str) -> Self {
        let born = Timestamp::from_micros(0).plus_seconds(1_795_000_000 / 86_400 * 86_400);
        Self { home: Alive::new(config, born), told: BTreeMap::new(), publishes: 0, rows: Vec::new() }
    }

    /// Second by second, as the clock has it.
    fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.home.pass(1);
            for (subject, view) in self.home.mind.told() {
                if let jamey::mind::Subject::Mission(id) = subject {
                    self.publishes += 1;
                    self.told.insert(id, view);
                }
            }
            let rows = self.home.mind.take_changes();
            self.rows.extend(rows.into_iter().filter(|c| match c {
                Change::Mission { .. } => true,
                Change::Metric { metric, .. } => metric.starts_with("mission."),
                _ => false,
            }));
        }
    }

    fn status(&self, id: &str) -> &str {
        self.told[id]["status"].as_str().unwrap()
    }

    fn severity(&self, id: &str) -> Option<bool> {
        self.home.mind.alarms().get(&format!("mission-{id}")).map(|alarm| alarm.critical)
    }

    fn likelihood(&mut self, id: &str) -> f64 {
        let now = self.home.now;
        self.home.mind.soul().likelihood(id, now).unwrap().get()
    }

    fn turn(&mut self, condition: Condition, holds: bool) {
        let at = self.home.now;
        self.home.mind.step(&Input::Turned(Turned { at, condition, holds, reason: "a test says so".into() }));
    }

    /// A retained unlock, which is always denied.
    fn ask_what_is_denied(&mut self, origin: Origin) {
        let target = EntityId::escaped("front_door");
        let request = Request { target, endpoint: None, verb: Verb("unlock".into()), value: None, args: Map::new(), id: None };
        let at = self.home.now;
        let mut percept = alive::percept("panel", "door/set", b"UNLOCK");
        percept.id = Uuid::from_u128(u128::try_from(at.micros()).unwrap());
        (percept.at, percept.retained, percept.purpose) = (at, true, Purpose::Requests { origin, requests: vec![request] });
        let outcome = self.home.mind.step(&Input::Percept(Box::new(percept)));
        assert_eq!(outcome.decision(), Some(Decision::Deny));
    }
}

const DOOR: &str = r#"
timezone = "UTC"
[[device]]
id = "front_door"
class = "lock"
command_topic = "door/set"
payloads = { UNLOCK = "unlock", LOCK = "lock" }
[[device]]
id = "lamp"
class = "light"
command_topic = "lamp/set"
state_topic = "lamp/state"
payloads = { ON = "on", OFF = "off" }
[[input]]
topic = "lamp/{kind}"
entity = "lamp"
"#;

#[test]
fn a_snapshot_is_fresh_for_a_day_and_two_hours() {
    let mut sim = Sim::new("");
    sim.pass(20);
    assert_eq!(sim.told["snapshots_fresh"]["valid"], false, "nobody said that there is one");
    let (at, taken_at) = (sim.home.now, sim.home.now.plus_seconds(-25 * 3_600));
    sim.home.mind.step(&Input::Saved { at, taken_at });
    sim.pass(3_500);
    assert_eq!((sim.told["snapshots_fresh"]["valid"].clone(), sim.status("snapshots_fresh")), (true.into(), "met"));
    let good = sim.told["snapshots_fresh"]["good"].as_u64();
    sim.pass(4 * 3_600);
    assert_eq!(sim.status("snapshots_fresh"), "page", "older than 26 hours");
    assert!(sim.told["snapshots_fresh"]["bad"].as_u64() > good);
    let at = sim.home.now;
    sim.home.mind.step(&Input::Saved { at, taken_at: at });
    sim.pass(6 * 3_600);
    assert_eq!(sim.status("snapshots_fresh"), "met", "and by a new one it is so again");
}

#[test]
fn in_a_home_with_nothing_configured_it_is_told_what_can_be_and_nothing_is_made_up() {
    let mut sim = Sim::new("");
    sim.pass(120);
    let all = [
        "commands_obeyed",
        "devices_reachable",
        "memory_durable",
        "no_unsafe_request",
        "people_well",
        "readings_plausible",
        "safe_home",
        "snapshots_fresh",
    ];
    assert_eq!(sim.told.keys().map(String::as_str).collect::<Vec<_>>(), all);
    let met: Vec<&str> = all.into_iter().filter(|id| sim.status(id) == "met").collect();
    assert_eq!(met, ["memory_durable"], "nobody spoke yet, and there is nothing to take a snapshot to");
    assert!(all.iter().all(|id| ["met", "unknown"].contains(&sim.status(id))));
    assert_eq!(sim.told["snapshots_fresh"]["valid"], false);
    assert!(sim.home.mind.alarms().is_empty());
    let before = sim.publishes;
    sim.pass(3 * 3_600);
    assert_eq!(sim.publishes, before, "what is as it was costs the disk nothing");
    assert!(sim.rows.iter().filter(|c| matches!(c, Change::Mission { .. })).count() <= 20, "a row each ten minutes");
    let hours: Vec<_> = sim
        .rows
        .iter()
        .filter_map(|c| {
            if let Change::Metric { metric, value, detail, .. } = c {
                Some((metric.as_str(), *value, detail["good"].as_u64()))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        hours,
        [
            ("mission.memory_durable", 1.0, Some(360)),
            ("mission.memory_durable", 1.0, Some(360)),
            ("mission.memory_durable", 1.0, Some(360))
        ]
    );
}

#[test]
fn a_store_that_fails_pages_within_a_minute_is_felt_once_and_over_soon_after() {
    let mut sim = Sim::new("");
    sim.pass(6 * 3_600);
    assert_eq!((sim.likelihood("memory_durable"), sim.severity("memory_durable")), (1.0, None));
    sim.turn(Condition::StoreFailing, true);
    sim.pass(49);
    assert_ne!(sim.severity("memory_durable"), Some(true));
    sim.pass(21);
    assert_eq!((sim.severity("memory_durable"), sim.status("memory_durable")), (Some(true), "page"));
    let alarm = sim.home.mind.alarms()["mission-memory_durable"].clone();
    assert!(alarm.text.starts_with("\"what is acknowledged is on disk\" was not so at 6 of "), "{alarm:?}");
    assert!(alarm.what_to_do.contains("jamey mind mission memory_durable"), "{alarm:?}");
    assert!((sim.likelihood("memory_durable") - 0.2).abs() < 1e-9, "priority 0.8 of it");
    assert!(sim.home.mind.soul().emotion_view()["emotions"].as_array().unwrap().iter().any(|e| e["objective"] == "memory_durable"));
    sim.pass(20);
    assert!((sim.likelihood("memory_durable") - 0.2).abs() < 1e-9, "while it lasts, and no more");
    sim.turn(Condition::StoreFailing, false);
    sim.pass(17 * 60);
    assert_ne!(sim.severity("memory_durable"), Some(true), "the short window has forgotten it");
    sim.pass(7 * 3_600);
    assert_eq!((sim.likelihood("memory_durable"), sim.severity("memory_durable"), sim.status("memory_durable")), (1.0, None, "met"));
}

#[test]
fn a_lock_that_is_gone_pages_within_the_hour_and_takes_no_more_than_its_silence_took() {
    let mut sim = Sim::new(DOOR);
    sim.home.tell("front_door", "state", "locked");
    sim.home.tell("front_door", "availability", "online");
    sim.pass(7_200);
    assert_eq!(sim.status("devices_reachable"), "met");
    sim.home.tell("front_door", "availability", "offline");
    sim.pass(120);
    let after_silence = sim.likelihood("devices_reachable");
    assert!(after_silence < 0.5, "the silence itself was felt");
    // 14.4 · 0.05 of an hour are 43 min.
    sim.pass(40 * 60);
    assert_ne!(sim.severity("devices_reachable"), Some(true));
    sim.pass(5 * 60);
    assert_eq!(sim.severity("devices_reachable"), Some(true), "{}", sim.told["devices_reachable"]);
    assert!((sim.likelihood("devices_reachable") - after_silence).abs() < 1e-9, "not a second time");
    sim.home.tell("front_door", "availability", "online");
    sim.pass(40 * 60);
    assert_ne!(sim.severity("devices_reachable"), Some(true));
}

#[test]
fn an_unsafe_request_counts_where_it_reaches_its_device() {
    let mut sim = Sim::new(DOOR);
    for _ in 0..8 {
        sim.ask_what_is_denied(Origin::Guard);
        sim.pass(60);
    }
    assert_eq!((sim.status("no_unsafe_request"), sim.told["no_unsafe_request"]["bad"].as_u64()), ("met", Some(0)), "held, all of them");
    sim.ask_what_is_denied(Origin::Observed);
    sim.pass(1);
    assert_eq!(sim.severity("no_unsafe_request"), Some(true), "at once");
    let alarm = sim.home.mind.alarms()["mission-no_unsafe_request"].clone();
    assert!(alarm.text.contains("1 of 9 requests") && alarm.what_to_do.contains("enforce"), "{alarm:?}");
}

/// Whoever may speak may make up a hundred sensors that are well: they do not make those that are odd a smaller share.
#[test]
fn what_is_made_up_does_not_thin_what_is_known() {
    let known: String = (0..4).map(|n| format!("[[entity]]\nid = \"cellar_{n}\"\n")).collect();
    let mut sim = Sim::new(&format!("timezone = \"UTC\"\n{known}"));
    for n in 0..1_500_u32 {
        sim.home.pass(60);
        (0..4).for_each(|k| sim.home.tell(&format!("cellar_{k}"), "temperature", &format!("{:.1}", 20.0 + f64::from((n + k) % 7) / 10.0)));
    }
    (0..100).for_each(|n| sim.home.tell(&format!("made_up_{n}"), "temperature", "20.0"));
    sim.pass(61);
    assert_eq!(sim.told["readings_plausible"]["bad"], 0);
    (0..2).for_each(|k| sim.home.tell(&format!("cellar_{k}"), "temperature", "55.0"));
    sim.pass(120);
    assert!(sim.told["readings_plausible"]["bad"].as_u64() > Some(1), "two of four are odd: {}", sim.told["readings_plausible"]);
}

#[test]
fn commands_and_words_count_as_they_come() {
    let mut sim = Sim::new(DOOR);
    let lamp = Who::client("lamp");
    sim.home.publish(&lamp, "lamp/state", b"OFF", false);
    for _ in 0..6 {
        sim.home.publish(&Who::client("panel"), "lamp/set", b"ON", false);
        sim.pass(5);
        sim.home.publish(&lamp, "lamp/state", b"ON", false);
        sim.pass(60);
        sim.home.publish(&Who::client("panel"), "lamp/set", b"OFF", false);
        sim.pass(5);
        sim.home.publish(&lamp, "lamp/state", b"OFF", false);
        sim.pass(60);
    }
    assert_eq!((sim.status("commands_obeyed"), sim.told["commands_obeyed"]["counts"].as_str()), ("met", Some("commands")));
    for _ in 0..4 {
        sim.home.publish(&Who::client("panel"), "lamp/set", b"ON", false);
        sim.pass(120);
    }
    assert_eq!(sim.severity("commands_obeyed"), Some(false), "a quarter was not obeyed: {}", sim.told["commands_obeyed"]);
    for _ in 0..9 {
        sim.home.publish(&Who::client("boy"), "jamey/in/boy/say", b"This is horrible, I hate it!", false);
        sim.pass(60);
    }
    assert_eq!(sim.severity("people_well"), Some(false), "anybody can say anything: it is never a page");
}

#[test]
fn an_objective_that_cannot_be_read_is_refused_before_the_start_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j.toml");
    for (good, wanted) in [
        ("ctx.pool_wram", "mission warm_pool: good:1:4: `ctx.pool_wram` is not a declared signal; did you mean `pool_warm`?"),
        ("fig.request_denied || fig.command_obeyed", "which happen at different times; make two objectives of it"),
        ("dev.risk > 0.5", "`dev` is not known here; there are ctx, fig"),
    ] {
        std::fs::write(&file, POOL.replace("\"ctx.pool_warm\"", &format!("\"{good}\""))).unwrap();
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_jamey")).args(["check", "--config"]).arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains("the mission is refused") && said.contains(wanted), "{good}: {said}");
    }
}

/// The topic once its status is this.
fn stands(ear: &mut Mqtt, status: &str) -> Value {
    let deadline = Instant::now() + std::time::Duration::from_secs(40);
    loop {
        if let Some(message) = ear.message_within(std::time::Duration::from_secs(40)).filter(|m| m.topic == TOPIC) {
            let told = message.json();
            if told["status"] == status {
                return told;
            }
        }
        assert!(Instant::now() < deadline, "never {status}");
    }
}

fn says(house: &House, args: &[&str]) -> String {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_jamey"))
        .args(["mind", "mission"])
        .args(args)
        .arg("--config")
        .arg(house.folder().join("jamey.toml"))
        .arg("--data")
        .arg(house.data())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_topic_and_the_alert_follow_the_signal_and_a_restart_keeps_the_count() {
    let mut house = Plan::default().config(POOL).start();
    let mut ear = house.client("ear").listen(TOPIC, 1);
    let first = stands(&mut ear, "unknown");
    assert_eq!(
        (first["valid"].as_bool(), first["says"].as_str(), first["budget_left"].as_f64()),
        (Some(false), Some("the pool is warm"), Some(1.0))
    );
    let mut pool = house.client("pool");
    pool.tell("jamey/in/pool/warm", "true");
    let met = stands(&mut ear, "met");
    assert_eq!((met["burn_rates"]["1h"].as_f64(), met["counts"].as_str()), (Some(0.0), Some("looks")));
    let mut alerts = house.client("alerts").listen(ALERT, 1);
    pool.tell("jamey/in/pool/warm", "false");
    let page = stands(&mut ear, "page");
    assert!(page["bad"].as_u64().unwrap() > 0 && page["burn_rates"]["5m"].as_f64().unwrap() > 14.4, "{page}");
    let alert = alerts.message_on(ALERT).json();
    assert_eq!(alert["severity"], "critical");
    assert!(alert["text"].as_str().unwrap().starts_with("\"the pool is warm\" was not so"), "{alert}");

    house.stop();
    assert_eq!(house.count("select count(*) from mission_objectives where id = 'warm_pool'", []), 1);
    house.start();
    let mut ear = house.client("ear").listen(TOPIC, 1);
    let again = stands(&mut ear, "page");
    assert!(again["bad"].as_u64() >= page["bad"].as_u64() && again["good"].as_u64() >= met["good"].as_u64(), "{again}");
    assert!(!house.client("alerts").listen(ALERT, 1).message_on(ALERT).payload.is_empty());

    let table = says(&house, &[]);
    assert!(table.lines().any(|line| line.starts_with("warm_pool ") && line.contains(" page ")), "{table}");
    assert!(table.contains("safe_home"), "{table}");
    let page = says(&house, &["warm_pool"]);
    for part in ["good when", "ctx.pool_warm", "99.9 % in 30 days; priority 0.8", "alert", "what to do"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let json: Value = serde_json::from_str(&says(&house, &["warm_pool", "--history", "--json"])).unwrap();
    assert_eq!((json["objectives"][0]["status"].as_str(), json["objectives"][0]["history"].is_array()), (Some("page"), true));

    house.stop();
    std::fs::write(
        house.folder().join("jamey.toml"),
        std::fs::read_to_string(house.folder().join("jamey.toml")).unwrap().replace("warm_pool", "hot_pool"),
    )
    .unwrap();
    house.start();
    let mut late = house.client("late").listen("jamey/consciousness/mission/hot_pool", 1);
    assert_eq!(late.message_on("jamey/consciousness/mission/hot_pool").json()["good"], 0, "another one begins anew");
    wait_until("the one that is none any more is told no more", PATIENCE, || house.client("gone").listen(TOPIC, 1).rest().is_empty());
}

#[test]
fn an_objective_whose_count_cannot_be_read_begins_anew_and_the_others_go_on() {
    let mut house = Plan::default().config(POOL).start();
    let mut pool = house.client("pool");
    let mut ear = house.client("ear").listen(TOPIC, 1);
    pool.tell("jamey/in/pool/warm", "true");
    stands(&mut ear, "met");
    pool.tell("jamey/in/pool/warm", "false");
    assert!(stands(&mut ear, "page")["good"].as_u64() > Some(0));
    house.stop();
    let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
    let kept =
        db.query_row("select state from mission_objectives where id = 'memory_durable'", [], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    db.execute("UPDATE mission_objectives SET state = x'a10001' WHERE id = 'warm_pool'", []).unwrap();
    drop(db);
    house.start();
    wait_until("only what was seen since then is told", PATIENCE, || {
        let anew = house.client("ear").listen(TOPIC, 1).message_on(TOPIC).json();
        anew["good"] == 0 && anew["bad"].as_u64() > Some(0)
    });
    let alert = house.client("alerts").listen("jamey/alert/set-aside", 1).message_on("jamey/alert/set-aside").json();
    assert!(alert["text"].as_str().unwrap().starts_with("what was counted of the objective warm_pool cannot be read"), "{alert}");
    assert_eq!(std::fs::read_dir(house.data().join("set-aside")).unwrap().count(), 1);
    let other = says(&house, &["memory_durable", "--json"]);
    let other: Value = serde_json::from_str(&other).unwrap();
    assert!(other["objectives"][0]["good"].as_u64().unwrap() > 0 && !kept.is_empty(), "{other}");
    house.serves();
}
