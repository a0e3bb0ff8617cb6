//! What mosquitto says of one bridge.

use super::{Heard, is_false, is_true, truth, whole, word};
use crate::mosquitto::note::Fate;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
    Both,
}

/// Here the topics are `local` and `filter`, there `remote` and `filter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeTopic {
    pub filter: String,
    pub way: Way,
    pub qos: u8,
    pub local: String,
    pub remote: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bridge {
    /// As Jamey names it.
    pub name: String,
    /// As mosquitto does.
    pub was: String,
    /// As whom it is its own mosquitto's client.
    pub local_id: Option<String>,
    /// `HOST:PORT`; none: mosquitto does not start.
    pub address: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub client_id: Option<String>,
    pub keep_alive_seconds: Option<u64>,
    pub clean_start: bool,
    pub tls: bool,
    pub ca: Option<String>,
    pub certificate: Option<String>,
    pub key: Option<String>,
    pub topics: Vec<BridgeTopic>,
    /// It is not started by itself.
    pub off: bool,
}

/// A name of Jamey's bridges: 32 of a-z, 0-9, `_` and `-` at most.
#[must_use]
pub fn name(was: &str) -> String {
    let good = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' };
    let name: String = was.chars().map(good).take(32).collect();
    // What is attached has that one.
    if name.is_empty() || name == "attached" { "bridge".to_owned() } else { name }
}

impl Bridge {
    pub(super) fn named(was: &str) -> Self {
        Self { name: name(was), was: was.to_owned(), ..Self::default() }
    }

    /// Whether this is the client that it is at its own mosquitto: what waits there was to go to the other broker.
    #[must_use]
    pub fn is_local(&self, client: &str) -> bool {
        if let Some(id) = &self.local_id {
            return client == id;
        }
        client.strip_prefix("local.").is_some_and(|remote| match &self.client_id {
            Some(id) => remote == id,
            // `HOST.NAME`.
            None => remote.strip_suffix(self.was.as_str()).is_some_and(|host| host.ends_with('.')),
        })
    }

