//! The detector of one numeric series: warm-up, a baseline that stands still while the series is abnormal, and a way back.
//!
//! A reading is odd when it is odd twice: by its deviation (z, in winsorised standard deviations of the departures from a local level)
//! and against the greatest departure, or the range, of the last weeks. The first is the field's usual test; the second makes it safe for
//! heavy tails, which readings of houses have.

use super::{
    days::{Days, Turn},
    episode::{Episode, What},
    habit::Habit,
    narrow,
    nature::{Nature, Pace},
    news::News,
    run::Run,
    settings::Settings,
    spread::Spread,
    units,
    walk::Walk,
};
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Readings, and moves in either direction, before any is judged. With fewer than two falls it may be a counter.
const WARM_READINGS: u32 = 64;
const WARM_MOVES: u8 = 16;
const WARM_FALLS: u8 = 2;
/// What has all the attention is odd by so much less of it: 6 deviations are a leap then.
const CLOSER: f64 = 0.25;
const RANGE_SECONDS: f64 = 7.0 * 86_400.0;
/// A level wanders while nobody looks: by √n of what it does in a reading, up to so many times that.
const MOST_WANDER: f64 = 8.0;
/// Noise counts for no less than a leap.
const NOISE_Z: f64 = 8.0;
/// An episode without a deviation of its own (stuck, drift) counts as one of so many.
const PLAIN_Z: f64 = 12.0;
const MOST_Z: f64 = 1_000.0;
/// The usual interval is a mean over so many.
const INTERVALS: f64 = 16.0;
/// After a pause of so many intervals the level is asked anew; for shorter ones a departure may be √intervals as large.
const PAUSE_INTERVALS: f64 = 64.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Numeric {
    #[serde(rename = "x")]
    last: f64,
    #[serde(rename = "t")]
    at: Timestamp,
    /// Since when it is learned.
    #[serde(rename = "f")]
    first: Timestamp,
    #[serde(rename = "n")]
    readings: u32,
    #[serde(rename = "m")]
    moves: u8,
    #[serde(rename = "v")]
    falls: u8,
    #[serde(rename = "i")]
    every: f32,
    #[serde(rename = "w")]
    walk: Walk,
    #[serde(rename = "s")]
    spread: Spread,
    #[serde(rename = "r")]
    run: Run,
    #[serde(rename = "d")]
    days: Days,
    /// Excursions that came and went: how many, the greatest departure in them, and how far they reached from the level.
    #[serde(rename = "h", default, skip_serializing_if = "Habit::is_none")]
    habit: Habit,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    episode: Option<Box<Episode>>,
}

impl Numeric {
    #[must_use]
    pub fn new(x: f64, at: Timestamp) -> Self {
        Self {
            last: x,
            at,
            first: at,
            readings: 1,
            moves: 0,
            falls: 0,
            every: 0.0,
            walk: Walk::new(x),
            spread: Spread::new(x),
            run: Run::default(),
            days: Days::new(at),
            habit: Habit::default(),
            episode: None,
        }
    }

    /// Takes one reading; a value that is no finite number is none.
    pub fn hear(&mut self, x: f64, at: Timestamp, nature: &Nature, by: &Settings) -> Option<News> {
        if !x.is_finite() {
            return None;
        }
        let seconds = at.seconds_since(self.at);
        self.at = self.at.max(at);
        if !nature.can_be(x) {
            return self.impossible(x, at);
        }
        let every = f64::from(self.every);
        let pause = if every > 0.0 { (seconds / every).max(1.0) } else { 1.0 };
        self.every = narrow(if every > 0.0 { every + (seconds.min(8.0 * every) - every) / INTERVALS } else { seconds });
        let was_stuck = self.episode.as_ref().is_some_and(|episode| episode.what == What::Stuck);
        if was_stuck && x.to_bits() != self.last.to_bits() {
            // A run that was an oddity is no example of how long runs are.
            self.run.end();
        }
        self.run.hear(x, self.last, seconds);
        let news = match self.episode.take() {
            Some(episode) if matches!(episode.what, What::Impossible) => {
                self.judge(x, at, seconds, pause, nature, by);
                // What is odd again at once goes on as one episode.
                if let Some(next) = self.episode.as_mut() {
                    next.since = episode.since;
                    None
                } else {
                    Some(News::Ended { what: episode.what, since: episode.since })
                }
            }
            Some(episode) => self.go_on(episode, x, at, seconds, nature, by),
            None => self.judge(x, at, seconds, pause, nature, by),
        };
        self.last = x;
        news
    }

    /// The episode that lasts, if anyone was told of it.
    #[must_use]
    pub fn episode(&self) -> Option<&Episode> {
        self.episode.as_deref().filter(|episode| episode.told)
    }

    pub fn episode_mut(&mut self) -> Option<&mut Episode> {
        self.episode.as_deref_mut()
    }

    #[must_use]
    pub fn days(&self) -> &Days {
        &self.days
    }

    pub fn days_mut(&mut self) -> &mut Days {
        &mut self.days
    }

    #[must_use]
    pub fn spread(&self) -> &Spread {
        &self.spread
    }

