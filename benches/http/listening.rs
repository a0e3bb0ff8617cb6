//! A crowd that listens to every verdict, on a thread of its own.

use futures_util::{SinkExt, StreamExt};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};
use tokio::{net::TcpStream, sync::watch};
use tokio_tungstenite::{client_async, tungstenite::Message};

/// What all together were told.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub events: u64,
    /// So many were left out, and they were told so.
    pub missed: u64,
}

pub struct Crowd {
    leave: watch::Sender<bool>,
    thread: JoinHandle<()>,
    events: Arc<AtomicU64>,
    missed: Arc<AtomicU64>,
}

impl Crowd {
    /// All are connected when it returns.
    pub fn gather(at: SocketAddr, size: usize) -> Self {
        let (leave, left) = watch::channel(false);
        let (events, missed) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (tell, told) = mpsc::channel();
        let counts = (Arc::clone(&events), Arc::clone(&missed));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let all: Vec<_> = (0..size).map(|_| tokio::spawn(listener(at, left.clone(), tell.clone(), counts.clone()))).collect();
                for one in all {
                    one.await.unwrap();
                }
            });
        });
        (0..size).for_each(|_| told.recv().unwrap());
        Self { leave, thread, events, missed }
    }

    pub fn leave(self) -> Heard {
        self.leave.send_replace(true);
        self.thread.join().unwrap();
        Heard { events: self.events.load(Ordering::Relaxed), missed: self.missed.load(Ordering::Relaxed) }
    }
}

async fn listener(at: SocketAddr, mut left: watch::Receiver<bool>, tell: mpsc::Sender<()>, counts: (Arc<AtomicU64>, Arc<AtomicU64>)) {
    let stream = TcpStream::connect(at).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{at}/v1/stream?kinds=verdict"), stream).await.unwrap();
    let mut is_greeted = false;
    loop {
        let said = tokio::select! {
            said = socket.next() => said,
            _ = left.wait_for(|left| *left) => break,
        };
        match said.expect("it ended").unwrap() {
            Message::Text(text) if text.starts_with(r#"{"type":"event""#) => drop(counts.0.fetch_add(1, Ordering::Relaxed)),
            Message::Text(text) => {
                let said: serde_json::Value = serde_json::from_str(&text).unwrap();
                if said["type"] == "hello" && !std::mem::replace(&mut is_greeted, true) {
                    tell.send(()).unwrap();
                }
                let missed = said["missed"]["verdict"].as_u64().unwrap_or(0);
                counts.1.fetch_add(missed, Ordering::Relaxed);
            }
            _ => {}
        }
    }
    let _ = socket.send(Message::Close(None)).await;
}
