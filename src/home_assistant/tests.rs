//! Discovery as Zigbee2MQTT, Tasmota, ESPHome, Shelly and others publish it, and what must be learnt from it.

mod hostile;
mod tasmota;
mod templates;
mod zigbee;

use super::*;
use crate::domain::{Command, CommandShape, DeviceClass, Family};
use serde_json::json;

fn prefixes() -> Vec<String> {
    vec!["homeassistant".into(), "ha/disco".into()]
}

fn bases() -> Vec<String> {
    vec!["zigbee2mqtt".into()]
}

fn tell(topic: &str, document: &Value) -> Result<Learned, DiscoveryError> {
    learn(topic, document.to_string().as_bytes(), &prefixes(), &bases())
}

fn claims(topic: &str, document: &Value) -> Vec<Claim> {
    match tell(topic, document) {
        Ok(Learned::Claims(claims)) => claims,
        other => panic!("{topic}: {other:?}"),
    }
}

fn one(topic: &str, document: &Value) -> Claim {
    let mut claims = claims(topic, document);
    assert_eq!(claims.len(), 1, "{topic}");
    claims.remove(0)
}

/// How one topic of a claim is read, in short: `{"LOCK": "lock"}`, `"opaque"`, `["set", "effect"]`.
fn shape(claim: &Claim, topic: &str) -> Value {
    let command = claim.commands.iter().find(|c| c.topic == topic).unwrap_or_else(|| panic!("{topic} in {:?}", claim.commands));
    match &command.shape {
        CommandShape::Words { words } => json!(words),
        CommandShape::Number { verb } => json!([verb]),
        CommandShape::Choice { verb, argument } => json!([verb, argument]),
        CommandShape::Press { verb } => json!({ "": verb }),
        CommandShape::Attributes => json!("attributes"),
        CommandShape::Opaque => json!("opaque"),
        CommandShape::Framed { before, after, within } => {
            let within = Command { topic: topic.into(), role: String::new(), shape: (**within).clone() };
            json!({ "before": before, "after": after, "within": shape(&Claim { commands: vec![within], ..claim.clone() }, topic) })
        }
    }
}

#[test]
fn the_places_of_discovery_are_known() {
    for (topic, is) in [
        ("homeassistant/lock/front/config", true),
        ("homeassistant/lock/node/front/config", true),
        ("ha/disco/lock/front/config", true),
        ("zigbee2mqtt/bridge/devices", true),
        ("zigbee2mqtt/bridge/groups", true),
        ("zigbee2mqtt/bridge/state", false),
        ("other/bridge/devices", false),
        ("homeassistant/status", false),
        ("homeassistant/config", false),
        ("homeassistant/lock/config", false),
        ("homeassistant/lock/a/b/c/config", false),
        ("homeassistant/lock//config", false),
        ("homeassistantx/lock/front/config", false),
        ("homeassistant/lock/front/set", false),
    ] {
        assert_eq!(is_discovery(topic, &prefixes(), &bases()), is, "{topic}");
        assert_eq!(learn(topic, b"", &prefixes(), &bases()).is_ok(), is, "{topic}");
    }
}

#[test]
fn tasmota_abbreviates_with_a_base_topic() {
    let c = one(
        "homeassistant/switch/4A1B2C_RL_1/config",
        &json!({"name": "Pump", "stat_t": "~stat/RESULT", "avty_t": "~LWT", "cmd_t": "~cmnd/POWER1", "pl_off": "OFF", "pl_on": "ON",
            "val_tpl": "{{value_json.POWER1}}", "uniq_id": "4A1B2C_RL_1", "dev": {"ids": ["4A1B2C"], "name": "Pump"}, "~": "pump/"}),
    );
    assert_eq!((c.device.as_str(), c.class, c.family), ("4a1b2c_rl_1", DeviceClass::Switch, Family::HomeAssistant));
    assert_eq!((c.name.as_deref(), c.state_topic.as_deref()), (Some("Pump"), Some("pump/stat/RESULT")));
    assert_eq!(c.key, "homeassistant/switch/4A1B2C_RL_1/config");
    assert_eq!(shape(&c, "pump/cmnd/POWER1"), json!({"ON": "on", "OFF": "off"}));
    let tail = one("homeassistant/switch/x/config", &json!({"cmd_t": "cmnd/~", "~": "pump"}));
    assert_eq!((tail.device.as_str(), tail.commands[0].topic.as_str()), ("x", "cmnd/pump"));
}

