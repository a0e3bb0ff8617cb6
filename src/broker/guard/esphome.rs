//! ESPHome's grammar: `NODE/COMPONENT/NAME/command`, and the further command topics of covers, fans, valves and climate devices.
//! After <https://esphome.io/components/mqtt> and esphome/components/mqtt: words in any case, JSON for lights and dates.

use super::{
    Found, Message,
    attributes::{self, Act},
    families::{self, Part},
    shape, strict,
};
use crate::domain::{CommandShape, DeviceClass, Family, Registry, Verb, limits};
use serde_json::{Map, Value};

/// The components that ESPHome gives a command topic; `siren` is none of its own, but is spoken so by others.
const COMPONENTS: [&str; 16] = [
    "alarm_control_panel",
    "button",
    "climate",
    "cover",
    "date",
    "datetime",
    "fan",
    "light",
    "lock",
    "number",
    "select",
    "siren",
    "switch",
    "text",
    "time",
    "update",
];

/// `…/COMPONENT/NAME/PART/command`.
const PARTS: [(&str, &str); 16] = [
    ("cover", "position"),
    ("cover", "tilt"),
    ("valve", "position"),
    ("fan", "oscillation"),
    ("fan", "speed"),
    ("fan", "speed_level"),
    ("fan", "direction"),
    ("climate", "mode"),
    ("climate", "target_temperature"),
    ("climate", "target_temperature_low"),
    ("climate", "target_temperature_high"),
    ("climate", "target_humidity"),
    ("climate", "away"),
    ("climate", "fan_mode"),
    ("climate", "swing_mode"),
    ("climate", "preset"),
];

/// A topic that an ESPHome component may listen to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spoken<'t> {
    /// `NODE/COMPONENT/NAME`.
    base: &'t str,
    node: &'t str,
    name: &'t str,
    component: &'t str,
    part: Option<&'t str>,
    /// `n/cover/light/position/command`: a light called `position`, or a cover's position.
    ambiguous: bool,
}

impl<'t> Spoken<'t> {
    /// `NODE/COMPONENT/NAME`.
    pub fn base(&self) -> &'t str {
        self.base
    }
}

/// Reads a topic. Allocates nothing.
pub fn parse(topic: &str) -> Option<Spoken<'_>> {
    let base = topic.strip_suffix("/command")?;
    let whole = of_base(base, None).filter(|s| is_component(s.component));
    let parted = base
        .rsplit_once('/')
        .and_then(|(base, part)| of_base(base, Some(part)))
        .filter(|s| s.part.is_some_and(|part| PARTS.contains(&(s.component, part))));
    match (parted, whole) {
        (Some(parted), whole) => Some(Spoken { ambiguous: whole.is_some(), ..parted }),
        (None, whole) => whole,
    }
}

fn is_component(word: &str) -> bool {
    word == "valve" || COMPONENTS.contains(&word)
}

fn of_base<'t>(base: &'t str, part: Option<&'t str>) -> Option<Spoken<'t>> {
    let (rest, name) = base.rsplit_once('/')?;
    let (node, component) = rest.rsplit_once('/')?;
    let whole = !node.is_empty() && !name.is_empty();
    whole.then_some(Spoken { base, node, name, component, part, ambiguous: false })
}

/// Adds what a message on such a topic asks for.
pub fn read(registry: &Registry, spoken: &Spoken<'_>, message: Message<'_>, found: &mut Found<'_>) {
    // An empty text is a text; all else takes no empty message for anything.
    if message.clean_up && spoken.component != "text" {
        return;
    }
    let text = std::str::from_utf8(message.payload).ok().filter(|t| t.len() <= limits::BODY_BYTES && !t.contains('\0'));
    for target in
        families::targets(registry, Family::Esphome, spoken.base, &format!("{}/{}", spoken.node, spoken.name), |_| Some(Part::Same))
    {
        let acts = match text {
            Some(text) if !spoken.ambiguous => acts(spoken.component, spoken.part, text, target.class),
            _ => None,
        };
        for act in acts.unwrap_or_else(|| vec![Act::unknown()]) {
            found.push(&target.id, attributes::risky_toggle(act, target.class));
            if found.too_many {
                break;
            }
        }
    }
}

