//! VADER (Hutto & Gilbert, ICWSM 2014): rules that make one number of a text's words. Ported from vaderSentiment 3.3.2 (MIT, C.J. Hutto),
//! with all its habits, so that both give the same.

use super::table::EMOJI;
use std::borrow::Cow;

/// What an intensifier adds and a dampener takes off (mean ratings, as all numbers here).
const BOOST: f64 = 0.293;
const CAPITALS: f64 = 0.733;
const NEGATED: f64 = -0.74;
/// Sum at which the compound is 1/√2, squared: about the most that is expected.
const ALPHA: f64 = 15.0;

const INTENSIFIERS: &[&str] = &[
    "absolutely",
    "amazingly",
    "awfully",
    "completely",
    "considerable",
    "considerably",
    "decidedly",
    "deeply",
    "effing",
    "enormous",
    "enormously",
    "entirely",
    "especially",
    "exceptional",
    "exceptionally",
    "extreme",
    "extremely",
    "fabulously",
    "flippin",
    "flipping",
    "frackin",
    "fracking",
    "frickin",
    "fricking",
    "friggin",
    "frigging",
    "fuckin",
    "fucking",
    "fuggin",
    "fugging",
    "fully",
    "greatly",
    "hella",
    "highly",
    "hugely",
    "incredible",
    "incredibly",
    "intensely",
    "major",
    "majorly",
    "more",
    "most",
    "particularly",
    "purely",
    "quite",
    "really",
    "remarkably",
    "so",
    "substantially",
    "thoroughly",
    "total",
    "totally",
    "tremendous",
    "tremendously",
    "uber",
    "unbelievably",
    "unusually",
    "utter",
    "utterly",
    "very",
];
const DAMPENERS: &[&str] = &[
    "almost",
    "barely",
    "hardly",
    "kind-of",
    "kinda",
    "kindof",
    "less",
    "little",
    "marginal",
    "marginally",
    "occasional",
    "occasionally",
    "partly",
    "scarce",
    "scarcely",
    "slight",
    "slightly",
    "somewhat",
    "sort-of",
    "sorta",
    "sortof",
];
/// Dampeners of two words.
const DAMPENING_PAIRS: [[&str; 2]; 3] = [["just", "enough"], ["kind", "of"], ["sort", "of"]];
/// Besides all that have `n't` in them.
const NEGATIONS: &[&str] = &[
    "aint", "arent", "cannot", "cant", "couldnt", "darent", "despite", "didnt", "doesnt", "dont", "hadnt", "hasnt", "havent", "isnt",
    "mightnt", "mustnt", "neednt", "neither", "never", "none", "nope", "nor", "not", "nothing", "nowhere", "oughtnt", "rarely", "seldom",
    "shant", "shouldnt", "uh-uh", "uhuh", "wasnt", "werent", "without", "wont", "wouldnt",
];
/// Phrases with a valence of their own.
const PAIRS: [([&str; 2], f64); 6] = [
    (["the", "shit"], 3.0),
    (["the", "bomb"], 3.0),
    (["bad", "ass"], 1.5),
    (["bus", "stop"], 0.0),
    (["yeah", "right"], -2.0),
    (["beating", "heart"], 3.5),
];
const TRIPLES: [([&str; 3], f64); 2] = [(["kiss", "of", "death"], -1.5), (["to", "die", "for"], 3.0)];

/// A word in lower case, with what the lexicon says of it.
struct Token<'t> {
    word: &'t str,
    capitals: bool,
    valence: Option<f64>,
}

struct Text<'t> {
    tokens: Vec<Token<'t>>,
    /// Some words are in capitals and some are not.
    stressed: bool,
}

/// The compound score, in [-1, 1]: (Σ valences ± punctuation)/√(Σ² + 15). `valence` gives that of a word in lower case, in [-4, 4], when told
/// the word before it.
#[must_use]
pub fn compound(text: &str, valence: impl Fn(Option<&str>, &str) -> Option<f64>) -> f64 {
    let text = without_emoji(text);
    let mut lower = String::with_capacity(text.len());
    // Where each word ends in `lower`, and whether it is in capitals.
    let mut ends: Vec<(usize, bool)> = Vec::with_capacity(text.len() / 4 + 1);
    for word in text.split(is_space).filter(|word| !word.is_empty()).map(stripped) {
        if word.is_ascii() {
            lower.extend(word.bytes().map(|b| char::from(b.to_ascii_lowercase())));
        } else {
            lower.push_str(&word.to_lowercase());
        }
        ends.push((lower.len(), in_capitals(word)));
    }
    let mut tokens: Vec<Token> = Vec::with_capacity(ends.len());
    let mut start = 0;
    for (end, capitals) in ends {
        let word = lower.get(start..end).unwrap_or_default();
        let valence = valence(tokens.last().map(|t| t.word), word);
        tokens.push(Token { word, capitals, valence });
        start = end;
    }
    let capitals = tokens.iter().filter(|t| t.capitals).count();
    let stressed = 0 < capitals && capitals < tokens.len();
    let whole = Text { tokens, stressed };
    let mut sentiments: Vec<f64> = (0..whole.tokens.len()).map(|i| whole.sentiment(i)).collect();
    whole.turn_at_but(&mut sentiments);
    let sum: f64 = sentiments.iter().sum();
    let sum = match emphasis(&text) {
        more if sum > 0.0 => sum + more,
        more if sum < 0.0 => sum - more,
        _ => sum,
    };
    (sum / libm::sqrt(sum * sum + ALPHA)).clamp(-1.0, 1.0)
}

