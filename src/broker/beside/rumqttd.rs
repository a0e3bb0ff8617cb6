//! The feature `rumqttd`: that broker, in this process, for Jamey to be attached to. It promises nothing of its own: decision 1 says why.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};
use tracing::warn;

/// What it is told; the limits are those of its own example, but for packets as large as ours.
fn config(at: SocketAddr) -> String {
    format!(
        "id = 0\n[router]\nid = 0\nmax_connections = 1010\nmax_outgoing_packet_count = 200\nmax_segment_size = 104857600\nmax_segment_count = 10\n\
         [v4.1]\nname = \"v4-1\"\nlisten = \"{at}\"\nnext_connection_delay_ms = 1\n\
         [v4.1.connections]\nconnection_timeout_ms = 60000\nmax_payload_size = {}\nmax_inflight_count = 100\ndynamic_filters = true\n",
        crate::domain::limits::PACKET_BYTES
    )
}

/// Starts it, with MQTT 3.1.1, for as long as the process lives.
///
/// # Errors
/// When the address is taken or the thread cannot be started.
pub fn start(at: SocketAddr) -> io::Result<()> {
    // It would find out in a thread of its own, and tell nobody.
    drop(TcpListener::bind(at)?);
    let config = toml::from_str(&config(at)).map_err(io::Error::other)?;
    std::thread::Builder::new().name("rumqttd".into()).spawn(move || {
        if let Err(error) = rumqttd::Broker::new(config).start() {
            warn!("rumqttd ended: {error}");
        }
    })?;
    Ok(())
}
