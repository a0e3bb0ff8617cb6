//! One client's byte stream between socket and engine. It hands over the CONNECT read at the door and notes what only the bytes of a
//! PUBLISH tell; it lets the visit read ahead, for the engine asks about one PUBLISH at a time; it keeps MQTT 5's words from old
//! clients, can refuse one PUBLISH or end the connection, and sends small packets together: they leave before anyone waits.

mod frames;

use super::visit::Ahead;
use frames::Frames;
pub use frames::Published;
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

    /// Whether the PUBLISH in hand was given up (it is to come again) or refused; for a visit without a connection. Asked once for each.
    pub fn verdict(&self) -> (bool, bool) {
        let answer = std::mem::take(&mut self.state().answer);
        (matches!(answer, Answer::Close(_) | Answer::Closed), matches!(answer, Answer::Instead(_)))
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
}

impl<S: AsyncWrite + Unpin> Line<S> {
    /// `connect` is the CONNECT packet, already read from the stream.
    pub fn new(stream: S, peer: SocketAddr, version: u8, control: Arc<LineControl>, ear: Arc<dyn Ear>, connect: Vec<u8>) -> Self {
        Self { stream, peer, version, control, ear, frames: Frames::new(version == 5), read: connect, said: Vec::new() }
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

    /// An acknowledgement as MQTT 3.1.1 knows it: the engine says MQTT 5's reasons to old clients too, and they break on it.
    fn plain(&self, packet: &[u8]) -> Option<[u8; 4]> {
        let [kind @ (0x40 | 0x50 | 0x62 | 0x70), length, high, low, ..] = *packet else { return None };
        (self.version == 4 && length > 2 && usize::from(length) + 2 == packet.len()).then_some([kind, 2, high, low])
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
            let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
            let mut fresh = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut line.stream).poll_read(cx, &mut fresh))?;
            let fresh = fresh.filled();
            line.frames.scan(fresh, |published| line.control.see(published, &*line.ear));
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
            Answer::AsTheEngineSays => match line.plain(packet) {
                Some(plain) => line.said.extend(plain),
                None => line.said.extend_from_slice(packet),
            },
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

/// The engine lets go of a line without a word where it refuses a client: what it said before is still to be sent.
impl<S: AsyncWrite + Unpin> Drop for Line<S> {
    fn drop(&mut self) {
        let cx = &mut Context::from_waker(Waker::noop());
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
mod tests {
    use super::*;
    use crate::broker::inbox::Answer as MindAnswer;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
        sync::oneshot,
    };

    /// Has done about each PUBLISH what is next in line; then lets all wait for their turn.
    #[derive(Default)]
    struct Ears(Mutex<VecDeque<Heard>>, Mutex<Vec<String>>);

    impl Ear for Ears {
        fn hear(&self, published: &Published<'_>) -> Heard {
            self.1.lock().unwrap().push(published.whole.unwrap().topic.to_owned());
            self.0.lock().unwrap().pop_front().unwrap_or(Heard::InTurn)
        }
    }

    struct Pair {
        line: Line<DuplexStream>,
        far: DuplexStream,
        control: Arc<LineControl>,
        ears: Arc<Ears>,
    }

    fn pair(version: u8, heard: Vec<Heard>) -> Pair {
        let (near, far) = tokio::io::duplex(1 << 20);
        let (control, ears) = (Arc::new(LineControl::default()), Arc::new(Ears(Mutex::new(heard.into()), Mutex::default())));
        let ear = Arc::clone(&ears) as Arc<dyn Ear>;
        let line = Line::new(near, "127.0.0.1:1".parse().unwrap(), version, Arc::clone(&control), ear, vec![1, 2, 3]);
        Pair { line, far, control, ears }
    }

    fn ahead() -> (oneshot::Sender<MindAnswer>, Heard) {
        let (tell, told) = oneshot::channel();
        (tell, Heard::Told(Box::new(Ahead::of(told))))
    }

    async fn there(far: &mut DuplexStream) -> Vec<u8> {
        let mut got = vec![0; 1_000];
        let now = tokio::time::timeout(std::time::Duration::from_millis(20), far.read(&mut got)).await;
        got.truncate(now.map_or(0, Result::unwrap));
        got
    }

    #[tokio::test]
    async fn an_old_client_hears_plain_acknowledgements() {
        let Pair { mut line, mut far, .. } = pair(4, vec![]);
        line.write_all(&[0x40, 4, 0, 7, 0x87, 0]).await.unwrap();
        line.write_all(&[0x30, 9, 0, 1, b'a', 0x40, 4, 0, 7, 0x87, 0]).await.unwrap();
        drop(line);
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, [0x40, 2, 0, 7, 0x30, 9, 0, 1, b'a', 0x40, 4, 0, 7, 0x87, 0]);
    }

