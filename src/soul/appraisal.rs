//! What an event means for the mission objectives: which emotions it yields, and how strong. Formulas only, no state.

use super::emotion::Emotion;
use crate::domain::{EntityId, Signed1, Unit01};
use std::borrow::Cow;
use uuid::Uuid;

/// An event as it bears on one objective.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Who caused it.
    pub cause: EntityId,
    pub percept: Uuid,
    /// The mission objective that it touches.
    pub objective: Cow<'static, str>,
    pub bearing: Bearing,
    /// Praiseworthiness p: good conduct above 0, blameworthy below, 0 when conduct is not in question. A verdict gives it.
    pub praise: Signed1,
    /// It was Jamey's own act, done to `cause`.
    pub own_act: bool,
    /// The like in [-1, 1] for the entity whose objective it is; None: Jamey's own objective.
    pub like: Option<Signed1>,
    /// It was told in words, which anybody can say.
    pub in_words: bool,
}

/// How an event changes an objective.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Bearing {
    /// It happened, for good or ill, unexpected: d = u·ΔL.
    Happened(Signed1),
    /// The objective became more or less likely: utility u, likelihood before and after.
    Likelihood { utility: Signed1, before: Unit01, after: Unit01 },
}

/// L' of an objective: clamp(L + c·b, 0, 1) for one that is maintained, (1 + c·b)/2 for one to be reached once.
///
/// `belief` b in [0, 1]: how sure the percept is; `congruence` c in [-1, 1]: how far it furthers (+) or blocks (−) the objective.
/// Range [0, 1]. Source: GAMYGDALA, Popescu et al. 2014, section 4.1.
#[must_use]
pub fn likelihood(before: Unit01, belief: Unit01, congruence: Signed1, maintained: bool) -> Unit01 {
    let push = congruence.get() * belief.get();
    Unit01::clamped(if maintained { before.get() + push } else { f64::midpoint(1.0, push) })
}

impl Event {
    /// Something that happened to one of Jamey's objectives through another's act.
    #[must_use]
    pub fn happened(
        cause: EntityId,
        percept: Uuid,
        objective: impl Into<Cow<'static, str>>,
        desirability: Signed1,
        praise: Signed1,
    ) -> Self {
        let bearing = Bearing::Happened(desirability);
        Self { cause, percept, objective: objective.into(), bearing, praise, own_act: false, like: None, in_words: false }
    }

    /// d = u·ΔL in [-1, 1].
    #[must_use]
    pub fn desirability(&self) -> f64 {
        match self.bearing {
            Bearing::Happened(d) => d.get(),
            Bearing::Likelihood { utility, before, after } => utility.get() * (after.get() - before.get()),
        }
    }

    /// The emotions with their intensities in (0, 1], each at most once: what became of the objective |d|, whose it was |d·like|,
    /// the conduct |p|, and both together |d + p|/2. Source: OCC as formalised by GAMYGDALA, blame as in FAtiMA.
    #[must_use]
    pub fn emotions(&self) -> Vec<(Emotion, f64)> {
        self.emotions_by(blame)
    }

    /// The same with another formula for gratitude, anger, gratification and remorse, given d and p of one sign.
    fn emotions_by(&self, blame: impl Fn(f64, f64) -> f64) -> Vec<(Emotion, f64)> {
        let (d, p) = (self.desirability(), self.praise.get());
        let mut out = Vec::with_capacity(4);
        match (self.like, self.bearing) {
            (Some(like), _) => out.push((others_fortune(d, like.get()), (d * like.get()).abs())),
            (None, Bearing::Happened(_)) => out.push((if d > 0.0 { Emotion::Joy } else { Emotion::Distress }, d.abs())),
            (None, Bearing::Likelihood { utility, before, after }) => {
                out.extend(prospects(d, utility.get() > 0.0, before.get(), after.get()).into_iter().flatten());
            }
        }
        out.push((conduct(p, self.own_act), p.abs()));
        if d * p > 0.0 {
            let both = match (d > 0.0, self.own_act) {
                (true, false) => Emotion::Gratitude,
                (false, false) => Emotion::Anger,
                (true, true) => Emotion::Gratification,
                (false, true) => Emotion::Remorse,
            };
            out.push((both, blame(d, p)));
        }
        out.retain(|(_, intensity)| *intensity > 0.0);
        out
    }
}

fn blame(d: f64, p: f64) -> f64 {
    (d + p).abs() / 2.0
}

