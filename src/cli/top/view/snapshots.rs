//! The tab of the snapshots: how it stands with each repository, and what lies there.

use super::{Palette, Tone, page::Page};
use crate::cli::{
    paint::size,
    top::{doc::Doc, model::Model, part::Part, told},
};

pub fn page(model: &Model, palette: Palette, width: u16) -> Page {
    let mut page = Page::new(palette, width);
    let state = model.house().part(Part::Phoenix);
    for (name, repository) in state.at("repositories").entries() {
        one(&mut page, &name, repository, model);
    }
    let text = state.at("text").text();
    if !text.is_empty() {
        page.says("", &text, Tone::Warning);
    }
    let courier: Vec<(String, Doc<'_>)> = state.at("courier").entries().collect();
    if !courier.is_empty() {
        page.head("courier");
        courier.iter().for_each(|(to, how)| page.pair(to, &whole(*how), Tone::Plain));
    }
    let all = model.house().part(Part::Snapshots);
    if all.at("data").list().next().is_some() {
        page.head("snapshots");
        all.at("data").list().for_each(|snapshot| lies(&mut page, snapshot, model));
    }
    if all.at("next").is_there() {
        page.says("  ", "and more: `jamey phoenix list` has all", Tone::Faint);
    }
    page
}

fn one(page: &mut Page, name: &str, repository: Doc<'_>, model: &Model) {
    page.head(name);
    page.pair("path", &repository.at("path").text(), Tone::Plain);
    let error = repository.at("error").text();
    if !error.is_empty() {
        page.pair("wrong", &error, Tone::Bad);
    }
    let doing = repository.at("doing").text();
    if !doing.is_empty() {
        page.pair("now", &doing, Tone::Plain);
    }
    let last = repository.at("last");
    if last.is_there() {
        let at = last.at("taken_at");
        let text = format!(
            "{} of {}, {} ago ({})",
            last.at("sequence").text(),
            told::when(at, &model.zone),
            told::ago(at, model.now),
            last.at("reason").text()
        );
        page.pair("last", &text, Tone::Plain);
    } else {
        page.pair("last", "none yet", Tone::Warning);
    }
    let drill = repository.at("drill");
    if drill.is_there() {
        let (word, tone) = if drill.at("passed").is() { ("passed", Tone::Good) } else { ("failed", Tone::Bad) };
        page.pair("drill", &format!("{word}, {} ago", told::ago(drill.at("drilled_at"), model.now)), tone);
    }
    if repository.at("next_at").is_there() {
        page.pair("next", &told::when(repository.at("next_at"), &model.zone), Tone::Plain);
    }
    if let Some(bytes) = repository.at("bytes").count() {
        page.pair("holds", &format!("{} in {} snapshots", size(bytes), repository.at("snapshots").text()), Tone::Plain);
    }
}

fn lies(page: &mut Page, snapshot: Doc<'_>, model: &Model) {
    let text = |key: &str| snapshot.at(key).text();
    let damaged = text("damaged");
    if !damaged.is_empty() {
        return page.says("  ", &format!("{} {}: damaged, {damaged}", text("repository"), text("sequence")), Tone::Bad);
    }
    let drill = match (snapshot.at("drilled").is_there(), snapshot.at("drilled").at("passed").is()) {
        (false, _) => "",
        (true, true) => ", drill passed",
        (true, false) => ", drill FAILED",
    };
    let bytes = snapshot.at("bytes").count().map_or_else(String::new, |bytes| format!(", {}", size(bytes)));
    let line = format!(
        "{} {}: {} {}{bytes}{drill}",
        text("repository"),
        text("sequence"),
        told::when(snapshot.at("taken_at"), &model.zone),
        text("reason")
    );
    page.says("  ", &line, if drill.ends_with("FAILED") { Tone::Bad } else { Tone::Plain });
}

/// What an object says, flat.
fn whole(of: Doc<'_>) -> String {
    let parts: Vec<String> = of.entries().map(|(key, value)| format!("{key} {}", value.text())).collect();
    if parts.is_empty() { of.text() } else { parts.join(", ") }
}
