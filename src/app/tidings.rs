//! What is told to those who listen by HTTP: verdicts once they are stored, in the order of the store, and states as they are told over MQTT.
//! It runs on the writer's thread after everybody was answered: nothing is written down or copied here that can be moved.

use crate::{
    broker::Hall,
    domain::{
        Change, EntityId, Judged, Kept, Purpose, Settled, Timestamp,
        topics::{self, Topic},
    },
    observe::news::{Document, Fresh, Kind, Mark},
    store::{Batch, Entry, Places, Reader, StoreError},
};
use serde_json::Value;
use std::path::Path;
use uuid::Uuid;

/// What a verdict takes of memory besides what came with the message.
const VERDICT_BYTES: usize = 2_048;
/// What a document takes beside its text.
const STATE_BYTES: usize = 256;

/// A held message that waits no more: what is told of each of its requests.
pub struct Ending {
    percept: Uuid,
    at: Timestamp,
    entity: EntityId,
    targets: Vec<EntityId>,
    verdicts: Vec<Value>,
}

impl Ending {
    pub fn of(kept: &Kept, settled: &Settled, verdicts: &[Value]) -> Self {
        let targets = match &kept.percept.purpose {
            Purpose::Requests { requests, .. } => requests.iter().map(|request| request.target.clone()).collect(),
            Purpose::Observation | Purpose::Discovery => Vec::new(),
        };
        let entity = kept.percept.source.requester.clone();
        Self { percept: settled.id, at: settled.at, entity, targets, verdicts: verdicts.to_vec() }
    }

    fn fresh(&self, root: &str, at: usize) -> Option<Fresh> {
        let verdict = self.verdicts.get(at)?.clone();
        Some(Fresh {
            kind: Kind::Verdict,
            topic: topics::of_entity(root, Topic::Verdict, &self.entity),
            at: self.at,
            entity: Some(self.entity.clone()),
            others: self.targets.get(at).cloned().into_iter().collect(),
            document: Document::Json(verdict),
            bytes: VERDICT_BYTES,
        })
    }
}

/// Before anything is judged.
///
/// # Errors
/// When the store cannot be read.
pub fn begin(hall: &Hall, data: &Path) -> Result<(), StoreError> {
    let newest = Reader::open(data)?.newest_verdict()?;
    let boot = Mark::new(0, hall.clock.percept_id()).check;
    hall.news.begin(boot, newest.map_or_else(Mark::default, |(row, percept)| Mark::new(row, percept)));
    Ok(())
}

/// What a batch holds that is on disk now.
pub fn tell(hall: &Hall, batch: Batch, places: Places, endings: Vec<Ending>) {
    if batch.changes.iter().any(|change| matches!(change, Change::Forget(_))) {
        hall.news.forget();
    }
    if places.is_empty() && endings.is_empty() {
        return;
    }
    let root = &hall.config.root;
    let mut places = places.into_iter();
    let mut told = Vec::with_capacity(places.len());
    for entry in batch.entries {
        let (percept, payload) = (entry.percept.id, entry.percept.payload.len());
        let ending = endings.iter().find(|ending| entry.again && ending.percept == percept);
        let Entry { percept: p, outcome, lets_on, .. } = entry;
        for ((at, judged), place) in outcome.judged.into_iter().enumerate().zip(&mut places) {
            let mark = place.map(|row| Mark::new(row, percept));
            let fresh = match ending {
                Some(ending) => ending.fresh(root, at),
                None => Some(judged_fresh(root, &p.source.requester, percept, p.at, lets_on, judged, payload)),
            };
            told.extend(fresh.map(|fresh| (mark, fresh)));
        }
    }
    // Nobody judged these again: they expired, or were refused.
    let stored: Vec<Uuid> = told.iter().filter_map(|(_, fresh)| again(fresh)).collect();
    for ending in endings.iter().filter(|ending| !stored.contains(&ending.percept)) {
        told.extend((0..ending.verdicts.len()).filter_map(|at| Some((None, ending.fresh(root, at)?))));
    }
    hall.news.tell(told);
}

/// Whose end a verdict tells of.
fn again(fresh: &Fresh) -> Option<Uuid> {
    let Document::Json(verdict) = &fresh.document else { return None };
    verdict.get("percept").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok())
}

fn judged_fresh(root: &str, requester: &EntityId, percept: Uuid, at: Timestamp, forwarded: bool, judged: Judged, payload: usize) -> Fresh {
    Fresh {
        kind: Kind::Verdict,
        topic: topics::of_entity(root, Topic::Verdict, requester),
        at,
        entity: Some(requester.clone()),
        others: vec![judged.request.target.clone()],
        // Arguments are held twice, in the request and in the facts.
        bytes: VERDICT_BYTES + 2 * payload,
        document: Document::Judged { percept, forwarded, judged: Box::new(judged) },
    }
}

/// A state as it is told on its topic; empty: it stands no more.
pub fn state(hall: &Hall, topic: &str, payload: &[u8]) {
    let Some(kind) = Kind::of_state(&hall.config.root, topic) else { return };
    let mut fresh = Fresh {
        kind,
        topic: topic.to_owned(),
        at: hall.clock.now(),
        entity: None,
        others: Vec::new(),
        bytes: STATE_BYTES + payload.len(),
        document: Document::Text(payload.to_vec()),
    };
    match kind {
        Kind::Entity => fresh.entity = topic.rsplit('/').next().and_then(|id| EntityId::new(id).ok()),
        Kind::Approval => name_who_asks(&mut fresh, payload),
        _ => {}
    }
    hall.news.tell([(None, fresh)]);
}

fn name_who_asks(fresh: &mut Fresh, payload: &[u8]) {
    let document: Value = serde_json::from_slice(payload).unwrap_or_default();
    let id = |value: &Value| value.as_str().and_then(|id| EntityId::new(id).ok());
    fresh.entity = document.get("requester").and_then(id);
    let requests = document.get("requests").and_then(Value::as_array).into_iter().flatten();
    fresh.others = requests.filter_map(|request| request.get("target").and_then(id)).collect();
}
