//! A percept in the words that a person would search for.

use crate::domain::{
    Body, Decision, DeviceClass, Judged, Percept, Purpose,
    secret::{NOT_KEPT, is_secret, without_secrets},
};
use serde_json::Value;

/// Bytes of a record's text: a device's whole report in words; more is for the payload to hold.
const TEXT_BYTES: usize = 512;

/// `kitchen temperature 21.5`, or `anonymous asked front_door to unlock: denied`; at most 512 bytes, one line.
#[must_use]
pub fn text(percept: &Percept, judged: &[Judged]) -> String {
    let mut line = Line(String::with_capacity(64));
    match &percept.purpose {
        Purpose::Requests { .. } => {
            for (n, one) in judged.iter().enumerate() {
                line.request(n > 0, percept, one);
            }
            if judged.is_empty() {
                line.word(percept.source.requester.as_str());
                line.word("asked on");
                line.word(&percept.topic);
            }
        }
        Purpose::Discovery => {
            line.word(percept.source.requester.as_str());
            line.word("describes");
            line.word(percept.entity.as_str());
        }
        Purpose::Observation => {
            line.word(percept.entity.as_str());
            line.word(&percept.kind);
            if is_secret(&percept.kind) && percept.body != Body::Empty {
                line.word(NOT_KEPT);
            } else {
                line.body(&percept.body);
            }
        }
    }
    line.end()
}

struct Line(String);

impl Line {
    fn request(&mut self, further: bool, percept: &Percept, judged: &Judged) {
        let (requester, claimed, request) = (&percept.source.requester, &judged.facts.req.entity, &judged.request);
        if further {
            self.0.push(';');
        }
        self.word(requester.as_str());
        if claimed != requester {
            self.word("as");
            self.word(claimed.as_str());
        }
        self.word("asked");
        self.word(request.target.as_str());
        if let Some(endpoint) = &request.endpoint {
            self.word(endpoint);
        }
        self.word("to");
        self.word(&request.verb.0);
        if let Some(value) = request.value {
            self.word(&if is_code(judged) { NOT_KEPT.to_owned() } else { value.to_string() });
        }
        self.0.push_str(match judged.verdict.decision {
            Decision::Allow => ": allowed",
            Decision::Escalate => ": held for a person",
            Decision::Deny => ": denied",
        });
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Empty => self.word("cleared"),
            Body::Bool(b) => self.word(if *b { "true" } else { "false" }),
            Body::Number(n) => self.word(&n.to_string()),
            Body::Text(t) => self.word(&without_secrets(t)),
            Body::Json(value) | Body::Cbor(value) => self.value(value),
            Body::Bytes(n) => self.word(&format!("{n} bytes")),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(b) => self.word(if *b { "true" } else { "false" }),
            Value::Number(n) => self.word(&n.to_string()),
            Value::String(s) => self.word(&without_secrets(s)),
            Value::Array(items) => self.each(items.iter().map(|item| (None, item))),
            Value::Object(map) => self.each(map.iter().map(|(key, item)| (Some(key.as_str()), item))),
        }
    }

    fn each<'a>(&mut self, items: impl Iterator<Item = (Option<&'a str>, &'a Value)>) {
        for (key, item) in items {
            if self.0.len() >= TEXT_BYTES {
                return;
            }
            if let Some(key) = key {
                self.word(key);
            }
            if key.is_some_and(is_secret) {
                self.word(NOT_KEPT);
            } else {
                self.value(item);
            }
        }
    }

    /// Adds a word after a space; control characters and runs of space become one space, and what no longer fits is left out.
    fn word(&mut self, word: &str) {
        let mut gap = !self.0.is_empty();
        for c in word.chars() {
            if self.0.len() >= TEXT_BYTES {
                return;
            }
            if c.is_control() || c.is_whitespace() {
                gap = !self.0.is_empty();
                continue;
            }
            if std::mem::take(&mut gap) {
                self.0.push(' ');
            }
            self.0.push(c);
        }
    }

    fn end(mut self) -> String {
        self.0.truncate(self.0.floor_char_boundary(TEXT_BYTES));
        self.0
    }
}

