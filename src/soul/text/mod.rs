//! What people say in words, as one number. A weak signal: it never raises anybody's authority.

mod home;
mod table;
mod vader;

use crate::domain::limits;

/// How good or bad a text is, in [-1, 1]: VADER's compound with the words of the house. No text fails; a long one is weighed by its beginning.
#[must_use]
pub fn sentiment(text: &str) -> f64 {
    let beginning = text.get(..text.floor_char_boundary(limits::TEXT_BYTES)).unwrap_or(text);
    vader::compound(beginning, home::valence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_house_has_words_of_its_own() {
        for (text, low, high) in [
            ("There is smoke in the cellar!", -1.0, -0.4),
            ("the sink leaks", -1.0, -0.4),
            ("It is too hot in here", -0.6, -0.3),
            ("I'm freezing", -0.6, -0.3),
            ("a burglar!", -1.0, -0.5),
            ("Thank you, Jamey", 0.4, 0.8),
            ("the lamp in the hall", -0.001, 0.001),
            ("not too hot", 0.0, 0.5),
        ] {
            let s = sentiment(text);
            assert!((low..=high).contains(&s), "{text}: {s}");
        }
    }

    #[test]
    fn one_byte_past_the_limit_is_not_weighed() {
        let filler = "x".repeat(limits::TEXT_BYTES - 5);
        assert!(sentiment(&format!("{filler} good")) > 0.4, "the last byte counts");
        assert_eq!(sentiment(&format!("{filler}  good")), 0.0, "`goo` is no word");
        assert_eq!(sentiment(&format!("{filler}     💘")), 0.0);
    }

    proptest! {
        #[test]
        fn any_text_has_a_sentiment(text in any::<String>()) {
            let s = sentiment(&text);
            prop_assert!((-1.0..=1.0).contains(&s), "{}", s);
        }

        #[test]
        fn so_has_any_row_of_its_words(words in prop::collection::vec(
            prop::sample::select(vec!["but", "no", "not", "never", "so", "this", "least", "at", "very", "VERY", "good", "BAD", "bad",
                "kind", "of", "without", "doubt", "the", "bomb", "kiss", "death", "to", "die", "for", "💘", "!", "??", ":)", "n't", "ǅ", "İ", "\u{1c}"]), 0..40),
            glue in prop::sample::select(vec![" ", "", "\u{a0}", "\n"])) {
            let s = sentiment(&words.join(glue));
            prop_assert!((-1.0..=1.0).contains(&s), "{}", s);
        }
    }
}
