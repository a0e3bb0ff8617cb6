//! `[[duty]]`: what must not stay as it is. The shipped ones alert, and ask nothing of a device until the owner says so.

use super::{entries::repeated, kinds, reader::Reader};
use crate::domain::{DutySpec, limits};

/// The shipped duties.
#[must_use]
pub fn shipped() -> Vec<DutySpec> {
    let duty = |id: &str, when: &str, after_seconds, says: &str| DutySpec {
        id: id.to_owned(),
        when: when.to_owned(),
        after_seconds,
        says: says.to_owned(),
        asks: None,
    };
    vec![
        duty("leak-valve-open", "ctx.leak && dev.class == 'valve' && dev.state in ['open', 'on']", 30, "water leaks and the valve is open"),
        duty(
            "left-open",
            "!ctx.home && dev.class in ['lock', 'garage', 'gate', 'door'] && dev.state in ['open', 'on', 'unlock', 'unlocked']",
            600,
            "nobody is home and it stands open",
        ),
    ]
}

/// Reads every `[[duty]]`: one with a shipped id takes that one's place, or with `off` leaves it empty; the others follow.
pub(super) fn read(r: &mut Reader) -> Vec<DutySpec> {
    let own = r.sections("duty", one);
    for (i, id) in repeated(own.iter().map(|(i, (id, _))| (*i, id.clone()))) {
        r.ledger.refuse_path(&format!("duty[{i}].id"), format!("found \"{id}\" a second time; keep one of the two"));
    }
    let mut duties = shipped();
    for (i, (id, spec)) in own {
        duties.retain(|d| d.id != id);
        match spec {
            Some(_) if duties.len() >= limits::DUTIES => {
                r.ledger.refuse_path(
                    &format!("duty[{i}]"),
                    format!("found one more than {}: each is looked at for each device each second", limits::DUTIES),
                );
            }
            Some(spec) => duties.push(spec),
            None => {}
        }
    }
    duties
}

/// None in the second place: it is off.
fn one(r: &mut Reader) -> Option<(String, Option<DutySpec>)> {
    let id = r.required("id", "\"leak-valve-open\"", kinds::duty_id);
    if r.or("off", false, kinds::truth) {
        return Some((id?, None));
    }
    let known = id.as_ref().and_then(|id| shipped().into_iter().find(|d| d.id == *id));
    let when = match &known {
        Some(known) => Some(r.or("when", known.when.clone(), kinds::expression)),
        None => r.required("when", "\"ctx.leak && dev.class == 'valve' && dev.state == 'open'\"", kinds::expression),
    };
    let says = match &known {
        Some(known) => Some(r.or("says", known.says.clone(), kinds::name)),
        None => r.required("says", "\"water leaks and the valve is open\"", kinds::name),
    };
    let after_seconds =
        r.or("after_seconds", known.as_ref().map_or(30, |k| k.after_seconds), kinds::whole(0..=limits::LONGEST_WAIT_SECONDS));
    let asks = r.optional("asks", kinds::kind);
    Some((id.clone()?, Some(DutySpec { id: id?, when: when?, after_seconds, says: says?, asks })))
}
