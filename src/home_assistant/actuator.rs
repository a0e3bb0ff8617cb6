//! One component of a discovery document as a claim: its class, and for each command topic how a payload is read.

use super::{
    document::{Document, check},
    template::{self, Template},
    zigbee::{self, Owner},
};
use crate::domain::{Claim, Command, CommandShape, DeviceClass, EntityId, Family, limits};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The claim of one component; None where it commands nothing.
///
/// # Errors
/// When a command topic is no topic name, or there are too many.
pub fn claim(component: &str, doc: &Document<'_>, key: String, fallback: &str, bases: &[String]) -> Result<Option<Claim>, String> {
    let Some(class) = class_of(component, doc.text("device_class")) else { return Ok(None) };
    let mut commands: Vec<Command> = Vec::new();
    let mut zigbee_name = None;
    for (role, topic) in doc.command_topics()? {
        let mut shape = shape_of(component, role, doc, class);
        match zigbee::owner(&topic, bases) {
            Owner::Bridge => continue,
            Owner::Device { base, name, attribute } => {
                if !zigbee::is_main(component, attribute) {
                    continue;
                }
                zigbee_name.get_or_insert_with(|| (base.to_owned(), zigbee::friendly_name(doc, base, name).to_owned()));
                shape = CommandShape::Attributes;
            }
            Owner::Other => {}
        }
        add(&mut commands, Command { topic, role: role.to_owned(), shape }, class);
    }
    let mut aliases = BTreeSet::new();
    let (device, family) = if let Some((base, name)) = &zigbee_name {
        let topic = check(name, format!("{base}/{name}/set"))?;
        add(&mut commands, Command { topic, role: "set".into(), shape: CommandShape::Attributes }, class);
        aliases.insert(name.clone());
        aliases.extend(zigbee::address(doc));
        (EntityId::escaped(name), Family::Zigbee2mqtt)
    } else {
        (EntityId::escaped(identity(doc).unwrap_or(fallback)), Family::HomeAssistant)
    };
    if commands.is_empty() {
        return Ok(None);
    }
    if commands.len() > limits::DEVICE_COMMANDS {
        return Err(format!("{} command topics; a device has at most {}", commands.len(), limits::DEVICE_COMMANDS));
    }
    Ok(Some(Claim {
        key,
        device,
        name: name_of(doc),
        class,
        area: doc.of_device("suggested_area", "sa").and_then(Value::as_str).map(short),
        tags: BTreeSet::new(),
        risk: None,
        family,
        aliases,
        members: BTreeSet::new(),
        commands,
        state_topic: doc.topic("state_topic"),
    }))
}

/// A name as kept: no one reads more of it.
pub fn short(text: &str) -> String {
    text.chars().take(128).collect()
}

fn identity<'d>(doc: &Document<'d>) -> Option<&'d str> {
    let entity = doc.text("default_entity_id").and_then(|id| id.split_once('.').map(|(_, name)| name));
    doc.text("object_id").or(entity).or_else(|| doc.text("unique_id")).filter(|id| !id.is_empty())
}

fn name_of(doc: &Document<'_>) -> Option<String> {
    let device = doc.of_device("name", "name").and_then(Value::as_str);
    match (device, doc.text("name")) {
        (Some(device), Some(own)) if !own.starts_with(device) => Some(short(&format!("{device} {own}"))),
        (_, Some(own)) => Some(short(own)),
        (device, None) => device.map(short),
    }
}

/// None: the component only tells. A component of a later Home Assistant is taken as an actuator nobody knows.
fn class_of(component: &str, device_class: Option<&str>) -> Option<DeviceClass> {
    Some(match component {
        "binary_sensor" | "camera" | "device_automation" | "device_tracker" | "event" | "image" | "sensor" | "tag" => return None,
        "alarm_control_panel" => DeviceClass::AlarmPanel,
        "climate" | "humidifier" | "water_heater" => DeviceClass::Climate,
        "cover" => match device_class {
            Some("garage") => DeviceClass::Garage,
            Some("gate") => DeviceClass::Gate,
            Some("door") => DeviceClass::Door,
            _ => DeviceClass::Cover,
        },
        "fan" => DeviceClass::Fan,
        "light" => DeviceClass::Light,
        "lock" => DeviceClass::Lock,
        "siren" => DeviceClass::Siren,
        "switch" | "vacuum" => DeviceClass::Switch,
        "valve" => DeviceClass::Valve,
        _ => DeviceClass::Unknown,
    })
}

