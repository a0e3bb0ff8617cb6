//! A sender that goes on through restarts as MQTT wants it: what was not acknowledged is sent again, with DUP and the same packet id.

use super::{
    Got, Packet, Pub,
    mqtt::{self, Mqtt, PATIENCE},
    packet::Message,
};
use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Where the broker is now; it may come back elsewhere.
pub type Place = Arc<Mutex<SocketAddr>>;

const WINDOW: usize = 16;
const PACE: Duration = Duration::from_millis(3);

pub struct Restless {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<String>>,
}

/// Sends `{"id": "NAME-N"}` to a topic at QoS 1 from now on.
pub fn restless(name: &str, topic: &str, place: &Place) -> Restless {
    let enough = Arc::new(AtomicBool::new(false));
    let (name, topic, place, stop) = (name.to_owned(), topic.to_owned(), Arc::clone(place), Arc::clone(&enough));
    Restless { enough, thread: std::thread::spawn(move || Sender { name, topic, ..Sender::default() }.live(&place, &stop)) }
}

impl Restless {
    /// Nothing new; waits until all is acknowledged, and gives the ids of it.
    pub fn acknowledged(self) -> BTreeSet<String> {
        self.enough.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

#[derive(Default)]
struct Sender {
    name: String,
    topic: String,
    next: u32,
    open: Vec<Message>,
    acked: BTreeSet<String>,
}

impl Sender {
    fn live(mut self, place: &Place, stop: &AtomicBool) -> BTreeSet<String> {
        let mut last = Instant::now();
        while !stop.load(Ordering::SeqCst) || !self.open.is_empty() {
            let at = *place.lock().unwrap();
            let before = self.acked.len();
            if TcpStream::connect_timeout(&at, PACE * 100).is_ok()
                && let Ok(connection) = mqtt::dial(at, &self.name).persistent().keep_alive(60).try_open()
            {
                self.talk(connection, stop);
            }
            if self.acked.len() > before {
                last = Instant::now();
            }
            assert!(last.elapsed() < PATIENCE * 2, "{}: {} are never acknowledged", self.name, self.open.len());
            std::thread::park_timeout(PACE);
        }
        self.acked
    }

    /// Until the connection ends, or all is acknowledged that ever will be.
    fn talk(&mut self, mut connection: Mqtt, stop: &AtomicBool) {
        for message in &mut self.open {
            message.dup = true;
            connection.post(message.clone());
        }
        let mut due = Instant::now();
        loop {
            let more = !stop.load(Ordering::SeqCst);
            if more && self.open.len() < WINDOW && due <= Instant::now() {
                due = Instant::now() + PACE;
                let mut message = Message::new(&self.topic, format!(r#"{{"id":"{}-{}"}}"#, self.name, self.next)).qos(1);
                message.id = u16::try_from(self.next % 60_000 + 1).unwrap();
                self.next += 1;
                connection.post(message.clone());
                self.open.push(message);
            }
            match connection.read(PACE) {
                Got::Packet(Packet::Ack { kind: Pub::Ack, id, .. }) => {
                    if let Some(at) = self.open.iter().position(|m| m.id == id) {
                        let done = self.open.remove(at);
                        self.acked.insert(done.json()["id"].as_str().unwrap().to_owned());
                    }
                }
                Got::Packet(_) => {}
                Got::Nothing if !more && self.open.is_empty() => return,
                Got::Nothing => {}
                Got::Closed => return,
            }
        }
    }
}
