//! Promise: who writes rules hears of every mistake at once, with its place; sees what a rule does; and tries a change on the record before it counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use support::*;
use tempfile::TempDir;

/// The binary under test; `JAMEY_BIN` names another build of it, as for the houses.
fn binary() -> PathBuf {
    std::env::var_os("JAMEY_BIN").map_or_else(|| env!("CARGO_BIN_EXE_jamey").into(), PathBuf::from)
}

/// Exit code, standard output, standard error.
pub fn jamey(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(binary());
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("JAMEY__")) {
        command.env_remove(key);
    }
    let out = command.current_dir(folder).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const GOOD: &str =
    "[[rule]]\nid = \"MINE-1\"\nduty = \"autonomy\"\nkind = \"weigh\"\npolarity = -1\nweight = 3\nseverity = 0.5\nwhen = \"ctx.asleep\"\n";

#[test]
fn every_mistake_is_told_at_once_with_its_line_and_a_caret() {
    let bad = GOOD.replace("ctx.asleep", "ctx.aslep && dev.class == 'lokc' && ctx.hour == 25").replace("weight = 3", "weight = 30");
    let here = folder(&[("bad.toml", &bad), ("jamey.toml", "[conscience]\nrules = [\"bad.toml\", \"gone.toml\"]\n")]);
    let (code, out, err) = jamey(here.path(), &["rules", "check", "bad.toml"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "jamey: the rules are refused: 4 errors

error: `weight` is from 0 to 10
 --> bad.toml:6:10, rule `MINE-1`
  |
6 | weight = 30
  |          ^^

error: `ctx.aslep` is not a declared signal; did you mean `asleep`?
 --> bad.toml:8:12, rule `MINE-1`
  |
8 | when = \"ctx.aslep && dev.class == 'lokc' && ctx.hour == 25\"
  |            ^^^^^^

error: `lokc` is not a device class; did you mean `lock`?
 --> bad.toml:8:35, rule `MINE-1`
  |
8 | when = \"ctx.aslep && dev.class == 'lokc' && ctx.hour == 25\"
  |                                   ^^^^^^

error: this is never true; `ctx.hour` is a whole number from 0 to 23
 --> bad.toml:8:54, rule `MINE-1`
  |
8 | when = \"ctx.aslep && dev.class == 'lokc' && ctx.hour == 25\"
  |                                                      ^^

"
    );
    // The same by `jamey check`, with a file that is not there beside it; and as JSON.
    let (code, _, err) = jamey(here.path(), &["check", "--config", "jamey.toml"]);
    assert!(code == 1 && err.contains("gone.toml") && err.contains("cannot be read"), "{err}");
    std::fs::write(here.path().join("jamey.toml"), "[conscience]\nrules = [\"bad.toml\"]\n").unwrap();
    for command in [&["check", "--config", "jamey.toml", "--json"][..], &["rules", "check", "--config", "jamey.toml", "--json"]] {
        let (code, out, err) = jamey(here.path(), command);
        let told: Value = serde_json::from_str(&err).unwrap();
        assert_eq!((code, out.as_str(), told["errors"].as_array().unwrap().len()), (1, "", 4));
        assert_eq!((told["errors"][0]["line"].as_i64(), told["errors"][0]["rule"].as_str()), (Some(6), Some("MINE-1")));
    }
}

#[test]
fn a_good_file_is_good_and_what_it_replaces_is_named() {
    let here = folder(&[("mine.toml", GOOD), ("other.toml", &GOOD.replace("MINE-1", "AUT-1-quiet-hours"))]);
    let (code, out, err) = jamey(here.path(), &["rules", "check", "mine.toml", "other.toml"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("examples behave") && out.contains("  mine.toml: 1\n"), "{out}");
    assert!(out.contains("in place of rules of the same id: AUT-1-quiet-hours"), "{out}");
}

#[test]
fn hostile_files_are_refused_in_good_time() {
    let here = folder(&[]);
    let rules: String = (0..512)
        .map(|n| {
            GOOD.replace("MINE-1", &format!("M-{n}"))
                .replace("ctx.asleep", &vec!["ctx.asleep || !(ctx.home && req.trust > 0.5)"; 20].join(" && "))
        })
        .collect();
    for (name, text) in [
        ("nested.toml", "[".repeat(200_000)),
        ("nul.toml", "\0".repeat(100)),
        ("deep.toml", GOOD.replace("ctx.asleep", &"(".repeat(900))),
        ("large.toml", "x".repeat(3_000_000)),
        ("many.toml", rules.replace("M-511", "M-510")),
    ] {
        std::fs::write(here.path().join(name), text).unwrap();
        let from = std::time::Instant::now();
        let (code, _, err) = jamey(here.path(), &["rules", "check", name]);
        assert!(code == 1 && err.contains("error"), "{name}: {code} {}", err.chars().take(300).collect::<String>());
        assert!(from.elapsed() < PATIENCE, "{name} took {:?}", from.elapsed());
        assert!(!err.contains("panicked"), "{name}");
    }
    let (code, _, err) = jamey(here.path(), &["rules", "check", "/dev/zero"]);
    assert!(code == 1 && err.contains("it is no file"), "{err}");
}

const CANDIDATE: &str = "[weights]\nAUT-2-resident-wish = 3\n[[rule]]\nid = \"MINE-2\"\nduty = \"security\"\nkind = \"veto\"\npolarity = -1\nweight = 10\nseverity = 1\nwhen = \"dev.class == 'lock' && act.verb == 'lock'\"\n";

/// A house in which a door and a lamp were commanded: ten times each of four acts, all of them allowed.
fn lived(config: &str) -> House {
    let house = Plan::default()
        .config(&format!("{config}\n[[device]]\nid = \"front_door\"\nclass = \"lock\"\n[[device]]\nid = \"lamp\"\nclass = \"light\"\n"))
        .start();
    let mut speaker = house.client("speaker");
    for _ in 0..10 {
        for act in ["front_door/lock", "lamp/on", "lamp/set", "lamp/off"] {
            speaker.publish(Message::new(&format!("jamey/act/{act}"), "{}").qos(1));
        }
    }
    house
}

fn ask(house: &House, args: &[&str]) -> (i32, String, String) {
    let data = house.data().display().to_string();
    let config = house.folder().join("jamey.toml").display().to_string();
    let mut all = args.to_vec();
    all.extend(["--config", &config, "--data", &data]);
    jamey(house.folder(), &all)
}

fn asked(house: &House, args: &[&str]) -> Value {
    let mut all = args.to_vec();
    all.push("--json");
    let (code, out, err) = ask(house, &all);
    assert_eq!(code, 0, "{args:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_candidate_is_tried_on_what_was_asked() {
    let house = lived("");
    std::fs::write(house.folder().join("candidate.toml"), CANDIDATE).unwrap();
    let said = asked(&house, &["rules", "replay", "--with", "candidate.toml"]);
    assert_eq!((&said["judged"], &said["changed"]), (&40.into(), &10.into()), "{said}");
    assert_eq!(said["changes"]["allow to deny"], 10, "{said}");
    assert_eq!(said["rules"]["MINE-2"], 10);
    assert_eq!(said["shown"][0]["rule"], "MINE-2");
    let (code, out, _) = ask(&house, &["rules", "replay", "--with", "candidate.toml", "--since", "1h", "--show", "1"]);
    assert_eq!(code, 0, "changed verdicts are no failure");
    assert!(out.contains("10 verdicts change") && out.contains("10  allow to deny") && out.contains("10  MINE-2"), "{out}");
    assert!(out.contains("speaker asks lock front_door: allow to deny by MINE-2\n    denied: "), "{out}");
    // Nothing was asked before yesterday; and a candidate that changes nothing changes nothing.
    assert_eq!(asked(&house, &["rules", "replay", "--with", "candidate.toml", "--until", "1d"])["judged"], 0);
    std::fs::write(house.folder().join("same.toml"), "[weights]\nSTEW-1-refrigeration-off = 9\n").unwrap();
    assert_eq!(asked(&house, &["rules", "replay", "--with", "same.toml"])["changed"], 0);
    let (code, _, err) = ask(&house, &["rules", "replay", "--with", "same.toml", "--since", "yesterday"]);
    assert!(code == 1 && err.contains("`yesterday` is no time; write 30d"), "{err}");
    // What the rules of today decide otherwise by themselves is not laid at the candidate's door.
    std::fs::write(
        house.folder().join("jamey.toml"),
        format!("[conscience]\nrules = [\"{}\"]\n", house.folder().join("more.toml").display()),
    )
    .unwrap();
    std::fs::write(house.folder().join("more.toml"), CANDIDATE.split_once("[[rule]]").map(|(_, rule)| format!("[[rule]]{rule}")).unwrap())
        .unwrap();
    let said = asked(&house, &["rules", "replay", "--with", "same.toml"]);
    assert_eq!((&said["changed"], &said["already"]), (&0.into(), &10.into()), "{said}");
}

/// With JAMEY_REPLAY_ROWS=1000000 and a release build in JAMEY_BIN this is the measure of the figure.
#[test]
fn a_long_record_is_replayed_within_bounded_memory() {
    let mut house = lived("");
    house.stop();
    let rows: i64 = std::env::var("JAMEY_REPLAY_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(40_000);
    let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
    db.execute_batch(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
         INSERT INTO verdicts SELECT randomblob(16), ordinal, at + i, requester, client_id, topic, target, verb, decision, score, theta_allow, theta_deny,
             uncertainty, reason, contributions, facts, request, origin, forwarded_at, repeat_of, context FROM n, verdicts WHERE verdicts.rowid <= 40",
        rows / 40 - 1
    ))
    .unwrap();
    drop(db);
    std::fs::write(house.folder().join("candidate.toml"), CANDIDATE).unwrap();
    let from = std::time::Instant::now();
    // All of these rows together would take some 100 MB: so much room there is not, the binary (64 MB in a debug build), address space of idle threads and the
    // checker's stack included.
    let command = format!(
        "ulimit -v 147456; exec '{}' rules replay --with candidate.toml --json --config jamey.toml --data '{}'",
        binary().display(),
        house.data().display()
    );
    let out = Command::new("sh").current_dir(house.folder()).args(["-c", &command]).output().unwrap();
    let said: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)));
    println!("{rows} requests replayed in {} s, the process in {:?}", said["seconds"], from.elapsed());
    assert_eq!((said["judged"].as_i64(), said["changed"].as_i64()), (Some(rows), Some(rows / 4)));
}

