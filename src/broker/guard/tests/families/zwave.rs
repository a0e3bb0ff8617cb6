//! Z-Wave JS UI: <https://zwave-js.github.io/zwave-js-ui/#/guide/mqtt>; values after the Z-Wave specification's command classes.

use super::*;

#[test]
fn a_value_is_read_by_its_command_class() {
    table(&[
        // "ValueId Topics", "Named Topics", with and without a location.
        ("zwave/12/37/0/targetValue/set", "true", "12", None, "on", None),
        ("zwave/attic/lamp/37/1/targetValue/set", "off", "attic.2flamp", Some("1"), "off", None),
        ("zwave/lamp/switch_binary/endpoint_0/targetValue/set", "1", "lamp", None, "on", Some(1.0)),
        ("zwave/lamp/switch_binary/endpoint_2/targetValue/set", r#"{"value":false}"#, "lamp", Some("2"), "off", None),
        ("zwave/lamp/37/0/currentValue/set", "true", "lamp", None, "on", None),
        ("zwave/lamp/38/0/targetValue/set", "40", "lamp", None, "set", Some(40.0)),
        ("zwave/lamp/38/0/targetValue/set", r#"{"value":40,"options":{"transitionDuration":"5s"}}"#, "lamp", None, "set", Some(40.0)),
        ("zwave/lamp/38/0/targetValue/set", "0", "lamp", None, "off", Some(0.0)),
        ("zwave/lamp/38/0/targetValue/set", "on", "lamp", None, "on", None),
        ("zwave/shade/38/0/targetValue/set", "STOP", "shade", None, "stop", None),
        ("zwave/shade/38/0/Up/set", "true", "shade", None, "open", None),
        ("zwave/shade/38/0/Down/set", "true", "shade", None, "close", None),
        // The lock that discovery told of, by its other values too.
        ("zwave/hall/front/98/0/targetMode/set", "0", "zw_front", None, "unlock", Some(0.0)),
        ("zwave/hall/front/98/0/targetMode/set", "255", "zw_front", None, "lock", Some(255.0)),
        ("zwave/hall/front/98/0/currentMode/set", "unlock", "zw_front", None, "unlock", None),
        ("zwave/hall/front/door_lock/endpoint_0/targetMode/set", "1", "zw_front", None, "unlock", Some(1.0)),
        ("zwave/hall/front/98/0/targetMode/set", "254", "zw_front", None, "unknown", None),
        ("zwave/hall/front/98/0/outsideHandlesCanOpenDoorConfiguration/set", "true", "zw_front", None, "unknown", None),
        ("zwave/garage/102/0/currentState/set", "255", "zw_garage", None, "open", Some(255.0)),
        ("zwave/garage/102/0/targetState/set", "0", "zw_garage", None, "close", Some(0.0)),
        ("zwave/garage/102/0/targetState/set", "252", "zw_garage", None, "unknown", None),
        ("zwave/radiator/64/0/mode/set", "0", "radiator", None, "off", Some(0.0)),
        ("zwave/radiator/64/0/mode/set", "1", "radiator", None, "mode", Some(1.0)),
        ("zwave/radiator/thermostat_setpoint/endpoint_0/setpoint/1/set", "21.5", "radiator", None, "set", Some(21.5)),
        // What only tells, what configures, what is another's own topic, what can be read in two ways.
        ("zwave/x/113/0/Smoke_Alarm/Sensor_status/set", "0", "x", None, "unknown", None),
        ("zwave/x/112/0/3/set", "1", "x", None, "unknown", None),
        ("zwave/x/99/0/userCode/1/set", "1234", "x", None, "unknown", None),
        ("zwave/attic/my/topic/set", "1", "attic", None, "unknown", None),
        ("zwave/5/37/38/0/targetValue/set", "true", "5", None, "unknown", None),
        // A topic of one's own in the place where a lock is.
        ("zwave/hall/front/bolt/set", "1", "zw_front", None, "unknown", None),
        ("zwave/lamp/37/0/targetValue/set", "not on", "lamp", None, "unknown", None),
        ("zwave/lamp/37/0/targetValue/set", "1x", "lamp", None, "unknown", None),
        ("zwave/lamp/37/0/targetValue/set", r#"{"value":false,"value":true}"#, "lamp", None, "unknown", None),
        ("zwave/lamp/37/0/targetValue/set", "", "lamp", None, "unknown", None),
    ]);
    unguarded(&[
        "zwave/lamp/37/0/targetValue",
        "zwave/lamp/status",
        "zwave/lamp/set/x",
        "zwavex/lamp/37/0/targetValue/set",
        "zwave/_EVENTS/ZWAVE_GATEWAY-x/node/y",
        "zwave/set",
    ]);
}

#[test]
fn the_gateways_own_topics_are_the_administrators() {
    let of = |action: &str| format!("zwave/_CLIENTS/ZWAVE_GATEWAY-home/{action}/set");
    let admin = "zwave_js_ui.admin";
    for (action, payload, verb) in [
        ("api/startInclusion", r#"{"args":[0]}"#, "start_inclusion"),
        ("api/removeFailedNode", r#"{"args":[5]}"#, "remove_failed_node"),
        ("api/writeValue", r#"{"args":[{"nodeId":5,"commandClass":98,"property":"targetMode"},0]}"#, "write_value"),
        ("api/sendCommand", r#"{"args":[]}"#, "send_command"),
        ("api/hardReset", "", "hard_reset"),
        ("api/_activateScene", r#"{"args":[1]}"#, "activate_scene"),
        ("api/softReset", "{", "soft_reset"),
        ("api/a b", "", "unknown"),
        ("broadcast/38/0/targetValue", "25.5", "broadcast"),
        ("broadcast", r#"{"commandClass":98,"property":"targetMode","value":0}"#, "broadcast"),
        ("multicast", r#"{"nodes":[2,3],"commandClass":98,"property":"targetMode","value":0}"#, "multicast"),
    ] {
        table(&[(&of(action), payload, admin, None, verb, None)]);
    }
    pass(&[(&of("api/getNodes"), r#"{"args":[]}"#), (&of("api/_getScenes"), "")]);
    unguarded(&[
        "zwave/_CLIENTS/ZWAVE_GATEWAY-home/api/getNodes",
        "zwave/_CLIENTS/ZWAVE_GATEWAY-home/status",
        "zwave/_CLIENTS/ZWAVE_GATEWAY-home/version",
    ]);
    let (registry, rules) = home();
    assert!(matches!(read(&registry, &rules, &of("api/restart"), b"", true), Reading::Requests(_)));
}
