//! How well an entity is understood: E = C^.4·A^.2·R^.4. It weighs what is said of harm and chooses the tone; it never raises authority.

mod accord;
mod foresight;

use crate::domain::{Body, EmpathyView, Timestamp};
use accord::Accord;
use foresight::Foresight;
use serde::{Deserialize, Serialize};

/// What one outcome counts in an entity's own state: the last ten or so make it.
const NEWS: f64 = 0.1;
/// Denied twice within so many seconds, it does not get what it needs.
const AGAIN_SECONDS: f64 = 600.0;
/// Distress that nobody ended within a day was not helped.
const DISTRESS_SECONDS: f64 = 86_400.0;
/// Episodes after which both counts are halved: what happened years ago tells less.
const EPISODES: u32 = 1_000;
/// A sentiment from which words tell of distress, or of its end.
const STRONG: f64 = 0.5;

/// What befell an entity.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Lot {
    Granted,
    Denied,
    Obeyed,
    Failed,
    /// It fell silent, or its words and readings are as they should be again.
    Gone,
    Back,
    Odd,
    Even,
    Trusted,
    Distrusted,
    /// It said how it is, from −1 to 1.
    Said(f64),
}

/// The running sums behind the three parts, O(1) an entity.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Empathy {
    foresight: Foresight,
    accord: Accord,
    /// Its own state as far as its outcomes tell, in [-1, 1].
    state: f64,
    denied: Option<Timestamp>,
    /// Since when it is in distress that nobody ended.
    distress: Option<Timestamp>,
    episodes: u32,
    helped: u32,
}

impl Lot {
    /// How it is for the entity, in [-1, 1].
    fn outcome(self) -> f64 {
        match self {
            Self::Granted | Self::Obeyed | Self::Back | Self::Even | Self::Trusted => 1.0,
            Self::Denied | Self::Failed | Self::Gone | Self::Odd | Self::Distrusted => -1.0,
            Self::Said(sentiment) => {
                if sentiment.is_nan() {
                    0.0
                } else {
                    sentiment.clamp(-1.0, 1.0)
                }
            }
        }
    }
}

impl Empathy {
    /// Takes a word of the entity: was it foreseen?
    pub fn hear(&mut self, kind: &str, body: &Body) {
        self.foresight.hear(kind, body);
    }

    /// Takes what befell it, beside the regard in which Jamey holds it then, in [-1, 1].
    pub fn live(&mut self, lot: Lot, regard: f64, at: Timestamp) {
        let outcome = lot.outcome();
        self.state += (outcome - self.state) * NEWS;
        self.accord.take(regard, self.state);
        match lot {
            Lot::Denied => {
                if self.denied.is_some_and(|before| at.seconds_since(before) < AGAIN_SECONDS) {
                    self.suffer(at);
                }
                self.denied = Some(at);
            }
            Lot::Said(_) if outcome.abs() < STRONG => {}
            _ if outcome > 0.0 => self.helped(at),
            Lot::Distrusted => {}
            _ => self.suffer(at),
        }
    }

    fn suffer(&mut self, at: Timestamp) {
        if self.in_distress(at) {
            return;
        }
        self.distress = Some(at);
        self.episodes += 1;
        if self.episodes >= EPISODES {
            self.episodes /= 2;
            self.helped /= 2;
        }
    }

    fn helped(&mut self, at: Timestamp) {
        self.denied = None;
        if self.in_distress(at) {
            self.helped += 1;
        }
        self.distress = None;
    }

    #[must_use]
    pub fn in_distress(&self, at: Timestamp) -> bool {
        self.distress.is_some_and(|since| at.seconds_since(since) < DISTRESS_SECONDS)
    }

    /// R = (1 + helped)/(2 + episodes), in (0, 1].
    fn responsive(&self) -> f64 {
        (1.0 + f64::from(self.helped)) / (2.0 + f64::from(self.episodes))
    }

    /// E in [0, 1].
    #[must_use]
    pub fn value(&self) -> f64 {
        whole(self.foresight.skill(), self.accord.affinity(), self.responsive())
    }

