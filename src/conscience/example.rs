//! A rule's examples: a request that deviates from a neutral one, and whether the rule fires on it.

use crate::domain::{ActFacts, DeviceClass, DeviceFacts, EntityId, Facts, RequestFacts, SignalType, SignalValue, Unit01};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What deviates from the neutral request: a resident's service with trust .5 switches on a switch in the hall at 14:00;
/// somebody is home, every other truth is false and every other number 20.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub fires: bool,
    pub name: String,
    #[serde(default)]
    pub req: Req,
    #[serde(default)]
    pub act: Act,
    #[serde(default)]
    pub dev: Dev,
    #[serde(default)]
    pub ctx: BTreeMap<String, SignalValue>,
    #[serde(default)]
    pub agent: Agent,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Req {
    pub entity: Option<EntityId>,
    pub client: Option<EntityId>,
    pub role: Option<String>,
    pub human: bool,
    pub trust: Option<Unit01>,
    pub delegated: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Act {
    pub target: Option<EntityId>,
    pub verb: Option<String>,
    pub value: Option<f64>,
    pub args: Map<String, Value>,
    pub retained: bool,
    pub signed: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dev {
    pub class: Option<DeviceClass>,
    pub area: Option<String>,
    pub tags: BTreeSet<String>,
    pub state: String,
    pub risk: Option<Unit01>,
    pub cmds_60s: u32,
    pub opposite_5s: u32,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agent {
    pub stress: Option<Unit01>,
}

impl Example {
    /// The whole request. `signals` are the declared ones with their types; all count as known.
    #[must_use]
    pub fn facts<'a>(&self, signals: impl Iterator<Item = (&'a str, SignalType)>) -> Facts {
        let neutral = |name: &str, kind| match (name, kind) {
            ("home", SignalType::Bool) => SignalValue::Bool(true),
            ("hour", SignalType::Number) => SignalValue::Number(14.0),
            (_, SignalType::Bool) => SignalValue::Bool(false),
            (_, SignalType::Number) => SignalValue::Number(20.0),
        };
        let ctx = signals.map(|(name, kind)| {
            let value = self.ctx.get(name).copied().unwrap_or_else(|| neutral(name, kind));
            (name.to_owned(), (value, true))
        });
        let class = self.dev.class.unwrap_or(DeviceClass::Switch);
        let verb = self.act.verb.clone().unwrap_or_else(|| "on".into());
        let risk = if class.is_safe(&verb) { Unit01::clamped(class.risk().get().min(0.2)) } else { class.risk() };
        let somebody = || EntityId::escaped("resident");
        Facts {
            req: RequestFacts {
                entity: self.req.entity.clone().unwrap_or_else(somebody),
                client: self.req.client.clone().unwrap_or_else(somebody),
                role: self.req.role.clone().unwrap_or_default(),
                human: self.req.human,
                trust: self.req.trust.unwrap_or(Unit01::clamped(0.5)),
                delegated: self.req.delegated,
                events: None,
                minute: None,
            },
            act: ActFacts {
                target: self.act.target.clone().unwrap_or_else(|| EntityId::escaped("device_1")),
                verb,
                value: self.act.value,
                args: self.act.args.clone(),
                retained: self.act.retained,
                signed: self.act.signed,
            },
            dev: DeviceFacts {
                class,
                area: self.dev.area.clone().unwrap_or_else(|| "hall".into()),
                tags: self.dev.tags.clone(),
                state: self.dev.state.clone(),
                risk: self.dev.risk.unwrap_or(risk),
                cmds_60s: self.dev.cmds_60s,
                opposite_5s: self.dev.opposite_5s,
                name: None,
            },
            ctx: ctx.collect(),
            stress: self.agent.stress.unwrap_or(Unit01::clamped(0.0)),
        }
    }

    /// The verb, role and tags it names: words that are meant, whatever they are.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.act.verb.as_deref().into_iter().chain(self.req.role.as_deref()).chain(self.dev.tags.iter().map(String::as_str))
    }
}
