//! Promise: once there is a user, nobody comes in unproved, everyone may just what the roles say, and what is taken away is gone at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use support::{
    zigbee::{DOOR, announce},
    *,
};

const PASSWORD: &str = "correct horse battery";

/// One command on a data folder: exit code, standard output, standard error.
fn jamey(data: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jamey"))
        .arg("--data")
        .arg(data)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

#[track_caller]
fn done(data: &Path, args: &[&str], input: &str) -> String {
    let (code, out, err) = jamey(data, args, input);
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out
}

fn add(data: &Path, name: &str, roles: &[&str]) {
    let mut args = vec!["user", "add", name];
    args.extend(roles.iter().flat_map(|role| ["--role", role]));
    done(data, &args, &format!("{PASSWORD}\n"));
}

/// A house with these users, in enforce mode.
fn peopled(users: &[(&str, &[&str])]) -> House {
    let folder = tempfile::tempdir().unwrap().keep();
    for (name, roles) in users {
        add(&folder, name, roles);
    }
    Plan::default().enforce().data(&folder).start()
}

fn sign_in(house: &House, user: &str) -> Mqtt {
    house.dial(&format!("{user}-client")).v5().user(user, PASSWORD).open()
}

#[test]
fn nobody_comes_in_unproved() {
    let house = peopled(&[("anna", &["human"]), ("bob", &["human"])]);
    let code = |dial: mqtt::Dial| match dial.try_open() {
        Err(Sent::Code(code, _)) => code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => 0,
    };
    let v3 = || house.dial("someone");
    let v5 = || house.dial("someone").v5();
    assert_eq!(code(v5().user("anna", PASSWORD)), 0);
    assert_eq!(code(v3().user("anna", PASSWORD)), 0);
    assert_eq!(code(v5().user("anna", "wrong")), 0x86);
    assert_eq!(code(v3().user("anna", "wrong")), 4, "3.1.1: bad user name or password");
    assert_eq!(code(v5().user("carl", PASSWORD)), 0x86);
    assert_eq!(code(v5().user("anna", "")), 0x86);
    assert_eq!(code(v5().user("$jamey", PASSWORD)), 0x87);
    assert_eq!(code(house.dial("the-tv").v5().user("anna", PASSWORD)), 0);
    assert_eq!(code(house.dial("the-tv").v5().user("bob", PASSWORD)), 0x85, "a client id with its session is its user's");
    for user in ["anna", "bob"] {
        assert_eq!(code(house.dial("").v5().user(user, PASSWORD)), 0, "{user} brings no client id");
    }
    assert_eq!(code(v5()), 0x87, "the role anonymous may nothing");
    assert_eq!(code(v3()), 5, "3.1.1: not authorised");
}

#[test]
fn first_start_beyond_loopback_wants_a_user_and_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_jamey"))
            .args(["run", "--mqtt", "0.0.0.0:0", "--http", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let out = start().wait_with_output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(said.contains(&format!("jamey --data {} user add anna --role admin", folder.path().display())), "{said}");

    // What it said helps, as it stands.
    add(folder.path(), "anna", &["admin"]);
    let mut child = start();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
    assert!(line.starts_with("ready mqtt=0.0.0.0:"), "{line}");
    let port: u16 = line.split(' ').nth(1).unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let at = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    assert!(mqtt::dial(at, "x").v5().try_open().is_err(), "nobody without a user, also from here");
    assert!(mqtt::dial(at, "x").v5().user("anna", PASSWORD).try_open().is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_device_speaks_as_itself_and_hears_what_is_its_own() {
    let house = peopled(&[("lamp", &["device"]), ("bridge", &["zigbee2mqtt"]), ("anna", &["human"])]);
    let mut lamp = sign_in(&house, "lamp");
    for (topic, code) in [
        ("jamey/in/lamp/power", 0),
        ("lamp/state", 0),
        ("tele/lamp/STATE", 0),
        ("jamey/in/other/power", 0x87),
        ("tele/other/STATE", 0x87),
        ("homeassistant/lock/x/config", 0x87),
        ("jamey/status", 0x87),
        ("jamey/cmd/restart", 0x87),
        ("jamey/approval/1/answer", 0x87),
    ] {
        let sent = lamp.publish(Message::new(topic, "1").qos(1));
        assert!(matches!(sent, Sent::Code(c, _) if c == code || (code == 0 && c == 0x10)), "{topic}: {sent:?}");
    }
    assert_eq!(house.count("SELECT count(*) FROM memory_records WHERE entity = 'other'", []), 0, "nobody was forged");

    assert_eq!(lamp.subscribe(&[("cmnd/lamp/#", 1), ("other/x/#", 1), ("#", 1), ("$share/g/other/x", 1)]), [1, 0x87, 1, 0x87]);
    lamp.rest();
    let mut anna = sign_in(&house, "anna");
    assert_eq!(anna.subscribe(&[("jamey/approval/#", 1), ("jamey/#", 1)]), [0x87, 1]);
    let mut bridge = sign_in(&house, "bridge");
    bridge.tell("zigbee2mqtt/secret", "1");
    bridge.tell("jamey/in/motion/state", "ON");
    for qos in 0..3 {
        bridge.publish(Message::new("zigbee2mqtt/lamp", format!("for the lamp {qos}")).qos(qos));
        bridge.publish(Message::new("zigbee2mqtt/else", "not for it").qos(qos).retained());
    }
    // 64 messages are under way at most: were those that it may not hear not acknowledged for it, it would hear nothing more.
    let mut heard = 0;
    for n in 0..200 {
        bridge.publish(Message::new("zigbee2mqtt/else", n.to_string()).qos(1 + n % 2));
    }
    bridge.publish(Message::new("zigbee2mqtt/lamp", "the last").qos(2));
    while let Some(message) = lamp.message_within(PATIENCE) {
        assert!(message.topic.split('/').any(|level| level == "lamp"), "{}: {}", message.topic, message.text());
        heard += 1;
        if message.text() == "the last" {
            break;
        }
    }
    assert_eq!(heard, 4);
}

#[test]
fn only_who_describes_devices_is_believed_and_forging_costs_trust() {
    let house = peopled(&[("bridge", &["zigbee2mqtt"]), ("lamp", &["device"]), ("anna", &["human"])]);
    announce(&mut sign_in(&house, "bridge"), &[DOOR]);
    let mut lamp = sign_in(&house, "lamp");
    lamp.publish(Message::new("jamey/in/front_door/state", "LOCKED").qos(1));
    lamp.tell("jamey/in/lamp/power", "1");
    let disbelief = || house.count("SELECT CAST(1000 * max(disbelief) AS INTEGER) FROM soul_entities WHERE entity = 'lamp'", []);
    wait_until("the lamp is believed less", PATIENCE, || disbelief() > 0);

    // Anna is a person; asked with her role, the conscience knows it.
    let mut anna = sign_in(&house, "anna");
    anna.tell("jamey/act/front_door/lock", "{}");
    let facts = |column: &str| {
        let sql = format!("SELECT {column} FROM verdicts WHERE requester = 'anna'");
        house.db().query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
    };
    let facts: Value = serde_json::from_str(&facts("facts")).unwrap();
    assert_eq!((&facts["req"]["client"], &facts["req"]["role"], &facts["req"]["human"]), (&"anna".into(), &"human".into(), &true.into()));
    assert_eq!(facts["req"]["delegated"], false);
}

#[test]
fn tokens_give_their_scopes_until_they_end() {
    let house = peopled(&[("anna", &["human", "operator"]), ("bob", &["reader"])]);
    let data = house.data();
    let create = |args: &[&str]| done(data, &[&["token", "create"], args].concat(), "").trim().to_owned();
    let all = create(&["--user", "anna", "--label", "phone"]);
    let scoped = create(&["--user", "anna", "--role", "human"]);
    assert!(all.starts_with("jamey_") && all.len() == 70, "{all}");
    let come = |user: &str, token: &str| house.dial("phone").v5().user(user, token).try_open();
    let wait_in = |token: &str| {
        wait_until("the token is known", PATIENCE, || come("anna", token).is_ok());
        come("anna", token).unwrap()
    };
    let operates = |client: &mut Mqtt| client.publish(Message::new("jamey/cmd/x", "{}").qos(1)).taken();
    assert!(operates(&mut wait_in(&all)));
    let mut scoped_client = wait_in(&scoped);
    assert!(!operates(&mut scoped_client));
    assert!(come("bob", &all).is_err(), "a token is one user's");
    let (code, _, err) = jamey(data, &["token", "create", "--user", "bob", "--role", "operator"], "");
    assert!(code == 1 && err.contains("bob does not have the role `operator`"), "{err}");

    let list: Value = serde_json::from_str(&done(data, &["token", "list", "--json"], "")).unwrap();
    assert_eq!(list["tokens"].as_array().unwrap().len(), 2);
    let stored = format!("{list}{}", String::from_utf8_lossy(&std::fs::read(data.join("jamey.db")).unwrap()));
    assert!(!stored.contains(&all) && !house.said().contains(&all), "shown once, stored as a hash, never logged");

    let mut client = come("anna", &all).unwrap().listen("#", 1);
    client.rest();
    for token in list["tokens"].as_array().unwrap() {
        done(data, &["token", "revoke", token["id"].as_str().unwrap()], "");
    }
    wait_until("nobody comes in with it", PATIENCE, || come("anna", &all).is_err() && come("anna", &scoped).is_err());
    sign_in(&house, "anna").tell("jamey/in/anna/note", "after");
    assert!(!client.rest().iter().any(|m| m.text() == "after"), "who is in hears no more");
    assert!(!client.publish(Message::new("jamey/in/anna/x", "1").qos(1)).taken());
}

#[test]
fn what_is_taken_away_is_gone_at_once() {
    let mut house = peopled(&[("anna", &["human"]), ("bob", &["human"])]);
    let mut bob = sign_in(&house, "bob").listen("jamey/in/#", 1);
    bob.tell("jamey/in/bob/note", "1");
    done(house.data(), &["user", "roles", "bob", "--role", "reader"], "");
    wait_until("bob only listens", PATIENCE, || !bob.publish(Message::new("jamey/in/bob/note", "2").qos(1)).taken());
    let mut anna = sign_in(&house, "anna");
    anna.tell("jamey/in/anna/note", "3");
    wait_until("bob hears anna", PATIENCE, || bob.rest().iter().any(|m| m.text() == "3"));

    done(house.data(), &["user", "password", "anna"], "another password\n");
    wait_until("anna's old password lost its force", PATIENCE, || !anna.publish(Message::new("jamey/in/anna/note", "4").qos(1)).taken());
    assert!(house.dial("a").v5().user("anna", PASSWORD).try_open().is_err());
    assert!(house.dial("a").v5().user("anna", "another password").try_open().is_ok());

    done(house.data(), &["user", "remove", "bob"], "");
    wait_until("bob is out", PATIENCE, || house.dial("b").v5().user("bob", PASSWORD).try_open().is_err());
    house.is_well();
}

#[test]
fn the_last_users_removal_opens_no_door_that_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    add(folder.path(), "bob", &["reader"]);
    let house = Plan::default().config("[broker]\nanonymous = false\n").data(folder.path()).start();
    let mut bob = sign_in(&house, "bob");
    done(folder.path(), &["user", "remove", "bob"], "");
    wait_until("bob is out", PATIENCE, || house.dial("b").v5().user("bob", PASSWORD).try_open().is_err());
    assert!(!bob.publish(Message::new("jamey/in/bob/note", "1").qos(1)).taken(), "he had not this right, and has none now");
    assert!(house.dial("anyone").v5().try_open().is_err());
}

#[test]
fn an_access_list_is_taken_over_when_it_changes_and_refused_whole_when_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("acl.toml");
    std::fs::write(&file, "[roles.gate]\nrules = [\"allow publish gate/%u\"]\n").unwrap();
    let config = format!("[broker]\nacl = \"{}\"\n", file.display());
    let data = folder.path().join("data");
    let toml = folder.path().join("jamey.toml");
    std::fs::write(&toml, &config).unwrap();
    let flag = ["--config", toml.to_str().unwrap()];
    done(&data, &[&flag[..], &["user", "add", "gate1", "--role", "gate"]].concat(), &format!("{PASSWORD}\n"));
    done(&data, &[&flag[..], &["user", "add", "eye", "--role", "admin"]].concat(), &format!("{PASSWORD}\n"));
    let house = Plan::default().config(&config).data(&data).start();
    let mut gate = sign_in(&house, "gate1");
    let mut eye = sign_in(&house, "eye").listen("jamey/alert/lists", 1);
    assert!(gate.publish(Message::new("gate/gate1", "1").qos(1)).taken());
    assert!(!gate.publish(Message::new("other", "1").qos(1)).taken());

    std::fs::write(&file, "[roles.gate]\nrules = [\"allow shout #\"]\n").unwrap();
    wait_until("the mistake is told", PATIENCE, || house.said().contains("the old access lists stay"));
    assert!(house.said().contains("roles.gate.rules[0]"), "with its place");
    assert!(eye.message().text().contains("roles.gate.rules[0]"), "who does not read the log is told too");
    let on_record = || house.count("select count(*) from audit_log where action = 'change.refused' and subject = 'lists'", []);
    wait_until("it is on record", PATIENCE, || on_record() == 1);
    assert!(gate.publish(Message::new("gate/gate1", "1").qos(1)).taken());

    std::fs::write(&file, "[roles.gate]\nrules = [\"allow publish other\"]\n").unwrap();
    wait_until("the new list counts", PATIENCE, || gate.publish(Message::new("other", "1").qos(1)).taken());
    assert!(eye.message().payload.is_empty(), "it is over");
    assert!(!gate.publish(Message::new("gate/gate1", "1").qos(1)).taken());
}

#[test]
fn a_right_that_is_taken_away_leaves_no_verdict_that_is_not_true() {
    let folder = tempfile::tempdir().unwrap();
    let (file, toml, data) = (folder.path().join("acl.toml"), folder.path().join("jamey.toml"), folder.path().join("data"));
    let list = |may: &str| format!("[roles.gate]\nrules = [\"{may}\", \"allow subscribe lights/#\"]\n");
    std::fs::write(&file, list("allow publish #")).unwrap();
    let guard = "[[guard]]\ntopic = \"lights/+/set\"\nclass = \"light\"\npayloads = { ON = \"on\" }\n";
    let config = format!("[broker]\nacl = \"{}\"\n{guard}", file.display());
    std::fs::write(&toml, &config).unwrap();
    let flag = ["--config", toml.to_str().unwrap()];
    done(&data, &[&flag[..], &["user", "add", "gate1", "--role", "gate"]].concat(), &format!("{PASSWORD}\n"));
    let house = Plan::default().config(&config).data(&data).start();
    let dial = |id: &str| house.dial(id).v5().user("gate1", PASSWORD).open();
    let (mut gate, mut other) = (dial("gate"), dial("other"));
    let mut lamp = dial("lamp").listen("lights/#", 1);
    let forwarded = || house.count("select count(*) from verdicts where forwarded_at is not null", []);

    // Nothing is committed for a while: the first command waits, the one behind it is heard ahead.
    let lock = rusqlite::Connection::open(data.join("jamey.db")).unwrap();
    lock.busy_timeout(PATIENCE).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let breath = (1..=2).flat_map(|id| packet::publish(Version::V5, &Message { id, ..Message::new("lights/hall/set", "ON").qos(1) }));
    gate.send(&breath.collect::<Vec<u8>>());
    std::fs::write(&file, list("allow publish nothing")).unwrap();
    wait_until("the right is gone", PATIENCE, || !other.publish(Message::new("free", "x").qos(1)).taken());
    drop(lock);
    let taken = (1..=2).filter(|id| gate.acked(PATIENCE, Pub::Ack, *id).taken()).count();
    assert_eq!(lamp.messages(taken).len(), taken);
    assert_eq!(i64::try_from(taken).unwrap(), forwarded(), "what is stored as forwarded was");
    assert!(!gate.publish(Message::new("lights/hall/set", "ON").qos(1)).taken());
    assert!(lamp.rest().is_empty());
    assert_eq!(i64::try_from(taken).unwrap(), forwarded());
}

#[test]
fn the_command_line_refuses_what_would_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for (args, input, told) in [
        (&["user", "add", "Anna", "--role", "human"][..], "long enough\n", "is no user name; write"),
        (&["user", "add", "anna", "--role", "king"], "long enough\n", "there is no role `king`; there are admin,"),
        (&["user", "add", "anna", "--role", "human"], "seven77\n", "a password has at least 8 characters"),
        (&["user", "add", "anna", "--role", "human"], "", "a password has at least 8 characters"),
        (&["user", "remove", "anna"], "", "there is no user `anna`"),
        (&["token", "create", "--user", "anna"], "", "there is no user `anna`"),
        (&["token", "revoke", "x"], "", "there is no valid token `x`"),
    ] {
        let (code, _, err) = jamey(data, args, input);
        assert!(code == 1 && err.contains(told), "{args:?}: {err}");
    }
    assert_eq!(jamey(data, &["user", "add", "anna"], "").0, 2, "a user has a role");
    add(data, "anna", &["human"]);
    let (code, _, err) = jamey(data, &["user", "add", "anna", "--role", "human"], "long enough\n");
    assert!(code == 1 && err.contains("there is a user `anna` already"), "{err}");
    let (code, _, err) = jamey(data, &["user", "certificate", "anna", "abc"], "");
    assert!(code == 1 && err.contains("64 hex digits"), "{err}");
    let list: Value = serde_json::from_str(&done(data, &["user", "list", "--json"], "")).unwrap();
    assert_eq!((&list["users"][0]["name"], &list["users"][0]["roles"][0]), (&"anna".into(), &"human".into()));
    assert!(!list.to_string().contains("$argon2"), "no hash is shown");
}
