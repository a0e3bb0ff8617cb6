//! What mosquitto's files come to here: a config, access lists, users and secrets, and a word on every line.

mod text;

use super::{
    access::{self, File},
    conf::{Bind, Conf, Door, Security},
    names,
    note::{Fate, Note},
    passwords,
    roles::{COMMON, Shared},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// What was read: the config, and by their paths the files that it names.
pub struct Read<'r> {
    pub conf: &'r Conf,
    pub files: &'r BTreeMap<String, String>,
    /// Users that sessions in the database are of.
    pub present: &'r BTreeSet<String>,
}

/// Where things go, and what the host knows.
pub struct Places<'p> {
    pub access: String,
    pub data: String,
    /// Before the name of a bridge's password file.
    pub secrets: String,
    pub guard: &'p str,
    pub has_ipv6: bool,
    pub look_up: &'p dyn Fn(&str) -> Option<IpAddr>,
    /// A path as mosquitto meant it, whole.
    pub whole: &'p dyn Fn(&str) -> String,
    /// What is wrong with a private key's file.
    pub key: &'p dyn Fn(&str) -> Option<String>,
    /// What is wrong with a certificate's file.
    pub certificate: &'p dyn Fn(&str) -> Option<String>,
}

/// One who may sign in here.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    pub name: String,
    pub role: String,
    /// mosquitto's hash; none: by certificate or token alone.
    pub secret: Option<String>,
}

pub struct Plan {
    pub config: String,
    /// None: nobody has a user, and everybody may everything.
    pub access: Option<String>,
    pub users: Vec<NewUser>,
    /// Bridges' passwords, by path.
    pub secrets: Vec<(String, String)>,
    pub notes: Vec<Note>,
}

/// A listener as it will stand.
struct Opened<'d> {
    addresses: Vec<SocketAddr>,
    door: &'d Door,
    anonymous: bool,
}

/// The one who is there so that access lists count.
const OWNER: &str = "owner";
/// Where users of Home Assistant are guessed by their names.
const HOME_ASSISTANT: [&str; 5] = ["homeassistant", "home_assistant", "home-assistant", "hass", "ha"];

/// Makes the plan. It is not checked here: whoever writes it reads it as any config is read.
#[must_use]
pub fn plan(read: &Read<'_>, places: &Places<'_>) -> Plan {
    let conf = read.conf;
    let mut notes = conf.notes.clone();
    let files = accesses(read, &mut notes);
    let opened = opened(conf, places, &mut notes);
    let security = |door: &Door| if conf.per_listener { door.security.clone() } else { conf.security.clone() };
    let mut lists: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
    for Security { passwords, access, .. } in opened.iter().map(|one| security(one.door)) {
        passwords.map(|passwords| lists.entry(passwords).or_default().insert(access));
    }
    let lists_at_all = conf.doors.iter().map(security).any(|s| s.passwords.is_some() || s.access.is_some());
    let by_certificate = conf.doors.iter().any(|door| door.identity);
    let is_open = !lists_at_all && !by_certificate && !conf.plugin && !opened.is_empty() && opened.iter().all(|one| one.anonymous);
    let nothing = File::default();
    let rights = Rights { files: &files, nothing: &nothing, plugin: conf.plugin };

    let mut users: Vec<(String, Option<String>, Option<&File>)> = Vec::new();
    for (path, accesses) in &lists {
        let text = read.files.get(path).map(String::as_str).unwrap_or_default();
        let (entries, told) = passwords::read(path, text);
        notes.extend(told);
        let file = rights.least(accesses.iter().map(|access| rights.of(access.as_deref())));
        if accesses.len() > 1 {
            let means = "a user may the same at every listener here, and this file stands at several with other rights: ";
            notes.push(Note::of_the_whole(path, Fate::Lost, format!("{means}{}", rights.told(file))));
        }
        for entry in entries {
            match users.iter_mut().find(|(name, ..)| names::entity(name) == names::entity(&entry.name)) {
                None => users.push((entry.name, Some(entry.hash), file)),
                Some((name, hash, known)) if *hash == Some(entry.hash) => {
                    if *known != file {
                        *known = rights.least([*known, file].into_iter());
                        let means = format!(
                            "`{name}` may the same at every listener here, and has other rights at another: {}",
                            rights.told(*known)
                        );
                        notes.push(Note::of_the_whole(path, Fate::Lost, means));
                    }
                }
                Some(_) => {
                    let means = format!("`{}` has another password in another file: the one that stands in the first counts", entry.name);
                    notes.push(Note::of_the_whole(path, Fate::Lost, means));
                }
            }
        }
    }
    unproved(read, &files, &mut users, by_certificate, lists.is_empty() && !is_open, &mut notes);
    let of_anonymous: BTreeSet<Option<String>> = opened.iter().filter(|one| one.anonymous).map(|one| security(one.door).access).collect();
    let anonymous = (!of_anonymous.is_empty()).then(|| rights.least(of_anonymous.iter().map(|access| rights.of(access.as_deref()))));
    if let (Some(file), true) = (anonymous, of_anonymous.len() > 1) {
        let means =
            format!("who has no user may the same at every listener here, and there it was not the same at each: {}", rights.told(file));
        notes.push(Note::of_the_whole("", Fate::Lost, means));
    }
    let with_files: Vec<(String, Option<&File>)> = users.iter().map(|(name, _, file)| (name.clone(), *file)).collect();
    let shared = Shared::of(&with_files, anonymous, &mut notes);
    let role = |name: &str| shared.of.get(name).cloned().unwrap_or_else(|| COMMON.to_owned());
    let mut new: Vec<NewUser> = users.into_iter().map(|(name, secret, _)| NewUser { role: role(&name), name, secret }).collect();
    if new.is_empty() && !is_open {
        let means = format!(
            "access lists count here once there is a user, so there is one, `{OWNER}`, who signs in only when you let him: `jamey user password {OWNER}`"
        );
        notes.push(Note::of_the_whole("", Fate::Changed, means));
        new.push(NewUser { name: OWNER.to_owned(), role: "admin".to_owned(), secret: None });
    }
    said_of_the_whole(conf, &opened, is_open, &mut notes);
    let home_assistant =
        new.iter().map(|user| user.name.as_str()).find(|name| HOME_ASSISTANT.contains(&name.to_ascii_lowercase().as_str()));
    let (config, secrets) = text::config(read, places, &opened, (!is_open).then_some(places.access.as_str()), home_assistant, &mut notes);
    Plan { config, access: (!is_open).then(|| shared.text()), users: new, secrets, notes }
}

