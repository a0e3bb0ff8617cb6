//! MQTT over WebSocket: the upgrade with its conditions, and binary messages as one stream of bytes (MQTT 5, section 6).

use crate::config::ListenerEntry;
use bytes::Bytes;
use futures_util::{Sink, Stream};
use std::{
    io,
    net::Ipv4Addr,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        self, Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// The subprotocol's name, which both sides must say [MQTT-6.0.0-3].
const MQTT: &str = "mqtt";
/// Read from the socket at once; the library's own 128 KiB a connection would be too much for a small host.
const READ_BYTES: usize = 16 * 1_024;
/// Small packets may travel in one message with the largest.
const BESIDES_BYTES: usize = 64 * 1_024;

/// What a listener asks of those who want a WebSocket.
pub struct Web {
    path: String,
    origins: Vec<String>,
    config: WebSocketConfig,
}

impl Web {
    #[must_use]
    pub fn new(entry: &ListenerEntry, max_packet_bytes: usize) -> Self {
        let largest = Some(max_packet_bytes.saturating_add(BESIDES_BYTES));
        // Nothing is gathered here: the line does that already.
        let config =
            WebSocketConfig::default().read_buffer_size(READ_BYTES).write_buffer_size(0).max_message_size(largest).max_frame_size(largest);
        Self { path: entry.path.clone(), origins: entry.origins.clone(), config }
    }

    /// The server's side of the upgrade; the caller bounds its time.
    ///
    /// # Errors
    /// When it is no upgrade, or one that may not be here; the other side has heard why.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> tungstenite::Result<WebBytes<S>> {
        #[allow(clippy::result_large_err, reason = "the library's own type")]
        let judge = |request: &Request, response: Response| match self.refusal(request) {
            None => Ok(welcome(response)),
            Some((status, why)) => Err(refused(status, why)),
        };
        let web = accept_hdr_async_with_config(stream, judge, Some(self.config)).await?;
        Ok(WebBytes { web, read: Bytes::new(), ended: false })
    }

    fn refusal(&self, request: &Request) -> Option<(StatusCode, &'static str)> {
        if request.uri().path() != self.path {
            return Some((StatusCode::NOT_FOUND, "no MQTT at this path"));
        }
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let origin = request.headers().get(header::ORIGIN);
        if origin.is_some_and(|origin| !origin.to_str().is_ok_and(|o| self.may_come_from(o, header(header::HOST)))) {
            return Some((StatusCode::FORBIDDEN, "pages of this origin may not connect here (see `origins` of the listener)"));
        }
        let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        let offers = offered.flat_map(|list| list.split(',')).any(|word| word.trim() == MQTT);
        (!offers).then_some((StatusCode::BAD_REQUEST, "Sec-WebSocket-Protocol must offer mqtt"))
    }

    /// A page of another host could speak with a browser's reach, and without its owner's knowledge.
    fn may_come_from(&self, origin: &str, host: Option<&str>) -> bool {
        let page = origin.split_once("://").map(|(_, authority)| name_of(authority));
        let same_host = page.is_some() && page == host.map(name_of);
        same_host && page.is_some_and(|name| is_of_the_house(&name))
            || self.origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }
}

/// Whether a name can only be meant for a host nearby. Whoever owns a public one can have it point here for a moment, and his page would be
/// of the same host then (DNS rebinding): such names must stand in `origins`.
fn is_of_the_house(name: &str) -> bool {
    let is_address = name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
    is_address || !name.contains('.') || [".local", ".lan", ".home.arpa", ".internal", ".localhost"].iter().any(|end| name.ends_with(end))
}

/// A host's name without its port.
fn name_of(authority: &str) -> String {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => authority,
    };
    name.to_ascii_lowercase()
}

fn welcome(mut response: Response) -> Response {
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(MQTT));
    response
}

fn refused(status: StatusCode, why: &'static str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(why.to_owned()));
    *response.status_mut() = status;
    response
}

/// The binary messages of a WebSocket, one after the other.
pub struct WebBytes<S> {
    web: WebSocketStream<S>,
    /// Of the message that is being read.
    read: Bytes,
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebBytes<S> {
    /// Says why this is the end, if the socket takes it, and ends.
    fn end(&mut self, code: CloseCode, why: &'static str, cx: &mut Context<'_>) {
        self.ended = true;
        let frame = CloseFrame { code, reason: why.into() };
        if Pin::new(&mut self.web).start_send(Message::Close(Some(frame))).is_ok() {
            let _ = Pin::new(&mut self.web).poll_flush(cx);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WebBytes<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.read.is_empty() && !this.ended {
            match ready!(Pin::new(&mut this.web).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => this.read = bytes,
                // MQTT 5, section 6: only binary frames [MQTT-6.0.0-1].
                Some(Ok(Message::Text(_))) => this.end(CloseCode::Unsupported, "MQTT is spoken in binary frames", cx),
                // The library has its answer ready, and sends it with the next read.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) => {
                    this.ended = true;
                    let _ = Pin::new(&mut this.web).poll_flush(cx);
                }
                Some(Err(error)) => {
                    let code = match error {
                        tungstenite::Error::Capacity(_) => CloseCode::Size,
                        tungstenite::Error::Utf8(_) => CloseCode::Invalid,
                        _ => CloseCode::Protocol,
                    };
                    this.end(code, "", cx);
                    return Poll::Ready(Err(io::Error::other(error)));
                }
                None => this.ended = true,
            }
        }
        let now = this.read.split_to(this.read.len().min(buf.remaining()));
        buf.put_slice(&now);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WebBytes<S> {
    /// What is written at once is one message: MQTT's packets need not keep to messages [MQTT-6.0.0-2].
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let web = &mut self.get_mut().web;
        // While one message waits for the socket, the next one does too: so no more than one is held.
        ready!(Pin::new(&mut *web).poll_ready(cx)).map_err(io::Error::other)?;
        Pin::new(web).start_send(Message::Binary(Bytes::copy_from_slice(bytes))).map_err(io::Error::other)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().web).poll_flush(cx).map_err(io::Error::other)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let web = &mut self.get_mut().web;
        // A goodbye that cannot be said keeps nobody here.
        let _ = ready!(Pin::new(&mut *web).poll_close(cx));
        Pin::new(web.get_mut()).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_host_and_of_named_origins_may_come_and_no_others() {
        let web = |origins: &[&str]| Web {
            path: "/mqtt".into(),
            origins: origins.iter().map(|&o| o.to_owned()).collect(),
            config: WebSocketConfig::default(),
        };
        let host = Some("jamey.lan:9001");
        for (origin, closed, named, open) in [
            ("http://jamey.lan", true, true, true),
            ("https://JAMEY.lan:8123", true, true, true),
            ("https://panel.example", false, true, true),
            ("https://evil.example", false, false, true),
            ("null", false, false, true),
        ] {
            let told = [web(&[]), web(&["https://panel.example"]), web(&["*"])].map(|w| w.may_come_from(origin, host));
            assert_eq!(told, [closed, named, open], "{origin}");
        }
        assert!(web(&[]).may_come_from("http://[::1]:80", Some("[::1]:9001")));
        assert!(!web(&[]).may_come_from("null", None));
        for (name, near) in
            [("192.168.1.10", true), ("jamey", true), ("jamey.local", true), ("jamey.home.arpa", true), ("jamey.example", false)]
        {
            assert_eq!(web(&[]).may_come_from(&format!("http://{name}:80"), Some(name)), near, "{name}");
        }
    }
}