    /// None while nothing is known.
    #[must_use]
    pub fn view(&self, at: Timestamp) -> Option<EmpathyView> {
        (*self != Self::default()).then(|| EmpathyView {
            value: self.value(),
            cognitive: self.foresight.skill(),
            affective: self.accord.affinity(),
            responsive: self.responsive(),
            in_distress: self.in_distress(at),
        })
    }

    /// Whether what was read from the store can be this.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.foresight.is_sound()
            && self.accord.is_sound()
            && (-1.0..=1.0).contains(&self.state)
            && self.helped <= self.episodes
            && self.episodes < EPISODES
    }
}

/// E = C^.4·A^.2·R^.4, each clamped to [0, 1].
fn whole(c: f64, a: f64, r: f64) -> f64 {
    let power = |x: f64, e: f64| libm::pow(if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) }, e);
    power(c, 0.4) * power(a, 0.2) * power(r, 0.4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn the_three_parts_make_the_whole_as_published() {
        assert!((whole(0.6, 0.8, 0.75) - 0.694_869).abs() < 5e-7);
        assert_eq!((whole(0.0, 1.0, 1.0), whole(9.0, 1.0, 1.0), whole(f64::NAN, 1.0, 1.0)), (0.0, 1.0, 0.0));
    }

    #[test]
    fn distress_is_an_episode_once_and_help_counts_while_it_lasts() {
        let mut e = Empathy::default();
        assert_eq!(e.responsive(), 0.5);
        for (seconds, lot, in_distress, r) in [
            (0, Lot::Denied, false, 0.5),
            (700, Lot::Denied, false, 0.5),
            (800, Lot::Denied, true, 1.0 / 3.0),
            (900, Lot::Gone, true, 1.0 / 3.0),
            (1_000, Lot::Granted, false, 2.0 / 3.0),
            (1_100, Lot::Back, false, 2.0 / 3.0),
            (1_200, Lot::Said(-0.8), true, 0.5),
            (1_300, Lot::Said(0.2), true, 0.5),
            (1_400, Lot::Trusted, false, 0.75),
            (2_000, Lot::Odd, true, 0.6),
            (90_000, Lot::Obeyed, false, 0.6),
        ] {
            e.live(lot, 0.0, at(seconds));
            assert_eq!(e.in_distress(at(seconds)), in_distress, "{seconds} {lot:?}");
            assert!((e.responsive() - r).abs() < 1e-12, "{seconds} {lot:?}: {}", e.responsive());
        }
    }

    #[test]
    fn the_counts_are_halved_and_not_endless() {
        let mut e = Empathy::default();
        for n in 0..5_000 {
            e.live(Lot::Gone, 0.0, at(10 * n));
            e.live(Lot::Back, 0.0, at(10 * n + 5));
            assert!(e.is_sound());
        }
        assert!(e.responsive() > 0.99);
    }

    proptest! {
        #[test]
        fn every_part_stays_in_its_range(steps in prop::collection::vec((0u8..12, -1.0f64..1.0, "[a-d]{0,2}", any::<f64>()), 0..200)) {
            let mut e = Empathy::default();
            for (n, (what, x, kind, number)) in steps.iter().enumerate() {
                e.hear(kind, &if *what % 2 == 0 { Body::Number(*number) } else { Body::Text(kind.clone()) });
                let lots = [Lot::Granted, Lot::Denied, Lot::Obeyed, Lot::Failed, Lot::Gone, Lot::Back, Lot::Odd, Lot::Even, Lot::Trusted,
                    Lot::Distrusted, Lot::Said(*number), Lot::Said(*x)];
                e.live(lots[usize::from(*what)], *x, at(100 * i64::try_from(n).unwrap()));
                prop_assert!(e.is_sound(), "{:?}", e);
                let view = e.view(at(0)).unwrap();
                for part in [view.value, view.cognitive, view.affective, view.responsive] {
                    prop_assert!((0.0..=1.0).contains(&part), "{:?}", view);
                }
            }
            let mut whole = Vec::new();
            ciborium::into_writer(&e, &mut whole).unwrap();
            prop_assert!(whole.len() < 400, "{}", whole.len());
            let read: Empathy = ciborium::from_reader(&whole[..]).unwrap();
            prop_assert_eq!(read, e);
        }
    }
}
