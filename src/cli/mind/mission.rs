//! `jamey mind mission`: what Jamey is for, how well each of it goes, and how it went.

use crate::cli::paint::{Screen, plain, sparkline, when};
use crate::{
    cli::{Common, put},
    config::Config,
    consciousness::advice,
    domain::{MissionSpec, Timestamp},
    runtime::Clock,
    store::Reader,
};
use clap::Args;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write};

const BAR: usize = 10;
const LINE: usize = 60;
/// Hours told to a person in which something went wrong; a program gets every row.
const HOURS: usize = 20;
const WINDOWS: [&str; 5] = ["5m", "30m", "1h", "6h", "3d"];

/// What Jamey is for, and how well each of it goes.
#[derive(Debug, Args)]
pub struct Asked {
    /// One objective, and what is counted of it; left out, all of them.
    id: Option<String>,
    /// How it went, hour by hour.
    #[arg(long)]
    history: bool,
    /// How many days back.
    #[arg(long, default_value_t = 14, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
}

/// One objective, with what was stored of it last; None: nothing yet, or it is not counted.
struct Shown<'c> {
    spec: &'c MissionSpec,
    view: Option<Value>,
    hours: Vec<Hour>,
}

/// One hour of it.
struct Hour {
    at: Timestamp,
    good: u64,
    bad: u64,
}

/// # Errors
/// When the store cannot be read, or there is no such objective.
pub(super) fn mission(common: &Common, config: &Config, reader: &Reader, asked: &Asked) -> anyhow::Result<()> {
    let mut views: BTreeMap<String, Value> = reader.missions()?.into_iter().collect();
    let now = Clock::new(Timestamp::default()).now();
    let since = now.plus_seconds(-86_400 * i64::from(asked.days));
    let mut all = Vec::new();
    for spec in config.missions.iter().filter(|spec| asked.id.as_ref().is_none_or(|id| *id == spec.id)) {
        let hours = if asked.history { hours(reader, &spec.id, since)? } else { Vec::new() };
        all.push(Shown { spec, view: views.remove(&spec.id).filter(|_| spec.aim.is_some()), hours });
    }
    if let (Some(id), true) = (&asked.id, all.is_empty()) {
        let names: Vec<&str> = config.missions.iter().map(|m| m.id.as_str()).collect();
        anyhow::bail!("no objective is called `{}`; there are {}", plain(id), names.join(", "));
    }
    if common.json {
        let rows: Vec<Value> = all.iter().map(|one| told(one, asked.history)).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "objectives": rows}))?);
        return Ok(());
    }
    let screen = Screen::here();
    put(&match (&asked.id, asked.history) {
        (_, true) => all.iter().map(|one| history(one, (since, now), screen)).collect::<String>(),
        (Some(_), false) => all.iter().map(|one| page(one, screen)).collect::<String>(),
        (None, false) => table(&all, screen),
    });
    Ok(())
}

/// A quarter of hours: what is kept of them is not more.
const ROWS: u32 = 90 * 24;

fn hours(reader: &Reader, id: &str, since: Timestamp) -> anyhow::Result<Vec<Hour>> {
    let count = |detail: &Value, key: &str| detail.get(key).and_then(Value::as_u64).unwrap_or(0);
    let rows = reader.metrics(&format!("mission.{id}"), since, ROWS)?;
    Ok(rows.iter().map(|row| Hour { at: row.at, good: count(&row.detail, "good"), bad: count(&row.detail, "bad") }).collect())
}

fn told(one: &Shown, history: bool) -> Value {
    let mut view = one.view.clone().unwrap_or_else(|| json!({"v": 1, "id": one.spec.id, "says": one.spec.says, "status": "unknown"}));
    if let (Some(map), true) = (view.as_object_mut(), history) {
        let hours = one.hours.iter().map(|h| json!({"at": h.at.to_string(), "good": h.good, "bad": h.bad})).collect();
        map.insert("history".into(), Value::Array(hours));
    }
    view
}

fn number(view: Option<&Value>, pointer: &str) -> Option<f64> {
    view?.pointer(pointer)?.as_f64()
}

