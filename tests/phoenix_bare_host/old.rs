//! The house that is to burn: users, rules, devices, memories, what is retained, queued, in flight and held.

use super::support::{
    zigbee::{DOOR, announce},
    *,
};
use jamey::{config, config::Config};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

pub const PASSWORD: &str = "correct horse";
/// Queued for the phone that is away.
pub const QUEUED: u8 = 30;

const RULES: &str = r#"
[[rule]]
id = "no-tv-at-all"
duty = "autonomy"
kind = "weigh"
polarity = -1
weight = 10
severity = 1.0
when = "act.target == 'tv'"

[[rule]]
id = "ask-for-the-bolt"
duty = "security"
kind = "escalate"
polarity = -1
weight = 1
severity = 0.1
when = "act.target == 'bolt'"
"#;

const ACL: &str = "[roles.house]\nrules = [\"allow all #\"]\nspeaks_for_many = true\n";

const CONFIG: &str = r#"# This is the old house's.
node = "old"
timezone = "UTC"
[broker]
acl = ACL
[conscience]
rules = [
  RULES, # the owner's
]
[[signal]]
name = "smoke"
entity = "hall_alarm"
kind = "smoke"
default = false
stale_after_seconds = 3600
[[guard]]
topic = "bolt/+/set"
device = "bolt"
class = "switch"
payloads = { ON = "on" }
[[phoenix.repository]]
name = "nas"
path = NAS
key_file = KEY
schedule = ""
MORE
"#;

/// What outlives the fire: the repository and its key; and what does not.
pub struct Place {
    pub safe: TempDir,
    pub owners: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let place = Self { safe: TempDir::with_prefix("safe-").unwrap(), owners: TempDir::with_prefix("owner-").unwrap() };
        fs::write(place.owners.path().join("rules.toml"), RULES).unwrap();
        fs::write(place.owners.path().join("acl.toml"), ACL).unwrap();
        place.phoenix(&["init", "--repository", "nas", "--new-key-file", "key"]);
        place
    }

    pub fn nas(&self) -> PathBuf {
        self.safe.path().join("nas")
    }

    pub fn key(&self) -> PathBuf {
        self.safe.path().join("key")
    }

    pub fn config_file(&self) -> PathBuf {
        self.owners.path().join("jamey.toml")
    }

    pub fn config(&self, more: &str) -> String {
        let quoted = |path: PathBuf| format!("{path:?}");
        let owners = self.owners.path();
        let text = CONFIG
            .replace("RULES", &quoted(owners.join("rules.toml")))
            .replace("ACL", &quoted(owners.join("acl.toml")))
            .replace("NAS", &quoted(self.nas()))
            .replace("KEY", &quoted(self.key()))
            .replace("MORE", more);
        fs::write(self.config_file(), &text).unwrap();
        text
    }

    /// `jamey phoenix …`, from the folder where only repository and key are.
    #[track_caller]
    pub fn phoenix(&self, args: &[&str]) -> String {
        jamey(self.safe.path(), &[&["phoenix"], args].concat(), "")
    }

    pub fn snapshot(&self, house: &House) -> Value {
        let (config, data) = (self.config_file(), house.data().to_str().unwrap().to_owned());
        let told = self.phoenix(&["snapshot", "--json", "--config", config.to_str().unwrap(), "--data", &data]);
        serde_json::from_str(&told).unwrap()
    }

    /// Restores the newest; what was told of it.
    pub fn restore(&self, into: &Path) -> Value {
        let told =
            self.phoenix(&["restore", "latest", "--repository", "nas", "--key-file", "key", "--into", into.to_str().unwrap(), "--json"]);
        serde_json::from_str(&told).unwrap()
    }
}

/// One command that must go well.
#[track_caller]
pub fn jamey(folder: &Path, args: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("JAMEY_")) {
        command.env_remove(key);
    }
    command.current_dir(folder).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who reads nothing may be gone.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let out = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(out.status.success(), "{args:?}: {}{}", text(&out.stdout), text(&out.stderr));
    text(&out.stdout)
}

pub fn read(file: &Path) -> Config {
    config::load(Some(file), Vec::new()).unwrap()
}

pub fn people(place: &Place, data: &Path) {
    let config = place.config_file();
    for (user, roles) in [
        ("hub", &["discovery", "operator"][..]),
        ("panel", &["house"]),
        ("anna", &["human", "approver"]),
        ("phone", &["reader"]),
        ("root", &["admin"]),
    ] {
        let mut args = vec!["--config", config.to_str().unwrap(), "--data", data.to_str().unwrap(), "user", "add", user];
        args.extend(roles.iter().flat_map(|role| ["--role", role]));
        jamey(data, &args, &format!("{PASSWORD}\n"));
    }
}

pub fn sign_in(house: &House, user: &str) -> Mqtt {
    house.dial(&format!("{user}-client")).v5().user(user, PASSWORD).open()
}

/// The phone, which comes back to its session.
pub fn phone(house: &House) -> Dial {
    house.dial("the/phone").v5().persistent().user("phone", PASSWORD)
}

/// One that takes what it is sent and acknowledges nothing.
pub fn deaf(house: &House) -> Dial {
    house.dial("deaf").v5().persistent().user("phone", PASSWORD)
}

/// A day: told, asked, described, retained, queued, held. Who acknowledges nothing is there still.
pub fn live(house: &House) -> Mqtt {
    drop(phone(house).open().listen("post/#", 1));
    let deaf = deaf(house).silent().open().listen("news", 1);
    let mut hub = sign_in(house, "hub").listen("zigbee2mqtt/#", 1);
    announce(&mut hub, &[DOOR]);
    let mut panel = sign_in(house, "panel");
    let mut say = |message: Message| assert!(panel.publish(message).taken());
    for n in 0..60 {
        say(Message::new(&format!("jamey/in/sensor_{}/temperature", n % 7), format!("{}.5", 18 + n % 5)).qos(1));
        say(Message::new(&format!("jamey/act/lamp_{}/on", n % 5), format!("{{\"id\":\"{n}\"}}")).qos(1));
        if n % 10 == 0 {
            say(Message::new("jamey/act/tv/on", "{}").qos(1));
            say(Message::new("jamey/in/hall_alarm/smoke", (n % 20 == 0).to_string()).qos(1));
        }
    }
    for n in 0..40_u8 {
        say(Message::new(&format!("shelf/{n}/grün ☃"), [n, 0, 255]).qos(n % 3).retained());
    }
    say(Message::new("jamey/in/fridge/door", "shut").qos(1).retained());
    for n in 0..QUEUED {
        say(Message::new("post/letter", [n]).qos(1));
    }
    say(Message::new("news", "flying").qos(1));
    say(Message::new("bolt/1/set", "WHAT").qos(1));
    hub.disconnect();
    deaf
}
