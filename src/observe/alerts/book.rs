//! The book: what each cause has come to, and what of it people were told last.

use super::{Alert, MORE, Page, Patience, Turn, page, patience::Kind};
use crate::domain::{Alarm, Timestamp, limits};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// So far back it counts how often a cause came back.
const HOUR: Duration = Duration::from_secs(3_600);
/// What came back so often within it flaps: it is held until it has been quiet for `QUIET`.
const FLAPS: usize = 3;
const QUIET: Duration = Duration::from_secs(600);
/// How many more there are changes with each of them: it is told anew so often at most, unless it gets graver.
const MORE_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Book {
    patience: Patience,
    entries: BTreeMap<String, Entry>,
    /// The page as it was told last.
    told: BTreeMap<String, Alert>,
    more_told: Duration,
    last: Duration,
}

#[derive(Debug)]
struct Entry {
    alert: Alert,
    phase: Phase,
    /// When its cause came back, the newest last.
    returns: VecDeque<Duration>,
    /// It stood before the start, and its cause was not seen since.
    is_of_before: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The cause is there since, and not for long enough yet.
    Waits(Duration),
    Stands,
    /// The cause is gone since, and not for long enough yet.
    Held(Duration),
    /// It is over since; how often it came back is remembered.
    Past(Duration),
}

impl Entry {
    fn is_raised(&self) -> bool {
        matches!(self.phase, Phase::Stands | Phase::Held(_))
    }

    fn came_back(&mut self, up: Duration) {
        while self.returns.front().is_some_and(|at| up.saturating_sub(*at) > HOUR) || self.returns.len() >= limits::ALERT_RETURNS {
            self.returns.pop_front();
        }
        self.returns.push_back(up);
        let times = u32::try_from(self.returns.len()).unwrap_or(u32::MAX);
        // A number that grows with each return would be news each time.
        if times.is_power_of_two() || times < self.alert.times {
            self.alert.times = times;
        }
    }

    fn flaps(&self, up: Duration) -> bool {
        self.returns.iter().filter(|at| up.saturating_sub(**at) <= HOUR).count() >= FLAPS
    }

    fn hold(&self, kind: &Kind, up: Duration) -> Duration {
        match (self.is_of_before, kind.is_exact) {
            (true, _) => kind.grace,
            (false, false) if self.flaps(up) => kind.clear.max(QUIET),
            _ => kind.clear,
        }
    }

    fn heed(&mut self, alarm: &Alarm, is_exact: bool) {
        if alarm.critical && !self.alert.alarm.critical {
            self.alert.acknowledged = None;
        }
        let since = self.alert.alarm.since.min(alarm.since);
        let mut text: String = alarm.text.chars().take(limits::ALERT_TEXT_CHARS).collect();
        if !is_exact && usize::try_from(self.alert.times).is_ok_and(|times| times >= FLAPS) {
            text.push_str(&format!("; it comes and goes, {} times or more within an hour", self.alert.times));
        }
        self.alert.alarm = Alarm { since, text, ..alarm.clone() };
    }
}

