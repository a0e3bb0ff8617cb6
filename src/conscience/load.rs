//! A whole set out of its files: read, laid over each other, weighed, checked against each other, and tried on its examples.

use super::complaint::{RuleError, Spot};
use super::facts::{Known, View};
use super::names::{self, Field, Signal};
use super::rule::Kind;
use super::source::{self, Ids, Overlay, Read};
use super::ternary;
use super::value::Val;
use super::{Set, Terms, Tuning};
use crate::domain::{Ruling, SignalSpec, limits};
use std::collections::BTreeSet;

struct Loading {
    signals: Vec<Signal>,
    read: Vec<Read>,
    ids: Ids,
    tuning: Tuning,
    errors: Vec<RuleError>,
}

pub(super) fn load(ruling: &Ruling, specs: &[SignalSpec]) -> Result<Set, Vec<RuleError>> {
    let signals = names::signals(specs);
    let mut l = Loading { signals, read: Vec::new(), ids: Ids::new(), tuning: Tuning::default(), errors: Vec::new() };
    for text in &ruling.sources {
        l.read.extend(source::read(&text.name, &text.text, &l.signals, &mut l.ids, &mut l.errors));
    }
    if let Some(profile) = &ruling.profile {
        let over = source::overlay(&profile.name, &profile.text, &l.signals, &mut l.errors);
        l.lay(over, &profile.name, true);
    }
    l.weigh(ruling);
    for candidate in &ruling.candidates {
        let over = source::overlay(&candidate.name, &candidate.text, &l.signals, &mut l.errors);
        l.lay(over, &candidate.name, false);
    }
    l.tighten(ruling.strictness);
    if l.ids.len() > limits::RULES {
        let message = format!("a set has at most {} rules and these are {}", limits::RULES, l.ids.len());
        l.errors.push(RuleError::of("rules", None, message));
    }
    let overrides = l.overrides();
    let order = l.in_order(&overrides);
    l.examples();
    let Some(order) = order.filter(|_| l.errors.is_empty()) else {
        let files: Vec<&str> = ruling.sources.iter().chain(&ruling.profile).chain(&ruling.candidates).map(|t| t.name.as_str()).collect();
        l.errors.sort_by_key(|e| (files.iter().position(|f| *f == e.file).unwrap_or(files.len()), e.line, e.column));
        return Err(l.errors);
    };
    let by_target = l.read.iter().any(|r| r.when.names(Field::Target) || r.degree.as_ref().is_some_and(|d| d.names(Field::Target)));
    let mut set =
        Set { rules: Vec::new(), terms: Vec::new(), order, signals: l.signals, by_target, tuning: l.tuning, ruling: ruling.clone() };
    for (r, overrides) in l.read.into_iter().zip(overrides) {
        let counts = r.when.names(Field::Cmds60s);
        set.terms.push(Terms { when: r.when, degree: r.degree, overrides, counts });
        set.rules.push(r.rule);
    }
    Ok(set)
}

impl Loading {
    /// Lays a profile or a candidate over what is there. A profile is for sets of all kinds, and says nothing of rules that are not there.
    fn lay(&mut self, over: Overlay, name: &str, lenient: bool) {
        for (id, at) in over.without {
            match self.read.iter().position(|r| r.rule.id == id) {
                Some(at) => {
                    self.read.remove(at);
                    self.ids.remove(&id);
                }
                None if lenient || self.ids.contains_key(&id) => {}
                None => self.unknown(&id, name, &at, "`without`"),
            }
        }
        for fresh in over.rules {
            let id = fresh.rule.id.clone();
            self.ids.insert(id.clone(), (name.to_owned(), fresh.at.line));
            match self.read.iter_mut().find(|r| r.rule.id == id) {
                Some(old) => *old = fresh,
                None => self.read.push(fresh),
            }
        }
        for (id, weight, at) in over.weights {
            match self.read.iter_mut().find(|r| r.rule.id == id) {
                Some(r) if r.rule.kind == Kind::Veto && weight == 0.0 => self.errors.push(RuleError::of(name, Some(&id), VETO).at(&at)),
                Some(r) => {
                    r.rule.weight = weight;
                    r.rule.weighed_by = Some(name.to_owned());
                }
                None if lenient || self.ids.contains_key(&id) => {}
                None => self.unknown(&id, name, &at, "`weights`"),
            }
        }
        self.tuning.caution = over.caution.unwrap_or(self.tuning.caution);
        self.tuning.trust_from = over.trust_from.unwrap_or(self.tuning.trust_from);
    }

    fn unknown(&mut self, id: &str, name: &str, at: &Spot, what: &str) {
        let hint = names::hint(id, self.ids.keys().map(String::as_str));
        self.errors.push(RuleError::of(name, None, format!("{what} names `{id}`, which is no rule{hint}")).at(at));
    }

