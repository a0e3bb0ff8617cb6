//! The tab of the mind: state and focus, mood and what moved it, whether the parts work as one, who Jamey has been.

use super::{Palette, Tone, bars::cut, page::Page};
use crate::cli::top::{doc::Doc, model::Model, part::Part, told};

const BAR: u16 = 20;

pub fn page(model: &Model, palette: Palette, width: u16) -> Page {
    let mut page = Page::new(palette, width);
    let house = model.house();
    state(&mut page, house.part(Part::State), model);
    mood(&mut page, house.part(Part::Emotion));
    phi(&mut page, house.part(Part::Phi));
    identity(&mut page, house.part(Part::Identity));
    page
}

fn state(page: &mut Page, state: Doc<'_>, model: &Model) {
    page.head("attention");
    if !state.is_there() {
        return page.pair("state", "not told yet", Tone::Faint);
    }
    let since = told::when(state.at("since"), &model.zone);
    page.pair("state", &format!("{}, since {since}: {}", state.at("state").text(), state.at("reason").text()), Tone::Plain);
    let focus = state.at("focus");
    let (text, tone) = match focus.at("text").text() {
        none if none.is_empty() => ("on nothing in particular".to_owned(), Tone::Faint),
        text => (format!("{text} (activation {})", told::share(focus.at("activation"))), Tone::Plain),
    };
    page.pair("focus", &text, tone);
    page.pair(
        "candidates",
        &format!("{} now; {} were told to all since the start", state.at("candidates").text(), state.at("broadcasts_total").text()),
        Tone::Plain,
    );
}

fn mood(page: &mut Page, emotion: Doc<'_>) {
    page.head("mood");
    if !emotion.is_there() {
        return page.pair("mood", "not told yet", Tone::Faint);
    }
    let mood = emotion.at("mood");
    page.pair("mood", &format!("{} {}", mood.at("strength").text(), mood.at("octant").text()), Tone::Plain);
    for scale in ["pleasure", "arousal", "dominance"] {
        let mut line = vec![page.palette.span(format!("  {scale:<12} {} ", told::signed(mood.at(scale))), Tone::Plain)];
        line.extend(page.palette.signed(mood.at(scale).number().unwrap_or(0.0), BAR / 2));
        page.line(line);
    }
    page.pair("stability", &told::share(emotion.at("stability").at("value")), Tone::Plain);
    for stirred in emotion.at("emotions").list() {
        let name = cut(&stirred.at("name").text(), 12);
        let mut line = vec![page.palette.span(format!("  {name:<12}  {} ", told::share(stirred.at("intensity"))), Tone::Plain)];
        line.extend(page.palette.share(stirred.at("intensity").number().unwrap_or(0.0), BAR, Tone::Plain));
        line.push(page.palette.span(format!(" {}", stirred.at("text").text()), Tone::Plain));
        page.line(line);
    }
    page.says("  ", &emotion.at("about").text(), Tone::Faint);
}

fn phi(page: &mut Page, phi: Doc<'_>) {
    page.head("Φ, whether the parts work as one");
    match phi.at("value").number() {
        None => page.pair("Φ flow", "not known yet: it takes some minutes", Tone::Faint),
        Some(value) => {
            let p =
                phi.at("p").number().map_or_else(String::new, |p| if p < 0.001 { ", p < 0.001".to_owned() } else { format!(", p {p:.3}") });
            page.pair("Φ flow", &format!("{value:.4} {}, {} samples{p}", phi.at("unit").text(), phi.at("samples").text()), Tone::Plain);
        }
    }
    let says = phi.at("mip").at("text").text();
    if !says.is_empty() {
        page.pair("says", &says, if phi.at("lost").is_there() { Tone::Bad } else { Tone::Plain });
    }
    let exact = phi.at("exact");
    match exact.at("phi").number() {
        Some(value) => page.pair("Φ exact", &format!("{value:.4}"), Tone::Plain),
        None if exact.is_there() => page.pair("Φ exact", &exact.at("why").text(), Tone::Faint),
        None => {}
    }
}

fn identity(page: &mut Page, identity: Doc<'_>) {
    page.head("identity");
    if !identity.is_there() {
        return page.pair("so far", "nothing that counts was done yet", Tone::Faint);
    }
    page.pair("so far", &identity.at("text").text(), Tone::Plain);
    let mut roles: Vec<(String, Doc<'_>)> = identity.at("roles").entries().collect();
    let strength = |role: &Doc<'_>| role.at("strength").number().unwrap_or(0.0);
    roles.sort_by(|(_, x), (_, y)| strength(y).total_cmp(&strength(x)));
    for (name, role) in roles {
        let mut line = vec![page.palette.span(format!("  {:<12}  {} ", cut(&name, 12), told::share(role.at("strength"))), Tone::Plain)];
        line.extend(page.palette.share(strength(&role), BAR, Tone::Plain));
        page.line(line);
    }
    let drifting = identity.at("drifting").at("role").text();
    let (text, tone) = if drifting.is_empty() {
        ("the last day is like the last month".to_owned(), Tone::Plain)
    } else {
        (format!("{drifting} is stronger than it was"), Tone::Warning)
    };
    page.pair("drift", &format!("{} of 1: {text}", told::share(identity.at("drift"))), tone);
}
