//! An MQTT client that does nothing by itself but acknowledge, and that only when it is left to.

use super::packet::{self, Connect, Message, Packet, Properties, Pub, Version, property};
use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// How long anything that must happen may take: far beyond what a busy test host needs.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long we look for what must not happen, after a round trip has shown that the broker is done.
pub const MOMENT: Duration = Duration::from_millis(300);

pub struct Mqtt {
    stream: TcpStream,
    version: Version,
    buffer: Vec<u8>,
    /// Read past while something else was awaited.
    backlog: VecDeque<Packet>,
    closed: bool,
    next_id: u16,
    acknowledges: bool,
    /// Whether the broker knew our session.
    pub session_present: bool,
}

/// What came, or why nothing did.
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    Packet(Packet),
    Nothing,
    Closed,
}

/// What became of a message sent at QoS 1 or 2.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// Acknowledged with this reason code (0 or 0x10 are success) and reason string.
    Code(u8, Option<String>),
    /// The connection was closed instead, with the reason code of DISCONNECT where one came.
    Closed(Option<u8>),
    /// Neither, in the time given.
    Nothing,
}

impl Sent {
    pub fn taken(&self) -> bool {
        matches!(self, Self::Code(0..0x80, _))
    }

    pub fn refused(&self) -> bool {
        matches!(self, Self::Code(0x80.., _) | Self::Closed(_))
    }
}

/// A connection to be made.
pub struct Dial {
    addr: SocketAddr,
    version: Version,
    connect: Connect,
    acknowledges: bool,
}

impl Dial {
    pub fn v5(mut self) -> Self {
        self.version = Version::V5;
        self
    }

    /// A session that outlives the connection, under MQTT 3.1.1 and 5.
    pub fn persistent(mut self) -> Self {
        self.connect.clean = false;
        self
    }

    pub fn user(mut self, user: &str, password: &str) -> Self {
        (self.connect.user, self.connect.password) = (Some(user.into()), Some(password.into()));
        self
    }

    pub fn will(mut self, will: Message) -> Self {
        self.connect.will = Some(will);
        self
    }

    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.connect.keep_alive = seconds;
        self
    }

    /// PUBLISH and PUBREL that come in stay unanswered.
    pub fn silent(mut self) -> Self {
        self.acknowledges = false;
        self
    }

    pub fn open(self) -> Mqtt {
        let id = self.connect.id.clone();
        self.try_open().unwrap_or_else(|sent| panic!("{id} was not let in: {sent:?}"))
    }

    /// # Errors
    /// With what the broker answered instead of a welcome.
    pub fn try_open(mut self) -> Result<Mqtt, Sent> {
        if self.version == Version::V5 && !self.connect.clean {
            self.connect.properties = Properties::default().number(property::SESSION_EXPIRY, 3_600);
        }
        let mut m = raw(self.addr, self.version);
        m.acknowledges = self.acknowledges;
        m.send(&packet::connect(self.version, &self.connect));
        match m.read(PATIENCE) {
            Got::Packet(Packet::ConnAck { code: 0, session_present, .. }) => {
                m.session_present = session_present;
                Ok(m)
            }
            Got::Packet(Packet::ConnAck { code, properties, .. }) => Err(Sent::Code(code, properties.reason().map(str::to_owned))),
            Got::Packet(other) => panic!("CONNECT was answered with {other:?}"),
            Got::Closed => Err(Sent::Closed(None)),
            Got::Nothing => Err(Sent::Nothing),
        }
    }
}

/// A connection with a clean 3.1.1 session and no keep-alive, unless more is said.
pub fn dial(addr: SocketAddr, id: &str) -> Dial {
    Dial { addr, version: Version::V311, connect: Connect { id: id.into(), clean: true, ..Connect::default() }, acknowledges: true }
}

/// A bare connection: nothing sent yet.
pub fn raw(addr: SocketAddr, version: Version) -> Mqtt {
    let stream = TcpStream::connect_timeout(&addr, PATIENCE).unwrap_or_else(|e| panic!("no connection to {addr}: {e}"));
    stream.set_nodelay(true).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    Mqtt {
        stream,
        version,
        buffer: vec![],
        backlog: VecDeque::new(),
        closed: false,
        next_id: 0,
        acknowledges: true,
        session_present: false,
    }
}

