//! A page that is read from top to bottom: headings, sentences that are broken where the screen ends, bars.

use super::{Bounds, Palette, Tone, bars::cut};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

pub struct Page {
    pub palette: Palette,
    pub width: u16,
    lines: Vec<Line<'static>>,
}

impl Page {
    pub const fn new(palette: Palette, width: u16) -> Self {
        Self { palette, width, lines: Vec::new() }
    }

    /// A heading, with room above it.
    pub fn head(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.lines.push(Line::from(self.palette.span(text, Tone::Strong)));
    }

    pub fn line(&mut self, spans: Vec<Span<'static>>) {
        self.lines.push(Line::from(spans));
    }

    /// A sentence; its second line and those below begin as far in as the first one's words.
    pub fn says(&mut self, first: &str, text: &str, tone: Tone) {
        let indent = Span::raw(first).width().min(usize::from(self.width) / 2);
        let room = usize::from(self.width).saturating_sub(indent).max(1);
        for (at, part) in wrapped(text, room).into_iter().enumerate() {
            let lead = if at == 0 { cut(first, self.width) } else { " ".repeat(indent) };
            self.lines.push(Line::from(vec![Span::raw(lead), self.palette.span(part, tone)]));
        }
    }

    /// A word with a name, the names one below the other.
    pub fn pair(&mut self, name: &str, text: &str, tone: Tone) {
        self.says(&format!("  {name:<12} "), text, tone);
    }

    pub fn draw(self, frame: &mut Frame<'_>, area: Rect, scroll: usize) -> Bounds {
        let rows = usize::from(area.height);
        let most = self.lines.len().saturating_sub(rows);
        let seen: Vec<Line<'static>> = self.lines.into_iter().skip(scroll.min(most)).take(rows).collect();
        frame.render_widget(Paragraph::new(seen), area);
        Bounds { rows, scroll: most }
    }
}

/// Lines of at most so many cells, broken between words, and within one that is longer. One line at least.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let wide = Span::raw(word).width();
        let is_first = used == 0;
        if !is_first && used + 1 + wide > room {
            lines.push(String::new());
            used = 0;
        } else if !is_first {
            push(&mut lines, " ");
            used += 1;
        }
        if wide <= room {
            push(&mut lines, word);
            used += wide;
            continue;
        }
        for c in word.chars() {
            let c = c.to_string();
            let wide = Span::raw(c.as_str()).width();
            if used + wide > room && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, &c);
            used += wide;
        }
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words_and_long_words_where_they_must() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a abcdefgh b", 4), ["a", "abcd", "efgh", "b"]);
        assert_eq!(wrapped("", 3), [""]);
        assert!(wrapped("玄関の鍵 one", 1).iter().all(|line| line.chars().count() <= 1));
    }
}
