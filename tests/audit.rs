//! Promise: who did what to the house is on record, survives a killed process, and nobody who writes in the database can change it unnoticed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use jamey::domain::{
    Timestamp,
    audit::{Event, chained},
};
use rusqlite::{Connection, params};
use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use support::*;

const HEAD: &str = "jamey/audit/head";

/// One command on this house's data folder: exit code, standard output, standard error.
fn audit(data: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let binary = std::env::var_os("JAMEY_BIN").map_or_else(|| env!("CARGO_BIN_EXE_jamey").into(), std::path::PathBuf::from);
    let out = Command::new(binary).current_dir(data).arg("--data").arg(data).arg("audit").args(args).output().unwrap();
    (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
}

#[track_caller]
fn holds(data: &Path) -> Value {
    let (code, out, err) = audit(data, &["verify", "--json"]);
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &said["good"]), (Some(0), &Value::Bool(true)), "{said} {err}");
    said
}

/// Rows in the order of their numbers: action, actor, subject, detail.
fn rows(data: &Path) -> Vec<(String, String, String, String)> {
    let (code, out, err) = audit(data, &["list", "--limit", "1000", "--json"]);
    assert_eq!(code, Some(0), "{err}");
    let said: Value = serde_json::from_str(&out).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let all = said["rows"].as_array().unwrap().iter().rev();
    all.map(|row| (text(row, "action"), text(row, "actor"), text(row, "subject"), text(row, "detail"))).collect()
}

fn actions(data: &Path) -> Vec<String> {
    rows(data).into_iter().map(|(action, ..)| action).collect()
}

/// Starts, refusals of every kind, a kill, a start, and a stop.
fn lived() -> House {
    let mut house = strict_house();
    let mut stranger = house.client("stranger");
    assert!(stranger.publish(Message::new("jamey/act/front_door/unlock", "{}").qos(1)).taken());
    stranger.publish(Message::new("jamey/status", "offline").qos(1));
    assert!(house.dial("intruder").user("$jamey", "guessed").try_open().is_err());
    let on_record = |house: &House, wanted: &str| actions(house.data()).iter().any(|action| action == wanted);
    wait_until("the refusals are on record", PATIENCE, || {
        ["verdict.refused", "publish.refused", "connect.refused"].iter().all(|wanted| on_record(&house, wanted))
    });
    house.kill9();
    house.start();
    house.stop();
    house
}

#[test]
fn what_was_done_is_on_record_across_a_kill_and_holds() {
    let house = lived();
    let said = holds(house.data());
    let rows = rows(house.data());
    let of = |wanted: &str| rows.iter().filter(|(action, ..)| action == wanted).collect::<Vec<_>>();
    assert_eq!(said["rows"].as_u64(), u64::try_from(rows.len()).ok());
    assert_eq!((rows[0].0.as_str(), rows[0].2.as_str()), ("audit", "begun"));
    assert_eq!((of("start").len(), of("stop").len()), (2, 1), "one run was killed: {rows:?}");
    let start = of("start")[0];
    assert_eq!((start.1.as_str(), start.2.as_str()), ("host", env!("CARGO_PKG_VERSION")));
    assert!(start.3.contains("config ") && start.3.contains("rules ") && start.3.contains("guard enforce"), "{start:?}");
    assert_eq!(of("stop")[0].3, "SIGTERM");
    assert!(of("change").is_empty(), "the config is the same: {rows:?}");
    let verdict = of("verdict.refused")[0];
    assert!(verdict.1 == "stranger" && verdict.3.contains("front_door unlock"), "{verdict:?}");
    let publish = of("publish.refused")[0];
    assert_eq!((publish.1.as_str(), publish.2.as_str()), ("stranger", "jamey/status"));
    let connect = of("connect.refused")[0];
    assert_eq!((connect.1.as_str(), connect.2.as_str()), ("127.0.0.1", "intruder"), "{connect:?}");
    assert!(connect.3.contains("$jamey"), "{connect:?}");
    let (_, page, _) = audit(house.data(), &["list", "--limit", "1", "--before", "3"]);
    assert!(page.lines().count() == 1 && page.trim_start().starts_with("2  "), "{page}");
}

