//! Promise: the host burns, the house is kept. From a repository and its key alone every memory, opinion, rule and retained message comes back,
//! and who was away finds what waited.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "phoenix_bare_host/load.rs"]
mod load;
#[path = "phoenix_bare_host/old.rs"]
mod old;
mod support;

use jamey::{
    app::{self, Entered},
    domain::{Input, Outcome, limits},
    mind::Mind,
    store::{self, Look, Reader},
};
use old::{PASSWORD, Place, QUEUED, deaf, jamey, live, people, phone, read, sign_in};
use rusqlite::{Connection, OpenFlags, types::Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use support::{
    web::{Answer, say},
    *,
};
use uuid::Uuid;

/// Every row of what must be equal. Of what the soul holds the words that a tick may change are left out.
const KEPT: [&str; 12] = [
    "SELECT * FROM memory_records ORDER BY id",
    "SELECT * FROM verdicts ORDER BY percept, ordinal",
    "SELECT * FROM contexts ORDER BY id",
    "SELECT entity, standing, belief, disbelief, uncertainty, base_rate, events FROM soul_entities ORDER BY entity",
    "SELECT * FROM users ORDER BY 1",
    "SELECT * FROM tokens ORDER BY 1",
    "SELECT * FROM held ORDER BY 1",
    "SELECT * FROM approvals ORDER BY 1",
    "SELECT * FROM devices ORDER BY id",
    "SELECT * FROM device_states ORDER BY 1",
    "SELECT * FROM relations ORDER BY 1, 2, 3",
    "SELECT * FROM entity_names ORDER BY 1",
];

fn rows(data: &Path) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
    let db = Connection::open_with_flags(data.join(store::FILE), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    KEPT.iter()
        .map(|sql| {
            let mut statement = db.prepare(sql).unwrap();
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| (0..columns).map(|i| row.get(i)).collect::<Result<Vec<Value>, _>>()).unwrap();
            (*sql, rows.map(Result::unwrap).collect())
        })
        .collect()
}

/// What others retain, as topic and payload.
fn retained(house: &House) -> BTreeMap<String, Vec<u8>> {
    let mut ear = sign_in(house, "root").listen("#", 1);
    assert!(ear.ping());
    let all = ear.rest().into_iter().map(|m| (m.topic, m.payload));
    // What Jamey says of itself it says anew, each house in its own time.
    let own =
        |topic: &str| topic.starts_with("homeassistant/device/jamey_") || topic.starts_with("jamey/") && !topic.starts_with("jamey/in/");
    all.filter(|(topic, _)| !own(topic)).collect()
}

/// What the owner sets by HTTP, beside what the config names.
const OWN_RULES: &str = "[[rule]]\nid = \"no-sauna\"\nduty = \"security\"\nkind = \"veto\"\npolarity = -1\nweight = 10\nseverity = 1.0\nwhen = \"act.target == 'sauna'\"\n";

fn of_root(method: &str, more: &str, body: &str) -> String {
    let key = data_encoding::BASE64.encode(format!("root:{PASSWORD}").as_bytes());
    format!("{method} /v1/rules/source HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {key}\r\n{more}\r\n{body}")
}

