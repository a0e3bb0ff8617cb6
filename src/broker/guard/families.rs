//! The families of devices whose topics the guard can read: which of them are spoken to here, and what of it is asked for.

use super::{Found, Message, esphome, frigate, shelly, tasmota, zigbee, zwave};
use crate::{
    config::Config,
    domain::{Claim, DeviceClass, EntityId, Family, OwnerGuard, Registry},
};
use std::collections::BTreeSet;

/// What is guarded besides the registry's command topics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GuardRules {
    pub owner: Vec<OwnerGuard>,
    pub zigbee_bases: Vec<String>,
    pub tasmota: bool,
    pub esphome: bool,
    pub shelly: bool,
    pub zwave_js_ui: bool,
    pub frigate: bool,
}

impl GuardRules {
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let inputs = &config.inputs;
        Self {
            owner: config.guards.clone(),
            zigbee_bases: inputs.zigbee2mqtt.clone(),
            tasmota: inputs.tasmota,
            esphome: inputs.esphome,
            shelly: inputs.shelly,
            zwave_js_ui: inputs.zwave_js_ui,
            frigate: inputs.frigate,
        }
    }

    /// The administrator's side of each family, as a device: who may change a device's rules or firmware commands more than the device.
    pub fn gateways(&self) -> impl Iterator<Item = Claim> {
        let zigbee = self.zigbee_bases.iter().map(|base| zigbee::bridge_claim(base));
        let others = [
            (self.tasmota, Family::Tasmota, "Tasmota"),
            (self.shelly, Family::Shelly, "Shelly"),
            (self.zwave_js_ui, Family::ZwaveJsUi, "Z-Wave JS UI"),
            (self.frigate, Family::Frigate, "Frigate"),
        ];
        zigbee.chain(others.into_iter().filter(|(on, ..)| *on).map(|(_, family, name)| gateway_claim(family, name)))
    }
}

/// What a topic means in each family whose grammar it follows. Most follow none, a few one, hardly any two: then both are asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spoken<'t> {
    pub zigbee: Option<zigbee::Spoken<'t>>,
    tasmota: Option<tasmota::Spoken<'t>>,
    esphome: Option<esphome::Spoken<'t>>,
    shelly: Option<shelly::Spoken<'t>>,
    zwave: Option<zwave::Spoken<'t>>,
    frigate: Option<frigate::Spoken<'t>>,
}

impl<'t> Spoken<'t> {
    /// Reads a topic. Allocates nothing.
    pub fn parse(registry: &Registry, rules: &'t GuardRules, topic: &'t str) -> Self {
        let shelly = rules.shelly.then(|| shelly::parse(topic)).flatten();
        Self {
            zigbee: zigbee::parse(&rules.zigbee_bases, topic),
            tasmota: rules.tasmota.then(|| tasmota::parse(registry, topic)).flatten(),
            // `shellies/ID/light/0/command` looks like an ESPHome light, but no ESPHome device listens there.
            esphome: (rules.esphome && shelly.is_none()).then(|| esphome::parse(topic)).flatten(),
            shelly,
            zwave: rules.zwave_js_ui.then(|| zwave::parse(topic)).flatten(),
            frigate: rules.frigate.then(|| frigate::parse(topic)).flatten(),
        }
    }

    pub fn is_none(&self) -> bool {
        self.zigbee.is_none() && !self.beyond_zigbee()
    }

    /// Whether a family besides Zigbee2MQTT listens here.
    pub fn beyond_zigbee(&self) -> bool {
        self.tasmota.is_some() || self.esphome.is_some() || self.shelly.is_some() || self.zwave.is_some() || self.frigate.is_some()
    }

    /// Whether some message on this topic would ask for something.
    pub fn asks(&self) -> bool {
        self.beyond_zigbee() || self.zigbee.is_some_and(|spoken| !matches!(spoken, zigbee::Spoken::Get))
    }

