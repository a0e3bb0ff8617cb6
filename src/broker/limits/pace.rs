//! How fast one client is read where its rate is limited, or that of its listener, which it shares with all others there: what is said
//! beyond is read later, so nothing is lost, and TCP tells who says it to wait.

use super::bucket::Bucket;
use crate::config;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// The smallest PUBLISH: a topic of one letter, no body.
const SMALLEST_BYTES: u64 = 5;
/// No smaller reads than this: an ordinary PUBLISH fits.
const LEAST_BYTES: u64 = 64;
/// Those who share a rate read so much less at one time: each waits for what all of them have read.
const SHARED_PART: u64 = 10;

/// A bucket for messages and one for bytes, where they are limited.
#[derive(Debug)]
struct Buckets {
    messages: Option<Bucket>,
    bytes: Option<Bucket>,
    began: Instant,
}

/// The rate of all who came in by one listener.
#[derive(Debug)]
pub struct Shared {
    buckets: Mutex<Buckets>,
    at_once: u64,
}

/// Whose rate a client has to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Its own.
    Alone,
    /// That of all at its listener.
    Together,
}

/// One connection's rates, and the time until which it is not read.
pub struct Pace {
    own: Option<Buckets>,
    shared: Option<Arc<Shared>>,
    at_once: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Buckets {
    fn new(messages: Option<Bucket>, bytes: Option<Bucket>) -> Option<Self> {
        (messages.is_some() || bytes.is_some()).then(|| Self { messages, bytes, began: Instant::now() })
    }

    /// So much was read; how long its reader must now wait.
    fn owe(&mut self, messages: usize, bytes: usize) -> Duration {
        let now = self.began.elapsed();
        let owes = |bucket: &mut Option<Bucket>, amount| bucket.as_mut().map_or(Duration::ZERO, |b| b.owe(amount, now));
        owes(&mut self.messages, messages).max(owes(&mut self.bytes, bytes))
    }
}

impl Shared {
    /// None where the listener has no rate. What it lets pass at once is what it lets pass in a second.
    pub fn new(rate: config::Rate) -> Option<Arc<Self>> {
        let (messages, bytes) = (rate.messages_per_second, rate.bytes_per_second);
        let buckets = Buckets::new(Bucket::new(messages, messages), Bucket::new(bytes, bytes))?;
        Some(Arc::new(Self { buckets: Mutex::new(buckets), at_once: a_second_of(messages, bytes) / SHARED_PART }))
    }

    fn owe(&self, messages: usize, bytes: usize) -> Duration {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).owe(messages, bytes)
    }
}

impl Pace {
    /// None where nothing is limited: then the line does not ask.
    pub fn new(config: &config::Limits, shared: Option<Arc<Shared>>) -> Option<Box<Self>> {
        let messages = Bucket::new(config.messages_per_second, config.messages_burst);
        let own = Buckets::new(messages, Bucket::new(config.bytes_per_second, config.bytes_burst));
        if own.is_none() && shared.is_none() {
            return None;
        }
        let alone = a_second_of(config.messages_per_second, config.bytes_per_second);
        let at_once = shared.as_ref().map_or(alone, |shared| shared.at_once.min(alone)).max(LEAST_BYTES);
        Some(Box::new(Self { own, shared, at_once: usize::try_from(at_once).unwrap_or(usize::MAX), pause: None }))
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

    /// So much was read; whose rate the client must now wait for, if it must.
    pub fn took(&mut self, messages: usize, bytes: usize) -> Option<Held> {
        let alone = self.own.as_mut().map_or(Duration::ZERO, |own| own.owe(messages, bytes));
        let together = self.shared.as_ref().map_or(Duration::ZERO, |shared| shared.owe(messages, bytes));
        let wait = alone.max(together);
        if wait == Duration::ZERO {
            return None;
        }
        self.pause = Some(Box::pin(tokio::time::sleep(wait)));
        Some(if alone >= together { Held::Alone } else { Held::Together })
    }
}

/// What is read at one time is paid within about a second: a longer pause would look like silence, and end the connection.
fn a_second_of(messages_per_second: u32, bytes_per_second: u32) -> u64 {
    let by = |per_second: u32, bytes: u64| if per_second == 0 { u64::MAX } else { u64::from(per_second) * bytes };
    by(messages_per_second, SMALLEST_BYTES).min(by(bytes_per_second, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(messages_per_second: u32, bytes_per_second: u32) -> config::Limits {
        config::Limits { messages_per_second, bytes_per_second, messages_burst: 10, bytes_burst: 1_024, ..config::Limits::default() }
    }

    fn shared(messages_per_second: u32, bytes_per_second: u32) -> Option<Arc<Shared>> {
        Shared::new(config::Rate { messages_per_second, bytes_per_second })
    }

    #[tokio::test]
    async fn without_a_rate_there_is_no_pace() {
        assert!(shared(0, 0).is_none() && Pace::new(&config::Limits::default(), None).is_none());
        assert!(Pace::new(&config(1, 0), None).is_some() && Pace::new(&config(0, 1), None).is_some());
        assert!([shared(1, 0), shared(0, 1)].into_iter().all(|one| Pace::new(&config::Limits::default(), one).is_some()));
    }

    #[tokio::test]
    async fn at_the_burst_it_goes_on_and_past_it_waits() {
        let mut pace = Pace::new(&config(1, 0), None).unwrap();
        assert_eq!(pace.took(10, 1 << 30), None);
        assert_eq!(pace.took(1, 1), Some(Held::Alone));
        assert!(pace.poll_ready(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        let mut pace = Pace::new(&config(0, 1), None).unwrap();
        assert_eq!(pace.took(1_000, 1_024), None);
        assert_eq!(pace.took(0, 1), Some(Held::Alone));
    }

    #[tokio::test]
    async fn all_at_a_listener_take_from_one_bucket() {
        for (all, piece) in [(shared(10, 0), (5, 0)), (shared(0, 1_000), (0, 500))] {
            let mut both: Vec<Box<Pace>> = (0..2).map(|_| Pace::new(&config::Limits::default(), all.clone()).unwrap()).collect();
            let took: Vec<Option<Held>> = both.iter_mut().map(|one| one.took(piece.0, piece.1)).collect();
            assert_eq!(took, [None, None], "a second's worth together");
            assert_eq!(both[1].took(usize::from(piece.0 > 0), usize::from(piece.1 > 0)), Some(Held::Together), "one past");
        }
        // Whichever takes longer is told.
        let mut one = Pace::new(&config(1, 0), shared(1_000, 0)).unwrap();
        assert_eq!(one.took(1_001, 0), Some(Held::Alone));
    }

    #[test]
    fn reads_are_as_small_as_the_rate() {
        let at_once = |m, b| Pace::new(&config(m, b), None).unwrap().at_once();
        assert_eq!([(1, 0), (1_000, 0), (1_000_000, 2_000), (0, 3_000_000)].map(|(m, b)| at_once(m, b)), [64, 5_000, 2_000, 3_000_000]);
        let at_once = |m, b, all| Pace::new(&config(m, b), all).unwrap().at_once();
        assert_eq!((at_once(0, 3_000_000, shared(1_000, 0)), at_once(100, 0, shared(0, 9_000))), (500, 500));
    }
}
