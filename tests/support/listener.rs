//! Who listens by HTTP: a WebSocket and server-sent events, without any patience of their own.

use super::PATIENCE;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Instant,
};
use tokio_tungstenite::tungstenite::{
    Error, HandshakeError, Message, WebSocket,
    client::IntoClientRequest,
    http::{HeaderName, HeaderValue},
};

/// A WebSocket on `/v1/stream`.
pub struct Listener {
    pub socket: WebSocket<TcpStream>,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Said(Value),
    /// With its code and reason.
    Closed(u16, String),
    /// It ended without a word.
    Gone,
}

impl Listener {
    /// # Errors
    /// With the status and the body of what was answered instead.
    pub fn try_open(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, String)> {
        let stream = TcpStream::connect(at).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream, at, path, headers)
    }

    /// # Errors
    /// As above.
    pub fn over(stream: TcpStream, at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, String)> {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://{at}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        match tokio_tungstenite::tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(HandshakeError::Failure(Error::Http(answer))) => {
                let body = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
                Err((answer.status().as_u16(), body.into_owned()))
            }
            Err(error) => panic!("{path}: {error:?}"),
        }
    }

    /// The greeting is read already.
    pub fn open(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (Self, Value) {
        let mut listener = Self::try_open(at, path, headers).unwrap_or_else(|answer| panic!("{path}: {answer:?}"));
        let hello = listener.said();
        assert_eq!(hello["type"], "hello");
        (listener, hello)
    }

    pub fn subscribe(&mut self, mut what: Value) -> Value {
        what["type"] = json!("subscribe");
        self.say(&what.to_string());
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "it was not subscribed");
            let said = self.said();
            if said["type"] == "subscribed" {
                return said;
            }
        }
    }

    pub fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    pub fn hear(&mut self) -> Heard {
        // Pings come as long as nothing else does.
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "nothing came but pings");
            match self.socket.read() {
                Ok(Message::Text(text)) => return Heard::Said(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(Some(frame))) => return Heard::Closed(frame.code.into(), frame.reason.to_string()),
                Ok(Message::Close(None)) | Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_)) => return Heard::Gone,
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() != ErrorKind::WouldBlock => return Heard::Gone,
                Err(error) => panic!("nothing came: {error}"),
            }
        }
    }

    /// The next message, whatever it is.
    #[track_caller]
    pub fn said(&mut self) -> Value {
        match self.hear() {
            Heard::Said(value) => value,
            other => panic!("{other:?}"),
        }
    }

    /// The next event of a kind.
    #[track_caller]
    pub fn event(&mut self, kind: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "no {kind} came");
            let said = self.said();
            if said["kind"] == kind {
                return said;
            }
        }
    }

    /// The next of each of two kinds, whichever comes first.
    #[track_caller]
    pub fn both(&mut self, one: &str, other: &str) -> (Value, Value) {
        let deadline = Instant::now() + PATIENCE;
        let (mut first, mut second) = (None, None);
        while first.is_none() || second.is_none() {
            assert!(Instant::now() < deadline, "{one}: {first:?}; {other}: {second:?}");
            let said = self.said();
            if said["kind"] == one && first.is_none() {
                first = Some(said);
            } else if said["kind"] == other && second.is_none() {
                second = Some(said);
            }
        }
        (first.unwrap(), second.unwrap())
    }

    /// With which code and reason it is closed, whatever is said before.
    #[track_caller]
    pub fn closed(&mut self) -> (u16, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "it is not closed");
            match self.hear() {
                Heard::Said(_) => {}
                Heard::Closed(code, reason) => return (code, reason),
                Heard::Gone => panic!("it ended without a word"),
            }
        }
    }

    /// Without a word.
    pub fn drop_line(self) {
        let _ = self.socket.get_ref().shutdown(Shutdown::Both);
    }
}

/// Server-sent events of `/v1/events`.
pub struct Events {
    lines: BufReader<TcpStream>,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sent {
    pub id: String,
    pub event: String,
    pub data: Value,
}

impl Events {
    /// # Errors
    /// With the whole answer where it is no stream.
    pub fn open(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Self, String> {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut text = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\n");
        headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
        stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        if head.starts_with("HTTP/1.1 200") && head.contains("content-type: text/event-stream") {
            return Ok(Self { lines });
        }
        Err(head)
    }

    /// The next one that has data; None: it ended.
    pub fn next(&mut self) -> Option<Sent> {
        let mut sent = Sent::default();
        loop {
            let mut line = String::new();
            match self.lines.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing came: {error}"),
            }
            match line.trim_end().split_once(": ") {
                Some(("id", id)) => sent.id = id.to_owned(),
                Some(("event", event)) => sent.event = event.to_owned(),
                Some(("data", data)) => sent.data = serde_json::from_str(data).unwrap(),
                // Chunks of HTTP/1.1 and their lengths stand in between; the last has none.
                None if line == "0\r\n" => return None,
                None if line == "\n" && !sent.data.is_null() => return Some(sent),
                _ => {}
            }
        }
    }

    /// The next of a kind.
    #[track_caller]
    pub fn event(&mut self, kind: &str) -> Sent {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "no {kind} came");
            let sent = self.next().expect("it ended");
            if sent.data["kind"] == kind {
                return sent;
            }
        }
    }

    /// Reads until it ends, whatever is said before.
    #[track_caller]
    pub fn ended(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self.next().is_some() {
            assert!(Instant::now() < deadline, "it does not end");
        }
    }
}
