//! One thing whole: of a verdict why it fell so, on what, and what would have changed it; of an entity what is held of it.

use super::{Palette, Tone, bars::cut, page::Page};
use crate::cli::top::{doc::Doc, model::Model, part::Opened, told};

const BAR: u16 = 24;

pub fn page(opened: &Opened, row: Doc<'_>, document: Doc<'_>, model: &Model, palette: Palette, width: u16) -> Page {
    let mut page = Page::new(palette, width);
    match opened {
        Opened::Verdict(_) => verdict(&mut page, row, explained(row, document), model),
        Opened::Entity(_) => entity(&mut page, if document.is_there() { document } else { row }, model),
    }
    if model.is_missing() {
        page.says("", "the house keeps no more of it than this", Tone::Faint);
    } else if !document.is_there() {
        page.says("", "more is asked for …", Tone::Faint);
    }
    page
}

/// The verdict of the row among those on its percept.
fn explained<'d>(row: Doc<'_>, document: Doc<'d>) -> Doc<'d> {
    let asked = |request: Doc<'_>| ["target", "endpoint", "verb", "value"].map(|key| request.at(key).text());
    let wanted = asked(row.at("request"));
    let found = document.at("verdicts").list().find(|one| asked(one.at("request")) == wanted);
    found.unwrap_or_else(|| document.at("verdicts").at("none"))
}

fn verdict(page: &mut Page, row: Doc<'_>, explained: Doc<'_>, model: &Model) {
    let (said, tone) = told::decision(row);
    page.says("", &format!("{said}: {}", told::asked(row)), tone);
    page.says("  ", &row.at("reason").text(), Tone::Plain);
    page.pair("at", &told::when(row.at("at"), &model.zone), Tone::Plain);
    let went = if row.at("forwarded").is() { "it went on to the device" } else { "it did not reach the device" };
    page.pair("and so", went, Tone::Plain);
    if explained.is_there() {
        page.pair("said by", &format!("{} on {}", explained.at("client").text(), explained.at("topic").text()), Tone::Plain);
    }
    why(page, row);
    if explained.is_there() {
        facts(page, explained.at("facts"));
        changes(page, row, explained);
    }
}

fn why(page: &mut Page, verdict: Doc<'_>) {
    page.head("why");
    let room = usize::from(page.width);
    let name_wide = if room >= 100 { 36 } else { 26 };
    for rule in verdict.at("contributions").list() {
        let share = rule.at("share");
        let (name, palette) = (cut(&rule.at("rule").text(), name_wide), page.palette);
        let gap = " ".repeat(usize::from(name_wide).saturating_sub(ratatui::text::Span::raw(&name).width()));
        let mut line = vec![palette.span(format!("  {name}{gap} {} ", told::signed(share)), Tone::Plain)];
        line.extend(palette.signed(share.number().unwrap_or(0.0), BAR / 2));
        line.push(palette.span(format!(" {}, {}", rule.at("kind").text(), rule.at("duty").text()), Tone::Faint));
        page.line(line);
    }
    if verdict.at("contributions").list().next().is_none() {
        page.says("  ", "no rule spoke", Tone::Faint);
    }
    let number = |key: &str| told::signed(verdict.at(key));
    let sum = format!(
        "{} is the score: allowed from {} on, denied below {}; uncertainty {}",
        number("score"),
        number("theta_allow"),
        number("theta_deny"),
        told::share(verdict.at("uncertainty"))
    );
    page.says("  ", &sum, Tone::Plain);
}

