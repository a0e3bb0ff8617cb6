//! Which topics are inputs, and what entity and kind they name.

use crate::{
    config::Config,
    domain::{EntityId, InputSource, Source, pattern::kind_name, topic},
};

/// The kind of percepts that describe devices.
pub const DISCOVERY: &str = "discovery";

/// What a topic tells of: whom, and what kind of thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub entity: EntityId,
    pub kind: String,
}

/// Whether others describe devices here.
#[must_use]
pub fn is_discovery(config: &Config, topic: &str) -> bool {
    config
        .inputs
        .discovery_prefixes
        .iter()
        .any(|p| topic.strip_prefix(p.as_str()).is_some_and(|rest| rest.starts_with('/')) && topic.ends_with("/config"))
        || config
            .inputs
            .zigbee2mqtt
            .iter()
            .any(|base| topic.strip_prefix(base.as_str()).is_some_and(|rest| rest == "/bridge/devices" || rest == "/bridge/groups"))
        || (config.inputs.tasmota && topic.starts_with("tasmota/discovery/") && topic.ends_with("/config"))
        || config.is_registry(topic)
}

/// Whether Home Assistant says that it came to life.
#[must_use]
pub fn is_birth(config: &Config, topic: &str, payload: &[u8]) -> bool {
    let prefixes = config.inputs.discovery_prefixes.iter().chain([&config.home_assistant.prefix]);
    payload == b"online" && prefixes.into_iter().any(|p| topic.strip_prefix(p.as_str()) == Some("/status"))
}

/// What an ordinary topic tells, where it is an input.
#[must_use]
pub fn input(sources: &[InputSource], topic: &str, source: &Source) -> Option<Told> {
    if topic::check_input(topic).is_err() {
        return None;
    }
    sources.iter().find_map(|input| {
        let (entity, kind) = input.pattern.read(topic)?;
        let named = entity.map(EntityId::escaped).or_else(|| input.entity.clone());
        Some(Told {
            entity: named.unwrap_or_else(|| source.requester.clone()),
            kind: kind.map(kind_name).or_else(|| input.kind.clone()).unwrap_or_else(|| "state".into()),
        })
    })
}
