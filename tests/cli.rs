//! Promise: the command line tells people and programs what is so, refuses what is wrong with a clear word, and its break-glass works, ends and is on record.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/logs.rs"]
mod logs;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/supervision.rs"]
mod supervision;
mod support;
use jamey::{
    config::Config,
    domain::{
        Timestamp,
        audit::{Event, chained},
    },
};
use serde_json::{Value, json};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use support::{
    zigbee::{DOOR, announce},
    *,
};
use tempfile::TempDir;

const SUBCOMMANDS: [&str; 16] = [
    "run",
    "check",
    "config",
    "demo",
    "health",
    "doctor",
    "entity",
    "device",
    "certs",
    "audit",
    "phoenix",
    "rules",
    "guard",
    "top",
    "topics",
    "completions",
];
/// Nobody listens there.
const NOWHERE: &str = "127.0.0.99:1";
/// A port of the kernel's choice, for a start that is to be refused for another reason.
const ANY: &str = "127.0.0.1:0";
/// A lock that no family's grammar knows: only its document makes its topic a guarded one.
const SHED_SET: &str = "shed/lock/command";
const ALERT: &str = "jamey/alert/guard-off";

/// What one command said, and how it ended.
#[derive(Debug)]
struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Answer {
    /// Standard output of a command that went well.
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    #[track_caller]
    fn json(self) -> Value {
        let out = self.good();
        let value: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("not JSON ({e}): {out}"));
        assert_eq!(value["v"], 1, "{value}");
        value
    }

    /// Standard error of a command that failed, and printed nothing that a program could take for a result.
    #[track_caller]
    fn bad(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        self.err
    }
}

/// The binary under test; `JAMEY_BIN` names another build of it, as for the houses.
fn binary() -> PathBuf {
    std::env::var_os("JAMEY_BIN").map_or_else(|| env!("CARGO_BIN_EXE_jamey").into(), PathBuf::from)
}

#[track_caller]
fn jamey(args: &[&str]) -> Answer {
    jamey_with(&[], args)
}

#[track_caller]
fn jamey_with(env: &[(&str, &str)], args: &[&str]) -> Answer {
    jamey_into(None, env, args)
}

/// Runs one command to its end, in a folder of its own and without the tester's own `JAMEY__` variables.
#[track_caller]
fn jamey_into(out: Option<Stdio>, env: &[(&str, &str)], args: &[&str]) -> Answer {
    let folder = TempDir::with_prefix("jamey-cli-").unwrap();
    let place = |name: &str| folder.path().join(name);
    let made = File::create(place("out")).unwrap();
    let mut command = Command::new(binary());
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("JAMEY__")) {
        command.env_remove(key);
    }
    let mut child = command
        .current_dir(folder.path())
        .envs(env.iter().copied())
        .args(args)
        .stdin(Stdio::null())
        .stdout(out.unwrap_or_else(|| made.into()))
        .stderr(File::create(place("err")).unwrap())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("`jamey {}` does not end; it said: {}", args.join(" "), std::fs::read_to_string(place("err")).unwrap());
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    let read = |name| std::fs::read_to_string(place(name)).unwrap();
    Answer { code: status.code(), out: read("out"), err: read("err") }
}

