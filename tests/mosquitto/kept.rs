//! What mosquitto kept for those who are not there goes over, and comes back.

use crate::{
    support::{Message, Mqtt, Properties, at, dial, free_port, property},
    town::{Town, mosquitto},
};
use serde_json::Value;

const LOCK: &str =
    r#"{"name": "Front door", "unique_id": "front_door", "command_topic": "door/front/set", "state_topic": "door/front/state"}"#;

fn absent(port: u16) -> Mqtt {
    dial(at(port), "phone").v5().user("anna", "correct horse").persistent().open()
}

/// A mosquitto with users, that has been told things; stopped again.
fn told(port: u16) -> Town {
    let town = Town::new(&format!("password_file FOLDER/passwords\nlistener {port} 127.0.0.1\n"));
    town.passwords("passwords", &[("anna", "correct horse", "sha512-pbkdf2")]);
    let running = town.mosquitto(port);
    let phone = absent(port).listen("news/#", 1);
    phone.disconnect();
    let mut speaker = dial(at(port), "speaker").v5().user("anna", "correct horse").open();
    let every_byte: Vec<u8> = (0..=255).collect();
    let properties = Properties::default().text(property::CONTENT_TYPE, "application/octet-stream");
    for message in [
        Message::new("homeassistant/lock/front/config", LOCK).qos(1).retained(),
        Message::new("door/front/state", "LOCKED").qos(1).retained(),
        // What opens the door whenever it connects again.
        Message::new("door/front/set", "UNLOCK").qos(1).retained(),
        Message::new("grün/☃", &every_byte).qos(1).retained().with(properties),
        Message::new("news/1", "one").qos(1),
        Message::new("news/2", &every_byte).qos(1),
    ] {
        assert!(speaker.publish(message).taken());
    }
    running.stop();
    town
}

#[track_caller]
fn has_all(port: u16, refused: &[&str]) {
    let mut phone = absent(port);
    assert!(phone.session_present, "the session is there");
    let waited: Vec<(String, usize)> = phone.messages(2).into_iter().map(|m| (m.topic, m.payload.len())).collect();
    assert_eq!(waited, [("news/1".to_owned(), 3), ("news/2".to_owned(), 256)]);
    phone.disconnect();
    let mut ear = dial(at(port), "ear").v5().user("anna", "correct horse").open();
    ear.subscribe(&[("#", 1)]);
    let retained: Vec<Message> =
        ear.rest().into_iter().filter(|m| m.retain && !m.topic.starts_with("jamey/") && !m.topic.contains("jamey_")).collect();
    let mut topics: Vec<&str> = retained.iter().map(|m| m.topic.as_str()).collect();
    topics.sort_unstable();
    let wanted: Vec<&str> = ["door/front/set", "door/front/state", "grün/☃", "homeassistant/lock/front/config"]
        .into_iter()
        .filter(|t| !refused.contains(t))
        .collect();
    assert_eq!(topics, wanted);
    let bytes = retained.iter().find(|m| m.topic == "grün/☃").unwrap();
    assert_eq!(bytes.payload, (0..=255).collect::<Vec<u8>>());
    assert!(format!("{:?}", bytes.properties.get(property::CONTENT_TYPE)).contains("octet-stream"));
    ear.disconnect();
}

/// The queue was emptied by who looked.
fn away_again(port: u16) {
    let mut speaker = dial(at(port), "speaker").v5().user("anna", "correct horse").open();
    let every_byte: Vec<u8> = (0..=255).collect();
    assert!(speaker.publish(Message::new("news/1", "one").qos(1)).taken());
    assert!(speaker.publish(Message::new("news/2", &every_byte).qos(1)).taken());
    speaker.disconnect();
}

