//! Words for people: things, signals, numbers, and names that strangers chose made harmless.

use super::names::Signal;
use crate::domain::{DeviceClass, Facts, SignalValue};

/// A thing's name in a reason, in characters: what fits beside the rest.
const NAME_CHARS: usize = 48;

/// `unlock Front door`, `set thermostat to 35`, `lamp on`.
pub(super) fn what(facts: &Facts) -> String {
    let (act, dev) = (&facts.act, &facts.dev);
    let named = dev.name.as_deref().map(|n| clean(n, NAME_CHARS)).filter(|n| !n.is_empty());
    let thing = named.unwrap_or_else(|| clean(act.target.as_str(), NAME_CHARS));
    let retained = if act.retained { ", retained" } else { "" };
    match (act.verb.as_str(), act.value) {
        (verb @ ("on" | "off"), _) => format!("{thing} {verb}{retained}"),
        ("unknown", _) => format!("something unreadable for {thing}{retained}"),
        ("set", Some(value)) => format!("set {thing} to {}{retained}", digits(value, 2)),
        (verb, _) => format!("{} {thing}{retained}", clean(verb, NAME_CHARS).replace('_', " ")),
    }
}

/// A signal as it stands. `quiet`: also where nothing is the matter; None where there is nothing to say.
pub(super) fn signal_in_words(signal: &Signal, value: SignalValue, quiet: bool) -> Option<String> {
    let truth = match value {
        SignalValue::Bool(truth) => truth,
        SignalValue::Number(n) => {
            return match signal.name.as_str() {
                "hour" => None,
                "in_c" => Some(format!("{} °C inside", digits(n, 1))),
                "out_c" => Some(format!("{} °C outside", digits(n, 1))),
                name => Some(format!("{} {}", clean(name, 32), digits(n, 2))),
            };
        }
    };
    let known = [
        ("home", "somebody is home", "nobody is home"),
        ("asleep", "everyone asleep", "people are awake"),
        ("smoke", "smoke", "no smoke"),
        ("co", "CO", "no CO"),
        ("leak", "a leak", "no leak"),
        ("intruder", "an intruder", "no intruder"),
        ("maintenance", "maintenance", "no maintenance"),
    ];
    let remarkable = (signal.name == "home") != truth;
    if !remarkable && !quiet {
        return None;
    }
    Some(match known.into_iter().find(|k| k.0 == signal.name) {
        Some((_, yes, no)) => (if truth { yes } else { no }).to_owned(),
        None if truth => clean(&signal.name, 32).replace('_', " "),
        None => format!("no {}", clean(&signal.name, 32).replace('_', " ")),
    })
}

/// A sentence as a clause of another: without its full stop, and small at the start unless an abbreviation stands there.
pub(super) fn joined(sentence: &str) -> String {
    let text = clean(sentence, 160);
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(std::iter::once(second)).chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// At most so many characters of a text in one line, without what turns or hides text on a screen.
pub(super) fn clean(text: &str, chars: usize) -> String {
    let hidden = |c: &char| matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    let one_line = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    let mut shown = text.chars().filter(|c| !hidden(c)).map(one_line);
    let mut out: String = shown.by_ref().take(chars).collect();
    if shown.next().is_some() {
        out.pop();
        out.push('…');
    }
    out.trim().to_owned()
}

/// `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// At most two digits after the point, no trailing zeros, no minus zero.
pub(super) fn number(value: f64) -> String {
    digits(value, 2)
}

pub(super) fn digits(value: f64, after_point: usize) -> String {
    if value.abs() >= 1e9 {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.after_point$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

pub(super) fn kind_of_thing(class: DeviceClass) -> String {
    match class {
        DeviceClass::Unknown => "a device of unknown kind".to_owned(),
        DeviceClass::Media => "a media player".to_owned(),
        DeviceClass::Climate => "a heating control".to_owned(),
        DeviceClass::Medical => "a medical device".to_owned(),
        DeviceClass::CoAlarm => "a CO alarm".to_owned(),
        DeviceClass::AlarmPanel | DeviceClass::Interlock => format!("an {}", class.as_str().replace('_', " ")),
        _ => format!("a {}", class.as_str().replace('_', " ")),
    }
}
