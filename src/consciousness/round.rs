//! The inner round: each second every part does a little unasked, and works on what another did in the second before. What is quiet outside
//! is never still inside, so a link that carries nothing any more is found in a quiet house too (persistent excitation, Ljung 1999, ch. 13).

use super::wiring::Link;
use crate::domain::{Part, Report, Timestamp};
use serde::{Deserialize, Serialize};

/// What each part does of its own accord in a second: any number up to this, each as likely.
const OWN: [u32; 6] = [4, 4, 4, 4, 2, 4];
/// How much of what one did the other takes up, in hundredths, in the order of `Link::ALL`. The sum over all ways round is below 1 (.4 by
/// perception, .31 by soul, conscience and memory), so that a stir dies away; each link carries at least a quarter of the variance
/// of what it acts on.
const TAKEN_UP: [u32; 8] = [50, 80, 80, 80, 80, 25, 80, 45];
/// More than this nobody does in a second, however much there is.
const MOST: u32 = 48;
/// So much of what comes from outside counts in a second: a flood must not drown what goes on inside.
const OUTSIDE: u32 = 8;
/// Seconds that a part is waited for which was asked and has not reported; then it is not known what it did.
const PATIENCE: u8 = 3;
/// So many times in a row it is not known; after that it did nothing. A host may be busy for a while, and what is dead is dead for ever.
const EXCUSED: u8 = 15;

/// What each part is to do in the second that begins, in the order of `Part::ALL`.
pub type Tasks = [u32; 6];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Round {
    /// What was done in this second, and what of it came from outside.
    doing: [u32; 6],
    outside: [u32; 6],
    /// What was passed on in the second before.
    passed: [u32; 6],
    /// Of memory and phoenix, what came to something.
    found: [u32; 6],
    /// Who was asked and has not reported.
    awaited: [bool; 6],
    waited: u8,
    /// Seconds in a row of which it is not known what was done.
    excused: u8,
    dice: u64,
}

/// A second that is over: how much each part did in it, in the order of `Part::ALL`; None: it is not known of all.
pub type Over = Option<[u32; 6]>;

