//! What was asked for, as people type it: words, "phrases", -words, `entity:`, `kind:`, `verdict:`, `importance:` and times. Total.

use super::{when, words};
use crate::domain::{Decision, Timestamp, limits};
use jiff::tz::TimeZone;
use std::ops::Range;

/// What is looked for. Empty: whatever was last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// In lower case; each found raises a record.
    pub words: Vec<String>,
    /// Words that say next to nothing: found beside others they raise a record a little.
    pub faint: Vec<String>,
    /// Words that stand one after the other.
    pub phrases: Vec<String>,
    /// None of these.
    pub without: Vec<String>,
    /// One of these, where there are any; so for the next two.
    pub entities: Vec<String>,
    pub kinds: Vec<String>,
    pub verdicts: Vec<Decision>,
    /// At least so important, in [0, 1].
    pub importance: Option<f64>,
    pub time: Option<Range<Timestamp>>,
    /// Also facts in whose place a newer one stands.
    pub superseded: bool,
    /// What was not understood, or was too much, in words.
    pub notes: Vec<String>,
}

impl Query {
    /// Reads a query. Nothing is an error: what cannot be read is a word, or left out with a note.
    #[must_use]
    pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Self {
        let mut query = Self::default();
        let text = if text.len() > limits::QUERY_BYTES {
            query.notes.push(format!("only the first {} bytes were read", limits::QUERY_BYTES));
            text.get(..text.floor_char_boundary(limits::QUERY_BYTES)).unwrap_or_default()
        } else {
            text
        };
        let mut plain = Vec::new();
        for token in tokens(text) {
            match token {
                Token::Phrase(phrase) => query.phrases.push(phrase.to_lowercase()),
                Token::Word(word) => {
                    if !query.field(word) {
                        plain.push(bare(word).to_lowercase());
                    }
                }
            }
        }
        let (time, rest) = when::read(&plain, now, zone);
        query.time = time;
        for word in rest.into_iter().filter_map(|at| plain.get(at)) {
            // `-3.4` is a number.
            match word.strip_prefix('-').filter(|word| word.starts_with(|c: char| !c.is_numeric())) {
                Some(word) => query.without.push(word.to_owned()),
                None => query.words.push(word.clone()),
            }
        }
        words::settle(&mut query);
        query.bound();
        query
    }

    /// Whether it asks for something in words: else what is newest comes first.
    #[must_use]
    pub fn has_words(&self) -> bool {
        !self.words.is_empty() || !self.phrases.is_empty()
    }

    /// Takes `key:value`; false when it is a word like any other.
    fn field(&mut self, word: &str) -> bool {
        let Some((key, value)) = word.split_once(':').filter(|(_, value)| !value.is_empty()) else { return false };
        let value = value.trim_matches('"');
        match key.to_ascii_lowercase().as_str() {
            "entity" | "from" | "device" => self.entities.push(value.to_lowercase()),
            "kind" => self.kinds.push(value.to_lowercase()),
            "verdict" => match value.to_ascii_lowercase().as_str() {
                "allow" | "allowed" => self.verdicts.push(Decision::Allow),
                "deny" | "denied" | "refused" => self.verdicts.push(Decision::Deny),
                "escalate" | "escalated" | "held" | "asked" => self.verdicts.push(Decision::Escalate),
                _ => self.notes.push(format!("`{value}` is no verdict: write allowed, denied or held")),
            },
            "superseded" => match value.to_ascii_lowercase().as_str() {
                "yes" | "true" => self.superseded = true,
                "no" | "false" => self.superseded = false,
                _ => self.notes.push(format!("`{value}` says neither yes nor no: superseded:yes shows older facts as well")),
            },
            "importance" => match value.trim_start_matches(['>', '=']).parse::<f64>() {
                Ok(least) if (0.0..=1.0).contains(&least) => self.importance = Some(least),
                _ => self.notes.push(format!("`{value}` is no importance: write a number from 0 to 1")),
            },
            _ => return false,
        }
        true
    }

    fn bound(&mut self) {
        let most = limits::QUERY_WORDS;
        let lists = [&mut self.words, &mut self.faint, &mut self.phrases, &mut self.without, &mut self.entities, &mut self.kinds];
        let mut cut = false;
        for list in lists {
            // The same again finds nothing else, and is looked up again.
            let mut seen = std::collections::BTreeSet::new();
            list.retain(|one| seen.insert(one.clone()));
            cut |= list.len() > most;
            list.truncate(most);
        }
        // `a.b.c` is one word to who types it, and three to the index.
        let mut room = most;
        for list in [&mut self.phrases, &mut self.words, &mut self.without] {
            list.retain(|one| {
                let needs = one.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).count();
                let fits = needs <= room;
                room -= if fits { needs } else { 0 };
                cut |= !fits;
                fits
            });
        }
        if cut {
            self.notes.push(format!("only the first {most} words were looked for"));
        }
    }
}