/// What access files give to whom.
struct Rights<'f> {
    files: &'f BTreeMap<String, File>,
    /// Allows nothing.
    nothing: &'f File,
    /// Where no file says it, something else did.
    plugin: bool,
}

impl<'f> Rights<'f> {
    /// By the path of an access file, or its absence; None: everything.
    fn of(&self, access: Option<&str>) -> Option<&'f File> {
        match access {
            Some(path) => self.files.get(path),
            None => self.plugin.then_some(self.nothing),
        }
    }

    /// Of several the only one that says something; of two such, nothing: neither allows more than the other for certain.
    fn least(&self, several: impl Iterator<Item = Option<&'f File>>) -> Option<&'f File> {
        let mut all: Vec<&File> = several.flatten().collect();
        all.dedup();
        match all.as_slice() {
            [] => None,
            [one] => Some(one),
            _ => Some(self.nothing),
        }
    }

    fn told(&self, file: Option<&File>) -> String {
        match file {
            Some(file) if file == self.nothing => "nothing, until you say it in the access lists (`broker.acl`)".to_owned(),
            Some(file) => format!("what {} says", file.name),
            None => "everything".to_owned(),
        }
    }
}

/// Every access file that counts somewhere.
fn accesses(read: &Read<'_>, notes: &mut Vec<Note>) -> BTreeMap<String, File> {
    let of = |security: &Security| security.access.clone();
    let conf = read.conf;
    let named = if conf.per_listener {
        conf.doors.iter().filter_map(|door| of(&door.security)).collect()
    } else {
        of(&conf.security).into_iter().collect::<BTreeSet<_>>()
    };
    let mut files = BTreeMap::new();
    for path in named {
        let (file, told) = access::read(&path, read.files.get(&path).map(String::as_str).unwrap_or_default());
        notes.extend(told);
        files.insert(path, file);
    }
    files
}

