//! Promise: the same inputs give the same outcomes, bit for bit, and what a running Jamey recorded replays to what it stored.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use jamey::{
    app::{self, Entered},
    config::{self, Config},
    domain::{Asks, Due, Ending, Input, Outcome, Settled, limits},
    mind::Mind,
    store::Reader,
};
use std::{collections::BTreeMap, path::Path};
use support::{
    zigbee::{DOOR, announce},
    *,
};
use uuid::Uuid;

const CONFIG: &str = r#"
timezone = "UTC"

[[signal]]
name = "smoke"
entity = "hall_alarm"
kind = "smoke"
default = false
stale_after_seconds = 3600

[[device]]
id = "siren"
class = "siren"

[[guard]]
topic = "bolt/+/set"
device = "bolt"
class = "switch"
payloads = { ON = "on" }

[[device]]
id = "valve"
class = "valve"
command_topic = "water/valve/set"
state_topic = "water/valve/state"
payloads = { CLOSE = "close" }

[[input]]
topic = "water/{entity}/{kind}"

[[signal]]
name = "leak"
entity = "cellar"
kind = "leak"

[[duty]]
id = "leak-valve-open"
after_seconds = 0
asks = "close"
"#;

/// A bit of everything: told, asked, described, repeated, unreadable.
fn live(house: &House, round: usize) {
    let mut bridge = house.client("zigbee2mqtt").listen("zigbee2mqtt/#", 1);
    announce(&mut bridge, &[DOOR]);
    let mut speaker = house.dial("speaker").v5().open();
    let mut said = |topic: String, payload: String, qos: u8| {
        speaker.publish(Message::new(&topic, payload).qos(qos));
    };
    for n in 0..60 {
        said(format!("jamey/in/sensor_{}/temperature", n % 7), format!("{}.{n}", 20 + round), u8::try_from(n % 3).unwrap());
        said(format!("jamey/act/lamp_{}/on", n % 5), format!("{{\"id\":\"{round}-{n}\"}}"), 1);
        if n % 10 == 0 {
            said("jamey/in/hall_alarm/smoke".into(), (n % 20 == 0).to_string(), 1);
            said("jamey/act/siren/off".into(), "{}".into(), 1);
            said("zigbee2mqtt/front_door/set".into(), "UNLOCK".into(), 1);
            said("zigbee2mqtt/front_door/set".into(), "{\"state\":\"LOCK\",\"brightness\":3}".into(), 2);
            said("jamey/in/sensor_1/blob".into(), "{broken".into(), 1);
            said("jamey/memory/recall".into(), "{\"query\": \"temperature\", \"limit\": 3}".into(), 1);
        }
    }
}

