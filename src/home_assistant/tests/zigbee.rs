//! Zigbee2MQTT, which tells of each device twice: in its inventory, and as Home Assistant discovery.

use super::*;
use crate::domain::{Applied, EntityId, Registry};

const ADDRESS: &str = "0x00158d0001e2a3b4";

fn inventory() -> Value {
    let lock = json!([{"type": "lock", "features": [{"type": "binary", "name": "state", "property": "state", "access": 7}]}]);
    let settable = |kind: &str| json!([{"type": kind, "features": [{"name": "state", "access": 7}]}, {"type": "numeric", "name": "linkquality", "access": 1}]);
    let child_lock = json!({"type": "lock", "features": [{"name": "state", "property": "child_lock", "access": 3}]});
    let device = |n: u8, name: &str, description: &str, exposes: Value| {
        json!({"ieee_address": format!("0x00000000000000{n:02x}"), "friendly_name": name, "type": "Router", "network_address": n,
            "definition": {"model": "M1", "vendor": "V", "description": description, "exposes": exposes}})
    };
    json!([
        {"ieee_address": "0x00124b0024c0ffee", "friendly_name": "Coordinator", "type": "Coordinator", "definition": null},
        {"ieee_address": ADDRESS, "friendly_name": "Front Door/Lock", "type": "EndDevice",
            "definition": {"model": "YMF40", "vendor": "Yale", "description": "Real living lock", "exposes": lock}},
        device(1, "lamp", "Hue bulb", settable("light")),
        device(2, "drive", "Garage door opener", settable("switch")),
        device(3, "trv", "Radiator valve", json!([{"type": "climate", "features": [{"name": "system_mode", "access": 7}]}, child_lock])),
        device(4, "smoke", "Smoke detector", json!([{"type": "binary", "name": "smoke", "access": 1}, {"type": "enum", "name": "selftest", "access": 2}])),
        device(5, "thermometer", "Sensor", json!([{"type": "numeric", "name": "temperature", "access": 1}])),
        device(6, "calibrated", "Sensor", json!([{"type": "numeric", "name": "offset", "access": 7}])),
        device(7, "garden", "Irrigation valve", settable("switch")),
        device(8, "horn", "Siren", json!([{"type": "composite", "name": "warning", "access": 2, "features": []}])),
        device(9, "gw", "Gateway plug", settable("switch")),
        {"ieee_address": "0x00000000000000aa", "friendly_name": "unsupported", "type": "Router", "definition": null},
        {"friendly_name": "broken"},
    ])
}

#[test]
fn zigbee2mqtts_inventory_names_each_device_and_its_class() {
    let all = claims("zigbee2mqtt/bridge/devices", &inventory());
    let classes: Vec<_> = all.iter().map(|c| (c.device.as_str(), c.class)).collect();
    assert_eq!(
        classes,
        [
            ("front_door.2flock", DeviceClass::Lock),
            ("lamp", DeviceClass::Light),
            ("drive", DeviceClass::Garage),
            ("trv", DeviceClass::Climate),
            ("smoke", DeviceClass::SmokeAlarm),
            ("calibrated", DeviceClass::Unknown),
            ("garden", DeviceClass::Valve),
            ("horn", DeviceClass::Siren),
            ("gw", DeviceClass::Switch),
        ]
    );
    let lock = &all[0];
    assert_eq!((lock.family, lock.name.as_deref()), (Family::Zigbee2mqtt, Some("Front Door/Lock")));
    assert!(lock.aliases.contains(ADDRESS) && lock.aliases.contains("Front Door/Lock"));
    assert_eq!(lock.key, format!("zigbee2mqtt/bridge/devices#{ADDRESS}"));
    assert_eq!(lock.state_topic.as_deref(), Some("zigbee2mqtt/Front Door/Lock"));
    for topic in [format!("zigbee2mqtt/{ADDRESS}/set"), "zigbee2mqtt/Front Door/Lock/set".into()] {
        assert_eq!(shape(lock, &topic), json!("attributes"));
    }
}