impl Text<'_> {
    fn word(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| t.word)
    }

    /// What the word at `i` adds to the sum.
    fn sentiment(&self, i: usize) -> f64 {
        let Some(token) = self.tokens.get(i) else { return 0.0 };
        let Some(known) = token.valence else { return 0.0 };
        if boost(token.word) != 0.0 || (token.word == "kind" && self.word(i + 1) == "of") {
            return 0.0;
        }
        let mut valence = known;
        let before = |n: usize| i.checked_sub(n).map_or("", |at| self.word(at));
        // A "no" before a word of the lexicon negates that word and is none itself.
        if token.word == "no" && self.tokens.get(i + 1).is_some_and(|next| next.valence.is_some()) {
            valence = 0.0;
        }
        if before(1) == "no" || before(2) == "no" || (before(3) == "no" && ["or", "nor"].contains(&before(1))) {
            valence = known * NEGATED;
        }
        if token.capitals && self.stressed {
            valence += if valence > 0.0 { CAPITALS } else { -CAPITALS };
        }
        for distance in 1..=3 {
            let Some(other) = i.checked_sub(distance).and_then(|at| self.tokens.get(at)) else { break };
            if other.valence.is_some() {
                continue;
            }
            let fades = [1.0, 0.95, 0.9].get(distance - 1).copied().unwrap_or_default();
            valence += self.boosted_by(other, valence) * fades;
            valence = negated(valence, distance, before);
            if distance == 3 {
                valence = self.by_phrase(valence, i);
            }
        }
        if before(1) == "least"
            && self.tokens.get(i.wrapping_sub(1)).is_some_and(|t| t.valence.is_none())
            && !["at", "very"].contains(&before(2))
        {
            valence *= NEGATED;
        }
        valence
    }

    fn boosted_by(&self, other: &Token, valence: f64) -> f64 {
        let mut scalar = boost(other.word);
        if scalar == 0.0 {
            return 0.0;
        }
        if valence < 0.0 {
            scalar = -scalar;
        }
        if other.capitals && self.stressed {
            scalar += if valence > 0.0 { CAPITALS } else { -CAPITALS };
        }
        scalar
    }

    /// Phrases in which the word at `i` stands, or which stand before it; `i` is 3 at least.
    fn by_phrase(&self, mut valence: f64, i: usize) -> f64 {
        let at = |n: usize| i.checked_sub(n).map_or("", |at| self.word(at));
        let (zero, one, two, three) = (at(0), at(1), at(2), at(3));
        let found = pair(one, zero).or_else(|| triple(two, one, zero)).or_else(|| pair(two, one)).or_else(|| triple(three, two, one));
        valence = found.or_else(|| pair(three, two)).unwrap_or(valence);
        let (next, after) = (self.word(i + 1), self.word(i + 2));
        valence = pair(zero, next).unwrap_or(valence);
        valence = triple(zero, next, after).unwrap_or(valence);
        for phrase in [[three, two], [two, one]] {
            if DAMPENING_PAIRS.contains(&phrase) {
                valence -= BOOST;
            }
        }
        valence
    }

    /// What stands before the first "but" counts half, what follows half as much again. As in the original, the first of equal values takes
    /// the change for all of them.
    fn turn_at_but(&self, sentiments: &mut [f64]) {
        let Some(but) = self.tokens.iter().position(|t| t.word == "but") else { return };
        for k in 0..sentiments.len() {
            let Some(value) = sentiments.get(k).copied() else { return };
            let Some(first) = sentiments.iter().position(|s| *s == value) else { return };
            let Some(changed) = sentiments.get_mut(first) else { return };
            if first < but {
                *changed = value * 0.5;
            } else if first > but {
                *changed = value * 1.5;
            }
        }
    }
}

