//! A list: a line of titles, and as many rows as fit around the one that is chosen.

use super::{Bounds, Palette, Tone, bars::cut};
use crate::cli::top::{
    model::Model,
    part::{Part, Tab},
    rows::{Cell, Column, Row, Width, columns},
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

pub fn draw(frame: &mut Frame<'_>, model: &Model, palette: Palette, area: Rect) -> Bounds {
    let (columns, rows) = (columns(model.tab).unwrap_or_default(), model.rows().unwrap_or_default());
    let columns: Vec<(usize, &Column)> = columns.iter().enumerate().filter(|(_, column)| column.from <= area.width).collect();
    let widths = columns.iter().map(|(_, column)| match column.width {
        Width::Cells(cells) => Constraint::Length(cells),
        Width::Parts(parts) => Constraint::Fill(parts),
    });
    let places = Layout::horizontal(widths).spacing(1).split(area);
    let fits = usize::from(area.height.saturating_sub(1));
    let chosen = model.chosen(&rows);
    // The chosen one in the middle, as far as there are rows above and below.
    let first = chosen.saturating_sub(fits / 2).min(rows.len().saturating_sub(fits));
    for ((at, column), place) in columns.iter().zip(places.iter()) {
        put(frame, *place, 0, &[palette.span(cut(column.title, place.width), Tone::Faint)], Style::new());
        for (line, row) in rows.iter().skip(first).take(fits).enumerate() {
            let is_chosen = first + line == chosen;
            let style = if is_chosen { palette.chosen() } else { Style::new() };
            if let Some(cell) = row.cells.get(*at) {
                put(frame, *place, line + 1, &spans(cell, palette, place.width, is_chosen), style);
            }
        }
    }
    if rows.is_empty() && fits > 0 {
        put(frame, area, 1, &[palette.span(nothing(model), Tone::Faint)], Style::new());
    }
    tell_more(frame, model, palette, area, &rows);
    Bounds { rows: fits, scroll: 0 }
}

/// Puts spans on a line of an area; nothing where the area has no such line.
fn put(frame: &mut Frame<'_>, area: Rect, line: usize, spans: &[Span<'_>], style: Style) {
    let Some(y) = u16::try_from(line).ok().filter(|line| *line < area.height).map(|line| area.y + line) else { return };
    let place = Rect { y, height: 1, ..area };
    frame.render_widget(Line::from(spans.to_vec()).style(style), place);
}

fn spans(cell: &Cell, palette: Palette, width: u16, is_chosen: bool) -> Vec<Span<'static>> {
    match cell {
        Cell::Text(text, tone) => {
            // What is chosen is marked over the whole of its place.
            let text = cut(text, width);
            let pad = if is_chosen { usize::from(width).saturating_sub(Span::raw(&text).width()) } else { 0 };
            vec![palette.span(text + &" ".repeat(pad), *tone)]
        }
        Cell::Opinion(belief, disbelief) => palette.opinion(*belief, *disbelief, width),
        Cell::Share(share) => palette.share(*share, width, Tone::Plain),
    }
}

fn nothing(model: &Model) -> &'static str {
    match (model.filter.is_empty(), model.tab) {
        (false, _) => "nothing here has that in it",
        (true, Tab::Verdicts) => "nothing was judged yet: what is asked for on guarded topics and on `jamey/act/…` will be",
        (true, Tab::Clients) => "nobody is connected",
        (true, _) => "nobody is known yet",
    }
}

/// In the corner: how many there are, and whether that is all.
fn tell_more(frame: &mut Frame<'_>, model: &Model, palette: Palette, area: Rect, rows: &[Row]) {
    let part = match model.tab {
        Tab::Entities => Part::Entities,
        Tab::Clients => Part::Clients,
        _ => Part::Verdicts,
    };
    let is_all = model.tab == Tab::Verdicts || !model.house().part(part).at("next").is_there();
    let text = if is_all { format!(" {} ", rows.len()) } else { format!(" {} of more ", rows.len()) };
    let wide = u16::try_from(text.len()).unwrap_or(u16::MAX);
    if area.width > 60 + wide {
        let corner = Rect { x: area.right() - wide, width: wide, ..area };
        put(frame, corner, 0, &[palette.span(text, Tone::Faint)], Style::new());
    }
}
