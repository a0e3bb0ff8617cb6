//! What happened lately, for those who listen: a ring that everybody reads at a place of his own. Who tells never waits for who listens;
//! who cannot follow is told how much he missed.

mod event;
mod id;
mod kind;

#[cfg(test)]
mod tests;

pub use event::{Document, Event, Fresh};
pub use id::{EventId, Mark, Moment};
pub use kind::Kind;

use crate::domain::{Timestamp, limits};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Notify;

/// How many of each kind, in the order of `Kind::ALL`.
pub type Counts = [u64; Kind::ALL.len()];

/// Where one listener stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// All stored verdicts up to here are behind it.
    pub mark: Mark,
    /// Where it is in the ring; None: what is next may have to be read from the disk first.
    place: Option<Place>,
    boot: u32,
}

/// The number of what is next, and how many of each kind came before it.
type Place = (u64, Counts);

/// Looked at without letting others at the ring: some dozen microseconds.
const LOOK: usize = 256;

/// What was missed, from where and to where.
struct Fell {
    missed: Counts,
    from: EventId,
    to: (Mark, Option<Place>),
}

enum Looked {
    Further,
    Enough(bool),
    Fell(Box<Fell>),
    Past,
}

/// What one look at the ring yields.
#[derive(Debug)]
pub enum Read {
    /// What is next, and whether there is more.
    Events(Vec<Arc<Event>>, bool),
    /// What was next is gone: how many of each kind, and from where to where. He goes on behind all of it.
    Fell { missed: Counts, from: EventId, to: EventId },
    /// What is next was stored before what the ring holds.
    Past,
}

/// How much is taken at one look.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub events: usize,
    pub bytes: usize,
}

#[derive(Debug, Default)]
pub struct News {
    ring: Mutex<Ring>,
    listeners: AtomicUsize,
    fresh: Notify,
}

#[derive(Debug, Default)]
struct Ring {
    boot: u32,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// The number that the next event gets.
    next: u64,
    /// The newest verdict in the store.
    head: Mark,
    /// The newest verdict that is not in here any more.
    floor: Mark,
    /// What was told so far, and what of it is not in here any more.
    told: Counts,
    gone: Counts,
    /// What came before this was not pushed out, but taken out: nobody was too slow for it.
    taken_out: u64,
    /// When somebody listened last.
    heard: Option<Timestamp>,
}

/// Held by each who listens.
#[derive(Debug)]
pub struct Listening(Arc<News>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

impl News {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before anything is told: which run it is, and the newest verdict that is stored.
    pub fn begin(&self, boot: u32, newest: Mark) {
        let mut ring = self.ring();
        (ring.boot, ring.head, ring.floor) = (boot, newest, newest);
    }

    /// Somebody listens from now on.
    #[must_use]
    pub fn listen(self: &Arc<Self>) -> Listening {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        Listening(Arc::clone(self))
    }

    /// Resolves when something was told since it did so last. For one task alone, which wakes the others.
    pub async fn told(&self) {
        self.fresh.notified().await;
    }

    /// Tells what happened, in its order. A place: it is a verdict that is stored there.
    pub fn tell(&self, fresh: impl IntoIterator<Item = (Option<Mark>, Fresh)>) {
        let listeners = self.listeners.load(Ordering::Relaxed);
        let mut ring = self.ring();
        for (mark, one) in fresh {
            ring.push(mark, one, listeners > 0);
        }
        drop(ring);
        if listeners > 0 {
            self.fresh.notify_one();
        }
    }

    /// Somebody is forgotten: nothing that names him stays. The store has what is left of it.
    pub fn forget(&self) {
        let mut ring = self.ring();
        while ring.evict() {}
        ring.taken_out = ring.next;
    }

    /// Behind all that was told so far.
    #[must_use]
    pub fn now(&self) -> Cursor {
        let ring = self.ring();
        Cursor { mark: ring.head, place: Some((ring.next, ring.told)), boot: ring.boot }
    }

    /// Before all that is still in here.
    #[must_use]
    pub fn oldest(&self) -> Cursor {
        let ring = self.ring();
        Cursor { mark: ring.floor, place: Some((ring.first(), ring.gone)), boot: ring.boot }
    }

    /// Behind an event that somebody had. True: nothing in between is lost.
    #[must_use]
    pub fn after(&self, id: EventId) -> (Cursor, bool) {
        let ring = self.ring();
        let next = id.moment.filter(|moment| moment.boot == ring.boot).map(|moment| moment.number.saturating_add(1));
        let first = ring.first().max(ring.taken_out);
        let place = next.filter(|next| (first..=ring.next).contains(next) && id.mark.row <= ring.head.row);
        let place = place.map(|next| (next, ring.counts_before(next)));
        (Cursor { mark: id.mark, place, boot: ring.boot }, place.is_some())
    }

    /// Reads on: as much as the share, of what is wanted.
    pub fn read(&self, cursor: &mut Cursor, share: Share, wanted: impl Fn(&Event) -> bool) -> Read {
        let mut all = Vec::new();
        loop {
            // Whatever else comes of it, what was taken is told first.
            match self.look(cursor, share, &wanted, &mut all) {
                Looked::Further => {}
                Looked::Enough(more) => return Read::Events(all, more),
                _ if !all.is_empty() => return Read::Events(all, true),
                Looked::Fell(fell) => {
                    let Fell { missed, from, to } = *fell;
                    (cursor.mark, cursor.place) = to;
                    return Read::Fell { missed, from, to: cursor.id() };
                }
                Looked::Past => {
                    cursor.place = None;
                    return Read::Past;
                }
            }
        }
    }

    /// So many events are looked at before who tells gets his turn.
    fn look(&self, cursor: &mut Cursor, share: Share, wanted: &impl Fn(&Event) -> bool, all: &mut Vec<Arc<Event>>) -> Looked {
        let ring = self.ring();
        let (next, seen) = match cursor.place {
            Some(place) => place,
            None if cursor.mark.row < ring.floor.row => return Looked::Past,
            None => {
                let next = ring.behind(cursor.mark.row);
                (next, ring.counts_before(next))
            }
        };
        if next < ring.first() {
            if next < ring.taken_out {
                return Looked::Past;
            }
            let missed = std::array::from_fn(|at| {
                let counts = |counts: &Counts| counts.get(at).copied().unwrap_or_default();
                counts(&ring.told).saturating_sub(counts(&seen))
            });
            let fell = Fell { missed, from: cursor.id_at(next), to: (ring.head, Some((ring.next, ring.told))) };
            return Looked::Fell(Box::new(fell));
        }
        ring.take(cursor, (next, seen), share, wanted, all)
    }
}

impl Cursor {
    /// How far it has read.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.place.map_or(EventId { mark: self.mark, moment: None }, |(next, _)| self.id_at(next))
    }

    fn id_at(&self, next: u64) -> EventId {
        let moment = next.checked_sub(1).map(|number| Moment { boot: self.boot, number });
        EventId { mark: self.mark, moment }
    }

    /// Whether it is in the ring; else what is next may have to be read from the disk.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.place.is_some()
    }

    /// Behind a verdict that was read from the disk.
    pub fn has_read(&mut self, mark: Mark) {
        (self.mark, self.place) = (mark, None);
    }
}

