//! Tasmota's own announcements, as xdrv_12_discovery.ino publishes them.

use super::*;

fn announced(document: &Value) -> Claim {
    one("tasmota/discovery/84CCA849A3BC/config", document)
}

fn topics(claim: &Claim) -> Vec<&str> {
    claim.commands.iter().map(|c| c.topic.as_str()).collect()
}

#[test]
fn relays_are_learnt_with_the_fallback_topic() {
    let claim = announced(&json!({
        "ip": "192.168.15.10", "dn": "Pump", "fn": ["Pump", null], "hn": "pump-0956", "mac": "84CCA849A3BC", "md": "Sonoff Dual",
        "ty": 0, "if": 0, "ofln": "Offline", "onln": "Online", "state": ["AUS", "EIN", "TOGGLE", "HOLD"], "st": ["AUS", "EIN", "TOGGLE", "HOLD"],
        "sw": "14.2.0", "t": "pump", "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"], "rl": [1, 1, 0, 0], "swc": [-1], "btn": [0],
        "so": {"4": 0}, "lk": 1, "lt_st": 0, "bat": 0, "dslp": 0, "sho": [], "ver": 1}));
    assert_eq!((claim.device.as_str(), claim.class, claim.family), ("pump", DeviceClass::Switch, Family::Tasmota));
    assert_eq!(topics(&claim), ["cmnd/pump/POWER1", "cmnd/pump/POWER2", "cmnd/DVES_49A3BC_fb/POWER0"]);
    assert_eq!(shape(&claim, "cmnd/pump/POWER1"), json!({"ON": "on", "OFF": "off", "TOGGLE": "toggle", "AUS": "off", "EIN": "on"}));
    assert_eq!((claim.name.as_deref(), claim.state_topic.as_deref()), (Some("Pump"), Some("tele/pump/STATE")));
}

#[test]
fn shutters_lights_fans_and_full_topics_are_learnt() {
    let blind = announced(&json!({"t": "blind", "ft": "house/%topic%/%prefix%/", "tp": ["ask", "say", "tell"], "rl": [3, 3, 3, 3]}));
    assert_eq!(blind.class, DeviceClass::Cover);
    assert_eq!(
        topics(&blind)[..4],
        [
            "house/blind/ask/ShutterOpen1",
            "house/blind/ask/ShutterClose1",
            "house/blind/ask/ShutterStop1",
            "house/blind/ask/ShutterPosition1"
        ]
    );
    assert_eq!((blind.commands.len(), blind.state_topic.as_deref()), (8, Some("house/blind/tell/STATE")));
    let lamp = announced(&json!({"t": "lamp", "rl": [2], "lt_st": 5}));
    assert_eq!((lamp.class, topics(&lamp)), (DeviceClass::Light, vec!["cmnd/lamp/POWER1", "cmnd/lamp/Dimmer"]));
    let fan = announced(&json!({"t": "fan", "rl": [0], "if": 1}));
    assert_eq!((fan.class, topics(&fan)), (DeviceClass::Fan, vec!["cmnd/fan/FanSpeed"]));
}

#[test]
fn what_is_no_announcement_is_refused_and_what_has_no_output_is_nothing() {
    let topic = "tasmota/discovery/84CCA849A3BC/config";
    for bad in [json!({}), json!({"t": ""}), json!({"t": "a+b", "rl": [1]}), json!({"t": "a", "ft": "#", "rl": [1]}), json!([])] {
        assert!(tell(topic, &bad).is_err(), "{bad}");
    }
    assert_eq!(tell(topic, &json!({"t": "sensor", "rl": [0, 0]})), Ok(Learned::Nothing));
    assert_eq!(learn(topic, b"", &prefixes(), &bases()), Ok(Learned::Nothing));
    assert!(!is_discovery("tasmota/discovery/84CCA849A3BC/sensors", &prefixes(), &bases()));
    let full = announced(&json!({"t": "big", "mac": "84CCA849A3BC", "rl": vec![1; 90], "lt_st": 1, "if": 1}));
    assert!(full.commands.len() <= limits::DEVICE_COMMANDS);
}