fn text<'v>(view: Option<&'v Value>, key: &str) -> Option<&'v str> {
    view?.get(key)?.as_str()
}

fn rate(view: Option<&Value>, window: &str) -> String {
    number(view, &format!("/burn_rates/{window}")).map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}"))
}

/// `██████████  98 %`, or nothing where nothing is known.
fn budget(view: Option<&Value>, screen: Screen) -> String {
    let Some(left) = number(view, "/budget_left") else { return String::new() };
    let bar = if screen.bars { screen.share(left.max(0.0), BAR) + " " } else { String::new() };
    format!("{bar}{:>4.0} %", (left * 100.0).max(-999.0))
}

fn table(all: &[Shown], screen: Screen) -> String {
    let name = all.iter().map(|one| one.spec.id.len()).max().unwrap_or(0).max(9);
    let head = format!("{:<name$} {:<8} {:>7} {:>7} {:>7}  budget left", "objective", "status", "1h", "6h", "3d");
    let mut out = screen.bold(&head) + "\n";
    for one in all {
        let view = one.view.as_ref();
        let status = text(view, "status").unwrap_or(if one.spec.aim.is_some() { "unknown" } else { "-" });
        let [hour, six, days] = ["1h", "6h", "3d"].map(|window| rate(view, window));
        let line = format!("{:<name$} {status:<8} {hour:>7} {six:>7} {days:>7}  ", one.spec.id);
        let _ = writeln!(out, "{}", (line + &budget(view, screen)).trim_end());
        if let Some(matter) = text(view, "text") {
            let _ = writeln!(out, "{}", screen.wrapped("    ", &plain(matter)));
        }
    }
    out.push_str("\nBurn rates: 1 uses up exactly what may go wrong. `jamey mind mission OBJECTIVE` says what is counted.\n");
    out
}

fn page(one: &Shown, screen: Screen) -> String {
    let (spec, view) = (one.spec, one.view.as_ref());
    let mut out = format!("{}: {}\n", screen.bold(&spec.id), plain(&spec.says));
    let Some(aim) = &spec.aim else {
        out.push_str("  nothing of it is counted: it has no `good`; its signal furthers it or blocks it\n");
        return out;
    };
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "{}", screen.wrapped(&format!("  {name:<14}"), value));
    };
    row("good when", &plain(&aim.good));
    if let Some(valid) = &aim.valid {
        row("counted when", &plain(valid));
    }
    row("target", &format!("{} % in {} days; priority {}", trimmed(aim.target * 100.0), aim.window_days, aim.priority.get()));
    let Some(view) = view else {
        row("status", "unknown: nothing was counted yet");
        return out;
    };
    let status = text(Some(view), "status").unwrap_or("unknown");
    let since = text(Some(view), "since").and_then(Timestamp::read).map_or_else(String::new, |at| format!(", since {}", when(at)));
    let valid = view.get("valid").and_then(Value::as_bool).unwrap_or(false);
    let why = if status == "unknown" && !valid { ": what it speaks of is not known here, or it does not count now" } else { "" };
    row("status", &format!("{status}{since}{why}"));
    let count = |key: &str| view.get(key).and_then(Value::as_u64).unwrap_or(0);
    row(
        "counted",
        &format!(
            "{} {}: {} good, {} bad",
            count("good") + count("bad"),
            text(Some(view), "counts").unwrap_or("looks"),
            count("good"),
            count("bad")
        ),
    );
    for window in WINDOWS {
        row(&format!("burn {window}"), &rate(Some(view), window));
    }
    row("budget left", &budget(Some(view), screen));
    if let Some(matter) = text(Some(view), "text") {
        row("alert", &plain(matter));
        row("what to do", &advice(&spec.id));
    }
    out
}

