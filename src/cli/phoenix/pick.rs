//! Which snapshot a command is about: a number, `latest`, one before it, or the newest before a time.

use crate::{
    domain::Timestamp,
    phoenix::{Listed, Sequence, Vault},
};
use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    Number(Sequence),
    /// So many before the newest.
    Latest(usize),
}

impl FromStr for Pick {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let back = |text: &str| text.parse().ok().map(Self::Latest);
        let read = match text.strip_prefix("latest") {
            Some("") => Some(Self::Latest(0)),
            Some(rest) => rest.strip_prefix('~').and_then(back),
            None => text.parse().ok().filter(|number| *number > 0).map(Self::Number),
        };
        read.ok_or_else(|| "write its number, `latest`, or `latest~1` for the one before".to_owned())
    }
}

impl Pick {
    /// Its number, among those that are there.
    pub fn of(self, vault: &Vault) -> Result<Sequence> {
        let all = vault.sequences()?;
        if all.is_empty() {
            anyhow::bail!("there is no snapshot yet: `jamey phoenix snapshot` takes the first");
        }
        match self {
            Self::Number(number) => Ok(number),
            Self::Latest(back) => {
                all.iter().rev().nth(back).copied().with_context(|| format!("there are no more than {} snapshots", all.len()))
            }
        }
    }
}

/// A moment as a person says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    At(Timestamp),
    /// On the clock of the house.
    There(jiff::civil::DateTime),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let instant = || Some(Self::At(Timestamp::from_micros(text.parse::<jiff::Timestamp>().ok()?.as_microsecond())));
        let there = || text.parse().ok().map(Self::There);
        instant()
            .or_else(there)
            .ok_or_else(|| "write a time such as 2026-11-25T03:00, on the clock of the house, or 2026-11-25T03:00Z".to_owned())
    }
}

impl Moment {
    fn instant(self, zone: &TimeZone) -> Result<Timestamp> {
        match self {
            Self::At(at) => Ok(at),
            Self::There(there) => {
                let zoned = there.to_zoned(zone.clone()).context("there is no such time in the house's time zone")?;
                Ok(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
            }
        }
    }

    /// The newest snapshot that was taken before.
    pub fn newest_before(self, all: &[Listed], zone: &TimeZone) -> Result<Sequence> {
        let at = self.instant(zone)?;
        let taken = |one: &&Listed| one.manifest.as_ref().is_ok_and(|manifest| manifest.taken_at < at);
        let newest = all.iter().filter(taken).max_by_key(|one| (one.manifest.as_ref().ok().map(|m| m.taken_at), one.sequence));
        newest
            .map(|one| one.sequence)
            .with_context(|| format!("no whole snapshot was taken before {at}: `jamey phoenix list` shows when each was"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::Manifest;

    #[test]
    fn a_snapshot_is_said_by_number_or_from_the_newest_back() {
        assert_eq!("12".parse(), Ok(Pick::Number(12)));
        assert_eq!("latest".parse(), Ok(Pick::Latest(0)));
        assert_eq!("latest~3".parse(), Ok(Pick::Latest(3)));
        for wrong in ["", "0", "-1", "latest~", "latest1", "newest", "1.5", "99999999999999999999999"] {
            assert!(wrong.parse::<Pick>().is_err(), "{wrong}");
        }
    }

    fn listed(sequence: Sequence, at: &str) -> Listed {
        let manifest = Manifest {
            v: 1,
            repository: uuid::Uuid::nil(),
            sequence,
            previous: None,
            taken_at: Timestamp::read(at).unwrap(),
            version: String::new(),
            node: String::new(),
            reason: String::new(),
            parts: Vec::new(),
            kept: Vec::new(),
        };
        Listed { sequence, manifest: Ok(manifest), drilled: None }
    }

    #[test]
    fn the_newest_before_a_time_is_found_on_the_clock_of_the_house() {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
        let mut all = vec![listed(3, "2026-11-24T02:30:00Z"), listed(4, "2026-11-25T01:30:00Z"), listed(6, "2026-11-25T02:30:00Z")];
        let newest = |text: &str, all: &[Listed]| text.parse::<Moment>().unwrap().newest_before(all, &zone).ok();
        assert_eq!(newest("2026-11-25T03:00", &all), Some(4), "03:00 in Berlin is 02:00 in UTC");
        assert_eq!(newest("2026-11-25T03:00Z", &all), Some(6));
        assert_eq!(newest("2026-11-25 03:00", &all), Some(4));
        assert_eq!(newest("2026-11-25T03:30", &all), Some(4), "before, and not at");
        assert_eq!(newest("2026-11-25T03:30:01", &all), Some(6));
        assert_eq!(newest("2026-11-25", &all), Some(3), "a day alone begins at midnight");
        assert_eq!(newest("2026-11-24T03:00", &all), None);
        all[1].manifest = Err("damaged".into());
        assert_eq!(newest("2026-11-25T03:00", &all), Some(3), "what cannot be read is not restored");
        for wrong in ["yesterday", "03:00", "2026-13-01", ""] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
