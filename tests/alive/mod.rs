//! A whole mind without a broker around it: messages come with their own time, so that a month is lived in seconds.
//!
//! What the broker decides before the mind is asked (is it a description, a command, a reading?) is decided here by the same functions:
//! `home_assistant::is_discovery`, `broker::guard::read` and the input patterns of the config.
#![allow(dead_code, reason = "each test file uses its part")]

use jamey::{
    app,
    broker::guard::{self, GuardRules, Reading},
    config::{self, Config},
    domain::{
        Body, Decision, EntityId, Forgery, Input, Judged, Origin, Outcome, Percept, Purpose, Request, Source, Standing, Timestamp,
        pattern::kind_name,
    },
    home_assistant,
    mind::{Mind, State},
    store::Entry,
};
use std::sync::Arc;
use uuid::Uuid;

pub struct Alive {
    pub mind: Mind,
    pub config: Config,
    pub now: Timestamp,
    guards: GuardRules,
    ids: u64,
    /// What comes now is given by another broker out of its store.
    pub stored: bool,
    /// Commands are judged, and go on whatever the verdict.
    pub observes: bool,
    /// What a store would be given to keep, where somebody wants it.
    pub entries: Option<Vec<Entry>>,
}

/// A client as the broker would know it.
#[derive(Debug, Clone)]
pub struct Who(pub Arc<Source>);

impl Who {
    pub fn client(name: &str) -> Self {
        Self(Arc::new(Source {
            requester: EntityId::escaped(name),
            client_id: name.to_owned(),
            user: Some(name.to_owned()),
            address: "192.0.2.7".into(),
            speaks_for_many: false,
            human: false,
            owner: false,
            role: String::new(),
        }))
    }

    pub fn with(self, change: impl FnOnce(&mut Source)) -> Self {
        let mut source = (*self.0).clone();
        change(&mut source);
        Self(Arc::new(source))
    }

    /// Zigbee2MQTT, Node-RED: the topic's entity is believed.
    pub fn bridge(name: &str) -> Self {
        Self::client(name).with(|s| s.speaks_for_many = true)
    }
}

/// Something told, at no time in particular.
pub fn percept(entity: &str, topic: &str, payload: &[u8]) -> Percept {
    Percept {
        id: Uuid::nil(),
        at: Timestamp::default(),
        source: Who::client(entity).0,
        entity: EntityId::escaped(entity),
        kind: "state".into(),
        topic: topic.to_owned(),
        body: Body::parse(payload, None),
        payload: payload.to_vec(),
        qos: 0,
        retained: false,
        stored: false,
        packet_id: None,
        repeat_of: None,
        own_id: None,
        purpose: Purpose::Observation,
        may_wait: false,
        way_on: None,
    }
}

impl Alive {
    /// A house of this config, born at this moment. The rules are the shipped ones.
    pub fn new(config: &str, now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jamey.toml");
        std::fs::write(&file, config).unwrap();
        let config = config::load(Some(&file), Vec::new()).unwrap_or_else(|e| panic!("{e:?}"));
        let sets = app::rules::sets(&config).unwrap_or_else(|e| panic!("{e}"));
        let mut mind = Mind::new(app::settings(&config).unwrap(), sets.live, State::new(now));
        let guards = GuardRules::of(&config);
        let bridges = guards.gateways();
        let entities: Vec<_> = config.entities.iter().map(|e| (e.id.clone(), Standing::Paired)).collect();
        mind.declare(bridges.chain(config.devices.iter().map(config::DeviceEntry::claim)), entities);
        Self { mind, config, now, guards, ids: 1, stored: false, observes: false, entries: None }
    }

    pub fn pass(&mut self, seconds: i64) {
        self.tick(seconds);
    }

    /// The same, with what came of it.
    pub fn tick(&mut self, seconds: i64) -> Outcome {
        self.now = self.now.plus_seconds(seconds);
        self.mind.step(&Input::Tick(self.now))
    }

