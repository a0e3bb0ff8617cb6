//! Promise: ordinary life flows. A day of a normal home, in enforce mode: nothing is held or denied, and every command arrives byte for byte.
//!
//! The day is made from a seed (`JAMEY_SEED` gives another) and lived as fast as the broker allows; only the drag of a slider
//! keeps its own pace. It is the day's commands that count, so no device gets more of them than in a minute of a real day's busiest.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread, time::Duration};
use support::{
    zigbee::{DOOR, Thing, announce},
    *,
};

const fn thing(address: &'static str, name: &'static str, component: &'static str, model: &'static str) -> Thing {
    Thing { address, name, component, model }
}

const HOME: [Thing; 14] = [
    DOOR,
    thing("0x001788010b1c2d01", "living_room_lamp", "light", "LED1836G9"),
    thing("0x001788010b1c2d02", "kitchen_lamp", "light", "LED1836G9"),
    thing("0x001788010b1c2d03", "bedroom_lamp", "light", "LED1836G9"),
    thing("0x001788010b1c2d04", "Hall Lamp", "light", "LED1836G9"),
    thing("0xb4e3f9fffe0a0b01", "living_room_blind", "cover", "E1926"),
    thing("0xb4e3f9fffe0a0b02", "bedroom_blind", "cover", "E1926"),
    thing("0xb4e3f9fffe0a0b03", "kitchen_blind", "cover", "E1926"),
    thing("0x5c0272fffe111101", "bathroom_thermostat", "climate", "SPZB0001"),
    thing("0x5c0272fffe111102", "living_room_thermostat", "climate", "SPZB0001"),
    thing("0x84fd27fffe222201", "coffee_plug", "switch", "TS011F"),
    thing("0x84fd27fffe222202", "tv_plug", "switch", "TS011F"),
    thing("0x84fd27fffe222203", "christmas_tree", "switch", "TS011F"),
    thing("0x84fd27fffe222204", "circulation_pump", "switch", "TS011F"),
];