impl Book {
    pub fn new(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    pub fn wait(&mut self, patience: Patience) {
        self.patience = patience;
    }

    pub fn remember(&mut self, stood: impl IntoIterator<Item = Alert>) {
        for alert in stood.into_iter().take(limits::ALERTS_TOLD + 1) {
            self.told.insert(alert.code.clone(), alert.clone());
            if alert.code != MORE {
                let entry = Entry { alert, phase: Phase::Held(self.last), returns: VecDeque::new(), is_of_before: true };
                self.entries.insert(entry.alert.code.clone(), entry);
            }
        }
    }

    pub fn look(&mut self, up: Duration, causes: &BTreeMap<String, Alarm>) -> Vec<Turn> {
        let up = up.max(self.last);
        self.last = up;
        self.let_go(up, causes);
        let mut seen_again = Vec::new();
        for (code, alarm) in causes.iter().filter(|(code, _)| *code != MORE) {
            if self.heed(up, code, alarm) {
                seen_again.push(code.clone());
            }
        }
        self.forget();
        self.tell(up, &seen_again)
    }

    /// The alert, and whether nobody had seen it before: who has seen it first stands.
    pub fn acknowledge(&mut self, code: &str, by: &str, at: Timestamp) -> Option<(Alert, bool)> {
        let entry = self.entries.get_mut(code).filter(|entry| entry.is_raised())?;
        if entry.alert.acknowledged.is_some() {
            return Some((entry.alert.clone(), false));
        }
        entry.alert.acknowledged = Some((by.chars().take(limits::AUDIT_NAME_BYTES).collect(), at));
        Some((entry.alert.clone(), true))
    }

    pub fn page(&self) -> Page {
        let standing = self.entries.values().filter(|entry| entry.is_raised()).map(|entry| &entry.alert);
        let (shown, hidden) = page::choose(standing, &self.told);
        let more = page::more(&hidden);
        Page { alerts: shown.into_iter().cloned().chain(more).collect(), more: hidden.len() }
    }

    #[cfg(test)]
    pub fn remembered(&self) -> usize {
        self.entries.len()
    }

    /// Of those whose cause is not there.
    fn let_go(&mut self, up: Duration, causes: &BTreeMap<String, Alarm>) {
        let patience = self.patience;
        self.entries.retain(|code, entry| {
            if causes.contains_key(code) {
                return true;
            }
            match entry.phase {
                Phase::Waits(_) if entry.returns.is_empty() => return false,
                Phase::Waits(_) => entry.phase = Phase::Past(up),
                Phase::Stands => entry.phase = Phase::Held(up),
                Phase::Held(_) => {}
                Phase::Past(at) => return up.saturating_sub(at) <= HOUR,
            }
            if let Phase::Held(from) = entry.phase
                && up.saturating_sub(from) >= entry.hold(&patience.of(code), up)
            {
                entry.phase = Phase::Past(up);
            }
            true
        });
    }

    /// Takes a cause; true when it is that of an alert that stood before the start.
    fn heed(&mut self, up: Duration, code: &str, alarm: &Alarm) -> bool {
        let kind = self.patience.of(code);
        let fresh = || Alert { code: code.to_owned(), alarm: alarm.clone(), acknowledged: None, times: 0 };
        let entry = self.entries.entry(code.to_owned()).or_insert_with(|| Entry {
            alert: fresh(),
            phase: Phase::Waits(up),
            returns: VecDeque::new(),
            is_of_before: false,
        });
        match entry.phase {
            Phase::Past(_) => {
                entry.alert = Alert { times: entry.alert.times, ..fresh() };
                entry.came_back(up);
                entry.phase = Phase::Waits(up);
            }
            Phase::Held(_) => {
                if !entry.is_of_before {
                    entry.came_back(up);
                }
                entry.phase = Phase::Stands;
            }
            Phase::Waits(_) | Phase::Stands => {}
        }
        entry.heed(alarm, kind.is_exact);
        if let Phase::Waits(from) = entry.phase
            && up.saturating_sub(from) >= kind.raise
        {
            entry.phase = Phase::Stands;
        }
        std::mem::take(&mut entry.is_of_before)
    }

    /// Of those that are over only so many are remembered, the newest.
    fn forget(&mut self) {
        let past = |(code, entry): (&String, &Entry)| match entry.phase {
            Phase::Past(at) => Some((at, code.clone())),
            _ => None,
        };
        let mut over: Vec<(Duration, String)> = self.entries.iter().filter_map(past).collect();
        over.sort_unstable();
        let too_many = over.len().saturating_sub(limits::ALERTS_PAST);
        over.into_iter().take(too_many).for_each(|(_, code)| drop(self.entries.remove(&code)));
    }

    /// What turned on the page since it was told last.
    fn tell(&mut self, up: Duration, seen_again: &[String]) -> Vec<Turn> {
        let mut page = self.page().alerts;
        if let Some(more) = page.last_mut().filter(|last| last.code == MORE) {
            match self.told.get(MORE) {
                Some(told) if told.alarm.critical >= more.alarm.critical && up.saturating_sub(self.more_told) < MORE_EVERY => {
                    *more = told.clone();
                }
                _ => self.more_told = up,
            }
        }
        let mut turns = Vec::new();
        let shown = page::codes(&page);
        for (code, alert) in self.told.extract_if(.., |code, _| !shown.contains(code.as_str())) {
            let stands_on = self.entries.get(&code).is_some_and(Entry::is_raised);
            turns.push(if stands_on { Turn::Folded(alert) } else { Turn::Cleared(alert) });
        }
        for alert in page {
            let turn = match self.told.get(&alert.code) {
                None => Turn::Raised,
                Some(told) if alert.alarm.critical && !told.alarm.critical => Turn::Graver,
                Some(told) if alert.acknowledged.is_some() && told.acknowledged != alert.acknowledged => Turn::Acknowledged,
                Some(told) if *told != alert => Turn::Changed,
                Some(_) if seen_again.contains(&alert.code) => Turn::Stands,
                Some(_) => continue,
            };
            turns.push(turn(alert.clone()));
            self.told.insert(alert.code.clone(), alert);
        }
        turns
    }
}
