//! Peers that are gone without a word: the kernel asks after them, so that one without keep-alive does not hold its place for a day.

use crate::runtime::sockets;
use std::time::Duration;
use tokio::net::TcpStream;
use tracing::debug;

/// Silent for so long, it is asked; four times without an answer, and it is gone: after 4 minutes.
const ASKED_AFTER: Duration = Duration::from_secs(120);
const ASKED_EVERY: Duration = Duration::from_secs(30);
const ASKED_TIMES: u32 = 4;

/// Has the kernel ask after this peer.
pub fn ask_after(stream: &TcpStream) {
    if let Err(error) = sockets::ask_after(stream, ASKED_AFTER, ASKED_EVERY, ASKED_TIMES) {
        debug!("TCP keep-alive: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_kernel_asks() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        ask_after(&stream);
        let socket = socket2::SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!((socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap()), (ASKED_AFTER, ASKED_EVERY));
    }
}
