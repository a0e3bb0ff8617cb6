//! The section `[http]`: where HTTP is spoken, and what one asker may take of it.

use super::{kinds, reader::Reader};
use crate::domain::limits;
use serde::Serialize;
use std::net::{Ipv4Addr, SocketAddr};

/// Longer than the slowest phone needs for a request's head; every idle stranger holds a place so long.
const LONGEST_PATIENCE_SECONDS: u32 = 300;
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
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)),
            max_connections: limits::HTTP_CONNECTIONS,
            connections_per_address: limits::HTTP_ADDRESS_CONNECTIONS,
            patience_seconds: limits::HTTP_PATIENCE_SECONDS,
            metrics_entities: limits::METRICS_ENTITIES,
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
        }
    }
}