/// Adds a command. Two lists of words for one topic become one: a mower's `dock` and `pause` share theirs.
fn add(commands: &mut Vec<Command>, command: Command, class: DeviceClass) {
    if let Some(same) = commands.iter_mut().find(|c| c.topic == command.topic) {
        match (&mut same.shape, &command.shape) {
            (CommandShape::Words { words }, CommandShape::Words { words: more }) => {
                for (payload, verb) in more {
                    add_word(words, payload, verb, class);
                }
                return;
            }
            (a, b) if a == b => return,
            _ => {}
        }
    }
    commands.push(command);
}

/// One payload for two verbs is a push button (`payload_open` = `payload_close`): the way that is not safe counts, else it toggles.
fn add_word(words: &mut BTreeMap<String, String>, payload: &str, verb: &str, class: DeviceClass) {
    match words.get_mut(payload) {
        None => {
            words.insert(payload.to_owned(), verb.to_owned());
        }
        Some(old) if old == verb || class.is_safe(verb) => {}
        Some(old) if class.is_safe(old) => verb.clone_into(old),
        Some(old) => "toggle".clone_into(old),
    }
}

/// How payloads on one command topic are read: the plain shape, and around it what its template adds.
fn shape_of(component: &str, role: &str, doc: &Document<'_>, class: DeviceClass) -> CommandShape {
    // Whatever is sent presses it, so a template does not matter.
    match (component, role) {
        ("button", "command_topic") => return CommandShape::Press { verb: "press".into() },
        ("scene", "command_topic") => return CommandShape::Press { verb: "activate".into() },
        _ => {}
    }
    match template::of(doc, role) {
        Template::None => plain_shape(component, role, doc, class, None),
        Template::Constant(text) => plain_shape(component, role, doc, class, Some(text)),
        Template::Framed(frame) => frame.around(plain_shape(component, role, doc, class, None)),
        Template::Opaque => CommandShape::Opaque,
    }
}

