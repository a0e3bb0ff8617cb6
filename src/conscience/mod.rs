//! The conscience: rules checked when loaded, requests judged by them, reasons given. Pure: no clock, no I/O, no randomness.

mod calls;
mod check;
mod cost;
mod example;
mod explain;
mod facts;
mod judge;
mod names;
mod rule;
mod source;
mod term;
mod ternary;
#[cfg(test)]
mod tests;
mod value;
mod words;

pub use example::Example;
pub use judge::{Thresholds, thresholds};
pub use rule::{Duty, Kind, Rule, RuleError};

use crate::domain::{Facts, SignalSpec, Verdict, limits};
use facts::{Known, View};
use judge::Applicable;
use names::{Field, Signal};
use source::{Ids, Read};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use term::Term;
use value::Val;

/// A whole set of checked rules. A clone shares the rules and keeps a cache of its own.
#[derive(Debug, Clone)]
pub struct RuleSet {
    set: Arc<Set>,
    /// Which rules can matter for a target and verb: the same few are commanded again and again.
    applicable: BTreeMap<Vec<u8>, Arc<Applicable>>,
    /// Kept between judgements, so that looking up allocates nothing.
    key: Vec<u8>,
}

/// What is fixed when a set is loaded.
#[derive(Debug)]
struct Set {
    rules: Vec<Rule>,
    terms: Vec<Terms>,
    /// The rules' indices, each before those it overrides.
    order: Vec<usize>,
    signals: Vec<Signal>,
    /// Some rule asks for `act.target`: else devices of one kind in one place share what can matter for them.
    by_target: bool,
}

#[derive(Debug)]
struct Terms {
    when: Term,
    degree: Option<Term>,
    /// The rules that it silences.
    overrides: Vec<usize>,
    /// It asks how often the device was commanded, which its reason then tells.
    counts: bool,
}

/// Target and verb combinations remembered: as many as there may be devices; then the cache starts anew.
const APPLICABLE: usize = limits::DEVICES;
/// A key beyond this is some sender's invention and not worth remembering.
const KEY_BYTES: usize = 1_024;
/// The CEL parser recurses a frame or more for each operator. 1 MiB was enough for the worst of the tests' sources of 1 KiB in a debug
/// build; this is sixteen times that.
const STACK_BYTES: usize = 16 * 1024 * 1024;

