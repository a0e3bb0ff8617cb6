//! The way to the running house: HTTP on this host or another, TLS where the config has it, a token where there is one.

use super::{events::Events, part::Part};
use crate::{cli::paint::plain, domain::limits};
use axum::body::{Body, BodyDataStream, to_bytes};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// How long an answer may take: the house itself gives up after 10 s, but who looks on wants to know sooner that nothing comes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Later there may be one.
    Away(String),
    /// Whoever asks again is taken for one who guesses.
    Refused(String),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub struct Door {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    token: Option<Zeroizing<String>>,
    /// A connection that is kept for the next question.
    kept: Option<SendRequest<Body>>,
}

impl Door {
    pub fn new(address: SocketAddr, tls: Option<Arc<ClientConfig>>, token: Option<Zeroizing<String>>) -> Self {
        Self { address, tls, token, kept: None }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A part of the house, lists page by page. None: nothing is told of it now.
    ///
    /// # Errors
    /// When there is no answer, or none that makes sense.
    pub async fn part(&mut self, part: Part) -> Result<Option<Value>, Unanswered> {
        let Some(pages) = part.pages() else { return self.get(part.path()).await };
        let (mut rows, mut next) = (Vec::new(), Value::Null);
        for _ in 0..pages {
            let cursor = next.as_str().map_or_else(String::new, |next| format!("&cursor={}", safe(next)));
            let Some(mut page) = self.get(&format!("{}?limit=200{cursor}", part.path())).await? else { return Ok(None) };
            if let Some(Value::Array(more)) = page.get_mut("data").map(Value::take) {
                rows.extend(more);
            }
            next = page.get_mut("next").map(Value::take).unwrap_or_default();
            if !next.is_string() {
                break;
            }
        }
        Ok(Some(json!({"data": rows, "next": next})))
    }

    /// One document. None: there is none.
    ///
    /// # Errors
    /// When there is no answer, or none that makes sense.
    pub async fn get(&mut self, path: &str) -> Result<Option<Value>, Unanswered> {
        // Between two questions the house may have closed the connection: that says nothing of it.
        let answer = match self.kept.take() {
            Some(kept) => match self.ask(kept, path).await {
                Ok(answer) => Ok(answer),
                Err(_) => self.ask_anew(path).await,
            },
            None => self.ask_anew(path).await,
        };
        let (answer, sender) = answer?;
        let status = answer.status();
        let read = timeout(PATIENCE, to_bytes(Body::new(answer.into_body()), limits::TOP_ANSWER_BYTES)).await.map_err(|_| late())?;
        let bytes = read.map_err(|error| Unanswered::Away(format!("the answer to {path} cannot be read: {error}")))?;
        self.kept = Some(sender);
        let document = serde_json::from_slice::<Value>(&bytes);
        match status {
            StatusCode::OK => document.map(Some).map_err(|_| Unanswered::Away(format!("what answers {path} is no JSON: is it Jamey?"))),
            StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE => Ok(None),
            other => Err(turned_away(other, &document.unwrap_or_default())),
        }
    }

    /// All verdicts as they fall. None: the house has no place for one more listener.
    ///
    /// # Errors
    /// When there is no answer, or none that makes sense.
    pub async fn listen(&self) -> Result<Option<Events<BodyDataStream>>, Unanswered> {
        let (answer, _sender) = self.ask_anew("/v1/events?kinds=verdict").await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(Events::new(Body::new(answer.into_body()).into_data_stream()))),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::NOT_FOUND => Ok(None),
            other => {
                let read = timeout(PATIENCE, to_bytes(Body::new(answer.into_body()), limits::TOP_ANSWER_BYTES)).await;
                let problem = read.ok().and_then(Result::ok).and_then(|bytes| serde_json::from_slice(&bytes).ok());
                Err(turned_away(other, &problem.unwrap_or_default()))
            }
        }
    }

    async fn ask_anew(&self, path: &str) -> Result<(Response<Incoming>, SendRequest<Body>), Unanswered> {
        let sender = timeout(PATIENCE, self.connect()).await.map_err(|_| late())??;
        self.ask(sender, path).await
    }

    async fn connect(&self) -> Result<SendRequest<Body>, Unanswered> {
        let address = self.address;
        let away = |error: &dyn std::fmt::Display| Unanswered::Away(format!("nothing answers on {address} ({error})"));
        let plain = TcpStream::connect(address).await.map_err(|error| away(&error))?;
        plain.set_nodelay(true).map_err(|error| away(&error))?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(plain),
            Some(tls) => {
                let name = ServerName::IpAddress(address.ip().into());
                let secured = TlsConnector::from(Arc::clone(tls)).connect(name, plain).await;
                Box::new(secured.map_err(|error| Unanswered::Away(format!("no TLS with {address}: {error}")))?)
            }
        };
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| away(&error))?;
        tokio::spawn(async move {
            // How it ended is seen by who asked.
            let _ = connection.await;
        });
        Ok(sender)
    }

    async fn ask(&self, mut sender: SendRequest<Body>, path: &str) -> Result<(Response<Incoming>, SendRequest<Body>), Unanswered> {
        let mut request = Request::get(path).header(header::HOST, self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.as_str()));
        }
        let request = request.body(Body::empty());
        let request = request.map_err(|_| Unanswered::Refused("the token has letters that no token has".to_owned()))?;
        let answer = timeout(PATIENCE, async {
            sender.ready().await?;
            sender.send_request(request).await
        });
        let answer = answer.await.map_err(|_| late())?;
        let answer = answer.map_err(|error| Unanswered::Away(format!("no answer from {}: {error}", self.address)))?;
        Ok((answer, sender))
    }
}

