//! One facet of an opinion: Beta evidence on two clocks, forgetting, and probation. Arithmetic only; who is meant it does not know.

use crate::domain::{Facet, FacetView, Standing, Timestamp, beta_quantile};
use serde::{Deserialize, Serialize};

/// Jøsang's non-informative prior weight W.
const PRIOR_WEIGHT: f64 = 2.0;
/// Memory of the fast clock, an event: it remembers about 10, and notices a change of behaviour.
pub const FAST: f64 = 0.9;
/// Memory of the slow clock, an event: it remembers about 200, and gives the lower bound.
pub const SLOW: f64 = 0.995;
/// Half-life of positive evidence; that of negative evidence is twice as long and counts active time only.
const HALF_LIFE_SECONDS: f64 = 30.0 * 86_400.0;
const HALF_LIFE_ACTIVE_MINUTES: f64 = 2.0 * 30.0 * 1_440.0;
/// Probation doubles up to this many breaches: 10·2^10 clean events are a week of one a minute.
const BREACHES: u8 = 10;
/// A promise beyond so many clean events is none: twice the longest probation, two weeks of one a minute.
const MOST_CLEAN_EVENTS: u32 = 20_480;
/// Less than this against somebody is forgotten: a denied request is, on the slow clock, after some 1,000 events.
const AGAINST: f64 = 0.01;
/// Positive evidence an owner starts with.
const OWNER_EVIDENCE: f64 = 20.0;

/// One side of what was learned so far: r for, s against.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug, Default)]
pub struct Evidences {
    pub r: f64,
    pub s: f64,
}

/// A subjective-logic opinion: belief + disbelief + uncertainty = 1, with a base rate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Belief {
    pub b: f64,
    pub d: f64,
    pub u: f64,
    pub a: f64,
}

/// When something is asked: the time, and the minutes in which the entity was active until then.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moment {
    pub at: Timestamp,
    pub active_minutes: i64,
}

/// The evidence of one facet on both clocks, as it stood at `since`.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Opinion {
    fast: Evidences,
    slow: Evidences,
    since: Timestamp,
    since_active_minutes: i64,
    breaches: u8,
    /// Clean events still owed; while there are any the lower bound stays at or below the base rate.
    owed: f64,
}

/// The base rate a, in [0, 1]: what an entity is worth before anything is known of it.
#[must_use]
pub fn base_rate(standing: Standing) -> f64 {
    match standing {
        Standing::Owner => 0.7,
        Standing::Paired => 0.5,
        Standing::Newcomer => 0.3,
    }
}

/// The share of a posterior that lies below its lower bound.
const LOWER: f64 = 0.05;

fn lower_bound(alpha: f64, beta: f64) -> f64 {
    beta_quantile(alpha, beta, LOWER)
}

/// The lower bound before any evidence: the quantile of Beta(W·a, W·(1−a)).
#[must_use]
pub fn prior_lower_bound(a: f64) -> f64 {
    lower_bound(PRIOR_WEIGHT * a, PRIOR_WEIGHT * (1.0 - a))
}

impl Belief {
    /// P = b + a·u, in [0, 1]: the expected probability of good conduct.
    #[must_use]
    pub fn expectation(self) -> f64 {
        self.b + self.a * self.u
    }
}

impl Evidences {
    /// b = r/(W+r+s), d = s/(W+r+s), u = W/(W+r+s) with W = 2; each in [0, 1]. Source: Jøsang, Subjective Logic (2016), 3.3.
    #[must_use]
    pub fn belief(self, a: f64) -> Belief {
        let total = PRIOR_WEIGHT + self.r + self.s;
        Belief { b: self.r / total, d: self.s / total, u: PRIOR_WEIGHT / total, a }
    }

    fn hear(&mut self, weight: f64, memory: f64) {
        self.r = memory * self.r + weight.max(0.0);
        self.s = memory * self.s + (-weight).max(0.0);
    }

    fn faded(self, for_: f64, against: f64) -> Self {
        Self { r: self.r * for_, s: self.s * against }
    }