/// A command on this house's data folder.
#[track_caller]
fn at(house: &House, args: &[&str]) -> Answer {
    jamey(&[&["--data", text(house.data())], args].concat())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn config(toml: &str) -> (TempDir, String) {
    let folder = TempDir::with_prefix("jamey-cli-").unwrap();
    let path = folder.path().join("house.toml");
    std::fs::write(&path, toml).unwrap();
    let name = text(&path).to_owned();
    (folder, name)
}

fn announce_shed(house: &House) {
    let document = json!({"command_topic": SHED_SET, "state_topic": "shed/lock/state", "object_id": "shed", "unique_id": "shed_lock"});
    let sent = house.client("shed").publish(Message::new("homeassistant/lock/shed/config", document.to_string()).qos(1).retained());
    assert!(sent.taken());
}

/// The retained message on a topic, as a newcomer gets it.
fn retained(house: &House, topic: &str) -> Option<Message> {
    static NEWCOMERS: AtomicUsize = AtomicUsize::new(0);
    let mut newcomer = house.client(&format!("newcomer-{}", NEWCOMERS.fetch_add(1, Ordering::Relaxed)));
    newcomer.subscribe(&[(topic, 1)]);
    newcomer.rest().into_iter().find(|m| m.retain && m.topic == topic)
}

/// What the audit log says of the guard, oldest first, after its chain was found whole.
fn audited(house: &House) -> Vec<(String, String, String)> {
    let db = house.db();
    let mut rows = db.prepare("select seq, at, actor, action, subject, detail, previous, hash from audit_log order by seq").unwrap();
    let mut before = vec![0; 32];
    let mut all = Vec::new();
    let mut rows = rows.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let at = Timestamp::from_micros(row.get(1).unwrap());
        let [actor, action, detail]: [String; 3] = [2, 3, 5].map(|i| row.get(i).unwrap());
        let [previous, hash]: [Vec<u8>; 2] = [6, 7].map(|i| row.get(i).unwrap());
        assert_eq!(previous, before, "`{detail}` holds the hash of the row before it");
        let event = Event { at, actor: actor.clone(), action: action.clone(), subject: row.get(4).unwrap(), detail: detail.clone() };
        assert_eq!(hash, chained(row.get(0).unwrap(), &previous, &event), "`{detail}` can be recomputed");
        before = hash;
        if action == "guard" {
            all.push((actor, action, detail));
        }
    }
    all
}

#[test]
fn check_says_that_the_shipped_config_is_good() {
    let said = jamey(&["check"]).good();
    assert!(said.contains("embedded defaults: good;") && said.contains("rules"), "{said}");
    let (_folder, file) = config("node = \"attic\"\n\n[broker]\nguard = \"enforce\"\n");
    let said = jamey(&["check", "--config", &file]).good();
    assert!(said.starts_with(&file), "it names the file it read: {said}");
    let json = jamey(&["check", "--config", &file, "--json"]).json();
    assert_eq!((json["status"].as_str(), json["guard"].as_str()), (Some("ok"), Some("enforce")), "{json}");
    assert!(json["rules"].as_u64().unwrap() > 0);
}

#[test]
fn check_tells_every_mistake_at_once_each_with_its_path_and_place() {
    let (_folder, file) = config(
        "node = \"Not A Node\"\ntimezone = \"Mars/Olympus\"\n[broker]\ngaurd = \"enforce\"\nmax_connections = \"many\"\n\
         [http]\nlisten = \"nowhere\"\n[[device]]\nid = \"x\"\nclass = \"toaster\"\ncommand_topic = \"x/set\"\n",
    );
    let all = ["--config", &file, "--guard", "off"];
    let env = [("JAMEY__STORE__DURABILITY", "sometimes")];
    let said = jamey_with(&env, &[&["check"], &all[..]].concat()).bad(1);
    let lines: Vec<&str> = said.lines().skip(1).collect();
    let wanted = [
        ("node", format!("{file}:1")),
        ("timezone", format!("{file}:2")),
        ("broker.gaurd", format!("{file}:4")),
        ("broker.max_connections", format!("{file}:5")),
        ("http.listen", format!("{file}:7")),
        ("device[0].class", format!("{file}:10")),
        ("store.durability", "environment JAMEY__STORE__DURABILITY".to_owned()),
        ("broker.guard", "--guard".to_owned()),
    ];
    for (path, at) in &wanted {
        let start = format!("{path} ({at}): ");
        assert_eq!(lines.iter().filter(|l| l.trim_start().starts_with(&start)).count(), 1, "{start}\n{said}");
    }
    assert_eq!(lines.len(), wanted.len(), "each mistake in one line, and no other:\n{said}");
    assert!(
        lines[2].contains("`guard`") || lines[2].contains("\"guard\""),
        "a slip is answered with the word that was meant: {}",
        lines[2]
    );

    let error = jamey_with(&env, &[&["--json", "check"], &all[..]].concat()).bad(1);
    let error: Value = serde_json::from_str(&error).unwrap();
    assert!(wanted.iter().all(|(path, _)| error["error"].as_str().unwrap().contains(path)), "{error}");
}

