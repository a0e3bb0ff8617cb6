//! Reads rule files: TOML to rules with checked terms, each complaint with its place.

use super::complaint::{RuleError, Spot};
use super::example::Example;
use super::expression;
use super::names::{self, Signal};
use super::places::{inside, spot};
use super::rule::{AtExpiry, Duty, Kind, Rule};
use super::term::Term;
use crate::domain::{SignalType, SignalValue, limits};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A rule as read, with the terms it is evaluated by.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub rule: Rule,
    pub when: Term,
    pub degree: Option<Term>,
    /// Where it begins, where each of its examples does, and where each `overrides` entry stands.
    pub at: Spot,
    pub examples_at: Vec<Spot>,
    pub overrides_at: Vec<Spot>,
}

/// The largest file: 512 rules of a page each.
const FILE_BYTES: usize = 2 * 1024 * 1024;
/// Examples of one rule: they are run at every load.
const EXAMPLES: usize = 64;
/// `says` and `source` of a rule, in characters: reasons repeat the sentence, and a reason is read on a telephone.
pub(super) const SENTENCE_CHARS: usize = 160;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: Spanned<String>,
    duty: Duty,
    kind: Kind,
    polarity: Spanned<i64>,
    weight: Spanned<f64>,
    severity: Spanned<f64>,
    when: Spanned<String>,
    degree: Option<Spanned<String>>,
    #[serde(default)]
    overrides: Vec<Spanned<String>>,
    #[serde(default)]
    learnable: Option<Spanned<bool>>,
    says: Option<Spanned<String>>,
    source: Option<Spanned<String>>,
    at_expiry: Option<Spanned<AtExpiry>>,
    #[serde(default)]
    examples: Vec<Spanned<Example>>,
}

/// What stands in a file besides its rules, where it is laid over a set: a profile, a candidate.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    pub rules: Vec<Read>,
    pub weights: Vec<(String, f64, Spot)>,
    /// Rules that are taken away.
    pub without: Vec<(String, Spot)>,
    pub caution: Option<f64>,
    pub trust_from: Option<f64>,
}

/// One file and what was found wrong in it.
struct File<'a> {
    name: &'a str,
    text: &'a str,
    ids: &'a mut Ids,
    errors: &'a mut Vec<RuleError>,
}

/// Every id seen, also of rules that are not whole, with its file and line.
pub(super) type Ids = BTreeMap<String, (String, usize)>;

/// Reads one file, adds its ids to `ids` and what is wrong to `errors`, and gives the rules that are whole.
pub(super) fn read(name: &str, text: &str, signals: &[Signal], ids: &mut Ids, errors: &mut Vec<RuleError>) -> Vec<Read> {
    let mut file = File { name, text, ids, errors };
    let mut rules = Vec::new();
    for (key, value) in file.table() {
        if key.get_ref() == "rule" {
            rules.extend(file.rules(&key, value, signals));
        } else {
            let more = if ["weights", "without", "thresholds", "says"].contains(&key.get_ref().as_ref()) {
                ": it stands in profiles and in candidates (`jamey rules replay --with`)".to_owned()
            } else {
                names::hint(key.get_ref(), ["[[rule]]"])
            };
            file.wrong(None, Some(key.span()), format!("`{}` has no place in a rule file{more}", key.get_ref()));
        }
    }
    rules
}

/// Reads a file that is laid over a set. Its rules' ids may be taken: they stand in for those.
pub(super) fn overlay(name: &str, text: &str, signals: &[Signal], errors: &mut Vec<RuleError>) -> Overlay {
    let mut ids = Ids::new();
    let mut file = File { name, text, ids: &mut ids, errors };
    let mut found = Overlay::default();
    for (key, value) in file.table() {
        let span = value.span();
        match (key.get_ref().as_ref(), value.into_inner()) {
            ("rule", value) => found.rules.extend(file.rules(&key, Spanned::new(span, value), signals)),
            ("says", DeValue::String(_)) => {}
            ("weights", DeValue::Table(table)) => {
                for (id, weight) in table {
                    match number(weight.get_ref()).filter(|w| (0.0..=10.0).contains(w)) {
                        Some(w) => found.weights.push((id.get_ref().to_string(), w, spot(text, id.span()))),
                        None => file.wrong(None, Some(weight.span()), "a weight is a number from 0 to 10".into()),
                    }
                }
            }
            ("without", DeValue::Array(ids)) => {
                for id in ids {
                    match id.get_ref().as_str() {
                        Some(word) => found.without.push((word.to_owned(), spot(text, id.span()))),
                        None => file.wrong(None, Some(id.span()), "`without` is a list of rules' ids".into()),
                    }
                }
            }
            ("thresholds", DeValue::Table(table)) => {
                for (key, value) in table {
                    let wanted = match key.get_ref().as_ref() {
                        "caution" => Some((0.0..=limits::CAUTION, &mut found.caution)),
                        "trust_from" => Some((0.0..=0.6, &mut found.trust_from)),
                        _ => None,
                    };
                    match (wanted, number(value.get_ref())) {
                        (Some((range, into)), Some(n)) if range.contains(&n) => *into = Some(n),
                        (Some((range, _)), _) => {
                            let message = format!("`{}` is a number from {} to {}", key.get_ref(), range.start(), range.end());
                            file.wrong(None, Some(value.span()), message);
                        }
                        (None, _) => {
                            let hint = names::hint(key.get_ref(), ["caution", "trust_from"]);
                            file.wrong(None, Some(key.span()), format!("`{}` is no threshold{hint}", key.get_ref()));
                        }
                    }
                }
            }
            (word, _) => {
                let known = ["says", "weights", "without", "thresholds", "rule"];
                let hint = if known.contains(&word) { ": it is of another type" } else { &names::hint(word, known) };
                file.wrong(None, Some(key.span()), format!("`{word}` has no place here{hint}"));
            }
        }
    }
    found
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(n) => n.as_str().parse().ok(),
        DeValue::Integer(n) => n.as_str().parse::<i32>().ok().map(f64::from),
        _ => None,
    }
}

