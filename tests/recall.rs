//! Promise: whoever may ask the house what it remembers is answered over MQTT, finds what they were just acknowledged for, and nobody else
//! learns anything; no question is an error that says nothing, and none takes more than its bound.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use support::*;

const ASK: &str = "jamey/memory/recall";
const REPLY: &str = "jamey/memory/recall/reply";
const PASSWORD: &str = "correct horse battery";

/// Asks, and gives the reply.
#[track_caller]
fn ask(client: &mut Mqtt, question: Value) -> Value {
    client.tell(ASK, question.to_string());
    let reply = client.message_on(REPLY).json();
    assert_eq!(reply["transaction"], question.get("transaction").cloned().unwrap_or(Value::Null), "{reply}");
    reply
}

/// Asks what can be answered.
#[track_caller]
fn found(client: &mut Mqtt, question: Value) -> Value {
    let reply = ask(client, question);
    assert_eq!(reply["status"], "ok", "{reply}");
    reply["data"].clone()
}

fn texts(data: &Value) -> Vec<String> {
    data["records"].as_array().unwrap().iter().map(|r| r["text"].as_str().unwrap().to_owned()).collect()
}

fn told(data: &Path, args: &[&str], input: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.arg("--data").arg(data).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    (out.status.code().unwrap(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

#[test]
fn what_was_acknowledged_is_found_by_the_next_question() {
    let mut house = house();
    let mut speaker = house.client("speaker");
    let mut asker = house.dial("asker").v5().open().listen(REPLY, 1);
    let mut took = Vec::new();
    for n in 0..60 {
        speaker.tell("jamey/in/gate/note", format!("{{\"text\": \"parcel number p{n}x came\"}}"));
        let from = Instant::now();
        let data = found(&mut asker, json!({"query": format!("p{n}x"), "transaction": n}));
        took.push(from.elapsed());
        let texts = texts(&data);
        assert!(texts.len() == 1 && texts[0].contains(&format!("p{n}x")), "{data}");
        assert_eq!((&data["records"][0]["entity"], &data["records"][0]["kind"]), (&json!("gate"), &json!("note")));
        // Not faster than one may ask.
        std::thread::park_timeout(Duration::from_millis(40));
    }
    took.sort();
    println!("from question to answer through MQTT: p50 {:?}, p95 {:?}, max {:?}", took[30], took[57], took[59]);
    house.is_well();
}

#[test]
fn a_response_topic_is_honoured_and_then_nobody_else_hears_the_answer() {
    let house = house();
    let mut asker = house.dial("asker").v5().open().listen("asker/answers", 1);
    let mut all = house.client("all").listen("jamey/#", 1);
    asker.tell("jamey/in/gate/note", "{\"text\": \"a parcel came\"}");
    all.rest();
    let question = json!({"query": "parcel", "transaction": "t"}).to_string();
    let asked = |topic: &str| {
        let properties = Properties::default().text(property::RESPONSE_TOPIC, topic).bytes(property::CORRELATION_DATA, b"c7");
        Message::new(ASK, &question).qos(1).with(properties)
    };
    assert!(asker.publish(asked("asker/answers")).taken());
    let answer = asker.message_on("asker/answers");
    assert_eq!(answer.properties.get(property::CORRELATION_DATA), Some(&packet::Value::Bytes(b"c7".to_vec())));
    assert_eq!((&answer.json()["status"], &answer.json()["transaction"]), (&json!("ok"), &json!("t")));
    assert!(all.rest().iter().all(|m| !m.topic.starts_with(ASK)), "the question goes on to nobody, and the answer to its asker alone");
    // Where the asker may not publish, an answer may not be sent for it.
    for topic in ["jamey/status", "jamey/in/gate/note", "homeassistant/switch/x/config", "$SYS/x"] {
        assert!(asker.publish(asked(topic)).taken());
        assert_eq!(all.message_on(REPLY).json()["status"], "ok", "{topic}");
    }
}

#[test]
fn who_may_ask_is_said_by_roles_and_what_may_not_be_heard_is_not_recalled() {
    let folder = tempfile::tempdir().unwrap().keep();
    let users: [(&str, &[&str]); 10] = [
        ("root", &["admin"]),
        ("bob", &["operator"]),
        ("carl", &["human"]),
        ("hass", &["home_assistant"]),
        ("reader", &["reader"]),
        ("probe", &["device"]),
        ("zigbee", &["zigbee2mqtt"]),
        ("approver", &["approver"]),
        ("porter", &["porter"]),
        ("gate", &["device"]),
    ];
    let acl = folder.join("acl.toml");
    let porter = "[roles.porter]\nrules = [\"allow publish %r/memory/recall\", \"allow subscribe %r/memory/recall/reply\", \"allow subscribe %r/in/gate/#\", \"allow all porter/#\"]\n";
    std::fs::write(&acl, porter).unwrap();
    let config = format!("[broker]\nacl = \"{}\"\n", acl.display());
    let file = folder.join("jamey.toml");
    std::fs::write(&file, &config).unwrap();
    for (user, roles) in users {
        let mut args = vec!["--config", file.to_str().unwrap(), "user", "add", user];
        args.extend(roles.iter().flat_map(|role| ["--role", role]));
        let (code, out) = told(&folder, &args, &format!("{PASSWORD}\n"));
        assert_eq!(code, 0, "{out}");
    }
    let house = Plan::default().config(&config).data(&folder).start();
    let sign_in = |user: &str| house.dial(&format!("{user}-client")).v5().user(user, PASSWORD).open();
    let mut root = sign_in("root").listen(REPLY, 1);
    root.tell("jamey/in/root/note", "{\"text\": \"the safe is open\"}");
    for may in ["root", "bob", "carl", "hass"] {
        let mut asker = sign_in(may).listen(REPLY, 1);
        let data = found(&mut asker, json!({"query": "safe"}));
        assert_eq!(texts(&data).len(), 1, "{may}: {data}");
        asker.disconnect();
    }
    root.rest();
    for may_not in ["reader", "probe", "zigbee", "approver"] {
        let mut asker = sign_in(may_not);
        let sent = asker.publish(Message::new(ASK, "{}").qos(1));
        assert!(matches!(sent, Sent::Code(0x87, _)), "{may_not}: {sent:?}");
    }
    assert!(root.rest().iter().all(|m| m.topic != REPLY), "and nobody was answered");
    // The device hears no answer of others either.
    assert_eq!(sign_in("probe").subscribe(&[(REPLY, 1)]), [0x87]);
    let mut root = house.dial("root-again").v5().user("root", PASSWORD).open().listen(REPLY, 1);
    // Two that the porter may not hear, and one that it may: nothing of the answer tells of the two.
    root.tell("jamey/in/root/note", "{\"text\": \"the safe of the safe is safe\"}");
    sign_in("gate").tell("jamey/in/gate/note", "{\"text\": \"somebody asked for the safe\"}");
    let mut porter = sign_in("porter").listen(REPLY, 1).listen("porter/answers", 1);
    let mut answered = |question: Value| {
        let properties = Properties::default().text(property::RESPONSE_TOPIC, "porter/answers");
        assert!(porter.publish(Message::new(ASK, question.to_string()).qos(1).with(properties)).taken());
        porter.message_on("porter/answers").json()["data"].clone()
    };
    for limit in [1, 10] {
        let data = answered(json!({"query": "safe", "limit": limit}));
        assert_eq!((texts(&data).len(), &data["records"][0]["topic"]), (1, &json!("jamey/in/gate/note")), "{data}");
        assert_eq!(data["next"], Value::Null, "no further page is promised");
    }
    assert_eq!(texts(&answered(json!({"entity": "root"}))), Vec::<String>::new(), "it may not hear the topic");
    // What others are told goes by it.
    assert_eq!(texts(&found(&mut root, json!({"query": "safe"}))).len(), 3);
    assert!(porter.rest().iter().all(|m| m.topic != REPLY), "answers to others tell of what it may not hear");
    assert!(house.dial("nobody").v5().try_open().is_err(), "without a name nobody comes in");
}

#[test]
fn every_wrong_question_is_told_what_is_wrong_with_it() {
    let mut house = house();
    let mut asker = house.dial("asker").v5().open().listen(REPLY, 1);
    asker.tell("jamey/in/gate/note", "{\"text\": \"a parcel came\"}");
    for (payload, why) in [
        ("front door", "write a JSON object"),
        ("", "write a JSON object"),
        ("{\"limit\": 201}", "`limit` is a whole number from 1 to 200"),
        ("{\"limit\": \"many\"}", "`limit` is a whole number"),
        ("{\"query\": 7}", "`query` is a text"),
        ("{\"v\": 2}", "`v` is 2, and this Jamey speaks 1"),
        ("{\"from\": \"whenever\"}", "`from`: `whenever` is no time; write"),
        ("{\"cursor\": \"next\"}", "`next` is no cursor: take `next` of an answer as it is"),
        ("{\"verdict\": \"maybe\"}", "`maybe` is no verdict"),
        ("{\"importance\": 2}", "`importance` is a number from 0 to 1"),
    ] {
        asker.tell(ASK, payload);
        let reply = asker.message_on(REPLY).json();
        assert!(reply["status"] == "error" && reply["error"].as_str().unwrap().starts_with(why), "{payload}: {reply}");
    }
    asker.tell(ASK, format!("{{\"query\": \"{}\"}}", "x".repeat(8_192)));
    let reply = asker.message_on(REPLY).json();
    assert!(reply["error"].as_str().unwrap().starts_with("a question has at most 8192 bytes"), "{reply}");
    assert!(asker.publish(Message::new(ASK, "{}").qos(1).retained()).refused(), "it may not be retained");
    assert_eq!(house.client("late").subscribe(&[(ASK, 1)]), [1]);
    let data = found(&mut asker, json!({"query": "parcel importance:9 verdict:maybe", "limit": 200}));
    assert_eq!(data["notes"].as_array().unwrap().len(), 2, "what of a query is not understood is a note: {data}");
    // Whatever a person types is no mistake.
    for query in ["AND OR NOT", "\"", "-", "entity:", "a:b:c", "((((", "*", "\u{0}\u{202e}", "-parcel", "\"came parcel\""] {
        let data = found(&mut asker, json!({"query": query}));
        assert!(data["records"].is_array(), "{query}: {data}");
    }
    house.serves();
}

#[test]
fn who_asks_too_often_is_told_so_and_others_are_answered() {
    let mut house = house();
    let mut greedy = house.dial("greedy").v5().open().listen("greedy/answers", 0);
    let question = |n: u32| {
        let properties = Properties::default().text(property::RESPONSE_TOPIC, "greedy/answers");
        Message::new(ASK, json!({"query": "door", "transaction": n}).to_string()).qos(1).with(properties)
    };
    let (mut told, mut at) = (0, 0);
    wait_until("it is told that it asks too often", PATIENCE, || {
        for _ in 0..60 {
            greedy.post(question(at));
            at += 1;
        }
        while let Some(reply) = greedy.message_within(Duration::from_millis(20)) {
            told += u32::from(reply.json()["error"] == "too many questions: ask again in a second");
        }
        told > 0
    });
    let mut other = house.dial("other").v5().open().listen(REPLY, 1);
    assert_eq!(ask(&mut other, json!({"query": "door"}))["status"], "ok");
    house.serves();
}

#[test]
fn no_way_of_asking_makes_the_house_say_what_it_should_not() {
    let mut house = house();
    let mut all = house.dial("all").v5().open().listen("#", 1);
    let mut asker = house.dial("asker").v5().open();
    asker.tell("jamey/in/keypad/code", "4711");
    asker.tell("jamey/in/keypad/action", "disarm 4711");
    asker.tell("jamey/in/keypad/entry", "{\"userCode\": \"4711\"}");
    all.rest();
    // No topic with a wildcard, and none that is none, ends the house's own connection.
    for topic in ["a/#", "a/+/b", "#", "+", "", "a\u{0}b", "$share/x/y"] {
        let mut hostile = house.dial("hostile").v5().open();
        hostile.post(Message::new(ASK, "{}").qos(1).with(Properties::default().text(property::RESPONSE_TOPIC, topic)));
        hostile.rest();
    }
    all.rest();
    // Asked once at QoS 2 it is answered once, however often it is repeated.
    assert!(asker.publish(Message::new(ASK, "{\"query\": \"keypad\", \"transaction\": 2}").qos(2)).taken());
    let answers: Vec<Message> = all.rest().into_iter().filter(|m| m.topic == REPLY).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(texts(&answers[0].json()["data"]).len(), 3, "{answers:?}");
    assert!(!answers[0].text().contains("4711"), "{answers:?}");
    assert_eq!(ask(&mut house.dial("other").v5().open().listen(REPLY, 1), json!({"query": "4711"}))["data"]["records"], json!([]));
    // A will on Jamey's own answer is refused, and one that asks is a question like any.
    let mut forger = house.dial("forger").v5().will(Message::new(REPLY, "forged").qos(1)).try_open();
    if let Ok(forger) = forger.as_mut() {
        assert!(forger.ping());
    }
    drop(forger);
    house.dial("last").v5().will(Message::new(ASK, "{\"transaction\": \"last\"}").qos(1)).open().vanish();
    assert!(all.rest().iter().all(|m| m.text() != "forged"));
    house.serves();
}

#[test]
fn pages_follow_one_another_and_none_is_larger_than_a_reply_may_be() {
    let house = house();
    let mut speaker = house.client("speaker");
    let topic = |n: usize| format!("jamey/in/shed/{}", format!("k{n}").repeat(12));
    for n in 0..230 {
        speaker.tell(&topic(n), json!({"text": format!("box b{n}y {}", "lorem ipsum ".repeat(60))}).to_string());
    }
    let mut asker = house.dial("asker").v5().open().listen(REPLY, 1);
    for limit in [200, 30] {
        let (mut seen, mut cursor, mut pages) = (BTreeSet::new(), Value::Null, 0);
        loop {
            asker.tell(ASK, json!({"query": "box", "entity": "shed", "limit": limit, "cursor": cursor}).to_string());
            let reply = asker.message_on(REPLY);
            assert!(reply.payload.len() <= 256 * 1_024 + 200, "{} bytes", reply.payload.len());
            let data = reply.json()["data"].clone();
            for record in data["records"].as_array().unwrap() {
                assert!(seen.insert(record["id"].as_str().unwrap().to_owned()), "{record} twice");
            }
            pages += 1;
            cursor = data["next"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert!(seen.len() >= 200 && pages > 1, "limit {limit}: {} records on {pages} pages", seen.len());
        std::thread::park_timeout(Duration::from_millis(500));
    }
}

/// A command that goes well, on the house's own data, as JSON.
#[track_caller]
fn shown(house: &House, args: &[&str]) -> Value {
    let (code, out) = told(house.data(), &[args, &["--json"]].concat(), "");
    assert_eq!(code, 0, "{args:?}: {out}");
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}"))
}

#[test]
fn what_was_recalled_counts_as_used_and_a_question_that_found_nothing_counts_nothing() {
    let mut house = house();
    let mut asker = house.dial("asker").v5().open().listen(REPLY, 1);
    for n in 0..5 {
        asker.tell("jamey/in/gate/note", format!("{{\"text\": \"parcel number p{n}x came\"}}"));
    }
    let uses = |house: &House| house.count("select count(*) from memory_uses", []);
    found(&mut asker, json!({"query": "nothing of the kind"}));
    let data = found(&mut asker, json!({"query": "p3x"}));
    let id = data["records"][0]["id"].as_str().unwrap().to_owned();
    wait_until("the recall is counted", PATIENCE, || uses(&house) == 1);
    let recalled = |house: &House| shown(house, &["memory", "show", &id])["recalled"].as_u64().unwrap();
    assert_eq!(recalled(&house), 1);
    // Each batch counts a record once, however often it was asked for.
    let before = recalled(&house);
    for _ in 0..3 {
        found(&mut asker, json!({"query": "p3x"}));
    }
    wait_until("and again", PATIENCE, || recalled(&house) > before);
    let (code, out) = told(house.data(), &["recall", "p4x"], "");
    assert!(code == 0 && out.contains("p4x"), "{out}");
    house.stop();
    house.start();
    assert_eq!(uses(&house), 1, "it outlives a restart, and what is looked at on the host is not counted");
    house.is_well();
}

#[test]
fn memory_is_looked_at_and_its_index_made_anew_whether_the_house_runs_or_not() {
    let mut house = house();
    let mut speaker = house.client("speaker");
    for n in 0..50 {
        speaker.tell("jamey/in/gate/note", format!("{{\"text\": \"parcel number p{n}x came\"}}"));
    }
    for runs in [true, false] {
        if !runs {
            house.stop();
        }
        let stats = shown(&house, &["memory", "stats"]);
        let all: u64 = stats["records"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(stats["running"]["recalls"].is_u64(), runs, "{stats}");
        assert!(all >= 50, "{all}");
        let verified = shown(&house, &["memory", "verify"]);
        assert_eq!((&verified["good"], verified["records"].as_u64().unwrap() >= 50), (&json!(true), true), "{verified}");
        let built = shown(&house, &["memory", "rebuild"]);
        assert!(built["records"].as_u64().unwrap() >= 50, "{built}");
        assert_eq!(shown(&house, &["memory", "verify"])["good"], true);
        let found = shown(&house, &["recall", "p7x", "--entity", "gate", "--kind", "note", "--since", "yesterday", "--limit", "3"]);
        assert_eq!(texts(&found).len(), 1, "{found}");
        assert_eq!(found["v"], 1);
    }
    // An index that lacks something is seen, and one that is gone is told of.
    std::fs::remove_dir_all(house.data().join("index")).unwrap();
    let (code, out) = told(house.data(), &["memory", "verify"], "");
    assert!(code == 1 && out.contains("jamey memory rebuild"), "{out}");
    assert!(shown(&house, &["memory", "rebuild"])["records"].as_u64().unwrap() >= 50);
    let record = "insert into memory_records (id, at, entity, kind, topic, body_kind, payload, text, importance, layer, requester, client_id, qos, retained)
                  values (x'01900000000070008000000000000001', 0, 'x', 'y', 't', 'text', x'', 'smuggled', 0.5, 'short_term', 'x', 'x', 0, 0)";
    rusqlite::Connection::open(house.data().join("jamey.db")).unwrap().execute(record, []).unwrap();
    let (code, out) = told(house.data(), &["memory", "verify"], "");
    assert!(code == 1 && out.contains("the database has it, and the index does not"), "{out}");
    let (code, out) = told(house.data(), &["recall", "p7x", "--since", "whenever"], "");
    assert!(code == 1 && out.contains("--since: `whenever` is no time"), "{out}");
    let (code, out) = told(Path::new("/nowhere/at/all"), &["memory", "stats"], "");
    assert!(code == 1 && out.contains("has Jamey run with this data folder?"), "{out}");
}

#[test]
fn the_owner_keeps_and_forgets_single_memories_whether_the_house_runs_or_not() {
    let mut house = house();
    let mut speaker = house.client("speaker");
    for n in 0..6 {
        speaker.tell("jamey/in/gate/note", format!("{{\"text\": \"parcel p{n}x came, Zq7xMark{n}\"}}"));
    }
    let id_of = |house: &House, n: u32| shown(house, &["recall", &format!("p{n}x")])["records"][0]["id"].as_str().unwrap().to_owned();
    for (runs, kept, goes) in [(true, 0, 1), (false, 2, 3)] {
        if !runs {
            house.stop();
        }
        let (kept_id, gone_id) = (id_of(&house, kept), id_of(&house, goes));
        assert_eq!(shown(&house, &["memory", "pin", &kept_id])["records"], json!([kept_id]));
        assert_eq!(shown(&house, &["memory", "show", &kept_id])["pinned"], true);
        assert_eq!(shown(&house, &["recall", &format!("p{kept}x")])["records"][0]["pinned"], true);
        shown(&house, &["memory", "unpin", &kept_id]);
        assert_eq!(shown(&house, &["memory", "show", &kept_id])["pinned"], false);
        let (code, out) = told(house.data(), &["forget", "--record", &gone_id], "");
        assert!(code == 1 && out.contains("say --yes"), "{out}");
        let (code, out) = told(house.data(), &["forget", "--yes", "--record", &gone_id], "");
        assert!(code == 0 && out.contains("1 memory is forgotten") && out.contains("snapshots made before"), "{out}");
        let (code, out) = told(house.data(), &["memory", "show", &gone_id], "");
        assert!(code == 1 && out.contains("forgotten"), "{out}");
        assert_eq!(shown(&house, &["recall", &format!("p{goes}x")])["records"], json!([]));
        let (code, out) = told(house.data(), &["forget", "--yes", "--record", &gone_id], "");
        assert!(code == 1 && out.contains("none of them is there"), "{out}");
        let db = std::fs::read(house.data().join("jamey.db")).unwrap();
        let mark = format!("Zq7xMark{goes}");
        assert!(!db.windows(mark.len()).any(|w| w == mark.as_bytes()), "no free page holds {mark}");
        assert_eq!(
            house.count("select count(*) from audit_log where action = 'memory.forgotten' and actor = 'owner'", []),
            i64::from(goes / 3) + 1
        );
    }
    let (code, out) = told(house.data(), &["forget", "gate", "--yes"], "");
    assert!(code == 0 && out.contains("gate is forgotten"), "{out}");
    let ids: Vec<String> = (0..201).map(|n| format!("01900000-0000-7000-8000-{n:012}")).collect();
    let (code, out) = told(house.data(), &[&["memory", "pin"], &ids.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat(), "");
    assert!(code == 1 && out.contains("at most 200 at a time"), "{out}");
    house.start();
    let (code, out) = told(house.data(), &["audit", "verify"], "");
    assert!(code == 0 && out.contains("good"), "{out}");
    house.serves();
}

/// The words of a command line: single and double quotes hold them together, `#` begins a remark.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            ('#', None) if word.is_none() => break,
            ('\'' | '"', None) => (quote, word) = (Some(c), Some(word.unwrap_or_default())),
            (c, Some(q)) if c == q => quote = None,
            (' ', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn the_examples_of_the_page_work_as_they_stand() {
    let house = house();
    let mut asker = house.dial("asker").v5().open().listen(REPLY, 1);
    asker.tell("jamey/in/gate/note", "{\"text\": \"a parcel came to the front door\"}");
    let page = include_str!("../docs/memory.md");
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let (mut ran, mut asked) = (0, 0);
    for line in blocks.flat_map(str::lines) {
        let words = words(line);
        match words[0].as_str() {
            "jamey" => {
                let id = found(&mut asker, json!({"query": "parcel"}))["records"][0]["id"].clone();
                let args: Vec<&str> = words[1..].iter().map(|w| if w == "ID" { id.as_str().unwrap() } else { w }).collect();
                let (code, out) = told(house.data(), &args, "");
                assert_eq!(code, 0, "{line}: {out}");
                if args.contains(&"--record") {
                    asker.tell("jamey/in/gate/note", "{\"text\": \"another parcel came to the front door\"}");
                }
                ran += 1;
            }
            "mosquitto_pub" => {
                assert_eq!((words[1].as_str(), words[2].as_str(), words[3].as_str()), ("-t", ASK, "-m"));
                found(&mut asker, serde_json::from_str(&words[4]).unwrap());
                asked += 1;
            }
            other => panic!("{other} is not tried by this test"),
        }
    }
    assert!(ran >= 15 && asked >= 3, "{ran} {asked}");
}

#[test]
fn what_is_at_hand_is_told_and_never_given_back_once_it_is_forgotten() {
    let house = house();
    let mut asker = house.dial("asker").v5().open().listen(REPLY, 1).listen("jamey/system", 0);
    for n in 0..20 {
        asker.tell("jamey/in/gate/note", format!("{{\"text\": \"parcel p{n}x came\"}}"));
    }
    let ids: BTreeSet<String> = (0..3)
        .flat_map(|_| {
            let data = found(&mut asker, json!({"query": "parcel", "limit": 100}));
            assert_eq!(texts(&data).len(), 20);
            data["records"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let memory = loop {
        let memory = asker.message_on("jamey/system").json()["memory"].clone();
        if memory["recalls"].as_u64().unwrap() >= 3 && !memory["oldest_at"].is_null() {
            break memory;
        }
    };
    assert!(memory["working_hit_rate"].as_f64().unwrap() > 0.4 && memory["working_bytes"].as_u64().unwrap() > 0, "{memory}");
    for key in ["database_bytes", "index_bytes", "index_records", "index_lag", "recall_p50_micros", "pinned", "oldest_at"] {
        assert!(!memory[key].is_null(), "{key}: {memory}");
    }
    assert!(memory["records"]["working"].is_u64() || memory["records"]["short_term"].is_u64(), "{memory}");
    let gone = ids.first().unwrap();
    shown(&house, &["forget", "--yes", "--record", gone]);
    let left = found(&mut asker, json!({"query": "parcel", "limit": 100}));
    assert!(texts(&left).len() == 19 && left["records"].as_array().unwrap().iter().all(|r| r["id"] != **gone), "{left}");
    let (code, out) = told(house.data(), &["forget", "gate", "--yes"], "");
    assert_eq!(code, 0, "{out}");
    assert_eq!(found(&mut asker, json!({"query": "parcel", "limit": 100}))["records"], json!([]));
}

#[test]
fn the_mind_counts_each_memory_once_a_batch_and_no_more_than_may_be_counted() {
    use jamey::{
        app,
        config::Config,
        domain::{Change, Input, Timestamp, limits},
        mind::{Mind, State},
    };
    use uuid::Uuid;
    let config = Config::default();
    let at = |seconds| Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds);
    let sets = app::rules::sets(&config).unwrap();
    let mut mind = Mind::new(app::settings(&config).unwrap(), sets.live, State::new(at(0)));
    mind.take_changes();
    let before = mind.state().clone();
    let recall = |mind: &mut Mind, seconds, ids: std::ops::Range<u128>| {
        mind.step(&Input::Recalled { at: at(seconds), records: ids.map(Uuid::from_u128).collect() });
    };
    let taken = |mind: &mut Mind| -> Vec<(Uuid, Timestamp)> {
        let changes = mind.take_changes().into_iter();
        changes.flat_map(|change| if let Change::Recalled(records) = change { records } else { panic!("{change:?}") }).collect()
    };
    recall(&mut mind, 1, 0..3);
    recall(&mut mind, 2, 2..4);
    let told = taken(&mut mind);
    assert_eq!(told, [(0, 1), (1, 1), (2, 2), (3, 2)].map(|(id, s)| (Uuid::from_u128(id), at(s))));
    assert_eq!(taken(&mut mind), []);
    recall(&mut mind, 3, 0..limits::RECALLED as u128 + 1);
    assert_eq!(taken(&mut mind).len(), limits::RECALLED, "one past a page");
    for page in 0..10 {
        recall(&mut mind, 4, page * 200..(page + 1) * 200);
    }
    assert_eq!(taken(&mut mind).len(), limits::RECALLED_A_BATCH, "and past a batch");
    recall(&mut mind, 0, 0..1);
    assert_eq!(taken(&mut mind), [(Uuid::from_u128(0), at(4))], "a clock set back does not take it along");
    let mut after = serde_json::to_value(mind.state()).unwrap();
    let mut then = serde_json::to_value(&before).unwrap();
    [&mut after, &mut then].into_iter().for_each(|state| drop(state.as_object_mut().unwrap().remove("now")));
    let differs: Vec<&String> = then.as_object().unwrap().keys().filter(|key| then[*key] != after[*key] && *key != "soul").collect();
    assert!(differs.is_empty(), "a recall teaches the mind nothing: {differs:?}");
}
