//! Whether an entity is there: its rhythm, learned by kind; fresh, unchanged, replayed and silent told apart.

mod carrier;
mod kinds;
mod phi;
mod rhythm;
#[cfg(test)]
mod tests;
mod there;
mod value;
mod watch;
mod word;

pub use carrier::Via;
pub use phi::phi_normal;
pub use watch::Watch;

use crate::domain::{EntityId, Liveness, LivenessView, Timestamp};
use carrier::Carrier;
use kinds::{Kinds, Taken};
use serde::{Deserialize, Serialize};
use value::News;
use word::{Power, Word};

/// Who says that it goes may be restarting: Zigbee2MQTT takes some 20 s for it.
const RESTART_SECONDS: i64 = 30;
/// Silences counted of one absence.
const SILENCES: u8 = 3;
/// Who came back from a farewell within its rhythm so often sleeps between its words.
const NAPS: u8 = 2;
/// Devices say a thing twice in a row, on two occasions at once.
const ECHO_SECONDS: f64 = 2.0;

/// What is known of an entity's rhythm and of its being there.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Life {
    state: Liveness,
    since: Option<Timestamp>,
    /// Its last sign of life.
    heard: Option<Timestamp>,
    kinds: Kinds,
    news: News,
    /// Silences counted of this absence.
    missed: u8,
    /// Others were told of this absence.
    told: bool,
    naps: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<EntityId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because_of: Option<EntityId>,
    /// In whole percent.
    battery: Option<u8>,
    link: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier: Option<Box<Carrier>>,
    /// When to look whether it fell silent, and under which time it stands in the queue of those.
    next: Option<Timestamp>,
    queued: Option<Timestamp>,
}

/// What came of a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// It is a sign of life; and it came in its time.
    pub sign: bool,
    pub on_time: bool,
    /// Sent before, and sent again as if it were news.
    pub replay: bool,
    /// An absence is over; and others were told of it.
    pub returned: bool,
    pub back: bool,
    /// What others see is not what they saw.
    pub turned: bool,
}

/// What came of a look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// An expected word did not come.
    pub missed: bool,
    /// Others are to be told that it is gone.
    pub gone: bool,
    pub turned: bool,
}

impl Life {
    /// Takes a word. What began before `from` nobody could hear; `again`: its bridge has just come back, and repeats what it knew.
    fn hear(&mut self, word: &Word, at: Timestamp, from: Timestamp, again: bool) -> Heard {
        let before = (self.state, self.because_of.is_some());
        self.power(&word.power);
        let mut heard = match word.there {
            Some(there) => self.says(there, word.stored || again, at),
            None => match self.kinds.take(word, again) {
                Taken::Sign(news) => self.sign(Some((word.kind, news)), at, from),
                taken => {
                    // The same word twice within a second or two is no replay of anything.
                    let echo = self.heard.is_some_and(|heard| at.seconds_since(heard) < ECHO_SECONDS);
                    if !self.state.is_gone() && !echo {
                        self.turn(Liveness::Replayed, at);
                    }
                    Heard { replay: taken == Taken::Replay, ..Heard::default() }
                }
            },
        };
        heard.returned = before.0.is_gone() && !self.state.is_gone();
        heard.turned = before != (self.state, self.because_of.is_some());
        heard
    }

    /// What it carries for others is a sign of its own life.
    fn carry(&mut self, at: Timestamp, from: Timestamp) -> Heard {
        let before = self.state;
        let mut heard = self.sign(Some((kinds::CARRIED, None)), at, from);
        heard.returned = before.is_gone();
        heard.turned = before != self.state;
        heard
    }

    /// A sign of life; of a kind, whether it tells news where that can be told.
    fn sign(&mut self, of: Option<(u32, Option<bool>)>, at: Timestamp, from: Timestamp) -> Heard {
        let was_gone = self.state.is_gone();
        let own_silence = was_gone && self.because_of.is_none() && self.missed > 0;
        if self.state == Liveness::Offline
            && !self.told
            && let (Some(heard), Some(limit)) = (self.heard, self.limit())
            && at.seconds_since(heard) <= limit
        {
            self.naps = self.naps.saturating_add(1);
        }
        if let Some((kind, news)) = of {
            self.kinds.hear(kind, at, from, own_silence);
            self.news.note(news, at);
        }
        self.heard = Some(at);
        self.missed = 0;
        self.because_of = None;
        let back = std::mem::take(&mut self.told);
        let limit = self.limit();
        let state = match self.kinds.every().zip(limit) {
            None => Liveness::Learning,
            Some((every, _)) if self.news.are_late(at, every) => Liveness::Unchanged,
            Some(_) => Liveness::Fresh,
        };
        self.turn(state, at);
        self.next = limit.map(|limit| later(at, limit));
        Heard { sign: true, on_time: !own_silence, back, ..Heard::default() }
    }

