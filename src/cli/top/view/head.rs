//! What stands above every tab: how the house is at one look. It flows: what comes first is what a small screen still has.

use super::{Palette, Tone, bars::cut};
use crate::{
    cli::{
        paint::{size, span},
        top::{doc::Doc, model::Model, part::Part, told},
    },
    domain::Timestamp,
};
use ratatui::text::{Line, Span};

type Fact = Vec<(String, Tone)>;

pub fn lines(model: &Model, palette: Palette, width: u16) -> Vec<Line<'static>> {
    let mut lines = vec![title(model, palette, width)];
    let gravest = model.house().part(Part::Alerts).at("alerts").list().find(|alert| !alert.at("acknowledged").is_there());
    if let Some(alert) = gravest {
        let tone = severity(alert);
        let text = format!("! {}: {}", alert.at("code").text(), alert.at("text").text());
        lines.push(Line::from(palette.span(cut(&text, width), tone)));
    }
    lines.extend(flow(facts(model), palette, usize::from(width)));
    lines
}

pub fn severity(alert: Doc<'_>) -> Tone {
    if alert.at("severity").text() == "critical" { Tone::Bad } else { Tone::Warning }
}

/// Where it is, and whether that is how it is now.
fn title(model: &Model, palette: Palette, width: u16) -> Line<'static> {
    let version = model.house().part(Part::Glance).at("version").text();
    let clock = |at: Timestamp| told::clock(at, model.now, &model.zone);
    if let Some(why) = &model.away {
        let since = model.answered.map_or_else(|| "no answer yet".to_owned(), |at| format!("STALE since {}", clock(at)));
        return Line::from(palette.span(cut(&format!("{since}: {why}; it is asked again"), width), Tone::Bad));
    }
    let mut words = vec![palette.span(format!("jamey {version}"), Tone::Strong), Span::raw(format!(" at {}", model.address))];
    if model.is_paused() {
        words.push(palette.span("  PAUSED", Tone::Warning));
    }
    let used: usize = words.iter().map(Span::width).sum();
    let clock = clock(model.now);
    if used + 2 + clock.len() <= usize::from(width) {
        words.push(Span::raw(" ".repeat(usize::from(width) - used - clock.len())));
        words.push(palette.span(clock, Tone::Faint));
    }
    Line::from(words)
}

fn facts(model: &Model) -> Vec<Fact> {
    let (glance, system) = (model.house().part(Part::Glance), model.house().part(Part::System));
    let mut facts = Vec::new();
    if glance.is_there() {
        facts.extend([guard(glance), vec![counted("held", glance.at("held"), Tone::Warning)]]);
        facts.extend([
            vec![counted("denied today", glance.at("denied_today"), Tone::Plain)],
            vec![counted("silent", glance.at("silent"), Tone::Warning)],
            alerts(glance.at("alerts")),
            backup(glance, model.now),
            vec![(several(glance.at("verdicts_a_minute"), "verdict") + " a minute", Tone::Plain)],
        ]);
    }
    facts.extend(figures(system));
    if glance.is_there() {
        let number = |key: &str| glance.at(key).count().unwrap_or(0);
        let words = format!("{} known, {} trusted, {} distrusted", number("entities"), number("trusted"), number("distrusted"));
        facts.push(vec![(words, Tone::Plain)]);
        let strict = glance.at("strictness").number().unwrap_or(0.0);
        let strict = if strict > 0.0 { format!(" +{strict:.2}") } else { String::new() };
        facts.push(vec![(format!("profile {}{strict}", glance.at("profile").text()), Tone::Plain)]);
    }
    facts
}

fn guard(glance: Doc<'_>) -> Fact {
    let mode = glance.at("guard").text();
    let tone = match mode.as_str() {
        "enforce" => Tone::Good,
        "observe" => Tone::Warning,
        _ => Tone::Bad,
    };
    let covers = |key: &str| glance.at("coverage").at(key).count().unwrap_or(0);
    let (judged, not) = (covers("judged"), covers("not_judged"));
    let covered = if not > 0 { Tone::Warning } else { Tone::Plain };
    vec![(format!("guard {mode}"), tone), (format!(", {judged} of {} judged", judged.saturating_add(not)), covered)]
}

