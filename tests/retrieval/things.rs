//! The things of the home that is asked about, and how each announces itself.

use serde_json::{Value, json};

/// Zigbee devices: name, Home Assistant's component, room.
const ZIGBEE: [(&str, &str, &str); 17] = [
    ("front_door", "lock", "Hall"),
    ("cellar_door", "lock", "Cellar"),
    ("living_room_lamp", "light", "Living room"),
    ("kitchen_lamp", "light", "Kitchen"),
    ("bedroom_lamp", "light", "Bedroom"),
    ("hall_lamp", "light", "Hall"),
    ("porch_lamp", "light", "Porch"),
    ("child_lamp", "light", "Clara's room"),
    ("living_room_blind", "cover", "Living room"),
    ("bedroom_blind", "cover", "Bedroom"),
    ("bathroom_thermostat", "climate", "Bathroom"),
    ("living_room_thermostat", "climate", "Living room"),
    ("child_thermostat", "climate", "Clara's room"),
    ("fairy_lights", "switch", "Living room"),
    ("coffee_plug", "switch", "Kitchen"),
    ("tv_plug", "switch", "Living room"),
    ("siren_hall", "siren", "Hall"),
];

/// Zigbee sensors: name, room, and what they measure, each with Home Assistant's device class and unit.
type Measures = &'static [(&'static str, &'static str, &'static str)];
const CLIMATE: Measures = &[("temperature", "temperature", "°C"), ("humidity", "humidity", "%"), ("battery", "battery", "%")];
const SENSORS: [(&str, &str, Measures); 19] = [
    ("kitchen_climate", "Kitchen", CLIMATE),
    ("bathroom_climate", "Bathroom", CLIMATE),
    ("bedroom_climate", "Bedroom", CLIMATE),
    ("child_climate", "Clara's room", CLIMATE),
    ("greenhouse_climate", "Greenhouse", CLIMATE),
    ("fridge_probe", "Kitchen", &[("temperature", "temperature", "°C")]),
    ("freezer_probe", "Cellar", &[("temperature", "temperature", "°C")]),
    ("living_air", "Living room", &[("co2", "carbon_dioxide", "ppm")]),
    ("washer_plug", "Laundry", &[("power", "power", "W"), ("energy", "energy", "kWh")]),
    ("mailbox_contact", "Garden", &[("contact", "opening", "")]),
    ("bathroom_window", "Bathroom", &[("contact", "window", "")]),
    ("cat_flap", "Kitchen", &[("contact", "door", "")]),
    ("hall_motion", "Hall", &[("occupancy", "motion", "")]),
    ("garden_motion", "Garden", &[("occupancy", "motion", "")]),
    ("sink_leak", "Kitchen", &[("water_leak", "moisture", "")]),
    ("laundry_leak", "Laundry", &[("water_leak", "moisture", "")]),
    ("smoke_kitchen", "Kitchen", &[("smoke", "smoke", "")]),
    ("smoke_hall", "Hall", &[("smoke", "smoke", ""), ("battery", "battery", "%")]),
    ("doorbell_button", "Porch", &[("action", "", "")]),
];

/// Each discovery topic with its document.
pub fn documents() -> Vec<(String, Value)> {
    let zigbee = ZIGBEE.iter().map(|(name, component, room)| actuator(name, component, room));
    let sensors = SENSORS.iter().flat_map(|(name, room, measures)| measures.iter().map(|one| sensor(name, room, *one)));
    let mut all: Vec<(String, Value)> = zigbee.chain(sensors).collect();
    let other = |component: &str, id: &str, name: &str, room: &str, own: Value| {
        let device = json!({"identifiers": [id], "name": name, "suggested_area": room});
        let mut document = json!({"object_id": id, "unique_id": id, "name": null, "device": device});
        document.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        (format!("homeassistant/{component}/{id}/config"), document)
    };
    all.extend([
        other(
            "cover",
            "garage_door",
            "Garage door",
            "Garage",
            json!({"device_class": "garage", "command_topic": "garage-esp/cover/garage_door/command"}),
        ),
        other("valve", "main_water", "Main water", "Cellar", json!({"command_topic": "water-esp/valve/main/command"})),
        other("fan", "bathroom_fan", "Bathroom fan", "Bathroom", json!({"command_topic": "fan-esp/fan/bath/command"})),
        other(
            "vacuum",
            "robot",
            "Rosie",
            "Hall",
            json!({"command_topic": "valetudo/robot/operation/set", "payload_start": "START", "payload_return_to_base": "HOME"}),
        ),
        other("alarm_control_panel", "alarm", "Alarm", "Hall", json!({"command_topic": "alarmo/command"})),
        other(
            "water_heater",
            "boiler",
            "Boiler",
            "Cellar",
            json!({"temperature_command_topic": "boiler/temp/set", "mode_command_topic": "boiler/mode/set",
                "modes": ["off", "eco", "performance"]}),
        ),
        other("switch", "esp_7c21", "Lawn sprinkler", "Garden", json!({"command_topic": "esp_7c21/relay/set"})),
        other("switch", "sonoff_0b11", "Fish tank heater", "Living room", json!({"command_topic": "sonoff_0b11/power/set"})),
        other("switch", "evse_1", "Wallbox", "Garage", json!({"command_topic": "evse_1/charge/set"})),
        other("switch", "sp_33", "Pond pump", "Garden", json!({"command_topic": "sp_33/pump/set"})),
    ]);
    all
}

fn device(name: &str, room: &str) -> Value {
    json!({"identifiers": [format!("zigbee2mqtt_{name}")], "name": name, "suggested_area": room})
}

fn actuator(name: &str, component: &str, room: &str) -> (String, Value) {
    let command = format!("zigbee2mqtt/{name}/set");
    let mut document = json!({
        "device": device(name, room), "name": null, "object_id": name,
        "state_topic": format!("zigbee2mqtt/{name}"), "unique_id": format!("{name}_{component}"),
    });
    let own = match component {
        "lock" => json!({"command_topic": command, "value_template": "{{ value_json.state }}"}),
        "light" => json!({"command_topic": command, "schema": "json", "brightness": true, "brightness_scale": 254}),
        "cover" => {
            json!({"command_topic": command, "set_position_topic": command, "set_position_template": "{ \"position\": {{ position }} }"})
        }
        "climate" => json!({"temperature_command_topic": format!("{command}/occupied_heating_setpoint"), "temperature_unit": "C"}),
        _ => json!({"command_topic": command, "payload_on": "ON", "payload_off": "OFF"}),
    };
    document.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    (format!("homeassistant/{component}/{name}/{component}/config"), document)
}

fn sensor(name: &str, room: &str, (field, class, unit): (&str, &str, &str)) -> (String, Value) {
    let mut document = json!({
        "device": device(name, room), "object_id": format!("{name}_{field}"), "unique_id": format!("{name}_{field}"),
        "state_topic": format!("zigbee2mqtt/{name}"), "value_template": format!("{{{{ value_json.{field} }}}}"),
    });
    for (key, value) in [("device_class", class), ("unit_of_measurement", unit)] {
        if !value.is_empty() {
            document[key] = value.into();
        }
    }
    let component = if unit.is_empty() && !class.is_empty() { "binary_sensor" } else { "sensor" };
    (format!("homeassistant/{component}/{name}/{field}/config"), document)
}
