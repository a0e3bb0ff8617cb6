//! Whether the work on a repository goes on. A share that does not answer holds Phoenix's thread for as long as it likes: so this is looked at
//! from elsewhere, and what it comes to stands among the alerts.

use super::told::News;
use crate::{app::trial, broker::Hall, domain::Timestamp};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// So many looks without a step, 20 minutes: looking through a large database on a slow card takes some of them.
const PATIENCE: u32 = 80;

/// What Phoenix's thread is at, for others to see.
#[derive(Debug, Clone, Default)]
pub(super) struct AtWork(Arc<Mutex<Option<Doing>>>);

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doing {
    pub repository: String,
    pub path: PathBuf,
    /// When the last step was taken, on the clock of the house and on one that nobody sets.
    pub since: Timestamp,
    moved: Instant,
}

impl AtWork {
    pub fn begin(&self, repository: &str, path: PathBuf, now: Timestamp) {
        self.put(Some(Doing { repository: repository.to_owned(), path, since: now, moved: Instant::now() }));
    }

    pub fn step(&self, now: Timestamp) {
        if let Some(doing) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            (doing.since, doing.moved) = (now, Instant::now());
        }
    }

    pub fn end(&self) {
        self.put(None);
    }

    fn put(&self, doing: Option<Doing>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    /// What has not moved for so long.
    fn hangs(&self, patience: Duration) -> Option<Doing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(|doing| doing.moved.elapsed() >= patience)
    }
}

/// Hands the thread's news on, and adds to them that it hangs, until a stop is asked for or the thread is gone.
pub(super) async fn look_after(
    at_work: AtWork,
    mut news: watch::Receiver<Arc<News>>,
    tell: watch::Sender<Arc<News>>,
    hall: Arc<Hall>,
    mut stop: watch::Receiver<bool>,
) {
    let look = trial::phoenix_look();
    let (mut every, mut warned) = (tokio::time::interval(look), false);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            changed = news.changed() => if changed.is_err() { return },
            _ = stop.wait_for(|stops| *stops) => return,
        }
        let told = Arc::clone(&news.borrow_and_update());
        let hangs = at_work.hangs(look * PATIENCE);
        if let Some(doing) = hangs.as_ref().filter(|_| !warned) {
            tracing::warn!("{}: {}", doing.repository, doing.words());
        }
        if hangs.is_none() && warned {
            tracing::info!("the repository answers again ({})", hall.clock.now());
        }
        warned = hangs.is_some();
        let told = hangs.map_or_else(|| Arc::clone(&told), |doing| Arc::new(told.hanging(&doing)));
        tell.send_if_modified(|before| {
            let is_other = **before != *told;
            if is_other {
                *before = Arc::clone(&told);
            }
            is_other
        });
    }
}

impl Doing {
    pub fn words(&self) -> String {
        format!("the work on {} has not gone on since {}: the disk or share does not answer", self.path.display(), self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_does_not_hang() {
        let (at_work, now) = (AtWork::default(), Timestamp::default());
        assert_eq!(at_work.hangs(Duration::ZERO), None, "nothing is done");
        at_work.begin("nas", "/mnt/nas".into(), now);
        assert_eq!(at_work.hangs(Duration::from_secs(3_600)), None);
        assert_eq!(at_work.hangs(Duration::ZERO).unwrap().repository, "nas");
        at_work.step(now.plus_seconds(5));
        assert_eq!(at_work.hangs(Duration::ZERO).unwrap().since, now.plus_seconds(5));
        at_work.end();
        at_work.step(now);
        assert_eq!(at_work.hangs(Duration::ZERO), None);
    }
}
