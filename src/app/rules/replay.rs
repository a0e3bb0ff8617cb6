//! What a candidate would have said to everything that was asked: the record read and judged anew, each on a thread of its own.

use crate::{
    config::Config,
    conscience::{RuleSet, Trial, Turned},
    domain::Timestamp,
    runtime::Clock,
    store::{Reader, Recorded, StoreError},
};
use anyhow::anyhow;
use jiff::{civil, tz::TimeZone};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    ops::{ControlFlow, Range},
    time::Instant,
};

/// Requests read ahead of the judging, in lots: a fixed bound on memory.
const LOT: usize = 512;
const LOTS: usize = 8;

/// What is replayed, and how much of it is shown.
pub struct Order {
    pub live: RuleSet,
    pub candidate: RuleSet,
    pub time: Range<Timestamp>,
    /// How many changed verdicts are shown, the newest.
    pub show: usize,
    /// Requests at most.
    pub most: u64,
}

/// What it came to.
pub struct Replayed {
    pub trial: Trial,
    pub shown: VecDeque<(Recorded, Turned)>,
    pub seconds: f64,
    /// Whether that was all; else there are more requests than were to be judged.
    pub whole: bool,
}

/// Judges them. `goes_on` is told after each lot how many there were in it, and says whether to go on; None: it did not. Not for an async task.
///
/// # Errors
/// When the record cannot be read.
pub fn replay(reader: Reader, order: Order, mut goes_on: impl FnMut(usize) -> bool) -> anyhow::Result<Option<Replayed>> {
    let Order { live, candidate, time, show, most } = order;
    let (from, mut trial, mut shown) = (Instant::now(), Trial::new(live, candidate), VecDeque::new());
    let (mut whole, mut stopped) = (true, false);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let (send, lots) = std::sync::mpsc::sync_channel::<Vec<Recorded>>(LOTS);
        let reading = scope.spawn(move || {
            let mut lot = Vec::with_capacity(LOT);
            reader.each_judged(time, |recorded| {
                lot.push(recorded);
                // Nobody listens any more when the judging has ended.
                let is_heard = lot.len() < LOT || send.send(std::mem::replace(&mut lot, Vec::with_capacity(LOT))).is_ok();
                if is_heard { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            let _ = send.send(lot);
            Ok::<_, StoreError>(())
        });
        'judging: for lot in lots {
            let many = lot.len();
            for recorded in lot {
                if trial.judged >= most {
                    whole = false;
                    break 'judging;
                }
                if let Some(turned) = trial.take(&recorded.facts, recorded.decision) {
                    shown.push_back((recorded, turned));
                    if shown.len() > show {
                        shown.pop_front();
                    }
                }
            }
            if !goes_on(many) {
                stopped = true;
                break;
            }
        }
        reading.join().map_err(|_| anyhow!("reading the record failed"))??;
        Ok(())
    })?;
    Ok((!stopped).then(|| Replayed { trial, shown, seconds: from.elapsed().as_secs_f64(), whole }))
}

impl Replayed {
    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let Self { trial, shown, seconds, whole } = self;
        let one = |(r, t): &(Recorded, Turned)| {
            json!({
                "percept": r.percept, "ordinal": r.ordinal, "at": r.at.to_string(), "requester": r.facts.req.client, "target": r.facts.act.target,
                "verb": r.facts.act.verb, "from": t.from, "to": t.to, "rule": t.rule, "reason": t.reason,
            })
        };
        json!({
            "v": 1, "judged": trial.judged, "changed": trial.changed(), "already": trial.already, "seconds": seconds, "whole": whole,
            "changes": self.changes().into_iter().collect::<BTreeMap<_, _>>(),
            "rules": trial.rules, "shown": shown.iter().map(one).collect::<Vec<_>>(),
        })
    }

    /// `allow to deny`, and how often.
    #[must_use]
    pub fn changes(&self) -> Vec<(String, u64)> {
        self.trial.changes.iter().map(|((a, b), n)| (format!("{} to {}", a.as_str(), b.as_str()), *n)).collect()
    }
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
        anyhow::bail!("`since` is not before `until`");
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
