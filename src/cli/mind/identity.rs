//! `jamey mind identity`: who Jamey has been by what it did, as it was stored last.

use crate::{
    cli::{
        Common,
        paint::{Screen, plain},
    },
    store::Reader,
};
use anyhow::bail;
use serde_json::Value;

/// Cells of a bar.
const BAR: usize = 24;

pub(super) fn identity(common: &Common, reader: &Reader) -> anyhow::Result<()> {
    let Some(view) = reader.identity()? else {
        bail!("nothing is known of it yet: Jamey has done nothing that counts since it was installed");
    };
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&view)?);
    } else {
        crate::cli::line!("{}", page(&view, Screen::here()));
    }
    Ok(())
}

fn page(view: &Value, screen: Screen) -> String {
    let mut lines = vec![screen.bold(&plain(text(view, "/text"))), String::new()];
    let charter = view.get("charter").and_then(Value::as_object);
    let meant: f64 = charter.into_iter().flatten().filter_map(|(_, weight)| weight.as_f64()).sum();
    let beside = |name: &str, role: &Value| {
        let own = charter.and_then(|charter| charter.get(name)).and_then(Value::as_f64).unwrap_or(0.0);
        format!(", today {:.2}, meant {:.2}", number(role, "/today"), own / meant.max(f64::MIN_POSITIVE))
    };
    lines.extend(roles(view, screen, "", beside));
    for (name, context) in object(view, "contexts") {
        lines.extend([String::new(), format!("{}:", words(name))]);
        lines.extend(roles(context, screen, "  ", |_, _| String::new()));
    }
    let since = match text(view, "/drifting/since") {
        "" => "the last day is like the last month".to_owned(),
        since => format!("told since {}", plain(since)),
    };
    lines.extend([String::new(), format!("drift {:.2} of 1: {since}", number(view, "/drift"))]);
    let acts = view.get("acts").and_then(Value::as_array);
    if let Some(acts) = acts.filter(|acts| !acts.is_empty()) {
        lines.extend([String::new(), format!("what it did last, of {} acts:", view.get("counted").unwrap_or(&Value::Null))]);
        lines.extend(acts.iter().map(|act| screen.wrapped("  ", &plain(&done(act)))));
    }
    lines.join("\n")
}

fn roles(view: &Value, screen: Screen, indent: &str, beside: impl Fn(&str, &Value) -> String) -> Vec<String> {
    let mut all: Vec<(&String, &Value)> = object(view, "roles").collect();
    all.sort_by(|(_, x), (_, y)| number(y, "/strength").total_cmp(&number(x, "/strength")));
    let longest = all.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, role): (&String, &Value)| {
        let strength = number(role, "/strength");
        let bar = if screen.bars { screen.opinion(strength, 0.0, BAR) + " " } else { String::new() };
        let (low, high) = (number(role, "/low"), number(role, "/high"));
        format!("{indent}{:<longest$} {bar}{strength:.2} ({low:.2} to {high:.2}){}", plain(name), beside(name, role))
    };
    all.into_iter().map(line).collect()
}

/// `night_away` as a person says it.
fn words(context: &str) -> String {
    let presence = match context.rsplit('_').next() {
        Some("home") => "somebody home",
        Some("away") => "nobody home",
        _ => "not known who is home",
    };
    format!("{}, {presence}", context.split('_').next().unwrap_or_default())
}

fn done(act: &Value) -> String {
    let (at, what, entity) = (text(act, "/at"), text(act, "/text"), text(act, "/entity"));
    let at = at.split_once('.').map_or_else(|| at.to_owned(), |(seconds, _)| format!("{seconds}Z"));
    format!("{at} {what} ({entity}): {} {:.2}, {}", text(act, "/role"), number(act, "/weight"), words(text(act, "/context")))
}

fn object<'v>(view: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    view.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn text<'v>(view: &'v Value, place: &str) -> &'v str {
    view.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

fn number(view: &Value, place: &str) -> f64 {
    view.pointer(place).and_then(Value::as_f64).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_reads_as_a_person_would_want_it() {
        let role = |strength: f64| json!({"strength": strength, "low": strength - 0.1, "high": strength + 0.1, "today": 0.5});
        let view = json!({
            "text": "above all guardian",
            "roles": {"caretaker": role(0.25), "guardian": role(0.75)},
            "contexts": {"night_away": {"roles": {"guardian": role(0.5)}}},
            "charter": {"guardian": 2.0, "caretaker": 2.0},
            "drift": 0.021,
            "drifting": null,
            "acts": [{
                "at": "2026-11-18T11:06:40.123456Z", "text": "denied a request", "entity": "pho\u{1b}ne", "role": "guardian", "weight": 1.0,
                "context": "day_unknown",
            }],
            "counted": 9,
        });
        let lines = [
            "above all guardian",
            "",
            "guardian  ██████████████████░░░░░░ 0.75 (0.65 to 0.85), today 0.50, meant 0.50",
            "caretaker ██████░░░░░░░░░░░░░░░░░░ 0.25 (0.15 to 0.35), today 0.50, meant 0.50",
            "",
            "night, nobody home:",
            "  guardian ████████████░░░░░░░░░░░░ 0.50 (0.40 to 0.60)",
            "",
            "drift 0.02 of 1: the last day is like the last month",
            "",
            "what it did last, of 9 acts:",
            "  2026-11-18T11:06:40Z denied a request (pho\u{fffd}ne): guardian 1.00, day, not known who is home",
        ];
        assert_eq!(page(&view, Screen { width: 160, bars: true, colour: false }), lines.join("\n"));
        let drifting = json!({"drifting": {"role": "guardian", "since": "2026-11-18T11:06:40Z"}});
        let plain = page(&drifting, Screen { width: usize::MAX, bars: false, colour: false });
        assert!(plain.contains("told since 2026-11-18T11:06:40Z") && !plain.contains('█'), "{plain}");
    }
}