impl Ring {
    fn first(&self) -> u64 {
        self.next.saturating_sub(u64::try_from(self.events.len()).unwrap_or(u64::MAX))
    }

    fn push(&mut self, mark: Option<Mark>, fresh: Fresh, somebody_listens: bool) {
        if let Some(mark) = mark {
            if mark.row <= self.head.row {
                // It was stored, and told, before.
                return;
            }
            self.head = mark;
        }
        if somebody_listens {
            self.heard = Some(fresh.at);
        }
        let quiet = |heard: Timestamp| fresh.at.micros().saturating_sub(heard.micros()) > limits::NEWS_QUIET_SECONDS * 1_000_000;
        let (events, bytes) = if self.heard.is_none_or(quiet) {
            (limits::NEWS_QUIET_EVENTS, limits::NEWS_QUIET_BYTES)
        } else {
            (limits::NEWS_EVENTS, limits::NEWS_BYTES)
        };
        count(&mut self.told, fresh.kind);
        let id = EventId { mark: self.head, moment: Some(Moment { boot: self.boot, number: self.next }) };
        let event = Arc::new(Event::new(fresh, id, mark.is_some()));
        self.next += 1;
        self.bytes += event.bytes;
        self.events.push_back(event);
        while (self.events.len() > events || self.bytes > bytes) && self.evict() {}
    }

    fn evict(&mut self) -> bool {
        let Some(event) = self.events.pop_front() else { return false };
        self.bytes -= event.bytes;
        self.floor = event.id.mark;
        count(&mut self.gone, event.kind);
        true
    }

    /// How many of each kind were told before a number that is in here, or next.
    fn counts_before(&self, number: u64) -> Counts {
        let passed = usize::try_from(number.saturating_sub(self.first())).unwrap_or(usize::MAX);
        let mut counts = self.gone;
        self.events.iter().take(passed).for_each(|event| count(&mut counts, event.kind));
        counts
    }

    /// The number behind the verdict of a place, or of the first event after it.
    fn behind(&self, row: i64) -> u64 {
        let not_after = self.events.iter().rposition(|event| event.is_stored && event.id.mark.row <= row).map_or(0, |at| at + 1);
        self.first().saturating_add(u64::try_from(not_after).unwrap_or(u64::MAX))
    }

    fn take(&self, cursor: &mut Cursor, place: Place, share: Share, wanted: impl Fn(&Event) -> bool, all: &mut Vec<Arc<Event>>) -> Looked {
        let (mut next, mut seen) = place;
        let skip = usize::try_from(next.saturating_sub(self.first())).unwrap_or(usize::MAX);
        let mut bytes: usize = all.iter().map(|event| event.bytes).sum();
        let mut looked = Looked::Enough(false);
        for (at, event) in self.events.iter().skip(skip).enumerate() {
            if all.len() >= share.events || (bytes >= share.bytes && !all.is_empty()) {
                looked = Looked::Enough(true);
                break;
            }
            if at >= LOOK {
                looked = Looked::Further;
                break;
            }
            next += 1;
            count(&mut seen, event.kind);
            // What was read from the disk, while it was on its way here, is not told twice.
            let is_known = event.is_stored && event.id.mark.row <= cursor.mark.row;
            if event.id.mark.row > cursor.mark.row {
                cursor.mark = event.id.mark;
            }
            if !is_known && wanted(event) {
                bytes += event.bytes;
                all.push(Arc::clone(event));
            }
        }
        cursor.place = Some((next, seen));
        looked
    }
}

fn count(counts: &mut Counts, kind: Kind) {
    if let Some(count) = counts.get_mut(kind.place()) {
        *count += 1;
    }
}
