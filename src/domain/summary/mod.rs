//! What many records of an entity came to in five minutes, an hour or a day: merged, never read again from what is gone. Pure.

mod text;

use super::{
    Body, EntityId, Timestamp,
    series::{Series, Values},
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

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

    /// Why it cannot have come about from records; None: it can.
    #[must_use]
    pub fn flaw(&self) -> Option<&'static str> {
        let has = |at: Timestamp| self.begins <= at && at < self.ends;
        let lasts = self.ends.micros().saturating_sub(self.begins.micros());
        let fits = |minutes: i64| lasts == minutes * MINUTE_MICROS && self.begins.micros().rem_euclid(minutes * MINUTE_MICROS) == 0;
        let is_of_its_tier = match self.tier {
            Tier::FiveMinutes => fits(5),
            Tier::Hour => fits(60),
            // Days have an hour more or less when clocks are set, and zones were changed by some.
            Tier::Day => (12 * 60 * MINUTE_MICROS..=36 * 60 * MINUTE_MICROS).contains(&lasts),
        };
        let counted = |series: &Series| series.count() > 0 && u64::from(series.count()) <= self.records;
        let times = |series: &Series| series.number.is_none_or(|number| has(number.first.0) && has(number.last.0));
        [
            (self.records > 0, "it counts nothing"),
            (
                self.first <= self.last && (self.records == 1) == (self.first == self.last),
                "its first and its last record do not fit its count",
            ),
            (is_of_its_tier, "it does not begin and end as sums of its tier do"),
            (has(Timestamp::of_id(self.first)) && has(Timestamp::of_id(self.last)), "its records are of another time"),
            (
                self.values.is_sound(),
                "its values are of no numbers or words: a mean is not between the least and the greatest, or nothing was counted",
            ),
            (self.values.paths.values().all(counted), "more values than records are counted in it"),
            (self.values.paths.values().all(times), "its values are of another time"),
        ]
        .into_iter()
        .find(|(good, _)| !good)
        .map(|(_, why)| why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_no_records_could_have_come_to_has_a_flaw() {
        let good = summed(Tier::Hour, vec![Body::Number(1.0), Body::Number(3.0)]);
        assert_eq!((good.flaw(), summed(Tier::Day, vec![Body::Text("on".into())]).flaw()), (None, None));
        let values = |change: fn(&mut crate::domain::Number)| {
            let mut one = good.clone();
            change(one.values.paths.get_mut("").and_then(|series| series.number.as_mut()).unwrap());
            one
        };
        let later = good.ends.plus_seconds(1);
        let bad = [
            (Summary { records: 0, ..good.clone() }, "counts nothing"),
            (Summary { records: 1, ..good.clone() }, "do not fit its count"),
            (Summary { last: good.first, ..good.clone() }, "do not fit its count"),
            (Summary { first: good.last, last: good.first, ..good.clone() }, "do not fit its count"),
            (Summary { tier: Tier::FiveMinutes, ..good.clone() }, "of its tier"),
            (Summary { begins: good.begins.plus_seconds(60), ends: good.ends.plus_seconds(60), ..good.clone() }, "of its tier"),
            (Summary { last: later.first_id(), ..good.clone() }, "records are of another time"),
            (values(|number| number.mean = 4.0), "between the least and the greatest"),
            (values(|number| number.n = 3), "more values than records"),
            (values(|number| number.last.0 = number.last.0.plus_seconds(3_600)), "values are of another time"),
        ];
        for (bad, why) in bad {
            assert!(bad.flaw().is_some_and(|flaw| flaw.contains(why)), "{why}: {:?}", bad.flaw());
        }
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