#[test]
fn another_config_at_the_next_start_is_on_record() {
    let mut house = Plan::default().config("node = \"one\"").start();
    house.stop();
    let data = house.data().to_owned();
    let other = Plan::default().config("node = \"two\"").data(&data).start();
    wait_until("the start is on record", PATIENCE, || actions(&data).iter().filter(|a| *a == "start").count() == 2);
    let changes: Vec<_> = rows(&data).into_iter().filter(|(action, ..)| action == "change").collect();
    assert_eq!(changes.iter().map(|c| c.2.as_str()).collect::<Vec<_>>(), ["config"], "the rules are the same");
    holds(&data);
    drop(other);
}

#[test]
fn the_head_is_told_to_whoever_listens() {
    let house = house();
    let mut listener = house.client("keeper").listen(HEAD, 1);
    let first = listener.message().json();
    assert!(first["v"] == 1 && first["seq"].as_u64() >= Some(1) && first["at"].is_string(), "{first}");
    house.client("stranger").publish(Message::new("jamey/status", "offline").qos(1));
    let next = listener.message().json();
    assert!(next["seq"].as_u64() > first["seq"].as_u64(), "{next}");
    let kept: String =
        house.db().query_row("SELECT lower(hex(hash)) FROM audit_log WHERE seq = ?1", [next["seq"].as_i64()], |r| r.get(0)).unwrap();
    assert_eq!(next["hash"].as_str(), Some(kept.as_str()));
    holds(house.data());
}

#[test]
fn a_flood_of_refusals_is_counted_and_not_written_one_by_one() {
    let mut house = house();
    let mut stranger = house.client("stranger");
    for _ in 0..250 {
        stranger.publish(Message::new("jamey/status", "offline").qos(1));
    }
    house.stop();
    let refused: Vec<String> = rows(house.data()).into_iter().filter(|(a, ..)| a == "publish.refused").map(|(.., detail)| detail).collect();
    assert_eq!(refused.len(), 4, "the first, the hundredth, the two hundredth, and the rest at the end: {refused:?}");
    assert!(refused[3].starts_with("250 times this hour, 50 of them without a row"), "{refused:?}");
}

#[test]
fn whoever_writes_in_the_database_is_found_and_the_row_is_named() {
    let mut house = lived();
    let db = house.data().join("jamey.db");
    let whole = std::fs::read(&db).unwrap();
    let last = holds(house.data())["rows"].as_i64().unwrap();
    let cases = [
        ("UPDATE audit_log SET actor = 'nobody' WHERE seq = 3".to_owned(), 3, "changed"),
        ("DELETE FROM audit_log WHERE seq = 3".to_owned(), 4, "missing"),
        (format!("DELETE FROM audit_log WHERE seq = {last}"), last, "missing"),
        (
            "UPDATE audit_log SET seq = -1 WHERE seq = 3; UPDATE audit_log SET seq = 3 WHERE seq = 4; UPDATE audit_log SET seq = 4 WHERE seq = -1"
                .to_owned(),
            3,
            "changed",
        ),
        ("UPDATE verdicts SET decision = 'allow'".to_owned(), 0, "evidence"),
    ];
    for (sql, row, wrong) in cases {
        Connection::open(&db).unwrap().execute_batch(&sql).unwrap();
        named(house.data(), row, wrong, &sql);
        std::fs::write(&db, &whole).unwrap();
    }

    put_in(&db, 4);
    named(house.data(), 4, "forged", "a row put in, every plain hash put right");
    std::fs::write(&db, &whole).unwrap();
    holds(house.data());

    // Cut off, and then Jamey runs on: it stays missing.
    Connection::open(&db).unwrap().execute("DELETE FROM audit_log WHERE seq = ?1", [last]).unwrap();
    house.start();
    house.stop();
    named(house.data(), last + 1, "missing", "cut off before a start");
}

