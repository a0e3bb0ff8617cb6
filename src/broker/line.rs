//! One client's byte stream between socket and engine: it hands over the CONNECT read at the door, notes what only the bytes of a
//! PUBLISH tell, keeps MQTT 5's words from old clients, and can refuse one PUBLISH or end the connection. It never delays a byte.

use crate::domain::limits;
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

/// What only the bytes of a PUBLISH tell: the engine does not pass it on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub dup: bool,
    /// MQTT 5's content type, where it stands within the first KiB of properties.
    pub content_type: Option<String>,
    /// MQTT 5's properties as sent, with their length in front; empty where they are longer than that.
    pub properties: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    /// PUBLISH packets handed to the engine and not yet asked for, oldest first.
    seen: VecDeque<Seen>,
    /// The client said DISCONNECT or is gone: the engine is taking leave of it.
    ended: bool,
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

    /// What was seen of the PUBLISH that the engine handles now. Asked exactly once for each.
    pub fn take_seen(&self) -> Seen {
        self.state().seen.pop_front().unwrap_or_default()
    }

    /// Whether the client said DISCONNECT or is gone.
    pub fn ended(&self) -> bool {
        self.state().ended
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
    version: u8,
    control: Arc<LineControl>,
    /// The CONNECT packet, already read from the socket.
    first: Vec<u8>,
    incoming: Scanner,
    outgoing: Scanner,
    /// What was said instead of the engine's words and is not on the socket yet.
    owed: Vec<u8>,
}

impl<S> Line<S> {
    pub fn new(stream: S, peer: SocketAddr, version: u8, control: Arc<LineControl>, first: Vec<u8>) -> Self {
        let incoming = Scanner { reads_properties: version == 5, ..Scanner::default() };
        Self { stream, peer, version, control, first, incoming, outgoing: Scanner::default(), owed: Vec::new() }
    }
}

