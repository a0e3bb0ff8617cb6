//! What was seen of Jamey: verdicts and states as their payloads say them, in words. Guesses nothing that a payload does not say. Pure.

use super::wire::Heard;
use serde_json::Value;

/// Rules shown with a verdict; the rest are counted.
const RULES: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    Allow,
    Escalate,
    Deny,
}

/// A verdict that was published.
#[derive(Debug, Clone)]
pub struct Seen {
    pub decision: Decision,
    pub score: f64,
    pub reason: String,
    /// Jamey's own word on whether the message went on.
    pub forwarded: Option<bool>,
    pub percept: String,
    entity: String,
    target: String,
    verb: String,
    pub id: Option<String>,
    /// Rule, kind and share, in Jamey's order.
    contributions: Vec<(String, String, f64)>,
    pub payload: Value,
}

/// What a verdict is recognised by.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'w> {
    /// A request on `jamey/act` carries an id, which the verdict repeats.
    Id(&'w str),
    /// On a guarded topic the bytes are the device's own: the next verdict on who asked what of whom.
    Asked { entity: &'w str, target: &'w str, verb: &'w str },
}

impl Seen {
    /// Reads a message on the verdict topic; None for any other, and for what is no verdict.
    #[must_use]
    pub fn read(heard: &Heard) -> Option<Self> {
        if !heard.topic.starts_with("jamey/verdict/") {
            return None;
        }
        let payload: Value = serde_json::from_slice(&heard.payload).ok()?;
        let text = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or_default().to_owned();
        // What waited and ended: the verdict itself was told before.
        if payload.get("settled").is_some() {
            return None;
        }
        let request = payload.get("request")?;
        let one = |c: &Value| (text(c.get("rule")), text(c.get("kind")), c.get("share").and_then(Value::as_f64).unwrap_or_default());
        Some(Self {
            decision: match payload.get("decision")?.as_str()? {
                "allow" => Decision::Allow,
                "escalate" => Decision::Escalate,
                "deny" => Decision::Deny,
                _ => return None,
            },
            score: payload.get("score").and_then(Value::as_f64).unwrap_or_default(),
            reason: text(payload.get("reason")),
            forwarded: payload.get("forwarded").and_then(Value::as_bool),
            percept: text(payload.get("percept")),
            entity: text(request.get("entity")),
            target: text(request.get("target")),
            verb: text(request.get("verb")),
            id: request.get("id").and_then(Value::as_str).map(str::to_owned),
            contributions: payload.get("contributions").and_then(Value::as_array).map(|c| c.iter().map(one).collect()).unwrap_or_default(),
            payload,
        })
    }

    #[must_use]
    pub fn is(&self, wanted: Wanted<'_>) -> bool {
        match wanted {
            Wanted::Id(id) => self.id.as_deref() == Some(id),
            Wanted::Asked { entity, target, verb } => self.entity == entity && self.target == target && self.verb == verb,
        }
    }

    /// Whether a rule had a part in it; rules are known by the beginning of their id.
    #[must_use]
    pub fn weighed(&self, rule: &str) -> bool {
        self.contributions.iter().any(|(r, _, _)| r.starts_with(rule))
    }

    /// `demo_intruder asks demo_front_door: unlock`.
    #[must_use]
    pub fn asked(&self) -> String {
        let value = self.payload.get("request").and_then(|r| r.get("value")).and_then(Value::as_f64);
        let value = value.map_or_else(String::new, |v| format!(" {v}"));
        format!("{} asks {}: {}{value}", self.entity, self.target, self.verb)
    }

    /// The rules that spoke, each with its share of the score.
    #[must_use]
    pub fn rules(&self) -> String {
        if self.contributions.is_empty() {
            return "rules: none spoke for or against it".to_owned();
        }
        let mut parts: Vec<String> =
            self.contributions.iter().take(RULES).map(|(rule, kind, share)| format!("{rule} {share:+.2} ({kind})")).collect();
        if self.contributions.len() > RULES {
            parts.push(format!("{} more", self.contributions.len() - RULES));
        }
        format!("rules: {}", parts.join(", "))
    }
}

/// What Jamey holds of an entity, from `soul/entity/{entity}`.
#[must_use]
pub fn opinion(payload: &Value) -> String {
    let number = |key: &str| payload.get(key).and_then(Value::as_f64).map_or_else(|| "?".to_owned(), |n| format!("{n:.2}"));
    let name = payload.get("entity").and_then(Value::as_str).unwrap_or("?");
    let events = payload
        .get("events")
        .and_then(Value::as_u64)
        .map_or_else(String::new, |n| format!(" from {n} event{}", if n == 1 { "" } else { "s" }));
    let reasons: Vec<&str> =
        payload.get("reasons").and_then(Value::as_array).map(|r| r.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let why = if reasons.is_empty() { String::new() } else { format!(" Why: {}.", reasons.join("; ")) };
    format!("{name}: expected to behave {}, counted on for {}{events} (0 to 1).{why}", number("expectation"), number("lower_bound"))
}

/// Whether any reason of an opinion speaks against the entity.
#[must_use]
pub fn lowered(payload: &Value) -> bool {
    let reasons = payload.get("reasons").and_then(Value::as_array);
    reasons.is_some_and(|all| all.iter().filter_map(Value::as_str).any(|r| r.contains("lowered") || r.contains("probation")))
}

/// The mood and what moved it, from `soul/emotion`.
#[must_use]
pub fn mood(payload: &Value) -> String {
    let Some(mood) = payload.get("mood") else { return "The payload says nothing of a mood.".to_owned() };
    let word = |key: &str| mood.get(key).and_then(Value::as_str).unwrap_or("?");
    let scale = |key: &str| mood.get(key).and_then(Value::as_f64).map_or_else(|| "?".to_owned(), |n| format!("{n:+.2}"));
    let causes: Vec<&str> = payload
        .get("emotions")
        .and_then(Value::as_array)
        .map(|all| all.iter().filter_map(|e| e.get("text").and_then(Value::as_str)).take(3).collect())
        .unwrap_or_default();
    let moved = if causes.is_empty() { "nothing has moved it".to_owned() } else { format!("moved by {}", causes.join(", ")) };
    format!(
        "Mood: {} {} (pleasure {}, arousal {}, dominance {}); {moved}. It summarises recent events; Jamey does not feel.",
        word("strength"),
        word("octant"),
        scale("pleasure"),
        scale("arousal"),
        scale("dominance")
    )
}

/// State and focus, from `consciousness/state`.
#[must_use]
pub fn focus(payload: &Value) -> String {
    let state = payload.get("state").and_then(Value::as_str).unwrap_or("?");
    let named = |v: &Value| match v {
        Value::String(name) => Some(name.clone()),
        Value::Object(object) => object.get("entity").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let focus = payload.get("focus").and_then(named).map_or_else(|| "nothing in particular".to_owned(), |f| format!("`{f}`"));
    let last = payload
        .get("last_broadcast")
        .and_then(|b| b.get("text").or_else(|| b.get("reason")).or_else(|| b.get("content")))
        .and_then(Value::as_str);
    let last = last.map_or_else(String::new, |l| format!(" Last broadcast: {l}."));
    format!("State: {state}; its attention is on {focus}.{last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn heard(topic: &str, payload: &Value) -> Heard {
        Heard { by: "demo_observer", topic: topic.into(), payload: payload.to_string().into_bytes().into(), retained: false }
    }

    #[test]
    fn a_verdict_is_told_as_it_was_published() {
        let payload = json!({
            "v": 1, "decision": "deny", "score": -0.83, "reason": "denied: SEC-3 forbids it", "forwarded": false, "percept": "p",
            "contributions": [{"rule": "SEC-3-retained-command", "kind": "veto", "share": -0.83, "duty": "security"}],
            "request": {"entity": "demo_intruder", "target": "demo_front_door", "verb": "unlock", "id": "demo-1", "value": null},
        });
        let seen = Seen::read(&heard("jamey/verdict/demo_intruder", &payload)).unwrap();
        assert_eq!((seen.decision, seen.forwarded), (Decision::Deny, Some(false)));
        assert!(seen.is(Wanted::Id("demo-1")) && !seen.is(Wanted::Id("demo-2")));
        assert!(seen.is(Wanted::Asked { entity: "demo_intruder", target: "demo_front_door", verb: "unlock" }));
        assert!(seen.weighed("SEC-3") && !seen.weighed("LIFE-2"));
        assert_eq!(seen.asked(), "demo_intruder asks demo_front_door: unlock");
        assert_eq!(seen.rules(), "rules: SEC-3-retained-command -0.83 (veto)");
        assert!(Seen::read(&heard("jamey/do/demo_front_door/unlock", &payload)).is_none());
    }

    #[test]
    fn a_payload_that_says_less_is_not_filled_with_guesses() {
        assert!(Seen::read(&heard("jamey/verdict/x", &json!({"decision": "perhaps", "request": {}}))).is_none());
        assert_eq!(opinion(&json!({"entity": "x"})), "x: expected to behave ?, counted on for ? (0 to 1).");
        assert_eq!(focus(&json!({"focus": null})), "State: ?; its attention is on nothing in particular.");
        assert!(mood(&json!({})).contains("nothing of a mood"));
    }
}