impl Default for Round {
    fn default() -> Self {
        let none = [0; 6];
        Self {
            doing: none,
            outside: none,
            passed: none,
            found: none,
            awaited: [false; 6],
            waited: 0,
            excused: 0,
            dice: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

impl Round {
    /// A house's first second; each house throws its own dice.
    #[must_use]
    pub fn born(at: Timestamp) -> Self {
        Self { dice: at.micros().unsigned_abs(), ..Self::default() }
    }

    /// Something from outside kept a part busy.
    pub fn stir(&mut self, part: Part) {
        if let Some(outside) = self.outside.get_mut(part.index()) {
            *outside = outside.saturating_add(1).min(OUTSIDE);
        }
    }

    /// A part outside of the mind reports; one that was not asked says nothing new.
    pub fn report(&mut self, report: &Report) {
        let place = report.of.index();
        let (Some(doing), Some(found), Some(awaited)) = (self.doing.get_mut(place), self.found.get_mut(place), self.awaited.get_mut(place))
        else {
            return;
        };
        if std::mem::take(awaited) {
            *doing = report.did.min(MOST);
            *found = report.found.min(report.did).min(MOST);
        }
    }

    /// Ends the second; None while one that was asked is waited for.
    pub fn close(&mut self) -> Option<Over> {
        let is_missing = self.awaited.contains(&true);
        if is_missing && self.waited < PATIENCE {
            self.waited += 1;
            return None;
        }
        self.waited = 0;
        self.excused = if is_missing { self.excused.saturating_add(1).min(EXCUSED) } else { 0 };
        self.awaited = [false; 6];
        let did: [u32; 6] = std::array::from_fn(|i| at(&self.doing, i).saturating_add(at(&self.outside, i)).min(MOST));
        self.passed = std::array::from_fn(|i| {
            let is_reported = i == Part::Memory.index() || i == Part::Phoenix.index();
            if is_reported { at(&self.found, i).saturating_add(at(&self.outside, i)).min(MOST) } else { at(&did, i) }
        });
        (self.doing, self.outside, self.found) = ([0; 6], [0; 6], [0; 6]);
        Some(if is_missing && self.excused < EXCUSED { None } else { Some(did) })
    }

    /// What each part is to do now: some of its own accord, and some for what was passed on to it over links that carry.
    pub fn begin(&mut self, carries: impl Fn(Link) -> bool) -> Tasks {
        let mut tasks: Tasks = std::array::from_fn(|i| self.throw(at(&OWN, i) + 1));
        for (link, hundredths) in Link::ALL.into_iter().zip(TAKEN_UP) {
            let (from, to) = link.ends();
            if !carries(link) {
                continue;
            }
            // Rounded at random, so that small numbers are passed on right on the average.
            let taken = (at(&self.passed, from.index()).min(MOST) * hundredths + self.throw(100)) / 100;
            if let Some(task) = tasks.get_mut(to.index()) {
                *task = task.saturating_add(taken).min(MOST);
            }
        }
        for part in [Part::Memory, Part::Phoenix] {
            if let Some(awaited) = self.awaited.get_mut(part.index()) {
                *awaited = true;
            }
        }
        for part in [Part::Perception, Part::Conscience, Part::Soul, Part::Workspace] {
            if let Some(doing) = self.doing.get_mut(part.index()) {
                *doing = at(&tasks, part.index());
            }
        }
        tasks
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        [&self.doing, &self.outside, &self.passed, &self.found].iter().all(|all| all.iter().all(|n| *n <= MOST)) && self.waited <= PATIENCE
    }

    /// A number below `n`, the same for the same history (SplitMix64, Steele, Lea and Flood 2014).
    fn throw(&mut self, n: u32) -> u32 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.dice;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        u32::try_from(((z >> 32) * u64::from(n)) >> 32).unwrap_or(0)
    }
}

fn at(all: &[u32; 6], i: usize) -> u32 {
    all.get(i).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Unit01;
    use proptest::prelude::*;

    fn report(of: Part, did: u32, found: u32) -> Report {
        Report { at: Timestamp::from_micros(0), of, did, found, weight: Unit01::clamped(0.0) }
    }

    #[test]
    fn who_was_asked_is_waited_for_and_not_for_ever() {
        let mut round = Round::default();
        let tasks = round.begin(|_| true);
        assert_eq!([round.close(), round.close()], [None, None]);
        round.report(&report(Part::Memory, tasks[3], tasks[3]));
        round.report(&report(Part::Memory, 40, 40));
        assert_eq!(round.close(), None, "phoenix has not");
        assert_eq!(round.close(), Some(None), "and what it did is not known");
        let ends = std::iter::from_fn(|| {
            round.begin(|_| true);
            std::iter::from_fn(|| Some(round.close())).flatten().next()
        });
        let known: Vec<bool> = ends.take(20).map(|over| over.is_some()).collect();
        assert_eq!(known.iter().position(|known| *known), Some(usize::from(EXCUSED) - 2), "who is silent for so long did nothing");
    }

    #[test]
    fn a_flood_from_outside_counts_as_a_little() {
        let mut round = Round::default();
        for _ in 0..1_000 {
            round.stir(Part::Perception);
        }
        round.begin(|_| true);
        round.report(&report(Part::Memory, u32::MAX, u32::MAX));
        round.report(&report(Part::Phoenix, 0, 0));
        let did = round.close().unwrap().unwrap();
        assert!(did[0] <= OUTSIDE + OWN[0] && did[3] == MOST, "{did:?}");
        assert!(round.is_sound());
    }

    #[test]
    fn a_stir_dies_away() {
        let mut round = Round::default();
        let mut most = 0;
        for _ in 0..20_000 {
            let tasks = round.begin(|_| true);
            for part in [Part::Memory, Part::Phoenix] {
                let n = tasks[part.index()];
                round.report(&report(part, n, n));
            }
            most = most.max(round.close().unwrap().unwrap().into_iter().max().unwrap());
        }
        assert!((15..MOST).contains(&most), "{most}");
    }

    proptest! {
        #[test]
        fn the_same_goes_the_same_way(stirs in prop::collection::vec(0usize..6, 0..50)) {
            let run = || {
                let mut round = Round::default();
                let mut all = Vec::new();
                for place in &stirs {
                    round.stir(Part::ALL[*place]);
                    all.push(round.begin(|_| true));
                    while round.close().is_none() {}
                }
                all
            };
            prop_assert_eq!(run(), run());
        }
    }
}
