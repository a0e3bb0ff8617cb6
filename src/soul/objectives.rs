//! The objectives of the mission, how likely each is, and what stands against it. Events move them; by themselves they go back to rest.

use super::appraisal::likelihood;
use crate::domain::{EntityId, MissionSpec, Signed1, Timestamp, Unit01};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Half of the way back to rest in so many seconds, while nothing stands against it.
const RECOVERY_SECONDS: f64 = 600.0;
/// As near as that is there.
const NEAR: f64 = 0.001;
/// Things that bear on one objective at a time: with more than these it can hardly be less likely.
pub const LASTING: usize = 32;
/// What lasts longer holds an objective no more: whatever ended it may have been missed while Jamey was stopped.
const LASTING_SECONDS: f64 = 86_400.0;

/// What a percept tells of one objective.
#[derive(Clone, PartialEq, Debug)]
pub struct News<'a> {
    pub objective: &'a str,
    /// Who caused it.
    pub cause: EntityId,
    /// Nil where nothing was said: a silence, a time-out.
    pub percept: Uuid,
    /// b: how far it is believed.
    pub belief: Unit01,
    /// c: how far it furthers (+) or blocks (−) the objective.
    pub congruence: Signed1,
    pub turn: Turn<'a>,
    /// p: praiseworthy above 0, blameworthy below.
    pub praise: Signed1,
    /// It was Jamey's own act, done to `cause`.
    pub own_act: bool,
    /// Told in words: it may not draw the mood that the conscience is tightened by.
    pub in_words: bool,
}

