//! Retained commands: a broker repeats them to a device on every reconnect, so each is judged before it can be, and cleared if refused. What of that is
//! owed while the house runs stays owed until it is done.

use crate::{
    broker::{
        Engine, Hall,
        guard::{self, Reading},
    },
    domain::{Body, EntityId, Input, Origin, Percept, Purpose, Request, Source},
    home_assistant,
    runtime::pulse,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};
use tokio::sync::watch;

/// Under it stands everything.
pub const ALL: &str = "#";

/// Filters whose retained values are to be judged, and how often each was asked for: who falls in the midst of it begins it anew.
#[derive(Default)]
pub struct Owed(watch::Sender<BTreeMap<String, u64>>);

impl Owed {
    pub fn owe(&self, filter: &str) {
        self.0.send_modify(|owed| *owed.entry(filter.to_owned()).or_default() += 1);
    }

    /// Waits until all is judged that stood anywhere.
    pub async fn is_paid(&self) {
        let _ = self.0.subscribe().wait_for(|owed| !owed.contains_key(ALL)).await;
    }

    async fn next(&self) -> Option<(String, u64)> {
        let mut owed = self.0.subscribe();
        let owed = owed.wait_for(|owed| !owed.is_empty()).await.ok()?;
        owed.first_key_value().map(|(filter, times)| (filter.clone(), *times))
    }

    /// It is done, unless it was asked for once more meanwhile.
    fn pay(&self, filter: &str, times: u64) {
        self.0.send_modify(|owed| drop(owed.extract_if(.., |of, now| of == filter && *now == times).next()));
    }
}

/// Judges what is owed, until told to stop.
pub async fn watch(owed: Arc<Owed>, hall: Arc<Hall>, engine: Weak<Engine>, mut stopped: watch::Receiver<bool>) {
    let pays = async {
        loop {
            pulse::waits();
            let Some((filter, times)) = owed.next().await else { return };
            pulse::works().await;
            let Some(engine) = engine.upgrade() else { return };
            if filter == ALL {
                sweep(&hall, &engine).await;
            } else {
                judge(&hall, &engine, &filter).await;
            }
            owed.pay(&filter, times);
        }
    };
    tokio::select! {
        () = pays => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// Judges every retained value that stands on a guarded topic; what is refused is gone when this returns.
pub async fn sweep(hall: &Hall, engine: &Engine) {
    clear_overstepping(hall, engine).await;
    judge(hall, engine, ALL).await;
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
async fn judge(hall: &Hall, engine: &Engine, filter: &str) {
    let view = hall.guard();
    for (topic, payload) in engine.retained(filter).await {
        if payload.is_empty() {
            continue;
        }
        // There may be thousands, each of which waits for its commit.
        pulse::works().await;
        pulse::within().await;
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
