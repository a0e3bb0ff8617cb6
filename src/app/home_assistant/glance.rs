//! How the house stands in plain words, at one look: `glance`.

use crate::{
    app::outlets::Due,
    broker::{GuardView, guard::coverage},
    domain::{OpinionView, Timestamp},
    observe::Page,
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// What anyone wants to know.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Glance {
    pub v: u8,
    /// Requests that wait for a person's word.
    pub held: usize,
    /// Requests that the conscience denied since midnight.
    pub denied_today: u64,
    /// Who fell silent, bridges counted once.
    pub silent: usize,
    #[serde(flatten)]
    pub backup: Backup,
    pub guard: &'static str,
    pub coverage: Coverage,
    pub alerts: Alerts,
    /// An alert stands that nobody has seen.
    pub problem: bool,
    /// A critical alert stands.
    pub critical: bool,
    #[serde(flatten)]
    pub known: Known,
    pub verdicts_a_minute: u64,
    pub profile: String,
    /// Added to the profile's caution, 0 to 0.3.
    pub strictness: f64,
    pub version: &'static str,
    /// The version of a newer binary in the place of the running one.
    pub newer: Option<String>,
}

impl Glance {
    /// Without what moves by itself all the time.
    #[must_use]
    pub fn material(&self) -> Self {
        // That anything was denied today is news; how much more is a rate, which whoever asks in a loop moves.
        Self { verdicts_a_minute: 0, denied_today: self.denied_today.min(1), ..self.clone() }
    }
}

/// The newest snapshot of all repositories, and the newest drill.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Backup {
    pub last_backup: Option<String>,
    pub last_backup_hours: Option<u64>,
    pub last_drill: Option<&'static str>,
}

impl Backup {
    /// From what stands on `phoenix/state`.
    #[must_use]
    pub fn of(phoenix: &Value, now: Timestamp) -> Self {
        let repositories = || phoenix.get("repositories").and_then(Value::as_object).into_iter().flatten().map(|(_, one)| one);
        let time = |of: &Value, path: &str| of.pointer(path).and_then(Value::as_str).and_then(Timestamp::read);
        let taken = repositories().filter_map(|one| time(one, "/last/taken_at")).max();
        let drilled =
            repositories().filter_map(|one| Some((time(one, "/drill/drilled_at")?, one.pointer("/drill/passed")?.as_bool()?))).max();
        let hours = |taken: Timestamp| u64::try_from((now.micros() - taken.micros()).max(0) / MICROS_PER_HOUR).unwrap_or(0);
        Self {
            last_backup: taken.map(|at| at.to_string()),
            last_backup_hours: taken.map(hours),
            last_drill: drilled.map(|(_, passed)| if passed { "passed" } else { "failed" }),
        }
    }
}

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// Whether commands are held: `enforce`, `observe`, and `off` while somebody has broken the glass.
#[must_use]
pub fn guard(view: &GuardView, now: Timestamp) -> &'static str {
    match (view.enforce, view.enforces(now)) {
        (_, true) => "enforce",
        (true, false) => "off",
        (false, false) => "observe",
    }
}

/// Actuators of which the guard judges a topic, and those of which it knows none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Coverage {
    pub judged: usize,
    pub not_judged: usize,
}

impl Coverage {
    #[must_use]
    pub fn of(view: &GuardView) -> Self {
        let mut all = Self::default();
        for device in view.registry.devices() {
            let is_judged = coverage::of(&view.registry, &view.rules, device).iter().any(|row| row.judged == coverage::Judged::Yes);
            *(if is_judged { &mut all.judged } else { &mut all.not_judged }) += 1;
        }
        all
    }
}

/// Those that nobody has seen, by severity, and those that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Alerts {
    pub critical: usize,
    pub warning: usize,
    pub acknowledged: usize,
}

impl Alerts {
    #[must_use]
    pub fn of(page: &Page) -> Self {
        let count = |critical: bool| page.alerts.iter().filter(|a| a.acknowledged.is_none() && a.alarm.critical == critical).count();
        let acknowledged = page.alerts.iter().filter(|a| a.acknowledged.is_some()).count();
        Self { critical: count(true), warning: count(false) + page.more, acknowledged }
    }
}

/// Whom Jamey knows, and what it holds of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Known {
    pub trusted: usize,
    pub distrusted: usize,
    pub entities: usize,
}

impl Known {
    #[must_use]
    pub fn of(all: &[Arc<OpinionView>]) -> Self {
        let count = |is: fn(&OpinionView) -> bool| all.iter().filter(|one| is(one)).count();
        Self { trusted: count(OpinionView::is_trusted), distrusted: count(OpinionView::is_distrusted), entities: all.len() }
    }
}

/// Who fell silent: each alert is one of them, and the last may stand for more.
#[must_use]
pub fn silent(due: &Due) -> usize {
    let more = |text: &str| text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(1);
    due.iter().map(|(code, (_, text))| if code == crate::app::silences::THE_REST { more(text) } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_several_repositories_the_newest_backup_and_the_newest_drill() {
        let now = Timestamp::read("2026-11-26T12:30:00Z").unwrap();
        let state = json!({"repositories": {
            "nas": {"last": {"taken_at": "2026-11-26T03:00:00Z"}, "drill": {"drilled_at": "2026-11-25T03:00:00Z", "passed": false}},
            "usb": {"last": {"taken_at": "2026-11-25T03:00:00Z"}, "drill": {"drilled_at": "2026-11-26T03:00:00Z", "passed": true}},
            "new": {"last": null, "drill": null}, "lost": {"error": "no such folder"},
        }});
        let backup = Backup::of(&state, now);
        assert_eq!((backup.last_backup_hours, backup.last_drill), (Some(9), Some("passed")));
        assert_eq!(backup.last_backup.as_deref(), Some("2026-11-26T03:00:00.000000Z"));
        assert_eq!(Backup::of(&json!({"repositories": {}}), now), Backup::default());
    }

    #[test]
    fn the_silent_are_counted_also_those_that_share_an_alert() {
        let at = Timestamp::from_micros(0);
        let due = [("silent-a", "a says nothing"), ("outage-b", "b says nothing"), ("silences", "17 more have fallen silent")];
        let due: Due = Arc::new(due.into_iter().map(|(code, text)| (code.to_owned(), (at, text.to_owned()))).collect());
        assert_eq!(silent(&due), 19);
    }

    #[test]
    fn the_guard_is_off_only_where_it_would_hold() {
        let now = Timestamp::from_micros(10);
        let view = |enforce, off_until| GuardView { enforce, off_until, ..GuardView::default() };
        let later = Some(Timestamp::from_micros(11));
        let all = [view(false, None), view(false, later), view(true, None), view(true, later)].map(|view| guard(&view, now));
        assert_eq!(all, ["observe", "observe", "enforce", "off"]);
    }
}
