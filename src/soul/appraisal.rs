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
mod tests;
