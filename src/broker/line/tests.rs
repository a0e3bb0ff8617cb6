//! The line between a socket and an engine, both played by the test.

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

    fn lets_hear(&self, topic: &str) -> bool {
        !topic.starts_with("secret")
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
    let line = Line::new(
        near,
        "127.0.0.1:1".parse().unwrap(),
        version,
        Arc::clone(&control),
        ear,
        vec![1, 2, 3],
        Bounds { packet_bytes: 1 << 20, pace: None, patience: None },
    );
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
    tell.send(MindAnswer::taken()).unwrap();
    line.write_all(&[0xd0, 0]).await.unwrap();
    line.flush().await.unwrap();
    assert!(there(&mut far).await.is_empty(), "now it is");
    control.take_seen();
    line.flush().await.unwrap();
    assert_eq!(there(&mut far).await, [0xd0, 0], "the one after it waits for its turn");
}

#[tokio::test]
async fn what_may_not_be_heard_is_acknowledged_in_the_clients_stead() {
    let Pair { mut line, mut far, .. } = pair(4, vec![]);
    line.read_exact(&mut [0; 3]).await.unwrap();
    // Half a PINGREQ came: an acknowledgement put in now would tear it.
    far.write_all(&[0xc0]).await.unwrap();
    assert_eq!(line.read_u8().await.unwrap(), 0xc0);
    for packet in [
        &[0x30, 9, 0, 6, b's', b'e', b'c', b'r', b'e', b't', b'x'][..],
        &[0x32, 10, 0, 6, b's', b'e', b'c', b'r', b'e', b't', 0, 7],
        &[0x34, 10, 0, 6, b's', b'e', b'c', b'r', b'e', b't', 0, 8],
        &[0x62, 2, 0, 8],
        &[0x62, 2, 0, 9],
        &[0x30, 4, 0, 1, b'a', b'x'],
    ] {
        line.write_all(packet).await.unwrap();
    }
    far.write_all(&[0]).await.unwrap();
    let mut heard = [0; 13];
    line.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, [0, 0x40, 2, 0, 7, 0x50, 2, 0, 8, 0x70, 2, 0, 8]);
    drop(line);
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, [0x62, 2, 0, 9, 0x30, 4, 0, 1, b'a', b'x']);
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