#[test]
fn what_was_retained_and_what_waited_goes_over_and_back() {
    let port = free_port();
    let town = told(port);
    let said = town.import(&[]);
    assert_eq!(
        (&said["retained"]["kept"], &said["sessions"]["kept"], &said["sessions"]["messages"]),
        (&4.into(), &1.into(), &2.into()),
        "{said:#}"
    );
    // The guard observes: the retained command stays, and is judged.
    let judged = said["retained"]["judged"].as_array().unwrap();
    assert!(judged.iter().any(|one| one.as_str().unwrap().contains("front") && one.as_str().unwrap().contains("it stays")), "{said:#}");
    let jamey = town.jamey(port, &[]);
    has_all(port, &[]);
    away_again(port);
    jamey.stop();
    let said = town.export("back", &[]);
    assert_eq!((&said["retained"], &said["sessions"]), (&4.into(), &1.into()), "{said:#}");
    assert_eq!(said["commands"], Value::Array(vec![]), "her password goes back as it came");
    let _mosquitto = mosquitto(&town.path("back/mosquitto.conf"), port);
    has_all(port, &[]);
}

#[test]
fn a_retained_command_is_refused_where_the_guard_enforces_and_that_is_said() {
    let port = free_port();
    let town = told(port);
    let said = town.import(&["--guard", "enforce"]);
    let refused = format!("{} {}", said["retained"]["refused"], said["retained"]["judged"]);
    assert!(refused.contains("front"), "{said:#}");
    let _jamey = town.jamey(port, &[]);
    has_all(port, &["door/front/set"]);
}

#[test]
fn a_dry_run_writes_nothing_and_nothing_is_written_over() {
    let port = free_port();
    let town = told(port);
    let said = town.import(&["--dry-run"]);
    assert!(said["dry_run"] == true && said["text"].as_str().unwrap().contains("[broker]"), "{said:#}");
    assert!(!town.path("jamey.toml").exists() && !town.path("data").exists());
    town.import(&[]);
    let conf = town.path("mosquitto.conf");
    let data = town.path("data");
    let again = town.command(&["import", "mosquitto", conf.to_str().unwrap(), "--data", data.to_str().unwrap()]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("--force"), "{again:?}");
    town.import(&["--force"]);
    town.export("back", &[]);
    let again = town.command(&["export", "mosquitto", town.path("back").to_str().unwrap()]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("--force"), "{again:?}");
    let _jamey = town.jamey(port, &[]);
    let busy = town.command(&["export", "mosquitto", town.path("other").to_str().unwrap()]);
    assert!(!busy.status.success() && String::from_utf8_lossy(&busy.stderr).contains("stopped"), "{busy:?}");
}

#[test]
fn a_running_mosquitto_is_asked_for_what_it_retains() {
    let port = free_port();
    let town = told(port);
    let running = town.mosquitto(port);
    town.write("password", "correct horse\n");
    let (from, password) = (at(port).to_string(), town.path("password"));
    let said = town.import(&["--from", &from, "--from-user", "anna", "--from-password-file", password.to_str().unwrap()]);
    assert_eq!((&said["retained"]["kept"], &said["sessions"]["kept"]), (&4.into(), &0.into()), "{said:#}");
    running.stop();
    let _jamey = town.jamey(port, &[]);
    let mut ear = dial(at(port), "ear").v5().user("anna", "correct horse").open().listen("grün/#", 1);
    assert_eq!(ear.message().payload.len(), 256);
}

