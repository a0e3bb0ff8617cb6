//! The families besides Zigbee2MQTT: real topics and payloads, each with what it must be read as.

mod esphome;
mod frigate;
mod laws;
mod shelly;
mod tasmota;
mod zwave;

use super::*;

/// The house of the other tests, and what these families' devices have told of themselves.
fn home() -> (Registry, GuardRules) {
    let (mut registry, rules) = house();
    for claim in rules.gateways() {
        registry.apply(claim);
    }
    let relay = words(&[("ON", "on"), ("OFF", "off"), ("TOGGLE", "toggle")]);
    let press = |verb: &str| CommandShape::Press { verb: verb.into() };
    for claim in [
        tasmota_claim(
            "pump",
            DeviceClass::Switch,
            &["cmnd/pump", "cmnd/DVES_49A3BC_fb"],
            &[("cmnd/pump/POWER1", relay.clone()), ("cmnd/pump/POWER2", relay.clone()), ("cmnd/DVES_49A3BC_fb/POWER0", relay.clone())],
        ),
        tasmota_claim(
            "blind_south",
            DeviceClass::Cover,
            &["house/blind_south/cmnd"],
            &[("house/blind_south/cmnd/ShutterOpen1", press("open")), ("house/blind_south/cmnd/ShutterPosition1", position())],
        ),
        tasmota_claim("heater_plug", DeviceClass::Switch, &["ask/heater_plug"], &[("ask/heater_plug/POWER1", relay)]),
        claim(Family::HomeAssistant, "drive_gate", DeviceClass::Garage, &[("cmnd/drive/POWER1", words(&[("ON", "open")]))]),
        claim(
            Family::HomeAssistant,
            "esp_front",
            DeviceClass::Lock,
            &[("esp-hall/lock/front/command", words(&[("LOCK", "lock"), ("UNLOCK", "unlock")]))],
        ),
        claim(
            Family::HomeAssistant,
            "esp_garage",
            DeviceClass::Garage,
            &[("esp-drive/cover/door/command", words(&[("OPEN", "open"), ("CLOSE", "close")]))],
        ),
        claim(
            Family::HomeAssistant,
            "shelly_boiler",
            DeviceClass::Switch,
            &[("shellies/shelly1-ABC/relay/0/command", words(&[("on", "on"), ("off", "off")]))],
        ),
        claim(
            Family::HomeAssistant,
            "shelly_gate",
            DeviceClass::Gate,
            &[("shellyplus2pm-1/command/cover:0", words(&[("open", "open"), ("close", "close")]))],
        ),
        claim(
            Family::HomeAssistant,
            "zw_front",
            DeviceClass::Lock,
            &[("zwave/hall/front/98/0/targetMode/set", words(&[("255", "lock"), ("0", "unlock")]))],
        ),
        claim(
            Family::HomeAssistant,
            "zw_garage",
            DeviceClass::Garage,
            &[("zwave/garage/102/0/targetState/set", words(&[("255", "open"), ("0", "close")]))],
        ),
    ] {
        assert_ne!(registry.apply(claim), crate::domain::Applied::Full);
    }
    (registry, rules)
}

fn tasmota_claim(device: &str, class: DeviceClass, aliases: &[&str], commands: &[(&str, CommandShape)]) -> Claim {
    let mut claim = claim(Family::Tasmota, device, class, commands);
    claim.aliases = aliases.iter().map(|a| (*a).to_owned()).collect();
    claim
}

/// (device, endpoint, verb, value) for each request, in the order of devices.
fn reads(topic: &str, payload: &str) -> Vec<(String, Option<String>, String, Option<f64>)> {
    let (registry, rules) = home();
    match read(&registry, &rules, topic, payload.as_bytes(), false) {
        Reading::Requests(requests) => {
            assert!(is_guarded(&registry, &rules, topic), "{topic}");
            requests.into_iter().map(|r| (r.target.to_string(), r.endpoint, r.verb.0, r.value)).collect()
        }
        Reading::Passes => vec![],
        Reading::Unguarded => panic!("{topic} is not guarded"),
    }
}

type Row<'r> = (&'r str, &'r str, &'r str, Option<&'r str>, &'r str, Option<f64>);

/// Each row becomes exactly this one request.
fn table(rows: &[Row<'_>]) {
    for (topic, payload, device, endpoint, verb, value) in rows {
        let expected = ((*device).to_owned(), endpoint.map(str::to_owned), (*verb).to_owned(), *value);
        assert_eq!(reads(topic, payload), [expected], "{topic} {payload}");
    }
}

/// None of these asks for anything.
fn pass(rows: &[(&str, &str)]) {
    for (topic, payload) in rows {
        assert_eq!(reads(topic, payload), [], "{topic} {payload}");
    }
}

fn unguarded(topics: &[&str]) {
    let (registry, rules) = home();
    for topic in topics {
        assert_eq!(read(&registry, &rules, topic, b"ON", false), Reading::Unguarded, "{topic}");
    }
}
