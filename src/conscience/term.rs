//! A checked CEL expression in the shape it is evaluated in: names resolved, types known, sizes bounded.

use super::names::Field;
use crate::domain::Figure;
use regex::{Regex, RegexBuilder};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(super) enum Term {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Str(Box<str>),
    List(Vec<Term>),
    Field(Field),
    /// An index into the declared signals.
    Signal(usize),
    Figure(Figure),
    /// The variable of the comprehension around it.
    Item,
    /// What the comprehension around it has gathered.
    Gathered,
    /// A key of `act.args` or of something in it.
    Select(Box<Term>, Box<str>),
    Has(Box<Term>, Box<str>),
    Index(Box<(Term, Term)>),
    All(Vec<Term>),
    Any(Vec<Term>),
    Not(Box<Term>),
    NotStrictlyFalse(Box<Term>),
    Negate(Box<Term>),
    Cond(Box<(Term, Term, Term)>),
    Binary(Op, Box<(Term, Term)>),
    In(Box<(Term, Term)>),
    Call(Fun, Vec<Term>),
    Matches(Box<Term>, Arc<Pattern>),
    Fold(Box<Fold>),
}

impl Term {
    /// Whether a field stands anywhere in it.
    pub(super) fn names(&self, field: Field) -> bool {
        matches!(self, Self::Field(own) if *own == field) || self.children().into_iter().any(|t| t.names(field))
    }

    /// The terms directly below it.
    pub(super) fn children(&self) -> Vec<&Term> {
        match self {
            Self::List(terms) | Self::All(terms) | Self::Any(terms) | Self::Call(_, terms) => terms.iter().collect(),
            Self::Select(of, _) | Self::Has(of, _) | Self::Matches(of, _) => vec![of],
            Self::Not(of) | Self::NotStrictlyFalse(of) | Self::Negate(of) => vec![of],
            Self::Index(pair) | Self::In(pair) | Self::Binary(_, pair) => vec![&pair.0, &pair.1],
            Self::Cond(three) => vec![&three.0, &three.1, &three.2],
            Self::Fold(f) => vec![&f.range, &f.init, &f.go_on, &f.step, &f.result],
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Double(_) | Self::Str(_) => Vec::new(),
            Self::Field(_) | Self::Signal(_) | Self::Figure(_) | Self::Item | Self::Gathered => Vec::new(),
        }
    }
}

impl Term {
    /// Whether it asks for anything that differs from request to request.
    pub(super) fn asks(&self) -> bool {
        matches!(self, Self::Field(_) | Self::Signal(_) | Self::Figure(_)) || self.children().into_iter().any(Self::asks)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fun {
    Size,
    Double,
    Int,
    Min,
    Max,
    StartsWith,
    EndsWith,
    Contains,
}

/// A comprehension over a literal list or `dev.tags`, as CEL's macros expand it; never one inside another.
#[derive(Debug, Clone)]
pub(super) struct Fold {
    pub range: Term,
    pub init: Term,
    pub go_on: Term,
    pub step: Term,
    pub result: Term,
}

/// What the checker knows of an expression's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Null,
    Bool,
    Int,
    Double,
    /// `act.value`: a double or null.
    MaybeDouble,
    Str,
    List(Box<Type>),
    /// `act.args` itself.
    Args,
    /// Something in `act.args`: known only when it is there.
    Dyn,
}

impl Type {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a bool",
            Self::Int => "an int",
            Self::Double => "a double",
            Self::MaybeDouble => "a double or null",
            Self::Str => "a string",
            Self::List(_) => "a list",
            Self::Args => "an object",
            Self::Dyn => "an argument",
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Double | Self::MaybeDouble)
    }

    /// Whether `==` between the two can ever be true.
    pub(super) fn comparable(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            (Self::Null, Self::MaybeDouble) | (Self::MaybeDouble, Self::Null) => true,
            (Self::List(a), Self::List(b)) => a.comparable(b),
            (a, b) => a == b || (a.is_number() && b.is_number()),
        }
    }
}

/// A constant regular expression, compiled once.
#[derive(Debug)]
pub(super) struct Pattern(Regex);

/// What a pattern may take in memory, and so what a look through a text may cost: `^(lock|door)_[0-9]+$` takes a hundredth of it.
const PATTERN_BYTES: usize = 64 * 1024;
const TEXT_BYTES: usize = 512;

impl Pattern {
    /// Refuses what would be costly: more than 128 bytes, repetitions that grow, or no pattern at all.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if text.len() > 128 {
            return Err("a pattern has at most 128 bytes".into());
        }
        match RegexBuilder::new(text).size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES).nest_limit(16).build() {
            Ok(pattern) => Ok(Self(pattern)),
            Err(regex::Error::CompiledTooBig(_)) => {
                Err(format!("`{text}` is too costly to look for; name less: `[0-9]` for `\\d`, fewer repetitions"))
            }
            Err(_) => Err(format!("`{text}` is not a regular expression")),
        }
    }

    /// Whether it is found in a text; None when the text is too long to look.
    pub(super) fn found_in(&self, text: &str) -> Option<bool> {
        (text.len() <= TEXT_BYTES).then(|| self.0.is_match(text))
    }
}
