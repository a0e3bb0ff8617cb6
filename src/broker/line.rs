//! One client's byte stream between socket and engine. It hands over the CONNECT read at the door and notes what only the bytes of a
//! PUBLISH tell; it lets the visit read ahead, for the engine asks about one PUBLISH at a time; it keeps MQTT 5's words from old
//! clients, can refuse one PUBLISH or end the connection, and sends small packets together: they leave before anyone waits.

mod frames;
pub mod outgoing;

use super::visit::Ahead;
use frames::Frames;
pub use frames::{Published, tell_all};
use mqtt5::broker::transport::WebSocketTransport;
use std::{
    collections::VecDeque,
    io,
    mem::MaybeUninit,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is read at once: a window of 32 small messages fits.
const READ_BYTES: usize = 16 * 1_024;
/// What is held back to be sent together.
const SEND_BYTES: usize = 16 * 1_024;

/// MQTT 5's reason for an end that the engine gives none for (MQTT 5.0, section 2.4).
const UNSPECIFIED: u8 = 0x80;

/// Hears each PUBLISH while the engine is still busy with those before it.
pub trait Ear: Send + Sync {
    /// What has been done about it already.
    fn hear(&self, published: &Published<'_>) -> Heard;
}

/// What was done about a PUBLISH when it was heard.
pub enum Heard {
    /// It is on its way to the mind; the engine's question about it will find this.
    Told(Box<Ahead>),
    /// The mind need not know it.
    Nothing,
    /// It must wait for its turn, and all that comes after it too.
    InTurn,
}

/// What the hook may do to a line, and what it may ask.
#[derive(Default)]
pub struct LineControl(Mutex<State>);

/// What only the bytes of a PUBLISH tell, the engine does not pass it on; and what was done about it.
#[derive(Default)]
pub struct Seen {
    pub dup: bool,
    pub content_type: Option<String>,
    /// MQTT 5's properties as sent, with their length in front.
    pub properties: Vec<u8>,
    pub told: Option<Box<Ahead>>,
    in_turn: bool,
}

#[derive(Default)]
struct State {
    /// PUBLISH packets read and not yet asked for, oldest first.
    seen: VecDeque<Seen>,
    /// How many of them must wait for their turn.
    in_turn: usize,
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
        let mut state = self.state();
        let seen = state.seen.pop_front().unwrap_or_default();
        state.in_turn -= usize::from(seen.in_turn);
        seen
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

    /// The engine asks about a PUBLISH only after those before it, and reads nothing while it waits for an answer: so what is heard
    /// when none is waiting for its turn is heard in order.
    fn see(&self, published: &Published<'_>, ear: &dyn Ear) {
        let mut state = self.state();
        let heard = if state.in_turn > 0 { Heard::InTurn } else { ear.hear(published) };
        let in_turn = matches!(heard, Heard::InTurn);
        state.in_turn += usize::from(in_turn);
        state.seen.push_back(Seen {
            dup: published.dup,
            content_type: published.content_type.map(str::to_owned),
            properties: published.properties.to_vec(),
            told: if let Heard::Told(ahead) = heard { Some(ahead) } else { None },
            in_turn,
        });
    }

    /// Whether the engine goes on at once: to what it reads next, or to a PUBLISH whose answer is known.
    fn goes_on(&self) -> bool {
        self.state().seen.front().is_none_or(|next| next.told.as_ref().is_some_and(|told| told.is_answered()))
    }
}

/// The stream that the engine reads and writes.
pub struct Line<S: AsyncWrite + Unpin> {
    stream: S,
    peer: SocketAddr,
    version: u8,
    control: Arc<LineControl>,
    ear: Arc<dyn Ear>,
    frames: Frames,
    /// Read from the socket and not yet by the engine: at first the CONNECT.
    read: Vec<u8>,
    /// Said by the engine and not yet on the socket.
    said: Vec<u8>,
    /// The engine has let the client in.
    is_welcome: bool,
    /// The engine has said DISCONNECT.
    said_farewell: bool,
}

impl<S: AsyncWrite + Unpin> Line<S> {
    /// `connect` is the CONNECT packet, already read from the stream; `largest` the largest packet to be read.
    pub fn new(
        stream: S,
        peer: SocketAddr,
        version: u8,
        control: Arc<LineControl>,
        ear: Arc<dyn Ear>,
        connect: Vec<u8>,
        largest: usize,
    ) -> Self {
        let frames = Frames::new(version == 5, largest);
        Self { stream, peer, version, control, ear, frames, read: connect, said: Vec::new(), is_welcome: false, said_farewell: false }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sent = 0;
        let result = loop {
            let rest = self.said.get(sent..).unwrap_or_default();
            if rest.is_empty() {
                break Poll::Ready(Ok(()));
            }
            match Pin::new(&mut self.stream).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(n)) => sent += n,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        self.said.drain(..sent);
        if self.said.is_empty() && self.said.capacity() > SEND_BYTES {
            self.said = Vec::new();
        }
        result
    }

    /// The end of a connection that MQTT has the broker close; MQTT 5 clients hear why.
    fn part(&mut self, cx: &mut Context<'_>, reason: u8) {
        if self.owes_farewell() {
            self.said.extend([0xe0, 2, reason, 0]);
        }
        let mut state = self.control.state();
        state.ended = true;
        state.answer = Answer::Closed;
        drop(state);
        let _ = self.poll_send(cx);
    }

    /// Whether a DISCONNECT is the next thing to say when this connection ends.
    fn owes_farewell(&self) -> bool {
        let state = self.control.state();
        self.version == 5 && self.is_welcome && !self.said_farewell && !state.ended && state.answer != Answer::Closed
    }

    /// What the engine says, as MQTT has it.
    fn say(&mut self, packet: &[u8]) {
        let kind = packet.first().map_or(0, |first| first >> 4);
        self.is_welcome |= kind == 2 && packet.get(3) == Some(&0);
        self.said_farewell |= kind == 14;
        match self.version {
            5 => match (outgoing::as_sent(packet), outgoing::bare(packet)) {
                (Some(sent), _) => self.said.extend(sent),
                (_, Some(bare)) => self.said.extend(bare),
                _ => self.said.extend_from_slice(packet),
            },
            // MQTT 3.1.1 has no DISCONNECT from a broker.
            _ if kind == 14 => {}
            _ => match outgoing::plain(packet) {
                Some(plain) => self.said.extend(plain),
                None => self.said.extend_from_slice(packet),
            },
        }
    }

    /// Hands the engine what was read for it.
    fn hand_over(&mut self, buf: &mut ReadBuf<'_>) {
        let fits = self.read.len().min(buf.remaining());
        buf.put_slice(self.read.get(..fits).unwrap_or_default());
        self.read.drain(..fits);
        if self.read.is_empty() {
            self.read = Vec::new();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Line<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        // A socket that takes nothing now does not keep its client from being heard.
        if let Poll::Ready(sent) = line.poll_send(cx) {
            sent?;
            let _ = Pin::new(&mut line.stream).poll_flush(cx)?;
        }
        if line.read.is_empty() {
            if line.control.state().answer == Answer::Closed {
                return Poll::Ready(Ok(()));
            }
            if let Some(reason) = line.frames.broken {
                line.part(cx, reason);
                return Poll::Ready(Ok(()));
            }
            let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
            let mut fresh = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut line.stream).poll_read(cx, &mut fresh))?;
            let fresh = fresh.filled();
            let good = line.frames.scan(fresh, |published| line.control.see(published, &*line.ear));
            if let (0, Some(reason)) = (good, line.frames.broken) {
                line.part(cx, reason);
                return Poll::Ready(Ok(()));
            }
            let fresh = fresh.get(..good).unwrap_or_default();
            if fresh.is_empty() || line.frames.said_disconnect {
                line.control.state().ended = true;
            }
            let (now, later) = fresh.split_at(fresh.len().min(buf.remaining()));
            buf.put_slice(now);
            line.read.extend_from_slice(later);
        } else {
            line.hand_over(buf);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    /// The engine writes packet by packet: each is taken whole, or not yet.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        if line.said.len() >= SEND_BYTES {
            ready!(line.poll_send(cx))?;
        }
        let answer = std::mem::take(&mut line.control.state().answer);
        match answer {
            Answer::AsTheEngineSays => line.say(packet),
            Answer::Instead(instead) => line.said.extend(instead),
            Answer::Close(farewell) => {
                line.said.extend(farewell);
                line.control.state().answer = Answer::Closed;
                // The farewell may find no room in the socket: then it is left unsaid.
                let _ = line.poll_send(cx);
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            Answer::Closed => {
                line.control.state().answer = Answer::Closed;
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
        }
        Poll::Ready(Ok(packet.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if line.control.goes_on() {
            return Poll::Ready(Ok(()));
        }
        ready!(line.poll_send(cx))?;
        Pin::new(&mut line.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        ready!(line.poll_send(cx))?;
        Pin::new(&mut line.stream).poll_shutdown(cx)
    }
}

/// The engine lets go of a line without a word where it refuses a client or a packet: what it said before is still to be sent.
impl<S: AsyncWrite + Unpin> Drop for Line<S> {
    fn drop(&mut self) {
        let cx = &mut Context::from_waker(Waker::noop());
        if self.owes_farewell() {
            self.said.extend([0xe0, 2, UNSPECIFIED, 0]);
        }
        if let Poll::Ready(Ok(())) = self.poll_send(cx) {
            let _ = Pin::new(&mut self.stream).poll_flush(cx);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> WebSocketTransport for Line<S> {
    fn peer_addr(&self) -> mqtt5::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests;
