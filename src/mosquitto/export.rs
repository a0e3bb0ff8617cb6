//! The way back: Jamey's listeners, users and roles as mosquitto's config, password and access files, and a word on what does not go.

use super::{
    conf::{Bridge, Sizes, Way},
    note::{Fate, Note},
};
use crate::domain::{
    Acl, ForeignHash, People, TopicFilter,
    acl::{AclRule, Role, Scope},
};
use std::{collections::BTreeSet, net::SocketAddr};

/// One listener that is to be mosquitto's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeavingDoor {
    pub address: SocketAddr,
    pub websocket: bool,
    pub certificate: Option<String>,
    pub key: Option<String>,
    pub ca: Option<String>,
    pub crl: Option<String>,
    pub requires_certificate: bool,
    pub anonymous: bool,
    pub max_connections: Option<usize>,
}

/// What leaves.
pub struct Leaving<'l> {
    pub acl: &'l Acl,
    pub people: &'l People,
    pub root: &'l str,
    pub doors: Vec<LeavingDoor>,
    pub bridges: Vec<Bridge>,
    pub sizes: Sizes,
    /// Where mosquitto is to find it.
    pub folder: &'l str,
    /// The names of the three files in it, and of the database.
    pub names: [&'l str; 3],
    pub database: &'l str,
}

/// The three files, who has no password there yet, and what else somebody has to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exported {
    pub conf: String,
    pub passwords: String,
    pub access: String,
    pub without_password: Vec<String>,
    pub notes: Vec<Note>,
}

/// Makes them.
#[must_use]
pub fn export(leaving: &Leaving<'_>) -> Exported {
    let mut out = Exported::default();
    let has_users = !leaving.people.is_empty();
    if has_users {
        passwords(leaving, &mut out);
        access(leaving, &mut out);
    }
    conf(leaving, has_users, &mut out);
    if !leaving.people.tokens.is_empty() {
        out.say(Fate::Lost, "tokens are Jamey's: who signs in with one needs a password there");
    }
    if !leaving.people.certificates.is_empty() {
        out.say(Fate::Lost, "certificates that stand for a user by their fingerprint: mosquitto goes by the name in them");
    }
    out.say(
        Fate::Lost,
        "what Jamey judges, remembers and holds: mosquitto lets every command on that an access file allows, and `jamey/…` is silent",
    );
    out
}