fn late() -> Unanswered {
    Unanswered::Away(format!("no answer within {} s", PATIENCE.as_secs()))
}

/// A cursor is of these letters; any other would be somebody's address.
fn safe(cursor: &str) -> String {
    cursor.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(512).collect()
}

/// What a problem document says, without what a terminal would obey.
fn turned_away(status: StatusCode, problem: &Value) -> Unanswered {
    let detail = problem.get("detail").and_then(Value::as_str).unwrap_or_default();
    let detail = plain(&detail.chars().take(limits::TOP_TEXT_CHARS).collect::<String>());
    let why = if detail.is_empty() { format!("it answers {status}") } else { detail };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Unanswered::Refused(why),
        _ => Unanswered::Away(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// Answers one question with these bytes.
    fn answers(bytes: Vec<u8>) -> SocketAddr {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = socket.accept().unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(&bytes);
        });
        at
    }

    fn asked(status: &str, body: &str) -> Result<Option<Value>, Unanswered> {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut door = Door::new(answers(answer.into_bytes()), None, None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(door.get("/v1/glance"))
    }

    #[test]
    fn an_answer_is_as_long_as_it_may_be_and_no_longer() {
        let of = |bytes: usize| asked("200 OK", &format!("\"{}\"", "a".repeat(bytes - 2)));
        assert!(of(limits::TOP_ANSWER_BYTES).unwrap().is_some());
        assert!(matches!(of(limits::TOP_ANSWER_BYTES + 1), Err(Unanswered::Away(why)) if why.contains("cannot be read")));
    }

    #[test]
    fn who_is_not_let_in_is_told_why_and_does_not_try_again() {
        let refused = asked("401 Unauthorized", r#"{"detail": "show who you are\u001b[2J"}"#);
        assert_eq!(refused, Err(Unanswered::Refused("show who you are\u{fffd}[2J".to_owned())));
        assert!(matches!(asked("500 Internal Server Error", "{}"), Err(Unanswered::Away(_))));
        assert!(matches!(asked("200 OK", "<html>"), Err(Unanswered::Away(why)) if why.contains("no JSON")));
        assert_eq!(asked("404 Not Found", "{}"), Ok(None));
    }

    #[test]
    fn a_cursor_cannot_ask_for_something_else() {
        assert_eq!(safe("Nw-_&limit=1 HTTP/1.1\r\nX: y"), "Nw-_limit1HTTP11Xy");
    }
}
