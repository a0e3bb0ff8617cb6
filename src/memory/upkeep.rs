//! What is let go, and when: decides chore by chore what the writer does next. Reads the store, writes nothing.

mod hourly;
mod room;

pub use room::{IndexRoom, index_room};

use crate::{
    domain::{Keeping, Layer, Retention, Summary, Tier, Timestamp, Uses, limits},
    store::{Chore, ChoreDone, Reader, Scanned, StoreError},
};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BinaryHeap, VecDeque},
    time::Duration,
};
use uuid::Uuid;

/// Records looked at at a time: what is passed over is not written down before so many were.
const PAGE: usize = 1_000;
/// The writer is to be back within this.
const AIM: Duration = Duration::from_millis(1);
/// Rows of one chore, at least and at most.
const LEAST: usize = 8;
const MOST: usize = 1_024;
/// Records chosen at one look through all of them, when there is no room.
const CHOSEN: usize = 8_192;
/// Free pages that are left for what comes next: 128 KiB, or a fiftieth.
const SPARE_PAGES: u64 = 32;
const SPARE_PART: u64 = 50;
/// Chores that did not fit, one after another, before the job waits for the next round.
const TRIES: u32 = 3;
/// Memory has one of so many parts of the database, at least: what never goes does not crowd it out.
const SHARE: u64 = 2;
const DAY_SECONDS: i64 = 86_400;
const MIB: u64 = 1_024 * 1_024;

/// What the owner wants, and where the house stands.
#[derive(Debug, Clone)]
pub struct Plan {
    pub keeping: Keeping,
    pub retentions: Vec<Retention>,
    pub zone: TimeZone,
}

/// What is to be done in a round, and how far it is.
#[derive(Debug)]
pub struct Upkeep {
    plan: Plan,
    /// Names of sweeps begin with it: another plan begins anew.
    name: String,
    jobs: VecDeque<Job>,
    rows: Pace,
    pages: Pace,
    misfits: u32,
    shortage: Option<Shortage>,
    /// Bytes of what never goes, as of this round.
    never_goes: u64,
    /// So many records must go for the index to fit.
    over_index: u64,
    /// Figures from before this hour were summed up.
    summed: Timestamp,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Nothing is left that could go.
    NothingLeft,
    /// Memory takes no more than its share, and stays: what never goes, verdicts and the audit trail, takes the rest.
    Others,
}

#[derive(Debug, Clone, PartialEq)]
enum Job {
    Begin,
    Sweep(Class),
    Superseded,
    Fade(Tier),
    /// Those that go next, the next one last.
    Room(Vec<Uuid>),
    /// Figures of consciousness before this hour become one an hour; the kind and the hour it has come to.
    Hourly {
        before: Timestamp,
        metric: String,
        from: Timestamp,
    },
    Aged,
    Shrink,
}

/// Records that are kept for the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Layer(Layer),
    /// By the number of its `[[retention]]`.
    Owners(usize),
}

/// As many as the writer does in a millisecond.
#[derive(Debug, Clone, Copy)]
struct Pace(usize);

impl Pace {
    fn took(&mut self, took: Duration) {
        let by = if took > AIM { self.0 / 2 } else { self.0.saturating_add(self.0 / 4) };
        self.0 = by.clamp(LEAST, MOST);
    }
}

