//! The owner's signals: what the house knows of itself (`home`, `asleep`, `smoke`), each from its sources, with a default and an age.

use super::{Body, EntityId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SignalValue {
    Bool(bool),
    Number(f64),
}

impl SignalValue {
    #[must_use]
    pub fn type_of(self) -> SignalType {
        match self {
            Self::Bool(_) => SignalType::Bool,
            Self::Number(_) => SignalType::Number,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalType {
    Bool,
    Number,
}

/// What several sources of one signal make together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// True while one of them says so: any smoke detector.
    Any,
    /// True while each of them says so: everybody sleeps.
    All,
    /// What was said last, whoever said it.
    #[default]
    Last,
}

/// Where a signal comes from: percepts of one entity and kind, and what of them counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalSource {
    pub entity: EntityId,
    pub kind: String,
    /// Where in a JSON body the value stands: `battery.level`. None: the body's one value.
    pub field: Option<String>,
    /// The values that are true, and those that are false; where only one list is given, all other values are the opposite.
    pub true_when: Vec<Value>,
    pub false_when: Vec<Value>,
    /// A number is true above this, or below that.
    pub above: Option<f64>,
    pub below: Option<f64>,
}

/// What devices say when they cannot say: neither true nor false, whatever the lists leave over.
const NOTHING: [&str; 4] = ["unavailable", "unknown", "none", ""];

impl SignalSource {
    /// A source without a mapping of its own.
    #[must_use]
    pub fn of(entity: EntityId, kind: impl Into<String>) -> Self {
        Self { entity, kind: kind.into(), field: None, true_when: Vec::new(), false_when: Vec::new(), above: None, below: None }
    }

    /// What a body says of the signal; None where it says nothing of it.
    #[must_use]
    pub fn read(&self, wanted: SignalType, body: &Body) -> Option<SignalValue> {
        let value = self.value(body)?;
        match wanted {
            SignalType::Number => number(&value).map(SignalValue::Number),
            SignalType::Bool => self.truth(&value).map(SignalValue::Bool),
        }
    }

    fn value(&self, body: &Body) -> Option<Value> {
        match (&self.field, body) {
            (Some(field), Body::Json(json) | Body::Cbor(json)) => {
                field.split('.').try_fold(json, |at, step| at.get(step).or_else(|| at.get(step.parse::<usize>().ok()?))).cloned()
            }
            (Some(_), _) => None,
            (None, Body::Bool(truth)) => Some((*truth).into()),
            (None, Body::Number(number)) => Some((*number).into()),
            (None, Body::Text(text)) => Some(text.trim().into()),
            (None, Body::Json(json) | Body::Cbor(json)) => json.get("value").or_else(|| json.get("state")).cloned(),
            (None, Body::Empty | Body::Bytes(_)) => None,
        }
    }

    fn truth(&self, value: &Value) -> Option<bool> {
        if self.above.is_some() || self.below.is_some() {
            let number = number(value)?;
            return Some(self.above.is_none_or(|above| number > above) && self.below.is_none_or(|below| number < below));
        }
        let among = |list: &[Value]| list.iter().any(|one| same(one, value));
        match (self.true_when.is_empty(), self.false_when.is_empty()) {
            (true, true) => Body::of(value).truth(),
            _ if among(&self.true_when) => Some(true),
            _ if among(&self.false_when) => Some(false),
            _ if value.is_null() || value.as_str().is_some_and(|text| NOTHING.contains(&text.to_ascii_lowercase().as_str())) => None,
            (false, true) => Some(false),
            (true, false) => Some(true),
            (false, false) => None,
        }
    }
}

/// The same to who wrote it in a config: 1 is 1.0, and text is text.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_bool().map(|b| f64::from(u8::from(b))))
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|n| n.is_finite())
}

/// A signal as the config declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalSpec {
    pub name: String,
    /// For people: `°C`.
    pub unit: Option<String>,
    /// None: never fed, always at its default.
    pub from: Vec<SignalSource>,
    pub combine: Combine,
    /// What it is while nothing, or nothing fresh, was heard.
    pub default: SignalValue,
    /// Seconds after which a value is stale; None: never.
    pub stale_after_seconds: Option<u32>,
}

impl SignalSpec {
    /// A signal that nothing feeds yet.
    #[must_use]
    pub fn unfed(name: &str, default: SignalValue) -> Self {
        Self { name: name.to_owned(), unit: None, from: Vec::new(), combine: Combine::default(), default, stale_after_seconds: None }
    }

    #[must_use]
    pub fn type_of(&self) -> SignalType {
        self.default.type_of()
    }

    #[must_use]
    pub fn is_sourced(&self) -> bool {
        !self.from.is_empty()
    }

    /// Under which name a source's last value is kept: the signal's own where there is only one.
    #[must_use]
    pub fn key(&self, source: &SignalSource) -> String {
        match self.from.len() {
            0 | 1 => self.name.clone(),
            _ => format!(
                "{}<{}/{}{}{}",
                self.name,
                source.entity,
                source.kind,
                if source.field.is_some() { "#" } else { "" },
                source.field.as_deref().unwrap_or("")
            ),
        }
    }

    /// The signal at a moment, from what was heard of each source; None while it is not known.
    /// `any` is false as soon as one source that was heard says so, `all` is true only when every source was heard.
    #[must_use]
    pub fn at(&self, now: Timestamp, heard: &BTreeMap<String, Heard>) -> Option<SignalValue> {
        self.of(heard, |h| self.stale_after_seconds.is_none_or(|s| now.seconds_since(h.at) <= f64::from(s)))
    }

    /// The signal as it was heard last, however long ago: what was true when its sensor fell silent has not ended by that.
    #[must_use]
    pub fn as_heard(&self, heard: &BTreeMap<String, Heard>) -> Option<SignalValue> {
        self.of(heard, |_| true)
    }

