//! How long the house remembers what: the owner's word, as numbers and patterns.

use serde::{Serialize, Serializer};

/// A name in which `*` stands for any part: `*`, `kitchen_*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(String);

/// `[memory]`: what holds where no `[[retention]]` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Keeping {
    /// After so long a record of the working layer is summed up, and what a newer fact superseded goes so long after it.
    pub working_hours: u32,
    pub short_term_days: u32,
    /// For so long each tier of summaries is kept.
    pub five_minutes_days: u32,
    pub hourly_days: u32,
    pub daily_days: u32,
    /// The database may have so many MiB; 0: as many as it takes.
    #[serde(rename = "database_mib")]
    pub database_mb: u32,
    /// So many MiB the search index; 0: as many as it takes.
    #[serde(rename = "index_mib")]
    pub index_mb: u32,
    /// Records at hand may take so many MiB.
    #[serde(rename = "cache_mib")]
    pub cache_mb: u32,
}

/// One `[[retention]]`: records that it fits are kept for so long, whatever their layer. The first that fits counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retention {
    pub entity: NamePattern,
    pub kind: NamePattern,
    pub days: u32,
    /// Whether what they came to is kept afterwards.
    pub summaries: bool,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            working_hours: 48,
            short_term_days: 30,
            five_minutes_days: 14,
            hourly_days: 120,
            daily_days: 3_650,
            database_mb: 1_024,
            index_mb: 256,
            cache_mb: 8,
        }
    }
}

impl Retention {
    #[must_use]
    pub fn fits(&self, entity: &str, kind: &str) -> bool {
        self.entity.fits(entity) && self.kind.fits(kind)
    }
}

impl NamePattern {
    /// None: it is no pattern of names.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-' | b'*');
        let good = !text.is_empty() && text.len() <= super::limits::ENTITY_BYTES && text.bytes().all(allowed);
        good.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        rest.ends_with(last)
    }
}

impl Serialize for NamePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part() {
        let fits = |pattern: &str, name: &str| NamePattern::new(pattern).unwrap().fits(name);
        for (pattern, name) in [("*", "x"), ("a*", "a"), ("a*c", "abc"), ("*b*", "abc"), ("abc", "abc"), ("a*b*c", "a1b2c"), ("**", "x")] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("abc", "abcd"), ("a*a", "a"), ("a*c", "ab"), ("*b", "abc"), ("a*b*c", "ac")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        for wrong in ["", "A", "a b", "a/b", &"a".repeat(crate::domain::limits::ENTITY_BYTES + 1)] {
            assert_eq!(NamePattern::new(wrong), None);
        }
    }
}
