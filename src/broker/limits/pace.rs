//! How fast one client is read where its rate is limited: what it says beyond is read later, so nothing is lost, and TCP tells it to wait.

use super::bucket::Bucket;
use crate::config;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// The smallest PUBLISH: a topic of one letter, no body.
const SMALLEST_BYTES: u64 = 5;
/// No smaller reads than this: an ordinary PUBLISH fits.
const LEAST_BYTES: u64 = 64;

/// One connection's two buckets, and the time until which it is not read.
pub struct Pace {
    messages: Option<Bucket>,
    bytes: Option<Bucket>,
    at_once: usize,
    began: Instant,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// None where nothing is limited: then the line does not ask.
    pub fn new(config: &config::Limits) -> Option<Box<Self>> {
        let messages = Bucket::new(config.messages_per_second, config.messages_burst);
        let bytes = Bucket::new(config.bytes_per_second, config.bytes_burst);
        if messages.is_none() && bytes.is_none() {
            return None;
        }
        let pace = Self { messages, bytes, at_once: at_once(config), began: Instant::now(), pause: None };
        Some(Box::new(pace))
    }

    /// So many bytes may be read at one time.
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// Ready when the client may be heard.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(())
    }

    /// So much was read; true when the client must now wait.
    pub fn took(&mut self, messages: usize, bytes: usize) -> bool {
        let now = self.began.elapsed();
        let owes = |bucket: &mut Option<Bucket>, amount| bucket.as_mut().map_or(Duration::ZERO, |b| b.owe(amount, now));
        let wait = owes(&mut self.messages, messages).max(owes(&mut self.bytes, bytes));
        if wait > Duration::ZERO {
            self.pause = Some(Box::pin(tokio::time::sleep(wait)));
        }
        wait > Duration::ZERO
    }
}

/// What is read at one time is paid within about a second: a longer pause would look like silence, and end the connection.
fn at_once(config: &config::Limits) -> usize {
    let by = |per_second: u32, bytes: u64| if per_second == 0 { u64::MAX } else { u64::from(per_second) * bytes };
    let bytes = by(config.messages_per_second, SMALLEST_BYTES).min(by(config.bytes_per_second, 1));
    usize::try_from(bytes.max(LEAST_BYTES)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(messages_per_second: u32, bytes_per_second: u32) -> config::Limits {
        config::Limits { messages_per_second, bytes_per_second, messages_burst: 10, bytes_burst: 1_024, ..config::Limits::default() }
    }

    #[tokio::test]
    async fn without_a_rate_there_is_no_pace() {
        assert!(Pace::new(&config::Limits::default()).is_none());
        assert!(Pace::new(&config(1, 0)).is_some() && Pace::new(&config(0, 1)).is_some());
    }

    #[tokio::test]
    async fn at_the_burst_it_goes_on_and_past_it_waits() {
        let mut pace = Pace::new(&config(1, 0)).unwrap();
        assert!(!pace.took(10, 1 << 30));
        assert!(pace.took(1, 1));
        assert!(pace.poll_ready(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        let mut pace = Pace::new(&config(0, 1)).unwrap();
        assert!(!pace.took(1_000, 1_024));
        assert!(pace.took(0, 1));
    }

    #[test]
    fn reads_are_as_small_as_the_rate() {
        assert_eq!(
            [(1, 0), (1_000, 0), (1_000_000, 2_000), (0, 3_000_000)].map(|(m, b)| at_once(&config(m, b))),
            [64, 5_000, 2_000, 3_000_000]
        );
    }
}
