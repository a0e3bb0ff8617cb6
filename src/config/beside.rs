//! Other brokers: each `[[bridge]]` and `[attached]`, how they are reached and what goes over. Secrets are named here and never read.

use super::{Config, kinds, kinds::Read, reader::Ledger, reader::Reader, tree::Node};
use crate::domain::{TopicFilter, topic};
use serde::Serialize;
use std::path::PathBuf;

/// A broker seen from here: where it is, and who we are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remote {
    /// `HOST:PORT`.
    pub address: String,
    pub user: Option<String>,
    /// A file that only this user may read.
    pub password_file: Option<PathBuf>,
    /// A variable of the environment.
    pub password_env: Option<String>,
    pub tls: bool,
    /// PEM; none: the host's own authorities.
    pub ca: Option<PathBuf>,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// None: made of the node's name and this broker's.
    pub client_id: Option<String>,
    pub keep_alive_seconds: u16,
    /// The other broker forgets us between connections, and what came meanwhile.
    pub clean_start: bool,
}

/// A broker joined to this one, topic by topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BridgeEntry {
    pub name: String,
    #[serde(flatten)]
    pub remote: Remote,
    pub topics: Vec<BridgeTopic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    In,
    Out,
    Both,
}

/// Here the topics are `local_prefix` and `filter`, there `remote_prefix` and `filter`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BridgeTopic {
    pub filter: String,
    pub direction: Direction,
    /// 0 or 1.
    pub qos: u8,
    pub local_prefix: String,
    pub remote_prefix: String,
}

/// A broker that clients reach directly, to which Jamey listens and at which it can be asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attached {
    #[serde(flatten)]
    pub remote: Remote,
    pub filters: Vec<TopicFilter>,
    /// The group in which several share these subscriptions.
    pub share: Option<String>,
    /// Jamey itself starts rumqttd at the address, where it was built with it.
    pub rumqttd: bool,
}

/// The name under which what is attached stands among the bridges.
pub const ATTACHED: &str = "attached";
/// Shorter ones wear out radios, longer ones see a dead broker too late.
const KEEP_ALIVE_SECONDS: std::ops::RangeInclusive<u16> = 5..=3_600;

impl Remote {
    pub(super) fn read(r: &mut Reader) -> Option<Self> {
        let remote = Self {
            address: String::new(),
            user: r.optional("user", kinds::name),
            password_file: r.optional("password_file", kinds::path),
            password_env: r.optional("password_env", kinds::name),
            tls: r.or("tls", false, kinds::truth),
            ca: r.optional("ca", kinds::path),
            certificate: r.optional("certificate", kinds::path),
            key: r.optional("key", kinds::path),
            client_id: r.optional("client_id", kinds::name),
            keep_alive_seconds: r.or("keep_alive_seconds", 60, kinds::whole(KEEP_ALIVE_SECONDS)),
            clean_start: r.or("clean_start", false, kinds::truth),
        };
        if remote.password_file.is_some() && remote.password_env.is_some() {
            r.refuse("password_env", "found together with `password_file`; keep one of the two");
        }
        if remote.user.is_none() && (remote.password_file.is_some() || remote.password_env.is_some()) {
            r.refuse("user", "missing, though a password is named; write the user to whom it belongs");
        }
        if remote.certificate.is_some() != remote.key.is_some() {
            let (has, lacks) = if remote.key.is_some() { ("key", "certificate") } else { ("certificate", "key") };
            r.refuse(has, format!("found without `{lacks}`; write both, or neither"));
        }
        if !remote.tls && (remote.ca.is_some() || remote.certificate.is_some()) {
            r.refuse("tls", "found false, or nothing, while certificates are named; write `tls = true`, or remove them");
        }
        let address = r.required("address", "\"broker.lan:1883\"", host_and_port)?;
        Some(Self { address, ..remote })
    }
}

fn host_and_port(node: &Node) -> Read<String> {
    let good = |text: &str| {
        text.rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && !host.contains(['/', ' ', '@']) && port.parse::<u16>().is_ok_and(|p| p > 0))
    };
    let wanted = || "a host and a port, such as \"broker.lan:1883\"".to_owned();
    node.text().filter(|t| good(t)).map(str::to_owned).ok_or_else(wanted)
}

