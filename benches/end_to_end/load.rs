//! The load, on one thread: it takes little from the cores that it shares with the broker, and the same for both brokers.

use super::{
    broker::{Broker, Door},
    packet::{self, Connect, Message, Version},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

pub const WINDOW: usize = 32;
pub const PAYLOAD: usize = 150;
/// In a long run each of these lights is commanded more often than a light may be: then some are refused, which costs more, and
/// forwarded all the same.
pub const TOPICS: u64 = 4_000;
const WARM_UP: Duration = Duration::from_millis(500);

/// What the subscriber and the clients count together.
#[derive(Default)]
pub struct Tally {
    pub acknowledged: Cell<u64>,
    forwarded: Cell<u64>,
    sent: Cell<u64>,
    over: Cell<bool>,
    /// Publish to PUBACK in µs, where it is asked for.
    latencies: RefCell<Vec<u32>>,
}

/// One PUBLISH of number `n`, of the size and kind that all have.
pub fn message(n: u64, id: u16) -> Vec<u8> {
    let head = format!(r#"{{"state":"ON","transition":1,"id":"bench-{n:012}-"#);
    let payload = format!("{head}{}\"}}", "x".repeat(PAYLOAD - head.len() - 2));
    let topic = format!("bench/{}/set", n.wrapping_mul(2_654_435_761) % TOPICS);
    let message = Message { id, ..Message::new(&topic, payload).qos(1) };
    packet::publish(Version::V311, &message)
}

pub trait Both: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Both for S {}
pub type Stream = Box<dyn Both>;

pub async fn welcomed(door: &Door, id: &str) -> Stream {
    let plain = TcpStream::connect(door.addr).await.unwrap();
    plain.set_nodelay(true).unwrap();
    let mut stream: Stream = match &door.tls {
        None => Box::new(plain),
        Some(tls) => {
            let name = "localhost".try_into().unwrap();
            Box::new(tokio_rustls::TlsConnector::from(Arc::clone(tls)).connect(name, plain).await.unwrap())
        }
    };
    stream.write_all(&packet::connect(Version::V311, &Connect { id: id.into(), clean: true, ..Default::default() })).await.unwrap();
    stream.flush().await.unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).await.unwrap();
    assert_eq!(connack, [0x20, 2, 0, 0], "CONNACK");
    stream
}

/// Takes all messages, counts them, and acknowledges those of QoS 1.
async fn subscriber(mut stream: Stream, tally: Rc<Tally>) {
    let (mut buffer, mut held, mut acks) = (vec![0; 1 << 18], 0, vec![]);
    loop {
        let Ok(read) = stream.read(&mut buffer[held..]).await else { return };
        if read == 0 {
            return;
        }
        held += read;
        let mut at = 0;
        // The remaining length of these packets takes two bytes; other packets are short ones.
        while let Some(head) = buffer.get(at..at + 3).filter(|_| at + 3 <= held) {
            let (body, length) = if head[1] & 0x80 == 0 {
                (2, usize::from(head[1]))
            } else {
                assert!(head[2] & 0x80 == 0, "a longer packet than was sent");
                (3, usize::from(head[1] & 0x7f) | usize::from(head[2]) << 7)
            };
            if at + body + length > held {
                break;
            }
            if head[0] >> 4 == 3 {
                tally.forwarded.set(tally.forwarded.get() + 1);
                if head[0] & 0x02 != 0 {
                    let topic = usize::from(u16::from_be_bytes([buffer[at + body], buffer[at + body + 1]]));
                    let id = at + body + 2 + topic;
                    acks.extend([0x40, 2, buffer[id], buffer[id + 1]]);
                }
            }
            at += body + length;
        }
        buffer.copy_within(at..held, 0);
        held -= at;
        if stream.write_all(&acks).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        acks.clear();
    }
}

/// One who hears all, at QoS 1 as the messages are sent.
pub async fn listen(door: &Door, tally: &Rc<Tally>) {
    let mut all = welcomed(door, "bench-subscriber").await;
    all.write_all(&packet::subscribe(Version::V311, 1, &[("bench/+/set", 1)])).await.unwrap();
    all.flush().await.unwrap();
    let mut suback = [0; 5];
    all.read_exact(&mut suback).await.unwrap();
    assert_eq!(suback, [0x90, 3, 0, 1, 1], "SUBACK");
    tokio::task::spawn_local(subscriber(all, Rc::clone(tally)));
}

/// Keeps a window of messages in flight until time is over.
async fn client(mut stream: Stream, tally: Rc<Tally>) {
    let (mut id, mut flying) = (0_u16, 0);
    let (mut acks, mut held, mut out) = ([0_u8; 4_096], 0, vec![]);
    while !tally.over.get() || flying > 0 {
        out.clear();
        while flying < WINDOW && !tally.over.get() {
            id = id % 65_535 + 1;
            let n = tally.sent.replace(tally.sent.get() + 1);
            out.extend(message(n, id));
            flying += 1;
        }
        if !out.is_empty() {
            stream.write_all(&out).await.unwrap();
            stream.flush().await.unwrap();
        }
        let read = stream.read(&mut acks[held..]).await.unwrap();
        assert!(read > 0, "the broker closed the connection");
        held += read;
        let whole = held / 4;
        assert!(acks[..whole * 4].chunks(4).all(|ack| ack[..2] == [0x40, 2]), "only PUBACKs come");
        acks.copy_within(whole * 4..held, 0);
        held -= whole * 4;
        flying -= whole;
        tally.acknowledged.set(tally.acknowledged.get() + whole as u64);
    }
}

pub struct Load {
    pub rate: f64,
    pub forwarded_rate: f64,
    pub cpu_seconds_per_100k: f64,
}

/// Loads a broker with `clients` for `seconds`.
pub fn load(broker: &Broker, door: &Door, clients: usize, seconds: Duration, from: &Cell<u64>) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let tally = Rc::new(Tally::default());
        tally.sent.set(from.get());
        listen(door, &tally).await;
        let mut tasks = vec![];
        for n in 0..clients {
            let stream = welcomed(door, &format!("bench-client-{n}")).await;
            tasks.push(tokio::task::spawn_local(client(stream, Rc::clone(&tally))));
        }
        tokio::time::sleep(WARM_UP).await;
        let (begun, acked, forwarded, cpu) = (Instant::now(), tally.acknowledged.get(), tally.forwarded.get(), broker.cpu_seconds());
        tokio::time::sleep(seconds).await;
        let took = begun.elapsed().as_secs_f64();
        let acked = (tally.acknowledged.get() - acked) as f64;
        let forwarded_rate = (tally.forwarded.get() - forwarded) as f64 / took;
        let cpu_seconds_per_100k = (broker.cpu_seconds() - cpu) / acked * 100_000.0;
        tally.over.set(true);
        for task in tasks {
            task.await.unwrap();
        }
        from.set(tally.sent.get());
        Load { rate: acked / took, forwarded_rate, cpu_seconds_per_100k }
    })
}