#[test]
fn a_shadow_judges_beside_the_rules_counts_and_changes_nothing() {
    let folder = folder(&[("candidate.toml", CANDIDATE)]);
    let candidate = folder.path().join("candidate.toml").display().to_string();
    let mut house = lived(&format!("[conscience]\nshadow = {candidate:?}\n"));
    let mut told = house.client("listens").listen("jamey/conscience/shadow", 1);
    let mut last = Value::Null;
    while last["disagreed"] != 10 {
        last = serde_json::from_slice(&told.message().payload).unwrap();
    }
    assert_eq!((&last["changes"]["allow to deny"], &last["rules"]["MINE-2"]), (&10.into(), &10.into()), "{last}");
    assert_eq!(house.count("SELECT count(*) FROM verdicts WHERE verb = 'lock' AND decision = 'allow'", []), 10, "no verdict changed");
    assert_eq!(house.count("SELECT count(*) FROM verdicts WHERE contributions LIKE '%MINE-2%'", []), 0);
    wait_until("all is stored", PATIENCE, || asked(&house, &["rules", "shadow"])["shadow"]["judged"] == 40);
    let said = asked(&house, &["rules", "shadow"]);
    assert_eq!((said["newest"].as_array().unwrap().len(), &said["newest"][0]["shadow"]), (10, &"deny".into()));
    let (_, out, _) = ask(&house, &["rules", "shadow", "--show", "1"]);
    assert!(out.contains("40 requests, 10 disagreements") && out.contains("10  by MINE-2"), "{out}");
    // After a restart it goes on counting; another text begins anew; without one the topic is empty.
    house.stop();
    house.start();
    house.client("again").publish(Message::new("jamey/act/front_door/lock", "{}").qos(1));
    wait_until("it goes on", PATIENCE, || asked(&house, &["rules", "shadow"])["shadow"]["disagreed"] == 11);
    std::fs::write(&candidate, CANDIDATE.replace("= 3", "= 4")).unwrap();
    wait_until("it begins anew", PATIENCE, || asked(&house, &["rules", "shadow"])["shadow"]["judged"] == 0);
    std::fs::write(house.folder().join("jamey.toml"), "").unwrap();
    let mut told = house.client("empty").listen("jamey/conscience/shadow", 1);
    let ends = |told: &mut Mqtt| while !told.message().payload.is_empty() {};
    ends(&mut told);
}

