//! Held requests at the edge: what an answer must prove, what people are shown, and what becomes of it all once it is on disk.

use crate::{
    domain::{
        Answer, Decision, EntityId, Judged, Kept, Percept, Purpose, Registry, Settled, Timestamp, Unanswered, WayOn,
        audit::{Event, hex},
    },
    observe::settled,
    store::{Reader, StoreError},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A payload is shown as text up to so many bytes.
const SHOWN_BYTES: usize = 1_024;

/// What waits, whole, by id.
#[derive(Debug, Default)]
pub struct Approvals(BTreeMap<Uuid, Kept>);

impl Approvals {
    pub fn new(kept: Vec<Kept>) -> Self {
        Self(kept.into_iter().map(|kept| (kept.percept.id, kept)).collect())
    }

    /// Whether an answer is of someone who read what they answer.
    ///
    /// # Errors
    /// When nothing waits under its id, or nonce or hash are another's.
    pub fn check(&self, answer: &Answer) -> Result<&Kept, Unanswered> {
        let kept = self.0.get(&answer.id).ok_or(Unanswered::NotWaiting)?;
        if kept.nonce.is_empty() || !same(&kept.nonce, &answer.nonce) {
            return Err(Unanswered::Nonce);
        }
        if kept.digest() == answer.sha256 { Ok(kept) } else { Err(Unanswered::Altered) }
    }

    /// Keeps what the mind holds, with a nonce of its own.
    pub fn hold(&mut self, percept: &Percept, judged: &[Judged], expires_at: Timestamp) -> Kept {
        let mut percept = percept.clone();
        let as_it_came = || WayOn { topic: percept.topic.clone(), payload: percept.payload.clone(), ..WayOn::default() };
        let way_on = percept.way_on.take().map_or_else(as_it_came, |way| *way);
        let asking = || judged.iter().zip(0_u16..).filter(|(j, _)| j.verdict.decision == Decision::Escalate);
        let kept = Kept {
            way_on,
            expires_at,
            asked: asking().map(|(_, ordinal)| ordinal).collect(),
            reason: asking().next().map(|(j, _)| j.verdict.reason.clone()).unwrap_or_default(),
            nonce: nonce(),
            percept: Box::new(percept),
        };
        self.0.insert(kept.percept.id, kept.clone());
        kept
    }

    pub fn settle(&mut self, id: Uuid) -> Option<Kept> {
        self.0.remove(&id)
    }

    /// All that waits, as people are shown it.
    pub fn documents(&self, risks: impl Fn(&EntityId, &str) -> f64) -> BTreeMap<Uuid, Value> {
        self.0.values().map(|kept| (kept.percept.id, document(kept, &risks))).collect()
    }
}

/// Without telling by its time how much of it is right.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// 128 random bits in hex. Without randomness nothing can be approved, and all expires.
fn nonce() -> String {
    let mut bytes = [0u8; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex(&bytes),
        Err(error) => {
            tracing::error!("no randomness for a nonce: what waits cannot be approved: {error}");
            String::new()
        }
    }
}

/// What is shown of one that waits, on `approval/{id}` and by the command line.
pub fn document(kept: &Kept, risk: impl Fn(&EntityId, &str) -> f64) -> Value {
    let p = &kept.percept;
    let requests: Vec<Value> = match &p.purpose {
        Purpose::Requests { requests, .. } => requests
            .iter()
            .map(|r| {
                json!({"target": r.target, "endpoint": r.endpoint, "verb": r.verb, "value": r.value, "risk": risk(&r.target, &r.verb.0), "id": r.id})
            })
            .collect(),
        Purpose::Observation | Purpose::Discovery => Vec::new(),
    };
    let shown = |bytes: &[u8]| std::str::from_utf8(bytes).ok().filter(|t| t.len() <= SHOWN_BYTES).map(str::to_owned);
    let way = &kept.way_on;
    json!({
        "v": 1,
        "id": p.id,
        "asked_at": p.at.to_string(),
        "expires_at": kept.expires_at.to_string(),
        "nonce": kept.nonce,
        "sha256": kept.digest(),
        "requester": p.source.requester,
        "client": p.source.client_id,
        "topic": p.topic,
        "payload": shown(&p.payload),
        "payload_bytes": p.payload.len(),
        "goes_on": {"topic": way.topic, "payload": shown(&way.payload), "payload_bytes": way.payload.len()},
        "requests": requests,
        "reason": kept.reason,
    })
}

/// The same, from the store.
///
/// # Errors
/// When the devices cannot be read.
pub fn held_document(reader: &Reader, kept: &Kept) -> Result<Value, StoreError> {
    let registry = Registry::from_devices(reader.devices()?);
    Ok(document(kept, |id, verb| super::house::risk(&registry, id, verb)))
}

/// What the requester, and who else listens to verdicts, hears when a request waits no more: one for each of its requests.
pub fn verdicts(kept: &Kept, settled: &Settled) -> Vec<Value> {
    let requests: &[_] = match &kept.percept.purpose {
        Purpose::Requests { requests, .. } => requests,
        Purpose::Observation | Purpose::Discovery => &[],
    };
    requests
        .iter()
        .enumerate()
        .map(|(at, request)| {
            settled::verdict(&settled::Ended {
                percept: settled.id,
                at: settled.at,
                how: settled.ending.as_str(),
                by: settled.by.as_ref().map(EntityId::as_str),
                forwarded: settled.lets_on,
                reason: &settled.reason,
                entity: &kept.percept.source.requester,
                request,
                verdict: settled.judged.get(at).map(|j| &j.verdict),
            })
        })
        .collect()
}

/// What the audit trail says of one that waits, of its end, and of an answer that does not count.
pub fn asked(kept: &Kept) -> Event {
    let p = &kept.percept;
    let detail = format!("on {}: {}; until {}, sha256 {}", p.topic, kept.reason, kept.expires_at, kept.digest());
    Event::new(p.at, p.source.requester.as_str(), "approval.asked", Some(&p.id.to_string()), &detail)
}

pub fn ended(settled: &Settled) -> Event {
    let by = settled.by.as_ref().map_or("jamey", EntityId::as_str);
    let action = format!("approval.{}", settled.ending.as_str());
    let went = if settled.lets_on { "let on" } else { "not let on" };
    Event::new(settled.at, by, &action, Some(&settled.id.to_string()), &format!("{went}: {}", settled.reason))
}

pub fn refused(answer: &Answer, why: Unanswered) -> Event {
    let word = if answer.approves { "approve" } else { "refuse" };
    Event::new(answer.at, answer.by.as_str(), "approval.answer_refused", Some(&answer.id.to_string()), &format!("{word}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Body, Origin, Request, Source, Verb};
    use std::sync::Arc;

    fn percept() -> Percept {
        let source = Source::own(EntityId::new("panel").unwrap(), "panel", "");
        let request = Request {
            target: EntityId::new("front").unwrap(),
            endpoint: None,
            verb: Verb("unlock".into()),
            value: None,
            args: serde_json::Map::new(),
            id: None,
        };
        Percept {
            id: Uuid::from_u128(7),
            at: Timestamp::from_micros(1),
            source: Arc::new(source),
            entity: EntityId::new("panel").unwrap(),
            kind: "command".into(),
            topic: "front/set".into(),
            body: Body::parse(b"UNLOCK", None),
            payload: b"UNLOCK".to_vec(),
            qos: 1,
            retained: false,
            stored: false,
            packet_id: Some(1),
            repeat_of: None,
            own_id: None,
            purpose: Purpose::Requests { origin: Origin::Guard, requests: vec![request] },
            may_wait: true,
            way_on: None,
        }
    }

    fn answer(kept: &Kept) -> Answer {
        let sha256 = kept.digest();
        let by = EntityId::new("anna").unwrap();
        Answer {
            at: Timestamp::from_micros(2),
            by,
            id: kept.percept.id,
            approves: true,
            nonce: kept.nonce.clone(),
            sha256,
            transaction: None,
            void: None,
        }
    }

    #[test]
    fn an_answer_is_of_someone_who_read_what_they_answer() {
        let mut approvals = Approvals::default();
        let kept = approvals.hold(&percept(), &[], Timestamp::from_micros(9));
        let good = answer(&kept);
        assert_eq!(approvals.check(&good).map(|_| ()), Ok(()));
        assert_eq!(approvals.check(&Answer { nonce: "0".repeat(32), ..good.clone() }).map(|_| ()), Err(Unanswered::Nonce));
        assert_eq!(approvals.check(&Answer { nonce: String::new(), ..good.clone() }).map(|_| ()), Err(Unanswered::Nonce));
        assert_eq!(approvals.check(&Answer { sha256: "0".repeat(64), ..good.clone() }).map(|_| ()), Err(Unanswered::Altered));
        assert_eq!(approvals.check(&Answer { id: Uuid::from_u128(8), ..good.clone() }).map(|_| ()), Err(Unanswered::NotWaiting));
        approvals.settle(kept.percept.id);
        assert_eq!(approvals.check(&good).map(|_| ()), Err(Unanswered::NotWaiting));
    }

    #[test]
    fn whatever_would_go_on_otherwise_has_another_hash() {
        let kept = Approvals::default().hold(&percept(), &[], Timestamp::from_micros(9));
        let others: [fn(&mut Kept); 8] = [
            |k| k.way_on.payload = b"LOCK".to_vec(),
            |k| k.way_on.topic = "back/set".into(),
            |k| k.way_on.properties = vec![2, 3, 0],
            |k| k.percept.qos = 2,
            |k| k.percept.payload = b"LOCK".to_vec(),
            |k| k.expires_at = Timestamp::from_micros(10),
            |k| k.nonce = "0".repeat(32),
            |k| Arc::make_mut(&mut k.percept.source).requester = EntityId::new("other").unwrap(),
        ];
        for (at, change) in others.iter().enumerate() {
            let mut other = kept.clone();
            change(&mut other);
            assert_ne!(other.digest(), kept.digest(), "{at}");
        }
    }
}
