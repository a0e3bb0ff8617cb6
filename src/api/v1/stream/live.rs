//! What all who listen share: places, tickets, the pace at which they are told, and the one task that wakes them.

use super::{seats::Seats, socket::stop, tickets::Tickets};
use crate::{
    domain::limits,
    observe::news::{News, Share},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Semaphore, watch};

/// Nobody is told more often than this, and the more there are the less often: each telling costs a wake-up and a packet.
const BEAT: Duration = Duration::from_millis(10);
const BEAT_OF_EACH: Duration = Duration::from_micros(500);
/// How long they may take to go when Jamey stops.
const FAREWELL: Duration = Duration::from_secs(2);

pub struct Live {
    pub seats: Arc<Seats>,
    pub tickets: Tickets,
    /// Who reads what was stored long ago takes turns.
    pub reading: Semaphore,
    pub stopped: watch::Receiver<bool>,
    wake: watch::Sender<()>,
}

impl Live {
    #[must_use]
    pub fn new(stopped: watch::Receiver<bool>) -> Self {
        Self {
            seats: Arc::default(),
            tickets: Tickets::default(),
            reading: Semaphore::new(limits::STREAM_READING),
            stopped,
            wake: watch::Sender::new(()),
        }
    }

    /// Wakes who listens when there is news, until told to stop. The thread that tells wakes this task alone.
    pub async fn herald(self: Arc<Self>, news: Arc<News>) {
        let mut stopped = self.stopped.clone();
        loop {
            tokio::select! {
                () = news.told() => {}
                () = stop(&mut stopped) => return,
            }
            self.wake.send_replace(());
            tokio::time::sleep(self.beat()).await;
        }
    }

    #[must_use]
    pub fn waker(&self) -> watch::Receiver<()> {
        self.wake.subscribe()
    }

    #[must_use]
    pub fn beat(&self) -> Duration {
        BEAT + BEAT_OF_EACH * u32::try_from(self.seats.taken()).unwrap_or(u32::MAX)
    }

    /// What one may be told at one beat.
    #[must_use]
    pub fn share(&self) -> Share {
        let all = u64::try_from(self.seats.taken()).unwrap_or(u64::MAX).max(1);
        let micros = u64::try_from(self.beat().as_micros()).unwrap_or(u64::MAX);
        let of = |a_second: u64| usize::try_from(a_second.saturating_mul(micros) / 1_000_000 / all).unwrap_or(usize::MAX).max(1);
        Share { events: of(limits::STREAM_EVENTS_A_SECOND), bytes: of(limits::STREAM_BYTES_A_SECOND) }
    }

    /// Waits until everybody has gone, for a moment.
    pub async fn ended(&self) {
        let _ = tokio::time::timeout(FAREWELL, self.seats.empty()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_are_told_no_more_than_the_limit_however_many_they_are() {
        let (_stop, stopped) = watch::channel(false);
        let live = Live::new(stopped);
        let mut seats = Vec::new();
        for count in [1, 10, 200, limits::STREAM_SUBSCRIBERS] {
            while seats.len() < count {
                seats.push(live.seats.take([127, 0, 0, 1].into(), None, None).unwrap());
            }
            let (share, beats) = (live.share(), Duration::from_secs(1).as_micros() / live.beat().as_micros());
            let a_second = u128::try_from(count * share.events).unwrap() * beats;
            assert!(a_second <= u128::from(limits::STREAM_EVENTS_A_SECOND), "{count}: {a_second}");
            assert!(a_second * 2 > u128::from(limits::STREAM_EVENTS_A_SECOND), "{count}: {a_second}");
        }
    }
}
