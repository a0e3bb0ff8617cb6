//! How one objective stands: its good and bad ones, how fast they use up what may go wrong, and whether that is urgent.

use super::{
    super::burn::{self, Events, Urgency, Window, burn, urgency},
    words,
};
use crate::domain::{Aim, Alarm, Occasion, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What has begun ends only once its burn rates are so much below the limits that it began at.
const EASE: f64 = 0.9;
/// And have been so for ten minutes: where 99.9 % of looks are to be good, a rate at the limit of a page is one bad look in twelve minutes,
/// of which the short window of five sees now one and now none.
const LINGER_SECONDS: f64 = 600.0;
/// An alert tells anew how much is left so often.
const TELL_SECONDS: f64 = 3_600.0;
/// What went well is written so often, what did not within a minute: it is soon counted again.
const STORED_SECONDS: f64 = 600.0;
const BAD_STORED_SECONDS: f64 = 60.0;
/// Others are told so often at most, but of turns at once.
const SHOWN_SECONDS: f64 = 60.0;
const LOOKS_A_DAY: f64 = 8_640.0;

/// An objective as it is pursued.
#[derive(Debug, Clone, Copy)]
pub struct Pursued<'a> {
    pub id: &'a str,
    pub aim: &'a Aim,
    pub occasion: Occasion,
    pub says: &'a str,
}

/// It is stored: what a Jamey of another version does not say of it is as it is at the beginning, and what it says beyond this is not heard.
/// What it counts must be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    id: String,
    pub(super) aim: Aim,
    occasion: Occasion,
    #[serde(default)]
    says: String,
    #[serde(default)]
    events: Events,
    #[serde(default)]
    urgency: Urgency,
    /// Since when it is so urgent, or not.
    #[serde(default)]
    since: Timestamp,
    /// Since when it should be less urgent.
    #[serde(default)]
    easing: Option<Timestamp>,
    /// Whether anything could be counted at the last occasion.
    #[serde(default)]
    valid: bool,
    #[serde(default)]
    alarm: Option<Alarm>,
    #[serde(default)]
    alarmed: Timestamp,
    /// The last hour that went into its history.
    #[serde(default)]
    hour: i64,
    /// What was counted since the row was written: something, and something bad.
    #[serde(default)]
    counted: bool,
    #[serde(default)]
    spoilt: bool,
    #[serde(default)]
    stored: Option<Timestamp>,
    /// It was looked at since others could be told of it.
    #[serde(default)]
    moved: bool,
    /// What others were told last, coarsely, and when.
    #[serde(default)]
    shown: Option<(Timestamp, Value)>,
}

/// It became more urgent, or less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    pub from: Urgency,
    pub to: Urgency,
    /// clamp(1 − burn, −1, 1) · priority, by the burn rate that calls for it.
    pub congruence: f64,
}

impl Standing {
    pub(super) fn new(pursued: &Pursued<'_>, at: Timestamp) -> Self {
        Self {
            id: pursued.id.to_owned(),
            aim: pursued.aim.clone(),
            occasion: pursued.occasion,
            says: pursued.says.to_owned(),
            events: Events::default(),
            urgency: Urgency::Fine,
            since: at,
            easing: None,
            valid: false,
            alarm: None,
            alarmed: at,
            hour: 0,
            counted: false,
            spoilt: false,
            stored: None,
            moved: true,
            shown: None,
        }
    }

    /// After a start nobody was told yet.
    pub(super) fn awake(self) -> Self {
        Self { shown: None, moved: true, ..self }
    }

    /// None: something else is counted now.
    pub(super) fn goes_on(self, pursued: &Pursued<'_>) -> Option<Self> {
        let same = self.aim.counts_as(pursued.aim) && self.occasion == pursued.occasion;
        same.then(|| Self { aim: pursued.aim.clone(), says: pursued.says.to_owned(), ..self })
    }

    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    #[must_use]
    pub fn urgency(&self) -> Urgency {
        self.urgency
    }

