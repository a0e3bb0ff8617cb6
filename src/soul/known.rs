//! All that the soul holds of one entity: its standing, its facets, and why they are as they are.

mod past;

pub use past::{Past, Use};

use super::{
    evidence::{Evidence, Gate},
    hearsay::Hearsay,
    ledger::{Cause, Ledger},
    opinion::{Belief, Moment, Opinion, base_rate, prior_lower_bound},
};
use crate::domain::{Detail, EntityId, Facet, FacetView, OpinionView, Remedy, Standing, Timestamp, Unit01, Wanted, limits};
use serde::{Deserialize, Serialize};

/// Trust is computed for the start of a minute of input time and kept until the next: an inverse Beta costs microseconds, and a minute
/// moves it by less than 2e-5.
const MINUTE_MICROS: i64 = 60_000_000;
/// A silence longer than this is not activity. Battery devices report once a day at least.
const ACTIVE_GAP_MINUTES: i64 = 1_440;
/// Mere presence is written to the store this often at most.
const SEEN_SECONDS: f64 = 60.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Known {
    standing: Standing,
    facets: Facets,
    gate: Gate,
    ledger: Ledger,
    events: u64,
    last_seen: Timestamp,
    active_minutes: i64,
    /// P after the last evidence, so that what time did since can be told apart.
    settled: f64,
    /// `last_seen` as stored; None: never stored.
    stored_seen: Option<Timestamp>,
    /// What others say of it, by who says it.
    #[serde(default)]
    hearsay: Hearsay,
    /// The last request that was not allowed, and the least trust with which it would have been.
    #[serde(default)]
    wanted: Option<Want>,
    /// Evidence or standing changed since it was stored.
    changed: bool,
    #[serde(skip)]
    trust: Cached,
}

/// A request that was not allowed.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Want {
    pub target: EntityId,
    pub verb: String,
    pub at: Timestamp,
    pub trust: Option<f64>,
}

/// The facets that have evidence, in order.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
struct Facets(Vec<(Facet, Opinion)>);

/// A trust and its minute. It is a function of the rest, so it is neither stored nor compared.
#[derive(Clone, Copy, Debug, Default)]
struct Cached(Option<(i64, Unit01)>);

impl PartialEq for Cached {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Known {
    #[must_use]
    pub fn new(standing: Standing, at: Timestamp) -> Self {
        let mut new = Self {
            standing,
            facets: Facets::default(),
            gate: Gate::default(),
            ledger: Ledger::default(),
            events: 0,
            last_seen: at,
            active_minutes: 0,
            settled: base_rate(standing),
            stored_seen: None,
            hearsay: Hearsay::default(),
            wanted: None,
            changed: true,
            trust: Cached::default(),
        };
        new.vouch(at);
        new
    }

    /// Takes a standing; the same again changes nothing.
    pub fn declare(&mut self, standing: Standing, at: Timestamp) {
        if self.standing != standing {
            self.standing = standing;
            self.vouch(at);
            self.changed = true;
            self.trust = Cached::default();
        }
    }

    /// Takes a piece of evidence with its weight; false when it does not count because the same was counted within the minute.
    pub fn weigh(&mut self, at: Timestamp, target: Option<&EntityId>, evidence: Evidence, weight: f64) -> bool {
        let at = at.max(self.last_seen);
        // A word that did not come is no activity.
        if evidence != Evidence::Silence {
            self.active_minutes = self.moment(at).active_minutes;
            self.last_seen = at;
        }
        let admitted = self.gate.admits(evidence, target, at);
        let (counts, breach) = match evidence {
            Evidence::Denied => (admitted, admitted),
            // Each one weighs, but a burst is one breach: otherwise a second of it would be probation for a week.
            Evidence::Impersonation | Evidence::Replay => (true, admitted),
            Evidence::OwnerWord(good) => (true, !good),
            _ => (admitted, false),
        };
        if !counts {
            return false;
        }
        let now = self.moment(at);
        let before = self.belief(now).expectation();
        self.facets.change(evidence.facet(), now, |opinion| opinion.hear(weight, breach, now));
        self.events = self.events.saturating_add(1);
        let after = self.belief(now).expectation();
        self.ledger.note(Cause::Time, None, before - self.settled, at);
        self.ledger.note(Cause::Evidence(evidence), target, after - before, at);
        self.settled = after;
        self.changed = true;
        self.trust = Cached::default();
        true
    }