/// A count, which is in its tone where it is not 0.
fn counted(what: &str, count: Doc<'_>, tone: Tone) -> (String, Tone) {
    let number = count.count().unwrap_or(0);
    (format!("{number} {what}"), if number > 0 { tone } else { Tone::Plain })
}

fn several(count: Doc<'_>, what: &str) -> String {
    let number = count.count().unwrap_or(0);
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn alerts(alerts: Doc<'_>) -> Fact {
    let number = |key: &str| alerts.at(key).count().unwrap_or(0);
    let (critical, warning, seen) = (number("critical"), number("warning"), number("acknowledged"));
    let mut words = Vec::new();
    if critical > 0 {
        words.push((format!("{critical} critical"), Tone::Bad));
    }
    if warning > 0 {
        let comma = if critical > 0 { ", " } else { "" };
        words.push((comma.to_owned() + &several(alerts.at("warning"), "warning"), Tone::Warning));
    }
    if words.is_empty() {
        words.push(("no alerts".to_owned(), Tone::Good));
    }
    if seen > 0 {
        words.push((format!(", {seen} seen"), Tone::Plain));
    }
    words
}

fn backup(glance: Doc<'_>, now: Timestamp) -> Fact {
    let drill = match glance.at("last_drill").text().as_str() {
        "" => None,
        "passed" => Some((", drill passed".to_owned(), Tone::Good)),
        other => Some((format!(", drill {other}"), Tone::Bad)),
    };
    let last = glance.at("last_backup");
    let backup = match last.time() {
        Some(_) => (format!("backup {} ago", told::ago(last, now)), Tone::Plain),
        None => ("no backup".to_owned(), Tone::Warning),
    };
    std::iter::once(backup).chain(drill).collect()
}

fn figures(system: Doc<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(judged) = told::micros(system.at("judged_p50_micros")) {
        let p99 = told::micros(system.at("judged_p99_micros")).map_or_else(String::new, |p99| format!(", p99 {p99}"));
        facts.push(vec![(format!("judged p50 {judged}{p99}"), Tone::Plain)]);
    }
    if let Some(uptime) = system.at("uptime_seconds").number() {
        facts.push(vec![(format!("up {}", span(uptime)), Tone::Plain)]);
    }
    if let (Some(total), Some(free)) = (system.at("host_memory_total_bytes").count(), system.at("host_memory_available_bytes").count()) {
        let used = total.saturating_sub(free);
        let percent = u128::from(used) * 100 / u128::from(total.max(1));
        let own = system.at("process_resident_bytes").count().map_or_else(String::new, |own| format!(", own {}", size(own)));
        let tone = if percent >= 90 { Tone::Warning } else { Tone::Plain };
        facts.push(vec![(format!("memory {percent} % of {}{own}", size(total)), tone)]);
    }
    if system.at("store").at("failing").is() {
        facts.insert(0, vec![("the store does not write".to_owned(), Tone::Bad)]);
    }
    if system.at("connections").count().is_some() {
        facts.push(vec![(several(system.at("connections"), "client"), Tone::Plain)]);
    }
    facts
}

/// Facts one after the other, as many as fit on each line.
fn flow(facts: Vec<Fact>, palette: Palette, width: usize) -> Vec<Line<'static>> {
    const BETWEEN: &str = " · ";
    let mut lines: Vec<Vec<Span<'static>>> = Vec::new();
    let mut used = 0;
    for fact in facts {
        let spans: Vec<Span<'static>> = fact.into_iter().map(|(text, tone)| palette.span(text, tone)).collect();
        let wide: usize = spans.iter().map(Span::width).sum();
        match lines.last_mut() {
            Some(line) if used + 3 + wide <= width => {
                line.push(palette.span(BETWEEN, Tone::Faint));
                line.extend(spans);
                used += 3 + wide;
            }
            _ => {
                lines.push(spans);
                used = wide;
            }
        }
    }
    lines.into_iter().map(Line::from).collect()
}
