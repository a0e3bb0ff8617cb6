//! A WebSocket (RFC 6455): what happens goes out, what is wanted comes in. It ends with a reason.

use super::{
    lines::{self, Line},
    listener::Listener,
    wish::Message as Said,
};
use crate::domain::limits;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::SinkExt;
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::Error;

/// RFC 6455, section 7.4.1.
const AWAY: u16 = 1001;
const PROTOCOL: u16 = 1002;
const UNACCEPTABLE: u16 = 1003;
const NO_TEXT: u16 = 1007;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;
const FAILED: u16 = 1011;
/// A close frame holds 125 bytes, with its code.
const REASON_BYTES: usize = 123;
/// How long the other side may take to close as well.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often it is looked whether all still holds.
const LOOK: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Why it ends.
enum End {
    /// The other side is not there any more.
    Gone,
    Closed(u16, String),
}

/// Speaks with a subscriber until one of both has enough.
pub async fn talk(mut socket: WebSocket, listener: Listener, mut stopped: watch::Receiver<bool>) {
    let end = Talk::new(listener).run(&mut socket, &mut stopped).await;
    let End::Closed(code, reason) = end else { return };
    let frame = CloseFrame { code, reason: cut(&reason).into() };
    let farewell = async {
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(FAREWELL, farewell).await;
}

struct Talk {
    listener: Listener,
    /// When something came from the other side last, and when it was asked for a sign of life.
    heard: Instant,
    asked: Option<Instant>,
    /// How often another subscription was made, and a sign of life came, in the minute that began then.
    changes: usize,
    signs: usize,
    since: Instant,
    /// What the other side knows of how far it has been told.
    told: String,
}

impl Talk {
    fn new(listener: Listener) -> Self {
        let now = Instant::now();
        Self { listener, heard: now, asked: None, changes: 0, signs: 0, since: now, told: String::new() }
    }

    async fn run(&mut self, socket: &mut WebSocket, stopped: &mut watch::Receiver<bool>) -> End {
        let patience = Duration::from_secs(self.listener.api.hall.config.http.patience_seconds.into());
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                biased;
                () = stop(stopped) => return End::Closed(AWAY, "Jamey stops".into()),
                _ = look.tick() => self.look(socket, stopped, patience).await,
                said = socket.recv() => self.hear(said),
                () = self.listener.due() => match self.listener.next().await {
                    Ok(lines) => self.tell(socket, stopped, &lines).await,
                    Err(_) => Err(End::Closed(FAILED, "the store cannot be read: the log tells more".into())),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Whether he may still listen, and is there.
    async fn look(&mut self, socket: &mut WebSocket, stopped: &mut watch::Receiver<bool>, patience: Duration) -> Result<(), End> {
        if !self.listener.still_may() {
            return Err(End::Closed(POLICY, "the token, the password or the user holds no longer".into()));
        }
        if let Some(asked) = self.asked.filter(|asked| *asked > self.heard) {
            return if asked.elapsed() < patience { Ok(()) } else { Err(End::Closed(POLICY, "no pong came".into())) };
        }
        if self.heard.elapsed() < patience {
            return Ok(());
        }
        let id = self.listener.id();
        let lines: Vec<Line> = (id.to_string() != self.told).then(|| lines::position(&id)).into_iter().collect();
        self.tell(socket, stopped, &lines).await?;
        socket.send(Message::Ping(Bytes::new())).await.map_err(|_| End::Gone)?;
        self.asked = Some(Instant::now());
        Ok(())
    }

    async fn tell(&mut self, socket: &mut WebSocket, stopped: &mut watch::Receiver<bool>, lines: &[Line]) -> Result<(), End> {
        let Some(last) = lines.last() else { return Ok(()) };
        let telling = async {
            for line in lines {
                let text = Utf8Bytes::try_from(line.text.clone()).map_err(|_| End::Gone)?;
                socket.feed(Message::Text(text)).await.map_err(|_| End::Gone)?;
            }
            socket.flush().await.map_err(|_| End::Gone)
        };
        tokio::select! {
            told = telling => told?,
            // Who takes nothing is not waited for.
            () = stop(stopped) => return Err(End::Closed(AWAY, "Jamey stops".into())),
        }
        self.told = last.id.to_string();
        Ok(())
    }

    fn hear(&mut self, said: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        if self.since.elapsed() >= MINUTE {
            (self.since, self.changes, self.signs) = (Instant::now(), 0, 0);
        }
        match said {
            None => Err(End::Gone),
            Some(Err(error)) => Err(unfit(error)),
            Some(Ok(Message::Text(text))) => self.subscribe(&text),
            Some(Ok(Message::Binary(_))) => Err(End::Closed(UNACCEPTABLE, "say it as text, in JSON".into())),
            // It is answered by itself, and nothing comes after it.
            Some(Ok(Message::Close(_))) => Ok(()),
            // A ping, too.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.signs += 1;
                if self.signs <= limits::STREAM_SIGNS_A_MINUTE {
                    return Ok(());
                }
                let reason =
                    format!("more than {} signs of life in a minute: one each some seconds is enough", limits::STREAM_SIGNS_A_MINUTE);
                Err(End::Closed(POLICY, reason))
            }
        }
    }

    fn subscribe(&mut self, text: &str) -> Result<(), End> {
        self.changes += 1;
        if self.changes > limits::STREAM_CHANGES_A_MINUTE {
            let reason =
                format!("more than {} subscriptions in a minute: subscribe to all and choose yourself", limits::STREAM_CHANGES_A_MINUTE);
            return Err(End::Closed(POLICY, reason));
        }
        let (wish, from) = Said::read(text).map_err(|why| End::Closed(POLICY, why))?;
        self.listener.subscribe(wish, from);
        self.listener.subscribed();
        Ok(())
    }
}

/// Resolves when Jamey stops.
pub async fn stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// What came cannot be read.
fn unfit(error: axum::Error) -> End {
    let error = error.into_inner();
    match error.downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => End::Closed(TOO_BIG, format!("a message has at most {} bytes", limits::STREAM_MESSAGE_BYTES)),
        Some(Error::Utf8(_)) => End::Closed(NO_TEXT, "a text is UTF-8".into()),
        Some(Error::Protocol(why)) => End::Closed(PROTOCOL, why.to_string()),
        _ => End::Gone,
    }
}

/// As much of a reason as fits.
fn cut(reason: &str) -> &str {
    reason.get(..reason.floor_char_boundary(REASON_BYTES)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_its_frame() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"ä".repeat(100)).len(), 122);
        assert_eq!(cut(&"a".repeat(124)).len(), REASON_BYTES);
    }
}
