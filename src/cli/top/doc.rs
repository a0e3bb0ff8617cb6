//! A document of the house, read with care: it may have any shape, and nothing of it gets to the screen that a terminal would obey.

use crate::{
    cli::paint::plain,
    domain::{Timestamp, limits},
};
use serde_json::Value;

static NOTHING: Value = Value::Null;

/// A place in a document; where there is none, it is as if null stood there.
#[derive(Debug, Clone, Copy)]
pub struct Doc<'v>(&'v Value);

impl<'v> Doc<'v> {
    pub const fn of(value: &'v Value) -> Self {
        Self(value)
    }

    /// As it was told: for who reads it again as a document, never for a screen.
    pub const fn value(self) -> &'v Value {
        self.0
    }

    pub fn at(self, key: &str) -> Self {
        Self(self.0.get(key).unwrap_or(&NOTHING))
    }

    /// In words, cut to `limits::TOP_TEXT_CHARS`; a list's words with commas. Empty: nothing that has words stands there.
    pub fn text(self) -> String {
        match self.0 {
            Value::String(text) => shown(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(is) => is.to_string(),
            Value::Array(all) => {
                let words = all.iter().filter(|one| !one.is_array() && !one.is_object()).map(|one| Doc(one).text());
                shown(&words.take(64).collect::<Vec<_>>().join(", "))
            }
            Value::Null | Value::Object(_) => String::new(),
        }
    }

    /// A finite number.
    pub fn number(self) -> Option<f64> {
        self.0.as_f64().filter(|number| number.is_finite())
    }

    pub fn count(self) -> Option<u64> {
        self.0.as_u64()
    }

    pub fn is(self) -> bool {
        self.0 == &Value::Bool(true)
    }

    pub fn is_there(self) -> bool {
        !self.0.is_null()
    }

    pub fn time(self) -> Option<Timestamp> {
        self.0.as_str().and_then(Timestamp::read)
    }

    pub fn list(self) -> impl Iterator<Item = Doc<'v>> {
        self.0.as_array().into_iter().flatten().map(Doc)
    }

    pub fn entries(self) -> impl Iterator<Item = (String, Doc<'v>)> {
        self.0.as_object().into_iter().flatten().map(|(key, value)| (shown(key), Doc(value)))
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(limits::TOP_TEXT_CHARS) {
        Some((end, _)) => plain(text.get(..end).unwrap_or_default()),
        None => plain(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_terminal_would_obey_is_read_from_nowhere() {
        let value = json!({"a\u{1b}[2J": "b\u{9b}31m\u{202e}", "list": ["x\n", 1, true, null, {"y": 1}]});
        let doc = Doc::of(&value);
        assert_eq!(doc.at("list").text(), "x\u{fffd}, 1, true, ");
        let (key, text) = doc.entries().next().unwrap();
        assert_eq!((key.as_str(), text.text().as_str()), ("a\u{fffd}[2J", "b\u{fffd}31m\u{fffd}"));
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let of = |chars: usize| Doc::of(&json!("ä".repeat(chars))).text().chars().count();
        assert_eq!((of(limits::TOP_TEXT_CHARS), of(limits::TOP_TEXT_CHARS + 1)), (limits::TOP_TEXT_CHARS, limits::TOP_TEXT_CHARS));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        let value = json!([1]);
        let doc = Doc::of(&value).at("x").at("y");
        assert!(doc.text().is_empty() && !doc.is_there() && doc.number().is_none() && doc.list().next().is_none() && doc.time().is_none());
    }
}
