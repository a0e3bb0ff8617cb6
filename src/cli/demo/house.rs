//! The small house of the demo: who lives in it, and how its devices introduce themselves. A table, no state.

use serde_json::{Value, json};

pub const OBSERVER: &str = "demo_observer";
/// Home Assistant's part. Not `homeassistant`: a real one may be connected under that name, and would be thrown out and blamed.
pub const HOME_ASSISTANT: &str = "demo_homeassistant";
pub const INTRUDER: &str = "demo_intruder";
pub const OLD_SCRIPT: &str = "demo_old_script";
pub const THERMOMETER: &str = "demo_thermometer";
pub const FLAKY: &str = "demo_flaky_sensor";
pub const SMOKE_ALARM: &str = "demo_smoke_alarm";
pub const CARETAKER: &str = "demo_caretaker";

pub const LIGHT: &str = "demo_kitchen_light";
pub const LOCK: &str = "demo_front_door";
pub const THERMOSTAT: &str = "demo_thermostat";
pub const SIREN: &str = "demo_siren";

/// The devices that can be commanded, each with its Home Assistant component.
pub const ACTUATORS: [(&str, &str); 4] = [(LIGHT, "light"), (LOCK, "lock"), (THERMOSTAT, "climate"), (SIREN, "siren")];

/// Those who only speak.
pub const SPEAKERS: [&str; 5] = [HOME_ASSISTANT, OLD_SCRIPT, THERMOMETER, FLAKY, SMOKE_ALARM];

#[must_use]
pub fn set_topic(device: &str) -> String {
    format!("zigbee2mqtt/{device}/set")
}

/// Where the demo tells a device that all before it was sent.
#[must_use]
pub fn sync_topic(device: &str) -> String {
    format!("demo_house/sync/{device}")
}

#[must_use]
pub fn discovery_topic(device: &str, component: &str) -> String {
    format!("homeassistant/{component}/{device}/{component}/config")
}

/// What a device listens to: its own commands, what Jamey does for it, and the demo's own mark.
#[must_use]
pub fn filters(device: &str) -> [String; 4] {
    let set = set_topic(device);
    [format!("{set}/+"), set, format!("jamey/do/{device}/+"), sync_topic(device)]
}

/// The discovery document, in Zigbee2MQTT's words.
#[must_use]
pub fn document(device: &str, component: &str) -> Value {
    let (set, state) = (set_topic(device), format!("zigbee2mqtt/{device}"));
    let mut document = json!({
        "name": null,
        "object_id": device,
        "unique_id": format!("{device}_{component}_jamey_demo"),
        "state_topic": state,
        "device": {"identifiers": [format!("jamey_demo_{device}")], "name": device, "manufacturer": "Jamey demo"},
        "origin": {"name": "jamey demo", "sw_version": env!("CARGO_PKG_VERSION")},
    });
    let own = match component {
        "light" => json!({"schema": "json", "brightness": true, "command_topic": set}),
        "lock" => json!({
            "command_topic": set, "payload_lock": "LOCK", "payload_unlock": "UNLOCK",
            "state_locked": "LOCK", "state_unlocked": "UNLOCK", "value_template": "{{ value_json.state }}",
        }),
        "climate" => json!({
            "temperature_command_topic": format!("{set}/occupied_heating_setpoint"),
            "temperature_state_topic": state, "temperature_state_template": "{{ value_json.occupied_heating_setpoint }}",
            "mode_command_topic": format!("{set}/system_mode"), "modes": ["off", "heat"], "mode_state_topic": state,
            "mode_state_template": "{{ value_json.system_mode }}", "min_temp": 5, "max_temp": 35, "temperature_unit": "C",
        }),
        _ => json!({"command_topic": set}),
    };
    if let (Some(document), Value::Object(own)) = (document.as_object_mut(), own) {
        document.extend(own);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_in_the_demo_bears_a_real_devices_name() {
        let all = ACTUATORS.iter().map(|(d, _)| *d).chain(SPEAKERS).chain([OBSERVER, INTRUDER, CARETAKER]);
        assert!(all.into_iter().all(|name| name.starts_with("demo_")));
    }

    #[test]
    fn every_actuator_says_what_commands_it() {
        for (device, component) in ACTUATORS {
            let text = document(device, component).to_string();
            assert!(text.contains(&set_topic(device)), "{text}");
        }
    }
}
