//! The things of a home and how they are described: Zigbee2MQTT's inventory and documents, and Home Assistant discovery of others.

use serde_json::{Value, json};

/// Zigbee devices: friendly name and Home Assistant's component.
pub const ZIGBEE: [(&str, &str); 24] = [
    ("front_door", "lock"),
    ("living_room_lamp", "light"),
    ("kitchen_lamp", "light"),
    ("bedroom_lamp", "light"),
    ("Hall Lamp", "light"),
    ("bathroom_lamp", "light"),
    ("child_lamp", "light"),
    ("porch_lamp", "light"),
    ("desk_lamp", "light"),
    ("living_room_blind", "cover"),
    ("bedroom_blind", "cover"),
    ("kitchen_blind", "cover"),
    ("child_blind", "cover"),
    ("bathroom_thermostat", "climate"),
    ("living_room_thermostat", "climate"),
    ("bedroom_thermostat", "climate"),
    ("child_thermostat", "climate"),
    ("coffee_plug", "switch"),
    ("tv_plug", "switch"),
    ("christmas_tree", "switch"),
    ("circulation_pump", "switch"),
    ("washing_machine", "switch"),
    ("garden_pump", "switch"),
    ("siren_hall", "siren"),
];

fn address(at: usize) -> String {
    format!("0x00158d00{at:08x}")
}

/// `bridge/devices`.
pub fn inventory() -> Value {
    let entry = |(at, (name, component)): (usize, &(&str, &str))| {
        let feature = |name: &str, kind: &str| json!({"name": name, "property": name, "type": kind, "access": 7});
        let exposes = match *component {
            "climate" => {
                json!([{"type": "climate", "features": [feature("occupied_heating_setpoint", "numeric"), feature("system_mode", "enum")]}])
            }
            "light" => json!([{"type": "light", "features": [feature("state", "binary"), feature("brightness", "numeric")]}]),
            "cover" => json!([{"type": "cover", "features": [feature("state", "enum"), feature("position", "numeric")]}]),
            "siren" => json!([feature("warning", "composite")]),
            kind => json!([{"type": kind, "features": [feature("state", "binary")]}]),
        };
        json!({"ieee_address": address(at), "friendly_name": name, "type": "Router", "supported": true, "disabled": false,
            "interview_completed": true, "definition": {"model": "M", "vendor": "A maker", "exposes": exposes, "options": []}})
    };
    Value::Array(ZIGBEE.iter().enumerate().map(entry).collect())
}

/// Each discovery topic with its document.
pub fn documents() -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> = ZIGBEE.iter().enumerate().filter(|(_, t)| t.1 != "siren").map(zigbee).collect();
    let other = |component: &str, id: &str, document: Value| (format!("homeassistant/{component}/{id}/config"), document);
    all.extend([
        // ESPHome through MQTT.
        other(
            "cover",
            "garage_door",
            json!({"object_id": "garage_door", "name": "Garage door", "device_class": "garage",
            "command_topic": "garage-esp/cover/garage_door/command", "state_topic": "garage-esp/cover/garage_door/state"}),
        ),
        other(
            "valve",
            "main_water",
            json!({"object_id": "main_water", "name": "Main water",
            "command_topic": "water-esp/valve/main/command", "state_topic": "water-esp/valve/main/state"}),
        ),
        other(
            "fan",
            "bathroom_fan",
            json!({"object_id": "bathroom_fan", "name": "Bathroom fan",
            "command_topic": "fan-esp/fan/bath/command", "percentage_command_topic": "fan-esp/fan/bath/speed/command"}),
        ),
        // Valetudo.
        other(
            "vacuum",
            "robot",
            json!({"object_id": "robot", "name": "Robot", "command_topic": "valetudo/robot/BasicControlCapability/operation/set",
            "payload_start": "START", "payload_pause": "PAUSE", "payload_return_to_base": "HOME",
            "set_fan_speed_topic": "valetudo/robot/FanSpeedControlCapability/preset/set", "fan_speed_list": ["low", "max"]}),
        ),
        // Alarmo.
        other(
            "alarm_control_panel",
            "alarm",
            json!({"object_id": "alarm", "name": "Alarm", "command_topic": "alarmo/command", "state_topic": "alarmo/state"}),
        ),
        // Tasmota with discovery of its own kind.
        other(
            "light",
            "shelf",
            json!({"object_id": "shelf", "name": "Shelf", "command_topic": "cmnd/shelf/POWER",
            "brightness_command_topic": "cmnd/shelf/Dimmer"}),
        ),
        other("button", "tv_volume_up", json!({"object_id": "tv_volume_up", "name": "Volume up", "command_topic": "ir/living/volume_up"})),
        other("number", "eq_bass", json!({"object_id": "eq_bass", "name": "Bass", "command_topic": "amp/bass/set", "min": -10, "max": 10})),
        other(
            "select",
            "amp_source",
            json!({"object_id": "amp_source", "name": "Source", "command_topic": "amp/source/set", "options": ["tv", "radio"]}),
        ),
        other("switch", "amp", json!({"object_id": "amp", "name": "Amplifier", "command_topic": "amp/power/set"})),
        other("scene", "movie", json!({"object_id": "movie", "name": "Movie", "command_topic": "scenes/movie/set", "payload_on": "ON"})),
        other(
            "water_heater",
            "boiler",
            json!({"object_id": "boiler", "name": "Boiler", "temperature_command_topic": "boiler/temp/set",
            "mode_command_topic": "boiler/mode/set", "modes": ["off", "eco", "performance"]}),
        ),
        other(
            "humidifier",
            "bedroom_air",
            json!({"object_id": "bedroom_air", "name": "Air", "command_topic": "air/power/set",
            "target_humidity_command_topic": "air/humidity/set"}),
        ),
        other(
            "update",
            "shelf_firmware",
            json!({"object_id": "shelf_firmware", "name": "Firmware", "command_topic": "shelf/update/set", "payload_install": "install"}),
        ),
    ]);
    all
}

fn zigbee((at, (name, component)): (usize, &(&str, &str))) -> (String, Value) {
    let (state, command) = (format!("zigbee2mqtt/{name}"), format!("zigbee2mqtt/{name}/set"));
    let address = address(at);
    let mut document = json!({
        "device": {"identifiers": [format!("zigbee2mqtt_{address}")], "name": name}, "name": null, "object_id": name,
        "state_topic": state, "unique_id": format!("{address}_{component}_zigbee2mqtt"),
    });
    let own = match *component {
        "lock" => json!({"command_topic": command, "value_template": "{{ value_json.state }}"}),
        "light" => json!({"command_topic": command, "schema": "json", "brightness": true, "brightness_scale": 254}),
        "cover" => {
            json!({"command_topic": command, "set_position_topic": command, "set_position_template": "{ \"position\": {{ position }} }"})
        }
        "climate" => json!({"temperature_command_topic": format!("{command}/occupied_heating_setpoint"),
            "mode_command_topic": format!("{command}/system_mode"), "modes": ["off", "auto", "heat"], "temperature_unit": "C"}),
        _ => json!({"command_topic": command, "payload_on": "ON", "payload_off": "OFF"}),
    };
    document.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    (format!("homeassistant/{component}/{address}/{component}/config"), document)
}
