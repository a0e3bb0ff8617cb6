//! The tab of the mission: how far each objective is met, and how fast its budget burns.

use super::{Palette, Tone, page::Page};
use crate::cli::top::{doc::Doc, model::Model, part::Part};

const BAR: u16 = 12;
/// 1 uses up exactly what may go wrong, 14.4 uses 2 % of a month's in an hour (docs/consciousness.md).
const FAST: f64 = 14.4;
const SLOW: f64 = 1.0;

pub fn page(model: &Model, palette: Palette, width: u16) -> Page {
    let mut page = Page::new(palette, width);
    let all = model.house().part(Part::Mission).at("data");
    for objective in all.list() {
        one(&mut page, objective);
    }
    if all.list().next().is_none() {
        page.says("", "no objective is told yet", Tone::Faint);
    }
    page
}

fn one(page: &mut Page, objective: Doc<'_>) {
    let status = objective.at("status").text();
    let tone = match status.as_str() {
        "met" => Tone::Good,
        "page" => Tone::Bad,
        "ticket" => Tone::Warning,
        _ => Tone::Faint,
    };
    let says = format!("{}: {}", objective.at("id").text(), objective.at("says").text());
    page.says(&format!("{status:<9} "), &says, tone);
    let target = objective.at("target").number();
    if let (Some(target), Some(left)) = (target, objective.at("budget_left").number()) {
        let palette = page.palette;
        let mut line = vec![palette.span("          budget ", Tone::Faint)];
        line.extend(palette.share(left, BAR, if left <= 0.0 { Tone::Bad } else { Tone::Good }));
        let count = |key: &str| objective.at(key).count().unwrap_or(0);
        let counted = format!(
            " {:.0} % left of {} days at {target}, {} good, {} bad",
            left.clamp(-99.0, 1.0) * 100.0,
            objective.at("window_days").text(),
            count("good"),
            count("bad")
        );
        line.push(palette.span(counted, Tone::Plain));
        page.line(line);
    }
    let rates = burn(objective);
    if !rates.is_empty() {
        let palette = page.palette;
        let mut line = vec![palette.span("          burn   ", Tone::Faint)];
        line.extend(rates.into_iter().map(|(window, rate)| {
            let tone = if rate >= FAST {
                Tone::Bad
            } else if rate > SLOW {
                Tone::Warning
            } else {
                Tone::Plain
            };
            palette.span(format!("{window} {rate:.1}  "), tone)
        }));
        page.line(line);
    }
    let text = objective.at("text").text();
    if !text.is_empty() {
        page.says("          ", &text, Tone::Warning);
    }
}

/// The windows that something is known of, the shortest first.
fn burn(objective: Doc<'_>) -> Vec<(String, f64)> {
    let known = objective.at("burn_rates").entries().filter_map(|(window, rate)| Some((window, rate.number()?.clamp(-999.0, 9_999.0))));
    let mut all: Vec<(String, f64)> = known.collect();
    all.sort_by_key(|(window, _)| seconds(window));
    all
}

fn seconds(window: &str) -> u64 {
    let digits: String = window.chars().take_while(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().unwrap_or(0);
    let unit = match window.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => 1,
    };
    number.saturating_mul(unit)
}
