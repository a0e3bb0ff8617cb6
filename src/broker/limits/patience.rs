//! How long a client that takes nothing is waited for. What is on its way to it stays in memory meanwhile, bounded in messages and not in
//! bytes: so somebody who subscribes and does not read could fill it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Who takes less than this in its time takes nothing: a trick, or a line that no message comes through.
const LEAST_BYTES: usize = 4 * 1_024;

pub struct Patience {
    limit: Duration,
    since: Option<Pin<Box<Sleep>>>,
    taken: usize,
}

impl Patience {
    pub fn new(limit: Duration) -> Self {
        Self { limit, since: None, taken: 0 }
    }

    /// All was taken.
    pub fn rests(&mut self) {
        self.since = None;
    }

    /// Something still waits, after so many bytes were taken. Ready when there is no more waiting.
    pub fn poll_over(&mut self, taken: usize, cx: &mut Context<'_>) -> Poll<()> {
        self.taken = if self.since.is_some() { self.taken.saturating_add(taken) } else { taken };
        let since = self.since.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.limit)));
        loop {
            ready!(since.as_mut().poll(cx));
            if self.taken < LEAST_BYTES {
                return Poll::Ready(());
            }
            self.taken = 0;
            since.as_mut().reset(Instant::now() + self.limit);
        }
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
        let mut patience = Patience::new(LIMIT);
        assert!(lasts(&mut patience, 0).await.unwrap() >= LIMIT);
        patience.rests();
        assert!(lasts(&mut patience, 1).await.is_some(), "a byte now and then is a trick");
        patience.rests();
        assert_eq!(lasts(&mut patience, LEAST_BYTES).await, None);
        patience.rests();
        assert!(lasts(&mut patience, 0).await.unwrap() >= LIMIT, "it begins anew");
    }
}
