//! What Zigbee2MQTT publishes of its devices: Home Assistant discovery and the bridge's inventory, as its version 2 does.

use super::{Message, Mqtt};
use serde_json::{Map, Value, json};

pub const DOOR: Thing = Thing { address: "0x00158d0001a2b3c4", name: "front_door", component: "lock", model: "YRD226HA2619" };

/// A device as the bridge knows it.
#[derive(Debug, Clone, Copy)]
pub struct Thing {
    pub address: &'static str,
    pub name: &'static str,
    /// Home Assistant's: lock, light, cover, climate, switch.
    pub component: &'static str,
    pub model: &'static str,
}

impl Thing {
    pub fn state_topic(&self) -> String {
        format!("zigbee2mqtt/{}", self.name)
    }

    pub fn command_topic(&self) -> String {
        format!("zigbee2mqtt/{}/set", self.name)
    }

    pub fn discovery_topic(&self) -> String {
        format!("homeassistant/{}/{}/{}/config", self.component, self.address, self.component)
    }

    /// Its discovery document.
    pub fn discovery(&self) -> Value {
        let (state, command) = (self.state_topic(), self.command_topic());
        let mut document = json!({
            "availability": [{"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"}],
            "device": {
                "identifiers": [format!("zigbee2mqtt_{}", self.address)],
                "manufacturer": "A maker",
                "model": self.model,
                "name": self.name,
                "via_device": "zigbee2mqtt_bridge_0x00124b0024c0ffee",
            },
            "name": null,
            "object_id": self.name,
            "origin": {"name": "Zigbee2MQTT", "sw": "2.1.3", "url": "https://www.zigbee2mqtt.io"},
            "state_topic": state,
            "unique_id": format!("{}_{}_zigbee2mqtt", self.address, self.component),
        });
        let own = match self.component {
            "lock" => json!({
                "command_topic": command, "value_template": "{{ value_json.state }}", "state_locked": "LOCK", "state_unlocked": "UNLOCK",
            }),
            "light" => json!({
                "command_topic": command, "schema": "json", "brightness": true, "brightness_scale": 254,
                "supported_color_modes": ["brightness"],
            }),
            "switch" => json!({
                "command_topic": command, "payload_on": "ON", "payload_off": "OFF", "value_template": "{{ value_json.state }}",
            }),
            "cover" => json!({
                "command_topic": command, "position_topic": state, "position_template": "{{ value_json.position }}",
                "set_position_topic": command, "set_position_template": "{ \"position\": {{ position }} }",
                "value_template": "{{ value_json.state }}", "state_open": "OPEN", "state_closed": "CLOSE", "state_stopped": "STOP",
            }),
            "climate" => json!({
                "temperature_command_topic": format!("{command}/occupied_heating_setpoint"), "temperature_state_topic": state,
                "temperature_state_template": "{{ value_json.occupied_heating_setpoint }}", "min_temp": "5", "max_temp": "30",
                "temp_step": 0.5, "temperature_unit": "C", "current_temperature_topic": state,
                "current_temperature_template": "{{ value_json.local_temperature }}", "modes": ["off", "auto", "heat"],
                "mode_command_topic": format!("{command}/system_mode"), "mode_state_topic": state,
                "mode_state_template": "{{ value_json.system_mode }}",
            }),
            other => panic!("no document for a {other}"),
        };
        merge(&mut document, own);
        document
    }

    /// Its entry in `bridge/devices`.
    fn entry(&self) -> Value {
        let feature = |name: &str, kind: &str| json!({"name": name, "property": name, "type": kind, "access": 7, "label": name});
        let exposes = match self.component {
            "climate" => {
                let features = [feature("occupied_heating_setpoint", "numeric"), feature("system_mode", "enum")];
                json!([{"type": "climate", "features": features}])
            }
            "light" => json!([{"type": "light", "features": [feature("state", "binary"), feature("brightness", "numeric")]}]),
            "cover" => json!([{"type": "cover", "features": [feature("state", "enum"), feature("position", "numeric")]}]),
            kind => json!([{"type": kind, "features": [feature("state", "binary")]}]),
        };
        json!({
            "ieee_address": self.address, "friendly_name": self.name, "type": "Router", "supported": true, "disabled": false,
            "interview_completed": true, "manufacturer": "A maker", "model_id": self.model,
            "definition": {"model": self.model, "vendor": "A maker", "description": "A thing", "exposes": exposes, "options": []},
        })
    }
}

fn merge(into: &mut Value, from: Value) {
    let from: Map<String, Value> = from.as_object().unwrap().clone();
    into.as_object_mut().unwrap().extend(from);
}

/// Announces devices as the bridge does when it starts: its inventory, then each document, all retained.
pub fn announce(bridge: &mut Mqtt, things: &[Thing]) {
    let mut say = |topic: String, payload: Value| {
        let sent = bridge.publish(Message::new(&topic, payload.to_string()).qos(1).retained());
        assert!(sent.taken(), "{topic}: {sent:?}");
    };
    say("zigbee2mqtt/bridge/state".into(), json!({"state": "online"}));
    let coordinator =
        json!({"ieee_address": "0x00124b0024c0ffee", "friendly_name": "Coordinator", "type": "Coordinator", "definition": null});
    let devices: Vec<Value> = std::iter::once(coordinator).chain(things.iter().map(Thing::entry)).collect();
    say("zigbee2mqtt/bridge/devices".into(), Value::Array(devices));
    for thing in things {
        say(thing.discovery_topic(), thing.discovery());
    }
}
