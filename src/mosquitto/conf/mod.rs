//! `mosquitto.conf` read line by line, as mosquitto 2 reads it: an option counts for the listener or the bridge above it, or for all.

mod bridge;
mod door;
mod others;

pub use bridge::{Bridge, BridgeTopic, Way};
pub use door::{Bind, Door};

use super::note::{Fate, Line, Note};
use std::collections::BTreeMap;

/// What a line comes to; Err: it cannot be read, and why.
type Heard = Result<(Fate, String), String>;

/// Who may come in, and do what. With `per_listener_settings` each listener has one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    pub anonymous: Option<bool>,
    pub passwords: Option<String>,
    pub access: Option<String>,
}

/// What Jamey has an option for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes {
    pub packet_bytes: Option<u64>,
    pub in_flight: Option<u64>,
    pub queued_messages: Option<u64>,
    pub queued_bytes: Option<u64>,
    pub keep_alive_seconds: Option<u64>,
    pub sessions_seconds: Option<u64>,
}

/// A config as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conf {
    pub per_listener: bool,
    /// What counts everywhere; with `per_listener_settings`, at the first listener.
    pub security: Security,
    /// None named: mosquitto listens on loopback, and lets in anybody there.
    pub doors: Vec<Door>,
    pub bridges: Vec<Bridge>,
    pub sizes: Sizes,
    /// Something else says who comes in and what they may, and what it says is not known here.
    pub plugin: bool,
    pub persistence: bool,
    pub folder: Option<String>,
    pub database: Option<String>,
    pub notes: Vec<Note>,
}

/// To what the next line of a file belongs. Without a number: to the listener that `port` and `bind_address` describe.
#[derive(Clone, Copy, Default)]
struct Within {
    door: Option<usize>,
    bridge: Option<usize>,
}

/// Reads all lines, those of included files in their place.
#[must_use]
pub fn read(lines: &[Line]) -> Conf {
    let is_per_listener = |line: &Line| line.key == "per_listener_settings" && is_true(&line.value);
    let mut conf = Conf { per_listener: lines.iter().any(is_per_listener), ..Conf::default() };
    // Each file begins anew, and goes on where it was after what it includes.
    let (mut first, mut within) = (Door::default(), BTreeMap::<&str, Within>::new());
    for line in lines {
        let heard = conf.hear(line, &mut first, within.entry(&line.file).or_default());
        let (fate, means) = heard.unwrap_or_else(|why| (Fate::Lost, why));
        conf.notes.push(line.note(fate, means));
    }
    let is_near = conf.doors.is_empty() && first.port.is_none() && first.bind == Bind::Everywhere;
    let is_asked_for = first.is_asked_for();
    let security = if conf.per_listener { &mut first.security } else { &mut conf.security };
    if is_near && security.anonymous == Some(false) {
        let means = "without a `listener` mosquitto 2.0 lets in anybody all the same; here what `allow_anonymous` says counts";
        conf.notes.push(Note::of_the_whole("", Fate::Changed, means));
    }
    if is_asked_for {
        if is_near {
            security.anonymous.get_or_insert(true);
        }
        conf.doors.insert(0, first);
    } else if conf.doors.is_empty() {
        conf.doors.push(Door { local: true, ..first });
    }
    conf
}

impl Conf {
    fn hear(&mut self, line: &Line, first: &mut Door, within: &mut Within) -> Heard {
        let (key, value) = (line.key.as_str(), line.value.as_str());
        match key {
            "include_dir" => return Ok((Fate::Taken, "its files are read in their order".into())),
            "per_listener_settings" => return truth(value).map(told_per_listener),
            "listener" => {
                // Also of one that is not opened: what follows is said of it, and of no other.
                within.door = Some(self.doors.len());
                let (door, heard) = Door::listener(value);
                self.doors.push(door);
                return heard;
            }
            "connection" => {
                within.bridge = Some(self.bridges.len());
                self.bridges.push(Bridge::named(value));
                return Ok((Fate::Taken, format!("[[bridge]] `{}`", bridge::name(value))));
            }
            "plugin" | "auth_plugin" | "global_plugin" | "plugin_load" => self.plugin = true,
            _ => {}
        }
        if let Some(heard) = within.bridge.and_then(|at| self.bridges.get_mut(at)?.hear(key, value)) {
            return heard;
        }
        let door = match within.door.and_then(|at| self.doors.get_mut(at)) {
            Some(door) if !matches!(key, "port" | "bind_address") => door,
            _ => first,
        };
        if self.per_listener
            && let Some(heard) = door.security.hear(key, value)
        {
            return heard;
        }
        if let Some(heard) = door.hear(key, value) {
            return heard;
        }
        self.security
            .hear(key, value)
            .or_else(|| self.sizes.hear(key, value))
            .or_else(|| self.keep(key, value))
            .or_else(|| others::means(key, value).map(Ok))
            .unwrap_or_else(|| Err("an option that this Jamey does not know of mosquitto: it counts for nothing here".into()))
    }

