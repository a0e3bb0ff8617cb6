//! Sorted tables in the binary, read where they stand: a line for each key, `key TAB value`, below a header that a blank line ends.

use std::sync::LazyLock;

/// Words and their mean valence.
pub static LEXICON: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("vader_lexicon.txt")));
/// Emoji and their descriptions.
pub static EMOJI: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("vader_emoji.txt")));

pub struct Table(&'static str);

impl Table {
    fn new(file: &'static str) -> Self {
        Self(file.split_once("\n\n").map_or("", |(_, lines)| lines))
    }

    /// The value of a key; a search by halves over the bytes, without an index.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&'static str> {
        let text = self.0;
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let middle = low.midpoint(high);
            // Every newline is a byte of its own in UTF-8, so that both ends of a line are boundaries.
            let start = text.as_bytes().get(low..middle)?.iter().rposition(|b| *b == b'\n').map_or(low, |at| low + at + 1);
            let line = text.get(start..)?.split('\n').next()?;
            let (found, value) = line.split_once('\t')?;
            match found.cmp(key) {
                std::cmp::Ordering::Equal => return Some(value),
                std::cmp::Ordering::Less => low = start + line.len() + 1,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for (table, least) in [(&*LEXICON, 7_400), (&*EMOJI, 1_200)] {
            let lines: Vec<(&str, &str)> = table.0.lines().map(|line| line.split_once('\t').unwrap()).collect();
            assert!(lines.len() >= least && lines.is_sorted_by(|a, b| a.0 < b.0));
            for (key, value) in lines {
                assert_eq!(table.find(key), Some(value), "{key}");
                assert_eq!(table.find(&format!("{key}\u{1}")), None);
            }
            for absent in ["", "\u{10ffff}", "a b", "\n", "\t"] {
                assert_eq!(table.find(absent), None);
            }
        }
    }

    #[test]
    fn every_valence_is_on_the_scale() {
        for line in LEXICON.0.lines() {
            let (_, value) = line.split_once('\t').unwrap();
            assert!((-4.0..=4.0).contains(&value.parse::<f64>().unwrap()), "{line}");
        }
    }

    #[test]
    fn the_notice_of_the_authors_stands_with_the_data() {
        for file in [include_str!("vader_lexicon.txt"), include_str!("vader_emoji.txt")] {
            assert!(file.contains("Copyright (c) 2016 C.J. Hutto") && file.contains("The MIT License"));
        }
    }
}
