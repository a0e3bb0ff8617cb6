//! Promise: rules change while Jamey runs, whole or not at all; no request is lost, and none is judged by half of a set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use jamey::{
    app::{self, Entered},
    config,
    domain::{Input, Outcome},
    mind::Mind,
    store::Reader,
};
use nix::{sys::signal::Signal, unistd::Pid};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    thread,
    time::Duration,
};
use support::*;

/// A set of rules of which every id begins with one letter, and all of which fire on everything.
fn set(letter: char) -> String {
    (1..=12)
        .map(|n| {
            format!(
                "[[rule]]\nid = \"{letter}-{n}\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = {}\nweight = 1\nseverity = 0.5\nwhen = \"act.verb != 'never'\"\n",
                if n % 4 == 0 { -1 } else { 1 }
            )
        })
        .collect()
}

/// In one step, as editors that care write.
fn write(path: &Path, text: &str) {
    let fresh = path.with_extension("new");
    fs::write(&fresh, text).unwrap();
    fs::rename(fresh, path).unwrap();
}

struct Here {
    _folder: tempfile::TempDir,
    rules: std::path::PathBuf,
}

fn here(text: &str) -> Here {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    fs::write(&rules, text).unwrap();
    Here { _folder: folder, rules }
}

fn only(rules: &Path) -> String {
    format!("[conscience]\nshipped = false\nrules = [{:?}]\n", rules.display().to_string())
}

fn retained(house: &House, topic: &str) -> Option<Value> {
    let mut client = house.client("looks").listen(topic, 1);
    client.message_within(Duration::from_millis(300)).and_then(|message| serde_json::from_slice(&message.payload).ok())
}

#[test]
fn under_load_every_verdict_is_by_one_set_whole_and_none_is_lost() {
    let here = here(&set('A'));
    let mut house = Plan::default().config(&only(&here.rules)).start();
    let pid = Pid::from_raw(i32::try_from(house.pid()).unwrap());
    let (swaps, each, clients) = (30, 400, 4);
    let done = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let speakers: Vec<_> = (0..clients)
            .map(|c| {
                let house = &house;
                let done = &done;
                scope.spawn(move || {
                    let mut speaker = house.client(&format!("speaker_{c}"));
                    let mut n = 0;
                    while n < each || !done.load(std::sync::atomic::Ordering::Relaxed) {
                        speaker.publish(Message::new(&format!("jamey/act/lamp_{c}/on"), "{}").qos(1));
                        n += 1;
                    }
                    n
                })
            })
            .collect();
        for n in 0..swaps {
            write(&here.rules, &set(if n % 2 == 0 { 'B' } else { 'A' }));
            nix::sys::signal::kill(pid, Signal::SIGHUP).unwrap();
            wait_until("the rules are swapped", PATIENCE, || house.said().matches("the rules were swapped in ").count() > n);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        let said: i64 = speakers.into_iter().map(|s| s.join().unwrap()).sum();
        // What was acknowledged is on disk.
        assert_eq!(house.count("SELECT count(*) FROM verdicts", []), said, "none is lost");
    });
    house.is_well();
    let mut by = BTreeMap::<char, usize>::new();
    let db = house.db();
    let mut statement = db.prepare("SELECT contributions FROM verdicts").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for row in rows {
        let contributions: Vec<Value> = serde_json::from_str(&row.unwrap()).unwrap();
        let letters: BTreeSet<char> = contributions.iter().map(|c| c["rule"].as_str().unwrap().chars().next().unwrap()).collect();
        assert_eq!((contributions.len(), letters.len()), (12, 1), "{contributions:?} is a mixture");
        *by.entry(*letters.first().unwrap()).or_default() += 1;
    }
    assert!(by[&'A'] > 20 && by[&'B'] > 20, "both sets judged: {by:?}");
    let pauses: Vec<u64> =
        house.said().lines().filter_map(|l| l.split("the rules were swapped in ").nth(1)?.split(' ').next()?.parse().ok()).collect();
    println!("{swaps} swaps under load, {by:?}: the mind paused for at most {} µs", pauses.iter().max().unwrap());
    wait_until("each swap is on record", PATIENCE, || {
        house.count("SELECT count(*) FROM audit_log WHERE action = 'change' AND subject = 'rules'", []) == 30
    });
}