/// Who, what, of what, and how the house was, as the conscience saw it.
fn facts(page: &mut Page, facts: Doc<'_>) {
    page.head("facts");
    for (of, name) in [("req", "who"), ("act", "what"), ("dev", "of what")] {
        let all: Vec<String> = facts.at(of).entries().filter_map(|(key, value)| said(&key, value)).collect();
        page.pair(name, &all.join(", "), Tone::Plain);
    }
    // Each signal is its value, and whether it was heard.
    let signal = |(name, value): (String, Doc<'_>)| {
        let mut parts = value.list();
        let (value, heard) = (parts.next().map(Doc::text).unwrap_or_default(), parts.next().is_some_and(Doc::is));
        format!("{name} {value}{}", if heard { "" } else { " (not heard)" })
    };
    let signals: Vec<String> = facts.at("ctx").entries().map(signal).collect();
    page.pair("when", &format!("{}; stress {}", signals.join(", "), told::share(facts.at("stress"))), Tone::Plain);
}

/// What is so is said by its name alone, what is not so is left out.
fn said(key: &str, value: Doc<'_>) -> Option<String> {
    match (value.text().as_str(), value.number()) {
        ("" | "false", _) => None,
        ("true", _) => Some(key.to_owned()),
        (_, Some(number)) if number.fract().abs() > 0.0 => Some(format!("{key} {number:.2}")),
        (text, _) => Some(format!("{key} {text}")),
    }
}

fn changes(page: &mut Page, row: Doc<'_>, explained: Doc<'_>) {
    page.head("what would have changed it");
    let mut any = false;
    for change in explained.at("would_change").list() {
        any = true;
        page.says("  - it would have been ", &change.text(), Tone::Plain);
    }
    if !any {
        page.says("  ", "no single thing", Tone::Faint);
    }
    let (today, then) = (explained.at("today").text(), row.at("decision").text());
    if today != then && !today.is_empty() {
        page.says("  ", &format!("the rules of today would say {today}"), Tone::Warning);
    }
}

fn entity(page: &mut Page, entity: Doc<'_>, model: &Model) {
    let text = |key: &str| entity.at(key).text();
    let place = [text("name"), text("area")].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ");
    page.says("", &if place.is_empty() { text("entity") } else { format!("{}: {place}", text("entity")) }, Tone::Strong);
    let number = |key: &str| entity.at(key).number().unwrap_or(0.0);
    let mut bar = vec![page.palette.span("  opinion      ", Tone::Plain)];
    bar.extend(page.palette.opinion(number("belief"), number("disbelief"), BAR));
    bar.push(page.palette.span(format!(" expected {:.2}, trusted {:.2}", number("expectation"), number("lower_bound")), Tone::Plain));
    page.line(bar);
    for (name, facet) in entity.at("facets").entries() {
        let part = |key: &str| facet.at(key).number().unwrap_or(0.0);
        let mut line = vec![page.palette.span(format!("  {:<12} ", cut(&name, 12)), Tone::Plain)];
        line.extend(page.palette.opinion(part("belief"), part("disbelief"), BAR));
        line.push(page.palette.span(format!(" for {}, against {}", facet.at("for").text(), facet.at("against").text()), Tone::Faint));
        page.line(line);
    }
    let alive = entity.at("liveness");
    let state = if alive.at("state").is_there() { alive.at("state").text() } else { alive.text() };
    let because = alive.at("because_of").text();
    let because = if because.is_empty() { because } else { format!(" because of {because}") };
    page.pair("standing", &text("standing"), Tone::Plain);
    page.pair(
        "liveness",
        &format!("{state}{because}, last heard {} ago", told::ago(entity.at("last_seen"), model.now)),
        told::liveness(&state),
    );
    for anomaly in entity.at("anomalies").list() {
        page.pair("odd", &format!("{}: {}", anomaly.at("field").text(), anomaly.at("text").text()), Tone::Warning);
    }
    list(page, "why", entity.at("reasons"));
    list(page, "what would change it", entity.at("would_change_it"));
}

fn list(page: &mut Page, name: &str, all: Doc<'_>) {
    if all.list().next().is_some() {
        page.head(name);
        all.list().for_each(|one| page.says("  - ", &one.text(), Tone::Plain));
    }
}
