//! The way to the audit trail, from anywhere in the house: nobody waits for it, a flood becomes counts, and nothing is dropped uncounted.

use super::hall::Hall;
use crate::domain::{Change, Input, Timestamp, audit::Event, is_named, limits};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const OTHERS: &str = "(others)";
const FORGOTTEN: &str = "(forgotten)";

/// What was put on record this hour, and what waits for its place in the inbox.
#[derive(Debug, Default)]
pub struct Audits(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    hour: i64,
    /// By action and actor.
    heard: BTreeMap<(String, String), Heard>,
    waiting: VecDeque<Event>,
    lost: u64,
}

#[derive(Debug, Default)]
struct Heard {
    all: u64,
    /// Since the last row; the last of them.
    unwritten: u64,
    last: Option<Event>,
}

impl State {
    /// Counts an event; what is to be written of it. The first `in_full` of an actor and action in an hour are, then each hundredth, with the
    /// count.
    fn hear(&mut self, mut event: Event, in_full: u32) -> Option<Event> {
        let mut key = (event.action.clone(), event.actor.clone());
        if !self.heard.contains_key(&key) && self.heard.len() >= limits::AUDITED_ACTORS {
            key.1 = OTHERS.into();
        }
        let heard = self.heard.entry(key).or_default();
        heard.all += 1;
        if heard.all > u64::from(in_full) && !heard.all.is_multiple_of(100) {
            heard.unwritten += 1;
            heard.last = Some(event);
            return None;
        }
        if heard.unwritten > 0 {
            event = counted(event, heard.all, heard.unwritten);
        }
        (heard.unwritten, heard.last) = (0, None);
        Some(event)
    }

    /// When the hour is over: a row for each who did more than was written.
    fn turn(&mut self, hour: i64) -> Vec<Event> {
        self.hour = hour;
        let heard = std::mem::take(&mut self.heard);
        heard
            .into_iter()
            .filter_map(|((_, actor), heard)| {
                let mut event = heard.last?;
                event.actor = actor;
                Some(counted(event, heard.all, heard.unwritten))
            })
            .collect()
    }

    /// What is only counted, or waits, of one who is forgotten names nobody any more; it stays counted.
    fn forget(&mut self, name: &str) {
        // Others were refused for what they tried with it: they stay who they are.
        let of_it = |event: &Event| {
            event.actor == name || is_named(event.subject.as_deref().unwrap_or_default(), name) || is_named(&event.detail, name)
        };
        let nobody = |event: &mut Event| {
            if event.actor == name {
                event.actor = FORGOTTEN.to_owned();
            }
            event.subject = None;
            event.detail = FORGOTTEN.to_owned();
        };
        self.waiting.iter_mut().filter(|event| of_it(event)).for_each(nobody);
        self.heard.values_mut().filter_map(|heard| heard.last.as_mut()).filter(|event| of_it(event)).for_each(nobody);
        let theirs: Vec<_> = self.heard.extract_if(.., |(_, actor), _| actor == name).collect();
        for ((action, _), gone) in theirs {
            let heard = self.heard.entry((action, FORGOTTEN.to_owned())).or_default();
            heard.all += gone.all;
            heard.unwritten += gone.unwritten;
            heard.last = heard.last.take().or(gone.last);
        }
    }

    /// Keeps an event that finds no place now.
    fn wait(&mut self, event: Event) {
        if self.waiting.len() < limits::AUDITS_WAITING {
            self.waiting.push_back(event);
        } else {
            self.lost += 1;
        }
    }
}

fn counted(event: Event, all: u64, unwritten: u64) -> Event {
    let detail = format!("{all} times this hour, {unwritten} of them without a row; the last: {}", event.detail);
    Event::new(event.at, &event.actor, &event.action, event.subject.as_deref(), &detail)
}

impl Audits {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hall {
    /// Puts on record what someone did. Never waits: while the inbox is full it is kept for the next second. What one actor does more than a
    /// hundred times an hour is counted, and each hundredth written.
    pub fn audit(&self, actor: &str, action: &str, subject: Option<&str>, detail: &str) {
        self.note(actor, action, subject, detail, limits::AUDITED_PER_HOUR);
    }

    /// The same for what was refused, which anyone may do as often as they like: the first and each hundredth of an actor in an hour is written.
    pub fn audit_refusal(&self, actor: &str, action: &str, subject: Option<&str>, detail: &str) {
        self.note(actor, action, subject, detail, 1);
    }

    /// Puts on record what the host did: always in full, and waits for its place.
    pub async fn record(&self, action: &str, subject: Option<&str>, detail: &str) {
        self.record_by("host", action, subject, detail).await;
    }