impl Mqtt {
    /// Sends bytes as they are; a connection that is gone shows when it is read.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes);
    }

    /// False when the connection is gone.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    pub fn fresh_id(&mut self) -> u16 {
        self.next_id = self.next_id % 65_535 + 1;
        self.next_id
    }

    /// The next packet, older ones first. Incoming messages are acknowledged on the way, unless the client is silent.
    pub fn read(&mut self, patience: Duration) -> Got {
        match self.backlog.pop_front() {
            Some(packet) => Got::Packet(packet),
            None => self.receive(Instant::now() + patience),
        }
    }

    fn receive(&mut self, deadline: Instant) -> Got {
        let mut chunk = [0; 65_536];
        loop {
            match packet::decode(&self.buffer, self.version) {
                Ok(Some((packet, length))) => {
                    self.buffer.drain(..length);
                    self.answer(&packet);
                    return Got::Packet(packet);
                }
                Ok(None) if self.closed => return Got::Closed,
                Ok(None) => {}
                Err(what) => panic!("{what}"),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Got::Nothing;
            }
            self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
            match self.stream.read(&mut chunk) {
                Ok(0) => self.closed = true,
                Ok(n) => self.buffer.extend(&chunk[..n]),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Got::Nothing,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.closed = true,
            }
        }
    }

    fn answer(&mut self, packet: &Packet) {
        let (kind, id) = match packet {
            Packet::Publish(m) if m.qos == 1 => (Pub::Ack, m.id),
            Packet::Publish(m) if m.qos == 2 => (Pub::Rec, m.id),
            Packet::Ack { kind: Pub::Rel, id, .. } => (Pub::Comp, *id),
            _ => return,
        };
        if self.acknowledges {
            self.send(&packet::ack(kind, id));
        }
    }

    /// The first packet that `wanted` takes; others wait in line for later reads.
    pub fn find<T>(&mut self, patience: Duration, mut wanted: impl FnMut(&Packet) -> Option<T>) -> Result<T, Got> {
        let deadline = Instant::now() + patience;
        for at in 0..self.backlog.len() {
            if let Some(found) = wanted(&self.backlog[at]) {
                self.backlog.remove(at);
                return Ok(found);
            }
        }
        loop {
            match self.receive(deadline) {
                Got::Packet(packet) => match wanted(&packet) {
                    Some(found) => return Ok(found),
                    None => self.backlog.push_back(packet),
                },
                other => return Err(other),
            }
        }
    }

    /// Subscribes and gives the reason codes.
    pub fn subscribe(&mut self, filters: &[(&str, u8)]) -> Vec<u8> {
        let id = self.fresh_id();
        let bytes = packet::subscribe(self.version, id, filters);
        self.send(&bytes);
        self.find(PATIENCE, |p| match p {
            Packet::SubAck { id: of, codes } if *of == id => Some(codes.clone()),
            _ => None,
        })
        .unwrap_or_else(|got| panic!("SUBSCRIBE {filters:?} was not answered: {got:?}"))
    }

    /// Subscribes to one filter and insists.
    pub fn listen(mut self, filter: &str, qos: u8) -> Self {
        let codes = self.subscribe(&[(filter, qos)]);
        assert_eq!(codes, [qos], "SUBSCRIBE {filter}");
        self
    }

    pub fn unsubscribe(&mut self, filter: &str) {
        let id = self.fresh_id();
        let bytes = packet::unsubscribe(self.version, id, filter);
        self.send(&bytes);
        self.find(PATIENCE, |p| matches!(p, Packet::UnsubAck { id: of } if *of == id).then_some(()))
            .unwrap_or_else(|got| panic!("UNSUBSCRIBE {filter} was not answered: {got:?}"));
    }

    /// Sends a message and waits for nothing. Gives the packet id.
    pub fn post(&mut self, message: Message) -> u16 {
        let mut message = message;
        if message.qos > 0 && message.id == 0 {
            message.id = self.fresh_id();
        }
        let bytes = packet::publish(self.version, &message);
        self.send(&bytes);
        message.id
    }

    /// Sends a message and sees it through its acknowledgements; at QoS 0 through a ping.
    pub fn publish(&mut self, message: Message) -> Sent {
        self.publish_within(PATIENCE, message)
    }

    pub fn publish_within(&mut self, patience: Duration, message: Message) -> Sent {
        let qos = message.qos;
        let id = self.post(message);
        if qos == 0 {
            return if self.ping() { Sent::Code(0, None) } else { Sent::Closed(self.farewell()) };
        }
        let first = self.acked(patience, if qos == 1 { Pub::Ack } else { Pub::Rec }, id);
        if qos == 2 && first.taken() {
            self.send(&packet::ack(Pub::Rel, id));
            return self.acked(patience, Pub::Comp, id);
        }
        first
    }

    /// Publishes text at QoS 1 and insists that it is taken.
    pub fn tell(&mut self, topic: &str, payload: impl AsRef<[u8]>) {
        let sent = self.publish(Message::new(topic, payload).qos(1));
        assert!(sent.taken(), "{topic}: {sent:?}");
    }

    /// The acknowledgement of one packet id.
    pub fn acked(&mut self, patience: Duration, wanted: Pub, wanted_id: u16) -> Sent {
        let found = self.find(patience, |p| match p {
            Packet::Ack { kind, id, code, properties } if *kind == wanted && *id == wanted_id => {
                Some((*code, properties.reason().map(str::to_owned)))
            }
            _ => None,
        });
        match found {
            Ok((code, reason)) => Sent::Code(code, reason),
            Err(Got::Closed) => Sent::Closed(self.farewell()),
            Err(_) => Sent::Nothing,
        }
    }

    /// The reason code of the broker's DISCONNECT, among what has come.
    pub fn farewell(&mut self) -> Option<u8> {
        self.backlog.iter().find_map(|p| if let Packet::Disconnect { code, .. } = p { Some(*code) } else { None })
    }

    /// The next message, whatever else comes.
    pub fn message(&mut self) -> Message {
        self.message_within(PATIENCE).unwrap_or_else(|| panic!("no message came"))
    }

    pub fn message_within(&mut self, patience: Duration) -> Option<Message> {
        self.find(patience, |p| if let Packet::Publish(m) = p { Some(m.clone()) } else { None }).ok()
    }

    /// The next message on a topic.
    pub fn message_on(&mut self, topic: &str) -> Message {
        self.find(PATIENCE, |p| match p {
            Packet::Publish(m) if m.topic == topic => Some(m.clone()),
            _ => None,
        })
        .unwrap_or_else(|got| panic!("no message on {topic} ({got:?}); waiting: {:?}", self.backlog))
    }

    /// The next `n` messages.
    pub fn messages(&mut self, n: usize) -> Vec<Message> {
        (0..n).map(|at| self.message_within(PATIENCE).unwrap_or_else(|| panic!("message {at} of {n} did not come"))).collect()
    }

    /// All messages that come until none has for a moment; a ping first shows that what was sent before is through.
    pub fn rest(&mut self) -> Vec<Message> {
        self.ping();
        std::iter::from_fn(|| self.message_within(MOMENT)).collect()
    }

    /// A round trip; false when the connection is gone.
    pub fn ping(&mut self) -> bool {
        self.send(&packet::PING);
        self.find(PATIENCE, |p| (*p == Packet::PingResp).then_some(())).is_ok()
    }

    /// Waits for the end of the connection; false when it is still there.
    pub fn closes_within(&mut self, patience: Duration) -> bool {
        self.find(patience, |_| None::<()>) == Err(Got::Closed)
    }

    pub fn disconnect(mut self) {
        self.disconnect_with(0);
    }

    pub fn disconnect_with(&mut self, code: u8) {
        self.send(&packet::disconnect(code));
        self.closes_within(PATIENCE);
    }

    /// Ends the connection as a pulled plug does.
    pub fn vanish(self) {
        drop(self.stream.shutdown(std::net::Shutdown::Both));
    }
}
