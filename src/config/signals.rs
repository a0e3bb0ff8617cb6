//! `[[signal]]`: what the house knows of itself. The shipped signals are always there, since the shipped rules ask for them.

use super::{entries::repeated, kinds, reader::Reader};
use crate::domain::{SignalSpec, SignalType, SignalValue};

/// The shipped signals, fed by nothing until a `[[signal]]` says by what. Their defaults are those of a quiet, inhabited house,
/// so that a rule which asks for an emergency does not fire for want of a sensor.
#[must_use]
pub fn shipped() -> Vec<SignalSpec> {
    let flags =
        [("home", true), ("asleep", false), ("smoke", false), ("co", false), ("leak", false), ("intruder", false), ("maintenance", false)];
    let numbers = [("in_c", 21.0), ("out_c", 15.0)];
    let spec = |name: &str, default| SignalSpec { name: name.to_owned(), entity: None, kind: None, default, stale_after_seconds: None };
    let flags = flags.into_iter().map(|(name, b)| spec(name, SignalValue::Bool(b)));
    flags.chain(numbers.into_iter().map(|(name, n)| spec(name, SignalValue::Number(n)))).collect()
}

/// Reads every `[[signal]]`: one with a shipped name takes that one's place, the others follow in their order.
pub(super) fn read(r: &mut Reader) -> Vec<SignalSpec> {
    let own = r.sections("signal", one);
    for (i, name) in repeated(own.iter().map(|(i, s)| (*i, s.name.clone()))) {
        r.ledger.refuse_path(&format!("signal[{i}].name"), format!("found \"{name}\" a second time; keep one of the two"));
    }
    let mut signals = shipped();
    for (_, spec) in own {
        match signals.iter_mut().find(|s| s.name == spec.name) {
            Some(old) => *old = spec,
            None => signals.push(spec),
        }
    }
    signals
}

fn one(r: &mut Reader) -> Option<SignalSpec> {
    let name = r.required("name", "\"home\"", kinds::signal_name);
    let entity = r.optional("entity", kinds::entity);
    let kind = r.optional("kind", kinds::kind);
    let shipped = name.as_ref().and_then(|name| shipped().into_iter().find(|s| s.name == *name));
    let default = match &shipped {
        Some(shipped) => Some(r.or("default", shipped.default, kinds::signal_value)),
        None => r.required("default", "false", kinds::signal_value),
    };
    let stale_after_seconds = r.optional("stale_after_seconds", kinds::whole(1..=u32::MAX));
    let spec = SignalSpec { name: name?, entity, kind, default: default?, stale_after_seconds };
    if let Some(shipped) = shipped.filter(|s| s.type_of() != spec.type_of()) {
        let (wanted, found) = match shipped.type_of() {
            SignalType::Bool => ("true or false", "a number"),
            SignalType::Number => ("a number", "a truth"),
        };
        let message =
            format!("found {found}, but the shipped rules read \"{}\" as {wanted}; write {wanted}, or take another name", spec.name);
        r.refuse("default", message);
    }
    match (&spec.entity, &spec.kind) {
        (Some(_), None) => {
            r.refuse("entity", "found without `kind`; add the kind of its message that carries the signal, such as `kind = \"state\"`")
        }
        (None, Some(_)) => r.refuse("kind", "found without `entity`; add the entity that says it, such as `entity = \"anna_phone\"`"),
        (None, None) if stale_after_seconds.is_some() => {
            r.refuse("stale_after_seconds", "found without a source that could fall silent; add `entity` and `kind`, or remove it");
        }
        _ => {}
    }
    Some(spec)
}
