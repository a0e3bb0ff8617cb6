//! What counts for or against an entity, how much, and how often in a minute.

use crate::domain::{EntityId, Facet, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing an entity did, as evidence of its character.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// An allowed request: +1 integrity, once a minute.
    Clean,
    /// A denied request: −2 integrity, once a minute for each target, so that one bad automation does not lock the house.
    Denied,
    /// Spoke as someone else: −10 integrity.
    Impersonation,
    /// Sent again what had been said before, as if it were news: −10 integrity.
    Replay,
    /// An owner trusts (true) or distrusts it: ±5 integrity.
    OwnerWord(bool),
    /// Did what it was commanded to, and said so: +1 ability, once a minute.
    Acknowledged,
    /// Was commanded, and its state did not follow in time: −1 ability, once a minute.
    TimedOut,
    /// Heard within its rhythm: +1 availability, once a minute.
    OnTime,
    /// Nothing for an expected interval: −1 availability, up to three in one silence.
    Silence,
    /// It says that its battery is nearly empty: −1 availability, once a day.
    BatteryLow,
    /// It says that its radio hardly reaches the house: −1 availability, once a day.
    WeakLink,
    /// A reading as they should be: +1 plausibility, once a minute.
    Plausible,
    /// A reading that nobody else saw: down to −1 plausibility, by how far off it is.
    Anomaly,
}

/// How often evidence of one kind and target counts.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Often {
    Always,
    /// Once in so many seconds.
    Once(f64),
}

impl Evidence {
    /// The weight with its sign; of an anomaly the greatest.
    #[must_use]
    pub fn weight(self) -> f64 {
        match self {
            Self::Clean | Self::Acknowledged | Self::OnTime | Self::Plausible => 1.0,
            Self::Denied => -2.0,
            Self::Impersonation | Self::Replay => -10.0,
            Self::OwnerWord(true) => 5.0,
            Self::OwnerWord(false) => -5.0,
            Self::TimedOut | Self::Silence | Self::BatteryLow | Self::WeakLink | Self::Anomaly => -1.0,
        }
    }

    #[must_use]
    pub fn facet(self) -> Facet {
        match self {
            Self::Clean | Self::Denied | Self::Impersonation | Self::Replay | Self::OwnerWord(_) => Facet::Integrity,
            Self::Acknowledged | Self::TimedOut => Facet::Ability,
            Self::OnTime | Self::Silence | Self::BatteryLow | Self::WeakLink => Facet::Availability,
            Self::Plausible | Self::Anomaly => Facet::Plausibility,
        }
    }

    fn often(self) -> Often {
        match self {
            Self::Clean | Self::Denied | Self::OnTime | Self::Plausible | Self::Acknowledged | Self::TimedOut => {
                Often::Once(MINUTE_SECONDS)
            }
            Self::BatteryLow | Self::WeakLink => Often::Once(DAY_SECONDS),
            // Of these two each one weighs, but a burst is one breach: see `Known::hear`.
            Self::Impersonation | Self::Replay => Often::Once(MINUTE_SECONDS),
            Self::OwnerWord(_) | Self::Silence | Self::Anomaly => Often::Always,
        }
    }
}

/// Targets counted for one entity and kind of evidence in a minute: past 16 more adds no certainty.
pub const TARGETS_A_MINUTE: usize = 16;
const MINUTE_SECONDS: f64 = 60.0;
const DAY_SECONDS: f64 = 86_400.0;
/// Kinds of evidence that are counted once in a time.
const GATED: usize = 10;

/// When evidence of each kind and target last counted: the bookkeeping behind "once a minute".
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Gate(Vec<Stamp>);

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Stamp {
    what: Evidence,
    target: Option<EntityId>,
    at: Timestamp,
}

impl Gate {
    /// Whether this evidence counts now, and notes it if so.
    pub fn admits(&mut self, what: Evidence, target: Option<&EntityId>, at: Timestamp) -> bool {
        let Often::Once(seconds) = what.often() else { return true };
        // What is good counts once whatever it was done to: to go round many targets, made up perhaps, earns no trust faster.
        let target = target.filter(|_| what.weight() < 0.0);
        let place = self.0.binary_search_by(|stamp| (stamp.what, stamp.target.as_ref()).cmp(&(what, target)));
        let is_due = |stamp: &Stamp| at.seconds_since(stamp.at) >= seconds;
        match place {
            Ok(found) => match self.0.get_mut(found) {
                Some(stamp) if is_due(stamp) => {
                    stamp.at = at;
                    true
                }
                _ => false,
            },
            Err(place) => {
                if self.0.iter().filter(|stamp| stamp.what == what).count() >= TARGETS_A_MINUTE {
                    self.0.retain(|stamp| stamp.what != what || !is_due(stamp));
                    if self.0.iter().filter(|stamp| stamp.what == what).count() >= TARGETS_A_MINUTE {
                        return false;
                    }
                    return self.admits(what, target, at);
                }
                self.0.reserve_exact(1);
                self.0.insert(place, Stamp { what, target: target.cloned(), at });
                true
            }
        }
    }

    /// Forgets a target. True when it was one.
    pub fn forget(&mut self, target: &EntityId) -> bool {
        let before = self.0.len();
        self.0.retain(|stamp| stamp.target.as_ref() != Some(target));
        self.0.len() < before
    }

    /// Whether a stored gate can be one: within its bound and in order.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.len() <= GATED * TARGETS_A_MINUTE && self.0.is_sorted_by(|x, y| (x.what, &x.target) < (y.what, &y.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    fn target(n: usize) -> EntityId {
        EntityId::new(&format!("t{n}")).unwrap()
    }

    #[test]
    fn the_same_counts_once_a_minute() {
        let mut gate = Gate::default();
        let door = target(1);
        for (seconds, what, target, counts) in [
            (0, Evidence::Clean, Some(&door), true),
            (59, Evidence::Clean, Some(&door), false),
            (59, Evidence::Denied, Some(&door), true),
            (59, Evidence::Denied, None, true),
            (59, Evidence::Clean, None, false),
            (60, Evidence::Clean, Some(&door), true),
            (118, Evidence::Denied, Some(&door), false),
        ] {
            assert_eq!(gate.admits(what, target, at(seconds)), counts, "{seconds} {what:?}");
        }
        assert!(gate.is_sound());
    }

    #[test]
    fn one_target_past_the_limit_does_not_count_and_does_not_shield_a_denial() {
        let mut gate = Gate::default();
        for n in 0..TARGETS_A_MINUTE {
            assert!(gate.admits(Evidence::Impersonation, Some(&target(n)), at(0)));
        }
        let one_more = target(TARGETS_A_MINUTE);
        assert!(!gate.admits(Evidence::Impersonation, Some(&one_more), at(1)));
        assert!(gate.admits(Evidence::Denied, Some(&one_more), at(1)));
        assert!(gate.admits(Evidence::Impersonation, Some(&one_more), at(60)), "the old ones make room");
        assert!(gate.is_sound());
    }
}