#[test]
fn a_password_that_was_given_here_is_named_with_the_command_for_it() {
    let port = free_port();
    let town = told(port);
    town.import(&[]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_jamey"))
        .args(["--config", town.path("jamey.toml").to_str().unwrap(), "user", "password", "anna"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"battery staple\n").unwrap();
    assert!(child.wait().unwrap().success());
    // And it stays, with the role, when what mosquitto has is fetched once more.
    let roles = town.command(&["user", "roles", "anna", "--role", "mosquitto", "--role", "operator"]);
    assert!(roles.status.success(), "{}", String::from_utf8_lossy(&roles.stderr));
    let said = town.import(&["--force"]);
    let kept = "`anna` keeps password and roles (operator) that were given here";
    assert!(said["lines"].as_array().unwrap().iter().any(|line| line["means"] == kept), "{said:#}");
    let said = town.export("back", &[]);
    assert!(
        said["commands"][0].as_str().unwrap().starts_with("mosquitto_passwd ") && said["commands"][0].as_str().unwrap().ends_with(" anna"),
        "{said:#}"
    );
    assert_eq!(std::fs::read_to_string(town.path("back/passwords")).unwrap(), "");
}

#[test]
fn what_a_running_mosquitto_keeps_to_itself_is_counted_and_nothing_is_taken() {
    let port = free_port();
    let town = told(port);
    town.write("access", "user anna\ntopic read door/#\ntopic read $SYS/#\n");
    let conf = std::fs::read_to_string(town.path("mosquitto.conf")).unwrap();
    town.write("mosquitto.conf", &format!("sys_interval 1\nacl_file FOLDER/access\n{conf}"));
    let _mosquitto = town.mosquitto(port);
    town.write("password", "correct horse\n");
    let (conf, from, password, data) = (town.path("mosquitto.conf"), at(port).to_string(), town.path("password"), town.path("data"));
    let [conf, password, data] = [&conf, &password, &data].map(|path| path.to_str().unwrap());
    let args = ["import", "mosquitto", conf, "--data", data, "--from", &from, "--from-user", "anna", "--from-password-file", password];
    let out = town.command(&args);
    let said = String::from_utf8_lossy(&out.stderr);
    let numbers: Vec<u32> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // Of what was told only `door/…` came.
    assert!(!out.status.success() && matches!(numbers[..], [told, came] if told == came + 2), "{said}");
    assert!(said.contains("nothing was taken") && said.contains("--database"), "{said}");
    assert!(!town.path("jamey.toml").exists() && !town.path("data").exists());
}

#[test]
fn a_retained_message_that_is_too_large_is_told_and_the_rest_comes_along() {
    let port = free_port();
    let town = told(port);
    let running = town.mosquitto(port);
    let mut speaker = dial(at(port), "speaker").v5().user("anna", "correct horse").open();
    assert!(speaker.publish(Message::new("camera/porch", vec![7; 2 * 1024 * 1024]).qos(1).retained()).taken());
    assert!(speaker.publish(Message::new("camera/hall", vec![7; 6_000]).qos(1).retained()).taken());
    running.stop();
    let said = town.import(&[]);
    assert_eq!((&said["retained"]["kept"], &said["retained"]["refused"][0]["topic"]), (&5.into(), &"camera/porch".into()), "{said:#}");
    // The limit is that of the house that is made.
    let conf = std::fs::read_to_string(town.path("mosquitto.conf")).unwrap();
    town.write("mosquitto.conf", &format!("max_packet_size 5000\n{conf}"));
    let said = town.import(&["--force"]);
    assert_eq!((&said["retained"]["kept"], said["retained"]["refused"].as_array().unwrap().len()), (&4.into(), 2), "{said:#}");
}

#[test]
fn who_is_gone_from_the_password_file_is_gone_after_the_next_import() {
    let port = free_port();
    let town = told(port);
    town.import(&[]);
    // What an import leaves that was killed, and one who is Jamey's own.
    for user in ["mosquitto-import", "carl"] {
        assert!(town.command(&["user", "add", user, "--no-password", "--role", "reader"]).status.success());
    }
    town.passwords("passwords", &[("bob", "battery staple", "sha512-pbkdf2")]);
    let said = town.import(&["--force"]);
    assert!(
        said["lines"].as_array().unwrap().iter().any(|line| line["means"].as_str().unwrap().starts_with("`anna` came from")),
        "{said:#}"
    );
    let list = String::from_utf8(town.command(&["user", "list"]).stdout).unwrap();
    for (user, stays) in [("bob", true), ("carl", true), ("anna", false), ("mosquitto-import", false)] {
        assert_eq!(list.lines().any(|line| line.split_whitespace().next() == Some(user)), stays, "{user}: {list}");
    }
}
