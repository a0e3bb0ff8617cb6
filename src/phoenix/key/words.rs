//! The recovery sheet: the repository key as 24 words that a person can copy by hand, the last of them with a checksum in it (BIP-39, English).

use super::{PhoenixError, RepositoryKey};
use bip39::{Error, Language, Mnemonic};
use zeroize::Zeroizing;

/// 256 bits of key and 8 of checksum, 11 a word.
const WORDS: usize = 24;

impl RepositoryKey {
    /// The recovery sheet: 24 words, the last with a checksum in it (BIP-39, English).
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        let sheet = Mnemonic::from_entropy_in(Language::English, self.0.as_slice());
        // The longest word has 8 letters, so no copy is left behind by growing. 32 bytes are a length that BIP-39 has.
        let mut words = Zeroizing::new(String::with_capacity(WORDS * 9));
        for word in sheet.iter().flat_map(Mnemonic::words) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
        words
    }

    /// As they stand on the sheet or were copied from it: case, blanks, line breaks and numbers before the words do not matter.
    ///
    /// # Errors
    /// Says which word is unknown, or that the checksum is wrong.
    pub fn from_words(words: &str) -> Result<Self, PhoenixError> {
        let mut clean = Zeroizing::new(String::with_capacity(2 * words.len()));
        for word in words.split(|c: char| c.is_whitespace() || c == ',') {
            let word = word.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
            if !word.is_empty() {
                clean.extend(word.chars().flat_map(char::to_lowercase));
                clean.push(' ');
            }
        }
        let found = clean.split_whitespace().count();
        // An unknown word first: two that were written as one are missing in the count too.
        let strange = |n: usize| match clean.split_whitespace().nth(n) {
            Some(word) => format!("word {}, `{word}`, is not on the list of words: compare it with the sheet", n + 1),
            None => "a word is not on the list of words: compare them with the sheet".into(),
        };
        let unknown = clean.split_whitespace().position(|word| Language::English.find_word(word).is_none());
        if let Some(n) = unknown {
            return Err(PhoenixError::Key(strange(n)));
        }
        if found != WORDS {
            return Err(PhoenixError::Key(format!("a recovery sheet has {WORDS} words, here are {found}")));
        }
        let sheet = Mnemonic::parse_in_normalized(Language::English, &clean).map_err(|error| {
            PhoenixError::Key(match error {
                Error::UnknownWord(n) => strange(n),
                _ => "the checksum of the words is wrong: one is not the one on the sheet, or two changed places".into(),
            })
        })?;
        let (entropy, _) = sheet.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        let mut key = Zeroizing::new([0; 32]);
        key.iter_mut().zip(entropy.iter()).for_each(|(to, from)| *to = *from);
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(bytes: [u8; 32]) -> RepositoryKey {
        RepositoryKey(Zeroizing::new(bytes))
    }

    /// From the vectors of BIP-39 (Trezor).
    #[test]
    fn the_words_are_those_of_bip_39() {
        let known = [
            ([0; 32], format!("{} art", ["abandon"; 23].join(" "))),
            ([0xFF; 32], format!("{} vote", ["zoo"; 23].join(" "))),
            (
                [0x80; 32],
                format!(
                    "{} letter advice cage absurd amount doctor acoustic bless",
                    ["letter advice cage absurd amount doctor acoustic avoid"; 2].join(" ")
                ),
            ),
        ];
        for (bytes, words) in known {
            assert_eq!(*key(bytes).words(), words);
            assert_eq!(*RepositoryKey::from_words(&words).unwrap().0, bytes);
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_words_and_they_are_it(bytes: [u8; 32]) {
            let words = key(bytes).words();
            prop_assert_eq!(words.split(' ').count(), 24);
            prop_assert_eq!(*RepositoryKey::from_words(&words).unwrap().0, bytes);
        }

        #[test]
        fn no_text_is_too_odd_to_be_answered(text: String) {
            prop_assert!(RepositoryKey::from_words(&text).is_err());
        }
    }

    #[test]
    fn they_may_be_copied_in_any_hand() {
        let words = key([0x80; 32]).words();
        let numbered = |form: fn(usize, &str) -> String| words.split(' ').enumerate().map(|(n, w)| form(n + 1, w)).collect::<String>();
        let hands = [
            numbered(|n, word| format!("{n}. {word}\n")),
            numbered(|n, word| format!("{n:2}) {}\t", word.to_uppercase())),
            numbered(|n, word| format!("{n}.{word},")),
            numbered(|n, word| format!("  {n}\r\n{word}  \r\n\r\n")),
            format!("\u{a0}{}.", words.to_uppercase()),
        ];
        for hand in hands {
            assert_eq!(*RepositoryKey::from_words(&hand).unwrap().0, [0x80; 32], "{hand}");
        }
    }

    #[test]
    fn what_is_wrong_with_them_is_said() {
        let said = |words: &str| RepositoryKey::from_words(words).unwrap_err().to_string();
        let words = key([0x80; 32]).words();
        assert_eq!(said(&words.replacen("cage", "1. Cagge", 1)), "word 3, `cagge`, is not on the list of words: compare it with the sheet");
        assert_eq!(said(&words.replacen("letter ", "", 1)), "a recovery sheet has 24 words, here are 23");
        assert_eq!(said(&format!("{} zoo", *words)), "a recovery sheet has 24 words, here are 25");
        assert_eq!(said(""), "a recovery sheet has 24 words, here are 0");
        let wrong = "the checksum of the words is wrong: one is not the one on the sheet, or two changed places";
        assert_eq!(said(&words.replacen("cage", "zoo", 1)), wrong);
        assert_eq!(said(&words.replacen("letter advice", "advice letter", 1)), wrong);
    }
}