    /// Takes one occasion: good, bad, or not to be counted. Gives the turn that it is, if it is one.
    pub fn take(&mut self, good: Option<bool>, now: Timestamp) -> Option<Turn> {
        self.valid = good.is_some();
        if let Some(good) = good {
            self.events.note(now, good);
            self.counted = true;
            self.spoilt |= !good;
        }
        self.weigh(now)
    }

    /// Time passes: windows forget.
    pub fn weigh(&mut self, now: Timestamp) -> Option<Turn> {
        let rate = |window, is_long: bool| self.rate(window, if is_long { self.aim.least.into() } else { 1 }, now);
        let begins = urgency(rate, 1.0);
        let mut to = begins.max(urgency(rate, EASE).min(self.urgency));
        // Where nothing bad was for half an hour (Jamey may have been stopped) there is nothing to wait for.
        let (_, lately) = self.events.within(Window::ThirtyMinutes, now);
        self.moved = true;
        if to >= self.urgency {
            self.easing = None;
        } else if lately > 0 && now.seconds_since(*self.easing.get_or_insert(now)) < LINGER_SECONDS {
            to = self.urgency;
        }
        let from = std::mem::replace(&mut self.urgency, to);
        if from == to {
            let due = to > Urgency::Fine && now.seconds_since(self.alarmed) >= TELL_SECONDS;
            if due {
                self.alert(now);
            }
            return None;
        }
        (self.since, self.easing) = (now, None);
        self.alert(now);
        let worst = Window::ALL.into_iter().filter_map(|window| self.rate(window, 1, now)).fold(0.0, f64::max);
        Some(Turn { from, to, congruence: burn::congruence(worst, self.aim.priority.get()) })
    }

    fn rate(&self, window: Window, least: u64, now: Timestamp) -> Option<f64> {
        let (good, bad) = self.events.within(window, now);
        burn(good, bad, self.aim.target, least)
    }

    /// The share of its error budget that is left in its window; below 0 more went wrong than may. Of looks it is known from the first on how
    /// many the window has; of events only those that were.
    #[must_use]
    pub fn budget_left(&self, now: Timestamp) -> f64 {
        let (good, bad) = self.events.within_days(self.aim.window_days, now);
        let coming = if self.occasion == Occasion::Look { LOOKS_A_DAY * f64::from(self.aim.window_days) } else { 0.0 };
        let all = (burn::number(good) + burn::number(bad)).max(coming);
        if all > 0.0 { 1.0 - burn::number(bad) / (all * (1.0 - self.aim.target)) } else { 1.0 }
    }

