//! Colours and bars: where colours are not wanted, what they say is said by words and strokes as well.

use crate::cli::top::rows::Tone;
use ratatui::{
    style::{Color, Modifier, Style},
    text::Span,
};

/// Whether there are colours.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    pub colour: bool,
}

impl Palette {
    pub fn of(self, tone: Tone) -> Style {
        let plain = Style::new();
        match (tone, self.colour) {
            (Tone::Plain, _) | (Tone::Good, false) => plain,
            (Tone::Strong, _) | (Tone::Warning | Tone::Bad, false) => plain.add_modifier(Modifier::BOLD),
            (Tone::Faint, _) => plain.add_modifier(Modifier::DIM),
            (Tone::Good, true) => plain.fg(Color::Green),
            (Tone::Warning, true) => plain.fg(Color::Yellow),
            (Tone::Bad, true) => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn span(self, text: impl Into<String>, tone: Tone) -> Span<'static> {
        Span::styled(text.into(), self.of(tone))
    }

    /// Belief, disbelief and uncertainty as one bar: `███▒▒░`.
    pub fn opinion(self, belief: f64, disbelief: f64, width: u16) -> Vec<Span<'static>> {
        let good = cells(belief, width).min(width);
        let bad = cells(disbelief, width).min(width - good);
        vec![bar("█", good, self.of(Tone::Good)), bar("▒", bad, self.of(Tone::Bad)), bar("░", width - good - bad, self.of(Tone::Faint))]
    }

    /// A share in [0, 1] of a bar, in one tone.
    pub fn share(self, share: f64, width: u16, tone: Tone) -> Vec<Span<'static>> {
        let full = cells(share, width).min(width);
        vec![bar("█", full, self.of(tone)), bar("░", width - full, self.of(Tone::Faint))]
    }

    /// A number in [-1, 1] as a bar to the left or right of the middle: `··██│····`.
    pub fn signed(self, number: f64, half: u16) -> Vec<Span<'static>> {
        let long = cells(number.abs(), half).min(half);
        let (faint, rest) = (self.of(Tone::Faint), half - long);
        let middle = Span::styled("│", faint);
        if number < 0.0 {
            vec![bar("·", rest, faint), bar("█", long, self.of(Tone::Bad)), middle, bar("·", half, faint)]
        } else {
            vec![bar("·", half, faint), middle, bar("█", long, self.of(Tone::Good)), bar("·", rest, faint)]
        }
    }
}

fn bar(of: &str, width: u16, style: Style) -> Span<'static> {
    Span::styled(of.repeat(usize::from(width)), style)
}

fn cells(share: f64, width: u16) -> u16 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the width of a screen")]
    let cells = (share.clamp(0.0, 1.0) * f64::from(width)).round() as u16;
    cells
}

/// A text in so many cells, with `…` where something is left out.
pub fn cut(text: &str, width: u16) -> String {
    let width = usize::from(width);
    if Span::raw(text).width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        let wide = Span::raw(c.encode_utf8(&mut [0; 4]) as &str).width();
        if used + wide > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(spans: &[Span<'_>]) -> String {
        spans.iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn bars_are_as_long_as_they_are_said_to_be() {
        let palette = Palette { colour: false };
        assert_eq!(drawn(&palette.opinion(0.5, 0.3, 10)), "█████▒▒▒░░");
        assert_eq!(drawn(&palette.opinion(0.95, 0.05, 10)), "██████████");
        assert_eq!(drawn(&palette.share(f64::NAN, 4, Tone::Good)), "░░░░");
        assert_eq!(drawn(&palette.signed(-0.5, 4)), "··██│····");
        assert_eq!(drawn(&palette.signed(7.0, 4)), "····│████");
    }

    #[test]
    fn what_is_cut_says_so_and_wide_letters_count_twice() {
        assert_eq!(
            (cut("door", 4), cut("doors", 4), cut("doors", 1), cut("doors", 0)),
            ("door".into(), "doo…".into(), "…".into(), String::new())
        );
        assert_eq!(cut("玄関の鍵", 6), "玄関…");
    }
}
