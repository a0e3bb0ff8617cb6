//! Promise: what the house knows can be read by HTTP as `/openapi.json` describes it: each thing once and in order while more comes in, and by
//! nobody who may not hear it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use data_encoding::BASE64URL_NOPAD;
use jamey::{
    domain::Timestamp,
    phoenix::{KeyFile, Repository, Secret},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::Write,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};
use support::{
    schema::Described,
    web::{Answer, get},
    *,
};

const PASSWORD: &str = "correct horse battery";
/// Opening wants a person's word; draining is denied; all else goes.
const RULES: &str = r#"
[[rule]]
id = "ASK"
duty = "autonomy"
kind = "escalate"
polarity = -1
weight = 1
severity = 0.1
when = "act.verb in ['open', 'unknown']"
[[rule.examples]]
fires = true
name = "somebody opens it"
act = { verb = "open" }
[[rule.examples]]
fires = false
name = "somebody closes it"
act = { verb = "close" }

[[rule]]
id = "DRY"
duty = "non-maleficence"
kind = "veto"
polarity = -1
weight = 10
severity = 1.0
when = "act.verb == 'drain'"
[[rule.examples]]
fires = true
name = "somebody drains it"
act = { verb = "drain" }
[[rule.examples]]
fires = false
name = "somebody closes it"
act = { verb = "close" }
"#;
const CONFIG: &str = r#"
[conscience]
shipped = false
rules = ["RULES"]
[[device]]
id = "hatch"
name = "Cellar hatch"
area = "cellar"
class = "light"
command_topic = "shed/hatch/set"
payloads = { OPEN = "open", CLOSE = "close", DRAIN = "drain" }
[[phoenix.repository]]
name = "nas"
path = "NAS"
key_file = "KEY"
jitter_seconds = 0
schedule = "0 0 29 2 *"
"#;

/// A house with a repository beside it.
struct Home {
    house: House,
    folder: tempfile::TempDir,
}

impl Home {
    /// With these users, each of one role.
    fn with(users: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (user, role) in users {
            jamey(&path("data"), &["user", "add", user, "--role", role], &format!("{PASSWORD}\n"));
        }
        std::fs::write(path("rules.toml"), RULES).unwrap();
        KeyFile::create(&path("key")).unwrap();
        let secret = Secret::KeyFile(KeyFile::read(&path("key")).unwrap());
        Repository::init(&path("nas"), &[secret], false, Timestamp::from_micros(1_795_000_000_000_000)).unwrap();
        let config = [("RULES", "rules.toml"), ("NAS", "nas"), ("KEY", "key")]
            .iter()
            .fold(CONFIG.to_owned(), |config, (word, file)| config.replace(word, path(file).to_str().unwrap()));
        let house = Plan::default().enforce().config(&config).data(&path("data")).env("JAMEY_TRIAL_PHOENIX_MS", "50").start();
        Self { house, folder }
    }

    fn at(&self) -> SocketAddr {
        self.house.http()
    }

    #[track_caller]
    fn read(&self, path: &str) -> Value {
        let answer = get(self.at(), path, &[]);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// All pages of a list, and how many they were.
    #[track_caller]
    fn all(&self, path: &str) -> (Vec<Value>, usize) {
        let (mut all, mut next, mut pages) = (Vec::new(), None::<String>, 0);
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = self.read(&next.map_or_else(|| path.to_owned(), |next| format!("{path}{mark}cursor={next}")));
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            pages += 1;
            next = page["next"].as_str().map(str::to_owned);
            if next.is_none() {
                return (all, pages);
            }
        }
    }
}

fn jamey(data: &Path, args: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jamey"))
        .arg("--data")
        .arg(data)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{args:?}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Everything that is read, of which nothing has an id in its path.
const LISTS: [&str; 6] = ["/v1/entities", "/v1/devices", "/v1/verdicts", "/v1/memory/records", "/v1/mission", "/v1/phoenix/snapshots"];
const ONES: [&str; 10] = [
    "/v1/memory",
    "/v1/memory/recall",
    "/v1/mind",
    "/v1/mind/emotion",
    "/v1/mind/emotion/history",
    "/v1/mind/phi/history",
    "/v1/mission/safe_home",
    "/v1/phoenix",
    "/v1/glance",
    "/v1/system",
];

#[track_caller]
fn is_problem(answer: &Answer, status: u16) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/problem+json")), "{answer:?}");
    let json = answer.json();
    assert!(json["detail"].as_str().is_some_and(|detail| detail.len() > 20), "it says what to do: {json}");
    json["code"].as_str().unwrap().to_owned()
}

