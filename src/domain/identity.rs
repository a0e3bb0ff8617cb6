//! The words of identity: what Jamey does that counts for who it is, in which context, and what the owner made of it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that Jamey did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Denied,
    Held,
    Alarmed,
    Forged,
    Allowed,
    Released,
    Due,
    Silent,
    Kept,
    Odd,
    Met,
    Related,
    Moved,
    Word,
}

/// What each act is, for whom it counts where nobody says otherwise, and how much.
///
/// An act that Jamey decided on counts 1, one on which more hangs 2; what it serves many times a day counts .2, so that fifty lamps weigh as
/// ten decisions. What others do all day long and it only takes in counts .1, and of that the first in ten minutes alone: 14.4 a day, however
/// many sensors talk however fast.
const TABLE: [(Act, &str, &str, f64, &str); 14] = [
    (Act::Denied, "denied", "guardian", 1.0, "denied a request"),
    (Act::Held, "held", "guardian", 1.0, "held a request for a person's word"),
    (Act::Alarmed, "alarmed", "guardian", 2.0, "took notice of a hazard"),
    (Act::Forged, "forged", "guardian", 2.0, "refused one who spoke as somebody else"),
    (Act::Allowed, "allowed", "caretaker", 0.2, "carried out a request"),
    (Act::Released, "released", "caretaker", 1.0, "let on what a person approved"),
    (Act::Due, "due", "caretaker", 1.0, "saw to a duty"),
    (Act::Silent, "silent", "caretaker", 0.5, "told of a silence"),
    (Act::Kept, "kept", "observer", 0.1, "kept what was told"),
    (Act::Odd, "odd", "observer", 0.5, "found a reading that is not as it should be"),
    (Act::Met, "met", "learner", 0.2, "met somebody new"),
    (Act::Related, "related", "learner", 0.2, "learned how two stand to each other"),
    (Act::Moved, "moved", "learner", 0.1, "changed its opinion"),
    (Act::Word, "word", "learner", 2.0, "took an owner's word"),
];

impl Act {
    pub const ALL: [Self; TABLE.len()] = {
        let mut all = [Self::Denied; TABLE.len()];
        let mut at = 0;
        while at < TABLE.len() {
            #[allow(clippy::indexing_slicing, reason = "both have the same length, and this is done by the compiler")]
            {
                all[at] = TABLE[at].0;
            }
            at += 1;
        }
        all
    };

    fn row(self) -> &'static (Self, &'static str, &'static str, f64, &'static str) {
        let [first, rest @ ..] = &TABLE;
        rest.iter().find(|row| row.0 == self).unwrap_or(first)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == name)
    }

    /// What the first of its kind counts, in (0, 2].
    #[must_use]
    pub fn weight(self) -> f64 {
        self.row().3
    }

    /// For people: what Jamey did.
    #[must_use]
    pub fn says(self) -> &'static str {
        self.row().4
    }

    /// Whether it goes on all day by itself: of these the first in ten minutes counts, and the others do not.
    #[must_use]
    pub fn is_steady(self) -> bool {
        matches!(self, Self::Kept | Self::Moved)
    }
}

/// Whether somebody is home, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Home,
    Away,
    Unknown,
}

/// When and in whose presence Jamey did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Context {
    pub night: bool,
    pub presence: Presence,
}

impl Context {
    /// How many there are.
    pub const COUNT: usize = 6;

    pub const ALL: [Self; Self::COUNT] = [
        Self { night: false, presence: Presence::Home },
        Self { night: false, presence: Presence::Away },
        Self { night: false, presence: Presence::Unknown },
        Self { night: true, presence: Presence::Home },
        Self { night: true, presence: Presence::Away },
        Self { night: true, presence: Presence::Unknown },
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match (self.night, self.presence) {
            (false, Presence::Home) => "day_home",
            (false, Presence::Away) => "day_away",
            (false, Presence::Unknown) => "day_unknown",
            (true, Presence::Home) => "night_home",
            (true, Presence::Away) => "night_away",
            (true, Presence::Unknown) => "night_unknown",
        }
    }
}

/// What the owner made of it: the roles with their charter, and which acts count for which.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IdentitySpec {
    /// α⁰ of each role: what it is meant to be, in acts; 2 to `limits::ROLES` of them.
    pub charter: BTreeMap<String, f64>,
    /// The role that each act counts for.
    pub acts: BTreeMap<Act, String>,
    /// The signal that tells whether somebody is home; empty: none does.
    pub home_signal: String,
    /// Hours of the day in the house's zone: from the first on it is night, from the other on day.
    pub night_from: u8,
    pub night_until: u8,
    /// From how much drift on it is told, in (0, 1].
    pub drift: f64,
}

impl Default for IdentitySpec {
    fn default() -> Self {
        Self {
            charter: ["guardian", "caretaker", "observer", "learner"].into_iter().map(|role| (role.to_owned(), 2.0)).collect(),
            acts: TABLE.iter().map(|(act, _, role, ..)| (*act, (*role).to_owned())).collect(),
            home_signal: "home".to_owned(),
            night_from: 22,
            night_until: 6,
            drift: 0.1,
        }
    }
}

impl IdentitySpec {
    /// The role that an act counts for, if the charter has it.
    #[must_use]
    pub fn role_of(&self, act: Act) -> Option<&str> {
        self.acts.get(&act).map(String::as_str).filter(|role| self.charter.contains_key(*role))
    }

    /// `hour` from 0 to 23.
    #[must_use]
    pub fn is_night(&self, hour: u8) -> bool {
        let (from, until) = (self.night_from, self.night_until);
        if from < until { (from..until).contains(&hour) } else { hour >= from || hour < until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_act_has_one_row_and_a_name_of_its_own() {
        let names: BTreeSet<&str> = Act::ALL.into_iter().map(Act::as_str).collect();
        assert_eq!(names.len(), TABLE.len());
        for act in Act::ALL {
            assert_eq!((act.row().0, Act::named(act.as_str())), (act, Some(act)));
            assert!((0.0..=2.0).contains(&act.weight()) && !act.says().is_empty());
            assert_eq!(serde_json::to_value(act).unwrap(), act.as_str());
            assert!(IdentitySpec::default().role_of(act).is_some());
        }
        assert_eq!(Act::named("slept"), None);
    }

    #[test]
    fn night_goes_over_midnight_or_does_not() {
        let shipped = IdentitySpec::default();
        let early = IdentitySpec { night_from: 0, night_until: 5, ..shipped.clone() };
        for (hour, usual, other) in
            [(21, false, false), (22, true, false), (23, true, false), (0, true, true), (5, true, false), (6, false, false)]
        {
            assert_eq!((shipped.is_night(hour), early.is_night(hour)), (usual, other), "{hour}");
        }
    }

    #[test]
    fn contexts_are_told_apart() {
        let names: BTreeSet<&str> = Context::ALL.into_iter().map(Context::as_str).collect();
        assert_eq!(names.len(), Context::COUNT);
    }
}