fn acts(component: &str, part: Option<&str>, text: &str, class: DeviceClass) -> Option<Vec<Act>> {
    let as_shape = |shape: CommandShape| Some(shape::acts(&shape, text.as_bytes(), class));
    let number = |verb: &str| as_shape(CommandShape::Number { verb: verb.into() });
    let choice = |verb: &str, argument: &str| as_shape(CommandShape::Choice { verb: verb.into(), argument: argument.into() });
    let lower = text.to_ascii_lowercase();
    let word = |words: &[(&str, &str)]| words.iter().find(|(word, _)| *word == lower).map(|(_, verb)| Act::plain(verb));
    let plain = |words: &[(&str, &str)]| word(words).map(|act| vec![act]);
    match (component, part) {
        ("cover" | "valve", Some("position")) => number("position"),
        (
            _,
            Some("tilt" | "speed_level" | "target_temperature" | "target_temperature_low" | "target_temperature_high" | "target_humidity"),
        ) => number("set"),
        (_, Some("mode")) => choice("mode", "mode"),
        (_, Some("oscillation")) => plain(&[("oscillate_on", "set"), ("oscillate_off", "set"), ("toggle", "set")]),
        (_, Some("away")) => plain(&[("on", "set"), ("off", "set"), ("toggle", "set")]),
        (_, Some(part @ ("speed" | "direction" | "fan_mode" | "swing_mode" | "preset"))) => choice("set", part),
        (_, Some(_)) | ("climate", None) => None,
        ("switch" | "fan" | "siren", None) => {
            let act = word(&[("on", "on"), ("off", "off"), ("toggle", "toggle")])?;
            Some(vec![attributes::for_class(act, class)])
        }
        ("cover" | "valve", None) => plain(&[("open", "open"), ("close", "close"), ("stop", "stop"), ("toggle", "toggle")]),
        ("lock", None) => plain(&[("lock", "lock"), ("unlock", "unlock"), ("open", "open")]),
        // An ESPHome light takes JSON alone; others on such topics take words too.
        ("light", None) if strict::object(text.as_bytes()).is_none() => {
            let act = word(&[("on", "on"), ("off", "off"), ("toggle", "toggle")])?;
            Some(vec![attributes::for_class(act, class)])
        }
        ("light", None) => Some(attributes::read(None, text.as_bytes()).into_iter().map(|act| attributes::for_class(act, class)).collect()),
        ("number", None) => number("set"),
        ("select", None) => choice("set", "option"),
        ("text", None) => {
            let mut act = Act::plain("set");
            act.args.insert("text".into(), attributes::bounded(&Value::String(text.to_owned())));
            Some(vec![act])
        }
        // These two compare exactly.
        ("button", None) => (text == "PRESS").then(|| vec![Act::plain("press")]),
        ("update", None) => (text == "INSTALL").then(|| vec![Act::plain("install")]),
        ("date" | "time" | "datetime", None) => {
            let args: Map<String, Value> =
                strict::object(text.as_bytes())?.iter().map(|(k, v)| (k.clone(), attributes::bounded(v))).take(8).collect();
            Some(vec![Act { verb: Verb("set".into()), endpoint: None, value: None, args }])
        }
        ("alarm_control_panel", None) => {
            let mut act = match lower.strip_prefix("arm_") {
                Some("away" | "home" | "night" | "vacation" | "custom_bypass") => Act::plain("arm"),
                _ => word(&[("disarm", "disarm"), ("pending", "trigger"), ("triggered", "trigger")])?,
            };
            if let Some(mode) = lower.strip_prefix("arm_") {
                act.args.insert("mode".into(), mode.into());
            }
            Some(vec![act])
        }
        _ => None,
    }
}
