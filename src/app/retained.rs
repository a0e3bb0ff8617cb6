//! Retained commands: a broker repeats them to a device on every reconnect, so each is judged before it can be, and cleared if refused.

use crate::{
    broker::{
        Engine, Hall,
        guard::{self, Reading},
    },
    domain::{Body, EntityId, Input, Origin, Percept, Purpose, Request, Source},
    home_assistant,
};
use std::sync::Arc;

/// Judges every retained value that stands on a guarded topic; what is refused is gone when this returns.
pub async fn sweep(hall: &Hall, engine: &Engine) {
    clear_overstepping(hall, engine).await;
    judge(hall, engine, "#").await;
}

/// Takes away the documents by which Home Assistant would command Jamey, or show something as Jamey's own. Those that a Jamey of this root wrote
/// are left to who describes it: they go when Home Assistant can see them go.
pub async fn clear_overstepping(hall: &Hall, engine: &Engine) {
    let config = &hall.config;
    let own = home_assistant::Own {
        node: &config.node,
        root: &config.root,
        prefixes: &config.inputs.discovery_prefixes,
        zigbee_bases: &config.inputs.zigbee2mqtt,
    };
    for prefix in &config.inputs.discovery_prefixes {
        for (topic, document) in engine.retained(&format!("{prefix}/#")).await {
            let is_written_by_jamey = || topic.contains("/device/") && home_assistant::out::is_described_by(&config.root, &document);
            let why = home_assistant::oversteps(&topic, &document, own);
            if let Some(why) = why.filter(|_| !config.is_own_document(&topic) && !is_written_by_jamey()) {
                hall.counters.refuse("discovery", &format!("retained on `{topic}`: {why}"));
                engine.clear_retained(topic).await;
            }
        }
    }
}

/// Judges the retained values under a filter; where the guard enforces, what is refused is cleared.
pub async fn judge(hall: &Hall, engine: &Engine, filter: &str) {
    let view = hall.guard();
    for (topic, payload) in engine.retained(filter).await {
        if payload.is_empty() {
            continue;
        }
        let Reading::Requests(requests) = guard::read(&view.registry, &view.rules, &topic, &payload, true) else { continue };
        let origin = if view.enforces(hall.clock.now()) { Origin::Guard } else { Origin::Observed };
        let percept = percept(hall, &topic, payload, origin, requests);
        let (tell, told) = tokio::sync::oneshot::channel();
        hall.inbox.leave(Input::Percept(Box::new(percept)), 0, Some(tell), None).await;
        if told.await.is_ok_and(|answer| answer.lets_on) {
            continue;
        }
        // Clearing says an empty message to those who listen: not where that would itself be a command.
        if matches!(guard::read(&view.registry, &view.rules, &topic, b"", true), Reading::Requests(_)) {
            hall.counters.refuse(
                "retained",
                &format!("`{topic}` holds a refused command and cannot be cleared without pressing it: clear it by hand"),
            );
            continue;
        }
        engine.clear_retained(topic).await;
    }
}

fn percept(hall: &Hall, topic: &str, payload: Vec<u8>, origin: Origin, requests: Vec<Request>) -> Percept {
    let requester = EntityId::escaped("retained");
    Percept {
        id: hall.clock.percept_id(),
        at: hall.clock.now(),
        source: Arc::new(Source::own(requester.clone(), "", "")),
        entity: requester,
        kind: "command".into(),
        topic: topic.to_owned(),
        body: Body::parse(&payload, None),
        payload,
        qos: 0,
        retained: true,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Requests { origin, requests },
        may_wait: false,
        way_on: None,
    }
}
