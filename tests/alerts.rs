//! Promise: what is wrong becomes an alert, held while it comes and goes, seen by whom it was seen, and posted until it is taken; and it is over
//! when its cause is.
//!
//! One of these needs root: its data folder is a tmpfs of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "alerts/receiver.rs"]
mod receiver;
mod support;
use receiver::Receiver;
use serde_json::{Value, json};
use std::{
    io::Write,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use support::*;
use tempfile::TempDir;

const SECRET: &str = "open sesame";
const PASSWORD: &str = "correct horse battery";
/// Longer than what holds an alert for a while.
const LONG: Duration = Duration::from_secs(120);

/// One command on a data folder: exit code, and all that it said.
fn jamey(data: &Path, args: &[&str], input: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.arg("--data").arg(data).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    (out.status.code().unwrap(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

#[track_caller]
fn good(house: &House, args: &[&str]) -> String {
    let (code, said) = jamey(house.data(), args, "");
    assert_eq!(code, 0, "{said}");
    said
}

/// The page over HTTP, asked for by nobody in particular.
fn ask(house: &House) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let mut answer = agent.get(format!("http://{}/v1/alerts", house.http())).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

/// The alert as a newcomer finds it.
fn stands(house: &House, code: &str) -> Option<Value> {
    static NEWCOMERS: AtomicUsize = AtomicUsize::new(0);
    let topic = format!("jamey/alert/{code}");
    let mut newcomer = house.client(&format!("newcomer-{}", NEWCOMERS.fetch_add(1, Ordering::Relaxed)));
    newcomer.subscribe(&[(&topic, 1)]);
    newcomer.rest().into_iter().find(|m| m.retain && m.topic == topic).map(|m| m.json())
}

#[track_caller]
fn wait_for(house: &House, code: &str, patience: Duration) -> Value {
    let mut found = None;
    wait_until(&format!("the alert {code} stands"), patience, || {
        found = stands(house, code);
        found.is_some()
    });
    found.unwrap()
}

#[track_caller]
fn wait_for_end(house: &House, code: &str, patience: Duration) {
    wait_until(&format!("the alert {code} is over"), patience, || stands(house, code).is_none());
}

/// A secret for a webhook, and the config that names it.
fn hook(receiver: &str, folder: &Path, more: &str) -> String {
    let secret = folder.join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    format!("[[webhook]]\nname = \"phone\"\nurl = \"{receiver}\"\nsecret_file = \"{}\"\ntimeout_seconds = 5\n{more}", secret.display())
}

#[test]
fn what_is_wrong_is_posted_until_it_is_taken_and_who_has_seen_it_stays_known() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(&[503, 429, 200]));
    let mut house = Plan::default().config(&hook(&receiver.url(), folder.path(), "")).start();
    good(&house, &["guard", "off", "--for", "1h"]);
    receiver.wait_for(&["raised guard-off"]);
    let posts = receiver.all();
    assert_eq!(posts.iter().map(|post| post.answered).collect::<Vec<_>>(), [503, 429, 200]);
    assert!(posts.iter().all(|post| post.body == posts[0].body && post.is_signed_with(SECRET.as_bytes())), "each try is the same");
    let posted = posts[0].json();
    assert_eq!(posts[0].headers["x-jamey-delivery"], posted["id"]);
    assert_eq!((&posted["node"], &posted["version"]), (&json!("jamey"), &json!(env!("CARGO_PKG_VERSION"))));
    let alert = stands(&house, "guard-off").unwrap();
    for key in ["severity", "since", "text", "what_to_do", "acknowledged", "times"] {
        assert_eq!(posted["alert"][key], alert[key], "{key}");
    }
    assert_eq!((&alert["severity"], &alert["acknowledged"], &alert["times"]), (&json!("warning"), &Value::Null, &json!(0)));

    let (code, said) = jamey(house.data(), &["alert", "acknowledge", "disk"], "");
    assert!(code == 1 && said.contains("no such alert stands now"), "{said}");
    assert!(good(&house, &["alert", "acknowledge", "guard-off"]).contains("guard-off: seen"));
    receiver.wait_for(&["raised guard-off", "acknowledged guard-off"]);
    wait_until("its topic says who", PATIENCE, || stands(&house, "guard-off").unwrap()["acknowledged"]["by"] == "owner");
    let page: Value = serde_json::from_str(&good(&house, &["alert", "list", "--json"])).unwrap();
    assert_eq!((&page["alerts"][0]["code"], &page["alerts"][0]["acknowledged"]["by"]), (&json!("guard-off"), &json!("owner")));
    assert!(good(&house, &["alert", "list"]).contains("seen by owner"));
    let by_http: Value = serde_json::from_str(&ask(&house).1).unwrap();
    assert_eq!(by_http["alerts"], page["alerts"]);
    assert_eq!(house.count("SELECT count(*) FROM audit_log WHERE action = 'alert.acknowledge' AND subject = 'guard-off'", []), 1);

    let before = stands(&house, "guard-off").unwrap();
    house.kill9();
    house.start();
    // Other words of what was seen are not announced; its end is.
    good(&house, &["guard", "off", "--for", "2h"]);
    wait_until("it says the new end", PATIENCE, || stands(&house, "guard-off").unwrap()["text"] != before["text"]);
    let after = stands(&house, "guard-off").unwrap();
    assert_eq!((&after["since"], &after["acknowledged"]), (&before["since"], &before["acknowledged"]));
    good(&house, &["guard", "on"]);
    receiver.wait_for(&["raised guard-off", "acknowledged guard-off", "cleared guard-off"]);
    wait_for_end(&house, "guard-off", PATIENCE);
    assert!(good(&house, &["alert", "list"]).contains("nothing is wrong"));
    let said = house.said();
    assert!(!said.contains("very-secret") && !said.contains(SECRET), "neither the address nor the secret is in the log: {said}");
}

#[test]
fn what_was_not_posted_before_a_crash_is_posted_after_it_and_what_ended_meanwhile_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    drop(socket);
    let mut house = Plan::default().config(&hook(&format!("http://{at}/hook?key=very-secret"), folder.path(), "")).start();
    good(&house, &["guard", "off", "--for", "1h"]);
    wait_until("it is not reached", PATIENCE, || house.said().contains("the webhook phone is not reached"));
    house.kill9();
    let receiver = Receiver::on(TcpListener::bind(at).unwrap(), &[200]);
    house.start();
    receiver.wait_for(&["raised guard-off"]);
    house.stop();
    good(&house, &["guard", "on"]);
    house.start();
    receiver.wait_for(&["raised guard-off", "cleared guard-off"]);
    assert_eq!(receiver.all().len(), 2, "nothing twice");
}

#[test]
fn who_does_not_want_it_or_sends_elsewhere_has_a_long_rest_and_hears_what_is_new() {
    for status in [401, 302] {
        let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(&[status, 200]));
        let house = Plan::default().config(&hook(&receiver.url(), folder.path(), "")).start();
        good(&house, &["guard", "off", "--for", "1h"]);
        let refused = format!("the webhook phone does not take raised of guard-off, and is asked again later: it answers {status}");
        wait_until("it is refused", PATIENCE, || house.said().contains(&refused));
        // It is posted before its topic is told: else its end below would be found before its begin.
        wait_for(&house, "guard-off", PATIENCE);
        good(&house, &["guard", "on"]);
        wait_for_end(&house, "guard-off", PATIENCE);
        good(&house, &["guard", "off", "--for", "1h"]);
        receiver.wait_for(&["cleared guard-off", "raised guard-off"]);
        assert_eq!(receiver.all().len(), 3, "one refused, two taken");
    }
}

