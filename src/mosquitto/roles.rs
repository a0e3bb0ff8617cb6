//! An access file as roles. mosquitto asks what is denied first, a user's own lines before everybody's; a role's first rule that matches decides:
//! in that order they say the same.

use super::{
    access::{Access, File},
    names,
    note::{Fate, Note},
    toml::quoted,
};
use crate::domain::{TopicFilter, acl::AclRule};
use std::collections::BTreeMap;

/// The role of those who have no lines of their own.
pub const COMMON: &str = "mosquitto";

/// A role as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    pub rules: Vec<String>,
    pub many: bool,
    pub describes: bool,
}

/// The role of one user, or of who has none. Without an access file everybody may everything.
#[must_use]
pub fn role(file: Option<&File>, user: Option<&str>, notes: &mut Vec<Note>) -> Role {
    let Some(file) = file else {
        return Role { rules: vec!["allow all #".into()], many: true, describes: true };
    };
    let mut role = Role::default();
    for (entry, is_pattern) in file.of(user) {
        let mut lost = |means: String| {
            let kind = if is_pattern { "pattern" } else { "topic" };
            let note =
                Note { file: file.name.clone(), line: entry.line, text: format!("{kind} … {}", entry.topic), fate: Fate::Lost, means };
            if !notes.contains(&note) {
                notes.push(note);
            }
        };
        let filter = match filled(&entry.topic, is_pattern, user) {
            Ok(Some(filter)) => filter,
            Ok(None) => continue,
            Err(why) => {
                lost(why.into());
                continue;
            }
        };
        let words = match entry.access {
            Access::Deny => "deny all",
            Access::Read => "allow subscribe",
            Access::Write => "allow publish",
            Access::Both => "allow all",
        };
        let rule = format!("{words} {filter}");
        if let Err(error) = AclRule::parse(&rule) {
            lost(error.to_string());
            continue;
        }
        if matches!(entry.access, Access::Write | Access::Both) {
            let own = |level: &str| level == "%u" || level == "%c" || Some(level) == user;
            role.many |= !filter.split('/').any(own);
            let prefix = TopicFilter::new("homeassistant/#");
            role.describes |= !filter.contains('%') && TopicFilter::new(&filter).is_ok_and(|f| prefix.is_ok_and(|p| p.overlaps(&f)));
        }
        role.rules.push(rule);
    }
    role
}

/// The filter of a line for one user. `Ok(None)`: it is not theirs.
fn filled(topic: &str, is_pattern: bool, user: Option<&str>) -> Result<Option<String>, &'static str> {
    let named = topic.contains("%u") || topic.contains("%c");
    if !is_pattern {
        return if named {
            Err("`%u` and `%c` stand for nothing in a `topic` line of mosquitto's, and would here: write a `pattern`")
        } else {
            Ok(Some(topic.to_owned()))
        };
    }
    let mut levels = Vec::new();
    for level in topic.split('/') {
        match (level, user) {
            ("%c", _) | ("%u", Some(_)) => levels.push(level.to_owned()),
            (level, None) if level.contains("%u") => return Ok(None),
            (level, _) if level.contains("%c") => {
                return Err(
                    "Jamey takes `%c` alone in its level: nothing of it is allowed or denied here; write the client ids out, or give each device a user",
                );
            }
            (level, Some(user)) => levels.push(level.replace("%u", user)),
            (level, None) => levels.push(level.to_owned()),
        }
    }
    Ok(Some(levels.join("/")))
}

/// The roles by name, and which role each user has: who has no lines of their own shares one.
pub struct Shared {
    pub roles: BTreeMap<String, Role>,
    pub of: BTreeMap<String, String>,
}

impl Shared {
    #[must_use]
    pub fn of(users: &[(String, Option<&File>)], anonymous: Option<Option<&File>>, notes: &mut Vec<Note>) -> Self {
        let mut shared = Self { roles: BTreeMap::new(), of: BTreeMap::new() };
        for (user, file) in users {
            let role = role(*file, Some(user), notes);
            let is_own = file.is_some_and(|file| file.topics.contains_key(&Some(user.clone())));
            // Another listener's file may give others, or a name stand in a pattern.
            let mut name = if is_own || role.rules.iter().any(|rule| rule.split(['/', ' ']).any(|level| level.contains(user.as_str()))) {
                names::role(user)
            } else {
                COMMON.to_owned()
            };
            while shared.roles.get(&name).is_some_and(|known| *known != role) {
                name.push('_');
            }
            shared.roles.insert(name.clone(), role);
            shared.of.insert(user.clone(), name);
        }
        if let Some(file) = anonymous {
            let role = role(file, None, notes);
            shared.roles.insert("anonymous".into(), role);
        }
        shared
    }

    /// As an access list of Jamey's.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = "# What mosquitto's users might, written by `jamey import mosquitto`. config/acl.toml tells how such a file is read.\n\
             # Nobody had to speak for itself there, and whoever might publish there described devices: where that is more than a user needs, take\n\
             # `speaks_for_many` and `discovery` away.\n"
            .to_owned();
        for (name, role) in &self.roles {
            text.push_str(&format!("\n[roles.{name}]\n"));
            for (key, _) in [("speaks_for_many", role.many), ("discovery", role.describes)].iter().filter(|(_, on)| *on) {
                text.push_str(&format!("{key} = true\n"));
            }
            let rules: String = role.rules.iter().map(|rule| format!("  {},\n", quoted(rule))).collect();
            text.push_str(&if rules.is_empty() { "rules = []\n".to_owned() } else { format!("rules = [\n{rules}]\n") });
        }
        text
    }
}
