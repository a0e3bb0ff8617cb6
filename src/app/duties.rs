//! Duties that are due: an alert for each, and, where the owner said so, a request of Jamey's own, judged like anybody's.

use crate::{
    broker::{Engine, Hall, act},
    conscience::RuleSet,
    domain::{
        Body, Due, DutySpec, EntityId, Input, Kept, Origin, Percept, Purpose, Request, Source, Timestamp, Verb, WayOn, limits,
        topics::{self},
    },
    mind::Duties,
    runtime::pulse,
};
use anyhow::{Result, anyhow};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::mpsc;

/// As whom Jamey asks: no client's name becomes this id, for a dot in one is followed by two hex digits.
const SELF: &str = "jamey.duty";

/// The owner's duties, checked as rules are.
///
/// # Errors
/// All errors of all of them.
pub fn compile(specs: &[DutySpec], signals: &[crate::domain::SignalSpec]) -> Result<Duties> {
    let sources: Vec<(String, String)> = specs.iter().map(|spec| (format!("duty {}", spec.id), as_rule(spec))).collect();
    let rules = RuleSet::load(&sources, signals, &BTreeMap::new()).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!("the duties are refused:\n  {}", lines.join("\n  "))
    })?;
    Ok(Duties::new(specs.to_vec(), rules))
}

/// Its `when` stands in a line of its own, so that a complaint shows it.
fn as_rule(spec: &DutySpec) -> String {
    let text = |t: &str| toml::Value::String(t.to_owned()).to_string();
    format!(
        "[[rule]]\nid = {}\nduty = \"stewardship\"\nkind = \"weigh\"\npolarity = -1\nweight = 1\nseverity = 1.0\nwhen = {}\n",
        text(&spec.id),
        text(&spec.when)
    )
}

/// What is due now, by duty; the alert of each.
#[derive(Debug, Default)]
pub struct DueNow(BTreeMap<String, BTreeSet<(Timestamp, EntityId)>>);

impl DueNow {
    /// The alert's text for the duty that turned; None: it is over everywhere.
    pub fn turn(&mut self, due: &Due, spec: &DutySpec) -> Option<(Timestamp, String)> {
        let at = self.0.entry(due.duty.clone()).or_default();
        if due.begins {
            at.insert((due.since, due.device.clone()));
        } else {
            at.remove(&(due.since, due.device.clone()));
        }
        let (since, _) = at.first()?;
        let names: Vec<String> = at.iter().take(8).map(|(_, device)| device.to_string()).collect();
        let more = at.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some((*since, format!("{}: {}{more}", spec.says, names.join(", "))))
    }
}

/// What is to be asked.
pub struct Asks {
    pub comes: mpsc::Receiver<(EntityId, String)>,
    /// What is being asked; it is there still where the task fell over it.
    pub in_hand: Option<(EntityId, String)>,
}

/// Asks what duties say, one after the other. What it falls over it asks once more: a valve that is told to close twice is closed.
pub async fn ask_all(engine: Weak<Engine>, hall: Arc<Hall>, asks: &mut Asks) {
    let mut again = asks.in_hand.take();
    loop {
        pulse::waits();
        let next = match again.take() {
            Some(again) => again,
            None => {
                let Some(next) = asks.comes.recv().await else { return };
                asks.in_hand = Some(next.clone());
                next
            }
        };
        pulse::works().await;
        let Some(engine) = engine.upgrade() else { return };
        ask(&hall, &engine, &next.0, &next.1).await;
        asks.in_hand = None;
    }
}

/// Asks of a device what its duty says. It is judged and stored like any act, and goes on only then.
async fn ask(hall: &Hall, engine: &Engine, device: &EntityId, verb: &str) {
    let request = Request {
        target: device.clone(),
        endpoint: None,
        verb: Verb(verb.to_owned()),
        value: None,
        args: serde_json::Map::new(),
        id: None,
    };
    let mut requests = vec![request];
    let Some((topic, payload)) = act::plan(&hall.guard(), &hall.config, &mut requests, b"{}") else { return };
    let Ok(requester) = EntityId::new(SELF) else { return };
    let percept = Percept {
        id: hall.clock.percept_id(),
        at: hall.clock.now(),
        source: Arc::new(Source::own(requester.clone(), SELF, "jamey")),
        entity: requester,
        kind: "act".into(),
        topic: format!("{}/{device}/{verb}", topics::name(&hall.config.root, topics::Topic::Act)),
        body: Body::parse(b"{}", None),
        payload: b"{}".to_vec(),
        qos: 1,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Requests { origin: Origin::Act, requests },
        may_wait: true,
        way_on: Some(Box::new(WayOn { topic, payload, ..WayOn::default() })),
    };
    let way_on = percept.way_on.as_deref().cloned().unwrap_or_default();
    let kept = Kept {
        percept: Box::new(percept.clone()),
        way_on,
        expires_at: percept.at,
        asked: Vec::new(),
        reason: String::new(),
        nonce: String::new(),
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    if !hall.inbox.leave(Input::Percept(Box::new(percept)), 0, Some(tell), None).await {
        return;
    }
    // What is on disk too late is not asked any more: the device may stand otherwise by then.
    match tokio::time::timeout(Duration::from_secs(limits::STORE_WAIT_SECONDS), told).await {
        Ok(Ok(answer)) if answer.lets_on => {
            engine.release(&kept).await;
        }
        Ok(_) => {}
        Err(_) => hall.counters.refuse("duty", &format!("{device} was not asked to {verb}: the store cannot write")),
    }
}