fn history(one: &Shown, (since, now): (Timestamp, Timestamp), screen: Screen) -> String {
    let mut out = format!("{}: ", screen.bold(&one.spec.id));
    let (good, bad) = one.hours.iter().fold((0, 0), |(g, b), hour| (g + hour.good, b + hour.bad));
    if good + bad == 0 {
        out.push_str("no hour of it was counted in that time\n");
        return out;
    }
    let _ = writeln!(out, "{good} good, {bad} bad in {} hours", one.hours.len());
    if screen.bars {
        let _ = writeln!(out, "  {}", sparkline(&columns(&one.hours, since, now, LINE.min(screen.width.saturating_sub(4)))));
    }
    let spoilt: Vec<&Hour> = one.hours.iter().filter(|hour| hour.bad > 0).collect();
    let left_out = spoilt.len().saturating_sub(HOURS);
    if left_out > 0 {
        let _ = writeln!(out, "  {left_out} earlier hours are left out: --json has all");
    }
    for hour in spoilt.into_iter().skip(left_out) {
        let _ = writeln!(out, "  {}  {} of {} bad", when(hour.at), hour.bad, hour.good + hour.bad);
    }
    out
}

/// The good share of each column's hours; None where none was counted.
fn columns(hours: &[Hour], since: Timestamp, now: Timestamp, width: usize) -> Vec<Option<f64>> {
    let count = i64::try_from(width.max(1)).unwrap_or(1);
    let long = (now.micros().saturating_sub(since.micros()) / count).max(1);
    (0..count)
        .map(|column| {
            let from = since.micros().saturating_add(long.saturating_mul(column));
            let within = hours.iter().filter(|hour| (from..from.saturating_add(long)).contains(&hour.at.micros()));
            let (good, bad) = within.fold((0_u64, 0_u64), |(g, b), hour| (g + hour.good, b + hour.bad));
            let (good, bad) = (u32::try_from(good).ok()?, u32::try_from(bad).ok()?);
            (good + bad > 0).then(|| f64::from(good) / f64::from(good + bad))
        })
        .collect()
}

/// `99.9`, not `99.900`.
fn trimmed(x: f64) -> f64 {
    (x * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Screen = Screen { width: 100, bars: true, colour: false };

    fn hour(hours: i64, good: u64, bad: u64) -> Hour {
        Hour { at: Timestamp::from_micros(1_795_000_000_000_000 / 3_600_000_000 * 3_600_000_000).plus_seconds(hours * 3_600), good, bad }
    }

    #[test]
    fn a_person_sees_how_each_goes_and_what_is_the_matter() {
        let config = Config::default();
        let view = json!({
            "status": "page", "since": "2026-11-18T14:00:00Z", "valid": true, "counts": "looks", "good": 350, "bad": 10, "budget_left": 0.42,
            "burn_rates": {"5m": 100.0, "30m": null, "1h": 27.8, "6h": 4.6, "3d": 0.4}, "text": "\"no smoke\" was\u{1b}[2J not so",
        });
        let all: Vec<Shown> = config
            .missions
            .iter()
            .map(|spec| Shown {
                spec,
                view: Some(view.clone()).filter(|_| spec.id == "safe_home"),
                hours: vec![hour(0, 360, 0), hour(5, 300, 60)],
            })
            .collect();
        let told = table(&all, PLAIN);
        assert!(
            told.contains(
                "safe_home          page        27.8     4.6     0.4  ████░░░░░░   42 %\n    \"no smoke\" was\u{fffd}[2J not so\n"
            ),
            "{told}"
        );
        assert!(told.contains("snapshots_fresh    unknown        -       -       -\n"), "{told}");
        let told = page(&all[0], PLAIN);
        for part in [
            "  good when     fig.hazards == 0\n",
            "99.9 % in 30 days",
            "page, since 2026-11-18T14:00:00Z",
            "360 looks: 350 good, 10 bad",
            "burn 30m      -",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(page(&all[7], PLAIN).contains("unknown: nothing was counted yet"));
        let span = (hour(0, 0, 0).at, hour(10, 0, 0).at);
        let told = history(&all[0], span, Screen { width: 14, ..PLAIN });
        assert_eq!(
            told,
            "safe_home: 660 good, 60 bad in 2 hours\n  █    ▇    \n  2026-11-18T16:00:00.000000Z  60 of 360 bad\n".replace(".000000", "")
        );
    }
}
