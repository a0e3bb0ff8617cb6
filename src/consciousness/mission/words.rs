//! What is said of an objective that goes badly: what is not so, how long the budget lasts at this rate, and what to do.

use super::super::burn::Window;
use crate::domain::{Occasion, mission};

/// What is seen of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Good and bad ones within the window.
    pub counts: (u64, u64),
    /// The burn rate there.
    pub rate: f64,
    pub window: Window,
    pub occasion: Occasion,
    /// The share of the error budget that is left.
    pub left: f64,
    /// And the days that it is for.
    pub days: u16,
}

/// What is the matter, in plain words.
pub(super) fn text(says: &str, seen: &Seen) -> String {
    let (good, bad) = seen.counts;
    let within = match seen.window {
        Window::FiveMinutes => "five minutes",
        Window::ThirtyMinutes => "half hour",
        Window::Hour => "hour",
        Window::SixHours => "six hours",
        Window::ThreeDays => "three days",
    };
    let mut text = format!(
        "\"{says}\" was not so at {bad} of {} {} in the last {within}, {} what may be",
        good.saturating_add(bad),
        seen.occasion.plural(),
        times(seen.rate)
    );
    let days = seen.days;
    if seen.left <= 0.0 {
        text.push_str(&format!("; the error budget of {days} days is used up"));
    } else {
        let lasts = seen.left * f64::from(days) * 86_400.0 / seen.rate.max(f64::MIN_POSITIVE);
        text.push_str(&format!(
            "; the error budget of {days} days has {:.0} % left, which lasts {} at this rate",
            seen.left * 100.0,
            span(lasts)
        ));
    }
    text
}

fn times(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1} times") } else { format!("{rate:.0} times") }
}

fn span(seconds: f64) -> String {
    match seconds {
        s if s < 5_400.0 => format!("{:.0} minutes", (s / 60.0).max(1.0)),
        s if s < 172_800.0 => format!("{:.0} hours", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// What to do about an objective that goes badly.
#[must_use]
pub fn advice(id: &str) -> String {
    let first = match id {
        mission::SAFE_HOME => "look where the alarm comes from",
        mission::NO_UNSAFE_REQUEST => "`broker.guard = \"enforce\"` holds what is denied; `jamey recall 'denied'` names who asked",
        mission::DEVICES_REACHABLE => "`jamey entity list --gone` names them: look at their power, their batteries and their bridge",
        mission::READINGS_PLAUSIBLE => "`jamey entity list --anomalous` names them: look at the sensors, or at what they measure",
        mission::COMMANDS_OBEYED => "`jamey entity list --distrusted` names who does not obey: look at its radio and its power",
        mission::PEOPLE_WELL => "ask those who complain what they miss",
        mission::MEMORY_DURABLE => "look at the disk: free space, the system's log, `jamey memory verify`",
        mission::SNAPSHOTS_FRESH => "make a snapshot, and look why none was made",
        _ => "look at what it asks for",
    };
    format!("{first}; `jamey mind mission {id}` shows how it goes")
}
