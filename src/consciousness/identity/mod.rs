//! Who Jamey is: roles by contexts, counted from what it did. Counts fade by the time that passed and not by how often it was looked.

mod dirichlet;
mod stored;
#[cfg(test)]
mod tests;
mod view;

pub use dirichlet::{Strength, divergence, means, strength};
pub use view::Gist;

use crate::domain::{Act, Context, EntityId, IdentitySpec, Timestamp, limits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

const DAY_SECONDS: f64 = 86_400.0;
const MONTH_SECONDS: f64 = 30.0 * DAY_SECONDS;
/// In this time the second of a kind counts half, the third a third: a burst of n counts about 1 + ln n, so that nobody makes Jamey one thing
/// by asking for it again and again.
const BURST_SECONDS: f64 = 60.0;
/// Of what goes on all day the first in this time counts, and the others do not.
const STEADY_SECONDS: f64 = 600.0;
/// Below so much evidence of the last day no drift is told: it would be chance.
const LEAST_EVIDENCE: f64 = 4.0;
/// A drift that is told ends at this share of where it begins.
const ENDS_AT: f64 = 0.5;
/// Another role is named once it rose by so much more than the one that is.
const MORE: f64 = 0.05;
/// It is looked for drift, and stored, so often.
const LOOK_SECONDS: f64 = 60.0;

/// What one role did, by context: with a half-life of a day, and of a month.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Tally {
    day: [f64; Context::COUNT],
    month: [f64; Context::COUNT],
}

/// Something that Jamey did, and what it counted for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    pub at: Timestamp,
    pub act: Act,
    pub role: String,
    pub context: Context,
    pub weight: f64,
    pub percept: Uuid,
    pub entity: EntityId,
}

/// Since when acts of one kind are counted together, and how many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Pace {
    since: Timestamp,
    times: u32,
}

/// A drift that is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drifting {
    /// What Jamey is more than it was.
    pub role: String,
    pub since: Timestamp,
}

/// Over what it is looked: all contexts, or one.
type Within = Option<Context>;

/// What the identity is counted from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// As of `settled`; at most `limits::ROLES`.
    roles: BTreeMap<String, Tally>,
    settled: Timestamp,
    /// Acts that counted, ever.
    counted: u64,
    /// The last `limits::ACTS`, oldest first.
    acts: VecDeque<Done>,
    paces: BTreeMap<Act, Pace>,
    drifting: Option<Drifting>,
    looked: Option<Timestamp>,
    /// It differs from what was stored then.
    changed: bool,
    stored: Option<Timestamp>,
}

impl Identity {
    /// Takes the owner's roles. What was counted for a role that is not among them any more is let go.
    pub fn adopt(&mut self, spec: &IdentitySpec) {
        self.roles.retain(|role, _| spec.charter.contains_key(role));
        self.drifting.take_if(|drifting| !spec.charter.contains_key(&drifting.role));
        for role in spec.charter.keys().take(limits::ROLES) {
            self.roles.entry(role.clone()).or_default();
        }
    }

    /// What an act of this kind would count now; None: nothing.
    #[must_use]
    pub fn worth(&self, act: Act, now: Timestamp) -> Option<f64> {
        let within = if act.is_steady() { STEADY_SECONDS } else { BURST_SECONDS };
        let times = self.paces.get(&act).filter(|pace| now.seconds_since(pace.since) < within).map_or(0, |pace| pace.times);
        match times {
            0 => Some(act.weight()),
            _ if act.is_steady() => None,
            n => Some(act.weight() / (f64::from(n) + 1.0)),
        }
    }

    /// Takes something that Jamey did.
    pub fn act(&mut self, spec: &IdentitySpec, act: Act, context: Context, percept: Uuid, entity: &EntityId, now: Timestamp) {
        let (Some(weight), Some(role)) = (self.worth(act, now), spec.role_of(act)) else { return };
        self.settle(now);
        let Some(tally) = self.roles.get_mut(role) else { return };
        for (cell, _) in cells(&mut tally.day, context).chain(cells(&mut tally.month, context)) {
            *cell += weight;
        }
        let pace = self.paces.entry(act).or_insert(Pace { since: now, times: 0 });
        // What would count as the first of its kind begins anew.
        if weight >= act.weight() {
            *pace = Pace { since: now, times: 0 };
        }
        pace.times = pace.times.saturating_add(1);
        if self.acts.len() >= limits::ACTS {
            self.acts.pop_front();
        }
        self.acts.push_back(Done { at: now, act, role: role.to_owned(), context, weight, percept, entity: entity.clone() });
        self.counted = self.counted.saturating_add(1);
        self.changed = true;
    }

    /// Once a second; it looks once a minute whether a drift begins or ends.
    pub fn look(&mut self, spec: &IdentitySpec, now: Timestamp) {
        if self.looked.is_some_and(|at| now.seconds_since(at) < LOOK_SECONDS) {
            return;
        }
        self.looked = Some(now);
        let (day, month) = self.compared(spec, None, now);
        let (drift, evidence) = (divergence(&day, &month), self.evidence(None, now).0);
        let (from, least) = match self.drifting {
            None => (spec.drift, LEAST_EVIDENCE),
            Some(_) => (spec.drift * ENDS_AT, LEAST_EVIDENCE * ENDS_AT),
        };
        let before = self.drifting.clone();
        self.drifting = if drift >= from && evidence >= least { self.risen(&day, &month, now) } else { None };
        self.changed |= self.drifting != before;
    }

