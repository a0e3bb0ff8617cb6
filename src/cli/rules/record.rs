//! What the commands that read the record share: the store, the time that is meant, progress on a terminal.

use crate::{config::Config, domain::Timestamp, runtime::Clock, store::Reader};
use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::{civil, tz::TimeZone};
use std::ops::Range;

/// The store of the house.
///
/// # Errors
/// When there is none yet.
pub fn reader(config: &Config) -> anyhow::Result<Reader> {
    let data = &config.store.data;
    Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))
}

/// From when to when; without words, everything.
///
/// # Errors
/// When a word is no time.
pub fn time(config: &Config, since: Option<&str>, until: Option<&str>) -> anyhow::Result<Range<Timestamp>> {
    let now = Clock::new(Timestamp::default()).now();
    let at = |word: &str| moment(word, now, &config.zone());
    let start = since.map(at).transpose()?.unwrap_or(Timestamp::from_micros(i64::MIN));
    let end = until.map(at).transpose()?.unwrap_or(Timestamp::from_micros(i64::MAX));
    if start >= end {
        anyhow::bail!("--since is not before --until");
    }
    Ok(start..end)
}

/// `30d` (ago), `2026-03-01`, `2026-03-01T08:00` in the house's own zone, or a whole RFC 3339 time.
fn moment(word: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let ago = word.char_indices().last().and_then(|(at, unit)| {
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        word.get(..at)?.parse::<u32>().ok().map(|n| now.plus_seconds(-i64::from(n) * seconds))
    });
    let whole = || word.parse::<jiff::Timestamp>().ok();
    let local = || word.parse::<civil::DateTime>().ok().or_else(|| word.parse::<civil::Date>().ok().map(|d| d.at(0, 0, 0, 0)));
    ago.or_else(|| {
        whole().or_else(|| local()?.to_zoned(zone.clone()).ok().map(|z| z.timestamp())).map(|t| Timestamp::from_micros(t.as_microsecond()))
    })
    .ok_or_else(|| anyhow!("`{word}` is no time; write 30d, 12h, 2026-03-01 or 2026-03-01T08:00"))
}

/// A bar on a terminal; nothing elsewhere.
pub fn progress(rows: u64, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(rows), if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() });
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} requests, {eta} left") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let at = |word| moment(word, now, &berlin).map(|t| t.to_string()).map_err(|e| e.to_string());
        assert_eq!(moment("2d", now, &berlin).unwrap(), now.plus_seconds(-172_800));
        assert_eq!(at("2026-03-01").unwrap(), "2026-02-28T23:00:00.000000Z");
        assert_eq!(at("2026-03-01T08:00").unwrap(), "2026-03-01T07:00:00.000000Z");
        assert_eq!(at("2026-03-01T08:00:00Z").unwrap(), "2026-03-01T08:00:00.000000Z");
        for word in ["", "d", "-3d", "yesterday", "99999999999d", "üd", "3ü"] {
            assert!(at(word).unwrap_err().contains("is no time"), "{word}");
        }
    }
}
