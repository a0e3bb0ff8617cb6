//! What a subscriber wants: kinds, entities, and from where on. The same in an address and in a message.

use crate::{
    domain::{EntityId, limits},
    observe::news::{EventId, Kind},
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What is told to one subscriber, of all that may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub kinds: BTreeSet<Kind>,
    /// Empty: whoever it is about.
    pub entities: BTreeSet<EntityId>,
}

/// In an address, as lists with commas.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    kinds: Option<String>,
    entities: Option<String>,
    from: Option<String>,
    /// Was looked at before.
    #[serde(rename = "ticket")]
    _ticket: Option<String>,
}

/// What a subscriber says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Message {
    Subscribe {
        /// Left out: all.
        kinds: Option<Vec<String>>,
        /// Left out, or empty: whoever it is about.
        #[serde(default)]
        entities: Vec<String>,
        /// The id of an event: what came after it. Left out: what comes next.
        from: Option<String>,
    },
}

impl Wish {
    /// All that there is, or nothing.
    pub fn of_all(is_all: bool) -> Self {
        Self { kinds: if is_all { Kind::ALL.into() } else { BTreeSet::new() }, entities: BTreeSet::new() }
    }

    fn of<'w>(kinds: impl Iterator<Item = &'w str>, entities: impl Iterator<Item = &'w str>) -> Result<Self, String> {
        let kinds = kinds.map(kind).collect::<Result<_, _>>()?;
        let entities = entities.map(|id| EntityId::new(id).map_err(|e| e.to_string())).collect::<Result<BTreeSet<_>, _>>()?;
        if entities.len() > limits::STREAM_ENTITIES {
            return Err(format!(
                "{} entities are more than {}: leave them out and choose yourself",
                entities.len(),
                limits::STREAM_ENTITIES
            ));
        }
        Ok(Self { kinds, entities })
    }
}

impl Query {
    /// Without kinds all that there is where `is_all`, else nothing until it is said.
    ///
    /// # Errors
    /// With what would be right.
    pub fn read(&self, is_all: bool) -> Result<(Wish, Option<EventId>), String> {
        let list = |text: &Option<String>| -> Vec<String> {
            text.as_deref().filter(|text| !text.is_empty()).map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
        };
        let (kinds, entities) = (list(&self.kinds), list(&self.entities));
        let mut wish = Wish::of(kinds.iter().map(String::as_str), entities.iter().map(String::as_str))?;
        if self.kinds.is_none() {
            wish.kinds = Wish::of_all(is_all).kinds;
        }
        Ok((wish, self.from.as_deref().map(id).transpose()?))
    }
}

impl Message {
    /// # Errors
    /// With what would be right.
    pub fn read(text: &str) -> Result<(Wish, Option<EventId>), String> {
        let wrong = |error: serde_json::Error| {
            format!("not understood ({error}): write {{\"type\":\"subscribe\",\"kinds\":[…],\"entities\":[…],\"from\":ID}}")
        };
        let Self::Subscribe { kinds, entities, from } = serde_json::from_str(text).map_err(wrong)?;
        let names = kinds.iter().flatten().map(String::as_str);
        let mut wish = Wish::of(names, entities.iter().map(String::as_str))?;
        if kinds.is_none() {
            wish.kinds = Wish::of_all(true).kinds;
        }
        Ok((wish, from.as_deref().map(id).transpose()?))
    }
}

fn kind(name: &str) -> Result<Kind, String> {
    let wrong = || {
        let shown: String = name.chars().take(32).collect();
        format!("`{shown}` is no kind: write {}", Kind::ALL.map(Kind::as_str).join(", "))
    };
    Kind::named(name).ok_or_else(wrong)
}

/// # Errors
/// When it is no event's id.
pub fn id(text: &str) -> Result<EventId, String> {
    EventId::read(text).ok_or_else(|| "`from` is no event's id: take it from the last event that you had".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_read_or_refused_whole() {
        let (wish, from) =
            Message::read(r#"{"type":"subscribe","kinds":["verdict","alert"],"entities":["lamp"],"from":"7.0000000a"}"#).unwrap();
        assert_eq!(wish.kinds, BTreeSet::from([Kind::Verdict, Kind::Alert]));
        assert_eq!((wish.entities.len(), from.unwrap().to_string()), (1, "7.0000000a".to_owned()));
        assert_eq!(Message::read(r#"{"type":"subscribe"}"#).unwrap().0, Wish::of_all(true));
        assert_eq!(Message::read(r#"{"type":"subscribe","kinds":[]}"#).unwrap().0, Wish::of_all(false));
        for wrong in [
            "",
            "[]",
            "null",
            r#"{"type":"publish"}"#,
            r#"{"type":"subscribe","kind":["verdict"]}"#,
            r#"{"type":"subscribe","kinds":["everything"]}"#,
            r#"{"type":"subscribe","kinds":"verdict"}"#,
            r#"{"type":"subscribe","entities":["Lamp 1"]}"#,
            r#"{"type":"subscribe","from":7}"#,
            r#"{"type":"subscribe","from":"7"}"#,
        ] {
            assert!(Message::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn as_many_entities_as_may_be_and_one_past() {
        let said = |n: usize| {
            let names: Vec<String> = (0..n).map(|n| format!("{n:064}")).collect();
            serde_json::json!({"type": "subscribe", "entities": names}).to_string()
        };
        let most = said(limits::STREAM_ENTITIES);
        assert!(most.len() <= limits::STREAM_MESSAGE_BYTES, "{}", most.len());
        assert!(Message::read(&most).is_ok());
        assert!(Message::read(&said(limits::STREAM_ENTITIES + 1)).is_err());
    }

    #[test]
    fn an_address_says_the_same_in_lists() {
        let query = |kinds: Option<&str>, entities: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            Query { kinds: owned(kinds), entities: owned(entities), ..Query::default() }.read(true)
        };
        let (wish, _) = query(Some("verdict,phi"), Some("a,b")).unwrap();
        assert_eq!((wish.kinds.len(), wish.entities.len()), (2, 2));
        assert_eq!(query(None, None).unwrap().0, Wish::of_all(true));
        assert_eq!(query(Some(""), Some("")).unwrap().0, Wish::of_all(false));
        assert!(query(Some("verdict,"), None).is_err() && query(None, Some("a b")).is_err());
    }
}
