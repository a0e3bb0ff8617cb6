//! Values in the words that the screen has for them.

use super::{doc::Doc, rows::Tone};
use crate::{cli::paint::span, domain::Timestamp};
use jiff::tz::TimeZone;

pub const ALLOWED: &str = "allowed";

/// A verdict's decision.
pub fn decision(verdict: Doc<'_>) -> (&'static str, Tone) {
    match verdict.at("decision").text().as_str() {
        "allow" => (ALLOWED, Tone::Good),
        "escalate" => ("held", Tone::Warning),
        "deny" => ("DENIED", Tone::Bad),
        _ => ("?", Tone::Faint),
    }
}

/// Who asked for what: `phone → front_door unlock`.
pub fn asked(verdict: Doc<'_>) -> String {
    let request = verdict.at("request");
    let part = |key: &str| request.at(key).text();
    let endpoint = request.at("endpoint").text();
    let target = if endpoint.is_empty() { part("target") } else { format!("{}/{endpoint}", part("target")) };
    let value = part("value");
    let value = if value.is_empty() { value } else { format!(" {value}") };
    format!("{} → {target} {}{value}", part("entity"), part("verb"))
}

/// The reason, without what a list says in its other columns: what was decided, and what was asked for.
pub fn why(verdict: Doc<'_>) -> String {
    let (reason, request) = (verdict.at("reason").text(), verdict.at("request"));
    let (verb, target) = (request.at("verb").text(), request.at("target").text());
    let said = ["denied: ", "allowed: ", "asked back: "].iter().find_map(|said| reason.strip_prefix(said)).unwrap_or(&reason);
    let asked = [format!("{verb} {target}, "), format!("{target} {verb}, ")];
    asked.iter().find_map(|asked| said.strip_prefix(asked.as_str())).unwrap_or(said).to_owned()
}

pub fn liveness(state: &str) -> Tone {
    match state {
        "fresh" => Tone::Good,
        "silent" | "offline" => Tone::Warning,
        "replayed" => Tone::Bad,
        "learning" => Tone::Faint,
        _ => Tone::Plain,
    }
}

/// On the wall clock of the house: the time of a day, or the day of a time that is longer ago.
pub fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let format = if now.seconds_since(at) < 86_400.0 { "%H:%M:%S" } else { "%b %d" };
    dated(at, zone, format)
}

/// Day and time.
pub fn when(at: Doc<'_>, zone: &TimeZone) -> String {
    at.time().map_or_else(|| at.text(), |at| dated(at, zone, "%Y-%m-%d %H:%M:%S"))
}

fn dated(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    let instant = jiff::Timestamp::from_microsecond(at.micros());
    instant.map_or_else(|_| String::new(), |instant| instant.to_zoned(zone.clone()).strftime(format).to_string())
}

/// How long it is past: `12 s`. Empty: it is not known.
pub fn ago(at: Doc<'_>, now: Timestamp) -> String {
    at.time().map_or_else(String::new, |at| span(now.seconds_since(at)))
}

/// `+0.42`; empty: no number.
pub fn signed(number: Doc<'_>) -> String {
    number.number().map_or_else(String::new, |number| format!("{:+.2}", number.clamp(-99.0, 99.0)))
}

/// `0.42`; empty: no number.
pub fn share(number: Doc<'_>) -> String {
    number.number().map_or_else(String::new, |number| format!("{:.2}", number.clamp(-99.0, 99.0)))
}

/// Messages a second.
pub fn rate(a_second: f64) -> String {
    match a_second {
        none if none <= 0.0 => "0".to_owned(),
        slow if slow < 0.01 => "<0.01".to_owned(),
        some if some < 10.0 => format!("{some:.2}"),
        many => format!("{:.0}", many.min(1e7)),
    }
}

/// Microseconds as people say them.
pub fn micros(of: Doc<'_>) -> Option<String> {
    let micros = of.number()?.max(0.0);
    Some(match micros {
        few if few < 1_000.0 => format!("{few:.0} µs"),
        some if some < 1e6 => format!("{:.1} ms", some / 1e3),
        many => format!("{:.1} s", (many / 1e6).min(1e6)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_time_of_today_is_a_time_and_an_older_one_a_day() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let at = Timestamp::read("2026-11-24T17:30:05Z").unwrap();
        assert_eq!(clock(at, at.plus_seconds(86_399), &berlin), "18:30:05");
        assert_eq!(clock(at, at.plus_seconds(86_400), &berlin), "Nov 24");
        assert_eq!(clock(Timestamp::from_micros(i64::MAX), at, &berlin), "");
    }

    #[test]
    fn figures_are_said_in_the_unit_that_fits() {
        assert_eq!([0.0, 0.001, 0.5, 12.4].map(rate), ["0", "<0.01", "0.50", "12"]);
        let said = |value: Value| micros(Doc::of(&value));
        assert_eq!(said(json!(210)).as_deref(), Some("210 µs"));
        assert_eq!(said(json!(2_100)).as_deref(), Some("2.1 ms"));
        assert_eq!(said(json!(1_500_000)).as_deref(), Some("1.5 s"));
        assert_eq!(said(json!("soon")), None);
    }

    #[test]
    fn a_reason_says_nothing_twice() {
        let said = |reason: &str| why(Doc::of(&json!({"reason": reason, "request": {"verb": "unlock", "target": "door"}})));
        assert_eq!(said("denied: unlock door, retained; it would be done again"), "retained; it would be done again");
        assert_eq!(said("allowed: door unlock, no rule objects"), "no rule objects");
        assert_eq!(said("denied: open gate, nobody is home"), "open gate, nobody is home");
        assert_eq!(said("a person let it on"), "a person let it on");
    }

    #[test]
    fn what_was_asked_is_one_line() {
        let verdict = json!({"request": {"entity": "phone", "target": "blind", "endpoint": "left", "verb": "set", "value": 40.0}});
        assert_eq!(asked(Doc::of(&verdict)), "phone → blind/left set 40.0");
    }
}