    pub(super) fn hear(&mut self, key: &str, value: &str) -> Option<Heard> {
        let taken = |means: &str| Ok((Fate::Taken, means.to_owned()));
        let needless = |means: &str| Ok((Fate::Needless, means.to_owned()));
        let lost = |means: &str| Ok((Fate::Lost, means.to_owned()));
        let text = || Some(value.to_owned());
        Some(match key {
            "address" | "addresses" => {
                let mut all = value.split_whitespace();
                let first = all.next().unwrap_or_default();
                self.address = Some(if first.contains(':') { first.to_owned() } else { format!("{first}:1883") });
                if all.next().is_some() {
                    lost("the first address alone; the others are not tried")
                } else {
                    taken("the bridge's `address`")
                }
            }
            "topic" => self.topic(value),
            "username" | "remote_username" => {
                self.user = text();
                taken("its `user`")
            }
            "password" | "remote_password" => {
                self.password = text();
                taken("in a file of its own, which only Jamey may read (`password_file`)")
            }
            "clientid" | "remote_clientid" => {
                self.client_id = text();
                taken("its `client_id`")
            }
            "keepalive_interval" => whole(value).map(|seconds| {
                self.keep_alive_seconds = Some(seconds);
                (Fate::Taken, "`keep_alive_seconds`, 5 to 3600".to_owned())
            }),
            "cleansession" => truth(value).map(|on| {
                self.clean_start = on;
                (Fate::Taken, "`clean_start`".to_owned())
            }),
            "bridge_cafile" => {
                (self.tls, self.ca) = (true, text());
                taken("its `ca`")
            }
            "bridge_certfile" => {
                (self.tls, self.certificate) = (true, text());
                taken("its `certificate`")
            }
            "bridge_keyfile" => {
                self.key = text();
                taken("its `key`")
            }
            "bridge_capath" => {
                self.tls = true;
                lost("by TLS with the authorities that the host knows; for others Jamey takes one file with them (`ca`)")
            }
            "bridge_insecure" if is_true(value) => {
                lost("Jamey always checks the name in the other broker's certificate: connect by a name that it bears")
            }
            "bridge_psk" | "bridge_identity" => {
                self.off = true;
                lost(
                    "Jamey knows no pre-shared keys, and does not speak there without: it stands in the config as a comment; the other broker needs a certificate",
                )
            }
            "start_type" if word(value) == "manual" => {
                self.off = true;
                lost("it would not be started by itself, so it stands in the config as a comment")
            }
            "start_type" if matches!(word(value), "lazy" | "once") => lost("Jamey holds the connection all the time"),
            "notifications" | "notification_topic" | "notifications_local_only" => {
                Ok((Fate::Changed, format!("Jamey tells of it on `jamey/bridge/{}`, and nothing at the other broker", self.name)))
            }
            "bridge_outgoing_retain" if is_false(value) => lost("retained messages stay retained over there"),
            "local_clientid" => {
                self.local_id = text();
                needless("a bridge needs no login at its own Jamey; what it brings speaks as `bridge.NAME`")
            }
            "local_username" | "local_password" | "local_cleansession" => {
                needless("a bridge needs no login at its own Jamey; what it brings speaks as `bridge.NAME`")
            }
            "bridge_bind_address" => lost("the host chooses from which address it connects"),
            "bridge_max_packet_size" => lost("the other broker says itself how large a packet may be"),
            "bridge_protocol_version"
            | "bridge_attempt_unsubscribe"
            | "try_private"
            | "bridge_tls_version"
            | "bridge_alpn"
            | "bridge_require_ocsp"
            | "restart_timeout"
            | "idle_timeout"
            | "round_robin"
            | "threshold"
            | "start_type"
            | "bridge_insecure"
            | "bridge_outgoing_retain" => needless("Jamey finds out by itself: MQTT 5 or 3.1.1, TLS 1.2 or 1.3, and when to try again"),
            _ => return None,
        })
    }

    /// `topic PATTERN [[[WAY] QOS] LOCAL REMOTE]`; `""` is nothing.
    fn topic(&mut self, value: &str) -> Heard {
        let mut words = value.split_whitespace().map(|word| word.trim_matches('"'));
        let filter = words.next().unwrap_or_default();
        let way = match words.next() {
            None | Some("out") => Way::Out,
            Some("in") => Way::In,
            Some("both") => Way::Both,
            Some(word) => return Err(format!("`{word}` is none of in, out and both; mosquitto does not start with it")),
        };
        let qos: u8 = match words.next() {
            None => 0,
            Some(word) => {
                word.parse().ok().filter(|qos| *qos <= 2).ok_or_else(|| format!("`{word}` is no QoS; mosquitto does not start with it"))?
            }
        };
        let (mut local, mut remote) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let mut filter = filter.to_owned();
        if filter.is_empty() {
            // One topic with another name over there: what both names end with is the filter.
            let both = local.split('/').rev().zip(remote.split('/').rev()).take_while(|(here, there)| here == there).count();
            if both == 0 {
                return Err(format!(
                    "`{local}` here and `{remote}` there end differently: a bridge of Jamey's changes how topics begin, and no more"
                ));
            }
            let levels: Vec<&str> = local.split('/').collect();
            filter = levels.iter().skip(levels.len() - both).copied().collect::<Vec<_>>().join("/");
            local.truncate(local.len() - filter.len());
            remote.truncate(remote.len() - filter.len());
        }
        self.topics.push(BridgeTopic { filter, way, qos: qos.min(1), local, remote });
        if qos == 2 {
            return Ok((Fate::Changed, "at QoS 1: Jamey's bridges bring a message once or more often, never less".into()));
        }
        Ok((Fate::Taken, "a topic of the bridge".into()))
    }
}