#[test]
fn without_the_key_it_says_what_cannot_be_shown() {
    let mut house = house();
    house.stop();
    std::fs::remove_file(house.data().join("audit.key")).unwrap();
    let (code, out, err) = audit(house.data(), &["verify"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("audit.key is not there") && out.contains("that each row follows the one before is shown"), "{out}");
}

/// `row` 0: whichever it is.
#[track_caller]
fn named(data: &Path, row: i64, wrong: &str, what: &str) {
    let (code, out, err) = audit(data, &["verify", "--json"]);
    assert_eq!(code, Some(1), "{what}: {out}");
    assert!(err.contains("does not hold"), "{err}");
    let said: Value = serde_json::from_str(&out).unwrap();
    let findings = said["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| (row == 0 || f["seq"] == row) && f["wrong"] == wrong), "{what}: {said}");
    let text = audit(data, &["verify"]).1;
    assert!(row == 0 || text.contains(&format!("row {row}: ")), "{what}: {text}");
}

/// Puts a row in at a place, moves the rest, and makes every plain hash right again, as anyone can who has no key.
fn put_in(db: &Path, place: i64) {
    let db = Connection::open(db).unwrap();
    let mut events = {
        let mut rows = db.prepare("SELECT at, actor, action, subject, detail, seal FROM audit_log ORDER BY seq").unwrap();
        let read = |r: &rusqlite::Row<'_>| {
            let event =
                Event { at: Timestamp::from_micros(r.get(0)?), actor: r.get(1)?, action: r.get(2)?, subject: r.get(3)?, detail: r.get(4)? };
            Ok((event, r.get::<_, Vec<u8>>(5)?))
        };
        rows.query_map([], read).unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let at = usize::try_from(place - 1).unwrap();
    let never = Event::new(events[at].0.at, "anna", "approval", Some("front_door"), "approved");
    events.insert(at, (never, vec![0; 32]));
    db.execute("DELETE FROM audit_log", []).unwrap();
    let mut previous = vec![0; 32];
    for ((e, seal), seq) in events.iter().zip(1_i64..) {
        let hash = chained(seq, &previous, e).to_vec();
        db.execute(
            "INSERT INTO audit_log (seq, at, actor, action, subject, detail, previous, hash, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![seq, e.at.micros(), e.actor, e.action, e.subject, e.detail, previous, hash, seal],
        )
        .unwrap();
        previous = hash;
    }
}

#[test]
fn who_may_sign_in_and_who_did_are_on_record_without_their_secrets() {
    const PASSWORD: &str = "correct horse battery";
    let house = house();
    let add = |name: &str, role: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
        let mut child =
            command.arg("--data").arg(house.data()).args(["user", "add", name, "--role", role]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    };
    add("anna", "human");
    let of = |wanted: &str| rows(house.data()).into_iter().filter(|(action, ..)| action == wanted).collect::<Vec<_>>();
    wait_until("anna is on record", PATIENCE, || !of("user").is_empty());
    assert_eq!(of("user").iter().map(|u| (u.2.as_str(), u.3.as_str())).collect::<Vec<_>>(), [("anna", "added with the roles human")]);
    let _anna = house.dial("phone").v5().user("anna", PASSWORD).open();
    assert!(house.dial("phone-2").v5().user("anna", "wrong horse").try_open().is_err());
    wait_until("both are on record", PATIENCE, || !of("login").is_empty() && !of("connect.refused").is_empty());
    assert_eq!((of("login")[0].1.as_str(), of("login")[0].2.as_str()), ("anna", "phone"));
    assert!(of("connect.refused")[0].3.contains("as user `anna`"), "{:?}", of("connect.refused"));
    assert!(!format!("{:?}", rows(house.data())).contains("horse"));
    holds(house.data());
}