#[test]
fn a_rule_is_explained_in_words_with_how_often_it_fired() {
    let house = lived("[conscience.weights]\nHON-1-false-alarm = 2\n");
    house.client("speaker").publish(Message::new("jamey/act/lamp/mystery", "{}").qos(1));
    let mut speaker = house.client("noisy");
    speaker.publish(Message::new("jamey/act/front_door/unlock", "{}").qos(1));
    let (code, out, err) = ask(&house, &["rules", "explain", "HON-1-false-alarm"]);
    assert_eq!(code, 0, "{err}");
    for wanted in [
        "speaks against the request, when",
        "dev.class == 'siren'",
        "weight -2 of 10 (from conscience.weights; its own file says 6)",
        "fires on:  siren on, all clear",
        "never fired on the record",
    ] {
        assert!(out.contains(wanted), "{wanted}\nis not in\n{out}");
    }
    let said = asked(&house, &["rules", "explain", "HON-1-false-alarm"]);
    assert_eq!((&said["rule"]["weight"], &said["fired"]["times"]), (&2.0.into(), &0.into()));
    let (code, _, err) = ask(&house, &["rules", "explain", "false-alarm"]);
    assert!(code == 1 && err.contains("is it one of HON-1-false-alarm?"), "{err}");
}

#[test]
fn a_stored_verdict_is_taken_apart_and_what_would_have_changed_it_is_told() {
    let house = lived("[[signal]]\nname = \"home\"\nentity = \"anna_phone\"\nkind = \"presence\"\ndefault = true\n");
    let mut speaker = house.client("speaker");
    speaker.publish(Message::new("jamey/act/front_door/unlock", "{}").qos(1));
    let percept: Vec<u8> = house.db().query_row("SELECT percept FROM verdicts WHERE verb = 'unlock'", [], |row| row.get(0)).unwrap();
    let id = uuid::Uuid::from_slice(&percept).unwrap().to_string();
    let (code, out, err) = ask(&house, &["rules", "explain", &id]);
    assert_eq!(code, 0, "{err}");
    for wanted in [
        "speaker asked unlock front_door (jamey/act/front_door/unlock)",
        "who: speaker, trust 0.",
        "what: lock, risk 0.80",
        "home true (not heard)",
        "is the score: allowed from",
        "with speaker trusted to ",
    ] {
        assert!(out.contains(wanted), "{wanted}\nis not in\n{out}");
    }
    let said = asked(&house, &["rules", "explain", &id]);
    assert_eq!(said["verdicts"][0]["request"]["verb"], "unlock", "{said}");
    assert_eq!(said["verdicts"][0]["today"], said["verdicts"][0]["verdict"]["decision"]);
    let would = said["verdicts"][0]["would_change"].as_array().unwrap();
    assert!(would.iter().any(|w| w.as_str().unwrap().contains("trusted to")), "{would:?}");
    // It is what replaying with that much trust gives: the least, and one hundredth less does not.
    let nobody = uuid::Uuid::nil().to_string();
    let (code, _, err) = ask(&house, &["rules", "explain", &nobody]);
    assert!(code == 1 && err.contains("no verdict on"), "{err}");
}

