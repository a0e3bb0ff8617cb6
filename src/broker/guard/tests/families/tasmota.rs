//! Tasmota: <https://tasmota.github.io/docs/Commands> and <https://tasmota.github.io/docs/MQTT>.

use super::*;

#[test]
fn a_command_is_read_in_every_way_that_tasmota_takes_it() {
    table(&[
        // "Control": Power<x>.
        ("cmnd/lamp/POWER", "ON", "lamp", None, "on", None),
        ("cmnd/lamp/power", "on", "lamp", None, "on", None),
        ("cmnd/lamp/Power1", "1", "lamp", None, "on", None),
        ("cmnd/lamp/POWER2", "false", "lamp", Some("2"), "off", None),
        ("cmnd/lamp/POWER32", "toggle", "lamp", Some("32"), "toggle", None),
        ("cmnd/lamp/POWER", "  2", "lamp", None, "toggle", None),
        ("cmnd/lamp/POWER", "BLINK", "lamp", None, "toggle", None),
        ("cmnd/lamp/POWER", "4", "lamp", None, "stop", None),
        ("cmnd/lamp/POWER0", "0", "lamp", Some("all"), "off", None),
        ("cmnd/lamp/POWER33", "ON", "lamp", None, "unknown", None),
        ("cmnd/lamp/POWER", "HOLD", "lamp", None, "unknown", None),
        ("cmnd/lamp/POWER", "1x", "lamp", None, "unknown", None),
        ("cmnd/lamp/POWER", "0x1", "lamp", None, "unknown", None),
        ("cmnd/lamp/POWER", "ON\0OFF", "lamp", None, "unknown", None),
        // "Full topic": where the prefix stands is the owner's choice.
        ("lamp/cmnd/POWER", "ON", "lamp", None, "on", None),
        ("home/cmnd/lamp/POWER", "ON", "home.2flamp", None, "on", None),
        ("home/attic/lamp/cmnd/POWER", "ON", "home.2fattic.2flamp", None, "on", None),
        // It takes what follows the last slash.
        ("cmnd/lamp/x/y/POWER", "ON", "lamp", None, "on", None),
        // "Light", "Fan".
        ("cmnd/lamp/Dimmer", "40", "lamp", None, "set", Some(40.0)),
        ("cmnd/lamp/Dimmer", "+", "lamp", None, "set", None),
        ("cmnd/lamp/Color", "FF00FF", "lamp", None, "set", None),
        ("cmnd/lamp/HSBColor", "120,100,50", "lamp", None, "set", None),
        ("cmnd/lamp/HSBColor2", "50", "lamp", Some("2"), "set", Some(50.0)),
        ("cmnd/lamp/CT", "300", "lamp", None, "set", Some(300.0)),
        ("cmnd/fan/FanSpeed", "3", "fan", None, "set", Some(3.0)),
        ("cmnd/fan/fanspeed", "0", "fan", None, "off", Some(0.0)),
        // "Shutters and Blinds".
        ("house/blind_south/cmnd/ShutterOpen", "", "blind_south", None, "open", None),
        ("house/blind_south/cmnd/ShutterClose1", "", "blind_south", None, "close", None),
        ("house/blind_south/cmnd/SHUTTERSTOP", "", "blind_south", None, "stop", None),
        ("house/blind_south/cmnd/ShutterPosition", "0", "blind_south", None, "close", Some(0.0)),
        ("house/blind_south/cmnd/ShutterPosition", "50", "blind_south", None, "set", Some(50.0)),
        ("house/blind_south/cmnd/ShutterPosition", "UP", "blind_south", None, "open", None),
        ("house/blind_south/cmnd/ShutterPosition", "150", "blind_south", None, "unknown", None),
        ("house/blind_south/cmnd/ShutterToggle", "", "blind_south", None, "toggle", None),
        ("cmnd/x/ShutterOpen", "2", "x", Some("2"), "open", None),
        ("cmnd/x/backlog", "SHUTTEROPEN2", "x", Some("2"), "open", None),
        // Nobody knows these.
        ("cmnd/lamp/Frobnicate", "1", "lamp", None, "unknown", None),
        ("cmnd/lamp/Frobnicate", "", "lamp", None, "unknown", None),
        ("cmnd/lamp/12", "ON", "lamp", None, "unknown", None),
        ("cmnd/lamp/Buzzer", "", "lamp", None, "unknown", None),
        ("cmnd/lamp/Json", r#"{"power":1}"#, "lamp", None, "unknown", None),
        ("cmnd/lamp/If", "(1==1) Power ON ENDIF", "lamp", None, "unknown", None),
    ]);
}

#[test]
fn queries_pass() {
    pass(&[
        ("cmnd/lamp/POWER", ""),
        ("cmnd/lamp/POWER", "?"),
        ("cmnd/lamp/POWER", "  "),
        ("cmnd/lamp/Status", "0"),
        ("cmnd/lamp/STATUS0", ""),
        ("cmnd/lamp/state", ""),
        ("cmnd/lamp/Dimmer", ""),
        ("cmnd/lamp/SetOption19", ""),
        ("cmnd/lamp/Rule1", ""),
        ("cmnd/pump/POWER1", ""),
        ("house/blind_south/cmnd/ShutterPosition1", ""),
        ("cmnd/lamp/Backlog", ""),
        ("cmnd/lamp/Backlog", "Status; POWER1"),
    ]);
    unguarded(&[
        "stat/lamp/RESULT",
        "tele/lamp/STATE",
        "stat/cmnd/POWER",
        "tele/cmnd/SENSOR",
        "cmnd",
        "cmnd/POWER",
        "tasmota/discovery/84CCA849A3BC/sensors",
        "xcmnd/lamp/POWER",
    ]);
}

#[test]
fn rules_firmware_and_what_reaches_further_are_the_administrators() {
    let admin = "tasmota.admin";
    table(&[
        ("cmnd/lamp/Rule1", "ON Power1#state DO WebSend [x] /y ENDON", admin, Some("lamp"), "rule1", None),
        ("cmnd/lamp/WebSend", "[192.168.1.2] POWER1 ON", admin, Some("lamp"), "websend", None),
        ("cmnd/lamp/Publish", "zigbee2mqtt/front_door/set UNLOCK", admin, Some("lamp"), "publish", None),
        ("cmnd/lamp/Upgrade", "1", admin, Some("lamp"), "upgrade", Some(1.0)),
        ("cmnd/lamp/OtaUrl", "http://evil/x.bin", admin, Some("lamp"), "otaurl", None),
        ("cmnd/lamp/Reset", "1", admin, Some("lamp"), "reset", Some(1.0)),
        ("cmnd/lamp/Restart", "1", admin, Some("lamp"), "restart", Some(1.0)),
        ("cmnd/lamp/Timer1", r#"{"Enable":1}"#, admin, Some("lamp"), "timer1", None),
        ("cmnd/lamp/Event", "go", admin, Some("lamp"), "event", None),
        ("cmnd/lamp/SetOption19", "1", admin, Some("lamp"), "setoption19", Some(1.0)),
        ("cmnd/lamp/Topic", "front_door", admin, Some("lamp"), "topic", None),
        ("cmnd/lamp/MqttHost", "evil", admin, Some("lamp"), "mqtthost", None),
        ("cmnd/lamp/PulseTime1", "10", admin, Some("lamp"), "pulsetime1", Some(10.0)),
        ("cmnd/lamp/ZbSend", r#"{"Device":"x"}"#, admin, Some("lamp"), "zbsend", None),
    ]);
    let (registry, rules) = home();
    let Reading::Requests(secret) = read(&registry, &rules, "cmnd/lamp/Password1", b"hunter2", false) else { panic!() };
    assert!(!format!("{secret:?}").contains("hunter2"), "a secret is not stored with its verdict");
}

#[test]
fn each_command_of_a_backlog_is_judged() {
    let verbs =
        |topic: &str, payload: &str| -> Vec<(String, String)> { reads(topic, payload).into_iter().map(|(d, _, v, _)| (d, v)).collect() };
    assert_eq!(
        verbs("cmnd/lamp/Backlog", "POWER1 ON; Delay 10 ;power2 off;Rule1 1;;"),
        [pair("lamp", "on"), pair("tasmota.admin", "delay"), pair("lamp", "off"), pair("tasmota.admin", "rule1")]
    );
    assert_eq!(verbs("cmnd/lamp/Backlog0", "status; cmnd/lamp/POWER toggle"), [pair("lamp", "toggle")]);
    assert_eq!(verbs("cmnd/lamp/backlog2", "POWER ON; %evil"), [pair("lamp", "on"), pair("lamp", "unknown")]);
    assert_eq!(verbs("cmnd/lamp/Backlog", "Backlog POWER ON"), [pair("lamp", "unknown")]);
    assert_eq!(verbs("cmnd/lamp/Backlog", "Template {\"a\":1};POWER ON"), [pair("lamp", "unknown")]);
    let many = ["POWER2 ON"; 60].join(";");
    assert_eq!(verbs("cmnd/lamp/Backlog", &many), [pair("lamp", "on")], "the same asked sixty times is asked once");
    let all = (0..80).map(|i| format!("Dimmer {i}")).collect::<Vec<_>>().join(";");
    assert_eq!(verbs("cmnd/lamp/Backlog", &all), [pair("lamp", "unknown")], "one past the limit");
    // What stands behind the last that is read could be anything.
    let hidden = format!("{};Upgrade 1", ["POWER2 ON"; 100].join(";"));
    assert!(verbs("cmnd/lamp/Backlog", &hidden).contains(&pair("lamp", "unknown")));
}

#[test]
fn a_garage_is_a_garage_by_whichever_command_and_topic() {
    for (topic, payload) in [
        ("cmnd/drive/POWER1", "ON"),
        ("cmnd/drive/POWER", "1"),
        ("cmnd/drive/power", "toggle"),
        ("cmnd/drive/POWER0", "ON"),
        ("cmnd/drive/Backlog", "Power1 On"),
        ("cmnd/drive/any/where/POWER1", "ON"),
    ] {
        let all = reads(topic, payload);
        assert!(
            all.iter().all(|(device, _, verb, _)| device == "drive_gate" && verb == "open") && !all.is_empty(),
            "{topic} {payload}: {all:?}"
        );
    }
    // The second relay is not known to be another thing.
    assert_eq!(reads("cmnd/drive/POWER2", "ON")[0].0, "drive_gate");
}

#[test]
fn what_a_device_announced_is_found_by_each_of_its_topics() {
    for (topic, endpoint) in [("cmnd/pump/POWER1", None), ("cmnd/pump/POWER2", Some("2".to_owned())), ("cmnd/DVES_49A3BC_fb/POWER", None)] {
        assert_eq!(reads(topic, "ON"), [("pump".into(), endpoint, "on".into(), None)], "{topic}");
    }
    // A prefix of its own.
    assert_eq!(reads("ask/heater_plug/POWER", "ON"), [("heater_plug".into(), None, "on".into(), None)]);
    assert_eq!(reads("ask/heater_plug/Backlog", "Power 0")[0].2, "off");
    unguarded(&["say/heater_plug/RESULT", "tell/heater_plug/STATE", "ask/other/POWER"]);
    // Every device listens to the default group.
    let mut group: Vec<_> = reads("cmnd/tasmotas/POWER", "ON").into_iter().map(|(d, _, v, _)| (d, v)).collect();
    group.sort();
    assert_eq!(group, [pair("blind_south", "open"), pair("drive_gate", "open"), pair("heater_plug", "on"), pair("pump", "on")]);
}

#[test]
fn an_empty_retained_message_is_a_clean_up_but_where_it_moves_something() {
    let (registry, rules) = home();
    assert_eq!(read(&registry, &rules, "cmnd/pump/POWER1", b"", true), Reading::Passes);
    assert!(matches!(read(&registry, &rules, "house/blind_south/cmnd/ShutterOpen", b"", true), Reading::Requests(_)));
}

fn pair(device: &str, verb: &str) -> (String, String) {
    (device.to_owned(), verb.to_owned())
}
