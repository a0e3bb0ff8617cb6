//! A house with a bolt that listens, an automation that commands it, and people who may say how Jamey stands.

use super::support::{
    host::{run, settle},
    *,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub const PASSWORD: &str = "correct horse battery";
pub const SET: &str = "shed/bolt/set";
/// What is unlocked wants a word; what is switched on is a little good, and just allowed.
const RULES: &str = r#"
[[rule]]
id = "ASK"
duty = "autonomy"
kind = "escalate"
polarity = 1
weight = 10
severity = 1.0
when = "act.verb == 'unlock'"
[[rule.examples]]
fires = true
name = "somebody unlocks it"
act = { verb = "unlock" }
[[rule.examples]]
fires = false
name = "somebody locks it"
act = { verb = "lock" }

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
[[device]]
id = "lamp"
class = "light"

[[guard]]
topic = "shed/bolt/set"
device = "bolt"
class = "switch"
payloads = { UNLOCK = "unlock", LOCK = "lock" }
"#;
/// Who lives and works there.
pub const PEOPLE: [(&str, &[&str]); 5] = [
    ("anna", &["human", "approver"]),
    ("ada", &["admin"]),
    ("auto", &["home_assistant", "discovery", "operator"]),
    ("panel", &["operator"]),
    ("bob", &["human"]),
];

pub struct Scene {
    folder: tempfile::TempDir,
    pub house: House,
}

impl Scene {
    pub fn with(conscience: &str) -> Self {
        Self::guarding("observe", conscience)
    }

    pub fn guarding(guard: &str, conscience: &str) -> Self {
        Self::made(guard, "", conscience)
    }

    pub fn with_broker(broker: &str) -> Self {
        Self::made("observe", broker, "")
    }

    fn made(guard: &str, broker: &str, conscience: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        settle(&data, &PEOPLE, PASSWORD);
        let rules = folder.path().join("rules.toml");
        std::fs::write(&rules, RULES).unwrap();
        let house = Plan::default().config(&config(&rules, &format!("{guard}\"\n{broker}#\""), conscience)).data(&data).start();
        Self { folder, house }
    }

    pub fn rules(&self) -> PathBuf {
        self.folder.path().join("rules.toml")
    }

    /// Has the config say something else, in one step.
    pub fn rewrite(&self, guard: &str, conscience: &str) {
        let (file, fresh) = (self.house.folder().join("jamey.toml"), self.house.folder().join("jamey.new"));
        std::fs::write(&fresh, config(&self.rules(), guard, conscience)).unwrap();
        std::fs::rename(fresh, file).unwrap();
    }

    pub fn sign_in(&self, user: &str) -> Mqtt {
        self.house.dial(&format!("{user}-client")).v5().user(user, PASSWORD).open()
    }

    /// An order over MQTT, and what is told of it.
    pub fn order(&self, client: &mut Mqtt, verb: &str, order: &Value) -> Value {
        assert!(client.publish(Message::new(&format!("jamey/cmd/{verb}"), order.to_string()).qos(1)).taken(), "{verb} {order}");
        loop {
            let told: Value = serde_json::from_slice(&client.message_on(&format!("jamey/reply/{verb}")).payload).unwrap();
            // Another's may still be on its way.
            if told["transaction"] == order["transaction"] {
                return told;
            }
        }
    }

    /// A command on the host: exit code, standard output, standard error.
    pub fn host(&self, args: &[&str]) -> (i32, String, String) {
        run(self.house.data(), &[&["--config", self.house.folder().join("jamey.toml").to_str().unwrap()], args].concat(), "")
    }

    #[track_caller]
    pub fn done(&self, args: &[&str]) -> String {
        let (code, out, err) = self.host(args);
        assert_eq!(code, 0, "{args:?}: {out}{err}");
        out
    }

    #[track_caller]
    pub fn told(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[args, &["--json"]].concat())).unwrap()
    }

    /// Waits until the retained `info` says this.
    #[track_caller]
    pub fn info(&self, key: &str, value: &Value) {
        let mut ear = self.house.dial("ear").v5().user("ada", PASSWORD).open().listen("jamey/info", 1);
        loop {
            let info: Value = serde_json::from_slice(&ear.message().payload).unwrap();
            if info[key] == *value {
                return;
            }
        }
    }

    /// Waits until an alert stands, or until it does not.
    #[track_caller]
    pub fn stands(&self, code: &str, stands: bool) -> Value {
        let mut found = None;
        wait_until(&format!("{code} stands: {stands}"), PATIENCE, || {
            let page = self.told(&["alert", "list"]);
            found = page["alerts"].as_array().unwrap().iter().find(|alert| alert["code"] == code).cloned();
            found.is_some() == stands
        });
        found.unwrap_or_default()
    }

    /// Waits until it said so.
    #[track_caller]
    pub fn says(&self, words: &str) {
        let said = || self.house.said().rsplit("--- started again").next().is_some_and(|said| said.contains(words));
        wait_until(&format!("it said `{words}`"), PATIENCE, said);
    }

    /// What the verdict on switching a lamp on is: decision, and the bar for it.
    pub fn lamp(&self, panel: &mut Mqtt) -> (String, f64) {
        let before = self.house.count("select count(*) from verdicts", []);
        assert!(panel.publish(Message::new("jamey/act/lamp/on", "{}").qos(1)).taken());
        let sql = "select decision, theta_allow from verdicts order by rowid desc limit 1";
        assert_eq!(self.house.count("select count(*) from verdicts", []), before + 1);
        self.house.db().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    /// Waits for a row of the audit trail.
    #[track_caller]
    pub fn on_record(&self, actor: &str, action: &str, subject: &str) {
        let sql = "select count(*) from audit_log where actor = ?1 and action = ?2 and subject = ?3";
        wait_until(&format!("{actor} {action} {subject} is on record"), PATIENCE, || self.house.count(sql, [actor, action, subject]) == 1);
    }
}

fn config(rules: &Path, guard: &str, conscience: &str) -> String {
    format!(
        "{HOUSE}[broker]\nguard = \"{guard}\"\n[conscience]\nshipped = false\nrules = [{:?}]\n{conscience}",
        rules.display().to_string()
    )
}

pub fn mode(mode: &str) -> Value {
    json!({"mode": mode})
}