#[test]
fn what_check_calls_good_or_bad_run_takes_or_refuses_too() {
    let (folder, rules) = config("[[rule]]\nid = \"X-1\"\nwhen = \"act.verb ==\"\n");
    let data = folder.path().join("data");
    for toml in [
        format!("[conscience]\nrules = [{rules:?}]\n"),
        "[conscience.weights]\n\"NO-SUCH-RULE\" = 1.0\n".to_owned(),
        "[log]\nfilter = \"jamey=loud=er\"\n".to_owned(),
        "timezone = \"Nowhere\"\n".to_owned(),
        "[broker\n".to_owned(),
    ] {
        let (_folder, file) = config(&toml);
        let checked = jamey(&["check", "--config", &file]).bad(1);
        let run = jamey(&["run", "--config", &file, "--data", text(&data), "--mqtt", ANY, "--http", ANY]).bad(1);
        assert_eq!(run, checked, "{toml}");
    }
    assert!(!data.exists(), "a refused start leaves nothing behind");
}

#[test]
fn a_flag_that_does_not_exist_is_a_usage_error() {
    for args in [&["check", "--colour"][..], &["--gaurd", "enforce"], &["dance"], &["guard", "off"], &["entity", "show"], &["completions"]]
    {
        let said = jamey(args).bad(2);
        assert!(said.contains("Usage:"), "{args:?}: {said}");
    }
    for args in [&["--help"][..], &["--version"], &["guard", "off", "--help"]] {
        assert!(!jamey(args).good().is_empty());
    }
}

#[test]
fn health_is_zero_when_ready_and_one_when_nothing_answers() {
    let mut house = house();
    let http = house.http().to_string();
    assert_eq!(jamey(&["health", "--http", &http]).good().trim(), "ready");
    let json = jamey(&["health", "--json", "--http", &http]).json();
    assert_eq!(json["status"], "ready");
    let said = jamey(&["health", "--http", NOWHERE]).bad(1);
    assert!(said.contains(&format!("nothing answers on {NOWHERE}")) && said.contains("is Jamey running?"), "{said}");
    house.stop();
    assert_eq!(jamey(&["health", "--http", &http]).code, Some(1), "nor after it stopped");
}

#[test]
fn entities_are_listed_and_explained_to_people_and_programs() {
    let mut house = house();
    let mut kitchen = house.client("kitchen");
    for degrees in 20..25 {
        kitchen.tell("jamey/in/kitchen/temperature", format!("{degrees}.5"));
    }
    house.client("wall_panel").tell("jamey/act/front_door/unlock", "{}");
    let listed = |house: &House| at(house, &["entity", "list", "--json"]).json()["entities"].as_array().unwrap().clone();
    let named = |list: &[Value], name: &str| list.iter().find(|e| e["entity"] == name).cloned();
    wait_until("both are listed", PATIENCE, || {
        let list = listed(&house);
        named(&list, "kitchen").is_some() && named(&list, "wall_panel").is_some()
    });
    let list = listed(&house);
    let bounds: Vec<f64> = list.iter().map(|e| e["lower_bound"].as_f64().unwrap()).collect();
    assert!(bounds.is_sorted(), "least trusted first: {bounds:?}");

    let table = at(&house, &["entity", "list"]).good();
    assert!(table.lines().next().unwrap().starts_with("entity"), "{table}");
    assert_eq!(table.lines().filter(|l| l.starts_with("kitchen ") || l.starts_with("wall_panel ")).count(), 2, "{table}");

    let shown = at(&house, &["entity", "show", "kitchen", "--json"]).json();
    assert_eq!(shown["entity"], "kitchen");
    assert!(shown["events"].as_u64().unwrap() >= 1);
    let sum: f64 = ["belief", "disbelief", "uncertainty"].iter().map(|k| shown[k].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "an opinion is whole: {shown}");
    let words = at(&house, &["entity", "show", "kitchen"]).good();
    assert!(
        words.starts_with("kitchen: newcomer, last seen ") && words.contains("belief") && words.contains("trusted to at least"),
        "{words}"
    );

    let said = at(&house, &["entity", "show", "nobody"]).bad(1);
    assert!(said.contains("nobody is called `nobody`") && said.contains("jamey entity list"), "{said}");
    house.stop();
    let rested = at(&house, &["entity", "show", "kitchen", "--json"]).json();
    assert_eq!(rested["entity"], "kitchen", "readable while no Jamey runs");
}

