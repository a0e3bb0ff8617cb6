//! A bad road to a broker: it loses messages of some topics both ways, and breaks connections off. Who sent what is lost is told that it
//! arrived, as a broker does that loses its memory afterwards.

use super::Chance;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

#[derive(Clone)]
pub struct Lossy(Arc<Road>);

struct Road {
    at: SocketAddr,
    to: Mutex<SocketAddr>,
    chance: Mutex<Chance>,
    lost_percent: u64,
    /// A connection breaks off after so many messages of these topics, on average; 0: never.
    breaks_after: u64,
    topics: &'static [&'static str],
    passed: AtomicU64,
    lost: AtomicU64,
    broken: AtomicU64,
}

pub fn lossy(to: SocketAddr, topics: &'static [&'static str], lost_percent: u64, breaks_after: u64) -> Lossy {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let road = Lossy(Arc::new(Road {
        at: socket.local_addr().unwrap(),
        to: Mutex::new(to),
        chance: Mutex::new(Chance::seeded(7)),
        lost_percent,
        breaks_after,
        topics,
        passed: AtomicU64::new(0),
        lost: AtomicU64::new(0),
        broken: AtomicU64::new(0),
    }));
    let accepts = road.clone();
    thread::spawn(move || {
        for here in socket.incoming().map_while(Result::ok) {
            let to = *accepts.0.to.lock().unwrap();
            let Ok(there) = TcpStream::connect(to) else { continue };
            accepts.carry(&here, &there);
        }
    });
    road
}

impl Lossy {
    pub fn at(&self) -> SocketAddr {
        self.0.at
    }

    /// The broker is elsewhere from now on.
    pub fn leads_to(&self, to: SocketAddr) {
        *self.0.to.lock().unwrap() = to;
    }

    /// Messages of these topics that arrived, that were lost, and connections that were broken off.
    pub fn counts(&self) -> (u64, u64, u64) {
        let count = |of: &AtomicU64| of.load(Ordering::SeqCst);
        (count(&self.0.passed), count(&self.0.lost), count(&self.0.broken))
    }

    fn carry(&self, here: &TcpStream, there: &TcpStream) {
        for stream in [here, there] {
            stream.set_nodelay(true).unwrap();
        }
        let writers = [here, there].map(|stream| Arc::new(Mutex::new(stream.try_clone().unwrap())));
        for (from, back, on) in [(here, 0, 1), (there, 1, 0)] {
            let (road, from) = (self.clone(), from.try_clone().unwrap());
            let (back, on) = (Arc::clone(&writers[back]), Arc::clone(&writers[on]));
            thread::spawn(move || {
                road.one_way(from, &back, &on);
                for end in [back, on] {
                    let _ = end.lock().unwrap().shutdown(Shutdown::Both);
                }
            });
        }
    }

    fn one_way(&self, mut from: TcpStream, back: &Mutex<TcpStream>, on: &Mutex<TcpStream>) {
        while let Some((head, body)) = frame(&mut from) {
            if let Some(packet_id) = self.concerns(head[0], &body) {
                let (lost, breaks) = {
                    let mut chance = self.0.chance.lock().unwrap();
                    let breaks = self.0.breaks_after > 0 && chance.next().is_multiple_of(self.0.breaks_after);
                    (chance.next() % 100 < self.0.lost_percent, breaks)
                };
                if breaks {
                    self.0.broken.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if lost {
                    self.0.lost.fetch_add(1, Ordering::SeqCst);
                    if let Some([a, b]) = packet_id
                        && back.lock().unwrap().write_all(&[0x40, 2, a, b]).is_err()
                    {
                        return;
                    }
                    continue;
                }
                self.0.passed.fetch_add(1, Ordering::SeqCst);
            }
            let mut on = on.lock().unwrap();
            if on.write_all(&head).is_err() || on.write_all(&body).is_err() {
                return;
            }
        }
    }

    /// A PUBLISH on one of the topics, with its packet id at QoS 1.
    fn concerns(&self, first: u8, body: &[u8]) -> Option<Option<[u8; 2]>> {
        if first >> 4 != 3 {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
        let topic = std::str::from_utf8(body.get(2..2 + length)?).ok()?;
        let id = body.get(2 + length..4 + length).filter(|_| first & 0b110 != 0).map(|id| [id[0], id[1]]);
        self.0.topics.iter().any(|part| topic.contains(part)).then_some(id)
    }
}

/// One packet: its fixed header, and the rest.
fn frame(from: &mut TcpStream) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut head = vec![0];
    from.read_exact(&mut head).ok()?;
    let (mut length, mut shift) = (0, 0);
    loop {
        let mut byte = [0];
        from.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some((head, body))
}
