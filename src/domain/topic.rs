//! MQTT topic names and filters (MQTT 5.0, section 4.7).

use super::limits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A topic filter with `+` and `#`. A `$share/group/` prefix is not one: it belongs to subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicFilter(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    #[error("a topic or filter needs 1 to 65535 bytes without NUL")]
    Length,
    #[error("`{0}`: `#` stands alone and last, `+` stands alone in its level")]
    Wildcard(String),
    #[error("an input's topic has at most {} bytes", limits::TOPIC_BYTES)]
    TooLong,
    #[error("an input's topic has at most {} levels", limits::TOPIC_LEVELS)]
    TooDeep,
}

impl TopicFilter {
    /// # Errors
    /// When the text is empty, longer than 65535 bytes, holds NUL, or misplaces a wildcard.
    pub fn new(text: &str) -> Result<Self, TopicError> {
        if text.is_empty() || text.len() > 65_535 || text.contains('\0') {
            return Err(TopicError::Length);
        }
        let mut levels = text.split('/').peekable();
        while let Some(level) = levels.next() {
            let alone = level.len() == 1;
            if (level.contains('#') && !(alone && levels.peek().is_none())) || (level.contains('+') && !alone) {
                return Err(TopicError::Wildcard(text.to_owned()));
            }
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a topic name matches; wildcards at the first level do not match `$`-topics.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        if topic.starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        let mut filter = self.0.split('/');
        let mut name = topic.split('/');
        loop {
            match (filter.next(), name.next()) {
                (Some("#"), _) | (None, None) => return true,
                (Some("+"), Some(_)) => {}
                (Some(a), Some(b)) if a == b => {}
                _ => return false,
            }
        }
    }

    /// Whether this filter takes every topic that the other does.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        if other.0.starts_with('$') != self.0.starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        let (mut a, mut b) = (self.0.split('/'), other.0.split('/'));
        loop {
            match (a.next(), b.next()) {
                (Some("#"), _) | (None, None) => return true,
                (Some("+"), Some(level)) if level != "#" => {}
                (Some(x), Some(y)) if x == y => {}
                _ => return false,
            }
        }
    }

    /// Whether some topic name could match both filters.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.0.split('/'), other.0.split('/'));
        loop {
            match (a.next(), b.next()) {
                (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
                (Some(x), Some(y)) if x == y || x == "+" || y == "+" => {}
                _ => return false,
            }
        }
    }
}

impl TryFrom<String> for TopicFilter {
    type Error = TopicError;

    fn try_from(text: String) -> Result<Self, TopicError> {
        Self::new(&text)
    }
}

impl From<TopicFilter> for String {
    fn from(filter: TopicFilter) -> String {
        filter.0
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a topic is short and flat enough to be an input.
///
/// # Errors
/// When it has more than `limits::TOPIC_BYTES` bytes or `limits::TOPIC_LEVELS` levels.
pub fn check_input(topic: &str) -> Result<(), TopicError> {
    if topic.len() > limits::TOPIC_BYTES {
        return Err(TopicError::TooLong);
    }
    if topic.split('/').count() > limits::TOPIC_LEVELS {
        return Err(TopicError::TooDeep);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_standard_says() {
        for (filter, topic, matches) in [
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("+", "", true),
            ("a/+", "a", false),
            ("a/+", "a/", true),
        ] {
            assert_eq!(TopicFilter::new(filter).unwrap().matches(topic), matches, "{filter} {topic}");
        }
        for bad in ["", "a/#/b", "a#", "a+/b", "a\0b"] {
            assert!(TopicFilter::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_filter_covers_what_it_takes_whole() {
        let f = |t| TopicFilter::new(t).unwrap();
        for (wide, narrow, covers) in [
            ("#", "a/b", true),
            ("a/#", "a", true),
            ("a/#", "a/+/c", true),
            ("a/+", "a/b", true),
            ("a/+", "a/#", false),
            ("a/b", "a/+", false),
            ("+/+", "a", false),
            ("#", "$SYS/x", false),
        ] {
            assert_eq!(f(wide).covers(&f(narrow)), covers, "{wide} {narrow}");
        }
    }

    #[test]
    fn overlap_is_seen_both_ways() {
        let f = |t| TopicFilter::new(t).unwrap();
        assert!(f("jamey/#").overlaps(&f("+/in/x")));
        assert!(f("a/+").overlaps(&f("+/b")));
        assert!(!f("a/b").overlaps(&f("a/c")));
        assert!(!f("a/+/c").overlaps(&f("a/b")));
        assert!(f("a/#").overlaps(&f("a")));
    }

    #[test]
    fn one_past_each_limit_of_an_input_is_refused() {
        assert_eq!(check_input(&"a".repeat(limits::TOPIC_BYTES)), Ok(()));
        assert_eq!(check_input(&"a".repeat(limits::TOPIC_BYTES + 1)), Err(TopicError::TooLong));
        let deep = vec!["a"; limits::TOPIC_LEVELS].join("/");
        assert_eq!(check_input(&deep), Ok(()));
        assert_eq!(check_input(&format!("{deep}/a")), Err(TopicError::TooDeep));
    }
}
