//! One client's byte stream between socket and engine. It hands over the CONNECT read at the door and notes what only the bytes of a
//! PUBLISH tell; it lets the visit read ahead, for the engine asks about one PUBLISH at a time; it keeps MQTT 5's words from old
//! clients, can refuse one PUBLISH or end the connection, and sends small packets together: they leave before anyone waits.

mod frames;
pub mod outgoing;
#[cfg(test)]
mod tests;

use super::{
    limits::{Held, Pace, Patience},
    visit::Ahead,
};
use frames::Frames;
pub use frames::{Published, tell_all};
use mqtt5::broker::transport::WebSocketTransport;
use std::{
    collections::{BTreeSet, VecDeque},
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

    /// Whether the client may hear what comes on a topic.
    fn lets_hear(&self, topic: &str) -> bool;

    /// The client says more than its rate, or all at its listener say more than theirs, and it is not read for a while.
    fn held_back(&self, _by: Held) {}

    /// The client announced a packet that is not read.
    fn too_long(&self, _bytes: usize) {}

    /// The client takes nothing of what is said to it, and is let go.
    fn deaf(&self) {}
}

/// What one client may say, and how long it may take to hear.
pub struct Bounds {
    pub packet_bytes: usize,
    /// None where no rate is limited.
    pub pace: Option<Box<Pace>>,
    /// None for Jamey's own client.
    pub patience: Option<Patience>,
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
    /// Another broker had kept it, and gave it on subscription.
    pub stored: bool,
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

    /// Whether the PUBLISH in hand was given up (it is to come again) or refused; for a visit without a connection. Asked once for each.
    pub fn verdict(&self) -> (bool, bool) {
        let answer = std::mem::take(&mut self.state().answer);
        (matches!(answer, Answer::Close(_) | Answer::Closed), matches!(answer, Answer::Instead(_)))
    }

    /// The engine asks about a PUBLISH only after those before it, and reads nothing while it waits for an answer: so what is heard
    /// when none is waiting for its turn is heard in order.
    fn see(&self, published: &Published<'_>, ear: &dyn Ear) {
        let waits = self.state().in_turn > 0;
        // The ear may close this line: it is not asked with the state in hand.
        let heard = if waits { Heard::InTurn } else { ear.hear(published) };
        let mut state = self.state();
        let in_turn = matches!(heard, Heard::InTurn);
        state.in_turn += usize::from(in_turn);
        state.seen.push_back(Seen {
            dup: published.dup,
            stored: false,
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
    bounds: Bounds,
    /// Read from the socket and not yet by the engine: at first the CONNECT.
    read: Vec<u8>,
    /// Said by the engine and not yet on the socket.
    said: Vec<u8>,
    /// Said to the engine in the client's stead: acknowledgements of what the client may not hear.
    in_its_stead: Vec<u8>,
    /// Packet ids of QoS 2 messages that the client does not hear, until the engine has released them.
    unheard: BTreeSet<u16>,
    /// The engine has let the client in.
    is_welcome: bool,
    /// The engine has said DISCONNECT.
    said_farewell: bool,
}

impl<S: AsyncWrite + Unpin> Line<S> {
    /// `connect` is the CONNECT packet, already read from the stream.
    pub fn new(
        stream: S,
        peer: SocketAddr,
        version: u8,
        control: Arc<LineControl>,
        ear: Arc<dyn Ear>,
        connect: Vec<u8>,
        bounds: Bounds,
    ) -> Self {
        Self {
            stream,
            peer,
            version,
            control,
            ear,
            frames: Frames::new(version == 5, bounds.packet_bytes),
            bounds,
            read: connect,
            said: Vec::new(),
            in_its_stead: Vec::new(),
            unheard: BTreeSet::new(),
            is_welcome: false,
            said_farewell: false,
        }
    }

    /// Once for each piece that was read: what it costs.
    fn measure(&mut self, bytes: usize) {
        let spoken = std::mem::take(&mut self.frames.spoken);
        if let Some(pace) = &mut self.bounds.pace
            && let Some(by) = pace.took(spoken, bytes)
        {
            self.ear.held_back(by);
        }
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
        if let Some(patience) = &mut self.bounds.patience {
            match &result {
                Poll::Pending if patience.poll_over(sent, cx).is_ready() => {
                    self.ear.deaf();
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Pending => {}
                Poll::Ready(_) => patience.rests(),
            }
        }
        result
    }

    /// The end of a connection that MQTT has the broker close; MQTT 5 clients hear why.
    fn part(&mut self, cx: &mut Context<'_>, reason: u8) {
        if reason == frames::PACKET_TOO_LARGE {
            self.ear.too_long(self.frames.longest);
        }
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

    /// Whether the engine's packet is kept from the client: a PUBLISH that it may not hear, or the end of one. The engine is told that
    /// the client acknowledged it, so that it goes on.
    fn withholds(&mut self, packet: &[u8]) -> bool {
        if let [0x62, _, high, low, ..] = *packet {
            let hidden = self.unheard.remove(&u16::from_be_bytes([high, low]));
            if hidden {
                self.in_its_stead.extend([0x70, 2, high, low]);
            }
            return hidden;
        }
        let Some((qos, topic, id)) = frames::heading(packet) else { return false };
        if self.ear.lets_hear(topic) {
            return false;
        }
        let [high, low] = id.unwrap_or_default().to_be_bytes();
        match qos {
            0 => {}
            1 => self.in_its_stead.extend([0x40, 2, high, low]),
            _ => {
                self.unheard.insert(id.unwrap_or_default());
                self.in_its_stead.extend([0x50, 2, high, low]);
            }
        }
        true
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
        if line.read.is_empty() && line.frames.is_between_packets() && !line.in_its_stead.is_empty() {
            std::mem::swap(&mut line.read, &mut line.in_its_stead);
        }
        if line.read.is_empty() {
            if line.control.state().answer == Answer::Closed {
                return Poll::Ready(Ok(()));
            }
            if let Some(reason) = line.frames.broken {
                line.part(cx, reason);
                return Poll::Ready(Ok(()));
            }
            let mut at_once = READ_BYTES;
            if let Some(pace) = &mut line.bounds.pace {
                ready!(pace.poll_ready(cx));
                at_once = at_once.min(pace.at_once());
            }
            let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
            let mut whole = ReadBuf::uninit(&mut space);
            let mut fresh = whole.take(at_once);
            // A connection that broke has ended too: TLS says so where a client leaves without a word.
            ready!(Pin::new(&mut line.stream).poll_read(cx, &mut fresh)).inspect_err(|_| line.control.state().ended = true)?;
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
            line.measure(fresh.len());
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
            Answer::AsTheEngineSays if line.withholds(packet) => {}
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