    /// Its own word, or its last will, or its bridge's, on whether it is there. `old`: it may be of any age.
    fn says(&mut self, there: bool, old: bool, at: Timestamp) -> Heard {
        match there {
            true if !old => return self.sign(None, at, at),
            // It stands since some time that nobody knows: it takes a farewell back, and is no sign of life.
            true if self.state == Liveness::Offline => {
                self.turn(Liveness::Replayed, at);
                self.missed = 0;
                self.next = self.deadline(at);
                return Heard { back: std::mem::take(&mut self.told), ..Heard::default() };
            }
            true => {}
            false if self.state == Liveness::Offline => {}
            false => {
                self.because_of = None;
                self.turn(Liveness::Offline, at);
                let asleep = (self.naps >= NAPS).then(|| self.deadline(at)).flatten();
                self.next = (!self.told).then(|| at.plus_seconds(RESTART_SECONDS).max(asleep.unwrap_or(at)));
            }
        }
        Heard::default()
    }

    /// It is time to look: it has not spoken in its time. Whether nobody could hear since then, and whose outage it is, was looked at before.
    fn miss(&mut self, at: Timestamp) -> Looked {
        let turned = (self.state != Liveness::Offline && self.state != Liveness::Silent) || self.because_of.is_some();
        self.because_of = None;
        if self.state == Liveness::Offline {
            // What it announced itself is one silence, however long it lasts.
            self.missed = SILENCES;
        } else {
            self.turn(Liveness::Silent, at);
            self.missed = self.missed.saturating_add(1);
        }
        self.next = self.limit().filter(|_| self.missed < SILENCES).map(|limit| later(at, limit));
        Looked { missed: true, gone: !std::mem::replace(&mut self.told, true), turned }
    }

    /// It cannot be heard, for its bridge is gone: that is no fault of its own.
    fn cut_off(&mut self, bridge: &EntityId, at: Timestamp) -> bool {
        // What was gone before is gone by itself.
        if self.state == Liveness::Offline {
            return false;
        }
        self.next = None;
        if self.told || self.because_of.as_ref() == Some(bridge) {
            return false;
        }
        self.turn(Liveness::Silent, at);
        self.because_of = Some(bridge.clone());
        true
    }

    /// Its bridge is back: it has its usual time to speak, and is silent until then. Without a rhythm nobody can say that it is.
    fn uncovered(&mut self, at: Timestamp) -> bool {
        if self.because_of.is_none() {
            return false;
        }
        self.next = self.deadline(at);
        let free = self.next.is_none();
        if free {
            self.because_of = None;
            self.turn(Liveness::Learning, at);
        }
        free
    }

    /// Seconds of silence after which it counts as silent: by its quickest rhythm that had not stopped when it was last heard.
    fn limit(&self) -> Option<f64> {
        self.heard.and_then(|heard| self.kinds.limit(heard))
    }

    /// When it must have spoken, if it is heard since `from`.
    fn deadline(&self, from: Timestamp) -> Option<Timestamp> {
        Some(later(self.heard?.max(from), self.limit()?))
    }

    fn turn(&mut self, state: Liveness, at: Timestamp) {
        if self.state != state || self.since.is_none() {
            self.state = state;
            self.since = Some(at);
        }
    }

    fn power(&mut self, power: &Power) {
        if let Some(percent) = power.battery {
            self.battery = Some(whole(percent));
        }
        if let Some(share) = power.link {
            self.link = Some(whole(share * 100.0));
        }
    }

    /// Whether it is silent, or said that it goes; None: nothing was ever heard of it.
    #[must_use]
    pub fn is_gone(&self) -> Option<bool> {
        self.since.map(|_| self.state.is_gone())
    }

    #[must_use]
    pub fn view(&self) -> LivenessView {
        LivenessView {
            state: self.state,
            since: self.since,
            heard: self.heard,
            every_seconds: self.kinds.every(),
            silent_after_seconds: self.limit(),
            because_of: self.because_of.clone(),
            battery_percent: self.battery.map(f64::from),
            link: self.link.map(|percent| f64::from(percent) / 100.0),
        }
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.kinds.is_sound()
            && self.news.is_sound()
            && self.missed <= SILENCES
            && [self.battery, self.link].iter().flatten().all(|percent| *percent <= 100)
    }
}

/// Rounded up: a second before its time nothing is late.
#[allow(clippy::cast_possible_truncation, reason = "a limit is at most some months")]
fn later(at: Timestamp, seconds: f64) -> Timestamp {
    at.plus_seconds(libm::ceil(seconds) as i64)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of a percentage before")]
fn whole(percent: f64) -> u8 {
    percent.round().clamp(0.0, 100.0) as u8
}