    fn is_sound(self) -> bool {
        [self.r, self.s].iter().all(|x| x.is_finite() && (0.0..=1e6).contains(x))
    }
}

impl Opinion {
    #[must_use]
    pub fn new(now: Moment) -> Self {
        let none = Evidences::default();
        Self { fast: none, slow: none, since: now.at, since_active_minutes: now.active_minutes, breaches: 0, owed: 0.0 }
    }

    /// Takes one piece of evidence: a weight with its sign. A breach begins probation; positive weight serves it.
    pub fn hear(&mut self, weight: f64, breach: bool, now: Moment) {
        self.settle(now);
        self.fast.hear(weight, FAST);
        self.slow.hear(weight, SLOW);
        if breach {
            self.breaches = self.breaches.saturating_add(1).min(BREACHES);
            self.owed = 10.0 * libm::exp2(f64::from(self.breaches));
        } else {
            self.owed = (self.owed - weight.max(0.0)).max(0.0);
        }
    }

    /// What a declared owner starts with: at least 20 positive events on both clocks.
    pub fn vouch(&mut self, now: Moment) {
        self.settle(now);
        self.fast.r = self.fast.r.max(OWNER_EVIDENCE);
        self.slow.r = self.slow.r.max(OWNER_EVIDENCE);
    }

    /// The weaker of the two clocks: its expectation is P = min(P_fast, P_slow). What the fast clock does not remember it takes from the slow
    /// one: with the base rate in its place a device that never failed would be expected to fail one time in twelve.
    #[must_use]
    pub fn belief(&self, a: f64, now: Moment) -> Belief {
        let (for_, against) = self.fading(now);
        let slow = self.slow.faded(for_, against).belief(a);
        let fast = self.fast.faded(for_, against).belief(slow.expectation());
        if fast.expectation() < slow.expectation() { fast } else { slow }
    }

    /// t in [0, 1]: the 5 % quantile of the slow clock's posterior Beta(W·a + r, W·(1−a) + s); on probation a at most.
    #[must_use]
    pub fn lower_bound(&self, a: f64, now: Moment) -> f64 {
        let (for_, against) = self.fading(now);
        let slow = self.slow.faded(for_, against);
        let t = lower_bound(PRIOR_WEIGHT * a + slow.r, PRIOR_WEIGHT * (1.0 - a) + slow.s);
        if self.on_probation() { t.min(a) } else { t }
    }

    /// How much evidence the slow clock remembers by now: what was well known a year ago is not.
    #[must_use]
    pub fn known(&self, now: Moment) -> f64 {
        let (for_, against) = self.fading(now);
        let slow = self.slow.faded(for_, against);
        slow.r + slow.s
    }

    /// Whether something speaks against it.
    #[must_use]
    pub fn has_against(&self, now: Moment) -> bool {
        self.slow.s * self.fading(now).1 > AGAINST
    }