/// A word without the marks that a sentence puts behind it.
fn bare(word: &str) -> &str {
    let bare = word.trim_end_matches(['?', '!', ',', ';', '.', ':', ')']);
    let bare = bare.strip_prefix('(').unwrap_or(bare);
    if bare.is_empty() { word } else { bare }
}

enum Token<'t> {
    Word(&'t str),
    Phrase(&'t str),
}

/// Words between spaces, and what stands between quotation marks; one that is not closed ends with the text.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('"') {
            let (phrase, after) = inside.split_once('"').unwrap_or((inside, ""));
            if !phrase.trim().is_empty() {
                tokens.push(Token::Phrase(phrase.trim()));
            }
            rest = after.trim_start();
            continue;
        }
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        tokens.push(Token::Word(word));
        rest = after.trim_start();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Query {
        Query::parse(text, Timestamp::from_micros(1_795_000_000_000_000), &TimeZone::UTC)
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn no_more_words_are_looked_up_than_may_be_however_they_are_joined() {
        let lookups = |query: &Query| {
            let all = query.words.iter().chain(&query.phrases).chain(&query.without);
            all.map(|one| one.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).count()).sum::<usize>()
        };
        let n = limits::QUERY_WORDS;
        let joined = |n: usize| (0..n).map(|i| format!("w{i}")).collect::<Vec<_>>().join(".");
        assert_eq!((lookups(&parse(&joined(n))), parse(&joined(n)).notes.len()), (n, 0));
        assert_eq!((lookups(&parse(&joined(n + 1))), parse(&joined(n + 1)).notes.len()), (0, 1), "one past");
        assert_eq!(parse(&"door ".repeat(100)).words, strings(&["door"]));
        for hostile in
            ["a.".repeat(500), "\"the the the the the the the the\" ".repeat(28), "-a-b-c-d-e-f-g-h ".repeat(60), "\u{130}".repeat(512)]
        {
            assert!(lookups(&parse(&hostile)) <= n, "{hostile}");
        }
    }

    #[test]
    fn each_part_is_read_as_what_it_is() {
        let query =
            parse(r#"Front door last night "was denied" -lamp entity:hub kind:request verdict:denied verdict:HELD importance:>0.6"#);
        assert_eq!(query.words, strings(&["front", "door"]));
        assert_eq!(query.phrases, strings(&["was denied"]));
        assert_eq!(query.without, strings(&["lamp"]));
        assert_eq!((query.entities, query.kinds), (strings(&["hub"]), strings(&["request"])));
        assert_eq!(query.verdicts, [Decision::Deny, Decision::Escalate]);
        assert_eq!(query.importance, Some(0.6));
        assert!(query.time.is_some() && query.notes.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_said_or_is_a_word() {
        let query = parse(r#"verdict:maybe importance:9 http://x "open end"#);
        assert_eq!(query.words, strings(&["http://x"]));
        assert_eq!(query.phrases, strings(&["open end"]));
        assert_eq!(query.notes.len(), 2, "{:?}", query.notes);
        assert_eq!(parse(""), Query::default());
        assert_eq!(parse("- \"\" entity:").words, strings(&["-", "entity"]));
        assert_eq!(parse("freezer -3.4 -lamp").words, strings(&["freezer", "-3.4"]), "a number below zero leaves nothing out");
    }

    #[test]
    fn a_sentence_is_read_as_its_words() {
        let query = parse("Who unlocked the front door last night?");
        assert_eq!(query.words, strings(&["unlocked", "front", "door"]));
        assert!(query.time.is_some(), "the mark at its end hides no time");
        assert_eq!(parse("leak, yesterday!").words, strings(&["leak"]));
        assert_eq!(parse("(hall)").words, strings(&["hall"]));
    }

    #[test]
    fn one_past_each_limit_is_left_out_and_said() {
        let many: String = (0..=limits::QUERY_WORDS).map(|n| format!("w{n} ")).collect();
        let query = parse(&many);
        assert_eq!((query.words.len(), query.notes.len()), (limits::QUERY_WORDS, 1));
        let long = "é".repeat(limits::QUERY_BYTES / 2 + 1);
        let query = parse(&long);
        assert_eq!((query.words[0].len(), query.notes.len()), (limits::QUERY_BYTES, 1));
    }

    proptest! {
        #[test]
        fn no_text_is_an_error(text in any::<String>()) {
            let query = parse(&text);
            prop_assert!(query.words.len() <= limits::QUERY_WORDS);
        }
    }
}
