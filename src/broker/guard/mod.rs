//! The guard: turns a PUBLISH on a guarded topic into requests. What it cannot read inside a guarded family is an unknown verb, never a guess.

mod attributes;
pub mod coverage;
mod esphome;
mod families;
mod frigate;
mod shape;
mod shelly;
mod strict;
mod tasmota;
mod zigbee;
mod zwave;

#[cfg(test)]
mod tests;

use crate::domain::{CommandShape, DeviceClass, EntityId, OwnerGuard, Registry, Request, limits};
use attributes::Act;
pub use families::GuardRules;
use families::Spoken;
pub use zigbee::bridge_claim;

/// What a PUBLISH asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// No guard names the topic.
    Unguarded,
    /// The topic is guarded, and this message asks for nothing: a query, a modifier alone, or a zero-length retained clean-up.
    Passes,
    /// Never empty, and never more than `limits::REQUESTS_PER_PUBLISH`.
    Requests(Vec<Request>),
}

/// Reads a PUBLISH. For an unguarded topic it costs the owner's filters, one look-up and the families' prefixes, and allocates nothing.
///
/// The owner's guard on a named device is the only reading where it matches: the owner may correct what discovery says.
/// All else adds up: an owner's guard without a device, every registered claim on the topic, and the grammar of each family;
/// the conscience lets the worst of the requests count. Where a family's grammar understands the whole message, what a claim cannot read
/// in it adds nothing: a Tasmota relay takes `1` for `ON`, though its discovery document does not say so.
///
/// `retained` matters for zero-length messages only, which then pass as clean-ups; but where any message at all acts (a button,
/// Zigbee2MQTT's `bridge/request/restart`), an empty retained one does too, for those who are subscribed, and is a request.
#[must_use]
pub fn read(registry: &Registry, rules: &GuardRules, topic: &str, payload: &[u8], retained: bool) -> Reading {
    let spoken = Spoken::parse(registry, rules, topic);
    let mut owners = owner_guards(rules, topic).peekable();
    if owners.peek().is_none() && spoken.is_none() && !registry.commands(topic) {
        return Reading::Unguarded;
    }
    let message = Message { payload, clean_up: retained && payload.is_empty() };
    let mut found = Found::new(registry, shape::own_id(payload));
    let mut named = false;
    for guard in owners {
        named |= guard.device.is_some();
        found.shaped(&owner_target(guard, topic), guard.class, &guard.shape, message);
    }
    if !named {
        let before = found.requests.len();
        spoken.read(registry, message, &mut found);
        let understood = spoken.beyond_zigbee() && found.requests.iter().skip(before).all(|r| !r.verb.is_unknown());
        for (device, command) in registry.commanded_by(topic) {
            // The grammar reads these, with endpoint and attribute.
            if spoken.zigbee.is_some() && command.shape == CommandShape::Attributes {
                continue;
            }
            // A topic that takes words and positions (`OPEN`, `40`) is read by the one that understands.
            if shape::reads_less(&command.shape, payload)
                && (understood
                    || registry
                        .commanded_by(topic)
                        .any(|(d, c)| d.id == device.id && shape::reads_instead(&command.shape, &c.shape, payload)))
            {
                continue;
            }
            found.understood = understood;
            found.shaped(&device.id, device.class, &command.shape, message);
        }
    }
    found.reading()
}

/// Whether a message on this topic could be a request at all. A CONNECT whose will aims at such a topic is refused.
#[must_use]
pub fn is_guarded(registry: &Registry, rules: &GuardRules, topic: &str) -> bool {
    owner_guards(rules, topic).next().is_some() || registry.commands(topic) || Spoken::parse(registry, rules, topic).asks()
}

/// The device that an owner's guard commands through this topic: the one it names, else the topic itself, escaped.
#[must_use]
pub fn owner_target(guard: &OwnerGuard, topic: &str) -> EntityId {
    guard.device.clone().unwrap_or_else(|| EntityId::escaped(topic))
}

fn owner_guards<'r>(rules: &'r GuardRules, topic: &'r str) -> impl Iterator<Item = &'r OwnerGuard> {
    rules.owner.iter().filter(move |g| g.filter.matches(topic) && !g.except.iter().any(|e| e.matches(topic)))
}

#[derive(Clone, Copy)]
struct Message<'p> {
    payload: &'p [u8],
    clean_up: bool,
}

/// The requests read so far, and the riskiest device among their targets.
struct Found<'r> {
    registry: &'r Registry,
    id: Option<String>,
    requests: Vec<Request>,
    riskiest: Option<(f64, EntityId)>,
    too_many: bool,
    /// A family's grammar has read the message: what is added now are other words for the same.
    understood: bool,
}

impl<'r> Found<'r> {
    fn new(registry: &'r Registry, id: Option<String>) -> Self {
        Self { registry, id, requests: Vec::new(), riskiest: None, too_many: false, understood: false }
    }

    fn shaped(&mut self, target: &EntityId, class: DeviceClass, shape: &CommandShape, message: Message<'_>) {
        if message.clean_up && !matches!(shape, CommandShape::Press { .. }) {
            return;
        }
        for act in shape::acts(shape, message.payload, class) {
            let said = |r: &Request| r.target == *target && (r.verb == act.verb || act.verb.is_unknown());
            if !(self.understood && (act.verb.is_unknown() || self.requests.iter().any(said))) {
                self.push(target, act);
            }
        }
    }

    fn push(&mut self, target: &EntityId, act: Act) {
        if self.riskiest.as_ref().is_none_or(|(_, riskiest)| riskiest != target) {
            let risk = self.registry.device(target).map_or(DeviceClass::Unknown.risk(), |d| d.risk).get();
            if self.riskiest.as_ref().is_none_or(|(most, _)| risk > *most) {
                self.riskiest = Some((risk, target.clone()));
            }
        }
        if self.too_many {
            return;
        }
        let Act { verb, endpoint, value, args } = act;
        let request = Request { target: target.clone(), endpoint, verb, value, args, id: self.id.clone() };
        if self.requests.contains(&request) {
            return;
        }
        self.too_many = self.requests.len() >= limits::REQUESTS_PER_PUBLISH;
        self.requests.push(request);
    }

    fn reading(self) -> Reading {
        match self.riskiest {
            Some((_, target)) if self.too_many => {
                let Act { verb, endpoint, value, args } = Act::unknown();
                Reading::Requests(vec![Request { target, endpoint, verb, value, args, id: self.id }])
            }
            Some(_) => Reading::Requests(self.requests),
            None => Reading::Passes,
        }
    }
}
