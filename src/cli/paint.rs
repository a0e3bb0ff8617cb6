//! Bars and sparklines: with colour on a terminal that wants it, and plain everywhere else. Nothing that a client chose gets through unlooked at.

use crate::domain::Timestamp;
use std::io::IsTerminal;

/// What the screen can do.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: usize,
    pub bars: bool,
    pub colour: bool,
}

impl Screen {
    /// The one that standard output goes to: in a pipe plain and unbounded.
    #[must_use]
    pub fn here() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        let measured = || console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        let width = match is_terminal {
            true => columns.or_else(measured).unwrap_or(80).clamp(40, 160),
            false => usize::MAX,
        };
        Self { width, bars: is_terminal, colour: is_terminal && wants_colour() }
    }

    /// Belief, disbelief and uncertainty, which are 1 together, as one bar: `███▒▒░`.
    #[must_use]
    pub fn opinion(self, belief: f64, disbelief: f64, width: usize) -> String {
        let (good, bad) = (cells(belief, width), cells(disbelief, width));
        let good = good.min(width);
        let bad = bad.min(width - good);
        let rest = width - good - bad;
        self.ink("32", &"█".repeat(good)) + &self.ink("31", &"▒".repeat(bad)) + &self.ink("2", &"░".repeat(rest))
    }

    /// A share in [0, 1] as a bar: red below a third, yellow below two thirds.
    #[must_use]
    pub fn share(self, share: f64, width: usize) -> String {
        let full = cells(share, width).min(width);
        let ink = if share < 1.0 / 3.0 {
            "31"
        } else if share < 2.0 / 3.0 {
            "33"
        } else {
            "32"
        };
        self.ink(ink, &"█".repeat(full)) + &self.ink("2", &"░".repeat(width - full))
    }

    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.ink("1", text)
    }

    #[must_use]
    pub fn warning(self, text: &str) -> String {
        self.ink("33", text)
    }

    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.ink("32", text)
    }

    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.ink("31", text)
    }

    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.ink("2", text)
    }

    fn ink(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Words broken where the screen ends; the first line begins with `first`, the others as far in.
    #[must_use]
    pub fn wrapped(self, first: &str, text: &str) -> String {
        let indent = first.chars().count();
        let mut out = first.to_owned();
        let mut column = indent;
        for (at, word) in text.split(' ').enumerate() {
            let long = word.chars().count();
            if at > 0 && column + 1 + long > self.width && column > indent {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if at > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += long;
        }
        out
    }
}

/// Whether who sits there wants colours, and has a terminal that knows them (https://no-color.org).
#[must_use]
pub fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && std::env::var("TERM").is_ok_and(|t| t != "dumb")
}

/// Values in [0, 1] as one character each: `▁▂▃▅▇`; None: nothing is known of that time.
#[must_use]
pub fn sparkline(values: &[Option<f64>]) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    values.iter().map(|value| value.and_then(|v| STEPS.get(cells(v, STEPS.len() - 1))).copied().unwrap_or(' ')).collect()
}

fn cells(share: f64, width: usize) -> usize {
    let most = f64::from(u32::try_from(width).unwrap_or(u32::MAX));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the width of a screen")]
    let cells = (share.clamp(0.0, 1.0) * most).round() as usize;
    cells
}

/// Names and texts that others chose, without what a terminal would obey or what turns the line around.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

/// What is no letter to a terminal: controls of both ranges, marks that turn the line around or are not seen, tags.
#[must_use]
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A time as a person reads it: to the second.
#[must_use]
pub fn when(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// A time span in words: `12 s`, `5 min`, `3 h`, `8 days`.
#[must_use]
pub fn span(seconds: f64) -> String {
    match seconds.max(0.0) {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 90.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3_600.0 => format!("{:.0} h", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// Bytes as people say them.
#[must_use]
pub fn size(bytes: u64) -> String {
    let (kib, mib, gib) = (bytes / 1_024, bytes / (1_024 * 1_024), bytes / (1_024 * 1_024 * 1_024));
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        _ if gib > 0 => format!("{} GiB", tenths(1_024 * 1_024 * 1_024)),
        _ if mib > 0 => format!("{} MiB", tenths(1_024 * 1_024)),
        _ if kib > 0 => format!("{kib} KiB"),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Screen = Screen { width: 40, bars: true, colour: false };

    #[test]
    fn bars_are_as_long_as_they_are_said_to_be() {
        assert_eq!(PLAIN.opinion(0.5, 0.3, 10), "█████▒▒▒░░");
        assert_eq!(PLAIN.opinion(0.0, 0.0, 6), "░░░░░░");
        assert_eq!(PLAIN.opinion(0.95, 0.05, 10), "██████████", "rounding up twice does not make it longer");
        assert_eq!(PLAIN.share(0.25, 8), "██░░░░░░");
        assert_eq!(PLAIN.share(f64::NAN, 4).chars().count(), 4);
        assert_eq!(sparkline(&[Some(0.0), Some(0.5), None, Some(1.0), Some(2.0)]), "▁▅ ██");
    }

    #[test]
    fn colour_is_only_where_it_is_wanted() {
        assert!(!PLAIN.opinion(0.5, 0.3, 10).contains('\u{1b}'));
        assert!(Screen { colour: true, ..PLAIN }.opinion(0.5, 0.3, 10).contains("\u{1b}[32m"));
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_let_through() {
        assert_eq!(plain("lamp\u{1b}[2J\r\n\u{7}\u{202e}x\u{9b}31m"), "lamp\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}x\u{fffd}31m");
        assert_eq!(plain("\u{61c}a\u{ad}b\u{2066}c\u{e0041}d\u{fff9}"), "\u{fffd}a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}");
        assert_eq!(plain("Tür 玄関 👍🏽 é"), "Tür 玄関 👍🏽 é");
    }

    #[test]
    fn long_words_of_explanation_are_broken() {
        let text = PLAIN.wrapped("  - ", "one two three four five six seven eight nine");
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().nth(1).unwrap().starts_with("    "));
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        assert_eq!([12.0, 300.0, 10_800.0, 691_200.0].map(span), ["12 s", "5 min", "3 h", "8 days"]);
    }

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        let said = [0, 1_023, 1_024, 1_572_864, 1_073_741_824 * 5 / 2].map(size);
        assert_eq!(said, ["0 bytes", "1023 bytes", "1 KiB", "1.5 MiB", "2.5 GiB"]);
    }
}
