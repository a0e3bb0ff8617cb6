//! From a question to a query, and from a page to its public form: the same over MQTT and on the command line.

use super::{Page, Query, Recalled, find::began};
use crate::domain::{Question, Timestamp};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::ops::Range;

impl Query {
    /// What a question asks for: what stands in its query, narrowed by what it says beside it.
    ///
    /// # Errors
    /// When `from` or `to` is no time: what to write.
    pub fn asked(question: &Question, now: Timestamp, zone: &TimeZone) -> Result<Self, String> {
        // A later page asks of the same time as the first: an hour ago stays where it was.
        let now = question.cursor.as_deref().and_then(began).unwrap_or(now);
        let mut query = Self::parse(&question.query, now, zone);
        let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
        query.entities.extend(lower(&question.entities));
        query.kinds.extend(lower(&question.kinds));
        query.verdicts.extend(&question.verdicts);
        query.importance = question.importance.or(query.importance);
        for (key, word, time) in [("from", "since", &question.from), ("to", "until", &question.to)] {
            let Some(text) = time else { continue };
            let range = read(word, text, now, zone)
                .ok_or_else(|| format!("`{key}`: `{text}` is no time; write 2026-11-24, 2026-11-24T18:00, or yesterday"))?;
            query.time = Some(match query.time {
                Some(before) => before.start.max(range.start)..before.end.min(range.end),
                None => range,
            });
        }
        if let (from, to) = question.within
            && (from.is_some() || to.is_some())
        {
            // An id holds milliseconds, and it is ids that are compared.
            let whole = |time: Timestamp| Timestamp::from_micros(time.micros().div_euclid(1_000).saturating_mul(1_000));
            let always = Timestamp::from_micros(i64::MIN)..Timestamp::from_micros(i64::MAX);
            let before = query.time.unwrap_or(always);
            query.time = Some(
                from.map_or(before.start, |from| whole(from).max(before.start))..to.map_or(before.end, |to| whole(to).min(before.end)),
            );
        }
        Ok(query)
    }
}

/// A text that is a time and nothing else.
fn read(word: &str, text: &str, now: Timestamp, zone: &TimeZone) -> Option<Range<Timestamp>> {
    let said = Query::parse(&format!("{word} {text}"), now, zone);
    let is_alone = !said.has_words() && said.without.is_empty() && said.entities.is_empty() && said.kinds.is_empty();
    said.time.filter(|_| is_alone && said.verdicts.is_empty() && said.importance.is_none() && said.notes.is_empty())
}

/// A page in public form.
#[must_use]
pub fn told(query: &Query, page: &Page) -> Value {
    json!({"records": page.records.iter().map(record).collect::<Vec<_>>(), "next": page.next, "notes": query.notes})
}

fn record(one: &Recalled) -> Value {
    let (row, record) = (&one.record, &one.record.record);
    json!({
        "id": row.id,
        "at": row.at.to_string(),
        "entity": row.entity,
        "kind": row.kind,
        "topic": row.topic,
        "text": record.text,
        "importance": record.importance,
        "layer": record.layer,
        "pinned": row.pinned,
        "requester": row.requester,
        "score": one.score,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decision;

    #[test]
    fn a_later_page_asks_of_the_time_of_the_first() {
        let asked = |cursor: Option<String>, query: &str, now| {
            let question = Question { query: query.into(), from: Some("3 hours ago".into()), cursor, ..Question::default() };
            Query::asked(&question, now, &TimeZone::UTC).ok().and_then(|query| query.time)
        };
        let (first, later) = (Timestamp::read("2026-11-25T12:00:00Z").unwrap(), Timestamp::read("2026-11-25T13:30:00Z").unwrap());
        let cursor = |now: i64| Some(format!("{now:x}-0-{:x}-{}", 0.5_f64.to_bits(), "0".repeat(32)));
        let told = asked(None, "door last hour", first);
        assert!(told.is_some() && told != asked(None, "door last hour", later));
        assert_eq!(asked(cursor(first.micros()), "door last hour", later), told);
        assert_eq!(asked(Some("nonsense".into()), "door last hour", first), told, "what is no cursor is refused by who looks");
        // Whoever asks can write what they like into a cursor: the last moments that there are, and beyond them.
        for now in [253_402_207_200_999_999, 253_402_207_200_000_000, 253_402_120_800_000_000, 253_402_300_800_000_000, i64::MAX, 1, 0] {
            let cursor = cursor(now);
            assert_eq!(began(cursor.as_deref().unwrap()), Some(Timestamp::from_micros(now)));
            for query in
                ["last hour", "yesterday evening", "on Monday", "since 6 pm", "3 days ago", "in March", "last year", "tonight", "tomorrow"]
            {
                for hours in [-14, 0, 14] {
                    let zone = jiff::tz::Offset::constant(hours).to_time_zone();
                    let question = Question { query: query.into(), cursor: cursor.clone(), ..Question::default() };
                    assert!(Query::asked(&question, first, &zone).is_ok(), "{now} {query} {hours}");
                }
            }
        }
    }

    #[test]
    fn what_stands_beside_a_query_narrows_it() {
        let now = Timestamp::read("2026-11-25T12:00:00Z").unwrap();
        let question = Question {
            query: "door entity:hub yesterday".into(),
            entities: vec!["Lock".into()],
            kinds: vec!["act".into()],
            verdicts: vec![Decision::Deny],
            importance: Some(0.5),
            from: Some("2026-11-24T18:00".into()),
            to: Some("2026-11-24T20:00:00Z".into()),
            ..Question::default()
        };
        let query = Query::asked(&question, now, &TimeZone::UTC).unwrap();
        assert_eq!((query.words, query.entities), (vec!["door".to_owned()], vec!["hub".to_owned(), "lock".to_owned()]));
        assert_eq!((query.kinds, query.verdicts, query.importance), (vec!["act".to_owned()], vec![Decision::Deny], Some(0.5)));
        let time = query.time.unwrap();
        assert_eq!(time.start, Timestamp::read("2026-11-24T18:00:00Z").unwrap());
        assert_eq!(time.end, Timestamp::read("2026-11-24T20:01:00Z").unwrap(), "the minute that was named is in it");
        for bad in ["soon", "", "yesterday door", "\"x\"", "entity:x", "13:99", "24.13.2026"] {
            let question = Question { from: Some(bad.into()), ..Question::default() };
            let why = Query::asked(&question, now, &TimeZone::UTC).unwrap_err();
            assert!(why.starts_with(&format!("`from`: `{bad}` is no time; write")), "{why}");
        }
    }
}
