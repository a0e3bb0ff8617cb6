//! What is said of an option that cannot be used: its path, where it was set, what was wrong and what to write instead, in one line.

use std::fmt::Write as _;

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} ({at}): {message}")]
pub struct ConfigError {
    /// The option: `broker.mqtt`, `device[0].class`; the file's name when the file itself cannot be read.
    pub path: String,
    /// `config/jamey.toml:12`, `environment JAMEY__BROKER__MQTT`, `--mqtt`.
    pub at: String,
    pub message: String,
}

/// Characters of a value repeated in a message: enough to recognise it, and still one line.
const SHOWN_CHARS: usize = 60;

/// A text as it would stand in the file, cut, and with nothing in it that could break the line.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::from("\"");
    for (i, c) in text.chars().enumerate() {
        if i == SHOWN_CHARS {
            out.push('…');
            break;
        }
        if c == '\'' { out.push(c) } else { out.extend(c.escape_debug()) }
    }
    out.push('"');
    out
}

/// A key as it would stand in a path: bare where TOML lets it be bare.
pub(super) fn shown_key(key: &str) -> String {
    let bare = !key.is_empty() && key.len() <= SHOWN_CHARS && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare { key.to_owned() } else { shown(key) }
}

/// `"a", "b" or "c"`.
pub(super) fn one_of(words: &[&str]) -> String {
    let mut out = String::new();
    for (i, word) in words.iter().enumerate() {
        let before = match (i, words.len() - i) {
            (0, _) => "",
            (_, 1) => " or ",
            _ => ", ",
        };
        let _ = write!(out, "{before}\"{word}\"");
    }
    out
}

/// The word nearest to what was written, when it is near enough to be meant: a third of its letters, and at least one, may differ.
pub(super) fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written: Vec<char> = written.chars().take(SHOWN_CHARS).map(|c| c.to_ascii_lowercase()).collect();
    words
        .into_iter()
        .map(|word| (distance(&written, &word.to_ascii_lowercase().chars().collect::<Vec<_>>()), word))
        .filter(|(d, word)| *d <= (word.chars().count() / 3).max(1))
        .min_by_key(|(d, _)| *d)
        .map(|(_, word)| word)
}

/// Optimal string alignment: Levenshtein's distance, in which two neighbours that changed places count once,
/// since that is how fingers slip (Damerau 1964).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], i: usize| row.get(i).copied().unwrap_or(usize::MAX / 2);
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut d = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                d = d.min(at(&before, j - 1) + 1);
            }
            row.push(d);
        }
        before = std::mem::replace(&mut last, row);
    }
    at(&last, b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_word_and_another_word_does_not() {
        let words = ["mqtt", "guard", "max_connections"];
        assert_eq!(nearest("mqt", words), Some("mqtt"));
        assert_eq!(nearest("gaurd", words), Some("guard"));
        assert_eq!(nearest("MAX-CONNECTION", words), Some("max_connections"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(nearest("", words), None);
    }

    #[test]
    fn whatever_was_written_is_shown_in_one_line() {
        assert_eq!(shown("it's\n\"x\""), r#""it's\n\"x\"""#);
        assert_eq!(shown(&"a".repeat(61)).chars().count(), 63);
        assert_eq!(shown_key("max_connections"), "max_connections");
        assert_eq!(shown_key("a b"), "\"a b\"");
        assert_eq!(one_of(&["a", "b", "c"]), r#""a", "b" or "c""#);
    }
}