#[test]
fn a_wrong_set_is_refused_with_an_alert_until_it_is_mended_and_the_old_one_judges() {
    let here = here(&set('A'));
    let house = Plan::default().config(&only(&here.rules)).start();
    let mut alerts = house.client("alerts").listen("jamey/alert/rules", 1);
    let mut verdicts = house.client("verdicts").listen("jamey/verdict/#", 1);
    let mut speaker = house.client("speaker");
    let mut judged_by = || {
        speaker.publish(Message::new("jamey/act/lamp/on", "{}").qos(1));
        let verdict: Value = serde_json::from_slice(&verdicts.message().payload).unwrap();
        verdict["contributions"][0]["rule"].as_str().unwrap().chars().next().unwrap()
    };
    assert_eq!(judged_by(), 'A');
    // Without a signal: the file is looked at.
    write(&here.rules, &set('B').replace("act.verb != 'never'", "act.vreb != 'never'"));
    let alert: Value = serde_json::from_slice(&alerts.message().payload).unwrap();
    assert_eq!(alert["severity"], "warning");
    let text = alert["text"].as_str().unwrap();
    assert!(text.contains("rules.toml:8:12") && text.contains("did you mean `verb`?"), "{text}");
    assert!(!text.contains("when ="), "whoever hears alerts is not shown what stands in the file: {text}");
    assert!(house.said().contains("the old rules stay"), "{}", house.said());
    assert_eq!(judged_by(), 'A', "the old set holds");
    wait_until("the refusal is on record", PATIENCE, || {
        house.count("SELECT count(*) FROM audit_log WHERE action = 'change.refused' AND subject = 'rules'", []) == 1
    });
    write(&here.rules, &set('B'));
    assert_eq!(alerts.message().payload, b"", "the alert is cleared");
    assert_eq!(judged_by(), 'B');
    wait_until("the change is on record", PATIENCE, || {
        house.count("SELECT count(*) FROM audit_log WHERE action = 'change' AND subject = 'rules' AND detail LIKE 'swapped while running: sha256 %12 rules'", []) == 1
    });
    assert!(retained(&house, "jamey/alert/rules").is_none());
}

#[test]
fn weights_in_the_config_count_without_a_restart() {
    let here = here(&set('A'));
    let house = Plan::default().config(&only(&here.rules)).start();
    let file = house.folder().join("jamey.toml");
    let mut verdicts = house.client("verdicts").listen("jamey/verdict/#", 1);
    let mut speaker = house.client("speaker");
    let mut share_of = |rule: &str| {
        speaker.publish(Message::new("jamey/act/lamp/on", "{}").qos(1));
        let verdict: Value = serde_json::from_slice(&verdicts.message().payload).unwrap();
        verdict["contributions"].as_array().unwrap().iter().find(|c| c["rule"] == rule).map_or(0.0, |c| c["share"].as_f64().unwrap().abs())
    };
    let before = share_of("A-3");
    write(&file, &format!("{}[conscience.weights]\nA-3 = 9\n", only(&here.rules)));
    wait_until("the weight counts", PATIENCE, || house.said().contains("the rules were swapped in "));
    assert!(share_of("A-3") > 3.0 * before);
    let milder = || retained(&house, "jamey/alert/guard-milder").map(|alert| alert["text"].as_str().unwrap().to_owned());
    wait_until("what speaks for requests speaks louder, and that is told", PATIENCE, || {
        milder().is_some_and(|text| text.contains("A-3 weighs 9, not 1"))
    });
    write(&file, &format!("{}[conscience.weights]\nA-33 = 9\n", only(&here.rules)));
    wait_until("a weight of no rule is refused", PATIENCE, || house.said().contains("no rule has this id; did you mean `A-3`?"));
    assert!(share_of("A-3") > 3.0 * before, "the old weights hold");
    write(&file, &only(&here.rules));
    wait_until("it is as at the start", PATIENCE, || milder().is_none());
}

#[test]
fn a_run_with_swaps_replays_to_what_was_stored() {
    let here = here(&set('A'));
    let mut house = Plan::default().config(&only(&here.rules)).start();
    let mut speaker = house.client("speaker");
    for (n, letter) in ['A', 'B', 'A', 'B'].into_iter().enumerate() {
        if n > 0 {
            write(&here.rules, &set(letter));
            wait_until("swapped", PATIENCE, || house.said().matches("the rules were swapped in ").count() >= n);
        }
        for _ in 0..20 {
            speaker.publish(Message::new("jamey/act/lamp/on", "{}").qos(1));
        }
    }
    house.stop();
    let reader = Reader::open(house.data()).unwrap();
    let file = here.rules.with_file_name("house.toml");
    fs::write(&file, only(&here.rules)).unwrap();
    let config = config::load(Some(&file), Vec::new()).unwrap();
    let mut outcomes = BTreeMap::<_, Outcome>::new();
    let mut mind = None;
    for entry in reader.journal(0, 100_000).unwrap().iter().flat_map(|(_, block)| app::read_journal(block).unwrap()) {
        match entry {
            Entered::State(state) => mind = Some(Mind::revived(app::settings(&config).unwrap(), *state).unwrap()),
            Entered::Input(input) => {
                let outcome = mind.as_mut().unwrap().step(&input);
                if let Input::Percept(percept) = input {
                    outcomes.insert(percept.id, outcome);
                }
            }
        }
    }
    let verdicts = reader.verdicts(1_000, None).unwrap();
    assert_eq!(verdicts.len(), 80);
    for row in &verdicts {
        assert_eq!(outcomes[&row.percept].judged[usize::from(row.ordinal)].verdict, row.verdict);
    }
}