#[test]
fn esphome_names_a_lock_and_a_garage_door() {
    let lock = one(
        "homeassistant/lock/esp-hall/front_door/config",
        &json!({"name": "Front Door", "obj_id": "esp-hall_front_door", "uniq_id": "a0b1-lock-7f", "stat_t": "esp-hall/lock/front_door/state",
            "cmd_t": "esp-hall/lock/front_door/command", "pl_open": "OPEN", "dev": {"ids": "a0b1", "name": "Hall", "sa": "Hall"}}),
    );
    assert_eq!((lock.device.as_str(), lock.class, lock.area.as_deref()), ("esp-hall_front_door", DeviceClass::Lock, Some("Hall")));
    assert_eq!(lock.name.as_deref(), Some("Hall Front Door"));
    assert_eq!(shape(&lock, "esp-hall/lock/front_door/command"), json!({"LOCK": "lock", "UNLOCK": "unlock", "OPEN": "open"}));
    let garage = one(
        "homeassistant/cover/esp-drive/door/config",
        &json!({"dev_cla": "garage", "cmd_t": "g/command", "set_pos_t": "g/position/command", "tilt_cmd_t": "g/tilt/command",
            "pos_t": "g/position/state", "uniq_id": "g1", "pl_stop": null}),
    );
    assert_eq!((garage.class, garage.commands.len()), (DeviceClass::Garage, 3));
    assert_eq!(shape(&garage, "g/command"), json!({"OPEN": "open", "CLOSE": "close"}));
    assert_eq!(shape(&garage, "g/position/command"), json!(["position"]));
    assert_eq!(shape(&garage, "g/tilt/command"), json!(["set"]));
}

#[test]
fn shelly_and_device_based_discovery_make_a_device_of_each_component() {
    let all = claims(
        "homeassistant/device/shellyplus2pm-aa/config",
        &json!({"dev": {"ids": ["aa"], "name": "Hallway"}, "o": {"name": "script"}, "~": "shellyplus2pm-aa", "state_topic": "~/events/rpc",
        "cmps": {
            "sw0": {"p": "switch", "uniq_id": "aa_sw0", "cmd_t": "~/command/switch:0", "pl_on": "on", "pl_off": "off", "dev_cla": "outlet"},
            "cov": {"platform": "cover", "device_class": "gate", "unique_id": "aa_cov", "command_topic": "~/rpc",
                "payload_open": "{\"method\":\"Cover.Open\"}", "payload_close": "{\"method\":\"Cover.Close\"}"},
            "temp": {"p": "sensor", "uniq_id": "aa_t"},
            "gone": {"p": "switch"},
            "broken": {"p": "switch", "cmd_t": "bad/+/topic"},
        }}),
    );
    let ids: Vec<_> = all.iter().map(|c| (c.device.as_str(), c.class)).collect();
    assert_eq!(ids, [("aa_cov", DeviceClass::Gate), ("aa_sw0", DeviceClass::Switch)]);
    assert_eq!(all[0].key, "homeassistant/device/shellyplus2pm-aa/config#cov");
    assert_eq!(shape(&all[0], "shellyplus2pm-aa/rpc")["{\"method\":\"Cover.Open\"}"], "open");
    assert_eq!(shape(&all[1], "shellyplus2pm-aa/command/switch:0"), json!({"on": "on", "off": "off"}));
    let shared =
        claims("homeassistant/device/d/config", &json!({"command_topic": "d/cmd", "cmps": {"b": {"p": "button", "payload_press": "X"}}}));
    assert_eq!((shared[0].device.as_str(), shape(&shared[0], "d/cmd")), ("d_b", json!({"": "press"})));
}