    #[tokio::test]
    async fn a_refusal_replaces_one_answer_and_a_close_ends_the_line() {
        let Pair { mut line, mut far, control, .. } = pair(5, vec![]);
        let mut first = [0; 3];
        line.read_exact(&mut first).await.unwrap();
        assert_eq!(first, [1, 2, 3]);
        control.refuse(5, 1, Some(7), 0x99);
        line.write_all(&[0x40, 2, 0, 7]).await.unwrap();
        line.write_all(&[0xd0, 0]).await.unwrap();
        control.close(5, 0x97);
        assert!(line.write_all(&[0x40, 2, 0, 8]).await.is_err());
        drop(line);
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, [0x40, 3, 0, 7, 0x99, 0xd0, 0, 0xe0, 2, 0x97, 0]);
    }

    #[tokio::test]
    async fn what_is_said_leaves_before_the_engine_waits() {
        let (tell, promised) = ahead();
        let Pair { mut line, mut far, control, .. } = pair(4, vec![promised]);
        line.read_exact(&mut [0; 3]).await.unwrap();
        line.write_all(&[0xd0, 0]).await.unwrap();
        line.flush().await.unwrap();
        assert!(there(&mut far).await.is_empty(), "the engine goes on at once: it may say more");
        far.write_all(&[0x30, 3, 0, 1, b'a', 0x30, 3, 0, 1, b'b']).await.unwrap();
        line.read_exact(&mut [0; 10]).await.unwrap();
        assert_eq!(there(&mut far).await, [0xd0, 0], "it read");
        line.write_all(&[0xd0, 0]).await.unwrap();
        line.flush().await.unwrap();
        assert_eq!(there(&mut far).await, [0xd0, 0], "the next answer is not known yet");
        tell.send(MindAnswer { decision: None, lets_on: true }).unwrap();
        line.write_all(&[0xd0, 0]).await.unwrap();
        line.flush().await.unwrap();
        assert!(there(&mut far).await.is_empty(), "now it is");
        control.take_seen();
        line.flush().await.unwrap();
        assert_eq!(there(&mut far).await, [0xd0, 0], "the one after it waits for its turn");
    }

    #[tokio::test]
    async fn nothing_is_heard_before_one_that_waits_for_its_turn() {
        let publish = |name: u8| [0x30, 3, 0, 1, name];
        let Pair { mut line, mut far, control, ears } = pair(4, vec![Heard::Nothing, Heard::InTurn, ahead().1, Heard::Nothing]);
        line.read_exact(&mut [0; 3]).await.unwrap();
        far.write_all(&[publish(b'a'), publish(b'b'), publish(b'c')].concat()).await.unwrap();
        line.read_exact(&mut [0; 15]).await.unwrap();
        let heard = || ears.1.lock().unwrap().concat();
        assert_eq!(heard(), "ab");
        for _ in 0..2 {
            assert!(control.take_seen().told.is_none());
        }
        far.write_all(&publish(b'd')).await.unwrap();
        line.read_exact(&mut [0; 5]).await.unwrap();
        assert_eq!(heard(), "ab", "c has not had its turn");
        control.take_seen();
        control.take_seen();
        far.write_all(&[publish(b'e'), publish(b'f')].concat()).await.unwrap();
        line.read_exact(&mut [0; 10]).await.unwrap();
        assert_eq!(heard(), "abef");
        assert!(control.take_seen().told.is_some());
    }
}