/// What stands before a filter: nothing, or levels with a slash or without.
fn prefix(node: &Node) -> Read<String> {
    let wanted = || "the beginning of a topic, such as \"attic/\"".to_owned();
    node.text().filter(|t| !t.contains(['+', '#', '\0', '$'])).map(str::to_owned).ok_or_else(wanted)
}

impl BridgeEntry {
    pub(super) fn read(r: &mut Reader) -> Option<Self> {
        let name = r.required("name", "\"attic\"", kinds::node_name);
        let remote = Remote::read(r);
        let topics: Vec<BridgeTopic> = r.sections("topics", BridgeTopic::read).into_iter().map(|(_, topic)| topic).collect();
        let name = name?;
        if name == ATTACHED {
            r.refuse("name", "found \"attached\", which is the name of what `[attached]` describes; write another one");
        }
        if topics.is_empty() && r.ledger.sound(&r.path_of("topics")) {
            r.refuse("topics", "found none, so nothing would go over; write `topics = [{ filter = \"#\", direction = \"in\" }]`");
        }
        Some(Self { name, remote: remote?, topics })
    }
}

impl BridgeTopic {
    fn read(r: &mut Reader) -> Option<Self> {
        let filter = r.required("filter", "\"sensors/#\"", kinds::filter);
        let directions = kinds::word(&[("in", Direction::In), ("out", Direction::Out), ("both", Direction::Both)]);
        let direction = r.required("direction", "\"in\"", directions);
        let topic = Self {
            filter: filter?.to_string(),
            direction: direction?,
            qos: r.or("qos", 1, kinds::whole(0..=1)),
            local_prefix: r.or("local_prefix", String::new(), prefix),
            remote_prefix: r.or("remote_prefix", String::new(), prefix),
        };
        for (key, whole) in [("local_prefix", topic.local()), ("remote_prefix", topic.remote())] {
            if let Err(error) = whole {
                r.refuse(key, format!("makes no topic filter with `filter`: {error}; end it with a slash"));
            }
        }
        Some(topic)
    }

    /// # Errors
    /// When prefix and filter make no topic filter; a checked config's do.
    pub fn local(&self) -> Result<TopicFilter, topic::TopicError> {
        TopicFilter::new(&format!("{}{}", self.local_prefix, self.filter))
    }

    /// # Errors
    /// As `local`.
    pub fn remote(&self) -> Result<TopicFilter, topic::TopicError> {
        TopicFilter::new(&format!("{}{}", self.remote_prefix, self.filter))
    }

    #[must_use]
    pub fn goes_out(&self) -> bool {
        self.direction != Direction::In
    }

    #[must_use]
    pub fn comes_in(&self) -> bool {
        self.direction != Direction::Out
    }
}

impl Attached {
    /// `[attached]`, where it stands. A section of the whole file may be left out only whole.
    pub(super) fn read(top: &mut Reader) -> Option<Self> {
        top.has(ATTACHED).then(|| top.section(ATTACHED, Self::section)).flatten()
    }

    fn section(r: &mut Reader) -> Option<Self> {
        let filters = r.list("filters", "[\"sensors/#\"]", kinds::filter).unwrap_or_default();
        let share = r.optional("share", kinds::node_name);
        let rumqttd = r.or("rumqttd", false, kinds::truth);
        let remote = Remote::read(r)?;
        if rumqttd && !cfg!(feature = "rumqttd") {
            r.refuse("rumqttd", "found true, but this Jamey was built without it; build it with `--features rumqttd`, or write false");
        } else if rumqttd && remote.address.parse::<std::net::SocketAddr>().is_err() {
            r.refuse("address", "found a name, where rumqttd is to listen; write an address, such as \"127.0.0.1:1884\"");
        }
        Some(Self { remote, filters, share, rumqttd })
    }
}

/// No two bridges of one name: it is the name of their topic, their outbox and their entity.
pub(super) fn check(config: &Config, ledger: &mut Ledger) {
    if !ledger.sound("bridge") {
        return;
    }
    let names = config.bridges.iter().map(|b| b.name.clone()).enumerate();
    for (i, name) in super::entries::repeated(names) {
        ledger.refuse_path(&format!("bridge[{i}].name"), format!("found \"{name}\" a second time; give each bridge a name of its own"));
    }
}
