//! Values that many documents and queries have: ids, times, and words of closed lists, each with its description.

use crate::domain::{self, EntityId, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use std::ops::Range;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// An entity's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub EntityId);

/// A time, as RFC 3339 has it; in answers in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Time(pub Timestamp);

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no time: write it as 2026-11-26T13:22:00Z")]
pub struct NoTime(String);

impl TryFrom<String> for Time {
    type Error = NoTime;

    fn try_from(text: String) -> Result<Self, NoTime> {
        let read = text.parse::<jiff::Timestamp>();
        read.map(|at| Self(Timestamp::from_micros(at.as_microsecond()))).map_err(|_| NoTime(text.chars().take(40).collect()))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// From a time on, up to another that is not in it; what is not said is open.
#[must_use]
pub fn within(from: Option<Time>, to: Option<Time>) -> Range<Timestamp> {
    let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
    from.map_or(first, |time| time.0)..to.map_or(last, |time| time.0)
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(64));
        text.pattern(Some("^[a-z0-9_.-]{1,64}$")).description(Some("An entity's id.")).into()
    }
}

impl ToSchema for Id {}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        text.description(Some("A time, as RFC 3339 has it; in answers in UTC.")).into()
    }
}

impl ToSchema for Time {}

/// A word of a closed list, described.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($word:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub domain::$name);

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($word),+])).into()
            }
        }

        impl ToSchema for $name {}

        #[cfg(test)]
        impl $name {
            pub const WORDS: &[&str] = &[$($word),+];
        }
    };
}

words!(
    /// What was decided of a request.
    Decision: "allow", "escalate", "deny"
);
words!(
    /// By which way a request came.
    Origin: "act", "guard", "observed"
);
words!(
    /// Why an entity starts with the base rate that it has.
    Standing: "owner", "paired", "newcomer"
);
words!(
    /// How an entity's word stands.
    Liveness: "learning", "fresh", "unchanged", "replayed", "silent", "offline"
);
words!(
    /// How one entity stands to another.
    RelationKind: "controls", "bridged_by", "near", "owned_by"
);
words!(
    /// Who says that a relation is.
    ToldBy: "owner", "discovery", "seen"
);
words!(
    /// How long a memory is to last.
    Layer: "working", "short_term", "long_term"
);
words!(
    /// How long a while is that was summed up.
    Tier: "five_minutes", "hour", "day"
);
words!(
    /// What a device is, as far as risk goes.
    DeviceClass: "interlock", "medical", "smoke_alarm", "co_alarm", "gas_alarm", "gateway", "lock", "alarm_panel", "garage", "gate", "door",
        "valve", "siren", "camera", "microphone", "climate", "switch", "cover", "fan", "light", "media", "chime", "unknown"
);
words!(
    /// Whose way of speaking a device follows.
    Family: "owner", "home_assistant", "zigbee2mqtt", "tasmota", "esphome", "shelly", "zwave_js_ui", "frigate"
);

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    fn all_read<T: DeserializeOwned>(words: &[&str]) {
        for word in words {
            assert!(serde_json::from_value::<T>((*word).into()).is_ok(), "{word} is described and is none");
        }
    }

    #[test]
    fn words_that_are_described_are_those_that_there_are() {
        all_read::<Decision>(Decision::WORDS);
        all_read::<Origin>(Origin::WORDS);
        all_read::<Standing>(Standing::WORDS);
        all_read::<Liveness>(Liveness::WORDS);
        all_read::<RelationKind>(RelationKind::WORDS);
        all_read::<ToldBy>(ToldBy::WORDS);
        all_read::<Layer>(Layer::WORDS);
        all_read::<Tier>(Tier::WORDS);
        all_read::<DeviceClass>(DeviceClass::WORDS);
        all_read::<Family>(Family::WORDS);
        assert_eq!(domain::Decision::ALL.map(domain::Decision::as_str), Decision::WORDS);
        assert_eq!(domain::Tier::ALL.map(domain::Tier::as_str), Tier::WORDS);
        assert_eq!(domain::RelationKind::ALL.map(domain::RelationKind::as_str), RelationKind::WORDS);
    }

    #[test]
    fn a_time_has_a_zone_and_nothing_else_is_one() {
        let read = |text: &str| Time::try_from(text.to_owned()).map(|time| time.0.to_string());
        assert_eq!(read("2026-11-18T12:06:40.123456+01:00").unwrap(), "2026-11-18T11:06:40.123456Z");
        for wrong in ["", "now", "2026-11-18", "2026-11-18T11:06:40", "11:06", "1795000000", "2026-13-18T11:06:40Z"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
