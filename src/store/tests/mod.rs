//! The store's promises, on real files.

mod auditing;
mod conscious;
mod copying;
mod failing;
mod keeping;
mod migrating;
mod reading;
mod remembering;
mod summing;
mod writing;

use super::{Batch, Entry};
use crate::domain::{
    ActFacts, Body, Contribution, Decision, DeviceClass, DeviceFacts, EntityId, Facts, Judged, Layer, MemoryRecord, Origin, Outcome,
    Percept, Purpose, Request, RequestFacts, SignalValue, Timestamp, Unit01, Verb, Verdict, percept::Source,
};
use serde_json::{Map, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// 2026-11-18T11:00:00Z, the start of an hour.
const START: i64 = 1_794_999_600_000_000;

fn id(text: &str) -> EntityId {
    EntityId::new(text).unwrap()
}

fn uuid(n: u64) -> Uuid {
    Uuid::from_u128((0x0199_0000_0000_7000_u128 << 64) | u128::from(n))
}

/// One microsecond apart.
fn at(n: u64) -> Timestamp {
    Timestamp::from_micros(START + i64::try_from(n).unwrap())
}

fn percept(n: u64) -> Percept {
    let payload = json!({
        "battery": 87, "humidity": 41.25, "linkquality": 120, "pressure": 1013.4, "temperature": 21.46, "voltage": 2985,
        "last_seen": "2026-11-18T11:06:40.123Z", "n": n,
    });
    let sent = payload.to_string().into_bytes();
    let entity = id(&format!("sensor_{}", n % 40));
    Percept {
        id: uuid(n),
        at: at(n),
        source: std::sync::Arc::new(Source {
            requester: entity.clone(),
            client_id: format!("zigbee_bridge_{}", n % 4),
            user: Some("devices".into()),
            address: "192.168.1.20".into(),
            speaks_for_many: false,
            human: false,
            owner: false,
            role: "device".into(),
        }),
        topic: format!("zigbee2mqtt/{entity}"),
        entity,
        kind: "state".into(),
        body: Body::Json(payload),
        payload: sent,
        qos: 1,
        retained: false,
        stored: false,
        packet_id: Some(7),
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
    }
}

/// Something told.
fn told(n: u64) -> Entry {
    let percept = percept(n);
    let record =
        MemoryRecord { layer: Layer::ShortTerm, importance: 0.25, text: format!("{} says temperature 21.46", percept.entity), about: None };
    Entry { percept: Box::new(percept), outcome: Outcome { record: Some(record), ..Outcome::default() }, lets_on: true, again: false }
}

/// Something asked for and judged.
fn asked(n: u64, decision: Decision) -> Entry {
    let mut entry = told(n);
    let judged = judged(n, decision);
    entry.percept.purpose = Purpose::Requests { origin: Origin::Guard, requests: vec![judged.request.clone()] };
    entry.outcome.judged.push(judged);
    entry.lets_on = decision == Decision::Allow;
    entry
}

fn judged(n: u64, decision: Decision) -> Judged {
    let target = id("front_door");
    let args: Map<String, serde_json::Value> = [("transition".to_owned(), json!(2))].into_iter().collect();
    let signals = [("home", SignalValue::Bool(true)), ("asleep", SignalValue::Bool(false)), ("outside", SignalValue::Number(4.5))];
    let share = |rule: &str, share| Contribution { rule: rule.into(), kind: "weigh".into(), share, duty: "protect who sleeps".into() };
    Judged {
        request: Request {
            target: target.clone(),
            endpoint: None,
            verb: Verb("lock".into()),
            value: None,
            args: args.clone(),
            id: Some(format!("r{n}")),
        },
        verdict: Verdict {
            decision,
            score: 0.375,
            theta_allow: 0.25,
            theta_deny: -0.25,
            uncertainty: Unit01::clamped(0.125),
            contributions: vec![share("known_sender", 0.25), share("safe_direction", 0.125)],
            reason: "Locking the front door goes the safe way, and the sender is known.".into(),
        },
        facts: Facts {
            req: RequestFacts {
                entity: id("phone"),
                client: id("phone"),
                role: "operator".into(),
                human: true,
                trust: Unit01::clamped(0.875),
                delegated: false,
                events: Some(7),
                minute: Some(192),
            },
            act: ActFacts { target, verb: "lock".into(), value: None, args, retained: false, signed: false },
            dev: DeviceFacts {
                class: DeviceClass::Lock,
                area: "hall".into(),
                tags: BTreeSet::from(["critical".into()]),
                state: "unlocked".into(),
                risk: Unit01::clamped(0.8),
                cmds_60s: 1,
                opposite_5s: 0,
                name: Some("Front door".into()),
            },
            ctx: signals.into_iter().map(|(name, value)| (name.to_owned(), (value, true))).collect(),
            stress: Unit01::clamped(0.0),
        },
    }
}

fn batch(entries: Vec<Entry>) -> Batch {
    let last = entries.last().map_or(at(0), |e| e.percept.at);
    Batch { entries, changes: Vec::new(), journal: b"inputs".to_vec(), at: last }
}
