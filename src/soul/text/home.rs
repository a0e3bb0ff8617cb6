//! Words of a house that the lexicon of social media does not know, or knows otherwise. Our own, on its scale from −4 to 4.

use super::table::LEXICON;

/// Sorted.
const WORDS: &[(&str, f64)] = &[
    ("broken", -1.9),
    ("burglar", -3.0),
    ("burglars", -3.0),
    ("cozy", 1.8),
    ("draughty", -1.2),
    ("dripping", -1.3),
    ("fire", -2.6),
    ("flooded", -2.6),
    ("flooding", -2.6),
    ("freezing", -2.0),
    ("intruder", -3.0),
    ("leak", -2.2),
    ("leaking", -2.2),
    ("leaks", -2.2),
    ("mould", -1.6),
    ("noisy", -1.3),
    ("smell", -0.9),
    ("smoke", -2.0),
    ("smoky", -1.6),
    ("stifling", -1.7),
    ("stuck", -1.4),
    ("stuffy", -1.3),
    ("unresponsive", -1.6),
];

/// Two words that say together what neither says alone. Sorted.
const PAIRS: &[(&str, &str, f64)] = &[
    ("bit", "cold", -1.0),
    ("good", "night", 1.2),
    ("locked", "out", -2.2),
    ("so", "cold", -1.6),
    ("so", "hot", -1.6),
    ("thank", "you", 1.9),
    ("too", "bright", -1.2),
    ("too", "cold", -1.8),
    ("too", "dark", -1.2),
    ("too", "hot", -1.8),
    ("too", "loud", -1.5),
    ("too", "slow", -1.2),
    ("too", "warm", -1.4),
    ("well", "done", 2.0),
];

/// The valence of a word after another, by the house first, then by VADER's lexicon.
#[must_use]
pub fn valence(before: Option<&str>, word: &str) -> Option<f64> {
    let pair =
        before.and_then(|before| PAIRS.binary_search_by(|(a, b, _)| (*a, *b).cmp(&(before, word))).ok()).and_then(|at| PAIRS.get(at));
    let alone = || WORDS.binary_search_by(|(known, _)| (*known).cmp(word)).ok().and_then(|at| WORDS.get(at)).map(|(_, v)| *v);
    pair.map(|(.., v)| *v).or_else(alone).or_else(|| published(None, word))
}

/// The valence that VADER's lexicon gives a word.
#[must_use]
pub fn published(_before: Option<&str>, word: &str) -> Option<f64> {
    LEXICON.find(word).and_then(|value| value.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_on_the_scale() {
        assert!(WORDS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(PAIRS.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
        assert!(WORDS.iter().map(|w| w.1).chain(PAIRS.iter().map(|p| p.2)).all(|v| v.abs() <= 4.0));
    }
}
