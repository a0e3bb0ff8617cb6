//! The owner's lists: `[[guard]]`, `[[device]]`, `[[input]]` and `[[entity]]`, one entry at a time; what entries do to each other is in `check`.

use super::{kinds, reader::Reader, tree::Node};
use crate::domain::{Claim, Command, CommandShape, DeviceClass, EntityId, Family, InputSource, OwnerGuard, TopicFilter, Unit01};
use serde::Serialize;
use std::collections::BTreeSet;

/// A device that the owner declares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceEntry {
    pub id: EntityId,
    pub name: Option<String>,
    pub class: DeviceClass,
    pub area: Option<String>,
    pub tags: BTreeSet<String>,
    pub risk: Option<Unit01>,
    pub command_topic: Option<String>,
    /// How the command topic's payloads are read.
    pub shape: CommandShape,
    pub state_topic: Option<String>,
}

impl DeviceEntry {
    /// What the entry says to the registry. One device has one entry, so `config` is key enough.
    #[must_use]
    pub fn claim(&self) -> Claim {
        let command = |topic: &String| Command { topic: topic.clone(), role: "command_topic".to_owned(), shape: self.shape.clone() };
        Claim {
            key: "config".to_owned(),
            device: self.id.clone(),
            name: self.name.clone(),
            class: self.class,
            area: self.area.clone(),
            tags: self.tags.clone(),
            risk: self.risk,
            family: Family::Owner,
            aliases: BTreeSet::new(),
            members: BTreeSet::new(),
            commands: self.command_topic.iter().map(command).collect(),
            state_topic: self.state_topic.clone(),
        }
    }

    pub(super) fn read(r: &mut Reader) -> Option<Self> {
        let id = r.required("id", "\"front_door\"", kinds::entity);
        let (class, area, tags, risk) = about(r);
        let name = r.optional("name", kinds::name);
        let command_topic = r.optional("command_topic", kinds::topic_name);
        let state_topic = r.optional("state_topic", kinds::topic_name);
        let (shape, said) = shape(r);
        if let (None, Some(key)) = (&command_topic, said) {
            r.refuse(key, "found without a `command_topic` whose payloads it could read; add one, or remove it");
        }
        if command_topic.is_some() && command_topic == state_topic {
            r.refuse("state_topic", "found the command topic again; write the topic on which the device tells its state, or remove it");
        }
        Some(Self { id: id?, name, class, area, tags, risk, command_topic, shape, state_topic })
    }
}

/// A speaker of whom the owner says something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntityEntry {
    pub id: EntityId,
    pub owner: bool,
    pub human: bool,
    /// Empty: none.
    pub role: String,
    pub speaks_for_many: bool,
    /// Whether its silence is told.
    pub watched: bool,
}

impl EntityEntry {
    pub(super) fn read(r: &mut Reader) -> Option<Self> {
        let id = r.required("id", "\"anna\"", kinds::entity);
        let entry = Self {
            id: EntityId::anonymous(),
            owner: r.or("owner", false, kinds::truth),
            human: r.or("human", false, kinds::truth),
            role: r.or("role", String::new(), kinds::role),
            speaks_for_many: r.or("speaks_for_many", false, kinds::truth),
            watched: r.or("watched", true, kinds::truth),
        };
        let id = id?;
        if id == EntityId::anonymous() && (entry.owner || !entry.role.is_empty()) {
            r.refuse(
                "id",
                "found \"anonymous\", whom nobody can tell apart, with `owner` or a `role`; write the id of a user, or remove both",
            );
        }
        Some(Self { id, ..entry })
    }
}

pub(super) fn guard(r: &mut Reader) -> Option<OwnerGuard> {
    let filter = r.required("topic", "\"locks/+/set\"", kinds::filter);
    let except = r.list("except", "[\"locks/+/state\"]", kinds::filter).unwrap_or_default();
    let device = r.optional("device", kinds::entity);
    let (class, area, tags, risk) = about(r);
    let (shape, _) = shape(r);
    let filter = filter?;
    if let Some(all) = except.iter().position(|e| covers(e, &filter)) {
        let except = r.path_of("except");
        r.ledger.refuse_path(
            &format!("{except}[{all}]"),
            format!("found a filter that leaves nothing of `{filter}` guarded; write a narrower one"),
        );
    }
    Some(OwnerGuard { filter, except, device, class, area, tags, risk, shape })
}

/// Whether one filter surely takes all that another does: the cases people write.
fn covers(wide: &TopicFilter, narrow: &TopicFilter) -> bool {
    let under = wide.as_str().strip_suffix('#').is_some_and(|start| narrow.as_str().starts_with(start));
    wide == narrow || under
}

pub(super) fn input(r: &mut Reader) -> Option<InputSource> {
    let pattern = r.required("topic", "\"sensors/{entity}/{kind}\"", kinds::pattern);
    let entity = r.optional("entity", kinds::entity);
    let kind = r.optional("kind", kinds::kind);
    Some(InputSource { pattern: pattern?, entity, kind })
}

/// What guards and devices say alike of what is commanded.
fn about(r: &mut Reader) -> (DeviceClass, Option<String>, BTreeSet<String>, Option<Unit01>) {
    let class = r.or("class", DeviceClass::default(), kinds::class);
    let area = r.optional("area", kinds::name);
    let tags = r.list("tags", "[\"life_safety\"]", kinds::name).unwrap_or_default().into_iter().collect();
    (class, area, tags, r.optional("risk", kinds::risk))
}

#[derive(Clone, Copy)]
enum Reads {
    Attributes,
    Number,
    Press,
    Opaque,
}

/// How payloads are read, and which of the two keys said so.
fn shape(r: &mut Reader) -> (CommandShape, Option<&'static str>) {
    let words = r.map("payloads", "a map from payload to verb, such as `payloads = { UNLOCK = \"unlock\" }`", kinds::verb);
    let names =
        kinds::word(&[("attributes", Reads::Attributes), ("number", Reads::Number), ("press", Reads::Press), ("opaque", Reads::Opaque)]);
    let reads = r.optional("reads", |node: &Node| names(node));
    match (words, reads) {
        (Some(_), Some(_)) => {
            r.refuse("reads", "found together with `payloads`; keep one of the two");
            (CommandShape::Opaque, None)
        }
        (Some(words), None) => {
            if words.is_empty() && r.ledger.sound(&r.path_of("payloads")) {
                r.refuse("payloads", "found no payload; write at least one, such as `payloads = { UNLOCK = \"unlock\" }`, or remove it");
            }
            (CommandShape::Words { words }, Some("payloads"))
        }
        (None, None) => (CommandShape::Attributes, None),
        (None, Some(reads)) => (plain(reads), Some("reads")),
    }
}

fn plain(reads: Reads) -> CommandShape {
    match reads {
        Reads::Attributes => CommandShape::Attributes,
        Reads::Number => CommandShape::Number { verb: "set".to_owned() },
        Reads::Press => CommandShape::Press { verb: "press".to_owned() },
        Reads::Opaque => CommandShape::Opaque,
    }
}

/// The numbers at which a value stands that stood before, with it.
pub(super) fn repeated<T: Ord + Clone>(values: impl IntoIterator<Item = (usize, T)>) -> Vec<(usize, T)> {
    let mut seen = BTreeSet::new();
    values.into_iter().filter(|(_, value)| !seen.insert(value.clone())).collect()
}
