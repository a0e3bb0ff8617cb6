//! What somebody wants to know of the house's memory, as it is asked over MQTT: JSON in, a question or what is wrong with it out. Pure.

use super::{Decision, Timestamp, limits};
use serde_json::{Map, Value};

/// A question. What is not narrowed is open; without a query it asks for what was last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// As people type it.
    pub query: String,
    /// In 1..=`limits::RECALLED`.
    pub limit: usize,
    /// Where a page before ended.
    pub cursor: Option<String>,
    pub entities: Vec<String>,
    pub kinds: Vec<String>,
    pub verdicts: Vec<Decision>,
    /// At least so important, in [0, 1].
    pub importance: Option<f64>,
    /// Times as people write them.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The same as programs say it: from a time on, and before another; to the millisecond.
    pub within: (Option<Timestamp>, Option<Timestamp>),
    /// The asker's own, repeated in the reply.
    pub transaction: Option<Value>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Unanswerable {
    pub transaction: Option<Value>,
    pub why: String,
}

/// Records of a page where nothing else is asked for: what a person reads at a glance.
pub const USUAL_LIMIT: usize = 10;

impl Question {
    /// Reads a question. Unknown keys are left alone.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn read(payload: &[u8]) -> Result<Self, Unanswerable> {
        let wrong = |why: String| Unanswerable { transaction: None, why };
        if payload.len() > limits::QUESTION_BYTES {
            return Err(wrong(format!("a question has at most {} bytes", limits::QUESTION_BYTES)));
        }
        let Ok(Value::Object(mut said)) = serde_json::from_slice(payload) else {
            return Err(wrong("write a JSON object, as in {\"query\": \"front door last night\", \"limit\": 10}".to_owned()));
        };
        let transaction = said.remove("transaction").filter(|t| !t.is_null());
        Self::of(&said)
            .map(|question| Self { transaction: transaction.clone(), ..question })
            .map_err(|why| Unanswerable { transaction, why })
    }

    fn of(said: &Map<String, Value>) -> Result<Self, String> {
        match said.get("v") {
            None | Some(Value::Null) => {}
            Some(v) if v.as_u64() == Some(1) => {}
            Some(v) => return Err(format!("`v` is {v}, and this Jamey speaks 1: leave it out, or write 1")),
        }
        let limit = match said.get("limit") {
            None | Some(Value::Null) => USUAL_LIMIT,
            Some(limit) => limit
                .as_u64()
                .and_then(|n| usize::try_from(n).ok())
                .filter(|n| (1..=limits::RECALLED).contains(n))
                .ok_or_else(|| format!("`limit` is a whole number from 1 to {}", limits::RECALLED))?,
        };
        let importance = match said.get("importance") {
            None | Some(Value::Null) => None,
            Some(least) => Some(
                least.as_f64().filter(|x| (0.0..=1.0).contains(x)).ok_or("`importance` is a number from 0 to 1: the least that counts")?,
            ),
        };
        let verdicts = words(said, "verdict")?.iter().map(|word| verdict(word)).collect::<Result<_, _>>()?;
        Ok(Self {
            query: word(said, "query")?.unwrap_or_default(),
            limit,
            cursor: word(said, "cursor")?,
            entities: words(said, "entity")?,
            kinds: words(said, "kind")?,
            verdicts,
            importance,
            from: word(said, "from")?,
            to: word(said, "to")?,
            within: (None, None),
            transaction: None,
        })
    }
}

/// A decision as people name it.
///
/// # Errors
/// When it is none.
pub fn verdict(word: &str) -> Result<Decision, String> {
    match word.to_ascii_lowercase().as_str() {
        "allow" | "allowed" => Ok(Decision::Allow),
        "deny" | "denied" | "refused" => Ok(Decision::Deny),
        "escalate" | "escalated" | "held" | "asked" => Ok(Decision::Escalate),
        _ => Err(format!("`{word}` is no verdict: write allowed, denied or held")),
    }
}

