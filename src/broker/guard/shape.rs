//! Reads a payload the way its command topic takes it: a word, a number, a choice, attributes, a press.

use super::attributes::{self, Act};
use crate::domain::{CommandShape, DeviceClass, Verb, limits};
use serde_json::{Map, Value};

/// What a payload asks of a device of this class. Empty only for attributes that command nothing.
pub fn acts(shape: &CommandShape, payload: &[u8], class: DeviceClass) -> Vec<Act> {
    let text = std::str::from_utf8(payload).ok().filter(|t| t.len() <= limits::BODY_BYTES);
    let act = match (shape, text) {
        (CommandShape::Press { verb }, _) => Some(Act::plain(verb)),
        (CommandShape::Attributes, _) => {
            return attributes::read(None, payload).into_iter().map(|act| attributes::for_class(act, class)).collect();
        }
        (CommandShape::Words { words }, Some(text)) => words.get(text).map(|verb| word(verb, text)),
        (CommandShape::Number { verb }, Some(text)) => number(verb, text),
        (CommandShape::Choice { verb, argument }, Some(text)) => choice(verb, argument, text),
        (CommandShape::Framed { before, after, within }, Some(text)) => {
            return framed(before, after, text).map_or_else(|| vec![Act::unknown()], |value| acts(within, value.as_bytes(), class));
        }
        (CommandShape::Opaque, _) | (_, None) => None,
    };
    vec![attributes::risky_toggle(act.unwrap_or_else(Act::unknown), class)]
}

/// Whether this shape cannot read the payload, while another shape might.
pub fn reads_less(shape: &CommandShape, payload: &[u8]) -> bool {
    matches!(shape, CommandShape::Words { .. } | CommandShape::Number { .. } | CommandShape::Framed { .. }) && !understands(shape, payload)
}

/// Whether `other` on the same topic of the same device reads what `shape` could not. Words beside a position only: elsewhere
/// a second claim could be made up to give an unknown payload a mild meaning, but here it can only come to mean open or close.
pub fn reads_instead(shape: &CommandShape, other: &CommandShape, payload: &[u8]) -> bool {
    let position = |s: &CommandShape| matches!(s, CommandShape::Number { verb } if verb == "position");
    let words = |s: &CommandShape| matches!(s, CommandShape::Words { .. });
    ((words(shape) && position(other)) || (position(shape) && words(other))) && understands(other, payload)
}

/// The asker's own id in a JSON payload, if it is short enough to be one.
pub fn own_id(payload: &[u8]) -> Option<String> {
    if payload.len() > limits::BODY_BYTES || payload.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let id = object.get("id")?.as_str()?;
    (1..=128).contains(&id.len()).then(|| id.to_owned())
}

/// The one value in a text that a template made. Where it stands in quotes or braces, a value with such could say more than one thing.
fn framed<'t>(before: &str, after: &str, text: &'t str) -> Option<&'t str> {
    let value = text.trim().strip_prefix(before)?.strip_suffix(after)?;
    (!value.contains(['"', '\\', '{', '}', ',', ':', '\n'])).then_some(value)
}

fn understands(shape: &CommandShape, payload: &[u8]) -> bool {
    acts(shape, payload, DeviceClass::Unknown).iter().all(|act| !act.verb.is_unknown())
}

/// `arm` has a mode, which only the payload tells: `ARM_AWAY` is `mode = "away"`.
fn word(verb: &str, text: &str) -> Act {
    let mut act = Act::plain(verb);
    if verb == "arm" {
        let lower = text.to_lowercase();
        let mode = lower.strip_prefix("arm_").unwrap_or(&lower);
        act.args.insert("mode".into(), attributes::bounded(&Value::String(mode.to_owned())));
    }
    act
}

fn number(verb: &str, text: &str) -> Option<Act> {
    let text = text.trim();
    // Covers and valves take this one word beside their numbers (`payload_stop`, `payload_stop_tilt`).
    if text.eq_ignore_ascii_case("stop") {
        return Some(Act::plain("stop"));
    }
    let value = text.parse::<f64>().ok().filter(|n| n.is_finite())?;
    let verb = if verb == "position" {
        // `1e-9` is closed for us and 1 for a device that reads leading digits: only plain decimals close.
        if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+')) {
            return None;
        }
        if value == 0.0 { "close" } else { "open" }
    } else {
        verb
    };
    Some(Act { verb: Verb(verb.to_owned()), endpoint: None, value: Some(value), args: Map::new() })
}

fn choice(verb: &str, argument: &str, text: &str) -> Option<Act> {
    if text.is_empty() {
        return None;
    }
    let mut act = Act::plain(if text.eq_ignore_ascii_case("off") { "off" } else { verb });
    act.args.insert(argument.to_owned(), attributes::bounded(&Value::String(text.to_owned())));
    Some(act)
}
