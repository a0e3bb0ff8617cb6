//! Values of CEL while a rule is evaluated, with two that CEL has no name for: unknown, and an error with its cause.

use serde_json::{Map, Value as Json};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Borrowed from the facts and the rule: evaluation copies no text.
#[derive(Debug, Clone)]
pub(super) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Str(&'a str),
    List(Vec<Val<'a>>),
    Tags(&'a BTreeSet<String>),
    Array(&'a [Json]),
    Object(&'a Map<String, Json>),
    /// It depends on what is not known.
    Unknown,
    /// It cannot be told, and why.
    Error(&'static str),
}

impl<'a> Val<'a> {
    /// Numbers in arguments are doubles, as CEL reads JSON.
    pub(super) fn from_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => n.as_f64().map_or(Self::Error("a number is out of range"), Self::Double),
            Json::String(s) if s.len() <= TEXT_BYTES => Self::Str(s),
            Json::Array(items) if is_small(json, &mut { PARTS }) => Self::Array(items),
            Json::Object(map) if is_small(json, &mut { PARTS }) => Self::Object(map),
            Json::String(_) | Json::Array(_) | Json::Object(_) => Self::Error("an argument is too long to look at"),
        }
    }

    /// The elements of any of the list shapes.
    pub(super) fn items(&self) -> Option<Vec<Val<'a>>> {
        match self {
            Self::List(items) => Some(items.clone()),
            Self::Tags(tags) => Some(tags.iter().map(|t| Val::Str(t)).collect()),
            Self::Array(items) => Some(items.iter().map(Val::from_json).collect()),
            _ => None,
        }
    }

    pub(super) fn open(&self) -> bool {
        matches!(self, Self::Unknown | Self::Error(_))
    }
}

/// A text in an argument that a rule looks at: senders choose it, and a search through it takes time. Reasons and modes are words.
const TEXT_BYTES: usize = 1_024;
/// A list or object in an argument, with all that is in it: as many parts as a device may have tags.
const PARTS: usize = 64;

/// Whether a value has at most so many parts, and no text in it is too long.
fn is_small(json: &Json, left: &mut usize) -> bool {
    let Some(fewer) = left.checked_sub(1) else { return false };
    *left = fewer;
    match json {
        Json::String(s) => s.len() <= TEXT_BYTES,
        Json::Array(items) => items.iter().all(|j| is_small(j, left)),
        Json::Object(map) => map.iter().all(|(key, j)| key.len() <= TEXT_BYTES && is_small(j, left)),
        _ => true,
    }
}

/// Of two values at least one of which is unknown or an error: unknown first, as in the CEL specification.
pub(super) fn open_one<'a>(a: Val<'a>, b: Val<'a>) -> Val<'a> {
    match (a, b) {
        (Val::Unknown, _) | (_, Val::Unknown) => Val::Unknown,
        (Val::Error(e), _) | (_, Val::Error(e)) => Val::Error(e),
        _ => Val::Error("no value"),
    }
}

/// An int as CEL compares it with a double: rounded to the nearest beyond 2^53.
#[allow(clippy::cast_precision_loss)]
pub(super) fn widen(int: i64) -> f64 {
    int as f64
}

/// CEL's equality: numbers across types, everything else within its own; None when it is not known.
pub(super) fn equal(a: &Val, b: &Val) -> Option<bool> {
    Some(match (a, b) {
        (Val::Unknown | Val::Error(_), _) | (_, Val::Unknown | Val::Error(_)) => return None,
        (Val::Null, Val::Null) => true,
        (Val::Bool(a), Val::Bool(b)) => a == b,
        (Val::Int(a), Val::Int(b)) => a == b,
        (Val::Double(a), Val::Double(b)) => a == b,
        (Val::Int(a), Val::Double(b)) | (Val::Double(b), Val::Int(a)) => widen(*a) == *b,
        (Val::Str(a), Val::Str(b)) => a == b,
        (Val::Object(a), Val::Object(b)) => {
            // All the arguments at once, which nobody measured yet.
            let mut left = PARTS;
            if a.len() > PARTS || b.len() > PARTS || !a.values().all(|j| is_small(j, &mut left)) {
                return None;
            }
            a.len() == b.len()
                && a.iter().all(|(k, x)| b.get(k).is_some_and(|y| equal(&Val::from_json(x), &Val::from_json(y)) == Some(true)))
        }
        (a, b) => match (a.items(), b.items()) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| equal(x, y) == Some(true)),
            _ => false,
        },
    })
}

/// The order of two numbers or two strings; `Ok(None)` beside null, of which no comparison is true.
pub(super) fn order(a: &Val, b: &Val) -> Result<Option<Ordering>, &'static str> {
    const NAN: &str = "NaN has no order";
    match (a, b) {
        (Val::Null, _) | (_, Val::Null) => Ok(None),
        (Val::Int(a), Val::Int(b)) => Ok(Some(a.cmp(b))),
        (Val::Double(a), Val::Double(b)) => a.partial_cmp(b).map(Some).ok_or(NAN),
        (Val::Int(a), Val::Double(b)) => widen(*a).partial_cmp(b).map(Some).ok_or(NAN),
        (Val::Double(a), Val::Int(b)) => a.partial_cmp(&widen(*b)).map(Some).ok_or(NAN),
        (Val::Str(a), Val::Str(b)) => Ok(Some(a.cmp(b))),
        _ => Err("these two have no order"),
    }
}
