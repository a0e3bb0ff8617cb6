//! Time as the mind knows it: microseconds since 1970-01-01 UTC, handed in, never read here.

use jiff::{Timestamp as Instant, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Microseconds since 1970-01-01T00:00:00Z. Displays as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to `self`; never negative.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        // An i64 of microseconds below 2^53 (the year 2255) is exact in f64.
        #[allow(clippy::cast_precision_loss)]
        let micros = self.0.saturating_sub(earlier.0).max(0) as f64;
        micros / 1e6
    }

    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Reads a time as devices write it: RFC 3339; without a zone it is taken for UTC, which is enough to compare it with others of its kind.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let zoned = text.parse::<Instant>().ok();
        let there = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|t| t.timestamp());
        zoned.or_else(there).map(|instant| Self(instant.as_microsecond()))
    }

    /// The day of the calendar, in the zone of the house.
    #[must_use]
    pub fn date(self, zone: &TimeZone) -> Date {
        self.instant().to_zoned(zone.clone()).date()
    }

    /// When this day began, in the zone of the house.
    #[must_use]
    pub fn midnight(self, zone: &TimeZone) -> Self {
        self.date(zone).to_zoned(zone.clone()).map_or(self, |begin| Self(begin.timestamp().as_microsecond()))
    }

    /// The hour of the day, 0 to 23, in the zone of the house.
    #[must_use]
    pub fn hour(self, zone: &TimeZone) -> u8 {
        let hour = self.instant().to_zoned(zone.clone()).hour();
        u8::try_from(hour).unwrap_or(0)
    }

    /// Minutes since midnight, 0 to 1439, in the zone of the house.
    #[must_use]
    pub fn minute_of_day(self, zone: &TimeZone) -> u16 {
        let there = self.instant().to_zoned(zone.clone());
        let part = |n: i8| u16::try_from(n).unwrap_or(0);
        part(there.hour()) * 60 + part(there.minute())
    }

    /// Begin and end of the day, in the zone of the house: 23 to 25 hours.
    #[must_use]
    pub fn day(self, zone: &TimeZone) -> (Self, Self) {
        let there = self.instant().to_zoned(zone.clone());
        let begins = there.start_of_day();
        let ends = begins.as_ref().ok().and_then(|day| day.tomorrow().ok()?.start_of_day().ok());
        match (begins, ends) {
            (Ok(begins), Some(ends)) => (Self(begins.timestamp().as_microsecond()), Self(ends.timestamp().as_microsecond())),
            // At the ends of time.
            _ => (self, self.plus_seconds(86_400)),
        }
    }

    /// The time in an id's first 48 bits, in whole milliseconds.
    #[must_use]
    pub fn of_id(id: Uuid) -> Self {
        let millis = id.as_u64_pair().0 >> 16;
        Self(i64::try_from(millis).unwrap_or(0).saturating_mul(1_000))
    }

    /// The least of all ids of this millisecond; before 1970 the least of all.
    #[must_use]
    pub fn first_id(self) -> Uuid {
        let millis = u64::try_from(self.0.div_euclid(1_000)).unwrap_or(0).min((1 << 48) - 1);
        Uuid::from_u64_pair(millis << 16, 0)
    }

    fn instant(self) -> Instant {
        Instant::from_microsecond(self.0).unwrap_or(Instant::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.instant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_rfc_3339_and_knows_the_hour_of_the_house() {
        let t = Timestamp::from_micros(1_795_000_000_123_456);
        assert_eq!(t.to_string(), "2026-11-18T11:06:40.123456Z");
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!((t.hour(&zone), t.minute_of_day(&zone)), (12, 12 * 60 + 6));
        assert_eq!(Timestamp::from_micros(5).seconds_since(t), 0.0);
        for text in ["2026-11-18T11:06:40.123456Z", "2026-11-18T12:06:40.123456+01:00", "2026-11-18T11:06:40.123456"] {
            assert_eq!(Timestamp::read(text), Some(t), "{text}");
        }
        assert_eq!((Timestamp::read("11:06"), Timestamp::read("soon")), (None, None));
    }
}
