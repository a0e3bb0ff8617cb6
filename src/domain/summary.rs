//! What many records of an entity came to in five minutes, an hour or a day: merged, never read again from what is gone. Pure.

use super::{Body, EntityId, Timestamp, series::Values};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use uuid::Uuid;

/// Bytes of a summary's text, as of a record's.
const TEXT_BYTES: usize = 512;
const MINUTE_MICROS: i64 = 60_000_000;

/// How long a summary's time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    FiveMinutes,
    Hour,
    Day,
}

/// A record, as far as it is summed up.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its first 48 bits say when.
    pub id: Uuid,
    pub entity: EntityId,
    pub kind: String,
    pub requester: EntityId,
    pub body: Body,
}

/// What records of one entity and kind, told by one requester, came to in one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub tier: Tier,
    pub begins: Timestamp,
    pub ends: Timestamp,
    pub entity: EntityId,
    pub kind: String,
    pub requester: EntityId,
    /// How many records it stands for, at least 1, and the first and the last of them.
    pub records: u64,
    pub first: Uuid,
    pub last: Uuid,
    pub values: Values,
}

impl Tier {
    pub const ALL: [Self; 3] = [Self::FiveMinutes, Self::Hour, Self::Day];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FiveMinutes => "five_minutes",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Begin and end of the time that a moment falls into: five minutes and hours of UTC, days of the house.
    #[must_use]
    pub fn span(self, at: Timestamp, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let micros = match self {
            Self::FiveMinutes => 5 * MINUTE_MICROS,
            Self::Hour => 60 * MINUTE_MICROS,
            Self::Day => return at.day(zone),
        };
        let begins = at.micros().div_euclid(micros).saturating_mul(micros);
        (Timestamp::from_micros(begins), Timestamp::from_micros(begins.saturating_add(micros)))
    }
}

impl Summary {
    /// One record alone.
    #[must_use]
    pub fn of(tier: Tier, told: &Told, zone: &TimeZone) -> Self {
        let at = Timestamp::of_id(told.id);
        let (begins, ends) = tier.span(at, zone);
        Self {
            tier,
            begins,
            ends,
            entity: told.entity.clone(),
            kind: told.kind.clone(),
            requester: told.requester.clone(),
            records: 1,
            first: told.id,
            last: told.id,
            values: Values::of(&told.kind, &told.body, at),
        }
    }

    /// Its id holds the begin as a record's does; the rest is a digest of tier, begin, entity, kind and requester, and says version 8.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let mut digest = Sha256::new();
        for part in [self.tier.as_str(), self.entity.as_str(), &self.kind, self.requester.as_str()] {
            digest.update(part);
            digest.update([0]);
        }
        digest.update(self.begins.micros().to_be_bytes());
        let hash = digest.finalize();
        let mut bytes = *self.begins.first_id().as_bytes();
        bytes.iter_mut().zip(hash).skip(6).for_each(|(byte, of_hash)| *byte = of_hash);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Adds what another of the same came to.
    pub fn merge(&mut self, other: &Self) {
        self.records = self.records.saturating_add(other.records);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.values.merge(&other.values);
    }

    /// Whether both are of the same time and about the same.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        (self.tier, self.begins, &self.entity, &self.kind, &self.requester)
            == (other.tier, other.begins, &other.entity, &other.kind, &other.requester)
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.records > 0 && self.first <= self.last && self.begins < self.ends && self.values.is_sound()
    }

    /// `kitchen temperature: 31 values, mean 21.4, 19 to 24.1`; at most 512 bytes, one line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{} {}: ", self.entity, self.kind);
        let (n, values) = (self.records, if self.records == 1 { "value" } else { "values" });
        let _ = write!(text, "{n} {values}");
        for (path, series) in &self.values.paths {
            text.push_str(if path.is_empty() { "," } else { ";" });
            if !path.is_empty() {
                let _ = write!(text, " {path}");
            }
            if let Some(number) = &series.number {
                let (mean, min, max) = (shown(number.mean), shown(number.min), shown(number.max));
                let _ = if min == max { write!(text, " {mean}") } else { write!(text, " mean {mean}, {min} to {max}") };
            }
            if let Some(words) = &series.words {
                let comma = if series.number.is_some() { "," } else { "" };
                let said: Vec<String> =
                    words.said.iter().map(|(word, n)| format!("{} {n}", word.split_whitespace().collect::<Vec<_>>().join(" "))).collect();
                let others = (words.rest > 0).then(|| format!("others {}", words.rest));
                let _ = write!(text, "{comma} {}", said.into_iter().chain(others).collect::<Vec<_>>().join(", "));
            }
        }
        text.retain(|c| !c.is_control());
        text.truncate(text.floor_char_boundary(TEXT_BYTES));
        text
    }
}

