//! One client's byte stream between socket and engine: it hands over the CONNECT read at the door, notes each PUBLISH's
//! DUP flag as it passes, and can answer one PUBLISH with a refusal or end the connection with a reason. It never delays a byte.

use mqtt5::broker::transport::WebSocketTransport;
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the hook may do to a line, and what it may ask.
#[derive(Debug, Default)]
pub struct LineControl(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// DUP flags of PUBLISH packets handed to the engine and not yet asked for, oldest first.
    dups: VecDeque<bool>,
    answer: Answer,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Answer {
    #[default]
    AsTheEngineSays,
    /// The engine's next packet is replaced by this one.
    Instead(Vec<u8>),
    /// These bytes, then end of stream.
    Close(Vec<u8>),
    Closed,
}

impl LineControl {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The DUP flag of the PUBLISH that the engine handles now. Asked exactly once for each.
    pub fn take_dup(&self) -> bool {
        self.state().dups.pop_front().unwrap_or(false)
    }

    /// Answers the PUBLISH in hand with an MQTT 5 reason code instead of success. MQTT 3.1.1 has no such words: there it stays plain.
    pub fn refuse(&self, version: u8, qos: u8, packet_id: Option<u16>, reason: u8) {
        let (Some(id), true) = (packet_id, version == 5) else { return };
        let [high, low] = id.to_be_bytes();
        let kind = if qos == 2 { 0x50 } else { 0x40 };
        self.state().answer = Answer::Instead(vec![kind, 3, high, low, reason]);
    }

    /// Ends the connection without acknowledging the PUBLISH in hand; MQTT 5 clients hear the reason.
    pub fn close(&self, version: u8, reason: u8) {
        let farewell = if version == 5 { vec![0xe0, 2, reason, 0] } else { Vec::new() };
        self.state().answer = Answer::Close(farewell);
    }
}

/// The stream that the engine reads and writes.
pub struct Line<S> {
    stream: S,
    peer: SocketAddr,
    control: Arc<LineControl>,
    /// The CONNECT packet, already read from the socket.
    first: Vec<u8>,
    scanner: Scanner,
}

impl<S> Line<S> {
    pub fn new(stream: S, peer: SocketAddr, control: Arc<LineControl>, first: Vec<u8>) -> Self {
        Self { stream, peer, control, first, scanner: Scanner::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if !line.first.is_empty() {
            let rest = line.first.split_off(line.first.len().min(buf.remaining()));
            buf.put_slice(&line.first);
            line.first = rest;
            return Poll::Ready(Ok(()));
        }
        if line.control.state().answer == Answer::Closed {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut line.stream).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default();
        line.scanner.scan(fresh, |dup| line.control.state().dups.push_back(dup));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let answer = line.control.state().answer.clone();
        match answer {
            Answer::AsTheEngineSays => Pin::new(&mut line.stream).poll_write(cx, buf),
            Answer::Instead(packet) => {
                // Five bytes into an empty socket buffer go whole or not at all.
                let sent = ready!(Pin::new(&mut line.stream).poll_write(cx, &packet))?;
                let rest = packet.get(sent..).unwrap_or_default().to_vec();
                line.control.state().answer = if rest.is_empty() { Answer::AsTheEngineSays } else { Answer::Instead(rest) };
                Poll::Ready(Ok(buf.len()))
            }
            Answer::Close(farewell) => {
                if !farewell.is_empty() {
                    ready!(Pin::new(&mut line.stream).poll_write(cx, &farewell))?;
                }
                line.control.state().answer = Answer::Closed;
                Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
            }
            Answer::Closed => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> WebSocketTransport for Line<S> {
    fn peer_addr(&self) -> mqtt5::Result<SocketAddr> {
        Ok(self.peer)
    }
}

/// Follows MQTT's framing over any split of the bytes.
#[derive(Debug, Default)]
struct Scanner {
    /// Fixed header byte, length so far, and how many length bytes were read; None between packets.
    header: Option<(u8, usize, u32)>,
    skip: usize,
}

impl Scanner {
    fn scan(&mut self, mut bytes: &[u8], mut publish: impl FnMut(bool)) {
        loop {
            let passed = self.skip.min(bytes.len());
            self.skip -= passed;
            bytes = bytes.get(passed..).unwrap_or_default();
            let Some((&byte, rest)) = bytes.split_first() else { return };
            bytes = rest;
            match self.header {
                None => {
                    if byte >> 4 == 3 {
                        publish(byte & 0x08 != 0);
                    }
                    self.header = Some((byte, 0, 0));
                }
                Some((first, length, read)) => {
                    let length = length | (usize::from(byte & 0x7f) << (7 * read.min(3)));
                    if byte & 0x80 == 0 {
                        self.skip = length;
                        self.header = None;
                    } else {
                        self.header = Some((first, length, read + 1));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_dup_flag_of_every_publish_is_seen() {
        let mut long = vec![0x3a, 0xc8, 0x01];
        long.extend(vec![0x30; 200]);
        let packets: Vec<Vec<u8>> =
            vec![vec![0x30, 3, 0, 1, b'a'], vec![0xc0, 0], long, vec![0x32, 5, 0, 1, b'a', 0, 1], vec![0x40, 2, 0x38, 0x38]];
        let all = packets.concat();
        for step in 1..all.len() {
            let (mut scanner, mut seen) = (Scanner::default(), Vec::new());
            for piece in all.chunks(step) {
                scanner.scan(piece, |dup| seen.push(dup));
            }
            assert_eq!(seen, [false, true, false], "in pieces of {step}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_scanner_fall(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            Scanner::default().scan(&bytes, |_| {});
        }
    }

    #[tokio::test]
    async fn a_refusal_replaces_one_answer_and_a_close_ends_the_line() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (near, mut far) = tokio::io::duplex(64);
        let control = Arc::new(LineControl::default());
        let mut line = Line::new(near, "127.0.0.1:1".parse().unwrap(), Arc::clone(&control), vec![1, 2, 3]);
        let mut first = [0; 3];
        line.read_exact(&mut first).await.unwrap();
        assert_eq!(first, [1, 2, 3]);
        control.refuse(5, 1, Some(7), 0x99);
        line.write_all(&[0x40, 2, 0, 7]).await.unwrap();
        line.write_all(&[0xd0, 0]).await.unwrap();
        let mut got = [0; 7];
        far.read_exact(&mut got).await.unwrap();
        assert_eq!(got, [0x40, 3, 0, 7, 0x99, 0xd0, 0]);
        control.close(5, 0x97);
        assert!(line.write_all(&[0x40, 2, 0, 8]).await.is_err());
        drop(line);
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, [0xe0, 2, 0x97, 0]);
    }
}