/// Requests that wait: one is approved, one refused, one superseded, one is left waiting; and a duty that is due, and over.
fn decide(house: &House) {
    let mut speaker = house.dial("speaker").v5().open();
    let mut ask = |place: &str| {
        assert!(speaker.publish(Message::new(&format!("bolt/{place}/set"), "WHAT").qos(1)).taken());
        house.db().query_row("select percept from held order by held_at desc limit 1", [], |row| row.get::<_, [u8; 16]>(0)).unwrap()
    };
    for word in ["approve", "refuse"] {
        let id = Uuid::from_bytes(ask("1")).to_string();
        let data = house.data().display().to_string();
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_jamey")).args(["--data", &data, "approval", word, &id]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    ask("1");
    ask("1");
    let mut valve = house.client("valve").listen("water/valve/set", 1);
    valve.tell("water/valve/state", "OPEN");
    valve.tell("jamey/in/cellar/leak", "true");
    assert_eq!(valve.message().text(), "CLOSE");
    let mut ear = house.client("ear").listen("jamey/alert/duty-leak-valve-open", 1);
    assert!(!ear.message().payload.is_empty());
    valve.tell("water/valve/state", "closed");
    while !ear.message().payload.is_empty() {}
}

/// From now on it judges more strictly, on the host's order; the bar of a lamp's verdict then.
fn tighten(house: &House) -> f64 {
    let data = house.data().display().to_string();
    let mut speaker = house.client("speaker");
    let mut bar = || {
        assert!(speaker.publish(Message::new("jamey/act/lamp_1/on", "{}").qos(1)).taken());
        let sql = "select theta_allow from verdicts order by rowid desc limit 1";
        house.db().query_row(sql, [], |row| row.get::<_, f64>(0)).unwrap()
    };
    let before = bar();
    let ordered = ["--data", &data, "rules", "strictness", "0.17"];
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_jamey")).args(ordered).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    bar() - before
}

/// Everything in the journal, in order.
fn journal(reader: &Reader) -> Vec<Entered> {
    reader.journal(0, 100_000).unwrap().iter().flat_map(|(_, block)| app::read_journal(block).unwrap()).collect()
}

/// A run lived again: the outcome of each percept, how what waited ended, what was due, what was asked of memory and phoenix, and what the mind is
/// in the end, as bytes.
type Lived = (BTreeMap<Uuid, Outcome>, BTreeMap<Uuid, Settled>, Vec<Due>, Vec<Asks>, Vec<u8>);

fn replay(config: &Config, journal: &[Entered]) -> Lived {
    let (mut outcomes, mut ends, mut due, mut asks) = (BTreeMap::new(), BTreeMap::new(), Vec::new(), Vec::new());
    let mut mind = None;
    for entry in journal {
        match entry {
            Entered::State(state) => {
                mind = Some(Mind::revived(app::settings(config).unwrap(), (**state).clone()).unwrap());
            }
            Entered::Input(input) => {
                let outcome = mind.as_mut().expect("a journal begins with a state").step(input);
                ends.extend(outcome.settled.iter().map(|settled| (settled.id, settled.clone())));
                due.extend(outcome.duties.iter().cloned());
                asks.extend(outcome.asks.clone());
                if let Input::Percept(percept) = input {
                    outcomes.insert(percept.id, outcome);
                }
            }
        }
    }
    let mut state = Vec::new();
    ciborium::into_writer(mind.expect("a journal begins with a state").state(), &mut state).unwrap();
    (outcomes, ends, due, asks, state)
}

fn config(file: &Path) -> Config {
    config::load(Some(file), Vec::new()).unwrap()
}

#[test]
fn a_recorded_run_replays_to_what_was_stored_and_twice_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jamey.toml");
    std::fs::write(&file, CONFIG).unwrap();
    let mut house = Plan::default().enforce().config(CONFIG).start();
    live(&house, 1);
    house.kill9();
    house.start();
    live(&house, 2);
    decide(&house);
    let moved = tighten(&house);
    assert!((moved - 0.17).abs() < 0.05, "{moved}");
    house.stop();

    let (reader, config) = (Reader::open(house.data()).unwrap(), config(&file));
    let journal = journal(&reader);
    let (once, twice) = (replay(&config, &journal), replay(&config, &journal));
    assert_eq!(once, twice, "the same inputs give the same outcomes");

    let tightened = |entry: &&Entered| matches!(entry, Entered::Input(Input::Rules(rulings)) if rulings.live.strictness == 0.17);
    assert_eq!(journal.iter().filter(tightened).count(), 1, "and so is a strictness");
    let recalled = |entry: &&Entered| matches!(entry, Entered::Input(Input::Recalled { records, .. }) if records.len() == 3);
    assert!(journal.iter().filter(recalled).count() >= 2, "what was recalled is among the inputs");
    let (verdicts, records) = (reader.verdicts(100_000, None).unwrap(), reader.records(100_000, None).unwrap());
    assert!(verdicts.len() > 150 && records.len() > 250, "{} verdicts, {} records", verdicts.len(), records.len());
    assert!(verdicts.iter().any(|v| v.verdict.decision != jamey::domain::Decision::Allow), "not everything was allowed");
    let (once, ends, due, asks, _) = once;
    assert!(!asks.is_empty(), "memory and phoenix were asked");
    let count = |ending| ends.values().filter(|s| s.ending == ending).count();
    assert_eq!((count(Ending::Approved), count(Ending::Refused)), (1, 1));
    assert!(count(Ending::Superseded) >= 1 && due.len() >= 2, "{due:?}");
    assert!(verdicts.iter().any(|row| usize::from(row.ordinal) == limits::AGAIN), "what was approved was judged again");
    for row in &verdicts {
        let judged = match usize::from(row.ordinal).checked_sub(limits::AGAIN) {
            Some(again) => &ends[&row.percept].judged[again],
            None => &once[&row.percept].judged[usize::from(row.ordinal)],
        };
        assert_eq!((&judged.verdict, &judged.facts, &judged.request), (&row.verdict, &row.facts, &row.request), "percept {}", row.percept);
    }
    for row in &records {
        assert_eq!(once[&row.id].record.as_ref(), Some(&row.record), "percept {}", row.id);
    }
}