impl RuleSet {
    /// Loads rule files given as (name, TOML text), with the declared signals and the owner's weights (rule id to weight).
    /// A weight of 0 switches a rule off that is not a veto. Parsing happens on a thread of its own with a big stack.
    ///
    /// # Errors
    /// Everything that is wrong, in all files at once: names, types, sizes, ranges, duplicate ids, `overrides` that name no rule,
    /// a veto, or each other in a circle, weights of unknown rules, and examples that do not behave.
    pub fn load(sources: &[(String, String)], signals: &[SignalSpec], weights: &BTreeMap<String, f64>) -> Result<Self, Vec<RuleError>> {
        let failed =
            |message: &str| vec![RuleError { file: "rules".into(), rule: None, line: None, column: None, message: message.into() }];
        std::thread::scope(|scope| {
            let job = || load(sources, signals, weights);
            let thread = std::thread::Builder::new().name("rules".into()).stack_size(STACK_BYTES).spawn_scoped(scope, job);
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(failed("the rules could not be checked: the checker failed; please report the files")),
                Err(_) => Err(failed("the rules could not be checked: no memory for the parser's 16 MiB stack")),
            }
        })
        .map(|set| Self { set: Arc::new(set), applicable: BTreeMap::new(), key: Vec::new() })
    }

    /// The rules that come with Jamey, as [`RuleSet::load`] takes them.
    #[must_use]
    pub fn shipped() -> Vec<(String, String)> {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/rules/home.toml"));
        vec![("home.toml".to_owned(), text.to_owned())]
    }

    /// The verdict on a request.
    ///
    /// **Not observed is not missing.** A signal that is declared without a source keeps its default and counts as missing for u, but
    /// a veto is not held open for it: a house without smoke detectors must be able to lock its doors. Only a signal that has a
    /// source, and is missing or stale now, makes a veto that could fire under another value of it ask a person.
    ///
    /// **What cannot matter does not count.** u is the share of missing signals among those that the applicable rules' values can still
    /// depend on, once class, area, tags, verb and target are known: the leak of "a valve shut on a leak" is no doubt about a lock.
    ///
    /// `facts.dev.risk` is the risk of this verb (0.2 at most in the safe direction); `facts.ctx` has `hour` beside the signals.
    #[must_use]
    pub fn judge(&mut self, facts: &Facts) -> Verdict {
        let applicable = self.applicable(facts);
        judge::judge(&self.set, &applicable, facts)
    }

    /// Every rule, in the order of the files.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.set.rules.iter()
    }

    fn applicable(&mut self, facts: &Facts) -> Arc<Applicable> {
        self.key.clear();
        let target = if self.set.by_target { facts.act.target.as_str() } else { "" };
        let fixed = [facts.dev.class.as_str(), &facts.dev.area, &facts.act.verb, target];
        for part in fixed.into_iter().chain(facts.dev.tags.iter().map(String::as_str)) {
            self.key.extend_from_slice(&part.len().to_le_bytes());
            self.key.extend_from_slice(part.as_bytes());
            if self.key.len() > KEY_BYTES {
                return Arc::new(self.set.applicable(facts));
            }
        }
        if let Some(known) = self.applicable.get(&self.key) {
            return Arc::clone(known);
        }
        let fresh = Arc::new(self.set.applicable(facts));
        if self.applicable.len() >= APPLICABLE {
            self.applicable.clear();
        }
        self.applicable.insert(self.key.clone(), Arc::clone(&fresh));
        fresh
    }
}

impl Set {
    /// The rules that are not definitely silent for this target and verb, whoever asks and whenever.
    fn applicable(&self, facts: &Facts) -> Applicable {
        let view = View { facts, signals: &self.signals, known: Known::Target };
        let mut rules = Vec::new();
        let mut signals = BTreeSet::new();
        for at in &self.order {
            let (Some(rule), Some(terms)) = (self.rules.get(*at), self.terms.get(*at)) else { continue };
            let off = rule.kind != Kind::Veto && rule.weight == 0.0;
            if off || matches!(ternary::evaluate(&terms.when, &view), Val::Bool(false)) {
                continue;
            }
            let mut touches = BTreeSet::new();
            ternary::open_signals(&terms.when, &view, &mut touches);
            terms.degree.iter().for_each(|d| ternary::open_signals(d, &view, &mut touches));
            signals.extend(&touches);
            rules.push((*at, touches.into_iter().collect()));
        }
        Applicable { rules, signals: signals.into_iter().collect() }
    }
}