#[test]
fn without_a_store_the_reason_is_told_and_none_is_made() {
    let folder = TempDir::with_prefix("jamey-cli-").unwrap();
    let data = folder.path().join("never");
    let said = jamey(&["entity", "list", "--data", text(&data)]).bad(1);
    assert!(said.contains(text(&data)) && said.contains("has Jamey run with this data folder?"), "{said}");
    let said = jamey(&["guard", "off", "--for", "1h", "--data", text(&data)]).bad(1);
    assert!(said.contains(text(&data)) && said.contains("--data"), "{said}");
    let none = jamey(&["guard", "coverage", "--data", text(&data)]).good();
    assert!(none.contains("No actuator is known yet"), "{none}");
    assert!(!data.exists());
}

#[test]
fn every_rule_is_listed_with_its_duty_kind_and_weight() {
    let rules = jamey(&["rules", "list", "--json"]).json();
    let rules = rules["rules"].as_array().unwrap();
    assert_eq!(rules.len() as u64, jamey(&["check", "--json"]).json()["rules"].as_u64().unwrap());
    let table = jamey(&["rules", "list"]).good();
    for rule in rules {
        let word = |key: &str| rule[key].as_str().unwrap_or_else(|| panic!("{key} of {rule}"));
        let row = table.lines().find(|l| l.split_whitespace().next() == Some(word("id"))).unwrap_or_else(|| panic!("{rule}\n{table}"));
        let when = word("when").replace('\n', " ");
        assert!(row.contains(word("kind")) && row.contains(word("duty")) && row.ends_with(&when), "a rule is one row: {row}");
        assert!(rule["weight"].is_number());
    }
    assert!(rules.iter().any(|r| r["id"] == "LIFE-2-silence-active-hazard"), "the shipped rules are there");
}

#[test]
fn coverage_says_of_a_discovered_lock_what_is_judged_and_what_is_not() {
    let house = house();
    announce(&mut house.client("zigbee2mqtt"), &[DOOR]);
    announce_shed(&house);
    let coverage = at(&house, &["guard", "coverage", "--json"]).json();
    assert_eq!(coverage["mode"], "observe");
    let row = |topic: &str| {
        let found = coverage["actuators"].as_array().unwrap().iter().find(|r| r["topic"].as_str().unwrap().contains(topic));
        found.cloned().unwrap_or_else(|| panic!("no row for {topic}: {coverage}"))
    };
    for (topic, device, judged) in [
        ("zigbee2mqtt/front_door/set", "front_door", "yes"),
        ("zigbee2mqtt/0x00158d0001a2b3c4[", "front_door", "yes"),
        (SHED_SET, "shed", "yes"),
        ("shed/lock/state", "shed", "no"),
    ] {
        let row = row(topic);
        assert_eq!(
            (row["device"].as_str(), row["judged"].as_str(), row["class"].as_str()),
            (Some(device), Some(judged), Some("lock")),
            "{row}"
        );
        assert_eq!(row["risk"], 0.8, "{row}");
    }
    let states: Vec<&Value> = coverage["actuators"].as_array().unwrap().iter().filter(|r| r["judged"] == "no").collect();
    assert!(states.iter().any(|r| r["topic"] == "zigbee2mqtt/front_door"), "its state is told, not asked: {coverage}");

    let table = at(&house, &["guard", "coverage"]).good();
    assert!(table.contains("guard mode observe: judged and reported, nothing is held"), "{table}");
    let judged = |topic: &str| {
        let line = table.lines().find(|l| l.split_whitespace().any(|w| w == topic));
        line.unwrap_or_else(|| panic!("{topic}:\n{table}")).split_whitespace().nth(3).unwrap().to_owned()
    };
    assert_eq!((judged(SHED_SET).as_str(), judged("shed/lock/state").as_str()), ("yes", "no"));
    assert!(table.contains("jamey/act/+/+") && table.contains("Never judged"), "{table}");
}

