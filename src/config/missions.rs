//! `[[mission]]`: what Jamey is there for. The shipped objectives hear of their own events; others are told by a signal, or only counted.

use super::{entries::repeated, kinds, reader::Reader};
use crate::domain::{Aim, MissionSpec, SignalSpec, SignalType, Signed1, Unit01, limits, mission};

/// How a shipped objective is counted.
struct Counted {
    good: &'static str,
    valid: Option<&'static str>,
    target: f64,
    priority: f64,
    least: u32,
}

/// Of looks a minute's: the short window has thirty.
const LOOKS: u32 = 6;
/// Of requests, commands and words a home has few.
const EVENTS: u32 = 5;
const WINDOW_DAYS: u16 = 30;

/// The shipped objectives.
#[must_use]
pub fn shipped() -> Vec<MissionSpec> {
    let kept = |id: &str, utility, rest, says: &str, counted: Counted| MissionSpec {
        id: id.to_owned(),
        utility: Signed1::clamped(utility),
        maintained: true,
        rest: Unit01::clamped(rest),
        says: says.to_owned(),
        signal: None,
        aim: Some(Aim {
            good: counted.good.to_owned(),
            valid: counted.valid.map(str::to_owned),
            target: counted.target,
            window_days: WINDOW_DAYS,
            priority: Unit01::clamped(counted.priority),
            least: counted.least,
        }),
    };
    let looked = |good, valid, target, priority| Counted { good, valid, target, priority, least: LOOKS };
    let event = |good, target, priority| Counted { good, valid: None, target, priority, least: EVENTS };
    // In the order in which they came: what is told of them keeps its place.
    vec![
        kept(mission::SAFE_HOME, 1.0, 1.0, "no smoke, gas, water or burglar in the home", looked("fig.hazards == 0", None, 0.999, 1.0)),
        kept(
            mission::NO_UNSAFE_REQUEST,
            0.6,
            1.0,
            "nobody asks for what must not be, or gets it",
            event("!fig.request_went_on || fig.request_approved || !(fig.request_denied || fig.request_score < -0.25)", 0.999, 0.8),
        ),
        // One lamp may be switched off at the wall, and of many one in ten; but no lock.
        kept(
            mission::DEVICES_REACHABLE,
            0.5,
            1.0,
            "what is guarded is there",
            looked("fig.critical_silent == 0 && (fig.devices_silent <= 1 || fig.reachable >= 0.9)", Some("fig.devices > 0"), 0.95, 0.6),
        ),
        kept(
            mission::READINGS_PLAUSIBLE,
            0.4,
            1.0,
            "what is told can be so",
            looked("fig.anomalies <= 1 || fig.plausible >= 0.9", Some("fig.entities > 0"), 0.9, 0.4),
        ),
        kept(mission::COMMANDS_OBEYED, 0.5, 1.0, "what is commanded is done", event("fig.command_obeyed", 0.9, 0.5)),
        // A target of a half never pages: anybody can say anything.
        kept(mission::PEOPLE_WELL, 0.8, 0.5, "people have nothing to complain of", event("fig.word_sentiment > 0", 0.5, 0.3)),
        kept(
            mission::MEMORY_DURABLE,
            0.6,
            1.0,
            "what is acknowledged is on disk",
            looked("!fig.store_failing && !fig.damaged", None, 0.999, 0.8),
        ),
        kept(
            mission::SNAPSHOTS_FRESH,
            0.3,
            1.0,
            "there is a copy of the memory that is no older than a day",
            looked("fig.snapshot_age_hours <= 26", None, 0.95, 0.5),
        ),
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
    let aim = aim(r, known.as_ref().and_then(|known| known.aim.clone()));
    let signal = match known.is_some() || aim.is_some() {
        true => r.optional("signal", kinds::signal_name),
        false => r.required("signal", "\"pool_warm\"", kinds::signal_name),
    };
    if known.is_none() && aim.is_none() && signal.is_none() {
        return None;
    }
    Some((id.clone()?, Some(MissionSpec { id: id?, utility: utility?, maintained, rest, says: says?, signal, aim })))
}

/// What is counted of it, if anything is.
fn aim(r: &mut Reader, known: Option<Aim>) -> Option<Aim> {
    let good = r.optional("good", kinds::expression).or_else(|| known.as_ref().map(|known| known.good.clone()));
    let valid = r.optional("valid", kinds::expression).or_else(|| known.as_ref().and_then(|known| known.valid.clone()));
    let usual = known.unwrap_or_else(|| Aim {
        good: String::new(),
        valid: None,
        target: 0.99,
        window_days: WINDOW_DAYS,
        priority: Unit01::clamped(0.5),
        least: LOOKS,
    });
    for key in ["valid", "target", "window", "priority", "least"] {
        if r.has(key) && good.is_none() {
            r.refuse(key, "says how to count what is good, and nothing is: write `good` too, such as \"ctx.pool_warm\"");
        }
    }
    let (least, most) = limits::MISSION_TARGETS;
    let target = r.or("target", usual.target, kinds::number(least..=most));
    let window_days = r.or("window", usual.window_days, kinds::whole(1..=limits::MISSION_DAYS));
    let priority = r.or("priority", usual.priority, kinds::risk);
    let least = r.or("least", usual.least, kinds::whole(1..=limits::MISSION_LEAST));
    Some(Aim { good: good?, valid, target, window_days, priority, least })
}
