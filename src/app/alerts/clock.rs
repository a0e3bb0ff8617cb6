//! The host's clock against the one that only counts: a leap, a year that cannot be, and a Jamey who is ahead of both. Pure.

use super::{Causes, causes, latch::Latch};
use crate::{
    app::silences::duration,
    domain::{Timestamp, limits::FIRST_YEAR},
};
use std::time::Duration;

/// Times told around a leap are doubtful for so long.
const TOLD: Duration = Duration::from_secs(3_600);
/// By so many seconds moves when the clock will have caught up, before that is told anew.
const MOVES: f64 = 60.0;
const WHAT_TO_DO: &str = "see that the host keeps its time (`timedatectl`: an NTP server, a battery of its clock); rules of the hour, expiry and \
                          the age of snapshots go by it";

#[derive(Debug, Default)]
pub(super) struct Watch {
    last: Option<(Duration, Timestamp)>,
    /// The last leap: when by the clock that only counts, its text.
    leapt: Option<(Duration, Timestamp, String)>,
    ahead: Latch,
    /// When the clock will have caught up, as it was told last.
    meets: Option<Timestamp>,
}

impl Watch {
    /// `wall` is the host's clock, `now` Jamey's, `limit` the seconds of a leap; 0: nothing is looked at.
    pub(super) fn look(&mut self, up: Duration, wall: Timestamp, now: Timestamp, limit: u32, all: &mut Causes) {
        if limit == 0 {
            return;
        }
        let limit = f64::from(limit);
        if let Some((was_up, was_wall)) = self.last.replace((up, wall)) {
            let passed = i64::try_from(up.saturating_sub(was_up).as_micros()).unwrap_or(i64::MAX);
            let due = Timestamp::from_micros(was_wall.micros().saturating_add(passed));
            let (on, back) = (wall.seconds_since(due), due.seconds_since(wall));
            if on >= limit {
                // A host that slept looks the same from inside.
                let text = format!("the clock was set forward by {}, or the host slept: it was {was_wall} and then {wall}", duration(on));
                self.leapt = Some((up, now, text));
            } else if back >= limit {
                let text = format!("the clock was set back by {}: it was {was_wall} and then {wall}", duration(back));
                self.leapt = Some((up, now, text));
            }
        }
        self.leapt.take_if(|(at, ..)| up.saturating_sub(*at) > TOLD);
        let mut said = Vec::new();
        let mut since = now;
        if wall < FIRST_YEAR {
            said.push(format!("the clock says {wall}, before there was a Jamey"));
        }
        if let Some((_, at, text)) = &self.leapt {
            since = *at;
            said.push(text.clone());
        }
        let ahead = now.seconds_since(wall);
        if self.ahead.turn(ahead >= limit, ahead >= limit / 4.0) {
            let lead = now.micros().saturating_sub(wall.micros());
            let meets = Timestamp::from_micros(now.micros().saturating_add(lead));
            // To the minute it would move with each look.
            let told = self.meets.filter(|told| told.seconds_since(meets) + meets.seconds_since(*told) < MOVES);
            let told = *self.meets.insert(told.unwrap_or(meets));
            said.push(format!("Jamey's time is ahead of the clock, and goes half as fast until that has caught up, at {}", coarse(told)));
        } else {
            self.meets = None;
        }
        if !said.is_empty() {
            let alarm = causes::warning(since, said.join("; "), WHAT_TO_DO);
            all.insert("clock".to_owned(), crate::domain::Alarm { critical: wall < FIRST_YEAR, ..alarm });
        }
    }
}

/// To the minute.
fn coarse(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros() - at.micros().rem_euclid(60_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((START + seconds) * 1_000_000)
    }

    /// What stands after each look: seconds since the start, and what the clock says then.
    fn told(looks: &[(u64, i64)]) -> Vec<Option<String>> {
        let (mut watch, mut newest, mut was) = (Watch::default(), at(0), 0);
        let one = |(up, wall): &(u64, i64)| {
            let mut all = Causes::new();
            newest = newest.plus_seconds(i64::try_from((*up - was) / 2).unwrap()).max(at(*wall));
            was = *up;
            watch.look(Duration::from_secs(*up), at(*wall), newest, 60, &mut all);
            all.remove("clock").map(|alarm| alarm.text)
        };
        looks.iter().map(one).collect()
    }

    #[test]
    fn a_clock_that_goes_is_nothing_and_one_that_drifts_neither() {
        assert_eq!(told(&[(0, 0), (1, 1), (2, 2), (3_600, 3_659), (3_601, 3_601)]), [None, None, None, None, None]);
    }

    #[test]
    fn a_leap_is_told_for_an_hour() {
        let on = told(&[(0, 0), (1, 61), (3_600, 3_660), (3_601, 3_661), (3_602, 3_662)]);
        let text = on[1].clone().unwrap();
        assert!(text.starts_with("the clock was set forward by 1 min, or the host slept"), "{text}");
        assert_eq!((on[2].clone(), on[3].clone(), on[4].clone()), (Some(text.clone()), Some(text), None));
    }

    #[test]
    fn a_jamey_that_is_ahead_is_told_until_the_clock_is_there_too() {
        let back = told(&[(0, 0), (1, -7_199), (3, -7_197), (14_369, 7_169), (14_371, 7_171)]);
        let text = back[1].clone().unwrap();
        assert!(text.starts_with("the clock was set back by 2 h: "), "{text}");
        assert!(
            text.contains("; Jamey's time is ahead of the clock, and goes half as fast until that has caught up, at 2026-11-18T13:06:00"),
            "{text}"
        );
        assert_eq!(back[2], back[1]);
        assert!(back[3].as_ref().unwrap().starts_with("Jamey's time"), "the leap is an hour ago");
        assert_eq!(back[4], None);
    }

    #[test]
    fn a_year_that_cannot_be_is_critical() {
        let mut all = Causes::new();
        Watch::default().look(Duration::ZERO, Timestamp::from_micros(0), at(0), 60, &mut all);
        assert!(all["clock"].critical && all["clock"].text.starts_with("the clock says 1970-01-01"), "{all:?}");
        let mut none = Causes::new();
        Watch::default().look(Duration::ZERO, Timestamp::from_micros(0), at(0), 0, &mut none);
        assert!(none.is_empty());
    }
}