    #[must_use]
    pub fn walk(&self) -> &Walk {
        &self.walk
    }

    /// When it was last heard.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    #[must_use]
    pub fn run_seconds(&self) -> f64 {
        self.run.seconds()
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.last.is_finite()
            && self.every.is_finite()
            && self.every >= 0.0
            && self.walk.is_sound()
            && self.spread.is_sound()
            && self.run.is_sound()
            && self.days.is_sound()
            && self.habit.is_sound()
            && self.episode.as_ref().is_none_or(|episode| episode.is_sound())
    }

    fn is_grown(&self, at: Timestamp, nature: &Nature) -> bool {
        at.seconds_since(self.first) >= nature.mature_seconds()
    }

    /// What cannot be is never learned from.
    fn impossible(&mut self, x: f64, at: Timestamp) -> Option<News> {
        if self.episode.is_some() {
            return None;
        }
        let x = x.clamp(-super::nature::GREATEST, super::nature::GREATEST);
        let z = 2.0 * PLAIN_Z;
        self.episode = Some(Box::new(Episode::begin(What::Impossible, at, x, z, self.walk.level, 0.0)));
        Some(News::Began { what: What::Impossible, z, up: None })
    }

    fn judge(&mut self, x: f64, at: Timestamp, seconds: f64, pause: f64, nature: &Nature, by: &Settings) -> Option<News> {
        let grown = self.is_grown(at, nature);
        if pause > PAUSE_INTERVALS {
            self.walk.level = x;
        }
        let departure = (x - self.walk.level) / libm::sqrt(pause.min(PAUSE_INTERVALS));
        let z = (departure.abs() / self.walk.sigma()).min(MOST_Z);
        let warm = self.readings >= WARM_READINGS && self.moves >= WARM_MOVES && self.falls >= WARM_FALLS;
        let judged = warm && (grown || nature.pace == Pace::Slow);
        if judged && let Some((what, z)) = self.oddity(x, departure, z, nature, by) {
            let mut episode = Episode::begin(what, at, x, z, self.walk.level, departure);
            episode.unit = units::suspect(self.last, self.unit_slack(), x, nature.is_temperature).map(|place| (place, 1));
            episode.told = episode.unit.is_none();
            if !episode.told {
                episode.level = self.last;
            }
            let told = episode.told;
            self.episode = Some(Box::new(episode));
            return told.then(|| News::Began { what, z, up: direction(what, departure) });
        }
        if warm && grown && self.run.is_stuck(x, by.stuck_times) {
            self.episode = Some(Box::new(Episode::begin(What::Stuck, at, x, PLAIN_Z, x, 0.0)));
            return Some(News::Began { what: What::Stuck, z: PLAIN_Z, up: None });
        }
        self.follow(x, departure, (at, seconds), (judged, grown), nature, by)
    }

    fn oddity(&self, x: f64, departure: f64, z: f64, nature: &Nature, by: &Settings) -> Option<(What, f64)> {
        let (sigma, reach) = (self.walk.sigma(), self.walk.reach());
        let closer = 1.0 - CLOSER * nature.attention;
        let far = (by.leap_reach * reach).max(by.least * nature.least);
        if z >= by.leap_deviations * closer && departure.abs() > closer * far {
            // What is odd only because it is looked at closely is noticed, and speaks against nobody: anybody can draw attention.
            let is_odd_anyway = z >= by.leap_deviations && departure.abs() > far;
            return Some((What::Leap, if is_odd_anyway { z } else { z.min(by.leap_deviations) }));
        }
        // What people and clouds make has no range, and no calm; what air does in a house shows in a week of its people.
        if self.at.seconds_since(self.first) < RANGE_SECONDS || nature.pace == Pace::Brisk {
            return None;
        }
        if self.spread.excess(x, by.range_margin, (by.least * nature.least).max(by.range_deviations * sigma)) >= 1.0 {
            let (low, high) = self.spread.ends();
            return Some((What::OutOfRange, ((x - high).max(low - x) / sigma).min(MOST_Z)));
        }
        let burst = self.walk.burst_with(departure);
        let noisy = burst > by.noise_deviations * sigma && burst > by.noise_reach * reach && self.walk.swings_with(departure);
        noisy.then_some((What::Noise, z.max(NOISE_Z)))
    }

    /// Learns from a reading that is as it should be.
    fn follow(
        &mut self,
        x: f64,
        departure: f64,
        (at, seconds): (Timestamp, f64),
        (judged, grown): (bool, bool),
        nature: &Nature,
        by: &Settings,
    ) -> Option<News> {
        self.readings = self.readings.saturating_add(1);
        if x != self.last {
            self.moves = self.moves.saturating_add(1);
            self.falls = self.falls.saturating_add(u8::from(x < self.last));
        }
        self.walk.resolve(x, self.last);
        self.walk.follow(x, departure, self.readings, seconds, judged, by);
        self.spread.follow(x, seconds, grown, self.walk.step());
        // A brisk series has no usual day: people make it.
        if nature.pace == Pace::Brisk {
            return None;
        }
        let since = self.days.since;
        Some(match self.days.hear(x, at, by.least * nature.least / 2.0, by)? {
            Turn::Drifts { up, .. } => News::Began { what: What::Drift, z: PLAIN_Z, up: Some(up) },
            Turn::IsBack => News::Ended { what: What::Drift, since: since.unwrap_or(at) },
        })
    }

