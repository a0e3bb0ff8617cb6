//! How often something is said: what was learned of the gaps between words, in bounded memory, and the silence after which it is missed.
//!
//! Two things are kept. Of a gap met at a random moment, mean and variance of its logarithm: bursts do not weigh in it, for hardly any time
//! passes within them. And the longest gaps of two months, of which the tail is made (Hill 1975, Weissman 1978): it is the tail that tells
//! the 61 s of a heartbeat from the nights and weekends of a motion sensor, whatever lies below it.

use super::phi::deviations;
use crate::domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// A silence is missed when by the record one as long comes less often than so many times a month.
const MISSED_WRONGLY_A_MONTH: f64 = 0.1;
/// One lost word is no silence, and a dead device is missed within three gaps.
const LEAST_GAPS: f64 = 2.5;
/// A radio that reconnects takes some 20 s.
const LEAST_SECONDS: f64 = 30.0;
/// Before so many gaps, and so many seconds, there is no rhythm.
const LEARNED_GAPS: u32 = 8;
const LEARNED_SECONDS: f64 = 600.0;
/// Gaps that differ by less than this (standard deviation of their logarithm) are a clock's. Others must have been heard for a night and a day.
const CLOCKWORK: f64 = 0.15;
/// Until so many gaps and days are known, a log-normal is trusted as much as the few long gaps.
const FEW_GAPS: u32 = 32;
const FEW_SECONDS: f64 = 3.0 * DAY;
/// Who keeps no clock and is at times silent for so long is moved by people, who sleep, work and travel: it is missed after their longest
/// holidays only.
const PEOPLES_SECONDS: f64 = 5.0 * 3_600.0;
const HOLIDAYS_SECONDS: f64 = 21.0 * DAY;
/// The memory: so many gaps for the mean, so long for the longest.
const MEMORY_GAPS: f64 = 50.0;
const MEMORY_DAYS: u16 = 60;
const MEMORY_SECONDS: f64 = 60.0 * DAY;
/// The most that one gap moves the mean.
const HEAVIEST: f64 = 0.1;
/// The longest gaps kept: enough for a tail, and 64 bytes stored.
const LONGEST: usize = 8;
/// The tail's own uncertainty; and its least index for who keeps no clock: lost words make a tail of steps, and eight gaps of one lost word
/// each say nothing of two.
const MARGIN: f64 = 1.2;
const LEAST_INDEX: f64 = 0.1;
/// What comes within it is one word in several messages.
const BURST_SECONDS: f64 = 1.0;
/// The logarithm of the longest gap that a time in microseconds can tell, in seconds.
const MOST_LN: f32 = 31.0;
const DAY: f64 = 86_400.0;
const MONTH: f64 = 30.0 * DAY;

/// The gaps between words of one kind.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Rhythm {
    pub last: Option<Timestamp>,
    gaps: u32,
    /// Their sum, up to the memory.
    seconds: f32,
    /// Of the logarithm of the gap met at a random moment, in seconds.
    mean: f32,
    var: f32,
    longest: Vec<Gap>,
    /// A silence that was missed and ended: one is a failure, a second one within the memory is the rhythm.
    #[serde(skip_serializing_if = "Option::is_none")]
    aside: Option<Gap>,
}

/// The logarithm of a gap in seconds, in thousandths, and the day on which it ended.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
#[serde(from = "u32", into = "u32")]
struct Gap {
    ln: u16,
    day: u16,
}

impl From<u32> for Gap {
    fn from(both: u32) -> Self {
        let [a, b, c, d] = both.to_be_bytes();
        Self { ln: u16::from_be_bytes([a, b]), day: u16::from_be_bytes([c, d]) }
    }
}

impl From<Gap> for u32 {
    fn from(gap: Gap) -> Self {
        let ([a, b], [c, d]) = (gap.ln.to_be_bytes(), gap.day.to_be_bytes());
        Self::from_be_bytes([a, b, c, d])
    }
}

impl Gap {
    fn new(seconds: f64, at: Timestamp) -> Self {
        Self { ln: thousandths(libm::log(seconds)), day: day(at) }
    }

    fn ln(self) -> f64 {
        f64::from(self.ln) / 1_000.0
    }

    fn is_old(self, today: u16) -> bool {
        today.saturating_sub(self.day) > MEMORY_DAYS
    }
}

impl Rhythm {
    /// Takes a word. A gap that began before `from` tells nothing: nobody could hear. `missed`: the silence before it was missed.
    pub fn hear(&mut self, at: Timestamp, from: Timestamp, missed: bool) {
        let Some(last) = self.last.replace(at) else { return };
        let seconds = at.seconds_since(last);
        if last < from || seconds < BURST_SECONDS {
            return;
        }
        if missed {
            let gap = Gap::new(seconds, at);
            match self.aside.take().filter(|before| !before.is_old(gap.day)) {
                Some(before) => self.learn(libm::exp(before.ln()), at),
                None => {
                    self.aside = Some(gap);
                    return;
                }
            }
        }
        self.learn(seconds, at);
    }

