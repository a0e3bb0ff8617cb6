//! The section `[http]`: where HTTP is spoken, and what one asker may take of it.

use super::{TlsFiles, kinds, listeners, reader::Reader, tree::Node};
use crate::domain::limits;
use serde::Serialize;
use std::net::{Ipv4Addr, SocketAddr};

/// Longer than the slowest phone needs for a request's head; every idle stranger holds a place so long.
const LONGEST_PATIENCE_SECONDS: u32 = 300;
/// Above it nothing is a limit any more.
const MOST_PER_SECOND: u32 = 100_000;
/// A dashboard opens six, a person with several pages some dozens.
const MOST_CONNECTIONS: usize = 4_096;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Http {
    pub listen: SocketAddr,
    pub max_connections: usize,
    /// Of one address that is not this host.
    pub connections_per_address: usize,
    /// For a request's head, for the answer to it, and for taking that.
    pub patience_seconds: u32,
    /// Entities with figures of their own in `/metrics`; the others are counted.
    pub metrics_entities: usize,
    /// Requests of one key; 0 stands for no limit.
    pub requests_per_second: u32,
    /// Of them at once.
    pub burst: u32,
    /// Jamey's own pages, and sessions for those who log in there.
    pub dashboard: bool,
    /// Whose pages may ask: `https://panel.example`, letter by letter.
    pub allow_origins: Vec<String>,
    pub tls: Option<TlsFiles>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)),
            max_connections: limits::HTTP_CONNECTIONS,
            connections_per_address: limits::HTTP_ADDRESS_CONNECTIONS,
            patience_seconds: limits::HTTP_PATIENCE_SECONDS,
            metrics_entities: limits::METRICS_ENTITIES,
            requests_per_second: limits::HTTP_PER_SECOND,
            burst: limits::HTTP_BURST,
            dashboard: true,
            allow_origins: Vec::new(),
            tls: None,
        }
    }
}

impl Http {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        Self {
            listen: r.or("listen", d.listen, kinds::address),
            max_connections: r.or("max_connections", d.max_connections, kinds::whole(1..=MOST_CONNECTIONS)),
            connections_per_address: r.or("connections_per_address", d.connections_per_address, kinds::whole(1..=MOST_CONNECTIONS)),
            patience_seconds: r.or("patience_seconds", d.patience_seconds, kinds::whole(1..=LONGEST_PATIENCE_SECONDS)),
            metrics_entities: r.or("metrics_entities", d.metrics_entities, kinds::whole(0..=limits::ENTITIES)),
            requests_per_second: r.or("requests_per_second", d.requests_per_second, kinds::whole(0..=MOST_PER_SECOND)),
            burst: r.or("burst", d.burst, kinds::whole(1..=MOST_PER_SECOND)),
            dashboard: r.or("dashboard", d.dashboard, kinds::truth),
            allow_origins: origins(r),
            tls: r.section("tls", listeners::tls),
        }
    }

    /// Whether nobody gets behind the gate without a certificate.
    #[must_use]
    pub fn requires_certificate(&self) -> bool {
        self.tls.as_ref().and_then(|tls| tls.clients.as_ref()).is_some_and(|clients| clients.required)
    }
}

fn origins(r: &mut Reader) -> Vec<String> {
    let read = r.list("allow_origins", "[\"https://panel.example\"]", origin).unwrap_or_default();
    if read.len() > limits::HTTP_ORIGINS {
        r.refuse("allow_origins", format!("found {}; write {} at most", read.len(), limits::HTTP_ORIGINS));
    }
    read
}

/// As browsers say it: in lower case, a port only where it is not the scheme's own, nothing behind it. Neither `*` nor `null` is anybody.
fn origin(node: &Node) -> Result<String, String> {
    let host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    let good = |text: &&str| {
        let Some((scheme @ ("http" | "https"), rest)) = text.split_once("://") else { return false };
        let own = if scheme == "http" { ":80" } else { ":443" };
        let port = rest.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map(|(_, port)| port);
        let ends = port.is_none_or(|port| port.parse::<u16>().is_ok());
        !rest.is_empty() && !rest.starts_with(':') && rest.len() <= 255 && rest.bytes().all(host) && ends && !rest.ends_with(own)
    };
    let wanted = || {
        "where a page comes from as browsers say it: scheme and host in lower case and a port where it is not the usual one, such as \
         \"https://panel.example\"; not `*`, not `null`"
            .to_owned()
    };
    node.text().filter(good).map(str::to_owned).ok_or_else(wanted)
}
