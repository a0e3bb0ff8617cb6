//! Promise: what the conscience leaves to a person waits, goes on unchanged when an approver says so and nothing forbids it by then, and
//! goes nowhere otherwise; no answer counts that is forged, late, repeated, of the asker, or about something else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use std::time::Duration;
use support::{
    host::{jamey, settle},
    *,
};

const PASSWORD: &str = "correct horse battery";
const SET: &str = "shed/bolt/set";
/// Whatever is opened wants a word; a leak forbids it; all else goes.
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
id = "PROTECT"
duty = "stewardship"
kind = "escalate"
at_expiry = "allow"
polarity = 1
weight = 1
severity = 0.5
when = "act.verb == 'drain'"
[[rule.examples]]
fires = true
name = "somebody drains it"
act = { verb = "drain" }

[[rule]]
id = "NO-LEAK"
duty = "non-maleficence"
kind = "veto"
polarity = -1
weight = 10
severity = 1.0
when = "ctx.leak"
[[rule.examples]]
fires = true
name = "a leak"
ctx = { leak = true }
[[rule.examples]]
fires = false
name = "no leak"
ctx = { leak = false }
"#;
const HOUSE: &str = r#"
[conscience]
shipped = false
rules = ["RULES"]
[approvals]
seconds = SECONDS
critical_seconds = SECONDS
[[guard]]
topic = "shed/bolt/set"
device = "bolt"
class = "switch"
payloads = { OPEN = "open", CLOSE = "close" }
[[guard]]
topic = "many/+/set"
class = "light"
payloads = { OPEN = "open", DRAIN = "drain" }
[[device]]
id = "hatch"
class = "switch"
command_topic = "shed/hatch/set"
state_topic = "shed/hatch/state"
payloads = { OPEN = "open", CLOSE = "close" }
[[input]]
topic = "shed/{entity}/{kind}"
[[signal]]
name = "leak"
entity = "cellar"
kind = "leak"
"#;

/// A house of its own, with a panel that asks, a lock that listens, and anna and bob who may approve.
struct Shed {
    _folder: tempfile::TempDir,
    house: House,
}

fn shed(seconds: u32) -> Shed {
    shed_with(seconds, "")
}

fn shed_with(seconds: u32, more: &str) -> Shed {
    shed_of(Plan::default(), seconds, more)
}

fn shed_of(plan: Plan, seconds: u32, more: &str) -> Shed {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let people: [(&str, &[&str]); 6] = [
        ("panel", &["operator"]),
        ("bolt", &["reader"]),
        ("anna", &["human", "approver"]),
        ("bob", &["human", "approver", "operator"]),
        ("carl", &["human"]),
        ("hub", &["discovery", "operator"]),
    ];
    settle(&data, &people, PASSWORD);
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, RULES).unwrap();
    let config = HOUSE.replace("RULES", rules.to_str().unwrap()).replace("SECONDS", &seconds.to_string()) + more;
    let house = plan.enforce().config(&config).data(&data).start();
    let shed = Shed { _folder: folder, house };
    assert!(shed.sign_in("bob").publish(Message::new("shed/cellar/leak", "false").qos(1)).taken());
    shed
}

impl Shed {
    fn sign_in(&self, user: &str) -> Mqtt {
        self.house.dial(&format!("{user}-phone")).v5().user(user, PASSWORD).open()
    }

    fn approver(&self, user: &str) -> Mqtt {
        self.sign_in(user).listen("jamey/approval/+", 1).listen("jamey/reply/approval", 1)
    }

    fn audited(&self, action: &str) -> i64 {
        self.house.count("select count(*) from audit_log where action = ?1", [action])
    }