#[test]
fn a_device_is_shown_with_who_said_what_of_it_and_what_was_asked_last() {
    let house = house();
    announce(&mut house.client("zigbee2mqtt"), &[DOOR]);
    announce_shed(&house);
    assert!(house.client("script").publish(Message::new("zigbee2mqtt/front_door/set", "{\"state\":\"LOCK\"}").qos(1)).taken());
    let list = at(&house, &["device", "list", "--json"]).json();
    let door = list["devices"].as_array().unwrap().iter().find(|d| d["device"] == "front_door").unwrap();
    assert_eq!((&door["class"], &door["risk"]), (&json!("lock"), &json!(0.8)), "{list}");
    let risks: Vec<f64> = list["devices"].as_array().unwrap().iter().map(|d| d["risk"].as_f64().unwrap()).collect();
    assert!(risks.is_sorted_by(|a, b| a >= b), "the riskiest stands first: {risks:?}");
    let shown = at(&house, &["device", "show", "front_door", "--json"]).json();
    assert!(shown["why"].as_str().unwrap().contains("lock") && !shown["claims"].as_array().unwrap().is_empty(), "{shown}");
    assert!(shown["topics"].as_array().unwrap().iter().any(|t| t["topic"] == "zigbee2mqtt/front_door/set" && t["judged"] == "yes"));
    assert_eq!((&shown["last_asked"]["verb"], &shown["last_asked"]["by"]), (&json!("lock"), &json!("script")), "{shown}");
    let text = at(&house, &["device", "show", "front_door"]).good();
    assert!(text.contains("class lock, risk 0.80") && text.contains("asked last: lock by script"), "{text}");
    let table = at(&house, &["device", "list"]).good();
    assert!(table.lines().any(|l| l.starts_with("shed ") && l.contains("home_assistant")), "{table}");
    let nobody = at(&house, &["device", "show", "nobody"]).bad(1);
    assert!(nobody.contains("jamey device list"), "{nobody}");
}

#[test]
fn break_glass_lets_through_what_was_held_and_ends_when_told() {
    let house = strict_house();
    announce_shed(&house);
    let mut lock = house.client("shed-lock").listen(SHED_SET, 1);
    let mut stranger = house.dial("stranger").v5().open().listen("jamey/verdict/stranger", 1);
    let mut unlock = || {
        assert!(stranger.publish(Message::new(SHED_SET, "UNLOCK").qos(1)).taken());
        let verdict = std::iter::repeat_with(|| stranger.message().json()).find(|v| v["settled"].is_null()).unwrap();
        assert_ne!(verdict["decision"], "allow", "off or on, the conscience thinks the same: {verdict}");
        verdict["forwarded"].as_bool().unwrap()
    };
    assert!(!unlock());
    assert_eq!(lock.rest(), [], "held, while the guard is on");
    assert_eq!(retained(&house, ALERT), None);
    assert_eq!(audited(&house), []);

    let said = at(&house, &["guard", "off", "--for", "1h"]).good();
    assert!(said.contains("the guard is off until"), "{said}");
    wait_until("the alert stands", PATIENCE, || retained(&house, ALERT).is_some());
    let alert = retained(&house, ALERT).unwrap().json();
    assert_eq!((alert["v"].as_u64(), alert["severity"].as_str()), (Some(1), Some("warning")), "{alert}");
    assert!(alert["since"].is_string() && alert["what_to_do"].as_str().unwrap().contains("jamey guard on"), "{alert}");
    let until = said.split("until ").nth(1).unwrap().split(';').next().unwrap();
    assert!(alert["text"].as_str().unwrap().contains(until), "it says until when, as the command did ({until}): {alert}");
    assert!(unlock());
    assert_eq!(lock.message().text(), "UNLOCK", "byte for byte");
    let who = ("host".to_owned(), "guard".to_owned());
    wait_until("the order is on record", PATIENCE, || {
        audited(&house) == [(who.0.clone(), who.1.clone(), format!("the guard is off until {until}"))]
    });

    at(&house, &["guard", "on"]).good();
    wait_until("the alert is cleared", PATIENCE, || retained(&house, ALERT).is_none());
    assert!(!unlock());
    assert_eq!(lock.rest(), [], "held again");
    wait_until("its end is on record too", PATIENCE, || audited(&house).len() == 2);
    assert_eq!(audited(&house)[1].2, "the guard is on again");
}