fn own_rules(house: &House) -> Answer {
    let answer = say(house.http(), of_root("GET", "", "").as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

fn set_own_rules(house: &House) {
    let (tag, body) = (own_rules(house).header("etag").unwrap().to_owned(), serde_json::json!({"text": OWN_RULES}).to_string());
    let more = format!("If-Match: {tag}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let answer = say(house.http(), of_root("PUT", &more, &body).as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Lives the recorded inputs again; what each percept came to.
fn replayed(reader: &Reader, config: &jamey::config::Config) -> BTreeMap<Uuid, Outcome> {
    let (mut outcomes, mut mind) = (BTreeMap::new(), None::<Mind>);
    for entry in reader.journal(0, 100_000).unwrap().iter().flat_map(|(_, block)| app::read_journal(block).unwrap()) {
        match entry {
            Entered::State(state) => mind = Some(Mind::revived(app::settings(config).unwrap(), *state).unwrap()),
            Entered::Input(input) => {
                let outcome = mind.as_mut().expect("a journal begins with a state").step(&input);
                if let Input::Percept(percept) = input {
                    outcomes.insert(percept.id, outcome);
                }
            }
        }
    }
    outcomes
}

#[test]
fn a_house_that_burned_is_there_again() {
    let place = Place::new();
    let data = place.owners.path().join("data");
    fs::create_dir(&data).unwrap();
    let config = place.config("");
    people(&place, &data);
    let house = Plan::default().enforce().config(&config).data(&data).start();
    let _deaf = live(&house);
    set_own_rules(&house);
    let was_retained = retained(&house);
    assert!(was_retained.len() > 41, "{was_retained:?}");
    place.snapshot(&house);
    let (was, was_held) = (rows(house.data()), house.count("SELECT count(*) FROM held", []));
    assert_eq!(
        was_held,
        1,
        "{:?}",
        house.db().query_row("SELECT decision || reason FROM verdicts WHERE target = 'bolt'", [], |row| row.get::<_, String>(0))
    );
    let rules = |config: &Path, data: &Path| {
        let (config, data) = (config.to_str().unwrap(), data.to_str().unwrap());
        jamey(Path::new("/"), &["rules", "list", "--json", "--config", config, "--data", data], "")
    };
    let had_rules = rules(&place.config_file(), house.data());
    assert!(had_rules.contains("no-tv-at-all") && had_rules.contains("no-sauna"));

    // Everything burns but the repository and its key.
    drop(house);
    fs::remove_dir_all(place.owners.path()).unwrap();
    let ground = tempfile::tempdir().unwrap();
    let home = ground.path().join("home");
    let told = place.restore(&home);
    let kept = |what: &str| told["components"]["broker"]["counts"][what].as_u64().unwrap();
    assert_eq!((kept("queued"), kept("in_flight"), kept("sessions")), (u64::from(QUEUED), 1, 2), "{told}");
    assert_eq!(store::faults(&home.join(store::FILE), Look::Thorough).unwrap(), Vec::<String>::new());
    for (sql, had) in &was {
        assert!(rows(&home)[sql] == *had, "{sql}");
    }
    let config = home.join("config/jamey.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.starts_with("# This is the old house's.") && !text.contains(data.to_str().unwrap()), "{text}");
    let note = fs::read_to_string(home.join("RESTORED.txt")).unwrap();
    assert!(note.contains("--guard enforce"), "the old house enforced by a flag: {note}");

    let mut house = Plan::default().enforce().config(&text).data(&home).start();
    let (old_place, place_now) = (place.owners.path().join("rules.toml"), home.join("rules/00-rules.toml"));
    let has_rules = rules(&config, &home).replace(place_now.to_str().unwrap(), old_place.to_str().unwrap());
    assert!(has_rules == had_rules, "{has_rules}");
    assert_eq!(own_rules(&house).json()["text"], OWN_RULES);
    assert_eq!(retained(&house), was_retained);
    let mut phone = phone(&house).open();
    assert!(phone.session_present, "its session waited for it");
    let letters: Vec<u8> = phone.messages(usize::from(QUEUED)).into_iter().map(|m| m.payload[0]).collect();
    assert_eq!(letters, (0..QUEUED).collect::<Vec<_>>());
    let mut panel = sign_in(&house, "panel");
    assert!(panel.publish(Message::new("post/letter", "new").qos(1)).taken());
    assert_eq!(phone.message().text(), "new", "its subscription holds");
    let mut deaf = deaf(&house).open();
    assert_eq!((deaf.session_present, deaf.message().text().as_str()), (true, "flying"));

    // What was held waits still, and a person's word lets it on.
    let id: Vec<u8> = house.db().query_row("SELECT percept FROM held", [], |row| row.get(0)).unwrap();
    let mut bolt = sign_in(&house, "root").listen("bolt/1/set", 1);
    let id = Uuid::from_slice(&id).unwrap().to_string();
    jamey(place.safe.path(), &["--data", home.to_str().unwrap(), "approval", "approve", &id], "");
    assert_eq!(bolt.message().text(), "WHAT");
    assert!(house.dial("x").v5().user("anna", "not hers").try_open().is_err());
    assert!(house.dial("x").v5().user("anna", PASSWORD).try_open().is_ok());
    house.is_well();
    house.stop();

    let audit = jamey(place.safe.path(), &["--data", home.to_str().unwrap(), "audit", "verify"], "");
    assert!(house.count("SELECT count(*) FROM audit_log WHERE action = 'phoenix.restored'", []) == 1, "{audit}");

    // The recorded day of the old life is judged as it was.
    let reader = Reader::open(&home).unwrap();
    let config = read(&config);
    let again = replayed(&reader, &config);
    let old: BTreeSet<Uuid> = was[KEPT[1]]
        .iter()
        .map(|row| match &row[0] {
            Value::Blob(id) => Uuid::from_slice(id).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    let mut compared = 0;
    for row in reader.verdicts(100_000, None).unwrap().into_iter().filter(|row| old.contains(&row.percept)) {
        if usize::from(row.ordinal) < limits::AGAIN {
            let judged = &again[&row.percept].judged[usize::from(row.ordinal)];
            assert_eq!(
                (&judged.verdict, &judged.facts, &judged.request),
                (&row.verdict, &row.facts, &row.request),
                "percept {}",
                row.percept
            );
            compared += 1;
        }
    }
    assert!(compared > 65, "{compared}");
}
