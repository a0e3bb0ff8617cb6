//! What waits to be posted to one receiver: of each alert the newest, in its order, and not before the receiver has had its rest. Pure.

use crate::{
    config::Least,
    domain::{Timestamp, limits},
    observe::{Alert, Turn},
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// The rest after a first failure; it doubles up to the most.
const REST: Duration = Duration::from_secs(1);
const MOST_REST: Duration = Duration::from_secs(300);
/// One thing that the receiver does not want is tried so often, after the longest rest each: an hour, in which somebody may mend it.
const REFUSALS: u32 = 12;
/// A receiver may ask for no longer one.
const MOST_ASKED: Duration = Duration::from_secs(3_600);
/// Other words for what stands already are posted at most so often.
const WORDS_EVERY: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Raised,
    Changed,
    Acknowledged,
    /// It stands on, and is only counted in `more`.
    Folded,
    Cleared,
}

impl Event {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Changed => "changed",
            Self::Acknowledged => "acknowledged",
            Self::Folded => "folded",
            Self::Cleared => "cleared",
        }
    }

    fn stands(self) -> bool {
        !matches!(self, Self::Folded | Self::Cleared)
    }
}

/// One thing to post. Each try has the same id, so that who got it twice can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: Uuid,
    pub at: Timestamp,
    pub event: Event,
    pub alert: Alert,
    due: Duration,
    /// How often the receiver did not want it.
    refusals: u32,
}

#[derive(Debug)]
pub struct Queue {
    least: Least,
    waiting: BTreeMap<String, Item>,
    /// What is being posted.
    at_work: Option<(String, Event)>,
    /// What the receiver knows to stand, and since when it has its words.
    stands: BTreeMap<String, Duration>,
    tries: u32,
    rests_until: Duration,
    failing: Option<(Duration, String)>,
}

impl Queue {
    /// `stands`: what the receiver was told of before the start.
    pub fn new(least: Least, stands: impl IntoIterator<Item = String>) -> Self {
        Self {
            least,
            waiting: BTreeMap::new(),
            at_work: None,
            stands: stands.into_iter().map(|code| (code, Duration::ZERO)).collect(),
            tries: 0,
            rests_until: Duration::ZERO,
            failing: None,
        }
    }

    /// What the receiver knows to stand.
    pub fn stands(&self) -> impl Iterator<Item = &String> {
        self.stands.keys()
    }

    /// Takes what turned, where this receiver is to hear of it.
    pub fn put(&mut self, turn: &Turn, id: Uuid, up: Duration, at: Timestamp) {
        let alert = turn.alert();
        let code = alert.code.as_str();
        let is_known = match &self.at_work {
            Some((of, event)) if of == code => event.stands(),
            _ => self.stands.contains_key(code),
        };
        let waits = self.waiting.get(code).map(|item| item.event);
        let is_seen = alert.acknowledged.is_some();
        let event = match turn {
            Turn::Raised(_) | Turn::Stands(_) if is_known && waits.is_none_or(Event::stands) => return,
            Turn::Raised(_) | Turn::Stands(_) | Turn::Changed(_) if is_seen => return,
            Turn::Raised(_) | Turn::Stands(_) => Event::Raised,
            Turn::Graver(_) | Turn::Changed(_) if is_known => Event::Changed,
            Turn::Graver(_) | Turn::Changed(_) => Event::Raised,
            Turn::Acknowledged(_) => Event::Acknowledged,
            Turn::Folded(_) => Event::Folded,
            Turn::Cleared(_) => Event::Cleared,
        };
        // Who hears of critical ones alone hears their end, whatever they are then.
        let concerns = is_known || waits.is_some() || (event.stands() && (alert.alarm.critical || self.least == Least::Warning));
        if !concerns {
            return;
        }
        let due = match (turn, self.stands.get(code)) {
            (Turn::Changed(_), Some(told)) => up.max(*told + WORDS_EVERY),
            _ => up,
        };
        self.waiting.insert(code.to_owned(), Item { id, at, event, alert: alert.clone(), due, refusals: 0 });
        self.bound();
    }