#[test]
fn the_record_says_which_rules_change_nothing() {
    let folder = folder(&[(
        "mine.toml",
        "[[rule]]\nid = \"VETO-LAMP\"\nduty = \"security\"\nkind = \"veto\"\npolarity = -1\nweight = 10\nseverity = 1\nwhen = \"dev.class == 'light' && act.verb == 'set'\"\n\
         [[rule]]\nid = \"SHADOWED\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = -1\nweight = 0.5\nseverity = 1\nwhen = \"dev.class == 'light' && act.verb == 'set' && req.trust < 0.9\"\n\
         [[rule]]\nid = \"FEATHER\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = -1\nweight = 0.01\nseverity = 0.01\nwhen = \"dev.class == 'light' && act.verb == 'on' && req.trust < 0.95\"\n\
         [[rule]]\nid = \"NEVER\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = -1\nweight = 5\nseverity = 1\nwhen = \"dev.class == 'light' && act.verb == 'on' && req.trust > 0.95\"\n\
         [[rule]]\nid = \"DECIDES\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = -1\nweight = 9\nseverity = 1\nwhen = \"dev.class == 'lock' && act.verb == 'lock' && dev.cmds_60s > 4\"\n",
    )]);
    let house = lived(&format!("[conscience]\nshipped = false\nrules = [{:?}]\n", folder.path().join("mine.toml").display().to_string()));
    let said = asked(&house, &["rules", "lint"]);
    let codes = |rule: &str| -> Vec<&str> {
        said["remarks"].as_array().unwrap().iter().filter(|r| r["rule"] == rule).map(|r| r["code"].as_str().unwrap()).collect()
    };
    assert_eq!(codes("SHADOWED"), ["always-fires", "shadowed"], "{said}");
    assert_eq!(codes("FEATHER"), ["always-fires", "no-effect"], "{said}");
    assert_eq!(codes("NEVER"), ["never-fires"], "{said}");
    assert_eq!(codes("DECIDES"), Vec::<&str>::new(), "{said}");
    assert_eq!(codes("VETO-LAMP"), Vec::<&str>::new(), "{said}");
    assert!(said["rules"]["DECIDES"]["decided"].as_u64().unwrap() >= 4, "{said}");
    let shipped = asked(&lived(""), &["rules", "lint"]);
    let all = shipped["remarks"].as_array().unwrap();
    assert!(all.iter().any(|r| r["code"] == "no-source" && r["text"].as_str().unwrap().contains("smoke")), "nothing tells of smoke here");
    assert!(all.iter().any(|r| r["rule"] == "STEW-1-refrigeration-off" && r["code"] == "never-asked"), "{shipped}");
}

