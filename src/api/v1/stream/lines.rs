//! What is said to a subscriber besides events: where he stands, and what he was not told.

use super::wish::Wish;
use crate::observe::news::{Event, EventId, Kind};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// One message.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its type.
    pub name: &'static str,
    /// Where who has it goes on.
    pub id: EventId,
    /// All of it, as JSON.
    pub text: Bytes,
}

/// The type of all that happens.
pub const EVENT: &str = "event";

impl Line {
    pub fn of(event: &Event, root: &str) -> Self {
        Self { name: EVENT, id: event.id, text: event.text(root) }
    }

    fn said(name: &'static str, id: EventId, mut what: Map<String, Value>) -> Self {
        what.insert("type".into(), name.into());
        Self { name, id, text: Bytes::from(Value::Object(what).to_string()) }
    }
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

pub fn hello(user: Option<&str>, id: &EventId, wish: &Wish, ping_seconds: u32) -> Line {
    let what = json!({
        "v": 1, "id": id.to_string(), "user": user, "all_kinds": Kind::ALL, "kinds": wish.kinds, "entities": wish.entities, "ping_seconds": ping_seconds,
    });
    Line::said("hello", *id, object(what))
}

pub fn subscribed(id: &EventId, wish: &Wish) -> Line {
    Line::said("subscribed", *id, object(json!({"id": id.to_string(), "kinds": wish.kinds, "entities": wish.entities})))
}

/// He has been told, or wanted nothing, up to here.
pub fn position(id: &EventId) -> Line {
    Line::said("position", *id, object(json!({"id": id.to_string()})))
}

/// He was too slow. None: he missed nothing of what he wants.
pub fn summary(missed: impl Iterator<Item = (Kind, u64)>, from: &EventId, to: &EventId) -> Option<Line> {
    let missed: Map<String, Value> = missed.filter(|(_, n)| *n > 0).map(|(kind, n)| (kind.as_str().to_owned(), n.into())).collect();
    if missed.is_empty() {
        return None;
    }
    let detail =
        "so many, of all entities, were left out because you are too slow; who subscribes `from` this on is told the verdicts again";
    let what = json!({"missed": missed, "from": from.to_string(), "to": to.to_string(), "detail": detail});
    Some(Line::said("summary", *to, object(what)))
}

/// What came after an event is told from the disk, and that has verdicts only. None: nothing is missing.
pub fn gap(wish: &Wish, from: &EventId, counted: u64) -> Option<Line> {
    let lost: Vec<Kind> = wish.kinds.iter().copied().filter(|kind| *kind != Kind::Verdict).collect();
    let counted = if wish.kinds.contains(&Kind::Verdict) { counted } else { 0 };
    if lost.is_empty() && counted == 0 {
        return None;
    }
    let detail = "of what was told since only verdicts are kept: of `lost` ask for the state as it is now; of refusals that came by the hundred, at \
                  most `counted` were counted and not kept";
    Some(Line::said("gap", *from, object(json!({"from": from.to_string(), "lost": lost, "counted": counted, "detail": detail}))))
}

/// The verdict of an id is not the one in the store.
pub fn unknown(from: &EventId, now: &EventId) -> Line {
    let detail = "this id is not of this store, which was perhaps put back to an earlier state: what came after it cannot be told, and it goes on from now";
    Line::said("gap", *now, object(json!({"from": from.to_string(), "lost": Kind::ALL, "counted": Value::Null, "detail": detail})))
}