/// What a negation at this distance makes of a valence.
fn negated<'t>(valence: f64, distance: usize, before: impl Fn(usize) -> &'t str) -> f64 {
    let emphatic = |word: &str| ["so", "this"].contains(&word);
    if distance == 2 && before(2) == "never" && emphatic(before(1)) {
        return valence * 1.25;
    }
    if distance == 2 && before(2) == "without" && before(1) == "doubt" {
        return valence;
    }
    if distance == 3 && ((before(3) == "never" && emphatic(before(2))) || emphatic(before(1))) {
        return valence * 1.25;
    }
    if distance == 3 && before(3) == "without" && (before(2) == "doubt" || before(1) == "doubt") {
        return valence;
    }
    let word = before(distance);
    if NEGATIONS.binary_search(&word).is_ok() || word.contains("n't") { valence * NEGATED } else { valence }
}

fn boost(word: &str) -> f64 {
    if INTENSIFIERS.binary_search(&word).is_ok() {
        BOOST
    } else if DAMPENERS.binary_search(&word).is_ok() {
        -BOOST
    } else {
        0.0
    }
}

fn pair(a: &str, b: &str) -> Option<f64> {
    PAIRS.iter().find(|(phrase, _)| *phrase == [a, b]).map(|(_, v)| *v)
}

fn triple(a: &str, b: &str, c: &str) -> Option<f64> {
    TRIPLES.iter().find(|(phrase, _)| *phrase == [a, b, c]).map(|(_, v)| *v)
}

/// Up to four exclamation marks, and two or more question marks.
fn emphasis(text: &str) -> f64 {
    let (mut exclaimed, mut asked) = (0_u32, 0_u32);
    for byte in text.bytes() {
        exclaimed += u32::from(byte == b'!');
        asked += u32::from(byte == b'?');
    }
    let asked = match asked {
        0 | 1 => 0.0,
        2 | 3 => f64::from(asked) * 0.18,
        _ => 0.96,
    };
    f64::from(exclaimed.min(4)) * 0.292 + asked
}

/// Emoji are what they show: each that is known becomes its description.
fn without_emoji(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut after_space = true;
    let mut bytes = [0; 4];
    for c in text.chars() {
        match if c.is_ascii() { None } else { EMOJI.find(c.encode_utf8(&mut bytes)) } {
            Some(description) => {
                if !after_space {
                    out.push(' ');
                }
                out.push_str(description);
                after_space = false;
            }
            None => {
                out.push(c);
                after_space = c == ' ';
            }
        }
    }
    Cow::Owned(out)
}

/// Without the punctuation around it; whatever has no more than two characters then is an emoticon, and stays as it is.
fn stripped(word: &str) -> &str {
    let bare = word.trim_matches(|c: char| c.is_ascii_punctuation());
    if bare.chars().nth(2).is_some() { bare } else { word }
}

/// As Python splits text: also at the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// There are letters of two cases, and all are large.
fn in_capitals(word: &str) -> bool {
    // A letter in title case is neither large nor small, and has a small form.
    let is_title = |c: char| !c.is_ascii() && !c.is_uppercase() && !c.is_lowercase() && c.to_lowercase().ne([c]);
    word.chars().any(char::is_uppercase) && !word.chars().any(|c| c.is_lowercase() || is_title(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soul::text::home::published;

    #[test]
    fn all_sentences_of_its_authors_come_out_as_published() {
        for (text, should) in [
            ("VADER is smart, handsome, and funny.", 0.8316),
            ("VADER is smart, handsome, and funny!", 0.8439),
            ("VADER is very smart, handsome, and funny.", 0.8545),
            ("VADER is VERY SMART, handsome, and FUNNY.", 0.9227),
            ("VADER is VERY SMART, handsome, and FUNNY!!!", 0.9342),
            ("VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!", 0.9469),
            ("VADER is not smart, handsome, nor funny.", -0.7424),
            ("The book was good.", 0.4404),
            ("At least it isn't a horrible book.", 0.4310),
            ("The book was only kind of good.", 0.3832),
            ("The plot was good, but the characters are uncompelling and the dialog is not great.", -0.7042),
            ("Today SUX!", -0.5461),
            ("Today only kinda sux! But I'll get by, lol", 0.5249),
            ("Make sure you :) or :D today!", 0.8633),
            ("Catch utf-8 emoji such as 💘 and 💋 and 😁", 0.8750),
            ("Not bad at all", 0.4310),
        ] {
            let is = compound(text, published);
            assert_eq!(format!("{is:.4}"), format!("{should:.4}"), "{text}");
        }
    }

    #[test]
    fn its_lists_are_sorted() {
        assert!(INTENSIFIERS.is_sorted() && DAMPENERS.is_sorted() && NEGATIONS.is_sorted());
    }

    #[test]
    fn what_has_no_words_has_no_sentiment() {
        for text in ["", " ", "\u{1f}", "\n\t"] {
            assert_eq!(compound(text, published), 0.0);
        }
    }
}
