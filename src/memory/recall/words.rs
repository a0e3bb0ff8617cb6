//! Which words of a question are looked for: those that say nothing hardly count, and verdicts are called by what memories call them.

use super::Query;

/// Words of which sentences are made; what is left tells what is asked about. `on`, `off` and `no` are not among them: devices say them.
const SAY_NOTHING: &[&str] = &[
    "a",
    "about",
    "again",
    "am",
    "an",
    "and",
    "any",
    "anybody",
    "anyone",
    "anything",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "but",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "else",
    "ever",
    "for",
    "from",
    "had",
    "happen",
    "happened",
    "has",
    "have",
    "he",
    "her",
    "him",
    "his",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "me",
    "must",
    "my",
    "of",
    "or",
    "our",
    "she",
    "should",
    "so",
    "somebody",
    "someone",
    "something",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "thing",
    "things",
    "this",
    "those",
    "to",
    "us",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
];

/// What memories say, and what people say for it. Only words that Jamey itself puts into memories: how devices are called is the house's.
const CALLED: &[(&str, &[&str])] = &[
    ("denied", &["refused", "rejected", "blocked", "forbidden", "forbade", "forbid", "prohibited", "declined", "refuse", "reject", "deny"]),
    ("allowed", &["permitted", "granted", "approved", "permit", "grant", "approve"]),
    ("said", &["say", "says", "told", "tell", "tells", "mentioned", "wrote"]),
    ("unusual", &["anomaly", "anomalies", "anomalous", "abnormal", "odd", "strange", "weird", "unexpected", "wrong"]),
    ("above", &["high", "higher", "hot", "warm", "overheated", "thaw", "thawed"]),
    ("below", &["low", "lower", "cold", "frost", "frozen", "froze", "freezing"]),
    ("leak", &["wet", "flood", "flooded", "flooding"]),
    ("motion", &["movement", "moved", "moving"]),
    ("closed", &["shut"]),
    ("turned", &["switched", "switch"]),
];

/// Makes faint what says nothing, where anything else is asked for, and adds what memories say for what people say.
pub(super) fn settle(query: &mut Query) {
    let says = |word: &String| !SAY_NOTHING.contains(&word.as_str());
    let narrowed = query.time.is_some() || !query.phrases.is_empty() || !query.entities.is_empty() || !query.kinds.is_empty();
    if narrowed || !query.verdicts.is_empty() || query.words.iter().any(says) {
        (query.words, query.faint) = std::mem::take(&mut query.words).into_iter().partition(says);
    }
    let called: Vec<String> = CALLED
        .iter()
        .filter(|(word, others)| query.words.iter().any(|w| others.contains(&w.as_str())) && !query.words.iter().any(|w| w == word))
        .map(|(word, _)| (*word).to_owned())
        .collect();
    query.words.extend(called);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use jiff::tz::TimeZone;

    fn words(text: &str) -> Vec<String> {
        Query::parse(text, Timestamp::from_micros(1_795_000_000_000_000), &TimeZone::UTC).words
    }

    #[test]
    fn words_that_say_nothing_hardly_count_where_others_are() {
        assert_eq!(words("who turned the lamp on"), ["turned", "lamp", "on"]);
        assert_eq!(words("what happened last night"), Vec::<String>::new(), "what was last of that night");
        assert_eq!(words("who is there"), ["who", "is", "there"], "else nothing would be asked for");
        assert_eq!(words("the \"who\""), Vec::<String>::new(), "what stands between quotation marks is asked for as it is");
    }

    #[test]
    fn verdicts_are_called_by_their_names_too() {
        assert_eq!(words("front door refused"), ["front", "door", "refused", "denied"]);
        assert_eq!(words("refused denied"), ["refused", "denied"]);
        assert_eq!(words("what did anna say"), ["anna", "say", "said"]);
        assert_eq!(words("strange hot freezer"), ["strange", "hot", "freezer", "unusual", "above"]);
    }
}