    /// What is to be posted now; else how long to wait, where it is known.
    ///
    /// # Errors
    /// With that time.
    pub fn next(&mut self, up: Duration) -> Result<Item, Option<Duration>> {
        let first = self.waiting.iter().map(|(code, item)| (item.due.max(self.rests_until), item.id, code.clone())).min();
        let (due, _, code) = first.ok_or(None)?;
        if due > up {
            return Err(Some(due.saturating_sub(up)));
        }
        let item = self.waiting.remove(&code).ok_or(None)?;
        self.at_work = Some((code, item.event));
        Ok(item)
    }

    /// The receiver has it. What it knows to stand now.
    pub fn took(&mut self, item: &Item, up: Duration) -> Vec<String> {
        (self.at_work, self.tries, self.rests_until, self.failing) = (None, 0, Duration::ZERO, None);
        if item.event.stands() {
            self.stands.insert(item.alert.code.clone(), up);
        } else {
            self.stands.remove(&item.alert.code);
        }
        self.stands.keys().cloned().collect()
    }

    /// The receiver does not want it: it is tried again after the longest rest, some times, while other things go on. What it knows to stand,
    /// where it was the last time.
    pub fn refused(&mut self, mut item: Item, up: Duration, why: String) -> Option<Vec<String>> {
        self.at_work = None;
        self.fail(up, why);
        item.refusals += 1;
        if item.refusals < REFUSALS {
            item.due = up + MOST_REST;
            self.put_back(item);
            return None;
        }
        // Of what comes back it is told anew.
        if !item.event.stands() {
            self.stands.remove(&item.alert.code);
        }
        // Nothing is left that could show it to be well.
        if self.waiting.is_empty() {
            self.failing = None;
        }
        Some(self.stands.keys().cloned().collect())
    }

    /// It did not reach the receiver: it is tried again, unless something newer of it waits. `dice`: a number from 0 to 255, so that many who
    /// failed at one time do not come back at one time.
    pub fn failed(&mut self, item: Item, up: Duration, asked: Option<Duration>, dice: u8, why: String) {
        self.at_work = None;
        let rest = REST.saturating_mul(1 << self.tries.min(16)).min(MOST_REST);
        let rest = rest / 2 + rest / 2 * u32::from(dice) / 255;
        self.rests_until = up + rest.max(asked.unwrap_or_default().min(MOST_ASKED));
        self.tries = self.tries.saturating_add(1);
        self.fail(up, why);
        self.put_back(item);
    }

    /// Unless something newer of it waits.
    fn put_back(&mut self, item: Item) {
        let newer = self.waiting.get_mut(&item.alert.code);
        match newer {
            // It never heard that it was raised.
            Some(newer) if item.event == Event::Raised && newer.event == Event::Changed => newer.event = Event::Raised,
            Some(_) => {}
            None => drop(self.waiting.insert(item.alert.code.clone(), item)),
        }
    }

    /// Since when nothing reaches the receiver, and why.
    pub fn failing(&self) -> Option<(Duration, &str)> {
        self.failing.as_ref().map(|(since, why)| (*since, why.as_str()))
    }

    fn fail(&mut self, up: Duration, why: String) {
        let since = self.failing.as_ref().map_or(up, |(since, _)| *since);
        self.failing = Some((since, why));
    }

    /// Beyond the limit the least of them goes: what is over before what stands, warnings before what is critical, the oldest first.
    fn bound(&mut self) {
        while self.waiting.len() > limits::WEBHOOK_WAITING {
            let least = self.waiting.iter().min_by_key(|(_, item)| (item.event.stands(), item.alert.alarm.critical, item.id));
            let Some(code) = least.map(|(code, _)| code.clone()) else { return };
            self.waiting.remove(&code);
        }
    }
}

#[cfg(test)]
mod tests;
