//! `jamey health`: for containers and watchdogs.

use super::Common;
use anyhow::{Context, bail};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// # Errors
/// When Jamey does not answer, or is not ready.
pub fn health(common: &Common) -> anyhow::Result<()> {
    let address = common.load()?.http.listen;
    let patience = Duration::from_secs(5);
    let mut stream =
        TcpStream::connect_timeout(&address, patience).with_context(|| format!("nothing answers on {address}: is Jamey running?"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let ready = head.split_whitespace().nth(1) == Some("200");
    if common.json {
        crate::cli::line!("{body}");
    } else if ready {
        crate::cli::line!("ready");
    }
    if ready { Ok(()) } else { bail!("not ready: {body}") }
}