/// Whether it passes, or begins to last, or is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn<'a> {
    Passing,
    /// Something bears on the objective from now on, by this name. While it does, the same again is no news; its opposite takes its place.
    Begins(&'a str),
    /// It does no more, and gives back what it took. What did not begin is no news.
    Ends(&'a str),
}

impl<'a> News<'a> {
    /// Something that passed, with nobody to praise or blame, as sure as can be.
    #[must_use]
    pub fn of(objective: &'a str, cause: &EntityId, percept: Uuid, congruence: f64) -> Self {
        Self {
            objective,
            cause: cause.clone(),
            percept,
            belief: Unit01::clamped(1.0),
            congruence: Signed1::clamped(congruence),
            turn: Turn::Passing,
            praise: Signed1::clamped(0.0),
            own_act: false,
            in_words: false,
        }
    }

    #[must_use]
    pub fn believed(self, belief: Unit01) -> Self {
        Self { belief, ..self }
    }

    #[must_use]
    pub fn praised(self, praise: f64) -> Self {
        Self { praise: Signed1::clamped(praise), ..self }
    }

    #[must_use]
    pub fn lasting(self, key: &'a str, begins: bool) -> Self {
        Self { turn: if begins { Turn::Begins(key) } else { Turn::Ends(key) }, ..self }
    }
}

/// How an objective moved.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Move {
    pub utility: Signed1,
    pub before: Unit01,
    pub after: Unit01,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Objectives(Vec<Objective>);

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Objective {
    pub spec: MissionSpec,
    /// L as of `since`.
    likelihood: Unit01,
    since: Timestamp,
    /// Oldest first.
    lasting: Vec<Lasting>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct Lasting {
    key: String,
    /// c·b: what it does to the likelihood.
    push: Signed1,
    since: Timestamp,
}

impl Objectives {
    /// Takes the owner's objectives; those that were pursued before go on from where they stood.
    pub fn pursue(&mut self, specs: &[MissionSpec], at: Timestamp) {
        let mut old = std::mem::take(&mut self.0);
        self.0 = specs
            .iter()
            .map(|spec| match old.iter().position(|o| o.spec.id == spec.id) {
                Some(place) => Objective { spec: spec.clone(), ..old.swap_remove(place) },
                None => Objective { spec: spec.clone(), likelihood: spec.rest, since: at, lasting: Vec::new() },
            })
            .collect();
    }

    /// Moves an objective by what is told of it. None: it is nobody's objective, or no news.
    pub fn hear(&mut self, news: &News, at: Timestamp) -> Option<Move> {
        let objective = self.0.iter_mut().find(|o| o.spec.id == news.objective)?;
        let before = objective.likelihood(at);
        objective.lasting.retain(|l| at.seconds_since(l.since) < LASTING_SECONDS);
        let push = Signed1::clamped(news.belief.get() * news.congruence.get());
        let after = match news.turn {
            Turn::Passing => likelihood(before, news.belief, news.congruence, objective.spec.maintained),
            Turn::Begins(key) => {
                let from = match objective.lasting.iter().position(|l| l.key == key) {
                    Some(place) if objective.lasting.get(place)?.push.get() * push.get() > 0.0 => return None,
                    Some(place) => objective.without(place, before),
                    None if objective.lasting.len() >= LASTING => return None,
                    None => before,
                };
                objective.lasting.push(Lasting { key: key.to_owned(), push, since: at });
                likelihood(from, news.belief, news.congruence, objective.spec.maintained)
            }
            Turn::Ends(key) => {
                let place = objective.lasting.iter().position(|l| l.key == key)?;
                objective.without(place, before)
            }
        };
        objective.likelihood = after;
        objective.since = at;
        Some(Move { utility: objective.spec.utility, before, after })
    }

    /// Nothing that this entity did bears on anything any more.
    pub fn forget(&mut self, entity: &EntityId) {
        for objective in &mut self.0 {
            objective.lasting.retain(|l| l.key != entity.as_str());
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Objective> {
        self.0.iter()
    }

    /// Whether what was read from the store can be objectives.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.len() <= crate::domain::limits::MISSIONS && self.0.iter().all(|o| o.lasting.len() <= LASTING)
    }
}

impl Objective {
    /// L in [0, 1]: what is maintained goes back to rest as L* + (L − L*)·2^(−Δt/h) from when nothing stands against it any more.
    #[must_use]
    pub fn likelihood(&self, at: Timestamp) -> Unit01 {
        if !self.spec.maintained {
            return self.likelihood;
        }
        let held = self.lasting.iter().map(|l| at.seconds_since(l.since)).fold(f64::INFINITY, f64::min);
        let free = at.seconds_since(self.since).min((held - LASTING_SECONDS).max(0.0));
        let (rest, left) = (self.spec.rest.get(), self.likelihood.get() - self.spec.rest.get());
        let left = left * libm::exp2(-free / RECOVERY_SECONDS);
        if left.abs() < NEAR { self.spec.rest } else { Unit01::clamped(rest + left) }
    }

    /// How many things bear on it now.
    #[must_use]
    pub fn lasting(&self) -> usize {
        self.lasting.len()
    }

    /// L once one of what lasts is over: it gives back what it took, but no more than the worst of the others allows.
    fn without(&mut self, place: usize, before: Unit01) -> Unit01 {
        let over = self.lasting.remove(place);
        let (mut low, mut high) = (0.0_f64, 1.0_f64);
        for other in &self.lasting {
            low = low.max(other.push.get());
            high = high.min(1.0 + other.push.get());
        }
        Unit01::clamped((before.get() - over.push.get()).max(low).min(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    fn spec(id: &str, rest: f64, maintained: bool) -> MissionSpec {
        MissionSpec {
            id: id.into(),
            utility: Signed1::clamped(1.0),
            maintained,
            rest: Unit01::clamped(rest),
            says: String::new(),
            signal: None,
            aim: None,
        }
    }

    fn pursued(rest: f64) -> Objectives {
        let mut all = Objectives::default();
        all.pursue(&[spec("safe", rest, true), spec("once", 0.5, false)], at(0));
        all
    }

    fn news(c: f64, b: f64) -> News<'static> {
        News::of("safe", &EntityId::anonymous(), Uuid::nil(), c).believed(Unit01::clamped(b))
    }

    fn stands(all: &Objectives, seconds: i64) -> f64 {
        all.0[0].likelihood(at(seconds)).get()
    }

    #[test]
    fn what_passes_is_made_good_by_time() {
        let mut all = pursued(1.0);
        let moved = all.hear(&news(-1.0, 0.8), at(0)).unwrap();
        assert!((moved.before.get() - 1.0).abs() < 1e-12 && (moved.after.get() - 0.2).abs() < 1e-12);
        for (seconds, likelihood) in [(0, 0.2), (600, 0.6), (1_200, 0.8), (86_400, 1.0)] {
            assert!((stands(&all, seconds) - likelihood).abs() < 1e-9, "{seconds}");
        }
    }

    #[test]
    fn what_lasts_holds_it_down_until_it_is_over_and_is_told_once() {
        let mut all = pursued(1.0);
        let smoke = |begins| news(-1.0, 0.6).lasting("smoke", begins);
        assert!(all.hear(&smoke(false), at(0)).is_none(), "it did not begin");
        assert!(all.hear(&smoke(true), at(0)).is_some());
        assert!(all.hear(&smoke(true), at(1)).is_none(), "the same again");
        assert!((stands(&all, 80_000) - 0.4).abs() < 1e-12);
        assert!(all.hear(&news(-1.0, 0.5).lasting("leak", true), at(100)).is_some());
        assert_eq!(stands(&all, 200), 0.0);
        all.hear(&smoke(false), at(300));
        assert!((stands(&all, 400) - 0.5).abs() < 1e-12, "no better than the leak allows");
        all.hear(&news(0.0, 0.0).lasting("leak", false), at(500));
        assert!((stands(&all, 500) - 1.0).abs() < 1e-12 && all.0[0].lasting() == 0);
    }

    #[test]
    fn an_end_that_was_missed_holds_it_for_a_day_and_no_longer() {
        let mut all = pursued(1.0);
        all.hear(&news(-1.0, 1.0).lasting("gone", true), at(0));
        assert_eq!(stands(&all, 86_400), 0.0);
        assert!((stands(&all, 86_400 + 600) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn an_opposite_takes_the_place_of_what_lasted() {
        let mut all = pursued(0.5);
        all.hear(&news(1.0, 1.0).lasting("warm", true), at(0));
        assert_eq!(stands(&all, 50_000), 1.0);
        let turned = all.hear(&news(-1.0, 1.0).lasting("warm", true), at(60_000)).unwrap();
        assert_eq!((turned.before.get(), turned.after.get()), (1.0, 0.0));
    }

    #[test]
    fn one_to_be_reached_once_stays_where_it_was_put() {
        let mut all = pursued(1.0);
        let once = News { objective: "once", ..news(1.0, 0.6) };
        assert!((all.hear(&once, at(0)).unwrap().after.get() - 0.8).abs() < 1e-12);
        assert!((all.0[1].likelihood(at(1_000_000)).get() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn one_past_the_limit_is_no_news() {
        let mut all = pursued(1.0);
        let keys: Vec<String> = (0..=LASTING).map(|n| format!("k{n}")).collect();
        let told: Vec<bool> = keys.iter().map(|key| all.hear(&news(-0.1, 0.1).lasting(key, true), at(0)).is_some()).collect();
        assert_eq!(told.iter().filter(|t| **t).count(), LASTING);
        assert!(!told[LASTING] && all.is_sound());
    }

    #[test]
    fn other_objectives_begin_anew_and_the_same_go_on() {
        let mut all = pursued(1.0);
        all.hear(&news(-1.0, 0.5), at(0));
        let before = stands(&all, 10);
        all.pursue(&[spec("new", 0.7, true), spec("safe", 1.0, true)], at(10));
        assert_eq!(all.iter().map(|o| o.likelihood(at(10)).get()).collect::<Vec<_>>(), [0.7, before]);
        assert!(all.hear(&News { objective: "once", ..news(1.0, 1.0) }, at(11)).is_none());
    }

    proptest! {
        #[test]
        fn a_likelihood_is_always_one_and_comes_home(
            steps in prop::collection::vec((-1.0f64..1.0, 0.0f64..1.0, 0u8..9, 0i64..5_000), 0..80), rest in 0.0f64..1.0) {
            let mut all = pursued(rest);
            let mut now = 0;
            for (c, b, what, wait) in steps {
                now += wait;
                let key = format!("k{}", what % 3);
                let told = match what / 3 { 0 => news(c, b), 1 => news(c, b).lasting(&key, true), _ => news(c, b).lasting(&key, false) };
                if let Some(moved) = all.hear(&told, at(now)) {
                    prop_assert!((0.0..=1.0).contains(&moved.before.get()) && (0.0..=1.0).contains(&moved.after.get()));
                }
                prop_assert!(all.is_sound());
            }
            prop_assert!((stands(&all, now + 3 * 86_400) - rest).abs() < 1e-9, "it never sticks");
        }
    }
}
