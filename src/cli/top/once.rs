//! One look, for scripts: a frame as plain text, or everything as one document.

use super::{
    door::{Door, Unanswered},
    feed::ALWAYS,
    model::{Model, News},
    part::Part,
    view::{Palette, draw},
};
use crate::{cli::paint::is_obeyed, runtime::Clock};
use anyhow::{Result, anyhow};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::{Map, Value};
use std::fmt::Write;

/// What a terminal has that nobody said the size of.
const USUAL: (u16, u16) = (80, 24);

/// The frame that the tab of the model is, as the terminal would show it, without colours.
///
/// # Errors
/// When the house does not answer.
pub async fn frame(door: &mut Door, mut model: Model, clock: &Clock) -> Result<String> {
    for part in model.tab.parts().iter().chain(&ALWAYS).chain(&[Part::Verdicts]) {
        let document = door.part(*part).await.map_err(gone)?.unwrap_or_default();
        model.hear(News::Told { of: *part, document, at: clock.now() });
    }
    model.now = clock.now();
    let (width, height) = size();
    text(&model, width, height)
}

/// A model as lines of text.
///
/// # Errors
/// Never: what is drawn on is memory.
pub fn text(model: &Model, width: u16, height: u16) -> Result<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height))?;
    terminal.draw(|frame| {
        draw(frame, model, Palette { colour: false });
    })?;
    let buffer = terminal.backend().buffer();
    let lines = buffer.content.chunks(usize::from(width).max(1)).map(|cells| {
        // A wide letter takes the place of the next one, too.
        let mut skip = 0;
        let mut line = String::new();
        for cell in cells {
            if skip == 0 {
                line.push_str(cell.symbol());
            }
            skip = ratatui::text::Span::raw(cell.symbol()).width().max(skip).saturating_sub(1);
        }
        format!("{}\n", line.trim_end())
    });
    Ok(lines.collect::<String>().trim_end().to_owned() + "\n")
}

/// Everything that can be shown, as the house told it.
///
/// # Errors
/// When the house does not answer.
pub async fn document(door: &mut Door, clock: &Clock) -> Result<String> {
    let mut all = Map::new();
    all.insert("v".into(), 1.into());
    for part in Part::ALL {
        let document = door.part(part).await.map_err(gone)?.unwrap_or_default();
        all.insert(part.name().into(), document);
    }
    all.insert("at".into(), clock.now().to_string().into());
    Ok(escaped(&serde_json::to_string_pretty(&Value::Object(all))?))
}

/// What JSON need not escape and a terminal would obey: it stands in strings alone, and reads the same escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_obeyed(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(out, "\\u{unit:04x}");
            });
        } else {
            out.push(c);
        }
    }
    out
}

pub fn gone(why: Unanswered) -> anyhow::Error {
    let (Unanswered::Away(why) | Unanswered::Refused(why)) = why;
    anyhow!("{why}")
}

/// As `COLUMNS` and `LINES` say, or the terminal, or as most are.
fn size() -> (u16, u16) {
    let said = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok()).filter(|cells| (1..=1_000).contains(cells));
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
    let (width, height) = if is_terminal { crossterm::terminal::size().unwrap_or(USUAL) } else { USUAL };
    (said("COLUMNS").unwrap_or(width), said("LINES").unwrap_or(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_the_same_with_what_a_terminal_would_obey_escaped() {
        let value = serde_json::json!({"a\u{9b}": "x\u{202e}\u{e0041}\n\u{1b}[2J", "b": [1, "ä"]});
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.chars().any(|c| c != '\n' && is_obeyed(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
