//! Whether a condition can be true at all, and whether it can be anything else: `ctx.hour > 22 && ctx.hour < 6` never fires.
//!
//! It knows the ranges of the fields and the words that a field can have. It errs on one side only: what it calls impossible is.

use super::names::{self, Field, Signal};
use super::term::{Op, Term};
use super::vocabulary;
use std::collections::{BTreeMap, BTreeSet};

/// Steps of one search; beyond them everything is held for possible. A rule as people write them takes some tens.
const STEPS: usize = 400;

/// What is known of one value on one way to the truth.
#[derive(Debug, Clone, Default)]
struct Value {
    /// The words that it can still be.
    among: Option<BTreeSet<String>>,
    /// And cannot be.
    not: BTreeSet<String>,
    low: Option<(f64, bool)>,
    high: Option<(f64, bool)>,
    truth: Option<bool>,
}

type Known = BTreeMap<String, Value>;

struct Search<'s> {
    signals: &'s [Signal],
    steps: usize,
}

/// What is wrong with a condition that is always the same, if it is.
pub(super) fn constant(term: &Term, signals: &[Signal]) -> Option<&'static str> {
    if !can(term, true, signals) {
        return Some("never");
    }
    (!can(term, false, signals)).then_some("always")
}

/// Whether a condition can be true (or, with `wanted` false, anything but true).
fn can(term: &Term, wanted: bool, signals: &[Signal]) -> bool {
    let mut search = Search { signals, steps: STEPS };
    search.go(&[(term, wanted)], &Known::new())
}

