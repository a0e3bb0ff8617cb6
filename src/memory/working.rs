//! Working memory: records that are in focus or were recalled lately, kept in front of the store. Bounded in bytes; as large as it is worth;
//! what changed or went is never given back from it.

use crate::store::{Reader, RecordRow, StoreError};
use quick_cache::{Weighter, unsync::Cache};
use uuid::Uuid;

/// What it begins with, of its budget.
const FIRST_SHARE: u64 = 8;
/// It is never smaller: some thousand records.
const LEAST_BYTES: u64 = 256 * 1_024;
/// After so many looks it is judged whether its size is worth it.
const WINDOW: u64 = 1_024;
/// By so much must more room raise the share of hits, in hundredths, to be kept.
const WORTH_HUNDREDTHS: u64 = 1;
/// So many windows pass before more room is tried again in vain.
const REST_WINDOWS: u32 = 8;
/// A record of more bytes than that is read when it is needed.
const RECORD_BYTES: u64 = 16 * 1_024;
/// Beyond so many transactions nobody looks which records they changed: all are read again.
const TRANSACTIONS: u32 = 1_024;
/// What a record takes besides its texts.
const OVERHEAD_BYTES: u64 = 256;

#[derive(Clone)]
struct Bytes;

impl Weighter<Uuid, RecordRow> for Bytes {
    fn weight(&self, _: &Uuid, row: &RecordRow) -> u64 {
        bytes(row)
    }
}

fn bytes(row: &RecordRow) -> u64 {
    let texts = row.payload.len() + row.record.text.len() + row.topic.len() + row.kind.len() + row.client_id.len();
    u64::try_from(texts).unwrap_or(u64::MAX).saturating_add(OVERHEAD_BYTES)
}

/// How it is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub hits: u64,
    pub misses: u64,
    pub bytes: u64,
    /// What it may take now, within its budget.
    pub room_bytes: u64,
}

pub struct Working {
    cache: Cache<Uuid, RecordRow, Bytes>,
    budget: u64,
    /// The number of the change log up to which it knows what changed.
    seen: Option<i64>,
    hits: u64,
    misses: u64,
    climb: Climb,
}

/// The search for the size that is worth it: more room is tried, and given back where it raises nothing.
#[derive(Debug, Default)]
struct Climb {
    /// Hits and looks of this window.
    hits: u64,
    looks: u64,
    /// Hundredths of hits in the window before, and the room before it was raised.
    before: u64,
    tried_from: Option<u64>,
    rests: u32,
}

impl Working {
    #[must_use]
    pub fn new(budget_bytes: u64) -> Self {
        let budget = budget_bytes.max(LEAST_BYTES);
        let first = (budget / FIRST_SHARE).max(LEAST_BYTES);
        let cache = Cache::with_weighter(1_024, first, Bytes);
        Self { cache, budget, seen: None, hits: 0, misses: 0, climb: Climb::default() }
    }

    /// Lets go of what changed since the last look. Before anything is given back.
    ///
    /// # Errors
    /// When the store cannot be read: then it holds nothing any more.
    pub fn follow(&mut self, store: &Reader) -> Result<(), StoreError> {
        let followed = self.drop_changed(store);
        if followed.is_err() {
            self.forget_all();
        }
        followed
    }

    fn drop_changed(&mut self, store: &Reader) -> Result<(), StoreError> {
        let Some((first, last)) = store.change_log()? else {
            self.forget_all();
            return Ok(());
        };
        let Some(seen) = self.seen.filter(|seen| *seen <= last && seen.saturating_add(1) >= first) else {
            self.forget_all();
            self.seen = Some(last);
            return Ok(());
        };
        if seen == last {
            return Ok(());
        }
        let changes = store.changed_records(seen, TRANSACTIONS)?;
        let reached = changes.last().map_or(seen, |(seq, _)| *seq);
        if reached < last {
            self.forget_all();
            self.seen = Some(last);
            return Ok(());
        }
        for id in changes.iter().flat_map(|(_, ids)| ids) {
            self.cache.remove(id);
        }
        self.seen = Some(reached);
        Ok(())
    }