impl<'a> File<'a> {
    fn wrong(&mut self, rule: Option<&str>, at: Option<Range<usize>>, message: String) {
        let error = RuleError::of(self.name, rule, message);
        self.errors.push(match at {
            Some(at) => error.at(&spot(self.text, at)),
            None => error,
        });
    }

    /// What stands at the top; nothing when it is no TOML.
    fn table(&mut self) -> DeTable<'a> {
        if self.text.len() > FILE_BYTES {
            self.wrong(None, None, format!("a rule file has at most {FILE_BYTES} bytes"));
            return DeTable::new();
        }
        let (table, problems) = DeTable::parse_recoverable(self.text);
        for problem in problems.iter().take(16) {
            self.wrong(None, problem.span(), format!("not TOML: {}", problem.message()));
        }
        if problems.is_empty() { table.into_inner() } else { DeTable::new() }
    }

    fn rules(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, value: Spanned<DeValue<'_>>, signals: &[Signal]) -> Vec<Read> {
        let DeValue::Array(items) = value.into_inner() else {
            self.wrong(None, Some(key.span()), "`rule` has no place here so; write each rule under a `[[rule]]` of its own".into());
            return Vec::new();
        };
        if items.len() > limits::RULES {
            self.wrong(None, Some(key.span()), format!("a set has at most {} rules and here are {}", limits::RULES, items.len()));
            return Vec::new();
        }
        items.into_iter().filter_map(|item| self.rule(item, signals)).collect()
    }

    fn rule(&mut self, item: Spanned<DeValue<'_>>, signals: &[Signal]) -> Option<Read> {
        let head = item.span().start..item.span().start + "[[rule]]".len();
        let id_at = item.get_ref().get("id").map_or_else(|| head.clone(), Spanned::span);
        let said = item.get_ref().get("id").and_then(|v| v.get_ref().as_str()).map(str::to_owned);
        if let Some(id) = &said {
            let line = spot(self.text, head.clone()).line;
            if let Some((file, first)) = self.ids.insert(id.clone(), (self.name.to_owned(), line)) {
                self.wrong(Some(id), Some(id_at), format!("this id is taken already, in {file} line {first}; give it another"));
            }
        }
        let raw = match Raw::deserialize(ValueDeserializer::from(item)) {
            Ok(raw) => raw,
            Err(e) => {
                self.wrong(said.as_deref(), Some(e.span().unwrap_or(head)), suggested(e.message()));
                return None;
            }
        };
        let before = self.errors.len();
        let id = raw.id.get_ref().clone();
        let named = id.len() <= 64 && !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let learned = raw.learnable.as_ref().filter(|l| raw.kind == Kind::Veto && *l.get_ref());
        let checks = [
            (named, raw.id.span(), "an id has 1 to 64 letters, digits, `-`, `_` and `.`"),
            (matches!(raw.polarity.get_ref(), -1 | 1), raw.polarity.span(), "`polarity` is 1 (speaks for it) or -1 (against it)"),
            ((0.0..=10.0).contains(raw.weight.get_ref()), raw.weight.span(), "`weight` is from 0 to 10"),
            ((0.0..=1.0).contains(raw.severity.get_ref()), raw.severity.span(), "`severity` is from 0 to 1"),
            (raw.kind != Kind::Veto || *raw.polarity.get_ref() == -1, raw.polarity.span(), "a veto speaks against: `polarity` is -1"),
            (
                raw.kind == Kind::Escalate || raw.at_expiry.is_none(),
                raw.at_expiry.as_ref().map_or_else(|| head.clone(), Spanned::span),
                "`at_expiry` is for rules that ask a person: `kind` is \"escalate\"",
            ),
            (raw.examples.len() <= EXAMPLES, head.clone(), "a rule has at most 64 examples"),
            (learned.is_none(), learned.map_or_else(|| head.clone(), Spanned::span), "a veto is not learnable"),
        ];
        for (_, span, message) in checks.into_iter().filter(|c| !c.0) {
            self.wrong(Some(&id), Some(span), message.to_owned());
        }
        for (key, sentence) in [("says", &raw.says), ("source", &raw.source)] {
            if let Some(sentence) = sentence.as_ref().filter(|s| !is_sentence(s.get_ref())) {
                let message = format!("`{key}` is one line of 1 to {SENTENCE_CHARS} characters");
                self.wrong(Some(&id), Some(sentence.span()), message);
            }
        }
        let mut silenced = BTreeSet::new();
        for name in raw.overrides.iter().filter(|name| *name.get_ref() == id || !silenced.insert(name.get_ref().as_str())) {
            let why = if *name.get_ref() == id { "itself; a rule cannot silence itself" } else { "one rule twice" };
            self.wrong(Some(&id), Some(name.span()), format!("`overrides` names {why}"));
        }
        self.signals_of(&id, &raw.examples, signals);
        let meant: BTreeSet<String> = raw.examples.iter().flat_map(|e| e.get_ref().words()).map(str::to_owned).collect();
        let when = self.term(&id, "when", &raw.when, signals, &meant);
        let degree = raw.degree.as_ref().map(|d| self.term(&id, "degree", d, signals, &meant));
        if self.errors.len() > before {
            return None;
        }
        let rule = Rule {
            file: self.name.to_owned(),
            duty: raw.duty,
            kind: raw.kind,
            polarity: if *raw.polarity.get_ref() < 0 { -1 } else { 1 },
            weight: *raw.weight.get_ref(),
            own_weight: *raw.weight.get_ref(),
            weighed_by: None,
            severity: *raw.severity.get_ref(),
            when: raw.when.into_inner(),
            degree: raw.degree.map(Spanned::into_inner),
            learnable: raw.learnable.map_or(raw.kind != Kind::Veto, Spanned::into_inner),
            says: raw.says.map(Spanned::into_inner),
            source: raw.source.map(Spanned::into_inner),
            at_expiry: raw.at_expiry.map(Spanned::into_inner).unwrap_or_default(),
            overrides: raw.overrides.iter().map(|o| o.get_ref().clone()).collect(),
            examples: Vec::new(),
            id,
        };
        let examples_at =
            raw.examples.iter().map(|e| spot(self.text, e.span().start..e.span().start + "[[rule.examples]]".len())).collect();
        let overrides_at = raw.overrides.iter().map(|o| spot(self.text, o.span())).collect();
        let rule = Rule { examples: raw.examples.into_iter().map(Spanned::into_inner).collect(), ..rule };
        Some(Read { rule, when: when?, degree: degree.flatten(), at: spot(self.text, head), examples_at, overrides_at })
    }

    /// Examples may say only what the house can know.
    fn signals_of(&mut self, id: &str, examples: &[Spanned<Example>], signals: &[Signal]) {
        for example in examples {
            let at = example.span().start..example.span().start + "[[rule.examples]]".len();
            let example = example.get_ref();
            for (name, value) in &example.ctx {
                let wrong = match (signals.iter().find(|s| s.name == *name).map(|s| s.kind), value) {
                    (None, _) => format!("is not a declared signal{}", names::hint(name, signals.iter().map(|s| s.name.as_str()))),
                    (Some(SignalType::Bool), SignalValue::Number(n)) => format!("is true or false, and never {n}"),
                    (Some(SignalType::Number), SignalValue::Bool(b)) => format!("is a number, and never {b}"),
                    _ => continue,
                };
                self.wrong(Some(id), Some(at.clone()), format!("example `{}`: `ctx.{name}` {wrong}", example.name));
            }
        }
    }

    /// Parses and checks one expression; complaints stand where they are in the file.
    fn term(&mut self, id: &str, key: &str, source: &Spanned<String>, signals: &[Signal], meant: &BTreeSet<String>) -> Option<Term> {
        match expression::read(key, source.get_ref(), signals, meant) {
            Ok(term) => Some(term),
            Err(wrong) => {
                for one in wrong {
                    let begin = source.span().start;
                    let at = one.at.map_or(begin..begin + 1, |at| inside(self.text, source, at));
                    self.wrong(Some(id), Some(at), one.message);
                }
                None
            }
        }
    }
}

fn is_sentence(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= SENTENCE_CHARS && !text.chars().any(char::is_control)
}

/// serde's list of what it would have taken, as a question where one of them is near: "unknown variant `x`, expected one of `a`, `b`".
fn suggested(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let Some((word, (what, _))) = words.next().zip(message.split_once(", expected")) else { return message.to_owned() };
    match names::nearest(word, words) {
        Some(near) => format!("{what}; did you mean `{near}`?"),
        None => message.to_owned(),
    }
}