/// What happens at a minute of the day.
enum Event {
    /// Home Assistant commands.
    Command(String, String),
    /// A light's slider is dragged on a telephone.
    Drag(&'static str),
    /// The bridge tells of a device.
    Told(String, Value),
    /// A device that speaks for itself tells.
    Says(&'static str, &'static str, String),
}

fn day(chance: &mut Chance) -> Vec<(u64, Event)> {
    let mut day = vec![];
    let set = |name: &str| format!("zigbee2mqtt/{name}/set");
    let mut at = |hour: u64, within: u64, event: Event| day.push((hour * 60 + chance.between(0, within), event));
    let command = |topic: String, payload: &str| Event::Command(topic, payload.into());

    // Morning.
    at(6, 30, command(set("bathroom_thermostat") + "/occupied_heating_setpoint", "22.5"));
    at(6, 30, command(set("living_room_thermostat") + "/occupied_heating_setpoint", "20.5"));
    at(6, 30, command(set("circulation_pump"), "ON"));
    at(7, 20, command(set("bedroom_lamp"), r#"{"state":"ON","brightness":40,"transition":30}"#));
    at(7, 20, command(set("bedroom_blind"), "OPEN"));
    at(7, 20, command(set("kitchen_blind"), "OPEN"));
    at(7, 20, command(set("living_room_blind"), r#"{ "position": 60 }"#));
    at(7, 20, command(set("coffee_plug"), "ON"));
    at(7, 50, command(set("kitchen_lamp"), r#"{"state":"ON"}"#));
    at(8, 20, command(set("bedroom_lamp"), r#"{"state":"OFF"}"#));
    at(8, 20, command(set("kitchen_lamp"), r#"{"state":"OFF","transition":2.0}"#));
    at(8, 20, command(set("coffee_plug"), "OFF"));
    at(9, 30, command(set("bathroom_thermostat") + "/occupied_heating_setpoint", "18"));
    at(9, 30, command(set("circulation_pump"), "OFF"));
    // Noon: sun on the windows.
    at(12, 50, command(set("living_room_blind"), r#"{ "position": 20 }"#));
    at(13, 50, command(set("living_room_blind"), "STOP"));
    at(15, 50, command(set("living_room_blind"), "OPEN"));
    // Evening.
    at(16, 59, command(set("christmas_tree"), "ON"));
    at(17, 30, command(set("Hall Lamp"), r#"{"state":"ON","brightness":254}"#));
    at(17, 30, command(set("bathroom_thermostat") + "/system_mode", "auto"));
    at(17, 30, command(set("living_room_thermostat") + "/occupied_heating_setpoint", "21.0"));
    at(18, 30, command(set("circulation_pump"), "ON"));
    at(18, 30, command(set("kitchen_lamp"), r#"{"state":"ON","brightness":200}"#));
    at(19, 30, Event::Drag("living_room_lamp"));
    at(20, 20, command(set("tv_plug"), "ON"));
    at(20, 20, command(set("kitchen_lamp"), r#"{"state":"OFF"}"#));
    at(20, 50, command(set("living_room_blind"), "CLOSE"));
    at(20, 50, command(set("bedroom_blind"), "CLOSE"));
    at(20, 50, command(set("kitchen_blind"), "CLOSE"));
    at(21, 30, command(set("Hall Lamp"), r#"{"state":"OFF"}"#));
    at(21, 30, command(set("circulation_pump"), "OFF"));
    at(22, 30, command(set("front_door"), "LOCK"));
    at(22, 30, command(set("tv_plug"), "OFF"));
    at(22, 30, command(set("christmas_tree"), "OFF"));
    at(23, 10, command(set("living_room_lamp"), r#"{"state":"OFF"}"#));
    at(23, 10, command(set("living_room_thermostat") + "/occupied_heating_setpoint", "17.5"));
    // And once more, by an automation that wants to be sure.
    at(23, 59, command(set("front_door"), "LOCK"));

    // All day, things tell how they are.
    for hour in 0_u32..24 {
        let warm = 19.0 + (f64::from(hour) - 4.0).abs() / 8.0;
        for room in ["kitchen", "bedroom", "bathroom"] {
            for _ in 0..4 {
                let body = json!({"temperature": warm, "humidity": 48.5, "battery": 91, "linkquality": 110});
                at(hour.into(), 60, Event::Told(format!("zigbee2mqtt/{room}_sensor"), body));
            }
        }
        for valve in ["bathroom_thermostat", "living_room_thermostat"] {
            let body =
                json!({"local_temperature": warm, "occupied_heating_setpoint": 20.5, "system_mode": "auto", "pi_heating_demand": 30});
            at(hour.into(), 60, Event::Told(format!("zigbee2mqtt/{valve}"), body));
        }
        at(hour.into(), 60, Event::Told("zigbee2mqtt/smoke_hall".into(), json!({"smoke": false, "battery": 100})));
        at(hour.into(), 60, Event::Says("tasmota_A1B2C3", "tele/washing_machine/SENSOR", json!({"ENERGY": {"Power": 3}}).to_string()));
        at(hour.into(), 60, Event::Says("outside", "outside/sensor/temperature/state", format!("{:.1}", warm - 12.0)));
        at(
            hour.into(),
            60,
            Event::Says("shellyplus1-a8032abe54dc", "shellyplus1-a8032abe54dc/status/switch:0", json!({"output": false}).to_string()),
        );
    }
    for _ in 0..60 {
        let motion = json!({"occupancy": true, "illuminance": 12});
        at(7, 16 * 60, Event::Told("zigbee2mqtt/hall_motion".into(), motion));
        at(7, 16 * 60, Event::Told("zigbee2mqtt/window_contact".into(), json!({"contact": true})));
    }
    day.sort_by_key(|(minute, _)| *minute);
    day
}

/// Home Assistant commands a device at QoS 0 unless told otherwise; both must flow.
fn quality(topic: &str) -> u8 {
    u8::from(topic.contains("blind") || topic.contains("door"))
}

/// Topic and payload in the order sent, by topic: MQTT keeps the order of one topic and quality, not across them.
fn by_topic(commands: &[(String, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut out: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    commands.iter().for_each(|(topic, payload)| out.entry(topic).or_default().push(payload));
    out
}

#[test]
fn ordinary_life_flows() {
    let mut house = strict_house();
    let mut bridge = house.dial("mqttjs_1a2b3c4d").user("zigbee2mqtt", "secret").open();
    bridge.subscribe(&[("zigbee2mqtt/+/set/#", 1), ("zigbee2mqtt/+/get/#", 1)]);
    announce(&mut bridge, &HOME);
    let mut assistant = house.dial("4VhzIEx9uT5Y1EKVSHPXsk").user("homeassistant", "secret").open();
    assistant.subscribe(&[("homeassistant/#", 0), ("zigbee2mqtt/#", 0), ("homeassistant/status", 0)]);
    assistant.publish(Message::new("homeassistant/status", "online").qos(1).retained());

    let mut chance = Chance::seeded(24);
    let mut given: Vec<(String, String)> = vec![];
    let mut give = |assistant: &mut Mqtt, topic: &str, payload: &str| {
        assistant.post(Message::new(topic, payload).qos(quality(topic)));
        given.push((topic.to_owned(), payload.to_owned()));
    };
    let mut told = 0;
    let mut others: BTreeMap<&str, Mqtt> = BTreeMap::new();
    for (_, event) in day(&mut chance) {
        match event {
            Event::Command(topic, payload) => give(&mut assistant, &topic, &payload),
            Event::Drag(lamp) => {
                // 60 steps in 3 s, as Home Assistant's slider sends them.
                for step in 0..60 {
                    let brightness = 4 * (step + 1);
                    let body = format!(r#"{{"state":"ON","brightness":{brightness}}}"#);
                    give(&mut assistant, &format!("zigbee2mqtt/{lamp}/set"), &body);
                    thread::sleep(Duration::from_millis(50));
                }
            }
            Event::Told(topic, body) => {
                bridge.post(Message::new(&topic, body.to_string()).retained());
                told += 1;
            }
            Event::Says(client, topic, body) => {
                let speaker = others.entry(client).or_insert_with(|| house.client(client));
                speaker.post(Message::new(topic, body));
                told += 1;
            }
        }
    }
    assistant.publish(Message::new("zigbee2mqtt/tv_plug/get", r#"{"state":""}"#)); // a question, not a command
    assert!(assistant.ping() && bridge.ping(), "still connected at the end of the day");

    let arrived: Vec<(String, String)> = bridge.messages(given.len() + 1).into_iter().map(|m| (m.topic.clone(), m.text())).collect();
    given.push(("zigbee2mqtt/tv_plug/get".into(), r#"{"state":""}"#.into()));
    assert_eq!(by_topic(&arrived), by_topic(&given), "each command byte for byte, and each device's in their order");
    assert_eq!(bridge.rest(), []);

    let db = house.db();
    let mut rows = db.prepare("select topic, verb, decision, reason from verdicts where decision <> 'allow'").unwrap();
    let wrong: Vec<[String; 4]> =
        rows.query_map([], |r| Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?])).unwrap().map(Result::unwrap).collect();
    assert!(wrong.is_empty(), "held or denied in ordinary life: {wrong:#?}");
    let summarised = house.count("select coalesce(sum(total), 0) from summaries", []);
    assert_eq!(summarised, 0, "nor any refusal summed up");
    let judged = house.count("select count(*) from verdicts", []);
    let commands = given.len() - 1;
    assert!(judged >= i64::try_from(commands).unwrap(), "every command was judged: {judged} of {commands}");
    println!("{} messages to devices, {judged} verdicts, {told} states told", given.len());
    house.serves();
}