#[test]
fn groups_know_their_members() {
    let all = claims(
        "zigbee2mqtt/bridge/groups",
        &json!([{"id": 7, "friendly_name": "downstairs", "scenes": [], "members": [{"ieee_address": ADDRESS, "endpoint": 1}, {"ieee_address": "?"}]}]),
    );
    assert_eq!((all[0].device.as_str(), all[0].class), ("downstairs", DeviceClass::Unknown));
    assert_eq!(all[0].members.iter().map(String::as_str).collect::<Vec<_>>(), [ADDRESS]);
    assert_eq!(shape(&all[0], "zigbee2mqtt/7/set"), json!("attributes"));
    assert_eq!(tell("zigbee2mqtt/bridge/groups", &json!([])), Ok(Learned::Nothing));
}

fn zigbee_document(component: &str, command: &str, more: &Value) -> (String, Value) {
    let mut document = json!({"availability": [{"topic": "zigbee2mqtt/bridge/state"}], "command_topic": command,
        "device": {"identifiers": [format!("zigbee2mqtt_{ADDRESS}")], "manufacturer": "Yale", "name": "Front Door/Lock"},
        "object_id": "front_door_lock", "origin": {"name": "Zigbee2MQTT"}, "state_topic": "zigbee2mqtt/Front Door/Lock",
        "unique_id": format!("{ADDRESS}_{component}_zigbee2mqtt"), "value_template": "{{ value_json.state }}"});
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (format!("homeassistant/{component}/{ADDRESS}/{component}/config"), document)
}

#[test]
fn discovery_and_inventory_tell_of_one_zigbee_device() {
    let mut registry = Registry::default();
    let (topic, document) =
        zigbee_document("lock", "zigbee2mqtt/Front Door/Lock/set", &json!({"payload_lock": "LOCK", "payload_unlock": "UNLOCK"}));
    let lock = one(&topic, &document);
    assert_eq!((lock.device.as_str(), lock.family, lock.class), ("front_door.2flock", Family::Zigbee2mqtt, DeviceClass::Lock));
    assert_eq!(lock.aliases.iter().map(String::as_str).collect::<Vec<_>>(), [ADDRESS, "Front Door/Lock"]);
    assert_eq!(lock.commands.len(), 1);
    assert_eq!(shape(&lock, "zigbee2mqtt/Front Door/Lock/set"), json!("attributes"), "Zigbee2MQTT takes more there than LOCK and UNLOCK");
    registry.apply(lock);
    for claim in claims("zigbee2mqtt/bridge/devices", &inventory()) {
        assert_ne!(registry.apply(claim), Applied::Full);
    }
    for command in ["zigbee2mqtt/Front Door/Lock/l1/set", "zigbee2mqtt/Front Door/Lock/set/state_l2"] {
        let (topic, document) = zigbee_document("switch", command, &json!({}));
        registry.apply(one(&topic, &document));
        assert!(registry.commands(command));
    }
    assert_eq!(registry.devices().filter(|d| d.aliases.contains(ADDRESS)).count(), 1);
    let device = registry.device(&EntityId::new("front_door.2flock").unwrap()).unwrap();
    assert_eq!(device.class, DeviceClass::Lock);
}

#[test]
fn a_zigbee_devices_settings_and_the_bridge_make_no_claims() {
    for (component, command) in [
        ("number", "zigbee2mqtt/Front Door/Lock/set/calibration"),
        ("lock", "zigbee2mqtt/Front Door/Lock/set/child_lock"),
        ("switch", "zigbee2mqtt/Front Door/Lock/set/auto_relock"),
        ("select", "zigbee2mqtt/Front Door/Lock/set/sound_volume"),
        ("update", "zigbee2mqtt/bridge/request/device/ota_update/update"),
        ("switch", "zigbee2mqtt/bridge/request/permit_join"),
    ] {
        let (topic, document) = zigbee_document(component, command, &json!({"payload_install": "x"}));
        assert_eq!(tell(&topic, &document), Ok(Learned::Nothing), "{command}");
    }
}

#[test]
fn an_endpoint_is_not_part_of_the_name() {
    let document = json!({"command_topic": "zigbee2mqtt/wall/left/set", "unique_id": "u"});
    assert_eq!(one("homeassistant/switch/a/config", &document).device.as_str(), "wall");
    let document = json!({"command_topic": "zigbee2mqtt/hall/lamp/set", "unique_id": "u"});
    assert_eq!(one("homeassistant/light/a/config", &document).device.as_str(), "hall.2flamp");
}
