//! What only the host can be asked of a connection.

use socket2::{SockRef, TcpKeepalive};
use std::{io, time::Duration};
use tokio::net::TcpStream;

/// Has the kernel ask after a peer that was silent for so long, and then as often as that; without an answer it is gone. Windows asks ten times,
/// whatever is said.
///
/// # Errors
/// When the kernel refuses.
pub fn ask_after(stream: &TcpStream, silent: Duration, every: Duration, times: u32) -> io::Result<()> {
    let asked = TcpKeepalive::new().with_time(silent).with_interval(every);
    #[cfg(windows)]
    let _ = times;
    #[cfg(not(windows))]
    let asked = asked.with_retries(times);
    SockRef::from(stream).set_tcp_keepalive(&asked)
}