    fn settled(&self, id: &str) -> (String, Option<String>, bool) {
        let id: uuid::Uuid = id.parse().unwrap();
        let sql = "select answer, answered_by, let_on from approvals where percept = ?1";
        self.house.db().query_row(sql, [id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    }
}

/// The next request that waits, as an approver sees it.
fn waiting(approver: &mut Mqtt) -> Value {
    let told = approver.find(mqtt::PATIENCE, |p| match p {
        packet::Packet::Publish(m) if m.topic.starts_with("jamey/approval/") && !m.payload.is_empty() => Some(m.json()),
        _ => None,
    });
    told.unwrap()
}

fn answer(document: &Value, word: &str) -> Value {
    json!({"answer": word, "nonce": document["nonce"], "sha256": document["sha256"], "transaction": "t1"})
}

fn answers(approver: &mut Mqtt, document: &Value, payload: &Value) -> Sent {
    let topic = format!("jamey/approval/{}/answer", document["id"].as_str().unwrap());
    approver.publish(Message::new(&topic, payload.to_string()).qos(1))
}

#[test]
fn an_approved_message_goes_on_as_it_came_and_nobody_else_hears_of_it_before() {
    let shed = shed(60);
    let mut bolt = shed.sign_in("bolt").listen(SET, 2);
    let mut anna = shed.approver("anna");
    let mut carl = shed.sign_in("carl");
    carl.subscribe(&[("jamey/approval/#", 1), ("#", 1), ("+/approval/#", 1), ("$share/g/jamey/approval/+", 1)]);
    let mut panel = shed.sign_in("panel").listen("jamey/verdict/panel", 1);
    let properties = packet::Properties::default().text(0x03, "text/plain").number(0x02, 600).bytes(0x09, b"corr");
    let sent = panel.publish(Message::new(SET, "OPEN").qos(2).with(properties));
    assert!(sent.taken(), "acknowledged once it is kept: {sent:?}");
    assert_eq!(panel.message().json()["decision"], "escalate");
    assert_eq!(bolt.rest(), [], "it waits");

    let document = waiting(&mut anna);
    assert!(carl.rest().iter().all(|m| !m.topic.starts_with("jamey/approval/")), "who may not answer does not hear the nonce");
    assert_eq!(document["requester"], "panel");
    assert_eq!((&document["topic"], &document["payload"]), (&json!(SET), &json!("OPEN")));
    assert_eq!(document["requests"][0]["target"], "bolt");
    assert!(document["reason"].as_str().unwrap().contains("ASK"), "{document}");
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());

    let came = bolt.message();
    assert_eq!((came.topic.as_str(), came.text().as_str(), came.qos), (SET, "OPEN", 2));
    assert_eq!(
        came.properties.get(0x03),
        Message::new("", "").with(packet::Properties::default().text(0x03, "text/plain")).properties.get(0x03)
    );
    assert!(came.properties.get(0x09).is_some() && came.properties.get(0x02).is_some(), "{came:?}");
    let end = panel.message().json();
    assert_eq!((&end["decision"], &end["settled"], &end["by"]), (&json!("allow"), &json!("approved"), &json!("anna")));
    assert_eq!(end["percept"], document["id"]);
    let reply = anna.message_on("jamey/reply/approval").json();
    assert_eq!((&reply["status"], &reply["transaction"]), (&json!("ok"), &json!("t1")));
    let cleared = anna.message_on(&format!("jamey/approval/{}", document["id"].as_str().unwrap()));
    assert!(cleared.payload.is_empty());
    assert_eq!(shed.settled(document["id"].as_str().unwrap()), ("approved".into(), Some("anna".into()), true));
    assert_eq!((shed.audited("approval.asked"), shed.audited("approval.approved")), (1, 1));
    assert_eq!(shed.house.count("select count(*) from held", []), 0);
    let id: uuid::Uuid = document["id"].as_str().unwrap().parse().unwrap();
    let let_on = "select count(*) from verdicts where percept = ?1 and forwarded_at is not null";
    assert_eq!(shed.house.count(let_on, [id.as_bytes()]), 2, "as it was judged first, and again at its release");
    let (code, said) = jamey(shed.house.data(), &["audit", "verify"], "");
    assert_eq!(code, 0, "{said}");
}

#[test]
fn what_is_refused_superseded_or_not_answered_goes_nowhere() {
    let shed = shed(2);
    let mut bolt = shed.sign_in("bolt").listen(SET, 1);
    let mut anna = shed.approver("anna");
    let mut panel = shed.sign_in("panel");
    let mut ask = |payload: &str| panel.tell(SET, payload);
    ask("OPEN");
    let refused = waiting(&mut anna);
    assert!(answers(&mut anna, &refused, &answer(&refused, "refuse")).taken());
    ask("OPEN");
    let superseded = waiting(&mut anna);
    ask("CLOSE");
    assert_eq!(bolt.message().text(), "CLOSE");
    ask("OPEN");
    let expired = waiting(&mut anna);
    let id = |document: &Value| document["id"].as_str().unwrap().to_owned();
    wait_until("it expires", mqtt::PATIENCE, || shed.audited("approval.expired") == 1);
    assert_eq!(shed.settled(&id(&refused)), ("refused".into(), Some("anna".into()), false));
    assert_eq!(shed.settled(&id(&superseded)), ("superseded".into(), None, false));
    assert_eq!(shed.settled(&id(&expired)), ("expired".into(), None, false));
    assert_eq!(bolt.rest(), []);
    assert!(answers(&mut anna, &expired, &answer(&expired, "approve")).refused(), "too late");
    assert_eq!(bolt.rest(), []);
    let mut late = shed.approver("bob");
    assert!(late.rest().is_empty(), "nothing is left standing on the approvals' topics");
}

#[test]
fn no_answer_counts_that_is_forged_repeated_of_the_asker_or_about_something_else() {
    let shed = shed(60);
    let mut bolt = shed.sign_in("bolt").listen("shed/#", 1);
    let (mut anna, mut bob) = (shed.approver("anna"), shed.approver("bob"));
    let mut carl = shed.sign_in("carl");
    bob.tell(SET, "OPEN");
    let document = waiting(&mut anna);
    let good = answer(&document, "approve");
    let with = |key: &str, value: Value| {
        let mut other = good.clone();
        other[key] = value;
        other
    };
    assert!(answers(&mut carl, &document, &good).refused(), "not an approver");
    wait_until("and on record", mqtt::PATIENCE, || shed.audited("publish.refused") == 1);
    for (why, payload) in [
        ("nonce", with("nonce", json!("0".repeat(32)))),
        ("nonce", with("nonce", json!(""))),
        ("hash", with("sha256", json!("0".repeat(64)))),
    ] {
        assert!(answers(&mut anna, &document, &payload).refused());
        let reply = anna.message_on("jamey/reply/approval").json();
        assert!(reply["error"].as_str().unwrap().contains(why), "{reply}");
    }
    for payload in [json!({"answer": "approve"}), with("answer", json!("yes")), json!("approve"), with("pad", json!("x".repeat(2_000)))] {
        assert!(matches!(answers(&mut anna, &document, &payload), Sent::Code(0x99, _)), "{payload}");
    }
    let other = json!({"id": uuid::Uuid::from_u128(7).to_string()});
    assert!(answers(&mut anna, &other, &good).refused(), "an id that nothing waits under");
    assert!(answers(&mut bob, &document, &good).refused(), "bob asked for it himself");
    let own = bob.find(mqtt::PATIENCE, |p| match p {
        packet::Packet::Publish(m) if m.topic == "jamey/reply/approval" => Some(m.json()).filter(|r| r.to_string().contains("who asked")),
        _ => None,
    });
    assert!(own.is_ok());
    let retained = Message::new(&format!("jamey/approval/{}/answer", document["id"].as_str().unwrap()), good.to_string()).qos(1).retained();
    assert!(anna.publish(retained).refused());
    assert_eq!(bolt.rest(), []);
    assert_eq!(shed.audited("approval.answer_refused"), 5, "three forged, one of nothing, one own");

    assert!(answers(&mut anna, &document, &good).taken(), "and after all that the right one still counts");
    assert_eq!(bolt.message().text(), "OPEN");
    assert!(answers(&mut anna, &document, &good).refused(), "once");
    assert_eq!(bolt.rest(), []);
    assert_eq!(shed.audited("approval.answer_refused"), 6);
    let mut ear = shed.sign_in("bob").listen("#", 1);
    answers(&mut anna, &document, &good);
    assert!(ear.rest().iter().all(|m| !m.topic.ends_with("/answer")), "an answer goes on to nobody");
}

#[test]
fn what_waits_survives_a_kill_and_is_judged_again_on_how_things_stand_then() {
    let mut shed = shed(600);
    let mut anna = shed.approver("anna");
    let mut panel = shed.sign_in("panel");
    panel.tell(SET, "OPEN");
    let document = waiting(&mut anna);
    panel.tell("shed/hatch/set", "OPEN");
    let hatch = waiting(&mut anna);
    shed.house.kill9();
    shed.house.start();
    let mut bolt = shed.sign_in("bolt").listen("shed/+/set", 1);
    let mut anna = shed.approver("anna");
    let again: Vec<Value> = (0..2).map(|_| waiting(&mut anna)).collect();
    assert!(again.contains(&document) && again.contains(&hatch), "as they stood: {again:?}");
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());
    assert_eq!(bolt.message().text(), "OPEN");
    // Meanwhile the cellar stands under water.
    panel = shed.sign_in("panel").listen("jamey/verdict/panel", 1);
    let mut cellar = shed.house.dial("cellar").v5().user("bob", PASSWORD).open();
    assert!(cellar.publish(Message::new("shed/cellar/leak", "true").qos(1)).taken());
    assert!(answers(&mut anna, &hatch, &answer(&hatch, "approve")).taken(), "the word was taken");
    let end = panel.message().json();
    assert_eq!((&end["decision"], &end["settled"]), (&json!("deny"), &json!("approved")));
    assert!(end["reason"].as_str().unwrap().contains("NO-LEAK"), "{end}");
    assert_eq!(bolt.rest(), []);
}

