//! What waits for another broker: a bounded queue that stands in a file, so that neither a kill nor an absent broker empties it.
//! It is kept before its sender is acknowledged, and leaves when the other broker has acknowledged it.

mod file;

use crate::domain::limits;
use bytes::Bytes;
use file::File;
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};
use tokio::sync::{Notify, oneshot};
use tracing::warn;

/// One message for another broker, with the topic that it has there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcel {
    pub topic: String,
    pub payload: Bytes,
    /// 0 or 1.
    pub qos: u8,
    pub retain: bool,
}

/// What became of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    Kept,
    /// The outbox is full; it is counted.
    Dropped,
    /// The disk does not take it.
    Failed,
}

/// The queue; cheap to share.
pub struct Outbox {
    shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    news: Notify,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<u64, Arc<Parcel>>,
    bytes: usize,
    /// Where sending goes on.
    cursor: u64,
    /// QoS 0: for those who are connected now.
    loose: VecDeque<Parcel>,
}

enum Order {
    Keep(Parcel, oneshot::Sender<Posted>),
    Done(u64),
    Settle(oneshot::Sender<()>),
}

/// QoS 0 messages between two looks of the connection.
const LOOSE: usize = 256;

impl Outbox {
    /// Opens the file and takes up what an earlier run left in it. `sync`: what is kept is also safe from a power cut.
    /// `latest`: of retained messages that wait for one topic, only the last is worth keeping.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path, sync: bool, latest: bool) -> io::Result<Self> {
        let (file, waiting) = File::open(path, sync)?;
        let shared = Arc::new(Shared::default());
        {
            let mut queue = shared.queue();
            queue.bytes = waiting.values().map(|parcel| parcel.weight()).sum();
            queue.waiting = waiting;
        }
        let (orders, ordered) = mpsc::channel();
        let keeper = Keeper {
            next: shared.queue().waiting.keys().next_back().map_or(1, |last| last + 1),
            file,
            latest,
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new().name("outbox".into()).spawn(move || keeper.keep(&ordered))?;
        Ok(Self { shared, orders })
    }

    /// Keeps a parcel; the answer comes when it is in the file. At QoS 0 it only waits for the connection's next look.
    pub async fn post(&self, parcel: Parcel) -> Posted {
        if parcel.qos == 0 {
            let mut queue = self.shared.queue();
            if queue.loose.len() >= LOOSE {
                drop(queue);
                return self.shared.drop_one();
            }
            queue.loose.push_back(parcel);
            drop(queue);
            self.shared.news.notify_one();
            return Posted::Kept;
        }
        let (tell, told) = oneshot::channel();
        if self.orders.send(Order::Keep(parcel, tell)).is_err() {
            return Posted::Failed;
        }
        told.await.unwrap_or(Posted::Failed)
    }

    /// The next parcel to be sent, with its number.
    pub fn next(&self) -> Option<(u64, Arc<Parcel>)> {
        let mut queue = self.shared.queue();
        let (number, parcel) = queue.waiting.range(queue.cursor..).next().map(|(n, p)| (*n, Arc::clone(p)))?;
        queue.cursor = number + 1;
        Some((number, parcel))
    }

    /// The next QoS 0 message.
    pub fn next_loose(&self) -> Option<Parcel> {
        self.shared.queue().loose.pop_front()
    }

