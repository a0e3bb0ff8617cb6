//! Work for an answer that may take its time: on a thread that may wait for the disk, of which there are so many, and in words that tell a
//! stranger nothing of the store.

use super::{Api, problem::Problem};
use crate::{
    domain::limits,
    store::{Reader, StoreError},
};
use axum::http::StatusCode;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};
use tracing::warn;

/// Threads that are lent. One comes back when its work is done, not when who asked has gone: so what nobody waits for any more has its bound too.
#[derive(Debug)]
pub struct Threads(Arc<Semaphore>);

impl Threads {
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// # Errors
    /// With 503 where none comes back in time, with 500 where the work panicked: the log says where.
    async fn lend<T: Send + 'static>(&self, patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let permit = timeout(patience, Arc::clone(&self.0).acquire_owned()).await.ok().and_then(Result::ok);
        let permit = permit.ok_or_else(|| Problem::busy("too many wait for the disk: ask again in a moment"))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.map_err(|error| {
            warn!("HTTP: {error}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", "the answer cannot be made: the log tells more")
        })
    }
}

impl Api {
    /// # Errors
    /// When the store cannot be read: the log says why; with 503 where too many read.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.apart(move |api| api.readers.with(read)).await?.map_err(unreadable)
    }

    /// The same for who has time, and of whom only so many come at once.
    ///
    /// # Errors
    /// When the store cannot be read: the log says why.
    pub async fn read_in_turn<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let api = Arc::clone(self);
        self.threads.lend(Duration::MAX, move || api.readers.with(read)).await?.map_err(unreadable)
    }

    /// Work of some milliseconds, on a thread where nobody's message waits meanwhile.
    ///
    /// # Errors
    /// With 503 where too many work, with 500 where it panicked.
    pub async fn apart<T: Send + 'static>(self: &Arc<Self>, work: impl FnOnce(&Self) -> T + Send + 'static) -> Result<T, Problem> {
        let api = Arc::clone(self);
        self.threads.lend(Duration::from_millis(limits::HTTP_THREAD_MILLIS), move || work(&api)).await
    }
}

fn unreadable(error: StoreError) -> Problem {
    warn!("HTTP: {error}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store", "the store cannot be read: the log tells more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use std::sync::mpsc;

    const SOON: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn as_many_work_as_there_are_threads_and_one_past_is_told_when_to_come_again() {
        let threads = Arc::new(Threads::new(limits::HTTP_THREADS));
        let mut works: Vec<_> = (0..limits::HTTP_THREADS)
            .map(|_| {
                let (end, ends) = mpsc::channel::<()>();
                let threads = Arc::clone(&threads);
                (end, tokio::spawn(async move { threads.lend(Duration::MAX, move || ends.recv()).await }))
            })
            .collect();
        while threads.0.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let past = threads.lend(SOON, || ()).await.unwrap_err();
        assert_eq!((past.code, past.retry_after), ("busy", Some(1)));
        let told = past.into_response();
        assert_eq!((told.status().as_u16(), told.headers()["retry-after"].to_str().unwrap()), (503, "1"));
        // Who asked goes away: the work goes on, and its thread is not there for another.
        let (end, asked) = works.pop().unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert!(threads.lend(SOON, || ()).await.is_err());
        drop(end);
        assert_eq!(threads.lend(Duration::MAX, || 7).await.unwrap(), 7, "it came back");
        // Also where the work falls.
        assert_eq!(
            threads.lend(Duration::MAX, || panic!("it falls")).await.map_err(|problem: Problem| problem.code),
            Err::<(), _>("answer")
        );
        assert_eq!(threads.lend(Duration::MAX, || 8).await.unwrap(), 8);
    }
}