    #[must_use]
    pub fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }

    fn alert(&mut self, now: Timestamp) {
        self.alarmed = now;
        let window = match self.urgency {
            Urgency::Fine => {
                self.alarm = None;
                return;
            }
            Urgency::Page if self.rate(Window::Hour, self.aim.least.into(), now) >= self.rate(Window::SixHours, 1, now) => Window::Hour,
            Urgency::Page => Window::SixHours,
            Urgency::Ticket => Window::ThreeDays,
        };
        let seen = words::Seen {
            counts: self.events.within(window, now),
            rate: self.rate(window, 1, now).unwrap_or(0.0),
            window,
            occasion: self.occasion,
            left: self.budget_left(now),
            days: self.aim.window_days,
        };
        let text = words::text(&self.says, &seen);
        self.alarm = Some(Alarm { critical: self.urgency == Urgency::Page, since: self.since, text, what_to_do: String::new() });
    }

    /// As others see it: `unknown` while nothing can be told of it, and nothing is urgent.
    fn status(&self, now: Timestamp) -> &'static str {
        let (good, bad) = self.events.within(Window::ThreeDays, now);
        match self.urgency {
            Urgency::Page => "page",
            Urgency::Ticket => "ticket",
            Urgency::Fine if self.valid_now() && good + bad >= u64::from(self.aim.least) => "met",
            Urgency::Fine => "unknown",
        }
    }

    /// An event that could not be counted says nothing of those before; a look does.
    fn valid_now(&self) -> bool {
        self.valid || self.occasion != Occasion::Look
    }

    /// The payload of `consciousness/mission/{id}`.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> Value {
        let rates: Map<String, Value> = Window::ALL
            .into_iter()
            .map(|window| (window.as_str().to_owned(), json!(self.rate(window, self.aim.least.into(), now).map(rounded))))
            .collect();
        let (good, bad) = self.events.within_days(self.aim.window_days, now);
        json!({
            "v": 1,
            "at": now.to_string(),
            "id": self.id,
            "says": self.says,
            "good_when": self.aim.good,
            "valid_when": self.aim.valid,
            "counts": self.occasion.plural(),
            "target": self.aim.target,
            "window_days": self.aim.window_days,
            "priority": self.aim.priority,
            "least": self.aim.least,
            "status": self.status(now),
            "since": self.since.to_string(),
            "valid": self.valid,
            "burn_rates": rates,
            "budget_left": rounded(self.budget_left(now)),
            "good": good,
            "bad": bad,
            "text": self.alarm.as_ref().map(|alarm| &alarm.text),
        })
    }

    /// The view where it is news: another status at once, other figures once a minute.
    pub fn take_view(&mut self, now: Timestamp) -> Option<Value> {
        if !std::mem::take(&mut self.moved) {
            return None;
        }
        let gist = self.gist(now);
        if let Some((at, shown)) = &self.shown {
            let turned = shown.get(0) != gist.get(0);
            if *shown == gist || (!turned && now.seconds_since(*at) < SHOWN_SECONDS) {
                return None;
            }
        }
        self.shown = Some((now, gist));
        Some(self.view(now))
    }

    /// What of it is worth telling again: status, the budget by twentieths, burn rates by powers of √2.
    fn gist(&self, now: Timestamp) -> Value {
        let steps = |window| {
            self.rate(window, self.aim.least.into(), now).map(|rate| if rate < 0.05 { -9.0 } else { (libm::log2(rate) * 2.0).round() })
        };
        let rates: Vec<Option<f64>> = Window::ALL.into_iter().map(steps).collect();
        json!([[self.status(now), self.valid, self.alarm.as_ref().map(|a| &a.text)], (self.budget_left(now) * 20.0).round(), rates])
    }

    /// The row to write, where it is due: what was counted, once in a while; turns are due by themselves.
    pub fn take_row(&mut self, now: Timestamp) -> Option<(Value, Vec<u8>)> {
        let after = if self.spoilt { BAD_STORED_SECONDS } else { STORED_SECONDS };
        let due = self.stored.is_none_or(|stored| now.seconds_since(stored) >= after || self.since > stored);
        if !self.counted || !due {
            return None;
        }
        (self.counted, self.spoilt, self.stored) = (false, false, Some(now));
        let mut state = Vec::new();
        ciborium::into_writer(self, &mut state).ok()?;
        Some((self.view(now), state))
    }

    /// Has it be written at the next chance.
    pub fn due(&mut self) {
        self.stored = None;
    }

    /// The hours that are over and not in its history yet: when each began, its good and bad ones.
    pub fn take_hours(&mut self, now: Timestamp) -> Vec<(Timestamp, u32, u32)> {
        let last = burn::hour_of(now) - 1;
        if last <= self.hour {
            return Vec::new();
        }
        let hours = self.events.hours(std::mem::replace(&mut self.hour, last) + 1..=last);
        hours.map(|(hour, good, bad)| (burn::hour_began(hour), good, bad)).collect()
    }

    /// Whether what was read from the store can be one.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.aim.is_sound() && self.events.is_sound()
    }
}

/// Three decimals: what a person could notice.
fn rounded(x: f64) -> f64 {
    (x * 1_000.0).round() / 1_000.0 + 0.0
}