    /// Adds what a message asks for.
    pub fn read(&self, registry: &Registry, message: Message<'_>, found: &mut Found<'_>) {
        if let Some(spoken) = &self.tasmota {
            tasmota::read(registry, spoken, message, found);
        }
        if let Some(spoken) = &self.esphome {
            esphome::read(registry, spoken, message, found);
        }
        if let Some(spoken) = &self.shelly {
            shelly::read(registry, spoken, message, found);
        }
        if let Some(spoken) = &self.zwave {
            zwave::read(registry, spoken, message, found);
        }
        if let Some(spoken) = &self.frigate {
            frigate::read(registry, spoken, message, found);
        }
        if let Some(spoken) = &self.zigbee {
            zigbee::read(registry, spoken, message, found);
        }
    }
}

/// A device commanded, as far as its risk matters here.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub id: EntityId,
    pub class: DeviceClass,
}

/// How a known command topic stands to the part of a device that is commanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Same,
    /// Another name, which may move the same thing: a shutter's relays, a gate's `switch:0` beside its `cover:0`.
    Perhaps,
    /// The same with another number.
    Other,
}

impl Part {
    /// Of two parts, each a kind and a number.
    pub fn of(asked: (&str, &str), known: (&str, &str)) -> Self {
        match (asked.0 == known.0, asked.1 == known.1) {
            (true, true) => Self::Same,
            (true, false) => Self::Other,
            (false, _) => Self::Perhaps,
        }
    }
}

/// Of those that were found, the ones that may obey: whoever names another part takes none of these away, but where the part is known, other numbers are not meant.
pub fn obey<T>(found: Vec<(Part, T)>) -> impl Iterator<Item = T> {
    let known = found.iter().any(|(part, _)| *part == Part::Same);
    found.into_iter().filter(move |(part, _)| !known || *part != Part::Other).map(|(_, device)| device)
}

/// The devices that listen below a base and may obey (`part` is asked with what follows the base). With them
/// the one that bears the name, if it is the owner's or of this family; else the name itself, as a device nobody knows.
pub fn targets(registry: &Registry, family: Family, base: &str, name: &str, part: impl Fn(&str) -> Option<Part>) -> Vec<Target> {
    let below = registry.commanded_below(base);
    let found = below.filter_map(|(topic, device)| Some((part(topic.get(base.len() + 1..)?)?, &device.id))).collect();
    let ids: BTreeSet<&EntityId> = obey(found).collect();
    let mut targets: Vec<Target> = ids.into_iter().map(|id| target(registry, id.clone())).collect();
    if let Some(named) = named(registry, family, name) {
        if !targets.contains(&named) {
            targets.push(named);
        }
    } else if targets.is_empty() {
        targets.push(stranger(registry, family, name));
    }
    targets
}

pub fn target(registry: &Registry, id: EntityId) -> Target {
    let class = registry.device(&id).map_or(DeviceClass::Unknown, |d| d.class);
    Target { id, class }
}

/// The owner's device of that name, or this family's.
pub fn named(registry: &Registry, family: Family, name: &str) -> Option<Target> {
    let device = registry.device(&EntityId::escaped(name))?;
    let ours = device.claims.values().any(|c| c.family == Family::Owner || c.family == family);
    ours.then(|| Target { id: device.id.clone(), class: device.class })
}

/// A name that another family's device bears would lend this one its class: then the family stands before it.
fn stranger(registry: &Registry, family: Family, name: &str) -> Target {
    let id = EntityId::escaped(name);
    let id = if registry.device(&id).is_some() { EntityId::escaped(&format!("{}/{name}", family.as_str())) } else { id };
    Target { id, class: DeviceClass::Unknown }
}

/// `tasmota.admin`: no device's escaped name can be this, since a `.` in one is followed by two hex digits.
pub fn gateway(family: Family) -> EntityId {
    EntityId::new(&format!("{}.admin", family.as_str())).unwrap_or_else(|_| EntityId::escaped(family.as_str()))
}

fn gateway_claim(family: Family, name: &str) -> Claim {
    Claim {
        key: format!("{} administration", family.as_str()),
        device: gateway(family),
        name: Some(format!("{name}, administration")),
        class: DeviceClass::Gateway,
        area: None,
        tags: BTreeSet::new(),
        risk: None,
        family,
        aliases: BTreeSet::new(),
        members: BTreeSet::new(),
        commands: Vec::new(),
        state_topic: None,
    }
}
