//! `jamey/act/{target}/{verb}`: from its payload to a request, and from an allowed request to what the device understands.

use super::{
    access,
    guard::{self, Reading},
    hall::GuardView,
    reading,
};
use crate::{
    config::Config,
    domain::{Body, CommandShape, EntityId, Registry, Request, Verb},
};
use serde_json::{Map, Value, json};

/// Reads a request. A bare number is its value; a JSON object its arguments, of which `id` and `value` are known.
#[must_use]
pub fn read(target: EntityId, verb: String, payload: &[u8]) -> Request {
    let body = Body::parse(payload, None);
    let args = body.object().cloned().unwrap_or_default();
    let id = args.get("id").and_then(|v| v.as_str().map(str::to_owned).or_else(|| v.as_i64().map(|n| n.to_string())));
    Request { target, endpoint: None, verb: Verb(verb), value: body.number(), args, id }
}

/// Where an allowed request goes and with what payload: in the device's own words where the registry knows them,
/// else as it came to `{root}/do/{target}/{verb}`.
#[must_use]
fn forward(registry: &Registry, root: &str, request: &Request, payload: &[u8]) -> (String, Vec<u8>) {
    let known = registry
        .device(&request.target)
        .and_then(|device| device.commands().find_map(|command| Some((command.topic.clone(), said(&command.shape, request)?))));
    known.unwrap_or_else(|| (format!("{root}/do/{}/{}", request.target, request.verb.0), payload.to_vec()))
}

/// Where an allowed act goes and with what payload. What that would do to guarded devices is judged with it: arguments and
/// other people's claims may say more than the verb does. None when it would go where no device listens.
pub fn plan(view: &GuardView, config: &Config, requests: &mut Vec<Request>, payload: &[u8]) -> Option<(String, Vec<u8>)> {
    let request = requests.first()?;
    let (topic, payload) = forward(&view.registry, &config.root, request, payload);
    if !topic.starts_with(&format!("{}/do/", config.root)) {
        if access::below_root(config, &topic)
            || topic.starts_with('$')
            || reading::is_discovery(config, &topic)
            || config.is_own_document(&topic)
        {
            return None;
        }
        if let Reading::Requests(effects) = guard::read(&view.registry, &view.rules, &topic, &payload, false) {
            // What only repeats the act adds nothing; arguments and endpoints do.
            let says_more = |e: &Request| e.target != request.target || e.verb != request.verb || e.endpoint.is_some() || e.value.is_some();
            let more: Vec<Request> = effects.into_iter().filter(says_more).collect();
            requests.extend(more);
        }
    }
    Some((topic, payload))
}

/// The payload that asks for this in a command's own words, where it has any.
fn said(shape: &CommandShape, request: &Request) -> Option<Vec<u8>> {
    let verb = request.verb.0.as_str();
    match shape {
        CommandShape::Words { words } => words.iter().find(|(_, v)| v.as_str() == verb).map(|(word, _)| word.clone().into_bytes()),
        CommandShape::Number { verb: sets } if sets == verb => request.value.map(|v| v.to_string().into_bytes()),
        CommandShape::Choice { verb: chooses, argument } if chooses == verb => {
            request.args.get(argument).and_then(Value::as_str).map(|word| word.as_bytes().to_vec())
        }
        CommandShape::Press { verb: presses } if presses == verb => Some(b"PRESS".to_vec()),
        CommandShape::Framed { before, after, within } => {
            said(within, request).map(|value| [before.as_bytes(), value.as_slice(), after.as_bytes()].concat())
        }
        CommandShape::Attributes => attributes(request).map(|a| Value::Object(a).to_string().into_bytes()),
        _ => None,
    }
}

fn attributes(request: &Request) -> Option<Map<String, Value>> {
    let known = |(k, _): &(&String, &Value)| !matches!(k.as_str(), "id" | "value");
    let mut out: Map<String, Value> = request.args.iter().filter(known).map(|(k, v)| (k.clone(), v.clone())).collect();
    match request.verb.0.as_str() {
        verb @ ("on" | "off" | "toggle" | "open" | "close" | "stop" | "lock" | "unlock") => {
            out.insert("state".into(), json!(verb.to_ascii_uppercase()));
        }
        "set" if !out.is_empty() => {}
        _ => return None,
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Claim, Command, DeviceClass, Family};
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn an_allowed_request_goes_on_in_the_devices_own_words() {
        let door = EntityId::new("door").unwrap();
        let mut registry = Registry::default();
        registry.apply(Claim {
            key: "k".into(),
            device: door.clone(),
            name: None,
            class: DeviceClass::Lock,
            area: None,
            tags: BTreeSet::new(),
            risk: None,
            family: Family::HomeAssistant,
            aliases: BTreeSet::new(),
            members: BTreeSet::new(),
            commands: vec![Command {
                topic: "z/door/set".into(),
                role: "command_topic".into(),
                shape: CommandShape::Words { words: BTreeMap::from([("LOCK".into(), "lock".into())]) },
            }],
            state_topic: None,
        });
        let ask = |verb: &str| read(door.clone(), verb.into(), b"{\"id\":\"7\"}");
        assert_eq!(forward(&registry, "jamey", &ask("lock"), b"{}"), ("z/door/set".into(), b"LOCK".to_vec()));
        assert_eq!(forward(&registry, "jamey", &ask("paint"), b"{}"), ("jamey/do/door/paint".into(), b"{}".to_vec()));
        assert_eq!(ask("lock").id.as_deref(), Some("7"));
        assert_eq!(read(door, "set".into(), b"21.5").value, Some(21.5));
    }
}
