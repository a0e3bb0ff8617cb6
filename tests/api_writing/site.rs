//! A house with a bolt that listens, a panel that asks, and people who may say this and that by HTTP.

use super::support::{
    host::{jamey, settle},
    web::{Answer, say},
    *,
};
use serde_json::Value;
use std::path::Path;

pub const PASSWORD: &str = "correct horse battery";
pub const SET: &str = "shed/bolt/set";
/// What is opened wants a word; what is switched on is a little good.
const RULES: &str = r#"
[[rule]]
id = "ASK"
duty = "autonomy"
kind = "escalate"
polarity = -1
weight = 1
severity = 0.1
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
id = "LITTLE"
duty = "stewardship"
kind = "weigh"
polarity = 1
weight = 1
severity = 0.25
when = "act.verb == 'on'"
[[rule.examples]]
fires = true
name = "somebody switches it on"
act = { verb = "on" }
[[rule.examples]]
fires = false
name = "somebody switches it off"
act = { verb = "off" }
"#;
const HOUSE: &str = r#"
[[guard]]
topic = "shed/bolt/set"
device = "bolt"
class = "switch"
payloads = { OPEN = "open", CLOSE = "close" }
[[guard]]
topic = "many/+/set"
class = "light"
payloads = { OPEN = "open" }
[[device]]
id = "lamp"
class = "light"
[[input]]
topic = "shed/{entity}/{kind}"
"#;
pub const PEOPLE: [(&str, &[&str]); 6] = [
    ("anna", &["human", "approver"]),
    ("ben", &["human", "approver", "operator"]),
    ("ada", &["admin"]),
    ("panel", &["operator"]),
    ("carl", &["human"]),
    ("bolt", &["reader"]),
];

pub struct Site {
    folder: tempfile::TempDir,
    pub house: House,
}

impl Site {
    pub fn new() -> Self {
        Self::with("")
    }

    pub fn with(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        settle(&data, &PEOPLE, PASSWORD);
        let rules = folder.path().join("rules.toml");
        std::fs::write(&rules, RULES).unwrap();
        let config = format!("{HOUSE}[conscience]\nshipped = false\nrules = [{:?}]\n{config}", rules.display().to_string());
        Self { house: Plan::default().enforce().config(&config).data(&data).start(), folder }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn sign_in(&self, user: &str) -> Mqtt {
        self.house.dial(&format!("{user}-phone")).v5().user(user, PASSWORD).open()
    }

    pub fn get(&self, user: &str, path: &str) -> Answer {
        self.ask(user, "GET", path, &[], None)
    }

    pub fn post(&self, user: &str, path: &str, body: &Value) -> Answer {
        self.ask(user, "POST", path, &[], Some(body))
    }

    pub fn delete(&self, user: &str, path: &str) -> Answer {
        self.ask(user, "DELETE", path, &[], None)
    }

    /// Writes over what was read, as its tag says.
    pub fn put(&self, user: &str, path: &str, tag: &str, body: &Value) -> Answer {
        self.ask(user, "PUT", path, &[("If-Match", tag)], Some(body))
    }

    pub fn ask(&self, user: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let at = self.house.http();
        say(at, self.said(user, method, path, headers, body).as_bytes()).unwrap_or_else(|| panic!("{method} {path} was not answered"))
    }

    /// The bytes of a request.
    pub fn said(&self, user: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> String {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nHost: {}\r\n", self.house.http());
        if !user.is_empty() {
            let shown = data_encoding::BASE64.encode(format!("{user}:{PASSWORD}").as_bytes());
            text += &format!("Authorization: Basic {shown}\r\n");
        }
        headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
        match body.map(Value::to_string) {
            Some(body) => text + &format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            None => text + "\r\n",
        }
    }

    /// A resource and its tag.
    #[track_caller]
    pub fn read(&self, user: &str, path: &str) -> (Value, String) {
        let answer = self.get(user, path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        (answer.json(), answer.header("etag").expect("a tag").to_owned())
    }

    /// A command on the host: exit code, and all that it said.
    pub fn host(&self, args: &[&str]) -> (i32, String) {
        jamey(self.house.data(), &[&["--config", self.house.folder().join("jamey.toml").to_str().unwrap()], args].concat(), "")
    }

    #[track_caller]
    pub fn told(&self, args: &[&str]) -> Value {
        let (code, out) = self.host(&[&["--json"], args].concat());
        assert_eq!(code, 0, "{args:?}: {out}");
        serde_json::from_str(&out).unwrap()
    }

    pub fn audited(&self, actor: &str, action: &str) -> i64 {
        self.house.count("select count(*) from audit_log where actor = ?1 and action = ?2", [actor, action])
    }

    /// Waits for a row of the audit trail.
    #[track_caller]
    pub fn on_record(&self, actor: &str, action: &str) {
        wait_until(&format!("{actor} {action} is on record"), PATIENCE, || self.audited(actor, action) > 0);
    }

    /// What the next verdict on switching the lamp on is.
    pub fn lamp(&self, panel: &mut Mqtt) -> String {
        assert!(panel.publish(Message::new("jamey/act/lamp/on", "{}").qos(1)).taken());
        self.house.db().query_row("select decision from verdicts order by rowid desc limit 1", [], |row| row.get(0)).unwrap()
    }
}

/// It is a problem document of this status and code, and of this request.
#[track_caller]
pub fn is_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/problem+json")), "{answer:?}");
    let json = answer.json();
    assert_eq!(json["code"], code, "{json}");
    assert_eq!(json["request_id"].as_str(), answer.header("x-request-id"), "{json}");
    assert!(json["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{json}");
}