/// Defaults are those of homeassistant/components/mqtt/<component>.py. `constant` is what the payload always is.
fn plain_shape(component: &str, role: &str, doc: &Document<'_>, class: DeviceClass, constant: Option<&str>) -> CommandShape {
    let words = |list: &[(&str, Option<&str>, &str)]| words(doc, list, class);
    // A mower's three topics each take one word: the value, or what the template always says.
    if let Some(verb @ ("dock" | "pause" | "start_mowing")) = role.strip_suffix("_command_topic") {
        let word = constant.unwrap_or(verb).to_owned();
        return CommandShape::Words { words: BTreeMap::from([(word, verb.to_owned())]) };
    }
    if constant.is_some() {
        return CommandShape::Opaque;
    }
    match role {
        // Numbers that are no room's temperature have words of their own: 40 % of humidity is no heat.
        "target_humidity_command_topic" => CommandShape::Number { verb: "set_humidity".into() },
        "temperature_command_topic" if component == "water_heater" => CommandShape::Number { verb: "set_water".into() },
        "command_topic" => match component {
            "lock" => words(&[
                ("payload_lock", Some("LOCK"), "lock"),
                ("payload_unlock", Some("UNLOCK"), "unlock"),
                ("payload_open", None, "open"),
            ]),
            "valve" if doc.get("reports_position").and_then(Value::as_bool) == Some(true) => position(doc),
            "valve" => {
                words(&[("payload_open", Some("OPEN"), "open"), ("payload_close", Some("CLOSE"), "close"), ("payload_stop", None, "stop")])
            }
            "cover" => words(&[
                ("payload_open", Some("OPEN"), "open"),
                ("payload_close", Some("CLOSE"), "close"),
                ("payload_stop", Some("STOP"), "stop"),
            ]),
            "alarm_control_panel" => words(&[
                ("payload_arm_away", Some("ARM_AWAY"), "arm"),
                ("payload_arm_home", Some("ARM_HOME"), "arm"),
                ("payload_arm_night", Some("ARM_NIGHT"), "arm"),
                ("payload_arm_vacation", Some("ARM_VACATION"), "arm"),
                ("payload_arm_custom_bypass", Some("ARM_CUSTOM_BYPASS"), "arm"),
                ("payload_disarm", Some("DISARM"), "disarm"),
                ("payload_trigger", Some("TRIGGER"), "trigger"),
            ]),
            "vacuum" => words(&[
                ("payload_start", Some("start"), "start"),
                ("payload_pause", Some("pause"), "pause"),
                ("payload_stop", Some("stop"), "stop"),
                ("payload_return_to_base", Some("return_to_base"), "return_to_base"),
                ("payload_clean_spot", Some("clean_spot"), "clean_spot"),
                ("payload_locate", Some("locate"), "locate"),
                ("payload_turn_on", None, "on"),
                ("payload_turn_off", None, "off"),
                ("payload_start_pause", None, "toggle"),
            ]),
            "light" => match doc.text("schema") {
                Some("json") => CommandShape::Attributes,
                Some("template") => CommandShape::Opaque,
                _ if doc.get("command_on_template").is_some() => CommandShape::Opaque,
                _ => on_off(&words),
            },
            "switch" | "fan" | "humidifier" => on_off(&words),
            // Without a template a siren takes JSON: {"state":"ON","tone":"bell"}.
            "siren" => CommandShape::Attributes,
            "update" => words(&[("payload_install", None, "install")]),
            "number" => CommandShape::Number { verb: "set".into() },
            "select" => chosen("set", "option"),
            "text" => chosen("set", "text"),
            "date" | "datetime" | "time" => chosen("set", component),
            "notify" => chosen("notify", "message"),
            _ => CommandShape::Opaque,
        },
        "set_position_topic" => position(doc),
        "power_command_topic" => on_off(&words),
        "aux_command_topic" | "away_mode_command_topic" => words(&[("payload_on", Some("ON"), "set"), ("payload_off", Some("OFF"), "set")]),
        "oscillation_command_topic" => {
            words(&[("payload_oscillation_on", Some("oscillate_on"), "set"), ("payload_oscillation_off", Some("oscillate_off"), "set")])
        }
        "direction_command_topic" => {
            words(&[("payload_direction_forward", Some("forward"), "set"), ("payload_direction_reverse", Some("reverse"), "set")])
        }
        "mode_command_topic" => chosen("mode", "mode"),
        "send_command_topic" => chosen("send_command", "command"),
        "set_fan_speed_topic" => chosen("set", "fan_speed"),
        "brightness_command_topic"
        | "color_temp_command_topic"
        | "percentage_command_topic"
        | "temperature_command_topic"
        | "temperature_high_command_topic"
        | "temperature_low_command_topic"
        | "tilt_command_topic"
        | "white_command_topic"
        | "white_value_command_topic" => CommandShape::Number { verb: "set".into() },
        _ => match role.strip_suffix("_command_topic") {
            Some(
                argument @ ("effect"
                | "fan_mode"
                | "hold"
                | "hs"
                | "preset_mode"
                | "rgb"
                | "rgbw"
                | "rgbww"
                | "speed"
                | "swing_horizontal_mode"
                | "swing_mode"
                | "xy"),
            ) => chosen("set", argument),
            _ => CommandShape::Opaque,
        },
    }
}

fn on_off(words: &impl Fn(&[(&str, Option<&str>, &str)]) -> CommandShape) -> CommandShape {
    words(&[("payload_on", Some("ON"), "on"), ("payload_off", Some("OFF"), "off")])
}

fn chosen(verb: &str, argument: &str) -> CommandShape {
    CommandShape::Choice { verb: verb.into(), argument: argument.into() }
}

/// A cover whose closed end is not 0 cannot be said by this shape: every number then counts as opening it.
fn position(doc: &Document<'_>) -> CommandShape {
    let closed = doc.number("position_closed").unwrap_or(0.0);
    CommandShape::Number { verb: if closed == 0.0 { "position".into() } else { "open".into() } }
}

/// `payload_*` keys override the defaults. A payload that is null, as `payload_stop` may be, is none.
fn words(doc: &Document<'_>, list: &[(&str, Option<&str>, &str)], class: DeviceClass) -> CommandShape {
    let mut words = BTreeMap::new();
    for (key, default, verb) in list {
        let mut given = doc.all(key).peekable();
        if given.peek().is_none()
            && let Some(default) = default
            && !doc.is_null(key)
        {
            add_word(&mut words, default, verb, class);
        }
        for value in given {
            match value {
                Value::String(text) => add_word(&mut words, text, verb, class),
                // Home Assistant writes scalars as Python does: `True`, `1`.
                Value::Bool(truth) => add_word(&mut words, if *truth { "True" } else { "False" }, verb, class),
                Value::Number(number) => add_word(&mut words, &number.to_string(), verb, class),
                _ => {}
            }
        }
    }
    CommandShape::Words { words }
}