    fn of(&self, heard: &BTreeMap<String, Heard>, counts: impl Fn(&Heard) -> bool) -> Option<SignalValue> {
        let fresh = |h: &&Heard| h.value.type_of() == self.type_of() && counts(h);
        let each = || self.from.iter().filter_map(|source| heard.get(&self.key(source)).filter(fresh));
        let says = |truth| each().any(|h| h.value == SignalValue::Bool(truth));
        match (self.combine, self.type_of()) {
            (Combine::Last, _) | (_, SignalType::Number) => each().max_by_key(|h| h.at).map(|h| h.value),
            (Combine::Any, _) if says(true) => Some(SignalValue::Bool(true)),
            (Combine::Any, _) => says(false).then_some(SignalValue::Bool(false)),
            (Combine::All, _) if says(false) => Some(SignalValue::Bool(false)),
            (Combine::All, _) => (self.is_sourced() && each().count() == self.from.len()).then_some(SignalValue::Bool(true)),
        }
    }
}

/// All signals at one moment: name to (value, known). A missing or stale one has its default and `known = false`.
/// Shared: thousands of verdicts are given on the same moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Signals(pub Arc<BTreeMap<String, (SignalValue, bool)>>);

impl Signals {
    /// The signals to change; those who share them keep what they have.
    pub fn make_mut(&mut self) -> &mut BTreeMap<String, (SignalValue, bool)> {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(String, (SignalValue, bool))> for Signals {
    fn from_iter<T: IntoIterator<Item = (String, (SignalValue, bool))>>(signals: T) -> Self {
        Self(Arc::new(signals.into_iter().collect()))
    }
}

/// A value heard, with its time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    pub value: SignalValue,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn source(entity: &str) -> SignalSource {
        SignalSource::of(EntityId::new(entity).unwrap(), "state")
    }

    #[test]
    fn a_source_reads_what_its_mapping_says() {
        let plain = source("a");
        let presence = SignalSource { true_when: vec![json!("home")], ..source("a") };
        let strict = SignalSource { true_when: vec![json!("ON"), json!(1)], false_when: vec![json!("OFF")], ..source("a") };
        let closed = SignalSource { false_when: vec![json!("closed")], ..source("a") };
        let field = SignalSource { field: Some("alarms.0.smoke".into()), ..source("a") };
        let hot = SignalSource { above: Some(30.0), field: Some("t".into()), ..source("a") };
        for (source, body, expected) in [
            (&plain, "ON", Some(true)),
            (&plain, r#"{"state":"OFF"}"#, Some(false)),
            (&plain, "maybe", None),
            (&presence, "home", Some(true)),
            (&presence, "office", Some(false)),
            (&presence, "unavailable", None),
            (&strict, "ON", Some(true)),
            (&strict, "1", Some(true)),
            (&strict, "OFF", Some(false)),
            (&strict, "on", None),
            (&closed, "opening", Some(true)),
            (&closed, "closed", Some(false)),
            (&field, r#"{"alarms":[{"smoke":true}]}"#, Some(true)),
            (&field, r#"{"battery":90}"#, None),
            (&field, "true", None),
            (&hot, r#"{"t":30.5}"#, Some(true)),
            (&hot, r#"{"t":"30"}"#, Some(false)),
            (&hot, r#"{"t":"warm"}"#, None),
        ] {
            assert_eq!(
                source.read(SignalType::Bool, &Body::parse(body.as_bytes(), None)),
                expected.map(SignalValue::Bool),
                "{source:?} {body}"
            );
        }
        let number = |body: &str| source("a").read(SignalType::Number, &Body::parse(body.as_bytes(), None));
        assert_eq!(
            (number("21.5"), number(r#"{"value":3}"#), number("x")),
            (Some(SignalValue::Number(21.5)), Some(SignalValue::Number(3.0)), None)
        );
    }

    #[test]
    fn several_sources_make_one_signal() {
        let at = |s: i64| Timestamp::from_micros(s * 1_000_000);
        let spec = |combine| SignalSpec {
            from: vec![source("a"), source("b")],
            combine,
            stale_after_seconds: Some(60),
            ..SignalSpec::unfed("smoke", SignalValue::Bool(false))
        };
        let heard = |said: &[(&str, bool, i64)]| -> BTreeMap<String, Heard> {
            said.iter()
                .map(|(entity, value, s)| (spec(Combine::Any).key(&source(entity)), Heard { value: SignalValue::Bool(*value), at: at(*s) }))
                .collect()
        };
        for (said, any, all, last) in [
            (vec![], None, None, None),
            (vec![("a", true, 0)], Some(true), None, Some(true)),
            (vec![("a", false, 0)], Some(false), Some(false), Some(false)),
            (vec![("a", true, 0), ("b", false, 1)], Some(true), Some(false), Some(false)),
            (vec![("a", true, 0), ("b", true, 1)], Some(true), Some(true), Some(true)),
            // What is stale was never said.
            (vec![("a", true, -100), ("b", false, 1)], Some(false), Some(false), Some(false)),
            (vec![("a", true, -100), ("b", true, 1)], Some(true), None, Some(true)),
        ] {
            let of = |combine| spec(combine).at(at(2), &heard(&said)).map(|v| v == SignalValue::Bool(true));
            assert_eq!((of(Combine::Any), of(Combine::All), of(Combine::Last)), (any, all, last), "{said:?}");
        }
        assert_eq!(
            SignalSpec { combine: Combine::All, ..SignalSpec::unfed("x", SignalValue::Bool(false)) }.at(at(2), &BTreeMap::new()),
            None
        );
    }
}