    fn forget_all(&mut self) {
        self.cache.clear();
        self.seen = None;
    }

    /// A record, from here or from the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn record(&mut self, store: &Reader, id: Uuid) -> Result<Option<RecordRow>, StoreError> {
        if let Some(row) = self.cache.get(&id) {
            let row = row.clone();
            self.hits += 1;
            self.look(true);
            return Ok(Some(row));
        }
        self.misses += 1;
        self.look(false);
        let row = store.record(id)?;
        self.keep(row.as_ref());
        Ok(row)
    }

    /// Has records at hand before somebody asks; how many were not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn fetch(&mut self, store: &Reader, ids: impl IntoIterator<Item = Uuid>) -> Result<usize, StoreError> {
        let mut fetched = 0;
        for id in ids {
            if !self.cache.contains_key(&id) {
                self.keep(store.record(id)?.as_ref());
                fetched += 1;
            }
        }
        Ok(fetched)
    }

    fn keep(&mut self, row: Option<&RecordRow>) {
        // Without knowing what changed since, nothing is kept.
        if let Some(row) = row.filter(|row| self.seen.is_some() && bytes(row) <= RECORD_BYTES) {
            self.cache.insert(row.id, row.clone());
        }
    }

    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures { hits: self.hits, misses: self.misses, bytes: self.cache.weight(), room_bytes: self.cache.capacity() }
    }

    fn look(&mut self, hit: bool) {
        self.climb.looks += 1;
        self.climb.hits += u64::from(hit);
        if self.climb.looks < WINDOW {
            return;
        }
        let rate = self.climb.hits * 100 / self.climb.looks;
        let room = self.cache.capacity();
        let is_full = self.cache.weight() >= room / 10 * 9;
        if let Some(before) = self.climb.tried_from.take()
            && rate < self.climb.before + WORTH_HUNDREDTHS
        {
            self.cache.set_capacity(before);
            self.climb.rests = REST_WINDOWS;
        } else if self.climb.rests > 0 {
            self.climb.rests -= 1;
        } else if is_full && room < self.budget {
            self.climb.tried_from = Some(room);
            self.cache.set_capacity((room + room / 2).min(self.budget));
        }
        self.climb = Climb { hits: 0, looks: 0, before: rate, ..std::mem::take(&mut self.climb) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Body, Change, EntityId, Layer, MemoryRecord, Outcome, Percept, Purpose, Timestamp, percept::Source},
        store::{Batch, Entry, Store},
    };
    use std::sync::Arc;

    fn id(n: u64) -> Uuid {
        Uuid::from_u64_pair(((1_795_000_000_000 + n * 1_000) << 16) | 0x7000, (1 << 63) | n)
    }

    fn entry(n: u64, bytes: usize) -> Entry {
        let entity = EntityId::new("lamp").unwrap();
        let percept = Percept {
            id: id(n),
            at: Timestamp::from_micros(0),
            source: Arc::new(Source::own(entity.clone(), "test", "")),
            entity,
            kind: "state".into(),
            topic: "t".into(),
            body: Body::Empty,
            payload: vec![b'x'; bytes],
            qos: 1,
            retained: false,
            stored: false,
            packet_id: None,
            repeat_of: None,
            own_id: None,
            purpose: Purpose::Observation,
            may_wait: false,
            way_on: None,
        };
        let record = MemoryRecord { layer: Layer::ShortTerm, importance: 0.5, text: format!("text {n}"), about: None };
        Entry { percept: Box::new(percept), outcome: Outcome { record: Some(record), ..Outcome::default() }, lets_on: true, again: false }
    }

    struct Bench {
        _folder: tempfile::TempDir,
        store: Store,
        reader: Reader,
    }

    impl Bench {
        fn new(records: u64, bytes: usize) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(folder.path()).unwrap();
            store.write(&Batch { entries: (0..records).map(|n| entry(n, bytes)).collect(), ..Batch::default() }).unwrap();
            let reader = Reader::open(folder.path()).unwrap();
            Self { _folder: folder, store, reader }
        }

        fn change(&mut self, change: Change) {
            self.store.write(&Batch { changes: vec![change], ..Batch::default() }).unwrap();
        }
    }

    #[test]
    fn what_was_recalled_is_at_hand_and_what_changed_or_went_is_never_given_back() {
        let mut bench = Bench::new(4, 10);
        let mut working = Working::new(1_000_000);
        working.follow(&bench.reader).unwrap();
        for _ in 0..2 {
            assert_eq!(working.record(&bench.reader, id(1)).unwrap().unwrap().record.text, "text 1");
        }
        assert_eq!((working.figures().hits, working.figures().misses), (1, 1));
        assert_eq!(working.fetch(&bench.reader, [id(1), id(2), id(9)]).unwrap(), 2);
        working.record(&bench.reader, id(2)).unwrap();
        assert_eq!(working.figures().hits, 2, "it was fetched ahead");
        bench.change(Change::Pinned { records: vec![id(1)], pinned: true });
        bench.change(Change::LetGo(vec![id(2)]));
        working.follow(&bench.reader).unwrap();
        assert!(working.record(&bench.reader, id(1)).unwrap().unwrap().pinned);
        assert_eq!(working.record(&bench.reader, id(2)).unwrap(), None);
    }

    #[test]
    fn where_it_is_not_known_what_changed_all_is_read_again() {
        let mut bench = Bench::new(4, 10);
        let mut working = Working::new(1_000_000);
        working.record(&bench.reader, id(1)).unwrap();
        assert_eq!(working.figures().bytes, 0, "before it knows, it keeps nothing");
        working.follow(&bench.reader).unwrap();
        working.record(&bench.reader, id(1)).unwrap();
        for n in 0..=TRANSACTIONS {
            bench.change(Change::Pinned { records: vec![id(3)], pinned: n % 2 == 0 });
        }
        working.follow(&bench.reader).unwrap();
        assert_eq!(working.figures().bytes, 0, "one transaction past what is looked through");
        working.record(&bench.reader, id(1)).unwrap();
        bench.change(Change::Pinned { records: vec![id(1)], pinned: true });
        let (_, last) = bench.reader.change_log().unwrap().unwrap();
        bench.store.chore(&crate::store::Chore::Followed { to: last }).unwrap();
        bench.change(Change::Pinned { records: vec![id(3)], pinned: false });
        bench.store.chore(&crate::store::Chore::Followed { to: last + 1 }).unwrap();
        working.follow(&bench.reader).unwrap();
        assert!(working.record(&bench.reader, id(1)).unwrap().unwrap().pinned, "a log that was shortened does not tell of it any more");
    }

    #[test]
    fn it_grows_where_that_is_worth_it_and_never_past_its_budget() {
        let bench = Bench::new(600, 2_000);
        let budget = 8 * LEAST_BYTES;
        let mut working = Working::new(budget);
        working.follow(&bench.reader).unwrap();
        assert_eq!(working.figures().room_bytes, LEAST_BYTES);
        // Some 1.3 MB are asked for again and again: in a fourth of that every look would miss half the time.
        let mut n = 0;
        for _ in 0..60 * WINDOW {
            n = (n * 7 + 13) % 601;
            working.record(&bench.reader, id(n % 600)).unwrap();
        }
        let grown = working.figures();
        assert!(grown.room_bytes > 2 * LEAST_BYTES && grown.room_bytes <= budget && grown.bytes <= grown.room_bytes, "{grown:?}");
        // What is never asked for again is worth no room.
        let mut idle = Working::new(budget);
        idle.follow(&bench.reader).unwrap();
        for n in 0..20 * WINDOW {
            idle.record(&bench.reader, id(n % 600)).unwrap();
            if n % 600 == 599 {
                idle.cache.clear();
            }
        }
        assert!(idle.figures().room_bytes <= 2 * LEAST_BYTES, "{:?}", idle.figures());
        let large = Bench::new(1, 20_000);
        let mut working = Working::new(budget);
        working.follow(&large.reader).unwrap();
        working.record(&large.reader, id(0)).unwrap();
        assert_eq!(working.figures().bytes, 0, "a large record is read when it is needed");
    }
}
