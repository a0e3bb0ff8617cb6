//! The sections of the configuration: what each option means, its default and its range.

use super::{
    kinds::{self, Read},
    listeners::Rate,
    reader::Reader,
    tree::Node,
};
use crate::domain::{InputSource, limits};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// A session kept longer than a year belongs to nobody.
const YEAR_SECONDS: u32 = 31_536_000;
/// Below it CONNECT with a will and ordinary discovery documents would not fit.
const SMALLEST_PACKET_BYTES: usize = 1_024;
/// Longer than the slowest device needs, even over a bad radio link; every idle stranger holds a place so long.
const LONGEST_HANDSHAKE_SECONDS: u64 = 60;
/// Weights of rules.
const HEAVIEST: f64 = 10.0;

/// Duties that may be silent as a whole. Harm to people is not among them: there a rule is weighed by its name, where it is seen.
const SILENT: [(&str, &str); 6] = [
    ("security", "security"),
    ("privacy", "privacy"),
    ("honesty", "honesty"),
    ("autonomy", "autonomy"),
    ("stewardship", "stewardship"),
    ("availability", "availability"),
];

/// What becomes of a guarded command that is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuardMode {
    /// It goes on, and is reported.
    #[default]
    Observe,
    /// It is held or refused.
    Enforce,
}

impl GuardMode {
    pub const ALL: [Self; 2] = [Self::Observe, Self::Enforce];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }
}

const MODE_WORDS: [(&str, GuardMode); 2] = [("observe", GuardMode::Observe), ("enforce", GuardMode::Enforce)];

/// The shipped profiles.
pub const PROFILES: [&str; 3] = ["home", "workshop", "strict"];
const PROFILE_WORDS: [(&str, &str); 3] = [("home", "home"), ("workshop", "workshop"), ("strict", "strict")];

/// When the sender of an input or a guarded command is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// After the commit.
    #[default]
    Strict,
    /// On acceptance; the commit follows within 100 ms.
    Relaxed,
}

/// What becomes of guarded commands below risk 0.6 while nothing can be stored; the others are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenUnwritable {
    #[default]
    Closed,
    Open,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Broker {
    pub mqtt: Vec<SocketAddr>,
    pub guard: GuardMode,
    pub max_connections: usize,
    pub max_packet_bytes: usize,
    pub keep_sessions_seconds: u32,
    pub handshake_seconds: u64,
    /// Of all together at one of these addresses; 0 stands for no limit.
    pub mqtt_messages_per_second: u32,
    pub mqtt_bytes_per_second: u32,
    pub anonymous: bool,
    /// Without it, `anonymous` together with an address that is not loopback is refused.
    pub anonymous_beyond_loopback: bool,
    /// The owner's access lists; none: the shipped roles alone.
    pub acl: Option<PathBuf>,
    /// Client ids or users that carry other entities' messages: bridges, Node-RED.
    pub speaks_for_many: Vec<String>,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            mqtt: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 1883))],
            guard: GuardMode::default(),
            max_connections: limits::CONNECTIONS,
            max_packet_bytes: limits::PACKET_BYTES,
            keep_sessions_seconds: 7 * 24 * 3_600,
            handshake_seconds: limits::HANDSHAKE_SECONDS,
            mqtt_messages_per_second: 0,
            mqtt_bytes_per_second: 0,
            anonymous: true,
            anonymous_beyond_loopback: false,
            acl: None,
            speaks_for_many: Vec::new(),
        }
    }
}

impl Broker {
    /// Of all together at one of the addresses of `mqtt`.
    #[must_use]
    pub fn rate(&self) -> Rate {
        Rate { messages_per_second: self.mqtt_messages_per_second, bytes_per_second: self.mqtt_bytes_per_second }
    }

    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        let rate = Rate::read(r, "mqtt_messages_per_second", "mqtt_bytes_per_second");
        Self {
            mqtt: r.list("mqtt", "[\"127.0.0.1:1883\"]", kinds::address).unwrap_or(d.mqtt),
            guard: r.or("guard", d.guard, kinds::word(&MODE_WORDS)),
            max_connections: r.or("max_connections", d.max_connections, kinds::whole(1..=limits::CONNECTIONS)),
            max_packet_bytes: r.or("max_packet_bytes", d.max_packet_bytes, kinds::whole(SMALLEST_PACKET_BYTES..=limits::PACKET_BYTES)),
            keep_sessions_seconds: r.or("keep_sessions_seconds", d.keep_sessions_seconds, kinds::whole(0..=YEAR_SECONDS)),
            handshake_seconds: r.or("handshake_seconds", d.handshake_seconds, kinds::whole(1..=LONGEST_HANDSHAKE_SECONDS)),
            mqtt_messages_per_second: rate.messages_per_second,
            mqtt_bytes_per_second: rate.bytes_per_second,
            anonymous: r.or("anonymous", d.anonymous, kinds::truth),
            anonymous_beyond_loopback: r.or("anonymous_beyond_loopback", d.anonymous_beyond_loopback, kinds::truth),
            acl: r.optional("acl", kinds::path),
            speaks_for_many: r.list("speaks_for_many", "[\"node-red\"]", kinds::name).unwrap_or(d.speaks_for_many),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreConfig {
    pub data: PathBuf,
    pub durability: Durability,
    pub guarded_when_unwritable: WhenUnwritable,
    /// Whether the mind's inputs are kept, so that what happened can be replayed.
    pub journal: bool,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { data: "data".into(), durability: Durability::default(), guarded_when_unwritable: WhenUnwritable::default(), journal: true }
    }
}

impl StoreConfig {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        let closed_or_open = kinds::word(&[("closed", WhenUnwritable::Closed), ("open", WhenUnwritable::Open)]);
        Self {
            data: r.or("data", d.data, kinds::path),
            durability: r.or("durability", d.durability, kinds::word(&[("strict", Durability::Strict), ("relaxed", Durability::Relaxed)])),
            guarded_when_unwritable: r.or("guarded_when_unwritable", d.guarded_when_unwritable, closed_or_open),
            journal: r.or("journal", d.journal, kinds::truth),
        }
    }
}

