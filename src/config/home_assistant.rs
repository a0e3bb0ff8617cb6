//! `[home_assistant]`: whether and where Jamey describes itself to Home Assistant, who Home Assistant is, and what it may be offered.

use super::{
    Config, kinds,
    reader::{Ledger, Reader},
};
use crate::domain::{EntityId, InputPattern, InputSource, TopicFilter, documents, limits};
use serde::Serialize;

/// Levels below the prefix: `device/{id}/config`.
const LEVELS: usize = 3;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HomeAssistant {
    /// Whether Jamey describes itself.
    pub discovery: bool,
    /// Its discovery prefix, below which also its `status` stands.
    pub prefix: String,
    /// As whom it speaks: its user, or its client id.
    pub user: EntityId,
    /// Whether it is offered a switch for the guard.
    pub guard_switch: bool,
    /// Of how many entities trust and liveness are shown; 0: of none.
    pub entities: usize,
}

impl Default for HomeAssistant {
    fn default() -> Self {
        Self {
            discovery: true,
            prefix: "homeassistant".into(),
            user: EntityId::escaped("home_assistant"),
            guard_switch: false,
            entities: 0,
        }
    }
}

impl HomeAssistant {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        Self {
            discovery: r.or("discovery", d.discovery, kinds::truth),
            prefix: r.or("prefix", d.prefix, kinds::base),
            user: r.or("user", d.user, kinds::entity),
            guard_switch: r.or("guard_switch", d.guard_switch, kinds::truth),
            entities: r.or("entities", d.entities, kinds::whole(0..=limits::DESCRIBED)),
        }
    }

    /// The topic of its birth and last will.
    #[must_use]
    pub fn status(&self) -> String {
        format!("{}/status", self.prefix)
    }

    /// The same as an input: how it is told whether it is there.
    pub(super) fn source(&self) -> Option<InputSource> {
        let pattern = InputPattern::new(&self.status()).ok()?;
        Some(InputSource { pattern, entity: Some(self.user.clone()), kind: Some("status".into()) })
    }
}

impl Config {
    /// Whether a topic is that of a discovery document of this Jamey.
    #[must_use]
    pub fn is_own_document(&self, topic: &str) -> bool {
        documents::is_own(&self.home_assistant.prefix, &self.node, topic)
    }

    /// Whether a topic or filter is that of what approvers alone hear of them.
    #[must_use]
    pub fn is_document_of_approvals(&self, topic: &str) -> bool {
        documents::is_approvals(&self.home_assistant.prefix, &self.node, topic)
    }

    /// Where Home Assistant tells of areas, devices and entities.
    #[must_use]
    pub fn is_registry(&self, topic: &str) -> bool {
        let below = topic.strip_prefix(self.root.as_str()).and_then(|rest| rest.strip_prefix("/in/")?.strip_suffix("/registry"));
        below == Some(self.home_assistant.user.as_str())
    }
}

/// What Home Assistant reads is no place of Jamey's own.
pub(super) fn check(config: &Config, ledger: &mut Ledger) {
    let prefix = &config.home_assistant.prefix;
    if !ledger.sound("root") || !ledger.sound("home_assistant.prefix") {
        return;
    }
    let (Ok(own), Ok(theirs)) = (TopicFilter::new(&format!("{}/#", config.root)), TopicFilter::new(&format!("{prefix}/#"))) else { return };
    if own.overlaps(&theirs) {
        let message = format!("found \"{prefix}\", which meets Jamey's own topics (`{own}`); write Home Assistant's discovery prefix");
        ledger.refuse_path("home_assistant.prefix", message);
    }
    let prefixes = &config.inputs.discovery_prefixes;
    if config.home_assistant.discovery && ledger.sound("inputs.discovery_prefixes") && !prefixes.contains(prefix) {
        let message = format!(
            "found \"{prefix}\", which `inputs.discovery_prefixes` has not: what others describe there would be guarded by nobody; add it there"
        );
        ledger.refuse_path("home_assistant.prefix", message);
    }
    let levels = prefix.split('/').count() + LEVELS;
    if levels > limits::TOPIC_LEVELS {
        let message = format!("found \"{prefix}\", below which a document has {levels} levels; write a shorter one");
        ledger.refuse_path("home_assistant.prefix", message);
    }
}
