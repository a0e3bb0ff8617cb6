//! What mosquitto says of one listener.

use super::{Heard, Security, truth, whole};
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
    pub security: Security,
}

impl Door {
    /// Whether what is said of it makes mosquitto open it: all but who may come in and what they may.
    pub(super) fn is_asked_for(&self) -> bool {
        let security = Security { passwords: None, ..self.security.clone() };
        *self != Self { security, ..Self::default() }
    }

    /// `listener PORT [ADDRESS]`.
    pub(super) fn listener(value: &str) -> Result<(Self, (Fate, String)), String> {
        let (port, bind) = value.split_once(' ').map_or((value, ""), |(port, bind)| (port, bind.trim()));
        if bind.starts_with('/') {
            return Err("a socket in the file system, which Jamey has not: let its clients connect to 127.0.0.1".into());
        }
        let port = port.parse::<u16>().ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| format!("`{value}` names no port; mosquitto does not start with it"))?;
        let bind = if bind.is_empty() { Bind::Everywhere } else { Bind::At(bind.to_owned()) };
        Ok((Self { port: Some(port), bind, ..Self::default() }, (Fate::Taken, "an address of `broker.mqtt`, or a [[listener]]".into())))
    }

    pub(super) fn hear(&mut self, key: &str, value: &str) -> Option<Heard> {
        let taken = |means: &str| Ok((Fate::Taken, means.to_owned()));
        let lost = |means: &str| Ok((Fate::Lost, means.to_owned()));
        let text = || Some(value.to_owned());
        Some(match key {
            "port" => value.parse().map_err(|_| format!("`{value}` is no port; mosquitto does not start with it")).map(|port| {
                self.port = Some(port);
                (Fate::Taken, "an address of `broker.mqtt`".to_owned())
            }),
            "bind_address" => {
                self.bind = Bind::At(value.to_owned());
                taken("the listener's address")
            }
            "socket_domain" => {
                self.family = Some(value == "ipv6");
                taken("the listener's address")
            }
            "protocol" => match value {
                "mqtt" => taken("MQTT over TCP"),
                "websockets" => {
                    self.websocket = true;
                    let means = "a [[listener]] with `protocol = \"websocket\"`, at `/mqtt`; pages of other hosts are let in only by `origins`";
                    Ok((Fate::Changed, means.to_owned()))
                }
                _ => Err(format!("Jamey does not speak `{value}`")),
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
                let means = "Jamey does so wherever a certificate's name is a user's; each name needs a user: `jamey user add NAME --no-password --role mosquitto`";
                if on { (Fate::Changed, means.to_owned()) } else { (Fate::Needless, "as it is by default".to_owned()) }
            }),
            "use_subject_as_username" if value == "true" => lost(
                "Jamey goes by the common name of a certificate, or by its fingerprint: `jamey user certificate NAME FINGERPRINT` for each",
            ),
            "max_connections" => match value.parse::<i64>() {
                Ok(number) if number < 0 => Ok((Fate::Changed, "1000 at most, together (`broker.max_connections`)".to_owned())),
                _ => whole(value).map(|number| {
                    self.max_connections = Some(number);
                    (Fate::Taken, "the listener's `max_connections`, 1000 at most".to_owned())
                }),
            },
            "mount_point" => lost("Jamey puts nothing before topics: clients of this listener see all topics as they are; a [[bridge]] can put something before them"),
            "use_username_as_clientid" if value == "true" => lost("clients keep their own ids; a session stays its user's all the same"),
            "bind_interface" => lost("Jamey listens at addresses: write the interface's address"),
            "http_dir" => lost("Jamey serves no files"),
            "psk_hint" | "psk_file" => lost("Jamey knows no pre-shared keys: give this listener a certificate (`jamey certs`), or its clients another listener"),
            _ => return None,
        })
    }
}
