//! How a text falls into words: at all that is neither letter nor digit, but for the points of numbers. `21.5` is a word, and at the same place so is
//! `21`, for who does not ask so exactly.

use tantivy::tokenizer::{Language, LowerCaser, RemoveLongFilter, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};

pub const NAME: &str = "words";

/// Bytes of a word; longer ones are none.
const LONGEST: usize = 40;

/// Words in lower case, and of English ones the stems.
pub fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(Words::default())
        .filter(RemoveLongFilter::limit(LONGEST))
        .filter(LowerCaser)
        .filter(Stemmer::new(Language::English))
        .build()
}

/// The words of a text with their places; at one place may be several.
pub fn placed(analyzer: &mut TextAnalyzer, text: &str) -> Vec<(usize, String)> {
    let mut stream = analyzer.token_stream(text);
    let mut words = Vec::new();
    while let Some(token) = stream.next() {
        words.push((token.position, token.text.clone()));
    }
    words
}

/// The words that are asked for: of several at one place the one that says most.
pub fn asked(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut words = placed(analyzer, text);
    words.dedup_by_key(|(place, _)| *place);
    words.into_iter().map(|(_, word)| word).collect()
}

#[derive(Clone, Default)]
struct Words {
    token: Token,
}

struct Stream<'a> {
    text: &'a str,
    at: usize,
    /// Where the whole part of a number ends that was just read.
    whole: Option<usize>,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.token.reset();
        Stream { text, at: 0, whole: None, token: &mut self.token }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        if let Some(whole) = self.whole.take() {
            self.token.offset_to = whole;
            self.say();
            return true;
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(word) = rest.find(char::is_alphanumeric).and_then(|at| rest.get(at..)) else { return false };
        let from = self.text.len() - word.len();
        let (length, whole) = measured(word);
        self.token.position = self.token.position.wrapping_add(1);
        (self.token.offset_from, self.token.offset_to, self.at) = (from, from + length, from + length);
        self.whole = whole.map(|length| from + length);
        self.say();
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

impl Stream<'_> {
    fn say(&mut self) {
        let word = self.text.get(self.token.offset_from..self.token.offset_to);
        self.token.text.clear();
        self.token.text.push_str(word.unwrap_or_default());
    }
}

/// How long the word is with which a text begins; and its whole part, where it is a number with a point.
fn measured(text: &str) -> (usize, Option<usize>) {
    let word = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    if !text.bytes().take(word).all(|byte| byte.is_ascii_digit()) {
        return (word, None);
    }
    let mut end = word;
    while let Some(digits) = text.get(end..).and_then(|rest| rest.strip_prefix('.')).map(digits).filter(|digits| *digits > 0) {
        end += 1 + digits;
    }
    (end, (end > word).then_some(word))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_one_word_and_its_whole_part_stands_there_too() {
        let words =
            |text: &str| placed(&mut analyzer(), text).into_iter().map(|(at, word)| format!("{at}:{word}")).collect::<Vec<_>>().join(" ");
        assert_eq!(words("Kitchen sensor: 21.5 °C"), "0:kitchen 1:sensor 2:21.5 2:21 3:c");
        assert_eq!(words("192.168.1.20, 7. 3.x -0.5kg a.b"), "0:192.168.1.20 0:192 1:7 2:3 3:x 4:0.5 4:0 5:kg 6:a 7:b");
        assert_eq!(words("2026-11-27 12:30 5kg v1.2"), "0:2026 1:11 2:27 3:12 4:30 5:5kg 6:v1 7:2");
        assert_eq!(words(" .. °"), "");
        assert_eq!(asked(&mut analyzer(), "opened 21.5"), ["open", "21.5"]);
    }

    proptest! {
        #[test]
        fn any_text_falls_into_words_of_its_own(text in "\\PC{0,60}|[0-9. x]{0,30}") {
            let mut words = Words::default();
            let mut stream = words.token_stream(&text);
            let (mut from, mut to) = (0, 0);
            while stream.advance() {
                let token = stream.token();
                prop_assert_eq!(text.get(token.offset_from..token.offset_to), Some(token.text.as_str()));
                prop_assert!(!token.text.is_empty() && (token.offset_from >= to || token.offset_from == from && token.offset_to < to));
                (from, to) = (token.offset_from, token.offset_to.max(to));
            }
        }
    }
}