/// Something of every kind happens; the percept of a verdict, the id of a record.
fn live(home: &Home) -> (String, String) {
    let mut kitchen = home.house.client("kitchen");
    for n in 0..3 {
        kitchen.tell("jamey/in/kitchen/temperature", format!("{}.5", 20 + n));
        kitchen.tell("jamey/in/kitchen/state", json!({"battery": 90 - n, "mode": "eco", "code": "4711"}).to_string());
    }
    let mut asker = home.house.dial("panel").v5().open().listen("jamey/verdict/panel", 1);
    for word in ["CLOSE", "DRAIN"] {
        asker.tell("shed/hatch/set", word);
        asker.message();
    }
    asker.tell("jamey/act/hatch/close", r#"{"id": "a1", "args": {"code": "4711"}}"#);
    let percept = asker.message().json()["percept"].as_str().unwrap().to_owned();
    let records = || home.read("/v1/memory/records?entity=kitchen")["data"].as_array().unwrap().clone();
    wait_until("it is remembered", PATIENCE, || records().len() == 6);
    let known = || home.read("/v1/entities")["data"].as_array().unwrap().len();
    wait_until("they are known", PATIENCE, || known() >= 2);
    wait_until("all is told", PATIENCE, || ONES.iter().chain(&LISTS).all(|path| get(home.at(), path, &[]).status == 200));
    (percept, records()[0]["id"].as_str().unwrap().to_owned())
}

#[test]
fn each_answer_is_what_the_description_says_of_it() {
    let home = Home::with(&[]);
    let (percept, record) = live(&home);
    jamey(
        &home.folder.path().join("data"),
        &["--config", home.house.folder().join("jamey.toml").to_str().unwrap(), "phoenix", "snapshot"],
        "",
    );
    wait_until("the snapshot is told", PATIENCE, || home.read("/v1/phoenix/snapshots")["data"][0]["reason"] == "asked");
    let described = Described::of(home.at());
    let own = [
        "/v1/entities/kitchen".to_owned(),
        "/v1/entities/panel".to_owned(),
        "/v1/entities/panel/relations".to_owned(),
        "/v1/entities/panel/history".to_owned(),
        "/v1/entities/kitchen/history?kind=temperature".to_owned(),
        "/v1/devices/hatch".to_owned(),
        format!("/v1/verdicts/{percept}"),
        format!("/v1/memory/records/{record}"),
        "/v1/memory/recall?q=kitchen&limit=2".to_owned(),
        "/v1/mission/safe_home/history".to_owned(),
    ];
    for path in LISTS.iter().chain(&ONES).map(|path| (*path).to_owned()).chain(own) {
        let answer = described.get(home.at(), &path, &[]);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    // What may not be known yet is described, whether it is or not.
    for path in ["/v1/mind/phi", "/v1/mind/identity"] {
        let answer = described.get(home.at(), path, &[]);
        assert!(matches!(answer.status, 200 | 404), "{path}: {answer:?}");
    }

    // The same as is told over MQTT.
    let mut ear = home.house.client("ear").listen("jamey/soul/entity/panel", 1).listen("jamey/phoenix/state", 1);
    let told = ear.message_on("jamey/soul/entity/panel").json();
    let one = home.read("/v1/entities/panel");
    for (key, value) in told.as_object().unwrap() {
        assert_eq!(value.is_null(), one[key].is_null(), "{key}");
    }
    assert_eq!(
        home.read("/v1/phoenix")["repositories"]["nas"]["path"],
        ear.message_on("jamey/phoenix/state").json()["repositories"]["nas"]["path"]
    );
    let snapshot = &home.read("/v1/phoenix/snapshots?repository=nas")["data"][0];
    assert_eq!((&snapshot["repository"], &snapshot["reason"]), (&json!("nas"), &json!("asked")));

    let verdict = &home.read("/v1/verdicts?limit=1")["data"][0];
    assert_eq!((&verdict["percept"], &verdict["client"], &verdict["origin"]), (&json!(percept), &json!("panel"), &json!("act")));
    assert_eq!(verdict["topic"], "jamey/act/hatch/close");
    let one = home.read(&format!("/v1/verdicts/{percept}"));
    assert_eq!((&one["verdicts"][0]["today"], &one["verdicts"][0]["facts"]["dev"]["area"]), (&json!("allow"), &json!("cellar")));
    let drained = home.read("/v1/verdicts?rule=DRY")["data"][0]["percept"].as_str().unwrap().to_owned();
    let would = home.read(&format!("/v1/verdicts/{drained}"))["verdicts"][0]["would_change"].clone();
    assert!(would.as_array().unwrap().contains(&json!("allow without DRY")), "{would}");
    let device = home.read("/v1/devices/hatch");
    assert_eq!((&device["name"], &device["last_asked"]["by"]), (&json!("Cellar hatch"), &json!("panel")));
    assert!(
        device["topics"]
            .as_array()
            .unwrap()
            .contains(&json!({"topic": "shed/hatch/set", "judged": "yes", "why": device["topics"][0]["why"]}))
    );
}

#[test]
fn no_code_is_read_that_somebody_sent_along() {
    let home = Home::with(&[]);
    let (percept, record) = live(&home);
    for path in [
        format!("/v1/verdicts/{percept}"),
        format!("/v1/memory/records/{record}"),
        "/v1/memory/records".to_owned(),
        "/v1/verdicts".to_owned(),
    ] {
        let answer = get(home.at(), &path, &[]);
        assert!(answer.status == 200 && !answer.body.contains("4711"), "{path}: {}", answer.body);
    }
    let state = home.read("/v1/memory/records?kind=state")["data"][0]["id"].as_str().unwrap().to_owned();
    let payload = home.read(&format!("/v1/memory/records/{state}"))["payload"].as_str().unwrap().to_owned();
    assert!(payload.contains("eco") && payload.contains("(not shown)") && !payload.contains("4711"), "{payload}");
}

#[test]
fn page_by_page_each_verdict_comes_once_and_in_order_while_new_ones_come_in() {
    let home = Home::with(&[]);
    let mut asker = home.house.dial("panel").v5().open().listen("jamey/verdict/panel", 1);
    let ask = |asker: &mut Mqtt, n: usize| {
        asker.tell("jamey/act/hatch/close", json!({"id": format!("r{n}")}).to_string());
        asker.message();
    };
    (0..120).for_each(|n| ask(&mut asker, n));
    let (mut seen, mut next, mut n) = (Vec::new(), None::<String>, 120);
    loop {
        let page = home.read(&format!("/v1/verdicts?limit=7{}", next.map_or_else(String::new, |next| format!("&cursor={next}"))));
        seen.extend(page["data"].as_array().unwrap().iter().map(|one| one["request"]["id"].as_str().unwrap().to_owned()));
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
        ask(&mut asker, n);
        n += 1;
    }
    assert_eq!(seen, (0..120).rev().map(|n| format!("r{n}")).collect::<Vec<_>>());
    assert_eq!(home.all("/v1/verdicts?limit=200").0.len(), n, "and those that came since are there");
    // The same for memories, whose lists go the same way.
    let records: BTreeSet<String> = home.all("/v1/memory/records?limit=9").0.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(i64::try_from(records.len()).unwrap(), home.house.count("SELECT count(*) FROM memory_records", []));
}

#[test]
fn filters_leave_what_was_asked_for_and_nothing_else() {
    let home = Home::with(&[]);
    live(&home);
    let ids = |path: &str| -> Vec<String> {
        let key = if path.starts_with("/v1/verdicts") { "decision" } else { "entity" };
        home.all(path).0.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("/v1/verdicts?decision=deny"), ["deny"]);
    assert_eq!(ids("/v1/verdicts?requester=panel&target=hatch&decision=allow"), ["allow", "allow"]);
    assert!(ids("/v1/verdicts?requester=kitchen").is_empty() && ids("/v1/verdicts?target=panel").is_empty());
    assert_eq!(ids("/v1/verdicts?rule=DRY"), ["deny"]);
    assert!(ids("/v1/verdicts?rule=DR").is_empty(), "a part of a name is none");
    let at = home.read("/v1/verdicts?decision=deny")["data"][0]["at"].as_str().unwrap().to_owned();
    assert_eq!(ids(&format!("/v1/verdicts?to={at}")), ["allow"], "before it");
    assert_eq!(ids(&format!("/v1/verdicts?from={at}")), ["allow", "deny"], "from it on");
    assert!(ids(&format!("/v1/verdicts?from={at}&to={at}")).is_empty());

    assert_eq!(ids("/v1/memory/records?entity=kitchen&kind=temperature").len(), 3);
    assert!(ids("/v1/memory/records?kind=nothing").is_empty());
    assert!(ids("/v1/entities").windows(2).all(|pair| pair[0] < pair[1]), "by id");
    assert_eq!(ids("/v1/entities?text=ITCH"), ["kitchen"]);
    assert!(ids("/v1/entities?silent=true").is_empty() && ids("/v1/entities?standing=owner").is_empty());
    assert_eq!(ids("/v1/entities?silent=false"), ids("/v1/entities?limit=1"), "page by page it is the same");
    assert_eq!(home.all("/v1/devices?class=light").0.len(), 1);
    assert!(home.all("/v1/devices?class=lock").0.is_empty() && home.all("/v1/phoenix/snapshots?repository=x").0.is_empty());
    let missions = home.all("/v1/mission?limit=2").0;
    assert_eq!(missions, home.all("/v1/mission?limit=200").0);
    assert!(missions.len() > 2, "{missions:?}");

    let points = home.all("/v1/entities/kitchen/history?kind=temperature&limit=1").0;
    assert_eq!(points.iter().map(|point| point["value"].as_f64().unwrap()).collect::<Vec<_>>(), [20.5, 21.5, 22.5], "in the order of time");
    let batteries = home.all("/v1/entities/kitchen/history?kind=state&field=battery").0;
    assert_eq!(batteries.iter().map(|point| point["value"].as_f64().unwrap()).collect::<Vec<_>>(), [90.0, 89.0, 88.0]);
    assert_eq!(home.all("/v1/entities/kitchen/history?kind=state&field=mode").0[0]["text"], "eco");
    for nothing in ["kind=state&field=code", "kind=state&field=x", "kind=x", "kind=temperature&to=2020-01-01T00:00:00Z"] {
        assert!(home.all(&format!("/v1/entities/kitchen/history?{nothing}")).0.is_empty(), "{nothing}");
    }
}

#[test]
fn the_trail_is_sought_by_who_and_what_and_topics_by_a_word() {
    let home = Home::with(&[]);
    let (_, _) = live(&home);
    for text in ["Shelf/Lamp/state", "shelf/fan/state", "attic/state"] {
        assert!(home.house.client("shelf").publish(Message::new(text, "on").qos(1).retained()).taken());
    }
    let described = Described::of(home.at());
    let pages = |path: &str, field: &str| {
        let (mut all, mut next) = (Vec::new(), String::new());
        loop {
            let page = described.get(home.at(), &format!("{path}&limit=1{next}"), &[]).json();
            all.extend(page["data"].as_array().unwrap().iter().map(|row| row[field].clone()));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return all,
            }
        }
    };
    let trail = home.read("/v1/audit?limit=200")["data"].as_array().unwrap().clone();
    let newest = trail[0]["seq"].as_i64().unwrap();
    assert!(trail.len() > 1, "{trail:?}");
    for key in ["actor", "action"] {
        let value = trail[trail.len() - 1][key].as_str().unwrap();
        let of_it: Vec<Value> = trail.iter().filter(|row| row[key] == value).map(|row| row["seq"].clone()).collect();
        let mut found = pages(&format!("/v1/audit?{key}={value}"), "seq");
        // More may have been done meanwhile.
        found.retain(|seq| seq.as_i64().unwrap() <= newest);
        assert_eq!(found, of_it, "{key}={value}");
    }
    assert_eq!(home.read("/v1/audit?actor=nobody&action=start")["data"], json!([]));
    assert_eq!(pages("/v1/broker/retained?text=sHELF", "topic"), ["Shelf/Lamp/state", "shelf/fan/state"]);
    assert_eq!(pages("/v1/broker/retained?text=state&filter=attic/%23", "topic"), ["attic/state"]);
}

#[test]
fn who_has_it_already_is_told_so() {
    let home = Home::with(&[]);
    let (percept, record) = live(&home);
    let described = Described::of(home.at());
    for path in [
        format!("/v1/verdicts/{percept}"),
        format!("/v1/memory/records/{record}"),
        "/v1/devices/hatch".to_owned(),
        "/v1/mission/safe_home".to_owned(),
    ] {
        // What goes on in the house may change it between two looks.
        wait_until("it is the same for two looks", PATIENCE, || {
            let tag = described.get(home.at(), &path, &[]).header("etag").unwrap().to_owned();
            let again = described.get(home.at(), &path, &[("If-None-Match", &tag)]);
            again.status == 304 && again.header("etag") == Some(&tag) && again.body.is_empty()
        });
        assert_eq!(described.get(home.at(), &path, &[("If-None-Match", "\"another\"")]).status, 200, "{path}");
    }
    for path in ["/v1/entities/panel", "/v1/mind", "/v1/mind/emotion"] {
        assert!(get(home.at(), path, &[]).header("etag").is_some(), "{path}");
    }
    let (now, way) = (home.read("/v1/mind/emotion")["mood"].clone(), home.read("/v1/mind/emotion/history")["data"].clone());
    assert!(now["pleasure"].is_f64() && way[0]["pleasure"].is_f64() && way.as_array().is_some_and(|way| way.len() <= 3), "{now} {way}");
}

#[test]
fn what_may_not_be_heard_is_not_shown() {
    let home = Home::with(&[("panel", "operator"), ("anna", "approver"), ("scraper", "reader"), ("lamp", "device"), ("carl", "human")]);
    let data = home.folder.path().join("data");
    let token = |user: &str| format!("Bearer {}", jamey(&data, &["token", "create", "--user", user], ""));
    let (reader, device, person, approver) = (token("scraper"), token("lamp"), token("carl"), token("anna"));
    let mut anna = home.house.dial("anna-phone").v5().user("anna", PASSWORD).open().listen("jamey/approval/+", 1);
    let mut panel = home.house.dial("panel").v5().user("panel", PASSWORD).open().listen("jamey/verdict/panel", 1);
    panel.tell("shed/hatch/set", "OPEN");
    let percept = panel.message().json()["percept"].as_str().unwrap().to_owned();
    let nonce = anna.message().json()["nonce"].as_str().unwrap().to_owned();
    let show = |path: &str, authorization: &str| get(home.at(), path, &[("Authorization", authorization)]);
    wait_until("the tokens are known", PATIENCE, || {
        [&reader, &device, &person, &approver].iter().all(|t| show("/v1/verdicts", t).status != 401)
    });
    let own =
        [format!("/v1/verdicts/{percept}"), "/v1/entities/panel".into(), "/v1/entities/panel/relations".into(), "/v1/devices/hatch".into()];
    let paths: Vec<&str> = LISTS.iter().chain(&ONES).copied().chain(own.iter().map(String::as_str)).collect();
    wait_until("all is told", PATIENCE, || paths.iter().all(|path| show(path, &reader).status == 200));
    for path in &paths {
        for who in [&reader, &person] {
            let answer = show(path, who);
            assert!(answer.status == 200 && !answer.body.contains(&nonce), "{path}: {answer:?}");
        }
        is_problem(&show(path, &device), 403);
        is_problem(&get(home.at(), path, &[]), 401);
        // An approver hears approvals, and nothing else.
        is_problem(&show(path, &approver), 403);
    }
    is_problem(&show(paths[0], "Bearer jamey_x"), 401);
    // A question has the rights of who asks it by HTTP.
    let recalled = show("/v1/memory/recall?q=hatch&verdict=escalate", &reader).json();
    assert_eq!(recalled["data"][0]["requester"], "panel", "{recalled}");
}

#[test]
fn one_past_each_limit_and_nonsense_are_told_with_what_would_be_right() {
    let home = Home::with(&[]);
    live(&home);
    let described = Described::of(home.at());
    let refused = |path: &str, status: u16| is_problem(&described.get(home.at(), path, &[]), status);
    let long = |n: usize| "x".repeat(n);
    for list in LISTS.into_iter().chain([
        "/v1/mind/emotion/history",
        "/v1/mind/phi/history",
        "/v1/mission/safe_home/history",
        "/v1/entities/kitchen/history",
        "/v1/entities/kitchen/relations",
        "/v1/memory/recall",
    ]) {
        assert_eq!(described.get(home.at(), &format!("{list}?limit=200"), &[]).status, 200, "{list}");
        for wrong in ["limit=201", "limit=0", "limit=-1", "limit=x", "unheard=of", "limit=1&limit=2"] {
            assert_eq!(refused(&format!("{list}?{wrong}"), 400), "request", "{list}?{wrong}");
        }
        let other = BASE64URL_NOPAD.encode(br#"{"of":"another list"}"#);
        for wrong in ["x", "!", "", other.as_str()] {
            assert_eq!(refused(&format!("{list}?cursor={wrong}"), 400), "cursor", "{list}: {wrong}");
        }
    }
    for (most, list) in [
        (128, "/v1/verdicts?rule="),
        (64, "/v1/entities?text="),
        (128, "/v1/memory/records?kind="),
        (64, "/v1/phoenix/snapshots?repository="),
        (128, "/v1/memory/recall?kind="),
        (512, "/v1/memory/recall?q="),
        (128, "/v1/audit?actor="),
        (128, "/v1/audit?action="),
        (128, "/v1/broker/retained?text="),
    ] {
        assert_eq!(described.get(home.at(), &format!("{list}{}", long(most)), &[]).status, 200, "{list}");
        refused(&format!("{list}{}", long(most + 1)), 400);
    }
    for wrong in [
        "/v1/verdicts?decision=maybe",
        "/v1/verdicts?requester=No%20Body",
        "/v1/verdicts?target=",
        "/v1/verdicts?from=yesterday",
        "/v1/verdicts?to=2026-13-01T00:00:00Z",
        "/v1/verdicts?rule=",
        "/v1/memory/records?from=2026-11-26",
        "/v1/memory/recall?importance=1.01",
        "/v1/memory/recall?importance=NaN",
        "/v1/memory/recall?verdict=maybe",
        "/v1/memory/recall?from=soon",
        "/v1/entities?silent=perhaps",
        "/v1/entities?standing=king",
        "/v1/entities?text=",
        "/v1/devices?class=toaster",
        "/v1/mind/phi/history?which=all",
        "/v1/entities/kitchen/history?field=battery",
    ] {
        refused(wrong, 400);
    }
    for missing in [
        "/v1/entities/nobody",
        "/v1/entities/NOBODY",
        "/v1/entities/nobody/relations",
        "/v1/entities/nobody/history",
        &format!("/v1/entities/{}", long(65)),
        "/v1/devices/nothing",
        "/v1/verdicts/x",
        "/v1/verdicts/01980000-0000-7000-8000-000000000000",
        "/v1/memory/records/x",
        "/v1/memory/records/01980000-0000-7000-8000-000000000000",
        "/v1/mission/nothing",
        "/v1/mission/nothing/history",
    ] {
        refused(missing, 404);
    }
    let backwards = "from=2026-11-26T00:00:00Z&to=2020-01-01T00:00:00Z";
    for list in [
        "/v1/verdicts",
        "/v1/memory/records",
        "/v1/memory/recall",
        "/v1/mind/emotion/history",
        "/v1/mind/phi/history",
        "/v1/entities/kitchen/history",
    ] {
        assert_eq!(home.read(&format!("{list}?{backwards}"))["data"], json!([]), "{list}");
    }
}

#[test]
fn a_question_by_http_finds_what_was_just_acknowledged_and_keeps_to_the_pace_of_all_questions() {
    let home = Home::with(&[]);
    let mut kitchen = home.house.client("kitchen");
    for n in 0..5 {
        kitchen.tell("jamey/in/kitchen/note", json!({"text": format!("parcel number p{n}x came")}).to_string());
        let found = home.read(&format!("/v1/memory/recall?q=p{n}x"));
        assert!(found["data"][0]["text"].as_str().unwrap().contains(&format!("p{n}x")), "{found}");
    }
    let all = home.all("/v1/memory/recall?q=parcel&limit=2");
    assert_eq!((all.0.len(), all.1), (5, 3));
    let ids: BTreeSet<String> = all.0.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), 5, "each once");
    assert_eq!(home.read("/v1/memory/recall?entity=nobody&q=parcel")["data"], json!([]));
    assert_eq!(home.read("/v1/memory/recall?entity=kitchen&kind=note&q=parcel&importance=0")["data"].as_array().unwrap().len(), 5);
    let at = home.read("/v1/memory/recall?q=p2x")["data"][0]["at"].as_str().unwrap().to_owned();
    assert_eq!(home.read(&format!("/v1/memory/recall?q=parcel&to={at}"))["data"].as_array().unwrap().len(), 2, "before it");

    // Twenty a second, and forty at once: with ten who ask as fast as they are answered, it is soon too much.
    let at = home.at();
    let too_many = std::thread::scope(|scope| {
        let asks = || (0..40).map(|_| get(at, "/v1/memory/recall", &[])).find(|answer| answer.status == 429);
        let all: Vec<_> = (0..10).map(|_| scope.spawn(asks)).collect();
        all.into_iter().filter_map(|one| one.join().unwrap()).next()
    });
    let too_many = too_many.expect("one past its pace");
    assert_eq!((is_problem(&too_many, 429).as_str(), too_many.header("retry-after")), ("too-many-questions", Some("1")));
    wait_until("one may ask again", PATIENCE, || get(at, "/v1/memory/recall", &[]).status == 200);
}
