//! From bytes to places that people can find: line, column, the line itself; also inside TOML's strings, with their escapes.

use super::complaint::{Shown, Spot};
use std::ops::Range;
use toml::Spanned;

/// Characters of a line shown: more would break the line of a terminal.
const SHOWN: usize = 120;
/// Of a longer line, so many before the place.
const BEFORE: usize = 60;

/// The place of some bytes of a text.
pub(super) fn spot(text: &str, span: Range<usize>) -> Spot {
    let start = text.floor_char_boundary(span.start);
    let before = text.get(..start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    let rest = text.get(line_start..).unwrap_or_default();
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    let meant = text.get(start..text.floor_char_boundary(span.end)).unwrap_or_default();
    let meant = meant.split(['\n', '\r']).next().unwrap_or_default().chars().count().max(1);
    let skipped = if line.chars().count() <= SHOWN { 0 } else { column.saturating_sub(BEFORE) };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = line.chars().skip(skipped).take(SHOWN).map(plain).collect();
    let before_it = column - skipped;
    let width = meant.min(shown.chars().count().saturating_sub(before_it)).max(1);
    Spot { line: before.matches('\n').count() + 1, column: column + 1, shown: Shown { text: shown, before: before_it, width } }
}

/// Where some bytes of a string's value stand in the file: exact also behind escapes; the string's beginning where that cannot be told.
pub(super) fn inside(text: &str, source: &Spanned<String>, at: Range<usize>) -> Range<usize> {
    let Range { start, end } = source.span();
    let raw = text.get(start..end).unwrap_or_default();
    let starts = written(raw, source.get_ref());
    match (starts.get(at.start), starts.get(at.end)) {
        (Some(from), Some(to)) => start + from..start + (*to).max(from + 1),
        (Some(from), None) => start + from..start + from + 1,
        _ => start..start + 1,
    }
}

/// For each byte of a string's value, and its end, where it stands in what was written; empty when the two do not match.
fn written(raw: &str, value: &str) -> Vec<usize> {
    let (quote, literal) = match raw.as_bytes() {
        [b'\'', b'\'', b'\'', ..] => (3, true),
        [b'"', b'"', b'"', ..] => (3, false),
        [b'\'', ..] => (1, true),
        _ => (1, false),
    };
    let body = raw.get(quote..raw.len().saturating_sub(quote)).unwrap_or_default();
    let mut at = match body.as_bytes() {
        [b'\r', b'\n', ..] if quote == 3 => 2,
        [b'\n', ..] if quote == 3 => 1,
        _ => 0,
    };
    let mut starts = Vec::with_capacity(value.len() + 1);
    let mut so_far = String::with_capacity(value.len());
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let (written, means) = if literal { character(rest) } else { escaped(rest) };
        starts.extend(means.map_or(0..0, |c| 0..c.len_utf8()).map(|_| quote + at));
        so_far.extend(means);
        at += written.max(1);
    }
    starts.push(quote + at);
    if so_far == value { starts } else { Vec::new() }
}

/// Bytes written, and what they mean.
fn character(rest: &str) -> (usize, Option<char>) {
    rest.chars().next().map_or((1, None), |c| (c.len_utf8(), Some(c)))
}

fn escaped(rest: &str) -> (usize, Option<char>) {
    let Some(escape) = rest.strip_prefix('\\') else { return character(rest) };
    let code = |digits: usize| {
        let number = escape.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        (digits + 2, number.and_then(char::from_u32))
    };
    match escape.chars().next() {
        Some('n') => (2, Some('\n')),
        Some('t') => (2, Some('\t')),
        Some('r') => (2, Some('\r')),
        Some('b') => (2, Some('\u{8}')),
        Some('f') => (2, Some('\u{c}')),
        Some('e') => (2, Some('\u{1b}')),
        Some('x') => code(2),
        Some('u') => code(4),
        Some('U') => code(8),
        // A line that goes on: the backslash, and all blanks after it.
        Some(c) if c.is_ascii_whitespace() => (1 + escape.len() - escape.trim_start_matches([' ', '\t', '\r', '\n']).len(), None),
        Some(c) => (1 + c.len_utf8(), Some(c)),
        None => (1, None),
    }
}

/// How many bytes the word has with which an expression goes on.
pub(super) fn token(rest: &str) -> usize {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    match rest.chars().next() {
        Some(quote @ ('\'' | '"')) => rest.get(1..).and_then(|r| r.find(quote)).map_or(1, |end| end + 2),
        Some(c) if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
        Some(c) if c.is_ascii_punctuation() && !"()[]{}".contains(c) => rest.find(|c| !"=!<>&|".contains(c)).unwrap_or(rest.len()).max(1),
        Some(c) => c.len_utf8(),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct One {
        a: Spanned<String>,
    }

    fn found(text: &str, word: &str) -> (usize, String) {
        let one: One = toml::from_str(text).unwrap();
        let at = one.a.get_ref().find(word).unwrap();
        let range = inside(text, &one.a, at..at + word.len());
        (range.start, text[range].to_owned())
    }

    #[test]
    fn a_word_is_found_in_every_kind_of_string() {
        for text in [
            "a = 'x here'",
            "a = \"\\u0078 here\"",
            "a = \"\"\"\n x\\n\\\"here\"\"\"",
            "a = '''\r\nx\nhere'''",
            "a = \"\"\"x \\\n   here\"\"\"",
        ] {
            assert_eq!(found(text, "here"), (text.find("here").unwrap(), "here".into()), "{text}");
        }
    }

    #[test]
    fn what_is_no_string_has_its_beginning() {
        assert_eq!(written("'a'", "b"), Vec::<usize>::new());
        assert_eq!(spot("ab\ncd", 4..5), Spot { line: 2, column: 2, shown: Shown { text: "cd".into(), before: 1, width: 1 } });
        let long = format!("{}x{}", "ü".repeat(300), "y".repeat(300));
        let at = spot(&long, 600..601);
        assert_eq!((at.column, at.shown.before, at.shown.text.chars().nth(60)), (301, 60, Some('x')));
        assert_eq!(spot("", 9..12).line, 1);
    }
}