#[test]
fn break_glass_ends_by_itself() {
    let house = strict_house();
    announce_shed(&house);
    at(&house, &["guard", "off", "--for", "3s"]).good();
    wait_until("it began", PATIENCE, || audited(&house).len() == 1);
    wait_until("it ended", PATIENCE, || audited(&house).len() == 2);
    wait_until("the alert is cleared", PATIENCE, || retained(&house, ALERT).is_none());
    let mut lock = house.client("shed-lock").listen(SHED_SET, 1);
    house.client("stranger").publish(Message::new(SHED_SET, "UNLOCK").qos(1));
    assert_eq!(lock.rest(), []);
}

#[test]
fn a_new_end_of_break_glass_is_announced() {
    let house = strict_house();
    at(&house, &["guard", "off", "--for", "1h"]).good();
    wait_until("the alert stands", PATIENCE, || retained(&house, ALERT).is_some());
    let until = at(&house, &["guard", "off", "--for", "2h", "--json"]).json()["until"].as_str().unwrap().to_owned();
    wait_until("the new order is on record", PATIENCE, || audited(&house).len() == 2);
    wait_until("the alert says the new end", PATIENCE, || {
        retained(&house, ALERT).unwrap().json()["text"].as_str().unwrap().contains(&until)
    });
}

#[test]
fn break_glass_that_ended_while_jamey_was_away_leaves_no_alert() {
    let mut house = strict_house();
    at(&house, &["guard", "off", "--for", "1h"]).good();
    wait_until("the alert stands", PATIENCE, || retained(&house, ALERT).is_some());
    house.stop();
    at(&house, &["guard", "on"]).good();
    house.start();
    wait_until("the alert is gone", PATIENCE, || retained(&house, ALERT).is_none());
}

#[test]
fn break_glass_outlives_a_restart_and_is_announced_again() {
    let mut house = strict_house();
    announce_shed(&house);
    at(&house, &["guard", "off", "--for", "1h"]).good();
    wait_until("the alert stands", PATIENCE, || retained(&house, ALERT).is_some());
    house.kill9();
    house.start();
    let mut lock = house.client("shed-lock").listen(SHED_SET, 1);
    assert!(house.client("stranger").publish(Message::new(SHED_SET, "UNLOCK").qos(1)).taken());
    assert_eq!(lock.message().text(), "UNLOCK");
    wait_until("the alert stands", PATIENCE, || retained(&house, ALERT).is_some());
}

#[test]
fn break_glass_without_an_end_is_refused() {
    let house = house();
    for time in ["25h", "0s", "1d", "", "soon", "99999999999999999999s"] {
        let said = at(&house, &["guard", "off", "--for", time]).bad(1);
        assert!(said.contains(&format!("`{time}`")), "{time}: {said}");
    }
    assert!(!house.data().join("guard-off.json").exists(), "and no order was given");
}

#[test]
fn topics_prints_the_page_that_is_shipped() {
    let said = jamey(&["topics"]).good();
    assert_eq!(said, std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("topics.md")).unwrap());
}

#[test]
fn completions_name_every_subcommand() {
    for shell in ["bash", "zsh", "fish"] {
        let script = jamey(&["completions", shell]).good();
        for name in SUBCOMMANDS.into_iter().chain(["coverage", "list", "show", "--guard", "--config"]) {
            let bare = name.trim_start_matches('-');
            assert!(script.contains(bare), "{shell}: {name}");
        }
    }
    let help = jamey(&["--help"]).good();
    assert!(SUBCOMMANDS.iter().all(|name| help.contains(&format!("\n  {name} "))), "and this test knows them all: {help}");
}