impl Search<'_> {
    /// Whether all of these can hold together.
    fn go<'t>(&mut self, wanted: &[(&'t Term, bool)], known: &Known) -> bool {
        let Some(((term, truth), rest)) = wanted.split_first() else { return true };
        if self.steps == 0 {
            return true;
        }
        self.steps -= 1;
        let more = |terms: &[(&'t Term, bool)]| terms.iter().chain(rest).copied().collect::<Vec<_>>();
        match (term, *truth) {
            (Term::Bool(b), wanted) => *b == wanted && self.go(rest, known),
            // Not to be true it may also be an error.
            (Term::Not(inner), false) if !sure(inner) => self.go(rest, known),
            (Term::Cond(three), false) if !sure(&three.0) => self.go(rest, known),
            (Term::Not(inner), wanted) => self.go(&more(&[(inner, !wanted)]), known),
            (Term::All(terms), true) | (Term::Any(terms), false) => {
                let all: Vec<(&'t Term, bool)> = terms.iter().map(|t| (t, *truth)).collect();
                self.go(&more(&all), known)
            }
            (Term::All(terms), false) | (Term::Any(terms), true) => terms.iter().any(|t| self.go(&more(&[(t, *truth)]), known)),
            (Term::Cond(three), wanted) => {
                self.go(&more(&[(&three.0, true), (&three.1, wanted)]), known)
                    || self.go(&more(&[(&three.0, false), (&three.2, wanted)]), known)
            }
            (term, wanted) => match self.bound(term, wanted, known) {
                Some(known) => self.go(rest, &known),
                None => false,
            },
        }
    }

    /// What is known once this holds; None when it cannot.
    fn bound(&self, term: &Term, wanted: bool, known: &Known) -> Option<Known> {
        let mut known = known.clone();
        match term {
            Term::Binary(op, pair) => {
                let (left, right) = (&pair.0, &pair.1);
                match (fixed(left), fixed(right)) {
                    (None, Some(b)) => self.compare(&mut known, left, *op, &b, wanted)?,
                    (Some(a), None) => self.compare(&mut known, right, turned(*op), &a, wanted)?,
                    (Some(a), Some(b)) => {
                        let holds = a.compare(*op, &b)?;
                        (holds == wanted).then_some(())?;
                    }
                    (None, None) => {}
                }
            }
            Term::In(pair) => self.among(&mut known, &pair.0, &pair.1, wanted)?,
            other => {
                let (value, sure) = self.value(&mut known, other);
                if sure || wanted {
                    value.truth.is_none_or(|t| t == wanted).then_some(())?;
                    value.truth = Some(wanted);
                }
            }
        }
        Some(known)
    }

    /// The value that a term names, and whether it is always there: what may be missing is, when it fails a test, nothing certain.
    fn value<'k>(&self, known: &'k mut Known, term: &Term) -> (&'k mut Value, bool) {
        let fresh = || {
            let (low, high) = match term {
                Term::Field(Field::Trust | Field::Risk | Field::Stress) => (Some(0.0), Some(1.0)),
                Term::Field(Field::Cmds60s | Field::Opposite5s) | Term::Call(super::term::Fun::Size, _) => (Some(0.0), None),
                Term::Signal(at) if self.signals.get(*at).is_some_and(|s| s.name == "hour") => (Some(0.0), Some(23.0)),
                Term::Figure(figure) => figure.about().map_or((None, None), |about| about.range),
                _ => (None, None),
            };
            let among =
                matches!(term, Term::Field(Field::Class)).then(|| names::CLASSES.iter().map(|c| vocabulary::text(c.as_str())).collect());
            Value { among, low: low.map(|n| (n, true)), high: high.map(|n| (n, true)), ..Value::default() }
        };
        (known.entry(format!("{term:?}")).or_insert_with(fresh), sure(term))
    }

    fn whole(&self, term: &Term) -> bool {
        match term {
            Term::Field(Field::Cmds60s | Field::Opposite5s) => true,
            Term::Signal(at) => self.signals.get(*at).is_some_and(|s| s.name == "hour"),
            _ => false,
        }
    }

    fn compare(&self, known: &mut Known, term: &Term, op: Op, with: &Fixed, wanted: bool) -> Option<()> {
        let whole = self.whole(term);
        let (value, sure) = self.value(known, term);
        let op = match (op, wanted) {
            (op, true) => op,
            (Op::Eq, false) => Op::Ne,
            (Op::Ne, false) if !sure => return Some(()),
            (Op::Ne, false) => Op::Eq,
            (Op::Lt | Op::Le | Op::Gt | Op::Ge, false) if !sure => return Some(()),
            (Op::Lt, false) => Op::Ge,
            (Op::Le, false) => Op::Gt,
            (Op::Gt, false) => Op::Le,
            (_, false) => Op::Lt,
        };
        match (op, with) {
            (Op::Eq | Op::Ne, Fixed::Truth(b)) => {
                let b = *b == (op == Op::Eq);
                value.truth.is_none_or(|t| t == b).then_some(())?;
                value.truth = Some(b);
            }
            (Op::Eq, Fixed::Number(n)) => {
                value.at_least(*n, true);
                value.at_most(*n, true);
                value.among(&BTreeSet::from([vocabulary::number(*n)]));
            }
            (Op::Eq, other) => value.among(&BTreeSet::from([other.word()])),
            (Op::Ne, other) => {
                value.not.insert(other.word());
            }
            (Op::Lt, Fixed::Number(n)) => value.at_most(*n, false),
            (Op::Le, Fixed::Number(n)) => value.at_most(*n, true),
            (Op::Gt, Fixed::Number(n)) => value.at_least(*n, false),
            (Op::Ge, Fixed::Number(n)) => value.at_least(*n, true),
            _ => {}
        }
        value.possible(whole).then_some(())
    }

    fn among(&self, known: &mut Known, item: &Term, list: &Term, wanted: bool) -> Option<()> {
        match (fixed(item), list) {
            // `'x' in dev.tags` is a truth of its own.
            (Some(word), Term::Field(Field::Tags)) => {
                let value = known.entry(format!("{} in tags", word.word())).or_default();
                value.truth.is_none_or(|t| t == wanted).then_some(())?;
                value.truth = Some(wanted);
            }
            (Some(word), Term::List(items)) => {
                let words: Option<Vec<String>> = items.iter().map(|i| fixed(i).map(|f| f.word())).collect();
                if let Some(words) = words {
                    (words.contains(&word.word()) == wanted).then_some(())?;
                }
            }
            (None, Term::List(items)) => {
                let Some(words) = items.iter().map(|i| fixed(i).map(|f| f.word())).collect::<Option<BTreeSet<String>>>() else {
                    return Some(());
                };
                let whole = self.whole(item);
                let (value, _) = self.value(known, item);
                if wanted {
                    value.among(&words);
                } else {
                    value.not.extend(words);
                }
                return value.possible(whole).then_some(());
            }
            _ => {}
        }
        Some(())
    }
}

impl Value {
    fn among(&mut self, words: &BTreeSet<String>) {
        self.among = Some(match self.among.take() {
            Some(before) => before.intersection(words).cloned().collect(),
            None => words.clone(),
        });
    }

    fn at_least(&mut self, n: f64, itself: bool) {
        if self.low.is_none_or(|(low, with)| n > low || (n == low && with && !itself)) {
            self.low = Some((n, itself));
        }
    }

    fn at_most(&mut self, n: f64, itself: bool) {
        if self.high.is_none_or(|(high, with)| n < high || (n == high && with && !itself)) {
            self.high = Some((n, itself));
        }
    }

    fn within(&self, n: f64) -> bool {
        self.low.is_none_or(|(low, with)| n > low || (with && n == low))
            && self.high.is_none_or(|(high, with)| n < high || (with && n == high))
    }

    /// Whether anything is left that it can be. `whole`: it has no fractions.
    fn possible(&self, whole: bool) -> bool {
        if let Some(among) = &self.among {
            let fits = |word: &&String| {
                !self.not.contains(*word) && vocabulary::as_number(word).is_none_or(|n| self.within(n) && (!whole || n.fract() == 0.0))
            };
            return among.iter().any(|word| fits(&word));
        }
        let (Some((low, low_in)), Some((high, high_in))) = (self.low, self.high) else { return true };
        if whole {
            let first = if low_in { low.ceil() } else { low.floor() + 1.0 };
            let last = if high_in { high.floor() } else { high.ceil() - 1.0 };
            // Few enough to look at one by one; an hour has 24.
            let mut n = first;
            while n <= last && n < first + 64.0 {
                if !self.not.contains(&vocabulary::number(n)) {
                    return true;
                }
                n += 1.0;
            }
            return last >= first + 64.0;
        }
        low < high || (low == high && low_in && high_in && !self.not.contains(&vocabulary::number(low)))
    }
}

/// Whether a term always has a value.
fn sure(term: &Term) -> bool {
    match term {
        Term::Field(field) => *field != Field::Value,
        Term::Select(..) | Term::Index(_) | Term::Negate(_) | Term::Fold(_) => false,
        Term::Binary(Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem, _) => false,
        Term::Call(super::term::Fun::Double | super::term::Fun::Int, _) => false,
        Term::Matches(..) | Term::Item | Term::Gathered => false,
        other => other.children().into_iter().all(sure),
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
enum Fixed {
    Null,
    Truth(bool),
    Number(f64),
    Text(String),
}

impl Fixed {
    fn word(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Truth(b) => b.to_string(),
            Self::Number(n) => vocabulary::number(*n),
            Self::Text(text) => vocabulary::text(text),
        }
    }

    /// None where the two cannot be compared so.
    fn compare(&self, op: Op, other: &Self) -> Option<bool> {
        let order = match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        };
        Some(match op {
            Op::Eq => self == other,
            Op::Ne => self != other,
            Op::Lt => order?.is_lt(),
            Op::Le => order?.is_le(),
            Op::Gt => order?.is_gt(),
            Op::Ge => order?.is_ge(),
            _ => return None,
        })
    }
}

fn fixed(term: &Term) -> Option<Fixed> {
    Some(match term {
        Term::Null => Fixed::Null,
        Term::Bool(b) => Fixed::Truth(*b),
        Term::Int(i) => Fixed::Number(super::value::widen(*i)),
        Term::Double(d) => Fixed::Number(*d),
        Term::Str(s) => Fixed::Text(s.to_string()),
        Term::Negate(inner) => match fixed(inner)? {
            Fixed::Number(n) => Fixed::Number(-n),
            _ => return None,
        },
        _ => return None,
    })
}

/// The same comparison, read from the right.
fn turned(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        other => other,
    }
}