    /// The owner's weights, and the duties that are to be silent.
    fn weigh(&mut self, ruling: &Ruling) {
        for duty in &ruling.silent {
            for r in self.read.iter_mut().filter(|r| r.rule.kind != Kind::Veto && r.rule.duty.as_str() == duty) {
                r.rule.weight = 0.0;
                r.rule.weighed_by = Some(format!("conscience.silent (duty {duty})"));
            }
        }
        for (id, weight) in &ruling.weights {
            let rule = self.read.iter_mut().find(|r| r.rule.id == *id);
            let message = match rule {
                _ if !(0.0..=10.0).contains(weight) => format!("{weight} is not a weight; it is from 0 to 10"),
                None if !self.ids.contains_key(id) => {
                    format!("no rule has this id{}", names::hint(id, self.ids.keys().map(String::as_str)))
                }
                Some(r) if r.rule.kind == Kind::Veto && *weight == 0.0 => VETO.to_owned(),
                Some(r) => {
                    r.rule.weight = *weight;
                    r.rule.weighed_by = Some("conscience.weights".into());
                    continue;
                }
                None => continue,
            };
            self.errors.push(RuleError::of("config", Some(id), message));
        }
    }

    /// Strictness is laid over everything else: no candidate takes it away.
    fn tighten(&mut self, strictness: f64) {
        if (0.0..=limits::CAUTION).contains(&strictness) {
            self.tuning.caution = (self.tuning.caution + strictness).min(limits::CAUTION);
        } else {
            let message = format!("{strictness} is no strictness; it is from 0 to {}", limits::CAUTION);
            self.errors.push(RuleError::of("config", None, message));
        }
    }

    fn overrides(&mut self) -> Vec<Vec<usize>> {
        let mut all = Vec::new();
        for r in &self.read {
            let mut silenced = Vec::new();
            for (name, at) in r.rule.overrides.iter().zip(&r.overrides_at) {
                let message = match self.read.iter().position(|o| o.rule.id == *name) {
                    Some(at) if self.read.get(at).is_some_and(|o| o.rule.kind == Kind::Veto) => {
                        format!("`{name}` is a veto, and nothing overrides a veto; narrow its `when` instead")
                    }
                    Some(at) => {
                        silenced.push(at);
                        continue;
                    }
                    None if self.ids.contains_key(name) => continue,
                    None => {
                        let hint = names::hint(name, self.ids.keys().map(String::as_str));
                        format!("`overrides` names `{name}`, which is no rule{hint}")
                    }
                };
                self.errors.push(RuleError::of(&r.rule.file, Some(&r.rule.id), message).at(at));
            }
            all.push(silenced);
        }
        all
    }

    /// Every index once, each before those it overrides, else in the order given; None when they go in a circle.
    fn in_order(&mut self, overrides: &[Vec<usize>]) -> Option<Vec<usize>> {
        let mut order: Vec<usize> = Vec::new();
        let mut waiting: Vec<usize> = (0..overrides.len()).collect();
        while !waiting.is_empty() {
            let beaten: BTreeSet<usize> = waiting.iter().filter_map(|at| overrides.get(*at)).flatten().copied().collect();
            let before = order.len();
            order.extend(waiting.iter().filter(|at| !beaten.contains(at)));
            waiting.retain(|at| beaten.contains(at));
            if order.len() == before {
                self.circle(&waiting, overrides);
                return None;
            }
        }
        Some(order)
    }

    fn circle(&mut self, waiting: &[usize], overrides: &[Vec<usize>]) {
        // Each of these is overridden by another of them: going back from one, a circle is met.
        let by = |at: usize| waiting.iter().copied().find(|o| overrides.get(*o).is_some_and(|v| v.contains(&at)));
        let mut path: Vec<usize> = waiting.first().copied().into_iter().collect();
        while let Some(next) = path.last().and_then(|at| by(*at)) {
            let met = path.iter().position(|p| *p == next);
            path.push(next);
            if let Some(met) = met {
                path.drain(..met);
                break;
            }
        }
        path.reverse();
        let names: Vec<&str> = path.iter().filter_map(|at| self.read.get(*at)).map(|r| r.rule.id.as_str()).take(8).collect();
        let message = format!("`overrides` go round in a circle ({}): none of these rules could ever speak", names.join(" → "));
        let error = match path.first().and_then(|at| self.read.get(*at)) {
            Some(r) => RuleError::of(&r.rule.file, Some(&r.rule.id), message).at(r.overrides_at.first().unwrap_or(&r.at)),
            None => RuleError::of("rules", None, message),
        };
        self.errors.push(error);
    }

    fn examples(&mut self) {
        for r in &self.read {
            for (example, at) in r.rule.examples.iter().zip(&r.examples_at) {
                let facts = example.facts(self.signals.iter().map(|s| (s.name.as_str(), s.kind)));
                let view = View { facts: &facts, signals: &self.signals, figures: None, known: Known::All };
                let found = match ternary::evaluate(&r.when, &view) {
                    Val::Bool(fires) if fires == example.fires => continue,
                    Val::Bool(true) => "the rule fires on it and should not".to_owned(),
                    Val::Bool(false) => "the rule should fire on it and does not".to_owned(),
                    Val::Error(why) => format!("the rule cannot be evaluated on it: {why}"),
                    _ => "the rule cannot be evaluated on it".to_owned(),
                };
                let message = format!("example `{}`: {found}", example.name);
                self.errors.push(RuleError::of(&r.rule.file, Some(&r.rule.id), message).at(at));
            }
        }
    }
}

const VETO: &str = "a veto stands whatever it weighs; to be without it, leave its rule out of the rule files";