#[test]
fn json_is_json_whatever_is_asked() {
    let house = house();
    house.client("kitchen").tell("jamey/in/kitchen/temperature", "21.5");
    let http = house.http().to_string();
    wait_until("the kitchen is known", PATIENCE, || at(&house, &["entity", "show", "kitchen"]).code == Some(0));
    for args in [
        &["check"][..],
        &["health", "--http", &http],
        &["entity", "list"],
        &["entity", "show", "kitchen"],
        &["rules", "list"],
        &["guard", "coverage"],
        &["guard", "off", "--for", "1s"],
        &["guard", "on"],
    ] {
        at(&house, &[&["--json"], args].concat()).json();
        at(&house, &[args, &["--json"]].concat()).json();
    }
    for args in [
        &["entity", "show", "nobody"][..],
        &["entity", "show", "not / a # name"],
        &["guard", "off", "--for", "1y"],
        &["health", "--http", NOWHERE],
    ] {
        let error = at(&house, &[&["--json"], args].concat()).bad(1);
        let error: Value = serde_json::from_str(&error).unwrap_or_else(|e| panic!("{args:?}: not JSON ({e}): {error}"));
        assert!(error["error"].as_str().is_some_and(|e| !e.is_empty()), "{error}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_accident() {
    for args in [&["topics"][..], &["rules", "list"], &["rules", "list", "--json"], &["completions", "bash"], &["check"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let answer = jamey_into(Some(writer.into()), &[], args);
        assert!(!answer.err.contains("panicked"), "{args:?} | head: {answer:?}");
    }
}

#[test]
fn the_environment_overrides_the_file_and_a_flag_overrides_both() {
    let guard = |house: &House| {
        wait_until("it introduces itself", PATIENCE, || retained(house, "jamey/info").is_some());
        retained(house, "jamey/info").unwrap().json()["guard"].as_str().unwrap().to_owned()
    };
    let house = Plan::default().config("[broker]\nguard = \"observe\"\n").env("JAMEY__BROKER__GUARD", "enforce").start();
    assert_eq!(guard(&house), "enforce");
    announce_shed(&house);
    let mut lock = house.client("shed-lock").listen(SHED_SET, 1);
    house.client("stranger").publish(Message::new(SHED_SET, "UNLOCK").qos(1));
    assert_eq!(lock.rest(), [], "and it does what it says");
    drop(house);
    let house = Plan::default().enforce().env("JAMEY__BROKER__GUARD", "observe").start();
    assert_eq!(guard(&house), "enforce");
    let said = jamey_with(&[("JAMEY__BROKER__GAURD", "enforce")], &["check"]).bad(1);
    assert!(said.contains("environment JAMEY__BROKER__GAURD"), "a slip in the environment does not go unseen: {said}");
}

#[test]
fn a_second_jamey_on_the_same_data_is_refused() {
    let mut house = house();
    let said = jamey(&["run", "--data", text(house.data()), "--mqtt", ANY, "--http", ANY]).bad(1);
    assert!(said.contains(&format!("another Jamey uses the data folder {}", house.data().display())), "{said}");
    assert!(said.contains("--data"), "and says what to do: {said}");
    house.serves();
    let data = house.data().to_owned();
    house.kill9();
    house.start();
    assert_eq!(house.data(), data, "the folder of a killed one is free");
}

#[test]
fn a_taken_port_is_refused() {
    let mut house = house();
    let other = TempDir::with_prefix("jamey-cli-").unwrap();
    let data = other.path().join("data");
    let (mqtt, http) = (house.mqtt().to_string(), house.http().to_string());
    let said = jamey(&["run", "--data", text(&data), "--mqtt", &mqtt, "--http", ANY]).bad(1);
    assert!(said.contains(&format!("cannot listen for MQTT on {mqtt}")), "{said}");
    assert!(said.contains("is another broker running there?") && said.contains("--mqtt"), "{said}");
    let said = jamey(&["run", "--data", text(&data), "--mqtt", ANY, "--http", &http]).bad(1);
    assert!(said.contains(&format!("cannot listen for HTTP on {http}")) && said.contains("--http"), "{said}");
    house.serves();
}
