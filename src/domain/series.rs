//! What many values come to: numbers by count, mean, spread and ends, words by how often each was said. Bounded, whatever comes. Pure.

use super::{
    Body, Timestamp, limits,
    secret::{is_secret, without_secrets},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Greater numbers are no measurements, and their squares would not fit.
const GREATEST: f64 = 1e100;

/// The values of many bodies, each by its path: `temperature`, `ENERGY.Power`, and `""` for a body that is a value itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Values {
    #[serde(default)]
    pub paths: BTreeMap<String, Series>,
    /// Values for whose path there was no room, and lists.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: u32,
}

/// What was said at one path: numbers, words, or now this and now that.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Series {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
}

/// Numbers, in their own unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// How many, at least 1.
    pub n: u32,
    pub mean: f64,
    /// The sum of squared distances from the mean: the variance is m2/(n − 1).
    pub m2: f64,
    pub min: f64,
    pub max: f64,
    /// The earliest and the latest, with their times.
    pub first: (Timestamp, f64),
    pub last: (Timestamp, f64),
}

/// Words and how often each was said; the first that came are counted one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Words {
    pub said: BTreeMap<String, u32>,
    /// The others together.
    #[serde(default, skip_serializing_if = "is_none")]
    pub rest: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(n: &u32) -> bool {
    *n == 0
}

impl Values {
    /// The values of one body of this kind; what stands under the key of a secret, or is one by its kind, is not among them.
    #[must_use]
    pub fn of(kind: &str, body: &Body, at: Timestamp) -> Self {
        let mut values = Self::default();
        // What was asked of a lock in numbers is a code, and which device it was does not stand here.
        if is_secret(kind) || (matches!(kind, "act" | "command") && body.number().is_some()) {
            return values;
        }
        match body {
            Body::Empty | Body::Bytes(_) => {}
            Body::Bool(truth) => values.word("", if *truth { "true" } else { "false" }),
            Body::Number(number) => values.number("", *number, at),
            Body::Text(text) => values.word("", &without_secrets(text)),
            Body::Json(value) | Body::Cbor(value) => values.take("", value, at),
        }
        values
    }

    fn take(&mut self, path: &str, value: &Value, at: Timestamp) {
        match value {
            Value::Null => {}
            Value::Bool(truth) => self.word(path, if *truth { "true" } else { "false" }),
            Value::Number(number) => self.number(path, number.as_f64().unwrap_or(f64::NAN), at),
            Value::String(text) => self.word(path, &without_secrets(text)),
            Value::Array(_) => self.more = self.more.saturating_add(1),
            Value::Object(map) => {
                for (key, value) in map.iter().filter(|(key, _)| !is_secret(key)) {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    self.take(&path, value, at);
                }
            }
        }
    }

