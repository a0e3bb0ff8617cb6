//! A sender as MQTT wants it: what was not acknowledged is sent again, with DUP and the same packet id.

use super::{
    mqtt::{Got, Mqtt, PATIENCE, dial},
    packet::{self, Message, Packet, Pub},
};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

const WINDOW: usize = 32;
/// Commands go to so many lamps, so slowly that nobody could call any of them restless.
const LAMPS: u32 = 2_000;
const PACE: Duration = Duration::from_millis(8);

pub struct Sender {
    pub name: String,
    v5: bool,
    qos: u8,
    /// To devices, and then at their pace.
    pub commands: bool,
    /// Between two messages; None: as fast as they are acknowledged.
    pub pace: Option<Duration>,
    next: u32,
    packet_id: u16,
    /// In the order sent.
    pub open: Vec<Open>,
    pub acked: BTreeSet<String>,
    pub sent: BTreeSet<String>,
}

pub struct Open {
    message: Message,
    own_id: String,
    /// QoS 2: PUBREC has come.
    received: bool,
}

impl Sender {
    pub fn new(name: &str, v5: bool, qos: u8, commands: bool) -> Self {
        let (open, acked, sent) = (vec![], BTreeSet::new(), BTreeSet::new());
        Self { name: name.into(), v5, qos, commands, pace: commands.then_some(PACE), next: 0, packet_id: 0, open, acked, sent }
    }

    /// Sends until the connection breaks; or, when there is to be nothing new, until nothing is open.
    pub fn send(&mut self, house: SocketAddr, news: bool) {
        let call = dial(house, &self.name).persistent();
        let Ok(mut connection) = (if self.v5 { call.v5() } else { call }).try_open() else { return };
        for open in &mut self.open {
            if open.received {
                connection.send(&packet::ack(Pub::Rel, open.message.id));
            } else {
                open.message.dup = true;
                connection.post(open.message.clone());
            }
        }
        let mut due = Instant::now();
        while news || !self.open.is_empty() {
            while news && self.open.len() < WINDOW && (self.pace.is_none() || due <= Instant::now()) {
                due += self.pace.unwrap_or_default();
                let open = self.another();
                connection.post(open.message.clone());
                self.open.push(open);
            }
            let patience = if news { PACE } else { PATIENCE };
            match connection.read(patience) {
                Got::Packet(Packet::Ack { kind, id, code, .. }) => {
                    // 0x10: nobody subscribes. 0x92: PUBREL of a message that the engine had forgotten, which ends it as well.
                    assert!(matches!((kind, code), (_, 0 | 0x10) | (Pub::Comp, 0x92)), "{}: {kind:?} {code:#04x}", self.name);
                    self.answered(&mut connection, kind, id);
                }
                Got::Packet(other) => panic!("{}: {other:?}", self.name),
                Got::Nothing => assert!(news, "{} of {} are never acknowledged", self.open.len(), self.name),
                Got::Closed => return,
            }
        }
    }

    fn another(&mut self) -> Open {
        let own_id = format!("{}-{}", self.name, self.next);
        let (topic, body) = if self.commands {
            (format!("jamey/act/lamp_{}/on", self.next % LAMPS), format!(r#"{{"id":"{own_id}"}}"#))
        } else {
            (format!("jamey/in/{}/reading", self.name), format!(r#"{{"id":"{own_id}","value":{}}}"#, self.next % 40))
        };
        self.next += 1;
        self.packet_id = self.packet_id % 65_535 + 1;
        let mut message = Message::new(&topic, body).qos(self.qos);
        message.id = self.packet_id;
        self.sent.insert(own_id.clone());
        Open { message, own_id, received: false }
    }

    fn answered(&mut self, connection: &mut Mqtt, kind: Pub, id: u16) {
        let Some(at) = self.open.iter().position(|o| o.message.id == id) else { return };
        match kind {
            Pub::Rec => {
                self.open[at].received = true;
                self.acked.insert(self.open[at].own_id.clone());
                connection.send(&packet::ack(Pub::Rel, id));
            }
            Pub::Ack | Pub::Comp => {
                let done = self.open.remove(at);
                self.acked.insert(done.own_id);
            }
            Pub::Rel => panic!("PUBREL for what we sent"),
        }
    }
}