#[test]
fn who_guesses_by_http_is_told_as_who_guesses_by_mqtt() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (code, said) = jamey(&data, &["user", "add", "anna", "--role", "admin"], &format!("{PASSWORD}\n"));
    assert_eq!(code, 0, "{said}");
    let house = Plan::default().config("[alerts]\nfailed_logins = 3\n").data(&data).start();
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let guess =
        |shown: &str| agent.get(format!("http://{}/v1/alerts", house.http())).header("authorization", shown).call().unwrap().status();
    // A password, and tokens.
    for shown in ["Basic YW5uYTpndWVzcw==", "Bearer guess", "Bearer again"] {
        assert_eq!(guess(shown), 401);
    }
    let mut anna = house.dial("anna-phone").v5().user("anna", PASSWORD).open().listen("jamey/alert/security-logins", 1);
    let alert = anna.message_on("jamey/alert/security-logins").json();
    assert!(alert["text"].as_str().unwrap().starts_with("`127.0.0.1` failed to sign in"), "{alert}");
}

/// A small disk of its own; unmounted at the end, however that comes.
struct Disk(TempDir);

impl Disk {
    fn mounted(size: &str) -> Self {
        let folder = TempDir::with_prefix("jamey-disk-").unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path()).output().unwrap();
        assert!(done.status.success(), "this test must mount a tmpfs, so it must run as root: {}", String::from_utf8_lossy(&done.stderr));
        Self(folder)
    }

    fn put(&self, name: &str, megabytes: usize) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, vec![0; megabytes * 1_000_000]).unwrap();
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the house may still be going.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_fills_is_a_warning_then_critical_and_over_when_there_is_room() {
    let disk = Disk::mounted("160m");
    let limits = "[alerts]\ndisk_free_mb = 60\nraise_seconds = 1\nclear_seconds = 1\n";
    let house = Plan::default().config(limits).data(&disk.0.path().join("data")).start();
    let fills = disk.put("fills", 110);
    let alert = wait_for(&house, "disk", PATIENCE);
    assert_eq!(alert["severity"], "warning");
    assert!(alert["text"].as_str().unwrap().contains("MB free") && alert["what_to_do"].as_str().unwrap().contains("make room"), "{alert}");
    good(&house, &["alert", "acknowledge", "disk"]);
    let more = disk.put("more", 45);
    wait_until("it is critical", PATIENCE, || stands(&house, "disk").is_some_and(|alert| alert["severity"] == "critical"));
    let graver = stands(&house, "disk").unwrap();
    assert_eq!((&graver["since"], &graver["acknowledged"]), (&alert["since"], &Value::Null), "nobody has seen that");
    std::fs::remove_file(more).unwrap();
    std::fs::remove_file(fills).unwrap();
    wait_for_end(&house, "disk", PATIENCE);
}

