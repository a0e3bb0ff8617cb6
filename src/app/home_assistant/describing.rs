//! Which discovery documents are to stand, and what is taken back: parts that are no more, documents of earlier runs, names and prefixes.

use super::{documents::Documents, entities::Entities, words};
use crate::{
    broker::{Engine, Hall},
    config::Config,
    domain::{
        EntityId, OpinionView,
        documents::{Of, topic},
        limits,
    },
    home_assistant::out::{self, Described, Gone, Shape},
};
use serde_json::Value;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tokio::time::Instant;
use uuid::Uuid;

/// Buttons that are no more and still named as such, so that Home Assistant forgets them also when it was away for a while.
const BURIED: usize = 64;

/// All that Jamey describes.
pub struct Describing {
    pub documents: Documents,
    shape: Shape,
    prefix: String,
    is_on: bool,
    most: usize,
    entities: Entities,
    /// Buttons that are no more, the oldest first.
    buried: Vec<(String, String)>,
}

impl Describing {
    /// Takes in what stands from earlier runs. What is not wanted any more goes, whatever the node and the prefix were then.
    pub async fn begin(hall: &Hall, engine: &Engine, http: SocketAddr) -> Self {
        let config = &hall.config;
        let mut describing = Self {
            documents: Documents::new(Instant::now()),
            shape: shape(config, http),
            prefix: config.home_assistant.prefix.clone(),
            is_on: config.home_assistant.discovery,
            most: config.home_assistant.entities,
            entities: Entities::default(),
            buried: Vec::new(),
        };
        let below = format!("{}/device/+/config", describing.prefix);
        let mut standing: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for filter in [below.as_str(), "+/device/+/config"] {
            standing.extend(engine.retained(filter).await);
        }
        for (topic, document) in standing {
            if config.is_own_document(&topic) || out::is_described_by(&config.root, &document) {
                describing.documents.adopt(topic, document);
            }
        }
        if describing.is_on {
            describing.describe_house();
            let buttons = describing.at(Of::Approvals);
            describing.buried = out::parts_of(describing.documents.standing(&buttons)).into_iter().collect();
        }
        describing
    }

    fn at(&self, of: Of<'_>) -> String {
        topic(&self.prefix, &self.shape.node, of)
    }

    /// Jamey's own document is the same for the whole run: parts that it had before and has no more are named as gone in it.
    fn describe_house(&mut self) {
        let at = self.at(Of::House);
        let Some(document) = out::house(&self.shape, &Gone::new()) else {
            tracing::warn!("Jamey is not described to Home Assistant: with such a long root the document would have over 64 KiB");
            return;
        };
        let parts = out::parts_of(&document);
        let mut gone = out::parts_of(self.documents.standing(&at));
        gone.retain(|key, _| !parts.contains_key(key));
        self.documents.want(at, out::house(&self.shape, &gone).unwrap_or(document));
    }

    /// Buttons for what waits, while there is somebody who could press them: what Home Assistant asked itself is answered by another, and shown all the same.
    pub fn describe_waiting(&mut self, hall: &Hall, waiting: &BTreeMap<Uuid, Value>) {
        if !self.is_on {
            return;
        }
        let at = self.at(Of::Approvals);
        let guard = hall.guard();
        // Ids are by time: the oldest comes first.
        let all = waiting.iter().filter_map(|(id, document)| words::pending(&guard.registry, *id, document));
        let answerable = !hall.door().people.is_empty();
        let pending: Vec<_> = all.filter(|_| answerable).take(limits::BUTTONS).collect();
        let before = out::parts_of(self.documents.standing(&at));
        let Some(fresh) = out::approvals(&self.shape, &pending, &Gone::new()).map(|document| out::parts_of(&document)) else { return };
        let over = before.into_iter().filter(|(key, _)| !fresh.contains_key(key));
        for one in over {
            if !self.buried.contains(&one) {
                self.buried.push(one);
            }
        }
        self.buried.retain(|(key, _)| !fresh.contains_key(key));
        self.buried.drain(..self.buried.len().saturating_sub(BURIED));
        if fresh.is_empty() && self.buried.is_empty() {
            return;
        }
        let gone = self.buried.iter().cloned().collect();
        if let Some(document) = out::approvals(&self.shape, &pending, &gone) {
            self.documents.want(at, document);
        }
    }

    /// Those who are shown as devices of their own.
    pub fn describe_entities(&mut self, hall: &Hall, all: &[Arc<OpinionView>]) {
        if !self.is_on {
            return;
        }
        let guard = hall.guard();
        for id in self.entities.choose(all, |id| guard.registry.device(id).is_some(), self.most) {
            let at = self.at(Of::Entity(&id));
            self.documents.drop(&at);
        }
        for id in self.entities.shown() {
            let device = guard.registry.device(id);
            let who = Described {
                id: id.clone(),
                name: device.and_then(|device| device.name.clone()),
                area: device.and_then(|device| device.area.clone()),
            };
            if let Some(document) = out::entity(&self.shape, &who) {
                self.documents.want(topic(&self.prefix, &self.shape.node, Of::Entity(id)), document);
            }
        }
    }

    /// Whose states Home Assistant reads.
    pub fn shown(&self) -> impl Iterator<Item = &EntityId> {
        self.entities.shown().iter()
    }
}

fn shape(config: &Config, http: SocketAddr) -> Shape {
    // Under such an address a browser elsewhere finds nothing.
    let is_reachable = !http.ip().to_canonical().is_loopback() && !http.ip().is_unspecified();
    Shape {
        node: config.node.clone(),
        root: config.root.clone(),
        user: config.home_assistant.user.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: is_reachable.then(|| format!("{}://{http}/", if config.http.tls.is_some() { "https" } else { "http" })),
        guard_switch: config.home_assistant.guard_switch,
    }
}
