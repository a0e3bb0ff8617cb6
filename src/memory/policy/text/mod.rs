//! A percept in the words that a person would type: who, what happened, with which value, and the verdict. Secrets stay out.

#[cfg(test)]
mod tests;

pub use crate::domain::saying::Known;

use crate::domain::{
    Body, Decision, DeviceClass, EntityId, Judged, Percept, Purpose, limits,
    saying::{self, Line},
    secret::{NOT_KEPT, is_secret, without_secrets},
};

/// Kinds in which somebody says or writes something, and that of what shall be known.
const SAID: [&str; 4] = ["say", "text", "message", NOTE];
const NOTE: &str = "note";
const FACT: &str = "fact";

/// `Front door (front_door, hall) opened`, or `jane asked Front door (front_door, hall) to unlock: denied`; one line, of at most
/// `limits::EVENT_BYTES`, and of `limits::SAID_BYTES` for what was said or written. `known` tells what an entity is called.
#[must_use]
pub fn text<'n>(percept: &Percept, judged: &[Judged], known: &dyn Fn(&EntityId) -> Known<'n>) -> String {
    let is_said = SAID.contains(&percept.kind.as_str()) || percept.kind == FACT;
    let mut line = Line::new(if is_said { limits::SAID_BYTES } else { limits::EVENT_BYTES });
    match &percept.purpose {
        Purpose::Requests { .. } if judged.is_empty() => {
            line.word(percept.source.requester.as_str()).word("asked on").word(&percept.topic);
        }
        Purpose::Requests { .. } => {
            for (n, one) in judged.iter().enumerate() {
                if n > 0 {
                    line.mark(";");
                }
                request(&mut line, percept, one, known);
            }
        }
        Purpose::Discovery => {
            line.word(percept.source.requester.as_str()).word("describes").word(percept.entity.as_str());
        }
        Purpose::Observation => {
            let who = known(&percept.entity);
            line.who(&percept.entity, who);
            match words(percept) {
                Some((about, said)) => told(&mut line, percept, about, said),
                None => observed(&mut line, percept, who),
            }
        }
    }
    line.end()
}

/// What a description is about: whom it names, by id and name, and what came of it.
#[must_use]
pub fn describes<'n>(percept: &Percept, came: &str, named: impl Iterator<Item = (&'n EntityId, Known<'n>)>) -> String {
    let mut line = Line::new(limits::EVENT_BYTES);
    line.word(percept.source.requester.as_str()).word("describes devices on").word(&percept.topic).mark(":").word(came);
    for (id, known) in named {
        line.mark(";").who(id, known);
        let values = known.values.into_iter().flatten();
        for (field, value) in values {
            line.word(value.name.as_deref().or(value.class.as_deref()).unwrap_or(field));
        }
    }
    line.end()
}

fn request<'n>(line: &mut Line, percept: &Percept, judged: &Judged, known: &dyn Fn(&EntityId) -> Known<'n>) {
    let (requester, claimed, request) = (&percept.source.requester, &judged.facts.req.entity, &judged.request);
    let target = known(&request.target);
    let dev = &judged.facts.dev;
    let area = target.area.or(Some(dev.area.as_str()).filter(|area| !area.is_empty()));
    line.word(requester.as_str());
    if claimed != requester {
        line.word("as").word(claimed.as_str());
    }
    line.word("asked").who(&request.target, Known { name: target.name.or(dev.name.as_deref()), area, values: None });
    if let Some(endpoint) = &request.endpoint {
        line.word(endpoint);
    }
    line.word("to").word(&saying::spaced(&request.verb.0));
    if let Some(value) = request.value {
        line.word(&if is_code(judged) { NOT_KEPT.to_owned() } else { saying::number(value) });
    }
    line.mark(match judged.verdict.decision {
        Decision::Allow => ": allowed",
        Decision::Escalate => ": held for a person",
        Decision::Deny => ": denied",
    });
}

/// Whether the number of a request is a code: what is said to locks and alarm panels, or to a part or in a verb that is named so.
fn is_code(judged: &Judged) -> bool {
    let request = &judged.request;
    matches!(judged.facts.dev.class, DeviceClass::Lock | DeviceClass::AlarmPanel)
        || is_secret(&request.verb.0)
        || request.endpoint.as_deref().is_some_and(is_secret)
}

fn observed(line: &mut Line, percept: &Percept, known: Known<'_>) {
    let kind = property(percept);
    if is_secret(kind) && percept.body != Body::Empty {
        line.word(&saying::spaced(kind)).word(NOT_KEPT);
        return;
    }
    let entity = format!("{} {}", percept.entity, known.name.unwrap_or_default());
    for (n, phrase) in saying::phrases(&entity, kind, &percept.body, known.values).iter().enumerate() {
        if n > 0 {
            line.mark(",");
        }
        line.word(&without_secrets(phrase));
    }
}

/// What the value is called. `zwave/NODE/CLASS/ENDPOINT/PROPERTY` has it at its end, and its kind is only a class of commands.
fn property(percept: &Percept) -> &str {
    let mut levels = percept.topic.rsplit('/');
    match (levels.next(), levels.count()) {
        (Some(last), 4) if percept.topic.starts_with("zwave/") => last,
        _ => &percept.kind,
    }
}

/// What somebody says or writes, and what about.
fn words(percept: &Percept) -> Option<(Option<&str>, &str)> {
    if !SAID.contains(&percept.kind.as_str()) && percept.kind != FACT {
        return None;
    }
    if let crate::domain::Body::Text(text) = &percept.body {
        return Some((None, text));
    }
    let said = percept.body.object()?;
    let text = ["text", "message", "value"].iter().find_map(|key| said.get(*key)?.as_str())?;
    Some((said.get("about").and_then(|about| about.as_str()), text))
}

fn told(line: &mut Line, percept: &Percept, about: Option<&str>, said: &str) {
    if percept.kind != FACT {
        line.word(if percept.kind == NOTE { NOTE } else { "said" });
    } else if let Some(about) = about {
        line.mark(":").word(about);
    }
    line.mark(":").word(&if about.is_some_and(is_secret) { NOT_KEPT.to_owned() } else { without_secrets(said) });
}
