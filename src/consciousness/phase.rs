//! How the house stands as a whole: one phase at a time, by fixed precedence, with the reason and when it began.

use crate::domain::{Condition, Timestamp, Turned};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// It is awake after that, if nothing was broadcast before: who speaks each minute has spoken.
const WAKING_SECONDS: f64 = 60.0;
/// What made it degraded must be over for so long: a disk that comes and goes is not well in between.
const CALM_SECONDS: f64 = 30.0;
/// Memory's work that is over sooner is not told of.
const WORK_SECONDS: f64 = 2.0;
/// Transitions that are remembered.
const REMEMBERED: usize = 16;
/// Bytes of a reason that are kept.
const REASON_BYTES: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It hears who is there.
    #[default]
    Waking,
    /// Something has the focus.
    Attentive,
    Idle,
    /// Memory sums up and tidies.
    Consolidating,
    /// Something of the house itself does not work.
    Degraded,
    Stopping,
}

impl Phase {
    pub const ALL: [Self; 6] = [Self::Waking, Self::Attentive, Self::Idle, Self::Consolidating, Self::Degraded, Self::Stopping];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waking => "waking",
            Self::Attentive => "attentive",
            Self::Idle => "idle",
            Self::Consolidating => "consolidating",
            Self::Degraded => "degraded",
            Self::Stopping => "stopping",
        }
    }
}

/// One phase gave way to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub at: Timestamp,
    pub from: Phase,
    pub to: Phase,
    pub reason: String,
}

/// What is seen of the house at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sight<'a> {
    /// Whether anything was ever broadcast.
    pub has_broadcast: bool,
    pub has_focus: bool,
    /// A critical alarm of consciousness itself.
    pub alarm: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Phases {
    phase: Phase,
    since: Timestamp,
    reason: String,
    /// What holds now: since when, and why.
    holds: BTreeMap<Condition, (Timestamp, String)>,
    /// When something was amiss last, and what.
    amiss: Option<(Timestamp, String)>,
    born: Option<Timestamp>,
    history: VecDeque<Transition>,
}

impl Phases {
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The last transitions, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &Transition> {
        self.history.iter()
    }

    #[must_use]
    pub fn holds(&self, condition: Condition) -> bool {
        self.holds.contains_key(&condition)
    }

    /// A condition begins or ends; the same again is no news.
    pub fn turn(&mut self, turned: &Turned) {
        let reason = shortened(&turned.reason);
        if turned.holds {
            self.holds.entry(turned.condition).or_insert((turned.at, reason));
        } else if let Some((_, reason)) = self.holds.remove(&turned.condition)
            && matches!(turned.condition, Condition::StoreFailing | Condition::Damaged)
        {
            self.amiss = Some((turned.at, reason));
        }
    }

    /// Looks which phase it is. True: it, or its reason, is another one than before.
    pub fn look(&mut self, sight: Sight, at: Timestamp) -> bool {
        let born = *self.born.get_or_insert(at);
        if self.since == Timestamp::default() {
            (self.since, self.reason) = (at, "it hears who is there".to_owned());
        }
        let (phase, reason) = self.of(sight, born, at);
        if phase == self.phase {
            let is_other = reason != self.reason;
            self.reason = reason;
            return is_other;
        }
        if self.history.len() >= REMEMBERED {
            self.history.pop_front();
        }
        self.history.push_back(Transition { at, from: self.phase, to: phase, reason: reason.clone() });
        (self.phase, self.since, self.reason) = (phase, at, reason);
        true
    }

    fn of(&mut self, sight: Sight, born: Timestamp, at: Timestamp) -> (Phase, String) {
        let why = |condition| self.holds.get(&condition).map(|(_, reason)| reason.clone());
        if let Some(reason) = why(Condition::Stopping) {
            return (Phase::Stopping, reason);
        }
        let amiss = why(Condition::StoreFailing).or_else(|| why(Condition::Damaged)).or_else(|| sight.alarm.map(shortened));
        if let Some(reason) = amiss {
            self.amiss = Some((at, reason.clone()));
            return (Phase::Degraded, reason);
        }
        if let Some((_, reason)) = self.amiss.as_ref().filter(|(last, _)| at.seconds_since(*last) < CALM_SECONDS) {
            return (Phase::Degraded, reason.clone());
        }
        if !sight.has_broadcast && at.seconds_since(born) < WAKING_SECONDS {
            return (Phase::Waking, "it hears who is there".to_owned());
        }
        if sight.has_focus {
            // Of what stands beside it: reasons are kept, and what somebody said is not to be kept twice.
            return (Phase::Attentive, "something has the focus".to_owned());
        }
        match self.holds.get(&Condition::Consolidating) {
            Some((since, reason)) if at.seconds_since(*since) >= WORK_SECONDS => (Phase::Consolidating, reason.clone()),
            _ => (Phase::Idle, "nothing asks for attention".to_owned()),
        }
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.history.len() <= REMEMBERED && self.reason.len() <= REASON_BYTES
    }
}

