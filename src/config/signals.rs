//! `[[signal]]`: what the house knows of itself. The shipped signals are always there, since the shipped rules ask for them.

use super::{Inputs, entries::repeated, kinds, reader::Reader, tree::Node};
use crate::domain::{
    Combine, EntityId, InputPattern, InputSource, SignalSource, SignalSpec, SignalType, SignalValue, limits, pattern::kind_name, topic,
};
use serde_json::Value;

/// The shipped signals, fed by nothing until a `[[signal]]` says by what. Their defaults are those of a quiet, inhabited house,
/// so that a rule which asks for an emergency does not fire for want of a sensor.
#[must_use]
pub fn shipped() -> Vec<SignalSpec> {
    let flags =
        [("home", true), ("asleep", false), ("smoke", false), ("co", false), ("leak", false), ("intruder", false), ("maintenance", false)];
    let numbers = [("in_c", 21.0), ("out_c", 15.0)];
    let flags = flags.into_iter().map(|(name, b)| SignalSpec::unfed(name, SignalValue::Bool(b)));
    flags.chain(numbers.into_iter().map(|(name, n)| SignalSpec::unfed(name, SignalValue::Number(n)))).collect()
}

/// Reads every `[[signal]]`: one with a shipped name takes that one's place, the others follow in their order.
/// A source's topic that no input names becomes one.
pub(super) fn read(r: &mut Reader, inputs: &mut Inputs, root: &str) -> Vec<SignalSpec> {
    let own = r.sections("signal", |r| one(r, inputs, root));
    for (i, name) in repeated(own.iter().map(|(i, (s, _))| (*i, s.name.clone()))) {
        r.ledger.refuse_path(&format!("signal[{i}].name"), format!("found \"{name}\" a second time; keep one of the two"));
    }
    let mut signals = shipped();
    for (_, (spec, topics)) in own {
        for input in topics {
            if !inputs.signals.contains(&input) {
                inputs.signals.push(input);
            }
        }
        match signals.iter_mut().find(|s| s.name == spec.name) {
            Some(old) => *old = spec,
            None => signals.push(spec),
        }
    }
    signals
}

fn one(r: &mut Reader, inputs: &Inputs, root: &str) -> Option<(SignalSpec, Vec<InputSource>)> {
    let name = r.required("name", "\"home\"", kinds::signal_name);
    let shipped = name.as_ref().and_then(|name| shipped().into_iter().find(|s| s.name == *name));
    let default = match &shipped {
        Some(shipped) => Some(r.or("default", shipped.default, kinds::signal_value)),
        None => r.required("default", "false", kinds::signal_value),
    };
    let unit = r.optional("unit", kinds::name);
    let stale_after_seconds = r.optional("stale_after_seconds", kinds::whole(1..=u32::MAX));
    let combine = r.optional("combine", kinds::word(&[("any", Combine::Any), ("all", Combine::All), ("last", Combine::Last)]));
    let is_bool = default.is_none_or(|d| d.type_of() == SignalType::Bool);
    let (mut from, mut topics) = (Vec::new(), Vec::new());
    // The one source may stand in the signal itself.
    let own = source(r, inputs, root, is_bool, false);
    let several = r.sections("from", |r| source(r, inputs, root, is_bool, true));
    if own.is_some() && !several.is_empty() {
        r.refuse("from", "found besides a source in the signal itself; write all of them as `[[signal.from]]`");
    }
    for (source, input) in own.into_iter().chain(several.into_iter().map(|(_, found)| found)) {
        from.push(source);
        topics.extend(input);
    }
    if from.len() > limits::SIGNAL_SOURCES {
        r.refuse("from", format!("found {} sources; write at most {}", from.len(), limits::SIGNAL_SOURCES));
    }
    if from.is_empty() && stale_after_seconds.is_some() {
        r.refuse("stale_after_seconds", "found without a source that could fall silent; add `entity` and `kind`, or remove it");
    }
    if !is_bool && combine.is_some_and(|c| c != Combine::Last) {
        r.refuse("combine", "found for a number, which can only be the last one heard; write \"last\", or leave it out");
    }
    // Of detectors any counts; of a number, the last one.
    let combine = combine.unwrap_or(if is_bool && from.len() > 1 { Combine::Any } else { Combine::Last });
    let spec = SignalSpec { name: name?, unit, from, combine, default: default?, stale_after_seconds };
    if let Some(shipped) = shipped.filter(|s| s.type_of() != spec.type_of()) {
        let (wanted, found) = match shipped.type_of() {
            SignalType::Bool => ("true or false", "a number"),
            SignalType::Number => ("a number", "a truth"),
        };
        let message =
            format!("found {found}, but the shipped rules read \"{}\" as {wanted}; write {wanted}, or take another name", spec.name);
        r.refuse("default", message);
    }
    Some((spec, topics))
}