    /// One more reading of an episode.
    fn go_on(&mut self, mut episode: Box<Episode>, x: f64, at: Timestamp, seconds: f64, nature: &Nature, by: &Settings) -> Option<News> {
        let sigma = self.walk.sigma();
        let z = ((x - episode.level).abs() / sigma).min(MOST_Z);
        let first_turn = episode.unit.is_some();
        if let Some(news) = self.other_unit(&mut episode, x) {
            return news.into_news(self, episode);
        }
        let was_told = episode.told;
        episode.hear(x, seconds, sigma, z, by);
        let began = (first_turn && !was_told && episode.unit.is_none()).then(|| {
            episode.told = true;
            News::Began { what: episode.what, z: f64::from(episode.z), up: direction(episode.what, episode.worst - episode.level) }
        });
        let grown = self.is_grown(at, nature);
        let over = match episode.what {
            What::Stuck => x.to_bits() != self.last.to_bits(),
            _ => {
                let wander = libm::sqrt(f64::from(episode.readings)).min(MOST_WANDER);
                let part = by.back_part * (episode.worst - episode.level).abs();
                let near = by.back_deviations * sigma;
                let home = (x - episode.level).abs() <= near.max(part.min(wander * near));
                let inside = grown && self.spread.holds(x);
                let swings = episode.what == What::Noise && episode.trial.burst() > by.back_part * f64::from(episode.greatest);
                episode.is_over((home && !swings) || (episode.what == What::OutOfRange && inside), inside)
            }
        };
        if began.is_some() {
            self.episode = Some(episode);
            return began;
        }
        if over {
            return self.end(*episode, x, at);
        }
        let (from, to) = (episode.level, episode.trial.level);
        if episode.what != What::Stuck && episode.is_swap(&self.walk, at) {
            self.begin_anew(*episode, at);
            return Some(News::Swap { from, to });
        }
        if episode.what != What::Stuck && episode.is_accepted(at) {
            self.begin_anew(*episode, at);
            return Some(News::Accepted { from, to });
        }
        self.episode = Some(episode);
        None
    }

    /// While it may be another unit: Some when that is settled as one, or still open.
    fn other_unit(&self, episode: &mut Episode, x: f64) -> Option<Settled> {
        let (place, count) = episode.unit?;
        let map = units::map(place)?;
        if !map.fits(episode.level, self.unit_slack(), x) {
            episode.unit = None;
            return None;
        }
        episode.level = map.back(x);
        let count = count.saturating_add(1);
        episode.unit = Some((place, count));
        Some(if count >= map.confirmed_after() { Settled::Unit(place, x) } else { Settled::Open })
    }

    /// How far a reading in another unit may be from the one before it, in the old unit.
    fn unit_slack(&self) -> f64 {
        (4.0 * self.walk.sigma()).max(self.walk.reach())
    }

    fn end(&mut self, episode: Episode, x: f64, at: Timestamp) -> Option<News> {
        if episode.is_habit()
            && let Some((greatest, low, high)) = self.habit.note(f64::from(episode.greatest), episode.worst)
        {
            self.walk.know(greatest);
            self.spread.know(low);
            self.spread.know(high);
        }
        self.walk.level = x;
        Some(News::Ended { what: episode.what, since: episode.since }).filter(|_| episode.told && at >= episode.since)
    }

    /// The new way is the usual one, and is learned from its beginning.
    fn begin_anew(&mut self, episode: Episode, at: Timestamp) {
        let level = episode.trial.level;
        *self = Self {
            walk: episode.trial,
            spread: Spread::new(level),
            days: Days::new(at),
            first: at,
            readings: episode.readings,
            run: std::mem::take(&mut self.run),
            habit: Habit::default(),
            episode: None,
            ..*self
        };
    }

    fn convert(&mut self, place: u8, x: f64) {
        let Some(map) = units::map(place) else { return };
        self.walk = self.walk.scaled(map.factor, x);
        self.spread = self.spread.mapped(|old| map.apply(old));
        self.days.map(map.factor, |old| map.apply(old));
        self.habit = Habit::default();
        self.run.end();
    }
}

enum Settled {
    Unit(u8, f64),
    Open,
}

impl Settled {
    fn into_news(self, series: &mut Numeric, episode: Box<Episode>) -> Option<News> {
        match self {
            Self::Unit(place, x) => {
                series.convert(place, x);
                Some(News::Unit(place))
            }
            Self::Open => {
                series.episode = Some(episode);
                None
            }
        }
    }
}

/// Up or down, where the oddity has a direction.
fn direction(what: What, departure: f64) -> Option<bool> {
    (!matches!(what, What::Noise | What::Stuck | What::Impossible)).then_some(departure > 0.0)
}