    /// QoS 0 messages find nobody connected.
    pub fn drop_loose(&self) {
        let lost = std::mem::take(&mut self.shared.queue().loose).len();
        self.shared.dropped.fetch_add(u64::try_from(lost).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Everything that was not acknowledged is sent again, from this number on.
    pub fn rewind(&self, to: u64) {
        self.shared.queue().cursor = to;
    }

    /// The other broker has it.
    pub fn done(&self, number: u64) {
        let _ = self.orders.send(Order::Done(number));
        self.shared.remove(number);
    }

    /// Waits until all that is done is written, so that it does not go out again.
    pub async fn settled(&self) {
        let (tell, told) = oneshot::channel();
        if self.orders.send(Order::Settle(tell)).is_ok() {
            let _ = told.await;
        }
    }

    /// Waits until something new is to be sent.
    pub async fn news(&self) {
        self.shared.news.notified().await;
    }

    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.queue().waiting.len()
    }

    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

impl Parcel {
    fn weight(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drop_one(&self) -> Posted {
        let before = self.dropped.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(100) {
            warn!(dropped = before + 1, "an outbox is full: a message for another broker was dropped");
        }
        Posted::Dropped
    }

    fn remove(&self, number: u64) {
        let mut queue = self.queue();
        if let Some(parcel) = queue.waiting.remove(&number) {
            queue.bytes = queue.bytes.saturating_sub(parcel.weight());
        }
    }
}

/// The thread that writes: whatever came while it wrote goes into one write, and one sync.
struct Keeper {
    file: File,
    next: u64,
    latest: bool,
    shared: Arc<Shared>,
}

impl Keeper {
    fn keep(mut self, orders: &mpsc::Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let (mut kept, mut weight, mut settled) = (Vec::new(), 0, Vec::new());
            for order in std::iter::once(first).chain(orders.try_iter().take(limits::BATCH_MESSAGES)) {
                match order {
                    Order::Done(number) => self.file.done(number),
                    Order::Settle(tell) => settled.push(tell),
                    Order::Keep(parcel, tell) => {
                        let full = {
                            let queue = self.shared.queue();
                            queue.waiting.len() + kept.len() >= limits::QUEUED_MESSAGES
                                || queue.bytes + weight + parcel.weight() > limits::QUEUED_BYTES
                        };
                        if full {
                            let _ = tell.send(self.shared.drop_one());
                            continue;
                        }
                        weight += parcel.weight();
                        self.file.keep(self.next, &parcel);
                        kept.push((self.next, parcel, tell));
                        self.next += 1;
                    }
                }
            }
            let written = self.file.write(!kept.is_empty());
            if let Err(error) = &written {
                warn!("an outbox cannot be written: {error}");
            }
            for (number, parcel, tell) in kept {
                if written.is_ok() {
                    self.admit(number, parcel);
                }
                let _ = tell.send(if written.is_ok() { Posted::Kept } else { Posted::Failed });
            }
            for tell in settled {
                let _ = tell.send(());
            }
            self.shared.news.notify_one();
            let weight = self.shared.queue().bytes;
            let tidied = self.file.tidy(weight, || self.shared.queue().waiting.iter().map(|(n, p)| (*n, Arc::clone(p))).collect());
            if let Err(error) = tidied {
                warn!("an outbox cannot be made smaller: {error}");
            }
        }
    }

    fn admit(&mut self, number: u64, parcel: Parcel) {
        let mut queue = self.shared.queue();
        if self.latest && parcel.retain {
            let cursor = queue.cursor;
            let older = queue.waiting.range(cursor..).find(|(_, p)| p.retain && p.topic == parcel.topic).map(|(n, _)| *n);
            if let Some(gone) = older.and_then(|older| queue.waiting.remove(&older).map(|p| (older, p))) {
                queue.bytes = queue.bytes.saturating_sub(gone.1.weight());
                self.file.done(gone.0);
            }
        }
        queue.bytes += parcel.weight();
        queue.waiting.insert(number, Arc::new(parcel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(topic: &str, retain: bool) -> Parcel {
        Parcel { topic: topic.into(), payload: "1".into(), qos: 1, retain }
    }

    #[tokio::test]
    async fn what_was_kept_and_not_acknowledged_is_there_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.outbox");
        let outbox = Outbox::open(&path, true, false).unwrap();
        for i in 0..100 {
            assert_eq!(outbox.post(parcel(&format!("t/{i}"), false)).await, Posted::Kept);
        }
        while let Some((number, parcel)) = outbox.next() {
            if parcel.topic != "t/7" {
                outbox.done(number);
            }
        }
        outbox.post(parcel("last", true)).await;
        outbox.settled().await;
        let again = Outbox::open(&path, true, false).unwrap();
        let topics: Vec<_> = std::iter::from_fn(|| again.next()).map(|(_, p)| (p.topic.clone(), p.retain)).collect();
        assert_eq!(topics, [("t/7".to_owned(), false), ("last".to_owned(), true)]);
        assert!(again.next().is_none());
        again.rewind(0);
        assert_eq!(again.next().unwrap().1.topic, "t/7");
    }

    #[tokio::test]
    async fn a_torn_end_is_left_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.outbox");
        Outbox::open(&path, false, false).unwrap().post(parcel("whole", false)).await;
        let mut bytes = std::fs::read(&path).unwrap();
        let whole = bytes.clone();
        bytes.extend(whole.get(..whole.len() - 3).unwrap());
        std::fs::write(&path, &bytes).unwrap();
        let again = Outbox::open(&path, false, false).unwrap();
        assert_eq!(again.waiting(), 1);
        assert_eq!(again.post(parcel("next", false)).await, Posted::Kept);
        assert_eq!(Outbox::open(&path, false, false).unwrap().waiting(), 2);
    }

    #[tokio::test]
    async fn one_past_the_limit_is_dropped_and_counted() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(&dir.path().join("a.outbox"), false, false).unwrap();
        let big = |bytes: usize| Parcel { payload: vec![0; bytes].into(), ..parcel("t", false) };
        assert_eq!(outbox.post(big(limits::QUEUED_BYTES - 1)).await, Posted::Kept);
        assert_eq!((outbox.post(big(0)).await, outbox.dropped()), (Posted::Dropped, 1));
    }

    #[tokio::test]
    async fn only_the_last_of_a_retained_state_waits_where_that_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(&dir.path().join("a.outbox"), false, true).unwrap();
        for topic in ["a", "b", "a"] {
            outbox.post(parcel(topic, true)).await;
        }
        let topics: Vec<_> = std::iter::from_fn(|| outbox.next()).map(|(_, p)| p.topic.clone()).collect();
        assert_eq!(topics, ["b", "a"]);
    }
}