    /// The role that rose most; the one that is named already stays until another rose by `MORE` beyond it.
    fn risen(&self, day: &[f64], month: &[f64], now: Timestamp) -> Option<Drifting> {
        let rose = || self.roles.keys().zip(day.iter().zip(month).map(|(day, month)| day - month));
        let (role, most) = rose().max_by(|(_, x), (_, y)| x.total_cmp(y))?;
        let named = self.drifting.as_ref();
        let still = named.and_then(|named| rose().find(|(role, _)| **role == named.role)).is_some_and(|(_, rose)| most < rose + MORE);
        match named {
            Some(named) if still => Some(named.clone()),
            named => Some(Drifting { role: role.clone(), since: named.map_or(now, |named| named.since) }),
        }
    }

    /// How far the last day is from the last month, in [0, 1].
    #[must_use]
    pub fn drift(&self, spec: &IdentitySpec, within: Within, now: Timestamp) -> f64 {
        let (day, month) = self.compared(spec, within, now);
        divergence(&day, &month)
    }

    /// The drift that is told.
    #[must_use]
    pub fn drifting(&self) -> Option<&Drifting> {
        self.drifting.as_ref()
    }

    /// What Jamey did last, newest first; at most `limits::ACTS`.
    pub fn acts(&self) -> impl Iterator<Item = &Done> {
        self.acts.iter().rev()
    }

    /// Lets go of the acts that name an entity. What they counted for stays: it names nobody.
    pub fn forget(&mut self, entity: &EntityId) {
        let before = self.acts.len();
        self.acts.retain(|done| done.entity != *entity);
        self.changed |= self.acts.len() < before;
        // The row that may name it is written anew at once, also where the act itself went meanwhile.
        self.stored = None;
    }

    /// Whether an act names an entity.
    #[must_use]
    pub fn names(&self, entity: &EntityId) -> bool {
        self.acts.iter().any(|done| done.entity == *entity)
    }

    /// Posterior parameters α⁰ + n of each role, in the order of their names: over the last month.
    fn alphas(&self, spec: &IdentitySpec, within: Within, now: Timestamp) -> Vec<f64> {
        let faded = self.faded(now).1;
        self.roles.iter().map(|(role, tally)| charter(spec, role) + sum(&tally.month, within) * faded).collect()
    }

    /// Posterior means of the last day and of the last month. The month's evidence is thinned to as much as the day has: the charter draws both
    /// alike then, and a quiet day on which Jamey did what it always does is no drift.
    fn compared(&self, spec: &IdentitySpec, within: Within, now: Timestamp) -> (Vec<f64>, Vec<f64>) {
        let (faded_day, faded_month) = self.faded(now);
        let (of_day, of_month) = self.evidence(within, now);
        let thinned = if of_month > of_day { of_day / of_month } else { 1.0 };
        let of = |counts: fn(&Tally) -> &[f64; Context::COUNT], scale: f64| {
            let alphas: Vec<f64> =
                self.roles.iter().map(|(role, tally)| charter(spec, role) + sum(counts(tally), within) * scale).collect();
            means(&alphas)
        };
        (of(|tally| &tally.day, faded_day), of(|tally| &tally.month, faded_month * thinned))
    }

    /// What was counted in the last day and in the last month, in acts.
    fn evidence(&self, within: Within, now: Timestamp) -> (f64, f64) {
        let (day, month) = self.faded(now);
        let all = |counts: fn(&Tally) -> &[f64; Context::COUNT]| self.roles.values().map(|tally| sum(counts(tally), within)).sum::<f64>();
        (all(|tally| &tally.day) * day, all(|tally| &tally.month) * month)
    }

    /// What is left of a count of `settled` now: 2^(−Δt/h) with half-lives of a day and of 30.
    fn faded(&self, now: Timestamp) -> (f64, f64) {
        let seconds = now.seconds_since(self.settled);
        (libm::exp2(-seconds / DAY_SECONDS), libm::exp2(-seconds / MONTH_SECONDS))
    }

    fn settle(&mut self, now: Timestamp) {
        let (day, month) = self.faded(now);
        for tally in self.roles.values_mut() {
            tally.day.iter_mut().for_each(|count| *count *= day);
            tally.month.iter_mut().for_each(|count| *count *= month);
        }
        self.settled = self.settled.max(now);
    }
}

fn charter(spec: &IdentitySpec, role: &str) -> f64 {
    spec.charter.get(role).copied().unwrap_or(0.0)
}

fn sum(counts: &[f64; Context::COUNT], within: Within) -> f64 {
    counts.iter().zip(Context::ALL).filter(|(_, context)| within.is_none_or(|wanted| wanted == *context)).map(|(count, _)| count).sum()
}

fn cells(counts: &mut [f64; Context::COUNT], of: Context) -> impl Iterator<Item = (&mut f64, Context)> {
    counts.iter_mut().zip(Context::ALL).filter(move |(_, context)| *context == of)
}
