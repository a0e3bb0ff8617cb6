//! Z-Wave JS UI's grammar: `zwave/[LOCATION/]NODE/CLASS/ENDPOINT/PROPERTY[/KEY]/set`, by numbers or by names, and the gateway's own
//! `zwave/_CLIENTS/ZWAVE_GATEWAY-NAME/{api,broadcast,multicast}/…/set`. After <https://zwave-js.github.io/zwave-js-ui/#/guide/mqtt>.

mod values;

use super::{
    Found, Message,
    attributes::{self, Act},
    families::{self, Part, gateway},
    strict,
};
use crate::domain::{Family, Registry, Verb, limits};

const BASE: &str = "zwave";

/// A topic that Z-Wave JS UI listens to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spoken<'t> {
    /// `api/METHOD`, `broadcast[/…]`, `multicast`.
    Gateway(&'t str),
    Value(Place<'t>),
    /// A topic of one's own ("configured manually"), or one that can be read in two ways.
    Unread {
        node: &'t str,
    },
}

/// One value of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place<'t> {
    node: &'t str,
    class: u8,
    endpoint: &'t str,
    property: &'t str,
    key: Option<&'t str>,
}

impl<'t> Place<'t> {
    /// The node, with its location where it has one.
    pub fn node(&self) -> &'t str {
        self.node
    }
}

/// Reads a topic. Allocates nothing.
pub fn parse(topic: &str) -> Option<Spoken<'_>> {
    let path = topic.strip_prefix(BASE)?.strip_prefix('/')?.strip_suffix("/set")?;
    if let Some(client) = path.strip_prefix("_CLIENTS/") {
        let (_, action) = client.split_once('/')?;
        let word = action.split('/').next()?;
        return ["api", "broadcast", "multicast"].contains(&word).then_some(Spoken::Gateway(action));
    }
    let short = place(path, None);
    let long = path.rsplit_once('/').and_then(|(path, key)| place(path, Some(key)));
    Some(match (short, long) {
        (Some(place), None) | (None, Some(place)) => Spoken::Value(place),
        // `zwave/5/37/38/0/x/set`: class 38 of node `5/37`, or class 37 of node 5.
        _ => Spoken::Unread { node: path.split('/').next().unwrap_or(path) },
    })
}

fn place<'t>(path: &'t str, key: Option<&'t str>) -> Option<Place<'t>> {
    let (path, property) = path.rsplit_once('/')?;
    let (path, endpoint) = path.rsplit_once('/')?;
    let (node, class) = path.rsplit_once('/')?;
    let number = endpoint.strip_prefix("endpoint_").unwrap_or(endpoint);
    let is_number = !number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit());
    (is_number && !node.is_empty()).then_some(Place { node, class: values::class(class)?, endpoint: number, property, key })
}

/// Adds what a message on such a topic asks for.
pub fn read(registry: &Registry, spoken: &Spoken<'_>, message: Message<'_>, found: &mut Found<'_>) {
    let (node, place) = match *spoken {
        // Also when empty and retained: `api/restart` needs no arguments, and the gateway that listens now gets it.
        Spoken::Gateway(action) => {
            if let Some(act) = gateway_act(action, message.payload) {
                found.push(&gateway(Family::ZwaveJsUi), act);
            }
            return;
        }
        _ if message.clean_up => return,
        Spoken::Value(place) => (place.node, Some(place)),
        Spoken::Unread { node } => (node, None),
    };
    let same = |rest: &str| match (place, parse(&format!("{BASE}/{node}/{rest}"))) {
        (Some(asked), Some(Spoken::Value(other))) => Some(match Part::of((asked.endpoint, ""), (other.endpoint, "")) {
            _ if asked.class != other.class => Part::Perhaps,
            // Endpoint 0 is the node itself, and often mirrors another.
            Part::Perhaps if asked.endpoint != "0" && other.endpoint != "0" => Part::Other,
            part => part,
        }),
        (_, other) => other.map(|_| Part::Perhaps),
    };
    for target in families::targets(registry, Family::ZwaveJsUi, &format!("{BASE}/{node}"), node, same) {
        let act = place.and_then(|p| values::act(p.class, p.property, p.key, message.payload, target.class)).unwrap_or_else(Act::unknown);
        let endpoint = place.map(|p| p.endpoint).filter(|e| *e != "0").map(str::to_owned);
        found.push(&target.id, attributes::risky_toggle(Act { endpoint, ..act }, target.class));
    }
}

/// These only tell. Answers go to everybody who listens, but hold no keys.
const QUERIES: [&str; 12] = [
    "getNodes",
    "getInfo",
    "getSchedules",
    "getAssociations",
    "checkAssociation",
    "getNodeNeighbors",
    "_getScenes",
    "_sceneGetValues",
    "_getGroups",
    "isFailedNode",
    "getPriorityRoute",
    "getAvailableFirmwareUpdates",
];

/// None for a query. The verb is the method in lower case; its arguments may command any node, whence the gateway's risk.
fn gateway_act(action: &str, payload: &[u8]) -> Option<Act> {
    let (kind, rest) = action.split_once('/').map_or((action, ""), |(kind, rest)| (kind, rest));
    let mut act = match kind {
        "api" if QUERIES.contains(&rest) => return None,
        "api" if !rest.is_empty() && rest.len() <= limits::KIND_BYTES && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            let mut verb = String::with_capacity(rest.len() + 8);
            for c in rest.chars() {
                if c.is_ascii_uppercase() && verb.chars().last().is_some_and(|last| last.is_ascii_lowercase()) {
                    verb.push('_');
                }
                verb.push(c.to_ascii_lowercase());
            }
            Act { verb: Verb(verb.trim_start_matches('_').to_owned()), ..Act::unknown() }
        }
        "broadcast" | "multicast" => Act::plain(kind),
        _ => return Some(Act::unknown()),
    };
    if act.verb.0.is_empty() {
        return Some(Act::unknown());
    }
    if !rest.is_empty() && kind == "broadcast" {
        act.args.insert("value".into(), attributes::bounded(&rest.into()));
    }
    let object = strict::object(payload).unwrap_or_default();
    act.args.extend(object.iter().filter(|(key, _)| *key == "args" || *key == "nodes").map(|(k, v)| (k.clone(), attributes::bounded(v))));
    Some(act)
}
