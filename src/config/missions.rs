//! `[[mission]]`: what Jamey is there for. The shipped objectives hear of their own events; others are told by a signal.

use super::{entries::repeated, kinds, reader::Reader};
use crate::domain::{MissionSpec, SignalSpec, SignalType, Signed1, Unit01, limits, mission};

/// The shipped objectives.
#[must_use]
pub fn shipped() -> Vec<MissionSpec> {
    let kept = |id: &str, utility, rest, says: &str| MissionSpec {
        id: id.to_owned(),
        utility: Signed1::clamped(utility),
        maintained: true,
        rest: Unit01::clamped(rest),
        says: says.to_owned(),
        signal: None,
    };
    vec![
        kept(mission::SAFE_HOME, 1.0, 1.0, "no smoke, gas, water or burglar in the home"),
        kept(mission::NO_UNSAFE_REQUEST, 0.6, 1.0, "nobody asks for what must not be"),
        kept(mission::DEVICES_REACHABLE, 0.5, 1.0, "what is guarded is there"),
        kept(mission::READINGS_PLAUSIBLE, 0.4, 1.0, "what is told can be so"),
        kept(mission::COMMANDS_OBEYED, 0.5, 1.0, "what is commanded is done"),
        kept(mission::PEOPLE_WELL, 0.8, 0.5, "people have nothing to complain of"),
    ]
}

/// Reads every `[[mission]]`: one with a shipped id takes that one's place, or with `off` leaves it empty; the others follow.
pub(super) fn read(r: &mut Reader, signals: &[SignalSpec]) -> Vec<MissionSpec> {
    let own = r.sections("mission", one);
    for (i, id) in repeated(own.iter().map(|(i, (id, _))| (*i, id.clone()))) {
        r.ledger.refuse_path(&format!("mission[{i}].id"), format!("found \"{id}\" a second time; keep one of the two"));
    }
    let truths: Vec<&str> = signals.iter().filter(|s| s.type_of() == SignalType::Bool).map(|s| s.name.as_str()).collect();
    let mut missions = shipped();
    for (i, (id, spec)) in own {
        missions.retain(|m| m.id != id);
        if let Some(signal) = spec.as_ref().and_then(|m| m.signal.as_deref()).filter(|signal| !truths.contains(signal)) {
            let told = format!("found \"{signal}\", which is no signal that is true or false; write one of {}", truths.join(", "));
            r.ledger.refuse_path(&format!("mission[{i}].signal"), told);
        }
        match spec {
            Some(_) if missions.len() >= limits::MISSIONS => {
                let told = format!("found one more than {}: all of them are shown on one topic", limits::MISSIONS);
                r.ledger.refuse_path(&format!("mission[{i}]"), told);
            }
            Some(spec) => missions.push(spec),
            None => {}
        }
    }
    missions
}

/// None in the second place: it is off.
fn one(r: &mut Reader) -> Option<(String, Option<MissionSpec>)> {
    let id = r.required("id", "\"safe_home\"", kinds::duty_id);
    if r.or("off", false, kinds::truth) {
        return Some((id?, None));
    }
    let known = id.as_ref().and_then(|id| shipped().into_iter().find(|m| m.id == *id));
    let utility = match &known {
        Some(known) => Some(r.or("utility", known.utility, kinds::signed)),
        None => r.required("utility", "0.5", kinds::signed),
    };
    let says = match &known {
        Some(known) => Some(r.or("says", known.says.clone(), kinds::name)),
        None => r.required("says", "\"the pool is warm\"", kinds::name),
    };
    let maintained = r.or("maintained", true, kinds::truth);
    let usual = known.as_ref().map_or(Unit01::clamped(0.5), |k| k.rest);
    let rest = r.or("rest", usual, kinds::risk);
    let signal = match &known {
        Some(_) => r.optional("signal", kinds::signal_name),
        None => r.required("signal", "\"pool_warm\"", kinds::signal_name),
    };
    if known.is_none() && signal.is_none() {
        return None;
    }
    Some((id.clone()?, Some(MissionSpec { id: id?, utility: utility?, maintained, rest, says: says?, signal })))
}
