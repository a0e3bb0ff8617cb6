//! Server-sent events (HTML, section 9.2): the same as a WebSocket is told, for whoever only listens.

use super::{
    lines::{EVENT, Line},
    listener::Listener,
    socket::stop,
};
use axum::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

/// How often it is looked whether all still holds.
const LOOK: Duration = Duration::from_secs(1);
/// After a dropped line a browser comes back so soon.
const AGAIN: &[u8] = b"retry: 2000\n\n";

struct Telling {
    listener: Listener,
    stopped: watch::Receiver<bool>,
    look: Interval,
    patience: Duration,
    said: Instant,
    has_begun: bool,
}

/// All that is told, until Jamey stops or it may be told no longer.
pub fn body(listener: Listener, stopped: watch::Receiver<bool>) -> Body {
    let patience = Duration::from_secs(listener.api.hall.config.http.patience_seconds.into());
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let telling = Telling { listener, stopped, look, patience, said: Instant::now(), has_begun: false };
    Body::from_stream(futures_util::stream::unfold(telling, |mut telling| async move {
        let next = telling.next().await?;
        Some((Ok::<_, Infallible>(next), telling))
    }))
}

impl Telling {
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return Some(Bytes::from_static(AGAIN));
        }
        loop {
            let told = tokio::select! {
                biased;
                () = stop(&mut self.stopped) => return None,
                _ = self.look.tick() => {
                    if !self.listener.still_may() {
                        return None;
                    }
                    if self.said.elapsed() < self.patience {
                        continue;
                    }
                    // Nothing happened: how far it has been told, and that the line lives.
                    Bytes::from(format!("id: {}\n: \n\n", self.listener.id()))
                }
                () = self.listener.due() => written(&self.listener.next().await.ok()?),
            };
            if !told.is_empty() {
                self.said = Instant::now();
                return Some(told);
            }
        }
    }
}

fn written(lines: &[Line]) -> Bytes {
    let mut out = BytesMut::with_capacity(lines.iter().map(|line| line.text.len() + 96).sum());
    for line in lines {
        out.put_slice(format!("id: {}\n", line.id).as_bytes());
        if line.name != EVENT {
            out.put_slice(format!("event: {}\n", line.name).as_bytes());
        }
        out.put_slice(b"data: ");
        out.put_slice(&line.text);
        out.put_slice(b"\n\n");
    }
    out.freeze()
}
