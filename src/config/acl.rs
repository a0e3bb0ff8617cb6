//! The access lists: the shipped roles, and the owner's file laid over them; everything wrong told at once.

use super::ConfigError;
use crate::domain::acl::{Acl, AclRule, Role};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// `config/acl.toml` as it was built in.
const SHIPPED: &str = include_str!("../../config/acl.toml");
const SHIPPED_NAME: &str = "config/acl.toml (built in)";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    roles: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    rules: Vec<String>,
    #[serde(default)]
    speaks_for_many: bool,
    #[serde(default)]
    discovery: bool,
}

/// The shipped roles, and those of the owner's file instead of and besides them.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn acl(file: Option<&Path>, root: &str) -> Result<Acl, Vec<ConfigError>> {
    let mut acl = read(SHIPPED_NAME, SHIPPED, root)?;
    if let Some(path) = file {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = format!("cannot be read ({error}); name a text file that this user may read, or leave `broker.acl` out");
            vec![ConfigError { path: name.clone(), at: "broker.acl".to_owned(), message }]
        })?;
        acl.roles.extend(read(&name, &text, root)?.roles);
    }
    Ok(acl)
}

/// # Errors
/// Everything that is wrong with the text.
pub fn read(name: &str, text: &str, root: &str) -> Result<Acl, Vec<ConfigError>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text.get(..span.start).unwrap_or_default().matches('\n').count());
        vec![ConfigError { path: name.to_owned(), at: format!("{name}:{line}"), message: error.message().to_owned() }]
    })?;
    let mut errors = Vec::new();
    let mut roles = BTreeMap::new();
    for (role, entry) in file.roles {
        if role.is_empty() || !role.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            let message = format!("found a role `{role}`; write a name of a-z, 0-9 and `_`");
            errors.push(ConfigError { path: format!("roles.{role}"), at: name.to_owned(), message });
        }
        let mut rules = Vec::new();
        for (i, rule) in entry.rules.iter().enumerate() {
            match AclRule::parse(&rule.replace("%r", root)) {
                Ok(rule) => rules.push(rule),
                Err(error) => {
                    errors.push(ConfigError { path: format!("roles.{role}.rules[{i}]"), at: name.to_owned(), message: error.to_string() });
                }
            }
        }
        roles.insert(role, Role { rules, speaks_for_many: entry.speaks_for_many, discovery: entry.discovery });
    }
    if errors.is_empty() { Ok(Acl { roles }) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn granted(roles: &[&str]) -> crate::domain::Granted {
        acl(None, "jamey").unwrap().grant(roles.iter().copied(), "sensor-7", Some("sensor"))
    }

    #[test]
    fn the_shipped_roles_may_what_their_names_say() {
        let publish = |role: &str, topic: &str| granted(&[role]).publish(topic);
        let hear = |role: &str, topic: &str| granted(&[role]).hear(topic);
        assert!(
            publish("device", "jamey/in/sensor/temperature") && publish("device", "tele/sensor/STATE") && publish("device", "sensor-7/x")
        );
        assert!(!publish("device", "jamey/in/other/temperature") && !publish("device", "tele/other/STATE"));
        assert!(hear("device", "cmnd/sensor/POWER") && !hear("device", "cmnd/other/POWER") && !hear("device", "jamey/verdict/sensor"));
        assert!(
            publish("zigbee2mqtt", "zigbee2mqtt/lamp") && granted(&["zigbee2mqtt"]).speaks_for_many && granted(&["zigbee2mqtt"]).discovery
        );
        assert!(publish("home_assistant", "zigbee2mqtt/lamp/set") && !publish("home_assistant", "jamey/cmd/x"));
        for role in ["operator", "human", "reader", "home_assistant"] {
            assert!(hear(role, "jamey/verdict/x") && !hear(role, "jamey/approval/1"), "{role}");
        }
        assert!(hear("approver", "jamey/approval/1") && hear("admin", "jamey/approval/1"));
        assert!(!publish("reader", "a") && granted(&["anonymous"]).is_empty());
        let both = granted(&["human", "approver"]);
        assert!(both.hear("jamey/approval/1") && both.publish("jamey/act/x/on"), "what one role allows no other takes away");
    }

    #[test]
    fn the_owners_roles_replace_and_add() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acl.toml");
        fs::write(&path, "[roles.reader]\nrules = [\"allow subscribe a\"]\n[roles.gate]\nrules = [\"allow all %r/x\"]\n").unwrap();
        let acl = acl(Some(&path), "home/jamey").unwrap();
        assert!(!acl.grant(["reader"], "c", None).hear("b"));
        assert!(acl.grant(["gate"], "c", None).publish("home/jamey/x"));
        assert!(acl.roles.contains_key("admin"));
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_place() {
        let text = "[roles.a]\nrules = [\"allow publish b\", \"allow shout b\", \"allow publish #/b\"]\n[roles.\"B c\"]\n";
        let said: Vec<String> = read("acl.toml", text, "jamey").unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said.iter().any(|s| s.starts_with("roles.a.rules[1] (acl.toml): `allow shout b` is no rule; write")), "{said:?}");
        let unknown = read("acl.toml", "[roles.a]\nrules = []\nspeaks = true\n", "jamey").unwrap_err();
        assert!(unknown[0].at.starts_with("acl.toml:3") && unknown[0].message.contains("unknown field"), "{unknown:?}");
        assert!(acl(Some(Path::new("/nowhere/acl.toml")), "jamey").unwrap_err()[0].message.contains("cannot be read"));
    }
}
