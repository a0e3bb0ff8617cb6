//! `jamey health`: for containers and watchdogs.

mod known;

pub(super) use known::config as known_config;

use super::Common;
use crate::config::Http;
use anyhow::{Context, bail};
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// # Errors
/// When Jamey does not answer, or is not ready.
pub fn health(common: &Common) -> anyhow::Result<()> {
    let (ready, body) = ask(&common.load()?.http)?;
    if common.json {
        crate::cli::line!("{body}");
    } else if ready {
        crate::cli::line!("ready");
    }
    if ready { Ok(()) } else { bail!("not ready: {body}") }
}

/// Whether a Jamey answers there, ready or not.
#[must_use]
pub fn is_there(http: &Http) -> bool {
    let told = |body: &str| serde_json::from_str::<serde_json::Value>(body).is_ok_and(|told| told.get("uptime_seconds").is_some());
    ask(http).is_ok_and(|(_, body)| told(&body))
}

/// Whether it is ready, and what it says of that.
///
/// # Errors
/// When it does not answer.
pub fn ask(http: &Http) -> anyhow::Result<(bool, String)> {
    let (address, patience) = (http.listen, Duration::from_secs(5));
    let stream =
        TcpStream::connect_timeout(&address, patience).with_context(|| format!("nothing answers on {address}: is Jamey running?"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience))?;
    let question = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let answer = match &http.tls {
        None => say(stream, &question)?,
        Some(files) => say(rustls::StreamOwned::new(known::connection(files)?, stream), &question)?,
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok((head.split_whitespace().nth(1) == Some("200"), body.to_owned()))
}

fn say(mut stream: impl Read + Write, question: &str) -> anyhow::Result<String> {
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    match stream.take(64 * 1024).read_to_string(&mut answer) {
        // Some leave without the last word of TLS; the answer says itself whether it is whole.
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(error.into()),
        _ => Ok(answer),
    }
}