fn load(sources: &[(String, String)], specs: &[SignalSpec], weights: &BTreeMap<String, f64>) -> Result<Set, Vec<RuleError>> {
    let signals = names::signals(specs);
    let mut errors = Vec::new();
    let mut ids = Ids::new();
    let mut read: Vec<Read> = Vec::new();
    for (name, text) in sources {
        read.extend(source::read(name, text, &signals, &mut ids, &mut errors));
    }
    if ids.len() > limits::RULES {
        let message = format!("a set has at most {} rules and these are {}", limits::RULES, ids.len());
        errors.push(RuleError { file: "rules".into(), rule: None, line: None, column: None, message });
    }
    for (id, weight) in weights {
        let rule = read.iter_mut().find(|r| r.rule.id == *id);
        let message = match rule {
            _ if !(0.0..=10.0).contains(weight) => format!("{weight} is not a weight; it is from 0 to 10"),
            None if !ids.contains_key(id) => format!("no rule has this id{}", names::hint(id, ids.keys().map(String::as_str))),
            Some(r) if r.rule.kind == Kind::Veto && *weight == 0.0 => {
                "a veto stands whatever it weighs; to be without it, leave its rule out of the rule files".to_owned()
            }
            Some(r) => {
                r.rule.weight = *weight;
                continue;
            }
            None => continue,
        };
        errors.push(RuleError { file: "config".into(), rule: Some(id.clone()), line: None, column: None, message });
    }
    let overrides = resolve_overrides(&read, &ids, &mut errors);
    let Some(order) = in_order(&overrides) else {
        let message = "`overrides` go round in a circle: none of these rules could ever speak".to_owned();
        errors.push(RuleError { file: "rules".into(), rule: None, line: None, column: None, message });
        return Err(errors);
    };
    for r in &read {
        run_examples(r, &signals, &mut errors);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let by_target = read.iter().any(|r| r.when.asks(Field::Target) || r.degree.as_ref().is_some_and(|d| d.asks(Field::Target)));
    let mut set = Set { rules: Vec::new(), terms: Vec::new(), order, signals, by_target };
    for (r, overrides) in read.into_iter().zip(overrides) {
        let counts = r.when.asks(Field::Cmds60s);
        set.terms.push(Terms { when: r.when, degree: r.degree, overrides, counts });
        set.rules.push(r.rule);
    }
    Ok(set)
}

fn resolve_overrides(read: &[Read], ids: &Ids, errors: &mut Vec<RuleError>) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for r in read {
        let mut silenced = Vec::new();
        for (name, (line, column)) in r.rule.overrides.iter().zip(&r.overrides_at) {
            let message = match read.iter().position(|o| o.rule.id == *name) {
                Some(at) if read.get(at).is_some_and(|o| o.rule.kind == Kind::Veto) => {
                    format!("`{name}` is a veto, and nothing overrides a veto; narrow its `when` instead")
                }
                Some(at) => {
                    silenced.push(at);
                    continue;
                }
                None if ids.contains_key(name) => continue,
                None => format!("`overrides` names `{name}`, which is no rule{}", names::hint(name, ids.keys().map(String::as_str))),
            };
            let place = (Some(*line), Some(*column));
            errors.push(RuleError { file: r.rule.file.clone(), rule: Some(r.rule.id.clone()), line: place.0, column: place.1, message });
        }
        all.push(silenced);
    }
    all
}

/// Every index once, each before those it overrides, else in the order given; None when they go in a circle.
fn in_order(overrides: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = Vec::new();
    let mut waiting: Vec<usize> = (0..overrides.len()).collect();
    while !waiting.is_empty() {
        let beaten: BTreeSet<usize> = waiting.iter().filter_map(|at| overrides.get(*at)).flatten().copied().collect();
        let before = order.len();
        order.extend(waiting.iter().filter(|at| !beaten.contains(at)));
        waiting.retain(|at| beaten.contains(at));
        if order.len() == before {
            return None;
        }
    }
    Some(order)
}

fn run_examples(r: &Read, signals: &[Signal], errors: &mut Vec<RuleError>) {
    for example in &r.rule.examples {
        let facts = example.facts(signals.iter().map(|s| (s.name.as_str(), s.kind)));
        let view = View { facts: &facts, signals, known: Known::All };
        let found = match ternary::evaluate(&r.when, &view) {
            Val::Bool(fires) if fires == example.fires => continue,
            Val::Bool(true) => "the rule fires on it and should not".to_owned(),
            Val::Bool(false) => "the rule should fire on it and does not".to_owned(),
            Val::Error(why) => format!("the rule cannot be evaluated on it: {why}"),
            _ => "the rule cannot be evaluated on it".to_owned(),
        };
        let message = format!("example `{}`: {found}", example.name);
        errors.push(RuleError { file: r.rule.file.clone(), rule: Some(r.rule.id.clone()), line: Some(r.line), column: None, message });
    }
}