/// Whatever is opened is never allowed, and whatever is closed waits for a person's word.
const RULES: &str = r#"
[[rule]]
id = "NEVER"
duty = "non-maleficence"
kind = "veto"
polarity = -1
weight = 10
severity = 1.0
when = "act.verb == 'open'"
[[rule.examples]]
fires = true
name = "somebody opens it"
act = { verb = "open" }
[[rule.examples]]
fires = false
name = "somebody closes it"
act = { verb = "close" }

[[rule]]
id = "ASK"
duty = "autonomy"
kind = "escalate"
polarity = -1
weight = 1
severity = 0.1
when = "act.verb == 'close'"
[[rule.examples]]
fires = true
name = "somebody closes it"
act = { verb = "close" }
[[rule.examples]]
fires = false
name = "somebody opens it"
act = { verb = "open" }
"#;

#[test]
fn bursts_of_what_is_refused_are_told_with_who_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules) = (folder.path().join("data"), folder.path().join("rules.toml"));
    std::fs::write(&rules, RULES).unwrap();
    for (user, role) in [("panel", "operator"), ("anna", "approver"), ("sensor", "device")] {
        let (code, said) = jamey(&data, &["user", "add", user, "--role", role], &format!("{PASSWORD}\n"));
        assert_eq!(code, 0, "{said}");
    }
    let config = format!(
        "[alerts]\nfailed_logins = 3\ndenied_requests = 3\nforged_answers = 3\n[conscience]\nshipped = false\nrules = [{rules:?}]\n\
         [[guard]]\ntopic = \"shed/bolt/set\"\ndevice = \"bolt\"\nclass = \"switch\"\npayloads = {{ OPEN = \"open\", CLOSE = \"close\" }}\n"
    );
    let house = Plan::default().enforce().config(&config).data(&data).start();
    let sign_in = |user: &str| house.dial(&format!("{user}-phone")).v5().user(user, PASSWORD).open();
    let newcomer = |code: &str| {
        let topic = format!("jamey/alert/{code}");
        let mut ear = sign_in("anna").listen(&topic, 1);
        ear.message_on(&topic).json()
    };
    assert_eq!(ask(&house).0, 401, "where there are users, alerts are for those who may read");
    let mut panel = sign_in("panel");
    let mut anna = sign_in("anna").listen("jamey/approval/+", 1);
    panel.publish(Message::new("shed/bolt/set", "CLOSE").qos(1));
    let waits = anna.message().json();
    let answer = json!({"answer": "approve", "nonce": "0".repeat(32), "sha256": waits["sha256"]});
    for _ in 0..3 {
        panel.publish(Message::new("shed/bolt/set", "OPEN").qos(1));
        anna.publish(Message::new(&format!("jamey/approval/{}/answer", waits["id"].as_str().unwrap()), answer.to_string()).qos(1));
        sign_in("sensor").publish(Message::new("jamey/in/kitchen/temperature", "20").qos(1));
        assert!(house.dial("stranger").user("anna", "guessed").try_open().is_err());
    }
    for (code, who, severity) in [
        ("security-vetoed", "`panel`", "warning"),
        ("security-names", "`sensor`", "warning"),
        ("security-logins", "`127.0.0.1`", "warning"),
        ("security-forged", "`anna`", "critical"),
    ] {
        let alert = newcomer(code);
        assert!(alert["text"].as_str().unwrap().starts_with(who), "{code}: {alert}");
        assert_eq!(alert["severity"], severity, "{code}");
    }
}