fn others_fortune(d: f64, like: f64) -> Emotion {
    match (d > 0.0, like > 0.0) {
        (true, true) => Emotion::HappyFor,
        (true, false) => Emotion::Resentment,
        (false, true) => Emotion::Pity,
        (false, false) => Emotion::Gloating,
    }
}

fn conduct(p: f64, own_act: bool) -> Emotion {
    match (p > 0.0, own_act) {
        (true, false) => Emotion::Admiration,
        (false, false) => Emotion::Reproach,
        (true, true) => Emotion::Pride,
        (false, true) => Emotion::Shame,
    }
}

/// Hope or fear while the outcome is open; joy or distress once it is settled, and with it what had been expected.
fn prospects(d: f64, wanted: bool, before: f64, after: f64) -> [Option<(Emotion, f64)>; 2] {
    let (good, strength) = (d > 0.0, d.abs());
    if 0.0 < after && after < 1.0 {
        return [Some((if good { Emotion::Hope } else { Emotion::Fear }, strength)), None];
    }
    // How likely the good end was held to be.
    let hoped = if wanted { before } else { 1.0 - before };
    let plus = match good {
        true if hoped > 0.5 => Some(Emotion::Satisfaction),
        true if hoped < 0.5 => Some(Emotion::Relief),
        false if hoped > 0.5 => Some(Emotion::Disappointment),
        false if hoped < 0.5 => Some(Emotion::FearsConfirmed),
        _ => None,
    };
    [Some((if good { Emotion::Joy } else { Emotion::Distress }, strength)), plus.map(|plus| (plus, strength))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(utility: f64, before: f64, after: f64) -> Event {
        let bearing =
            Bearing::Likelihood { utility: Signed1::clamped(utility), before: Unit01::clamped(before), after: Unit01::clamped(after) };
        Event { bearing, ..Event::happened(EntityId::anonymous(), Uuid::nil(), "safe", Signed1::clamped(0.0), Signed1::clamped(0.0)) }
    }

    fn once(before: f64, b: f64, c: f64) -> f64 {
        likelihood(Unit01::clamped(before), Unit01::clamped(b), Signed1::clamped(c), false).get()
    }

    fn same(is: &[(Emotion, f64)], should: &[(Emotion, f64)]) {
        let near = is.len() == should.len() && should.iter().all(|(e, x)| is.iter().any(|(f, y)| e == f && (x - y).abs() < 1e-12));
        assert!(near, "{is:?} {should:?}");
    }

    #[test]
    fn beliefs_move_likelihoods_as_in_gamygdala() {
        assert_eq!(once(0.5, 0.5, 1.0), 0.75);
        assert_eq!(once(0.5, 0.5, -1.0), 0.25);
        assert_eq!(once(0.5, 1.0, 1.0), 1.0);
        assert_eq!(once(0.5, 1.0, -0.5), 0.25);
        assert_eq!(likelihood(Unit01::clamped(0.9), Unit01::clamped(1.0), Signed1::clamped(0.5), true).get(), 1.0);
    }

    /// GAMYGDALA's own places of the emotions; Jamey's mood uses ALMA's.
    fn gamygdala_pad(emotion: Emotion) -> [f64; 3] {
        match emotion {
            Emotion::Distress => [-0.61, 0.28, -0.36],
            Emotion::Fear => [-0.64, 0.6, -0.43],
            Emotion::Hope => [0.51, 0.23, 0.14],
            Emotion::Joy => [0.76, 0.48, 0.35],
            Emotion::Satisfaction => [0.87, 0.2, 0.62],
            other => panic!("{other:?} is in no case with a place"),
        }
    }

    #[test]
    fn published_cases_hold() {
        use Emotion::*;
        for (id, utility, beliefs, likelihood, should, pad) in [
            ("V1", 1.0, vec![(0.5, 1.0)], Some(0.75), vec![(Hope, 0.25)], Some([0.1275, 0.0575, 0.035])),
            ("V2", 1.0, vec![(0.5, -1.0)], Some(0.25), vec![(Fear, 0.25)], Some([-0.16, 0.15, -0.1075])),
            ("V3", 1.0, vec![(1.0, 1.0)], Some(1.0), vec![(Joy, 0.5)], Some([0.38, 0.24, 0.175])),
            (
                "V4",
                1.0,
                vec![(0.6, 1.0), (1.0, 1.0)],
                None,
                vec![(Hope, 0.3), (Satisfaction, 0.2), (Joy, 0.2)],
                Some([0.479, 0.205, 0.236]),
            ),
            ("V5", 1.0, vec![(0.6, 1.0), (1.0, -1.0)], None, vec![(Hope, 0.3), (Distress, 0.8), (Disappointment, 0.8)], None),
            ("V6", -1.0, vec![(0.6, 1.0), (1.0, -1.0)], None, vec![(Fear, 0.3), (Joy, 0.8), (Relief, 0.8)], None),
            ("mirror of V4", -1.0, vec![(0.6, 1.0), (1.0, 1.0)], None, vec![(Fear, 0.3), (Distress, 0.2), (FearsConfirmed, 0.2)], None),
            ("mirror of V5", 1.0, vec![(0.6, -1.0), (1.0, 1.0)], None, vec![(Fear, 0.3), (Joy, 0.8), (Relief, 0.8)], None),
            ("V8's prospect", 0.8, vec![(1.0, -0.5)], Some(0.25), vec![(Fear, 0.2)], None),
        ] {
            let mut before = 0.5;
            let mut all = Vec::new();
            for (b, c) in beliefs {
                let after = once(before, b, c);
                all.extend(moved(utility, before, after).emotions());
                before = after;
            }
            same(&all, &should);
            assert!(likelihood.is_none_or(|l| before == l), "{id}");
            let sum = |axis: usize| all.iter().map(|(e, x)| gamygdala_pad(*e)[axis] * x).sum::<f64>();
            if let Some(pad) = pad {
                assert!((0..3).all(|axis| (sum(axis) - pad[axis]).abs() < 1e-12), "{id}: {all:?}");
            }
        }
    }

    #[test]
    fn blame_is_half_of_outcome_and_conduct_and_gamygdalas_own_formula_gives_its_own_cases() {
        use Emotion::*;
        let blamed = Event { praise: Signed1::clamped(-0.6), ..moved(0.8, 0.5, 0.25) };
        same(&blamed.emotions(), &[(Fear, 0.2), (Reproach, 0.6), (Anger, 0.4)]);
        let helped = Event { praise: Signed1::clamped(1.0), ..moved(0.9, 0.5, 0.9) };
        same(&helped.emotions(), &[(Hope, 0.36), (Admiration, 1.0), (Gratitude, 0.68)]);
        // GAMYGDALA's blame is |u·ΔL|, or that times the like, and it knows no praise: reproach and admiration are left out of its cases.
        let theirs = |event: Event, good: bool| {
            let event = Event { praise: Signed1::clamped(if good { 1e-9 } else { -1e-9 }), ..event };
            let mut all = event.emotions_by(|d, _| d.abs() * event.like.map_or(1.0, Signed1::get).abs());
            all.retain(|(_, intensity)| *intensity > 1e-6);
            all
        };
        let toward = |like: f64, own_act: bool, event: Event| Event { like: Some(Signed1::clamped(like)), own_act, ..event };
        same(&theirs(moved(0.8, 0.5, 0.25), false), &[(Fear, 0.2), (Anger, 0.2)]); // V8
        let (up, down) = (moved(0.9, 0.5, once(0.5, 0.8, 1.0)), moved(0.9, 0.5, once(0.5, 0.8, -1.0)));
        same(&theirs(up.clone(), true), &[(Hope, 0.36), (Gratitude, 0.36)]); // V9, A
        same(&theirs(toward(0.5, true, up.clone()), true), &[(HappyFor, 0.18), (Gratification, 0.18)]); // V9, C
        same(&toward(-0.4, false, up).emotions(), &[(Resentment, 0.144)]); // V9, D
        same(&theirs(down.clone(), false), &[(Fear, 0.36), (Anger, 0.36)]); // V10, A
        same(&theirs(toward(0.5, true, down), false), &[(Pity, 0.18), (Remorse, 0.18)]); // V10, C
    }

    #[test]
    fn others_fortunes_are_weighed_by_liking() {
        for (after, like, own_act, should) in [
            (0.9, 0.5, true, (Emotion::HappyFor, 0.18)),
            (0.9, -0.4, false, (Emotion::Resentment, 0.144)),
            (0.1, 0.5, true, (Emotion::Pity, 0.18)),
            (0.1, -0.4, false, (Emotion::Gloating, 0.144)),
        ] {
            let event = Event { like: Some(Signed1::clamped(like)), own_act, ..moved(0.9, 0.5, after) };
            same(&event.emotions(), &[should]);
        }
        let own = Event { praise: Signed1::clamped(-0.5), own_act: true, ..moved(1.0, 0.5, 0.0) };
        same(&own.emotions(), &[(Emotion::Distress, 0.5), (Emotion::Shame, 0.5), (Emotion::Remorse, 0.5)]);
    }
}