    /// A PUBLISH, on whatever topic it is.
    pub fn publish(&mut self, who: &Who, topic: &str, payload: &[u8], retained: bool) -> Outcome {
        let inputs = &self.config.inputs;
        if home_assistant::is_discovery(topic, &inputs.discovery_prefixes, &inputs.zigbee2mqtt) {
            return self.take(who, who.0.requester.clone(), "discovery".into(), topic, payload, retained, Purpose::Discovery);
        }
        match guard::read(self.mind.registry(), &self.guards, topic, payload, retained) {
            Reading::Passes => Outcome::default(),
            Reading::Requests(requests) => {
                let origin = if self.observes { Origin::Observed } else { Origin::Guard };
                let purpose = Purpose::Requests { origin, requests };
                self.take(who, who.0.requester.clone(), "request".into(), topic, payload, retained, purpose)
            }
            Reading::Unguarded => {
                let own = topic.strip_prefix("jamey/in/").and_then(|rest| rest.split_once('/'));
                let told = own.map(|(entity, kind)| (EntityId::escaped(entity), kind.to_owned())).or_else(|| {
                    self.config.inputs.sources().iter().find_map(|input| {
                        let (entity, kind) = input.pattern.read(topic)?;
                        let entity =
                            entity.map(EntityId::escaped).or_else(|| input.entity.clone()).unwrap_or_else(|| who.0.requester.clone());
                        Some((entity, kind.map(kind_name).or_else(|| input.kind.clone()).unwrap_or_else(|| "state".into())))
                    })
                });
                match told {
                    Some((entity, kind)) => self.take(who, entity, kind, topic, payload, retained, Purpose::Observation),
                    None => Outcome::default(),
                }
            }
        }
    }

    /// A reading of an entity.
    pub fn tell(&mut self, entity: &str, kind: &str, value: &str) {
        let topic = format!("jamey/in/{entity}/{kind}");
        self.publish(&Who::client(entity), &topic, value.as_bytes(), false);
    }

    /// A request as `jamey/act` would bring it.
    pub fn ask(&mut self, who: &Who, request: Request, retained: bool) -> Judged {
        let topic = format!("jamey/act/{}/{}", request.target, request.verb.0);
        let purpose = Purpose::Requests { origin: Origin::Act, requests: vec![request] };
        let mut outcome = self.take(who, who.0.requester.clone(), "request".into(), &topic, b"{}", retained, purpose);
        outcome.judged.remove(0)
    }

    pub fn forge(&mut self, who: &Who) {
        self.mind.step(&Input::Forged(Forgery { at: self.now, by: who.0.requester.clone(), posed_as: EntityId::escaped("somebody") }));
    }

    #[allow(clippy::too_many_arguments, reason = "a percept has so many parts")]
    fn take(
        &mut self,
        who: &Who,
        entity: EntityId,
        kind: String,
        topic: &str,
        payload: &[u8],
        retained: bool,
        purpose: Purpose,
    ) -> Outcome {
        self.ids += 1;
        let percept = Percept {
            // As the broker makes them: the time, then a number of its own.
            id: Uuid::from_u64_pair(u64::try_from(self.now.micros() / 1_000).unwrap() << 16 | 0x7000, 1 << 63 | self.ids),
            at: self.now,
            source: Arc::clone(&who.0),
            kind,
            retained,
            stored: self.stored,
            purpose,
            may_wait: !retained,
            ..percept(entity.as_str(), topic, payload)
        };
        let percept = Box::new(Percept { entity, ..percept });
        let outcome = self.mind.step(&Input::Percept(percept.clone()));
        if let Some(entries) = &mut self.entries {
            let lets_on = outcome.judged.iter().all(|judged| judged.verdict.decision == Decision::Allow);
            entries.push(Entry { percept, outcome: outcome.clone(), lets_on, again: false });
        }
        outcome
    }
}