    /// t in [0, 1]: the least lower bound of the facets that have evidence, as of the start of the minute.
    pub fn trust(&mut self, at: Timestamp) -> Unit01 {
        let minute = at.micros().div_euclid(MINUTE_MICROS);
        if let Some((cached, t)) = self.trust.0
            && cached == minute
        {
            return t;
        }
        let now = self.moment(Timestamp::from_micros(minute.saturating_mul(MINUTE_MICROS)));
        let a = base_rate(self.standing);
        let least = self.facets.telling(now).map(|(_, o)| o.lower_bound(a, now)).min_by(f64::total_cmp);
        let t = Unit01::clamped(least.unwrap_or_else(|| prior_lower_bound(a)));
        self.trust = Cached(Some((minute, t)));
        t
    }

    /// P in [0, 1].
    #[must_use]
    pub fn expectation(&self, at: Timestamp) -> f64 {
        self.belief(self.moment(at)).expectation()
    }

    /// Takes what another one, believed with `p`, says of it.
    pub fn hear_say(&mut self, by: &EntityId, p: f64, said: Belief, at: Timestamp) {
        self.hearsay.hear(by, p, said, at);
        self.changed = true;
    }

    /// Takes a request that was not allowed.
    pub fn want(&mut self, want: Want) {
        self.wanted = Some(want);
        self.changed = true;
    }

    /// Whether it has to behave for a while after a breach.
    #[must_use]
    pub fn on_probation(&self) -> bool {
        self.facets.0.iter().any(|(_, o)| o.on_probation())
    }

    #[must_use]
    pub fn wanted_at(&self) -> Option<Timestamp> {
        self.wanted.as_ref().map(|want| want.at)
    }

    /// How far its word on others is believed, in [0, 1]: P without what others say; of a newcomer the base rate at most, for to behave well
    /// is cheap for a crowd that someone made up.
    #[must_use]
    pub fn as_witness(&self, at: Timestamp) -> f64 {
        let p = self.belief(self.moment(at)).expectation();
        if self.standing == Standing::Newcomer { p.min(base_rate(self.standing)) } else { p }
    }

    /// Forgets another one: what it said, and that something was asked of it. What that was worth stays.
    pub fn forget(&mut self, other: &EntityId) {
        let named = self.hearsay.forget(other) | self.gate.forget(other) | self.ledger.forget(other);
        self.changed |= named | self.wanted.take_if(|want| want.target == *other).is_some();
    }

    fn remedy(&self, want: &Want, a: f64, now: Moment) -> Wanted {
        let fresh = Opinion::new(now);
        let events = want.trust.and_then(|trust| {
            let mut telling: Vec<(Facet, &Opinion)> = self.facets.telling(now).collect();
            if telling.is_empty() {
                telling.push((Facet::Integrity, &fresh));
            }
            let counts = telling.into_iter().map(|(facet, o)| Some((facet, o.clean_events_until(trust, a, now)?)));
            counts.collect::<Option<Vec<_>>>()
        });
        let remedy = events.map_or(Remedy::Never, |events| Remedy::After(events.into_iter().filter(|(_, n)| *n > 0).collect()));
        Wanted { target: want.target.clone(), verb: want.verb.clone(), at: want.at, trust: want.trust, remedy }
    }

    /// Nobody declared or discovered it: anybody may have made it up.
    #[must_use]
    pub fn is_newcomer(&self) -> bool {
        self.standing == Standing::Newcomer
    }

    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    #[must_use]
    pub fn view(&mut self, entity: &EntityId, at: Timestamp) -> OpinionView {
        let now = self.moment(at);
        let (belief, a) = (self.hearsay.fuse(self.belief(now), at), base_rate(self.standing));
        let mut reasons = self.ledger.reasons();
        if self.on_probation() {
            reasons.push("on probation after a breach: no more than its base rate until it has behaved".to_owned());
        }
        if reasons.is_empty() {
            let standing = match self.standing {
                Standing::Owner => "an owner",
                Standing::Paired => "a paired device",
                Standing::Newcomer => "a newcomer",
            };
            reasons.push(format!("nothing has moved it yet: it began as {standing}"));
        }
        OpinionView {
            entity: entity.clone(),
            standing: self.standing,
            belief: belief.b,
            disbelief: belief.d,
            uncertainty: belief.u,
            base_rate: belief.a,
            expectation: Unit01::clamped(belief.expectation()),
            lower_bound: self.trust(at),
            reasons,
            events: self.events,
            last_seen: self.last_seen,
            detail: Detail {
                facets: self.facets.views(a, now),
                wanted: self.wanted.as_ref().map(|want| self.remedy(want, a, now)),
                lately: self.ledger.lately(),
                ..Detail::default()
            },
        }
    }

