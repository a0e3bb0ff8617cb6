//! What each entity usually says at which hour, so that the unusual can be told: decayed counts in a bounded table.

use crate::domain::{EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pairs of entity and kind: 10,000 entities with four kinds each; at about 200 bytes, 8 MB.
pub const HABITS: usize = 40_000;
/// Kinds of one entity: a Zigbee device reports up to 20; past this it is not its kinds that are telling.
const KINDS: usize = 32;
/// Counts are halved at fixed moments, each 14 days: two weeks hold every weekday twice.
const HALVED_MICROS: i64 = 14 * 86_400 * 1_000_000;
/// More surprise than this is not told apart: once in a million.
pub(super) const MOST_BITS: f64 = 20.0;
const HOURS: usize = 24;

type ByHour = [u32; HOURS];

/// Counts by entity, kind and hour of the day.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Habits {
    entities: BTreeMap<EntityId, Habit>,
    pairs: usize,
    /// Messages heard, and those of entities not known before; both halved as the rest.
    heard: u32,
    strangers: u32,
    period: i64,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
struct Habit {
    period: i64,
    total: ByHour,
    kinds: BTreeMap<Box<str>, ByHour>,
}

impl Habits {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How surprising it is that this entity tells this kind of thing at this hour of the house (0 to 23); then it is a little less so.
    ///
    /// −log₂ p in bits, in [0, 20], p = (n(kind) + 1)/(n + K + 1) by Laplace, K the kinds known of it, all else counting as one kind more.
    /// For an entity never heard p = (strangers + 1)/(heard + 2): who finds no room in the table stays a stranger, and a flood of
    /// strangers stops being surprising.
    pub fn notice(&mut self, entity: &EntityId, kind: &str, hour: u8, at: Timestamp) -> f64 {
        let period = at.micros().div_euclid(HALVED_MICROS);
        self.fade(period);
        let hour = usize::from(hour) % HOURS;
        let (heard, strangers) = (f64::from(self.heard), f64::from(self.strangers));
        self.heard = self.heard.saturating_add(1);
        let room = self.pairs < HABITS;
        let Some(habit) = self.entities.get_mut(entity) else {
            self.strangers = self.strangers.saturating_add(1);
            if room {
                let mut habit = Habit { period, ..Habit::default() };
                habit.count(kind, hour, true);
                self.pairs += 1;
                self.entities.insert(entity.clone(), habit);
            }
            return bits((strangers + 1.0) / (heard + 2.0));
        };
        self.pairs = self.pairs.saturating_sub(habit.fade(period));
        let p = habit.probability(kind, hour);
        if habit.count(kind, hour, room) {
            self.pairs += 1;
        }
        bits(p)
    }

    /// What an entity usually says is not known any more.
    pub fn forget(&mut self, entity: &EntityId) {
        if let Some(habit) = self.entities.remove(entity) {
            self.pairs = self.pairs.saturating_sub(habit.kinds.len());
        }
    }

    /// With a new period the house's counts are halved and what nobody has said for long makes room, once in 14 days.
    fn fade(&mut self, period: i64) {
        if period <= self.period {
            return;
        }
        let by = halvings(period, self.period);
        self.period = period;
        self.heard >>= by;
        self.strangers >>= by;
        self.entities.retain(|_, habit| {
            habit.fade(period);
            !habit.kinds.is_empty()
        });
        self.pairs = self.entities.values().map(|habit| habit.kinds.len()).sum();
    }
}

impl Habit {
    fn probability(&self, kind: &str, hour: usize) -> f64 {
        let total = at_hour(&self.total, hour);
        let kinds = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        let count = match self.kinds.get(kind) {
            Some(counts) => at_hour(counts, hour),
            None => total.saturating_sub(self.kinds.values().map(|counts| at_hour(counts, hour)).fold(0, u32::saturating_add)),
        };
        (f64::from(count) + 1.0) / (f64::from(total) + f64::from(kinds) + 1.0)
    }

    /// Counts it; true when that made a new kind. A kind without room counts in the total only.
    fn count(&mut self, kind: &str, hour: usize, room: bool) -> bool {
        add(&mut self.total, hour);
        if let Some(counts) = self.kinds.get_mut(kind) {
            add(counts, hour);
            return false;
        }
        let fits = room && self.kinds.len() < KINDS;
        if fits {
            let mut counts = [0; HOURS];
            add(&mut counts, hour);
            self.kinds.insert(kind.into(), counts);
        }
        fits
    }

    /// Halves all counts for each period passed and drops kinds without any; gives how many those were.
    fn fade(&mut self, period: i64) -> usize {
        if period <= self.period {
            return 0;
        }
        let by = halvings(period, self.period);
        self.period = period;
        let before = self.kinds.len();
        let halve = |counts: &mut ByHour| counts.iter_mut().for_each(|n| *n >>= by);
        halve(&mut self.total);
        self.kinds.retain(|_, counts| {
            halve(counts);
            counts.iter().any(|n| *n > 0)
        });
        before - self.kinds.len()
    }
}

fn halvings(now: i64, then: i64) -> u32 {
    u32::try_from(now.saturating_sub(then)).unwrap_or(31).min(31)
}

fn at_hour(counts: &ByHour, hour: usize) -> u32 {
    counts.get(hour).copied().unwrap_or(0)
}

fn add(counts: &mut ByHour, hour: usize) {
    if let Some(n) = counts.get_mut(hour) {
        *n = n.saturating_add(1);
    }
}

fn bits(p: f64) -> f64 {
    (-libm::log2(p)).clamp(0.0, MOST_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(name: &str) -> EntityId {
        EntityId::new(name).unwrap()
    }

    fn day(n: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(n * 86_400)
    }

    #[test]
    fn the_usual_is_no_surprise_and_the_rare_is() {
        let mut habits = Habits::new();
        let lamp = id("lamp");
        for _ in 0..200 {
            habits.notice(&lamp, "power", 8, day(1));
        }
        assert!(habits.notice(&lamp, "power", 8, day(1)) < 0.02);
        assert!(habits.notice(&lamp, "tamper", 8, day(1)) > 6.0);
        assert!(habits.notice(&lamp, "power", 3, day(1)) < 2.0, "another hour is little known");
        assert!(habits.notice(&id("stranger"), "hello", 8, day(1)) > 6.0);
    }

    #[test]
    fn habits_fade() {
        let mut habits = Habits::new();
        for _ in 0..64 {
            habits.notice(&id("lamp"), "power", 8, day(1));
        }
        let fresh = habits.clone().notice(&id("lamp"), "tamper", 8, day(1));
        let later = habits.clone().notice(&id("lamp"), "tamper", 8, day(1 + 3 * 14));
        assert!(later < fresh - 2.0, "{later} {fresh}");
        habits.notice(&id("other"), "power", 8, day(14 * 20));
        assert!(!habits.entities.contains_key(&id("lamp")), "long forgotten");
        assert_eq!(habits.pairs, 1);
    }

    #[test]
    fn one_kind_past_the_limit_counts_as_another_kind() {
        let mut habits = Habits::new();
        for n in 0..=KINDS {
            habits.notice(&id("chaos"), &format!("k{n}"), 8, day(1));
        }
        assert_eq!(habits.entities[&id("chaos")].kinds.len(), KINDS);
        let first = habits.notice(&id("chaos"), "new", 8, day(1));
        for n in 0..100 {
            habits.notice(&id("chaos"), &format!("n{n}"), 8, day(1));
        }
        assert!(habits.notice(&id("chaos"), "newer", 8, day(1)) < first);
    }

    #[test]
    fn one_pair_past_the_limit_stays_a_stranger() {
        let mut habits = Habits::new();
        for n in 0..=HABITS {
            habits.notice(&id(&format!("e{n}")), "x", 8, day(1));
        }
        assert_eq!((habits.pairs, habits.entities.len()), (HABITS, HABITS));
        assert!(habits.notice(&id("again"), "x", 8, day(1)) < 0.1, "a flood of strangers is no surprise");
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one_and_surprise_is_bounded(said in prop::collection::vec((0u8..40, 0u8..24, 0i64..60), 1..200)) {
            let mut habits = Habits::new();
            let mut days: Vec<i64> = said.iter().map(|(_, _, day)| *day).collect();
            days.sort_unstable();
            for ((kind, hour, _), now) in said.into_iter().zip(days) {
                let surprise = habits.notice(&id("e"), &format!("k{kind}"), hour, day(now));
                prop_assert!((0.0..=MOST_BITS).contains(&surprise));
                prop_assert_eq!(habits.pairs, habits.entities.values().map(|h| h.kinds.len()).sum::<usize>());
                let habit = &habits.entities[&id("e")];
                let sum: f64 = habit.kinds.keys().map(|kind| habit.probability(kind, 5)).sum::<f64>() + habit.probability("unheard", 5);
                prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
            }
        }
    }
}