/// Publish to PUBACK, in µs sorted, at 1,000 messages a second from one client.
pub fn latency(door: &Door, seconds: Duration, from: &Cell<u64>) -> Vec<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let tally = Rc::new(Tally::default());
        listen(door, &tally).await;
        let (mut acks, mut out) = tokio::io::split(welcomed(door, "bench-pacer").await);
        let due: Rc<RefCell<Vec<Instant>>> = Rc::default();
        let (asked, heard) = (Rc::clone(&due), Rc::clone(&tally));
        let reader = tokio::task::spawn_local(async move {
            let mut ack = [0; 4];
            while acks.read_exact(&mut ack).await.is_ok() {
                let n = usize::from(u16::from_be_bytes([ack[2], ack[3]])) - 1;
                let waited = asked.borrow()[n].elapsed();
                heard.latencies.borrow_mut().push(waited.as_micros() as u32);
            }
        });
        let count = u16::try_from(seconds.as_millis().min(60_000)).unwrap();
        let mut beat = tokio::time::interval(Duration::from_millis(1));
        for id in 1..=count {
            beat.tick().await;
            let n = from.replace(from.get() + 1);
            let bytes = message(n, id);
            due.borrow_mut().push(Instant::now());
            out.write_all(&bytes).await.unwrap();
            out.flush().await.unwrap();
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while tally.latencies.borrow().len() < usize::from(count) {
            assert!(Instant::now() < deadline, "not all were acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        reader.abort();
        let mut all = tally.latencies.take();
        all.sort_unstable();
        all
    })
}
