//! The conscience: rules checked when loaded, requests judged by them, reasons given. Pure: no clock, no I/O, no randomness.

mod calls;
mod check;
mod compare;
mod complaint;
mod cost;
mod example;
mod explain;
mod expression;
mod facts;
mod judge;
mod learn;
mod lint;
mod load;
mod milder;
mod names;
mod parts;
mod places;
mod possible;
mod rule;
mod source;
mod term;
mod ternary;
#[cfg(test)]
mod tests;
mod trial;
mod truth;
mod value;
mod vocabulary;
mod words;
mod would;

pub use compare::turned_by;
pub use complaint::RuleError;
pub use example::Example;
pub use judge::{Thresholds, thresholds};
pub use learn::{Answer, LEAST, Proposal, Weight, learn};
pub use lint::{Counts, Lint, Remark};
pub use milder::milder;
pub use parts::Parts;
pub use rule::{AtExpiry, DUTIES, Duty, Kind, Rule};

pub use trial::{Trial, Turned};
pub use truth::{Asked, Truth};
pub use would::would_change;

use crate::domain::{Facts, RuleText, Ruling, SignalSpec, Verdict, limits};
use facts::{Known, View};
use judge::Applicable;
use names::Signal;
use serde::{Deserialize, Serialize};
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
    tuning: Tuning,
    /// What it was made of.
    ruling: Ruling,
}

/// A shipped set of weights, thresholds and rules, laid over the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    #[default]
    Home,
    Workshop,
    Strict,
}

impl Profile {
    pub const ALL: [Self; 3] = [Self::Home, Self::Workshop, Self::Strict];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Workshop => "workshop",
            Self::Strict => "strict",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == name)
    }

    #[must_use]
    pub fn text(self) -> RuleText {
        let text = match self {
            Self::Home => include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/profiles/home.toml")),
            Self::Workshop => include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/profiles/workshop.toml")),
            Self::Strict => include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/profiles/strict.toml")),
        };
        RuleText { name: format!("profile {}", self.as_str()), text: text.to_owned() }
    }
}

/// What a profile may change of the thresholds: only towards caution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Added to both bars, in [0, `limits::CAUTION`].
    pub caution: f64,
    /// The risk from which a request needs trust even where no rule speaks, in [0, 0.6].
    pub trust_from: f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { caution: 0.0, trust_from: judge::CRITICAL_RISK }
    }
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
        let sources = sources.iter().map(|(name, text)| RuleText { name: name.clone(), text: text.clone() }).collect();
        Self::of(&Ruling { sources, weights: weights.clone(), ..Ruling::default() }, signals)
    }

    /// The same with all that a ruling has: profile, silent duties, candidates.
    ///
    /// # Errors
    /// As [`RuleSet::load`].
    pub fn of(ruling: &Ruling, signals: &[SignalSpec]) -> Result<Self, Vec<RuleError>> {
        on_a_big_stack("rules", || load::load(ruling, signals)).map(|set| Self {
            set: Arc::new(set),
            applicable: BTreeMap::new(),
            key: Vec::new(),
        })
    }

    /// What it was made of.
    #[must_use]
    pub fn ruling(&self) -> &Ruling {
        &self.set.ruling
    }

    #[must_use]
    pub fn tuning(&self) -> Tuning {
        self.set.tuning
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

    /// Whether a request on these facts may go on when the person who is asked does not answer.
    #[must_use]
    pub fn expires_to_allow(&mut self, facts: &Facts) -> bool {
        let applicable = self.applicable(facts);
        judge::expires_to_allow(&self.set, &applicable, facts)
    }

    /// The ids of the rules that fire on these facts: for duties, which are looked at and not judged.
    #[must_use]
    pub fn firing(&mut self, facts: &Facts) -> Vec<String> {
        let applicable = self.applicable(facts);
        let view = View { facts, signals: &self.set.signals, figures: None, known: Known::All };
        let fires = |at: &usize| self.set.terms.get(*at).is_some_and(|t| matches!(ternary::evaluate(&t.when, &view), Val::Bool(true)));
        let fired = applicable.rules.iter().map(|(at, _)| *at).filter(fires);
        fired.filter_map(|at| Some(self.set.rules.get(at)?.id.clone())).collect()
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

/// Runs what parses on a thread that can recurse so deeply; `what` are the rules, or the mission.
fn on_a_big_stack<T: Send>(what: &str, job: impl FnOnce() -> Result<T, Vec<RuleError>> + Send) -> Result<T, Vec<RuleError>> {
    let failed = |why: &str| Err(vec![RuleError::of(what, None, format!("the {what} could not be checked: {why}"))]);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("rules".into()).stack_size(STACK_BYTES).spawn_scoped(scope, job);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => failed("the checker failed; please report the files"),
            Err(_) => failed("no memory for the parser's 16 MiB stack"),
        }
    })
}

impl Set {
    /// The rules that are not definitely silent for this target and verb, whoever asks and whenever.
    fn applicable(&self, facts: &Facts) -> Applicable {
        let view = View { facts, signals: &self.signals, figures: None, known: Known::Target };
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
