//! Requests at a pace that does not depend on the answers, over connections that stay open.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
    time::{MissedTickBehavior, interval},
};

/// A view, a list from the disk, a page of the newest verdicts, and what a watchdog asks.
pub const PATHS: [&str; 4] = ["/v1/alerts", "/v1/entities?limit=20", "/v1/verdicts?limit=20", "/health/ready"];
/// Eight that ask 125 times a second each.
const ASKERS: u32 = 8;
const EVERY: Duration = Duration::from_millis(8);

/// How long each answer took from when it was due to be asked for, in µs sorted.
pub fn asked(at: SocketAddr, path: &'static str, seconds: Duration) -> Vec<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let waits: Rc<RefCell<Vec<u32>>> = Rc::default();
        let mut tasks = vec![];
        for _ in 0..ASKERS {
            tokio::time::sleep(EVERY / ASKERS).await;
            let (waits, times) = (Rc::clone(&waits), seconds.as_millis() / EVERY.as_millis());
            tasks.push(tokio::task::spawn_local(async move { asker(at, path, times, &waits).await }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let mut all = waits.take();
        all.sort_unstable();
        all
    })
}

async fn asker(at: SocketAddr, path: &str, times: u128, waits: &RefCell<Vec<u32>>) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\n\r\n");
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..times {
        let due = beat.tick().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut held, mut wanted) = (0, usize::MAX);
        while held < wanted {
            let read = stream.read(&mut buffer[held..]).await.unwrap();
            assert!(read > 0, "{path}: it was closed");
            held += read;
            let text = String::from_utf8_lossy(&buffer[..held]);
            if let (usize::MAX, Some((head, _))) = (wanted, text.split_once("\r\n\r\n")) {
                assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
                let length =
                    head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
                wanted = head.len() + 4 + length.expect("every answer says how long it is");
            }
        }
        waits.borrow_mut().push(due.elapsed().as_micros() as u32);
    }
}
