//! What the guard judges of one device: each of its topics and aliases, and of what it does not judge, why.

use super::{GuardRules, esphome, is_guarded, shelly, tasmota, zwave};
use crate::{
    config::Config,
    domain::{Claim, CommandShape, Device, Family, Registry},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Whether messages on a topic are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    Yes,
    No,
    /// There is no topic.
    Never,
}

impl Judged {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Never => "never",
        }
    }
}

/// One topic of a device, or several that only a pattern names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    pub topic: String,
    pub judged: Judged,
    pub why: String,
}

/// A device and one of its topics.
#[derive(Debug)]
pub struct Row<'d> {
    pub device: &'d Device,
    pub covered: Covered,
}

/// Every topic of every device.
pub fn rows<'d>(registry: &'d Registry, rules: &GuardRules) -> Vec<Row<'d>> {
    registry.devices().flat_map(|device| of(registry, rules, device).into_iter().map(move |covered| Row { device, covered })).collect()
}

/// All of it, for programs. `mode` is the guard's as it holds.
pub fn page(config: &Config, mode: &Value, rows: &[Row<'_>]) -> Value {
    let list: Vec<Value> = rows.iter().map(Row::json).collect();
    let guards: Vec<&str> = config.guards.iter().map(|guard| guard.filter.as_str()).collect();
    let other = config.attached.as_ref().map(|attached| attached.remote.address.to_string());
    json!({"v": 1, "mode": mode, "actuators": list, "owner_guards": guards, "not_judged_at": other})
}

impl Row<'_> {
    fn json(&self) -> Value {
        let Self { device, covered } = self;
        json!({"device": device.id, "class": device.class, "risk": device.risk, "judged": covered.judged.as_str(), "topic": covered.topic, "why": covered.why})
    }
}

/// All that is known of a device's topics.
#[must_use]
pub fn of(registry: &Registry, rules: &GuardRules, device: &Device) -> Vec<Covered> {
    let mut rows = Vec::new();
    let mut aliases: BTreeSet<(String, &'static str)> = BTreeSet::new();
    for claim in device.claims.values() {
        for command in &claim.commands {
            let how = match &command.shape {
                CommandShape::Opaque => ": its template cannot be inverted, every payload is an unknown verb",
                _ => "",
            };
            let why = format!("{} of {}{how}", command.role, claim.key);
            rows.push(row(&command.topic, is_guarded(registry, rules, &command.topic), why, "no guard names it"));
            aliases.extend(kin(registry, rules, &command.topic));
        }
        rows.extend(administered(rules, claim));
        if let Some(base) = zigbee_base(rules, claim) {
            for alias in &claim.aliases {
                aliases.insert((
                    format!("{base}/{alias}[/endpoint]/set[/attribute]"),
                    "another name of it in Zigbee2MQTT, each endpoint and attribute",
                ));
            }
        } else if claim.family == Family::Zigbee2mqtt && !claim.aliases.is_empty() {
            rows.push(Covered {
                topic: format!("…/{}/set/…", claim.aliases.first().map_or("", String::as_str)),
                judged: Judged::No,
                why: "inputs.zigbee2mqtt does not name its base topic".into(),
            });
        }
        for alias in claim.aliases.iter().filter(|_| claim.family == Family::Tasmota) {
            let why = if rules.tasmota { "every command of it, in any case; Backlog command by command" } else { "inputs.tasmota is off" };
            rows.push(row(&format!("{alias}/#"), rules.tasmota, why.into(), why));
        }
        for member in &claim.members {
            rows.push(Covered {
                topic: format!("(member {member})"),
                judged: Judged::Yes,
                why: "a command to the group is judged for each member".into(),
            });
        }
    }
    rows.extend(aliases.into_iter().map(|(topic, why)| Covered { topic, judged: Judged::Yes, why: why.to_owned() }));
    for guard in rules.owner.iter().filter(|g| g.device.as_ref() == Some(&device.id)) {
        rows.push(Covered {
            topic: guard.filter.to_string(),
            judged: Judged::Yes,
            why: "the owner's [[guard]], which alone is read there".into(),
        });
        rows.extend(guard.except.iter().map(|e| Covered {
            topic: e.to_string(),
            judged: Judged::No,
            why: "excepted by the owner's [[guard]]".into(),
        }));
    }
    let told: BTreeSet<&String> = device.claims.values().filter_map(|c| c.state_topic.as_ref()).collect();
    for state in told {
        rows.push(row(state, is_guarded(registry, rules, state), "also a command topic".into(), "its own state: told, not asked"));
    }
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert((row.topic.clone(), row.judged.as_str())));
    if !rows.iter().any(|r| r.judged == Judged::Yes) {
        let why = "no topic is known that commands it: it may be reached natively, over HTTP, by a binding or by hand";
        rows.push(Covered { topic: "-".into(), judged: Judged::Never, why: why.into() });
    }
    rows
}