#[test]
fn every_component_reads_its_payloads_with_home_assistants_defaults() {
    let arms = json!({"ARM_AWAY": "arm", "ARM_HOME": "arm", "ARM_NIGHT": "arm", "ARM_VACATION": "arm", "ARM_CUSTOM_BYPASS": "arm",
        "DISARM": "disarm", "TRIGGER": "trigger"});
    let switch = json!({"ON": "on", "OFF": "off"});
    for (component, document, class, expected) in [
        ("alarm_control_panel", json!({}), DeviceClass::AlarmPanel, arms.clone()),
        ("alarm_control_panel", json!({"command_template": "{{ action }}"}), DeviceClass::AlarmPanel, arms),
        (
            "alarm_control_panel",
            json!({"cmd_tpl": "{\"a\":\"{{action}}\",\"code\":\"{{code}}\"}"}),
            DeviceClass::AlarmPanel,
            json!("opaque"),
        ),
        ("button", json!({"command_template": "{{ now() }}"}), DeviceClass::Unknown, json!({"": "press"})),
        ("cover", json!({}), DeviceClass::Cover, json!({"OPEN": "open", "CLOSE": "close", "STOP": "stop"})),
        ("cover", json!({"dev_cla": "door", "pl_open": "GO", "pl_cls": "GO", "pl_stop": null}), DeviceClass::Door, json!({"GO": "open"})),
        ("fan", json!({}), DeviceClass::Fan, switch.clone()),
        ("humidifier", json!({}), DeviceClass::Climate, switch.clone()),
        ("light", json!({"payload_on": true}), DeviceClass::Light, json!({"True": "on", "OFF": "off"})),
        ("light", json!({"schema": "json"}), DeviceClass::Light, json!("attributes")),
        ("light", json!({"schema": "template", "cmd_on_tpl": "on,{{x}}", "cmd_off_tpl": "off"}), DeviceClass::Light, json!("opaque")),
        ("lock", json!({}), DeviceClass::Lock, json!({"LOCK": "lock", "UNLOCK": "unlock"})),
        ("lock", json!({"payload_lock": "1", "payload_unlock": "1"}), DeviceClass::Lock, json!({"1": "unlock"})),
        ("lock", json!({"pl_unlk": "A", "payload_unlock": "B"}), DeviceClass::Lock, json!({"A": "unlock", "B": "unlock", "LOCK": "lock"})),
        ("lock", json!({"command_template": "{{ now() }}"}), DeviceClass::Lock, json!("opaque")),
        ("lock", json!({"command_template": "{{value}}"}), DeviceClass::Lock, json!({"LOCK": "lock", "UNLOCK": "unlock"})),
        ("notify", json!({}), DeviceClass::Unknown, json!(["notify", "message"])),
        ("number", json!({}), DeviceClass::Unknown, json!(["set"])),
        ("scene", json!({"payload_on": "x"}), DeviceClass::Unknown, json!({"": "activate"})),
        ("select", json!({"options": ["a"]}), DeviceClass::Unknown, json!(["set", "option"])),
        ("siren", json!({}), DeviceClass::Siren, json!("attributes")),
        ("switch", json!({"pl_on": "T", "pl_off": "T"}), DeviceClass::Switch, json!({"T": "toggle"})),
        ("text", json!({}), DeviceClass::Unknown, json!(["set", "text"])),
        ("update", json!({"pl_inst": "go"}), DeviceClass::Unknown, json!({"go": "install"})),
        ("valve", json!({}), DeviceClass::Valve, json!({"OPEN": "open", "CLOSE": "close"})),
        ("valve", json!({"reports_position": true}), DeviceClass::Valve, json!(["position"])),
        ("valve", json!({"pos": true, "pos_clsd": 100, "pos_open": 0}), DeviceClass::Valve, json!(["open"])),
        (
            "vacuum",
            json!({}),
            DeviceClass::Switch,
            json!({"start": "start", "pause": "pause", "stop": "stop", "locate": "locate",
            "return_to_base": "return_to_base", "clean_spot": "clean_spot"}),
        ),
        ("infrared", json!({"schema": "emitter"}), DeviceClass::Unknown, json!("opaque")),
        ("some_new_thing", json!({}), DeviceClass::Unknown, json!("opaque")),
    ] {
        let mut document = document;
        document["command_topic"] = json!("x/set");
        let claim = one(&format!("homeassistant/{component}/x/config"), &document);
        assert_eq!((claim.class, shape(&claim, "x/set")), (class, expected), "{component} {document}");
    }
}

