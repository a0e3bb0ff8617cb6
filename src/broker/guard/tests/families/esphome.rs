//! ESPHome: <https://esphome.io/components/mqtt>, esphome/components/mqtt/mqtt_*.cpp.

use super::*;

#[test]
fn a_component_reads_its_payload_as_its_firmware_does() {
    table(&[
        // The lock that discovery told of, in any case, and as what its discovery document does not say.
        ("esp-hall/lock/front/command", "UNLOCK", "esp_front", None, "unlock", None),
        ("esp-hall/lock/front/command", "unlock", "esp_front", None, "unlock", None),
        ("esp-hall/lock/front/command", "OPEN", "esp_front", None, "open", None),
        ("esp-hall/lock/front/command", "LOCK", "esp_front", None, "lock", None),
        ("esp-hall/lock/front/command", "1", "esp_front", None, "unknown", None),
        ("esp-hall/lock/front/command", "", "esp_front", None, "unknown", None),
        ("n/switch/relay/command", "Toggle", "n.2frelay", None, "toggle", None),
        ("home/n/switch/relay/command", "ON", "home.2fn.2frelay", None, "on", None),
        ("n/switch/relay/command", "1", "n.2frelay", None, "unknown", None),
        ("n/switch/relay/command", "ON\0", "n.2frelay", None, "unknown", None),
        ("n/light/l/command", r#"{"state":"ON"}"#, "n.2fl", None, "on", None),
        ("n/light/l/command", r#"{"brightness":128}"#, "n.2fl", None, "set", Some(128.0)),
        ("n/light/l/command", "ON", "n.2fl", None, "unknown", None),
        ("n/light/l/command", r#"{"state":"OFF","state":"ON"}"#, "n.2fl", None, "unknown", None),
        // Covers: also by the topics that discovery did not name.
        ("esp-drive/cover/door/command", "toggle", "esp_garage", None, "open", None),
        ("esp-drive/cover/door/command", "CLOSE", "esp_garage", None, "close", None),
        ("esp-drive/cover/door/position/command", "1", "esp_garage", None, "open", Some(1.0)),
        ("esp-drive/cover/door/position/command", "0", "esp_garage", None, "close", Some(0.0)),
        ("esp-drive/cover/door/position/command", "1e-9", "esp_garage", None, "unknown", None),
        ("n/cover/c/tilt/command", "30", "n.2fc", None, "set", Some(30.0)),
        ("n/valve/v/command", "OPEN", "n.2fv", None, "open", None),
        ("n/valve/v/position/command", "20", "n.2fv", None, "open", Some(20.0)),
        ("n/fan/f/command", "OFF", "n.2ff", None, "off", None),
        ("n/fan/f/oscillation/command", "oscillate_on", "n.2ff", None, "set", None),
        ("n/fan/f/speed_level/command", "3", "n.2ff", None, "set", Some(3.0)),
        ("n/climate/k/mode/command", "heat", "n.2fk", None, "mode", None),
        ("n/climate/k/mode/command", "OFF", "n.2fk", None, "off", None),
        ("n/climate/k/target_temperature/command", "21.5", "n.2fk", None, "set", Some(21.5)),
        ("n/climate/k/target_temperature_high/command", "25", "n.2fk", None, "set", Some(25.0)),
        ("n/climate/k/preset/command", "eco", "n.2fk", None, "set", None),
        ("n/climate/k/swing_mode/command", "both", "n.2fk", None, "set", None),
        ("n/climate/k/command", "heat", "n.2fk", None, "unknown", None),
        ("n/number/x/command", "7", "n.2fx", None, "set", Some(7.0)),
        ("n/number/x/command", "seven", "n.2fx", None, "unknown", None),
        ("n/select/x/command", "eco", "n.2fx", None, "set", None),
        ("n/button/x/command", "PRESS", "n.2fx", None, "press", None),
        ("n/button/x/command", "press", "n.2fx", None, "unknown", None),
        ("n/text/x/command", "hello", "n.2fx", None, "set", None),
        ("n/update/x/command", "INSTALL", "n.2fx", None, "install", None),
        ("n/siren/x/command", "ON", "n.2fx", None, "on", None),
        ("n/alarm_control_panel/x/command", "arm_away", "n.2fx", None, "arm", None),
        ("n/alarm_control_panel/x/command", "DISARM", "n.2fx", None, "disarm", None),
        ("n/alarm_control_panel/x/command", "ARM_DISARM", "n.2fx", None, "unknown", None),
        ("n/time/x/command", r#"{"hour":7,"minute":0}"#, "n.2fx", None, "set", None),
        // A light called `position`, or a cover called `light`?
        ("n/cover/light/position/command", "1", "n.2flight", None, "unknown", None),
    ]);
}

#[test]
fn states_and_other_topics_are_left_alone() {
    unguarded(&[
        "n/switch/relay/state",
        "n/cover/c/position/state",
        "n/sensor/t/state",
        "switch/relay/command",
        "n/sensor/t/command",
        "n/light/l/brightness/command",
        "n/command",
        "command",
        "/switch/relay/command",
    ]);
    let (registry, rules) = home();
    assert_eq!(read(&registry, &rules, "n/switch/relay/command", b"", true), Reading::Passes);
}
