//! Through which door a connection came, and what that tells of who it is.

use super::limits::Shared;
use std::{net::SocketAddr, sync::Arc};

/// One connection's way in.
#[derive(Debug, Clone)]
pub struct Entrance {
    pub peer: SocketAddr,
    /// The listener, as logs and counters name it.
    pub listener: Arc<str>,
    /// The listener that only Jamey's own client uses.
    pub private: bool,
    /// Whether clients without a user may come in here.
    pub anonymous: bool,
    /// The rate that it shares with all others at this listener.
    pub rate: Option<Arc<Shared>>,
    /// What the client proved with a certificate, where the listener asks for one.
    pub certificate: Option<Certificate>,
}

/// A client certificate that the listener's authority signed and whose time it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub common_name: Option<String>,
    /// SHA-256 of the DER, in lower-case hex.
    pub fingerprint: String,
    /// By which lists of those taken back name it.
    pub number: Number,
}

/// SHA-256 over who issued a certificate and its serial number.
pub type Number = [u8; 32];