fn word(said: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match said.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` is a text")),
    }
}

/// One text, or a list of them: one of these.
fn words(said: &Map<String, Value>, key: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{key}` is a text, or a list of at most {} texts", limits::QUERY_WORDS);
    match said.get(key) {
        Some(Value::Array(list)) if list.len() <= limits::QUERY_WORDS => {
            list.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or_else(wrong)
        }
        Some(Value::Array(_)) => Err(wrong()),
        _ => word(said, key).map(|one| one.into_iter().collect()).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(said: Value) -> Result<Question, Unanswerable> {
        Question::read(said.to_string().as_bytes())
    }

    #[test]
    fn a_question_is_read_whole() {
        let question = read(json!({
            "v": 1, "query": "front door", "limit": 200, "cursor": "a-b-c", "entity": "hub", "kind": ["act", "command"],
            "verdict": "denied", "importance": 0.5, "from": "2026-11-24", "to": "yesterday", "transaction": {"n": 7}, "else": [],
        }));
        let question = question.unwrap();
        assert_eq!((question.query.as_str(), question.limit, question.cursor.as_deref()), ("front door", 200, Some("a-b-c")));
        assert_eq!((question.entities, question.kinds), (vec!["hub".to_owned()], vec!["act".to_owned(), "command".to_owned()]));
        assert_eq!((question.verdicts, question.importance), (vec![Decision::Deny], Some(0.5)));
        assert_eq!((question.from.as_deref(), question.to.as_deref()), (Some("2026-11-24"), Some("yesterday")));
        assert_eq!(question.transaction, Some(json!({"n": 7})));
        let least = read(json!({})).unwrap();
        assert_eq!((least.query.as_str(), least.limit), ("", USUAL_LIMIT), "nothing in particular: what was last");
    }

    #[test]
    fn what_is_wrong_is_told_in_words_and_one_past_each_limit_is_wrong() {
        for (said, why) in [
            (json!({"limit": limits::RECALLED + 1}), "`limit` is a whole number from 1 to 200"),
            (json!({"limit": 0}), "`limit` is"),
            (json!({"limit": 1.5}), "`limit` is"),
            (json!({"limit": "10"}), "`limit` is"),
            (json!({"v": 2}), "`v` is 2, and this Jamey speaks 1"),
            (json!({"v": "1"}), "`v` is"),
            (json!({"query": ["a"]}), "`query` is a text"),
            (json!({"cursor": 5}), "`cursor` is a text"),
            (json!({"entity": [1]}), "`entity` is a text, or a list"),
            (json!({"kind": vec!["a"; limits::QUERY_WORDS + 1]}), "`kind` is a text, or a list of at most 32"),
            (json!({"verdict": "maybe"}), "`maybe` is no verdict"),
            (json!({"importance": 1.01}), "`importance` is a number from 0 to 1"),
            (json!({"from": 1_795_000_000}), "`from` is a text"),
        ] {
            let mut asked = said.clone();
            asked["transaction"] = json!("t");
            let wrong = read(asked).unwrap_err();
            assert!(wrong.why.starts_with(why), "{said}: {}", wrong.why);
            assert_eq!(wrong.transaction, Some(json!("t")), "{said}");
        }
        for payload in ["", "null", "[]", "\"front door\"", "{\"query\": \"a\"", "\u{1}"] {
            assert!(Question::read(payload.as_bytes()).unwrap_err().why.starts_with("write a JSON object"), "{payload}");
        }
        assert_eq!(read(json!({"kind": vec!["a"; limits::QUERY_WORDS]})).unwrap().kinds.len(), limits::QUERY_WORDS);
        let padded = |bytes: usize| format!("{{\"query\":\"{}\"}}", "x".repeat(bytes - 12));
        assert_eq!(padded(limits::QUESTION_BYTES).len(), limits::QUESTION_BYTES);
        assert!(Question::read(padded(limits::QUESTION_BYTES).as_bytes()).is_ok());
        let past = Question::read(padded(limits::QUESTION_BYTES + 1).as_bytes()).unwrap_err();
        assert!(past.why.starts_with("a question has at most 8192 bytes"), "{}", past.why);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_a_question_or_told_what_is_wrong(noise in proptest::collection::vec(any::<u8>(), 0..200), text in ".{0,80}") {
            prop_assert!(Question::read(&noise).is_ok() || Question::read(&noise).is_err_and(|wrong| !wrong.why.is_empty()));
            prop_assert_eq!(read(json!({"query": text})).unwrap().query, text);
        }
    }
}
