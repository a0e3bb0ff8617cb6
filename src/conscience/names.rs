//! The words a rule may use, and the nearest of them to a word it may not.

use crate::domain::{DeviceClass, SignalSpec, SignalType, SignalValue};

/// The variables of a rule; `ctx` has the declared signals instead of fixed fields.
pub(super) const ROOTS: [&str; 5] = ["req", "act", "dev", "ctx", "agent"];

/// The variables of an objective: nobody asks for anything there.
pub(super) const OBJECTIVE_ROOTS: [&str; 2] = ["ctx", "fig"];

/// The functions of a rule, besides operators and the comprehensions `all`, `exists`, `exists_one`, `map`, `filter`.
pub(super) const FUNCTIONS: [&str; 15] = [
    "size",
    "double",
    "int",
    "min",
    "max",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
];

/// One field of a fixed variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Entity,
    Client,
    Role,
    Human,
    Trust,
    Delegated,
    Target,
    Verb,
    Value,
    Args,
    Retained,
    Signed,
    Class,
    Area,
    Tags,
    State,
    Risk,
    Cmds60s,
    Opposite5s,
    Stress,
}

pub(super) const FIELDS: [(&str, &str, Field); 20] = [
    ("req", "entity", Field::Entity),
    ("req", "client", Field::Client),
    ("req", "role", Field::Role),
    ("req", "human", Field::Human),
    ("req", "trust", Field::Trust),
    ("req", "delegated", Field::Delegated),
    ("act", "target", Field::Target),
    ("act", "verb", Field::Verb),
    ("act", "value", Field::Value),
    ("act", "args", Field::Args),
    ("act", "retained", Field::Retained),
    ("act", "signed", Field::Signed),
    ("dev", "class", Field::Class),
    ("dev", "area", Field::Area),
    ("dev", "tags", Field::Tags),
    ("dev", "state", Field::State),
    ("dev", "risk", Field::Risk),
    ("dev", "cmds_60s", Field::Cmds60s),
    ("dev", "opposite_5s", Field::Opposite5s),
    ("agent", "stress", Field::Stress),
];

impl Field {
    /// Whether it says what is commanded and how, and not who asks or when: what applicability is decided on.
    pub(super) fn of_the_target(self) -> bool {
        matches!(self, Self::Class | Self::Area | Self::Tags | Self::Verb | Self::Target)
    }
}

/// Every class, for the check of the words that a rule compares `dev.class` with.
pub(super) const CLASSES: [DeviceClass; 23] = [
    DeviceClass::Interlock,
    DeviceClass::Medical,
    DeviceClass::SmokeAlarm,
    DeviceClass::CoAlarm,
    DeviceClass::GasAlarm,
    DeviceClass::Gateway,
    DeviceClass::Lock,
    DeviceClass::AlarmPanel,
    DeviceClass::Garage,
    DeviceClass::Gate,
    DeviceClass::Door,
    DeviceClass::Valve,
    DeviceClass::Siren,
    DeviceClass::Camera,
    DeviceClass::Microphone,
    DeviceClass::Climate,
    DeviceClass::Switch,
    DeviceClass::Cover,
    DeviceClass::Fan,
    DeviceClass::Light,
    DeviceClass::Media,
    DeviceClass::Chime,
    DeviceClass::Unknown,
];

/// A declared signal, as rules need it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signal {
    pub name: String,
    pub kind: SignalType,
    pub default: SignalValue,
    /// Whether anything in this house tells it.
    pub sourced: bool,
}

/// The declared signals and `hour`, which the caller always knows.
pub(super) fn signals(specs: &[SignalSpec]) -> Vec<Signal> {
    let mut all: Vec<Signal> = specs
        .iter()
        .filter(|s| s.name != "hour")
        .map(|s| Signal { name: s.name.clone(), kind: s.type_of(), default: s.default, sourced: s.is_sourced() })
        .collect();
    all.push(Signal { name: "hour".into(), kind: SignalType::Number, default: SignalValue::Number(12.0), sourced: true });
    all
}

/// `; did you mean …?` for the option nearest to a word, or what there is when none is near.
pub(super) fn hint<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> String {
    let options: Vec<&str> = options.into_iter().collect();
    let allowed = 1 + word.chars().count() / 4;
    let near = options.iter().map(|o| (distance(word, o), *o)).filter(|(d, _)| *d <= allowed).min();
    match near {
        Some((_, option)) => format!("; did you mean `{option}`?"),
        None if options.len() > 32 => String::new(),
        None => format!("; there are {}", options.join(", ")),
    }
}

/// The option that differs from a word by one slip of the finger, if there is one. Words of one and two letters differ too easily.
pub(super) fn nearest<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + word.chars().count() / 8;
    let near = options.into_iter().map(|o| (distance(word, o), o)).filter(|(d, o)| *d <= allowed && o.len() > 2).min()?;
    (word.chars().count() > 2).then_some(near.1)
}

/// Optimal string alignment distance, ASCII case ignored, on the first 64 characters.
fn distance(a: &str, b: &str) -> usize {
    let chars = |s: &str| s.chars().take(64).map(|c| c.to_ascii_lowercase()).collect::<Vec<char>>();
    let (a, b) = (chars(a), chars(b));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |v: &[usize], k: usize| v.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered() {
        assert_eq!(hint("smoek", ["smoke", "co", "home"]), "; did you mean `smoke`?");
        assert_eq!(hint("zzzzzz", ["smoke", "co"]), "; there are smoke, co");
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn every_class_is_listed() {
        for class in CLASSES {
            let read: DeviceClass = serde_json::from_value(serde_json::Value::String(class.as_str().into())).unwrap();
            assert_eq!(read, class);
        }
        let mut sorted = CLASSES.to_vec();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 23);
    }
}