/// Which topics besides `<root>/in/…` are inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inputs {
    /// Base topics; none: Zigbee2MQTT is not listened to.
    pub zigbee2mqtt: Vec<String>,
    /// Where discovery documents are published, Home Assistant's way.
    pub discovery_prefixes: Vec<String>,
    pub tasmota: bool,
    pub esphome: bool,
    pub shelly: bool,
    pub zwave_js_ui: bool,
    pub frigate: bool,
    /// Every `[[input]]`, which stands at the top of the file.
    pub extra: Vec<InputSource>,
    /// The topics of `[[signal]]` that nothing else names; no option of its own.
    #[serde(skip)]
    pub signals: Vec<InputSource>,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            zigbee2mqtt: vec!["zigbee2mqtt".into()],
            discovery_prefixes: vec!["homeassistant".into()],
            tasmota: true,
            esphome: true,
            shelly: true,
            zwave_js_ui: true,
            frigate: true,
            extra: Vec::new(),
            signals: Vec::new(),
        }
    }
}

impl Inputs {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        Self {
            zigbee2mqtt: r.list("zigbee2mqtt", "[\"zigbee2mqtt\"]", kinds::base).unwrap_or(d.zigbee2mqtt),
            discovery_prefixes: r.list("discovery_prefixes", "[\"homeassistant\"]", kinds::base).unwrap_or(d.discovery_prefixes),
            tasmota: r.or("tasmota", d.tasmota, kinds::truth),
            esphome: r.or("esphome", d.esphome, kinds::truth),
            shelly: r.or("shelly", d.shelly, kinds::truth),
            zwave_js_ui: r.or("zwave_js_ui", d.zwave_js_ui, kinds::truth),
            frigate: r.or("frigate", d.frigate, kinds::truth),
            extra: d.extra,
            signals: d.signals,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conscience {
    /// Rule files besides the shipped set.
    pub rules: Vec<PathBuf>,
    /// Whether the shipped set is used.
    pub shipped: bool,
    /// The shipped weights, thresholds and rules laid over them: `home`, `workshop`, `strict`.
    pub profile: &'static str,
    /// Added to the profile's caution, in [0, 0.3]: it only tightens.
    pub strictness: f64,
    /// Duties whose rules are silent, vetoes excepted.
    pub silent: Vec<&'static str>,
    /// Whether `jamey rules learn` proposes weights.
    pub learning: bool,
    /// A candidate that judges beside the rules and changes no verdict.
    pub shadow: Option<PathBuf>,
    /// By rule id, in [0, 10]: replaces the rule's own weight. That the rule exists is checked with the rules.
    pub weights: BTreeMap<String, f64>,
}

impl Default for Conscience {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            shipped: true,
            profile: "home",
            strictness: 0.0,
            silent: Vec::new(),
            learning: true,
            shadow: None,
            weights: BTreeMap::new(),
        }
    }
}

impl Conscience {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        let weight = |_: &str, node: &Node| -> Read<f64> { kinds::number(0.0..=HEAVIEST)(node) };
        Self {
            rules: r.list("rules", "[\"config/rules.json\"]", kinds::path).unwrap_or(d.rules),
            shipped: r.or("shipped", d.shipped, kinds::truth),
            profile: r.or("profile", d.profile, kinds::word(&PROFILE_WORDS)),
            strictness: r.or("strictness", d.strictness, kinds::number(0.0..=limits::CAUTION)),
            silent: r.list("silent", "[\"autonomy\"]", kinds::word(&SILENT)).unwrap_or(d.silent),
            learning: r.or("learning", d.learning, kinds::truth),
            shadow: r.optional("shadow", kinds::path),
            weights: r
                .map("weights", "a section, `[conscience.weights]`, with a line `rule = weight` for each", weight)
                .unwrap_or(d.weights),
        }
    }
}

/// How long a held request waits for a person's word, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Approvals {
    pub seconds: u32,
    /// Where the risk is .7 or more: locks, doors, alarms.
    pub critical_seconds: u32,
}

impl Default for Approvals {
    fn default() -> Self {
        Self { seconds: 300, critical_seconds: 60 }
    }
}

impl Approvals {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        Self {
            seconds: r.or("seconds", d.seconds, kinds::whole(1..=limits::LONGEST_WAIT_SECONDS)),
            critical_seconds: r.or("critical_seconds", d.critical_seconds, kinds::whole(1..=limits::LONGEST_WAIT_SECONDS)),
        }
    }
}

/// How each line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    /// One object a line.
    Json,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
    /// None: standard error, and so the journal where systemd runs Jamey.
    pub file: Option<PathBuf>,
    /// A file of so many KB (of a thousand bytes) gives way to the next.
    pub rotate_kb: u32,
    /// Of all together, with the one that is written.
    pub files: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info,mqtt5=warn".into(), format: LogFormat::default(), file: None, rotate_kb: 5_000, files: 5 }
    }
}

impl Log {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        let words = kinds::word(&[("text", LogFormat::Text), ("json", LogFormat::Json)]);
        Self {
            filter: r.or("filter", d.filter, kinds::log_filter),
            format: r.or("format", d.format, words),
            file: r.optional("file", kinds::path),
            rotate_kb: r.or("rotate_kb", d.rotate_kb, kinds::whole(limits::LOG_KB)),
            files: r.or("files", d.files, kinds::whole(limits::LOG_FILES)),
        }
    }
}
