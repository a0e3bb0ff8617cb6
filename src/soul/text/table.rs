//! Sorted tables in the binary, read where they stand, with where each line begins: a line for each key, `key TAB value`, below a header that a blank line ends.

use std::{cmp::Ordering, sync::LazyLock};

/// Words and their mean valence.
pub static LEXICON: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("vader_lexicon.txt")));
/// Emoji and their descriptions.
pub static EMOJI: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("vader_emoji.txt")));

pub struct Table {
    text: &'static str,
    /// Where each line begins: 4 bytes a word, and a search without looking for line ends.
    starts: Vec<u32>,
}

impl Table {
    fn new(file: &'static str) -> Self {
        let text = file.split_once("\n\n").map_or("", |(_, lines)| lines);
        let mut start = 0;
        let starts = text
            .split_inclusive('\n')
            .filter_map(|line| {
                let here = start;
                start += line.len();
                u32::try_from(here).ok()
            })
            .collect();
        Self { text, starts }
    }

    /// The value of a key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&'static str> {
        let from = |start: &u32| self.text.get(usize::try_from(*start).ok()?..);
        let place = self.starts.binary_search_by(|start| compare(from(start).unwrap_or_default(), key)).ok()?;
        let rest = from(self.starts.get(place)?)?.get(key.len() + 1..)?;
        rest.split('\n').next()
    }
}

/// How the key that begins a line stands to this one. A tab comes before all that a key is made of.
fn compare(line: &str, key: &str) -> Ordering {
    let (line, key) = (line.as_bytes(), key.as_bytes());
    match line.get(..key.len()) {
        Some(begin) => begin.cmp(key).then_with(|| if line.get(key.len()) == Some(&b'\t') { Ordering::Equal } else { Ordering::Greater }),
        None => line.cmp(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for (table, least) in [(&*LEXICON, 7_400), (&*EMOJI, 1_200)] {
            let lines: Vec<(&str, &str)> = table.text.lines().map(|line| line.split_once('\t').unwrap()).collect();
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
        for line in LEXICON.text.lines() {
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