#[test]
fn an_audit_trail_that_somebody_changed_is_told_after_the_next_start() {
    let mut house = house();
    house.stop();
    let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
    assert_eq!(db.execute("UPDATE audit_log SET actor = 'nobody' WHERE action = 'start'", []).unwrap(), 1);
    drop(db);
    house.start();
    let alert = wait_for(&house, "security-audit", PATIENCE);
    assert_eq!(alert["severity"], "critical");
    assert!(alert["text"].as_str().unwrap().contains("the audit trail is not whole: row "), "{alert}");
}

#[test]
fn a_clock_that_leaps_and_memory_that_grows_are_told() {
    let limits = "[alerts]\nmemory_mb = 1\nraise_seconds = 1\n";
    let house = Plan::default().config(limits).env("JAMEY_TRIAL_CLOCK", "-7200@2").start();
    let alert = wait_for(&house, "clock", PATIENCE);
    let text = alert["text"].as_str().unwrap();
    assert!(text.starts_with("the clock was set back by 2 h: ") && text.contains("Jamey's time is ahead of the clock"), "{alert}");
    assert!(wait_for(&house, "memory", PATIENCE)["text"].as_str().unwrap().contains("over 1 MB"));
}

#[test]
fn a_door_that_lets_nobody_in_is_told_until_it_does() {
    let mut house = house();
    let mut ear = house.client("ear").listen("jamey/alert/#", 1);
    let files = |most: &str| {
        let pid = house.pid().to_string();
        let done = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={most}:")]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let open = std::fs::read_dir(format!("/proc/{}/fd", house.pid())).unwrap().count();
    files(&open.to_string());
    // So many at once find no descriptor.
    let knocking: Vec<_> = (0..8).map(|_| std::net::TcpStream::connect(house.mqtt()).unwrap()).collect();
    let code = format!("jamey/alert/availability-listener-{}", house.mqtt());
    let alert = ear.find(LONG, |p| match p {
        Packet::Publish(m) if m.topic == code => Some(m.json()),
        _ => None,
    });
    let alert = alert.unwrap();
    assert_eq!(alert["severity"], "critical");
    assert!(alert["text"].as_str().unwrap().contains("nobody can come in"), "{alert}");
    // Nobody comes from here on: that nobody is turned away is enough.
    files("4096");
    drop(knocking);
    let over = ear.find(LONG, |p| match p {
        Packet::Publish(m) if m.topic == code && m.payload.is_empty() => Some(()),
        _ => None,
    });
    assert!(over.is_ok(), "{over:?}");
    house.serves();
}

#[test]
fn a_bridge_that_is_away_is_told_after_a_minute_and_over_when_it_holds_again() {
    let mut other = mosquitto("").start();
    let bridge = format!(
        "[[bridge]]\nname = \"attic\"\naddress = \"{}\"\ntopics = [{{ filter = \"attic/#\", direction = \"in\" }}]\n",
        other.address()
    );
    let house = Plan::default().config(&bridge).start();
    let mut ear = house.client("ear").listen("jamey/bridge/attic", 1);
    while ear.message().json()["state"] != "up" {}
    other.fall();
    let alert = wait_for(&house, "bridge-attic", LONG);
    assert_eq!(alert["severity"], "warning");
    other.rise();
    wait_for_end(&house, "bridge-attic", LONG);
}
