//! Requests, verdicts and approvals in the words of people, without codes: for notices and for the names of buttons.

use super::noticed::{Step, Stepped, Verdicted};
use crate::{
    domain::{Decision, EntityId, Registry, Request, is_secret, secret::without_secrets},
    home_assistant::out::Pending,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Requests of one message that are named; of more it is said how many.
const NAMED: usize = 2;

/// How a thing is called. Beside a name that is not its owner's stands its id: others gave it, and may give it another.
fn called(registry: &Registry, id: &EntityId) -> String {
    let given = registry.device(id).filter(|device| !device.is_declared()).and_then(|device| device.name.as_deref());
    match given {
        Some(name) if EntityId::escaped(name) != *id => format!("{name} ({id})"),
        _ => name(registry, id).to_owned(),
    }
}

fn name<'r>(registry: &'r Registry, id: &'r EntityId) -> &'r str {
    registry.device(id).and_then(|device| device.name.as_deref()).unwrap_or(id.as_str())
}

/// `unlock Front door`, `set Thermostat to 21.5`.
fn asked(registry: &Registry, target: &EntityId, endpoint: Option<&str>, verb: &str, value: Option<f64>) -> String {
    let hides = is_secret(verb) || endpoint.is_some_and(is_secret);
    let value = value.filter(|_| !hides).map_or_else(String::new, |value| format!(" to {value}"));
    let part = endpoint.map_or_else(String::new, |part| format!(" ({part})"));
    format!("{verb} {}{part}{value}", called(registry, target))
}

fn request(registry: &Registry, request: &Request) -> String {
    asked(registry, &request.target, request.endpoint.as_deref(), &request.verb.0, request.value)
}

fn joined(all: &[String]) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(" and ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// What is asked, by risk: of what is cut off the rest is the milder.
fn riskiest_first(mut all: Vec<(f64, String)>) -> Vec<String> {
    all.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    all.into_iter().map(|(_, what)| what).collect()
}

/// A verdict as it is told on `notice/verdict`; `more` others fell meanwhile.
#[must_use]
pub fn verdict(registry: &Registry, told: &Verdicted, more: u64) -> Value {
    let Verdicted { percept, at, requester, request: asked, decision, reason, forwarded } = told;
    let what = request(registry, asked);
    let (event, came) = match (decision, forwarded) {
        (Decision::Allow, true) => ("allowed", "it was allowed"),
        (Decision::Allow, false) => ("allowed", "it was allowed, and did not go on with what was not"),
        (Decision::Deny, true) => ("denied", "it went on, since the guard only observes; it would have been denied"),
        (Decision::Deny, false) => ("denied", "it was denied"),
        (Decision::Escalate, true) => ("held", "it went on, since the guard only observes; a person would have been asked"),
        (Decision::Escalate, false) => ("held", "a person is asked"),
    };
    let reason = without_secrets(reason);
    json!({
        "v": 1,
        "event_type": event,
        "text": format!("{requester} wants to {what}: {came} ({reason})"),
        "requester": requester,
        "target": asked.target,
        "name": name(registry, &asked.target),
        "verb": asked.verb.0,
        "forwarded": forwarded,
        "reason": reason,
        "percept": percept,
        "at": at.to_string(),
        "more": more,
    })
}

/// A step of what waits as it is told on `notice/approval`.
#[must_use]
pub fn approval(registry: &Registry, told: &Stepped, more: u64) -> Value {
    let Stepped { id, at, step, requester, requests, by, expires_at, reason } = told;
    let risk = |one: &Request| registry.device(&one.target).map_or(1.0, |device| device.risk_of(&one.verb.0).get());
    let what = joined(&riskiest_first(requests.iter().map(|one| (risk(one), request(registry, one))).collect()));
    let by_whom = by.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    let text = match step {
        Step::Asked => format!("may {requester} {what}? It waits until {expires_at}"),
        Step::Approved => format!("{by_whom} approved that {requester} may {what}"),
        Step::Refused => format!("{by_whom} refused that {requester} may {what}"),
        Step::Expired => format!("nobody answered whether {requester} may {what}"),
        Step::Superseded => format!("{requester} need not {what} any more: something newer came"),
    };
    json!({
        "v": 1,
        "event_type": step.as_str(),
        "text": text,
        "id": id,
        "requester": requester,
        "targets": requests.iter().map(|one| one.target.clone()).collect::<Vec<_>>(),
        "by": by,
        "reason": without_secrets(reason),
        "expires_at": expires_at.to_string(),
        "at": at.to_string(),
        "more": more,
    })
}

/// What waits as a pair of buttons shows it, all of it, from what people are shown on `approval/{id}`.
#[must_use]
pub fn pending(registry: &Registry, id: Uuid, document: &Value) -> Option<Pending> {
    let text = |key: &str| document.get(key)?.as_str().map(str::to_owned);
    let one = |request: &Value| {
        let text = |key: &str| request.get(key).and_then(Value::as_str);
        let target = EntityId::new(text("target")?).ok()?;
        let risk = request.get("risk").and_then(Value::as_f64).unwrap_or(1.0);
        Some((risk, asked(registry, &target, text("endpoint"), text("verb")?, request.get("value").and_then(Value::as_f64))))
    };
    let all = document.get("requests")?.as_array()?.iter().map(one).collect::<Option<Vec<_>>>()?;
    Some(Pending {
        id,
        nonce: text("nonce").filter(|nonce| !nonce.is_empty())?,
        sha256: text("sha256")?,
        requester: EntityId::new(&text("requester")?).ok()?,
        what: without_secrets(&riskiest_first(all).join(" and ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_says_what_it_answers_and_no_code() {
        let document = json!({"nonce": "n", "sha256": "s", "requester": "node_red", "requests": [
            {"target": "heater", "endpoint": null, "verb": "set", "value": 21.5, "risk": 0.2},
            {"target": "alarm", "endpoint": "pin_code", "verb": "set", "value": 4711.0, "risk": 0.7},
            {"target": "front_door", "endpoint": null, "verb": "unlock", "value": null, "risk": 0.8},
        ]});
        let told = pending(&Registry::default(), Uuid::nil(), &document).unwrap();
        assert_eq!(told.what, "unlock front_door and set alarm (pin_code) and set heater to 21.5");
        assert_eq!(pending(&Registry::default(), Uuid::nil(), &json!({"nonce": ""})), None);
    }
}