fn row(topic: &str, judged: bool, yes: String, no: &str) -> Covered {
    let (judged, why) = if judged { (Judged::Yes, yes) } else { (Judged::No, no.to_owned()) };
    Covered { topic: topic.to_owned(), judged, why }
}

/// The other topics that a family's grammar knows to mean the same device.
fn kin(registry: &Registry, rules: &GuardRules, topic: &str) -> Vec<(String, &'static str)> {
    let mut kin = Vec::new();
    if rules.tasmota
        && let Some(spoken) = tasmota::parse(registry, topic)
    {
        kin.push((format!("{}/#", spoken.base()), "every command of it, in any case; Backlog command by command"));
    }
    if let Some(shelly) = rules.shelly.then(|| shelly::parse(topic)).flatten() {
        kin.extend(match shelly {
            shelly::Spoken::First { device, .. } => vec![(format!("shellies/{device}/#"), "each `command` and `set` of it")],
            shelly::Spoken::Component { device, .. } | shelly::Spoken::Rpc { device } => {
                vec![(format!("{device}/rpc"), "calls, by method"), (format!("{device}/command/+"), "its components' commands")]
            }
            shelly::Spoken::Service(_) => vec![],
        });
    } else if rules.esphome
        && let Some(spoken) = esphome::parse(topic)
    {
        kin.push((format!("{}[/part]/command", spoken.base()), "the component's other command topics"));
    }
    if rules.zwave_js_ui
        && let Some(zwave::Spoken::Value(place)) = zwave::parse(topic)
    {
        kin.push((format!("zwave/{}/+/+/…/set", place.node()), "the node's other values, by number and by name"));
    }
    kin
}

fn zigbee_base<'r>(rules: &'r GuardRules, claim: &Claim) -> Option<&'r str> {
    let below =
        |base: &&String| claim.commands.iter().any(|c| c.topic.strip_prefix(base.as_str()).is_some_and(|rest| rest.starts_with('/')));
    (claim.family == Family::Zigbee2mqtt)
        .then(|| rules.zigbee_bases.iter().filter(below).max_by_key(|b| b.len()))
        .flatten()
        .map(String::as_str)
}

/// What a gateway's own claim stands for.
fn administered(rules: &GuardRules, claim: &Claim) -> Vec<Covered> {
    let all = |topics: &[(&str, &str)]| {
        topics.iter().map(|(topic, why)| Covered { topic: (*topic).into(), judged: Judged::Yes, why: (*why).into() }).collect()
    };
    if !claim.commands.is_empty() || claim.class != crate::domain::DeviceClass::Gateway {
        return Vec::new();
    }
    match claim.family {
        Family::Zigbee2mqtt => rules
            .zigbee_bases
            .iter()
            .filter(|base| claim.key == format!("{base}/bridge"))
            .map(|base| Covered {
                topic: format!("{base}/bridge/request/#"),
                judged: Judged::Yes,
                why: "pairing, removal, groups, restarts".into(),
            })
            .collect(),
        Family::Tasmota => all(&[("cmnd/+/…", "rules, timers, firmware, settings, Publish and WebSend of every Tasmota device")]),
        Family::Shelly => {
            all(&[("shellies/command", "firmware of all"), ("+/rpc", "scripts, firmware, settings, HTTP and KVS of every Shelly device")])
        }
        Family::ZwaveJsUi => all(&[
            ("zwave/_CLIENTS/+/api/+/set", "the gateway's methods"),
            ("zwave/_CLIENTS/+/broadcast/#", "all nodes"),
            ("zwave/_CLIENTS/+/multicast/#", "many nodes"),
        ]),
        Family::Frigate => all(&[("frigate/restart", "the service"), ("frigate/+/set", "its settings for all cameras")]),
        Family::Owner | Family::HomeAssistant | Family::Esphome => Vec::new(),
    }
}
