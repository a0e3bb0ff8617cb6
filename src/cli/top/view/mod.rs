//! The drawing: a model becomes a frame of any size, with colours or without. Pure.

mod alerts;
mod bars;
mod head;
mod help;
mod list;
mod mind;
mod mission;
mod opened;
mod page;
mod snapshots;

#[cfg(test)]
mod tests;

pub use bars::Palette;

use super::{
    model::{Bounds, Model},
    part::Tab,
    rows::Tone,
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

/// Draws all of it, and says how much fitted.
pub fn draw(frame: &mut Frame<'_>, model: &Model, palette: Palette) -> Bounds {
    let area = frame.area();
    let head = head::lines(model, palette, area.width);
    // On a small screen what is looked at comes before what stands above it.
    let most = (area.height / 3).min(6);
    let tall = u16::try_from(head.len()).unwrap_or(most).min(most);
    let one = u16::from(area.height > 2);
    let [top, tabs, middle, foot] =
        area.layout(&Layout::vertical([Constraint::Length(tall), Constraint::Length(one), Constraint::Fill(1), Constraint::Length(one)]));
    frame.render_widget(Paragraph::new(head), top);
    frame.render_widget(tab_line(model, palette, tabs.width), tabs);
    let bounds = content(frame, model, palette, middle);
    frame.render_widget(foot_line(model, palette), foot);
    if model.helps {
        // All but the first and the last line.
        let room = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + one), ..area }.intersection(area);
        frame.render_widget(Clear, room);
        help::page(palette, room.width).draw(frame, room, 0);
    }
    bounds
}

fn content(frame: &mut Frame<'_>, model: &Model, palette: Palette, area: Rect) -> Bounds {
    let page = match (model.opened(), model.tab) {
        (Some((opened, row, document)), _) => opened::page(opened, row, document, model, palette, area.width),
        (None, Tab::Mind) => mind::page(model, palette, area.width),
        (None, Tab::Mission) => mission::page(model, palette, area.width),
        (None, Tab::Snapshots) => snapshots::page(model, palette, area.width),
        (None, Tab::Alerts) => alerts::page(model, palette, area.width),
        (None, Tab::Verdicts | Tab::Entities | Tab::Clients) => return list::draw(frame, model, palette, area),
    };
    page.draw(frame, area, model.scroll)
}

fn tab_line(model: &Model, palette: Palette, width: u16) -> Line<'static> {
    let is_narrow = width < 78;
    let tab = |(at, tab): (usize, &Tab)| {
        let is_here = *tab == model.tab;
        let title = if is_narrow && !is_here { format!(" {} ", at + 1) } else { format!(" {} {} ", at + 1, tab.title()) };
        Span::styled(title, if is_here { palette.chosen() } else { palette.of(Tone::Plain) })
    };
    Line::from(Tab::ALL.iter().enumerate().map(tab).collect::<Vec<_>>())
}

fn foot_line(model: &Model, palette: Palette) -> Line<'static> {
    if model.types {
        let keys = "   Enter keeps it, Esc clears it";
        return Line::from(vec![Span::raw(format!("/{}", model.filter)), palette.span("▏", Tone::Strong), palette.span(keys, Tone::Faint)]);
    }
    let mut words = Vec::new();
    if !model.filter.is_empty() {
        words.push(palette.span(format!("only `{}` (Esc)  ", model.filter), Tone::Warning));
    }
    let keys = match model.opened() {
        Some(_) => "Esc back  ↑↓ scroll  p pause  ? help  q quit",
        None => "1-7 Tab ←→ tabs  ↑↓ choose  Enter why  / filter  p pause  ? help  q quit",
    };
    words.push(palette.span(keys, Tone::Faint));
    Line::from(words)
}