impl<S: AsyncWrite + Unpin> Line<S> {
    fn poll_owed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.owed.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.owed))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.owed.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }

    /// An acknowledgement as MQTT 3.1.1 knows it: the engine says MQTT 5's reasons to old clients too, and they break on it.
    fn plain(&self, buf: &[u8]) -> Option<Vec<u8>> {
        let (kind, length) = (*buf.first()?, *buf.get(1)?);
        let acknowledges = matches!(kind, 0x40 | 0x50 | 0x62 | 0x70);
        let whole = usize::from(length) + 2 == buf.len();
        (self.version == 4 && self.outgoing.between_packets() && acknowledges && length > 2 && whole)
            .then(|| vec![kind, 2, buf.get(2).copied().unwrap_or(0), buf.get(3).copied().unwrap_or(0)])
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
        if fresh.is_empty() {
            line.control.state().ended = true;
        }
        line.incoming.scan(fresh, |seen| line.control.state().seen.push_back(seen));
        if line.incoming.said_disconnect {
            line.control.state().ended = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        ready!(line.poll_owed(cx))?;
        let answer = std::mem::take(&mut line.control.state().answer);
        match answer {
            Answer::AsTheEngineSays => {
                if let Some(plain) = line.plain(buf) {
                    line.owed = plain;
                    return Poll::Ready(Ok(buf.len()));
                }
                let sent = ready!(Pin::new(&mut line.stream).poll_write(cx, buf))?;
                line.outgoing.scan(buf.get(..sent).unwrap_or_default(), |_| {});
                Poll::Ready(Ok(sent))
            }
            Answer::Instead(packet) => {
                line.owed = packet;
                Poll::Ready(Ok(buf.len()))
            }
            Answer::Close(farewell) => {
                line.owed = farewell;
                line.control.state().answer = Answer::Closed;
                // The farewell may find no room in the socket: then it is left unsaid.
                let _ = line.poll_owed(cx);
                Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
            }
            Answer::Closed => {
                line.control.state().answer = Answer::Closed;
                Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        ready!(line.poll_owed(cx))?;
        Pin::new(&mut line.stream).poll_flush(cx)
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

/// Properties further in than this are not looked for: a content type is a few words.
const HEAD_BYTES: usize = 1_024 + limits::TOPIC_BYTES;

/// Follows MQTT's framing over any split of the bytes.
#[derive(Debug, Default)]
struct Scanner {
    reads_properties: bool,
    said_disconnect: bool,
    /// Fixed header byte, length so far, and how many length bytes were read; None between packets.
    header: Option<(u8, usize, u32)>,
    /// Bytes of the packet that are still to come.
    rest: usize,
    /// The beginning of a PUBLISH, until its content type is known.
    head: Option<(u8, Vec<u8>)>,
}

impl Scanner {
    fn between_packets(&self) -> bool {
        self.header.is_none() && self.rest == 0
    }

    fn scan(&mut self, mut bytes: &[u8], mut publish: impl FnMut(Seen)) {
        loop {
            let (body, after) = bytes.split_at(self.rest.min(bytes.len()));
            self.rest -= body.len();
            bytes = after;
            self.read_head(body, &mut publish);
            let Some((&byte, after)) = bytes.split_first() else { return };
            bytes = after;
            match self.header {
                None => {
                    self.said_disconnect |= byte >> 4 == 14;
                    self.header = Some((byte, 0, 0));
                }
                Some((first, length, read)) => {
                    let length = length | (usize::from(byte & 0x7f) << (7 * read.min(3)));
                    if byte & 0x80 == 0 {
                        self.rest = length;
                        self.header = None;
                        if first >> 4 == 3 {
                            self.head = Some((first, Vec::new()));
                            self.read_head(&[], &mut publish);
                        }
                    } else {
                        self.header = Some((first, length, read + 1));
                    }
                }
            }
        }
    }

    /// Takes what has come of a PUBLISH and tells of it as soon as it can.
    fn read_head(&mut self, body: &[u8], publish: &mut impl FnMut(Seen)) {
        let Some((first, head)) = &mut self.head else { return };
        let dup = *first & 0x08 != 0;
        let (content_type, properties) = if self.reads_properties {
            let room = HEAD_BYTES.saturating_sub(head.len());
            head.extend(body.iter().take(room));
            match properties(head, *first & 0x06 != 0) {
                None if self.rest > 0 && head.len() < HEAD_BYTES => return,
                None => (None, Vec::new()),
                Some((length, all)) => (content_type(all.get(length..).unwrap_or_default()), all.to_vec()),
            }
        } else {
            (None, Vec::new())
        };
        self.head = None;
        publish(Seen { dup, content_type, properties });
    }
}

/// The properties in the beginning of an MQTT 5 PUBLISH: how many bytes their length takes, and both; None when more bytes are needed.
fn properties(head: &[u8], has_packet_id: bool) -> Option<(usize, &[u8])> {
    let topic = usize::from(u16::from_be_bytes([*head.first()?, *head.get(1)?]));
    let all = head.get(2 + topic + if has_packet_id { 2 } else { 0 }..)?;
    let (mut length, mut places) = (0usize, 0usize);
    loop {
        let byte = *all.get(places)?;
        length |= usize::from(byte & 0x7f) << (7 * places);
        places += 1;
        if byte & 0x80 == 0 || places == 4 {
            break;
        }
    }
    Some((places, all.get(..places.checked_add(length)?)?))
}

/// The content type among MQTT 5 properties.
fn content_type(mut properties: &[u8]) -> Option<String> {
    while let Some((id, after)) = properties.split_first() {
        let text = |bytes: &[u8]| Some(usize::from(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?])));
        let size = match id {
            0x03 => {
                let size = text(after)?;
                return String::from_utf8(after.get(2..2 + size)?.to_vec()).ok();
            }
            0x01 => 1,
            0x02 => 4,
            0x23 => 2,
            0x08 | 0x09 => text(after).map_or(after.len(), |n| n + 2),
            0x26 => text(after).and_then(|n| Some(n + 2 + text(after.get(n + 2..)?)? + 2)).unwrap_or(after.len()),
            _ => return None,
        };
        properties = after.get(size..).unwrap_or_default();
    }
    None
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
                scanner.scan(piece, |one| seen.push(one.dup));
            }
            assert_eq!(seen, [false, true, false], "in pieces of {step}");
        }
    }

    #[test]
    fn the_content_type_is_found_wherever_the_bytes_are_split() {
        let properties = [vec![0x01, 1, 0x26, 0, 1, b'k', 0, 1, b'v', 0x03, 0, 3], b"a/b".to_vec()].concat();
        let mut body = vec![0, 1, b't', 0, 9, u8::try_from(properties.len()).unwrap()];
        body.extend(&properties);
        body.extend(b"payload");
        let packet = [vec![0x32, u8::try_from(body.len()).unwrap()], body].concat();
        let all = [packet.clone(), vec![0xc0, 0, 0x30, 4, 0, 1, b'a', 0], packet].concat();
        for step in 1..all.len() {
            let (mut scanner, mut seen) = (Scanner { reads_properties: true, ..Scanner::default() }, Vec::new());
            for piece in all.chunks(step) {
                scanner.scan(piece, |one| seen.push(one.content_type));
            }
            assert_eq!(seen, [Some("a/b".to_owned()), None, Some("a/b".to_owned())], "in pieces of {step}");
            assert!(scanner.between_packets());
        }
    }

    #[tokio::test]
    async fn an_old_client_hears_plain_acknowledgements() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (near, mut far) = tokio::io::duplex(64);
        let mut line = Line::new(near, "127.0.0.1:1".parse().unwrap(), 4, Arc::new(LineControl::default()), Vec::new());
        line.write_all(&[0x40, 4, 0, 7, 0x87, 0]).await.unwrap();
        // A PUBLISH cut in two, whose second half looks like an acknowledgement.
        line.write_all(&[0x30, 9, 0, 1, b'a']).await.unwrap();
        line.write_all(&[0x40, 4, 0, 7, 0x87, 0]).await.unwrap();
        line.flush().await.unwrap();
        drop(line);
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, [0x40, 2, 0, 7, 0x30, 9, 0, 1, b'a', 0x40, 4, 0, 7, 0x87, 0]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_scanner_fall(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            Scanner::default().scan(&bytes, |_| {});
            Scanner { reads_properties: true, ..Scanner::default() }.scan(&bytes, |_| {});
        }
    }

    #[tokio::test]
    async fn a_refusal_replaces_one_answer_and_a_close_ends_the_line() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (near, mut far) = tokio::io::duplex(64);
        let control = Arc::new(LineControl::default());
        let mut line = Line::new(near, "127.0.0.1:1".parse().unwrap(), 5, Arc::clone(&control), vec![1, 2, 3]);
        let mut first = [0; 3];
        line.read_exact(&mut first).await.unwrap();
        assert_eq!(first, [1, 2, 3]);
        control.refuse(5, 1, Some(7), 0x99);
        line.write_all(&[0x40, 2, 0, 7]).await.unwrap();
        line.write_all(&[0xd0, 0]).await.unwrap();
        line.flush().await.unwrap();
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