/// As many digits as people say.
fn shown(x: f64) -> String {
    let digits = match x.abs() {
        x if x >= 1_000.0 => 0,
        x if x >= 10.0 => 1,
        x if x >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{x:.digits$}");
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(name: &str) -> EntityId {
        EntityId::new(name).unwrap()
    }

    fn told(at: &str, n: u128, body: Body) -> Told {
        let at = Timestamp::read(at).unwrap();
        let id_of = Uuid::from_u128(at.first_id().as_u128() | n);
        Told { id: id_of, entity: id("kitchen"), kind: "temperature".into(), requester: id("kitchen"), body }
    }

    fn summed(tier: Tier, bodies: Vec<Body>) -> Summary {
        let mut all =
            bodies.into_iter().zip(1..).map(|(body, n)| Summary::of(tier, &told("2026-11-18T11:06:40Z", n, body), &TimeZone::UTC));
        let mut first = all.next().unwrap();
        all.for_each(|one| first.merge(&one));
        first
    }

    #[test]
    fn times_are_those_of_utc_and_days_those_of_the_house() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = Timestamp::read("2026-03-29T10:07:00Z").unwrap();
        let span = |tier: Tier| {
            let (from, to) = tier.span(at, &zone);
            (from.to_string(), to.seconds_since(from))
        };
        assert_eq!(span(Tier::FiveMinutes), ("2026-03-29T10:05:00.000000Z".into(), 300.0));
        assert_eq!(span(Tier::Hour), ("2026-03-29T10:00:00.000000Z".into(), 3_600.0));
        assert_eq!(span(Tier::Day), ("2026-03-28T23:00:00.000000Z".into(), 23.0 * 3_600.0), "a day in which an hour is missing");
    }

    #[test]
    fn it_says_what_a_person_would_search_for() {
        let numbers = [19.0, 24.1, 21.1].map(Body::Number).to_vec();
        assert_eq!(summed(Tier::Hour, numbers).text(), "kitchen temperature: 3 values, mean 21.4, 19 to 24.1");
        let reports = [("ON", 1.0), ("OFF", 0.0), ("ON", 59.0)].map(|(s, p)| Body::Json(json!({ "state": s, "power": p }))).to_vec();
        assert_eq!(summed(Tier::Day, reports).text(), "kitchen temperature: 3 values; power mean 20, 0 to 59; state OFF 1, ON 2");
        assert_eq!(summed(Tier::Day, vec![Body::Text("a\nb".into())]).text(), "kitchen temperature: 1 value, a b 1");
        let long = (0..16).map(|n| (format!("{n}{}", "long".repeat(9)), json!("state".repeat(4)))).collect();
        assert!(summed(Tier::Day, vec![Body::Json(serde_json::Value::Object(long))]).text().len() <= TEXT_BYTES);
    }

    #[test]
    fn its_id_holds_the_begin_and_tells_it_from_all_others() {
        let one = summed(Tier::Hour, vec![Body::Number(1.0)]);
        assert_eq!(Timestamp::of_id(one.id()), one.begins);
        assert_eq!(one.id(), summed(Tier::Hour, vec![Body::Number(2.0)]).id());
        assert_eq!(one.id().get_version_num(), 8);
        let others = [
            Summary { tier: Tier::FiveMinutes, ..one.clone() },
            Summary { entity: id("other"), ..one.clone() },
            Summary { kind: "humidity".into(), ..one.clone() },
            Summary { requester: id("bridge"), ..one.clone() },
            Summary { begins: one.begins.plus_seconds(3_600), ..one.clone() },
        ];
        for other in others {
            assert_ne!(other.id().as_u64_pair().1, one.id().as_u64_pair().1);
            assert!(!other.is_of(&one));
        }
    }
}
