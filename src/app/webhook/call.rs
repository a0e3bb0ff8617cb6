//! One POST: to whom, sealed with what, and what its answer means. The secret stays here, and neither it nor the address is shown.

use super::{letter, secret};
use crate::{
    config::WebhookEntry,
    domain::{Timestamp, limits},
};
use anyhow::Result;
use jiff::fmt::rfc2822::DateTimeParser;
use std::time::Duration;
use ureq::Agent;
use uuid::Uuid;
use zeroize::Zeroizing;

pub struct Call {
    agent: Agent,
    url: String,
    host: String,
    secret: Option<Zeroizing<Vec<u8>>>,
}

/// What became of a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    Took,
    /// It is not wanted: once more after a long rest, for a proxy says so too while the receiver restarts.
    Refused(String),
    /// `wait`: what the receiver asks for.
    Later {
        wait: Option<Duration>,
        why: String,
    },
}

impl Call {
    /// # Errors
    /// When the secret or the authorities cannot be read.
    pub fn read(entry: &WebhookEntry) -> Result<Self> {
        let secret = secret::of(entry)?;
        let mut config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(entry.timeout_seconds.into())))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("jamey/", env!("CARGO_PKG_VERSION")));
        if entry.url.starts_with("https://") {
            config = config.tls_config(secret::tls(entry.ca.as_deref())?);
        }
        Ok(Self { agent: config.build().new_agent(), url: entry.url.clone(), host: entry.host().to_owned(), secret })
    }

    /// Posts one body, once.
    pub fn post(&self, id: Uuid, body: &[u8], now: Timestamp) -> Came {
        let mut request = self.agent.post(&self.url).content_type("application/json").header("x-jamey-delivery", id.to_string());
        if let Some(seal) = self.secret.as_ref().and_then(|secret| letter::signature(secret, body)) {
            request = request.header("x-jamey-signature", seal);
        }
        match request.send(body) {
            Ok(mut answer) => {
                let asked = answer.headers().get("retry-after").and_then(|text| text.to_str().ok()).and_then(|text| retry_after(text, now));
                // What it says is nobody's; read to its end, the connection can be used again.
                let _ = answer.body_mut().with_config().limit(limits::WEBHOOK_REPLY_BYTES).read_to_vec();
                came(answer.status().as_u16(), asked)
            }
            // Some errors repeat the address.
            Err(error) => Came::Later { wait: None, why: error.to_string().replace(&self.url, &self.host) },
        }
    }
}

/// What a status means: who is busy or broken may be well soon; who does not want it, hardly.
fn came(status: u16, asked: Option<Duration>) -> Came {
    let why = format!("it answers {status}");
    match status {
        200..=299 => Came::Took,
        300..=399 => Came::Refused(format!("{why}, another address, which is not followed: write that one as `url`")),
        408 | 429 | 500.. => Came::Later { wait: asked, why },
        _ => Came::Refused(why),
    }
}

/// Seconds, or a date (RFC 9110, section 10.2.3); one that is past asks for nothing.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTimeParser::new().parse_timestamp(text).ok()?.as_microsecond();
    u64::try_from(until.saturating_sub(now.micros())).ok().map(Duration::from_micros)
}

/// A number from 0 to 255; without randomness the longest rest.
pub fn dice() -> u8 {
    let mut one = [u8::MAX];
    let _ = getrandom::fill(&mut one);
    one[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_busy_is_asked_again_and_who_does_not_want_it_is_not() {
        let later = |status| matches!(came(status, None), Came::Later { .. });
        let refused = |status| matches!(came(status, None), Came::Refused(_));
        assert!([408, 429, 500, 502, 503, 599].into_iter().all(later));
        assert!([300, 301, 302, 307, 308, 400, 401, 403, 404, 410, 422, 100].into_iter().all(refused));
        assert!([200, 201, 202, 204].into_iter().all(|status| came(status, None) == Came::Took));
    }

    #[test]
    fn a_receiver_says_when_to_come_again() {
        let now = Timestamp::read("2015-10-21T07:27:30Z").unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(30)),
            ("Wed, 21 Oct 2015 07:27:00 GMT", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