    /// The same for what somebody did to the house itself, which few may do.
    pub async fn record_by(&self, actor: &str, action: &str, subject: Option<&str>, detail: &str) {
        let event = Event::new(self.clock.now(), actor, action, subject, detail);
        self.inbox.leave(Input::Note(Box::new(Change::Audit(event))), 0, None, None).await;
    }

    /// Someone is forgotten: what is not written yet of what they did is written without their name.
    pub fn forget_audits(&self, name: &str) {
        self.incidents.forget(name);
        self.audits.state().forget(name);
    }

    /// Once a second: hands on what waits, and what the last hour only counted.
    pub fn settle_audits(&self) {
        self.settle(self.clock.now().micros().div_euclid(MICROS_PER_HOUR));
    }

    /// At the end: hands on also what this hour only counted.
    pub fn close_audits(&self) {
        self.settle(i64::MAX);
    }

    fn note(&self, actor: &str, action: &str, subject: Option<&str>, detail: &str, in_full: u32) {
        let now = self.clock.now();
        let event = Event::new(now, actor, action, subject, detail);
        let mut state = self.audits.state();
        self.turn(&mut state, hour_of(now));
        if let Some(event) = state.hear(event, in_full) {
            state.wait(event);
        }
        self.hand_on(&mut state);
    }

    fn settle(&self, hour: i64) {
        let mut state = self.audits.state();
        self.turn(&mut state, hour);
        self.hand_on(&mut state);
    }

    fn turn(&self, state: &mut State, hour: i64) {
        if hour != state.hour {
            for event in state.turn(hour) {
                state.wait(event);
                self.hand_on(state);
            }
        }
    }

    fn hand_on(&self, state: &mut State) {
        while let Some(event) = state.waiting.pop_front() {
            let Some(place) = self.inbox.place_at_once(0) else {
                state.waiting.push_front(event);
                return;
            };
            place.leave(Input::Note(Box::new(Change::Audit(event))), None, None);
        }
        if state.lost > 0
            && let Some(place) = self.inbox.place_at_once(0)
        {
            let detail = format!("{} events found no place to wait in: they are not on record", std::mem::take(&mut state.lost));
            let event = Event::new(self.clock.now(), "host", "audit.lost", None, &detail);
            place.leave(Input::Note(Box::new(Change::Audit(event))), None, None);
        }
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(MICROS_PER_HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(actor: &str, n: u64) -> Event {
        Event::new(Timestamp::from_micros(1), actor, "connect.refused", None, &format!("number {n}"))
    }

    #[test]
    fn a_flood_is_written_first_and_each_hundredth_and_counted_whole() {
        let mut state = State::default();
        let written: Vec<Event> = (1..=250).filter_map(|n| state.hear(event("stranger", n), 1)).collect();
        let details: Vec<&str> = written.iter().map(|e| e.detail.as_str()).collect();
        let hundredth = |all: u64, unwritten| format!("{all} times this hour, {unwritten} of them without a row; the last: number {all}");
        assert_eq!(details, ["number 1", &hundredth(100, 98), &hundredth(200, 99)]);
        let rest = state.turn(1);
        assert_eq!(rest.iter().map(|e| e.detail.clone()).collect::<Vec<_>>(), [hundredth(250, 50)]);
        assert_eq!(state.hear(event("stranger", 1), 1).unwrap().detail, "number 1", "another hour");
        assert_eq!(state.turn(2), []);
    }

    #[test]
    fn a_hundred_doings_an_hour_are_written_in_full() {
        let mut state = State::default();
        let full = u64::from(limits::AUDITED_PER_HOUR);
        assert_eq!((1..=full).filter_map(|n| state.hear(event("anna", n), limits::AUDITED_PER_HOUR)).count(), 100);
        assert_eq!(state.hear(event("anna", full + 1), limits::AUDITED_PER_HOUR), None);
    }

    #[test]
    fn one_actor_past_the_limit_shares_a_count() {
        let mut state = State::default();
        for n in 0..=limits::AUDITED_ACTORS + 1 {
            let _ = state.hear(event(&format!("name-{n}"), 1), 1);
        }
        assert_eq!(state.heard.len(), limits::AUDITED_ACTORS + 1);
        assert_eq!(state.turn(1).iter().map(|e| e.actor.as_str()).collect::<Vec<_>>(), [OTHERS]);
    }

    #[test]
    fn one_past_what_may_wait_is_counted_as_lost() {
        let mut state = State::default();
        (0..=limits::AUDITS_WAITING).for_each(|_| state.wait(event("anna", 1)));
        assert_eq!((state.waiting.len(), state.lost), (limits::AUDITS_WAITING, 1));
    }
}
