//! The tab of what is wrong, the gravest first.

use super::{Palette, Tone, head::severity, page::Page};
use crate::cli::top::{doc::Doc, model::Model, part::Part, told};

pub fn page(model: &Model, palette: Palette, width: u16) -> Page {
    let mut page = Page::new(palette, width);
    let told = model.house().part(Part::Alerts);
    for alert in told.at("alerts").list() {
        one(&mut page, alert, model);
    }
    let more = told.at("more").count().unwrap_or(0);
    if more > 0 {
        page.says("", &format!("and {more} more"), Tone::Warning);
    }
    if told.at("alerts").list().next().is_none() {
        page.says("", "nothing is wrong", Tone::Good);
    }
    page
}

fn one(page: &mut Page, alert: Doc<'_>, model: &Model) {
    let text = |key: &str| alert.at(key).text();
    let (seen, zone) = (alert.at("acknowledged"), &model.zone);
    let tone = if seen.is_there() { Tone::Plain } else { severity(alert) };
    page.says("", &format!("{} {}, since {}", text("severity"), text("code"), told::when(alert.at("since"), zone)), tone);
    page.says("    ", &text("text"), Tone::Plain);
    page.says("    to do: ", &text("what_to_do"), Tone::Plain);
    if seen.is_there() {
        page.says("    ", &format!("seen by {}, {}", seen.at("by").text(), told::when(seen.at("at"), zone)), Tone::Faint);
    }
}