/// Users who have rules, or sessions, and no password here.
fn unproved<'f>(
    read: &Read<'_>,
    files: &'f BTreeMap<String, File>,
    users: &mut Vec<(String, Option<String>, Option<&'f File>)>,
    by_certificate: bool,
    taken_as_given: bool,
    notes: &mut Vec<Note>,
) {
    let known = |users: &[(String, Option<String>, Option<&File>)], name: &str| {
        users.iter().any(|(known, ..)| names::entity(known) == names::entity(name))
    };
    for file in files.values() {
        for (name, entries) in file.topics.iter().filter_map(|(name, entries)| Some((name.as_ref()?, entries))) {
            if known(users, name) {
                continue;
            }
            let (fate, means) = match names::check(name) {
                Err(why) => (Fate::Lost, why.to_owned()),
                Ok(()) if by_certificate => (Fate::Taken, "signs in by certificate alone".to_owned()),
                Ok(()) if taken_as_given => {
                    let means = format!(
                        "mosquitto believed whoever said this name, and Jamey wants it proved: `jamey user password {name}`, and the same in the device"
                    );
                    (Fate::Lost, means)
                }
                Ok(()) => (Fate::Needless, "has no password there either, so nobody comes in under this name".to_owned()),
            };
            let line = entries.first().map_or(0, |entry| entry.line);
            notes.push(Note { file: file.name.clone(), line, text: format!("user {name}"), fate, means });
            if names::check(name).is_ok() && (by_certificate || taken_as_given) {
                users.push((name.clone(), None, Some(file)));
            }
        }
    }
    if by_certificate {
        let file = files.values().next();
        for name in read.present.iter().filter(|name| names::check(name).is_ok()) {
            if !known(users, name) {
                users.push((name.clone(), None, file));
            }
        }
    }
}

/// Where each listener will be.
fn opened<'d>(conf: &'d Conf, places: &Places<'_>, notes: &mut Vec<Note>) -> Vec<Opened<'d>> {
    let mut all = Vec::new();
    for door in &conf.doors {
        let port = door.port.unwrap_or(1883);
        let mut lost = |means: String| notes.push(Note::of_the_whole("", Fate::Lost, means));
        if let Some(why) = door.why_shut() {
            let at =
                if door.shut.is_some() && door.port.is_none() { "a listener".to_owned() } else { format!("the listener at port {port}") };
            lost(format!("{at} is not opened: {why}"));
            continue;
        }
        if door.certificate.is_some() != door.key.is_some() {
            lost(format!("the listener at port {port} has a certificate without a key, or a key without one: it is not opened"));
            continue;
        }
        let named = match &door.bind {
            Bind::At(name) => match (places.look_up)(name) {
                Some(ip) => Some(ip),
                None => {
                    lost(format!(
                        "`{name}` is not known to this host: the listener at port {port} is not opened; give it an address in the config"
                    ));
                    continue;
                }
            },
            Bind::Everywhere => None,
        };
        let ips = match (named, door.local, door.family) {
            (Some(ip), ..) => vec![ip],
            (None, true, _) if places.has_ipv6 => vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            (None, true, _) => vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            // It takes IPv4 as well.
            (None, false, None) if places.has_ipv6 => vec![IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
            (None, false, Some(true)) => vec![IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
            (None, false, _) => vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED)],
        };
        let security = if conf.per_listener { &door.security } else { &conf.security };
        let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        all.push(Opened { addresses, door, anonymous: security.anonymous.unwrap_or(door.local) });
    }
    all
}

fn said_of_the_whole(conf: &Conf, opened: &[Opened<'_>], is_open: bool, notes: &mut Vec<Note>) {
    let mut say = |fate, means: &str| notes.push(Note::of_the_whole("", fate, means));
    if is_open {
        say(
            Fate::Changed,
            "anybody may come in and do everything, as before; names are taken as given, so nobody answers an approval but `jamey approval` on this host",
        );
    }
    let security = |door: &Door| if conf.per_listener { door.security.clone() } else { conf.security.clone() };
    if !is_open && opened.iter().any(|one| one.anonymous && security(one.door).passwords.is_none()) {
        say(Fate::Lost, "where there was no password file, mosquitto let in whoever gave a name; here a name must be proved, or left out");
    }
    if opened.iter().any(|one| one.anonymous && one.door.requires_certificate && !one.door.identity) {
        say(Fate::Changed, "a certificate is required and names nobody there: here its name must be a user's, or the client must say one");
    }
    if opened.iter().any(|one| one.door.requires_certificate && !one.door.identity && security(one.door).passwords.is_some()) {
        say(
            Fate::Lost,
            "where a certificate was required and a password as well, here a certificate whose name is a user's signs that user in without the password, and lets in nobody under another name: give devices certificates of their own names, and none to who is to need a password",
        );
    }
    say(
        Fate::Changed,
        "topics below `jamey/` are Jamey's own: clients say there only `in/…`, `act/…`, `cmd/…` and answers, whatever an access file says",
    );
    if !is_open {
        say(
            Fate::Changed,
            "a subscription of which nothing may be heard is refused with 0x87 (0x80 under MQTT 3.1.1); mosquitto accepts it, and says nothing",
        );
    }
}
