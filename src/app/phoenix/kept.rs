//! One repository as the running house looks after it: what is due there, what failed, and when it is tried again.

use super::{
    changes::Counted,
    place::Place,
    told::Standing,
    words,
    work::{Found, Reason},
};
use crate::{
    broker::Hall,
    domain::Timestamp,
    phoenix::{PhoenixError, Schedule, Timetable},
};
use anyhow::Error;
use jiff::tz::TimeZone;
use std::time::{Duration, Instant};
use tracing::warn;

/// Where nothing is due it is looked after so many looks whether the repository is still there, an hour: a disk that sleeps is to sleep.
const SURVEY: u32 = 240;
/// What failed is tried again after so many looks, and then after twice as many, up to an hour.
const AGAIN: u32 = 4;

/// A repository that is looked after.
pub(super) struct Kept {
    pub place: Place,
    pub standing: Standing,
    timetable: Option<Timetable>,
    pub counted: Counted,
    /// When it is looked at next, whatever is due.
    pub survey: Instant,
    /// What failed is not tried before.
    pub again: Option<Instant>,
    failures: u32,
    /// What failed was work, and not only a look.
    pub owes: Option<Reason>,
}

impl Kept {
    pub fn new(place: Place, hall: &Hall, zone: &TimeZone) -> Self {
        let (entry, since) = (&place.entry, hall.clock.now());
        // A config whose schedule is none was refused.
        let schedule = Schedule::new(&entry.schedule, entry.jitter_seconds, &hall.config.node, &entry.name, zone.clone());
        let standing = Standing {
            name: place.name.clone(),
            path: place.entry.path.clone(),
            stale_hours: place.entry.stale_hours,
            since,
            ..Standing::default()
        };
        Self {
            timetable: schedule.ok().filter(|_| !entry.schedule.is_empty()).map(|schedule| Timetable::new(schedule, None)),
            place,
            standing,
            counted: Counted::default(),
            survey: Instant::now(),
            again: None,
            failures: 0,
            owes: None,
        }
    }

    /// When the next is due by the clock; told where it lies ahead.
    pub fn due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let due = self.timetable.as_mut().and_then(|timetable| timetable.due(now));
        self.standing.next_at = due.filter(|at| *at > now);
        due
    }

    /// It was looked at.
    pub fn is_found(&mut self, found: Found, look: Duration) {
        self.survey = Instant::now() + look * SURVEY;
        let newest = |found: &Found| found.newest.as_ref().map(|newest| (newest.sequence, newest.taken_at));
        let known = self.standing.found.as_ref().and_then(newest);
        if let (Some(timetable), Some((_, taken_at))) = (&mut self.timetable, newest(&found).filter(|newest| known != Some(*newest))) {
            timetable.ran(taken_at);
        }
        self.counted = if self.counted == Counted::default() { Counted::from(found.known.change) } else { self.counted };
        self.standing.found = Some(found);
    }

    /// Nothing is amiss any more.
    pub fn is_well(&mut self) {
        (self.failures, self.again, self.owes, self.standing.failed) = (0, None, None, None);
    }

    /// Something went wrong that is no stop; `owes`: it was this snapshot.
    pub fn failed(&mut self, error: &Error, owes: Option<Reason>, now: Timestamp, look: Duration) {
        self.failures = self.failures.saturating_add(1);
        let wait = (look * AGAIN).saturating_mul(1 << self.failures.min(10).saturating_sub(1));
        self.again = Some(Instant::now() + wait.min(look * SURVEY));
        self.owes = owes.or(self.owes);
        let text = words(error, &self.place.entry.path);
        // Another process that writes there is done soon.
        let passes = self.failures == 1 && matches!(error.downcast_ref(), Some(PhoenixError::Busy { .. }));
        if passes || self.standing.failed.as_ref().is_some_and(|(_, told)| *told == text) {
            return;
        }
        warn!("{}: {text}; it is tried again", self.place.name);
        let since = self.standing.failed.as_ref().map_or(now, |(since, _)| *since);
        self.standing.failed = Some((since, text));
    }
}