    fn number(&mut self, path: &str, number: f64, at: Timestamp) {
        if number.abs() <= GREATEST {
            self.add(path, &Series { number: Some(Number::one(at, number)), words: None });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn word(&mut self, path: &str, word: &str) {
        // A time is said once, and tells nothing of how often.
        if word.is_empty() || Timestamp::read(word).is_some() {
            return;
        }
        self.add(path, &Series { number: None, words: Some(Words::one(word)) });
    }

    /// Adds what was said at a path, if there is room.
    fn add(&mut self, path: &str, series: &Series) {
        if let Some(known) = self.paths.get_mut(path) {
            known.merge(series);
        } else if self.paths.len() < limits::SUMMARY_PATHS && path.len() <= limits::FIELD_BYTES {
            self.paths.insert(path.to_owned(), series.clone());
        } else {
            self.more = self.more.saturating_add(series.count());
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (path, series) in &other.paths {
            self.add(path, series);
        }
        self.more = self.more.saturating_add(other.more);
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.paths.len() <= limits::SUMMARY_PATHS
            && self.paths.iter().all(|(path, series)| path.len() <= limits::FIELD_BYTES && series.is_sound())
    }
}

impl Series {
    fn merge(&mut self, other: &Self) {
        match (&mut self.number, &other.number) {
            (Some(number), Some(more)) => number.merge(more),
            (none @ None, more) => *none = *more,
            (Some(_), None) => {}
        }
        match (&mut self.words, &other.words) {
            (Some(words), Some(more)) => words.merge(more),
            (none @ None, more) => none.clone_from(more),
            (Some(_), None) => {}
        }
    }

    /// How many values it counts.
    #[must_use]
    pub fn count(&self) -> u32 {
        let words = self.words.as_ref().map_or(0, |words| words.said.values().fold(words.rest, |sum, n| sum.saturating_add(*n)));
        self.number.map_or(0, |number| number.n).saturating_add(words)
    }

    fn is_sound(&self) -> bool {
        self.count() > 0 && self.number.is_none_or(|n| n.is_sound()) && self.words.as_ref().is_none_or(Words::is_sound)
    }
}

impl Number {
    fn one(at: Timestamp, x: f64) -> Self {
        Self { n: 1, mean: x, m2: 0.0, min: x, max: x, first: (at, x), last: (at, x) }
    }

    /// With δ the difference of the means: mean = mean₁ + δ·n₂/n, m2 = m2₁ + m2₂ + δ²·n₁·n₂/n, n = n₁ + n₂.
    ///
    /// In the number's unit and its square. Exact but for rounding, in whatever grouping. Source: Chan, Golub and LeVeque (1983).
    pub fn merge(&mut self, other: &Self) {
        let (one, two) = (f64::from(self.n), f64::from(other.n));
        let (all, apart) = (one + two, other.mean - self.mean);
        self.mean += apart * two / all;
        self.m2 += other.m2 + apart * apart * one * two / all;
        self.n = self.n.saturating_add(other.n);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if other.first.0 < self.first.0 {
            self.first = other.first;
        }
        if other.last.0 >= self.last.0 {
            self.last = other.last;
        }
    }

    fn is_sound(self) -> bool {
        let finite = [self.mean, self.m2, self.min, self.max, self.first.1, self.last.1].iter().all(|x| x.is_finite());
        let within = |x: f64| (self.min..=self.max).contains(&x);
        // The mean of equal values may be a rounding beside them.
        let slack = 1e-9 * (self.min.abs() + self.max.abs());
        finite
            && self.n > 0
            && self.m2 >= 0.0
            && self.first.0 <= self.last.0
            && within(self.first.1)
            && within(self.last.1)
            && (self.min - slack..=self.max + slack).contains(&self.mean)
    }
}

impl Words {
    fn one(word: &str) -> Self {
        let mut words = Self::default();
        words.add(word, 1);
        words
    }

    /// Longer ones are sentences, and counted with the rest.
    fn add(&mut self, word: &str, n: u32) {
        if let Some(count) = self.said.get_mut(word) {
            *count = count.saturating_add(n);
        } else if self.said.len() < limits::SUMMARY_WORDS && word.len() <= limits::STATE_BYTES {
            self.said.insert(word.to_owned(), n);
        } else {
            self.rest = self.rest.saturating_add(n);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (word, n) in &other.said {
            self.add(word, *n);
        }
        self.rest = self.rest.saturating_add(other.rest);
    }

    fn is_sound(&self) -> bool {
        self.said.len() <= limits::SUMMARY_WORDS && self.said.iter().all(|(word, n)| word.len() <= limits::STATE_BYTES && *n > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn at(n: i64) -> Timestamp {
        Timestamp::from_micros(n * 1_000)
    }

    fn of(body: &Value) -> Values {
        Values::of("state", &Body::Json(body.clone()), at(0))
    }

    #[test]
    fn each_value_has_its_path_and_secrets_have_none() {
        let values = of(&json!({ "temperature": 21.5, "state": "ON", "lock": { "code": "1234", "user_pin": 7, "jammed": false },
            "last_seen": "2026-11-18T11:06:40Z", "list": [1, 2], "none": null }));
        assert_eq!(values.paths.keys().map(String::as_str).collect::<Vec<_>>(), ["lock.jammed", "state", "temperature"]);
        assert_eq!((values.more, values.paths["temperature"].number.unwrap().mean), (1, 21.5));
        assert_eq!(Values::of("alarm_code", &Body::Number(1234.0), at(0)), Values::default(), "a secret by its kind");
        assert_eq!(Values::of("t", &Body::Number(3.0), at(0)).paths[""].number.unwrap().n, 1);
        assert_eq!(Values::of("t", &Body::Number(1e200), at(0)), Values { more: 1, ..Values::default() });
    }

    #[test]
    fn one_path_one_word_and_one_byte_past_the_limits_are_counted_together() {
        let many: serde_json::Map<String, Value> = (0..=limits::SUMMARY_PATHS).map(|n| (format!("p{n:02}"), json!(n))).collect();
        let values = of(&Value::Object(many));
        assert_eq!((values.paths.len(), values.more), (limits::SUMMARY_PATHS, 1));
        assert_eq!(of(&json!({ "x".repeat(limits::FIELD_BYTES + 1): 1 })).more, 1);
        let mut words = Words::default();
        (0..=limits::SUMMARY_WORDS).for_each(|n| words.merge(&Words::one(&format!("w{n}"))));
        words.merge(&Words::one(&"x".repeat(limits::STATE_BYTES + 1)));
        assert_eq!((words.said.len(), words.rest), (limits::SUMMARY_WORDS, 2));
        assert!(words.is_sound() && values.is_sound());
    }

    #[test]
    fn what_no_house_could_say_is_not_sound() {
        let good = Number::one(at(5), 3.0);
        let bad = [
            Number { n: 0, ..good },
            Number { mean: f64::NAN, ..good },
            Number { m2: -1.0, ..good },
            Number { mean: 4.0, ..good },
            Number { min: 5.0, ..good },
            Number { last: (at(4), 3.0), ..good },
        ];
        assert!(good.is_sound() && bad.iter().all(|bad| !bad.is_sound()));
    }

    #[test]
    fn no_code_is_counted_among_the_values() {
        for (kind, body) in [
            ("code", Body::Number(1234.0)),
            ("act", Body::Number(1234.0)),
            ("command", Body::Json(serde_json::json!({"value": 1234}))),
            ("action", Body::Text("disarm 1234".into())),
            ("action", Body::Json(serde_json::json!({"userCode": 1234, "say": "pin: 1234"}))),
        ] {
            let values = Values::of(kind, &body, Timestamp::default());
            assert!(!format!("{values:?}").contains("1234"), "{kind}: {values:?}");
        }
    }

    proptest! {
        /// In whatever groups: the same as reckoned from all of them at once.
        #[test]
        fn merging_is_reckoning_from_what_was_said(said in prop::collection::vec((-1e6f64..1e6, 0u8..6), 1..120), cuts in prop::collection::vec(0usize..120, 0..6)) {
            let one = |(n, (x, word)): (usize, &(f64, u8))| {
                of(&json!({ "x": x, "w": format!("w{word}") })).paths.into_iter().fold(Values::default(), |mut values, (path, mut series)| {
                    if let Some(number) = &mut series.number {
                        *number = Number::one(at(i64::try_from(n).unwrap()), number.mean);
                    }
                    values.add(&path, &series);
                    values
                })
            };
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % said.len()).chain([0, said.len()]).collect();
            cuts.sort_unstable();
            let mut whole = Values::default();
            let mut groups: Vec<Values> = cuts.windows(2).map(|cut| {
                let mut group = Values::default();
                said.iter().enumerate().skip(cut[0]).take(cut[1] - cut[0]).for_each(|each| group.merge(&one(each)));
                group
            }).collect();
            groups.reverse();
            groups.iter().for_each(|group| whole.merge(group));
            let number = whole.paths["x"].number.unwrap();
            #[allow(clippy::cast_precision_loss)]
            let n = said.len() as f64;
            let mean = said.iter().map(|(x, _)| x).sum::<f64>() / n;
            let m2 = said.iter().map(|(x, _)| (x - mean) * (x - mean)).sum::<f64>();
            prop_assert_eq!(number.n as usize, said.len());
            prop_assert!((number.mean - mean).abs() <= 1e-6, "{} {}", number.mean, mean);
            prop_assert!((number.m2 - m2).abs() <= 1e-9 * m2 + 1e-3, "{} {}", number.m2, m2);
            prop_assert_eq!(number.min, said.iter().map(|(x, _)| *x).fold(f64::INFINITY, f64::min));
            prop_assert_eq!(number.max, said.iter().map(|(x, _)| *x).fold(f64::NEG_INFINITY, f64::max));
            prop_assert_eq!((number.first.1, number.last.1), (said[0].0, said[said.len() - 1].0));
            for word in 0..6u8 {
                let counted = said.iter().filter(|(_, w)| *w == word).count();
                prop_assert_eq!(whole.paths["w"].words.as_ref().unwrap().said.get(&format!("w{word}")).map_or(0, |n| *n as usize), counted);
            }
            prop_assert!(whole.is_sound());
        }
    }
}
