//! What mosquitto says of one listener.

use super::{Heard, Security, is_true, truth, whole, word};
use crate::mosquitto::note::Fate;

/// Where it listens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Bind {
    #[default]
    Everywhere,
    /// An address, or a name to be looked up.
    At(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Door {
    pub port: Option<u16>,
    pub bind: Bind,
    /// On loopback alone, because nothing else was asked for.
    pub local: bool,
    /// `ipv4` or `ipv6` alone.
    pub family: Option<bool>,
    pub websocket: bool,
    pub certificate: Option<String>,
    pub key: Option<String>,
    pub ca: Option<String>,
    pub crl: Option<String>,
    pub requires_certificate: bool,
    /// The certificate says who it is.
    pub identity: bool,
    pub max_connections: Option<u64>,
    /// Jamey cannot open it as it is meant, and why: opened otherwise it would let in others.
    pub shut: Option<String>,
    /// A key that both sides know keeps others out.
    pub shared_key: bool,
    /// At the addresses of one interface alone.
    pub interface: bool,
    pub security: Security,
}

impl Door {
    /// Whether what is said of it makes mosquitto open it: all but who may come in and what they may.
    pub(super) fn is_asked_for(&self) -> bool {
        let security = Security { passwords: None, ..self.security.clone() };
        *self != Self { security, ..Self::default() }
    }

    /// Why Jamey does not open it.
    #[must_use]
    pub fn why_shut(&self) -> Option<&str> {
        if self.shut.is_some() {
            return self.shut.as_deref();
        }
        if self.shared_key && self.certificate.is_none() {
            return Some(
                "only who has its pre-shared key comes in there, and without that anybody on the way could listen; give it a certificate",
            );
        }
        (self.interface && self.bind == Bind::Everywhere)
            .then_some("it listens at one interface, and here it would at all: give it the interface's address")
    }

    /// `listener PORT [ADDRESS]`: also one that is not opened.
    pub(super) fn listener(value: &str) -> (Self, Heard) {
        let shut = |why: String| (Self { shut: Some(why.clone()), ..Self::default() }, Err(why));
        let (port, bind) = value.split_once(' ').map_or((value, ""), |(port, bind)| (port, bind.trim()));
        if bind.starts_with('/') {
            return shut("a socket in the file system, which Jamey has not: let its clients connect to 127.0.0.1".into());
        }
        let Some(port) = port.parse::<u16>().ok().filter(|port| *port > 0) else {
            return shut(format!("`{value}` names no port; mosquitto does not start with it"));
        };
        let bind = if bind.is_empty() { Bind::Everywhere } else { Bind::At(bind.to_owned()) };
        (Self { port: Some(port), bind, ..Self::default() }, Ok((Fate::Taken, "an address of `broker.mqtt`, or a [[listener]]".into())))
    }

    pub(super) fn hear(&mut self, key: &str, value: &str) -> Option<Heard> {
        let taken = |means: &str| Ok((Fate::Taken, means.to_owned()));
        let lost = |means: &str| Ok((Fate::Lost, means.to_owned()));
        let text = || Some(value.to_owned());
        Some(match key {
            "port" => word(value).parse().map_err(|_| format!("`{value}` is no port; mosquitto does not start with it")).map(|port| {
                self.port = Some(port);
                (Fate::Taken, "an address of `broker.mqtt`".to_owned())
            }),
            "bind_address" => {
                self.bind = Bind::At(value.to_owned());
                taken("the listener's address")
            }
            "socket_domain" => {
                self.family = Some(word(value) == "ipv6");
                taken("the listener's address")
            }
            "protocol" => match word(value) {
                "mqtt" => taken("MQTT over TCP"),
                "websockets" => {
                    self.websocket = true;
                    let means = "a [[listener]] with `protocol = \"websocket\"`, at `/mqtt`; pages of other hosts are let in only by `origins`";
                    Ok((Fate::Changed, means.to_owned()))
                }
                _ => {
                    let why = format!("Jamey does not speak `{value}`");
                    self.shut = Some(why.clone());
                    Err(why)
                }
            },
            "certfile" => {
                self.certificate = text();
                taken("the certificate, at the place where it is")
            }
            "keyfile" => {
                self.key = text();
                taken("its key, at the place where it is")
            }
            "cafile" => {
                self.ca = text();
                taken("`client_ca`, where certificates of clients are required; else mosquitto makes no use of it either")
            }
            "capath" => lost("Jamey takes one file: put the authorities one behind the other into it, and name it as `client_ca`"),
            "crlfile" => {
                self.crl = text();
                taken("`client_crl`; it must be signed by the authority")
            }
            "require_certificate" => truth(value).map(|on| {
                self.requires_certificate = on;
                (Fate::Taken, if on { "`client_certificate = \"required\"`" } else { "no certificate is asked for" }.to_owned())
            }),
            "use_identity_as_username" => truth(value).map(|on| {
                self.identity = on;
                let means = "Jamey does so wherever a certificate's name is a user's; each name needs a user: `jamey user add NAME --no-password --role mosquitto`. A device that says a user name as well must say that one, where mosquitto passed over it";
                if on { (Fate::Changed, means.to_owned()) } else { (Fate::Needless, "as it is by default".to_owned()) }
            }),
            "use_subject_as_username" if is_true(value) => lost(
                "Jamey goes by the common name of a certificate, or by its fingerprint: `jamey user certificate NAME FINGERPRINT` for each",
            ),
            "max_connections" => match word(value).parse::<i64>() {
                Ok(number) if number < 0 => Ok((Fate::Changed, "1000 at most, together (`broker.max_connections`)".to_owned())),
                _ => whole(value).map(|number| {
                    self.max_connections = Some(number);
                    (Fate::Taken, "the listener's `max_connections`, 1000 at most".to_owned())
                }),
            },
            "mount_point" => lost("Jamey puts nothing before topics: clients of this listener see all topics as they are; a [[bridge]] can put something before them"),
            "use_username_as_clientid" if is_true(value) => lost("clients keep their own ids; a session stays its user's all the same"),
            "bind_interface" => {
                self.interface = true;
                lost("Jamey listens at addresses: write the interface's address")
            }
            "http_dir" => lost("Jamey serves no files"),
            "psk_hint" => {
                self.shared_key = true;
                lost("Jamey knows no pre-shared keys: give this listener a certificate (`jamey certs`), or its clients another listener")
            }
            "psk_file" => lost("Jamey knows no pre-shared keys: give this listener a certificate (`jamey certs`), or its clients another listener"),
            _ => return None,
        })
    }
}