#[test]
fn every_kind_of_command_topic_is_taken() {
    for (component, key, expected) in [
        ("climate", "mode_cmd_t", json!(["mode", "mode"])),
        ("climate", "temp_cmd_t", json!(["set"])),
        ("climate", "temperature_high_command_topic", json!(["set"])),
        ("climate", "temp_lo_cmd_t", json!(["set"])),
        ("climate", "fan_mode_cmd_t", json!(["set", "fan_mode"])),
        ("climate", "swing_mode_cmd_t", json!(["set", "swing_mode"])),
        ("climate", "swing_h_mode_cmd_t", json!(["set", "swing_horizontal_mode"])),
        ("climate", "pr_mode_cmd_t", json!(["set", "preset_mode"])),
        ("climate", "pow_cmd_t", json!({"ON": "on", "OFF": "off"})),
        ("climate", "aux_cmd_t", json!({"ON": "set", "OFF": "set"})),
        ("climate", "hum_cmd_t", json!(["set_humidity"])),
        ("water_heater", "temp_cmd_t", json!(["set_water"])),
        ("water_heater", "mode_command_topic", json!(["mode", "mode"])),
        ("fan", "pct_cmd_t", json!(["set"])),
        ("fan", "osc_cmd_t", json!({"oscillate_on": "set", "oscillate_off": "set"})),
        ("fan", "dir_cmd_t", json!({"forward": "set", "reverse": "set"})),
        ("light", "bri_cmd_t", json!(["set"])),
        ("light", "rgb_cmd_t", json!(["set", "rgb"])),
        ("light", "rgbww_command_topic", json!(["set", "rgbww"])),
        ("light", "fx_cmd_t", json!(["set", "effect"])),
        ("light", "clr_temp_cmd_t", json!(["set"])),
        ("vacuum", "send_cmd_t", json!(["send_command", "command"])),
        ("vacuum", "set_fan_spd_t", json!(["set", "fan_speed"])),
        ("vacuum", "brand_new_command_topic", json!("opaque")),
        ("vacuum", "bnw_cmd_t", json!("opaque")),
        ("lawn_mower", "dock_cmd_t", json!({"dock": "dock"})),
    ] {
        let claim = one(&format!("homeassistant/{component}/x/config"), &json!({ key: "x/y" }));
        assert_eq!(shape(&claim, "x/y"), expected, "{component} {key}");
    }
    let mower = one(
        "homeassistant/lawn_mower/x/config",
        &json!({"dock_command_topic": "m", "pause_command_topic": "m", "start_mowing_command_topic": "m", "dock_command_template": "PARK"}),
    );
    assert_eq!(shape(&mower, "m"), json!({"PARK": "dock", "pause": "pause", "start_mowing": "start_mowing"}));
}

#[test]
fn what_only_tells_is_nothing() {
    for component in ["sensor", "binary_sensor", "camera", "image", "event", "device_tracker", "tag", "device_automation"] {
        let document = json!({"state_topic": "a", "command_topic": "b"});
        assert_eq!(tell(&format!("homeassistant/{component}/x/config"), &document), Ok(Learned::Nothing));
    }
    assert_eq!(tell("homeassistant/switch/x/config", &json!({"state_topic": "a"})), Ok(Learned::Nothing));
    assert_eq!(learn("homeassistant/lock/x/config", b"", &prefixes(), &bases()), Ok(Learned::Nothing));
}