    /// Whether the stored row is out of date: at once when evidence changed, once a minute when it was merely seen.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.changed || self.stored_seen.is_none_or(|stored| self.last_seen.seconds_since(stored) >= SEEN_SECONDS)
    }

    pub fn stored(&mut self) {
        self.changed = false;
        self.stored_seen = Some(self.last_seen);
    }

    /// What is told of it besides is another thing now: its row is to be written.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// Whether what was read from the store can be an entity.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let ordered = self.facets.0.is_sorted_by(|(x, _), (y, _)| x < y);
        ordered
            && self.facets.0.iter().all(|(_, o)| o.is_sound())
            && self.gate.is_sound()
            && self.ledger.is_sound()
            && self.settled.is_finite()
            && self.hearsay.is_sound()
            && self.wanted.as_ref().is_none_or(|w| w.trust.is_none_or(|t| (0.0..=1.0).contains(&t)) && w.verb.len() <= limits::KIND_BYTES)
    }

    /// The weakest facet that tells something; with none all is uncertain.
    fn belief(&self, now: Moment) -> Belief {
        let a = base_rate(self.standing);
        let beliefs = self.facets.telling(now).map(|(_, o)| o.belief(a, now));
        beliefs.min_by(|x, y| x.expectation().total_cmp(&y.expectation())).unwrap_or(Belief { b: 0.0, d: 0.0, u: 1.0, a })
    }

    /// Activity is counted in whole minutes of input time, so that trust is the same whenever in a minute it is asked.
    fn moment(&self, at: Timestamp) -> Moment {
        let minute = |t: Timestamp| t.micros().div_euclid(MINUTE_MICROS);
        let gap = minute(at).saturating_sub(minute(self.last_seen)).clamp(0, ACTIVE_GAP_MINUTES);
        Moment { at, active_minutes: self.active_minutes.saturating_add(gap) }
    }

    fn vouch(&mut self, at: Timestamp) {
        let now = self.moment(at);
        if self.standing == Standing::Owner {
            self.facets.change(Facet::Integrity, now, |opinion| opinion.vouch(now));
        }
        self.settled = self.belief(now).expectation();
    }
}

impl Facets {
    fn views(&self, a: f64, now: Moment) -> Vec<FacetView> {
        self.0.iter().map(|(facet, opinion)| opinion.view(*facet, a, now)).collect()
    }

    /// The facets that tell something of the whole: each that something speaks against, and the one that is known best. A facet of which little
    /// is known, all of it good, is no reason to trust less: else the first reading of a hub that was always right would cost it its trust.
    fn telling(&self, now: Moment) -> impl Iterator<Item = (Facet, &Opinion)> {
        let best = self.0.iter().max_by(|(_, x), (_, y)| x.known(now).total_cmp(&y.known(now))).filter(|(_, o)| !o.has_against(now));
        self.0.iter().filter(move |(_, o)| o.has_against(now)).chain(best).map(|(facet, o)| (*facet, o))
    }

    fn change(&mut self, facet: Facet, now: Moment, change: impl FnOnce(&mut Opinion)) {
        match self.0.binary_search_by_key(&facet, |(f, _)| *f) {
            Ok(place) => {
                if let Some((_, opinion)) = self.0.get_mut(place) {
                    change(opinion);
                }
            }
            Err(place) => {
                let mut opinion = Opinion::new(now);
                change(&mut opinion);
                self.0.reserve_exact(1);
                self.0.insert(place, (facet, opinion));
            }
        }
    }
}