impl Exported {
    fn say(&mut self, fate: Fate, means: impl Into<String>) {
        let note = Note::of_the_whole("", fate, means);
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

fn passwords(leaving: &Leaving<'_>, out: &mut Exported) {
    for user in leaving.people.users.values() {
        match user.secret.as_deref().map(ForeignHash::parse) {
            Some(Some(hash)) if !user.name.contains(':') => out.passwords.push_str(&format!(
                "{}:{}
",
                user.name,
                hash.text()
            )),
            Some(_) => out.without_password.push(user.name.clone()),
            None => out.say(Fate::Lost, format!("`{}` has no password here, and signs in with tokens or certificates", user.name)),
        }
    }
    if !out.without_password.is_empty() {
        let names = out.without_password.join(", ");
        out.say(Fate::Lost, format!("the passwords of {names} were given here, hashed by Argon2id, and cannot be turned into mosquitto's hash: give each one there"));
    }
}

fn access(leaving: &Leaving<'_>, out: &mut Exported) {
    let roles_of = |names: &[String]| names.iter().filter_map(|name| leaving.acl.roles.get(name)).collect::<Vec<&Role>>();
    let anonymous = leaving.doors.iter().any(|door| door.anonymous).then(|| roles_of(&["anonymous".to_owned()]));
    let users: Vec<(&str, Vec<&Role>)> = leaving.people.users.values().map(|user| (user.name.as_str(), roles_of(&user.roles))).collect();
    let everybodys = everybodys(&users, anonymous.as_ref());
    if let Some(roles) = &anonymous {
        let lines = topics(None, roles, &everybodys, leaving.root, out);
        out.access.push_str(&lines);
    }
    for (name, roles) in &users {
        let lines = topics(Some(name), roles, &everybodys, leaving.root, out);
        out.access.push_str(&format!("\nuser {name}\n{lines}"));
    }
    out.access.push('\n');
    for rule in &everybodys {
        out.access.push_str(&format!("pattern {} {}\n", word(rule), rule.pattern));
    }
}

/// The rules of which mosquitto makes patterns, for all alike: those with `%u` or `%c` that all have who may not everything, and what all have behind
/// them. Who has no user has none with `%u`.
fn everybodys(users: &[(&str, Vec<&Role>)], anonymous: Option<&Vec<&Role>>) -> Vec<AclRule> {
    let rules = |roles: &Vec<&Role>| roles.iter().flat_map(|role| role.rules.clone()).collect::<Vec<AclRule>>();
    let is_bound = |rules: &Vec<AclRule>| rules.first().is_none_or(|rule| !(rule.allow && rule.scope == Scope::All && rule.pattern == "#"));
    let behind = |rules: Vec<AclRule>| rules.into_iter().skip_while(|rule| !is_named(rule)).collect::<Vec<AclRule>>();
    let mut bound = users.iter().map(|(_, roles)| rules(roles)).filter(is_bound).map(behind);
    let anonymous = anonymous.map(rules).filter(is_bound);
    let Some(mut common) = bound.next().or_else(|| anonymous.clone().map(behind)) else { return Vec::new() };
    bound.for_each(|rules| common.retain(|rule| rules.contains(rule)));
    if let Some(rules) = anonymous {
        common.retain(|rule| rule.pattern.contains("%u") || rules.contains(rule));
    }
    common.retain(|rule| rule.allow || rule.scope == Scope::All);
    common
}

fn is_named(rule: &AclRule) -> bool {
    rule.pattern.contains("%u") || rule.pattern.contains("%c")
}

fn word(rule: &AclRule) -> &'static str {
    match (rule.allow, rule.scope) {
        (false, _) => "deny",
        (true, Scope::Publish) => "write",
        (true, Scope::Subscribe) => "read",
        (true, Scope::All) => "readwrite",
    }
}

/// The lines of one user. mosquitto asks them before the patterns, and denials first: what it cannot say so is said more strictly there, never more
/// widely.
fn topics(user: Option<&str>, roles: &[&Role], everybodys: &[AclRule], root: &str, out: &mut Exported) -> String {
    let shown = user.unwrap_or("who has no user");
    let (mut lines, mut seen) = (String::new(), BTreeSet::new());
    // What came before in the roles, as (allowed, for all, filter).
    let mut before: Vec<(bool, bool, TopicFilter)> = Vec::new();
    for rule in roles.iter().flat_map(|role| &role.rules) {
        if rule.pattern == root || rule.pattern.starts_with(&format!("{root}/")) {
            out.say(Fate::Needless, format!("rules on `{root}/…` stay behind: nobody speaks there any more"));
            continue;
        }
        let filled: Option<Vec<&str>> = rule.pattern.split('/').map(|level| if level == "%u" { user } else { Some(level) }).collect();
        let Some(filter) = filled.map(|levels| levels.join("/")) else { continue };
        let Ok(parsed) = TopicFilter::new(&filter.replace("%c", "+")) else { continue };
        let is_common = everybodys.contains(rule);
        let met = |allow: bool, common: bool| before.iter().any(|(a, c, other)| *a == allow && *c == common && other.overlaps(&parsed));
        let stricter = !rule.allow && (met(true, is_common) || (!is_common && met(true, true)));
        if stricter {
            out.say(Fate::Changed, format!("`{filter}` is denied to {shown} whole there: mosquitto asks denials first"));
        }
        if is_common {
            before.push((rule.allow, true, parsed));
            continue;
        }
        if filter.contains("%c") {
            let means = format!("`{}` of {shown}: mosquitto has `%c` only in what counts for all, so it is not there", rule.pattern);
            out.say(Fate::Lost, means);
            if !rule.allow {
                // What it would have denied is not to be allowed by what follows.
                before.push((false, true, parsed));
            }
            continue;
        }
        if rule.allow && met(false, true) {
            out.say(Fate::Lost, format!("`{filter}` of {shown} comes behind a denial that counts for all: it is not allowed there"));
            continue;
        }
        if !rule.allow && rule.scope != Scope::All {
            out.say(Fate::Changed, format!("`{filter}` is denied to {shown} both ways there: mosquitto denies no other way"));
        }
        before.push((rule.allow, false, parsed));
        let line = format!("topic {} {filter}\n", word(rule));
        if seen.insert(line.clone()) {
            lines.push_str(&line);
        }
    }
    lines
}

fn conf(leaving: &Leaving<'_>, has_users: bool, out: &mut Exported) {
    let [_, passwords, access] = leaving.names;
    let folder = leaving.folder;
    let mut text = "# Written by `jamey export mosquitto`.\n".to_owned();
    let anonymous = leaving.doors.first().is_some_and(|door| door.anonymous);
    let differ = leaving.doors.iter().any(|door| door.anonymous != anonymous);
    let security = |anonymous: bool| {
        let files = if has_users { format!("password_file {folder}/{passwords}\nacl_file {folder}/{access}\n") } else { String::new() };
        format!("allow_anonymous {anonymous}\n{files}")
    };
    // Who had said what is retained is not known there: with that check nobody would hear it again.
    text.push_str(&format!(
        "per_listener_settings {differ}\ncheck_retain_source false\npersistence true\npersistence_location {folder}/\npersistence_file {}\n",
        leaving.database
    ));
    if !differ {
        text.push_str(&security(anonymous));
    }
    let sizes = &leaving.sizes;
    let numbers = [
        ("max_packet_size", sizes.packet_bytes),
        ("max_inflight_messages", sizes.in_flight),
        ("max_queued_messages", sizes.queued_messages),
        ("max_queued_bytes", sizes.queued_bytes),
        ("max_keepalive", sizes.keep_alive_seconds),
    ];
    for (key, number) in numbers.into_iter().filter_map(|(key, number)| Some((key, number?))) {
        text.push_str(&format!("{key} {number}\n"));
    }
    if let Some(hours) = sizes.sessions_seconds.map(|seconds| seconds.div_ceil(3_600).max(1)) {
        text.push_str(&format!("persistent_client_expiration {hours}h\n"));
    }
    for door in &leaving.doors {
        text.push_str(&listener(door, out));
        if differ {
            text.push_str(&security(door.anonymous));
        }
    }
    leaving.bridges.iter().for_each(|one| text.push_str(&bridge(one)));
    out.conf = text;
}

fn listener(door: &LeavingDoor, out: &mut Exported) -> String {
    let ip = door.address.ip();
    // Without an address mosquitto takes all, of both families.
    let at = if ip.is_unspecified() && ip.is_ipv6() { String::new() } else { format!(" {ip}") };
    let mut text = format!("\nlistener {}{at}\n", door.address.port());
    if door.websocket {
        text.push_str("protocol websockets\n");
    }
    if let Some(most) = door.max_connections {
        text.push_str(&format!("max_connections {most}\n"));
    }
    for (key, file) in [("certfile", &door.certificate), ("keyfile", &door.key)] {
        if let Some(file) = file {
            text.push_str(&format!("{key} {file}\n"));
        }
    }
    match &door.ca {
        Some(ca) if door.requires_certificate => {
            text.push_str(&format!("cafile {ca}\nrequire_certificate true\nuse_identity_as_username true\n"));
            if let Some(crl) = &door.crl {
                text.push_str(&format!("crlfile {crl}\n"));
            }
        }
        Some(_) => out.say(
            Fate::Lost,
            format!("at {} a certificate may be shown or not; mosquitto asks for none there, and for passwords", door.address),
        ),
        None => {}
    }
    text
}

fn bridge(one: &Bridge) -> String {
    let mut text = format!("\nconnection {}\naddress {}\n", one.name, one.address.as_deref().unwrap_or_default());
    let texts = [
        ("remote_username", &one.user),
        ("remote_password", &one.password),
        ("remote_clientid", &one.client_id),
        ("bridge_cafile", &one.ca),
        ("bridge_certfile", &one.certificate),
        ("bridge_keyfile", &one.key),
    ];
    for (key, value) in texts.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
        text.push_str(&format!("{key} {value}\n"));
    }
    if let Some(seconds) = one.keep_alive_seconds {
        text.push_str(&format!("keepalive_interval {seconds}\n"));
    }
    text.push_str(&format!("cleansession {}\n", one.clean_start));
    for topic in &one.topics {
        let way = match topic.way {
            Way::In => "in",
            Way::Out => "out",
            Way::Both => "both",
        };
        let prefix = |prefix: &str| if prefix.is_empty() { "\"\"".to_owned() } else { prefix.to_owned() };
        text.push_str(&format!("topic {} {way} {} {} {}\n", topic.filter, topic.qos, prefix(&topic.local), prefix(&topic.remote)));
    }
    text
}