impl Upkeep {
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let mut digest = Sha256::new();
        // How much may be at hand or in the index says nothing of what is due.
        let keeping = Keeping { index_mb: 0, cache_mb: 0, ..plan.keeping };
        digest.update(format!("{keeping:?} {:?}", plan.retentions));
        let name = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self {
            plan,
            name,
            jobs: VecDeque::new(),
            rows: Pace(64),
            pages: Pace(64),
            misfits: 0,
            shortage: None,
            never_goes: 0,
            over_index: 0,
            summed: Timestamp::from_micros(0),
        }
    }

    /// The next chore of this round; None: the round is over, and the next call begins another.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next(&mut self, store: &Reader, now: Timestamp) -> Result<Option<Chore>, StoreError> {
        if self.jobs.is_empty() {
            self.jobs = self.round();
        }
        while let Some(job) = self.jobs.pop_front() {
            let (chore, goes_on) = match job {
                Job::Begin => (store.has_sweeps_but(&self.name)?.then(|| Chore::Sweeps { prefix: self.name.clone() }), None),
                Job::Sweep(class) => (self.sweep(class, store, now)?, Some(Job::Sweep(class))),
                Job::Superseded => (self.superseded(store, now)?, Some(Job::Superseded)),
                Job::Fade(tier) => (self.fade(tier, store, now)?, Some(Job::Fade(tier))),
                Job::Room(chosen) => self.make_room(chosen, store, now)?,
                Job::Hourly { before, metric, from } => self.sum_hour(before, metric, from, store, now)?,
                Job::Aged => (self.aged(store, now)?, Some(Job::Aged)),
                Job::Shrink => (self.shrink(store)?, Some(Job::Shrink)),
            };
            if let Some(chore) = chore {
                if let Some(job) = goes_on {
                    self.jobs.push_front(job);
                }
                return Ok(Some(chore));
            }
        }
        Ok(None)
    }

    /// What came of the chore that was asked for last.
    pub fn done(&mut self, chore: &Chore, done: ChoreDone) {
        match chore {
            Chore::Vacuum { .. } => self.pages.took(done.took),
            Chore::Consolidate { .. } | Chore::Drop { .. } | Chore::DropMetrics { .. } => self.rows.took(done.took),
            Chore::Sweeps { .. } | Chore::Followed { .. } | Chore::SumHour { .. } => {}
        }
        if matches!(chore, Chore::Drop { .. }) {
            self.over_index = self.over_index.saturating_sub(u64::try_from(done.rows).unwrap_or(u64::MAX));
        }
        let fits = done.rows > 0 || matches!(chore, Chore::Sweeps { .. });
        self.misfits = if fits { 0 } else { self.misfits + 1 };
        if self.misfits >= TRIES {
            self.misfits = 0;
            self.jobs.pop_front();
        }
    }

    /// The index is larger than it may be, by so many records: this round they go, as where there is no room in the database.
    pub fn make_index_fit(&mut self, records: u64) {
        self.over_index = records;
    }

    /// Why the last round left database or index larger than they may be.
    #[must_use]
    pub fn shortage(&self) -> Option<Shortage> {
        self.shortage
    }

    /// The same with another plan, from a new round on. What there was no room for is told until one has looked.
    #[must_use]
    pub fn with(self, plan: Plan) -> Self {
        Self { shortage: self.shortage, ..Self::new(plan) }
    }

    fn round(&self) -> VecDeque<Job> {
        let owners = (0..self.plan.retentions.len()).map(Class::Owners);
        let layers = [Layer::Working, Layer::ShortTerm].map(Class::Layer);
        let sweeps = owners.chain(layers).map(Job::Sweep);
        let fades = Tier::ALL.map(Job::Fade);
        let begin = Timestamp::from_micros(0);
        let hourly = Job::Hourly { before: begin, metric: String::new(), from: begin };
        [Job::Begin]
            .into_iter()
            .chain(sweeps)
            .chain([Job::Superseded])
            .chain(fades)
            .chain([hourly, Job::Aged, Job::Room(Vec::new()), Job::Shrink])
            .collect()
    }

    fn class(&self, record: &Scanned) -> Class {
        let owners = self.plan.retentions.iter().position(|one| one.fits(record.entity.as_str(), &record.kind));
        owners.map_or(Class::Layer(record.layer), Class::Owners)
    }

    /// What of this class was made before that is due. What was said in the last minutes is not: by it a start knows what is said again.
    fn due(&self, class: Class, now: Timestamp) -> Timestamp {
        let young = now.plus_seconds(-2 * limits::REPEAT_SECONDS);
        young.min(now.plus_seconds(match class {
            Class::Layer(Layer::Working) => -i64::from(self.plan.keeping.working_hours) * 3_600,
            Class::Layer(Layer::ShortTerm) => -i64::from(self.plan.keeping.short_term_days) * DAY_SECONDS,
            Class::Layer(Layer::LongTerm) => return Timestamp::from_micros(0),
            Class::Owners(n) => -self.plan.retentions.get(n).map_or(i64::MAX, |one| i64::from(one.days) * DAY_SECONDS),
        }))
    }

    fn sweep(&self, class: Class, store: &Reader, now: Timestamp) -> Result<Option<Chore>, StoreError> {
        let name = match class {
            Class::Layer(layer) => format!("{} {layer:?}", self.name),
            Class::Owners(n) => format!("{} {n}", self.name),
        };
        let due = self.due(class, now);
        let mut after = store.sweep(&name)?;
        // It came so far by a clock that was ahead: what was made since then is not to be passed over.
        if after > due.first_id() {
            after = Uuid::nil();
        }
        let page = store.scan(after, due, PAGE)?;
        let (mut taken, mut to) = (Vec::new(), after);
        for record in &page {
            to = record.id;
            if !record.pinned && self.class(record) == class {
                taken.push(record.id);
                if taken.len() >= self.rows.0 {
                    break;
                }
            }
        }
        if taken.is_empty() && page.len() < PAGE {
            return Ok(None);
        }
        let sums = match class {
            Class::Owners(n) => self.plan.retentions.get(n).is_none_or(|one| one.summaries),
            Class::Layer(_) => true,
        };
        self.consolidate(taken, sums, Some((name, to)), store, now).map(Some)
    }

    /// Facts in whose place a newer one came are of no more note than what the working layer has.
    fn superseded(&self, store: &Reader, now: Timestamp) -> Result<Option<Chore>, StoreError> {
        let (mut taken, mut after) = (Vec::new(), Uuid::nil());
        let before = now.plus_seconds(-i64::from(self.plan.keeping.working_hours) * 3_600);
        while taken.is_empty() {
            let page = store.superseded(after, before, PAGE)?;
            let Some(last) = page.last().and_then(|last| last.superseded_by) else { return Ok(None) };
            after = last;
            // The owner's word on how long these are kept counts more.
            let others = page.iter().filter(|record| matches!(self.class(record), Class::Layer(_)));
            taken.extend(others.map(|record| record.id).take(self.rows.0));
        }
        self.consolidate(taken, true, None, store, now).map(Some)
    }

    /// These go into the summaries of all tiers that are still kept of their time.
    fn consolidate(
        &self,
        taken: Vec<Uuid>,
        sums: bool,
        sweep: Option<(String, Uuid)>,
        store: &Reader,
        now: Timestamp,
    ) -> Result<Chore, StoreError> {
        let mut summaries: BTreeMap<Uuid, Summary> = BTreeMap::new();
        for told in if sums { store.said(&taken)? } else { Vec::new() } {
            for tier in Tier::ALL {
                let one = Summary::of(tier, &told, &self.plan.zone);
                if one.begins < self.fades(tier, now) {
                    continue;
                }
                let id = one.id();
                if let Some(known) = summaries.get_mut(&id) {
                    known.merge(&one);
                    continue;
                }
                let stored = store.summary(id)?.filter(|stored| stored.is_sound() && stored.is_of(&one));
                let merged = match stored {
                    Some(mut stored) => {
                        stored.merge(&one);
                        stored
                    }
                    None => one,
                };
                summaries.insert(id, merged);
            }
        }
        Ok(Chore::Consolidate { taken, summaries: summaries.into_values().collect(), sweep })
    }

    /// What of this tier began before that is kept no longer.
    fn fades(&self, tier: Tier, now: Timestamp) -> Timestamp {
        let keeping = &self.plan.keeping;
        let days = match tier {
            Tier::FiveMinutes => keeping.five_minutes_days,
            Tier::Hour => keeping.hourly_days,
            Tier::Day => keeping.daily_days,
        };
        now.plus_seconds(-i64::from(days) * DAY_SECONDS)
    }

    fn fade(&self, tier: Tier, store: &Reader, now: Timestamp) -> Result<Option<Chore>, StoreError> {
        let name = format!("{} {}", self.name, tier.as_str());
        let before = self.fades(tier, now);
        let mut after = store.sweep(&name)?;
        if after > before.first_id() {
            after = Uuid::nil();
        }
        let summaries = store.summaries_before(tier, after, before, self.rows.0)?;
        // Nothing of this tier comes to be in the time before any more, so that it is not looked through again.
        let Some(last) = summaries.last().copied() else { return Ok(None) };
        Ok(Some(Chore::Drop { records: Vec::new(), summaries, sweep: Some((name, last)) }))
    }

    /// While there is too much: what is recalled least and matters least goes, nothing of the last days and nothing that is pinned. Memory's share
    /// stays.
    fn make_room(&mut self, mut chosen: Vec<Uuid>, store: &Reader, now: Timestamp) -> Result<(Option<Chore>, Option<Job>), StoreError> {
        let pages = store.pages()?;
        let most = u64::from(self.plan.keeping.database_mb).saturating_mul(MIB);
        let used = pages.all.saturating_sub(pages.free).saturating_mul(pages.bytes);
        let is_larger = most > 0 && used > most;
        if chosen.is_empty() {
            self.never_goes = if is_larger { store.never_goes()? } else { 0 };
        }
        let is_over = is_larger && used > self.never_goes.saturating_add(most / SHARE);
        if !is_over && self.over_index == 0 {
            self.shortage = is_larger.then_some(Shortage::Others);
            return Ok((None, None));
        }
        if chosen.is_empty() {
            chosen = self.least(store, now)?;
        }
        let wanted = if is_over { self.rows.0 } else { self.rows.0.min(usize::try_from(self.over_index).unwrap_or(usize::MAX)) };
        let records = chosen.split_off(chosen.len().saturating_sub(wanted));
        if !records.is_empty() {
            return Ok((Some(Chore::Drop { records, summaries: Vec::new(), sweep: None }), Some(Job::Room(chosen))));
        }
        for tier in Tier::ALL {
            let summaries = store.summaries_before(tier, Uuid::nil(), self.due(Class::Layer(Layer::Working), now), self.rows.0)?;
            if !summaries.is_empty() {
                return Ok((Some(Chore::Drop { records: Vec::new(), summaries, sweep: None }), Some(Job::Room(chosen))));
            }
        }
        self.shortage = Some(Shortage::NothingLeft);
        self.over_index = 0;
        Ok((None, None))
    }

    /// Those with the least base level + importance, the least last.
    fn least(&self, store: &Reader, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let before = self.due(Class::Layer(Layer::Working), now);
        let (mut after, mut heap) = (Uuid::nil(), BinaryHeap::with_capacity(CHOSEN + 1));
        loop {
            let page = store.scan(after, before, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            let uses = store.uses(page.iter().map(|record| record.id))?;
            for record in page.iter().filter(|record| !record.pinned) {
                let uses = uses.get(&record.id).copied().unwrap_or_else(|| Uses::new(Timestamp::of_id(record.id)));
                heap.push(Worth(uses.base_level(now) + record.importance, record.id));
                if heap.len() > CHOSEN {
                    heap.pop();
                }
            }
        }
        Ok(heap.into_sorted_vec().into_iter().rev().map(|Worth(_, id)| id).collect())
    }

    fn shrink(&self, store: &Reader) -> Result<Option<Chore>, StoreError> {
        let pages = store.pages()?;
        let spare = SPARE_PAGES.max(pages.all / SPARE_PART);
        let over = usize::try_from(pages.free.saturating_sub(spare)).unwrap_or(usize::MAX);
        Ok((pages.can_shrink && over > 0).then(|| Chore::Vacuum { pages: over.min(self.pages.0) }))
    }
}

/// Base level + importance.
#[derive(PartialEq)]
struct Worth(f64, Uuid);

impl Eq for Worth {}

impl PartialOrd for Worth {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Worth {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

#[cfg(test)]
mod tests;
