//! `[[listener]]`: the doors besides `broker.mqtt`, one entry at a time; what entries do to each other is in `check`.

use super::{kinds, reader::Reader};
use crate::domain::limits;
use serde::Serialize;
use std::{net::SocketAddr, path::PathBuf};

/// What is spoken at a listener; MQTT 3.1.1 and 5 in either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    #[default]
    Mqtt,
    Websocket,
}

/// One more door, with a policy of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListenerEntry {
    pub name: Option<String>,
    pub address: SocketAddr,
    pub protocol: Protocol,
    /// Where a WebSocket is asked for.
    pub path: String,
    /// Whose pages may open a WebSocket besides those of this host; `*` is everybody's.
    pub origins: Vec<String>,
    pub tls: Option<TlsFiles>,
    /// None: what `broker.anonymous` says.
    pub anonymous: Option<bool>,
    pub max_connections: Option<usize>,
    pub rate: Rate,
}

/// How fast all who come in by one door are read, together; 0 stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rate {
    pub messages_per_second: u32,
    pub bytes_per_second: u32,
}

/// The files of a listener that speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub clients: Option<ClientFiles>,
}

/// How clients prove who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientFiles {
    pub ca: PathBuf,
    /// Certificates that the authority took back.
    pub crl: Option<PathBuf>,
    pub required: bool,
}

const PATH: &str = "/mqtt";

impl ListenerEntry {
    /// As logs and counters name it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.address.to_string())
    }

    /// Whether nobody comes in without a certificate.
    #[must_use]
    pub fn requires_certificate(&self) -> bool {
        self.tls.as_ref().and_then(|tls| tls.clients.as_ref()).is_some_and(|clients| clients.required)
    }

    /// Whether clients without a user and without a certificate may come in here. `near` and `far`: whether they may on loopback,
    /// and elsewhere.
    #[must_use]
    pub fn lets_in_anybody(&self, near: bool, far: bool) -> bool {
        let here = if self.address.ip().to_canonical().is_loopback() { near } else { far };
        !self.requires_certificate() && self.anonymous.unwrap_or(here)
    }

    pub(super) fn read(r: &mut Reader) -> Option<Self> {
        let name = r.optional("name", kinds::name);
        let address = r.required("address", "\"0.0.0.0:8883\"", kinds::address);
        let words = kinds::word(&[("mqtt", Protocol::Mqtt), ("websocket", Protocol::Websocket)]);
        let protocol = r.or("protocol", Protocol::default(), words);
        let path = r.optional("path", kinds::url_path);
        let origins = r.list("origins", "[\"https://panel.example\"]", kinds::origin);
        let web = protocol == Protocol::Websocket || !r.ledger.sound(&r.path_of("protocol"));
        for key in [path.as_ref().map(|_| "path"), origins.as_ref().map(|_| "origins")].into_iter().flatten().filter(|_| !web) {
            r.refuse(key, "found without `protocol = \"websocket\"`, which alone has one; add it, or remove this");
        }
        let tls = tls(r);
        let anonymous = r.optional("anonymous", kinds::truth);
        let max_connections = r.optional("max_connections", kinds::whole(1..=limits::CONNECTIONS));
        let rate = Rate::read(r, "messages_per_second", "bytes_per_second");
        let path = path.unwrap_or_else(|| PATH.to_owned());
        Some(Self { name, address: address?, protocol, path, origins: origins.unwrap_or_default(), tls, anonymous, max_connections, rate })
    }
}

impl Rate {
    pub(super) fn read(r: &mut Reader, messages: &'static str, bytes: &'static str) -> Self {
        Self {
            messages_per_second: r.or(messages, 0, kinds::whole(0..=limits::MOST_PER_SECOND)),
            bytes_per_second: r.or(bytes, 0, kinds::whole(0..=limits::MOST_BYTES_PER_SECOND)),
        }
    }
}

/// The files of whatever speaks TLS: of a listener, and of HTTP.
pub(super) fn tls(r: &mut Reader) -> Option<TlsFiles> {
    let certificate = r.optional("certificate", kinds::path);
    let key = r.optional("key", kinds::path);
    let ca = r.optional("client_ca", kinds::path);
    let crl = r.optional("client_crl", kinds::path);
    let required = r.optional("client_certificate", kinds::word(&[("required", true), ("optional", false)]));
    // What was there and could not be read has been told already.
    let missing = |r: &Reader, key: &str| r.ledger.sound(&r.path_of(key));
    match (&certificate, &key) {
        (Some(_), None) if missing(r, "key") => {
            r.refuse("certificate", "found without its key; add `key = \"certs/server.key\"`, or remove this");
        }
        (None, Some(_)) if missing(r, "certificate") => {
            r.refuse("key", "found without its certificate; add `certificate = \"certs/server.pem\"`, or remove this");
        }
        (None, None) if ca.is_some() && missing(r, "certificate") && missing(r, "key") => {
            let message =
                "found without a certificate of our own, and clients show theirs in TLS only; add `certificate` and `key`, or remove this";
            r.refuse("client_ca", message);
        }
        _ => {}
    }
    if ca.is_none() && missing(r, "client_ca") {
        for key in [crl.as_ref().map(|_| "client_crl"), required.map(|_| "client_certificate")].into_iter().flatten() {
            let message =
                "found without the authority that signs clients' certificates; add `client_ca = \"certs/ca.pem\"`, or remove this";
            r.refuse(key, message);
        }
    }
    let clients = ca.map(|ca| ClientFiles { ca, crl, required: required.unwrap_or(true) });
    Some(TlsFiles { certificate: certificate?, key: key?, clients })
}