#[test]
fn what_was_kept_and_is_another_now_is_not_let_on() {
    let mut shed = shed(600);
    let mut anna = shed.approver("anna");
    shed.sign_in("panel").tell("shed/hatch/set", "OPEN");
    let document = waiting(&mut anna);
    shed.house.stop();
    let db = rusqlite::Connection::open(shed.house.data().join("jamey.db")).unwrap();
    let way_on: Vec<u8> = db.query_row("select way_on from held", [], |row| row.get(0)).unwrap();
    let at = way_on.windows(4).position(|w| w == b"OPEN").unwrap();
    let mut altered = way_on.clone();
    altered[at..at + 4].copy_from_slice(b"BURN");
    db.execute("update held set way_on = ?1", [altered]).unwrap();
    drop(db);
    shed.house.start();
    let mut hatch = shed.sign_in("bolt").listen("shed/hatch/set", 1);
    let mut anna = shed.approver("anna");
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).refused());
    assert_eq!(hatch.rest(), []);
    assert_eq!((shed.audited("approval.altered"), shed.house.count("select count(*) from held", [])), (1, 0));
}

#[test]
fn the_host_answers_too_and_a_request_for_an_act_goes_on_in_the_devices_words() {
    let shed = shed(60);
    let mut hatch = shed.sign_in("bolt").listen("shed/hatch/set", 1);
    let mut panel = shed.sign_in("panel");
    assert!(panel.publish(Message::new("jamey/act/hatch/open", r#"{"id":"7"}"#).qos(1)).taken());
    assert!(panel.publish(Message::new(SET, "OPEN").qos(1)).taken());
    let (code, out) = jamey(shed.house.data(), &["--json", "approval", "list"], "");
    assert_eq!(code, 0, "{out}");
    let listed: Value = serde_json::from_str(&out).unwrap();
    let id = |topic: &str| {
        let all = listed["waiting"].as_array().unwrap();
        all.iter().find(|d| d["topic"] == topic).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (code, out) = jamey(shed.house.data(), &["approval", "approve", &id("jamey/act/hatch/open")], "");
    assert_eq!(code, 0, "{out}");
    assert_eq!(hatch.message().text(), "OPEN");
    let (code, out) = jamey(shed.house.data(), &["approval", "refuse", &id(SET)], "");
    assert_eq!(code, 0, "{out}");
    let (code, out) = jamey(shed.house.data(), &["approval", "approve", &id(SET)], "");
    assert_eq!(code, 1, "once: {out}");
    assert_eq!(shed.settled(&id(SET)), ("refused".into(), Some("jamey.host".into()), false));
    let (code, out) = jamey(shed.house.data(), &["approval", "show", &id(SET)], "");
    assert!(code == 1 && out.contains("approval list"), "{out}");
}

#[test]
fn one_client_cannot_fill_the_waiting_room() {
    let shed = shed(60);
    let mut panel = shed.sign_in("panel").listen("jamey/verdict/panel", 1);
    let mut anna = shed.approver("anna");
    for n in 0..9 {
        panel.tell(&format!("many/{n}/set"), "OPEN");
        let reason = panel.message().json()["reason"].as_str().unwrap().to_owned();
        assert_eq!(reason.contains("8 requests of this client wait already"), n == 8, "{n}: {reason}");
    }
    assert_eq!(shed.house.count("select count(*) from held", []), 8);
    shed.sign_in("bob").tell(SET, "OPEN");
    assert_eq!(std::iter::repeat_with(|| waiting(&mut anna)).take(9).filter(|d| d["requester"] == "bob").count(), 1, "others still can");
}

#[test]
fn a_device_that_was_not_commanded_tells_its_state_again() {
    let shed = shed(60);
    let mut hatch = shed.house.dial("hatch").v5().user("bob", PASSWORD).open();
    hatch.tell("shed/hatch/state", "CLOSED");
    let mut screen = shed.sign_in("carl").listen("shed/hatch/state", 1);
    assert!(screen.rest().is_empty(), "not retained");
    shed.sign_in("panel").tell("shed/hatch/set", "OPEN");
    assert_eq!(screen.message_within(Duration::from_secs(10)).unwrap().text(), "CLOSED");
    shed.sign_in("panel").tell("shed/hatch/set", "CLOSE");
    assert!(screen.rest().is_empty(), "what is let on tells its new state itself");
}

#[test]
fn one_user_with_many_clients_cannot_fill_it_either_nor_the_disk() {
    let shed = shed(60);
    for n in 0..10 {
        let mut panel = shed.house.dial(&format!("panel-{n}")).v5().user("panel", PASSWORD).open();
        panel.tell(&format!("many/{n}/set"), "OPEN");
    }
    assert_eq!(shed.house.count("select count(*) from held", []), 8);
    let mut panel = shed.sign_in("panel");
    let before = shed.house.count("select count(*) from approvals", []);
    for _ in 0..300 {
        panel.tell("many/0/set", "OPEN");
    }
    let more = shed.house.count("select count(*) from approvals", []) - before;
    assert!(more <= 8, "16 a minute are written down, and 8 were: {more}");
}

#[test]
fn what_is_refused_or_a_strangers_takes_nobodys_place() {
    let shed = shed(60);
    let mut anna = shed.approver("anna");
    shed.sign_in("bob").tell(SET, "OPEN");
    let document = waiting(&mut anna);
    let mut panel = shed.sign_in("panel");
    panel.publish(Message::new(SET, "OPEN").qos(1).retained());
    panel.publish(Message::new(SET, vec![b'x'; 70_000]).qos(1));
    panel.tell("jamey/act/bolt/blink", "{}");
    panel.tell(SET, "OPEN");
    assert_eq!(shed.audited("approval.superseded"), 0);
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());
}

#[test]
fn what_is_too_large_to_be_kept_whole_does_not_wait() {
    let shed = shed(60);
    let mut bolt = shed.sign_in("bolt").listen("many/+/set", 1);
    let mut panel = shed.sign_in("panel").listen("jamey/verdict/panel", 1);
    let long = "x".repeat(30_000);
    let properties = |n: usize| (0..n).fold(packet::Properties::default(), |p, _| p.text(0x03, &long));
    let all = [
        Message::new("many/1/set", vec![b'x'; 65_537]).qos(1),
        Message::new("many/1/set", vec![b'x'; 300_000]).qos(1),
        Message::new("many/1/set", "OPEN").qos(1).with(properties(1)),
    ];
    for message in all {
        assert!(panel.publish(message).taken());
        let verdict = panel.message().json();
        assert_ne!(verdict["decision"], "allow", "{verdict}");
    }
    assert_eq!(shed.house.count("select count(*) from held", []), 0);
    assert_eq!(bolt.rest(), []);
}

#[test]
fn a_repetition_of_what_waits_goes_nowhere() {
    let shed = shed(60);
    let mut bolt = shed.sign_in("bolt").listen(SET, 1);
    let mut anna = shed.approver("anna");
    let mut panel = shed.house.dial("panel-phone").v5().user("panel", PASSWORD).persistent().open();
    panel.post(Message { id: 5, ..Message::new(SET, "OPEN").qos(1) });
    assert!(panel.acked(mqtt::PATIENCE, Pub::Ack, 5).taken());
    let document = waiting(&mut anna);
    panel.post(Message { id: 5, dup: true, ..Message::new(SET, "OPEN").qos(1) });
    assert!(panel.acked(mqtt::PATIENCE, Pub::Ack, 5).taken());
    assert_eq!(shed.house.count("select count(*) from held", []), 1);
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());
    assert_eq!(bolt.messages(1)[0].text(), "OPEN");
    assert_eq!(bolt.rest(), [], "once");
}

#[test]
fn what_would_do_something_else_now_is_not_let_on() {
    let shed = shed(60);
    let mut hub = shed.sign_in("hub");
    let lamp = r#"{"name":"lamp","unique_id":"lamp1","command_topic":"t/x/set","payload_on":"OPEN","payload_off":"OFF","device":{"identifiers":["lamp1"]}}"#;
    hub.publish(Message::new("homeassistant/cover/lamp/config", lamp.replace("payload_on", "payload_open")).qos(1));
    let mut anna = shed.approver("anna");
    let mut ear = shed.sign_in("bolt").listen("t/x/set", 1);
    shed.sign_in("panel").tell("t/x/set", "OPEN");
    let document = waiting(&mut anna);
    let door =
        r#"{"name":"door","unique_id":"door1","command_topic":"t/x/set","payload_unlock":"OPEN","device":{"identifiers":["door1"]}}"#;
    assert!(hub.publish(Message::new("homeassistant/lock/door/config", door).qos(1)).taken());
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());
    assert_eq!(ear.rest(), []);
    let (ending, _, let_on) = shed.settled(document["id"].as_str().unwrap());
    assert_eq!((ending.as_str(), let_on), ("approved", false));
}

#[test]
fn who_may_not_ask_any_more_and_what_is_too_old_is_not_let_on_and_the_record_says_so() {
    let shed = shed(60);
    let mut bolt = shed.sign_in("bolt").listen("#", 1);
    let mut anna = shed.approver("anna");
    let mut panel = shed.sign_in("panel");
    let properties = packet::Properties::default().number(0x02, 1);
    assert!(panel.publish(Message::new(SET, "OPEN").qos(1).with(properties)).taken());
    let short = waiting(&mut anna);
    let asked: jiff::Timestamp = short["asked_at"].as_str().unwrap().parse().unwrap();
    wait_until("its own time is over", mqtt::PATIENCE, || jiff::Timestamp::now().duration_since(asked).as_millis() > 1_100);
    assert!(answers(&mut anna, &short, &answer(&short, "approve")).taken());
    panel.tell("shed/hatch/set", "OPEN");
    let rights = waiting(&mut anna);
    let (code, out) = jamey(shed.house.data(), &["user", "roles", "panel", "--role", "reader"], "");
    assert_eq!(code, 0, "{out}");
    wait_until("panel may not ask any more", mqtt::PATIENCE, || panel.publish(Message::new("t/t", "x").qos(1)).refused());
    assert!(answers(&mut anna, &rights, &answer(&rights, "approve")).taken());
    for document in [short, rights] {
        let (ending, by, let_on) = shed.settled(document["id"].as_str().unwrap());
        assert_eq!((ending.as_str(), by.as_deref(), let_on), ("approved", Some("anna"), false));
    }
    assert_eq!(shed.house.count("select count(*) from verdicts where forwarded_at is not null", []), 0);
    assert!(bolt.rest().iter().all(|m| !m.topic.ends_with("/set")));
}

#[test]
fn a_release_that_the_disk_kept_waiting_is_not_let_on_late() {
    let shed = shed(60);
    let mut bolt = shed.sign_in("bolt").listen(SET, 1);
    let mut anna = shed.approver("anna");
    shed.sign_in("panel").tell(SET, "OPEN");
    let document = waiting(&mut anna);
    let db = rusqlite::Connection::open(shed.house.data().join("jamey.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(!answers(&mut anna, &document, &answer(&document, "approve")).taken(), "nothing is acknowledged that is not on disk");
    let since = std::time::Instant::now();
    wait_until("six seconds are over", mqtt::PATIENCE, || since.elapsed() > Duration::from_secs(6));
    db.execute_batch("ROLLBACK").unwrap();
    wait_until("it is on record", mqtt::PATIENCE, || shed.audited("approval.not_sent") == 1);
    assert_eq!(bolt.rest(), []);
}

#[test]
fn a_release_over_which_its_part_fell_is_not_let_on_and_that_is_on_record() {
    let shed = shed_of(Plan::default().env("JAMEY_TRIAL_FALL", "release:panic@0"), 60, "");
    let mut bolt = shed.sign_in("bolt").listen(SET, 1);
    let mut anna = shed.approver("anna");
    let mut panel = shed.sign_in("panel");
    panel.tell(SET, "OPEN");
    let document = waiting(&mut anna);
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());
    wait_until("it is on record", mqtt::PATIENCE, || shed.audited("approval.not_sent") == 1);
    assert_eq!(bolt.rest(), []);
    panel.tell(SET, "OPEN");
    let document = waiting(&mut anna);
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());
    assert_eq!(bolt.message().text(), "OPEN", "the next goes on");
}

#[test]
fn an_answer_to_an_act_goes_only_where_its_asker_may_speak() {
    let shed = shed(60);
    let mut ear = shed.sign_in("bolt").listen("secret/x", 1);
    let mut carl = shed.sign_in("carl");
    let properties = packet::Properties::default().text(0x08, "secret/x").bytes(0x09, b"c");
    carl.publish(Message::new("jamey/act/hatch/close", "{}").qos(1).with(properties));
    assert_eq!(ear.rest(), [], "carl may not publish there himself");
}

#[test]
fn what_protects_goes_on_when_nobody_answers_and_nothing_speaks_against_it() {
    let shed = shed(2);
    let mut tank = shed.sign_in("bolt").listen("many/+/set", 1);
    let mut panel = shed.sign_in("panel");
    panel.tell("many/1/set", "DRAIN");
    assert_eq!(tank.rest(), [], "a person is asked first");
    assert_eq!(tank.message().text(), "DRAIN");
    assert_eq!(shed.house.count("select count(*) from approvals where answer = 'expired' and let_on = 1", []), 1);
    panel.tell("many/2/set", "DRAIN");
    let mut cellar = shed.house.dial("cellar").v5().user("bob", PASSWORD).open();
    assert!(cellar.publish(Message::new("shed/cellar/leak", "true").qos(1)).taken());
    wait_until("it expires", mqtt::PATIENCE, || shed.audited("approval.expired") == 2);
    assert_eq!(tank.rest(), [], "a veto by then counts");
}

#[test]
fn approvals_do_not_cross_a_bridge_that_carries_everything() {
    let other = mosquitto("").start();
    let bridge =
        format!("[[bridge]]\nname = \"other\"\naddress = \"{}\"\ntopics = [{{ filter = \"#\", direction = \"out\" }}]\n", other.address());
    let shed = shed_with(60, &bridge);
    let mut ear = other.client("ear").listen("#", 1);
    let mut anna = shed.approver("anna");
    shed.sign_in("panel").tell(SET, "OPEN");
    let document = waiting(&mut anna);
    assert!(answers(&mut anna, &document, &answer(&document, "approve")).taken());
    let mut heard = Vec::new();
    while !heard.iter().any(|m: &Message| m.topic == SET) {
        heard.push(ear.message());
    }
    heard.extend(ear.rest());
    let nonce = document["nonce"].as_str().unwrap();
    assert!(heard.iter().any(|m| m.topic == "jamey/status"), "the bridge carries what Jamey says");
    assert!(heard.iter().all(|m| !m.topic.starts_with("jamey/approval/") && !m.text().contains(nonce)), "but not this");
}