    /// Seconds of silence after which it is missed; None while it has no rhythm that would tell.
    #[must_use]
    pub fn limit(&self) -> Option<f64> {
        let (gaps, seconds, mean, sd) = (self.gaps, f64::from(self.seconds), f64::from(self.mean), self.sd());
        let clockwork = sd < CLOCKWORK;
        if gaps < LEARNED_GAPS || seconds < LEARNED_SECONDS || (!clockwork && seconds < DAY) {
            return None;
        }
        let (shortest, tail) = self.tail()?;
        let mut level = tail.max(mean + libm::log(LEAST_GAPS));
        if gaps < FEW_GAPS || seconds < FEW_SECONDS {
            let a_month = f64::from(gaps) * MONTH / seconds;
            // The quantiles of Student's distribution with few degrees of freedom, roughly.
            let spread = (sd * (1.0 + 10.5 / f64::from(gaps))).max(0.1);
            level = level.max(mean + spread * deviations(libm::log10(a_month / MISSED_WRONGLY_A_MONTH)));
        }
        if !clockwork && shortest >= libm::log(PEOPLES_SECONDS) {
            level = level.max(libm::log(HOLIDAYS_SECONDS));
        }
        (level <= libm::log(MEMORY_SECONDS)).then(|| libm::exp(level).max(LEAST_SECONDS))
    }

    /// Seconds between words, as a rule: the geometric mean of the gap met at a random moment. None before the first gap.
    #[must_use]
    pub fn every(&self) -> Option<f64> {
        (self.gaps > 0).then(|| libm::exp(f64::from(self.mean)))
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.longest.len() <= LONGEST
            && (0.0..=MOST_LN).contains(&self.mean)
            && (0.0..=MOST_LN * MOST_LN).contains(&self.var)
            && self.seconds >= 0.0
            && f64::from(self.seconds) <= MEMORY_SECONDS
    }

    fn sd(&self) -> f64 {
        libm::sqrt(f64::from(self.var))
    }

    fn learn(&mut self, seconds: f64, at: Timestamp) {
        let x = libm::log(seconds);
        self.gaps = self.gaps.saturating_add(1);
        let (mean, var) = (f64::from(self.mean), f64::from(self.var));
        let heard = (f64::from(self.seconds) + seconds).min(MEMORY_SECONDS);
        let memory = heard.min(MEMORY_GAPS * libm::exp(mean) + seconds);
        let share = (seconds / memory).min(HEAVIEST.max(1.0 / f64::from(self.gaps)));
        let off = x - mean;
        self.mean = single(mean + share * off);
        self.var = single((1.0 - share) * (var + share * off * off));
        self.seconds = single(heard);
        self.keep(Gap::new(seconds, at));
    }

    /// Among the longest, where it belongs there; an old one makes room first.
    fn keep(&mut self, gap: Gap) {
        if self.longest.len() < LONGEST {
            self.longest.reserve_exact(1);
            self.longest.push(gap);
            return;
        }
        let found = self.longest.iter_mut().try_fold(None::<&mut Gap>, |least, one| {
            if one.is_old(gap.day) {
                return ControlFlow::Break(one);
            }
            ControlFlow::Continue(Some(match least {
                Some(least) if least.ln <= one.ln => least,
                _ => one,
            }))
        });
        match found {
            ControlFlow::Break(old) => *old = gap,
            ControlFlow::Continue(Some(least)) if least.ln < gap.ln => *least = gap,
            ControlFlow::Continue(_) => {}
        }
    }

    /// The logarithms of the shortest of the longest gaps, and of the silence that comes so seldom as is allowed: with tail index
    /// ξ = mean(ln gᵢ − ln gₖ) (Hill 1975), gₖ·(k/(b·T))^ξ for b a month and T months of record (Weissman 1978).
    fn tail(&self) -> Option<(f64, f64)> {
        let count = f64::from(u32::try_from(self.longest.len()).ok().filter(|n| *n > 1)?);
        let shortest = self.longest.iter().map(|gap| gap.ln()).min_by(f64::total_cmp)?;
        let index = self.longest.iter().map(|gap| gap.ln() - shortest).sum::<f64>() / (count - 1.0);
        let index = if self.sd() < CLOCKWORK { index } else { index.max(LEAST_INDEX) };
        let months = f64::from(self.seconds) / MONTH;
        let level = shortest + index * libm::log(count / (MISSED_WRONGLY_A_MONTH * months)).max(0.0) + libm::log(MARGIN);
        Some((shortest, level))
    }
}

/// In [0, 65.535], which is e^65 seconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of a u16 before")]
fn thousandths(x: f64) -> u16 {
    (x * 1_000.0).round().clamp(0.0, f64::from(u16::MAX)) as u16
}

/// Seven digits are more than a rhythm has.
#[allow(clippy::cast_possible_truncation, reason = "what is lost is far below a second")]
fn single(x: f64) -> f32 {
    x as f32
}

fn day(at: Timestamp) -> u16 {
    u16::try_from(at.micros().div_euclid(86_400_000_000)).unwrap_or(u16::MAX)
}