#[test]
fn weights_are_proposed_from_answers_and_nothing_is_changed() {
    let rule = "[[rule]]\nid = \"ASK-1\"\nduty = \"autonomy\"\nkind = \"weigh\"\npolarity = -1\nweight = 1\nseverity = 0.5\nwhen = \"act.verb == 'set'\"\n";
    let folder = folder(&[("ask.toml", rule)]);
    let config = format!("[conscience]\nrules = [{:?}]\n", folder.path().join("ask.toml").display().to_string());
    let mut house = lived(&config);
    house.stop();
    assert_eq!(asked(&house, &["rules", "learn"])["proposals"], serde_json::json!([]), "nobody answered anything");
    let answer = |count: u32| {
        let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
        db.execute("UPDATE approvals SET answer = NULL", []).unwrap();
        let changed = db.execute("UPDATE approvals SET answer = 'approved', answered_by = 'anna', answered_at = 1 WHERE percept IN (SELECT percept FROM approvals LIMIT ?1)", [count]);
        assert_eq!(changed.unwrap(), count as usize);
    };
    answer(4);
    assert_eq!(asked(&house, &["rules", "learn"])["proposals"], serde_json::json!([]), "four are too few");
    answer(10);
    let said = asked(&house, &["rules", "learn"]);
    let proposal = &said["proposals"][0];
    assert_eq!((&proposal["rule"], &proposal["approved"], &proposal["refused"]), (&"ASK-1".into(), &10.into(), &0.into()), "{said}");
    let to = proposal["to"].as_f64().unwrap();
    assert!((0.25..0.9).contains(&to), "{said}");
    let (_, out, _) = ask(&house, &["rules", "learn"]);
    let lines: toml::Table = out.parse().expect("what is printed can be pasted");
    assert_eq!(lines["conscience"]["weights"]["ASK-1"].as_float(), Some(to));
    std::fs::write(folder.path().join("ask.toml"), format!("{rule}learnable = false\n")).unwrap();
    assert_eq!(asked(&house, &["rules", "learn"])["proposals"], serde_json::json!([]), "it may not be learned");
    std::fs::write(house.folder().join("jamey.toml"), "[conscience]\nlearning = false\n").unwrap();
    let (code, _, err) = ask(&house, &["rules", "learn"]);
    assert!(code == 1 && err.contains("conscience.learning is false"), "{err}");
}

#[test]
fn the_pages_own_example_is_good_and_its_mistake_is_shown_as_the_page_has_it() {
    let page = include_str!("../docs/rules.md");
    let block = |kind: &str, n: usize| page.split(&format!("```{kind}\n")).nth(n).unwrap().split("```").next().unwrap();
    let (rule, picture) = (block("toml", 2), block("text", 1));
    let here = folder(&[]);
    std::fs::create_dir(here.path().join("rules")).unwrap();
    std::fs::write(here.path().join("rules/mine.toml"), rule).unwrap();
    let (code, _, err) = jamey(here.path(), &["rules", "check", "rules/mine.toml"]);
    assert_eq!(code, 0, "{err}");
    std::fs::write(here.path().join("rules/mine.toml"), rule.replace("!ctx.home\"", "ctx.hour == 25\"")).unwrap();
    let (code, _, err) = jamey(here.path(), &["rules", "check", "rules/mine.toml"]);
    assert!(code == 1 && err.contains(picture), "{err}\nand the page has\n{picture}");
}
