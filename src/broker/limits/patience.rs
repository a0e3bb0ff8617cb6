//! How long a client that takes nothing is waited for. What is on its way to it stays in memory meanwhile, bounded in messages and not in
//! bytes: so somebody who subscribes and does not read could fill it.

use super::afloat::Press;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Who takes less than this in its time takes nothing: a trick, or a line that no message comes through.
const LEAST_BYTES: usize = 4 * 1_024;
/// The same, between two looks where there is no room: then who is slow must make way for all others.
const LEAST_BYTES_PRESSED: usize = 64 * 1_024;

/// So often it is looked.
const LOOK: Duration = Duration::from_secs(1);

pub struct Patience {
    limit: Duration,
    press: Arc<Press>,
    look: Option<Pin<Box<Sleep>>>,
    began: Instant,
    taken: usize,
    taken_since_look: usize,
}

impl Patience {
    pub fn new(limit: Duration, press: Arc<Press>) -> Self {
        Self { limit, press, look: None, began: Instant::now(), taken: 0, taken_since_look: 0 }
    }

    /// All was taken.
    pub fn rests(&mut self) {
        if self.look.take().is_some() {
            self.press.stalled.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Something still waits, after so many bytes were taken. Ready when there is no more waiting.
    pub fn poll_over(&mut self, taken: usize, cx: &mut Context<'_>) -> Poll<()> {
        let every = LOOK.min(self.limit);
        if self.look.is_none() {
            self.press.stalled.fetch_add(1, Ordering::Relaxed);
            (self.began, self.taken, self.taken_since_look) = (Instant::now(), 0, 0);
        }
        self.taken = self.taken.saturating_add(taken);
        self.taken_since_look = self.taken_since_look.saturating_add(taken);
        let look = self.look.get_or_insert_with(|| Box::pin(tokio::time::sleep(every)));
        loop {
            ready!(look.as_mut().poll(cx));
            let is_late = self.began.elapsed() >= self.limit;
            let takes_nothing = self.taken_since_look < LEAST_BYTES_PRESSED && self.press.is_on.load(Ordering::Relaxed);
            if takes_nothing || (is_late && self.taken < LEAST_BYTES) {
                return Poll::Ready(());
            }
            if is_late {
                (self.began, self.taken) = (Instant::now(), 0);
            }
            self.taken_since_look = 0;
            look.as_mut().reset(Instant::now() + every);
        }
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        self.rests();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    const LIMIT: Duration = Duration::from_millis(40);

    /// How long it lasts where so much is taken at each look.
    async fn lasts(patience: &mut Patience, taken: usize) -> Option<Duration> {
        let began = Instant::now();
        let mut look = tokio::time::interval(LIMIT / 8);
        tokio::time::timeout(LIMIT * 6, async {
            loop {
                look.tick().await;
                if poll_fn(|cx| Poll::Ready(patience.poll_over(taken, cx).is_ready())).await {
                    return began.elapsed();
                }
            }
        })
        .await
        .ok()
    }

    #[tokio::test]
    async fn it_is_over_for_who_takes_nothing_and_not_for_who_takes_something() {
        let mut patience = Patience::new(LIMIT, Arc::default());
        assert!(lasts(&mut patience, 0).await.unwrap() >= LIMIT);
        patience.rests();
        assert!(lasts(&mut patience, 1).await.is_some(), "a byte now and then is a trick");
        patience.rests();
        assert_eq!(lasts(&mut patience, LEAST_BYTES).await, None);
        patience.rests();
        assert!(lasts(&mut patience, 0).await.unwrap() >= LIMIT, "it begins anew");
    }

    #[tokio::test]
    async fn where_there_is_no_room_one_look_is_enough() {
        let press = Arc::new(Press::default());
        let mut patience = Patience::new(LOOK * 100, Arc::clone(&press));
        let mut is_over = async |taken| poll_fn(|cx| Poll::Ready(patience.poll_over(taken, cx).is_ready())).await;
        assert!(!is_over(0).await);
        tokio::time::sleep(LOOK).await;
        assert!(!is_over(0).await, "there is room");
        press.is_on.store(true, Ordering::Relaxed);
        tokio::time::sleep(LOOK).await;
        assert!(!is_over(LEAST_BYTES_PRESSED).await, "it takes what it can");
        tokio::time::sleep(LOOK).await;
        assert!(is_over(0).await);
        assert_eq!(press.stalled.load(Ordering::Relaxed), 1);
        drop(patience);
        assert_eq!(press.stalled.load(Ordering::Relaxed), 0);
    }
}