    fn keep(&mut self, key: &str, value: &str) -> Option<Heard> {
        Some(match key {
            "persistence" => truth(value).map(|on| {
                self.persistence = on;
                if on {
                    (Fate::Taken, "Jamey always keeps retained messages and sessions".into())
                } else {
                    (Fate::Changed, "Jamey keeps retained messages and sessions, whatever was said here".into())
                }
            }),
            "persistence_location" => {
                self.folder = Some(value.to_owned());
                Ok((Fate::Taken, "read from there; Jamey has a data folder of its own (`store.data`)".into()))
            }
            "persistence_file" => {
                self.database = Some(value.to_owned());
                Ok((Fate::Taken, "read from there".into()))
            }
            _ => return None,
        })
    }
}

fn told_per_listener(on: bool) -> (Fate, String) {
    if on {
        let means = "users are Jamey's as a whole: who stands in the password file of one listener may sign in at each, with the rights of the file that he \
                     stands in; whether somebody without a user comes in stays each listener's own";
        (Fate::Changed, means.into())
    } else {
        (Fate::Taken, "users and access lists count for all listeners".into())
    }
}

impl Security {
    fn hear(&mut self, key: &str, value: &str) -> Option<Heard> {
        Some(match key {
            "allow_anonymous" => truth(value).map(|on| {
                self.anonymous = Some(on);
                (Fate::Taken, format!("clients without a user {} in", if on { "come" } else { "do not come" }))
            }),
            "password_file" => {
                self.passwords = Some(value.to_owned());
                Ok((Fate::Taken, "its users sign in here with the same passwords".into()))
            }
            "acl_file" => {
                self.access = Some(value.to_owned());
                Ok((Fate::Taken, "becomes roles in the access lists (`broker.acl`)".into()))
            }
            _ => return None,
        })
    }
}

impl Sizes {
    fn hear(&mut self, key: &str, value: &str) -> Option<Heard> {
        let place = match key {
            "max_packet_size" => &mut self.packet_bytes,
            "message_size_limit" => {
                return Some(whole(value).map(|bytes| {
                    // The packet has the topic too.
                    self.packet_bytes.get_or_insert(if bytes == 0 { 0 } else { bytes + 1_100 });
                    (Fate::Changed, "`broker.max_packet_bytes`, which counts the topic as well".into())
                }));
            }
            "max_inflight_messages" => &mut self.in_flight,
            "max_queued_messages" => &mut self.queued_messages,
            "max_queued_bytes" => &mut self.queued_bytes,
            "max_keepalive" => &mut self.keep_alive_seconds,
            "persistent_client_expiration" => {
                return Some(span(value).map(|seconds| {
                    self.sessions_seconds = Some(seconds);
                    (Fate::Taken, "`broker.keep_sessions_seconds`".into())
                }));
            }
            _ => return None,
        };
        Some(whole(value).map(|number| {
            *place = Some(number);
            (Fate::Taken, "the same limit in [limits] or [broker]; what is beyond Jamey's range is brought into it".into())
        }))
    }
}

/// mosquitto reads one word, and passes over what follows.
fn word(value: &str) -> &str {
    value.split_whitespace().next().unwrap_or_default()
}

fn truth(value: &str) -> Result<bool, String> {
    match word(value) {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("`{value}` is neither true nor false; mosquitto does not start with it")),
    }
}

fn is_true(value: &str) -> bool {
    truth(value) == Ok(true)
}

fn is_false(value: &str) -> bool {
    truth(value) == Ok(false)
}

fn whole(value: &str) -> Result<u64, String> {
    word(value).parse().map_err(|_| format!("`{value}` is no number; mosquitto does not start with it"))
}

/// `14d`: hours, days, weeks, months and years.
fn span(value: &str) -> Result<u64, String> {
    let wrong = || format!("`{value}` is no time, such as `14d`; mosquitto does not start with it");
    let unit = match value.chars().last() {
        Some('h') => 3_600,
        Some('d') => 86_400,
        Some('w') => 7 * 86_400,
        Some('m') => 30 * 86_400,
        Some('y') => 365 * 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = value.get(..value.len() - 1).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    Ok(number.saturating_mul(unit))
}
