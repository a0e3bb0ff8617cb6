//! A checked CEL expression in the shape it is evaluated in: names resolved, types known, sizes bounded.

use super::names::Field;
use cel::{Context, Program};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

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
    pub(super) fn asks(&self, field: Field) -> bool {
        matches!(self, Self::Field(own) if *own == field) || self.children().into_iter().any(|t| t.asks(field))
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
            Self::Field(_) | Self::Signal(_) | Self::Item | Self::Gathered => Vec::new(),
        }
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

/// A constant regular expression. The regex crate is reached through `cel`, which compiles it for every call;
/// so answers are kept, up to a bound: the same few names come again and again.
#[derive(Debug)]
pub(super) struct Pattern {
    program: Program,
    text: String,
    answers: Mutex<BTreeMap<String, bool>>,
}

const ANSWERS: usize = 256;
const TEXT_BYTES: usize = 512;

impl Pattern {
    /// Refuses what would be costly to compile: more than 128 bytes, counted repetitions, or no pattern at all.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if text.len() > 128 {
            return Err("a pattern has at most 128 bytes".into());
        }
        if text.contains('{') {
            return Err("`{…}` in a pattern can grow without bound; write the repetition out".into());
        }
        let program = Program::compile("text.matches(pattern)").map_err(|e| e.to_string())?;
        let pattern = Self { program, text: text.to_owned(), answers: Mutex::default() };
        pattern.run("").map(|_| pattern).ok_or_else(|| format!("`{text}` is not a regular expression"))
    }

    /// Whether it is found in a text; None when the text is too long to look.
    pub(super) fn found_in(&self, text: &str) -> Option<bool> {
        if text.len() > TEXT_BYTES {
            return None;
        }
        let mut answers = self.answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = answers.get(text) {
            return Some(*known);
        }
        let found = self.run(text)?;
        if answers.len() >= ANSWERS {
            answers.clear();
        }
        answers.insert(text.to_owned(), found);
        Some(found)
    }

    fn run(&self, text: &str) -> Option<bool> {
        let mut context = Context::default();
        context.add_variable_from_value("text", text.to_owned());
        context.add_variable_from_value("pattern", self.text.clone());
        match self.program.execute(&context) {
            Ok(cel::Value::Bool(found)) => Some(found),
            _ => None,
        }
    }
}
