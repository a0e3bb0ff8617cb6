//! What strangers tried, by whom, in the last ten minutes: counted, so that a burst can be told from a slip of the pen. Pure but for its lock.

use crate::domain::{is_named, limits};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Minutes that are counted, and places for them.
const MINUTES: u64 = 10;
const PLACES: usize = 10;
/// Under which name those are counted for whom there is no place.
const OTHERS: &str = "others";
/// A name may have 64 KiB; as many bytes of it as tell names apart.
const NAME_CHARS: usize = 128;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Incident {
    /// A login that failed, by the address it came from.
    Login,
    /// A request that a veto denies.
    Vetoed,
    /// A message in another's name.
    Posed,
    /// An answer to a held request whose nonce or hash is not that which people were shown.
    Forged,
}

impl Incident {
    pub const ALL: [Self; 4] = [Self::Login, Self::Vetoed, Self::Posed, Self::Forged];
}

#[derive(Debug, Default)]
pub struct Incidents(Mutex<BTreeMap<(Incident, String), Window>>);

/// A count for each of the last minutes.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    minutes: [u32; PLACES],
    newest: u64,
}

impl Window {
    fn turn(&mut self, minute: u64) {
        for n in self.newest + 1..=minute.min(self.newest + MINUTES) {
            if let Some(count) = usize::try_from(n % MINUTES).ok().and_then(|place| self.minutes.get_mut(place)) {
                *count = 0;
            }
        }
        self.newest = self.newest.max(minute);
    }

    fn sum(&self) -> u32 {
        self.minutes.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl Incidents {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(Incident, String), Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one.
    pub fn note(&self, what: Incident, who: &str, up: Duration) {
        let mut all = self.all();
        let mut key = (what, who.chars().take(NAME_CHARS).collect::<String>());
        if all.len() >= limits::INCIDENTS && !all.contains_key(&key) {
            key.1 = OTHERS.to_owned();
        }
        let minute = up.as_secs() / 60;
        let window = all.entry(key).or_default();
        window.turn(minute);
        if let Some(count) = usize::try_from(minute % MINUTES).ok().and_then(|place| window.minutes.get_mut(place)) {
            *count = count.saturating_add(1);
        }
    }

    /// Who did what how often within the last minutes.
    #[must_use]
    pub fn lately(&self, up: Duration) -> Vec<(Incident, String, u32)> {
        let mut all = self.all();
        let minute = up.as_secs() / 60;
        all.values_mut().for_each(|window| window.turn(minute));
        all.retain(|_, window| window.sum() > 0);
        all.iter().map(|((what, who), window)| (*what, who.clone(), window.sum())).collect()
    }

    /// Somebody is forgotten.
    pub fn forget(&self, name: &str) {
        self.all().retain(|(_, who), _| who != name && !is_named(who, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u64) -> Duration {
        Duration::from_secs(60 * minute + 59)
    }

    #[test]
    fn what_is_older_than_ten_minutes_counts_no_more() {
        let incidents = Incidents::default();
        (0..5).for_each(|_| incidents.note(Incident::Login, "10.0.0.1", at(0)));
        incidents.note(Incident::Login, "10.0.0.1", at(9));
        let count = |minute| incidents.lately(at(minute)).first().map_or(0, |(_, _, count)| *count);
        assert_eq!([count(9), count(10), count(18), count(19), count(2_000)], [6, 1, 1, 0, 0]);
        incidents.note(Incident::Login, "10.0.0.1", at(5_000));
        assert_eq!(count(5_000), 1);
    }

    #[test]
    fn one_more_than_are_counted_one_by_one_is_among_the_others_and_who_is_forgotten_is_not_named() {
        let incidents = Incidents::default();
        for n in 0..=limits::INCIDENTS {
            incidents.note(Incident::Vetoed, &format!("c{n:04}"), at(0));
        }
        let lately = incidents.lately(at(0));
        assert_eq!((lately.len(), lately.iter().filter(|(_, who, _)| who == OTHERS).count()), (limits::INCIDENTS + 1, 1));
        incidents.forget("c0007");
        assert!(incidents.lately(at(0)).iter().all(|(_, who, _)| who != "c0007"));
    }
}
