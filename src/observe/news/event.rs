//! One event, as everybody is sent it: written down once, by the first who reads it, and never on the thread that it comes from.

use super::{EventId, Kind};
use crate::domain::{EntityId, Judged, Timestamp, topics};
use bytes::Bytes;
use serde_json::{Value, json};
use std::{
    fmt::Write,
    sync::{Mutex, OnceLock, PoisonError},
};
use uuid::Uuid;

/// What is told, before it is written down.
#[derive(Debug)]
pub enum Document {
    /// A verdict as it fell.
    Judged {
        percept: Uuid,
        forwarded: bool,
        judged: Box<Judged>,
    },
    Json(Value),
    /// JSON already; empty: what stood there stands no more.
    Text(Vec<u8>),
}

/// Something that happened.
#[derive(Debug)]
pub struct Fresh {
    pub kind: Kind,
    /// Where it is told over MQTT: who may not hear that may not hear this.
    pub topic: String,
    pub at: Timestamp,
    /// Whose topic it is.
    pub entity: Option<EntityId>,
    /// Whom else it is about.
    pub others: Vec<EntityId>,
    pub document: Document,
    /// What it takes of memory, about.
    pub bytes: usize,
}

/// Something that happened, with its id.
#[derive(Debug)]
pub struct Event {
    pub id: EventId,
    pub kind: Kind,
    pub topic: String,
    pub at: Timestamp,
    pub entity: Option<EntityId>,
    pub others: Vec<EntityId>,
    pub(super) bytes: usize,
    /// Whether it is a verdict that stands in the store, at the place that the id has.
    pub(super) is_stored: bool,
    document: Mutex<Option<Document>>,
    text: OnceLock<Bytes>,
}

impl Event {
    #[must_use]
    pub fn new(fresh: Fresh, id: EventId, is_stored: bool) -> Self {
        let Fresh { kind, topic, at, entity, others, document, bytes } = fresh;
        Self { id, kind, topic, at, entity, others, bytes, is_stored, document: Mutex::new(Some(document)), text: OnceLock::new() }
    }

    /// Whether it is about one of these; what is about nobody is about everybody.
    #[must_use]
    pub fn is_about(&self, wanted: impl Fn(&EntityId) -> bool) -> bool {
        match &self.entity {
            None => true,
            Some(entity) => wanted(entity) || self.others.iter().any(wanted),
        }
    }

    /// The whole message, the same for everybody.
    pub fn text(&self, root: &str) -> Bytes {
        let write = || {
            let document = self.document.lock().unwrap_or_else(PoisonError::into_inner).take();
            Bytes::from(self.written(root, document))
        };
        self.text.get_or_init(write).clone()
    }

    fn written(&self, root: &str, document: Option<Document>) -> String {
        let data = match document {
            Some(Document::Judged { percept, forwarded, judged }) => self.verdict(percept, forwarded, &judged).to_string(),
            Some(Document::Json(value)) => value.to_string(),
            Some(Document::Text(text)) if !text.is_empty() => String::from_utf8(text).unwrap_or_else(|_| "null".into()),
            Some(Document::Text(_)) | None => "null".into(),
        };
        let mut out = String::with_capacity(data.len() + 192);
        // Neither kinds nor ids nor times have anything to escape; a topic may.
        let topic = Value::from(topics::below(root, &self.topic));
        let entity = self.entity.as_ref().map_or(Value::Null, |entity| json!(entity));
        let _ = write!(
            out,
            r#"{{"type":"event","id":"{}","kind":"{}","topic":{topic},"at":"{}","entity":{entity},"data":{data}}}"#,
            self.id,
            self.kind.as_str(),
            self.at
        );
        out
    }

    fn verdict(&self, percept: Uuid, forwarded: bool, judged: &Judged) -> Value {
        let nobody = EntityId::anonymous();
        let entity = self.entity.as_ref().unwrap_or(&nobody);
        let (request, verdict) = (&judged.request, &judged.verdict);
        super::super::verdict::verdict(&super::super::verdict::Spoken { percept, at: self.at, entity, forwarded, request, verdict })
    }
}