/// One source, with the input that its topic needs; None where none is written, or it is refused.
fn source(r: &mut Reader, inputs: &Inputs, root: &str, is_bool: bool, alone: bool) -> Option<(SignalSource, Option<InputSource>)> {
    let entity = r.optional("entity", kinds::entity);
    let kind = r.optional("kind", kinds::kind);
    let topic = r.optional("topic", kinds::topic_name);
    let field = r.optional("field", kinds::name);
    let true_when = r.list("true_when", "[\"ON\", true]", scalar);
    let false_when = r.list("false_when", "[\"OFF\", false]", scalar);
    let above = r.optional("above", kinds::number(f64::MIN..=f64::MAX));
    let below = r.optional("below", kinds::number(f64::MIN..=f64::MAX));
    for (key, list) in [("true_when", &true_when), ("false_when", &false_when)] {
        if list.as_ref().is_some_and(|list| list.len() > limits::SIGNAL_WORDS) {
            r.refuse(key, format!("found more than {} values; write fewer, or `above` and `below`", limits::SIGNAL_WORDS));
        }
    }
    let maps =
        [("true_when", true_when.is_some()), ("false_when", false_when.is_some()), ("above", above.is_some()), ("below", below.is_some())];
    if let Some((key, _)) = maps.iter().find(|(_, said)| *said && !is_bool) {
        r.refuse(key, "found for a number; it makes true or false of a value, so remove it, or write `default = false`");
    }
    let found = match (entity, kind, topic) {
        (Some(entity), Some(kind), None) => (SignalSource::of(entity, kind), None),
        (None, None, Some(topic)) => match told(inputs, root, &topic) {
            Ok(found) => found,
            Err(message) => {
                r.refuse("topic", message);
                return None;
            }
        },
        (entity, _, Some(_)) => {
            let key = if entity.is_some() { "entity" } else { "kind" };
            r.refuse(key, "found together with `topic`, which says both; keep one of the two");
            return None;
        }
        (Some(_), None, None) => {
            r.refuse("entity", "found without `kind`; add the kind of its message that carries the signal, such as `kind = \"state\"`");
            return None;
        }
        (None, Some(_), None) => {
            r.refuse("kind", "found without `entity`; add the entity that says it, such as `entity = \"anna_phone\"`");
            return None;
        }
        (None, None, None) => {
            let mapped = field.is_some() || maps.iter().any(|(_, said)| *said);
            if alone || mapped {
                let key = if field.is_some() { "field" } else { maps.iter().find(|(_, said)| *said).map_or("entity", |(key, _)| *key) };
                r.refuse(key, "found nothing that is read; write `topic`, or `entity` and `kind`");
            }
            return None;
        }
    };
    let (source, input) = found;
    let lists = (true_when.unwrap_or_default(), false_when.unwrap_or_default());
    Some((SignalSource { field, true_when: lists.0, false_when: lists.1, above, below, ..source }, input))
}

fn scalar(node: &Node) -> kinds::Read<Value> {
    match kinds::signal_value(node) {
        Ok(SignalValue::Bool(truth)) => Ok(truth.into()),
        Ok(SignalValue::Number(number)) => Ok(number.into()),
        Err(_) => node.text().map(Value::from).ok_or_else(|| "a word, a number, true or false".to_owned()),
    }
}

/// Whose word a topic is, and of which kind, as the inputs have it; where none names it, it is its own.
fn told(inputs: &Inputs, root: &str, text: &str) -> Result<(SignalSource, Option<InputSource>), String> {
    topic::check_input(text).map_err(|e| format!("found a topic that can be no input: {e}"))?;
    let own = text.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
    if let Some(below) = own {
        let mut levels = below.split('/');
        return match (levels.next(), levels.next(), levels.next(), levels.next()) {
            (Some("in"), Some(entity), Some(kind), None) => Ok((SignalSource::of(EntityId::escaped(entity), kind_name(kind)), None)),
            _ => Err(format!("found a topic of Jamey's own that nobody tells; write `{root}/in/ENTITY/KIND`")),
        };
    }
    for input in inputs.sources() {
        let Some((entity, kind)) = input.pattern.read(text) else { continue };
        let Some(entity) = entity.map(EntityId::escaped).or(input.entity) else {
            return Err("found a topic of an [[input]] that names no entity; write `entity` and `kind` here, or `entity` there".to_owned());
        };
        let kind = kind.map(kind_name).or(input.kind).unwrap_or_else(|| "state".to_owned());
        return Ok((SignalSource::of(entity, kind), None));
    }
    let pattern = InputPattern::new(text)?;
    let entity = EntityId::escaped(text);
    let input = InputSource { pattern, entity: Some(entity.clone()), kind: Some("state".to_owned()) };
    Ok((SignalSource::of(entity, "state"), Some(input)))
}
