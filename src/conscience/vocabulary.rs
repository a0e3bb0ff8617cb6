//! The words that rules compare fields with: those that Jamey's readers give, and the nearest of them to one that is not among them.

use super::names::{self, Field};

/// Every verb that a family's reader or a discovery document yields. `jamey/act` takes any other too.
const VERBS: [&str; 33] = [
    "on",
    "off",
    "toggle",
    "open",
    "close",
    "stop",
    "lock",
    "unlock",
    "arm",
    "disarm",
    "enable",
    "disable",
    "mute",
    "unmute",
    "set",
    "mode",
    "press",
    "activate",
    "trigger",
    "start",
    "pause",
    "dock",
    "return",
    "locate",
    "clean",
    "play",
    "export",
    "update",
    "permit_join",
    "remove",
    "restart",
    "record",
    "unknown",
];
/// The roles that Jamey ships; an owner's access lists may name others.
const ROLES: [&str; 9] = ["owner", "approver", "operator", "discovery", "admin", "reader", "device", "home_assistant", "zigbee2mqtt"];
/// The tags that the shipped rules ask for; an owner may give any other.
const TAGS: [&str; 11] = [
    "life_safety",
    "fire_suppression",
    "medical",
    "heat_source",
    "heater",
    "security",
    "private_area",
    "personal_data",
    "configured_contact",
    "refrigeration",
    "egress",
];
const AREAS: [&str; 0] = [];

/// What is said of a word that is nearly one that Jamey knows: a slip of the finger would silence a rule. None: it is one, or quite another.
pub(super) fn slip(field: Field, word: &str) -> Option<String> {
    let (what, known): (&str, &[&str]) = match field {
        Field::Verb => ("verb", &VERBS),
        Field::Role => ("role", &ROLES),
        Field::Tags => ("tag", &TAGS),
        _ => ("area", &AREAS),
    };
    if known.contains(&word) {
        return None;
    }
    let near = names::nearest(word, known.iter().copied())?;
    Some(format!(
        "no {what} that Jamey knows is `{word}`; did you mean `{near}`? (If `{word}` is right, write an example of this rule that has it.)"
    ))
}

/// How numbers and texts are told apart as words.
pub(super) fn number(n: f64) -> String {
    // No minus zero.
    format!("n{}", n + 0.0)
}

pub(super) fn text(text: &str) -> String {
    format!("t{text}")
}

pub(super) fn as_number(word: &str) -> Option<f64> {
    word.strip_prefix('n').and_then(|n| n.parse().ok())
}
