//! Shelly's grammar. Generation 1: `shellies/ID/relay/0/command` and its like. Generation 2 and later: `ID/command/switch:0`, and `ID/rpc`.
//! After <https://shelly-api-docs.shelly.cloud> (gen1: "MQTT"; gen2: "Mqtt", and each component's "MQTT Control").

mod gen1;
mod gen2;

use super::{
    Found, Message,
    attributes::{self, Act},
    families::{self, Part, gateway},
};
use crate::domain::{Family, Registry, limits};

/// A topic that a Shelly device listens to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spoken<'t> {
    /// `shellies/command` (all devices), `shellies/ID/command`.
    Service(Option<&'t str>),
    /// `shellies/ID/…` with a level `command` or `set`.
    First {
        device: &'t str,
        /// `relay/0`.
        part: &'t str,
        /// `command`, `command/pos`, `set`.
        word: &'t str,
    },
    /// `ID/command/switch:0`.
    Component { device: &'t str, component: &'t str, number: &'t str },
    /// `ID/rpc`.
    Rpc { device: &'t str },
}

/// Reads a topic. Allocates nothing.
pub fn parse(topic: &str) -> Option<Spoken<'_>> {
    if let Some(rest) = topic.strip_prefix("shellies/") {
        return first(rest);
    }
    if let Some(device) = topic.strip_suffix("/rpc") {
        return (!device.is_empty()).then_some(Spoken::Rpc { device });
    }
    let (path, last) = topic.rsplit_once('/')?;
    let device = path.strip_suffix("/command").filter(|device| !device.is_empty())?;
    let (component, number) = last.split_once(':')?;
    let whole = !component.is_empty() && !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit());
    whole.then_some(Spoken::Component { device, component, number })
}

fn first(rest: &str) -> Option<Spoken<'_>> {
    if rest == "command" {
        return Some(Spoken::Service(None));
    }
    let (device, below) = rest.split_once('/')?;
    if below == "command" {
        return Some(Spoken::Service(Some(device)));
    }
    // What devices tell has neither level.
    let (part, word) = below.match_indices('/').find_map(|(at, _)| {
        let (part, word) = (below.get(..at)?, below.get(at + 1..)?);
        matches!(word.split('/').next(), Some("command" | "set")).then_some((part, word))
    })?;
    Some(Spoken::First { device, part, word })
}

/// Adds what a message on such a topic asks for.
pub fn read(registry: &Registry, spoken: &Spoken<'_>, message: Message<'_>, found: &mut Found<'_>) {
    // No Shelly device takes an empty message for anything.
    if message.clean_up {
        return;
    }
    let text = std::str::from_utf8(message.payload).ok().filter(|t| t.len() <= limits::BODY_BYTES);
    match *spoken {
        Spoken::Service(device) => match text {
            // Tell who you are; tell how you stand.
            Some("announce" | "update") => {}
            Some("update_fw") => administration(device.unwrap_or("all"), Act::plain("update_fw"), found),
            _ => administration(device.unwrap_or("all"), Act::unknown(), found),
        },
        Spoken::First { device, part, word } => {
            let acts = text.and_then(|text| gen1::read(part, word, text));
            let base = format!("shellies/{device}");
            let same = |rest: &str| match parse(&format!("{base}/{rest}")) {
                Some(Spoken::First { part: other, .. }) => Some(Part::of(split(part, '/'), split(other, '/'))),
                _ => None,
            };
            let targets = families::targets(registry, Family::Shelly, &base, device, same);
            push(&targets, &part.replace('/', ":"), acts, found);
        }
        Spoken::Component { device, component, number } => {
            let part = format!("{component}:{number}");
            if text == Some("status_update") {
                return;
            }
            let acts = text.and_then(|text| gen2::word(component, text));
            push(&of_part(registry, device, &part), &part, acts, found);
        }
        Spoken::Rpc { device } => match gen2::call(message.payload) {
            gen2::Call::Nothing => {}
            gen2::Call::Administration(act) => administration(device, act, found),
            gen2::Call::Acts(part, acts) => push(&of_part(registry, device, &part), &part, acts, found),
        },
    }
}

/// The devices of one component, on whichever of its two topics: what is known by its `rpc` topic alone may be any component.
fn of_part(registry: &Registry, device: &str, part: &str) -> Vec<families::Target> {
    let same = |rest: &str| match parse(&format!("{device}/{rest}")) {
        Some(Spoken::Component { component, number, .. }) => Some(Part::of(split(part, ':'), (component, number))),
        Some(Spoken::Rpc { .. }) => Some(Part::Perhaps),
        _ => None,
    };
    families::targets(registry, Family::Shelly, device, device, same)
}

fn split(part: &str, at: char) -> (&str, &str) {
    part.rsplit_once(at).unwrap_or((part, ""))
}

/// None: what could not be read.
fn push(targets: &[families::Target], endpoint: &str, acts: Option<Vec<Act>>, found: &mut Found<'_>) {
    let acts = acts.unwrap_or_else(|| vec![Act::unknown()]);
    for target in targets {
        for act in &acts {
            let act = attributes::for_class(act.clone(), target.class);
            let endpoint = (!endpoint.is_empty()).then(|| endpoint.chars().take(limits::KIND_BYTES).collect());
            found.push(&target.id, Act { endpoint, ..act });
            if found.too_many {
                break;
            }
        }
    }
}

/// Firmware, scripts, settings: the administrator's, whichever device it is about.
fn administration(device: &str, act: Act, found: &mut Found<'_>) {
    let endpoint = Some(device.chars().take(limits::ENTITY_BYTES).collect());
    found.push(&gateway(Family::Shelly), Act { endpoint, ..act });
}

/// A plain decimal number.
fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    text.parse().ok().filter(|n: &f64| plain && n.is_finite())
}

/// A number as an act's value and argument.
fn set(key: &str, value: f64) -> Act {
    let mut act = Act::plain("set");
    act.value = Some(value);
    act.args.insert(key.to_owned(), value.into());
    act
}