    /// The least number of clean events, one a minute from now on, after which the lower bound is at least `trust`; None: none will do.
    ///
    /// After n of them r = f^n·r + (1 − f^n)/(1 − f) and s = g^n·s, f and g being what the slow clock and a minute leave of each.
    #[must_use]
    pub fn clean_events_until(&self, trust: f64, a: f64, now: Moment) -> Option<u32> {
        let (for_, against) = self.fading(now);
        let slow = self.slow.faded(for_, against);
        let f = SLOW * libm::exp2(-60.0 / HALF_LIFE_SECONDS);
        let g = SLOW * libm::exp2(-1.0 / HALF_LIFE_ACTIVE_MINUTES);
        let reaches = |n: u32| {
            let kept = libm::pow(f, f64::from(n));
            let r = kept * slow.r + (1.0 - kept) / (1.0 - f);
            let s = libm::pow(g, f64::from(n)) * slow.s;
            let t = lower_bound(PRIOR_WEIGHT * a + r, PRIOR_WEIGHT * (1.0 - a) + s);
            let t = if self.owed > f64::from(n) { t.min(a) } else { t };
            t >= trust
        };
        if !reaches(MOST_CLEAN_EVENTS) {
            return None;
        }
        let (mut low, mut high) = (0, MOST_CLEAN_EVENTS);
        while low < high {
            let middle = u32::midpoint(low, high);
            if reaches(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    /// In public form.
    #[must_use]
    pub fn view(&self, facet: Facet, a: f64, now: Moment) -> FacetView {
        let belief = self.belief(a, now);
        let (for_, against) = self.fading(now);
        let slow = self.slow.faded(for_, against);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 10,240")]
        let owed = self.owed.ceil() as u32;
        FacetView {
            facet,
            belief: belief.b,
            disbelief: belief.d,
            uncertainty: belief.u,
            expectation: belief.expectation(),
            lower_bound: self.lower_bound(a, now),
            for_it: slow.r,
            against_it: slow.s,
            owed,
        }
    }

    #[must_use]
    pub fn on_probation(&self) -> bool {
        self.owed > 0.0
    }

    /// What stands against it, without what speaks for it; None where nothing does.
    #[must_use]
    pub fn against(&self, now: Moment) -> Option<Self> {
        let mut rest = self.clone();
        rest.settle(now);
        (rest.fast.r, rest.slow.r) = (0.0, 0.0);
        (rest.has_against(now) || rest.breaches > 0).then_some(rest)
    }

    /// The same, for one who comes back: the time away was no activity, so nothing of it faded.
    #[must_use]
    pub fn resumed(self, now: Moment) -> Self {
        Self { since: now.at, since_active_minutes: now.active_minutes, ..self }
    }

    /// Clean events owed, and pieces of evidence against it; at least 0.
    #[must_use]
    pub fn gravity(&self) -> f64 {
        self.owed + self.slow.s
    }

    /// Whether a stored opinion can be one.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.fast.is_sound() && self.slow.is_sound() && self.breaches <= BREACHES && (0.0..=10_240.0).contains(&self.owed)
    }

    /// r·2^(−Δt/h) and s·2^(−Δactive/2h): silence returns P to the base rate, but hiding does not rehabilitate.
    fn fading(&self, now: Moment) -> (f64, f64) {
        let idle_seconds = now.at.seconds_since(self.since);
        let active = now.active_minutes.saturating_sub(self.since_active_minutes).max(0);
        // Minutes since 1970 are below 2^31 until the year 6053.
        let active_minutes = f64::from(i32::try_from(active).unwrap_or(i32::MAX));
        let for_ = if idle_seconds > 0.0 { libm::exp2(-idle_seconds / HALF_LIFE_SECONDS) } else { 1.0 };
        let against = if active > 0 { libm::exp2(-active_minutes / HALF_LIFE_ACTIVE_MINUTES) } else { 1.0 };
        (for_, against)
    }

    fn settle(&mut self, now: Moment) {
        let (for_, against) = self.fading(now);
        self.fast = self.fast.faded(for_, against);
        self.slow = self.slow.faded(for_, against);
        self.since = self.since.max(now.at);
        self.since_active_minutes = self.since_active_minutes.max(now.active_minutes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(days: f64) -> Moment {
        #[allow(clippy::cast_possible_truncation)]
        let micros = (days * 86_400e6) as i64;
        Moment { at: Timestamp::from_micros(micros), active_minutes: micros / 60_000_000 }
    }

    #[test]
    fn evidence_becomes_an_opinion() {
        for (r, s, b, d, u, p) in [
            (0.0, 0.0, 0.0, 0.0, 1.0, 0.5),
            (7.0, 1.0, 0.7, 0.1, 0.2, 0.8),
            (40.0, 2.0, 0.909_091, 0.045_455, 0.045_455, 0.931_818),
            (100.0, 1.0, 0.970_874, 0.009_709, 0.019_417, 0.980_583),
        ] {
            let o = Evidences { r, s }.belief(0.5);
            for (is, should) in [(o.b, b), (o.d, d), (o.u, u), (o.expectation(), p), (o.b + o.d + o.u, 1.0)] {
                assert!((is - should).abs() < 1e-6, "{r} {s}: {is} {should}");
            }
        }
    }

    #[test]
    fn the_fast_clock_forgets_as_published() {
        let should = [
            0.666_667, 0.743_59, 0.787_686, 0.816_143, 0.835_934, 0.850_425, 0.861_439, 0.870_051, 0.876_935, 0.882_536, 0.774_315,
            0.683_948, 0.607_745, 0.542_952, 0.487_471, 0.538_228, 0.582_18, 0.620_411, 0.653_794, 0.683_045,
        ];
        let mut clock = Evidences::default();
        for (i, p) in should.into_iter().enumerate() {
            clock.hear(if (10..15).contains(&i) { -1.0 } else { 1.0 }, FAST);
            assert!((clock.belief(0.5).expectation() - p).abs() < 1e-6, "event {i}");
        }
    }

    #[test]
    fn silence_returns_to_the_base_rate() {
        let mut o = Opinion::new(moment(0.0));
        o.slow.r = 40.0;
        o.fast.r = 40.0;
        for (half_lives, p) in [(0.0, 0.966_667), (1.0, 0.936_364), (2.0, 0.883_333), (4.0, 0.688_889), (8.0, 0.350_725)] {
            let now = moment(30.0 * half_lives);
            assert!((o.belief(0.3, now).expectation() - p).abs() < 1e-6, "{half_lives}");
        }
    }

    #[test]
    fn the_stated_number_of_clean_events_is_exact() {
        let a = 0.5;
        let minute = |n: u32| Moment { at: Timestamp::from_micros(i64::from(n) * 60_000_000), active_minutes: i64::from(n) };
        for (good, bad, trust) in [(0, 0, 0.5), (40, 0, 0.97), (10, 1, 0.8), (100, 3, 0.9), (3, 10, 0.6)] {
            let mut o = Opinion::new(minute(0));
            (0..good).for_each(|_| o.hear(1.0, false, minute(0)));
            (0..bad).for_each(|_| o.hear(-2.0, true, minute(0)));
            let n = o.clean_events_until(trust, a, minute(0)).unwrap();
            for event in 1..=n {
                assert!(o.lower_bound(a, minute(event - 1)) < trust, "{good} {bad}: already after {} of {n}", event - 1);
                o.hear(1.0, false, minute(event));
            }
            assert!(o.lower_bound(a, minute(n)) >= trust, "{good} {bad}: not after {n}");
        }
        assert_eq!(Opinion::new(minute(0)).clean_events_until(0.999, a, minute(0)), None, "more than the slow clock can ever say");
    }

    #[test]
    fn without_forgetting_the_counterfactual_is_the_published_one() {
        // P = (r + 1)/(r + 2) from r = 40 reaches .98 after 8.
        let after = (0..).find(|n| Evidences { r: 40.0 + f64::from(*n), s: 0.0 }.belief(0.5).expectation() >= 0.98);
        assert_eq!(after, Some(8));
    }

    #[test]
    fn hiding_does_not_rehabilitate() {
        let mut o = Opinion::new(moment(0.0));
        o.hear(-10.0, true, moment(0.0));
        let hidden = Moment { active_minutes: 0, ..moment(365.0) };
        let worked = moment(365.0);
        assert_eq!(o.belief(0.5, hidden), o.belief(0.5, moment(0.0)));
        assert!(o.belief(0.5, worked).expectation() > o.belief(0.5, hidden).expectation() + 0.3);
    }

    #[test]
    fn probation_ends_after_its_clean_events_and_doubles() {
        let mut o = Opinion::new(moment(0.0));
        for _ in 0..200 {
            o.hear(1.0, false, moment(0.0));
        }
        assert!(o.lower_bound(0.3, moment(0.0)) > 0.9);
        for owed in [20, 40] {
            o.hear(-2.0, true, moment(0.0));
            for _ in 0..owed {
                assert!(o.lower_bound(0.3, moment(0.0)) <= 0.3);
                o.hear(1.0, false, moment(0.0));
            }
            assert!(o.lower_bound(0.3, moment(0.0)) > 0.8);
        }
        for _ in 0..300 {
            o.hear(-2.0, true, moment(0.0));
        }
        assert_eq!(o.owed, 10_240.0, "one past the greatest probation");
        assert!(o.is_sound());
    }
}