fn shortened(text: &str) -> String {
    let mut text = text.to_owned();
    text.truncate(text.floor_char_boundary(REASON_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
    }

    fn turned(condition: Condition, holds: bool, seconds: i64) -> Turned {
        Turned { at: at(seconds), condition, holds, reason: format!("{condition:?}") }
    }

    /// A house that has been awake for long.
    fn awake() -> Phases {
        let mut phases = Phases::default();
        phases.look(Sight::default(), at(-1_000));
        phases.look(Sight::default(), at(-900));
        assert_eq!((phases.phase(), phases.reason()), (Phase::Idle, "nothing asks for attention"));
        phases
    }

    #[test]
    fn whatever_it_is_it_becomes_what_precedence_says() {
        let sights = [
            Sight { has_broadcast: true, ..Sight::default() },
            Sight { has_broadcast: true, has_focus: true, alarm: None },
            Sight { has_broadcast: true, has_focus: true, alarm: Some("lost") },
        ];
        let conditions = [Condition::Consolidating, Condition::StoreFailing, Condition::Damaged, Condition::Stopping];
        // From each phase, with each set of conditions, at each sight.
        for (from, made) in [
            (Phase::Idle, (sights[0], None)),
            (Phase::Attentive, (sights[1], None)),
            (Phase::Degraded, (sights[2], None)),
            (Phase::Consolidating, (sights[0], Some(Condition::Consolidating))),
        ] {
            for set in 0..16u8 {
                for sight in sights {
                    let mut phases = awake();
                    if let Some(condition) = made.1 {
                        phases.turn(&turned(condition, true, 0));
                    }
                    phases.look(made.0, at(10));
                    assert_eq!(phases.phase(), from);
                    if let Some(condition) = made.1 {
                        phases.turn(&turned(condition, false, 20));
                    }
                    let holds: Vec<Condition> =
                        conditions.into_iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, c)| c).collect();
                    holds.iter().for_each(|condition| phases.turn(&turned(*condition, true, 30)));
                    phases.look(sight, at(60));
                    let has = |condition| holds.contains(&condition);
                    let expected = if has(Condition::Stopping) {
                        Phase::Stopping
                    } else if has(Condition::StoreFailing) || has(Condition::Damaged) || sight.alarm.is_some() {
                        Phase::Degraded
                    } else if sight.has_focus {
                        Phase::Attentive
                    } else if has(Condition::Consolidating) {
                        Phase::Consolidating
                    } else {
                        Phase::Idle
                    };
                    assert_eq!(phases.phase(), expected, "{from:?} {holds:?} {sight:?}");
                }
            }
        }
    }

    #[test]
    fn it_wakes_by_the_first_broadcast_or_by_time() {
        let mut phases = Phases::default();
        assert!(!phases.look(Sight::default(), at(0)));
        assert_eq!((phases.phase(), phases.since(), phases.reason()), (Phase::Waking, at(0), "it hears who is there"));
        assert!(!phases.look(Sight::default(), at(59)));
        assert!(phases.look(Sight::default(), at(60)) && phases.phase() == Phase::Idle);
        let mut phases = Phases::default();
        phases.look(Sight::default(), at(0));
        assert!(phases.look(Sight { has_broadcast: true, has_focus: true, alarm: None }, at(1)));
        assert_eq!((phases.phase(), phases.reason(), phases.since()), (Phase::Attentive, "something has the focus", at(1)));
    }

    #[test]
    fn a_disk_that_comes_and_goes_is_one_bad_time() {
        let mut phases = awake();
        for second in 0..100 {
            phases.turn(&turned(Condition::StoreFailing, second % 2 == 0, second));
            phases.look(Sight::default(), at(second));
        }
        assert_eq!((phases.phase(), phases.history().count()), (Phase::Degraded, 2), "waking to idle, and idle to degraded");
        assert!(!phases.look(Sight::default(), at(128)));
        assert!(phases.look(Sight::default(), at(129)) && phases.phase() == Phase::Idle);
    }

    #[test]
    fn work_that_is_soon_done_is_not_told_of() {
        let mut phases = awake();
        phases.turn(&turned(Condition::Consolidating, true, 0));
        assert!(!phases.look(Sight::default(), at(1)));
        assert!(phases.look(Sight::default(), at(2)) && phases.phase() == Phase::Consolidating);
    }

    #[test]
    fn one_transition_past_the_limit_lets_the_oldest_go() {
        let mut phases = awake();
        for n in 0..=20i64 {
            phases.look(Sight { has_broadcast: true, has_focus: n % 2 == 0, alarm: None }, at(n));
        }
        assert_eq!(phases.history().count(), REMEMBERED);
        assert!(phases.is_sound());
    }
}