/// Whether the number of a request is a code: what is said to locks and alarm panels, or to a part or in a verb that is named so.
fn is_code(judged: &Judged) -> bool {
    let request = &judged.request;
    matches!(judged.facts.dev.class, DeviceClass::Lock | DeviceClass::AlarmPanel)
        || is_secret(&request.verb.0)
        || request.endpoint.as_deref().is_some_and(is_secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ActFacts, DeviceClass, DeviceFacts, EntityId, Facts, Origin, Request, RequestFacts, Signals, Source, Timestamp, Unit01, Verb,
        Verdict,
    };
    use serde_json::{Map, json};
    use uuid::Uuid;

    fn id(name: &str) -> EntityId {
        EntityId::new(name).unwrap()
    }

    fn percept(entity: &str, kind: &str, body: Body, purpose: Purpose) -> Percept {
        Percept {
            id: Uuid::nil(),
            at: Timestamp::default(),
            source: std::sync::Arc::new(Source {
                requester: EntityId::anonymous(),
                client_id: String::new(),
                user: None,
                address: String::new(),
                speaks_for_many: false,
                human: false,
                owner: false,
                role: String::new(),
            }),
            entity: id(entity),
            kind: kind.into(),
            topic: "a/b".into(),
            body,
            payload: Vec::new(),
            qos: 1,
            retained: false,
            stored: false,
            packet_id: None,
            repeat_of: None,
            own_id: None,
            purpose,
            may_wait: false,
            way_on: None,
        }
    }

    fn judged(claimed: &str, target: &str, verb: &str, decision: Decision) -> Judged {
        let request = Request { target: id(target), endpoint: None, verb: Verb(verb.into()), value: None, args: Map::new(), id: None };
        let facts = Facts {
            req: RequestFacts {
                entity: id(claimed),
                client: EntityId::anonymous(),
                role: String::new(),
                human: false,
                trust: Unit01::clamped(0.0),
                delegated: false,
                events: None,
                minute: None,
            },
            act: ActFacts { target: id(target), verb: verb.into(), value: None, args: Map::new(), retained: false, signed: false },
            dev: DeviceFacts {
                class: DeviceClass::Lock,
                area: String::new(),
                tags: Default::default(),
                state: String::new(),
                risk: Unit01::clamped(0.8),
                cmds_60s: 0,
                opposite_5s: 0,
                name: None,
            },
            ctx: Signals::default(),
            stress: Unit01::clamped(0.0),
        };
        let verdict = Verdict {
            decision,
            score: 0.0,
            theta_allow: 0.0,
            theta_deny: 0.0,
            uncertainty: Unit01::clamped(0.0),
            contributions: Vec::new(),
            reason: String::new(),
        };
        Judged { request, verdict, facts }
    }

    #[test]
    fn percepts_read_as_one_would_say_them() {
        let told = |kind: &str, body| text(&percept("kitchen", kind, body, Purpose::Observation), &[]);
        assert_eq!(told("temperature", Body::Number(21.5)), "kitchen temperature 21.5");
        assert_eq!(told("say", Body::Text("hello\n\t there".into())), "kitchen say hello there");
        assert_eq!(
            told("state", Body::Json(json!({"contact": false, "battery": 97, "link": {"q": 12}}))),
            "kitchen state battery 97 contact false link q 12"
        );
        assert_eq!(told("image", Body::Bytes(7)), "kitchen image 7 bytes");
        assert_eq!(told("state", Body::Json(json!({"pin_code": "1234", "monkey": 1}))), "kitchen state monkey 1 pin_code (not kept)");
    }

    #[test]
    fn requests_tell_who_asked_for_what_and_the_verdict() {
        let asked = |judged: &[Judged]| {
            let purpose = Purpose::Requests { origin: Origin::Act, requests: judged.iter().map(|j| j.request.clone()).collect() };
            text(&percept("front_door", "unlock", Body::Empty, purpose), judged)
        };
        assert_eq!(asked(&[judged("anonymous", "front_door", "unlock", Decision::Deny)]), "anonymous asked front_door to unlock: denied");
        let mut dim = judged("jane", "lamp", "set", Decision::Allow);
        dim.request.value = Some(40.0);
        dim.facts.dev.class = DeviceClass::Light;
        assert_eq!(
            asked(&[dim, judged("anonymous", "gate", "open", Decision::Escalate)]),
            "anonymous as jane asked lamp to set 40: allowed; anonymous asked gate to open: held for a person"
        );
    }

    #[test]
    fn no_code_stands_in_a_text_however_it_was_said() {
        let told = |kind: &str, body| text(&percept("keypad", kind, body, Purpose::Observation), &[]);
        for (kind, body) in [
            ("code", Body::Number(1234.0)),
            ("userCode", Body::Text("1234".into())),
            ("pin", Body::Json(json!(["1234"]))),
            ("action", Body::Text("disarm 1234".into())),
            ("action", Body::Json(json!({"userCode": "1234", "action": "disarm"}))),
            ("action", Body::Json(json!({"PINCode": {"user": 1, "value": 1234}}))),
            ("say", Body::Json(json!({"text": "the pin is 1234"}))),
        ] {
            let told = told(kind, body);
            assert!(!told.contains("1234") && told.contains("(not kept)"), "{told}");
        }
        let asked = |verb: &str, endpoint: Option<&str>| {
            let mut one = judged("jane", "front_door", verb, Decision::Allow);
            one.request.value = Some(1234.0);
            one.request.endpoint = endpoint.map(str::to_owned);
            let purpose = Purpose::Requests { origin: Origin::Act, requests: vec![one.request.clone()] };
            text(&percept("jane", "act", Body::Number(1234.0), purpose), &[one])
        };
        for (verb, endpoint) in [("disarm", None), ("set", Some("pin_code")), ("setCode", None)] {
            assert!(asked(verb, endpoint).contains("(not kept): allowed"), "{}", asked(verb, endpoint));
        }
    }

    #[test]
    fn one_byte_past_the_limit_is_left_out() {
        let long = |body| text(&percept("e", "k", body, Purpose::Observation), &[]).len();
        assert_eq!(long(Body::Text("x".repeat(TEXT_BYTES - 4))), TEXT_BYTES);
        assert_eq!(long(Body::Text("x".repeat(TEXT_BYTES - 3))), TEXT_BYTES);
        assert!(long(Body::Text("ü".repeat(10_000))) <= TEXT_BYTES);
        assert!(long(Body::Json(json!(vec!["many words"; 10_000]))) <= TEXT_BYTES);
    }
}
